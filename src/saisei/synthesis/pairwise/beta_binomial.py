"""The beta-binomial likelihood of groups of arms that share one intraclass correlation.

The events of an arm are beta-binomial: its own risk is drawn from a beta distribution about the
risk ``mu`` of its group, with intraclass correlation ``rho``. In ``phi = rho / (1 - rho)``

``log P = sum_{r < y} log(mu + r phi) + sum_{r < n - y} log(1 - mu + r phi)
- sum_{r < n} log(1 + r phi)``

without the binomial coefficient (Skellam 1948; Griffiths 1973). Written so, nothing happens at
``phi = 0``, which is the binomial distribution, and no large gamma functions cancel. The sums of
all arms of a group are one sum over r, weighted by how many arms reach beyond r.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.pairwise.binomial import log_choose
from saisei.synthesis.pairwise.heterogeneity import turning_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray

STEP = 0.5
"""Of the grid in log phi. Every term is analytic there in a strip of half-width pi."""

NODES = 6
"""Of a sum over many r; shorter sums are taken as they are."""

FARTHEST = 40.0
"""Log odds beyond which no risk of counts can lie."""

SMALLEST, LARGEST = 1e-4, 1e4
"""Ends of the grid: phi so small that the largest arm hardly notices, and next to rho = 1."""


@dataclass(frozen=True, slots=True)
class BetaBinomialFit:
    """Where the likelihood is highest.

    ``risks`` are those of the groups; ``information`` is the negative matrix of second
    derivatives in the risks and ``phi`` (the last), all of them.
    """

    risks: FloatArray
    phi: float
    value: float
    information: FloatArray
    iterations: int
    converged: bool
    boundary: bool
    multimodal: bool


class Group:
    """Arms with one risk; the likelihood and its exact derivatives."""

    def __init__(self, events: FloatArray, n: FloatArray) -> None:
        self.parts = tuple(_beyond(values) for values in (events, n - events, n))
        self.crude = float(events.sum() / n.sum())
        self.constant = float(log_choose(n, events).sum())

    def value(self, mu: float, phi: float) -> float:
        """Log-likelihood, with its constants."""
        sums = [
            float(count @ np.log(start + r * phi))
            for (r, count), start in zip(self.parts, (mu, 1.0 - mu, 1.0), strict=True)
        ]
        return self.constant + sums[0] + sums[1] - sums[2]

    def derivatives(self, mu: float, phi: float) -> tuple[float, float, float, float, float]:
        """First in mu and phi; second in mu, in both, in phi."""
        first = np.zeros((3, 2))
        second = np.zeros((3, 3))
        for i, ((r, count), start) in enumerate(zip(self.parts, (mu, 1 - mu, 1.0), strict=True)):
            w = 1.0 / (start + r * phi)
            one, two = count * w, count * w * w
            first[i] = one.sum(), one @ r
            second[i] = two.sum(), two @ r, two @ (r * r)
        up, down, whole = second
        return (
            float(first[0, 0] - first[1, 0]),
            float(first[0, 1] + first[1, 1] - first[2, 1]),
            float(-up[0] - down[0]),
            float(down[1] - up[1]),
            float(whole[2] - up[2] - down[2]),
        )

    def best(self, phi: float) -> tuple[float, int, bool]:
        """Return the likeliest risk: the likelihood is concave in it, sought in log odds."""
        (r, up), (q, down), _ = self.parts
        r, q = r * phi, q * phi

        def slope(eta: float) -> tuple[float, float]:
            mu, other = 1.0 / (1.0 + math.exp(-eta)), 1.0 / (1.0 + math.exp(eta))
            w, u = 1.0 / (mu + r), 1.0 / (other + q)
            rise, fall = up * w, down * u
            first, turn = float(rise.sum() - fall.sum()), mu * other
            bend = -float(rise @ w + fall @ u) * turn + first * (other - mu)
            return first * turn, bend * turn

        start = math.log(self.crude / (1.0 - self.crude))
        root = falling_root(slope, -FARTHEST, FARTHEST, start)
        return 1.0 / (1.0 + math.exp(-root.x)), root.iterations, root.converged


def _beyond(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give numbers r and weights, so that ``sum weight f(r)`` is ``sum_i sum_{r < value_i} f(r)``.

    Stretches of r on which as many values lie above, cut so that none is longer than a quarter of
    where it begins, are summed by discrete Gauss quadrature with six nodes: a function without a
    singularity at r > 0 is summed to 18^-12, which is rounding.
    """
    ends = np.unique(np.append(values, 0.0)).astype(np.intp).tolist()
    starts, sizes, counts = [], [], []
    for start, end in pairwise(ends):
        at = start
        while at < end:
            size = min(end - at, max(NODES, at // 4))
            starts.append(at)
            sizes.append(size)
            counts.append(int((values >= end).sum()))
            at += size
    first, size, count = (np.array(x, dtype=np.float64) for x in (starts, sizes, counts))
    few = size <= NODES
    r = [start + np.arange(n) for start, n in zip(first[few], size[few], strict=True)]
    weight = [np.full(int(n), c) for n, c in zip(size[few], count[few], strict=True)]
    nodes, shares = _gauss_sums(size[~few])
    r.append((first[~few, None] + nodes).ravel())
    weight.append((count[~few, None] * shares).ravel())
    return np.concatenate(r), np.concatenate(weight)


def _gauss_sums(size: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights that sum polynomials of degree 11 over 0, 1, ..., size - 1 exactly.

    From the recurrence of the discrete Chebyshev polynomials, whose coefficients are
    ``k^2 (size^2 - k^2) / (4 (4 k^2 - 1))`` (Gautschi 2004, table 1.2), by Golub and Welsch (1969).
    """
    k = np.arange(1.0, NODES)
    matrix = np.zeros((size.size, NODES, NODES))
    beside = np.sqrt(k**2 * (size[:, None] ** 2 - k**2) / (4.0 * (4.0 * k**2 - 1.0)))
    place = np.arange(NODES - 1)
    matrix[:, place, place + 1] = matrix[:, place + 1, place] = beside
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes + 0.5 * (size[:, None] - 1.0), size[:, None] * vectors[:, 0, :] ** 2


def fit_groups(arms: Sequence[tuple[FloatArray, FloatArray]]) -> BetaBinomialFit:
    """Fit risks of groups, given as events and numbers of people of their arms, with one rho.

    For each phi the risks are had from concave likelihoods; what remains is a profile over
    phi. Its slope is taken on a grid in log phi, each turning refined, and the heights compared,
    ``phi = 0`` among them. Each group needs someone with and someone without the event, and some
    arm with both, for otherwise the likelihood rises to ``rho = 1``.
    """
    groups = [Group(events, n) for events, n in arms]
    people = max(float(n.max()) for _, n in arms)
    lowest = min(min(group.crude, 1.0 - group.crude) for group in groups)
    low, high = math.log(SMALLEST * lowest / people), math.log(LARGEST)

    def point(t: float) -> tuple[float, float]:
        phi = math.exp(t)
        slope, bend = _profile(groups, phi)
        return slope * phi, (bend * phi + slope) * phi

    def on_grid(t: FloatArray) -> tuple[FloatArray, FloatArray]:
        both = np.array([point(one) for one in t.tolist()])
        return both[:, 0], both[:, 1]

    grid = np.linspace(low, high, 2 + math.ceil((high - low) / STEP))
    t, cells, rises = turning_cells(on_grid, grid)
    roots = [falling_root(point, t[i], t[i + 1], 0.5 * (t[i] + t[i + 1])) for i in cells]
    candidates = [math.exp(root.x) for root in roots]
    # Below the grid the slope has one sign, that at 0.
    if not rises:
        candidates.insert(0, 0.0)
    heights = [sum(group.value(group.best(phi)[0], phi) for group in groups) for phi in candidates]
    phi = candidates[int(np.argmax(heights))]
    ends = [group.best(phi) for group in groups]
    risks = np.array([end[0] for end in ends])
    return BetaBinomialFit(
        risks=risks,
        phi=phi,
        value=max(heights),
        information=_information(groups, risks, phi),
        iterations=sum(root.iterations for root in roots) + sum(end[1] for end in ends),
        converged=all(root.converged for root in roots) and all(end[2] for end in ends),
        boundary=phi == 0.0,
        multimodal=len(candidates) > 1,
    )


def _profile(groups: Sequence[Group], phi: float) -> tuple[float, float]:
    """Slope and bend in phi when the risks follow."""
    slope = bend = 0.0
    for group in groups:
        _, first, mm, mp, pp = group.derivatives(group.best(phi)[0], phi)
        slope += first
        bend += pp - mp * mp / mm
    return slope, bend


def _information(groups: Sequence[Group], risks: FloatArray, phi: float) -> FloatArray:
    size = len(groups)
    out = np.zeros((size + 1, size + 1))
    for i, (group, risk) in enumerate(zip(groups, risks.tolist(), strict=True)):
        _, _, mm, mp, pp = group.derivatives(risk, phi)
        out[i, i] = -mm
        out[i, size] = out[size, i] = -mp
        out[size, size] -= pp
    return out


def covariance(fit: BetaBinomialFit) -> FloatArray:
    """Covariance of the risks, and of phi where it is not 0 (it is then taken as known)."""
    size = fit.risks.size
    if fit.boundary:
        return np.diag(1.0 / np.diagonal(fit.information)[:size])
    return np.asarray(np.linalg.inv(fit.information), dtype=np.float64)
