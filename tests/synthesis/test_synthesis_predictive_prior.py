"""The predictive prior: what a fit must keep, closed forms, and consistency of its sample size."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from saisei import synthesis as syn

REFERENCE = json.loads((Path(__file__).parent / "reference" / "bayes.json").read_text("utf-8"))
CRINS = next(c for c in REFERENCE["cases"] if c["dataset"] == "crins2014_acr")
POSTERIOR = syn.bayes_pool(CRINS["y"], CRINS["sigma"])
FAMILIES: dict[str, type[Any]] = {
    "halfnormal": syn.HalfNormal,
    "halfcauchy": syn.HalfCauchy,
    "lognormal": syn.LogNormal,
}


@pytest.mark.parametrize("components", [1, 2, 3, 4])
def test_a_fit_keeps_mean_and_variance(components: int) -> None:
    """What any fit at rest does; the grid ends at 1e-9 of either tail."""
    prior = syn.predictive_prior(POSTERIOR, components)
    exact = POSTERIOR.predictive
    assert prior.converged
    assert prior.weights.sum() == pytest.approx(1.0)
    assert prior.mixture.mean == pytest.approx(exact.mean, abs=1e-6 * exact.sd)
    assert prior.mixture.sd == pytest.approx(exact.sd, rel=1e-6)


def test_more_components_come_closer() -> None:
    fits = [syn.predictive_prior(POSTERIOR, n) for n in (1, 2, 3, 4)]
    divergences = [fit.divergence for fit in fits]
    assert divergences == sorted(divergences, reverse=True)
    best = fits[-1]
    assert best.divergence < 1e-5
    assert best.largest_gap < 1e-3
    x = np.linspace(-5.0, 2.0, 400)
    gap = np.abs(best.mixture.cdf(x) - POSTERIOR.predictive.cdf(x)).max()
    assert gap == pytest.approx(best.largest_gap, rel=0.02)
    wanted = POSTERIOR.predictive.interval()
    assert best.mixture.interval() == pytest.approx(wanted, abs=0.02 * POSTERIOR.predictive.sd)


@pytest.mark.parametrize("components", [2, 3])
def test_no_search_does_better(components: int) -> None:
    """SciPy's BFGS from 4 random starts never ends lower, and the divergence is QUADPACK's."""
    fit, exact = syn.predictive_prior(POSTERIOR, components), POSTERIOR.predictive
    x = np.linspace(-9.0, 6.0, 301)  # evenly spaced: nothing is lost of a smooth function
    mass = 15.0 / 300 * exact.density(x)

    def divergence(at: Any) -> float:
        eta, means, lam = at.reshape(3, -1)
        log = special.log_softmax(eta) + (
            -0.5 * ((x[:, None] - means) * np.exp(-lam)) ** 2 - lam - 0.5 * math.log(2 * math.pi)
        )
        top = log.max(1)
        return -float(mass @ (top + np.log(np.exp(log - top[:, None]).sum(1))))

    own = np.concatenate([np.log(fit.weights), fit.means, np.log(fit.sds)])
    random = np.random.default_rng(3)
    for _ in range(4):
        spread = exact.sd * np.exp(random.uniform(-1.5, 1, components))
        centres = exact.mean + exact.sd * random.normal(size=components)
        start = np.concatenate([np.zeros(components), centres, np.log(spread)])
        best = optimize.minimize(divergence, start, method="BFGS")
        assert divergence(own) <= best.fun + 1e-9

    def height(t: float) -> float:
        f = float(exact.density(t)[0])
        return f * math.log(f / float(fit.mixture.density(t)[0]))

    cuts = [-9.0, -4.0, -2.5, -1.5, -0.5, 1.0, 6.0]
    total = sum(
        integrate.quad(height, a, b, epsabs=1e-12, limit=100)[0]
        for a, b in itertools.pairwise(cuts)
    )
    # Our grid ends at 1e-9 of either tail.
    assert fit.divergence == pytest.approx(total, abs=1e-6)


def test_every_published_set_comes_to_rest() -> None:
    """Four components each, heavy tails included; what is reported is a number."""
    for case in REFERENCE["cases"][::9]:
        parameters = dict(case["tau_prior"])
        result = syn.bayes_pool(
            case["y"], case["sigma"], FAMILIES[parameters.pop("name")](*parameters.values())
        )
        fit = syn.predictive_prior(result, 4)
        assert fit.converged
        assert math.isfinite(fit.divergence)
        assert fit.divergence < 3e-3
    heavy = syn.predictive_prior(syn.bayes_pool([0.4, 0.1], [0.2, 0.3], syn.HalfCauchy(0.5)), 4)
    assert heavy.converged
    assert math.isfinite(heavy.divergence)


def test_two_peaks_are_found() -> None:
    """Components side by side, which nested starts do not lead to."""
    known = syn.PredictivePrior(np.array([0.6, 0.4]), np.array([-2.0, 3.0]), np.array([0.5, 0.6]))
    again = syn.predictive_prior(known.mixture, 2)
    assert again.converged
    np.testing.assert_allclose(again.means, known.means, rtol=1e-5)
    np.testing.assert_allclose(again.weights, known.weights, rtol=1e-5)
    three = syn.predictive_prior(known.mixture, 3)
    assert three.divergence < 1e-8


def test_a_known_mixture_is_found_again() -> None:
    known = syn.PredictivePrior(np.array([0.7, 0.3]), np.array([0.2, 0.2]), np.array([0.5, 2.0]))
    again = syn.predictive_prior(known.mixture, 2)
    assert again.divergence < 1e-8
    np.testing.assert_allclose(again.weights, known.weights, rtol=1e-5)
    np.testing.assert_allclose(again.sds, known.sds, rtol=1e-5)


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
