"""How well each forecast did: every measure of one forecast against its score, and its rivals.

Rivals. *No change*: the last score, and for the arm the chronic noise of one person around it,
which is that of two measurements of somebody steady; for the Barthel Index the last score alone.
*Group mean*: the later scores of the other people of the same stratum, never the person's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saisei.forecast.chronic import noise_below
from saisei.forecast.parameters import noise_parameters
from saisei.forecast.scores import Floats, quantiles_of
from saisei.forecast.validation_clusters import Ids

__all__ = ["Forecasts", "Measured", "crps", "measure", "pit_heights"]

Words = NDArray[np.str_]
Bools = NDArray[np.bool_]
SLACK = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Forecasts of one scale with the scores that came; all arrays of N but `values` (S,).

    Parameters
    ----------
    values
        The possible scores, in even steps.
    chance
        How probable each was, (N, S).
    observed
        The place of the later score among `values`.
    person
        Whom it is about, as a number.
    known
        How many scores it was made from.
    first, last
        The first and the last of these scores.
    day
        Days since the stroke of the last one.
    lag
        Days from it to the later score.
    model, going_on
        Which model, and what was taken to go on meanwhile.
    important
        The gain that counts for one person then; NaN where none is known.
    group
        The true group of a simulated person; else empty.
    """

    scale_id: str
    values: Floats
    chance: Floats
    observed: Ids
    person: Ids
    known: Ids
    first: Floats
    last: Floats
    day: Floats
    lag: Floats
    model: Words
    going_on: Words
    important: Floats
    group: Words


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What is measured of each forecast; arrays of N, or of (N, levels) for the intervals.

    Parameters
    ----------
    inside, promised, width
        Whether the printed band held the score, the chance that it gave itself (a score is whole,
        so that it is not just its name), and its points from end to end.
    part
        How much of the score's stretch of chance lies within the level: on average the level
        itself, where forecasts hold.
    mean, middle
        Expected and median score.
    below, upto
        Chance of a lower score, and of the same or a lower one (for the PIT).
    crps, crps_steady, crps_group
        Continuous ranked probability score, of the forecast and of its rivals.
    error, error_steady, error_group
        Absolute error: of the median, of the last score, of the group's mean.
    gain, gained
        Chance of a gain that counts, and whether it came; NaN where the scale ends before it.
    """

    observed: Floats
    inside: Bools
    promised: Floats
    width: Floats
    part: Floats
    mean: Floats
    middle: Floats
    below: Floats
    upto: Floats
    crps: Floats
    crps_steady: Floats
    crps_group: Floats
    error: Floats
    error_steady: Floats
    error_group: Floats
    gain: Floats
    gained: Floats


def measure(
    of: Forecasts, stratum: Sequence[Words], levels: Sequence[float], least: int
) -> Measured:
    """Measure every forecast.

    Parameters
    ----------
    stratum
        The stratum of each forecast, finest first; the group is looked for in the first one that
        has enough others.
    levels
        Coverage of the intervals.
    least
        So many other people make a group.
    """
    reach = np.cumsum(of.chance, axis=1)
    step = float(of.values[1] - of.values[0])
    seen = of.values[of.observed]
    rows = np.arange(seen.size)
    upto = np.minimum(reach[rows, of.observed], 1.0)
    inside, promised, width = _intervals(of, seen, levels)
    below = np.maximum(upto - of.chance[rows, of.observed], 0.0)
    middle = of.values[_first_at(reach, 0.5)]
    gain, gained = _gains(of)
    group_mean, crps_group = _group(of, stratum, least)
    return Measured(
        observed=seen,
        inside=inside,
        promised=promised,
        width=width,
        part=np.column_stack([_part(below, upto, level) for level in levels]),
        mean=of.chance @ of.values,
        middle=middle,
        below=below,
        upto=upto,
        crps=crps(of.chance, of.observed, step),
        crps_steady=crps(_steady(of), of.observed, step),
        crps_group=crps_group,
        error=np.abs(seen - middle),
        error_steady=np.abs(seen - of.last),
        error_group=np.abs(seen - group_mean),
        gain=gain,
        gained=gained,
    )


def _first_at(reach: Floats, share: float) -> Ids:
    """Give the place of the lowest score that so much of the chance lies at or below."""
    return np.asarray((reach >= share - SLACK).argmax(axis=1), dtype=np.intp)


def _intervals(
    of: Forecasts, seen: Floats, levels: Sequence[float]
) -> tuple[Bools, Floats, Floats]:
    """Take the bands that a forecast prints, both ends in; each array of (N, levels).

    Whether they held the score, the chance that they gave themselves, and how wide they are.
    """
    tails = [(1 - level) / 2 for level in levels]
    low = quantiles_of(of.values, of.chance, tails)
    high = quantiles_of(of.values, of.chance, [1 - tail for tail in tails])
    inside = (low <= seen[:, None]) & (seen[:, None] <= high)
    values = of.values[None, :, None]
    within = (low[:, None, :] <= values) & (values <= high[:, None, :])
    promised = np.einsum("nv,nvl->nl", of.chance, within)
    return inside, np.minimum(promised, 1.0), high - low


def _part(below: Floats, upto: Floats, level: float) -> Floats:
    """Give the share of each score's stretch of chance that lies in the middle `level`."""
    tail = (1 - level) / 2
    within = np.minimum(upto, 1 - tail) - np.maximum(below, tail)
    return np.asarray(np.clip(within, 0.0, None) / np.maximum(upto - below, SLACK))


def crps(chance: Floats, observed: Ids, step: float = 1.0) -> Floats:
    """Continuous ranked probability score of forecasts on even steps (Gneiting and Raftery 2007).

    The integral of the squared distance between the forecast's distribution function and that of
    the score that came, which on steps is a sum. Of a forecast that names one score it is the
    absolute error.

    Examples
    --------
    >>> crps(np.array([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]), np.array([0, 0])).tolist()
    [2.0, 0.25]
    """
    reach = np.cumsum(chance, axis=1)[:, :-1]
    came = np.arange(reach.shape[1])[None, :] >= observed[:, None]
    return np.asarray(step * ((reach - came) ** 2).sum(axis=1))


def pit_heights(below: Floats, upto: Floats, bars: int) -> Floats:
    """Heights of the PIT histogram of whole scores, without drawing lots (Czado 2009, eq. 2).

    Each forecast spreads evenly over the stretch of chance that belongs to its score. The heights
    are 1 on average, and all 1 for forecasts that hold.

    Examples
    --------
    >>> pit_heights(np.array([0.0, 0.5]), np.array([0.5, 1.0]), 2).tolist()
    [1.0, 1.0]
    """
    edges = np.linspace(0.0, 1.0, bars + 1)
    wide = np.maximum(upto - below, SLACK)[:, None]
    share = np.clip((edges[None, :] - below[:, None]) / wide, 0.0, 1.0)
    share[:, -1] = 1.0  # a score above all that was thought possible belongs to the last bar
    return np.asarray(np.diff(share.mean(axis=0)) * bars)


def _steady(of: Forecasts) -> Floats:
    """Give the chances of a forecast of no change."""
    last = np.searchsorted(of.values, of.last - SLACK)
    if of.scale_id != "fma_ue":
        return np.eye(of.values.size)[last]
    inner = of.values[1:] - (of.values[1] - of.values[0]) / 2
    below = noise_below(inner[None, :] - of.values[:, None], noise_parameters())
    ends = np.zeros((of.values.size, 1)), np.ones((of.values.size, 1))
    return np.asarray(np.diff(np.hstack((ends[0], below, ends[1])), axis=1)[last])


def _gains(of: Forecasts) -> tuple[Floats, Floats]:
    """Give the chance of a gain that counts, and whether it came; NaN where it has no room."""
    needed = of.last + of.important
    room = needed <= of.values[-1] + SLACK
    enough = of.values[None, :] >= needed[:, None] - SLACK
    chance = np.where(room, (of.chance * enough).sum(axis=1), np.nan)
    came = of.values[of.observed] >= needed - SLACK
    return chance, np.where(room, came.astype(np.float64), np.nan)


def _group(of: Forecasts, strata: Sequence[Words], least: int) -> tuple[Floats, Floats]:
    """Forecast the mean, and the spread, of the others in the finest stratum with enough people."""
    size = of.values.size
    mean, score = np.full(of.observed.size, np.nan), np.full(of.observed.size, np.nan)
    step = float(of.values[1] - of.values[0])
    for stratum in strata:
        for name in np.unique(stratum):
            rows = np.flatnonzero(stratum == name)
            who, place = np.unique(of.person[rows], return_inverse=True)
            if who.size <= least:
                continue
            own = np.zeros((who.size, size))
            np.add.at(own, (place, of.observed[rows]), 1.0)
            others = (own.sum(axis=0)[None, :] - own)[place]
            others = others / others.sum(axis=1, keepdims=True)
            empty = np.isnan(mean[rows])
            mean[rows] = np.where(empty, others @ of.values, mean[rows])
            score[rows] = np.where(empty, crps(others, of.observed[rows], step), score[rows])
    return mean, score
