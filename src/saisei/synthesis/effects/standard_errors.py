"""From p values, intervals and correlations to standard errors and standard deviations.

Formulae of the Cochrane Handbook, chapter 6, unless another source is named.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, refuse, vector
from saisei.synthesis.effects.conversions import sd_from_se, se_from_ci
from saisei.synthesis.effects.studies import Effect

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def se_from_p(estimate: float, p: float, df: float | None = None) -> float:
    """Return the standard error behind an estimate and its two-sided p value.

    ``|estimate| / q``, with ``q`` the normal quantile of ``1 - p/2``, or that of t with ``df``
    degrees of freedom. Ratios: take the logarithm first. A p value printed as a bound ("p <
    0.05") gives a bound.

    Examples
    --------
    >>> round(se_from_p(3.8, 0.008, df=48), 3)
    1.373
    """
    if not (math.isfinite(estimate) and estimate != 0.0 and 0.0 < p < 1.0):
        raise ValueError(
            f"estimate is {estimate:g} and p is {p:g}; expected an estimate other than 0 and "
            "p between 0 and 1"
        )
    half = 0.5 * p
    return abs(estimate) / -float(special.ndtri(half) if df is None else _t_quantile(df, half))


def sd_from_ci(
    lower: float, upper: float, n: float, level: float = 0.95, *, t: bool = True
) -> float:
    """Return the standard deviation of one group from the interval of its mean.

    ``sqrt(n) (upper - lower) / (2 q)``, q of t with ``n - 1`` degrees of freedom, or normal with
    ``t=False``, as in large groups.

    Examples
    --------
    >>> round(sd_from_ci(30.0, 34.2, 25), 3), round(sd_from_ci(30.0, 34.2, 25, t=False), 3)
    (5.087, 5.357)
    """
    if n < 2:
        raise ValueError(f"n is {n:g}; expected at least two people")
    return sd_from_se(se_from_ci(lower, upper, level, n - 1 if t else None), n)


def sd_from_difference(se: float, n1: float, n2: float) -> float:
    """Return the common standard deviation of two groups from the SE of their mean difference.

    ``se / sqrt(1/n1 + 1/n2)``; it stands for both groups.

    Examples
    --------
    >>> round(sd_from_difference(1.373, 25, 25), 3)
    4.854
    """
    if not (math.isfinite(se) and se > 0.0 and n1 >= 1 and n2 >= 1):
        raise ValueError(
            f"se is {se:g}, n1 {n1:g}, n2 {n2:g}; expected se above 0 and people in either group"
        )
    return se / math.sqrt(1.0 / n1 + 1.0 / n2)


def change_sd(sd1: float, sd2: float, r: float) -> float:
    """Return the standard deviation of changes from those of both times and their correlation.

    ``sqrt(sd1^2 + sd2^2 - 2 r sd1 sd2)``.

    Examples
    --------
    >>> round(change_sd(6.4, 7.1, 0.7), 4)
    5.2682
    """
    _positive(sd1=sd1, sd2=sd2)
    if not -1.0 <= r <= 1.0:
        raise ValueError(f"r is {r:g}; expected a correlation between -1 and 1")
    return math.sqrt((sd1 - sd2) ** 2 + 2.0 * (1.0 - r) * sd1 * sd2)


def change_correlation(sd1: float, sd2: float, sd_change: float) -> float:
    """Return the correlation of two times that the standard deviation of changes implies.

    ``(sd1^2 + sd2^2 - sd_change^2) / (2 sd1 sd2)``.

    Examples
    --------
    >>> round(change_correlation(6.4, 7.1, 5.2682), 4)
    0.7
    """
    _positive(sd1=sd1, sd2=sd2, sd_change=sd_change)
    r = (sd1**2 + sd2**2 - sd_change**2) / (2.0 * sd1 * sd2)
    if not -1.0 <= r <= 1.0:
        raise ValueError(
            f"sd1 {sd1:g}, sd2 {sd2:g} and sd_change {sd_change:g} imply a correlation of {r:.3g}; "
            "they cannot be of the same people"
        )
    return r


def effect_from_ci(
    estimate: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    level: float = 0.95,
    measure: str = "HR",
) -> Effect:
    """Turn printed ratios and their intervals, such as hazard ratios, into log effects.

    ``y = log(estimate)``, ``v = (log(upper/lower) / (2 z))^2`` (Parmar, Torri and Stewart 1998).

    Parameters
    ----------
    estimate, lower, upper : array_like of shape (k,)
        Ratios, treated against control, as printed (not their logarithms).
    level : float
        Coverage of the intervals.
    measure : str
        What the ratio is; only a label.

    Raises
    ------
    ValueError
        If a number is not above 0, or an estimate lies outside its interval.

    Examples
    --------
    >>> result = effect_from_ci([0.72], [0.55], [0.94])
    >>> f"{result.y[0]:.4f} {result.v[0]:.5f}"
    '-0.3285 0.01869'
    """
    z = float(special.ndtri(0.5 + 0.5 * check_level(level)))
    named = {"estimate": estimate, "lower": lower, "upper": upper}
    centre, low, high = (vector(name, values) for name, values in named.items())
    if not centre.size == low.size == high.size:
        raise ValueError("estimate, lower and upper must have one value for each study")
    for name, array in zip(named, (centre, low, high), strict=True):
        refuse(name, array, ~(np.isfinite(array) & (array > 0)), "a finite ratio above 0")
    refuse("lower", low, ~(low < high), "a limit below the upper one")
    refuse("estimate", centre, (centre < low) | (centre > high), "a ratio inside its interval")
    v = np.square((np.log(high) - np.log(low)) / (2.0 * z))
    formula = f"log {measure}, variance from the printed interval (Parmar 1998)"
    return Effect(frozen(np.log(centre)), frozen(v), frozen(np.arange(v.size)), measure, formula)


def _t_quantile(df: float, p: float) -> float:
    if not df > 0:
        raise ValueError(f"df is {df:g}; expected degrees of freedom above 0")
    return float(special.stdtrit(df, p))


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} is {value:g}; expected a standard deviation above 0")
