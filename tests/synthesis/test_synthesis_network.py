"""``network``: likelihoods written a second way, and what has to hold for any network.

netmeta's numbers are compared in ``test_synthesis_reference_walk``. Its REML takes the contrasts of
a study with several arms, against one of them, as if their errors were independent; that our own
tau2 is the maximum of the exact likelihood is shown here with dense matrices.
"""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei import synthesis as syn
from saisei.synthesis.networks.fit import NetworkMethod, _Likelihood, frame
from synthesis.reference_walk import read

CASES: list[dict[str, Any]] = read("network.json")["cases"]
DL = [case for case in CASES if case["method_tau"] == "DL"]
REML = [case for case in CASES if case["method_tau"] == "REML"]
COLUMNS = ("study", "treat1", "treat2", "te", "se")


def fit(case: dict[str, Any], method: NetworkMethod | None = None) -> syn.NetworkResult:
    columns = {name: case["contrasts"][name] for name in COLUMNS}
    return syn.network(**columns, method=method or case["method_tau"])


def same(ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
    """Compare with the reference, NaN standing for its null; absolute below 1."""
    expected = np.array(theirs, dtype=np.float64)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)


def dense_reml(result: syn.NetworkResult, tau2: float) -> float:
    """Restricted log-likelihood with full matrices, from the contrasts against a last arm."""
    data, n = result.contrasts, len(result.treatments)
    blocks = []
    for study in range(len(data.studies)):
        rows = np.flatnonzero(data.study == study)
        arms = {int(arm) for arm in (*data.i[rows], *data.j[rows])}
        first = max(arms)
        spread = {}
        for row in rows:
            spread[frozenset((int(data.i[row]), int(data.j[row])))] = data.se[row] ** 2 + tau2
        kept = [row for row in rows if first in (data.i[row], data.j[row])]
        signs = [1.0 if data.j[row] == first else -1.0 for row in kept]
        others = [int(data.i[row] + data.j[row] - first) for row in kept]
        own = [spread[frozenset((first, other))] for other in others]
        v = np.array(
            [
                [
                    0.5 * (own[a] + own[b] - (0.0 if p == q else spread[frozenset((p, q))]))
                    for b, q in enumerate(others)
                ]
                for a, p in enumerate(others)
            ]
        )
        x = np.zeros((len(kept), n))
        x[range(len(kept)), others] = 1.0
        x[:, first] = -1.0
        blocks.append((x[:, 1:], np.array(signs) * data.te[kept], v))
    information = sum(x.T @ np.linalg.solve(v, x) for x, _, v in blocks)
    pull = sum(x.T @ np.linalg.solve(v, y) for x, y, v in blocks)
    b = np.linalg.solve(information, pull)
    value = float(np.linalg.slogdet(information)[1])
    for x, y, v in blocks:
        residual = y - x @ b
        value += float(np.linalg.slogdet(v)[1] + residual @ np.linalg.solve(v, residual))
    return -0.5 * value


@pytest.mark.parametrize("case", REML, ids=[case["dataset"] for case in REML])
def test_reml(case: dict[str, Any]) -> None:
    result = fit(case)
    assert result.converged
    best = dense_reml(result, result.tau2)
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 5.0, 25)])
    assert all(dense_reml(result, tau2) <= best + 1e-9 for tau2 in grid)
    assert dense_reml(result, case["tau2"]) <= best + 1e-9
    if result.tau2 > 0.0:  # a maximum: as far below on either side
        step = 1e-4 * result.tau2
        up, down = (dense_reml(result, result.tau2 + s) - best for s in (step, -step))
        assert up < 0.0
        assert down < 0.0
        assert up == pytest.approx(down, rel=0.01)


def test_ml_is_a_maximum_and_below_reml() -> None:
    result = fit(DL[0], "ML")
    assert 0.0 < result.tau2 < fit(DL[0], "REML").tau2
    rows = result.rows
    ml = _Likelihood(rows.x, rows.y, rows.v, frame(rows.x, rows.v), result.q_df, restricted=False)
    assert ml.value(result.tau2) >= max(ml.value(t) for t in np.linspace(0.0, 1.0, 101))


@pytest.mark.parametrize("small", [1.0, 1e-2, 1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize("method", ["DL", "REML"])
def test_very_unequal_variances_cancel_nothing(small: float, method: NetworkMethod) -> None:
    """One loop of four studies: everything is known by hand."""
    net = syn.network(
        [1, 2, 3, 4], "ABCA", "BCDD", [0.1, 0.2, 0.3, 2.4], [small, 1, 1, small], method=method
    )
    variance = 2.0 + 2.0 * small**2
    assert net.q == pytest.approx(1.8**2 / variance, rel=1e-12)
    assert net.tau2 == pytest.approx(max(0.0, (1.8**2 - variance) / 4.0), rel=1e-9)
    expected = small * math.sqrt((2.0 + small**2) / variance)
    assert net.common.se[0, 1] == pytest.approx(expected, rel=1e-12)
    assert net.common.te[0, 1] == pytest.approx(0.1 + 1.8 * small**2 / variance, rel=1e-12)


def test_reml_of_hard_networks_is_the_highest_point() -> None:
    """Up to four arms whose variances differ 30,000-fold, against a grid of dense likelihoods."""
    rng = np.random.default_rng(20261120)
    for _ in range(30):
        columns: dict[str, Any] = {name: [] for name in COLUMNS}
        for study in range(5):
            arms = [0, 1, 2, 3] if study == 0 else rng.permutation(4)[: rng.integers(2, 5)]
            mean, v = rng.normal(0.0, 3.0, len(arms)), 10.0 ** rng.uniform(-3.0, 1.5, len(arms))
            for one, two in itertools.combinations(range(len(arms)), 2):
                gap, se = mean[one] - mean[two], math.sqrt(v[one] + v[two])
                row = (study, f"t{arms[one]}", f"t{arms[two]}", gap, se)
                for name, value in zip(COLUMNS, row, strict=True):
                    columns[name].append(value)
        result = syn.network(**columns, method="REML")
        best = dense_reml(result, result.tau2)
        assert result.converged
        grid = [0.0, *np.geomspace(1e-4, 100.0, 15)]
        assert max(dense_reml(result, tau2) for tau2 in grid) <= best + 1e-7


def tables(sizes: tuple[int, int] = (2, 4)) -> st.SearchStrategy[list[Any]]:
    """Studies of a connected network: arm effects and arm variances, two or three arms each."""
    arm = st.tuples(st.floats(-3.0, 3.0), st.floats(0.05, 4.0))
    size = st.integers(*sizes)

    def studies(n: int) -> st.SearchStrategy[list[Any]]:
        chosen = st.lists(st.integers(0, n - 1), min_size=2, max_size=min(3, n), unique=True)
        one = chosen.flatmap(lambda arms: st.tuples(*(st.tuples(st.just(a), arm) for a in arms)))
        chain = st.tuples(
            *(
                st.tuples(st.tuples(st.just(a), arm), st.tuples(st.just(a + 1), arm))
                for a in range(n - 1)
            )
        )
        return st.tuples(chain, st.lists(one, min_size=1, max_size=5)).map(
            lambda both: [*both[0], *both[1]]
        )

    return size.flatmap(studies)


def contrasts(studies: list[Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: [] for name in COLUMNS}
    for number, arms in enumerate(studies):
        for at, (one, (mean1, v1)) in enumerate(arms):
            for two, (mean2, v2) in arms[at + 1 :]:
                values = (f"s{number}", f"t{one}", f"t{two}", mean1 - mean2, math.sqrt(v1 + v2))
                for name, value in zip(COLUMNS, values, strict=True):
                    columns[name].append(value)
    return columns


@given(tables((2, 2)), st.sampled_from(["DL", "REML", "ML", "EE"]))
def test_two_treatments_are_a_pool(studies: list[Any], method: NetworkMethod) -> None:
    columns = contrasts(studies)
    signs = [1.0 if name == "t0" else -1.0 for name in columns["treat1"]]
    y = np.array(signs) * columns["te"]
    result = syn.network(**columns, method=method)
    pooled = syn.pool(y, np.array(columns["se"]) ** 2, method, test="z")
    assert result.tau2 == pytest.approx(pooled.tau2, rel=1e-7, abs=1e-9)
    assert result.random.te[0, 1] == pytest.approx(pooled.estimate, rel=1e-7, abs=1e-8)
    assert result.random.se[0, 1] == pytest.approx(pooled.se, rel=1e-7)
    assert result.q == pytest.approx(pooled.q, rel=1e-8, abs=1e-10)
    assert result.i2 == pytest.approx(pooled.i2, rel=1e-6, abs=1e-6)


@given(tables(), st.randoms(use_true_random=False), st.sampled_from(["DL", "REML"]))
def test_order_and_direction_do_not_matter(
    studies: list[Any], random: Any, method: NetworkMethod
) -> None:
    columns = contrasts(studies)
    before = syn.network(**columns, method=method)
    rows = list(zip(*columns.values(), strict=True))
    random.shuffle(rows)
    turned = [
        (s, b, a, -te, se) if random.random() < 0.5 else (s, a, b, te, se)
        for s, a, b, te, se in rows
    ]
    shuffled: dict[str, Any] = dict(zip(COLUMNS, zip(*turned, strict=True), strict=True))
    after = syn.network(**shuffled, method=method)
    same(after.tau2, before.tau2, 1e-7)
    same(after.random.te, before.random.te, 1e-7)
    same(after.random.se, before.random.se, 1e-7)
    same(after.q, before.q, 1e-8)


@given(tables(), st.floats(0.01, 100.0))
def test_scale(studies: list[Any], factor: float) -> None:
    columns = contrasts(studies)
    before = syn.network(**columns, method="REML")
    columns["te"] = [factor * value for value in columns["te"]]
    columns["se"] = [factor * value for value in columns["se"]]
    after = syn.network(**columns, method="REML")
    same(after.random.te / factor, before.random.te, 1e-6)
    same(after.tau2 / factor**2, before.tau2, 1e-6)
    scores, earlier = after.p_scores(), before.p_scores()
    assert sum(scores.values()) == pytest.approx(0.5 * len(scores))
    same(list(scores.values()), list(earlier.values()), 1e-5)


@given(tables())
def test_arms_of_one_study_say_the_same_in_any_form(studies: list[Any]) -> None:
    """Three arms are the network of their own differences when there is only one study."""
    arms = [arm for arm in studies if len(arm) == 3]
    if arms:
        result = syn.network(**contrasts(arms[:1]))
        names = [f"t{label}" for label, _ in arms[0]]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            (_, (mean1, v1)), (_, (mean2, v2)) = arms[0][a], arms[0][b]
            at = result.index(names[a]), result.index(names[b])
            assert result.common.te[at] == pytest.approx(mean1 - mean2, abs=1e-9)
            assert result.common.se[at] == pytest.approx(math.sqrt(v1 + v2))
        assert math.isnan(result.tau2)
        assert "tau2 cannot be estimated" in result.notes[-1]
        assert np.isnan(result.prediction_interval()[0]).all()


def test_league_and_dict() -> None:
    result = fit(DL[0])
    table = result.league()
    assert table[0][0] == "rosi"
    assert [table[i][i] for i in range(10)] == sorted(
        result.treatments, key=lambda name: -result.p_scores()[name]
    )
    named = result.league(order=["metf", "plac", "acar"])
    assert named[1][0] == "1.13 (0.82 to 1.43)"
    assert named[0][1] == "-1.18 (-1.58 to -0.78)"
    assert result.league(order=["acar", "benf"])[0][1] == "."
    with pytest.raises(ValueError, match="no treatment 'x'"):
        result.league(order=["x"])
    with pytest.raises(ValueError, match="small_values is 'big'"):
        result.p_scores("big")  # type: ignore[arg-type] # the mistake is the test
    kept = json.loads(json.dumps(result.to_dict()))
    assert kept["random"]["te"][0][1] == result.random.te[0, 1]
    assert kept["p_scores"] == result.p_scores()
    assert "Q(18) = 96.9856" in repr(result)
    assert np.isnan(np.diag(result.random.p)).all()
    with pytest.raises(ValueError, match="read-only"):
        result.random.te[0, 0] = 1.0
