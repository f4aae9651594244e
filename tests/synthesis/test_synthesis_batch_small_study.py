"""Small-study tests, trim and fill, and the selection model against metafor.

Tolerances. Egger by least squares and Begg are closed forms: 1e-9. Egger by random effects was
iterated in R to 1e-12 in tau2 as ``pool`` was, its slope and limit are asked to 1e-6. PEESE and
trim and fill were left at metafor's own stopping rule, a step of 1e-5 in tau2, which converges by a
factor a step: tau2 is asked to 5e-5 absolute, and everything else at R's own tau2 to 1e-9. A
selection model is as good as R's optimiser: the log-likelihood (through the p value of its ratio)
to 1e-6 and never lower, the parameters to what that allows, 1e-3 of a standard error.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn
from saisei.synthesis.small_studies.selection_model import _Likelihood

FOLDER = Path(__file__).parent / "reference"
CASES: list[tuple[dict[str, Any], dict[str, Any]]] = list(
    zip(
        json.loads((FOLDER / "pairwise.json").read_text("utf-8"))["cases"],
        json.loads((FOLDER / "single_studies.json").read_text("utf-8"))["cases"],
        strict=True,
    )
)
NAMES = [f"{c['dataset']}-{c['measure']}-{c['vtype'] or ''}" for _, c in CASES]
every_case = pytest.mark.parametrize(("effects", "case"), CASES, ids=NAMES)
Y = [0.1, 0.15, 0.3, 0.4, 0.7, 0.9]
V = [0.01, 0.012, 0.03, 0.05, 0.1, 0.15]


@every_case
def test_egger_and_begg(effects: dict[str, Any], case: dict[str, Any]) -> None:
    assert effects["dataset"] == case["dataset"]
    y, v = effects["yi"], effects["vi"]
    line = syn.egger(y, v)
    assert line.statistic == pytest.approx(case["egger"]["stat"], rel=1e-9, abs=1e-9)
    assert line.p == pytest.approx(case["egger"]["p"], rel=1e-8)
    assert line.df == case["egger"]["df"]
    random = syn.egger(y, v, "random", test="z")
    row = case["regtest_rma"]
    assert random.statistic == pytest.approx(row["stat"], rel=1e-6, abs=1e-6)
    assert random.p == pytest.approx(row["p"], rel=1e-5)
    assert abs(random.limit - row["est"]) <= 1e-6 * random.limit_se
    rank = syn.begg(y, v)
    assert rank.tau == pytest.approx(case["begg"]["tau"], rel=1e-9)
    assert rank.p == pytest.approx(case["begg"]["p"], rel=1e-9)


@every_case
def test_peese(effects: dict[str, Any], case: dict[str, Any]) -> None:
    y, v = np.array(effects["yi"]), np.array(effects["vi"])
    fit = syn.pet_peese(y, v, test="z").peese
    x = np.column_stack([np.ones(y.size), v])

    def solved(tau2: float) -> tuple[np.ndarray, np.ndarray]:
        w = 1.0 / (v + tau2)
        inverse = np.linalg.inv(x.T @ (w[:, None] * x))
        return inverse @ (x.T @ (w * y)), np.sqrt(np.diag(inverse))

    estimate, se = solved(fit.tau2)
    np.testing.assert_allclose(fit.coefficients, estimate, rtol=1e-8)
    np.testing.assert_allclose(fit.se, se, rtol=1e-8)
    # R's tau2 is not in the reference; what 5e-5 of it moves the answer by is all that can differ
    moved = [solved(max(0.0, fit.tau2 + step)) for step in (-5e-5, 5e-5)]
    room = 1e-7 * se + np.max([np.abs(one[0] - estimate) for one in moved], axis=0)
    assert (np.abs(fit.coefficients - case["peese"]["estimate"]) <= room).all()
    room = 1e-7 * se + np.max([np.abs(one[1] - se) for one in moved], axis=0)
    assert (np.abs(fit.se - case["peese"]["se"]) <= room).all()


@every_case
@pytest.mark.parametrize("estimator", ["L0", "R0"])
def test_trim_fill(effects: dict[str, Any], case: dict[str, Any], estimator: Any) -> None:
    row = case[f"trimfill_{estimator}"]
    result = syn.trim_fill(effects["yi"], effects["vi"], estimator, test="z")
    assert (result.missing, result.side) == (row["k0"], row["side"])
    assert result.added.sum() == row["k0"]
    assert result.converged
    assert abs(result.filled.tau2 - row["tau2"]) <= 5e-5
    # the place of the mirror images rests on tau2 too, by less than 1e-2 of a standard error
    w = 1.0 / (result.v + row["tau2"])
    assert 1.0 / math.sqrt(w.sum()) == pytest.approx(row["se"], rel=1e-9)
    assert abs(w @ result.y / w.sum() - row["estimate"]) <= 1e-2 * row["se"]


SELECTED = [(e, c) for e, c in CASES if c["selmodel_step_025_greater"]["delta"][1] < 10]


@pytest.mark.parametrize(
    ("effects", "case"), SELECTED, ids=[f"{c['dataset']}-{c['measure']}" for _, c in SELECTED]
)
def test_selection_model(effects: dict[str, Any], case: dict[str, Any]) -> None:
    row = case["selmodel_step_025_greater"]
    result = syn.selection_model(effects["yi"], effects["vi"])
    assert result.converged
    assert result.lrt_p <= row["lrt_p"] * (1 + 1e-6)
    if result.tau2 == 0.0:  # R stops a little above, so that its likelihood is lower
        assert row["tau2"] < 2e-4
        assert result.lrt_p == pytest.approx(row["lrt_p"], rel=1e-3)
        return
    assert result.lrt_p == pytest.approx(row["lrt_p"], rel=1e-6)
    assert abs(result.estimate - row["estimate"]) <= 1e-3 * row["se"]
    assert result.se == pytest.approx(row["se"], rel=1e-4)
    assert result.tau2 == pytest.approx(row["tau2"], rel=1e-3)
    np.testing.assert_allclose(result.delta, row["delta"], rtol=2e-4)


@every_case
def test_the_likelihood_of_selection(effects: dict[str, Any], case: dict[str, Any]) -> None:
    """At R's own parameters, those of data without a small p value included.

    There R's delta is wherever its search ended on the way to 100, and ``selection_model`` says
    that it cannot be told; but the likelihood at that point is a fact.
    """
    row = case["selmodel_step_025_greater"]
    y, v = np.array(effects["yi"]), np.array(effects["vi"])
    model = _Likelihood.of(y, v, np.array([0.025]), "greater")
    unit = model.unit
    at = [row["estimate"] / unit, row["tau2"] / unit**2, math.log(row["delta"][1])]
    without = syn.pool(y, v, "ML", "z")
    null = model.value(np.array([without.estimate / unit, without.tau2 / unit**2, 0.0]))[0]
    ratio = 2.0 * (null - model.value(np.array(at))[0])
    assert stats.chi2.sf(ratio, 1) == pytest.approx(row["lrt_p"], rel=2e-5)
    if not model.counts[0]:
        with pytest.raises(ValueError, match=r"no study has a p value between 0 and 0\.025"):
            syn.selection_model(y, v)


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
