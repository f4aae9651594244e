"""Many pools side by side: their layout, sums along them, and roots of many functions.

Arrays stand the other way round than callers know them: ``(K, R)``, one column a pool, so that a
sum over studies runs along memory. A study that is not there has ``v = inf`` and ``y = 0``: its
weight is then exactly zero whatever tau2, and no sum needs a mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.roots import MAX_ITERATIONS, STEP

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


def column_squares(y: FloatArray, w: FloatArray, total: FloatArray) -> FloatArray:
    """Return the weighted sum of squares about the weighted mean of each column."""
    residual = y - dot(w, y) / total
    return dot(w * residual, residual)


def column_products(w: FloatArray) -> FloatArray:
    """Return ``(sum w)^2 - sum w^2`` as the products of all pairs, so that nothing cancels."""
    return np.asarray(2.0 * dot(w[1:], np.cumsum(w, axis=0)[:-1]))


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Sum of products along each column."""
    return np.asarray(np.einsum("kr,kr->r", a, b))


def falling_roots(
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
