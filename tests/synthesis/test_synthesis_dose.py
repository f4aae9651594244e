"""Dose-response against published numbers, exact data and identities.

The alcohol and cardiovascular disease set (six studies) is retyped from the reference pages of
the R package dosresmeta 2.1.1 (``grl``: counts of six decimals; ``covar.logrr``: covariances of
eight; ``predict``: doses). Odds of those counts are its log ratios to about 1e-6, so 2e-6 of a
coefficient's scale is what its results can be asked to agree to. For cumulative incidence that
package solves the counts by odds; ours follow the risk ratio, so the two studies of that kind
stand here with the covariances it prints.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from saisei import synthesis as syn
from saisei.synthesis.regression.mixed_blocks import log_likelihood, stack

DOSE = (
    (0, 9.06, 27, 45, 64.8),
    (0, 16.05, 46.425, 77.16),
    (0, 1.176, 8.916, 18.72),
    (0, 0.955, 7.43, 15.6),
    (0, 6, 18, 28.8),
    (0, 6.25, 18.75, 30),
)
CASES = (
    (125.045754, 67.121348, 68.861059, 18.649722, 17.321957),
    (76.326336, 88.590929, 25.247951, 11.834726),
    (81.774216, 46.587219, 15.641699, 5.996615),
    (75.746492, 35.156220, 39.598921, 11.498375),
    (153.244004, 230.458403, 41.209336, 40.088318),
    (343.064318, 99.685219, 13.149854, 9.100567),
)
PEOPLE = (
    (414, 261, 228, 44, 34),
    (258, 413, 202, 64),
    (208, 175, 58, 11),
    (208, 117, 81, 39),
    (480, 975, 207, 133),
    (1269, 436, 49, 41),
)
COVARIANCE: tuple[list[list[float]], ...] = (
    [
        [0.04987985, 0.01875906, 0.01678737, 0.01780975],
        [0.01875906, 0.05463996, 0.01736485, 0.01842239],
        [0.01678737, 0.01736485, 0.14176254, 0.01648609],
        [0.01780975, 0.01842239, 0.01648609, 0.19714011],
    ],
    [
        [0.04897601, 0.02669775, 0.02510026],
        [0.02669775, 0.08854517, 0.02425041],
        [0.02510026, 0.02425041, 0.14983031],
    ],
    [
        [0.10058223, 0.03667789, 0.04203026],
        [0.03667789, 0.17523766, 0.03757552],
        [0.04203026, 0.03757552, 0.82646389],
    ],
    [
        [0.11104463, 0.03566026, 0.03466437],
        [0.03566026, 0.11449601, 0.03293283],
        [0.03466437, 0.03293283, 0.22216648],
    ],
    [
        [0.02079807, 0.01122058, 0.01347285],
        [0.01122058, 0.05681004, 0.01269044],
        [0.01347285, 0.01269044, 0.07501320],
    ],
    [
        [0.024519546, 0.004898219, 0.004718234],
        [0.004898219, 0.123263570, 0.004371731],
        [0.004718234, 0.004371731, 0.173481760],
    ],
)


def log_odds_ratio(i: int) -> np.ndarray[Any, Any]:
    odds = np.array(CASES[i]) / (np.array(PEOPLE[i]) - np.array(CASES[i]))
    return np.asarray(np.log(odds / odds[0]))


ALCOHOL = [
    syn.DoseStudy(
        np.array(DOSE[i][1:]), log_odds_ratio(i)[1:], np.array(COVARIANCE[i]), 0.0, str(i)
    )
    for i in range(6)
]


@pytest.mark.parametrize("i", range(4))
def test_greenland_longnecker_covariance(i: int) -> None:
    """The four case-control studies: the printed covariances, to their eight decimals."""
    se = [None, *np.sqrt(np.diag(COVARIANCE[i]))]
    study = syn.dose_ratios(DOSE[i], log_odds_ratio(i), se, cases=CASES[i], n=PEOPLE[i], kind="cc")
    np.testing.assert_allclose(study.covariance, COVARIANCE[i], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("stages", [1, 2])
def test_alcohol_linear(stages: Any) -> None:
    result = syn.dose_response(ALCOHOL, "linear", stages=stages)
    assert result.coefficients[0] == pytest.approx(-0.00436541, abs=5e-8)
    assert result.se[0] == pytest.approx(0.00588923, abs=5e-8)
    assert result.psi[0, 0] == pytest.approx(0.0001005709, rel=1e-5)
    at = result.predict([12.0])
    printed = [0.9489635, 0.8262176, 1.089945]
    np.testing.assert_allclose(np.exp([at.estimate[0], at.low[0], at.high[0]]), printed, rtol=1e-6)


@pytest.mark.parametrize("stages", [1, 2])
def test_alcohol_quadratic(stages: Any) -> None:
    result = syn.dose_response(ALCOHOL, "quadratic", stages=stages)
    assert result.converged
    np.testing.assert_allclose(result.coefficients, [-0.030233885, 0.000751485], rtol=3e-6)
    expected = [[1.73656957e-04, -5.69336457e-06], [-5.69336457e-06, 2.38637924e-07]]
    np.testing.assert_allclose(result.covariance, expected, rtol=1e-5)
    at = result.predict([9.06, 27.0, 45.0, 64.8])
    np.testing.assert_allclose(
        np.exp(at.estimate), [0.8087751, 0.7645392, 1.1749589, 3.3080597], rtol=2e-6
    )
    np.testing.assert_allclose(
        np.exp(at.low), [0.6833344, 0.5466573, 0.4069893, 0.2319563], rtol=2e-5
    )


def test_alcohol_spline() -> None:
    """Knots by Harrell's percentiles (0, 9.06, 45.855); results of dosresmeta with rcs(dose, 3)."""
    result = syn.dose_response(ALCOHOL, "spline", knots=3)
    np.testing.assert_allclose(result.shape.knots, [0.0, 9.06, 45.855], atol=1e-12)
    np.testing.assert_allclose(result.coefficients, [-0.0306779651, 0.0942379747], rtol=5e-6)
    expected = [[0.0001195897, -0.0004788699], [-0.0004788699, 0.0025153234]]
    np.testing.assert_allclose(result.covariance, expected, rtol=5e-5)
    at = result.predict([12, 24, 36, 60])
    printed = [-0.2921094216, -0.3029595525, -0.1054294490, 0.4883393221]
    np.testing.assert_allclose(at.estimate, printed, atol=3e-6)


HAMLING = (
    (
        (77.224016, 42.863757, 39.595879, 14.048644, 11.379162),
        (256.720533, 167.402324, 131.640213, 33.256951, 22.399697),
    ),
    (
        (52.936594, 57.793169, 18.561968, 9.998022),
        (177.747117, 267.425543, 147.280311, 53.651163),
    ),
    ((41.767484, 22.346167, 10.101682, 2.800649), (105.948046, 83.663073, 37.333962, 5.126876)),
    ((41.049928, 19.560563, 25.512473, 7.685215), (113.431784, 65.547809, 52.449734, 26.248314)),
)
"""Cases and people that dosresmeta's ``hamling`` prints for the case-control studies."""


@pytest.mark.parametrize("i", range(4))
def test_hamling_covariance(i: int) -> None:
    """The printed counts hold the standard errors, and the reference's part is the covariance."""
    cases, n = np.array(HAMLING[i][0]), np.array(HAMLING[i][1])
    part = 1 / cases + 1 / (n - cases)
    np.testing.assert_allclose(part[1:] + part[0], np.diag(COVARIANCE[i]), rtol=1e-6)
    study = syn.dose_ratios(
        DOSE[i],
        log_odds_ratio(i),
        [None, *np.sqrt(np.diag(COVARIANCE[i]))],
        cases=0.4 * cases,
        n=0.4 * n,
        kind="cc",
        recovery="hamling",
    )
    off = study.covariance[~np.eye(len(DOSE[i]) - 1, dtype=bool)]
    np.testing.assert_allclose(off, part[0], rtol=2e-5)


def test_counts_that_give_the_ratios() -> None:
    """Crude tables come back: the margins and ratios are their own."""
    cases, n = np.array([30.0, 40, 25]), np.array([200.0, 220, 150])
    for kind, value, part in (
        ("cc", cases / (n - cases), 1 / cases + 1 / (n - cases)),
        ("ir", cases / n, 1 / cases),
        ("ci", cases / n, 1 / cases - 1 / n),
    ):
        y = np.log(value / value[0])
        se = np.sqrt(part[1:] + part[0])
        study = syn.dose_ratios([0, 1, 2], y, [None, *se], cases=cases, n=n, kind=kind)  # type: ignore[arg-type]  # kinds of the loop
        np.testing.assert_allclose(study.covariance[0, 1], part[0], rtol=1e-9)
        np.testing.assert_allclose(np.diag(study.covariance), se**2, rtol=1e-12)
        other = syn.dose_ratios(
            [0, 1, 2],
            y,
            [None, *se],
            cases=cases,
            n=n,
            kind=kind,  # type: ignore[arg-type]  # kinds of the loop
            recovery="hamling",
        )
        np.testing.assert_allclose(other.covariance, study.covariance, rtol=1e-7)


def test_adjusted_ratios_keep_the_margins() -> None:
    from saisei.synthesis.dose.contrasts import pseudo_counts  # noqa: PLC0415 - not public

    cases, n, y = np.array([30.0, 40, 25]), np.array([200.0, 220, 150]), np.array([0.0, 0.6, -0.4])
    odds = pseudo_counts(y, cases, n, "cc", 0)
    assert odds.sum() == pytest.approx(95, rel=1e-12)
    ratio = odds / (n - odds)
    np.testing.assert_allclose(np.log(ratio / ratio[0]), y, atol=1e-12)
    rates = pseudo_counts(y, cases, n, "ir", 0)
    assert rates.sum() == pytest.approx(95, rel=1e-12)
    np.testing.assert_allclose(np.log(rates / n / (rates / n)[0]), y, atol=1e-12)


def test_means_with_a_common_control() -> None:
    """Covariance by the linear map from the groups' own variances."""
    sd, n = np.array([2.0, 2.5, 1.5]), np.array([20.0, 30, 25])
    contrast = np.array([[-1.0, 1, 0], [-1, 0, 1]])
    own = syn.dose_means([0, 1, 2], [5, 6, 8], sd, n, pooled=False)
    np.testing.assert_allclose(own.covariance, contrast @ np.diag(sd**2 / n) @ contrast.T)
    variance = ((n - 1) @ sd**2) / (n.sum() - 3)
    one = syn.dose_means([0, 1, 2], [5, 6, 8], sd, n)
    np.testing.assert_allclose(one.covariance, variance * contrast @ np.diag(1 / n) @ contrast.T)
    smd = syn.dose_means([0, 1, 2], [5, 6, 8], sd, n, measure="SMD")
    np.testing.assert_allclose(smd.y, np.array([1.0, 3.0]) / math.sqrt(variance))
    assert smd.covariance[0, 1] == pytest.approx(1 / 20 + smd.y[0] * smd.y[1] / (2 * n.sum()))
    turned = syn.dose_means([1, 0, 2], [6, 5, 8], sd[[1, 0, 2]], n[[1, 0, 2]], reference=1)
    np.testing.assert_allclose(turned.covariance, one.covariance)


def exact(shape: Any, truth: Any, reference: float = 0.0, **more: Any) -> syn.DoseResponse:
    """Fit contrasts that lie on the curve."""
    rng = np.random.default_rng(5)
    studies = []
    for dose in ([1.0, 2.0, 4.0, 7.0], [0.5, 3.0, 6.0, 9.0], [1.5, 2.5, 5.0, 8.0]):
        at = np.array(dose)
        a = rng.normal(size=(4, 4))
        y = truth(at) - truth(np.array(reference))
        studies.append(syn.DoseStudy(at, y, 0.1 * (a @ a.T + np.eye(4)), reference))
    return syn.dose_response(studies, shape, **more)


@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("method", ["REML", "ML", "EE"])
def test_exact_curves_come_back(stages: Any, method: Any) -> None:
    """Data on a curve give that curve, whatever the reference dose, with no heterogeneity."""
    grid = np.linspace(0.5, 10, 12)
    curves: tuple[tuple[Any, Any, dict[str, Any]], ...] = (
        ("linear", lambda d: 0.3 * d, {}),
        ("quadratic", lambda d: 0.3 * d - 0.05 * d * d, {}),
        ("log", lambda d: 0.7 * np.log(d + 1), {"offset": 1.0}),
        ("emax", lambda d: 2.0 * d / (3.0 + d), {"ed50": 3.0}),
    )
    for shape, truth, more in curves:
        for reference in (0.0, 0.25):
            result = exact(shape, truth, reference, stages=stages, method=method, **more)
            at = result.predict(grid, reference=0.1)
            np.testing.assert_allclose(at.estimate, truth(grid) - truth(0.1), atol=1e-9)
            np.testing.assert_allclose(result.psi, 0.0, atol=1e-9)
            assert result.q == pytest.approx(0.0, abs=1e-8)


def test_spline_is_straight_beyond_its_knots_and_smooth_at_them() -> None:
    shape = syn.dose_response(ALCOHOL, "spline", knots=[2.0, 8.0, 20.0, 40.0]).shape
    assert shape.terms == ("dose", "spline 1", "spline 2")
    for ends in ([-10.0, -3.0, 1.9], [40.0, 55.0, 90.0]):
        g = shape.basis(np.array(ends))
        slopes = np.diff(g, axis=0) / np.diff(ends)[:, None]
        np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-9, atol=1e-12)
    h = 1e-3
    for knot in shape.knots:
        left, right = (shape.basis(np.array([x - h, x, x + h])) for x in (knot - h, knot + h))
        bends = [(g[0] - 2 * g[1] + g[2]) / h**2 for g in (left, right)]
        np.testing.assert_allclose(bends[0], bends[1], atol=2e-3)


def test_multivariate_likelihood_against_a_free_maximisation() -> None:
    """ML in one stage: the joint normal density, maximised over beta and psi by another method."""
    result = syn.dose_response(ALCOHOL, "quadratic", stages=1, method="ML")
    designs = [np.column_stack([s.dose, s.dose**2]) for s in ALCOHOL]

    def value(beta: Any, psi: Any) -> float:
        return sum(
            float(stats.multivariate_normal.logpdf(s.y, x @ beta, s.covariance + x @ psi @ x.T))
            for s, x in zip(ALCOHOL, designs, strict=True)
        )

    at = value(result.coefficients, result.psi)
    assert result.log_likelihood == pytest.approx(at, abs=1e-9)
    scale = np.array([0.01, 5e-4])

    def loss(v: Any) -> float:
        root = np.array([[v[2], 0.0], [v[3], v[4]]]) * scale[:, None]
        return -value(v[:2] * scale, root @ root.T)

    start = np.array([-2.0, 1.0, 1.5, -1.0, 0.5])
    best = optimize.minimize(loss, start, method="Nelder-Mead", options={"maxiter": 900})
    assert -best.fun <= at + 1e-9
    assert -best.fun == pytest.approx(at, abs=1e-3)


def test_restricted_likelihood_is_stationary() -> None:
    """REML's optimum in psi, from differences of the restricted likelihood itself."""

    result = syn.dose_response(ALCOHOL, "quadratic", stages=1)
    rows = [(s.y, np.column_stack([s.dose, s.dose**2]), s.covariance) for s in ALCOHOL]
    blocks = stack(rows)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        h = np.zeros((2, 2))
        h[i, j] = h[j, i] = 1e-4 * math.sqrt(result.psi[i, i] * result.psi[j, j])
        up, down = (log_likelihood(blocks, result.psi + s * h, restricted=True) for s in (1, -1))
        assert (up - down) / 2e-4 == pytest.approx(0.0, abs=1e-4)


def test_linear_in_two_stages_is_a_pool_of_slopes() -> None:
    result = syn.dose_response(ALCOHOL, "linear")
    pooled = syn.pool(result.study_coefficients[:, 0], result.study_covariances[:, 0, 0], test="z")
    assert result.coefficients[0] == pytest.approx(pooled.estimate, rel=1e-12)
    assert result.se[0] == pytest.approx(pooled.se, rel=1e-12)
    assert result.q == pytest.approx(pooled.q, rel=1e-9)
    assert result.psi[0, 0] == pytest.approx(pooled.tau2, rel=1e-12)


def test_one_stage_uses_short_studies() -> None:
    """A study with one dose cannot fit a parabola alone; in one stage it still counts."""
    short = syn.DoseStudy(np.array([10.0]), np.array([-0.2]), np.array([[0.02]]))
    two = syn.dose_response([*ALCOHOL, short], "quadratic")
    one = syn.dose_response([*ALCOHOL, short], "quadratic", stages=1)
    assert two.k == 6
    assert two.left_out[0].index == 6
    assert "fewer doses" in two.left_out[0].reason
    assert one.k == 7
    before = syn.dose_response(ALCOHOL, "quadratic")
    np.testing.assert_allclose(two.coefficients, before.coefficients, rtol=1e-9)
    assert one.se[0] < before.se[0]
    json.dumps(one.to_dict(), allow_nan=False)


def test_one_study() -> None:
    result = syn.dose_response(ALCOHOL[:1], "quadratic")
    assert result.k == 1
    assert not result.psi.any()
    assert "one study" in repr(result)


def test_emax_of_exact_data() -> None:
    """Studies on two Emax curves: each found, the mean between, predictions on exact curves."""
    studies = []
    for emax, ed50 in ((2.0, 3.0), (2.0, 3.0), (2.0, 3.0)):
        dose = np.array([1.0, 2.0, 5.0, 12.0])
        y = emax * (dose / (ed50 + dose) - 0.5 / (ed50 + 0.5))
        studies.append(syn.DoseStudy(dose, y, 0.02 * (np.eye(4) + 1.0), 0.5))
    result = syn.emax_response(studies)
    assert result.emax == pytest.approx(2.0, rel=1e-8)
    assert result.ed50 == pytest.approx(3.0, rel=1e-8)
    grid = np.array([0.5, 3.0, 20.0])
    at = result.predict(grid)
    np.testing.assert_allclose(at.estimate, 2.0 * grid / (3.0 + grid), rtol=1e-8)
    flat = syn.DoseStudy(np.array([1.0, 2.0]), np.array([0.5, 1.0]), 0.1 * np.eye(2))
    more = syn.emax_response([*studies, flat])
    assert more.left_out[0].index == 3
    assert "no ED50" in more.left_out[0].reason
    json.dumps(more.to_dict(), allow_nan=False)


def test_emax_against_another_optimiser() -> None:
    dose, y = np.array([1.0, 2.0, 5.0, 12.0]), np.array([0.5, 0.9, 1.1, 1.7])
    covariance = 0.02 * (np.eye(4) + 0.5)
    result = syn.emax_response([syn.DoseStudy(dose, y, covariance)])
    half = np.linalg.cholesky(np.linalg.inv(covariance)).T

    def curve(v: Any) -> Any:
        return half @ (y - v[0] * dose / (math.exp(v[1]) + dose))

    fit = optimize.least_squares(curve, [1.0, 0.0], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    np.testing.assert_allclose([result.emax, result.log_ed50], fit.x, rtol=1e-6)
    jacobian = np.array(fit.jac)
    expected = np.asarray(np.linalg.inv(jacobian.T @ jacobian))
    assert result.covariance == pytest.approx(expected, rel=1e-4)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.01, 100), st.floats(-3, 3), st.permutations(range(6)))
def test_scale_and_order(scale: float, tilt: float, order: list[int]) -> None:
    """A dose in other units and studies in another order change nothing but units; adding a
    straight line to every study adds it to the curve."""
    tilt /= 100.0
    base = syn.dose_response(ALCOHOL, "quadratic")
    moved = [
        syn.DoseStudy(s.dose * scale, s.y + tilt * s.dose, s.covariance)
        for s in (ALCOHOL[i] for i in order)
    ]
    result = syn.dose_response(moved, "quadratic")
    expected = (base.coefficients + np.array([tilt, 0.0])) / np.array([scale, scale**2])
    np.testing.assert_allclose(result.coefficients, expected, rtol=1e-5, atol=1e-7 / scale)
    assert result.log_likelihood is not None
    assert result.nonlinearity == pytest.approx(base.nonlinearity, rel=1e-4)


def test_results_are_frozen() -> None:
    for result in (ALCOHOL[0], syn.dose_response(ALCOHOL), syn.dose_response(ALCOHOL).predict([1])):
        field = dataclasses.fields(result)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, field, None)
        json.dumps(result.to_dict(), allow_nan=False)


def test_mistakes() -> None:
    good: dict[str, Any] = {"cases": [9, 8, 7], "n": [50, 50, 50], "kind": "cc", "label": "Ito"}
    with pytest.raises(ValueError, match="study 'Ito': 2 rows have no se"):
        syn.dose_ratios([0, 1, 2], [0, 0.1, 0.2], [None, None, 0.1], **good)
    with pytest.raises(ValueError, match=r"log_ratio\[0\] is 0.3"):
        syn.dose_ratios([0, 1, 2], [0.3, 0.1, 0.2], [None, 0.1, 0.1], **good)
    with pytest.raises(ValueError, match=r"se\[2\] is -0.1"):
        syn.dose_ratios([0, 1, 2], [0, 0.1, 0.2], [None, 0.1, -0.1], **good)
    with pytest.raises(ValueError, match="rows differ in number: dose 2"):
        syn.dose_ratios([0, 1], [0, 0.1, 0.2], [None, 0.1, 0.1], **good)
    with pytest.raises(ValueError, match=r"cases\[1\] is 80; expected at most n"):
        syn.dose_ratios([0, 1, 2], [0, 1, 1], [None, 1, 1], **{**good, "cases": [9, 80, 7]})
    with pytest.raises(ValueError, match="recovery is 'floating'"):
        syn.dose_ratios([0, 1, 2], [0, 1, 1], [None, 1, 1], **{**good, "recovery": "floating"})
    with pytest.raises(ValueError, match="kind is 'hr'"):
        syn.dose_ratios([0, 1, 2], [0, 1, 1], [None, 1, 1], **{**good, "kind": "hr"})
    with pytest.raises(ValueError, match="not positive definite"):
        syn.DoseStudy(np.array([1.0, 2]), np.array([0.1, 0.2]), np.ones((2, 2)))
    with pytest.raises(ValueError, match="no dose besides the reference"):
        syn.DoseStudy(np.array([]), np.array([]), np.empty((0, 0)))
    with pytest.raises(ValueError, match=r"sd\[1\] is 0"):
        syn.dose_means([0, 1], [1, 2], [1, 0], [5, 5])
    with pytest.raises(ValueError, match="studies is empty"):
        syn.dose_response([])
    with pytest.raises(ValueError, match="dose 0 has no logarithm"):
        syn.dose_response(ALCOHOL, "log")
    with pytest.raises(ValueError, match="needs ed50 above 0"):
        syn.dose_response(ALCOHOL, "emax")
    with pytest.raises(ValueError, match="knots is 9"):
        syn.dose_response(ALCOHOL, "spline", knots=9)
    with pytest.raises(ValueError, match="at least 3 that rise"):
        syn.dose_response(ALCOHOL, "spline", knots=[1.0, 1.0, 2.0])
    short = syn.DoseStudy(np.array([10.0]), np.array([-0.2]), np.array([[0.02]]))
    with pytest.raises(ValueError, match="for the 2 coefficients"):
        syn.dose_response([short, short], "quadratic", stages=1)
    with pytest.raises(ValueError, match="no study has an ED50"):
        syn.emax_response([short])
