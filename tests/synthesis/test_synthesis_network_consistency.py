"""Inconsistency, node splitting and contributions: identities, and by hand.

netmeta's numbers are compared in ``test_synthesis_reference_walk``. All are closed forms at a given
tau2, so 1e-9 is asked.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei import synthesis as syn
from saisei.synthesis.networks.fit import solve
from synthesis.reference_walk import read

DL: list[dict[str, Any]] = [
    case for case in read("network.json")["cases"] if case["method_tau"] == "DL"
]
COLUMNS = ("study", "treat1", "treat2", "te", "se")


def fit(case: dict[str, Any]) -> syn.NetworkResult:
    columns: dict[str, Any] = {name: case["contrasts"][name] for name in COLUMNS}
    return syn.network(**columns, method="DL")


def same(ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
    expected = np.array(theirs, dtype=np.float64)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", DL, ids=[case["dataset"] for case in DL])
def test_designs_add_up(case: dict[str, Any]) -> None:
    result = syn.network_inconsistency(fit(case))
    same(sum(test.q for test in result.designs.values()), result.within.q)
    assert json.loads(json.dumps(result.to_dict()))["between"]["q"] == result.between.q


def walk(flow: dict[str, dict[str, float]], path: list[str], end: str, chance: float) -> Any:
    """Every path with the flow and its probability, by plain recursion."""
    if path[-1] == end:
        yield path, chance
        return
    onward = flow[path[-1]]
    for target, amount in onward.items():
        yield from walk(flow, [*path, target], end, chance * amount / sum(onward.values()))


def test_contributions_by_random_walk_are_those_of_all_paths() -> None:
    net = fit(DL[0])
    result = syn.network_contributions(net)
    for row, (start, end) in enumerate(result.rows):
        flow: dict[str, dict[str, float]] = {name: {} for name in net.treatments}
        for (one, two), amount in zip(result.columns, result.hat[row].tolist(), strict=True):
            if amount:
                a, b = (one, two) if amount > 0.0 else (two, one)
                flow[a][b] = abs(amount)
        shares = dict.fromkeys(result.columns, 0.0)
        for path, chance in walk(flow, [start], end, 1.0):
            for a, b in itertools.pairwise(path):
                key = (a, b) if (a, b) in shares else (b, a)
                shares[key] += chance / (len(path) - 1)
        same(result.value[row], list(shares.values()), 1e-12)
    assert next(iter(result.of("sita", "plac"))) == ("plac", "sita")
    assert json.loads(json.dumps(result.to_dict()))["method"] == "random-walk"


@pytest.mark.parametrize("case", DL, ids=[case["dataset"] for case in DL])
@pytest.mark.parametrize("random", [True, False])
def test_shares_sum_to_one_and_the_flow_gives_the_estimate(
    case: dict[str, Any], *, random: bool
) -> None:
    """Two-arm networks also: the hat matrix times the direct estimates is the network."""
    net = fit(case)
    result = syn.network_contributions(net, random=random)
    same(result.value.sum(1), np.ones(len(result.rows)), 1e-12)
    assert (result.value >= 0.0).all()
    if net.m == net.k:
        direct = net.direct(random=random).te
        model = net.random if random else net.common
        te = [direct[net.index(a), net.index(b)] for a, b in result.columns]
        same(result.hat @ te, [model.te[net.index(a), net.index(b)] for a, b in result.rows])


LOOP: dict[str, Any] = {
    "study": [1, 2, 3, 4],
    "treat1": ["A", "B", "A", "A"],
    "treat2": ["B", "C", "C", "D"],
}
effects = st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4)
errors = st.lists(st.floats(0.1, 3.0), min_size=4, max_size=4)


@given(effects, errors)
def test_a_loop_is_that_of_bucher(te: list[float], se: list[float]) -> None:
    """Bucher and others (1997): direct A-C less A-B-C, with the variances added."""
    net = syn.network(**LOOP, te=te, se=se, method="EE")
    gap, variance = te[2] - te[0] - te[1], se[0] ** 2 + se[1] ** 2 + se[2] ** 2
    result = syn.network_inconsistency(net)
    assert result.between.q == pytest.approx(gap**2 / variance, rel=1e-7, abs=1e-9)
    assert (result.within.df, result.between.df) == (0, 1)
    assert np.isnan(result.tau2_within)
    splits = syn.node_splits(net)
    at = splits.pairs.index(("A", "C"))
    assert splits.difference[at] == pytest.approx(gap, rel=1e-6, abs=1e-6)
    assert splits.difference_se[at] == pytest.approx(variance**0.5, rel=1e-6)
    only = splits.pairs.index(("A", "D"))
    assert splits.share[only] == 1.0
    assert np.isnan(splits.indirect[only])
    assert splits.k[splits.pairs.index(("B", "D"))] == 0


@given(effects, errors)
def test_indirect_evidence_is_the_network_without_the_direct(
    te: list[float], se: list[float]
) -> None:
    columns: dict[str, Any] = {
        name: [*LOOP[name], extra] for name, extra in zip(LOOP, (5, "C", "D"), strict=True)
    }
    net = syn.network(**columns, te=[*te, 0.4], se=[*se, 0.5], method="DL")
    splits, rows = syn.node_splits(net), net.rows
    for row in range(5):
        kept = np.arange(5) != row
        rest = solve(rows.x[kept], rows.y[kept], rows.v[kept], net.tau2)
        i, j = sorted((int(net.contrasts.i[row]), int(net.contrasts.j[row])))
        at = splits.pairs.index((net.treatments[i], net.treatments[j]))
        assert splits.indirect[at] == pytest.approx(rest.b[i] - rest.b[j], rel=1e-6, abs=1e-6)


def test_bad_input_is_named() -> None:
    net = syn.network(**LOOP, te=[0.1, 0.2, 0.3, 0.4], se=[0.1] * 4)
    with pytest.raises(ValueError, match="method is 'short'"):
        syn.network_contributions(net, "short")  # type: ignore[arg-type] # the mistake is the test
    with pytest.raises(ValueError, match="no pair 'A' against 'X'"):
        syn.network_contributions(net).of("A", "X")
    circle = syn.network(
        ["x"] * 3, ["A", "A", "B"], ["B", "C", "C"], [0.1, 0.3, 0.2], [0.2, 0.35, 0.2]
    )
    with pytest.raises(ValueError, match="A against C has the reduced weight -"):
        syn.network_contributions(circle)
