"""Prediction from the confidence distribution of tau2 (Nagashima, Noma and Furukawa 2019).

``H(tau2) = P(Q >= q; tau2)``, the exact probability that Cochran's Q is at least as large as the
one observed, rises from its p value at 0 to 1: it is the confidence distribution of tau2. A new
effect is ``mu(tau2) + tau Z - se(tau2) T`` with tau2 drawn from H, Z standard normal, T of t with
k - 1 degrees of freedom, ``mu`` the weighted mean and ``se`` Hartung's standard error at that tau2.
The paper draws these at random; here their distribution is integrated, which is what ever more
draws come to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, plain, studies
from saisei.synthesis._numeric.result import Result
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.pairwise.heterogeneity import cochran_q
from saisei.synthesis.pairwise.intervals import weighted_chi_squared_cdfs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

NODES = 12
"""Chebyshev's points on each stretch of length 1 in log(1 + tau2/min(v)), in which every term is
analytic to a distance of pi: the error is some 12^-11."""

REST = 1e-11
"""The confidence distribution is followed until this little is left of it."""

LONGEST = 80


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ConfidencePrediction(Result):
    """The effect expected in a new setting, and the mean effect, with tau2's uncertainty.

    Attributes
    ----------
    prediction_interval, estimate_ci
        Central intervals of a new setting's true effect and of the mean effect.
    no_heterogeneity
        The confidence distribution's mass at tau2 = 0: the p value of Cochran's Q.
    k, level, method
        Number of studies, coverage, and how it was made.
    share, centre, normal, scale
        The quadrature: confidence in each tau2, and there mu, tau and se.
    """

    prediction_interval: tuple[float, float]
    estimate_ci: tuple[float, float]
    no_heterogeneity: float
    k: int
    level: float
    method: str
    share: FloatArray = field(hash=False)
    centre: FloatArray = field(hash=False)
    normal: FloatArray = field(hash=False)
    scale: FloatArray = field(hash=False)

    def cdf(self, x: float) -> float:
        """Probability that the true effect of a new setting is at most ``x``."""
        parts = (self.share, self.centre, self.normal, self.scale)
        return _distribution(parts, self.k - 1, x)[0]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the quadrature, as plain values that JSON can hold."""
        return {name: plain(getattr(self, name)) for name in self.__slots__[:-4]}

    def __repr__(self) -> str:
        percent = f"{100 * self.level:g}%"
        return "\n".join(
            [
                f"ConfidencePrediction: k = {self.k}",
                "  {} prediction interval {:.4f} to {:.4f}".format(
                    percent, *self.prediction_interval
                ),
                "  {} CI of the mean {:.4f} to {:.4f}".format(percent, *self.estimate_ci),
                f"  no heterogeneity at all: {self.no_heterogeneity:.4g}",
            ]
        )


def confidence_prediction(y: ArrayLike, v: ArrayLike, level: float = 0.95) -> ConfidencePrediction:
    """Predict the effect in a new setting, tau2 not taken as known.

    The interval of Nagashima, Noma and Furukawa (2019) in the limit of ever more draws of their
    bootstrap. With few studies it covers as often as it says, where those that put one
    value in the place of tau2 do not (their simulations).

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances; k at least 3.
    level : float
        Coverage.

    Returns
    -------
    ConfidencePrediction

    Examples
    --------
    >>> confidence_prediction([-0.9, -1.6, -1.3, -1.4, -0.2], [0.33, 0.19, 0.42, 0.02, 0.05])
    ConfidencePrediction: k = 5
      95% prediction interval -3.4058 to 1.2680
      95% CI of the mean -1.7823 to -0.3207
      no heterogeneity at all: 0.0001804
    """
    check_level(level)
    estimates, variances = studies(y, v, "v")
    k = estimates.size
    if k < 3:
        raise ValueError(f"y has {k} values; prediction needs at least 3 studies")
    base, unit = float(estimates[0]), math.sqrt(float(variances.min()))
    apart, spread = (estimates - base) / unit, variances / unit**2
    tau2, share = _confidence(apart, spread)
    w = 1.0 / np.add.outer(tau2, spread)
    total = w.sum(-1)
    centre = (w @ apart) / total
    residual = apart - centre[:, None]
    scale = np.sqrt(np.vecdot(w, residual * residual) / (k - 1) / total)
    parts = (share, base + unit * centre, unit * np.sqrt(tau2), unit * scale)
    mean = (parts[0], parts[1], np.zeros_like(tau2), parts[3])
    low, high = 0.5 * (1.0 - level), 0.5 * (1.0 + level)
    return ConfidencePrediction(
        prediction_interval=(_quantile(parts, k - 1, low), _quantile(parts, k - 1, high)),
        estimate_ci=(_quantile(mean, k - 1, low), _quantile(mean, k - 1, high)),
        no_heterogeneity=float(share[0]),
        k=k,
        level=level,
        method="confidence distribution of tau2 (Nagashima, Noma and Furukawa 2019), integrated",
        share=parts[0],
        centre=parts[1],
        normal=parts[2],
        scale=parts[3],
    )


def _confidence(y: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values of tau2, in units of the smallest variance, and the confidence in each.

    With the weights ``1/v`` the eigenvalues of Q are ``1 + tau2 m``, m those of
    ``W - W 1 1' W / sum w`` but the 0 (Biggerstaff and Jackson 2008).
    """
    w = 1.0 / v
    q = cochran_q(y, v)
    values = np.linalg.eigvalsh(np.diag(w) - np.outer(w, w) / w.sum())[1:]

    def below(tau2: FloatArray) -> FloatArray:
        return weighted_chi_squared_cdfs(q, 1.0 + np.multiply.outer(tau2, values))

    longest = 1
    while longest < LONGEST and below(np.expm1(np.array([float(longest)])))[0] > REST:
        longest += 1
    points = np.cos(np.pi * np.arange(NODES) / (NODES - 1))[::-1]
    s = np.add.outer(np.arange(longest), 0.5 + 0.5 * points)
    tau2 = np.expm1(s)
    confidence = 1.0 - below(tau2.ravel()).reshape(s.shape)
    slope, weight = _chebyshev(points)
    share = weight * (confidence @ slope.T)
    at_zero = float(special.chdtrc(y.size - 1, q))
    share = np.concatenate([[at_zero], np.maximum(share, 0.0).ravel()])
    return np.concatenate([[0.0], tau2.ravel()]), share / share.sum()


def _chebyshev(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Differentiate and integrate the polynomial through values at the points."""
    basis = np.polynomial.chebyshev.chebvander(points, NODES - 1)
    to_series = np.linalg.inv(basis)
    slopes = np.polynomial.chebyshev.chebder(np.eye(NODES), axis=0)
    derivative = basis[:, : NODES - 1] @ slopes @ to_series
    order = np.arange(NODES)
    area = np.where(order % 2 == 0, 2.0 / (1.0 - np.where(order % 2 == 0, order, 0.0) ** 2), 0.0)
    return derivative, area @ to_series


Parts = tuple["FloatArray", "FloatArray", "FloatArray", "FloatArray"]


def _chi_squared(df: int) -> tuple[FloatArray, FloatArray]:
    """Values of ``df / V``, V chi-squared, and their weights: the trapezoid rule in log V."""
    step = min(0.25, 0.4 * math.sqrt(2.0 / df))
    reach = 12.0 / math.sqrt(df)
    u = np.arange(-70.0 / df - reach, math.log1p(70.0 / df) + reach, step)
    weight = np.exp(0.5 * df * (u - np.expm1(u)))
    return np.exp(-u), weight / weight.sum()


def _distribution(parts: Parts, df: int, x: float) -> tuple[float, float]:
    """Distribution function and density: normal given tau2 and the chi-squared of T."""
    share, centre, normal, scale = parts
    ratio, weight = _chi_squared(df)
    spread = np.sqrt(np.square(normal)[:, None] + np.multiply.outer(scale * scale, ratio))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(x == centre[:, None], 0.0, (x - centre[:, None]) / spread)
        height = np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * spread)
    value = float(share @ (np.asarray(special.ndtr(z)) @ weight))
    return value, float(share @ (height @ weight))


def _quantile(parts: Parts, df: int, p: float) -> float:
    share, centre, normal, scale = parts
    middle = float(share @ centre)
    size = float(share @ np.sqrt(np.minimum(normal, 1e3 * scale + 1e-300) ** 2 + scale**2))
    if size == 0.0:
        return middle
    low = high = middle
    step = size
    while _distribution(parts, df, low)[0] > p:
        low, step = low - step, 2.0 * step
    step = size
    while _distribution(parts, df, high)[0] < p:
        high, step = high + step, 2.0 * step

    def rest(at: float) -> tuple[float, float]:
        value, slope = _distribution(parts, df, middle + size * at)
        return p - value, -slope * size

    root = falling_root(rest, (low - middle) / size, (high - middle) / size, 0.0)
    return middle + size * root.x
