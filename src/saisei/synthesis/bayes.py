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

from saisei.synthesis._arrays import frozen, plain, studies
from saisei.synthesis.marginals import Marginal, Mixture, Shrinkage, TauMarginal, mixture
from saisei.synthesis.priors import LOG_SQRT_2PI, HalfNormal, Normal, TauPrior
from saisei.synthesis.quadrature import (
    NEGLIGIBLE,
    Panels,
    gauss,
    integrate,
    to_coefficients,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._arrays import FloatArray

DEFAULT_TAU_PRIOR = HalfNormal(0.5)
"""For log odds ratios and standardised differences (Röver and others 2021)."""

FLAT_BELOW = 1e-5
"""Below this share of the smallest standard error the likelihood of tau is flat to 1e-10."""

FARTHEST = 150.0
"""The largest log(tau) looked at: tau squared still fits a float with room to spare."""


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
            **{name: _summary(one, one.mean, one.sd, level) for name, one in marginals.items()},
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
                f"  mu         {_line(self.mu)}",
                f"  tau        {_line(self.tau)}",
                f"  predictive {_line(self.predictive)}",
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
    _check_proper(estimates.size, tau_prior, mu_prior)
    model = _Model(estimates, np.square(errors), tau_prior, mu_prior)
    moments = model.tau_moments()
    panels, near_zero, log_total = _panels(model, moments)
    weights, tau = _nodes(panels, near_zero)
    centres, variances = model.mean_given_tau(tau)
    flat = mu_prior is None
    return BayesResult(
        mu=mixture(weights, centres, np.sqrt(variances), moments if flat else 2),
        tau=TauMarginal(*_tau_moments(weights, tau, moments), near_zero, panels, tau_prior),
        predictive=mixture(weights, centres, np.sqrt(variances + tau * tau), moments),
        shrinkage=_shrinkage(model, weights, tau, centres, variances),
        log_evidence=log_total if tau_prior.proper and not flat else None,
        k=estimates.size,
        tau_prior=tau_prior,
        mu_prior=mu_prior,
        converged=panels.converged,
        panels=len(panels.coefficients),
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

    def log_posterior(self, u: FloatArray) -> FloatArray:
        """Log density of ``u = log(tau)``, not normalised."""
        tau = np.exp(u)
        return self.log_likelihood(tau) + self.tau_prior.log_density(tau) + u

    def log_mass_near_zero(self, low: float) -> float:
        """Log of the mass of ``log(tau) < low``, where the likelihood is flat."""
        tau = math.exp(low)
        below = self.tau_prior.mass_below(tau)
        if below <= 0.0:
            return -math.inf
        return float(self.log_likelihood(np.array([tau]))[0]) + math.log(below)

    def tau_moments(self) -> int:
        """How many moments (0, 1 or 2) the posterior of tau has.

        Far out the likelihood falls as ``tau ** -(k - 1)`` (flat prior for the mean effect) or
        ``tau ** -k``; the integral of ``tau ** m`` exists if the whole falls faster than
        ``tau ** -(m + 1)``, or just so fast with a falling power of the logarithm.
        """
        power = self.tau_prior.tail_power + _likelihood_power(self.y.size, self.mu_prior)
        exists = [power > m + 1 or (power == m + 1 and self.tau_prior.log_tail) for m in (1, 2)]
        return sum(exists)


def _likelihood_power(k: int, mu_prior: Normal | None) -> int:
    return k - 1 if mu_prior is None else k


def _check_proper(k: int, tau_prior: TauPrior, mu_prior: Normal | None) -> None:
    power = tau_prior.tail_power + _likelihood_power(k, mu_prior)
    if not tau_prior.proper and power <= 1.0:
        needed = k + math.floor(1.0 - power) + 1
        raise ValueError(
            f"{k} studies do not make the posterior proper under {tau_prior}: it takes "
            f"{needed}; choose a proper prior such as HalfNormal"
        )


def _panels(model: _Model, moments: int) -> tuple[Panels, float, float]:
    """Posterior of log(tau) on panels, the share of mass below them, and the log of the total.

    Refinement looks at the density times ``1 + (tau / scale) ** moments``, so that the tail that
    decides a moment is resolved as well as the bulk.
    """
    end = min(FARTHEST, math.log(model.tau_prior.upper))
    low = min(math.log(FLAT_BELOW) + 0.5 * math.log(float(model.v.min())), end - 12.0)
    scan = np.linspace(low, end, 2 + math.ceil(end - low))
    heights = model.log_posterior(scan)
    log_scale = float(scan[heights.argmax()])

    def extra(u: FloatArray) -> FloatArray:
        return np.asarray(np.logaddexp(0.0, moments * (u - log_scale)))

    heights = heights + extra(scan)
    near = np.flatnonzero(heights > heights.max() - NEGLIGIBLE)
    # A prior that lives below the panels puts all the mass there.
    peak = max(float(heights.max()), model.log_mass_near_zero(low))
    edges, u, values, converged = integrate(
        lambda u: model.log_posterior(u) + extra(u),
        float(scan[max(near[0] - 1, 0)]),
        float(scan[min(near[-1] + 1, scan.size - 1)]),
        peak,
    )
    values = values * np.exp(-extra(u))
    mass = 0.5 * np.diff(edges) * (values @ gauss()[1])
    near_zero = math.exp(model.log_mass_near_zero(float(edges[0])) - peak)
    total = float(mass.sum()) + near_zero
    panels = Panels(
        frozen(edges),
        frozen(values / total),
        frozen(values @ to_coefficients() / total),
        frozen(np.concatenate([[0.0], np.cumsum(mass) / total])),
        converged,
    )
    return panels, near_zero / total, peak + math.log(total)


def _nodes(panels: Panels, near_zero: float) -> tuple[FloatArray, FloatArray]:
    """Weights and values of tau at which everything else is mixed."""
    half = 0.5 * np.diff(panels.edges)[:, None]
    middle = panels.edges[:-1, None] + half
    weights = np.append((panels.values * gauss()[1] * half).ravel(), near_zero)
    tau = np.exp(np.append((middle + half * gauss()[0]).ravel(), panels.edges[0]))
    # Nodes that carry nothing would only cost time.
    kept = weights > 1e-18
    return frozen(weights[kept]), tau[kept]


def _tau_moments(weights: FloatArray, tau: FloatArray, moments: int) -> tuple[float, float]:
    mean = float(weights @ tau) if moments >= 1 else math.inf
    sd = math.sqrt(float(weights @ np.square(tau - mean))) if moments >= 2 else math.inf
    return mean, sd


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


def _summary(marginal: Marginal, mean: float, sd: float, level: float) -> dict[str, Any]:
    interval = marginal.interval(level)
    values = {"median": marginal.median, "mean": mean, "sd": sd, "interval": interval}
    return {key: plain(value) for key, value in values.items()}


def _line(marginal: Marginal) -> str:
    low, high = marginal.interval()
    return f"median {marginal.median:.4f}, 95% {low:.4f} to {high:.4f}"
