"""``pool``: several maxima, one study, two studies, identities, mistakes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import _log_likelihood, estimate_tau2

TWO_PEAKS = (
    (-2.59, -3.30, 4.10, -0.67, -3.10, -2.68),
    (0.002, 31.339, 1.841, 0.633, 10.523, 0.045),
)
Y = [-0.9, -1.6, -1.3, -1.4, -0.2]
V = [0.33, 0.19, 0.42, 0.02, 0.05]


def test_the_higher_of_two_maxima_is_taken() -> None:
    """At 0 the likelihood falls, yet the peak near 6.486 is 7.5 higher."""
    result = syn.pool(*TWO_PEAKS)
    assert result.tau2 == pytest.approx(6.4858, abs=1e-4)
    assert result.multimodal
    assert not result.boundary
    assert any("several maxima" in note for note in result.notes)
    y, v = (np.array(row) for row in TWO_PEAKS)
    peaks = _log_likelihood(y, v, [0.0, result.tau2], restricted=True)
    assert peaks[1] - peaks[0] == pytest.approx(7.5, abs=0.1)


@pytest.mark.parametrize("restricted", [True, False], ids=["REML", "ML"])
def test_no_fine_grid_finds_a_higher_likelihood(restricted: bool) -> None:  # noqa: FBT001
    """300 sets of few studies with very unequal variances, where second maxima are common.

    Every other set is the fixed one of two peaks, shaken.
    """
    rng = np.random.default_rng(20250)
    several = 0
    for _ in range(300):
        k = int(rng.integers(2, 9))
        v = np.exp(rng.normal(0, rng.choice([1.0, 3.0, 5.0]), k))
        y = rng.normal(0, 3, k)
        if rng.random() < 0.5:
            y = np.array(TWO_PEAKS[0]) + rng.normal(0, 0.3, 6)
            v = np.array(TWO_PEAKS[1]) * np.exp(rng.normal(0, 0.3, 6))
        fit = estimate_tau2(y, v, "REML" if restricted else "ML")
        top = 2 * max(float(v.max()), float(np.ptp(y)) ** 2)
        grid = [0.0, *np.geomspace(1e-3 * v.min(), top, 1500)]
        likelihood = _log_likelihood(y, v, [fit.tau2, *grid], restricted=restricted)
        assert likelihood[0] >= likelihood[1:].max() - 1e-10
        assert fit.converged
        several += fit.multimodal
    assert several > 0


def test_one_study_is_its_own_result() -> None:
    result = syn.pool([0.5], [0.04])
    assert (result.estimate, result.se, result.k, result.test) == (0.5, 0.2, 1, "z")
    assert result.ci == pytest.approx(stats.norm.interval(0.95, 0.5, 0.2), rel=1e-12)
    assert math.isnan(result.tau2)
    assert result.prediction_interval is None
    assert result.prediction("knha") is None
    assert all(math.isnan(limit) for limit in result.tau2_ci)
    assert "one study" in result.notes[0]
    assert result.to_dict()["tau2"] is None


def test_two_studies_say_how_little_is_known() -> None:
    result = syn.pool([0.0, 1.0], [0.1, 0.1])
    assert result.q_df == 1
    assert result.prediction("hts") is None
    assert result.prediction("knha") is not None
    assert any("two studies" in note for note in result.notes)


def test_equal_studies_leave_no_spread() -> None:
    result = syn.pool([0.3, 0.3, 0.3], [0.1, 0.2, 0.3])
    assert result.tau2 == 0.0
    assert result.boundary
    assert result.se == 0.0
    safe = syn.pool([0.3, 0.3, 0.3], [0.1, 0.2, 0.3], test="knha-safeguarded")
    assert safe.se == pytest.approx(syn.pool([0.3] * 3, [0.1, 0.2, 0.3], "EE", "z").se)


def test_the_safeguard_never_narrows_below_wald() -> None:
    y, v = [0.1, 0.12, 0.11, 0.09], [0.05, 0.04, 0.06, 0.05]
    plain, safe = syn.pool(y, v), syn.pool(y, v, test="knha-safeguarded")
    wald = syn.pool(y, v, test="z")
    assert plain.se < wald.se
    assert any("Knapp-Hartung factor" in note for note in plain.notes)
    assert safe.se == pytest.approx(wald.se, rel=1e-14)
    assert syn.pool(Y, V, "DL", "knha-safeguarded").se >= syn.pool(Y, V, "DL", "z").se


def test_prediction_by_name() -> None:
    result = syn.pool(Y, V)
    assert result.prediction("knha") == pytest.approx(result.prediction_interval)
    assert result.prediction("z") == pytest.approx(syn.pool(Y, V, test="z").prediction_interval)
    wald = syn.pool(Y, V, test="z")
    half = stats.t.ppf(0.975, 3) * math.sqrt(wald.se**2 + wald.tau2)
    expected = (wald.estimate - half, wald.estimate + half)
    assert result.prediction("hts") == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="style is 'other'"):
        result.prediction("other")  # type: ignore[arg-type]


def test_paule_mandel_makes_the_two_standard_errors_equal() -> None:
    """At the root of Q(tau2) = k - 1 the Knapp-Hartung factor is 1 by definition."""
    knha, wald = syn.pool(Y, V, "PM"), syn.pool(Y, V, "PM", "z")
    assert knha.tau2 > 0
    assert knha.se == pytest.approx(wald.se, rel=1e-12)


@pytest.mark.parametrize("method", ["HE", "DL", "PM", "REML"])
def test_equal_variances_have_one_answer(method: str) -> None:
    """With one variance v all four are the variance of y less v."""
    y = [0.1, 0.9, -0.4, 1.2]
    result = syn.pool(y, [0.05] * 4, method)  # type: ignore[arg-type]
    assert result.tau2 == pytest.approx(np.var(y, ddof=1) - 0.05, rel=1e-12)


def test_results_read_and_travel() -> None:
    result = syn.pool(Y, V)
    again = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert again["estimate"] == result.estimate
    assert again["tau2_ci"] == list(result.tau2_ci)
    assert again["method"] == "REML"
    assert again["weights"] == result.weights.tolist()
    assert result.weights.sum() == pytest.approx(1.0)
    assert result.tau == math.sqrt(result.tau2)
    assert "prediction interval" in repr(result)
    assert not result.weights.flags.writeable


@pytest.mark.parametrize(
    ("y", "v", "message"),
    [
        ([1.0, 2.0], [1.0], "y has 2 values and v has 1"),
        ([], [], "no study"),
        ([1.0, math.nan], [1.0, 1.0], r"y\[1\] is nan"),
        ([1.0, math.inf], [1.0, 1.0], r"y\[1\] is inf"),
        ([1.0, 2.0], [1.0, 0.0], r"v\[1\] is 0; expected a finite number above 0"),
        ([1.0, 2.0], [-0.5, 1.0], r"v\[0\] is -0.5"),
        ([0.0, 1.0], [1e-300, 1.0], r"v\[0\] is 1e-300; expected a number between"),
        ([1e99, 1.0], [1.0, 1.0], r"y\[0\] is 1e\+99"),
        ([[1.0, 2.0]], [1.0, 1.0], "y must be one row"),
        (["a", "b"], [1.0, 1.0], "y must be numbers"),
    ],
)
def test_a_mistake_is_named_where_it_stands(y: list[float], v: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.pool(y, v)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="expected one of EE, DL"):
        syn.pool(Y, V, "XX")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected one of z, t, knha"):
        syn.pool(Y, V, test="w")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="level is 95"):
        syn.pool(Y, V, level=95)


studies = st.lists(
    st.tuples(
        st.floats(-3, 3).map(lambda x: round(x, 3)), st.floats(0.01, 4).map(lambda x: round(x, 3))
    ),
    min_size=2,
    max_size=12,
)
methods = st.sampled_from(["EE", "DL", "HE", "SJ", "ML", "REML", "PM", "HS", "HSk"])


def arrays(rows: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and variances as arrays."""
    y, v = np.array(rows).T
    return y, v


@settings(deadline=None, max_examples=60)
@given(studies, methods, st.floats(-5, 5), st.floats(0.1, 20))
def test_shift_and_scale(
    rows: list[tuple[float, float]], method: str, shift: float, scale: float
) -> None:
    """An estimate moves with the data, and tau2 with the square of the scale.

    1e-6 of the scale: near a boundary or a flat top the root is only as sharp as the likelihood.
    """
    y, v = arrays(rows)
    base = syn.pool(y, v, method)  # type: ignore[arg-type]
    moved = syn.pool(scale * (y + shift), scale**2 * v, method)  # type: ignore[arg-type]
    spread = base.se + math.sqrt(base.tau2) + math.sqrt(float(v.min()))
    assert abs(moved.estimate / scale - shift - base.estimate) <= 1e-6 * spread
    assert abs(moved.tau2 / scale**2 - base.tau2) <= 1e-6 * spread**2
    assert abs(moved.se / scale - base.se) <= 1e-6 * spread


@settings(deadline=None, max_examples=60)
@given(studies, methods)
def test_order_and_sign(rows: list[tuple[float, float]], method: str) -> None:
    y, v = arrays(rows)
    order = np.random.default_rng(len(rows)).permutation(y.size)
    base = syn.pool(y, v, method)  # type: ignore[arg-type]
    other = syn.pool(-y[order], v[order], method)  # type: ignore[arg-type]
    spread = base.se + math.sqrt(base.tau2) + math.sqrt(float(v.min()))
    assert abs(other.estimate + base.estimate) <= 1e-6 * spread
    assert abs(other.tau2 - base.tau2) <= 1e-6 * spread**2


@settings(deadline=None, max_examples=60)
@given(studies, st.integers(2, 4))
def test_duplication(rows: list[tuple[float, float]], copies: int) -> None:
    """Copies of every study: the same common effect, narrower; the same ML estimate of tau2."""
    y, v = arrays(rows)
    once, more = (
        syn.pool(y, v, "EE", "z"),
        syn.pool(np.tile(y, copies), np.tile(v, copies), "EE", "z"),
    )
    assert more.estimate == pytest.approx(once.estimate, rel=1e-9, abs=1e-9)
    assert more.se * math.sqrt(copies) == pytest.approx(once.se, rel=1e-12)
    ml = syn.pool(y, v, "ML")
    again = syn.pool(np.tile(y, copies), np.tile(v, copies), "ML")
    assert again.tau2 == pytest.approx(ml.tau2, rel=1e-6, abs=1e-6 * float(v.min()))


def test_the_standard_error_of_tau2_loses_nothing_to_one_heavy_study() -> None:
    """Of two studies DL is ``(y1 - y2)^2 / 2`` less a constant, whatever their weights."""
    for small in (1.0, 1e-6, 1e-12):
        v = np.array([small, 1.0])
        result = syn.pool([0.0, 3.0], v, "DL", "z")
        assert result.tau2 == pytest.approx(4.5 - v.mean(), rel=1e-12)
        spread = float(v.sum()) + 2.0 * result.tau2
        assert result.tau2_se == pytest.approx(spread / math.sqrt(2.0), rel=1e-12)
    assert math.isnan(syn.pool([0.3, 0.3], [0.1, 0.2], "SJ").tau2_se)
    assert math.isnan(syn.pool([0.3, 0.3], [0.1, 0.2], "EE").tau2_se)


@settings(deadline=None, max_examples=40)
@given(studies, st.sampled_from(["ML", "REML"]), st.floats(0.1, 20))
def test_the_likelihood_follows_the_unit(
    rows: list[tuple[float, float]], method: str, scale: float
) -> None:
    """A density of k estimates, or of their k - 1 differences, has that many units."""
    y, v = arrays(rows)
    base = syn.pool(y, v, method)  # type: ignore[arg-type]
    moved = syn.pool(scale * y, scale**2 * v, method)  # type: ignore[arg-type]
    free = y.size - (method == "REML")
    expected = base.log_likelihood - free * math.log(scale)
    assert moved.log_likelihood == pytest.approx(expected, abs=1e-7)
    assert moved.aic == pytest.approx(4.0 - 2.0 * moved.log_likelihood)
    if base.tau2 > 1e-3:
        assert moved.tau2_se == pytest.approx(scale**2 * base.tau2_se, rel=1e-4)


def test_one_study_has_no_likelihood_of_tau2() -> None:
    one = syn.pool([0.3], [0.04])
    assert one.statistic == pytest.approx(1.5)
    assert math.isnan(one.log_likelihood)
    assert math.isnan(one.tau2_se)
    assert math.isnan(syn.pool([0.3, 0.3], [0.1, 0.2]).statistic)
