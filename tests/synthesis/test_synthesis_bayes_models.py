"""Evidence, Bayes factors and averages over models.

The independent check writes the data's joint normal law out as a matrix (the mean effect's prior
as a shared covariance) and integrates over tau by QUADPACK; nothing is shared with the library.
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
WITH_EVIDENCE = [
    c
    for c in REFERENCE["cases"]
    if c["marginal_likelihood"] is not None and c["tau_prior"]["name"] == "halfnormal"
]
CRINS = next(c for c in REFERENCE["cases"] if c["dataset"] == "crins2014_acr")
Y, SE = np.array(CRINS["y"]), np.array(CRINS["sigma"])
PRIOR, MU = syn.HalfNormal(0.5), syn.Normal(0.3, 1.2)


def joint(tau: float, mean: float, sd: float) -> float:
    """Density of the data given tau, the mean effect normal."""
    covariance = np.diag(SE**2 + tau**2) + sd**2
    return float(stats.multivariate_normal.pdf(Y, np.full(Y.size, mean), covariance))


def over_tau(mean: float, sd: float) -> float:
    """Marginal likelihood under the half-normal prior, by adaptive quadrature."""

    def integrand(tau: float) -> float:
        return joint(tau, mean, sd) * float(stats.halfnorm.pdf(tau, scale=0.5))

    cuts = itertools.pairwise([0.0, 0.3, 1.0, 2.5, 6.0])
    return sum(integrate.quad(integrand, *cut, epsabs=0.0, epsrel=1e-11)[0] for cut in cuts)


def test_evidence_and_bayes_factors_by_a_second_integration() -> None:
    found = syn.bayes_factors(Y, SE, PRIOR, MU)
    random, common = over_tau(0.3, 1.2), joint(0.0, 0.3, 1.2)
    assert found.log_evidence == pytest.approx(math.log(random), abs=1e-10)
    assert found.tau_zero == pytest.approx(common / random, rel=1e-10)
    assert found.mu_zero == pytest.approx(over_tau(0.0, 0.0) / random, rel=1e-10)
    assert found.mu_zero_common == pytest.approx(joint(0.0, 0.0, 0.0) / common, rel=1e-10)
    shifted = syn.bayes_factors(Y, SE, PRIOR, MU, null=-1.0)
    assert shifted.mu_zero == pytest.approx(over_tau(-1.0, 0.0) / random, rel=1e-10)
    assert found.converged
    assert json.loads(json.dumps(found.to_dict()))["log_tau_zero"] == found.log_tau_zero


@pytest.mark.parametrize("case", WITH_EVIDENCE, ids=lambda c: f"{c['dataset']}-{c['tau_prior']}")
def test_evidence_as_bayesmeta(case: dict[str, Any]) -> None:
    """R's integral to its default of about 1e-8."""
    prior = syn.HalfNormal(case["tau_prior"]["scale"])
    found = syn.bayes_factors(case["y"], case["sigma"], prior, syn.Normal(*case["mu_prior"]))
    assert found.log_evidence is not None
    assert math.exp(found.log_evidence) == pytest.approx(case["marginal_likelihood"], rel=1e-8)


def test_flat_mean_is_the_limit_of_a_wide_one() -> None:
    flat = syn.bayes_factors(Y, SE, PRIOR)
    wide = syn.bayes_factors(Y, SE, PRIOR, syn.Normal(0, 1e5))
    assert flat.log_tau_zero == pytest.approx(wide.log_tau_zero, abs=1e-8)
    assert flat.mu_zero is flat.mu_zero_common is flat.log_evidence is None
    # Bartlett and Lindley: the wider the prior, the more the data seem to speak for no effect.
    assert wide.mu_zero is not None
    assert wide.mu_zero > 1


def test_a_narrow_prior_is_a_common_effect() -> None:
    found = syn.bayes_factors(Y, SE, syn.HalfNormal(1e-7), MU)
    assert found.tau_zero == pytest.approx(1.0, abs=1e-9)


# Averages -------------------------------------------------------------------------------------

PRIORS: list[syn.TauPrior | None] = [
    None,
    syn.HalfNormal(0.5),
    syn.HalfCauchy(0.3),
    syn.LogNormal(-1.6, 0.9),
]


def test_average_is_the_law_of_total_probability() -> None:
    average = syn.bayes_average(Y, SE, PRIORS, MU, weights=[4, 3, 2, 1])
    alone = [syn.bayes_pool(Y, SE, prior, MU) for prior in PRIORS if prior is not None]
    evidence = np.array([math.log(joint(0.0, 0.3, 1.2)), *(one.log_evidence for one in alone)])
    np.testing.assert_allclose(average.log_evidence, evidence, atol=1e-10)
    share = np.array([0.4, 0.3, 0.2, 0.1]) * np.exp(evidence - evidence.max())
    share /= share.sum()
    np.testing.assert_allclose(average.probabilities, share, rtol=1e-9)
    precision = float((SE**-2).sum() + 1.2**-2)
    centre = (float((Y / SE**2).sum()) + 0.3 / 1.44) / precision
    for x in (-2.4, -1.5, -0.8):
        common = float(stats.norm.cdf(x, centre, precision**-0.5))
        for part in ("mu", "predictive"):
            wanted = [common, *(getattr(one, part).cdf(x) for one in alone)]
            assert getattr(average, part).cdf(x) == pytest.approx(float(share @ wanted), abs=1e-11)
    for x in (0.0, 0.05, 0.4, 1.5):
        wanted = [1.0, *(one.tau.cdf(x) for one in alone)]
        assert average.tau.cdf(x) == pytest.approx(float(share @ wanted), abs=1e-11)
    assert average.tau.zero == pytest.approx(share[0])
    assert average.tau.mean == pytest.approx(share[1:] @ [one.tau.mean for one in alone])
    squares = [one.tau.sd**2 + one.tau.mean**2 for one in alone]
    assert average.tau.sd**2 + average.tau.mean**2 == pytest.approx(share[1:] @ squares)
    assert average.converged


def test_quantiles_of_an_averaged_tau() -> None:
    tau = syn.bayes_average(Y, SE, PRIORS).tau
    assert tau.zero > 0.2
    p = np.array([tau.zero * 0.9, tau.zero + 1e-6, 0.5, 0.9, 0.999])
    x = tau.quantile(p)
    assert x[0] == 0.0
    np.testing.assert_allclose(tau.cdf(x[1:]), p[1:], rtol=1e-9)
    low, high = tau.shortest()
    assert low == 0.0
    assert tau.cdf(high) == pytest.approx(0.95)
    assert tau.density(0.3)[0] == pytest.approx(
        (tau.cdf(0.3 + 1e-5) - tau.cdf(0.3 - 1e-5)) / 2e-5, rel=1e-6
    )
    assert math.log(tau.density(0.3)[0]) == pytest.approx(tau.log_density(0.3)[0])


def test_one_model_is_bayes_pool() -> None:
    average, alone = syn.bayes_average(Y, SE, [PRIOR]), syn.bayes_pool(Y, SE, PRIOR)
    for part in ("mu", "tau", "predictive"):
        ours, theirs = getattr(average, part), getattr(alone, part)
        assert ours.interval() == pytest.approx(theirs.interval(), rel=1e-11)
        assert (ours.mean, ours.sd) == pytest.approx((theirs.mean, theirs.sd), rel=1e-11)
        assert ours.shortest() == pytest.approx(theirs.shortest(), rel=1e-9)
    assert "common" not in repr(average)


def test_a_common_effect_alone() -> None:
    average = syn.bayes_average(Y, SE, [None])
    precision = float((SE**-2).sum())
    assert average.mu.sd == pytest.approx(precision**-0.5)
    assert average.predictive.interval() == average.mu.interval()
    assert average.tau.interval() == (0.0, 0.0)
    assert average.tau.mean == average.tau.sd == 0.0


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 3)), min_size=1, max_size=6),
    st.floats(-10, 10),
)
@settings(max_examples=10, deadline=None)
def test_order_of_models_and_shift_do_not_matter(
    rows: list[tuple[float, float]], shift: float
) -> None:
    y, se = np.array(rows).T
    one = syn.bayes_average(y, se, [None, syn.HalfNormal(1.0), syn.Exponential(0.5)])
    other = syn.bayes_average(y + shift, se, [syn.Exponential(0.5), None, syn.HalfNormal(1.0)])
    np.testing.assert_allclose(one.probabilities, other.probabilities[[1, 2, 0]], atol=1e-9)
    assert other.mu.median == pytest.approx(one.mu.median + shift, abs=1e-8)


def test_moments_that_do_not_exist() -> None:
    average = syn.bayes_average([-2.3, -1.26], [0.56, 0.64], [None, syn.HalfCauchy(0.5)])
    assert average.mu.sd == average.tau.sd == average.predictive.sd == math.inf
    assert json.loads(json.dumps(average.to_dict()))["mu"]["sd"] == "inf"


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="is improper"):
        syn.bayes_factors(Y, SE, syn.Uniform())
    with pytest.raises(ValueError, match="is improper"):
        syn.bayes_average(Y, SE, [None, syn.Power(1.0)])
    with pytest.raises(ValueError, match="null is nan"):
        syn.bayes_factors(Y, SE, null=math.nan)
    with pytest.raises(ValueError, match="no model"):
        syn.bayes_average(Y, SE, [])
    with pytest.raises(ValueError, match="weights has 1 values; expected 2"):
        syn.bayes_average(Y, SE, weights=[1.0])
    with pytest.raises(ValueError, match=r"weights\[1\] is 0"):
        syn.bayes_average(Y, SE, weights=[1.0, 0.0])
