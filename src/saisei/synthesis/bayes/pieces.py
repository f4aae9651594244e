"""The shortest set of a posterior marginal that holds a given probability: one piece or several.

All values whose density is above a threshold (Box and Tiao 1973, section 2.8). The density is
looked at where quantiles lie, so closely that a peak with 2 % of the probability is seen, and
between its peaks and dips it only rises or only falls; there its crossings of the threshold are
roots. The threshold is the root of the probability of the set.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level
from saisei.synthesis._numeric.roots import falling_root

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.marginals import Marginal

OUTERMOST = 28.0
"""The density is looked at from logit(p) = -28 (a probability of 7e-13) to 28."""

LOOKS = 225
HALVINGS = 50

Piece = tuple[float, float]


def shortest_set(law: Marginal, level: float) -> tuple[Piece, ...]:
    """Return the pieces of the highest-density set with probability ``level``, from low to high.

    A value that has a probability of its own (tau = 0 in an average over models) is a piece of
    length 0, unless it is the end of another.
    """
    check_level(level)
    bottom = law.support[0]
    if law.lump >= level:
        return ((bottom, bottom),)
    search = _Search(law, level - law.lump)
    pieces = search.pieces(search.threshold())
    if law.lump > 0.0 and pieces[0][0] > bottom:
        pieces.insert(0, (bottom, bottom))
    return tuple(pieces)


class _Search:
    """Places with their log densities, between which the density only rises or only falls."""

    def __init__(self, law: Marginal, level: float) -> None:
        self.law, self.level = law, level
        share = special.expit(np.linspace(-OUTERMOST, OUTERMOST, LOOKS))
        x = np.unique(law.quantiles(law.lump + (1.0 - law.lump) * share))
        x = x[(x > law.support[0]) & (x < law.support[1])]
        slopes = np.array([law.log_density(one)[1] for one in x.tolist()])
        turns = np.flatnonzero(np.sign(slopes[:-1]) * np.sign(slopes[1:]) < 0.0)
        found = [self._turn(float(x[i]), float(x[i + 1])) for i in turns.tolist()]
        self.x: FloatArray = np.unique(np.append(x, found))
        self.height = np.array([law.log_density(one)[0] for one in self.x.tolist()])

    def _turn(self, low: float, high: float) -> float:
        """Return the peak or dip between two places, by halving."""
        rising = self.law.log_density(low)[1] > 0.0
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            if (self.law.log_density(middle)[1] > 0.0) is rising:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)

    def threshold(self) -> float:
        """Return the log density above which values hold the probability."""

        def spare(u: float) -> tuple[float, float]:
            ends = np.array(self.pieces(u)).ravel()
            values = self.law.cumulative(ends)
            if values.size:  # what stands at the lower end by itself is not counted
                values[0] = max(float(values[0]), self.law.lump)
            inner = [one for one in ends.tolist() if self.x[0] <= one <= self.x[-1]]
            slopes = np.array([abs(self.law.log_density(one)[1]) for one in inner])
            with np.errstate(divide="ignore"):
                fall = math.exp(u) * float((1.0 / slopes).sum())
            held = float((values[1::2] - values[::2]).sum())
            return held - self.level, -fall if math.isfinite(fall) else 0.0

        low, high = float(self.height.min()), float(self.height.max())
        start = float(np.quantile(self.height, 0.3))
        return falling_root(spare, low, high, start).x

    def pieces(self, u: float) -> list[Piece]:
        """Return the intervals on which the log density is above ``u``."""
        above = self.height > u
        ends = [self.law.support[0] if self._reaches(0) else float(self.x[0])] if above[0] else []
        ends += [self._crossing(i, u) for i in np.flatnonzero(above[:-1] != above[1:]).tolist()]
        if above[-1]:
            ends.append(self.law.support[1] if self._reaches(-1) else float(self.x[-1]))
        return list(zip(ends[::2], ends[1::2], strict=True))

    def _reaches(self, end: int) -> bool:
        return math.isfinite(self.law.support[end])

    def _crossing(self, i: int, u: float) -> float:
        """Return where the log density passes ``u`` between two neighbouring places."""
        low, width = float(self.x[i]), float(self.x[i + 1] - self.x[i])
        sign = 1.0 if self.height[i] > u else -1.0

        def gap(share: float) -> tuple[float, float]:
            height, slope = self.law.log_density(low + width * share)
            return sign * (height - u), sign * slope * width

        start = (u - self.height[i]) / (self.height[i + 1] - self.height[i])
        return low + width * falling_root(gap, 0.0, 1.0, float(start)).x
