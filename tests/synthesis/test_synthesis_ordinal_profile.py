"""Profile-likelihood intervals of ordinal effects, and the picture of proportionality.

At a limit twice the drop of the log-likelihood is the chi-squared quantile. The likelihood is
written anew here and maximised by another method, whose differences allow 1e-6; where studies are
large it is that of one normal estimate per study, to the 1e-5 that 10,000 people leave.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from saisei import synthesis as syn

TREATED, CONTROL = [5, 9, 20, 15, 31, 18, 6], [3, 8, 12, 17, 39, 20, 3]
QUANTILE = stats.chi2.ppf(0.95, 1)


def best_of(arms: tuple[Any, Any], shift: float, cdf: Any) -> float:
    """Log-likelihood of one study at a shift, thresholds maximised by BFGS."""
    treated, control = (np.array(counts, dtype=float) for counts in arms)
    shares = np.cumsum(treated + control)[:-1] / (treated + control).sum()

    def loss(at: Any) -> float:
        theta = np.cumsum([at[0], *np.exp(at[1:])])
        rows = [np.diff([0.0, *cdf(theta - x * shift), 1.0]) for x in (1, 0)]
        logs = np.log(np.maximum(rows, 1e-300))
        return -float(treated @ logs[0] + control @ logs[1])

    start = special.logit(shares) + 0.5 * shift
    start = np.array([start[0], *np.log(np.diff(start))])
    return -float(optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-8}).fun)


@pytest.mark.parametrize(("link", "cdf"), [("logit", special.expit), ("probit", special.ndtr)])
@pytest.mark.parametrize("arms", [(TREATED, CONTROL), ([1, 0, 9], [4, 2, 1])])
def test_limits_of_one_study(arms: Any, link: Any, cdf: Any) -> None:
    result = syn.profile_ordinal(arms[:1], arms[1:], link=link)
    peak = best_of(arms, result.estimate, cdf)
    assert result.log_likelihood == pytest.approx(peak, abs=1e-6)
    for limit in result.ci:
        assert 2.0 * (peak - best_of(arms, limit, cdf)) == pytest.approx(QUANTILE, abs=1e-5)
    assert result.converged
    assert math.isnan(result.tau2)


@pytest.mark.parametrize(
    "arms", [([0, 199, 3588, 1213], [9, 0, 0, 1]), ([32, 78, 74, 16], [2, 0, 1, 5])]
)
def test_a_first_step_that_leads_too_far(arms: Any) -> None:
    """Newton's first step ends where nobody stands between thresholds, and has to be shortened."""
    result = syn.common_odds_ratio(*arms)
    assert result.converged
    peak = best_of(arms, result.log_or, special.expit)
    assert result.log_likelihood == pytest.approx(peak, rel=1e-9)
    for step in (-0.01, 0.01):
        assert best_of(arms, result.log_or + step, special.expit) < peak


def test_a_tau_beyond_the_grid_is_followed() -> None:
    """Two studies whose arms lie apart: the maximum is further out than their estimates tell."""
    treated, control = [[2, 8], [95, 5], [0, 3]], [[0, 10], [100, 0], [100, 0]]
    pooled = syn.pool_ordinal(treated, control)
    assert pooled.converged
    assert 6.1 < pooled.tau < 6.2
    finer = syn.pool_ordinal(treated, control, nodes=121)
    assert finer.tau == pytest.approx(pooled.tau, rel=1e-3)  # steps under the integral


def test_large_counts_are_walds() -> None:
    many = [[100 * n for n in TREATED]], [[100 * n for n in CONTROL]]
    wald = syn.common_odds_ratio(many[0][0], many[1][0]).ci
    np.testing.assert_allclose(syn.profile_ordinal(*many).ci, wald, atol=1e-4)


def test_arms_that_do_not_overlap_have_one_limit() -> None:
    """Two categories, nobody of the treated below: everything in closed form.

    With p the controls' chance to stand above, the treated have ``expit(logit(p) + limit)``; at
    the limit the best p leaves half the quantile below the free fit.
    """
    treated, control = [0, 8], [5, 5]
    result = syn.profile_ordinal([treated], [control])
    assert result.estimate == math.inf
    assert result.ci[1] == math.inf
    peak = 10.0 * math.log(0.5)

    def drop(shift: float) -> float:
        def loss(a: float) -> float:
            up, down = special.log_expit(a), special.log_expit(-a)
            return -float(5 * up + 5 * down + 8 * special.log_expit(a + shift))

        found = optimize.minimize_scalar(loss, bracket=(-1, 1), options={"xtol": 1e-10})
        return 2.0 * (peak + float(found.fun)) - QUANTILE

    root = optimize.brentq(drop, 0.0, 20.0, xtol=1e-10)
    assert result.ci[0] == pytest.approx(root, abs=1e-6)
    assert result.log_likelihood == pytest.approx(peak)
    turned = syn.profile_ordinal([control], [treated])
    assert turned.ci == pytest.approx((-math.inf, -root), abs=1e-6)
    json.dumps(turned.to_dict(), allow_nan=False)


def test_large_studies_are_those_of_normal_estimates() -> None:
    """Hardy and Thompson's intervals of the mean and of tau2."""
    theta, shifts = np.array([-1.0, 0.0, 1.0]), [0.9, 0.1, 0.55, -0.1, 0.6]
    rows = [10_000 * np.diff([0.0, *special.expit(theta - d), 1.0]) for d in [0.0, *shifts]]
    treated, control = rows[1:], [rows[0]] * len(shifts)
    result = syn.profile_ordinal(treated, control)
    fits = [syn.common_odds_ratio(one, two) for one, two in zip(treated, control, strict=True)]
    normal = syn.profile_likelihood([f.log_or for f in fits], [f.se**2 for f in fits])
    np.testing.assert_allclose(result.ci, normal.estimate_ci, atol=2e-5)
    np.testing.assert_allclose(result.tau2_ci, normal.tau2_ci, rtol=1e-4)
    assert result.tau2 == pytest.approx(normal.tau2, rel=1e-4)


def test_limits_of_the_pool_against_brute_force() -> None:
    """Two categories, three studies: integrals by Gauss-Kronrod, maximised by Nelder-Mead."""
    treated, control = [[12, 8], [3, 17], [10, 4]], [[15, 5], [12, 8], [5, 9]]
    result = syn.profile_ordinal(treated, control)
    data = list(zip(treated, control, strict=True))

    def loss(at: Any, mu: float) -> float:
        total = 1.5 * math.log(2.0 * math.pi)
        for (one, two), theta in zip(data, at[:3], strict=True):

            def density(z: float, one: Any = one, two: Any = two, theta: Any = theta) -> float:
                a, b = theta - mu - 0.5 * at[3] * z, theta + 0.5 * at[3] * z
                logs = one[0] * special.log_expit(a) + one[1] * special.log_expit(-a)
                logs += two[0] * special.log_expit(b) + two[1] * special.log_expit(-b)
                return math.exp(logs + 20.0 - 0.5 * z * z)

            total -= math.log(integrate.quad(density, -8, 8, epsrel=1e-10)[0]) - 20.0
        return total

    for mu, drop in ((result.estimate, 0.0), (result.ci[0], QUANTILE), (result.ci[1], QUANTILE)):
        found = optimize.minimize(
            loss,
            [0.5 * mu, 0.5 * mu, 0.5 * mu, 1.5],
            (mu,),
            method="Nelder-Mead",
            options={"xatol": 1e-5, "fatol": 1e-9, "maxiter": 600},
        )
        assert 2.0 * (result.log_likelihood + found.fun) == pytest.approx(drop, abs=2e-5)
    pooled = syn.pool_ordinal(treated, control)
    assert result.estimate == pytest.approx(pooled.estimate, rel=1e-8)
    assert result.tau2_ci[0] <= result.tau2 <= result.tau2_ci[1]
    assert result.ci[0] < pooled.ci[0]


COUNTS = st.lists(st.integers(0, 8), min_size=3, max_size=3).filter(any)


@settings(deadline=None, max_examples=12)
@given(COUNTS, COUNTS, st.sampled_from(["logit", "probit"]))
def test_symmetries(one: list[int], two: list[int], link: Any) -> None:
    """Swapping arms and turning the scale turn the interval; a higher level widens it."""
    if sum(a + b > 0 for a, b in zip(one, two, strict=True)) < 2:
        return
    result = syn.profile_ordinal([one], [two], link=link)
    assert result.ci[0] <= result.estimate <= result.ci[1]
    swapped = syn.profile_ordinal([two], [one], link=link)
    turned = syn.profile_ordinal([one[::-1]], [two[::-1]], link=link)
    expected = (-result.ci[1], -result.ci[0])
    assert swapped.ci == pytest.approx(expected, abs=1e-6)
    assert turned.ci == pytest.approx(expected, abs=1e-6)
    wide = syn.profile_ordinal([one], [two], link=link, level=0.99)
    assert wide.ci[0] <= result.ci[0]
    assert wide.ci[1] >= result.ci[1]


def test_picture_of_one_study() -> None:
    result = syn.proportional_odds_test(TREATED, CONTROL, level=0.9)
    z = stats.norm.ppf(0.95)
    np.testing.assert_allclose(
        result.ci, [result.log_or - z * result.se, result.log_or + z * result.se]
    )
    own = syn.common_odds_ratio(TREATED, CONTROL, level=0.9)
    assert result.common_ci == own.ci
    empty = syn.proportional_odds_test([0, 5, 0, 4], [3, 5, 0, 2])
    assert empty.ci[:, 0].tolist() == [-math.inf, math.inf]


def test_picture_of_studies() -> None:
    treated = [TREATED, [40, 38, 20, 30, 54, 33, 53], [9, 6, 2, 4, 5, 0, 0]]
    control = [CONTROL, [22, 32, 24, 36, 67, 41, 64], [5, 9, 4, 4, 5, 0, 0]]
    result = syn.pool_by_cut(treated, control, test="z")
    for cut in result.cuts:
        events = [[sum(row[cut + 1 :]) for row in rows] for rows in (treated, control)]
        people = [[sum(row) for row in rows] for rows in (treated, control)]
        keep = [i for i in range(3) if events[0][i] and events[1][i]]
        effect = syn.effect(
            "OR",
            events1=[events[0][i] for i in keep],
            n1=[people[0][i] for i in keep],
            events2=[events[1][i] for i in keep],
            n2=[people[1][i] for i in keep],
        )
        other = syn.pool(effect.y, effect.v, test="z")
        assert result.log_or[cut] == pytest.approx(other.estimate, rel=1e-9)
        assert (result.lower[cut], result.upper[cut]) == pytest.approx(other.ci, rel=1e-9)
        assert result.k[cut] == len(keep)
    assert result.k == (3, 3, 3, 3, 2, 2)
    assert [out.index for out in result.left_out[4]] == [2]
    both = syn.pool_ordinal_two_stage(treated, control, test="z").pooled
    assert result.common.estimate == both.estimate
    tests = [syn.proportional_odds_test(*arms) for arms in zip(treated, control, strict=True)]
    assert result.lr == pytest.approx(sum(test.lr for test in tests))
    assert result.df == 5 + 5 + 3
    json.dumps(result.to_dict(), allow_nan=False)
    assert repr(result).splitlines()[3].startswith("  above 0")


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="study 1 has 2 categories and study 0 3"):
        syn.pool_by_cut([[1, 2, 3], [1, 2]], [[3, 2, 1], [2, 1]])
    with pytest.raises(ValueError, match="method is 'REML'"):
        syn.profile_ordinal([[1, 2]], [[2, 1]], method="REML")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="random_on is 'all'"):
        syn.profile_ordinal([[1, 2]], [[2, 1]], random_on="all")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="level is 0"):
        syn.profile_ordinal([[1, 2]], [[2, 1]], level=0.0)
