"""Studies that differ in their true mean gain: how finely their differences are mixed.

The mean gain of many people varies little by chance, so that the steps between the true mean gains
of studies have to be small against it; else the mixture would show the steps. One person's change
moves so slowly with the true mean gain that it is computed at fewer places and put between them by
cubic splines.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline

from saisei.forecast.arm_pairs import Population, change_spreads, pair_table, shift_nodes
from saisei.forecast.null_studies import Studies
from saisei.forecast.parameters import noise_parameters
from saisei.forecast.scores import Floats

__all__ = ["mixed_studies"]

REACH = 4.0
"""Steps go so many standard deviations to both sides."""
FEWEST = 21
STEP = 1.5
"""Between true mean gains, in standard errors of a mean gain: the mixture errs by some 1e-4."""
BETWEEN = 0.7
"""Points between the places where one person's change is computed."""


def mixed_studies(
    day: float,
    days: float,
    centre: float,
    spread: float,
    who: Population,
    score_range: tuple[float, float],
    people: int,
) -> Studies:
    """Give studies whose true mean gains scatter by a spread around a centre.

    Parameters
    ----------
    people
        How many a study has: the more, the finer the steps.
    """
    nodes = shift_nodes(centre, spread, _steps(spread, people))
    computed = max(FEWEST, math.ceil(2 * REACH * spread / BETWEEN))
    if nodes.values.size <= computed:
        return Studies(_at(day, days, nodes.values, who, score_range), nodes)
    places = np.linspace(nodes.values[0], nodes.values[-1], computed)
    known = _at(day, days, places, who, score_range)
    changes = np.clip(CubicSpline(places, known)(nodes.values), 0.0, None)
    return Studies(changes / changes.sum(axis=1, keepdims=True), nodes)


def _steps(spread: float, people: int) -> int:
    noise = noise_parameters()
    error = noise.scale * math.sqrt(noise.df / (noise.df - 2) / people)
    return max(FEWEST, math.ceil(2 * REACH * spread / (STEP * error)) + 1)


def _at(
    day: float, days: float, shifts: Floats, who: Population, score_range: tuple[float, float]
) -> Floats:
    return np.array([_changes(day, days, round(float(one), 9), who, score_range) for one in shifts])


@lru_cache(maxsize=512)
def _changes(
    day: float, days: float, shift: float, who: Population, score_range: tuple[float, float]
) -> Floats:
    """Give one person's change; spreads of studies that are half or twice as wide share many."""
    return change_spreads(pair_table(day, days, shift, who), *score_range)[1]
