"""Means, shares and lines of forecasts of which several may be about the same person.

Forecasts about one person resemble each other, so people, not forecasts, are what was sampled. All
intervals are those of a sample of clusters, in closed form: nothing is drawn at random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, stdtrit

from saisei import synthesis as syn
from saisei.forecast.scores import Floats

__all__ = [
    "CurvePoint",
    "Estimate",
    "Ids",
    "curve_of",
    "line_of",
    "logistic_of",
    "mean_of",
    "share_of",
]

Ids = NDArray[np.intp]
LEVEL = 0.95
STEPS = 60
SPAN = 0.75
"""Share of the forecasts that a point of the smoothed line looks at."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; no ends where there are too few people for one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a smoothed line: what was expected, and what came around it."""

    expected: float
    came: Estimate


def _sums(values: Floats, person: Ids) -> Floats:
    """Add up what belongs to the same person: rows in, one row a person out."""
    places = np.unique(person, return_inverse=True)[1]
    total = np.zeros((int(places.max()) + 1, *values.shape[1:]))
    np.add.at(total, places, values)
    return total


def _around(value: float, se: float, freedom: int) -> Estimate:
    reach = float(stdtrit(freedom, (1 + LEVEL) / 2)) * se
    return Estimate(value, value - reach, value + reach)


def mean_of(values: Floats, person: Ids) -> Estimate:
    """Give a mean, with the cluster-robust interval (linearised ratio, t with people - 1).

    Examples
    --------
    Two forecasts of each of two people that say the same twice, are two and not four:

    >>> one = mean_of(np.array([1.0, 3.0]), np.array([0, 1]))
    >>> one == mean_of(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1]))
    True
    """
    mean = float(values.mean())
    se, people = _mean_error(values, person)
    return Estimate(mean) if people < 2 else _around(mean, se, people - 1)


def _mean_error(values: Floats, person: Ids) -> tuple[float, int]:
    left = _sums(values - values.mean(), person)
    people = left.size
    if people < 2:
        return math.nan, people
    return math.sqrt(people / (people - 1) * float(left @ left)) / values.size, people


def share_of(hits: NDArray[np.bool_], person: Ids) -> Estimate:
    """Give a share with the exact binomial interval of the effective number of forecasts.

    Korn and Graubard 1998: Clopper and Pearson's interval, with the number of independent forecasts
    that would give the same cluster-robust variance; at most as many as there are, and as many as
    people where all or none hit.

    Examples
    --------
    >>> found = share_of(np.ones(18, dtype=bool), np.arange(18))
    >>> round(found.low, 3), found.high
    (0.815, 1.0)
    """
    share, n = float(hits.mean()), hits.size
    se, people = _mean_error(hits.astype(np.float64), person)
    size = float(people)
    if 0 < share < 1 and people > 1:
        # with one forecast of each person the size is n: the plain variance has n, not n - 1
        plain = se**2 * (people - 1) / people
        size = float(n) if plain == 0 else min(share * (1 - share) / plain, n)
    found = syn.binomial_interval(share * size, size)
    return Estimate(share, float(found.lower), float(found.upper))


def line_of(x: Floats, y: Floats, person: Ids) -> tuple[Estimate, Estimate] | None:
    """Give intercept and slope of y on x by least squares, with cluster-robust intervals.

    None where x does not vary or there are fewer than three people.
    """
    people = np.unique(person).size
    if people < 3 or np.ptp(x) < 1e-9:
        return None
    rows = np.column_stack((np.ones_like(x), x))
    inverse = _inverse(rows.T @ rows)
    beta = inverse @ rows.T @ y
    scores = rows * (y - rows @ beta)[:, None]
    return _pair(beta, inverse, scores, person)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _pair(beta: Floats, inverse: Floats, scores: Floats, person: Ids) -> tuple[Estimate, Estimate]:
    """Give two coefficients with sandwich intervals (people / (people - 1), t)."""
    sums = _sums(scores, person)
    people = len(sums)
    spread = people / (people - 1) * inverse @ (sums.T @ sums) @ inverse
    se = np.sqrt(np.maximum(np.diag(spread), 0.0))
    first, second = (
        _around(float(value), float(one), people - 1) for value, one in zip(beta, se, strict=True)
    )
    return first, second


def logistic_of(
    x: Floats, hits: NDArray[np.bool_], person: Ids
) -> tuple[Estimate, Estimate] | None:
    """Give intercept and slope of a logistic regression on x, with cluster-robust intervals.

    None where it has no finite answer, or there are fewer than three people.
    """
    if np.unique(person).size < 3 or np.ptp(x) < 1e-9 or hits.all() or not hits.any():
        return None
    rows, y = np.column_stack((np.ones_like(x), x)), hits.astype(np.float64)
    beta = np.zeros(2)
    for _ in range(STEPS):
        chance = expit(rows @ beta)
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows
        if np.linalg.cond(bend) > 1e12:
            return None
        step = np.linalg.solve(bend, rows.T @ (y - chance))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            scores = rows * (y - expit(rows @ beta))[:, None]
            return _pair(beta, _inverse(bend), scores, person)
    return None


def curve_of(x: Floats, y: Floats, person: Ids, at: Floats) -> tuple[CurvePoint, ...]:
    """Smooth y over x: a straight line around each point, near forecasts weighing more.

    Tricube weights over the nearest three quarters of the forecasts (Cleveland 1979, without the
    robust rounds); the interval at each point is cluster-robust. Empty with fewer than 20 forecasts
    or 10 people.
    """
    if x.size < 20 or np.unique(person).size < 10 or np.ptp(x) < 1e-9:
        return ()
    return tuple(CurvePoint(float(point), _smoothed(x, y, person, point)) for point in at)


def _smoothed(x: Floats, y: Floats, person: Ids, point: float) -> Estimate:
    away = np.abs(x - point)
    reach = np.partition(away, int(SPAN * x.size) - 1)[int(SPAN * x.size) - 1] * 1.0001 + 1e-9
    weight = np.clip(1 - (away / reach) ** 3, 0, None) ** 3
    rows = np.column_stack((np.ones_like(x), x - point))
    inverse = np.linalg.pinv((rows * weight[:, None]).T @ rows)
    pull = inverse[0] @ (rows * weight[:, None]).T
    beta = inverse @ (rows * weight[:, None]).T @ y
    left = _sums(pull * (y - rows @ beta), person)
    people = left.size
    se = math.sqrt(people / (people - 1) * float(left @ left))
    return _around(float(beta[0]), se, people - 1)
