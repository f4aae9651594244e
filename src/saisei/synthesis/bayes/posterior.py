"""The posterior of tau in a model that is normal given tau.

``bayes_pool`` and ``bayes_regress`` differ in what is normal given tau; what follows from the
likelihood of tau alone stands here: whether the posterior is proper, which moments it has, its
density on panels, and the nodes at which everything else is mixed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from saisei.synthesis._numeric.arrays import frozen
from saisei.synthesis.bayes.marginals import TauMarginal
from saisei.synthesis.bayes.quadrature import (
    NEGLIGIBLE,
    TOLERANCE,
    Panels,
    gauss,
    integrate,
    to_coefficients,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.priors import TauPrior

FLAT_BELOW = 1e-5
"""Below this share of the smallest standard deviation that tau is set against, nothing depends on
tau but to 1e-10."""

LARGEST_LOG = 1e8
"""A log density above this carries rounding of more than 1e-8."""

FARTHEST = 150.0
"""The largest log(tau) looked at: tau squared still fits a float with room to spare."""

NEXT_TO_NOTHING = 30.0
"""What is below the first edge is less than exp(-30) of the peak, if panels start above ``low``."""

CLOSER_LOOKS = 12
"""Each narrows the window sixteenfold."""


class TauModel(Protocol):
    """What a model offers to the integration over tau."""

    @property
    def v(self) -> FloatArray:
        """Sampling variances."""

    @property
    def least(self) -> float:
        """The least variance that tau squared is added to: of a study, or of a prior."""

    @property
    def tau_prior(self) -> TauPrior:
        """Prior for tau."""

    @property
    def power(self) -> float:
        """The power of tau at which the likelihood falls far out."""

    def log_likelihood(self, tau: FloatArray) -> FloatArray:
        """Log-likelihood of tau, all else integrated out."""


@dataclass(frozen=True, slots=True, eq=False)
class TauPosterior:
    """The marginal of tau, nodes and weights, how many moments exist, and the log of the total."""

    marginal: TauMarginal
    weights: FloatArray = field(hash=False)
    tau: FloatArray = field(hash=False)
    moments: int
    log_total: float


def tau_posterior(model: TauModel) -> TauPosterior:
    """Integrate a model over tau.

    Raises
    ------
    ValueError
        If the posterior would be improper.
    """
    _check_proper(model)
    moments = _moments(model)
    panels, near_zero, log_total = _panels(model, moments)
    weights, tau = _nodes(panels, near_zero)
    mean, sd = _tau_moments(weights, tau, moments)
    marginal = TauMarginal(mean, sd, near_zero, panels, model.tau_prior)
    return TauPosterior(marginal, weights, tau, moments, log_total)


def _check_proper(model: TauModel) -> None:
    power, k = model.tau_prior.tail_power + model.power, model.v.size
    if not model.tau_prior.proper and power <= 1.0:
        needed = k + math.floor(1.0 - power) + 1
        raise ValueError(
            f"{k} studies do not make the posterior proper under {model.tau_prior}: it takes "
            f"{needed}; choose a proper prior such as HalfNormal"
        )


def _moments(model: TauModel) -> int:
    """How many moments (0, 1 or 2) the posterior of tau has.

    Far out the likelihood falls as ``tau ** -power``; the integral of ``tau ** m`` exists if the
    whole falls faster than ``tau ** -(m + 1)``, or just so fast with a falling power of the
    logarithm.
    """
    power = model.tau_prior.tail_power + model.power
    exists = [power > m + 1 or (power == m + 1 and model.tau_prior.log_tail) for m in (1, 2)]
    return sum(exists)


def _log_posterior(model: TauModel, u: FloatArray) -> FloatArray:
    """Log density of ``u = log(tau)``, not normalised."""
    tau = np.exp(u)
    return model.log_likelihood(tau) + model.tau_prior.log_density(tau) + u


def _log_mass_near_zero(model: TauModel, low: float) -> float:
    """Log of the mass of ``log(tau) < low``, where the likelihood is flat."""
    tau = math.exp(low)
    below = model.tau_prior.mass_below(tau)
    if below <= 0.0:
        return -math.inf
    return float(model.log_likelihood(np.array([tau]))[0]) + math.log(below)


def _panels(model: TauModel, moments: int) -> tuple[Panels, float, float]:
    """Posterior of log(tau) on panels, the share of mass below them, and the log of the total.

    Refinement looks at the density times ``1 + (tau / scale) ** moments``, so that the tail that
    decides a moment is resolved as well as the bulk.
    """
    end = min(FARTHEST, math.log(model.tau_prior.upper))
    low = min(math.log(FLAT_BELOW) + 0.5 * math.log(model.least), end - 12.0)
    scan = np.linspace(low, end, 2 + math.ceil(end - low))
    heights = _log_posterior(model, scan)
    log_scale = float(scan[heights.argmax()])

    def extra(u: FloatArray) -> FloatArray:
        return np.asarray(np.logaddexp(0.0, moments * (u - log_scale)))

    def log_height(u: FloatArray) -> FloatArray:
        return _log_posterior(model, u) + extra(u)

    start, stop, highest = _window(log_height, scan, heights + extra(scan))
    # A prior that lives below the panels puts all the mass there.
    below = _log_mass_near_zero(model, low)
    peak = max(highest, below)
    # A sum over k studies carries rounding of about k eps, and a large log density that of its own
    # size, which no panel can get below.
    rounding = float(np.finfo(np.float64).eps)
    tolerance = max(TOLERANCE, 64.0 * rounding * model.v.size, 8.0 * rounding * abs(peak))
    edges, u, values, converged = integrate(log_height, start, stop, peak, tolerance)
    # Where the log density is so large that its own rounding shows, no panel can tell.
    converged = converged and abs(peak) < LARGEST_LOG
    values = values * np.exp(-extra(u))
    mass = 0.5 * np.diff(edges) * (values @ gauss()[1])
    # Up to a later start the likelihood is flat, so that next to nothing is below; or it is not,
    # and then nothing counts between ``low`` and there.
    first = _log_mass_near_zero(model, float(edges[0]))
    near_zero = math.exp((first if first < peak - NEXT_TO_NOTHING else below) - peak)
    total = float(mass.sum()) + near_zero
    panels = Panels(
        frozen(edges),
        frozen(values / total),
        frozen(values @ to_coefficients() / total),
        frozen(np.concatenate([[0.0], np.cumsum(mass) / total])),
        converged,
    )
    return panels, near_zero / total, peak + math.log(total)


def _window(
    log_height: Callable[[FloatArray], FloatArray], u: FloatArray, heights: FloatArray
) -> tuple[float, float, float]:
    """Where the density is not negligible, and its greatest height, in logarithms.

    A peak so narrow that one or two places of the scan see it is looked at again more closely.
    """
    for _ in range(CLOSER_LOOKS):
        near = np.flatnonzero(heights > heights.max() - NEGLIGIBLE)
        low, high = float(u[max(near[0] - 1, 0)]), float(u[min(near[-1] + 1, u.size - 1)])
        if near.size > 2:
            break
        u = np.linspace(low, high, 33)
        heights = log_height(u)
    return low, high, float(heights.max())


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
