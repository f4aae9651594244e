"""Exact and score intervals for proportions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, overload

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, refuse, vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray

    Many = Sequence[float] | FloatArray

Number = TypeVar("Number")
ProportionMethod = Literal["clopper-pearson", "wilson"]


@dataclass(frozen=True, slots=True)
class ProportionInterval(Generic[Number]):
    """A proportion, or a difference of two, and its interval: numbers, or arrays of them."""

    estimate: Number
    lower: Number
    upper: Number
    level: float
    method: str


@overload
def binomial_interval(
    events: float, n: float, level: float = ..., method: ProportionMethod = ...
) -> ProportionInterval[float]: ...
@overload
def binomial_interval(
    events: Many, n: Many, level: float = ..., method: ProportionMethod = ...
) -> ProportionInterval[FloatArray]: ...
def binomial_interval(
    events: float | Many,
    n: float | Many,
    level: float = 0.95,
    method: ProportionMethod = "clopper-pearson",
) -> ProportionInterval[float] | ProportionInterval[FloatArray]:
    """Two-sided interval of a proportion.

    Parameters
    ----------
    events, n : float or array_like
        Events and people.
    level : float
        Coverage; each tail has half of the rest.
    method : {"clopper-pearson", "wilson"}
        Exact (Clopper and Pearson 1934), or the score interval (Wilson 1927).

    Returns
    -------
    ProportionInterval
        Numbers for numbers, arrays for arrays.

    Raises
    ------
    ValueError
        If a count is impossible.

    Examples
    --------
    No event among 18 people excludes little:

    >>> round(binomial_interval(0, 18).upper, 3)
    0.185
    """
    if method not in ("clopper-pearson", "wilson"):
        raise ValueError(f"method is {method!r}; expected 'clopper-pearson' or 'wilson'")
    x, size = _checked(events, n, "events", "n")
    find = _clopper_pearson if method == "clopper-pearson" else _wilson
    lower, upper = find(x, size, check_level(level))
    return _result(x / size, lower, upper, level, method, scalar=np.ndim(events) == 0)


@overload
def difference_interval(
    events1: float, n1: float, events2: float, n2: float, level: float = ...
) -> ProportionInterval[float]: ...
@overload
def difference_interval(
    events1: Many, n1: Many, events2: Many, n2: Many, level: float = ...
) -> ProportionInterval[FloatArray]: ...
def difference_interval(
    events1: float | Many,
    n1: float | Many,
    events2: float | Many,
    n2: float | Many,
    level: float = 0.95,
) -> ProportionInterval[float] | ProportionInterval[FloatArray]:
    """Interval of a difference of two independent proportions (Newcombe 1998, method 10).

    Each arm's Wilson interval is squared and added on its own side, so that the result stays
    within -1 and 1 and behaves with no events.

    Examples
    --------
    Newcombe's own example, 56 of 70 against 48 of 80:

    >>> result = difference_interval(56, 70, 48, 80)
    >>> f"{result.estimate:.4f} {result.lower:.4f} {result.upper:.4f}"
    '0.2000 0.0524 0.3339'
    """
    check_level(level)
    x1, size1 = _checked(events1, n1, "events1", "n1")
    x2, size2 = _checked(events2, n2, "events2", "n2")
    p1, p2 = x1 / size1, x2 / size2
    low1, high1 = _wilson(x1, size1, level)
    low2, high2 = _wilson(x2, size2, level)
    lower = p1 - p2 - np.hypot(p1 - low1, high2 - p2)
    upper = p1 - p2 + np.hypot(high1 - p1, p2 - low2)
    return _result(p1 - p2, lower, upper, level, "newcombe", scalar=np.ndim(events1) == 0)


def _checked(
    events: float | Many, n: float | Many, name: str, size_name: str
) -> tuple[FloatArray, FloatArray]:
    x, size = np.broadcast_arrays(vector(name, events), vector(size_name, n))
    refuse(size_name, size, ~(np.isfinite(size) & (size > 0)), "at least one person")
    refuse(name, x, ~((x >= 0) & (x <= size)), f"between 0 and {size_name}")
    return x, size


def _clopper_pearson(x: FloatArray, n: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    tail = 0.5 * (1.0 - level)
    none, all_of_them = x == 0, x == n
    lower = special.betaincinv(np.where(none, 1.0, x), n - x + 1, tail)
    upper = special.betaincinv(x + 1, np.where(all_of_them, 1.0, n - x), 1 - tail)
    return np.where(none, 0.0, lower), np.where(all_of_them, 1.0, upper)


def _wilson(x: FloatArray, n: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    z2 = float(special.ndtri(0.5 + 0.5 * level)) ** 2
    centre = (x + 0.5 * z2) / (n + z2)
    half = np.sqrt(z2 * (x * (n - x) / n + 0.25 * z2)) / (n + z2)
    lower = np.where(x == 0, 0.0, centre - half)
    return lower, np.where(x == n, 1.0, centre + half)


def _result(
    estimate: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    level: float,
    method: str,
    *,
    scalar: bool,
) -> ProportionInterval[float] | ProportionInterval[FloatArray]:
    if scalar:
        return ProportionInterval(
            float(estimate[0]), float(lower[0]), float(upper[0]), level, method
        )
    return ProportionInterval(estimate, lower, upper, level, method)
