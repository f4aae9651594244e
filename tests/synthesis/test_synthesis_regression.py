"""``regress`` against ``pool`` and by its properties.

metafor's numbers are compared in ``test_synthesis_reference_walk``.
"""

from __future__ import annotations

import json
import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import Method
from saisei.synthesis.pairwise.pooling import Test as Interval
from saisei.synthesis.regression.tau2 import log_likelihood, moderated_tau2
from synthesis.reference_walk import read

FITS: list[dict[str, Any]] = read("pairwise.json")["meta_regression"]
METHODS: tuple[Method, ...] = get_args(Method)
TWO_PEAKS = (
    (-2.59, -3.30, 4.10, -0.67, -3.10, -2.68),
    (0.002, 31.339, 1.841, 0.633, 10.523, 0.045),
)


def fit_of(row: dict[str, Any]) -> syn.RegressionResult:
    """Our fit of a row of the reference."""
    mods = row["mods"]
    table = np.column_stack(list(mods.values()))
    return syn.regress(row["yi"], row["vi"], table, row["method"], row["test"], names=list(mods))


@pytest.mark.parametrize("method", ["PM", "EB"])
@pytest.mark.parametrize("row", [FITS[0], FITS[-1]], ids=lambda r: r["dataset"])
def test_paule_mandel_solves_its_equation(row: dict[str, Any], method: Method) -> None:
    """Weighted residual squares equal their degrees of freedom; R's search stops before that."""
    fit = fit_of({**row, "method": method})
    root = np.sqrt(1.0 / (fit.v + fit.tau2))
    squares = np.linalg.lstsq(fit.x * root[:, None], fit.y * root)[1]
    assert float(squares[0]) == pytest.approx(fit.qe_df, rel=1e-9)


def draw(rng: np.random.Generator, k: int, m: int) -> tuple[Any, Any, Any]:
    """Studies whose effects follow m moderators, with unequal variances."""
    x = rng.normal(size=(k, m))
    v = np.exp(rng.normal(-2.0, 1.0, k))
    y = x @ rng.normal(size=m) + rng.normal(0, np.sqrt(v + 0.2))
    return y, v, x


seeds = st.integers(0, 2**32 - 1)
methods = st.sampled_from(METHODS)
intervals = st.sampled_from(get_args(Interval))


@given(seeds, methods, intervals, st.integers(2, 12))
def test_an_intercept_alone_is_pool(seed: int, method: Method, test: Interval, k: int) -> None:
    """All that ``pool`` says, to rounding; iterated estimates to what their last step leaves."""
    y, v, _ = draw(np.random.default_rng(seed), k, 1)
    pooled, fit = syn.pool(y, v, method, test), syn.regress(y, v, None, method, test)
    scale = float(v.mean())
    near = 1e-9
    assert fit.tau2 == pytest.approx(pooled.tau2, rel=near, abs=1e-12 * scale)
    assert fit.coefficients[0] == pytest.approx(pooled.estimate, abs=near * pooled.se + 1e-14)
    assert fit.se[0] == pytest.approx(pooled.se, rel=near)
    assert tuple(fit.ci[0]) == pytest.approx(pooled.ci, abs=near * (pooled.se + abs(pooled.ci[1])))
    assert fit.p_values[0] == pytest.approx(pooled.p, rel=1e-7)
    assert fit.qe == pytest.approx(pooled.q, rel=near)
    assert fit.qe_df == pooled.q_df
    assert fit.i2 == pytest.approx(pooled.i2, rel=near, abs=1e-9)
    assert fit.h2 == pytest.approx(pooled.h2, rel=near)
    np.testing.assert_allclose(fit.hat, pooled.weights, rtol=near)
    wide = fit.predict().prediction_interval
    if pooled.prediction_interval is None:
        assert wide is None
    else:
        assert wide is not None
        np.testing.assert_allclose(wide[0], pooled.prediction_interval, rtol=1e-8, atol=1e-10)
    assert (fit.boundary, fit.multimodal) == (pooled.boundary, pooled.multimodal)


@given(seeds, methods, intervals)
def test_the_hat_matrix_counts_coefficients(seed: int, method: Method, test: Interval) -> None:
    """Trace(H) is p; residuals are orthogonal to the weighted columns."""
    y, v, x = draw(np.random.default_rng(seed), 11, 3)
    fit = syn.regress(y, v, x, method, test)
    assert fit.hat.sum() == pytest.approx(4.0, rel=1e-12)
    assert ((fit.hat >= 0) & (fit.hat <= 1 + 1e-12)).all()
    residual = (y - fit.x @ fit.coefficients) / (v + fit.tau2)
    np.testing.assert_allclose(fit.x.T @ residual, 0, atol=1e-9 * np.abs(residual).max())


@given(seeds, methods, intervals)
def test_moderators_moved_scaled_and_rotated(seed: int, method: Method, test: Interval) -> None:
    """Every new table of moderators that spans the same space gives the same fit."""
    rng = np.random.default_rng(seed)
    y, v, x = draw(rng, 12, 2)
    one = syn.regress(y, v, x, method, test)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([40.0, 0.3])
    two = syn.regress(y, v, x @ turn + [2000.0, -3.0], method, test)
    for name in ("tau2", "i2", "h2", "qe", "qm", "qm_p", "r2"):
        assert getattr(two, name) == pytest.approx(
            getattr(one, name), rel=1e-6, abs=1e-9, nan_ok=True
        ), name
    np.testing.assert_allclose(two.hat, one.hat, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(turn @ two.coefficients[1:], one.coefficients[1:], rtol=1e-6)
    at = rng.normal(size=(3, 2))
    here, there = one.predict(at), two.predict(at @ turn + [2000.0, -3.0])
    np.testing.assert_allclose(there.ci, here.ci, rtol=1e-6, atol=1e-7)


@given(seeds, methods, st.floats(0.1, 30), st.floats(-50, 50))
def test_estimates_moved_and_scaled(seed: int, method: Method, scale: float, move: float) -> None:
    y, v, x = draw(np.random.default_rng(seed), 10, 2)
    one = syn.regress(y, v, x, method)
    two = syn.regress(scale * y + move, scale**2 * v, x, method)
    assert two.tau2 == pytest.approx(scale**2 * one.tau2, rel=1e-7, abs=1e-10 * scale**2)
    np.testing.assert_allclose(two.coefficients[1:], scale * one.coefficients[1:], rtol=1e-6)
    np.testing.assert_allclose(two.se, scale * one.se, rtol=1e-7)
    assert two.qm == pytest.approx(one.qm, rel=1e-6)


@given(seeds, st.sampled_from(("REML", "ML", "EB", "EE")))
def test_what_the_moderators_explain_does_not_count(seed: int, method: Method) -> None:
    """Adding a combination of the columns to the estimates moves the coefficients only."""
    y, v, x = draw(np.random.default_rng(seed), 10, 2)
    one, two = syn.regress(y, v, x, method), syn.regress(y + x @ [3.0, -2.0] + 1, v, x, method)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-8, abs=1e-12)
    np.testing.assert_allclose(
        two.coefficients - [1.0, 3.0, -2.0], one.coefficients, rtol=1e-8, atol=1e-9
    )
    np.testing.assert_allclose(two.se, one.se, rtol=1e-8)


@given(seeds, st.sampled_from(("z", "knha")))
def test_two_copies_are_one_at_half_the_variance(seed: int, test: Interval) -> None:
    """Under the common effect, a study twice is that study with half its variance."""
    y, v, x = draw(np.random.default_rng(seed), 9, 2)
    twice = syn.regress(np.tile(y, 2), np.tile(v, 2), np.tile(x, (2, 1)), "EE", test)
    once = syn.regress(y, v / 2, x, "EE", test)
    np.testing.assert_allclose(twice.coefficients, once.coefficients, rtol=1e-9, atol=1e-12)
    ratio = 1.0 if test == "z" else once.qe_df / twice.qe_df
    np.testing.assert_allclose(twice.covariance, ratio * once.covariance, rtol=1e-9, atol=1e-14)
    assert twice.qe == pytest.approx(once.qe, rel=1e-9)


@given(seeds, methods)
def test_order_does_not_matter(seed: int, method: Method) -> None:
    rng = np.random.default_rng(seed)
    y, v, x = draw(rng, 9, 2)
    order = rng.permutation(9)
    one, two = syn.regress(y, v, x, method), syn.regress(y[order], v[order], x[order], method)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-8, abs=1e-12)
    np.testing.assert_allclose(two.hat, one.hat[order], rtol=1e-8)


@pytest.mark.parametrize("restricted", [True, False], ids=["REML", "ML"])
def test_no_fine_grid_finds_a_higher_likelihood(restricted: bool) -> None:  # noqa: FBT001
    """Very unequal variances, where second maxima are common.

    About every other set is one whose two peaks are known, shaken, with or without a moderator.
    """
    rng = np.random.default_rng(77)
    several = 0
    for _ in range(150):
        k, p = int(rng.integers(4, 10)), int(rng.integers(1, 4))
        v = np.exp(rng.normal(0, rng.choice([1.0, 3.0, 5.0]), k))
        y = rng.normal(0, 3, k)
        if rng.random() < 0.5:
            k, p = 6, 1 + p % 2
            y = np.array(TWO_PEAKS[0]) + rng.normal(0, 0.3, k)
            v = np.array(TWO_PEAKS[1]) * np.exp(rng.normal(0, 0.3, k))
        x = np.column_stack([np.ones(k), rng.normal(size=(k, p - 1))])
        fit = moderated_tau2(y, v, x, "REML" if restricted else "ML")
        top = 4 * max(float(v.max()), float(np.ptp(y)) ** 2)
        grid = np.array([fit.tau2, 0.0, *np.geomspace(1e-3 * v.min(), top, 800)])
        height = log_likelihood(y, v, x, grid, restricted=restricted)
        assert height[0] >= height[1:].max() - 1e-8
        assert fit.converged
        several += fit.multimodal
    assert several > 0


def test_prediction_by_hand() -> None:
    """At the mean of the moderators and elsewhere: x'b, sqrt(x'Cx), and tau2 on top."""
    row = next(r for r in FITS if (r["method"], r["test"]) == ("REML", "knha"))
    fit = fit_of(row)
    at = fit.predict([[33.0, 1966.0], [50.0, 1950.0]], 0.9)
    x = np.array([1.0, 50.0, 1950.0])
    centre, variance = float(x @ fit.coefficients), float(x @ fit.covariance @ x)
    t = stats.t.ppf(0.95, fit.k - 3)
    assert at.estimate[1] == pytest.approx(centre)
    assert at.ci[1, 0] == pytest.approx(centre - t * math.sqrt(variance), rel=1e-6)
    assert at.prediction_interval is not None
    assert at.prediction_interval[1, 1] == pytest.approx(
        centre + t * math.sqrt(variance + fit.tau2), rel=1e-6
    )
    one = syn.regress(fit.y, fit.v, fit.x[:, 1])
    np.testing.assert_array_equal(
        one.predict([20, 30]).estimate, one.predict([[20], [30]]).estimate
    )
    assert syn.regress(fit.y, fit.v, fit.x[:, 1], "EE").predict([20]).prediction_interval is None
    with pytest.raises(ValueError, match=r"shape \(1, 3\); expected 2 moderators"):
        fit.predict([1.0, 2.0, 3.0])


def test_wald_errors_with_t() -> None:
    """``t``: the standard errors of ``z``, t and F with k - p degrees of freedom."""
    data = FITS[0]
    table = np.column_stack(list(data["mods"].values()))
    both: tuple[Interval, Interval] = ("z", "t")
    z, t = (syn.regress(data["yi"], data["vi"], table, "REML", test) for test in both)
    np.testing.assert_array_equal(t.se, z.se)
    half = stats.t.ppf(0.975, 10) * z.se
    np.testing.assert_allclose(
        t.ci, np.column_stack([z.coefficients - half, z.coefficients + half])
    )
    np.testing.assert_array_equal(t.qm_df, (2, 10))
    assert t.qm == pytest.approx(z.qm / 2)
    assert t.qm_p == pytest.approx(stats.f.sf(z.qm / 2, 2, 10))


def test_moderators_that_explain_everything() -> None:
    fit = syn.regress([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.1, 0.3], [0, 1, 2, 3])
    assert fit.tau2 == 0.0
    assert fit.boundary
    np.testing.assert_allclose(fit.coefficients, [1.0, 1.0], rtol=1e-12)


def test_a_result_is_readable_and_plain() -> None:
    fit = fit_of(FITS[1])
    text = repr(fit)
    assert "F(2, 10) = 4.9649, p = 0.0318" in text
    assert "ablat: -0.0280" in text
    row = fit.to_dict()
    assert row["names"] == ["intercept", "ablat", "year"]
    json.dumps(row)
    json.dumps(fit.predict([30, 1960]).to_dict())


Y, V = [0.1, 0.4, 0.3, 0.9, 0.2], [0.1, 0.2, 0.1, 0.1, 0.3]


@pytest.mark.parametrize(
    ("x", "extra", "message"),
    [
        ([[1, 2], [2, 4], [3, 6], [4, 8], [5, 10]], {"names": ["dose", "cells"]},
         r"'cells' is a combination of 'dose'; leave"),
        ([[1, 0, 1], [1, 1, 0], [2, 0, 2], [3, 3, 0], [5, 4, 1]], {"names": ["sum", "a", "b"]},
         r"'b' is a combination of 'sum' and 'a'"),
        ([2, 2, 2, 2, 2], {"names": ["route"]},
         r"'route' is 2 in every study, which the intercept stands for"),
        ([0, 0, 0, 0, 0], {"names": ["route"]}, r"'route' is 0 in every study"),
        ([1, 2, math.nan, 4, 5], {"names": ["age"]}, r"x\[2, 0\] \('age'\) is nan"),
        ([1, 2, 3], {}, "x has 3 rows; expected 5"),
        (["a"] * 5, {}, "x must be numbers"),
        ([1, 2, 3, 4, 5], {"names": ["a", "b"]}, "names has 2 entries; x has 1"),
        ([1, 2, 3, 4, 5], {"names": ["intercept"]}, "'intercept' more than once"),
        (np.eye(5)[:, 1:], {}, "5 studies cannot carry 5 coefficients"),
        ([1, 2, 3, 4, 5], {"names": 3}, "names is 3; expected the moderators' names"),
        (None, {"intercept": False}, "neither an intercept nor a moderator"),
        ([1, 2, 3, 4, 5], {"method": "XX"}, "method is 'XX'"),
        ([1, 2, 3, 4, 5], {"test": "w"}, "test is 'w'"),
    ],
)  # fmt: skip
def test_mistakes_are_named(x: Any, extra: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.regress(Y, V, x, **extra)
