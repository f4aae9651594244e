"""How much each direct comparison contributes to each estimate of a network.

A row of the hat matrix is a flow of one unit of evidence from one treatment to the other, through
the direct comparisons (König, Krahn and Binder 2013). Cut into paths, it tells what share of the
estimate each comparison holds (Papakonstantinou and others 2018). How to cut is not unique:

``random-walk`` (Davies and others 2022) takes all paths at once. A walker goes with the flow; a
path has the probability of being walked and gives its edges equal shares of that. With ``T`` the
walker's steps, the share of edge ``i -> j`` of a flow from ``a`` to ``b`` is the integral over t
from 0 to 1 of ``[(1 - tT)^-1]_ai T_ij [(1 - tT)^-1]_jb``, since ``1 / length`` is the integral of
``t^(length - 1)``; a polynomial in t, which Gauss and Legendre's rule integrates exactly.

``shortest-path`` (Papakonstantinou and others 2018) takes off the shortest path again and again.
Where paths are equally short the order of search decides: breadth first, treatments in the order
in which they come first in the list of direct comparisons, each written as its evidence flows.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric.arrays import frozen
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.networks.fit import solve

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.networks.estimates import NetworkResult

ContributionMethod = Literal["random-walk", "shortest-path"]
SMALLEST = 1e-10
"""A flow below this is none: what rounding leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class Contributions(Result):
    """Shares of direct comparisons in each estimate.

    Attributes
    ----------
    rows, columns
        The pairs estimated, and those with direct evidence (names).
    value
        Matrix of shares; each row sums to 1.
    hat
        The flow of evidence: row of the pair, column of the direct comparison, above 0 when it
        runs from the first to the second.
    method, random
        How the flow was cut, and whether the random-effects model was taken.
    """

    rows: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    value: FloatArray
    hat: FloatArray
    method: str
    random: bool

    def of(self, treat1: str, treat2: str) -> dict[tuple[str, str], float]:
        """Return the shares of one estimate, the largest first."""
        pair = (treat1, treat2) if (treat1, treat2) in self.rows else (treat2, treat1)
        if pair not in self.rows:
            raise ValueError(f"there is no pair {treat1!r} against {treat2!r}")
        shares = self.value[self.rows.index(pair)].tolist()
        found = [(c, s) for c, s in zip(self.columns, shares, strict=True) if s > 0.0]
        return dict(sorted(found, key=lambda item: -item[1]))


def network_contributions(
    net: NetworkResult, method: ContributionMethod = "random-walk", *, random: bool = True
) -> Contributions:
    """Share of each direct comparison in each estimate of a network.

    Parameters
    ----------
    net : NetworkResult
    method : {"random-walk", "shortest-path"}
        How the flow of evidence is cut into paths; see the head of the module.
    random : bool
        The random-effects model (the default) or that of common effects.

    Raises
    ------
    ValueError
        For an unknown method, or where the reduced weight of a comparison is negative, so that
        evidence would flow in circles.
    """
    if method not in get_args(ContributionMethod):
        raise ValueError(f"method is {method!r}; expected 'random-walk' or 'shortest-path'")
    tau2 = net.random.tau2 if random else 0.0
    rows = net.rows
    fit = solve(rows.x, rows.y, rows.v, tau2)
    weights = -(rows.x / (rows.v + tau2)[:, None]).T @ rows.x
    n = len(net.treatments)
    pairs = list(itertools.combinations(range(n), 2))
    there = net.direct(random=random).k
    edges = [pair for pair in pairs if there[pair]]
    for i, j in edges:
        if weights[i, j] < -SMALLEST * weights.max():
            raise ValueError(
                f"{net.treatments[i]} against {net.treatments[j]} has the reduced weight "
                f"{weights[i, j]:g}; with a negative weight evidence flows in circles"
            )
    np.fill_diagonal(weights, 0.0)
    a, b = np.array(pairs).T
    potential = fit.covariance[a] - fit.covariance[b]
    flow = weights * (potential[:, :, None] - potential[:, None, :])
    flow = np.where(flow > SMALLEST, flow, 0.0)
    shares = _random_walk(flow, a, b) if method == "random-walk" else _shortest(flow, pairs, edges)
    one, two = np.array(edges).T
    value = shares[:, one, two] + shares[:, two, one]
    names = net.treatments
    return Contributions(
        tuple((names[i], names[j]) for i, j in pairs),
        tuple((names[i], names[j]) for i, j in edges),
        frozen(value),
        frozen(flow[:, one, two] - flow[:, two, one]),
        method,
        random,
    )


def _random_walk(flow: FloatArray, a: Any, b: Any) -> FloatArray:
    """Shares of the directed edges, by integration over t; see the head of the module."""
    size, n = flow.shape[:2]
    out = flow.sum(-1)
    steps = flow / np.where(out > 0.0, out, 1.0)[:, :, None]
    every = np.arange(size)
    steps[every, b] = 0.0  # the walk ends there
    points, weights = np.polynomial.legendre.leggauss(n // 2 + 1)
    shares = np.zeros_like(flow)
    for point, weight in zip(0.5 * (points + 1.0), 0.5 * weights, strict=True):
        reached = np.linalg.inv(np.eye(n) - point * steps)
        shares += weight * reached[every, a][:, :, None] * steps * reached[every, :, b][:, None, :]
    return shares


def _shortest(
    flow: FloatArray, pairs: list[tuple[int, int]], edges: list[tuple[int, int]]
) -> FloatArray:
    """Shares of the directed edges, taking off the shortest path again and again."""
    shares = np.zeros_like(flow)
    for row, (a, b) in enumerate(pairs):
        left = flow[row].tolist()
        written = ((j, i) if left[j][i] > 0.0 else (i, j) for i, j in edges)
        order = list(dict.fromkeys(itertools.chain.from_iterable(written)))
        while path := _path(left, a, b, order):
            least = min(left[i][j] for i, j in path)
            for i, j in path:
                shares[row, i, j] += least / len(path)
                left[i][j] = left[i][j] - least if left[i][j] - least > SMALLEST else 0.0
    return shares


def _path(flow: list[list[float]], a: int, b: int, order: list[int]) -> list[tuple[int, int]]:
    """Return the shortest path with the flow, breadth first in the order given."""
    before: dict[int, int] = {a: a}
    queue = [a]
    for node in queue:
        if node == b:
            nodes = [b]
            while nodes[-1] != a:
                nodes.append(before[nodes[-1]])
            return list(itertools.pairwise(reversed(nodes)))
        for target in order:
            if flow[node][target] > 0.0 and target not in before:
                before[target] = node
                queue.append(target)
    return []
