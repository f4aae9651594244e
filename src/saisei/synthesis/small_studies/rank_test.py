"""Begg and Mazumdar's rank test: whether estimates go with their variances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import studies
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.pairwise.pooling import pool

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

EXACT_UP_TO = 200
"""Up to so many studies the rank test counts all orders; beyond, the normal curve is as good."""


@dataclass(frozen=True, slots=True)
class BeggTest(Result):
    """Rank correlation of estimates and variances: Kendall's tau-b, its p value, how it was got."""

    tau: float
    p: float
    exact: bool
    k: int


def begg(y: ArrayLike, v: ArrayLike) -> BeggTest:
    """Begg and Mazumdar's rank test of funnel asymmetry (1994).

    Kendall's tau-b of the standardised deviates ``(y - mu) / sqrt(v - 1 / sum(1/v))`` and the
    variances, mu the common effect. The p value counts all orders (Kendall 1970) where no two
    values are equal and there are at most 200 studies; otherwise it is normal, its variance
    corrected for ties, without a continuity correction.

    Examples
    --------
    >>> begg([0.1, 0.15, 0.3, 0.4, 0.7], [0.01, 0.02, 0.03, 0.05, 0.1])
    BeggTest(tau=1.0, p=0.016666666666666666, exact=True, k=5)
    """
    estimates, variances = studies(y, v, "v")
    if estimates.size < 3:
        raise ValueError(f"Begg's test needs 3 studies; y has {estimates.size}")
    w = 1.0 / variances
    centre = pool(estimates, variances, "EE", "z").estimate
    # v - 1/sum(w) as a product, so that one dominant study does not cancel to nothing.
    left = variances * (w.sum() - w) / w.sum()
    return _kendall((estimates - centre) / np.sqrt(left), variances)


def _kendall(a: FloatArray, b: FloatArray) -> BeggTest:
    """Kendall's tau-b of two rows, with its p value."""
    k = a.size
    pairs = k * (k - 1) / 2.0
    score = float((np.sign(np.subtract.outer(a, a)) * np.sign(np.subtract.outer(b, b))).sum()) / 2.0
    ties = [np.unique(x, return_counts=True)[1].astype(float) for x in (a, b)]
    tied = [float((t * (t - 1.0)).sum()) / 2.0 for t in ties]
    whole = math.sqrt((pairs - tied[0]) * (pairs - tied[1]))
    if whole == 0.0:
        return BeggTest(math.nan, math.nan, exact=False, k=k)
    exact = not any(tied) and k <= EXACT_UP_TO
    if exact:
        chances = _orders(k)
        number = round((score + pairs) / 2.0)
        p = min(1.0, 2.0 * min(float(chances[: number + 1].sum()), float(chances[number:].sum())))
    else:
        p = 2.0 * float(special.ndtr(-abs(score) / math.sqrt(_score_variance(k, *ties))))
    return BeggTest(score / whole, p, exact, k)


def _orders(k: int) -> FloatArray:
    """Return the chance of each number of concordant pairs when all orders are equally likely."""
    chances = np.ones(1)
    for size in range(2, k + 1):
        chances = np.convolve(chances, np.full(size, 1.0 / size))
    return chances


def _score_variance(k: int, a: FloatArray, b: FloatArray) -> float:
    """Variance of Kendall's score under no association, with ties (Kendall 1970, chapter 4)."""

    def falling(x: FloatArray | float, length: int) -> float:
        product = np.asarray(x, dtype=np.float64)
        for less in range(1, length):
            product = product * (x - less)
        return float(np.sum(product))

    def spread(x: FloatArray | float) -> float:
        return float(np.sum(x * (x - 1.0) * (2.0 * x + 5.0)))

    size = float(k)
    variance = (spread(size) - spread(a) - spread(b)) / 18.0
    variance += falling(a, 3) * falling(b, 3) / (9.0 * falling(size, 3))
    return variance + falling(a, 2) * falling(b, 2) / (2.0 * falling(size, 2))
