"""Averaging exact Bayesian meta-analyses over models.

A model's evidence times its prior probability is, after normalising, its posterior probability;
these weight the models' posteriors in an average (Hoeting and others 1999).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, plain, refuse, studies, vector
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.bayes.factors import log_evidence_at_zero, mean_model, require_proper
from saisei.synthesis.bayes.marginals import Marginal, Mixture, TauMarginal, mixture
from saisei.synthesis.bayes.pooling import DEFAULT_TAU_PRIOR, line, summary
from saisei.synthesis.bayes.posterior import tau_posterior

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.priors import Normal, TauPrior


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AveragedTau(Marginal):
    """The posterior of tau over several models, one of which may say that tau is 0.

    ``zero`` is the probability of tau = 0, ``weights`` those of the other models; ``density`` and
    ``log_density`` are of the part above 0.
    """

    mean: float
    sd: float
    zero: float
    weights: FloatArray = field(hash=False)
    parts: tuple[TauMarginal, ...]

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return 0.0, max((part.support[1] for part in self.parts), default=0.0)

    @property
    def lump(self) -> float:
        """The probability of tau = 0."""
        return self.zero

    def cumulative(self, x: FloatArray) -> FloatArray:
        """Distribution function at an array of values."""
        total = np.where(x >= 0.0, self.zero, 0.0)
        for weight, part in zip(self.weights.tolist(), self.parts, strict=True):
            total = total + weight * part.cumulative(x)
        return np.asarray(total)

    def density(self, x: ArrayLike) -> FloatArray:
        """Density at an array of values above 0; it integrates to ``1 - zero``."""
        rows = [part.density(x) for part in self.parts]
        return np.asarray(self.weights @ np.array(rows).reshape(len(rows), -1))

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density at a value, and its slope there; infinite at 0 if tau may be 0."""
        if x <= 0.0:
            return math.inf, 0.0
        values = np.array([part.log_density(x) for part in self.parts])
        heights = self.weights * np.exp(values[:, 0])
        total = float(heights.sum())
        return math.log(total), float(heights @ values[:, 1]) / total

    def quantiles(self, p: FloatArray) -> FloatArray:
        """Quantiles at an array of probabilities."""
        return np.array([self._quantile(float(one)) for one in p])

    def _quantile(self, p: float) -> float:
        if p <= self.zero:
            return 0.0
        share = np.array([min((p - self.zero) / (1.0 - self.zero), 1.0 - 1e-16)])
        own = [math.log(float(part.quantiles(share)[0])) for part in self.parts]
        if max(own) - min(own) < 1e-14:
            return math.exp(own[0])

        def gap(u: float) -> tuple[float, float]:
            x = np.array([math.exp(u)])
            height = float(self.density(x)[0]) * float(x[0])
            return p - float(self.cumulative(x)[0]), -height

        return math.exp(falling_root(gap, min(own), max(own), sum(own) / len(own)).x)

    def __repr__(self) -> str:
        return f"AveragedTau({line(self)}, tau = 0: {self.zero:.4f})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BayesAverage:
    """Posteriors averaged over models.

    Attributes
    ----------
    mu, predictive : Mixture
        The mean effect, and the true effect of a new setting.
    tau : AveragedTau
        The standard deviation of true effects, with the probability that it is 0.
    models : tuple of (TauPrior or None)
        The priors for tau; None is a common effect.
    prior_probabilities, probabilities : array
        Of the models, before and after the data.
    log_evidence : array
        Log marginal likelihoods; up to one constant for all if the prior for mu is flat.
    """

    mu: Mixture
    tau: AveragedTau
    predictive: Mixture
    models: tuple[TauPrior | None, ...]
    prior_probabilities: FloatArray = field(hash=False)
    probabilities: FloatArray = field(hash=False)
    log_evidence: FloatArray = field(hash=False)
    k: int
    mu_prior: Normal | None
    converged: bool

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Summaries as plain values that JSON can hold."""
        marginals = {"mu": self.mu, "tau": self.tau, "predictive": self.predictive}
        return {
            "k": self.k,
            "level": level,
            "models": [repr(one) if one else "common" for one in self.models],
            "prior_probabilities": plain(self.prior_probabilities),
            "probabilities": plain(self.probabilities),
            "log_evidence": plain(self.log_evidence),
            "mu_prior": repr(self.mu_prior) if self.mu_prior else "flat",
            **{name: summary(one, one.mean, one.sd, level) for name, one in marginals.items()},
            "tau_zero": self.tau.zero,
            "converged": self.converged,
        }

    def __repr__(self) -> str:
        named = zip(self.models, self.probabilities, strict=True)
        rows = [f"  {p:.4f}     {one or 'common effect (tau = 0)'}" for one, p in named]
        lines = [
            f"  {name:10} {line(one)}"
            for name, one in (("mu", self.mu), ("tau", self.tau), ("predictive", self.predictive))
        ]
        return "\n".join([f"BayesAverage: k = {self.k}", *rows, *lines])


def bayes_average(
    y: ArrayLike,
    se: ArrayLike,
    tau_priors: Sequence[TauPrior | None] = (None, DEFAULT_TAU_PRIOR),
    mu_prior: Normal | None = None,
    weights: ArrayLike | None = None,
) -> BayesAverage:
    """Average exact posteriors over priors for tau, and over a common and random effects.

    Parameters
    ----------
    y, se : array_like of shape (k,)
        Study estimates and their standard errors (not variances).
    tau_priors : sequence of (TauPrior or None)
        One proper prior per model; None stands for a common effect (tau = 0).
    mu_prior : Normal or None
        Prior for the mean effect, the same in every model; None is flat.
    weights : array_like, optional
        Prior probabilities of the models, up to a factor; equal by default.

    Raises
    ------
    ValueError
        If the data are not as described, a prior for tau is improper, or weights are not positive.

    Examples
    --------
    >>> bayes_average([0.3, 0.1, 0.6], [0.2, 0.15, 0.3]).probabilities.round(3).tolist()
    [0.613, 0.387]
    """
    estimates, errors = studies(y, se, "se")
    models = tuple(tau_priors)
    prior = _prior_probabilities(models, weights)
    fits = [_fit(estimates, errors, one, mu_prior) for one in models]
    log_evidence = np.array([fit.log_evidence for fit in fits])
    raw = np.log(prior) + log_evidence
    share = np.exp(raw - raw.max())
    share /= share.sum()
    nodes = np.concatenate([p * fit.weights for p, fit in zip(share, fits, strict=True)])
    tau = np.concatenate([fit.tau for fit in fits])
    centres = np.concatenate([fit.centres for fit in fits])
    variances = np.concatenate([fit.variances for fit in fits])
    kept = nodes > 1e-18
    nodes, tau, centres, variances = (a[kept] for a in (nodes, tau, centres, variances))
    moments = min(fit.moments for fit in fits)
    return BayesAverage(
        mu=mixture(nodes, centres, np.sqrt(variances), moments if mu_prior is None else 2),
        tau=_averaged_tau(fits, share, nodes, tau, moments),
        predictive=mixture(nodes, centres.copy(), np.sqrt(variances + tau * tau), moments),
        models=models,
        prior_probabilities=frozen(prior),
        probabilities=frozen(share),
        log_evidence=frozen(log_evidence),
        k=estimates.size,
        mu_prior=mu_prior,
        converged=all(fit.part is None or fit.part.panels.converged for fit in fits),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """One model's nodes (a single one at 0 for a common effect)."""

    part: TauMarginal | None
    weights: FloatArray
    tau: FloatArray
    centres: FloatArray
    variances: FloatArray
    moments: int
    log_evidence: float


def _fit(y: FloatArray, se: FloatArray, tau_prior: TauPrior | None, mu: Normal | None) -> _Fit:
    model = mean_model(y, se, tau_prior or DEFAULT_TAU_PRIOR, mu)
    if tau_prior is None:
        zero = np.zeros(1)
        centres, roots = model.coefficients_given_tau(zero)
        log_evidence, variances = log_evidence_at_zero(model), np.square(roots[:, 0, 0])
        return _Fit(None, np.ones(1), zero, centres[:, 0], variances, 2, log_evidence)
    found = tau_posterior(model)
    centres, roots = model.coefficients_given_tau(found.tau)
    variances = np.square(roots[:, 0, 0])
    return _Fit(
        found.marginal,
        found.weights,
        found.tau,
        centres[:, 0],
        variances,
        found.moments,
        found.log_total,
    )


def _averaged_tau(
    fits: list[_Fit], share: FloatArray, nodes: FloatArray, tau: FloatArray, moments: int
) -> AveragedTau:
    mean = float(nodes @ tau) if moments >= 1 else math.inf
    sd = math.sqrt(float(nodes @ np.square(tau - mean))) if moments >= 2 else math.inf
    above = [(p, fit.part) for p, fit in zip(share.tolist(), fits, strict=True) if fit.part]
    zero = sum(p for p, fit in zip(share.tolist(), fits, strict=True) if fit.part is None)
    weights = np.array([p for p, _ in above])
    return AveragedTau(mean, sd, zero, frozen(weights), tuple(part for _, part in above))


def _prior_probabilities(
    models: tuple[TauPrior | None, ...], weights: ArrayLike | None
) -> FloatArray:
    if not models:
        raise ValueError("there is no model: tau_priors is empty")
    for one in models:
        if one is not None:
            require_proper(one)
    given = np.ones(len(models)) if weights is None else vector("weights", weights)
    if given.size != len(models):
        raise ValueError(f"weights has {given.size} values; expected {len(models)}, one per model")
    refuse("weights", given, ~(np.isfinite(given) & (given > 0.0)), "a finite number above 0")
    return np.asarray(given / given.sum())
