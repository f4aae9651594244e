"""Net heat and side-splitting, against netmeta's back-calculation, dense models and by hand.

All are closed forms at a given tau2: 1e-9, as in the tests of ``network``; identities to 1e-10.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn

REFERENCE = json.loads((Path(__file__).parent / "reference" / "network.json").read_text("utf-8"))
DL: dict[str, dict[str, Any]] = {
    case["dataset"]: case for case in REFERENCE["cases"] if case["method_tau"] == "DL"
}
COLUMNS = ("study", "treat1", "treat2", "te", "se")


def fit(name: str, method: Any = "DL") -> syn.NetworkResult:
    columns: dict[str, Any] = {column: DL[name]["contrasts"][column] for column in COLUMNS}
    return syn.network(**columns, method=method)


def same(ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
    expected = np.array(theirs, dtype=np.float64)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)


def dense_q(net: syn.NetworkResult, tau2: float, free: set[int]) -> tuple[float, int]:
    """Q of the whole network in one stage, designs of ``free`` with effects of their own."""
    rows = net.rows
    own = [np.where((rows.design == design)[:, None], rows.x, 0.0) for design in sorted(free)]
    weight = np.sqrt(1.0 / (rows.v + tau2))
    x = weight[:, None] * np.hstack([rows.x, *own])
    residual = weight * rows.y - x @ np.linalg.lstsq(x, weight * rows.y)[0]
    return float(residual @ residual), rows.y.size - int(np.linalg.matrix_rank(x))


@pytest.mark.parametrize("name", DL)
@pytest.mark.parametrize("random", [False, True])
def test_identities_of_the_net_heat(name: str, *, random: bool) -> None:
    net = fit(name)
    heat, parts = syn.net_heat(net, random=random), syn.network_inconsistency(net)
    whole = parts.interaction if random else parts.between
    same(heat.q.q, whole.q, 1e-10)
    assert heat.q.df == whole.df
    same(heat.contribution.sum(), heat.q.q, 1e-10)
    same(np.diagonal(heat.change), heat.contribution, 0.0)
    same(heat.change.sum(0), [heat.q.q - test.q for test in heat.detached], 1e-9)
    same(heat.hat @ heat.hat, heat.hat, 1e-9)
    same(np.trace(heat.hat), len(net.treatments) - 1)
    for at, design in enumerate(heat.designs):
        rows = np.array(heat.design_of) == at
        assert rows.sum() == len(design) - 1
        same(heat.comparison_change[rows].sum(0), heat.change[at], 1e-12)
    assert sorted(heat.order) == list(range(len(heat.designs)))


@pytest.mark.parametrize("name", ["senn2013", "smokingcessation", "baker2009"])
@pytest.mark.parametrize("random", [False, True])
def test_detaching_is_the_network_with_a_design_of_its_own(name: str, *, random: bool) -> None:
    """In one stage, from the rows of all studies: as many extra columns as a design has."""
    net = fit(name)
    heat = syn.net_heat(net, random=random)
    every = set(range(len(net.designs)))
    within, within_df = dense_q(net, heat.tau2, every)
    for at in range(len(net.designs)):
        q, df = dense_q(net, heat.tau2, {at})
        same(heat.detached[at].q, q - within, 1e-8)
        assert heat.detached[at].df == df - within_df


def test_heat_of_a_design_by_removing_it() -> None:
    """What designs contribute after detaching is what they contribute in a network without it."""
    net, columns = fit("senn2013"), DL["senn2013"]["contrasts"]
    heat = syn.net_heat(net)
    names = [":".join(design) for design in heat.designs]
    pair = {"rosi", "sulf"}
    kept = [
        row
        for row in range(len(columns["te"]))
        if {columns["treat1"][row], columns["treat2"][row]} != pair
    ]
    without: dict[str, Any] = {name: [columns[name][row] for row in kept] for name in COLUMNS}
    rest = syn.net_heat(syn.network(**without))
    at = names.index("rosi:sulf")
    for design, contribution in zip(rest.designs, rest.contribution, strict=True):
        row = heat.designs.index(design)
        same(heat.contribution[row] - heat.change[row, at], contribution)
    # the paper singles out this design (its figure 6 leaves it out)
    assert min(heat.detached, key=lambda test: test.q) is heat.detached[at]
    assert repr(heat).splitlines()[1].startswith("  rosi:sulf")
    assert heat.order.index(at) - heat.order.index(names.index("metf:sulf")) in {-1, 1}


def test_hat_of_the_net_heat_gives_the_network() -> None:
    net = fit("smokingcessation")
    heat = syn.net_heat(net, tau2=net.random.tau2)
    direct = np.empty(len(heat.comparisons))
    for at, design in enumerate(net.designs):
        x, y, v = net.rows.of_design(at)
        x = np.sqrt(1.0 / (v + heat.tau2))[:, None] * x
        b = np.linalg.lstsq(x, np.sqrt(1.0 / (v + heat.tau2)) * y)[0]
        own = [i for i, d in enumerate(heat.design_of) if d == at]
        assert [heat.comparisons[i] for i in own] == [(name, design[0]) for name in design[1:]]
        direct[own] = b[1:] - b[0]
    te = [net.random.te[net.index(a), net.index(b)] for a, b in heat.comparisons]
    same(heat.hat @ direct, te)


@pytest.mark.parametrize("small", [1.0, 1e-3, 1e-6, 1e-9])
def test_heat_of_very_unequal_variances(small: float) -> None:
    """One loop of four studies and a branch: everything is known by hand."""
    errors = [small, 1.0, 1.0, small, 1e3]
    net = syn.network([1, 2, 3, 4, 5], "ABCAD", "BCDDE", [0.1, 0.2, 0.3, 2.4, 1.0], errors)
    heat, variance = syn.net_heat(net), 2.0 + 2.0 * small**2
    assert heat.q.q == pytest.approx(1.8**2 / variance, rel=1e-11)
    shares = {"A:B": small**2, "B:C": 1.0, "C:D": 1.0, "A:D": small**2, "D:E": 0.0}
    for at, design in enumerate(heat.designs):
        expected = 1.8**2 * shares[":".join(design)] / variance**2
        assert heat.contribution[at] == pytest.approx(expected, abs=1e-8)
    assert [test.df for test in heat.detached] == [0, 0, 0, 0, 1]


def test_heat_to_dict_and_bad_input() -> None:
    net = fit("senn2013")
    kept = json.loads(json.dumps(syn.net_heat(net).to_dict(), allow_nan=False))
    assert kept["q"]["df"] == 7
    assert len(kept["detached"]) == len(kept["designs"]) == 15
    with pytest.raises(ValueError, match="tau2 is -1"):
        syn.net_heat(net, tau2=-1.0)


def multi_arm_pairs(net: syn.NetworkResult) -> set[frozenset[str]]:
    return {
        frozenset(pair)
        for design in net.designs
        if len(design) > 2
        for pair in itertools.combinations(design, 2)
    }


@pytest.mark.parametrize("name", DL)
@pytest.mark.parametrize("deviates", ["both", "first", "second"])
def test_side_splits_where_no_study_has_more_arms(name: str, deviates: Any) -> None:
    """Then they are those of back-calculation, and of netmeta."""
    net, expected = fit(name), DL[name]["netsplit"]
    splits, several = syn.node_splits(net, "side-splitting", deviates=deviates), 0
    back = syn.node_splits(net)
    shared = multi_arm_pairs(net)
    for row, comparison in enumerate(expected["comparison"]):
        pair = frozenset(comparison.split(":"))
        at = next(i for i, own in enumerate(splits.pairs) if frozenset(own) == pair)
        if np.isnan(splits.difference[at]):
            assert splits.k[at] == 0 or pair in shared or back.share[at] == 1.0
            continue
        if pair in shared:
            continue
        several += 1
        sign = 1.0 if ":".join(splits.pairs[at]) == comparison else -1.0
        for ours, theirs in (
            ("direct", "direct"),
            ("indirect", "indirect"),
            ("difference", "diff"),
        ):
            same(sign * getattr(splits, ours)[at], expected[theirs][row], 1e-8)
            same(getattr(splits, f"{ours}_se")[at], expected[f"{theirs}_se"][row], 1e-8)
        same(splits.p[at], expected["p"][row], 1e-8)
        same(splits.share[at], expected["prop"][row], 1e-8)
    assert several or name in {"smokingcessation", "dietaryfat", "gurusamy2011"}


def test_which_pairs_are_split() -> None:
    """The Parkinson network as in van Valkenhoef and others 2016 (also printed by multinma)."""
    splits = syn.node_splits(fit("parkinson"), "side-splitting")
    split = {
        pair for pair, gap in zip(splits.pairs, splits.difference, strict=True) if not np.isnan(gap)
    }
    assert split == {("1", "3"), ("1", "4"), ("2", "4"), ("3", "4")}


def by_baseline(
    net: syn.NetworkResult, x: int, y: int, baseline: int, tau2: float
) -> tuple[float, float, float]:
    """Dias and others 2010: dense generalised least squares, all against a study's baseline.

    In studies of x and y with ``baseline`` among them (one of the two), the other one's contrast
    is the direct parameter; returns direct, its standard error, and indirect.
    """
    data, n = net.contrasts, len(net.treatments)
    other = y if baseline == x else x
    information, pull = np.zeros((n + 1, n + 1)), np.zeros(n + 1)
    for study in range(len(data.studies)):
        rows = np.flatnonzero(data.study == study)
        arms = sorted({int(arm) for arm in (*data.i[rows], *data.j[rows])})
        split = x in arms and y in arms
        first = baseline if split else arms[0]
        te, v = {}, {}
        for row in rows:
            i, j = int(data.i[row]), int(data.j[row])
            te[i, j], te[j, i] = data.te[row], -data.te[row]
            v[i, j] = v[j, i] = data.se[row] ** 2 + tau2
        rest = [arm for arm in arms if arm != first]
        design = np.zeros((len(rest), n + 1))
        covariance = np.array(
            [
                [0.5 * (v[first, a] + v[first, b] - (0.0 if a == b else v[a, b])) for b in rest]
                for a in rest
            ]
        )
        for at, arm in enumerate(rest):
            if split and arm == other:
                design[at, n] = 1.0
            else:
                design[at, arm], design[at, first] = 1.0, -1.0
        weight = np.linalg.inv(covariance)
        information += design.T @ weight @ design
        pull += design.T @ weight @ np.array([te[arm, first] for arm in rest])
    covariance = np.linalg.pinv(information)
    b = covariance @ pull
    sign = 1.0 if other == x else -1.0
    return sign * b[n], float(covariance[n, n]) ** 0.5, b[x] - b[y]


@pytest.mark.parametrize("name", ["smokingcessation", "parkinson", "gurusamy2011", "baker2009"])
@pytest.mark.parametrize("deviates", ["first", "second"])
def test_side_splits_with_several_arms(name: str, deviates: Any) -> None:
    net = fit(name)
    splits = syn.node_splits(net, "side-splitting", deviates=deviates)
    done = 0
    for at, pair in enumerate(splits.pairs):
        if np.isnan(splits.difference[at]):
            continue
        done += 1
        x, y = map(net.index, pair)
        baseline = y if deviates == "first" else x
        direct, se, indirect = by_baseline(net, x, y, baseline, net.random.tau2)
        same(splits.direct[at], direct, 1e-8)
        same(splits.direct_se[at], se, 1e-8)
        same(splits.indirect[at], indirect, 1e-8)
    assert done


def test_side_splits_with_a_tau2_of_their_own() -> None:
    """A network of two arms each is a meta-regression; so is each of its splits."""
    study, one, two = [1, 2, 3, 4, 5, 6], "AABABA", "BBCCCB"
    te, se = [0.9, 0.1, 0.3, 1.4, -0.2, 0.6], [0.2, 0.3, 0.25, 0.2, 0.3, 0.35]
    net = syn.network(study, one, two, te, se, method="REML")
    splits = syn.node_splits(net, "side-splitting", tau2="split")
    design = [
        [float(a == "A"), float(a == "B") - float(b == "B"), float(a + b == "AC")]
        for a, b in zip(one, two, strict=True)
    ]
    other = syn.regress(te, np.square(se), design, method="REML", intercept=False, test="z")
    at = splits.pairs.index(("A", "C"))
    assert splits.tau2[at] == pytest.approx(other.tau2, rel=1e-6)
    assert splits.difference[at] == pytest.approx(other.coefficients[2], rel=1e-6)
    assert splits.difference_se[at] == pytest.approx(other.se[2], rel=1e-6)
    assert splits.method == "side-splitting"


arms = st.tuples(st.floats(-2.0, 2.0), st.floats(0.05, 2.0))


@settings(max_examples=30)
@given(st.lists(arms, min_size=9, max_size=9))
def test_symmetric_sides_do_not_depend_on_names(values: list[tuple[float, float]]) -> None:
    """Renaming turns ``first`` into ``second`` and leaves ``both``."""
    studies = ("ABC", "AB", "BC", "CA")
    names = {"A": "c", "B": "b", "C": "a"}
    columns: dict[str, Any] = {name: [] for name in COLUMNS}
    left = iter(values)
    for study in studies:
        own = [(arm, *next(left)) for arm in study]
        for (one, m1, v1), (two, m2, v2) in itertools.combinations(own, 2):
            for key, value in zip(
                COLUMNS, (study, one, two, m1 - m2, (v1 + v2) ** 0.5), strict=True
            ):
                columns[key].append(value)
    renamed = {**columns}
    for key in ("treat1", "treat2"):
        renamed[key] = [names[name] for name in columns[key]]
    before, after = syn.network(**columns, method="DL"), syn.network(**renamed, method="DL")
    sides: Any = (("both", "both"), ("first", "second"), ("second", "first"))
    for one, two in sides:
        a = syn.node_splits(before, "side-splitting", deviates=one)
        b = syn.node_splits(after, "side-splitting", deviates=two)
        for at, (x, y) in enumerate(a.pairs):
            turned = b.pairs.index((names[y], names[x]))
            assert a.difference[at] == pytest.approx(-b.difference[turned], abs=1e-7)
            assert a.direct_se[at] == pytest.approx(b.direct_se[turned], rel=1e-7)
            assert a.network_se[at] <= a.direct_se[at] * (1.0 + 1e-9)


def test_bad_settings_are_named() -> None:
    net = fit("parkinson")
    with pytest.raises(ValueError, match="method is 'bucher'"):
        syn.node_splits(net, "bucher")  # type: ignore[arg-type] # the mistake is the test
    with pytest.raises(ValueError, match="deviates is 'none'"):
        syn.node_splits(net, "side-splitting", deviates="none")  # type: ignore[arg-type] # as above
    with pytest.raises(ValueError, match="tau2 is 'own'"):
        syn.node_splits(net, "side-splitting", tau2="own")  # type: ignore[arg-type] # as above
