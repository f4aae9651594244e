"""Whether the designs, and direct and indirect evidence, of a network agree.

A design is the set of treatments a study compares. ``Q`` of the network falls into heterogeneity
within designs and inconsistency between them (Krahn, Binder and König 2013), also as a test of
design-by-treatment interaction with random effects (Higgins and others 2012). ``node_splits``
sets direct against indirect evidence pair by pair (Dias and others 2010; König, Krahn and Binder
2013): of the estimate of the network, direct evidence holds the share ``p`` = variance of the
network / variance of the direct estimate, so that the rest, ``(te - p direct) / (1 - p)`` with
variance ``var / (1 - p)``, is indirect and independent of it. Side-splitting is in ``side_splits``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import frozen, plain
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.networks.fit import solve
from saisei.synthesis.networks.side_splits import Deviates, SplitTau2, check_sides, side_split

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray, IntArray
    from saisei.synthesis.networks.estimates import NetworkResult

SplitMethod = Literal["back-calculation", "side-splitting"]

ALL_DIRECT = 1.0 - 1e-8
"""A share of direct evidence above this is all of it: what rounding leaves."""


@dataclass(frozen=True, slots=True)
class QTest:
    """A Q with its degrees of freedom and p value (NaN without a degree of freedom)."""

    q: float
    df: int
    p: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class InconsistencyResult:
    """The Q of a network taken apart.

    Attributes
    ----------
    total, within, between
        Under common effects: the whole, heterogeneity within designs, inconsistency between.
    designs
        Heterogeneity within each design that has a degree of freedom for it.
    interaction
        Design-by-treatment interaction with random effects: ``between`` at ``tau2_within``.
    tau2_within
        tau2 within designs (generalised DerSimonian-Laird), which inconsistency does not swell;
        NaN without a degree of freedom within designs (``interaction`` then takes 0).
    """

    total: QTest
    within: QTest
    between: QTest
    designs: dict[tuple[str, ...], QTest]
    interaction: QTest
    tau2_within: float

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold; designs joined by a colon."""
        tests = {
            name: _as_dict(getattr(self, name))
            for name in ("total", "within", "between", "interaction")
        }
        designs = {":".join(design): _as_dict(test) for design, test in self.designs.items()}
        return {**tests, "designs": designs, "tau2_within": plain(self.tau2_within)}

    def __repr__(self) -> str:
        named = {
            "total": self.total,
            "within designs": self.within,
            "between designs": self.between,
            "interaction": self.interaction,
        }
        lines = [f"  {name:<15} {t.q:.4f}  df {t.df}  p {t.p:.4g}" for name, t in named.items()]
        return "\n".join(["InconsistencyResult: Q", *lines])


@dataclass(frozen=True, slots=True, eq=False)
class NodeSplits(Result):
    """Direct against indirect evidence of every pair, under the random-effects model.

    Attributes
    ----------
    pairs
        The treatments compared: the first against the second, in the order of the network.
    k
        Number of studies with direct evidence.
    share
        Share of direct evidence in the estimate of the network.
    network, network_se, direct, direct_se, indirect, indirect_se
        The three estimates; NaN where there is no such evidence.
    difference, difference_se, p
        Direct minus indirect, and its two-sided p value.
    tau2
        The variance of true effects of each pair's model.
    method
        ``back-calculation``, or ``side-splitting``, where pairs without independent indirect
        evidence are NaN.
    """

    pairs: tuple[tuple[str, str], ...]
    k: IntArray
    share: FloatArray
    network: FloatArray
    network_se: FloatArray
    direct: FloatArray
    direct_se: FloatArray
    indirect: FloatArray
    indirect_se: FloatArray
    difference: FloatArray
    difference_se: FloatArray
    p: FloatArray
    tau2: FloatArray
    method: str


def network_inconsistency(net: NetworkResult) -> InconsistencyResult:
    """Take the Q of a network apart into heterogeneity and inconsistency.

    Parameters
    ----------
    net : NetworkResult

    Returns
    -------
    InconsistencyResult

    Examples
    --------
    >>> from saisei.synthesis.networks.estimates import network
    >>> net = network(
    ...     study=[1, 2, 3, 4],
    ...     treat1=["A", "A", "A", "B"],
    ...     treat2=["B", "B", "C", "C"],
    ...     te=[0.4, 0.2, 0.6, 0.5],
    ...     se=[0.1, 0.1, 0.1, 0.1],
    ... )
    >>> network_inconsistency(net)
    InconsistencyResult: Q
      total           3.6000  df 2  p 0.1653
      within designs  2.0000  df 1  p 0.1573
      between designs 1.6000  df 1  p 0.2059
      interaction     0.8000  df 1  p 0.3711
    """
    within, degrees, trace = _within(net, 0.0)
    df = sum(degrees)
    total, q = net.q, float(sum(within))
    tau2 = max(0.0, (q - df) / trace) if df else math.nan
    above = 0.0 if math.isnan(tau2) else tau2
    rows = net.rows
    if above:
        whole = solve(rows.x, rows.y, rows.v, above).q
        interaction = whole - sum(_within(net, above)[0])
    else:
        interaction = total - q
    between = net.q_df - df
    return InconsistencyResult(
        total=_test(total, net.q_df),
        within=_test(q, df),
        between=_test(total - q, between),
        designs={
            design: _test(own, free)
            for design, own, free in zip(net.designs, within, degrees, strict=True)
            if free
        },
        interaction=_test(interaction, between),
        tau2_within=tau2,
    )


def _within(net: NetworkResult, tau2: float) -> tuple[list[float], list[int], float]:
    """Q and degrees of freedom of each design on its own, and the traces of P added up."""
    values, degrees, trace = [], [], 0.0
    for index, design in enumerate(net.rows.designs):
        x, y, v = net.rows.of_design(index)
        df = y.size - len(design) + 1
        degrees.append(df)
        if df:
            fit = solve(x, y, v, tau2)
            trace += fit.trace
        values.append(fit.q if df else 0.0)
    return values, degrees, trace


def node_splits(
    net: NetworkResult,
    method: SplitMethod = "back-calculation",
    *,
    deviates: Deviates = "both",
    tau2: SplitTau2 = "network",
) -> NodeSplits:
    """Set direct against indirect evidence of every pair (random-effects model).

    Parameters
    ----------
    net : NetworkResult
    method : {"back-calculation", "side-splitting"}
        Indirect evidence as what is left of the network when direct evidence is taken out, for
        every pair; or direct and indirect evidence as parameters of one model, for the pairs that
        have independent indirect evidence (see ``side_splits``).
    deviates : {"both", "first", "second"}
        Side-splitting, in studies with several arms: which treatment of the pair deviates.
    tau2 : {"network", "split"}
        Side-splitting: the tau2 of the network, or one that each model estimates for itself.

    Returns
    -------
    NodeSplits

    Examples
    --------
    >>> from saisei.synthesis.networks.estimates import network
    >>> net = network([1, 2, 3], "AAB", "BCC", [0.4, 0.6, 0.5], [0.1, 0.1, 0.2], method="EE")
    >>> splits = node_splits(net, "side-splitting")
    >>> print(splits.pairs[0], splits.difference[0].round(4), splits.difference_se[0].round(4))
    ('A', 'B') 0.3 0.2449
    """
    if method not in get_args(SplitMethod):
        raise ValueError(f"method is {method!r}; expected 'back-calculation' or 'side-splitting'")
    check_sides(deviates, tau2)
    if method == "side-splitting":
        return _side_splits(net, deviates, tau2)
    i, j = np.triu_indices(len(net.treatments), 1)
    direct = net.direct()
    te, se = net.random.te[i, j], net.random.se[i, j]
    k, own, own_se = direct.k[i, j], direct.te[i, j], direct.se[i, j]
    share = np.where(k > 0, (se / own_se) ** 2, 0.0)
    share = np.where(share > ALL_DIRECT, 1.0, share)
    rest = np.where(share < 1.0, 1.0 - share, np.nan)
    indirect = (te - share * np.where(k > 0, own, 0.0)) / rest
    indirect_se = se / np.sqrt(rest)
    difference = own - indirect
    difference_se = np.sqrt(own_se**2 + indirect_se**2)
    evidence = np.array([own, indirect, difference]), np.array([own_se, indirect_se, difference_se])
    return _splits(net, share, evidence, np.full(k.size, net.random.tau2), method)


def _side_splits(net: NetworkResult, deviates: Deviates, tau2: SplitTau2) -> NodeSplits:
    """Split every pair that can be split."""
    i, j = np.triu_indices(len(net.treatments), 1)
    values, errors = np.full((3, i.size), np.nan), np.full((3, i.size), np.nan)
    above = np.full(i.size, np.nan)
    for at, (x, y) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        found = side_split(net, x, y, deviates, tau2)
        if found is not None:
            values[:, at], errors[:, at], above[at] = found
    share = (net.random.se[i, j] / errors[0]) ** 2
    return _splits(net, share, (values, errors), above, "side-splitting")


def _splits(
    net: NetworkResult,
    share: FloatArray,
    evidence: tuple[FloatArray, FloatArray],
    tau2: FloatArray,
    method: str,
) -> NodeSplits:
    """Gather direct, indirect and difference of all pairs."""
    i, j = np.triu_indices(len(net.treatments), 1)
    (direct, indirect, difference), (direct_se, indirect_se, difference_se) = evidence
    return NodeSplits(
        pairs=tuple((net.treatments[a], net.treatments[b]) for a, b in zip(i, j, strict=True)),
        k=frozen(net.direct().k[i, j]),
        share=frozen(share),
        network=frozen(net.random.te[i, j]),
        network_se=frozen(net.random.se[i, j]),
        direct=frozen(direct),
        direct_se=frozen(direct_se),
        indirect=frozen(indirect),
        indirect_se=frozen(indirect_se),
        difference=frozen(difference),
        difference_se=frozen(difference_se),
        p=frozen(2.0 * special.ndtr(-np.abs(difference) / difference_se)),
        tau2=frozen(tau2),
        method=method,
    )


def _test(q: float, df: int) -> QTest:
    q = max(0.0, q) if df else 0.0
    return QTest(q, df, float(special.chdtrc(df, q)) if df else math.nan)


def _as_dict(test: QTest) -> dict[str, Any]:
    return {"q": test.q, "df": test.df, "p": plain(test.p)}
