"""Prior distributions for exact Bayesian pooling.

A prior for tau (the standard deviation of true effects) offers its log density, the mass below a
value, and how its density falls far out: as ``tau ** -tail_power``, with a further falling power
of ``log(tau)`` when ``log_tail`` is set. From that follows which posterior moments exist.

Two published families are given for tau2 rather than tau: the log-normal priors of Turner and
others (2012, 2015) and the log-t priors of Rhodes, Turner and Higgins (2015). Their constructors
here are named ``from_tau2``; as ``log(tau) = log(tau2) / 2``, both parameters are halved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from saisei.synthesis._numeric import special

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray

LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


class TauPrior(Protocol):
    """What a prior for tau offers."""

    @property
    def tail_power(self) -> float:
        """The power at which the density falls; infinite if it falls faster than any."""

    @property
    def log_tail(self) -> bool:
        """Whether a falling power of the logarithm multiplies that."""

    @property
    def upper(self) -> float:
        """The largest tau that has any mass."""

    @property
    def proper(self) -> bool:
        """Whether the density has a finite integral."""

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""


def require_positive(name: str, value: float) -> None:
    """Raise a ValueError unless ``value`` is a finite number above 0."""
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} is {value:g}; expected a finite number above 0")


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value:g}; expected a finite number")


class PriorBase:
    """What most priors share: a light tail, no upper end, mass one."""

    __slots__ = ()

    @property
    def tail_power(self) -> float:
        """The power at which the density falls; infinite if it falls faster than any."""
        return math.inf

    @property
    def log_tail(self) -> bool:
        """Whether a falling power of the logarithm multiplies that."""
        return False

    @property
    def upper(self) -> float:
        """The largest tau that has any mass."""
        return math.inf

    @property
    def proper(self) -> bool:
        """Whether the density has a finite integral."""
        return True


@dataclass(frozen=True, slots=True)
class HalfNormal(PriorBase):
    """Half-normal: the absolute value of a normal with mean 0 and standard deviation ``scale``.

    Examples
    --------
    >>> round(HalfNormal(0.5).mass_below(0.5), 4)
    0.6827
    """

    scale: float

    def __post_init__(self) -> None:
        require_positive("scale", self.scale)

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        return math.log(2.0 / self.scale) - LOG_SQRT_2PI - 0.5 * np.square(tau / self.scale)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return math.erf(tau / (self.scale * math.sqrt(2.0)))


@dataclass(frozen=True, slots=True)
class HalfT(PriorBase):
    """Half-t with ``df`` degrees of freedom (Gelman 2006)."""

    df: float
    scale: float

    def __post_init__(self) -> None:
        require_positive("df", self.df)
        require_positive("scale", self.scale)

    @property
    def tail_power(self) -> float:
        """The power at which the density falls."""
        return self.df + 1.0

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        return math.log(2.0 / self.scale) + _log_t(tau / self.scale, self.df)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return 1.0 - 2.0 * float(special.stdtr(self.df, -tau / self.scale))


@dataclass(frozen=True, slots=True)
class HalfCauchy(PriorBase):
    """Half-Cauchy, the half-t with one degree of freedom (Gelman 2006)."""

    scale: float

    def __post_init__(self) -> None:
        require_positive("scale", self.scale)

    @property
    def tail_power(self) -> float:
        """The power at which the density falls."""
        return 2.0

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        return math.log(2.0 / (math.pi * self.scale)) - np.log1p(np.square(tau / self.scale))

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return 2.0 / math.pi * math.atan(tau / self.scale)


@dataclass(frozen=True, slots=True)
class LogNormal(PriorBase):
    """Log-normal on tau: ``log(tau)`` has mean ``meanlog`` and standard deviation ``sdlog``.

    Examples
    --------
    The prior of Turner and others is printed for tau2:

    >>> LogNormal.from_tau2(-3.02, 1.85)
    LogNormal(meanlog=-1.51, sdlog=0.925)
    """

    meanlog: float
    sdlog: float

    def __post_init__(self) -> None:
        _finite("meanlog", self.meanlog)
        require_positive("sdlog", self.sdlog)

    @classmethod
    def from_tau2(cls, mu: float, sigma: float) -> LogNormal:
        """Log-normal on tau2 with mean ``mu`` and standard deviation ``sigma`` of log(tau2)."""
        return cls(mu / 2.0, sigma / 2.0)

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        log_tau = np.log(tau)
        z = (log_tau - self.meanlog) / self.sdlog
        return -0.5 * z * z - log_tau - (math.log(self.sdlog) + LOG_SQRT_2PI)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return float(special.ndtr((math.log(tau) - self.meanlog) / self.sdlog))


@dataclass(frozen=True, slots=True)
class LogT(PriorBase):
    """Log-t on tau: ``(log(tau) - location) / scale`` has t with ``df`` degrees of freedom."""

    location: float
    scale: float
    df: float = 5.0

    def __post_init__(self) -> None:
        _finite("location", self.location)
        require_positive("scale", self.scale)
        require_positive("df", self.df)

    @classmethod
    def from_tau2(cls, location: float, scale: float, df: float = 5.0) -> LogT:
        """Log-t on tau2, the form in which Rhodes, Turner and Higgins (2015) print theirs."""
        return cls(location / 2.0, scale / 2.0, df)

    @property
    def tail_power(self) -> float:
        """The power at which the density falls."""
        return 1.0

    @property
    def log_tail(self) -> bool:
        """A falling power of the logarithm makes it integrable."""
        return True

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0."""
        log_tau = np.log(tau)
        return (
            _log_t((log_tau - self.location) / self.scale, self.df) - log_tau - math.log(self.scale)
        )

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau."""
        return float(special.stdtr(self.df, (math.log(tau) - self.location) / self.scale))


@dataclass(frozen=True, slots=True)
class Uniform:
    """Flat on tau between 0 and ``upper``; without an end it is improper.

    The improper form needs at least three studies (two if the mean effect has a prior).
    """

    upper: float = math.inf

    def __post_init__(self) -> None:
        if not self.upper > 0.0:
            raise ValueError(f"upper is {self.upper:g}; expected a number above 0")

    @property
    def tail_power(self) -> float:
        """The power at which the density falls: it does not, or it ends."""
        return math.inf if self.proper else 0.0

    @property
    def log_tail(self) -> bool:
        """No logarithm is involved."""
        return False

    @property
    def proper(self) -> bool:
        """Whether the density has a finite integral."""
        return math.isfinite(self.upper)

    def log_density(self, tau: FloatArray) -> FloatArray:
        """Log density at values of tau above 0 (of the improper form: 0)."""
        height = -math.log(self.upper) if self.proper else 0.0
        return np.where(tau <= self.upper, height, -np.inf)

    def mass_below(self, tau: float) -> float:
        """Mass between 0 and tau (of the improper form: tau)."""
        return min(tau / self.upper, 1.0) if self.proper else tau


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal prior for the mean effect."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _finite("mean", self.mean)
        require_positive("sd", self.sd)


def _log_t(x: FloatArray, df: float) -> FloatArray:
    """Log density of Student's t."""
    constant = math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df) - 0.5 * math.log(df * math.pi)
    return constant - 0.5 * (df + 1.0) * np.log1p(x * x / df)
