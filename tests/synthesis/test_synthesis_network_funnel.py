"""The comparison-adjusted funnel, against Egger's test, a meta-regression and dense matrices.

Everything is a closed form: 1e-9.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn

REFERENCE = json.loads((Path(__file__).parent / "reference" / "network.json").read_text("utf-8"))
DL: dict[str, dict[str, Any]] = {
    case["dataset"]: case for case in REFERENCE["cases"] if case["method_tau"] == "DL"
}
COLUMNS = ("study", "treat1", "treat2", "te", "se")


def fit(name: str) -> syn.NetworkResult:
    columns: dict[str, Any] = {column: DL[name]["contrasts"][column] for column in COLUMNS}
    return syn.network(**columns, method="DL")


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(-2.0, 2.0), st.floats(0.1, 2.0)), min_size=3, max_size=8))
def test_two_treatments_are_eggers_test(studies: list[tuple[float, float]]) -> None:
    te, se = [te for te, _ in studies], [se for _, se in studies]
    if np.ptp(se) < 1e-3:
        return
    net = syn.network(range(len(te)), ["B"] * len(te), ["A"] * len(te), te, se, method="DL")
    line, egger = syn.network_funnel(net, ["A", "B"]), syn.egger(te, np.square(se))
    assert line.slope == pytest.approx(egger.slope, rel=1e-7, abs=1e-7)
    assert line.slope_se == pytest.approx(egger.slope_se, rel=1e-6, abs=1e-9)
    assert line.df == egger.df
    if line.slope_se > 1e-6:
        assert line.p == pytest.approx(egger.p, rel=1e-5, abs=1e-9)
    pooled = syn.pool(te, np.square(se), "DL", test="z").estimate
    np.testing.assert_allclose(line.centre, pooled, atol=1e-9)


def test_two_arms_are_a_regression_with_a_mean_for_each_comparison() -> None:
    study, one, two = list(range(7)), "AABABAB", "BBCCCBC"
    te, se = [0.9, 0.1, 0.3, 1.4, -0.2, 0.6, 0.8], [0.2, 0.3, 0.25, 0.2, 0.35, 0.4, 0.15]
    net = syn.network(study, one, two, te, se, method="DL")
    line = syn.network_funnel(net, ["C", "A", "B"])
    pairs = [a + b for a, b in zip(one, two, strict=True)]
    signs = np.array([{"AB": -1.0, "BC": 1.0, "AC": 1.0}[pair] for pair in pairs])
    x = np.column_stack([*([float(p == pair) for p in pairs] for pair in ("AB", "BC", "AC")), se])
    other = syn.regress(signs * te, np.square(se), x, "EE", "knha", intercept=False)
    assert line.slope == pytest.approx(other.coefficients[3], rel=1e-9)
    assert line.slope_se == pytest.approx(other.se[3], rel=1e-9)
    assert line.p == pytest.approx(other.p_values[3], rel=1e-9)
    assert line.df == 3
    np.testing.assert_allclose(line.te, signs * te)
    assert line.treat1[0] == "B"
    assert line.treat2[0] == "A"
    assert line.treat2[3] == "C"
    assert line.adjusted[3] == pytest.approx(0.0, abs=1e-12)  # the only study of its comparison


@pytest.mark.parametrize("name", ["smokingcessation", "baker2009", "senn2013", "parkinson"])
def test_several_arms_by_dense_matrices(name: str) -> None:
    """All contrasts against the first arm of each study, with their whole covariance matrix."""
    net = fit(name)
    order = list(net.treatments[::-1])
    line = syn.network_funnel(net, order)
    data, rank = net.contrasts, {name: at for at, name in enumerate(order)}
    place = [rank[name] for name in net.treatments]
    used = []
    for row in range(len(data.te)):
        own = np.flatnonzero(data.study == data.study[row])
        first = min(place[t] for t in (*data.i[own], *data.j[own]))
        if first in {place[data.i[row]], place[data.j[row]]}:
            used.append(row)
    covariance = np.zeros((len(used), len(used)))
    for a, row in enumerate(used):
        for b, other in enumerate(used):
            if data.study[row] != data.study[other]:
                continue
            ends = {int(data.i[row]), int(data.j[row])} ^ {int(data.i[other]), int(data.j[other])}
            third = [
                data.se[r] ** 2
                for r in np.flatnonzero(data.study == data.study[row])
                if {int(data.i[r]), int(data.j[r])} == ends
            ]
            both = data.se[row] ** 2 + data.se[other] ** 2
            covariance[a, b] = 0.5 * (both - sum(third))
    te, se = line.te[used], line.se[used]
    pairs = [(line.treat1[row], line.treat2[row]) for row in used]
    kinds = sorted(set(pairs))
    x = np.column_stack([*([float(p == kind) for p in pairs] for kind in kinds), se])
    weight = np.linalg.inv(covariance)
    information = np.linalg.inv(x.T @ weight @ x)
    b = information @ x.T @ weight @ te
    df = len(used) - x.shape[1]
    factor = float((te - x @ b) @ weight @ (te - x @ b)) / df
    error = math.sqrt(factor * information[-1, -1])
    assert line.slope == pytest.approx(b[-1], rel=1e-8)
    assert line.slope_se == pytest.approx(error, rel=1e-8)
    assert line.df == df
    assert line.p == pytest.approx(2.0 * stats.t.sf(abs(b[-1] / error), df), rel=1e-7)


@pytest.mark.parametrize("name", DL)
@pytest.mark.parametrize("random", [True, False])
def test_adjusted_studies_balance(name: str, *, random: bool) -> None:
    """In each comparison the weighted mean is 0; turning the order turns everything."""
    net = fit(name)
    line = syn.network_funnel(net, net.treatments, random=random)
    weight = 1.0 / (line.se**2 + line.tau2)
    for pair in set(zip(line.treat1, line.treat2, strict=True)):
        rows = [
            i for i, own in enumerate(zip(line.treat1, line.treat2, strict=True)) if own == pair
        ]
        assert weight[rows] @ line.adjusted[rows] == pytest.approx(0.0, abs=1e-8)
        assert (line.k[rows] == len(rows)).all()
    if random:
        expected = np.array(DL[name]["direct_random"]["te"], dtype=float)
        at = [(net.index(a), net.index(b)) for a, b in zip(line.treat1, line.treat2, strict=True)]
        np.testing.assert_allclose(line.centre, [expected[i] for i in at], rtol=1e-9, atol=1e-9)
    turned = syn.network_funnel(net, net.treatments[::-1], random=random)
    np.testing.assert_allclose(turned.adjusted, -line.adjusted, atol=1e-12)
    several = np.array([len(own) for own in net.designs]).max() > 2
    if not several and line.df:
        assert turned.slope == pytest.approx(-line.slope, rel=1e-8)
    json.dumps(line.to_dict(), allow_nan=False)


def test_what_cannot_be_told() -> None:
    net = syn.network([1, 2, 3], "AAB", "BBC", [0.1, 0.4, 0.2], [0.2, 0.2, 0.3])
    line = syn.network_funnel(net, ["A", "B", "C"])
    assert math.isnan(line.slope)
    assert math.isnan(line.p)
    assert line.df == 0
    assert "slope nan" in repr(line)
    with pytest.raises(ValueError, match="order lacks C"):
        syn.network_funnel(net, ["A", "B"])
    with pytest.raises(ValueError, match="order holds 'A' more than once"):
        syn.network_funnel(net, ["A", "A", "B"])
    with pytest.raises(ValueError, match="no treatment 'D'"):
        syn.network_funnel(net, ["A", "B", "D"])
    with pytest.raises(ValueError, match="points is 1"):
        syn.network_funnel(net, ["A", "B", "C"], points=1)
