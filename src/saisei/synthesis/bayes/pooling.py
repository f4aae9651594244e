"""Exact Bayesian random-effects meta-analysis, without sampling.

The model of ``pairwise`` with a prior for tau and a flat or normal prior for the mean effect.
Given tau, the mean effect is normal with precision ``W = sum w + 1 / sd0^2`` and mean
``m = (sum w y + mean0 / sd0^2) / W``; integrating it out leaves a density in tau alone (Röver
2020, section 2), which is integrated by adaptive quadrature. There is no random number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, plain, studies
from saisei.synthesis.bayes.marginals import Marginal, Mixture, Shrinkage, TauMarginal, mixture
from saisei.synthesis.bayes.posterior import tau_posterior
from saisei.synthesis.bayes.priors import LOG_SQRT_2PI, HalfNormal, Normal, TauPrior

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

DEFAULT_TAU_PRIOR = HalfNormal(0.5)
"""For log odds ratios and standardised differences (Röver and others 2021)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BayesResult:
    """The posterior of a random-effects meta-analysis.

    Attributes
    ----------
    mu, tau, predictive : Marginal
        The mean effect, the standard deviation of true effects, and the true effect of a new
        setting. Each has ``median mean sd interval(level) cdf(x) quantile(p) prob(above=, below=)
        nodes(n)``; ``interval`` is central. ``math.inf`` stands for a moment that does not exist.
    shrinkage : Shrinkage
        Each study's own true effect, as arrays of shape (k,); ``shrinkage[i]`` is a marginal.
    log_evidence : float or None
        Log marginal likelihood; None where a prior is improper.
    k, tau_prior, mu_prior
        What was pooled under which priors (``mu_prior`` None: flat).
    converged : bool
        Whether the quadrature reached its tolerance everywhere.
    panels : int
        How many panels it took.
    """

    mu: Mixture
    tau: TauMarginal
    predictive: Mixture
    shrinkage: Shrinkage
    log_evidence: float | None
    k: int
    tau_prior: TauPrior
    mu_prior: Normal | None
    converged: bool
    panels: int
    y: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)

    def prob(self, *, above: float = -math.inf, below: float = math.inf) -> float:
        """Probability that the mean effect lies above one bound, below another, or between."""
        return self.mu.prob(above=above, below=below)

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Summaries as plain values that JSON can hold."""
        low, high = self.shrinkage.interval(level)
        marginals = {"mu": self.mu, "tau": self.tau, "predictive": self.predictive}
        return {
            "k": self.k,
            "level": level,
            "tau_prior": repr(self.tau_prior),
            "mu_prior": repr(self.mu_prior) if self.mu_prior else "flat",
            **{name: summary(one, one.mean, one.sd, level) for name, one in marginals.items()},
            "shrinkage": plain(
                {
                    "median": self.shrinkage.median,
                    "mean": self.shrinkage.mean,
                    "sd": self.shrinkage.sd,
                    "interval": [low, high],
                }
            ),
            "log_evidence": self.log_evidence,
            "converged": self.converged,
        }

    def __repr__(self) -> str:
        prior = self.mu_prior or "flat"
        return "\n".join(
            [
                f"BayesResult: k = {self.k}, tau ~ {self.tau_prior}, mu ~ {prior}",
                f"  mu         {line(self.mu)}",
                f"  tau        {line(self.tau)}",
                f"  predictive {line(self.predictive)}",
            ]
        )


def bayes_pool(
    y: ArrayLike,
    se: ArrayLike,
    tau_prior: TauPrior = DEFAULT_TAU_PRIOR,
    mu_prior: Normal | None = None,
) -> BayesResult:
    """Pool study estimates by exact Bayesian random-effects meta-analysis.

    Parameters
    ----------
    y : array_like of shape (k,)
        Study estimates (treatment minus control; ratios as logarithms). One study is enough if
        the prior for tau is proper.
    se : array_like of shape (k,)
        Their standard errors (not variances).
    tau_prior : TauPrior
        Prior for the standard deviation of true effects; see ``priors``.
    mu_prior : Normal or None
        Prior for the mean effect; None is flat.

    Returns
    -------
    BayesResult

    Raises
    ------
    ValueError
        If the data are not as described, or the posterior would be improper.

    Examples
    --------
    >>> bayes_pool([0.3, 0.1, 0.6], [0.2, 0.15, 0.3])
    BayesResult: k = 3, tau ~ HalfNormal(scale=0.5), mu ~ flat
      mu         median 0.2655, 95% -0.1575 to 0.7747
      tau        median 0.2071, 95% 0.0099 to 0.8004
      predictive median 0.2599, 95% -0.5435 to 1.1676
    """
    estimates, errors = studies(y, se, "se")
    model = _Model(estimates, np.square(errors), tau_prior, mu_prior)
    posterior = tau_posterior(model)
    weights, tau, moments = posterior.weights, posterior.tau, posterior.moments
    centres, variances = model.mean_given_tau(tau)
    flat = mu_prior is None
    return BayesResult(
        mu=mixture(weights, centres, np.sqrt(variances), moments if flat else 2),
        tau=posterior.marginal,
        predictive=mixture(weights, centres, np.sqrt(variances + tau * tau), moments),
        shrinkage=_shrinkage(model, weights, tau, centres, variances),
        log_evidence=posterior.log_total if tau_prior.proper and not flat else None,
        k=estimates.size,
        tau_prior=tau_prior,
        mu_prior=mu_prior,
        converged=posterior.marginal.panels.converged,
        panels=len(posterior.marginal.panels.coefficients),
        y=frozen(estimates),
        se=frozen(errors),
    )


@dataclass(frozen=True, slots=True)
class _Model:
    """Data and priors, and what is normal given tau."""

    y: FloatArray
    v: FloatArray
    tau_prior: TauPrior
    mu_prior: Normal | None

    def mean_given_tau(self, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the mean effect given each tau."""
        w = 1.0 / np.add.outer(tau * tau, self.v)
        total, cross = w.sum(-1), w @ self.y
        if self.mu_prior is not None:
            precision = self.mu_prior.sd**-2
            total, cross = total + precision, cross + precision * self.mu_prior.mean
        return cross / total, 1.0 / total

    def log_likelihood(self, tau: FloatArray) -> FloatArray:
        """Log-likelihood of tau, the mean effect integrated out."""
        spread = np.add.outer(tau * tau, self.v)
        w = 1.0 / spread
        total, cross = w.sum(-1), w @ self.y
        constant = -self.y.size * LOG_SQRT_2PI
        prior = 0.0
        if self.mu_prior is not None:
            precision = self.mu_prior.sd**-2
            total, cross = total + precision, cross + precision * self.mu_prior.mean
            prior = precision * np.square(cross / total - self.mu_prior.mean)
            constant -= math.log(self.mu_prior.sd)
        residual = np.subtract.outer(cross / total, self.y)
        quadratic = np.vecdot(w * residual, residual) + prior
        return np.asarray(constant - 0.5 * (np.log(spread).sum(-1) + np.log(total) + quadratic))

    @property
    def least(self) -> float:
        """The least variance that tau squared is set against."""
        least = float(self.v.min())
        return least if self.mu_prior is None else min(least, self.mu_prior.sd**2)

    @property
    def power(self) -> float:
        """The power of tau at which the likelihood falls far out."""
        return _likelihood_power(self.y.size, self.mu_prior)


def _likelihood_power(k: int, mu_prior: Normal | None) -> int:
    return k - 1 if mu_prior is None else k


def _shrinkage(
    model: _Model,
    weights: FloatArray,
    tau: FloatArray,
    centres: FloatArray,
    variances: FloatArray,
) -> Shrinkage:
    """Each study's true effect given tau: pulled to the mean by ``B = v / (v + tau2)``."""
    pull = model.v[:, None] / np.add.outer(model.v, tau * tau)
    middle = pull * centres + (1.0 - pull) * model.y[:, None]
    variance = pull * tau * tau + np.square(pull) * variances
    mean = middle @ weights
    sd = np.sqrt((variance + np.square(middle - mean[:, None])) @ weights)
    return Shrinkage(frozen(mean), frozen(sd), weights, frozen(middle), frozen(np.sqrt(variance)))


def summary(marginal: Marginal, mean: float, sd: float, level: float) -> dict[str, Any]:
    """Median, mean, SD and central interval as plain values."""
    interval = marginal.interval(level)
    values = {"median": marginal.median, "mean": mean, "sd": sd, "interval": interval}
    return {key: plain(value) for key, value in values.items()}


def line(marginal: Marginal) -> str:
    """Median and central interval in words."""
    low, high = marginal.interval()
    return f"median {marginal.median:.4f}, 95% {low:.4f} to {high:.4f}"
