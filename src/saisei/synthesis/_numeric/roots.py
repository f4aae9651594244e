"""Finding roots: the only place in this room where an equation is solved by iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from saisei.synthesis._numeric.arrays import FloatArray

STEP = 1e-10
"""Newton stops after a step this small. Convergence is quadratic, so the error left is about its
square, far below rounding; asking for a smaller step would only chase rounding noise."""

SMALL = 1e-8
"""The same for values: one more Newton step from here ends below rounding."""

MAX_ITERATIONS = 400


@dataclass(frozen=True, slots=True)
class Root:
    """A root, the number of iterations it took, and whether they sufficed."""

    x: float
    iterations: int
    converged: bool


def falling_root(
    function: Callable[[float], tuple[float, float]], low: float, high: float, start: float
) -> Root:
    """Find where a function falls through zero between ``low`` and ``high``.

    ``function`` returns the value and the slope; it is above zero at ``low`` and not above it at
    ``high``. Newton's step is taken when it stays inside the shrinking bracket and the slope
    falls; the bracket is halved otherwise, so the search cannot leave it or run for ever.
    """
    x = start
    for iteration in range(1, MAX_ITERATIONS + 1):
        value, slope = function(x)
        if value > 0.0:
            low = x
        else:
            high = x
        step = -value / slope if slope < 0.0 else np.inf
        if not low <= x + step <= high:
            step = 0.5 * (low + high) - x
        x += step
        if abs(step) <= STEP * max(1.0, abs(x)):
            return Root(float(x), iteration, converged=True)
    return Root(float(x), MAX_ITERATIONS, converged=False)


def rising_roots(
    function: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    low: FloatArray,
    high: FloatArray,
    start: FloatArray,
) -> FloatArray:
    """Find, element by element, where rising functions pass zero between ``low`` and ``high``.

    ``function`` takes and returns arrays of the shape of ``start``: the value, in units in which
    1 is much and ``SMALL`` little, and the slope. All elements move together, so that the cost is
    that of a few array operations.
    """
    x = np.clip(start, low, high)
    for _ in range(MAX_ITERATIONS):
        value, slope = function(x)
        below = value < 0.0
        low, high = np.where(below, x, low), np.where(below, high, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            target = x - value / slope
        near = np.abs(value) <= SMALL
        inside = (target >= low) & (target <= high)
        # Next to the root rounding may put the step beyond the bracket: then its end is meant.
        x = np.where(inside, target, np.where(near, np.clip(target, low, high), 0.5 * (low + high)))
        if np.all(near):
            break
    return x
