"""Where a network is inconsistent: the data of a net heat plot (Krahn, Binder and König 2013).

First the studies of each design are pooled, which gives the design's direct estimates ``y_d`` (of
its treatments against its first one) with weights ``W_d``; then the designs are brought together,
``b = (x' W x)^+ x' W y`` with the hat matrix ``H = x (x' W x)^+ x' W``. The inconsistency is
``Q = r' W r`` with ``r = y - x b``, and ``r_c' W_c r_c`` is what design c contributes. Detaching
design d, giving it effects of its own, leaves contributions ``Q_c(d)``; the heat at row c and
column d is the change ``Q_c - Q_c(d)``. Above 0: the evidence of d is what design c disagrees
with; below 0: it supports c. On the diagonal stands the contribution itself, since a detached
design agrees with itself, and a column sums to the drop of Q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, plain
from saisei.synthesis.networks.fit import solve
from saisei.synthesis.networks.inconsistency import QTest, _as_dict, _test, network_inconsistency

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray, IntArray
    from saisei.synthesis.networks.estimates import NetworkResult

NOTHING = 1e-9
"""Heat below this share of Q is none: what rounding leaves."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NetHeat:
    """The data of a net heat plot.

    Attributes
    ----------
    designs
        The designs (sets of treatments), in the order of the network.
    change
        Heat: row c, column d is how much less design c contributes to Q once design d is
        detached; the diagonal is the contribution of each design.
    contribution
        The diagonal: what each design contributes to Q between designs.
    q, detached
        Q between designs, and what is left of it when each design is detached.
    comparisons, design_of
        The direct estimates (a treatment against the first of its design), and the place of the
        design each belongs to. A design of two treatments has one.
    hat
        Hat matrix of the direct estimates: how much the column weighs in the estimate of the row;
        its size is the area of the squares in the plot.
    comparison_change
        The heat of each direct estimate (row) by design (column): ``r (W r)`` before less after.
        The rows of a design sum to its row of ``change``.
    order
        The designs in an order that brings like ones together (complete linkage on the sum of
        absolute differences of their rows and columns of heat).
    tau2
        The variance of true effects it was done with.
    """

    designs: tuple[tuple[str, ...], ...]
    change: FloatArray
    contribution: FloatArray
    q: QTest
    detached: tuple[QTest, ...]
    comparisons: tuple[tuple[str, str], ...]
    design_of: tuple[int, ...]
    hat: FloatArray
    comparison_change: FloatArray
    order: tuple[int, ...]
    tau2: float

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: plain(getattr(self, name)) for name in self.__slots__ if name != "detached"}
        return {
            **named,
            "q": _as_dict(self.q),
            "detached": [_as_dict(test) for test in self.detached],
        }

    def __repr__(self) -> str:
        names = [":".join(design) for design in self.designs]
        width = max(map(len, names))
        total = f"Q between designs {self.q.q:.4f}, df {self.q.df}"
        lines = [f"NetHeat: {len(names)} designs, tau2 {self.tau2:.4f}, {total}"]
        for at in np.argsort([test.q for test in self.detached], kind="stable"):
            test = self.detached[at]
            lines.append(
                f"  {names[at]:<{width}}  contributes {self.contribution[at]:.4f}   "
                f"without it Q {test.q:.4f}, df {test.df}"
            )
        return "\n".join(lines)


def net_heat(net: NetworkResult, *, random: bool = False, tau2: float | None = None) -> NetHeat:
    """Return the data of a net heat plot: which designs disagree with which.

    Parameters
    ----------
    net : NetworkResult
    random : bool
        Common effects (the default, as in the paper), or random effects with the tau2 that the
        designs have within themselves, which inconsistency does not swell; Q is then that of
        ``network_inconsistency(net).interaction``.
    tau2 : float, optional
        Another variance of true effects.

    Returns
    -------
    NetHeat

    Examples
    --------
    >>> from saisei.synthesis.networks.estimates import network
    >>> net = network(
    ...     study=[1, 2, 3, 4],
    ...     treat1=["A", "A", "A", "B"],
    ...     treat2=["B", "C", "D", "C"],
    ...     te=[0.4, 0.6, 0.1, 0.5],
    ...     se=[0.1, 0.1, 0.1, 0.1],
    ... )
    >>> net_heat(net)
    NetHeat: 4 designs, tau2 0.0000, Q between designs 3.0000, df 1
      A:B  contributes 1.0000   without it Q 0.0000, df 0
      A:C  contributes 1.0000   without it Q 0.0000, df 0
      B:C  contributes 1.0000   without it Q 0.0000, df 0
      A:D  contributes 0.0000   without it Q 3.0000, df 1
    """
    if tau2 is not None and not 0.0 <= tau2 < math.inf:
        raise ValueError(f"tau2 is {tau2:g}; expected a number not below 0")
    above = tau2 or 0.0
    if tau2 is None and random:
        within = network_inconsistency(net).tau2_within
        above = 0.0 if math.isnan(within) else within
    x, y, weight, design_of = _designs(net, above)
    before, spread = _fit(x, y, weight, design_of, np.arange(y.size))
    size = len(net.designs)
    change = np.empty((y.size, size))
    detached, rank = [], len(net.treatments) - 1
    for at in range(size):
        rest = np.flatnonzero(design_of != at)
        left = _fit(x, y, weight, design_of, rest)[0]
        change[:, at] = before - left
        free = rest.size - (int(np.linalg.matrix_rank(x[rest])) if rest.size else 0)
        detached.append(_test(float(left.sum()) if free else 0.0, free))
    total = float(before.sum())
    change[np.abs(change) <= NOTHING * total] = 0.0
    block = np.zeros((size, y.size))
    block[design_of, np.arange(y.size)] = 1.0
    heat = block @ change
    hat = x @ spread @ x.T @ weight
    return NetHeat(
        designs=net.designs,
        change=frozen(heat),
        contribution=frozen(np.diagonal(heat).copy()),
        q=_test(total, y.size - rank),
        detached=tuple(detached),
        comparisons=tuple((name, own[0]) for own in net.designs for name in own[1:]),
        design_of=tuple(design_of.tolist()),
        hat=frozen(hat),
        comparison_change=frozen(change),
        order=_order(heat),
        tau2=above,
    )


def _designs(
    net: NetworkResult, tau2: float
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Direct estimates of the designs: their rows of ``x``, values, weights and designs.

    Against the first treatment of a design the weights are the Laplacian of its studies without
    that treatment's row and column.
    """
    sizes = [len(design) - 1 for design in net.rows.designs]
    ends = np.cumsum([0, *sizes])
    x, y = np.zeros((ends[-1], len(net.treatments))), np.zeros(ends[-1])
    weight = np.zeros((ends[-1], ends[-1]))
    for at, design in enumerate(net.rows.designs):
        own_x, own_y, own_v = net.rows.of_design(at)
        rows = slice(ends[at], ends[at + 1])
        b = solve(own_x, own_y, own_v, tau2).b
        laplacian = (own_x / (own_v + tau2)[:, None]).T @ own_x
        y[rows], weight[rows, rows] = b[1:] - b[0], laplacian[1:, 1:]
        x[rows, design[0]] = -1.0
        x[np.arange(ends[at], ends[at + 1]), list(design[1:])] = 1.0
    return x, y, weight, np.repeat(np.arange(len(sizes)), sizes)


def _fit(
    x: FloatArray, y: FloatArray, weight: FloatArray, design_of: IntArray, rows: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return ``r (W r)`` of each direct estimate and the covariance, of some designs' estimates.

    The others fit. Estimates of one design are turned into independent ones, so that ``solve``,
    which loses nothing however unequal the weights are, can be used.
    """
    out = np.zeros(y.size)
    if not rows.size:
        return out, np.zeros((x.shape[1], x.shape[1]))
    own = weight[np.ix_(rows, rows)]
    turned, values = np.eye(rows.size), np.diagonal(own).copy()
    for design in np.flatnonzero(np.bincount(design_of[rows]) > 1):
        block = np.ix_(*[np.flatnonzero(design_of[rows] == design)] * 2)
        values[block[1][0]], turned[block] = np.linalg.eigh(own[block])
    fit = solve(turned.T @ x[rows], turned.T @ y[rows], 1.0 / values)
    left = y[rows] - x[rows] @ fit.b
    out[rows] = left * (own @ left)
    return out, fit.covariance


def _order(heat: FloatArray) -> tuple[int, ...]:
    """Join the closest groups of designs again and again (complete linkage)."""
    apart = np.abs(heat[:, None] - heat).sum(-1) + np.abs(heat.T[:, None] - heat.T).sum(-1)
    groups: list[tuple[int, ...]] = [(at,) for at in range(heat.shape[0])]
    while len(groups) > 1:
        gaps = [
            (float(apart[np.ix_(one, two)].max()), i, j)
            for j, two in enumerate(groups)
            for i, one in enumerate(groups[:j])
        ]
        _, i, j = min(gaps)
        groups[i] += groups.pop(j)
    return groups[0]
