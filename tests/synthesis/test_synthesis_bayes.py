"""``bayes_pool``: limits, identities, what callers use, mistakes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn

Y, SE = [0.3, 0.1, 0.6, -0.1], [0.2, 0.15, 0.3, 0.25]


def test_a_prior_at_zero_gives_the_common_effect() -> None:
    result = syn.bayes_pool(Y, SE, syn.HalfNormal(1e-9))
    common = syn.pool(Y, np.square(SE), "EE", "z")
    assert result.mu.mean == pytest.approx(common.estimate, rel=1e-10)
    assert result.mu.sd == pytest.approx(common.se, rel=1e-10)
    assert result.mu.interval() == pytest.approx(common.ci, rel=1e-9)
    assert result.tau.median == pytest.approx(1e-9 * stats.norm.ppf(0.75), rel=1e-6)


def test_a_sharp_prior_of_the_mean_is_kept() -> None:
    result = syn.bayes_pool(Y, SE, mu_prior=syn.Normal(0.0, 1e-5))
    assert result.mu.sd == pytest.approx(1e-5, rel=1e-4)
    assert abs(result.mu.mean) < 1e-6


def test_evidence_of_one_study_without_heterogeneity() -> None:
    result = syn.bayes_pool([0.4], [0.3], syn.HalfNormal(1e-7), syn.Normal(0.1, 0.5))
    expected = stats.norm.logpdf(0.4, 0.1, math.hypot(0.3, 0.5))
    assert result.log_evidence == pytest.approx(expected, abs=1e-10)


def test_shrinkage_pulls_towards_the_mean() -> None:
    result = syn.bayes_pool(Y, SE)
    assert len(result.shrinkage) == 4
    for index, y in enumerate(Y):
        pulled = result.shrinkage.median[index]
        assert min(y, result.mu.mean) - 0.02 < pulled < max(y, result.mu.mean) + 0.02
        assert result.shrinkage.sd[index] < SE[index]
        one = result.shrinkage[index]
        assert one.median == pytest.approx(pulled, rel=1e-12)
    low, high = result.shrinkage.interval(0.8)
    assert np.all(low < result.shrinkage.median)
    assert np.all(high > result.shrinkage.median)


def test_probabilities_add_up() -> None:
    result = syn.bayes_pool(Y, SE)
    parts = result.prob(below=0.1), result.prob(above=0.1, below=0.3), result.prob(above=0.3)
    assert sum(parts) == pytest.approx(1.0, abs=1e-12)
    assert result.predictive.prob(below=0) > result.mu.prob(below=0)
    assert result.tau.prob(above=0) == pytest.approx(1.0, abs=1e-12)
    assert result.mu.prob(above=1, below=-1) == 0.0


def test_nodes_carry_the_posterior() -> None:
    mu = syn.bayes_pool(Y, SE).mu
    nodes = mu.nodes(2001)
    assert np.median(nodes) == pytest.approx(mu.median, abs=1e-9)
    assert nodes.mean() == pytest.approx(mu.mean, abs=1e-3 * mu.sd)
    assert nodes.std() == pytest.approx(mu.sd, rel=1e-2)
    assert np.mean(nodes < 0) == pytest.approx(mu.prob(below=0), abs=1 / 2001)
    assert mu.expect(lambda x: x) == pytest.approx(mu.mean, rel=1e-12)
    assert mu.expect(np.square) == pytest.approx(mu.sd**2 + mu.mean**2, rel=1e-12)
    with pytest.raises(ValueError, match="n is 0"):
        mu.nodes(0)


def test_densities_integrate_to_one() -> None:
    result = syn.bayes_pool(Y, SE)
    x = np.linspace(-6, 6, 20001)
    for marginal in (result.mu, result.predictive, result.shrinkage[2]):
        assert np.trapezoid(marginal.density(x), x) == pytest.approx(1.0, abs=1e-5)
    tau = np.linspace(1e-12, 5, 20001)
    assert np.trapezoid(result.tau.density(tau), tau) == pytest.approx(1.0, abs=1e-4)
    assert result.tau.density([-1.0, 1e9]).tolist() == [0.0, 0.0]
    assert result.tau.cdf(-1.0) == 0.0
    assert result.tau.cdf(math.inf) == 1.0


def test_results_read_and_travel() -> None:
    result = syn.bayes_pool(Y, SE)
    plain = json.loads(json.dumps(result.to_dict(0.9), allow_nan=False))
    assert plain["mu"]["interval"] == list(result.mu.interval(0.9))
    assert plain["tau_prior"] == "HalfNormal(scale=0.5)"
    assert plain["mu_prior"] == "flat"
    assert "predictive" in repr(result)
    assert repr(result.mu).startswith("Mixture(median")
    assert repr(result.tau).startswith("TauMarginal(median")
    heavy = syn.bayes_pool([0.1], [0.2], syn.HalfCauchy(1)).to_dict()
    assert heavy["mu"]["sd"] == "inf"


def test_the_same_data_give_the_same_bytes() -> None:
    one, other = (json.dumps(syn.bayes_pool(Y, SE).to_dict()) for _ in range(2))
    assert one == other


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.05, 2)), min_size=1, max_size=8),
    st.floats(-3, 3),
    st.floats(0.01, 100),
)
def test_shift_scale_and_order(rows: list[tuple[float, float]], shift: float, scale: float) -> None:
    y, se = np.array(rows).T
    base = syn.bayes_pool(y, se, syn.HalfNormal(0.5))
    moved = syn.bayes_pool(scale * (y[::-1] + shift), scale * se[::-1], syn.HalfNormal(0.5 * scale))
    for p in (0.025, 0.5, 0.975):
        assert moved.mu.quantile(p) / scale - shift == pytest.approx(
            base.mu.quantile(p), abs=1e-8 * base.mu.sd
        )
        assert moved.tau.quantile(p) / scale == pytest.approx(base.tau.quantile(p), rel=1e-8)
    assert -moved.shrinkage.mean[0] / scale + shift == pytest.approx(
        -base.shrinkage.mean[-1], abs=1e-8
    )


def test_priors_integrate_to_one_and_agree_with_themselves() -> None:
    priors: list[syn.TauPrior] = [
        syn.HalfNormal(0.7),
        syn.HalfT(3, 0.7),
        syn.HalfCauchy(0.7),
        syn.LogNormal(-1, 0.8),
        syn.LogT(-1, 0.8),
        syn.Uniform(2.0),
    ]
    for prior in priors:
        tau = np.linspace(0.2, 1.7, 4001)
        area = np.trapezoid(np.exp(prior.log_density(tau)), tau)
        assert area == pytest.approx(prior.mass_below(1.7) - prior.mass_below(0.2), rel=1e-6)
        assert prior.proper
    assert syn.HalfT(1, 0.7).mass_below(0.5) == pytest.approx(syn.HalfCauchy(0.7).mass_below(0.5))
    assert not syn.Uniform().proper


def test_priors_published_for_tau2_are_halved() -> None:
    """P(tau < x) must be P(tau2 < x^2)."""
    tau2 = stats.lognorm(1.85, scale=math.exp(-3.02))
    prior = syn.LogNormal.from_tau2(-3.02, 1.85)
    assert prior.mass_below(0.3) == pytest.approx(tau2.cdf(0.09), rel=1e-12)
    t = syn.LogT.from_tau2(-2.5, 1.5)
    assert t.mass_below(0.3) == pytest.approx(stats.t.cdf((math.log(0.09) + 2.5) / 1.5, 5))


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="do not make the posterior proper"):
        syn.bayes_pool([0.1, 0.2], [0.1, 0.1], syn.Uniform())
    with pytest.raises(ValueError, match=r"se\[1\] is 0"):
        syn.bayes_pool([0.1, 0.2], [0.1, 0.0])
    with pytest.raises(ValueError, match="scale is -1"):
        syn.HalfNormal(-1)
    with pytest.raises(ValueError, match="sdlog is 0"):
        syn.LogNormal(0, 0)
    with pytest.raises(ValueError, match="meanlog is nan"):
        syn.LogNormal(math.nan, 1)
    with pytest.raises(ValueError, match="upper is 0"):
        syn.Uniform(0)
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        syn.bayes_pool(Y, SE).mu.quantile(1.0)
    assert syn.bayes_pool([0.1, 0.2], [0.1, 0.1], syn.Uniform(), syn.Normal(0, 1)).converged
