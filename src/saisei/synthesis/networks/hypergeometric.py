"""The exact conditional likelihood of a network: noncentral hypergeometric, common effects.

Given the events of all its arms together, those of the arms of a study have the (multivariate)
noncentral hypergeometric distribution, which knows nothing of the level of the study:
``P(r) ~ prod_a C(n_a, r_a) exp(r_a theta_a)`` over all r with the same sum (McCullagh and Nelder
1989, section 7.3; Stijnen, Hamza and Ozdemir 2010 for two arms). It is that of independent
binomials given their sum, for any level; with the level at which the sum is expected, the sum is
near its mode and nothing underflows. Slope and bend of the likelihood are ``r - E r`` and
``-cov r``, which are sums over products of probabilities; the search is Newton's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.networks.binomial import Fit
from saisei.synthesis.pairwise.binomial import log_choose

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.networks.arms import Arms

STEPS = 200
SMALL = 1e-9
WIDE, MORE = 13.0, 45.0
"""Counts further from the mean than ``13 SD + 45`` have less than exp(-80) of the probability."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Log-probability of a study's events given their sum, their expectation and covariance."""

    value: float
    mean: FloatArray
    covariance: FloatArray


def conditional(r: FloatArray, n: FloatArray, theta: FloatArray) -> Moments:
    """Moments of the events of one study given their sum."""
    total = float(r.sum())
    p = special.expit(theta + _level(total, n, theta))
    centre = n * p
    reach = WIDE * np.sqrt(centre * (1.0 - p)) + MORE
    low = np.maximum(0.0, np.floor(centre - reach))
    high = np.minimum(n, np.ceil(centre + reach))
    counts = [np.arange(a, b + 1.0) for a, b in zip(low, high, strict=True)]
    chances = [np.exp(_log_pmf(x, *np.array([m, q]))) for x, m, q in zip(counts, n, p, strict=True)]
    away = [x - c for x, c in zip(counts, centre, strict=True)]
    at = round(total - float(low.sum()))
    size = r.size
    whole = _at(chances, at)
    first, second = np.zeros(size), np.zeros((size, size))
    for a in range(size):
        moved = list(chances)
        moved[a] = chances[a] * away[a]
        first[a] = _at(moved, at) / whole
        for b in range(a + 1):
            again = list(moved)
            again[b] = moved[b] * away[b]
            second[a, b] = second[b, a] = _at(again, at) / whole
    value = float(_log_pmf(r, n, p).sum()) - float(np.log(whole))
    return Moments(value, centre + first, second - np.outer(first, first))


def _level(total: float, n: FloatArray, theta: FloatArray) -> float:
    """Find the level of the study at which its events are expected."""

    def gap(level: float) -> tuple[float, float]:
        p = special.expit(theta + level)
        return total - float(n @ p), -float(n @ (p * (1.0 - p)))

    odds = float(np.log(total / (n.sum() - total)))
    low, high = odds - float(theta.max()) - 1e-9, odds - float(theta.min()) + 1e-9
    return falling_root(gap, low, high, 0.5 * (low + high)).x


def _log_pmf(x: FloatArray, n: FloatArray, p: FloatArray) -> FloatArray:
    """Log of the binomial probabilities."""
    return np.asarray(log_choose(n, x) + x * np.log(p) + (n - x) * np.log1p(-p))


def _at(parts: list[FloatArray], at: int) -> float:
    """Return the entry ``at`` of the convolution of all parts."""
    front = parts[0]
    for part in parts[1:-1]:
        front = np.convolve(front, part)
    last = parts[-1]
    low, high = max(0, at - last.size + 1), min(front.size - 1, at)
    return float(front[low : high + 1] @ last[at - high : at - low + 1][::-1])


def maximum(arms: Arms) -> tuple[Fit, float]:
    """Return the maximum, and the sum of ``(r - E r)' cov^+ (r - E r)`` over the studies."""
    members, size = arms.members(), len(arms.treatments)

    def shape(theta: FloatArray) -> tuple[float, FloatArray, FloatArray, float]:
        value, slope, bend, q = 0.0, np.zeros(size), np.zeros((size, size)), 0.0
        for own in members:
            r, n, treat = arms.r[own], arms.r[own] + arms.s[own], arms.treat[own]
            found = conditional(r, n, theta[treat])
            gap = r - found.mean
            value += found.value
            slope[treat] += gap
            bend[np.ix_(treat, treat)] += found.covariance
            # The covariance has no inverse along the ones: the last arm follows from the rest.
            q += float(gap[:-1] @ np.linalg.solve(found.covariance[:-1, :-1], gap[:-1]))
        return value, slope, bend, q

    theta, converged, steps = np.zeros(size), False, 0
    value, slope, bend, q = shape(theta)
    while steps < STEPS and not converged:
        steps += 1
        step = np.zeros(size)
        step[1:] = np.linalg.solve(bend[1:, 1:], slope[1:])
        length = min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        while True:
            after = shape(theta + length * step)
            if after[0] >= value - 1e-9 or length < 1e-6:
                break
            length *= 0.5
        theta = theta + length * step
        value, slope, bend, q = after
        converged = float(np.abs(step).max()) < SMALL
    covariance = np.zeros((size, size))
    covariance[1:, 1:] = np.linalg.inv(bend[1:, 1:])
    return Fit(theta, covariance, 0.0, value, converged, steps), q
