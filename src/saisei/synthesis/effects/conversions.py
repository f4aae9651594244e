"""From what papers print to what a pool needs: a mean, an SD, a standard error.

Ratios are converted on the log scale: take logarithms of the limits first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, refuse, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SMD_TO_LOG_OR = math.pi / math.sqrt(3.0)
"""1.8138: the standard deviation of the logistic distribution, so that a standardised difference
times this is a log odds ratio if the trait is logistic with one spread (Chinn 2000)."""


@dataclass(frozen=True, slots=True)
class MeanSD:
    """A mean and standard deviation, and the formula they were made by."""

    mean: float
    sd: float
    formula: str
    n: float


def se_from_ci(lower: float, upper: float, level: float = 0.95, df: float | None = None) -> float:
    """Return the standard error behind a symmetric confidence interval.

    ``(upper - lower) / (2 q)`` with ``q`` the normal quantile, or that of t with ``df`` degrees
    of freedom (Cochrane Handbook, chapter 6).

    Examples
    --------
    >>> round(se_from_ci(-1.96, 1.96), 4)
    1.0
    """
    p = 0.5 + 0.5 * check_level(level)
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        raise ValueError(
            f"the interval {lower:g} to {upper:g} has no width; expected lower < upper"
        )
    quantile = special.ndtri(p) if df is None else special.stdtrit(df, p)
    return (upper - lower) / (2.0 * float(quantile))


def sd_from_se(se: float, n: float) -> float:
    """Return the standard deviation of one arm from the standard error of its mean.

    ``se sqrt(n)`` (Cochrane Handbook, chapter 6).

    Examples
    --------
    >>> sd_from_se(2.0, 25)
    10.0
    """
    if not (math.isfinite(se) and se > 0.0 and n >= 1):
        raise ValueError(
            f"se is {se:g} and n is {n:g}; expected se above 0 and at least one person"
        )
    return se * math.sqrt(n)


def mean_sd_from_median_iqr(median: float, q1: float, q3: float, n: float) -> MeanSD:
    """Estimate mean and SD from the median and the quartiles.

    Mean: Luo and others (2018), scenario S2, ``w (q1 + q3)/2 + (1 - w) median`` with
    ``w = 0.7 + 0.39/n``. SD: Wan and others (2014), scenario C3,
    ``(q3 - q1) / (2 z((0.75 n - 0.125)/(n + 0.25)))``. Both take the data for normal; a median far
    from the middle of its quartiles says that they are not.

    Examples
    --------
    >>> result = mean_sd_from_median_iqr(10, 7, 14, 40)
    >>> f"{result.mean:.3f} {result.sd:.3f}"
    '10.355 5.383'
    """
    check_rising(n, q1=q1, median=median, q3=q3)
    weight = 0.7 + 0.39 / n
    mean = weight * (q1 + q3) / 2.0 + (1.0 - weight) * median
    return MeanSD(mean, (q3 - q1) / _quartile_width(n), "mean Luo 2018 S2, SD Wan 2014 C3", n)


def mean_sd_from_median_range(median: float, low: float, high: float, n: float) -> MeanSD:
    """Estimate mean and SD from the median, the minimum and the maximum.

    Mean: Luo and others (2018), scenario S1, ``w (low + high)/2 + (1 - w) median`` with
    ``w = 4/(4 + n^0.75)``. SD: Wan and others (2014), scenario C1,
    ``(high - low) / (2 z((n - 0.375)/(n + 0.25)))``.

    Examples
    --------
    >>> result = mean_sd_from_median_range(10, 2, 25, 40)
    >>> f"{result.mean:.3f} {result.sd:.3f}"
    '10.703 5.333'
    """
    check_rising(n, low=low, median=median, high=high)
    weight = 4.0 / (4.0 + n**0.75)
    mean = weight * (low + high) / 2.0 + (1.0 - weight) * median
    return MeanSD(mean, (high - low) / _range_width(n), "mean Luo 2018 S1, SD Wan 2014 C1", n)


def mean_sd_from_five_numbers(
    low: float,
    q1: float,
    median: float,
    q3: float,
    high: float,
    n: float,
    sd_formula: Literal["wan", "shi"] = "wan",
) -> MeanSD:
    """Estimate mean and SD from minimum, quartiles and maximum.

    Mean: Luo and others (2018), scenario S3, with weights ``2.2/(2.2 + n^0.75)`` for the middle
    of the range and ``0.7 - 0.72/n^0.55`` for the middle of the quartiles. SD: Wan and others
    (2014), scenario C2, the average of their two estimates; or, by name, Shi and others (2020),
    who weight the two best: ``(high - low)/theta1 + (q3 - q1)/theta2`` with
    ``theta1 = (2 + 0.14 n^0.6) z((n - 0.375)/(n + 0.25))`` and
    ``theta2 = (2 + 2/(0.07 n^0.6)) z((0.75 n - 0.125)/(n + 0.25))``.

    Examples
    --------
    >>> result = mean_sd_from_five_numbers(2, 7, 10, 14, 25, 40)
    >>> f"{result.mean:.3f} {result.sd:.3f}"
    '10.728 5.358'
    """
    check_rising(n, low=low, q1=q1, median=median, q3=q3, high=high)
    outer, inner = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    mean = outer * (low + high) / 2.0 + inner * (q1 + q3) / 2.0 + (1.0 - outer - inner) * median
    from_range, from_quartiles = (high - low) / _range_width(n), (q3 - q1) / _quartile_width(n)
    if sd_formula == "shi":
        share = 1.0 / (1.0 + 0.07 * n**0.6)
        sd = share * from_range + (1.0 - share) * from_quartiles
        return MeanSD(mean, sd, "mean Luo 2018 S3, SD Shi 2020", n)
    if sd_formula != "wan":
        raise ValueError(f"sd_formula is {sd_formula!r}; expected 'wan' or 'shi'")
    sd = 0.5 * (from_range + from_quartiles)
    return MeanSD(mean, sd, "mean Luo 2018 S3, SD Wan 2014 C2", n)


def combine_arms(n: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> MeanSD:
    """Combine several arms into one, as if their people had been one group.

    The Cochrane Handbook's formula (section 6.5.2.10) for any number of arms: the sum of squares
    within the arms and between their means, over ``n - 1``.

    Examples
    --------
    >>> result = combine_arms([10, 30], [4.0, 6.0], [2.0, 3.0])
    >>> f"{result.mean:.2f} {result.sd:.4f} {result.n:g}"
    '5.50 2.8956 40'
    """
    sizes, means, sds = vector("n", n), vector("mean", mean), vector("sd", sd)
    if not sizes.size == means.size == sds.size:
        raise ValueError("n, mean and sd must have one value for each arm")
    refuse("n", sizes, ~(np.isfinite(sizes) & (sizes >= 1)), "at least one person")
    refuse("mean", means, ~np.isfinite(means), "a finite number")
    refuse("sd", sds, ~(np.isfinite(sds) & (sds >= 0)), "a standard deviation of 0 or more")
    total = float(sizes.sum())
    if total < 2:
        raise ValueError("the arms hold one person in all; expected at least two")
    centre = float(sizes @ means) / total
    squares = float((sizes - 1) @ np.square(sds) + sizes @ np.square(means - centre))
    return MeanSD(centre, math.sqrt(squares / (total - 1)), "Cochrane Handbook 6.5.2.10", total)


def smd_to_log_or(smd: float) -> float:
    """Turn a standardised mean difference, or its standard error, into that of a log odds ratio.

    Times ``pi / sqrt(3)`` (Chinn 2000). It holds only as far as the trait is logistic; where
    counts are known, use them.

    Examples
    --------
    >>> round(smd_to_log_or(0.5), 4)
    0.9069
    """
    return SMD_TO_LOG_OR * smd


def check_rising(n: float, **values: float) -> None:
    """Check that the numbers rise in the order of their names, and that n allows the formula."""
    numbers = list(values.values())
    if not all(math.isfinite(value) for value in numbers):
        raise ValueError(f"{', '.join(values)} must be finite numbers")
    if numbers != sorted(numbers) or numbers[0] == numbers[-1]:
        listed = ", ".join(f"{name} {value:g}" for name, value in values.items())
        raise ValueError(f"{listed}: expected rising numbers with some spread")
    if n < 3:
        raise ValueError(f"n is {n:g}; expected at least 3 people")


def _quartile_width(n: float) -> float:
    """Width of the quartiles of n normal values, in standard deviations (Wan 2014)."""
    return 2.0 * float(special.ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _range_width(n: float) -> float:
    """Width of the range of n normal values, in standard deviations (Wan 2014; Blom 1958)."""
    return 2.0 * float(special.ndtri((n - 0.375) / (n + 0.25)))
