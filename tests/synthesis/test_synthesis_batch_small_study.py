"""Small-study tests, trim and fill, and the selection model: properties, identities, bad input."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn
from saisei.synthesis.small_studies.selection_model import _Likelihood

Y = [0.1, 0.15, 0.3, 0.4, 0.7, 0.9]
V = [0.01, 0.012, 0.03, 0.05, 0.1, 0.15]


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_the_gradient_of_selection(alternative: str) -> None:
    rng = np.random.default_rng(11)
    y, v = rng.normal(0.3, 0.5, 30), rng.uniform(0.01, 0.3, 30)
    model = _Likelihood.of(y, v, np.array([0.025, 0.5]), alternative)
    at = np.array([0.2, 0.4, -0.5, 0.3])
    gradient = model.value(at)[1]
    for j in range(4):
        step = np.zeros(4)
        step[j] = 1e-5
        slope = (model.value(at + step)[0] - model.value(at - step)[0]) / 2e-5
        assert gradient[j] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_an_interval_of_p_without_a_study_is_refused() -> None:
    """The likelihood would rise for ever with its delta."""
    with pytest.raises(ValueError, match=r"no study has a p value between 0 and 0\.025"):
        syn.selection_model([0.1, -0.2, 0.05, 0.0], [0.04, 0.05, 0.02, 0.1])


def test_selection_has_a_direction() -> None:
    rng = np.random.default_rng(12)
    y, v = rng.normal(0.2, 0.4, 40), rng.uniform(0.01, 0.2, 40)
    up = syn.selection_model(y, v, [0.025, 0.5])
    down = syn.selection_model(-y, v, [0.025, 0.5], "less")
    assert down.estimate == pytest.approx(-up.estimate, rel=1e-9)
    assert down.se == pytest.approx(up.se, rel=1e-9)
    assert up.lrt_df == 2
    assert up.counts.sum() == up.k == 40
    both = syn.selection_model(y, v, [0.05], "two-sided")
    flipped = syn.selection_model(-y, v, [0.05], "two-sided")
    assert flipped.log_likelihood == pytest.approx(both.log_likelihood, abs=1e-8)
    assert "no selection" in repr(up)


def test_trim_fill_mirrors_what_lies_out() -> None:
    y = np.array([0.0, 0.02, -0.02, 0.05, 0.4, 0.8, 1.0])
    v = np.array([0.01, 0.01, 0.01, 0.02, 0.1, 0.2, 0.2])
    result = syn.trim_fill(y, v)
    assert result.side == "left"
    assert result.missing == 2
    kept = syn.pool(y[:5], v[:5], test="z").estimate
    assert np.sort(result.y[result.added]) == pytest.approx(2 * kept - np.array([1.0, 0.8]))
    assert result.filled.estimate < result.observed.estimate
    other = syn.trim_fill(-y, v)
    assert (other.side, other.missing) == ("right", 2)
    assert other.filled.estimate == pytest.approx(-result.filled.estimate)
    assert syn.trim_fill(y, v, "R0").p_missing == 0.5 ** (syn.trim_fill(y, v, "R0").missing + 1)
    assert "2 missing on the left" in repr(result)


@given(st.integers(0, 2**32 - 1), st.integers(3, 14), st.booleans())
@settings(deadline=None, max_examples=30)
def test_kendall_is_scipys(seed: int, k: int, tied: bool) -> None:  # noqa: FBT001
    """An independent count of the same orders; with ties SciPy's own variance."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.1, 1.0, k)
    if tied:
        v[1] = v[0]
    y = rng.normal(size=k)
    found = syn.begg(y, v)
    w = 1.0 / v
    deviate = (y - w @ y / w.sum()) / np.sqrt(v - 1.0 / w.sum())
    expected = stats.kendalltau(deviate, v, method="asymptotic" if tied else "exact")
    assert found.tau == pytest.approx(expected[0], abs=1e-12)
    assert found.p == pytest.approx(expected[1], abs=1e-12)
    assert found.exact is not tied


def test_pet_peese_chooses() -> None:
    clear = syn.pet_peese([1.0, 1.02, 1.1, 1.05, 1.2], [0.001, 0.002, 0.01, 0.02, 0.05])
    assert clear.chosen == "PEESE"
    assert clear.estimate == clear.peese.coefficients[0]
    y = [0.5, -0.3, 0.4, -0.2, 0.6, -0.5]
    vague = syn.pet_peese(y, V)
    assert vague.chosen == "PET"
    assert vague.ci == tuple(vague.pet.ci[0])
    assert "PET chosen" in repr(vague)
    assert vague.pet.coefficients[0] == pytest.approx(syn.egger(y, V, "random").limit)


def test_the_funnel() -> None:
    shown = syn.funnel(Y, V, points=11)
    assert shown.low.shape == shown.high.shape == (3, 11)
    assert shown.se_grid[[0, -1]].tolist() == [0.0, math.sqrt(0.15)]
    assert shown.high[1, -1] == pytest.approx(stats.norm.ppf(0.975) * math.sqrt(0.15))
    assert shown.p == pytest.approx(2 * stats.norm.sf(np.array(Y) / np.sqrt(V)))
    assert shown.zone.tolist() == [
        sum(p < 1 - level for level in (0.9, 0.95, 0.99)) for p in shown.p
    ]
    assert shown.centre == syn.pool(Y, V, test="z").estimate


def test_results_travel() -> None:
    wide = np.linspace(-0.5, 1.5, 12)
    for result in (
        syn.egger(Y, V),
        syn.egger(Y, V, "random", test="z"),
        syn.begg(Y, V),
        syn.pet_peese(Y, V),
        syn.funnel(Y, V),
        syn.trim_fill(Y, V),
        syn.selection_model(wide, np.full(12, 0.1)),
    ):
        assert json.loads(json.dumps(result.to_dict(), allow_nan=False))


def test_mistakes() -> None:
    for function in (syn.egger, syn.begg, syn.pet_peese, syn.trim_fill, syn.selection_model):
        with pytest.raises(ValueError, match="needs 3 studies; y has 2"):
            function([1.0, 2.0], [1.0, 1.0])
        with pytest.raises(ValueError, match=r"v\[1\] is 0"):
            function([1.0, 2.0, 3.0], [1.0, 0.0, 1.0])
    with pytest.raises(ValueError, match=r"v is 0\.1 in every study"):
        syn.egger([1.0, 2.0, 3.0], [0.1] * 3)
    with pytest.raises(ValueError, match="model is 'x'"):
        syn.egger(Y, V, "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="estimator is 'Q0'"):
        syn.trim_fill(Y, V, "Q0")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="side is 'up'"):
        syn.trim_fill(Y, V, side="up")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rising numbers between 0 and 1"):
        syn.selection_model(Y, V, [0.5, 0.025])
    with pytest.raises(ValueError, match="alternative is 'x'"):
        syn.selection_model(Y, V, alternative="x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rising levels"):
        syn.funnel(Y, V, (0.99, 0.9))
