"""The shortest interval of a posterior marginal that holds a given probability.

Among the intervals from the quantile at p to that at p + level the width changes with p as
``1 / f(high) - 1 / f(low)``; so inside the support the density is the same at both ends (Box and
Tiao 1973, section 2.8). The ends are found as that root, not by minimising the width, which near
its minimum is flat and would leave only half the digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from saisei.synthesis._numeric.arrays import check_level
from saisei.synthesis._numeric.roots import falling_root

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray

SCAN = 33
"""Places at which the width is looked at first; every dip among them is followed."""

EDGE = 1e-9
"""The share of the spare probability at which the ends of the support are probed."""


class Law(Protocol):
    """What the search needs to know of a distribution."""

    @property
    def support(self) -> tuple[float, float]:
        """Where it may have mass."""

    def quantiles(self, p: FloatArray) -> FloatArray:
        """Quantiles at an array of probabilities."""

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density and its slope."""


def shortest_interval(law: Law, level: float) -> tuple[float, float]:
    """Return the shortest interval that holds ``level``; of several equal ones the lowest."""
    spare = 1.0 - check_level(level)
    # Denser towards both ends, where a skew distribution has its answer.
    p = spare * 0.5 * (1.0 - np.cos(np.linspace(0.0, math.pi, SCAN)))
    inner = law.quantiles(np.concatenate([p[1:], p[:-1] + level]))
    low = np.concatenate([[law.support[0]], inner[: SCAN - 1]])
    high = np.concatenate([inner[SCAN - 1 :], [law.support[1]]])
    width = high - low
    found = [(float(low[i]), float(high[i])) for i in (0, SCAN - 1)]
    padded = np.concatenate([[np.inf], width, [np.inf]])
    for i in np.flatnonzero((width <= padded[:-2]) & (width < padded[2:])).tolist():
        found.append((float(low[i]), float(high[i])))
        bracket = (max(float(p[max(i - 1, 0)]), EDGE * spare), float(p[min(i + 1, SCAN - 1)]))
        bracket = (bracket[0], min(bracket[1], spare * (1.0 - EDGE)))
        found.append(_equal_heights(law, level, bracket, float(p[i])))
    return min(found, key=lambda ends: (ends[1] - ends[0], ends[0]))


def _equal_heights(
    law: Law, level: float, bracket: tuple[float, float], start: float
) -> tuple[float, float]:
    """Return ends at which the density is the same, or the bracket's end if it never is."""

    def ends(p: float) -> tuple[float, float]:
        low, high = law.quantiles(np.array([p, p + level])).tolist()
        return low, high

    def gap(p: float) -> tuple[float, float]:
        (low, low_slope), (high, high_slope) = (law.log_density(x) for x in ends(p))
        with np.errstate(over="ignore"):
            slope = high_slope * np.exp(-high) - low_slope * np.exp(-low)
        return high - low, float(slope)

    start = min(max(start, bracket[0]), bracket[1])
    return ends(falling_root(gap, *bracket, start).x)
