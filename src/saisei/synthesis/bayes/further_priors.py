"""Further priors for tau: the rest of those that meta-analysis knows (Röver 2020, section 2.2).

Some are made from the studies' own standard errors: ``UniformShrinkage.of_studies``,
``Lomax.of_studies`` and ``Jeffreys``. Some are improper; the posterior then needs several studies,
and ``bayes_pool`` says how many. A density that rises to 0 as ``1 / tau`` or faster never gives a
posterior, since the likelihood does not vanish at 0, and is refused at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import refuse, vector
from saisei.synthesis.bayes.priors import PriorBase, require_positive
from saisei.synthesis.bayes.quadrature import gauss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Exponential(PriorBase):
    """Exponential with mean ``scale`` (the rate is its inverse)."""

    scale: float

    def __post_init__(self) -> None:
        require_positive("scale", self.scale)

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        return -tau / self.scale - math.log(self.scale)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return -math.expm1(-tau / self.scale)


@dataclass(frozen=True, slots=True)
class HalfLogistic(PriorBase):
    """Half-logistic: the absolute value of a logistic variable around 0."""

    scale: float

    def __post_init__(self) -> None:
        require_positive("scale", self.scale)

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        z = tau / self.scale
        return math.log(2.0 / self.scale) - z - 2.0 * np.log1p(np.exp(-z))

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return math.tanh(0.5 * tau / self.scale)


@dataclass(frozen=True, slots=True)
class Lomax(PriorBase):
    """Lomax (Pareto of the second kind): the density falls as ``(1 + tau / scale)^-(shape + 1)``.

    Shape 1 with the scale of ``of_studies`` is the prior of DuMouchel (DuMouchel and Normand 2000).
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        require_positive("shape", self.shape)
        require_positive("scale", self.scale)

    @classmethod
    def of_studies(cls, se: ArrayLike) -> Lomax:
        """DuMouchel's prior: its median is the harmonic mean of the variances, as an SD."""
        return cls(1.0, typical_error(se))

    @property
    def tail_power(self) -> float:
        """The power at which the density falls."""
        return self.shape + 1.0

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        return math.log(self.shape / self.scale) - (self.shape + 1.0) * np.log1p(tau / self.scale)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return -math.expm1(-self.shape * math.log1p(tau / self.scale))


@dataclass(frozen=True, slots=True)
class InverseGammaTau2(PriorBase):
    """Inverse-gamma on tau2, density of tau2 proportional to ``t^-(shape+1) exp(-scale / t)``.

    It keeps tau away from 0 and is sensitive to its own parameters when they are small (Gelman
    2006); it stands here for comparison with older analyses.
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        require_positive("shape", self.shape)
        require_positive("scale", self.scale)

    @property
    def tail_power(self) -> float:
        """The power at which the density of tau falls."""
        return 2.0 * self.shape + 1.0

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density of tau (not tau2) at values above 0."""
        constant = math.log(2.0) + self.shape * math.log(self.scale) - math.lgamma(self.shape)
        with np.errstate(over="ignore", divide="ignore"):
            fall = np.exp(math.log(self.scale) - 2.0 * np.log(tau))
        return constant - (2.0 * self.shape + 1.0) * np.log(tau) - fall

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return float(special.gammaincc(self.shape, self.scale / tau / tau))


@dataclass(frozen=True, slots=True)
class UniformShrinkage(PriorBase):
    """Flat on ``scale^2 / (scale^2 + tau2)``, the share by which a study is pulled to the mean.

    Daniels (1999); with a typical sampling variance as ``scale`` squared it is also flat on I2.
    """

    scale: float

    def __post_init__(self) -> None:
        require_positive("scale", self.scale)

    @classmethod
    def of_studies(cls, se: ArrayLike) -> UniformShrinkage:
        """Take the harmonic mean of the studies' variances (Spiegelhalter and others 2004)."""
        return cls(typical_error(se))

    @property
    def tail_power(self) -> float:
        """The power at which the density falls."""
        return 3.0

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        z = tau / self.scale
        return math.log(2.0 / self.scale) + np.log(z) - 2.0 * np.log1p(z * z)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        z2 = (tau / self.scale) ** 2
        return z2 / (1.0 + z2)


@dataclass(frozen=True, slots=True)
class Power(PriorBase):
    """Density proportional to ``tau ** exponent`` up to ``upper``; without an end improper.

    Exponent 1 is flat on tau2, -1/2 flat on the square root of tau, 0 flat on tau (``Uniform``).
    """

    exponent: float
    upper: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.exponent) and self.exponent > -1.0):
            raise ValueError(
                f"exponent is {self.exponent:g}; expected a number above -1: at -1 (flat on "
                "log(tau)) and below, the mass at tau = 0 is infinite and no posterior exists"
            )
        if not self.upper > 0.0:
            raise ValueError(f"upper is {self.upper:g}; expected a number above 0")

    @property
    def tail_power(self) -> float:
        """The power at which the density falls (below 0: it rises)."""
        return math.inf if self.proper else -self.exponent

    @property
    def proper(self) -> bool:
        """Whether the density has a finite integral."""
        return math.isfinite(self.upper)

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0 (of the improper form: not normalised)."""
        height = self.exponent * np.log(tau)
        if self.proper:
            rise = self.exponent + 1.0
            height += math.log(rise) - rise * math.log(self.upper)
        return np.where(tau <= self.upper, height, -np.inf)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau (of the improper form: not normalised)."""
        rise = self.exponent + 1.0
        share = min(tau / self.upper, 1.0) if self.proper else tau
        return float(share**rise if self.proper else share**rise / rise)


@dataclass(frozen=True, slots=True)
class Jeffreys(PriorBase):
    """Jeffreys' prior for tau given the studies' standard errors; improper.

    The root of the expected information: ``tau * sqrt(sum((se^2 + tau^2)^-2))`` (Bodnar and
    others 2017; Röver 2020). Two studies make the posterior proper.
    """

    se: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "se", tuple(_errors(self.se).tolist()))

    @property
    def tail_power(self) -> float:
        """The power at which the density falls."""
        return 1.0

    @property
    def proper(self) -> bool:
        """Whether the density has a finite integral."""
        return False

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0, not normalised."""
        spread = np.add.outer(tau * tau, np.square(self.se))
        # Against the smallest variance, so that no square leaves the range of a float.
        least = spread.min(-1)
        squares = np.square(least[..., None] / spread).sum(-1)
        return np.asarray(np.log(tau) - np.log(least) + 0.5 * np.log(squares))

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau, not normalised: an integral in ``log(se_min^2 + tau^2)``."""
        variances = np.square(self.se)
        least = float(variances.min())
        end = math.log1p(tau * tau / least)
        edges = np.linspace(0.0, end, 2 + int(end))
        half = 0.5 * np.diff(edges)[:, None]
        w = edges[:-1, None] + half * (1.0 + gauss()[0])
        shares = np.add.outer(least * np.expm1(w), variances) / (least * np.exp(w))[..., None]
        heights = np.sqrt(np.square(1.0 / shares).sum(-1))
        return 0.5 * float(np.sum(half * heights * gauss()[1]))


def typical_error(se: ArrayLike) -> float:
    """Return the root of the harmonic mean of the variances."""
    return float(np.mean(_errors(se) ** -2.0) ** -0.5)


def _errors(se: ArrayLike) -> FloatArray:
    errors = vector("se", se)
    if errors.size == 0:
        raise ValueError("there is no study: se is empty")
    refuse("se", errors, ~(np.isfinite(errors) & (errors > 0.0)), "a finite number above 0")
    return errors
