"""(Restricted) maximum likelihood of tau2 in many pools at once, at the global maximum of each.

The formulae, the grid and its end are those of ``pairwise.heterogeneity``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.batches.columns import Columns, Found, column_squares, dot, falling_roots
from saisei.synthesis.pairwise.heterogeneity import GRID_STEP, PARTS

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray


def likelihood_columns(data: Columns, *, restricted: bool) -> Found:
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

    s, steps, reached = falling_roots(score, low, high, start)
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
        here = (y[:, at], v[:, at], unit[at])
        turns += _uncovered(here, order[at], low, high, restricted=restricted)
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
    *,
    restricted: bool,
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
    wr = y - dot(w, y) / total
    wr *= w
    value = dot(wr, wr) - total
    return np.asarray(value + dot(w, w) / total if restricted else value)


def _score(
    y: FloatArray, v: FloatArray, tau2: FloatArray, *, restricted: bool
) -> tuple[FloatArray, FloatArray]:
    """First and second derivative; the formulae of ``heterogeneity``, column by column."""
    w = 1.0 / (v + tau2)
    total = w.sum(axis=0)
    wr = w * (y - dot(w, y) / total)
    w_squared = dot(w, w)
    w2r = dot(w, wr)
    cubic = dot(w * wr, wr) - w2r * w2r / total
    if not restricted:
        return 0.5 * (dot(wr, wr) - total), 0.5 * w_squared - cubic
    ratio = w_squared / total
    trace = w_squared - 2.0 * dot(w * w, w) / total + ratio * ratio
    return 0.5 * (dot(wr, wr) - total + ratio), 0.5 * trace - cubic


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
