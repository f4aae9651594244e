"""Estimators of tau2 for many pools at once.

Arrays here stand the other way round than callers know them: ``(K, R)``, one column a pool, so
that a sum over studies runs along memory. A study that is not there has ``v = inf`` and
``y = 0``: its weight is then exactly zero whatever tau2, and no sum needs a mask. Everything else
is as in ``heterogeneity``, whose formulae, grid and bounds these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.roots import MAX_ITERATIONS, STEP
from saisei.synthesis.pairwise.heterogeneity import GRID_STEP, PARTS, Method

if TYPE_CHECKING:
    from collections.abc import Callable

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Columns:
    """Pools of two or more studies as columns; ``y`` is measured from the mean of its pool."""

    y: FloatArray
    v: FloatArray
    there: BoolArray
    k: FloatArray


@dataclass(frozen=True, slots=True)
class Found:
    """tau2 of each pool and how it was reached; the arrays of ``Heterogeneity``."""

    tau2: FloatArray
    converged: BoolArray
    iterations: IntArray
    boundary: BoolArray
    multimodal: BoolArray


def estimate_columns(data: Columns, method: Method) -> Found:
    """Estimate tau2 of every column by the named method."""
    n = data.k.size
    if method == "EE":
        return _closed(np.zeros(n), np.zeros(n, dtype=bool))
    if method in {"ML", "REML"}:
        return _likelihood(data, restricted=method == "REML")
    if method in {"PM", "EB"}:
        return _paule_mandel(data)
    raw = {
        "DL": _dersimonian_laird,
        "HE": _hedges,
        "SJ": _sidik_jonkman,
        "HS": _hunter_schmidt,
        "HSk": _brannick,
    }
    value = raw[method](data)
    # Equal estimates leave nothing to divide: there is no spread, whatever the formula.
    value = np.where(data.y.any(axis=0), value, 0.0)
    return _closed(np.maximum(0.0, value), value <= 0.0)


def _closed(tau2: FloatArray, boundary: BoolArray) -> Found:
    n = tau2.size
    no = np.zeros(n, dtype=bool)
    return Found(tau2, ~no, np.zeros(n, dtype=np.intp), boundary, no)


def column_squares(y: FloatArray, w: FloatArray, total: FloatArray) -> FloatArray:
    """Return the weighted sum of squares about the weighted mean of each column."""
    residual = y - _dot(w, y) / total
    return _dot(w * residual, residual)


def column_products(w: FloatArray) -> FloatArray:
    """Return ``(sum w)^2 - sum w^2`` as the products of all pairs, so that nothing cancels."""
    return np.asarray(2.0 * _dot(w[1:], np.cumsum(w, axis=0)[:-1]))


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Sum of products along each column."""
    return np.asarray(np.einsum("kr,kr->r", a, b))


def _dersimonian_laird(data: Columns) -> FloatArray:
    w = 1.0 / data.v
    total = w.sum(axis=0)
    excess = column_squares(data.y, w, total) - (data.k - 1)
    return np.asarray(excess * total / column_products(w))


def _hedges(data: Columns) -> FloatArray:
    mean_variance = np.where(data.there, data.v, 0.0).sum(axis=0) / data.k
    return np.asarray(_dot(data.y, data.y) / (data.k - 1) - mean_variance)


def _sidik_jonkman(data: Columns) -> FloatArray:
    crude = _dot(data.y, data.y) / data.k
    w = 1.0 / (data.v / np.where(crude > 0.0, crude, 1.0) + 1.0)
    return np.asarray(column_squares(data.y, w, w.sum(axis=0)) / (data.k - 1))


def _hunter_schmidt(data: Columns) -> FloatArray:
    w = 1.0 / data.v
    total = w.sum(axis=0)
    return np.asarray((column_squares(data.y, w, total) - data.k) / total)


def _brannick(data: Columns) -> FloatArray:
    w = 1.0 / data.v
    total = w.sum(axis=0)
    squares = column_squares(data.y, w, total) * data.k / (data.k - 1)
    return np.asarray((squares - data.k) / total)


def _paule_mandel(data: Columns) -> Found:
    """Solve ``Q(tau2) = k - 1`` in every column where Q(0) is above it."""
    w = 1.0 / data.v
    target = data.k - 1
    above = np.flatnonzero(column_squares(data.y, w, w.sum(axis=0)) > target)
    y, v, target = data.y[:, above], data.v[:, above], target[above]
    unit = v.min(axis=0)

    def gap(s: FloatArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
        tau2 = unit[at] * np.expm1(s)
        w = 1.0 / (v[:, at] + tau2)
        r = y[:, at] - _dot(w, y[:, at]) / w.sum(axis=0)
        wr = w * r
        q = _dot(wr, r)
        return np.log(q / target[at]), -_dot(wr, wr) * (tau2 + unit[at]) / q

    top = np.log1p(_dot(y, y) / target / unit) + 1e-9
    s, steps, converged = _falling_roots(gap, np.zeros(top.size), top, 0.5 * top)
    found = _closed(np.zeros(data.k.size), np.ones(data.k.size, dtype=bool))
    found.tau2[above] = unit * np.expm1(s)
    found.boundary[above] = found.tau2[above] == 0.0
    found.iterations[above], found.converged[above] = steps, converged
    return found


def _likelihood(data: Columns, *, restricted: bool) -> Found:
    """(Restricted) maximum likelihood at the global maximum of each column."""
    n = data.k.size
    unit = data.v.min(axis=0)
    falls_at_zero, column, low, high, start = _scan(data, unit, restricted=restricted)

    def score(s: FloatArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
        where = column[at]
        scale = unit[where] * np.exp(s)  # d tau2 / ds = tau2 + unit
        tau2 = unit[where] * np.expm1(s)
        first, second = _score(data.y[:, where], data.v[:, where], tau2, restricted=restricted)
        return first * scale, (second * scale + first) * scale

    s, steps, reached = _falling_roots(score, low, high, start)
    peaks = unit[column] * np.expm1(s)
    zero = np.flatnonzero(falls_at_zero)
    column = np.concatenate([zero, column])
    peaks = np.concatenate([np.zeros(zero.size), peaks])
    number = np.bincount(column, minlength=n)
    tau2 = np.full(n, np.nan)
    tau2[column] = peaks
    several = np.flatnonzero(number[column] > 1)
    _take_highest(data, tau2, column[several], peaks[several], restricted=restricted)
    converged = number > 0
    np.logical_and.at(converged, column[zero.size :], reached)
    iterations = np.zeros(n, dtype=np.intp)
    np.add.at(iterations, column[zero.size :], steps)
    return Found(tau2, converged, iterations, tau2 == 0.0, number > 1)


def _scan(
    data: Columns, unit: FloatArray, *, restricted: bool
) -> tuple[BoolArray, IntArray, FloatArray, FloatArray, FloatArray]:
    """Take the slope on each column's grid; return where it falls at 0, and every turning cell.

    Columns are taken in the order of their grids' lengths, so that at each grid point those still
    running are the first ones. Between two grid points the turning is guessed by a straight line.
    """
    top = np.log1p(_highest_tau2(data, restricted=restricted) / unit)
    cells = 1 + np.ceil(top / GRID_STEP)
    order = np.argsort(-cells, kind="stable")
    y, v, unit = data.y[:, order], data.v[:, order], unit[order]
    width, cells = top[order] / cells[order], cells[order]
    scale = unit * np.exp(-width)
    earlier = _slope(y, v, scale - unit, restricted=restricted) * scale
    before = _slope(y, v, np.zeros(unit.size), restricted=restricted) * unit
    falls_at_zero = np.empty(unit.size, dtype=bool)
    falls_at_zero[order] = before <= 0.0
    turns: list[tuple[IntArray, FloatArray, FloatArray, FloatArray]] = []
    hidden: list[tuple[IntArray, FloatArray, FloatArray]] = []
    for j in range(1, int(cells[0]) + 1):
        n = int(np.searchsorted(-cells, -j, side="right"))
        s = j * width[:n]
        scale = unit[:n] * np.exp(s)
        tau2 = unit[:n] * np.expm1(s)
        slope = _slope(y[:, :n], v[:, :n], tau2, restricted=restricted) * scale
        at = np.flatnonzero((before[:n] > 0.0) & (slope <= 0.0))
        if at.size:
            share = before[at] / (before[at] - slope[at])
            turns.append((order[at], s[at] - width[at], s[at], s[at] - width[at] * (1.0 - share)))
        at = np.flatnonzero(_hides(earlier[:n], before[:n], slope))
        if at.size:
            hidden.append((at, np.maximum(0.0, s[at] - 2.0 * width[at]), s[at]))
        earlier, before = before, slope
    if hidden:
        at, low, high = (np.concatenate(part) for part in zip(*hidden, strict=True))
        turns += _uncovered((y[:, at], v[:, at], unit[at]), order[at], low, high, restricted)
    if not turns:
        nothing = np.zeros(0)
        return falls_at_zero, np.zeros(0, dtype=np.intp), nothing, nothing, nothing
    column, low, high, start = (np.concatenate(part) for part in zip(*turns, strict=True))
    return falls_at_zero, column, low, high, start


def _hides(a: FloatArray, b: FloatArray, c: FloatArray) -> BoolArray:
    """Whether three slopes of one sign may touch the other sign between them.

    The middle one is then the nearest to zero. A parabola through the three rises above it by an
    eighth of the larger difference; half of it is allowed for.
    """
    side = np.where(b > 0.0, -1.0, 1.0)
    left, right = side * (b - a), side * (b - c)
    reach = 2.0 * side * b + np.maximum(left, right)
    return np.asarray((left >= 0.0) & (right >= 0.0) & (reach > 0.0))


def _uncovered(
    data: tuple[FloatArray, FloatArray, FloatArray],
    column: IntArray,
    low: FloatArray,
    high: FloatArray,
    restricted: bool,  # noqa: FBT001 - the functions above take it by name; this one is called once
) -> list[tuple[IntArray, FloatArray, FloatArray, FloatArray]]:
    """Cut stretches of the grid finely, and return the cells in which the slope turns there."""
    y, v, unit = data
    turns = []
    ends = np.linspace(low, high, 2 * PARTS + 1)
    rising = _slope(y, v, unit * np.expm1(low), restricted=restricted) > 0.0
    for left, right in pairwise(ends):
        falls = _slope(y, v, unit * np.expm1(right), restricted=restricted) <= 0.0
        at = np.flatnonzero(rising & falls)
        turns.append((column[at], left[at], right[at], 0.5 * (left[at] + right[at])))
        rising = ~falls
    return turns


def _highest_tau2(data: Columns, *, restricted: bool) -> FloatArray:
    """Return a tau2 beyond which the likelihood only falls; see ``heterogeneity``."""
    low = np.where(data.there, data.y, np.inf).min(axis=0)
    high = np.where(data.there, data.y, -np.inf).max(axis=0)
    quarter = (high - low) ** 2 / 4.0
    if not restricted:
        return np.asarray(quarter)
    largest = np.where(data.there, data.v, 0.0).max(axis=0)
    return np.asarray(np.maximum(largest, quarter * (data.k + 1) / (data.k - 1)))


def _slope(y: FloatArray, v: FloatArray, tau2: FloatArray, *, restricted: bool) -> FloatArray:
    """Twice the slope of the (restricted) log-likelihood; only its sign and shape matter."""
    w = v + tau2
    np.reciprocal(w, out=w)
    total = w.sum(axis=0)
    wr = y - _dot(w, y) / total
    wr *= w
    value = _dot(wr, wr) - total
    return np.asarray(value + _dot(w, w) / total if restricted else value)


def _score(
    y: FloatArray, v: FloatArray, tau2: FloatArray, *, restricted: bool
) -> tuple[FloatArray, FloatArray]:
    """First and second derivative; the formulae of ``heterogeneity``, column by column."""
    w = 1.0 / (v + tau2)
    total = w.sum(axis=0)
    wr = w * (y - _dot(w, y) / total)
    w_squared = _dot(w, w)
    w2r = _dot(w, wr)
    cubic = _dot(w * wr, wr) - w2r * w2r / total
    if not restricted:
        return 0.5 * (_dot(wr, wr) - total), 0.5 * w_squared - cubic
    ratio = w_squared / total
    trace = w_squared - 2.0 * _dot(w * w, w) / total + ratio * ratio
    return 0.5 * (_dot(wr, wr) - total + ratio), 0.5 * trace - cubic


def _take_highest(
    data: Columns, tau2: FloatArray, column: IntArray, peaks: FloatArray, *, restricted: bool
) -> None:
    """Where a column has several peaks, set ``tau2`` to the highest of them."""
    if not column.size:
        return
    there = data.there[:, column]
    spread = np.where(there, data.v[:, column] + peaks, 1.0)
    w = there / spread
    total = w.sum(axis=0)
    height = -np.log(spread).sum(axis=0) - column_squares(data.y[:, column], w, total)
    if restricted:
        height -= np.log(total)
    # Written in rising order of height, the highest of each column is written last.
    order = np.argsort(height, kind="stable")
    tau2[column[order]] = peaks[order]


def _falling_roots(
    function: Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]],
    low: FloatArray,
    high: FloatArray,
    start: FloatArray,
) -> tuple[FloatArray, IntArray, BoolArray]:
    """Find where falling functions pass zero: ``_roots.falling_root`` for many at once.

    ``function`` gets the points and the numbers of the functions still sought.
    """
    low, high, x = low.copy(), high.copy(), start.copy()
    iterations = np.zeros(x.size, dtype=np.intp)
    at = np.arange(x.size)
    for _ in range(MAX_ITERATIONS):
        if not at.size:
            break
        here = x[at]
        value, slope = function(here, at)
        above = value > 0.0
        low[at[above]], high[at[~above]] = here[above], here[~above]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            target = here - value / slope
        inside = (slope < 0.0) & (target >= low[at]) & (target <= high[at])
        target = np.where(inside, target, 0.5 * (low[at] + high[at]))
        x[at] = target
        iterations[at] += 1
        at = at[~(np.abs(target - here) <= STEP * np.maximum(1.0, np.abs(target)))]
    converged = np.ones(x.size, dtype=bool)
    converged[at] = False
    return x, iterations, converged
