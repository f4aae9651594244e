"""``multivariate``: printed fits, other optimisers, pools as special cases, changes of axes.

The data: gum surgery (Berkey and others 1998), telomerase in bladder cancer (Riley and others
2007), the vaccine trials by arm (van Houwelingen and others 2002) and fibrinogen (Fibrinogen
Studies Collaboration 2009). The fits: metafor's tests of its own, the log of the tests of mvmeta
4.0.3 for Stata (White 2009, 2011), and the example of mixmeta.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from saisei import synthesis as syn

GUMS = np.array([[0.47, -0.32], [0.20, -0.60], [0.40, -0.12], [0.26, -0.31], [0.56, -0.39]])
GUMS_V = np.array(
    [
        [[a, c], [c, b]]
        for a, c, b in (
            (0.0075, 0.0030, 0.0077),
            (0.0057, 0.0009, 0.0008),
            (0.0021, 0.0007, 0.0014),
            (0.0029, 0.0009, 0.0015),
            (0.0148, 0.0072, 0.0304),
        )
    ]
)
GUMS_YEAR = [0, -1, -4, 4, 5]
# Logits of sensitivity and of specificity with their variances, ten studies.
TELOMERASE = np.array(
    [
        [1.139434, 3.218876, 0.165, 1.04],
        [1.446919, 1.299283, 0.308824, 0.424242],
        [1.704748, 0.661398, 0.073864, 0.094758],
        [0.470004, 3.283414, 0.1625, 0.345833],
        [0.855666, 4.919981, 0.083824, 1.007299],
        [1.440362, 1.386294, 0.137427, 0.208333],
        [0.186586, 3.218876, 0.093835, 2.08],
        [1.504077, 2.197225, 0.203704, 0.555556],
        [1.540445, 2.268683, 0.404762, 0.367816],
        [1.665008, -1.145132, 0.169884, 0.188312],
    ]
)
# Cases and others among vaccinated, then among controls.
VACCINE = np.array(
    [
        [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
        [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892],
        [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ],
    dtype=float,
)  # fmt: skip
FIBRINOGEN = json.loads((Path(__file__).parent / "reference/fibrinogen.json").read_text("utf-8"))
Kind = Literal["REML", "ML"]


def fibrinogen() -> tuple[Any, Any]:
    rows = np.array(FIBRINOGEN["rows"])
    v = np.empty((len(rows), 4, 4))
    upper = np.triu_indices(4)
    v[:, upper[0], upper[1]] = v[:, upper[1], upper[0]] = rows[:, 4:]
    return rows[:, :4], v


def rounded(values: Any, digits: int) -> list[float]:
    return [round(float(one), digits) for one in values]


def test_gum_surgery() -> None:
    """metafor: ML, ML with the year of Berkey's table II, and REML; mvmeta: REML to its digits."""
    ml = syn.multivariate(GUMS, GUMS_V, method="ML", outcomes=["PD", "AL"])
    assert rounded([*ml.estimates, *ml.se], 3) == [0.345, -0.338, 0.049, 0.080]
    assert rounded([*ml.tau**2, ml.correlations[0, 1]], 3) == [0.007, 0.026, 0.699]
    year = syn.multivariate(
        GUMS, GUMS_V, method="ML", outcomes=["PD", "AL"], moderators=GUMS_YEAR, names=["year"]
    )
    assert year.names == ("PD: intercept", "PD: year", "AL: intercept", "AL: year")
    assert rounded(year.estimates, 3) == [0.348, 0.001, -0.335, -0.011]
    assert rounded(year.se, 3) == [0.052, 0.015, 0.079, 0.024]
    assert rounded([*year.tau**2, year.psi[0, 1]], 3) == [0.008, 0.025, 0.009]
    assert round(float(year.correlations[0, 1]), 3) == 0.659
    reml = syn.multivariate(GUMS, GUMS_V)
    assert (round(reml.q, 4), reml.q_df) == (128.2267, 8)
    assert reml.log_likelihood == pytest.approx(2.0823296, abs=5e-7)
    np.testing.assert_allclose(reml.estimates, [0.3534282, -0.3392152], atol=1e-6)
    np.testing.assert_allclose(reml.tau, [0.1083191, 0.18069681], atol=1e-6)
    assert reml.correlations[1, 0] == pytest.approx(0.60879871, abs=1e-5)


def test_structures_of_gum_surgery() -> None:
    """metafor's likelihood ratio tests: one variance for both, and no correlation."""
    free, one, none = (
        syn.multivariate(GUMS, GUMS_V, method="ML", structure=structure).log_likelihood
        for structure in ("unstructured", "compound", "diagonal")
    )
    tails = [math.erfc(math.sqrt(free - less)) for less in (one, none)]
    assert rounded(tails, 4) == [0.2597, 0.2452]


def test_telomerase() -> None:
    """mvmeta: the correlation at -1, with and without a moderator; standard errors too."""
    y, v = TELOMERASE[:, :2], TELOMERASE[:, 2:]
    plain = syn.multivariate(y, v, rho=0.0)
    assert plain.log_likelihood == pytest.approx(-24.415968, abs=2e-6)
    np.testing.assert_allclose(plain.estimates, [1.166187, 2.057752], rtol=1e-5)
    np.testing.assert_allclose(plain.tau, [0.44965665, 1.6073388], rtol=1e-5)
    fit = syn.multivariate(y, v, rho=0.0, moderators=np.arange(1, 11))
    assert fit.log_likelihood == pytest.approx(-26.555078, abs=2e-6)
    np.testing.assert_allclose(
        fit.estimates, [1.146843, 0.0011207, 2.949419, -0.1627416], rtol=1e-4
    )
    np.testing.assert_allclose(fit.se, [0.4212506, 0.0699718, 1.202276, 0.1925649], rtol=1e-5)
    np.testing.assert_allclose(fit.tau, [0.4700341, 1.6163599], rtol=1e-5)
    assert (fit.boundary, fit.converged, round(fit.q, 2), fit.q_df) == (True, True, 83.17, 16)
    for one in (plain, fit):
        assert one.correlations[0, 1] == pytest.approx(-1.0, abs=1e-6)


def test_telomerase_with_an_outcome_missing() -> None:
    """mvmeta without the first study's first outcome: ML, and one variance for both by REML."""
    y, v = TELOMERASE[:, :2].copy(), TELOMERASE[:, 2:]
    y[0, 0] = math.nan
    ml = syn.multivariate(y, v, rho=0.0, moderators=np.arange(1, 11), method="ML")
    assert ml.log_likelihood == pytest.approx(-22.686576, abs=2e-6)
    np.testing.assert_allclose(ml.tau, [0.42874632, 1.4014507], rtol=1e-5)
    np.testing.assert_allclose(ml.estimates, [1.097437, 0.0077408, 2.950435, -0.1688183], rtol=2e-5)
    even = syn.multivariate(y, v, rho=0.0, moderators=np.arange(1, 11), structure="compound")
    assert even.log_likelihood == pytest.approx(-30.602303, abs=2e-6)
    np.testing.assert_allclose(even.tau, [1.0502481] * 2, rtol=1e-6)
    assert even.correlations[0, 1] == pytest.approx(-0.48863006, abs=1e-6)
    np.testing.assert_allclose(
        even.estimates, [0.9696569, 0.0333604, 2.873157, -0.1832008], rtol=1e-5
    )


def test_vaccine_by_arm() -> None:
    """mixmeta's example, ML: heterogeneity far above the sampling variances."""
    y = np.log(VACCINE[:, [0, 2]] / VACCINE[:, [1, 3]])
    v = 1 / VACCINE[:, [0, 2]] + 1 / VACCINE[:, [1, 3]]
    fit = syn.multivariate(y, v, rho=0.0, method="ML")
    assert rounded([*fit.estimates, *fit.se], 3) == [-4.834, -4.096, 0.340, 0.435]
    assert rounded([*fit.tau**2, fit.correlations[0, 1]], 3) == [1.431, 2.407, 0.947]
    assert (round(fit.log_likelihood, 3), round(fit.q, 3), fit.q_df) == (-33.088, 5270.386, 24)
    assert rounded(fit.ci.ravel(), 3) == [-5.499, -4.168, -4.948, -3.244]


def test_fibrinogen() -> None:
    """mvmeta, four outcomes of 31 studies; Psi is singular there, and its search is coarser."""
    y, v = fibrinogen()
    fit = syn.multivariate(y, v)
    assert FIBRINOGEN["log_likelihood"] == pytest.approx(fit.log_likelihood, abs=2e-6)
    np.testing.assert_allclose(fit.estimates, FIBRINOGEN["estimates"], rtol=1e-5)
    np.testing.assert_allclose(fit.tau, FIBRINOGEN["tau"], rtol=1e-5)
    for row, printed in zip(fit.correlations[1:], FIBRINOGEN["correlations"], strict=True):
        np.testing.assert_allclose(row[: len(printed)], printed, atol=1e-5)
    assert (fit.k, fit.reported, fit.converged, fit.boundary) == (31, (31,) * 4, True, True)


def height(y: Any, v: Any, psi: Any, kind: Kind) -> float:
    """The likelihood, study by study, each with the outcomes that it reports."""
    p = y.shape[1]
    total, along = np.zeros((p, p)), np.zeros(p)
    size = int((~np.isnan(y)).sum()) - (p if kind == "REML" else 0)
    value: Any = size * math.log(2.0 * math.pi)
    for one, spread in zip(y, v, strict=True):
        seen = ~np.isnan(one)
        cov = (spread + psi)[np.ix_(seen, seen)]
        inverse = np.linalg.inv(cov)
        total[np.ix_(seen, seen)] += inverse
        along[seen] += inverse @ one[seen]
        value += np.linalg.slogdet(cov)[1] + one[seen] @ inverse @ one[seen]
    value -= along @ np.linalg.solve(total, along)
    if kind == "REML":
        value += np.linalg.slogdet(total)[1]
    return float(-0.5 * value)


def hard(seed: int) -> tuple[Any, Any, Kind]:
    """Few studies, sampling variances over orders of size, correlations near 1, gaps."""
    rng = np.random.default_rng(seed)
    p = int(rng.integers(2, 5))
    k = int(rng.integers(p + 2, 10))
    v = np.empty((k, p, p))
    for i in range(k):
        root = rng.normal(size=(p, p)) + 3.0 * rng.integers(2) * rng.normal(size=(p, 1))
        whole = root @ root.T + 1e-3 * np.eye(p)
        size = np.exp(rng.normal(-0.5, 1.2, p)) / np.sqrt(np.diagonal(whole))
        v[i] = whole * np.outer(size, size)
    between = rng.normal(size=(p, p)) * np.exp(rng.normal(-0.5, 1.0, (p, 1)))
    between[:, 1 if seed % 3 == 0 else p :] = 0.0
    noise = [np.linalg.cholesky(one) @ rng.normal(size=p) for one in v]
    y = rng.normal(size=(k, p)) @ between.T + np.array(noise)
    if seed % 2:
        y[range(k - 3), rng.integers(p, size=k - 3)] = math.nan
    return y, v, "REML" if seed % 4 < 2 else "ML"


@pytest.mark.parametrize("seed", [0, 1, 3, 6])
def test_no_other_search_is_higher(seed: int) -> None:
    """L-BFGS-B with slopes by differences, from three random starts, and steps off the answer."""
    y, v, kind = hard(seed)
    p = y.shape[1]
    fit = syn.multivariate(y, v, method=kind)
    assert fit.converged
    best = height(y, v, fit.psi, kind)
    assert fit.log_likelihood == pytest.approx(best, abs=1e-8)
    rng, lower = np.random.default_rng(seed), np.tril_indices(p)

    def depth(at: Any) -> float:
        root = np.zeros((p, p))
        root[lower] = at
        return -height(y, v, root @ root.T, kind)

    for _ in range(3):
        start = (np.tril(rng.normal(size=(p, p))) * np.exp(rng.normal(0, 1, (p, 1))))[lower]
        run = optimize.minimize(depth, start, method="L-BFGS-B", options={"maxiter": 40})
        assert -run.fun <= best + 1e-7
    for _ in range(60):
        turn = np.eye(p) + rng.normal(size=(p, p)) * 10.0 ** rng.uniform(-4, -1)
        off = rng.normal(size=(p, 1)) * 10.0 ** rng.uniform(-4, -1)
        assert height(y, v, turn @ fit.psi @ turn.T + off @ off.T, kind) <= best + 1e-8


def test_bivariate_is_two_outcomes() -> None:
    two = syn.bivariate(GUMS, GUMS_V[:, [0, 1], [0, 1]], GUMS_V[:, 0, 1])
    many = syn.multivariate(GUMS, GUMS_V)
    np.testing.assert_allclose(two.estimates, many.estimates, rtol=1e-12)
    np.testing.assert_allclose(two.covariance, many.covariance, rtol=1e-12)
    assert two.tau2 == pytest.approx(tuple(many.tau**2), rel=1e-12)
    constants = 0.5 * 8 * math.log(2.0 * math.pi)
    assert two.log_likelihood - constants == pytest.approx(many.log_likelihood, abs=1e-9)


seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(("REML", "ML", "EE"))


@settings(max_examples=5, deadline=None)
@given(seeds, kinds)
def test_independent_outcomes_are_pools_and_regressions(seed: int, kind: Any) -> None:
    """Psi diagonal and no sampling correlation: each outcome by itself; and one outcome alone."""
    rng = np.random.default_rng(seed)
    y, v = rng.normal(size=(9, 3)), np.exp(rng.normal(-1, 1, (9, 3)))
    year = rng.normal(size=9) * 10 + 2000
    fit = syn.multivariate(y, v, rho=0.0, method=kind, structure="diagonal")
    slopes = syn.multivariate(
        y, v, rho=0.0, method=kind, structure="diagonal", moderators=year, names=["year"]
    )
    total = 0.0
    for j in range(3):
        one = syn.pool(y[:, j], v[:, j], kind, "z")
        assert fit.tau[j] ** 2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-8)
        assert fit.estimates[j] == pytest.approx(one.estimate, rel=1e-6, abs=1e-8)
        assert fit.se[j] == pytest.approx(one.se, rel=1e-6)
        total += one.q
        line = syn.regress(y[:, j], v[:, j], year, kind, "z")
        at = slice(2 * j, 2 * j + 2)
        assert slopes.tau[j] ** 2 == pytest.approx(line.tau2, rel=1e-6, abs=1e-8)
        np.testing.assert_allclose(slopes.estimates[at], line.coefficients, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(slopes.se[at], line.se, rtol=1e-5)
        lone = syn.multivariate(y[:, [j]], v[:, [j]], method=kind)
        assert lone.tau[0] ** 2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-8)
        assert lone.q == pytest.approx(one.q, rel=1e-9)
        if kind != "EE":  # pool adds half the logarithm of X'X to the restricted one
            more = 0.5 * math.log(9.0) if kind == "REML" else 0.0
            assert lone.log_likelihood + more == pytest.approx(one.log_likelihood, abs=1e-8)
    assert fit.q == pytest.approx(total, rel=1e-9)


def draw(seed: int, k: int = 8, p: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(k, p, p)) * 0.5
    v = roots @ roots.mT + 0.1 * np.eye(p)
    return rng.normal(size=(k, p)) @ rng.normal(size=(p, p)) + rng.normal(size=(k, p)), v


@settings(max_examples=5, deadline=None)
@given(seeds, st.sampled_from(("REML", "ML")))
def test_other_axes_are_the_same_fit(seed: int, kind: Kind) -> None:
    """Linear combinations of outcomes that all studies report: means and Psi turn with them.

    Where Psi is singular, the root's directions without spread are found to about 1e-5.
    """
    y, v = draw(seed)
    turn = np.array([[1.0, 1.0, 0.0], [20.0, -10.0, 3.0], [0.0, 0.1, 0.2]])
    one = syn.multivariate(y, v, method=kind)
    two = syn.multivariate(y @ turn.T + 5.0, turn @ v @ turn.T, method=kind)
    if one.multimodal or two.multimodal:
        return
    size = np.sqrt(np.diagonal(turn @ one.psi @ turn.T)) + np.sqrt(np.diagonal(two.covariance))
    moved = (two.psi - turn @ one.psi @ turn.T) / np.outer(size, size)
    assert np.abs(moved).max() < 1e-4
    np.testing.assert_allclose((two.estimates - 5.0) / size, turn @ one.estimates / size, atol=1e-4)
    assert two.q == pytest.approx(one.q, rel=1e-8)
    shift = (8 - (kind == "REML")) * math.log(abs(np.linalg.det(turn)))
    assert two.log_likelihood + shift == pytest.approx(one.log_likelihood, abs=1e-6)


@pytest.mark.parametrize("structure", ["unstructured", "diagonal", "compound"])
def test_order_and_missing_outcomes(structure: Any) -> None:
    """Studies and outcomes in another order; what is not reported is not looked at."""
    y, v = draw(4)
    y[2, 0] = y[5, 1] = math.nan
    fit = syn.multivariate(y, v, structure=structure)
    order, place = np.random.default_rng(0).permutation(8), [2, 0, 1]
    v_there = v.copy()
    v_there[2, 0, :] = v_there[:, 1, 1][0] * math.nan
    v_there[2, :, 0] = math.nan
    other = syn.multivariate(
        y[order][:, place], v_there[order][:, place][:, :, place], structure=structure
    )
    np.testing.assert_allclose(other.estimates, fit.estimates[place], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(other.psi, fit.psi[np.ix_(place, place)], atol=1e-5)
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-7)
    assert other.reported == tuple(fit.reported[j] for j in place)
    empty = np.vstack([np.full(3, math.nan), y])
    more = syn.multivariate(empty, np.concatenate([v[:1], v]), structure=structure)
    assert more.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-9)
    assert [(out.index, out.reason) for out in more.left_out] == [(0, "no outcome reported")]
    assert (more.k, fit.k) == (8, 8)


def test_five_outcomes() -> None:
    """Fewer starts; the order of the outcomes, and steps off the answer."""
    y, v = draw(5, 12, 5)
    y[0, 3] = y[4, 1] = math.nan
    fit = syn.multivariate(y, v)
    back = syn.multivariate(y[:, ::-1], v[:, ::-1, ::-1])
    assert fit.converged
    assert back.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-7)
    best, rng = height(y, v, fit.psi, "REML"), np.random.default_rng(1)
    for _ in range(60):
        turn = np.eye(5) + rng.normal(size=(5, 5)) * 10.0 ** rng.uniform(-4, -1)
        off = rng.normal(size=(5, 1)) * 10.0 ** rng.uniform(-4, -1)
        assert height(y, v, turn @ fit.psi @ turn.T + off @ off.T, "REML") <= best + 1e-8


def test_an_outcome_without_weight_is_dropped() -> None:
    """A third outcome without correlation, Psi diagonal, changes nothing of the first two."""
    y, v = draw(9)
    v[:, 2, :2] = v[:, :2, 2] = 0.0
    fit = syn.multivariate(y, v, structure="diagonal")
    two = syn.multivariate(y[:, :2], v[:, :2, :2], structure="diagonal")
    np.testing.assert_allclose(fit.estimates[:2], two.estimates, rtol=1e-6)
    np.testing.assert_allclose(fit.psi[:2, :2], two.psi, atol=1e-6)


def test_prediction_and_tests_by_hand() -> None:
    fit = syn.multivariate(GUMS, GUMS_V, moderators=GUMS_YEAR, names=["year"], level=0.9)
    new = fit.predict([2.0])
    x = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0]])
    whole = x @ fit.covariance @ x.T + fit.psi
    np.testing.assert_allclose(new.estimate, x @ fit.estimates)
    assert new.covariance is not None
    np.testing.assert_allclose(new.covariance, whole)
    half = 1.6448536269514722 * np.sqrt(np.diagonal(whole))
    assert new.prediction_interval is not None
    np.testing.assert_allclose(new.prediction_interval[:, 1] - new.estimate, half)
    slopes = [1, 3]
    inner = np.linalg.inv(fit.covariance[np.ix_(slopes, slopes)])
    wald = float(fit.estimates[slopes] @ inner @ fit.estimates[slopes])
    assert fit.qm == pytest.approx(wald)
    assert fit.qm_df == 2
    assert fit.qm_p == pytest.approx(math.exp(-wald / 2))
    with pytest.raises(ValueError, match="moderators has 0 values; 1 are needed"):
        fit.predict()
    common = syn.multivariate(GUMS, GUMS_V, method="EE")
    assert common.predict().prediction_interval is None
    assert np.isnan(common.correlations).all()
    assert "PD" not in repr(common)
    assert json.loads(json.dumps(fit.to_dict()))["moderators"] == ["year"]


def test_one_correlation_for_each_study() -> None:
    sd = np.sqrt(GUMS_V[:, [0, 1], [0, 1]])
    rho = GUMS_V[:, 0, 1] / sd.prod(1)
    one = syn.multivariate(GUMS, sd**2, rho=rho)
    assert one.log_likelihood == pytest.approx(2.0823296, abs=5e-7)


GAP = [[1.0, math.nan], [math.nan, 2.0], [3.0, math.nan], [math.nan, 1.0]]


@pytest.mark.parametrize(
    ("y", "v", "options", "message"),
    [
        (GUMS[0], GUMS_V, {}, r"y has shape \(2,\)"),
        (GUMS, GUMS_V[:4], {}, r"v has shape \(4, 2, 2\)"),
        (GUMS, GUMS_V[:, 0], {}, "give rho"),
        (GUMS, GUMS_V, {"rho": 0.5}, "leave rho out"),
        (GUMS, np.ones((5, 2)), {"rho": [0, 0, 1.0, 0, 0]}, "rho of study 2 is 1"),
        (np.ones((5, 3)), np.ones((5, 3)), {"rho": -0.6}, "rho of study 0 is -0.6"),
        (GUMS, [[[1, 0.5], [0.4, 1]]] * 5, {}, r"v\[0\] is not symmetric"),
        (GUMS, [[[1, 2], [2, 1]]] * 5, {}, r"v\[0\] is not positive definite"),
        (GUMS, [[[1, 0], [0, 0]]] * 5, {}, r"v\[0, 1, 1\] is 0"),
        (GUMS, [[[1, math.nan], [0, 1]]] * 5, {}, r"v\[0, 0, 1\] is nan"),
        (np.full((5, 2), math.nan), GUMS_V, {}, "0 studies report 'y1'"),
        (GUMS[:1], GUMS_V[:1], {}, "1 studies report 'y1'; at least 2"),
        (GUMS[:1], GUMS_V[:1], {"structure": "compound"}, "2 estimates cannot carry 2 means"),
        ([[1, math.inf]] * 5, GUMS_V, {}, r"y\[0, 1\] is inf"),
        ([["a", 1]] * 5, GUMS_V, {}, "y must be numbers"),
        (GAP, GUMS_V[:4], {}, "0 studies report both 'y1' and 'y2'"),
        (GUMS, GUMS_V, {"outcomes": ["a"]}, "outcomes has 1 entries"),
        (GUMS, GUMS_V, {"outcomes": ["a", "a"]}, "more than once"),
        (GUMS, GUMS_V, {"moderators": [1, 1, 1, 1, 1]}, "among the studies with 'y1'"),
        (GUMS, GUMS_V, {"moderators": [1, 2]}, "x has 2 rows"),
        (GUMS, GUMS_V, {"method": "DL"}, "method is 'DL'"),
        (GUMS, GUMS_V, {"structure": "AR"}, "structure is 'AR'"),
        (GUMS, GUMS_V, {"level": 1.0}, "level is 1"),
    ],
)
def test_mistakes(y: Any, v: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.multivariate(y, v, **options)


def test_never_reported_together_needs_no_correlation() -> None:
    fit = syn.multivariate(GAP, GUMS_V[:4], structure="diagonal")
    assert fit.reported == (2, 2)
    alone = syn.multivariate(GUMS[:1], GUMS_V[:1], method="EE")
    np.testing.assert_allclose(alone.estimates, GUMS[0])
    assert math.isnan(alone.q_p)
