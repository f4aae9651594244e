"""The predictive prior: what a fit must keep, closed forms, and consistency of its sample size."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from saisei import synthesis as syn

REFERENCE = json.loads((Path(__file__).parent / "reference" / "bayes.json").read_text("utf-8"))
CRINS = next(c for c in REFERENCE["cases"] if c["dataset"] == "crins2014_acr")
POSTERIOR = syn.bayes_pool(CRINS["y"], CRINS["sigma"])


@pytest.mark.parametrize("components", [1, 2, 3])
def test_a_fit_keeps_mean_and_variance(components: int) -> None:
    """EM's own invariant; the grid ends at 1e-9 of either tail."""
    prior = syn.predictive_prior(POSTERIOR, components)
    exact = POSTERIOR.predictive
    assert prior.converged
    assert prior.weights.sum() == pytest.approx(1.0)
    assert prior.mixture.mean == pytest.approx(exact.mean, abs=1e-6 * exact.sd)
    assert prior.mixture.sd == pytest.approx(exact.sd, rel=1e-6)


def test_more_components_come_closer() -> None:
    fits = [syn.predictive_prior(POSTERIOR, n) for n in (1, 2, 3)]
    divergences = [fit.divergence for fit in fits]
    assert divergences == sorted(divergences, reverse=True)
    best = fits[-1]
    assert best.divergence < 1e-3
    assert best.largest_gap < 5e-3
    x = np.linspace(-5.0, 2.0, 400)
    gap = np.abs(best.mixture.cdf(x) - POSTERIOR.predictive.cdf(x)).max()
    assert gap == pytest.approx(best.largest_gap, rel=0.02)
    wanted = POSTERIOR.predictive.interval()
    assert best.mixture.interval() == pytest.approx(wanted, abs=0.02 * POSTERIOR.predictive.sd)


def test_a_known_mixture_is_found_again() -> None:
    known = syn.PredictivePrior(np.array([0.7, 0.3]), np.array([0.2, 0.2]), np.array([0.5, 2.0]))
    again = syn.predictive_prior(known.mixture, 2)
    assert again.divergence < 1e-8
    np.testing.assert_allclose(again.weights, known.weights, atol=2e-3)
    np.testing.assert_allclose(again.sds, known.sds, rtol=2e-3)


def test_update_is_bayes_theorem() -> None:
    prior = syn.predictive_prior(POSTERIOR).robust(0.2, 0.0, 2.0)
    after = prior.update(0.3, 0.4)

    def height(x: float) -> float:
        return float(prior.mixture.density(x)[0]) * float(stats.norm.pdf(0.3, x, 0.4))

    total = integrate.quad(height, -8, 8, epsrel=1e-11, limit=200)[0]
    for x in (-1.0, 0.0, 0.5):
        assert after.mixture.density(x)[0] == pytest.approx(height(x) / total, rel=1e-8)


def test_effective_sample_size_of_one_normal() -> None:
    one = syn.PredictivePrior(np.ones(1), np.array([0.3]), np.array([0.25]))
    for method in ("elir", "moment"):
        assert one.effective_sample_size(2.0, method) == pytest.approx(64.0, rel=1e-6)


def test_effective_sample_size_by_a_second_integration() -> None:
    """The mean of -(log p)'' by differences and QUADPACK."""
    prior = syn.predictive_prior(POSTERIOR).robust(0.1, 0.0, 2.0)

    def curvature(x: float) -> float:
        step = 1e-4
        middle, above, below = np.log(prior.mixture.density(np.array([x, x + step, x - step])))
        return -float(above + below - 2 * middle) / step**2 * math.exp(middle)

    found = sum(
        integrate.quad(curvature, a, b, epsrel=1e-8)[0]
        for a, b in ((-9, -3), (-3, -1.6), (-1.6, -0.5), (-0.5, 8))
    )
    assert prior.effective_sample_size(1.0) == pytest.approx(found, rel=1e-5)


def test_effective_sample_size_is_predictively_consistent() -> None:
    """On average over what n observations may show, it grows by n (Neuenschwander 2020)."""
    prior, n, unit = syn.predictive_prior(POSTERIOR, 2).robust(0.2, 0.0, 2.0), 10, 2.0
    se = unit / math.sqrt(n)
    ahead = syn.PredictivePrior(prior.weights, prior.means, np.hypot(prior.sds, se)).mixture
    y = np.linspace(ahead.quantile(1e-7), ahead.quantile(1 - 1e-7), 401)
    after = [prior.update(float(one), se).effective_sample_size(unit) for one in y]
    average = float(np.trapezoid(ahead.density(y) * after, y))
    assert average == pytest.approx(prior.effective_sample_size(unit) + n, rel=1e-4)


def test_what_it_prints() -> None:
    prior = syn.predictive_prior(syn.bayes_average(CRINS["y"], CRINS["sigma"]), 2)
    assert repr(prior).count("N(") == 2
    assert json.loads(json.dumps(prior.to_dict()))["converged"] is True


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="components is 0"):
        syn.predictive_prior(POSTERIOR, 0)
    prior = syn.predictive_prior(POSTERIOR, 1)
    with pytest.raises(ValueError, match="unit_sd is 0"):
        prior.effective_sample_size(0.0)
    with pytest.raises(ValueError, match="method is 'best'"):
        prior.effective_sample_size(1.0, "best")  # type: ignore[arg-type] # the mistake is the test
    with pytest.raises(ValueError, match="weight is 1"):
        prior.robust(1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="se is -1"):
        prior.update(0.1, -1.0)
    with pytest.raises(ValueError, match="y is nan"):
        prior.update(math.nan, 1.0)
