"""Exact Bayesian meta-regression, without sampling.

The model of ``bayes_pool`` with moderators: given tau the coefficients are normal with precision
``A = X'WX + P`` and mean ``A^-1 (X'Wy + P m)``; integrating them out leaves a density in tau alone
(Röver and Friede 2023), which is integrated by the same adaptive quadrature.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, plain, studies
from saisei.synthesis.bayes.linear_model import linear_model
from saisei.synthesis.bayes.marginals import Mixture, TauMarginal, mixture
from saisei.synthesis.bayes.pooling import DEFAULT_TAU_PRIOR, line, summary
from saisei.synthesis.bayes.posterior import tau_posterior
from saisei.synthesis.bayes.priors import Normal, TauPrior
from saisei.synthesis.regression.design import check_rank, column_names, moderators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class BayesPrediction:
    """What a regression says at one row of moderators.

    Attributes
    ----------
    mu : Mixture
        The mean effect there.
    predictive : Mixture
        The true effect of one new setting there.
    """

    mu: Mixture
    predictive: Mixture


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BayesRegression:
    """The posterior of a meta-regression.

    Attributes
    ----------
    coefficients : tuple of Mixture
        In the order of ``names``; ``result["x1"]`` is the one of that name.
    tau : TauMarginal
        The standard deviation of true effects beyond what the moderators explain.
    log_evidence : float or None
        Log marginal likelihood; None where a prior is improper.
    names : tuple of str
        ``intercept`` first where there is one.
    k, tau_prior, coefficient_prior
        What was pooled under which priors (None: flat).
    moments : int
        How many moments of tau exist (0, 1 or 2), and of coefficients with a flat prior.
    converged : bool
        Whether the quadrature reached its tolerance everywhere.
    """

    coefficients: tuple[Mixture, ...]
    tau: TauMarginal
    log_evidence: float | None
    names: tuple[str, ...]
    k: int
    tau_prior: TauPrior
    coefficient_prior: tuple[Normal | None, ...]
    intercept: bool
    moments: int
    converged: bool
    weights: FloatArray = field(hash=False)
    tau_nodes: FloatArray = field(hash=False)
    centres: FloatArray = field(hash=False)
    roots: FloatArray = field(hash=False)
    y: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    x: FloatArray = field(hash=False)

    def __getitem__(self, name: str) -> Mixture:
        if name not in self.names:
            raise ValueError(f"there is no coefficient {name!r}; there are {', '.join(self.names)}")
        return self.coefficients[self.names.index(name)]

    def predict(self, x: ArrayLike | None = None) -> tuple[BayesPrediction, ...]:
        """Mean effect and new setting at rows of moderators (without the intercept).

        Parameters
        ----------
        x : array_like of shape (n, m), or (n,) for one moderator; None for an intercept alone
        """
        rows = moderators(x, 1 if x is None else len(np.atleast_1d(x)), None)
        if rows.shape[1] != len(self.names) - self.intercept:
            expected = len(self.names) - self.intercept
            raise ValueError(f"x has {rows.shape[1]} columns; expected {expected}")
        if self.intercept:
            rows = np.column_stack([np.ones(len(rows)), rows])
        moments = 2 if None not in self.coefficient_prior else self.moments
        found = []
        for row in rows:
            centre = self.centres @ row
            turned = np.vecmat(row, self.roots)
            spread = np.sqrt(np.vecdot(turned, turned))
            mu = mixture(self.weights, centre, spread, moments)
            wider = np.hypot(spread, self.tau_nodes)
            new = mixture(self.weights, centre.copy(), wider, self.moments)
            found.append(BayesPrediction(mu, new))
        return tuple(found)

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Summaries as plain values that JSON can hold."""
        named = zip(self.names, self.coefficients, strict=True)
        priors = zip(self.names, self.coefficient_prior, strict=True)
        return {
            "k": self.k,
            "level": level,
            "tau_prior": repr(self.tau_prior),
            "coefficient_prior": {name: repr(one) if one else "flat" for name, one in priors},
            "coefficients": {n: summary(one, one.mean, one.sd, level) for n, one in named},
            "tau": summary(self.tau, self.tau.mean, self.tau.sd, level),
            "log_evidence": plain(self.log_evidence),
            "converged": self.converged,
        }

    def __repr__(self) -> str:
        width = max(map(len, (*self.names, "tau")))
        named = zip((*self.names, "tau"), (*self.coefficients, self.tau), strict=True)
        lines = [f"  {name:{width}} {line(one)}" for name, one in named]
        return "\n".join([f"BayesRegression: k = {self.k}, tau ~ {self.tau_prior}", *lines])


def bayes_regress(
    y: ArrayLike,
    se: ArrayLike,
    x: ArrayLike | None = None,
    tau_prior: TauPrior = DEFAULT_TAU_PRIOR,
    coefficient_prior: Normal | Sequence[Normal | None] | None = None,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = True,
) -> BayesRegression:
    """Regress study estimates on moderators by exact Bayesian random-effects meta-regression.

    Parameters
    ----------
    y, se : array_like of shape (k,)
        Study estimates and their standard errors (not variances).
    x : array_like of shape (k,) or (k, m)
        Moderators, a column each, without the intercept; None for the mean alone.
    tau_prior : TauPrior
        Prior for the standard deviation of true effects beyond the moderators.
    coefficient_prior : Normal, sequence of Normal or None, or None
        One for every coefficient (None is flat), the intercept first; a single prior is taken for
        each of them. Coefficients are independent under the prior.
    names : sequence of str, optional
        Names of the moderators; ``x1``, ``x2`` and so on by default.
    intercept : bool
        Whether the model has an intercept of its own.

    Returns
    -------
    BayesRegression

    Raises
    ------
    ValueError
        If the data are not as described, moderators are collinear, or the posterior would be
        improper.

    Examples
    --------
    >>> bayes_regress([0.3, 0.1, 0.6, 0.5], [0.2, 0.15, 0.3, 0.2], [1, 2, 5, 4])["x1"].median > 0
    True
    """
    estimates, errors = studies(y, se, "se")
    table = moderators(x, estimates.size, names)
    whole = column_names(names, table.shape[1], intercept=intercept)
    if intercept:
        table = np.column_stack([np.ones(estimates.size), table])
    if table.shape[1] == 0:
        raise ValueError("there is neither an intercept nor a moderator; give one of them")
    check_rank(table, whole)
    priors = _priors(coefficient_prior, whole)
    model = linear_model(estimates, errors, table, tau_prior, priors)
    posterior = tau_posterior(model)
    centres, roots = model.coefficients_given_tau(posterior.tau)
    spreads = np.sqrt(np.vecdot(roots, roots))
    moments = [posterior.moments if prior is None else 2 for prior in priors]
    proper = tau_prior.proper and None not in priors
    return BayesRegression(
        coefficients=tuple(
            mixture(posterior.weights, centres[:, j].copy(), spreads[:, j].copy(), exist)
            for j, exist in enumerate(moments)
        ),
        tau=posterior.marginal,
        log_evidence=posterior.log_total if proper else None,
        names=whole,
        k=estimates.size,
        tau_prior=tau_prior,
        coefficient_prior=priors,
        intercept=intercept,
        moments=posterior.moments,
        converged=posterior.marginal.panels.converged,
        weights=posterior.weights,
        tau_nodes=frozen(posterior.tau),
        centres=frozen(centres),
        roots=frozen(roots),
        y=frozen(estimates),
        se=frozen(errors),
        x=frozen(table),
    )


def _priors(
    given: Normal | Sequence[Normal | None] | None, names: Sequence[str]
) -> tuple[Normal | None, ...]:
    """One prior for each coefficient."""
    if given is None or isinstance(given, Normal):
        return (given,) * len(names)
    priors = tuple(given)
    if len(priors) != len(names):
        raise ValueError(
            f"coefficient_prior has {len(priors)} entries; expected {len(names)}, "
            f"one for each of {', '.join(names)}"
        )
    return priors
