"""``confidence_prediction`` against the authors' example, random draws, and exact cases.

Tolerances. The authors draw 25,000 times. A quantile of that many draws has the standard error
sqrt(p(1 - p)/25000)/density, with the density that our distribution gives at the quantile: four of
these are asked of each printed limit, beside its rounding. Our own draws are held to the same.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.confidence_prediction import _chi_squared, _confidence
from saisei.synthesis.pairwise.intervals import weighted_chi_squared_cdf

# Cisapride against placebo (Hartung and Knapp 2001), as in the vignette of pimeta 1.1.4.
CISAPRIDE: dict[str, Any] = {
    "events1": [15, 12, 29, 42, 14, 44, 14, 29, 10, 17, 38, 19, 21],
    "n1": [16, 16, 34, 56, 22, 54, 17, 58, 14, 26, 44, 29, 38],
    "events2": [9, 1, 18, 31, 6, 17, 7, 23, 3, 6, 12, 22, 19],
    "n2": [16, 16, 34, 56, 22, 55, 15, 58, 15, 27, 45, 30, 38],
}
DRAWS = 25_000
V = [0.33, 0.19, 0.42, 0.02, 0.05]
Y = [-0.9, -1.6, -1.3, -1.4, -0.2]


def monte_carlo_error(found: syn.ConfidencePrediction, x: float) -> float:
    """Standard error of the quantile at x of the authors' number of draws."""
    p, h = found.cdf(x), 1e-4
    density = (found.cdf(x + h) - found.cdf(x - h)) / (2 * h)
    return math.sqrt(p * (1 - p) / DRAWS) / density


def test_cisapride_as_the_authors_print_it() -> None:
    data = syn.effect("OR", zero_cells="add-half-everywhere", **CISAPRIDE)
    assert data.y[:3] == pytest.approx([2.098986, 3.357026, 1.565232], abs=1e-6)
    assert data.se[:3] == pytest.approx([0.9847737, 1.0165653, 0.5747840], abs=1e-7)
    found = syn.confidence_prediction(data.y, data.v)
    low, high = found.prediction_interval
    errors = monte_carlo_error(found, low), monte_carlo_error(found, high)
    assert max(errors) < 0.03  # of a logarithm: the comparison says something
    # Printed with three decimals of the ratio.
    assert low == pytest.approx(math.log(0.533), abs=4 * errors[0] + 0.0005 / 0.533)
    assert high == pytest.approx(math.log(33.692), abs=4 * errors[1] + 1e-4)
    assert found.cdf(0.0) == pytest.approx(0.075, abs=4 * math.sqrt(0.07 / DRAWS) + 5e-4)
    # The mean's interval is much narrower, and so are its limits' errors: about 0.006.
    assert np.log([2.224, 7.820]) == pytest.approx(np.array(found.estimate_ci), abs=4 * 0.006)
    assert syn.pool(data.y, data.v, "DL").tau2 == pytest.approx(0.718, abs=5e-4)


def draws(y: np.ndarray, v: np.ndarray, size: int, seed: int) -> np.ndarray:
    """The paper's bootstrap, written anew: tau2 by inverting its confidence distribution."""
    rng = np.random.default_rng(seed)
    w = 1 / v
    values = np.linalg.eigvalsh(np.diag(w) - np.outer(w, w) / w.sum())[1:]
    q = float(w @ (y - w @ y / w.sum()) ** 2)
    grid = np.concatenate([[0.0], np.geomspace(1e-6 * v.min(), 1e8 * v.max(), 1500)])
    confidence = [1 - weighted_chi_squared_cdf(q, 1 + t * values) for t in grid]
    uniform = rng.random(size)
    tau2 = np.interp(uniform, confidence, grid)
    tau2[uniform < confidence[0]] = 0.0
    w = 1 / (v + tau2[:, None])
    total = w.sum(1)
    mean = (w * y).sum(1) / total
    df = y.size - 1
    se = np.sqrt((w * (y - mean[:, None]) ** 2).sum(1) / df / total)
    return np.asarray(
        mean + np.sqrt(tau2) * rng.standard_normal(size) - se * rng.standard_t(df, size)
    )


@pytest.mark.parametrize("k", [3, 5])
def test_the_bootstrap_comes_to_it(k: int) -> None:
    """The share of 100,000 draws below each limit is right to four standard errors."""
    y, v = np.array(Y[:k]), np.array(V[:k])
    found = syn.confidence_prediction(y, v, level=0.9)
    drawn = draws(y, v, 100_000, seed=1)
    for limit, p in zip(found.prediction_interval, (0.05, 0.95), strict=True):
        assert float((drawn < limit).mean()) == pytest.approx(p, abs=4 * math.sqrt(0.0475 / 1e5))
        assert found.cdf(limit) == pytest.approx(p, abs=1e-9)


def test_the_confidence_distribution_is_that_of_q() -> None:
    """Its quantiles are the limits of the generalised Q interval, found by another search."""
    y, v = np.array(Y), np.array(V)
    tau2, share = _confidence(y, v)
    unit = tau2[1:]
    low, high = syn.generalised_q(y, v)
    total = share[0] + np.array([float(share[1:][unit <= x].sum()) for x in (low, high)])
    # Weights of a quadrature are no histogram: between nodes a limit may fall by one of them.
    near = [float(share[1:][np.argsort(np.abs(unit - x))[:2]].sum()) for x in (low, high)]
    assert abs(total[0] - 0.025) < near[0]
    assert abs(total[1] - 0.975) < near[1]
    mean_inverse = float(share @ (1 / (1 + tau2)))
    grid = np.expm1(np.linspace(0, 30, 6001))
    w = 1 / v
    values = np.linalg.eigvalsh(np.diag(w) - np.outer(w, w) / w.sum())[1:]
    q = syn.pool(y, v).q
    rest = np.array([weighted_chi_squared_cdf(q, 1 + t * values) for t in grid])
    middle = 1 / (1 + 0.5 * (grid[1:] + grid[:-1]))
    expected = 1 - rest[0] + float(-np.diff(rest) @ middle)
    assert mean_inverse == pytest.approx(expected, abs=1e-5)  # that of 6,000 steps


@pytest.mark.parametrize("df", [2, 3, 7, 60])
def test_t_is_a_normal_over_a_chi_squared(df: int) -> None:
    ratio, weight = _chi_squared(df)
    for x in (-30.0, -2.0, 0.3, 4.0):
        found = float(weight @ stats.norm.cdf(x / np.sqrt(ratio)))
        assert found == pytest.approx(float(stats.t.cdf(x, df)), rel=1e-9)


def test_without_heterogeneity_it_is_hartungs_interval() -> None:
    """Estimates that agree perfectly but for a trifle: all confidence is at tau2 = 0."""
    y = 0.3 + 1e-6 * np.array([1.0, -2.0, 0.5, 0.7, -0.2])
    v = np.full(5, 0.04)
    found = syn.confidence_prediction(y, v)
    assert found.no_heterogeneity == pytest.approx(1.0, abs=1e-9)
    assert found.prediction_interval == pytest.approx(syn.pool(y, v).ci, abs=1e-9)
    same = syn.confidence_prediction([0.3] * 4, [0.1] * 4)
    assert same.prediction_interval == (0.3, 0.3)


def test_equal_variances_have_a_closed_form() -> None:
    """The confidence distribution is then that of a scaled inverse chi-squared, cut at 0."""
    y, v = np.array([0.1, 1.4, -0.6, 0.9, 2.2, 0.3]), np.full(6, 0.1)
    found = syn.confidence_prediction(y, v)
    squares = float(((y - y.mean()) ** 2).sum())

    t = np.linspace(-60, 60, 6001)
    weight = stats.t.pdf(t, 5) * (t[1] - t[0])
    se = math.sqrt(squares / 5 / 6)

    def given_chi2(chi2: float, x: float) -> float:
        tau = math.sqrt(squares / chi2 - 0.1)
        return float(weight @ stats.norm.cdf((x - y.mean() + se * t) / tau))

    for limit, p in zip(found.prediction_interval, (0.025, 0.975), strict=True):
        most = squares / 0.1  # beyond it tau2 is 0
        inner = integrate.quad(
            lambda c, x=limit: stats.chi2.pdf(c, 5) * given_chi2(c, x), 0, most, epsabs=1e-8
        )[0]
        at_zero = stats.chi2.sf(most, 5) * stats.t.cdf((limit - y.mean()) / se, 5)
        assert inner + at_zero == pytest.approx(p, abs=1e-6)
    low, high = found.prediction_interval
    assert low + high == pytest.approx(2 * y.mean(), abs=1e-8)


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2.0)), min_size=3, max_size=9),
    st.floats(-5, 5),
    st.floats(0.01, 100.0),
)
def test_shift_scale_order_and_turning(
    data: list[tuple[float, float]], shift: float, scale: float
) -> None:
    y, v = (np.array(row) for row in zip(*data, strict=True))
    found = syn.confidence_prediction(y, v)
    low, high = found.prediction_interval
    assert low <= high
    size = high - low + 1e-6
    moved = syn.confidence_prediction(shift - scale * y[::-1], scale**2 * v[::-1])
    assert moved.prediction_interval[0] == pytest.approx(
        shift - scale * high, abs=1e-6 * scale * size
    )
    assert moved.prediction_interval[1] == pytest.approx(
        shift - scale * low, abs=1e-6 * scale * size
    )
    inside = found.estimate_ci
    assert low - 1e-9 * size <= inside[0] + 1e-6 * size
    assert inside[1] <= high + 1e-6 * size


def test_by_name_from_a_pool() -> None:
    result = syn.pool(Y, V)
    assert result.prediction("nnf") == syn.confidence_prediction(Y, V).prediction_interval
    assert syn.pool(Y[:2], V[:2]).prediction("nnf") is None
    assert "no heterogeneity" in repr(syn.confidence_prediction(Y, V))
    named = syn.confidence_prediction(Y, V).to_dict()
    assert (named["k"], "share" in named) == (5, False)
    with pytest.raises(ValueError, match="y has 2 values; prediction needs at least 3"):
        syn.confidence_prediction(Y[:2], V[:2])
    with pytest.raises(ValueError, match="level is 2"):
        syn.confidence_prediction(Y, V, level=2)


def test_very_unequal_variances_get_an_answer() -> None:
    found = syn.confidence_prediction([0.0, 3.0, -1.0, 2.0], [1e-12, 1e6, 1e-3, 10.0])
    assert all(math.isfinite(x) for x in found.prediction_interval)
    assert found.cdf(-1e9) < 1e-3
    assert found.cdf(1e9) > 0.999
