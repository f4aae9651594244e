"""Mean and SD from a median with quartiles, range or both, without taking data for normal.

Two methods of McGrath and others (2020): *quantile estimation* (QE) fits several families of
distributions to the numbers and takes the mean and SD of the one that fits best; *Box-Cox* (BC)
looks for the power under which the numbers are symmetric, estimates there, and goes back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.effects.conversions import (
    MeanSD,
    check_rising,
    mean_sd_from_five_numbers,
    mean_sd_from_median_iqr,
    mean_sd_from_median_range,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from saisei.synthesis._numeric.arrays import FloatArray

QuantileMethod = Literal["QE", "BC"]

SHAPES = 400
"""Points of the grid in the logarithm of a family's shape, from 1/300 to 3000."""

POWERS = 60.0
"""Box-Cox powers are sought between minus and plus this."""

FARTHEST = 6.0
"""Standard deviations about the middle, in Box-Cox's scale, over which is integrated: one in a
thousand million lies beyond on either side."""


def mean_sd_from_quantiles(
    method: QuantileMethod = "QE",
    *,
    n: float,
    median: float,
    q1: float | None = None,
    q3: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> MeanSD:
    """Estimate mean and SD by a method of McGrath and others (2020).

    ``QE`` chooses the parameters of each family, normal, log-normal, gamma, Weibull, and beta for
    numbers between 0 and 1, for which ``sum (F^-1(p) - q)^2`` is smallest over the numbers given,
    with p of 1/n, 1/4, 1/2, 3/4 and 1 - 1/n, and then the family for which it is smallest of all.
    Negative numbers leave the normal family alone.

    ``BC`` takes the power for which the numbers lie evenly about the median: quartiles, or
    minimum and maximum; with both, the least sum of the two squared differences (here of the
    numbers divided by the median, so that their unit does not matter). In that scale mean and SD
    are those of Luo and of Wan, and those of the numbers themselves are the integrals over the
    normal distribution, cut evenly on both sides where the power's range ends. A moment that does
    not exist is infinite. The paper draws at random instead.

    Parameters
    ----------
    method : {"QE", "BC"}
        Which.
    n : float
        Number of people, at least 3.
    median, q1, q3, low, high : float
        Median with quartiles, with minimum and maximum, or with all four.

    Returns
    -------
    MeanSD
        ``formula`` names the method, and the family or the power.

    Raises
    ------
    ValueError
        If the numbers do not rise, if one of a pair is missing, or if BC meets a number that is
        not above 0.

    Examples
    --------
    >>> result = mean_sd_from_quantiles("QE", n=100, low=2, median=4, high=9)
    >>> f"{result.mean:.4f} {result.sd:.4f}", result.formula
    ('4.3473 1.5022', 'QE (McGrath 2020), log-normal')
    """
    if method not in get_args(QuantileMethod):
        raise ValueError(f"method is {method!r}; expected 'QE' or 'BC'")
    for one, other in ((("q1", q1), ("q3", q3)), (("low", low), ("high", high))):
        if (one[1] is None) != (other[1] is None):
            raise ValueError(f"{one[0]} is {one[1]} and {other[0]} is {other[1]}; give both")
    if q1 is None and low is None:
        raise ValueError("a median alone says nothing of spread; give quartiles or a range")
    named = {"low": low, "q1": q1, "median": median, "q3": q3, "high": high}
    given = {name: float(value) for name, value in named.items() if value is not None}
    check_rising(n, **given)
    return _fitted(given, n) if method == "QE" else _box_cox(given, n)


def _fitted(given: dict[str, float], n: float) -> MeanSD:
    """Quantile estimation."""
    p_of = {"low": 1.0 / n, "q1": 0.25, "median": 0.5, "q3": 0.75, "high": 1.0 - 1.0 / n}
    p = np.array([p_of[name] for name in given])
    q = np.array(list(given.values()))
    found = [("normal", *_normal(p, q))]
    if q[0] >= 0.0:
        for name, (quantile, moments) in FAMILIES.items():
            shape, scale, gap = _scale_family(quantile, p, q)
            mean, sd = moments(shape)
            found.append((name, gap, scale * mean, scale * sd))
    if q[0] > 0.0 and q[-1] < 1.0:
        found.append(("beta", *_beta(p, q)))
    name, _, mean, sd = min(found, key=lambda one: one[1])
    return MeanSD(mean, sd, f"QE (McGrath 2020), {name}", n)


def _normal(p: FloatArray, q: FloatArray) -> tuple[float, float, float]:
    """Least squares of the numbers on normal quantiles; the gap, the mean, the SD."""
    z = np.asarray(special.ndtri(p))
    centred = z - z.mean()
    sd = float(centred @ q / (centred @ centred))
    mean = float(q.mean() - sd * z.mean())
    return float(np.sum((mean + sd * z - q) ** 2)), mean, sd


def _log_normal(shape: float, p: FloatArray) -> FloatArray:
    return np.asarray(np.exp(np.minimum(special.ndtri(p) / shape, 300.0)))


def _gamma(shape: float, p: FloatArray) -> FloatArray:
    return np.asarray(special.gammaincinv(shape, p))


def _weibull(shape: float, p: FloatArray) -> FloatArray:
    return np.asarray(np.exp(np.minimum(np.log(-np.log1p(-p)) / shape, 300.0)))


def _log_normal_moments(shape: float) -> tuple[float, float]:
    variance = shape**-2
    mean = math.exp(0.5 * variance)
    return mean, mean * math.sqrt(math.expm1(variance))


def _gamma_moments(shape: float) -> tuple[float, float]:
    return shape, math.sqrt(shape)


def _weibull_moments(shape: float) -> tuple[float, float]:
    mean, square = math.gamma(1.0 + 1.0 / shape), math.gamma(1.0 + 2.0 / shape)
    return mean, math.sqrt(square - mean * mean)


FAMILIES: dict[
    str,
    tuple[Callable[[float, FloatArray], FloatArray], Callable[[float], tuple[float, float]]],
] = {
    "log-normal": (_log_normal, _log_normal_moments),
    "gamma": (_gamma, _gamma_moments),
    "Weibull": (_weibull, _weibull_moments),
}
"""Quantiles and moments of families with a scale, here 1, and a shape that grows as they narrow."""


def _scale_family(
    quantile: Callable[[float, FloatArray], FloatArray], p: FloatArray, q: FloatArray
) -> tuple[float, float, float]:
    """Shape, scale and gap: the scale is linear, so that one search over the shape remains."""

    def gap(log_shape: float) -> tuple[float, float]:
        unit = quantile(math.exp(log_shape), p)
        size = float(np.abs(unit).max())
        unit = unit / size
        scale = float(unit @ q / (unit @ unit))
        return float(np.sum((scale * unit - q) ** 2)), scale / size

    grid = np.linspace(-math.log(300.0), math.log(3000.0), SHAPES)
    values = [gap(point)[0] for point in grid.tolist()]
    place = int(np.argmin(values))
    low, high = float(grid[max(place - 1, 0)]), float(grid[min(place + 1, SHAPES - 1)])
    best = _lowest(lambda point: gap(point)[0], low, high)
    value, scale = gap(best)
    return math.exp(best), scale, value


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Golden section: where a function with one valley is lowest."""
    ratio = 0.5 * (math.sqrt(5.0) - 1.0)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-9:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return 0.5 * (low + high)


def _beta(p: FloatArray, q: FloatArray) -> tuple[float, float, float]:
    """Two parameters by a simplex from the normal fit."""
    from scipy import optimize  # noqa: PLC0415 - slow to load, and only proportions need it

    _, mean, sd = _normal(p, q)
    mean = min(max(mean, 0.01), 0.99)
    size = max(mean * (1.0 - mean) / (sd * sd) - 1.0, 0.5)

    def gap(x: FloatArray) -> float:
        a, b = np.exp(np.clip(x, -12.0, 12.0)).tolist()
        return float(np.sum((special.betaincinv(a, b, p) - q) ** 2))

    start = np.log([mean * size, (1.0 - mean) * size])
    found = optimize.minimize(
        gap,
        np.asarray(start, dtype=np.float64),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-16, "maxiter": 2000},
    )
    a, b = np.exp(np.clip(found.x, -12.0, 12.0)).tolist()
    mean = a / (a + b)
    return float(found.fun), mean, math.sqrt(mean * (1.0 - mean) / (a + b + 1.0))


def _box_cox(given: dict[str, float], n: float) -> MeanSD:
    """Box-Cox: the power, mean and SD in its scale, and the way back."""
    for name, value in given.items():
        if value <= 0.0:
            raise ValueError(f"{name} is {value:g}; the Box-Cox method expects numbers above 0")
    median = given["median"]
    logs = {name: math.log(value / median) for name, value in given.items()}
    power = _power(logs)
    scaled = {name: _transformed(power, x) for name, x in logs.items()}
    if len(scaled) == 5:
        ends = (scaled["low"], scaled["q1"], scaled["median"], scaled["q3"], scaled["high"])
        there = mean_sd_from_five_numbers(*ends, n)
    elif "low" in scaled:
        there = mean_sd_from_median_range(scaled["median"], scaled["low"], scaled["high"], n)
    else:
        there = mean_sd_from_median_iqr(scaled["median"], scaled["q1"], scaled["q3"], n)
    mean, sd = _back(power, there.mean, there.sd)
    return MeanSD(median * mean, median * sd, f"BC (McGrath 2020), power {power:.4g}", n)


def _transformed(power: float, log_x: float) -> float:
    """``(x^power - 1)/power``, and ``log x`` at 0."""
    return math.expm1(power * log_x) / power if power else log_x


def _power(logs: dict[str, float]) -> float:
    """Find the power for which the numbers lie evenly; each pair's unevenness rises with it."""
    pairs = [(logs[a], logs[b]) for a, b in (("q1", "q3"), ("low", "high")) if a in logs]
    for down, up in pairs:
        if down == 0.0 or up == 0.0:
            raise ValueError(
                "the median is as large as another number given: no power makes them even"
            )

    roots = [_even(pair) for pair in pairs]
    if len(roots) == 1 or roots[0] == roots[1]:
        return roots[0]
    # Below both roots, and above both, both differences grow.
    low, high = min(roots), max(roots)
    grid = np.linspace(low, high, SHAPES).tolist()

    def squares(power: float) -> float:
        return sum(_uneven(power, pair) ** 2 for pair in pairs)

    place = int(np.argmin([squares(x) for x in grid]))
    return _lowest(squares, grid[max(place - 1, 0)], grid[min(place + 1, SHAPES - 1)])


def _uneven(power: float, pair: tuple[float, float]) -> float:
    """How much further the upper number is from the median, 1, than the lower one."""
    return _transformed(power, pair[0]) + _transformed(power, pair[1])


def _even(pair: tuple[float, float]) -> float:
    """Return the power at which a pair is even."""
    reach = min(POWERS, 600.0 / max(abs(pair[0]), abs(pair[1])))
    if _uneven(-reach, pair) > 0.0 or _uneven(reach, pair) < 0.0:
        raise ValueError(f"no power between {-reach:.3g} and {reach:.3g} makes the numbers even")
    return falling_root(lambda x: (-_uneven(x, pair), 0.0), -reach, reach, 0.5).x


def _back(power: float, mean: float, sd: float) -> tuple[float, float]:
    """Mean and SD of ``(1 + power z)^(1/power)``, z normal within reach of the power's range.

    By double exponential quadrature (Takahasi and Mori 1974), which does not mind a singularity at
    an end.
    """
    edge = math.inf if power == 0.0 else (1.0 + power * mean) / abs(power) / sd
    half = min(FARTHEST, edge)
    u = np.linspace(-4.0, 4.0, 801)
    inner = 0.5 * math.pi * np.sinh(u)
    weight = np.cosh(u) / np.cosh(inner) ** 2
    at = half * np.tanh(inner)
    density = weight * np.exp(-0.5 * at * at)
    density /= density.sum()
    if power == 0.0:
        log_x = mean + sd * at
    elif half < edge:
        log_x = np.log1p(power * (mean + sd * at)) / power
    else:
        # 1 + power z by its distance from the end at which it is 0.
        room = 2.0 * half / (1.0 + np.exp(np.copysign(2.0, -power) * inner))
        log_x = np.log(sd * abs(power) * room) / power
        if -2.0 <= power < 0.0:
            return (float(density @ np.exp(log_x)) if power < -1.0 else math.inf), math.inf
    x = np.exp(log_x)
    centre = float(density @ x)
    return centre, math.sqrt(float(density @ (x - centre) ** 2))
