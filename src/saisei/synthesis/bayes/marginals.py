"""Posterior marginals: mixtures of normals, and the density of tau on panels.

Given tau, everything in the random-effects model is normal; so the posterior of the mean effect,
of a new setting and of each study is a mixture of normals over the nodes of a quadrature in tau.
Quantiles are roots of the mixture's distribution function, not read off a grid.

``math.inf`` stands for a moment that does not exist.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen
from saisei.synthesis._numeric.roots import falling_root, rising_roots
from saisei.synthesis.bayes.pieces import shortest_set
from saisei.synthesis.bayes.shortest import shortest_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.priors import TauPrior
    from saisei.synthesis.bayes.quadrature import Panels

SQRT_2PI = math.sqrt(2.0 * math.pi)
TINY = 1e-300


class Marginal(ABC):
    """What every posterior marginal offers."""

    __slots__ = ()

    mean: float
    sd: float

    @abstractmethod
    def quantiles(self, p: FloatArray) -> FloatArray:
        """Quantiles at an array of probabilities."""

    @abstractmethod
    def cumulative(self, x: FloatArray) -> FloatArray:
        """Distribution function at an array of values."""

    @abstractmethod
    def log_density(self, x: float) -> tuple[float, float]:
        """Log density at a value, and its slope there."""

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return -math.inf, math.inf

    @property
    def lump(self) -> float:
        """The probability of the least value itself."""
        return 0.0

    @property
    def median(self) -> float:
        """The median."""
        return self.quantile(0.5)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Central interval: equal probability beyond either end."""
        tail = 0.5 * (1.0 - check_level(level))
        low, high = self.quantiles(np.array([tail, 1.0 - tail])).tolist()
        return low, high

    def shortest(self, level: float = 0.95) -> tuple[float, float]:
        """Shortest interval: where the density has one peak, no value outside is likelier."""
        return shortest_interval(self, level)

    def shortest_set(self, level: float = 0.95) -> tuple[tuple[float, float], ...]:
        """Shortest set, of one interval or several: no value outside is likelier than one in it."""
        return shortest_set(self, level)

    @overload
    def quantile(self, p: float) -> float: ...
    @overload
    def quantile(self, p: FloatArray) -> FloatArray: ...
    def quantile(self, p: float | FloatArray) -> float | FloatArray:
        """Quantile at a probability, or at an array of them (strictly between 0 and 1)."""
        wanted = np.asarray(p, dtype=np.float64)
        if not np.all((wanted > 0.0) & (wanted < 1.0)):
            raise ValueError("p must lie strictly between 0 and 1")
        values = self.quantiles(np.atleast_1d(wanted))
        return float(values[0]) if wanted.ndim == 0 else values

    @overload
    def cdf(self, x: float) -> float: ...
    @overload
    def cdf(self, x: FloatArray) -> FloatArray: ...
    def cdf(self, x: float | FloatArray) -> float | FloatArray:
        """Probability of a value at or below ``x``."""
        at = np.asarray(x, dtype=np.float64)
        values = self.cumulative(np.atleast_1d(at))
        return float(values[0]) if at.ndim == 0 else values

    def prob(self, *, above: float = -math.inf, below: float = math.inf) -> float:
        """Probability of a value above one bound, below another, or between both."""
        ends = self.cumulative(np.array([above, below]))
        return float(max(0.0, ends[1] - ends[0]))

    def nodes(self, n: int = 201) -> FloatArray:
        """``n`` equally likely values: the quantiles at the middles of n equal slices.

        For carrying a posterior through a further calculation: what is true of a share of the
        nodes is true with that probability, to 1 / n.
        """
        if n < 1:
            raise ValueError(f"n is {n}; expected at least 1")
        return self.quantiles((np.arange(n) + 0.5) / n)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mixture(Marginal):
    """A mixture of normals: ``weights``, ``centres`` and ``spreads`` of its components."""

    mean: float
    sd: float
    weights: FloatArray = field(hash=False)
    centres: FloatArray = field(hash=False)
    spreads: FloatArray = field(hash=False)

    def quantiles(self, p: FloatArray) -> FloatArray:
        """Quantiles at an array of probabilities."""
        rows = mixture_quantiles(self.weights, self.centres[None], self.spreads[None], p)
        return np.asarray(rows[0])

    def cumulative(self, x: FloatArray) -> FloatArray:
        """Distribution function at an array of values."""
        z = np.subtract.outer(x, self.centres) / self.spreads
        return np.asarray(special.ndtr(z) @ self.weights)

    def density(self, x: ArrayLike) -> FloatArray:
        """Density at an array of values."""
        z = np.subtract.outer(np.atleast_1d(np.asarray(x, float)), self.centres) / self.spreads
        return np.asarray(np.exp(-0.5 * z * z) @ (self.weights / self.spreads) / SQRT_2PI)

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density at a value, and its slope there."""
        z = (x - self.centres) / self.spreads
        least = float(np.min(z * z))
        heights = np.exp(0.5 * (least - z * z)) * self.weights / self.spreads
        total = float(heights.sum())
        slope = -float(heights @ (z / self.spreads)) / total
        return math.log(total / SQRT_2PI) - 0.5 * least, slope

    def expect(self, function: Callable[[FloatArray], FloatArray], points: int = 20) -> float:
        """Mean of a smooth function of the quantity, by Gauss-Hermite in each component.

        This is an average over what is not known. What is printed for a person is the function
        at the median and at the ends of an interval, never this average.
        """
        z, gauss = np.polynomial.hermite_e.hermegauss(points)
        values = function(self.centres[:, None] + self.spreads[:, None] * z)
        return float(self.weights @ (values @ gauss) / SQRT_2PI)

    def __repr__(self) -> str:
        return _describe("Mixture", self, self.mean, self.sd)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Shrinkage:
    """The posterior of each study's own true effect (shape of every result: (k,))."""

    mean: FloatArray
    sd: FloatArray
    weights: FloatArray
    centres: FloatArray
    spreads: FloatArray

    def __len__(self) -> int:
        return self.mean.size

    def __getitem__(self, index: int) -> Mixture:
        mean, sd = float(self.mean[index]), float(self.sd[index])
        return Mixture(mean, sd, self.weights, self.centres[index], self.spreads[index])

    @property
    def median(self) -> FloatArray:
        """The medians."""
        return self.quantiles(np.array([0.5]))[:, 0]

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """Central intervals: lower ends, upper ends."""
        tail = 0.5 * (1.0 - check_level(level))
        ends = self.quantiles(np.array([tail, 1.0 - tail]))
        return ends[:, 0], ends[:, 1]

    def quantiles(self, p: FloatArray) -> FloatArray:
        """Quantiles, one row for each study and one column for each probability."""
        return mixture_quantiles(self.weights, self.centres, self.spreads, p)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TauMarginal(Marginal):
    """The posterior of tau: a density in ``log(tau)`` on panels, and a remainder next to 0.

    The remainder (``near_zero``, a probability) is where tau is so small that the likelihood is
    flat: there the posterior has the shape of the prior.
    """

    mean: float
    sd: float
    near_zero: float
    panels: Panels
    prior: TauPrior

    def quantiles(self, p: FloatArray) -> FloatArray:
        """Quantiles at an array of probabilities."""
        return np.array([self._quantile(float(one)) for one in p])

    def cumulative(self, x: FloatArray) -> FloatArray:
        """Distribution function at an array of values."""
        return np.array([self._cumulative(float(one)) for one in x])

    def density(self, x: ArrayLike) -> FloatArray:
        """Density at an array of values above 0 (below the panels: of the prior's shape)."""
        values = [self._density(float(one)) for one in np.atleast_1d(np.asarray(x, float))]
        return np.array(values)

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return 0.0, self.prior.upper

    def log_density(self, x: float) -> tuple[float, float]:
        """Log density at a value above 0, and its slope there."""
        u = math.log(x)
        if self.panels.edges[0] < u < self.panels.edges[-1]:
            height, slope = self.panels.density_and_slope(u)
            height = max(height, TINY)
            return math.log(height) - u, (slope / height - 1.0) / x
        near = np.array([x, x * (1.0 + 1e-6)])
        first, second = np.log(np.maximum(self.density(near), TINY)).tolist()
        return first, (second - first) / (1e-6 * x)

    def _cumulative(self, x: float) -> float:
        if x <= 0.0:
            return 0.0
        log_x = math.log(x) if x < math.inf else math.inf
        if log_x >= self.panels.edges[-1]:
            return 1.0
        if log_x > self.panels.edges[0]:
            return self.near_zero + self.panels.integral_to(log_x)
        return self.near_zero * self.prior.mass_below(x) / self._prior_mass()

    def _density(self, x: float) -> float:
        if x <= 0.0 or math.log(x) >= self.panels.edges[-1]:
            return 0.0
        if math.log(x) > self.panels.edges[0]:
            return self.panels.density(math.log(x)) / x
        shape = math.exp(float(self.prior.log_density(np.array([x]))[0]))
        return self.near_zero * shape / self._prior_mass()

    def _prior_mass(self) -> float:
        return self.prior.mass_below(math.exp(self.panels.edges[0]))

    def _quantile(self, p: float) -> float:
        if p > self.near_zero:
            return math.exp(self.panels.solve(p - self.near_zero))
        target = p / self.near_zero * self._prior_mass()

        def gap(log_tau: float) -> tuple[float, float]:
            tau = math.exp(log_tau)
            height = math.exp(float(self.prior.log_density(np.array([tau]))[0]))
            return target - self.prior.mass_below(tau), -height * tau

        top = float(self.panels.edges[0])
        return math.exp(falling_root(gap, -700.0, top, top - 1.0).x)

    def __repr__(self) -> str:
        return _describe("TauMarginal", self, self.mean, self.sd)


def mixture(weights: FloatArray, centres: FloatArray, spreads: FloatArray, moments: int) -> Mixture:
    """Make a mixture with its mean and SD, as far as ``moments`` (0, 1 or 2) exist."""
    mean = float(weights @ centres) if moments >= 1 else math.inf
    sd = math.inf
    if moments >= 2:
        sd = math.sqrt(float(weights @ (np.square(spreads) + np.square(centres - mean))))
    return Mixture(mean, sd, weights, frozen(centres), frozen(spreads))


def mixture_quantiles(
    weights: FloatArray, centres: FloatArray, spreads: FloatArray, p: FloatArray
) -> FloatArray:
    """Quantiles of several mixtures that share their weights.

    Parameters
    ----------
    weights : array of shape (N,)
    centres, spreads : arrays of shape (M, N)
    p : array of shape (P,)

    Returns
    -------
    array of shape (M, P)

    Notes
    -----
    Solved as ``probit(F(x)) = probit(p)``. For one normal the left side is a straight line, so
    that Newton's method on a mixture needs few steps and does not run away in the tails. The
    smaller of the two tails is used, which keeps relative accuracy there.
    """
    sign = np.where(p > 0.5, -1.0, 1.0)
    wanted = special.ndtri(np.minimum(p, 1.0 - p))
    # Each component's own quantile: the mixture's lies between the least and the greatest.
    own = centres[:, None, :] + (sign * wanted)[:, None] * spreads[:, None, :]
    order = np.argsort(own, axis=-1)
    middle = (np.cumsum(weights[order], axis=-1) < 0.5).sum(-1, keepdims=True)
    place = np.take_along_axis(order, np.minimum(middle, weights.size - 1), -1)
    start = np.take_along_axis(own, place, -1)[..., 0]
    heights = weights / spreads / SQRT_2PI

    def probit(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        z = (x[..., None] - centres[:, None, :]) / spreads[:, None, :]
        at = special.ndtri(special.ndtr(sign[:, None] * z) @ weights)
        density = np.vecdot(np.exp(-0.5 * z * z), heights[:, None, :])
        return sign * (at - wanted), density * SQRT_2PI * np.exp(0.5 * at * at)

    return rising_roots(probit, own.min(-1), own.max(-1), start)


def _describe(name: str, marginal: Marginal, mean: float, sd: float) -> str:
    low, high = marginal.interval()
    return (
        f"{name}(median {marginal.median:.4f}, 95% {low:.4f} to {high:.4f}, "
        f"mean {mean:.4f}, sd {sd:.4f})"
    )
