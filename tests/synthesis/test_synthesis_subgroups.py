"""``subgroups`` and ``permutation_test``: against their parts, against enumeration, mistakes."""

from __future__ import annotations

import itertools
import json
import math
from typing import Literal

import numpy as np
import pytest
from scipy import stats

from saisei import synthesis as syn

Y = [0.1, 0.3, 0.2, 0.8, 0.6, -0.1, 0.5]
V = [0.02, 0.03, 0.02, 0.04, 0.03, 0.01, 0.05]
GROUP = ["late", "late", "early", "early", "late", "early", "late"]


def test_separate_groups_are_pools() -> None:
    result = syn.subgroups(Y, V, GROUP)
    late = np.array([one == "late" for one in GROUP])
    pools = [syn.pool(np.array(Y)[m], np.array(V)[m]) for m in (late, ~late)]
    assert [one.name for one in result.groups] == ["late", "early"]
    for group, pool in zip(result.groups, pools, strict=True):
        assert (group.estimate, group.se, group.ci, group.tau2, group.k) == (
            pool.estimate, pool.se, pool.ci, pool.tau2, pool.k,
        )  # fmt: skip
    apart = (pools[0].estimate - pools[1].estimate) ** 2 / (pools[0].se ** 2 + pools[1].se ** 2)
    assert result.q_between == pytest.approx(apart)
    assert result.q_p == pytest.approx(stats.chi2.sf(apart, 1))
    json.dumps(result.to_dict())
    assert "Q(1) =" in repr(result)


@pytest.mark.parametrize("test", ["z", "knha"])
def test_a_common_tau2_is_a_regression_on_membership(test: Literal["z", "knha"]) -> None:
    """The same fit without an intercept, a column for each group."""
    kind = syn.subgroups(Y, V, GROUP, "REML", test, common_tau2=True)
    late = np.array([one == "late" for one in GROUP])
    dummies = np.column_stack([late, ~late]).astype(float)
    fit = syn.regress(Y, V, dummies, "REML", test, intercept=False, names=["a", "b"])
    for i, group in enumerate(kind.groups):
        assert group.estimate == pytest.approx(fit.coefficients[i], rel=1e-10)
        assert group.se == pytest.approx(fit.se[i], rel=1e-10)
        assert group.ci == pytest.approx(tuple(fit.ci[i]), rel=1e-10)
        assert group.tau2 == pytest.approx(fit.tau2, rel=1e-9)
    apart = (fit.coefficients[0] - fit.coefficients[1]) ** 2 / (fit.se @ fit.se)
    assert kind.q_between == pytest.approx(apart, rel=1e-9)
    assert kind.q_df == (1, math.inf if test == "z" else 5)


def test_within_and_between_make_the_whole() -> None:
    """Under the common effect Q splits exactly into what is within groups and between them."""
    parts = syn.subgroups(Y, V, GROUP, "EE", "z")
    late = np.array([one == "late" for one in GROUP])
    within = sum(syn.pool(np.array(Y)[m], np.array(V)[m], "EE").q for m in (late, ~late))
    assert syn.pool(Y, V, "EE").q == pytest.approx(within + parts.q_between, rel=1e-12)


def test_a_group_of_one_is_that_study() -> None:
    result = syn.subgroups(Y, V, ["a"] * 6 + ["b"])
    assert (result.groups[1].k, result.groups[1].estimate) == (1, 0.5)
    assert math.isnan(result.groups[1].tau2)


def test_mistakes_in_groups() -> None:
    with pytest.raises(ValueError, match="every study is in group 'a'"):
        syn.subgroups(Y, V, ["a"] * 7)
    with pytest.raises(ValueError, match="group has 2 entries; y has 7"):
        syn.subgroups(Y, V, ["a", "b"])


def test_exact_permutations_are_all_of_them() -> None:
    """Six studies with six different ages: 720 arrangements, counted here one by one."""
    y, v, x = np.array(Y[:6]), np.array(V[:6]), np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.6])
    fit = syn.regress(y, v, x, "DL")
    result = syn.permutation_test(fit)
    t = [
        abs(one.coefficients[1] / one.se[1])
        for order in itertools.permutations(range(6))
        for one in [syn.regress(y, v, x[list(order)], "DL")]
    ]
    assert (result.exact, result.permutations) == (True, 720)
    observed = abs(fit.coefficients[1] / fit.se[1])
    share = np.mean([one >= observed * (1 - 1e-8) for one in t])
    assert result.p_values[0] == pytest.approx(share)
    assert result.qm_p == result.p_values[0]


def test_equal_rows_are_exchanged_only_once() -> None:
    """Two groups: the p value over distinct arrangements is that over all of them."""
    fit = syn.regress(Y[:5], V[:5], [0, 0, 1, 1, 0], "DL", "z")
    result = syn.permutation_test(fit)
    assert result.permutations == 10
    z = [
        abs(one.coefficients[1] / one.se[1])
        for order in itertools.permutations([0, 0, 1, 1, 0])
        for one in [syn.regress(Y[:5], V[:5], list(order), "DL", "z")]
    ]
    observed = abs(fit.coefficients[1] / fit.se[1])
    assert result.p_values[0] == pytest.approx(np.mean([one >= observed * (1 - 1e-8) for one in z]))


def test_an_intercept_alone_flips_signs() -> None:
    """The least p value of n flips is 2 / 2^n, when all estimates point one way."""
    fit = syn.regress([0.3, 0.5, 0.4, 0.6], [0.01] * 4, None, "DL")
    result = syn.permutation_test(fit)
    assert (result.exact, result.permutations, result.names) == (True, 16, ("intercept",))
    assert result.p_values == (2 / 16,)


def test_drawn_permutations_follow_the_seed() -> None:
    rng = np.random.default_rng(4)
    fit = syn.regress(rng.normal(size=14), np.full(14, 0.1), rng.normal(size=(14, 2)), "DL")
    first, again, other = (syn.permutation_test(fit, 200, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first != other
    assert (first.exact, first.seed, first.permutations) == (False, 1, 200)
    assert all(1 / 201 <= p <= 1 for p in (*first.p_values, first.qm_p))
    np.testing.assert_allclose(first.p_values, fit.p_values[1:], atol=0.12)
    with pytest.raises(ValueError, match="permutations is 0"):
        syn.permutation_test(fit, 0)
