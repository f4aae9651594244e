"""Bayesian meta-regression: against ``bayes_pool``, least squares, and a second integration.

bayesmeta's ``bmr`` is not among the references; the independent check writes the data's joint
normal law out as a matrix and integrates over tau by QUADPACK.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from saisei import synthesis as syn

REFERENCE = json.loads((Path(__file__).parent / "reference" / "bayes.json").read_text("utf-8"))
CASES = [c for c in REFERENCE["cases"] if c["tau_prior"]["name"] == "halfnormal"][::3]
BCG = next(c for c in REFERENCE["cases"] if c["dataset"] == "bcg")
Y, SE = np.array(BCG["y"]), np.array(BCG["sigma"])
LATITUDE = np.array([44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33], float)
YEAR = np.array([1948, 49, 60, 77, 73, 53, 73, 80, 68, 61, 74, 69, 76], float)
YEAR[1:] += 1900
X = np.column_stack([LATITUDE, YEAR])
PRIORS = (syn.Normal(0, 2), syn.Normal(0, 0.1), None)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['dataset']}-{bool(c['mu_prior'])}")
def test_an_intercept_alone_is_bayes_pool(case: dict[str, Any]) -> None:
    prior = syn.HalfNormal(case["tau_prior"]["scale"])
    mu_prior = syn.Normal(*case["mu_prior"]) if case["mu_prior"] else None
    pooled = syn.bayes_pool(case["y"], case["sigma"], prior, mu_prior)
    found = syn.bayes_regress(case["y"], case["sigma"], None, prior, mu_prior)
    there = found.predict()[0]
    for ours, theirs in (
        (found["intercept"], pooled.mu),
        (found.tau, pooled.tau),
        (there.mu, pooled.mu),
        (there.predictive, pooled.predictive),
    ):
        np.testing.assert_allclose(ours.interval(), theirs.interval(), atol=1e-10 * theirs.sd)
        assert (ours.mean, ours.sd) == pytest.approx((theirs.mean, theirs.sd), rel=1e-10, abs=1e-12)
    if pooled.log_evidence is None:
        assert found.log_evidence is None
    else:
        assert found.log_evidence == pytest.approx(pooled.log_evidence, abs=1e-10)


def test_quantiles_by_a_second_integration() -> None:
    """A slope, a mean effect and a new setting to 1e-9 posterior SDs."""
    design = np.column_stack([np.ones(Y.size), X - X.mean(0)])
    result = syn.bayes_regress(Y, SE, X - X.mean(0), syn.HalfNormal(0.5), PRIORS)
    precision = np.diag([1 / 4, 1 / 0.01, 0.0])
    row = np.array([1.0, 5.0, -3.0])

    def given_tau(tau: float) -> tuple[float, np.ndarray, np.ndarray]:
        w = 1.0 / (SE**2 + tau**2)
        total = design.T @ (w[:, None] * design) + precision
        beta = np.linalg.solve(total, design.T @ (w * Y))
        loss = float(w @ np.square(Y - design @ beta) + beta @ precision @ beta)
        log = 0.5 * float(np.log(w).sum() - np.linalg.slogdet(total)[1]) - 0.5 * loss
        return math.exp(log) * math.exp(-2 * tau * tau), beta, np.linalg.inv(total)

    def integral(at: float | None, row: np.ndarray, new: float, end: float = 5.0) -> float:
        def integrand(tau: float) -> float:
            height, beta, covariance = given_tau(tau)
            if at is None:
                return height
            spread = math.sqrt(row @ covariance @ row + new * tau * tau)
            return height * 0.5 * math.erfc((float(row @ beta) - at) / spread / math.sqrt(2))

        cuts = itertools.pairwise([c for c in (0.0, 0.1, 0.3, 0.6, 1.5) if c < end] + [end])
        return sum(integrate.quad(integrand, *cut, epsabs=0.0, epsrel=1e-11)[0] for cut in cuts)

    there = result.predict([[5.0, -3.0]])[0]
    total = integral(None, row, 0.0)
    for marginal, where, new in (
        (result["x1"], np.array([0.0, 1.0, 0.0]), 0.0),
        (result["x2"], np.array([0.0, 0.0, 1.0]), 0.0),
        (there.mu, row, 0.0),
        (there.predictive, row, 1.0),
    ):
        for p in (0.025, 0.5, 0.975):
            x = marginal.quantile(p)
            error = (integral(x, where, new) / total - p) / float(marginal.density(x)[0])
            assert abs(error) <= 1e-9 * marginal.sd
    tau = result.tau.quantile(0.975)
    error = integral(None, row, 0.0, end=tau) / total - 0.975
    assert abs(error) <= 1e-9 * float(result.tau.density(tau)[0]) * result.tau.sd


def test_evidence_by_a_second_integration() -> None:
    priors = (syn.Normal(0.2, 2), syn.Normal(-0.01, 0.05))
    found = syn.bayes_regress(Y, SE, LATITUDE, syn.HalfNormal(0.5), priors)
    design = np.column_stack([np.ones(Y.size), LATITUDE])
    shared = design @ np.diag([4.0, 0.0025]) @ design.T
    centre = design @ [0.2, -0.01]

    def integrand(tau: float) -> float:
        covariance = shared + np.diag(SE**2 + tau**2)
        height = stats.multivariate_normal.pdf(Y, centre, covariance)
        return float(height) * float(stats.halfnorm.pdf(tau, scale=0.5))

    cuts = itertools.pairwise([0.0, 0.1, 0.3, 0.8, 4.0])
    evidence = sum(integrate.quad(integrand, *cut, epsabs=0.0, epsrel=1e-10)[0] for cut in cuts)
    assert found.log_evidence == pytest.approx(math.log(evidence), abs=1e-8)


def test_without_heterogeneity_it_is_weighted_least_squares() -> None:
    result = syn.bayes_regress(Y, SE, X, syn.HalfNormal(1e-7), names=["latitude", "year"])
    design = np.column_stack([np.ones(Y.size), X - X.mean(0)]) / SE[:, None]
    beta, covariance = np.linalg.lstsq(design, Y / SE)[0], np.linalg.inv(design.T @ design)
    for j, name in ((1, "latitude"), (2, "year")):
        assert result[name].mean == pytest.approx(beta[j], rel=1e-9)
        assert result[name].sd == pytest.approx(math.sqrt(covariance[j, j]), rel=1e-9)


def test_two_groups_are_pooled_apart_but_for_tau() -> None:
    """Group indicators without an intercept, tau all but known: each group's own pool."""
    group = np.arange(Y.size) % 2
    tau_prior = syn.LogNormal(math.log(0.3), 1e-4)
    both = syn.bayes_regress(
        Y, SE, np.column_stack([group == 0, group == 1]), tau_prior, intercept=False
    )
    for j, name in enumerate(both.names):
        alone = syn.bayes_pool(Y[group == j], SE[group == j], tau_prior)
        assert both[name].interval() == pytest.approx(alone.mu.interval(), abs=1e-6)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e3))
@settings(max_examples=15, deadline=None)
def test_moderators_may_be_shifted_and_scaled(shift: float, scale: float) -> None:
    one = syn.bayes_regress(Y, SE, LATITUDE)
    other = syn.bayes_regress(Y, SE, shift + scale * LATITUDE)
    low, high = other["x1"].interval()
    tolerance = 1e-7 * one["x1"].sd
    assert (low * scale, high * scale) == pytest.approx(one["x1"].interval(), abs=tolerance)
    assert other.tau.median == pytest.approx(one.tau.median, rel=1e-8)
    ours, theirs = other.predict([shift + scale * 20.0])[0], one.predict([20.0])[0]
    assert ours.predictive.interval() == pytest.approx(theirs.predictive.interval(), abs=1e-7)


def test_what_it_prints() -> None:
    result = syn.bayes_regress(Y, SE, LATITUDE, names=["latitude"])
    assert result.names == ("intercept", "latitude")
    assert "latitude  median" in repr(result)
    assert result["latitude"].prob(below=0) > 0.99
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["coefficient_prior"] == {"intercept": "flat", "latitude": "flat"}
    assert len(result.predict([10.0, 50.0])) == 2
    assert result.converged


def test_moments_that_do_not_exist() -> None:
    """Three studies, two flat coefficients: the likelihood falls as 1 / tau."""
    result = syn.bayes_regress([0.1, 0.4, 0.2], [0.1, 0.2, 0.1], [1, 2, 3], syn.HalfCauchy(0.5))
    assert result["x1"].sd == result.tau.sd == math.inf
    assert math.isfinite(result["x1"].mean)
    held = syn.bayes_regress(
        [0.1, 0.4, 0.2], [0.1, 0.2, 0.1], [1, 2, 3], syn.HalfCauchy(0.5), syn.Normal(0, 1)
    )
    assert held["x1"].sd < 1


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="collinear"):
        syn.bayes_regress(Y, SE, np.column_stack([LATITUDE, 2 * LATITUDE]))
    with pytest.raises(ValueError, match="collinear"):
        syn.bayes_regress(Y[:2], SE[:2], X[:2])
    with pytest.raises(ValueError, match="x has 12 rows; expected 13"):
        syn.bayes_regress(Y, SE, LATITUDE[1:])
    with pytest.raises(ValueError, match="coefficient_prior has 1 entries; expected 2"):
        syn.bayes_regress(Y, SE, LATITUDE, coefficient_prior=[None])
    with pytest.raises(ValueError, match="it takes 4"):
        syn.bayes_regress(Y[:3], SE[:3], LATITUDE[:3], syn.Uniform())
    with pytest.raises(ValueError, match="neither an intercept nor"):
        syn.bayes_regress(Y, SE, intercept=False)
    result = syn.bayes_regress(Y, SE, LATITUDE)
    with pytest.raises(ValueError, match="no coefficient 'year'"):
        _ = result["year"]
    with pytest.raises(ValueError, match="x has 2 columns; expected 1"):
        result.predict([[1.0, 2.0]])
