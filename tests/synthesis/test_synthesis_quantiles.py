"""``mean_sd_from_quantiles`` against its authors' printed example, and by what it must recover.

Tolerances. The help of the package estmeansd, by the authors of both methods, prints for minimum 2,
median 4, maximum 9 and 100 people 4.347284 and 1.502171 (QE) and 4.210971 and 1.337348 (BC, seed
1). QE there ends where its optimiser stops: 5e-5 is asked, and that our fit is the closer one. BC
there takes the mean of some 10,000 random numbers, with a standard error of 0.013: four of these
are asked, and for the SD, whose standard error is that times the root of (kurtosis - 1)/4, the
same. Our integral leaves out one in a thousand million at either end: 1e-6.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from saisei import synthesis as syn
from saisei.synthesis.effects.quantiles import _back

Method = Literal["QE", "BC"]
PRINTED = {"n": 100, "low": 2, "median": 4, "high": 9}


def quantiles(dist: Any, n: int, *, ends: bool, quarters: bool) -> dict[str, float]:
    """What a sample of n would print if it were just like its distribution."""
    p = {"median": 0.5}
    if quarters:
        p |= {"q1": 0.25, "q3": 0.75}
    if ends:
        p |= {"low": 1 / n, "high": 1 - 1 / n}
    return {name: float(dist.ppf(x)) for name, x in p.items()}


def log_normal_gap(mean: float, sd: float) -> float:
    """Distance of the printed example from the quantiles of a log-normal distribution."""
    spread = math.sqrt(math.log1p((sd / mean) ** 2))
    dist = stats.lognorm(spread, scale=mean * math.exp(-0.5 * spread**2))
    return float(np.sum((dist.ppf([0.01, 0.5, 0.99]) - [2, 4, 9]) ** 2))


def test_the_example_of_the_authors_qe() -> None:
    found = syn.mean_sd_from_quantiles("QE", **PRINTED)
    assert found.formula == "QE (McGrath 2020), log-normal"
    assert (found.mean, found.sd) == pytest.approx((4.347284, 1.502171), abs=5e-5)
    assert log_normal_gap(found.mean, found.sd) <= log_normal_gap(4.347284, 1.502171)


def test_the_example_of_the_authors_bc() -> None:
    found = syn.mean_sd_from_quantiles("BC", **PRINTED)
    assert found.mean == pytest.approx(4.210971, abs=4 * 0.013)
    assert found.sd == pytest.approx(1.337348, abs=4 * 0.016)
    power = float(found.formula.rsplit(" ", 1)[1])
    assert 9**power + 2**power == pytest.approx(2 * 4**power, rel=1e-4)


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize(
    ("family", "dist"),
    [
        ("normal", stats.norm(-3, 2)),
        ("log-normal", stats.lognorm(0.8, scale=5)),
        ("gamma", stats.gamma(2.5, scale=3)),
        ("Weibull", stats.weibull_min(1.4, scale=20)),
        ("beta", stats.beta(2.0, 5.0)),
    ],
)
def test_qe_recovers_each_family(family: str, dist: Any, *, ends: bool) -> None:
    """With the exact quantiles the family fits exactly; five numbers leave no other to fit."""
    raw = quantiles(dist, 60, ends=ends, quarters=True)
    found = syn.mean_sd_from_quantiles("QE", n=60, **raw)
    if ends or family == "normal":
        assert found.formula == f"QE (McGrath 2020), {family}"
    if found.formula.endswith(family):
        assert (found.mean, found.sd) == pytest.approx((dist.mean(), dist.std()), rel=1e-5)
    else:  # three numbers and two parameters: another family may be nearly as near
        assert (found.mean, found.sd) == pytest.approx((dist.mean(), dist.std()), rel=0.1)


def test_qe_is_no_further_than_another_optimiser() -> None:
    """Each positive family, by a simplex over both parameters; the least gap is the one taken."""
    q, p = np.array([1.0, 3.0, 4.0, 7.5, 21.0]), np.array([1 / 80, 0.25, 0.5, 0.75, 79 / 80])
    families: dict[str, Any] = {
        "log-normal": lambda a, b: stats.lognorm(a, scale=b),
        "gamma": lambda a, b: stats.gamma(a, scale=b),
        "Weibull": lambda a, b: stats.weibull_min(a, scale=b),
    }
    best = {}
    for name, make in families.items():

        def gap(x: np.ndarray, make: Any = make) -> float:
            return float(np.sum((make(*np.exp(x)).ppf(p) - q) ** 2))

        found = optimize.minimize(
            gap,
            np.array([0.0, 1.0]),
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 800},
        )
        best[name] = (float(found.fun), make(*np.exp(found.x)))
    name = min(best, key=lambda one: best[one][0])
    ours = syn.mean_sd_from_quantiles("QE", n=80, low=1, q1=3, median=4, q3=7.5, high=21)
    assert ours.formula.endswith(name)
    dist = best[name][1]
    assert (ours.mean, ours.sd) == pytest.approx((dist.mean(), dist.std()), rel=1e-5)


@pytest.mark.parametrize("raw", [{"low": 2, "high": 18}, {"q1": 7, "q3": 13}])
def test_bc_of_even_numbers_is_luo_and_wan(raw: dict[str, float]) -> None:
    """The power is then 1: nothing is transformed."""
    found = syn.mean_sd_from_quantiles("BC", n=50, median=10, **raw)
    if "low" in raw:
        plain = syn.mean_sd_from_median_range(10, 2, 18, 50)
    else:
        plain = syn.mean_sd_from_median_iqr(10, 7, 13, 50)
    # The normal distribution is cut at 0, evenly on both sides.
    z = 10 / plain.sd
    cut = 1 - 2 * z * stats.norm.pdf(z) / (2 * stats.norm.cdf(z) - 1) if z < 6 else 1.0
    assert found.mean == pytest.approx(10, rel=1e-9)
    assert found.sd == pytest.approx(plain.sd * math.sqrt(cut), rel=1e-6)


def test_bc_of_a_log_normal_has_power_0() -> None:
    raw = quantiles(stats.lognorm(0.5, scale=math.e), 80, ends=True, quarters=True)
    found = syn.mean_sd_from_quantiles("BC", n=80, **raw)
    logs = {name: math.log(x) for name, x in raw.items()}
    plain = syn.mean_sd_from_five_numbers(
        logs["low"], logs["q1"], logs["median"], logs["q3"], logs["high"], 80
    )
    dist = stats.lognorm(plain.sd, scale=math.exp(plain.mean))
    assert abs(float(found.formula.rsplit(" ", 1)[1])) < 1e-6
    assert (found.mean, found.sd) == pytest.approx((dist.mean(), dist.std()), rel=1e-5)


@pytest.mark.parametrize(
    ("power", "mean", "sd"), [(0.5, 0.1, 0.7), (3.0, 0.0, 0.2), (-0.2, 0.1, 0.3), (-3.0, 0.0, 0.2)]
)
def test_the_way_back_by_another_integral(power: float, mean: float, sd: float) -> None:
    half = min(6.0, (1 + power * mean) / abs(power) / sd)
    # QUADPACK's rule for ends with a power singularity there.
    weight = (0.0, 0.0)
    ends = (mean - half * sd, mean + half * sd)
    singular = half < 6.0
    exponent = 1 / power
    near = 0 if power > 0 else 1

    def smooth(z: float, order: float) -> float:
        # Of 1 + power z the rule's weight holds the distance from the end; this is the rest.
        base = abs(power) if singular else 1 + power * z
        return float(base ** (order * exponent) * stats.norm.pdf(z, mean, sd))

    moments = []
    for order in (0, 1, 2):
        if singular:
            weight = (order * exponent, 0.0) if near == 0 else (0.0, order * exponent)
        value = integrate.quad(
            smooth, *ends, args=(order,), weight="alg", wvar=weight, epsabs=1e-13
        )
        moments.append(value[0])
    first = moments[1] / moments[0]
    second = moments[2] / moments[0]
    found = _back(power, mean, sd)
    assert found == pytest.approx((first, math.sqrt(second - first**2)), rel=1e-7)


def test_a_moment_that_does_not_exist_is_infinite() -> None:
    """At powers from -2 to 0, where the range ends within reach; at -1.5 there is a mean."""
    assert _back(-0.5, 0.0, 0.5) == (math.inf, math.inf)
    mean, sd = _back(-1.5, 0.0, 0.5)
    assert math.isfinite(mean)
    assert sd == math.inf
    assert all(math.isfinite(x) for x in _back(-2.5, 0.0, 0.3))


@settings(max_examples=12)
@given(
    st.sampled_from(["QE", "BC"]),
    st.lists(st.floats(0.5, 5.0), min_size=5, max_size=5),
    st.floats(1e-3, 1e3),
    st.sampled_from([0, 1, 2]),
)
def test_another_unit_changes_nothing(
    method: Method, gaps: list[float], unit: float, which: int
) -> None:
    # Beta fits live between 0 and 1 only, so that QE is asked above 1.
    low, q1, median, q3, high = 1.0 + np.cumsum(gaps)
    raw = {"median": median} | ({"q1": q1, "q3": q3} if which != 1 else {})
    raw |= {"low": low, "high": high} if which != 0 else {}
    unit = max(unit, 1.0)
    found = syn.mean_sd_from_quantiles(method, n=50, **raw)
    other = syn.mean_sd_from_quantiles(method, n=50, **{x: unit * y for x, y in raw.items()})
    assert other.sd == pytest.approx(unit * found.sd, rel=1e-3)
    if math.isfinite(found.sd):
        assert other.mean == pytest.approx(unit * found.mean, rel=1e-4)
    else:
        assert method == "BC"


@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("QE", {"high": None}, "low is 2 and high is None; give both"),
        ("QE", {"low": None, "high": None}, "a median alone says nothing of spread"),
        ("QE", {"low": 5}, "expected rising numbers"),
        ("QE", {"n": 2}, "n is 2; expected at least 3 people"),
        ("BC", {"low": 0}, "low is 0; the Box-Cox method expects numbers above 0"),
        ("BC", {"high": 4}, "the median is as large as another number"),
        ("BC", {"low": 3.99, "high": 4e9}, "no power between"),
        ("XX", {}, "method is 'XX'"),
    ],
)
def test_mistakes(method: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.mean_sd_from_quantiles(method, **{**PRINTED, **change})


def test_negative_numbers_are_normal() -> None:
    found = syn.mean_sd_from_quantiles("QE", n=40, q1=-3, median=-1, q3=4)
    assert found.formula.endswith("normal")
    assert found.mean == pytest.approx(0.0, abs=1e-12)
