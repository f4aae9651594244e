"""``bayes_pool`` against a second, independent integration, to 1e-6 posterior SDs and better.

Here the model is written anew with scalars and integrated over log(tau) by QUADPACK's adaptive
rule, between points of its own choosing; nothing is shared but the priors' densities.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from saisei import synthesis as syn
from saisei.synthesis.bayes.marginals import Marginal

Given = Callable[[float, float, float], float]


def _one(*_: float) -> float:
    return 1.0


@dataclass
class Second:
    """The same posterior by adaptive quadrature."""

    y: list[float]
    se: list[float]
    prior: syn.TauPrior
    mu_prior: syn.Normal | None = None

    def __post_init__(self) -> None:
        grid = np.linspace(-30, 60, 3001)
        heights = np.array([self.log_height(u)[0] for u in grid])
        self.peak = float(heights.max())
        kept = grid[heights > self.peak - 60]
        mode = float(grid[heights.argmax()])
        end = min(kept[-1] + 0.1, math.log(self.prior.upper))
        self.points = sorted({*np.linspace(kept[0] - 0.1, end, 25).tolist(), mode})
        self.total = self.integral(_one)

    def log_height(self, u: float) -> tuple[float, float, float]:
        """Log density of u = log(tau), and mean and variance of mu given it."""
        tau2 = math.exp(2 * u)
        precision, weighted, log_likelihood = 0.0, 0.0, 0.0
        if self.mu_prior:
            precision = self.mu_prior.sd**-2
            weighted = precision * self.mu_prior.mean
        for y, se in zip(self.y, self.se, strict=True):
            variance = se**2 + tau2
            precision += 1 / variance
            weighted += y / variance
            log_likelihood -= 0.5 * math.log(variance)
        mean = weighted / precision
        for y, se in zip(self.y, self.se, strict=True):
            log_likelihood -= 0.5 * (y - mean) ** 2 / (se**2 + tau2)
        if self.mu_prior:
            log_likelihood -= 0.5 * ((mean - self.mu_prior.mean) / self.mu_prior.sd) ** 2
        prior = float(self.prior.log_density(np.array([math.exp(u)]))[0])
        return log_likelihood - 0.5 * math.log(precision) + prior + u, mean, 1 / precision

    def integral(self, function: Given, end: float = math.inf) -> float:
        """Integrate a function of (tau, mean, variance) against the density, up to log(tau)."""

        def integrand(u: float) -> float:
            height, mean, variance = self.log_height(u)
            return math.exp(height - self.peak) * function(math.exp(u), mean, variance)

        total = 0.0
        for low, high in itertools.pairwise(self.points):
            if low < end:
                total += integrate.quad(
                    integrand, low, min(high, end), epsabs=1e-14, epsrel=1e-12, limit=200
                )[0]
        return total

    def cdf(self, part: str, x: float) -> float:
        """Distribution function of tau, mu or the predictive."""
        if part == "tau":
            return self.integral(_one, math.log(x)) / self.total
        extra = 1.0 if part == "predictive" else 0.0

        def below(tau: float, mean: float, variance: float) -> float:
            return 0.5 * math.erfc((mean - x) / math.sqrt(2 * (variance + extra * tau * tau)))

        return self.integral(below) / self.total


RUBIN = (
    [28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16],
    [14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6],
)
BCG_LIKE = (
    [-0.89, -1.59, -1.35, -1.44, -0.22, -0.79, -1.62, 0.01, -0.47, -1.37, -0.34, 0.45, -0.02],
    [0.57, 0.44, 0.64, 0.14, 0.23, 0.08, 0.47, 0.06, 0.24, 0.27, 0.11, 0.73, 0.27],
)
HARD: dict[str, tuple[Any, ...]] = {
    "13 studies": (*BCG_LIKE, syn.HalfNormal(0.5)),
    "eight schools, log-normal, vague mean": (
        *RUBIN,
        syn.LogNormal(-1.6, 0.9),
        syn.Normal(0, 50),
    ),
    "eight schools, flat tau": (*RUBIN, syn.Uniform()),
    "two studies, infinite variance": ([-2.3, -1.26], [0.56, 0.64], syn.HalfCauchy(0.5)),
    "one study": ([0.4], [0.2], syn.HalfNormal(0.5)),
    "one precise study against twelve": (
        [10.0] + [0.0] * 12,
        [0.01] + [1.0] * 12,
        syn.HalfNormal(0.5),
    ),
    "standard errors over five decades": (
        [0.0, 0.1, 3.0, 0.2, -0.5, 1.0],
        [1e-4, 0.01, 0.1, 1.0, 2.0, 5.0],
        syn.LogT(-1, 1),
    ),
    "a prior that ends": ([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], syn.Uniform(2.0)),
    "half-t": ([0.2, 0.5, 1.0], [0.3, 0.4, 0.1], syn.HalfT(3, 0.5)),
}


@pytest.mark.parametrize("name", HARD)
def test_quantiles(name: str) -> None:
    result, second = syn.bayes_pool(*HARD[name]), Second(*HARD[name])
    assert result.converged
    for part in ("mu", "tau", "predictive"):
        marginal: Any = getattr(result, part)
        scale = marginal.sd if math.isfinite(marginal.sd) else 1.0
        for p in (0.025, 0.5, 0.975):
            x = marginal.quantile(p)
            error = (second.cdf(part, x) - p) / float(marginal.density(x)[0])
            assert abs(error) <= 1e-9 * scale, (part, p)


@pytest.mark.parametrize("name", ["13 studies", "one study", "half-t", "a prior that ends"])
def test_moments(name: str) -> None:
    result, second = syn.bayes_pool(*HARD[name]), Second(*HARD[name])
    mean = second.integral(lambda *given: given[1]) / second.total
    square = second.integral(lambda *given: given[2] + (given[1] - mean) ** 2) / second.total
    new = second.integral(lambda *given: given[0] ** 2) / second.total
    tau = second.integral(lambda *given: given[0]) / second.total
    assert result.mu.mean == pytest.approx(mean, rel=1e-9, abs=1e-9)
    assert result.mu.sd == pytest.approx(math.sqrt(square), rel=1e-9)
    assert result.predictive.mean == pytest.approx(mean, rel=1e-9, abs=1e-9)
    assert result.predictive.sd == pytest.approx(math.sqrt(square + new), rel=1e-9)
    assert result.tau.mean == pytest.approx(tau, rel=1e-9)
    assert result.tau.sd == pytest.approx(math.sqrt(new - tau**2), rel=1e-9)


def test_one_study_leaves_the_prior_of_tau() -> None:
    """With a flat prior for the mean effect one study says nothing of tau."""
    priors: list[tuple[syn.TauPrior, Any]] = [
        (syn.HalfNormal(0.5), stats.halfnorm(scale=0.5)),
        (syn.HalfCauchy(0.5), stats.halfcauchy(scale=0.5)),
        (syn.LogNormal(-1.5, 0.9), stats.lognorm(0.9, scale=math.exp(-1.5))),
    ]
    for prior, law in priors:
        tau = syn.bayes_pool([0.4], [0.2], prior).tau
        p = np.array([1e-8, 1e-4, 0.025, 0.5, 0.975, 0.9999])
        np.testing.assert_allclose(tau.quantile(p), law.ppf(p), rtol=1e-8)
        x = np.array([1e-9, 0.01, 0.3, 2.0])
        np.testing.assert_allclose(tau.cdf(x), law.cdf(x), rtol=1e-8)
        np.testing.assert_allclose(tau.density(x), law.pdf(x), rtol=1e-8)


def test_heavy_tails_leave_moments_out() -> None:
    cauchy, t = syn.HalfCauchy(0.5), syn.LogT.from_tau2(-2.5, 1.5)
    assert syn.bayes_pool([0.4], [0.2], cauchy).mu.mean == math.inf
    assert syn.bayes_pool([0.4], [0.2], t).tau.mean == math.inf
    two = syn.bayes_pool([0.4, 0.1], [0.2, 0.3], cauchy)
    assert math.isfinite(two.mu.mean)
    assert two.mu.sd == two.tau.sd == math.inf
    assert math.isfinite(syn.bayes_pool([0.4, 0.1, 0], [0.2] * 3, cauchy).mu.sd)
    bounded = syn.bayes_pool([0.4], [0.2], cauchy, syn.Normal(0, 1))
    assert math.isfinite(bounded.mu.sd)
    assert bounded.predictive.sd == math.inf
    quantile = syn.bayes_pool([0.4], [0.2], t).mu.quantile(0.975)
    assert 1.0 < quantile < 3.0


def every_marginal(result: syn.BayesResult) -> list[Marginal]:
    """The three marginals, and that of the first study."""
    return [result.mu, result.tau, result.predictive, result.shrinkage[0]]


@pytest.mark.parametrize("name", HARD)
def test_quantile_undoes_cdf(name: str) -> None:
    result = syn.bayes_pool(*HARD[name])
    for marginal in every_marginal(result):
        p = np.array([1e-6, 0.01, 0.3, 0.5, 0.9, 0.999])
        x = marginal.quantile(p)
        assert np.all(np.diff(x) > 0)
        np.testing.assert_allclose(marginal.cdf(x), p, rtol=1e-8)
