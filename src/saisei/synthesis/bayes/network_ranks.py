"""Ranks of the treatments of a network under the posterior.

Given tau the effects are jointly normal, so that the probability of a rank is an integral over
tau and as many dimensions as there are treatments less one. One of them, that in which the effects
vary most, is integrated exactly: along it every effect is a straight line, and the order changes
only where two lines cross. The others, and tau, are taken over a rank-1 lattice, shifted by several
fixed amounts and mirrored: no random numbers, the same answer each time, and the scatter between
the shifts tells the error. With two treatments nothing is left to the lattice.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import frozen
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.networks.pairs import SmallValues, sign_of

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray, IntArray

POINTS = 1021
"""Points of one lattice: a prime."""

CHUNK = 1_000_000
"""Numbers held at once, so that memory does not grow with the number of points."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BayesRanking(Result):
    """Probabilities of ranks under the posterior; rank 1 is best.

    Attributes
    ----------
    treatments
        In the order of the network.
    rankogram
        Probability of each rank (column) for each treatment (row); by lattice, see ``error``.
    sucra, mean_rank
        Area under the cumulative ranks, and ``1 + (n - 1) (1 - sucra)``: both exact, from the
        distribution functions of the pairs.
    points, error
        Number of lattice points, and how far the rank probabilities may be off: three standard
        errors over the shifts of the lattice, or the gap between its SUCRA and the exact one if
        that is larger. 0 for two treatments, where all is exact.
    small_values
        What was asked for.
    """

    treatments: tuple[str, ...]
    rankogram: FloatArray
    sucra: FloatArray
    mean_rank: FloatArray
    points: int
    error: float
    small_values: str

    def __repr__(self) -> str:
        width = max(map(len, self.treatments))
        lines = [f"BayesRanking: small values {self.small_values}, error {self.error:.2g}"]
        lines += [
            f"  {self.treatments[at]:<{width}}  SUCRA {self.sucra[at]:.4f}  "
            f"mean rank {self.mean_rank[at]:.2f}  best {self.rankogram[at, 0]:.4f}"
            for at in np.argsort(-self.sucra, kind="stable")
        ]
        return "\n".join(lines)


def better_shares(
    weights: FloatArray, centres: FloatArray, roots: FloatArray, sign: float
) -> FloatArray:
    """Mean probability of each treatment to be better than another one: SUCRA, exactly."""
    n = centres.shape[1]
    i, j = np.triu_indices(n, 1)
    apart = roots[:, i] - roots[:, j]
    z = -sign * (centres[:, i] - centres[:, j]) / np.sqrt(np.vecdot(apart, apart))
    # Each side by itself, so that a small probability keeps its digits.
    better, worse = weights @ special.ndtr(z), weights @ special.ndtr(-z)
    total = np.zeros((n, n))
    total[i, j], total[j, i] = better, worse
    return np.asarray(total.sum(1) / (n - 1))


def rank(
    treatments: tuple[str, ...],
    weights: FloatArray,
    centres: FloatArray,
    roots: FloatArray,
    small_values: SmallValues,
    shifts: int,
) -> BayesRanking:
    """Integrate the ranks over the posterior."""
    sign, n = sign_of(small_values), len(treatments)
    if shifts < 2:
        raise ValueError(f"shifts is {shifts}; expected 2 or more")
    sucra = better_shares(weights, centres, roots, sign)
    if n == 2:
        rankogram, error = np.array([sucra, 1.0 - sucra]).T, 0.0
    else:
        found = _lattice_ranks(weights, sign * centres, roots, shifts)
        rankogram = found.mean(0)
        told = rankogram.cumsum(1)[:, :-1].sum(1) / (n - 1)
        scatter = 3.0 * float(found.std(0, ddof=1).max()) / math.sqrt(shifts)
        error = max(scatter, float(np.abs(told - sucra).max()))
    return BayesRanking(
        treatments=treatments,
        rankogram=frozen(rankogram),
        sucra=frozen(sucra),
        mean_rank=frozen(1.0 + (n - 1) * (1.0 - sucra)),
        points=0 if n == 2 else shifts * POINTS,
        error=error,
        small_values=small_values,
    )


def _lattice_ranks(
    weights: FloatArray, centres: FloatArray, roots: FloatArray, shifts: int
) -> FloatArray:
    """Rank probabilities by each shift of the lattice (tau first, then the directions)."""
    n = centres.shape[1]
    turned = _largest_first(weights, roots)
    order = np.cumsum(weights) / weights.sum()
    lattice = np.outer(np.arange(POINTS), generators(n - 1)) / POINTS
    steps = _golden(n - 1) ** -np.arange(1.0, n)
    found = np.zeros((shifts, n, n))
    for shift in range(shifts):
        uniform = (lattice + (0.5 + shift * steps)) % 1.0
        node = np.minimum(np.searchsorted(order, uniform[:, 0]), weights.size - 1)
        z = special.ndtri(np.clip(uniform[:, 1:], 1e-15, 1.0 - 1e-15))
        for part in np.array_split(np.arange(POINTS), 1 + POINTS * n * n // CHUNK):
            own, root = centres[node[part]], turned[node[part]]
            aside = np.matvec(root[:, :, 1:], z[part])
            found[shift] += _along_lines(own + aside, root[:, :, 0])
            found[shift] += _along_lines(own - aside, root[:, :, 0])
    return found / (2.0 * POINTS)


@functools.cache
def generators(dimensions: int) -> IntArray:
    """Return a lattice's generating vector, component by component (Sloan and Reztsov 2002).

    Each component makes the worst-case error in the weighted Korobov space (smoothness 1) least,
    those before it given; the weights of the dimensions are 0.3 times powers of 0.9.
    """
    x = np.arange(POINTS) / POINTS
    kernel = 2.0 * np.pi**2 * (x * x - x + 1.0 / 6.0)
    whole, found = np.ones(POINTS), []
    candidates = np.arange(1, POINTS // 2 + 1)
    places = np.outer(candidates, np.arange(POINTS)) % POINTS
    for dimension in range(dimensions):
        weight = 0.3 * 0.9**dimension
        errors = whole.sum() + weight * (kernel[places] @ whole)
        best = int(errors.argmin())
        found.append(int(candidates[best]))
        whole = whole * (1.0 + weight * kernel[places[best]])
    return frozen(np.array(found, dtype=np.intp))


def _golden(dimensions: int) -> float:
    golden = 2.0
    for _ in range(64):  # a contraction: the root of x^(d + 1) = x + 1
        golden = (1.0 + golden) ** (1.0 / (dimensions + 1))
    return golden


def _largest_first(weights: FloatArray, roots: FloatArray) -> FloatArray:
    """Roots of the same covariances whose first column is along the direction of most spread.

    The direction is one for all tau, so that the roots stay smooth in tau.
    """
    covariances = roots @ roots.swapaxes(-1, -2)
    values, vectors = np.linalg.eigh(np.tensordot(weights, covariances, 1))
    kept = vectors[:, np.argsort(-values)[:-1]]  # without the mean of all, which is 0
    upper = np.linalg.qr((kept.T @ roots).swapaxes(-1, -2)).R
    signs = np.sign(np.diagonal(upper, axis1=-2, axis2=-1))
    return np.asarray(kept @ (signs[..., None] * upper).swapaxes(-1, -2))


def _along_lines(start: FloatArray, slope: FloatArray) -> FloatArray:
    """Sum over points of the probabilities of ranks of ``start + slope z``, z standard normal.

    Treatment i passes j at ``z = (start_j - start_i) / (slope_i - slope_j)``. Its rank far down on
    the line is known from the slopes; each crossing changes it by one.
    """
    n = start.shape[1]
    steeper = slope[:, :, None] - slope[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = -(start[:, :, None] - start[:, None, :]) / steeper
    level = (steeper == 0.0) | ~np.isfinite(cross)
    ahead = np.where(level, start[:, :, None] > start[:, None, :], steeper < 0.0)
    first = ahead.sum(-1)  # how many are below i at z = -infinity
    cross = np.where(level, np.inf, cross)
    order = np.argsort(cross, axis=-1)
    below = special.ndtr(np.take_along_axis(cross, order, -1))
    change = np.take_along_axis(np.sign(steeper), order, -1).astype(np.intp)
    places = first[..., None] + np.concatenate(
        [np.zeros((*first.shape, 1), dtype=np.intp), change.cumsum(-1)], axis=-1
    )
    ends = np.concatenate([np.zeros((*first.shape, 1)), below, np.ones((*first.shape, 1))], axis=-1)
    share = np.diff(ends, axis=-1)
    at = np.clip(places, 0, n - 1) + n * np.arange(n)[:, None]
    counted = np.bincount(at.ravel(), weights=share.ravel(), minlength=n * n)
    return np.asarray(counted, dtype=np.float64).reshape(n, n)
