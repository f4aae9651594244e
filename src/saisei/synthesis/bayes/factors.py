"""Comparing models of exact Bayesian meta-analysis.

A model's evidence is the probability of the data under it, all unknowns integrated out. Ratios of
evidences are Bayes factors (Kass and Raftery 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import studies
from saisei.synthesis.bayes.linear_model import LinearModel, linear_model
from saisei.synthesis.bayes.pooling import DEFAULT_TAU_PRIOR
from saisei.synthesis.bayes.posterior import tau_posterior
from saisei.synthesis.bayes.priors import Normal, TauPrior

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class BayesFactors:
    """Evidence for and against heterogeneity and a mean effect.

    Bayes factors are for the simpler model (above 1 the data speak for it); ``log_`` gives their
    natural logarithms. Those of ``mu`` are None where the prior for the mean effect is flat, since
    its arbitrary height would decide them.

    Attributes
    ----------
    log_tau_zero : float
        tau = 0 (a common effect) against tau under its prior.
    log_mu_zero : float or None
        The mean effect at ``null`` against its prior, tau under its prior.
    log_mu_zero_common : float or None
        The same with tau = 0.
    log_evidence : float or None
        Log marginal likelihood of the model with both free; None where the prior for mu is flat.
    k, tau_prior, mu_prior, null
        What was compared under which priors.
    """

    log_tau_zero: float
    log_mu_zero: float | None
    log_mu_zero_common: float | None
    log_evidence: float | None
    k: int
    tau_prior: TauPrior
    mu_prior: Normal | None
    null: float
    converged: bool

    @property
    def tau_zero(self) -> float:
        """Bayes factor of tau = 0 against tau under its prior."""
        return _exp(self.log_tau_zero)

    @property
    def mu_zero(self) -> float | None:
        """Bayes factor of the null mean effect against the prior for it."""
        return None if self.log_mu_zero is None else _exp(self.log_mu_zero)

    @property
    def mu_zero_common(self) -> float | None:
        """The same with tau = 0."""
        return None if self.log_mu_zero_common is None else _exp(self.log_mu_zero_common)

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {
            "k": self.k,
            "tau_prior": repr(self.tau_prior),
            "mu_prior": repr(self.mu_prior) if self.mu_prior else "flat",
            "null": self.null,
            "log_tau_zero": self.log_tau_zero,
            "log_mu_zero": self.log_mu_zero,
            "log_mu_zero_common": self.log_mu_zero_common,
            "log_evidence": self.log_evidence,
            "converged": self.converged,
        }


def bayes_factors(
    y: ArrayLike,
    se: ArrayLike,
    tau_prior: TauPrior = DEFAULT_TAU_PRIOR,
    mu_prior: Normal | None = None,
    null: float = 0.0,
) -> BayesFactors:
    """Bayes factors of no heterogeneity and of no mean effect.

    Parameters
    ----------
    y, se : array_like of shape (k,)
        Study estimates and their standard errors (not variances).
    tau_prior : TauPrior
        Proper prior for tau under the models with heterogeneity.
    mu_prior : Normal or None
        Prior for the mean effect; under None (flat) only heterogeneity can be judged.
    null : float
        The mean effect of the null models.

    Raises
    ------
    ValueError
        If the data are not as described, or the prior for tau is improper.

    Examples
    --------
    >>> found = bayes_factors([0.3, 0.1, 0.6], [0.2, 0.15, 0.3], mu_prior=Normal(0, 1))
    >>> round(found.tau_zero, 2), round(found.mu_zero, 2)
    (1.63, 1.6)
    """
    estimates, errors = studies(y, se, "se")
    require_proper(tau_prior)
    if not math.isfinite(null):
        raise ValueError(f"null is {null:g}; expected a finite number")
    free = mean_model(estimates, errors, tau_prior, mu_prior)
    random = tau_posterior(free)
    common = log_evidence_at_zero(free)
    at_null = at_null_common = None
    converged = random.marginal.panels.converged
    if mu_prior is not None:
        none = linear_model(estimates - null, errors, np.empty((errors.size, 0)), tau_prior, ())
        fixed = tau_posterior(none)
        at_null = fixed.log_total - random.log_total
        at_null_common = log_evidence_at_zero(none) - common
        converged = converged and fixed.marginal.panels.converged
    return BayesFactors(
        log_tau_zero=common - random.log_total,
        log_mu_zero=at_null,
        log_mu_zero_common=at_null_common,
        log_evidence=None if mu_prior is None else random.log_total,
        k=estimates.size,
        tau_prior=tau_prior,
        mu_prior=mu_prior,
        null=float(null),
        converged=converged,
    )


def mean_model(
    y: FloatArray, se: FloatArray, tau_prior: TauPrior, mu_prior: Normal | None
) -> LinearModel:
    """Return the model of ``bayes_pool`` as one with a single column."""
    return linear_model(y, se, np.ones((y.size, 1)), tau_prior, (mu_prior,))


def log_evidence_at_zero(model: LinearModel) -> float:
    """Return the log evidence of a common effect."""
    return float(model.log_likelihood(np.zeros(1))[0])


def require_proper(tau_prior: TauPrior) -> None:
    """Raise a ValueError if the prior has no finite integral."""
    if not tau_prior.proper:
        raise ValueError(
            f"{tau_prior} is improper: its arbitrary height would decide the comparison; "
            "choose a proper prior such as HalfNormal"
        )


def _exp(log: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(log))
