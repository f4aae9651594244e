"""The set of figures of some forecasts: coverage, calibration, PIT, errors, chances of a gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from saisei.forecast.scores import Floats
from saisei.forecast.validation_clusters import (
    CurvePoint,
    Estimate,
    Ids,
    curve_of,
    line_of,
    logistic_of,
    mean_of,
    share_of,
)
from saisei.forecast.validation_measures import Measured, pit_heights

__all__ = ["Compared", "Coverage", "Figures", "Gains", "NetBenefit", "figures_of"]

BARS = 10
"""Of the PIT histogram and of the histogram of predictions."""
POINTS = 21
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often intervals of one level held the score.

    Parameters
    ----------
    level
        What they are called.
    held
        How often they did, of all forecasts.
    share
        The same as a share, with its 95 % interval.
    promised
        The chance that they gave themselves: whole scores make it not just the level.
    in_part
        The share with the scores at both ends counted in part, as far as the level reaches into
        them: on average the level itself, where forecasts hold.
    width
        Mean length in points.
    """

    level: float
    held: int
    share: Estimate
    promised: float
    in_part: Estimate
    width: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The forecast beside a rival, over the forecasts that have one.

    Parameters
    ----------
    forecasts
        How many that are.
    crps, error, median_error
        Of the rival: mean score, mean and median absolute error.
    own_crps, own_error, own_median_error
        Of the forecast, over the same.
    skill
        1 minus the quotient of the mean scores: above 0 the forecast is better.
    difference
        Mean of the rival's score minus the forecast's: above 0 the forecast is better.
    """

    forecasts: int
    crps: float
    error: float
    median_error: float
    own_crps: float
    own_error: float
    own_median_error: float
    skill: float | None
    difference: Estimate


@dataclass(frozen=True, slots=True)
class NetBenefit:
    """Net benefit of acting at a chance of at least `threshold`: by forecast, and for all.

    For nobody it is 0.
    """

    threshold: float
    forecast: float
    everybody: float


@dataclass(frozen=True, slots=True)
class Gains:
    """How the chance of a gain that counts held (Vickers and Elkin 2006 for the net benefit)."""

    forecasts: int
    people: int
    points: tuple[float, ...]
    predicted: float
    observed: Estimate
    brier: float
    brier_base: float
    intercept: Estimate | None
    slope: Estimate | None
    curve: tuple[CurvePoint, ...]
    decision: tuple[NetBenefit, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is said of some forecasts.

    Parameters
    ----------
    forecasts, people
        How many, and of how many people.
    coverage
        Of each level.
    bias
        Mean of the later score minus the expected one.
    intercept, slope
        Of the later score on the expected one; None where there is no line.
    curve
        The later score, smoothed over the expected one.
    predictions, prediction_counts
        Quantiles (5, 25, 50, 75, 95 %) of expected scores, and how many lie in each tenth of the
        scale.
    pit
        Heights of the PIT histogram.
    steady, group
        Beside no change, and beside the mean of the group; None where nobody has one.
    gains
        None where no gain that counts is known or nobody has room for one.
    """

    forecasts: int
    people: int
    coverage: tuple[Coverage, ...]
    bias: Estimate
    intercept: Estimate | None
    slope: Estimate | None
    curve: tuple[CurvePoint, ...]
    predictions: tuple[float, ...]
    prediction_counts: tuple[int, ...]
    pit: tuple[float, ...]
    steady: Compared | None
    group: Compared | None
    gains: Gains | None


def figures_of(
    of: Measured,
    person: Ids,
    important: Floats,
    ends: tuple[float, float],
    levels: Sequence[float],
    rows: NDArray[np.bool_],
) -> Figures:
    """Give the figures of some of the forecasts.

    Parameters
    ----------
    ends
        Of the scale.
    rows
        Which forecasts: N bools, at least one of them true.
    """
    who, mean, seen = person[rows], of.mean[rows], of.observed[rows]
    line = line_of(mean, seen, who)
    edges = np.linspace(*ends, BARS + 1)
    return Figures(
        int(rows.sum()),
        int(np.unique(who).size),
        tuple(_coverage(of, rows, who, place, level) for place, level in enumerate(levels)),
        mean_of(seen - mean, who),
        line[0] if line else None,
        line[1] if line else None,
        curve_of(mean, seen, who, _points(mean)),
        tuple(map(float, np.quantile(mean, QUANTILES))),
        tuple(map(int, np.histogram(mean, edges)[0])),
        tuple(map(float, pit_heights(of.below[rows], of.upto[rows], BARS))),
        _compared(of, rows, who, of.crps_steady[rows], of.error_steady[rows]),
        _compared(of, rows, who, of.crps_group[rows], of.error_group[rows]),
        _gains(of, rows, person, important),
    )


def _points(x: Floats) -> Floats:
    """Give even steps over the middle 95 % of what is predicted."""
    low, high = map(float, np.quantile(x, (0.025, 0.975)))
    return np.linspace(low, high, POINTS)


def _coverage(
    of: Measured, rows: NDArray[np.bool_], who: Ids, place: int, level: float
) -> Coverage:
    inside = of.inside[rows, place]
    return Coverage(
        level,
        int(inside.sum()),
        share_of(inside, who),
        float(of.promised[rows, place].mean()),
        mean_of(of.part[rows, place], who),
        float(of.width[rows, place].mean()),
    )


def _compared(
    of: Measured, rows: NDArray[np.bool_], who: Ids, score: Floats, error: Floats
) -> Compared | None:
    has = ~np.isnan(score)
    if not has.any():
        return None
    own, mine = of.crps[rows][has], of.error[rows][has]
    rival = float(score[has].mean())
    return Compared(
        int(has.sum()),
        rival,
        float(error[has].mean()),
        float(np.median(error[has])),
        float(own.mean()),
        float(mine.mean()),
        float(np.median(mine)),
        1 - float(own.mean()) / rival if rival > 0 else None,
        mean_of(score[has] - own, who[has]),
    )


def _gains(of: Measured, rows: NDArray[np.bool_], person: Ids, important: Floats) -> Gains | None:
    kept = rows & ~np.isnan(of.gain)
    if not kept.any():
        return None
    chance, came, who = of.gain[kept], of.gained[kept] > 0.5, person[kept]
    share = float(came.mean())
    # a chance of exactly 0 or 1 has no logit: such ones are moved by a thousandth
    line = logistic_of(logit(np.clip(chance, 0.001, 0.999)), came, who)
    return Gains(
        int(kept.sum()),
        int(np.unique(who).size),
        tuple(sorted(set(map(float, important[kept])))),
        float(chance.mean()),
        share_of(came, who),
        float(((chance - came) ** 2).mean()),
        share * (1 - share),
        line[0] if line else None,
        line[1] if line else None,
        curve_of(chance, came.astype(np.float64), who, _points(chance)),
        tuple(_net_benefit(chance, came, threshold) for threshold in THRESHOLDS),
    )


def _net_benefit(chance: Floats, came: NDArray[np.bool_], threshold: float) -> NetBenefit:
    """Count true ones, and false ones at the price that the threshold sets."""
    price, share = threshold / (1 - threshold), float(came.mean())
    chosen = chance >= threshold
    true, false = float((chosen & came).mean()), float((chosen & ~came).mean())
    return NetBenefit(threshold, true - price * false, share - price * (1 - share))
