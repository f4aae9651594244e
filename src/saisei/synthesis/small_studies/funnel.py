"""Do small studies find other effects than large ones? Lines through the funnel, and its picture.

An answer of yes has many causes, unpublished results among them; so these functions describe and
test, and what they call a limit is where the line goes, not what the effect is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain, studies
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.pairwise.pooling import Test, pool
from saisei.synthesis.regression.moderators import RegressionResult, regress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.pairwise.heterogeneity import Method

LineModel = Literal["multiplicative", "random"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EggerTest:
    """A line through estimates and standard errors.

    Attributes
    ----------
    slope, slope_se, statistic, p
        How much higher estimates lie per standard error, and the test that they do not.
    df
        Degrees of freedom of t; ``math.inf`` where the test is normal.
    limit, limit_se, limit_ci
        Where the line meets a standard error of 0.
    model, k
        ``multiplicative`` or ``random``, and the number of studies.
    fit
        The whole regression.
    """

    slope: float
    slope_se: float
    statistic: float
    p: float
    df: float
    limit: float
    limit_se: float
    limit_ci: tuple[float, float]
    model: str
    k: int
    fit: RegressionResult

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: plain(getattr(self, name)) for name in self.__slots__[:-1]}
        return {**named, "fit": self.fit.to_dict()}

    def __repr__(self) -> str:
        test = "z" if math.isinf(self.df) else f"t({self.df:g})"
        low, high = self.limit_ci
        return (
            f"EggerTest: k = {self.k}, model {self.model}\n"
            f"  slope {self.slope:.4f}   se {self.slope_se:.4f}"
            f"   {test} = {self.statistic:.4f}, p = {self.p:.4g}\n"
            f"  limit {self.limit:.4f}   {100 * self.fit.level:g}% CI {low:.4f} to {high:.4f}"
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PetPeese:
    """Lines on the standard error (PET) and on the variance (PEESE).

    ``estimate``, ``se`` and ``ci`` are the intercept of the line that was chosen: PEESE where
    PET's intercept differs from 0 (``p`` below 0.10, two-sided), PET otherwise (Stanley and
    Doucouliagos 2014).
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    chosen: str
    k: int
    pet: RegressionResult
    peese: RegressionResult

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: plain(getattr(self, name)) for name in self.__slots__[:-2]}
        return {**named, "pet": self.pet.to_dict(), "peese": self.peese.to_dict()}

    def __repr__(self) -> str:
        low, high = self.ci
        return (
            f"PetPeese: k = {self.k}, {self.chosen} chosen\n"
            f"  PET {self.pet.coefficients[0]:.4f} (p {self.pet.p_values[0]:.4g})"
            f"   PEESE {self.peese.coefficients[0]:.4f}\n"
            f"  estimate {self.estimate:.4f}   se {self.se:.4f}   CI {low:.4f} to {high:.4f}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class FunnelData(Result):
    """What a contour-enhanced funnel plot shows (Peters and others 2008).

    ``y``, ``se`` and two-sided ``p`` (against ``null``) of each study, and its ``zone``: how many
    of the contours it lies outside of. ``se_grid`` from 0 to the largest standard error, and
    ``low`` and ``high`` of shape (levels, grid): within them a study is not significant at that
    level. ``centre`` is the pooled estimate, ``centre_low`` and ``centre_high`` the pseudo limits
    about it at ``level``.
    """

    y: FloatArray
    se: FloatArray
    p: FloatArray
    zone: FloatArray
    null: float
    levels: tuple[float, ...]
    se_grid: FloatArray
    low: FloatArray
    high: FloatArray
    centre: float
    level: float
    centre_low: FloatArray
    centre_high: FloatArray


def egger(
    y: ArrayLike,
    v: ArrayLike,
    model: LineModel = "multiplicative",
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> EggerTest:
    """Egger's regression test of funnel asymmetry.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances; three studies at least.
    model : {"multiplicative", "random"}
        ``multiplicative`` is the original (Egger and others 1997): least squares of y on the
        standard error with weights 1/v, the spread about the line taken from the residuals, t
        with k - 2 degrees of freedom. ``random`` adds tau2 instead (Sterne and Egger 2005), by
        ``method``, and tests by ``test``.
    method, test, level
        As in ``regress``; ``method`` and ``test`` concern the random model only.

    Returns
    -------
    EggerTest

    Examples
    --------
    >>> egger([0.1, 0.15, 0.3, 0.4, 0.7], [0.01, 0.01, 0.03, 0.05, 0.1])
    EggerTest: k = 5, model multiplicative
      slope 2.4829   se 0.2651   t(3) = 9.3676, p = 0.002577
      limit -0.1251   95% CI -0.2414 to -0.0089
    """
    if model not in get_args(LineModel):
        raise ValueError(f"model is {model!r}; expected one of multiplicative, random")
    estimates, variances = _three("Egger's test", y, v)
    # The multiplicative model is the Knapp-Hartung factor of the common-effect regression.
    how: tuple[Method, Test] = ("EE", "knha") if model == "multiplicative" else (method, test)
    fit = _line(estimates, np.sqrt(variances), variances, how, level)
    (limit, slope), (limit_se, slope_se) = fit.coefficients.tolist(), fit.se.tolist()
    return EggerTest(
        slope=slope,
        slope_se=slope_se,
        statistic=_ratio(slope, slope_se),
        p=float(fit.p_values[1]),
        df=math.inf if how[1] == "z" else float(estimates.size - 2),
        limit=limit,
        limit_se=limit_se,
        limit_ci=_pair(fit, 0),
        model=model,
        k=estimates.size,
        fit=fit,
    )


def pet_peese(
    y: ArrayLike,
    v: ArrayLike,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> PetPeese:
    """Precision-effect test and precision-effect estimate with standard errors.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances; three studies at least.
    method, test, level
        As in ``regress``. With ``method="EE"`` and ``test="knha"`` the spread about the lines is
        multiplicative, as in Stanley and Doucouliagos (2014).

    Returns
    -------
    PetPeese
    """
    estimates, variances = _three("PET-PEESE", y, v)
    pet = _line(estimates, np.sqrt(variances), variances, (method, test), level)
    peese = _line(estimates, variances, variances, (method, test), level)
    chosen, fit = ("PEESE", peese) if pet.p_values[0] < 0.10 else ("PET", pet)
    return PetPeese(
        estimate=float(fit.coefficients[0]),
        se=float(fit.se[0]),
        ci=_pair(fit, 0),
        chosen=chosen,
        k=estimates.size,
        pet=pet,
        peese=peese,
    )


def funnel(
    y: ArrayLike,
    v: ArrayLike,
    levels: tuple[float, ...] = (0.9, 0.95, 0.99),
    null: float = 0.0,
    method: Method = "REML",
    level: float = 0.95,
    points: int = 101,
) -> FunnelData:
    """Return what a contour-enhanced funnel plot shows; drawing it is left to others.

    Parameters
    ----------
    y, v, method
        As in ``pool``.
    levels : tuple of float
        Confidence levels of the contours of significance about ``null``, rising.
    level : float
        Level of the pseudo limits about the pooled estimate.
    points : int
        Length of the grid of standard errors.

    Examples
    --------
    >>> shown = funnel([0.8, 0.5, 0.3, 0.4, 0.05], [0.08, 0.03, 0.02, 0.05, 0.02])
    >>> shown.zone.tolist()  # beyond how many of 90, 95 and 99 per cent
    [3, 3, 2, 1, 0]
    """
    for one in (*levels, level):
        check_level(one)
    if list(levels) != sorted(set(levels)) or not levels:
        raise ValueError(f"levels is {levels}; expected rising levels")
    if points < 2:
        raise ValueError(f"points is {points}; expected 2 or more")
    estimates, variances = studies(y, v, "v")
    se = np.sqrt(variances)
    distance = np.abs(estimates - null) / se
    quantiles = np.asarray(special.ndtri(0.5 + 0.5 * np.asarray(levels)))
    grid = np.linspace(0.0, float(se.max()), points)
    half = np.multiply.outer(quantiles, grid)
    centre = pool(estimates, variances, method, "z").estimate
    about = float(special.ndtri(0.5 + 0.5 * level)) * grid
    return FunnelData(
        y=frozen(estimates),
        se=frozen(se),
        p=frozen(np.asarray(2.0 * special.ndtr(-distance))),
        zone=frozen((distance > quantiles[:, None]).sum(axis=0)),
        null=null,
        levels=tuple(levels),
        se_grid=frozen(grid),
        low=frozen(null - half),
        high=frozen(null + half),
        centre=centre,
        level=level,
        centre_low=frozen(centre - about),
        centre_high=frozen(centre + about),
    )


def _three(what: str, y: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the studies, checked: three at least."""
    estimates, variances = studies(y, v, "v")
    if estimates.size < 3:
        raise ValueError(f"{what} needs 3 studies; y has {estimates.size}")
    return estimates, variances


def _line(
    y: FloatArray, x: FloatArray, v: FloatArray, how: tuple[Method, Test], level: float
) -> RegressionResult:
    """Regress on one column of precision, refusing equal ones in words of this task."""
    if np.ptp(x) <= 1e-9 * float(x.max()):
        raise ValueError(
            f"v is {v[0]:g} in every study; small and large studies cannot be told apart"
        )
    return regress(y, v, x, *how, names=["precision"], level=level)


def _pair(fit: RegressionResult, row: int) -> tuple[float, float]:
    low, high = fit.ci[row].tolist()
    return low, high


def _ratio(value: float, se: float) -> float:
    """Return a test statistic; without any spread it has no bound."""
    if se == 0.0:
        return math.copysign(math.inf, value) if value else 0.0
    return value / se
