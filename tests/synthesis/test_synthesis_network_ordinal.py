"""``network_ordinal`` against NICE TSD 2 (psoriasis), the pairwise models, and another optimiser.

TSD 2 prints means of a posterior with flat priors, to two digits. Where every arm is large the
posterior is normal about the maximum and both agree to rounding. Trials as small as 0 of 10 and
0 of 25 responders make it skew, its mean further out than its mode: there 0.3 of a posterior
standard deviation is allowed, and a tenth on that itself. The deviance needs no such room: its
posterior mean less the effective number of parameters is what the best fit leaves.

The random-effects likelihood is checked against the same table by integrating it over tau, with
baselines and effects integrated out by Laplace's formula, as the posterior is; the maximum itself
(tau = 0 here) cannot be compared with a posterior mean that has to lie above 0.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from saisei import synthesis as syn
from saisei.synthesis.ordinal.network_data import read_arms
from saisei.synthesis.ordinal.network_model import NODES, _terms, maximise
from saisei.synthesis.ordinal.network_setup import layout_of, model_of_arms

PSORIASIS = json.loads((Path(__file__).parent / "reference" / "psoriasis.json").read_text("utf-8"))
ROWS = PSORIASIS["rows"]
COLUMNS: dict[str, Any] = {
    "study": [row[0] for row in ROWS],
    "treatment": [row[1] for row in ROWS],
    "counts": [row[2] for row in ROWS],
}
LARGE = {"Etanercept 25 mg", "Etanercept 50 mg", "Efalizumab", "Infliximab"}
HARD = (
    [[5, 9, 20, 15], [1, 1, 2, 9], [0, 0, 0, 5], [8, 3, 1, 0]],
    [[9, 9, 10, 8], [7, 3, 1, 1], [1, 2, 2, 0], [5, 3, 2, 1]],
)
TRIANGLE: dict[str, Any] = {
    "study": [1, 1, 1, 2, 2, 3, 3, 3],
    "treatment": ["A", "B", "C", "B", "A", "C", "A", "B"],
    "counts": [
        [12, 9, 4],
        [5, 13, 9],
        [2, 3, 11],
        [8, 10, 9],
        [9, 14, 7],
        [10, None, 9],
        [21, None, 4],
        [3, None, 15],
    ],
}


def psoriasis(method: Any = "EE") -> syn.OrdinalNetwork:
    return syn.network_ordinal(**COLUMNS, link="probit", cuts="common", method=method)


def test_psoriasis_fixed_effects() -> None:
    net, table = psoriasis(), PSORIASIS["tsd2"]["fixed"]
    base = net.index("Supportive care")
    for name, (mean, sd, *_) in table["effects"].items():
        at = net.index(name), base
        room = 0.15 if name in LARGE else 0.3
        assert net.common.te[at] == pytest.approx(mean, abs=room * sd + 0.005)
        assert net.common.se[at] == pytest.approx(sd, abs=0.1 * sd + 0.005)
    np.testing.assert_allclose(net.cut_points, PSORIASIS["cut_points"]["mean"], atol=0.008)
    np.testing.assert_allclose(net.cut_points_se, PSORIASIS["cut_points"]["sd"], atol=0.005)
    parameters = 58 - net.deviance_df
    assert parameters == round(table["p_d"]) == 25
    best = table["residual_deviance"] - table["p_d"]
    assert best - 0.4 < net.deviance < best + 0.1
    assert net.converged
    assert net.k == 16


def test_psoriasis_random_effects() -> None:
    """The published posterior, from the likelihood at each tau and Laplace's formula."""
    arms = read_arms(**COLUMNS, common_cuts=True)
    layout = layout_of(arms, common_cuts=True)
    model = model_of_arms(arms, layout, "probit", "half", NODES)
    taus = np.linspace(0.0, 1.6, 17)
    logs, means, spreads = [], [], []
    local, common = model.start, model.common
    base = arms.treatments.index("Supportive care")
    contrast = np.eye(len(arms.treatments)) - np.eye(len(arms.treatments))[base]
    rows = np.hstack([np.zeros((len(contrast), layout.free)), contrast[:, 1:]])
    for tau in taus:
        at = maximise(model, tau, local, common, 1e-9)
        local, common = at.local, at.common
        terms = _terms(model, tau, local, common, fine=True)
        assert terms is not None
        volume = np.linalg.slogdet(at.information[:-1, :-1])[1] + sum(
            np.linalg.slogdet(item.information[: item.size, : item.size])[1] for item in terms
        )
        logs.append(at.value - 0.5 * volume)
        means.append(rows @ common)
        covariance = np.linalg.inv(at.information[:-1, :-1])
        spreads.append(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    reml = syn.network_ordinal(**COLUMNS, link="probit", cuts="common", method="REML")
    assert reml.log_likelihood >= max(logs) - 1e-9
    assert reml.tau == pytest.approx(taus[int(np.argmax(logs))], abs=0.1)
    weight = np.exp(np.array(logs) - max(logs))
    weight[0] *= 0.5
    weight /= weight.sum()
    mean, sd, median, _, upper = PSORIASIS["tsd2"]["random"]["tau"]
    ours = float(weight @ taus)
    assert ours == pytest.approx(mean, abs=0.02)
    assert math.sqrt(weight @ (taus - ours) ** 2) == pytest.approx(sd, abs=0.02)
    assert np.interp(0.5, weight.cumsum(), taus + 0.05) == pytest.approx(median, abs=0.03)
    assert np.interp(0.975, weight.cumsum(), taus + 0.05) == pytest.approx(upper, abs=0.06)
    middle = weight @ np.array(means)
    total = np.sqrt(weight @ (np.array(spreads) + (np.array(means) - middle) ** 2))
    for name, (published, published_sd, *_) in PSORIASIS["tsd2"]["random"]["effects"].items():
        at_name = arms.treatments.index(name)
        room = 0.15 if name in LARGE else 0.3
        assert middle[at_name] == pytest.approx(published, abs=room * published_sd + 0.005)
        assert total[at_name] == pytest.approx(published_sd, abs=0.1 * published_sd)


def test_psoriasis_maximum_over_tau() -> None:
    net = psoriasis("ML")
    assert net.boundary
    assert net.tau2 == 0.0
    assert net.q_lr == 0.0
    np.testing.assert_allclose(net.random.te, net.common.te)


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("random_on", ["half", "share"])
def test_two_treatments_are_the_pool(link: Any, random_on: Any) -> None:
    """One-stage pool and network are the same likelihood, written twice."""
    pooled = syn.pool_ordinal(*HARD, link=link, random_on=random_on)
    net = syn.network_ordinal(
        [0, 0, 1, 1, 2, 2, 3, 3],
        ["T", "C"] * 4,
        [row for pair in zip(*HARD, strict=True) for row in pair],
        link=link,
        random_on=random_on,
    )
    assert net.random.te[1, 0] == pytest.approx(pooled.estimate, rel=1e-7)
    assert net.random.se[1, 0] == pytest.approx(pooled.se, rel=1e-7)
    assert net.tau2 == pytest.approx(pooled.tau2, rel=1e-7)
    assert net.log_likelihood == pytest.approx(pooled.log_likelihood, rel=1e-12)
    assert net.q_lr_p == pytest.approx(pooled.q_lr_p, rel=1e-7)
    low, high = net.prediction_interval()
    assert pooled.prediction_interval == pytest.approx((low[1, 0], high[1, 0]), rel=1e-7)


@pytest.mark.parametrize("cuts", ["study", "common"])
def test_one_study_is_the_common_odds_ratio(cuts: Any) -> None:
    treated, control = [40, 38, 20, 30, 54, 33, 53], [22, 32, 24, 36, 67, 41, 64]
    own = syn.common_odds_ratio(treated, control)
    net = syn.network_ordinal(["x", "x"], ["b", "a"], [treated, control], cuts=cuts)
    assert net.common.te[1, 0] == pytest.approx(own.log_or, rel=1e-9)
    assert net.common.se[1, 0] == pytest.approx(own.se, rel=1e-9)
    np.testing.assert_allclose(net.thresholds[0], own.thresholds, rtol=1e-9)
    np.testing.assert_allclose(
        net.deviance, syn.proportional_odds_test(treated, control).lr, rtol=1e-9
    )
    assert math.isnan(net.tau2)
    probit = syn.network_ordinal(["x", "x"], ["b", "a"], [treated, control], "probit", cuts=cuts)
    assert probit.common.te[1, 0] == pytest.approx(
        syn.common_probit_shift(treated, control).shift, rel=1e-9
    )


def brute(at: Any, link: Any) -> float:
    """Minus the log-likelihood of TRIANGLE, common cut-points: differences of arms on a grid.

    ``at``: three baselines, the cut-point, d of B and C, tau. The differences to a study's first
    arm are normal with variances tau2 and covariances tau2 / 2; their mean over all arms stays
    with the baseline. The trapezium rule is exact to rounding for such integrands.
    """
    step = 0.3
    line = np.arange(-7.5, 7.5 + step, step)
    tau, total = at[6], 0.0
    for study, baseline in zip((1, 2, 3), at[:3], strict=True):
        rows = [i for i, own in enumerate(TRIANGLE["study"]) if own == study]
        d = np.array([{"A": 0.0, "B": at[4], "C": at[5]}[TRIANGLE["treatment"][i]] for i in rows])
        size = len(rows) - 1
        root = np.linalg.cholesky(0.5 * tau**2 * (np.eye(size) + 1.0))
        z = np.array(list(itertools.product(line, repeat=size)))
        u = np.hstack([np.zeros((len(z), 1)), z @ root.T])
        u -= u.mean(1, keepdims=True)
        logs = -0.5 * (z * z).sum(1)
        for arm, i in enumerate(rows):
            counts = [n for n in TRIANGLE["counts"][i] if n is not None]
            z_points = [0.0, at[3]] if len(counts) == 3 else [at[3]]
            eta = baseline + np.array(z_points) - d[arm] - u[:, arm : arm + 1]
            below = np.column_stack([np.zeros(len(z)), link(eta), np.ones(len(z))])
            logs += np.log(np.maximum(np.diff(below), 1e-300)) @ counts
        peak = logs.max()
        total += peak + math.log(
            np.exp(logs - peak).sum() * (step / math.sqrt(2 * math.pi)) ** size
        )
    return -total


def at_maximum(net: syn.OrdinalNetwork) -> Any:
    """The arguments of ``brute`` at a result."""
    d = net.random.te[:, 0]
    baselines = [net.thresholds[0][0], net.thresholds[1][0], net.thresholds[2][0]]
    baselines[2] -= net.cut_points[1]  # this study reports the second cut only
    return np.array([*baselines, net.cut_points[1], d[1], d[2], net.tau])


def test_against_another_optimiser() -> None:
    """Studies of several arms and cuts left out: the same maximum."""
    net = syn.network_ordinal(**TRIANGLE, cuts="common")
    assert net.tau2 > 0.1
    start = at_maximum(net)
    assert -brute(start, special.expit) == pytest.approx(net.log_likelihood, abs=1e-8)
    moved = start + 0.1 * np.array([1, -1, 1, 1, -1, 1, 1])
    best = optimize.minimize(brute, moved, (special.expit,), method="BFGS", options={"gtol": 1e-6})
    np.testing.assert_allclose(best.x, start, atol=3e-5)  # its own numerical derivatives


def test_standard_errors_against_a_numerical_hessian() -> None:
    net = syn.network_ordinal(**TRIANGLE, link="probit", cuts="common")
    assert net.tau2 > 0.1
    start, cdf = at_maximum(net), special.ndtr
    assert -brute(start, cdf) == pytest.approx(net.log_likelihood, abs=1e-8)
    h, hessian = 1e-3, np.zeros((7, 7))
    for i, j in itertools.product(range(7), repeat=2):
        a, b = np.eye(7)[i] * h, np.eye(7)[j] * h
        pieces = [(1, a + b), (-1, a - b), (-1, b - a), (1, -a - b)]
        hessian[i, j] = sum(sign * brute(start + x, cdf) for sign, x in pieces) / (4 * h * h)
    inverse = np.linalg.inv(hessian)
    assert net.random.se[1, 0] == pytest.approx(math.sqrt(inverse[4, 4]), rel=1e-4)
    assert net.random.se[2, 0] == pytest.approx(math.sqrt(inverse[5, 5]), rel=1e-4)
    both = inverse[4, 4] + inverse[5, 5] - 2 * inverse[4, 5]
    assert net.random.se[2, 1] == pytest.approx(math.sqrt(both), rel=1e-4)
    assert net.cut_points_se[1] == pytest.approx(math.sqrt(inverse[3, 3]), rel=1e-4)


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_large_studies_are_a_network_of_their_estimates(method: Any) -> None:
    """Arms of 60,000: each study's effects are normal, and ``network`` takes them."""
    theta, rows = np.array([-1.0, 0.3, 1.4]), []
    shifts = {"ABC": (0.0, 0.5, 0.1), "AB": (0.0, 0.8), "BC": (0.1, 0.3), "CA": (0.6, 0.1)}
    for name, own in {**shifts, "BA": (0.9, 0.2), "ACB": (0.3, 0.2, 0.6)}.items():
        for arm, d in zip(name, own, strict=True):
            shares = np.diff([0.0, *special.expit(theta - d), 1.0])
            rows.append((name, arm, 60_000 * shares))
    study, treatment, counts = zip(*rows, strict=True)
    net = syn.network_ordinal(study, treatment, counts, method=method)
    columns: dict[str, Any] = {n: [] for n in ("study", "treat1", "treat2", "te", "se")}
    for name in dict.fromkeys(study):
        at = [i for i, own in enumerate(study) if own == name]
        alone = syn.network_ordinal(
            [name] * len(at), [treatment[i] for i in at], [counts[i] for i in at], method="EE"
        )
        for i, j in itertools.combinations(range(len(at)), 2):
            values = (alone.treatments[i], alone.treatments[j])
            te, se = alone.common.te[i, j], alone.common.se[i, j]
            for key, value in zip(columns, (name, *values, te, se), strict=True):
                columns[key].append(value)
    other = syn.network(**columns, method=method, tolerance=0.1)
    assert net.tau2 == pytest.approx(other.tau2, rel=1e-4)
    np.testing.assert_allclose(net.random.te, other.random.te, atol=1e-5)
    if method == "REML":  # ML counts what tau2 itself is uncertain by
        np.testing.assert_allclose(net.random.se, other.random.se, atol=1e-5)
    assert net.tau2 > 0.01


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_equal_studies_do_not_vary(method: Any) -> None:
    net = syn.network_ordinal(
        [1, 1, 2, 2, 3, 3], ["a", "b"] * 3, [[9, 12, 4], [5, 13, 9]] * 3, method=method
    )
    own = syn.common_odds_ratio([5, 13, 9], [9, 12, 4])
    assert net.tau2 == 0.0
    assert net.boundary
    assert net.converged
    assert net.random.te[1, 0] == pytest.approx(own.log_or, rel=1e-8)
    assert net.random.se[1, 0] == pytest.approx(own.se / math.sqrt(3.0), rel=1e-8)


def test_without_a_degree_of_freedom_reml_tells_no_tau() -> None:
    net = syn.network_ordinal(**GOOD, method="REML")
    assert math.isnan(net.tau2)
    assert net.notes == ("no degree of freedom is left: tau2 cannot be estimated",)
    np.testing.assert_array_equal(net.random.te, net.common.te)
    assert syn.network_ordinal(**GOOD).tau2 == 0.0
    np.testing.assert_array_equal(*net.prediction_interval()[:1], net.random.lower)


def test_quadrature_is_refined_in_vain() -> None:
    net = syn.network_ordinal(**TRIANGLE, cuts="common")
    finer = syn.network_ordinal(**TRIANGLE, cuts="common", nodes=(81, 45))
    assert finer.tau2 == pytest.approx(net.tau2, rel=1e-7)
    assert finer.log_likelihood == pytest.approx(net.log_likelihood, abs=1e-9)


def test_arms_of_one_treatment_under_common_effects_are_one_arm() -> None:
    merged: dict[tuple[str, str], Any] = {}
    for study, treatment, counts in ROWS:
        old = merged.get((study, treatment))
        new = np.array(counts, dtype=float)
        merged[study, treatment] = new if old is None else old + new
    study, treatment = zip(*merged, strict=True)
    one = syn.network_ordinal(
        study, treatment, list(merged.values()), link="probit", cuts="common", method="EE"
    )
    two = psoriasis()
    np.testing.assert_allclose(one.common.te, two.common.te, atol=1e-8)
    np.testing.assert_allclose(one.common.se, two.common.se, atol=1e-8)


COUNTS = st.lists(st.integers(1, 12), min_size=3, max_size=3)


@settings(deadline=None, max_examples=5)
@given(st.lists(COUNTS, min_size=7, max_size=7), st.sampled_from(["study", "common"]))
def test_symmetries(counts: list[list[int]], cuts: Any) -> None:
    """Order and names do not matter; the scale turned turns the sign."""
    study, treatment = [1, 1, 1, 2, 2, 3, 3], ["A", "B", "C", "A", "B", "C", "B"]
    net = syn.network_ordinal(study, treatment, counts, cuts=cuts)
    turned = syn.network_ordinal(study, treatment, [row[::-1] for row in counts], cuts=cuts)
    np.testing.assert_allclose(turned.random.te, -net.random.te, atol=1e-5)
    np.testing.assert_allclose(turned.random.se, net.random.se, atol=1e-5)
    assert turned.log_likelihood == pytest.approx(net.log_likelihood, abs=1e-7)
    renamed = ["x" + "CBA"["ABC".index(name)] for name in treatment]
    other = syn.network_ordinal(study[::-1], renamed[::-1], counts[::-1], cuts=cuts)
    np.testing.assert_allclose(other.random.te[::-1, ::-1], net.random.te, atol=1e-5)
    np.testing.assert_allclose(other.random.se[::-1, ::-1], net.random.se, atol=1e-5)
    assert sum(net.p_scores().values()) == pytest.approx(1.5)


def test_unreported_categories_are_merged_ones() -> None:
    """With thresholds of its own, a study is what it reports, however it is written."""
    merged = {**TRIANGLE, "counts": [[n for n in r if n is not None] for r in TRIANGLE["counts"]]}
    one, two = syn.network_ordinal(**TRIANGLE), syn.network_ordinal(**merged)
    np.testing.assert_allclose(one.random.te, two.random.te, rtol=1e-12)
    assert one.tau2 == two.tau2
    assert one.cut_points.size == 0


def test_cuts_beside_which_nobody_stands() -> None:
    arms: dict[str, Any] = {"study": [1, 1, 2, 2], "treatment": ["a", "b", "a", "b"]}
    wide: Any = [[5, 3, 0, 6, 0], [4, 4, 0, 9, 0], [9, 4, None, 5, None], [7, 8, None, 6, None]]
    narrow = [[5, 3, 6], [4, 4, 9], [9, 4, 5], [7, 8, 6]]
    one = syn.network_ordinal(**arms, counts=wide, cuts="common")
    two = syn.network_ordinal(**arms, counts=narrow, cuts="common")
    np.testing.assert_allclose(one.random.te, two.random.te, atol=1e-8)
    assert one.collapsed == (1, 3)
    assert np.isnan(one.cut_points[[1, 3]]).all()
    assert one.cut_points[2] == pytest.approx(two.cut_points[1])
    apart: Any = [[9, 3, None, None], [4, 4, None, None], [9, None, 4, 3], [7, None, 2, 5]]
    parts = syn.network_ordinal(**arms, counts=apart, cuts="common")
    assert parts.cut_points[:2].tolist() == [0.0, 0.0]
    assert "each part has its own 0: 0; 1, 2" in parts.notes[0]


def test_what_is_left_out_is_named() -> None:
    net = syn.network_ordinal(
        study=["u", "u", "v", "v", "w", "x", "x"],
        treatment=["a", "b", "a", "b", "c", "a", "a"],
        counts=[[5, 3], [4, 4], [8, 0], [5, 0], [3, 3], [1, 2], [2, 1]],
    )
    assert [out.index for out in net.left_out] == [1, 2, 3]
    assert net.left_out[0].reason == "study v: everybody stands in one category: no information"
    assert net.left_out[1].reason == "study w: it has one arm only"
    assert net.left_out[2].reason == "study x: all its arms are a"
    assert net.treatments == ("a", "b")
    assert net.included == ("u",)


def test_ranks() -> None:
    """The ranking of any network takes this one: its P-scores, and SUCRA beside them."""
    net = psoriasis()
    ranks = syn.network_ranking(net, "undesirable")
    assert dict(zip(ranks.treatments, ranks.p_scores.tolist(), strict=True)) == pytest.approx(
        net.p_scores("undesirable")
    )
    assert ranks.error < 2e-3
    assert ranks.treatments[int(ranks.p_scores.argmax())] == "Infliximab"


def test_league_and_dict() -> None:
    net = psoriasis()
    table = net.league(order=["Efalizumab", "Supportive care"])
    assert table[0][1] == "1.19 (1.07 to 1.30)"
    assert net.p_scores("undesirable")["Infliximab"] > 0.9
    kept = json.loads(json.dumps(net.to_dict(), allow_nan=False))
    assert kept["common"]["te"][0][1] == net.common.te[0, 1]
    assert kept["p_scores"] == net.p_scores()
    assert "16, 8 treatments, method EE, link probit, cuts common" in repr(net)
    with pytest.raises(ValueError, match="no treatment 'x'"):
        net.index("x")
    with pytest.raises(ValueError, match="read-only"):
        net.random.te[0, 0] = 1.0


GOOD: dict[str, Any] = {
    "study": [1, 1, 2, 2],
    "treatment": ["a", "b", "b", "c"],
    "counts": [[5, 3, 2], [4, 4, 3], [3, 4, 5], [4, 4, 2]],
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"study": [1, 1, 2]}, "lengths are study 3, treatment 4, counts 4"),
        ({"study": [], "treatment": [], "counts": []}, "there is no arm"),
        ({"counts": [[5, 3, 2], [4, -4, 3], [3, 4, 5], [4, 4, 2]]}, r"counts\[1\]\[1\] is -4"),
        ({"counts": [[5, 3, 2], [0, 0, 0], [3, 4, 5], [4, 4, 2]]}, r"\(study 1, b\) holds nobody"),
        ({"counts": [[5, 3, 2], [None, 4, 3], [3, 4, 5], [4, 4, 2]]}, "the lowest of them a numb"),
        ({"counts": [[5, 3, 2], [4, None, 3], [3, 4, 5], [4, 4, 2]]}, "study 1: a and b do not"),
        ({"counts": [[5, 3, 2], [4, 7], [3, 4, 5], [4, 4, 2]]}, r"study 1\) has 2 categories"),
        ({"treatment": ["a", "b", "c", "d"]}, "2 parts without a study between them: a, b; c, d"),
        ({"link": "cauchit"}, "link is 'cauchit'"),
        ({"method": "DL"}, "method is 'DL'; expected one of ML, REML, EE"),
        ({"cuts": "none"}, "cuts is 'none'"),
        ({"random_on": "treated"}, "random_on is 'treated'"),
        ({"nodes": (0,)}, "nodes is"),
        ({"level": 2.0}, "level is 2"),
        (
            {"counts": [[5, 3, 0], [0, 0, 9], [3, 4, 5], [4, 4, 2]]},
            "no finite estimate of b, c against a",
        ),
        (
            {"counts": [[5, 3, 0], [0, 0, 9], [3, 4, 5], [4, 4, 2]], "cuts": "common"},
            "no finite estimate of b, c against a",
        ),
        (
            {
                "study": [1, 1, 1, 1, 2, 2],
                "treatment": ["a", "b", "c", "d", "a", "b"],
                "counts": [[5, 3]] * 6,
                "nodes": (41, 21),
            },
            "study 1 has 4 arms; its random effects need 3 dimensions",
        ),
    ],
)
def test_bad_input_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        syn.network_ordinal(**{**GOOD, **changes})
