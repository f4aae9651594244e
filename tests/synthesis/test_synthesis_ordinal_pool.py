"""Ordinal outcomes beyond one common odds ratio.

The oracle's numbers carry 12 digits, so 1e-9 is asked of closed forms. The one-stage likelihood
has no oracle here: it is checked against plain quadrature, written anew and maximised by another
method; 1e-6 is what that method's differences allow.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from saisei import synthesis as syn

REFERENCE = json.loads((Path(__file__).parent / "reference" / "ordinal.json").read_text("utf-8"))
CASES: dict[str, dict[str, Any]] = REFERENCE["cases"]
TREATED = [case["treatment"] for case in CASES.values()]
CONTROL = [case["control"] for case in CASES.values()]
HARD = (
    [[5, 9, 20, 15], [1, 1, 2, 9], [0, 0, 0, 5], [8, 3, 1, 0]],
    [[9, 9, 10, 8], [7, 3, 1, 1], [1, 2, 2, 0], [5, 3, 2, 1]],
)


def test_win_odds_by_pairs() -> None:
    """Every pair counted, and DeLong's variance from the placements themselves."""
    treated, control = np.repeat([0, 1, 2], [3, 4, 5]), np.repeat([0, 1, 2], [6, 2, 3])
    sign = np.sign(treated[:, None] - control)
    result = syn.win_odds([3, 4, 5], [6, 2, 3])
    assert result.win == pytest.approx((sign > 0).mean())
    assert result.tie == pytest.approx((sign == 0).mean())
    assert result.loss == pytest.approx((sign < 0).mean())
    place = 0.5 * (sign + 1.0)
    variance = place.mean(1).var(ddof=1) / treated.size + place.mean(0).var(ddof=1) / control.size
    assert result.probability_se == pytest.approx(math.sqrt(variance), rel=1e-12)
    influence = (sign > 0) / result.win - (sign < 0) / result.loss
    ratio = (
        influence.mean(1).var(ddof=1) / treated.size + influence.mean(0).var(ddof=1) / control.size
    )
    assert result.generalised_or_se == pytest.approx(math.sqrt(ratio), rel=1e-12)


def test_win_odds_without_ties_are_the_generalised_odds_ratio() -> None:
    result = syn.win_odds([0, 3, 0, 4, 0], [2, 0, 5, 0, 3])
    assert result.tie == 0.0
    assert result.log_win_odds == pytest.approx(result.log_generalised_or, rel=1e-12)
    assert result.se == pytest.approx(result.generalised_or_se, rel=1e-12)


def test_generalised_odds_ratio_of_two_categories_is_the_odds_ratio() -> None:
    """Its variance is Woolf's but for n - 1."""
    result = syn.win_odds([1200, 800], [1500, 500])
    table = syn.effect("OR", events1=[800], n1=[2000], events2=[500], n2=[2000])
    assert result.log_generalised_or == pytest.approx(table.y[0], rel=1e-12)
    assert result.generalised_or_se == pytest.approx(table.se[0] * math.sqrt(2000 / 1999), rel=1e-9)


def test_utility_weights() -> None:
    treated, control = np.repeat([1.0, 0.6, 0.0], [4, 3, 3]), np.repeat([1.0, 0.6, 0.0], [2, 3, 5])
    result = syn.utility_weighted_mean([4, 3, 3], [2, 3, 5], weights=[1.0, 0.6, 0.0])
    assert result.difference == pytest.approx(treated.mean() - control.mean(), rel=1e-12)
    assert result.v == pytest.approx(treated.var(ddof=1) / 10 + control.var(ddof=1) / 10, rel=1e-12)


def test_proportionality_exactly_held() -> None:
    """Counts made by proportional odds show no deviation, and each cut the same odds ratio."""
    theta = np.array([-1.5, -0.2, 0.9, 2.0])
    rows = [np.diff([0.0, *special.expit(theta - 0.6 * x), 1.0]) * 5000 for x in (0, 1)]
    result = syn.proportional_odds_test(rows[1], rows[0])
    assert result.lr == pytest.approx(0.0, abs=1e-9)
    assert result.score == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(result.log_or, 0.6, rtol=1e-9)
    assert result.df == 3


def test_score_test_is_the_derivative_test() -> None:
    """Pearson's statistic equals U' I^-1 U with the cumulative logits freed, done by hand."""
    treated, control = np.array([5.0, 9, 20, 15, 31]), np.array([9.0, 8, 12, 17, 20])
    fit = syn.common_odds_ratio(treated, control)
    score, information = np.zeros(8), np.zeros((8, 8))
    for x, n in ((0, control), (1, treated)):
        eta = fit.thresholds - fit.log_or * x
        f = special.expit(eta) * special.expit(-eta)
        p = np.diff([0.0, *special.expit(eta), 1.0])
        to_p = np.diff(np.vstack([np.zeros(4), np.diag(f), np.zeros(4)]), axis=0)
        jacobian = to_p @ np.hstack([np.eye(4), -x * np.eye(4)])
        score += jacobian.T @ (n / p)
        information += n.sum() * jacobian.T @ np.diag(1 / p) @ jacobian
    expected = score @ np.linalg.solve(information, score)
    result = syn.proportional_odds_test(treated, control)
    assert result.score == pytest.approx(expected, rel=1e-9)
    assert result.score_p == pytest.approx(stats.chi2.sf(expected, 3), rel=1e-9)


def test_cumulative_log_odds_ratios_by_simulation_free_delta_method() -> None:
    """Covariances against the delta method with numerical derivatives of the multinomial."""
    treated, control = np.array([12.0, 9, 20, 15]), np.array([9.0, 18, 12, 17])
    result = syn.proportional_odds_test(treated, control)
    total = np.zeros((3, 3))
    for n in (treated, control):
        p = n / n.sum()
        g = np.cumsum(p)[:-1]
        jacobian = -np.tril(np.ones((3, 4))) / (g * (1 - g))[:, None]
        total += jacobian @ (np.diag(p) - np.outer(p, p)) @ jacobian.T / n.sum()
    np.testing.assert_allclose(result.covariance, total, rtol=1e-10)


def test_probit_against_another_optimiser() -> None:
    treated, control = np.array(TREATED[0]), np.array(CONTROL[0])

    def loss(at: np.ndarray[Any, Any]) -> float:
        theta = np.cumsum([at[0], *np.exp(at[1:-1])])
        rows = [np.diff([0, *special.ndtr(theta - at[-1] * x), 1]) for x in (0, 1)]
        return -float(control @ np.log(rows[0]) + treated @ np.log(rows[1]))

    best = optimize.minimize(
        loss, [-1.8, -0.5, -0.5, -0.9, -0.1, 0.0, 0.0], method="BFGS", tol=1e-9
    )
    result = syn.common_probit_shift(treated, control)
    assert result.shift == pytest.approx(best.x[-1], abs=1e-6)
    assert result.log_likelihood == pytest.approx(-best.fun, abs=1e-9)
    assert result.converged


def test_probit_of_two_categories_is_the_difference_of_two_probits() -> None:
    result = syn.common_probit_shift([12, 8], [15, 5])
    a, b = special.ndtri(0.4), special.ndtri(0.25)
    assert result.shift == pytest.approx(a - b, rel=1e-9)
    variance = sum(p * (1 - p) / 20 / stats.norm.pdf(z) ** 2 for p, z in ((0.4, a), (0.25, b)))
    assert result.se == pytest.approx(math.sqrt(variance), rel=1e-7)


def brute(
    treated: Any, control: Any, thetas: Any, mu: float, tau: float, link: Any, c: float = 0.5
) -> float:
    """The same likelihood, each study's integral by adaptive Gauss-Kronrod."""
    total = 0.0
    for n1, n0, theta in zip(treated, control, thetas, strict=True):
        keep = np.add(n1, n0) > 0
        one, two = np.array(n1)[keep], np.array(n0)[keep]

        def log_integrand(z: float, one: Any = one, two: Any = two, theta: Any = theta) -> float:
            treated = np.diff([0, *link(theta - mu - (1 - c) * tau * z), 1])
            control = np.diff([0, *link(theta + c * tau * z), 1])
            logs = np.log(np.maximum([treated, control], 1e-300))
            return float(one @ logs[0] + two @ logs[1] - 0.5 * z * z)

        peak = max(log_integrand(z) for z in np.linspace(-8, 8, 65))
        value = integrate.quad(
            lambda z, f=log_integrand, p=peak: math.exp(f(z) - p), -9, 9, limit=400, epsrel=1e-11
        )[0]
        total += math.log(value / math.sqrt(2 * math.pi)) + peak
    return total


@pytest.mark.parametrize(
    ("link", "cdf", "random_on", "c"),
    [("logit", special.expit, "half", 0.5), ("probit", special.ndtr, "treated", 0.0)],
)
def test_one_stage_against_brute_quadrature(link: Any, cdf: Any, random_on: Any, c: float) -> None:
    """The likelihood is that of the plain integral, and nothing near it is higher."""
    result = syn.pool_ordinal(*HARD, link=link, random_on=random_on)
    assert result.converged
    assert result.tau2 > 0.1
    at = (HARD[0], HARD[1], result.thresholds)
    value = brute(*at, result.estimate, result.tau, cdf, c)
    assert result.log_likelihood == pytest.approx(value, abs=1e-7)
    for step in (1e-3, -1e-3):
        assert brute(*at, result.estimate + step, result.tau, cdf, c) < value
        assert brute(*at, result.estimate, result.tau + step, cdf, c) < value
    slope = [
        (
            brute(*at, result.estimate + h, result.tau, cdf, c)
            - brute(*at, result.estimate - h, result.tau, cdf, c)
        )
        / (2 * h)
        for h in (1e-4,)
    ] + [
        (
            brute(*at, result.estimate, result.tau + h, cdf, c)
            - brute(*at, result.estimate, result.tau - h, cdf, c)
        )
        / (2 * h)
        for h in (1e-4,)
    ]
    np.testing.assert_allclose(slope, 0.0, atol=1e-5)


def test_one_stage_of_two_categories_against_a_free_maximisation() -> None:
    """Maximum and standard error of mu from a numerical Hessian of the plain integral."""
    treated = [[12, 8], [3, 17], [10, 4]]
    control = [[15, 5], [12, 8], [5, 9]]
    result = syn.pool_ordinal(treated, control)

    def loss(at: Any) -> float:
        return -brute(treated, control, at[:3, None], at[3], abs(at[4]), special.expit)

    start = np.array([*(theta[0] for theta in result.thresholds), result.estimate, result.tau])
    moved = start + np.array([0.1, -0.1, 0.05, -0.1, 0.1])
    best = optimize.minimize(loss, moved, method="BFGS", options={"gtol": 1e-6})
    np.testing.assert_allclose(best.x, start, atol=2e-5)
    h, hessian = 2e-3, np.zeros((5, 5))
    for i in range(5):
        for j in range(5):
            a, b = np.eye(5)[i] * h, np.eye(5)[j] * h
            hessian[i, j] = (
                loss(start + a + b)
                - loss(start + a - b)
                - loss(start - a + b)
                + loss(start - a - b)
            ) / (4 * h * h)
    assert result.se == pytest.approx(math.sqrt(np.linalg.inv(hessian)[3, 3]), rel=1e-4)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_one_study_is_its_own_estimate(link: Any) -> None:
    pooled = syn.pool_ordinal(TREATED[:1], CONTROL[:1], link=link)
    own = syn.pool_ordinal_two_stage(TREATED[:1], CONTROL[:1], link=link).pooled
    assert pooled.estimate == pytest.approx(own.estimate, rel=1e-8)
    assert pooled.se == pytest.approx(own.se, rel=1e-8)
    assert math.isnan(pooled.tau2)


def test_common_effect_of_equal_studies() -> None:
    """Three copies: the same estimate with a third of the variance, and tau2 of zero."""
    own = syn.common_odds_ratio(TREATED[2], CONTROL[2])
    for method in ("EE", "ML"):
        pooled = syn.pool_ordinal([TREATED[2]] * 3, [CONTROL[2]] * 3, method=method)
        assert pooled.estimate == pytest.approx(own.log_or, rel=1e-8)
        assert pooled.se == pytest.approx(own.se / math.sqrt(3), rel=1e-8)
        assert pooled.tau2 == 0.0
        assert pooled.boundary == (method == "ML")


@pytest.mark.parametrize(("random_on", "arm"), [("half", 20000), ("share", 60000)])
def test_large_studies_agree_with_two_stages(random_on: Any, arm: int) -> None:
    """With 20,000 controls or more each likelihood is normal: both ways meet.

    What is left is the third derivative of the log-likelihood, a few parts in 10,000.
    """
    rng = np.random.default_rng(7)
    theta = np.array([-1.0, 0.2, 1.4])
    treated, control = [], []
    for effect in rng.normal(0.1, 0.3, 6):
        p0, p1 = (np.diff([0.0, *special.expit(theta - x), 1.0]) for x in (0.0, effect))
        control.append(rng.multinomial(20000, p0))
        treated.append(rng.multinomial(arm, p1))
    one = syn.pool_ordinal(treated, control, random_on=random_on)
    two = syn.pool_ordinal_two_stage(treated, control, method="ML", test="z").pooled
    assert one.estimate == pytest.approx(two.estimate, abs=1e-4)
    assert one.tau2 == pytest.approx(two.tau2, rel=1e-3)
    assert one.se == pytest.approx(two.se, rel=1e-3)
    assert one.q_lr_p < 1e-10


def test_more_nodes_change_nothing() -> None:
    few, many = (syn.pool_ordinal(*HARD, nodes=nodes) for nodes in (41, 101))
    assert few.estimate == pytest.approx(many.estimate, abs=1e-8)
    assert few.tau2 == pytest.approx(many.tau2, abs=1e-7)


def test_a_separated_study_counts_only_in_one_stage() -> None:
    treated, control = [[0, 0, 5], [4, 6, 9], [5, 9, 20]], [[5, 0, 0], [8, 5, 6], [10, 9, 10]]
    one = syn.pool_ordinal(treated, control)
    two = syn.pool_ordinal_two_stage(treated, control)
    assert one.k == 3
    assert two.pooled.k == 2
    assert two.left_out[0].index == 0
    assert "no finite estimate" in two.left_out[0].reason
    assert one.estimate > two.pooled.estimate
    json.dumps(one.to_dict(), allow_nan=False)
    json.dumps(two.to_dict(), allow_nan=False)


def test_no_finite_mean() -> None:
    result = syn.pool_ordinal([[0, 5], [0, 3]], [[4, 0], [3, 1]])
    assert result.estimate == math.inf
    assert result.ci == (-math.inf, math.inf)
    assert not result.converged
    wild = syn.pool_ordinal([[0, 5], [5, 0]], [[5, 0], [0, 5]])
    assert not wild.converged
    assert "still rises" in wild.notes[0]


def test_studies_in_one_category_are_left_out() -> None:
    result = syn.pool_ordinal([[5, 9, 4], [0, 5, 0]], [[9, 4, 3], [0, 4, 0]])
    assert result.included == (0,)
    assert result.left_out[0].index == 1
    with pytest.raises(ValueError, match="no study holds information"):
        syn.pool_ordinal([[0, 5]], [[0, 4]])


def test_t_intervals_are_wider() -> None:
    z, t = (syn.pool_ordinal(*HARD, test=test) for test in ("z", "t"))
    ratio = stats.t.ppf(0.975, 3) / stats.norm.ppf(0.975)
    assert t.ci[1] - t.ci[0] == pytest.approx(ratio * (z.ci[1] - z.ci[0]), rel=1e-9)
    assert t.p > z.p


COUNTS = st.lists(st.integers(0, 30), min_size=4, max_size=4)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=2, max_size=4))
def test_symmetries_of_the_pool(studies: list[tuple[list[int], list[int]]]) -> None:
    """Swapped arms, turned scales and another order: the sign turns, nothing else."""
    treated, control = [s[0] for s in studies], [s[1] for s in studies]
    if not all(any(row) for row in [*treated, *control]):
        return
    try:
        result = syn.pool_ordinal(treated, control)
    except ValueError:
        return
    if not result.converged:
        return
    swapped = syn.pool_ordinal(control, treated)
    turned = syn.pool_ordinal([row[::-1] for row in treated], [row[::-1] for row in control])
    other = syn.pool_ordinal(treated[::-1], control[::-1])
    assert other.estimate == pytest.approx(result.estimate, abs=1e-5)
    for mirrored in (swapped, turned):
        assert mirrored.estimate == pytest.approx(-result.estimate, abs=1e-5)
        assert mirrored.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(COUNTS, COUNTS)
def test_symmetries_of_win_odds(treated: list[int], control: list[int]) -> None:
    if not (any(treated) and any(control)):
        return
    result = syn.win_odds(treated, control)
    swapped = syn.win_odds(control, treated)
    turned = syn.win_odds(treated, control, better="lower")
    assert result.win + result.tie + result.loss == pytest.approx(1.0)
    for mirrored in (swapped, turned):
        assert mirrored.probability == pytest.approx(1 - result.probability)
        assert mirrored.probability_se == pytest.approx(result.probability_se)
        if math.isfinite(result.log_win_odds):
            assert mirrored.log_win_odds == pytest.approx(-result.log_win_odds, abs=1e-9)
    json.dumps(result.to_dict(), allow_nan=False)


def test_no_spread_has_no_standard_error() -> None:
    for arms in (([0, 0, 5], [4, 4, 0]), ([5], [4]), ([1, 0], [0, 3])):
        result = syn.win_odds(*arms)
        assert result.se == math.inf
        assert result.ci == (-math.inf, math.inf)
        assert result.note
    assert syn.win_odds([0, 0, 5], [4, 4, 0]).log_generalised_or == math.inf


def test_empty_cells_at_a_cut() -> None:
    result = syn.proportional_odds_test([0, 5, 0, 4], [3, 5, 0, 2])
    assert result.cuts == (0, 1)
    assert result.log_or[0] == math.inf
    assert result.se[0] == math.inf
    assert math.isfinite(result.se[1])
    json.dumps(result.to_dict(), allow_nan=False)
    assert math.isnan(syn.proportional_odds_test([0, 5], [5, 0]).lr)
    assert syn.proportional_odds_test([2, 5], [5, 1]).df == 0


def test_results_are_frozen() -> None:
    for result in (
        syn.win_odds([1, 2, 3], [3, 2, 1]),
        syn.utility_weighted_mean([1, 2, 3], [3, 2, 1], [1, 0.5, 0]),
        syn.proportional_odds_test([1, 2, 3], [3, 2, 1]),
        syn.common_probit_shift([1, 2, 3], [3, 2, 1]),
        syn.pool_ordinal([[1, 2, 3]], [[3, 2, 1]]),
    ):
        field = dataclasses.fields(result)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, field, None)
        json.dumps(result.to_dict(), allow_nan=False)


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="1 studies and control_counts 2"):
        syn.pool_ordinal([[1, 2]], [[1, 2], [2, 1]])
    with pytest.raises(ValueError, match="treated_counts is empty"):
        syn.pool_ordinal([], [])
    with pytest.raises(ValueError, match="study 1: the arms have 2 and 3 categories"):
        syn.pool_ordinal([[1, 2], [1, 2]], [[1, 2], [1, 2, 3]])
    with pytest.raises(ValueError, match=r"control_counts\[0\]\[1\] is -2"):
        syn.pool_ordinal([[1, 2]], [[1, -2]])
    with pytest.raises(ValueError, match="link is 'cauchit'"):
        syn.pool_ordinal([[1, 2]], [[1, 2]], link="cauchit")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="random_on is 'all'"):
        syn.pool_ordinal([[1, 2]], [[1, 2]], random_on="all")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="no study has a finite estimate"):
        syn.pool_ordinal_two_stage([[0, 2]], [[2, 0]])
    with pytest.raises(ValueError, match="better is 'up'"):
        syn.win_odds([1, 2], [2, 1], better="up")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match=r"weights\[1\] is nan"):
        syn.utility_weighted_mean([1, 2], [2, 1], [1, math.nan])
    with pytest.raises(ValueError, match="2 categories, weights 3"):
        syn.utility_weighted_mean([1, 2], [2, 1], [1, 0, 0])
    with pytest.raises(ValueError, match="holds 1 people"):
        syn.utility_weighted_mean([1, 0], [2, 1], [1, 0])
