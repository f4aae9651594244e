"""A meta-analytic-predictive prior: what earlier studies say of the effect in a new one.

The posterior of a new setting's true effect, put as a mixture of a few normals, is a prior that
can be written into a protocol and updated in closed form (Neuenschwander and others 2010; Schmidli
and others 2014). The few are fitted to the exact posterior over a fixed grid that carries its
density, so that the Kullback-Leibler divergence is least (``mixture_fit``); no sample is drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import frozen, plain
from saisei.synthesis.bayes.marginals import SQRT_2PI, Mixture, mixture
from saisei.synthesis.bayes.mixture_fit import fit_mixture
from saisei.synthesis.bayes.priors import require_positive
from saisei.synthesis.bayes.quadrature import gauss

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.averages import BayesAverage
    from saisei.synthesis.bayes.pooling import BayesResult

TAILS = (1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictivePrior:
    """A mixture of normals for the effect in a new study.

    Attributes
    ----------
    weights, means, sds : array of shape (n,)
        The components, the narrowest first.
    divergence : float
        Kullback-Leibler divergence of the mixture from what it was fitted to (0 if nothing was).
    largest_gap : float
        The largest difference between the two distribution functions.
    iterations : int
        Newton steps over all starts; 0 if nothing was fitted.
    converged : bool
        Whether the fit came to rest at a minimum of the divergence: no step promised to lower it
        by more than 1e-13. It is the lowest of those that a few fixed starts lead to.
    """

    weights: FloatArray = field(hash=False)
    means: FloatArray = field(hash=False)
    sds: FloatArray = field(hash=False)
    divergence: float = 0.0
    largest_gap: float = 0.0
    iterations: int = 0
    converged: bool = True

    @property
    def mixture(self) -> Mixture:
        """The prior as a marginal, with its quantiles and probabilities."""
        return mixture(self.weights, self.means.copy(), self.sds, 2)

    def effective_sample_size(
        self, unit_sd: float, method: Literal["elir", "moment"] = "elir"
    ) -> float:
        """How many observations with standard deviation ``unit_sd`` the prior is worth.

        Parameters
        ----------
        unit_sd : float
            Of one observation of the effect: of one person's difference, or about 2 per event for
            a log odds ratio (Neuenschwander and others 2020).
        method : {"elir", "moment"}
            Expected local information ratio, ``unit_sd^2`` times the mean of ``-(log p)''``, which
            grows by n on average when n observations come in (Neuenschwander and others 2020); or
            ``unit_sd^2`` over the variance.
        """
        require_positive("unit_sd", unit_sd)
        if method == "moment":
            return (unit_sd / self.mixture.sd) ** 2
        if method != "elir":
            raise ValueError(f"method is {method!r}; expected 'elir' or 'moment'")
        x, width = _grid(self.mixture)
        z = np.subtract.outer(x, self.means) / self.sds
        parts = np.exp(-0.5 * z * z) * self.weights / self.sds / SQRT_2PI
        slope = (parts * z / self.sds).sum(-1)
        # The mean of -(log p)'' is that of ((log p)')^2, which is never negative.
        return unit_sd**2 * float(width @ (slope * slope / parts.sum(-1)))

    def robust(self, weight: float, mean: float, sd: float) -> PredictivePrior:
        """Add a vague normal with ``weight``, in case the new study is unlike the earlier ones."""
        if not 0.0 < weight < 1.0:
            raise ValueError(f"weight is {weight:g}; expected a number between 0 and 1")
        if not math.isfinite(mean):
            raise ValueError(f"mean is {mean:g}; expected a finite number")
        require_positive("sd", sd)
        return PredictivePrior(
            frozen(np.append((1.0 - weight) * self.weights, weight)),
            frozen(np.append(self.means, mean)),
            frozen(np.append(self.sds, sd)),
        )

    def update(self, y: float, se: float) -> PredictivePrior:
        """Return the posterior after a new study's estimate: again a mixture of normals."""
        if not math.isfinite(y):
            raise ValueError(f"y is {y:g}; expected a finite number")
        require_positive("se", se)
        total = self.sds**2 + se**2
        log = np.log(self.weights) - 0.5 * (np.log(total) + (y - self.means) ** 2 / total)
        raw = np.exp(log - log.max())
        pull = self.sds**2 / total
        return PredictivePrior(
            frozen(raw / raw.sum()),
            frozen(self.means + pull * (y - self.means)),
            frozen(np.sqrt(pull) * se),
        )

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        names = ("weights", "means", "sds", "divergence", "largest_gap", "iterations", "converged")
        return {name: plain(getattr(self, name)) for name in names}

    def __repr__(self) -> str:
        rows = zip(self.weights, self.means, self.sds, strict=True)
        return "PredictivePrior: " + " + ".join(f"{w:.4f} N({m:.4f}, {s:.4f})" for w, m, s in rows)


def predictive_prior(
    posterior: BayesResult | BayesAverage | Mixture, components: int = 3
) -> PredictivePrior:
    """Put a posterior of a new setting's effect as a mixture of a few normals.

    Parameters
    ----------
    posterior : BayesResult, BayesAverage or Mixture
        Of the first two the ``predictive`` is taken.
    components : int
        How many normals; ``divergence`` and ``largest_gap`` say what is lost.

    Raises
    ------
    ValueError
        If ``components`` is not at least 1.

    Notes
    -----
    A fit at rest has mean and variance of the target, as far as the grid carries them (it ends at
    probabilities of 1e-9 in either tail; a variance that does not exist is cut there).

    Examples
    --------
    >>> from saisei.synthesis.bayes.pooling import bayes_pool
    >>> predictive_prior(bayes_pool([0.3, 0.1, 0.6], [0.2, 0.15, 0.3]), 1)
    PredictivePrior: 1.0000 N(0.2763, 0.4051)
    """
    if components < 1:
        raise ValueError(f"components is {components}; expected at least 1")
    target = posterior if isinstance(posterior, Mixture) else posterior.predictive
    x, width = _grid(target)
    mass = width * target.density(x)
    mass /= mass.sum()
    middle = target.median
    unit = float(np.diff(target.quantiles(np.array([0.16, 0.84])))[0]) / 2.0
    exact = float(mass @ np.log(target.density(x) * (unit * SQRT_2PI)))
    starts = _starts(target, middle, unit, components)
    fit = fit_mixture((x - middle) / unit, mass, exact, starts)
    order = np.argsort(fit.sds, kind="stable")
    weights, means, sds = (
        fit.weights[order],
        middle + unit * fit.means[order],
        unit * fit.sds[order],
    )
    fitted = mixture(weights, means.copy(), sds, 2)
    gap = np.abs(fitted.cumulative(x) - target.cumulative(x)).max()
    return PredictivePrior(
        frozen(weights),
        frozen(means),
        frozen(sds),
        max(exact - fit.value, 0.0),
        float(gap),
        fit.iterations,
        fit.converged,
    )


def _starts(
    target: Mixture, middle: float, unit: float, n: int
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """One inside the other, side by side, and a wide one over others side by side.

    All from quantiles of the target, in units of ``unit`` around ``middle``.
    """
    if n == 1:
        return [(np.ones(1), np.zeros(1), np.ones(1))]
    reach = np.geomspace(0.5, 0.005, n)
    low, high = target.quantiles(np.concatenate([0.5 * reach, 1.0 - 0.5 * reach])).reshape(2, n)
    nested = 0.5 * (high - low) / unit / special.ndtri(1.0 - 0.5 * reach)
    equal = np.full(n, 1.0 / n)
    starts = [(equal, np.zeros(n), nested)]
    for inner in sorted({n, n - 1} - {1}):
        means = (target.quantiles((np.arange(inner) + 0.5) / inner) - middle) / unit
        sds = np.full(inner, float(np.diff(means).mean()))
        wide = n - inner
        starts.append((equal, np.append(means, np.zeros(wide)), np.append(sds, nested[n - wide :])))
    return starts


def _grid(target: Mixture) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights between quantiles."""
    p = np.array(TAILS)
    edges = np.unique(target.quantiles(np.concatenate([p, [0.5], 1.0 - p])))
    half = 0.5 * np.diff(edges)[:, None]
    nodes = edges[:-1, None] + half * (1.0 + gauss()[0])
    return nodes.ravel(), (half * gauss()[1]).ravel()
