"""Effect sizes of rates, of changes within people, of single groups, and of correlations.

======= ============================== =====================================================
measure raw numbers                    effect
======= ============================== =====================================================
IRR     events1 time1 events2 time2    log ratio of incidence rates
IRD     events1 time1 events2 time2    difference of incidence rates
IRSD    events1 time1 events2 time2    difference of square roots of incidence rates
VR      sd1 n1 sd2 n2                  log ratio of standard deviations
MC      mean1 sd1 mean2 sd2 n r        mean change (1 after, 2 before, r their correlation)
SMCC    mean1 sd1 mean2 sd2 n r        mean change over the SD of changes
SMCR    mean1 sd1 mean2 sd2 n r        mean change over the SD before
MN      mean sd n                      mean of one group
PR      events n                       proportion
PLN     events n                       log of a proportion
PLO     events n                       log odds of a proportion
PAS     events n                       arcsine of the root of a proportion
PFT     events n                       Freeman and Tukey's double arcsine
COR     r n                            correlation
ZCOR    r n                            Fisher's z of a correlation
======= ============================== =====================================================

A pooled PFT cannot be turned back into one proportion: the way back depends on n, and with
studies of very different sizes the published inverse (at the harmonic mean of n) can land outside
all of them (Schwarzer and others 2019). Prefer PLO, or PAS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import refuse
from saisei.synthesis.effects import studies

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray

    Numbers = dict[str, FloatArray]
    Pair = tuple[FloatArray, FloatArray]

OtherMeasure = Literal[
    "IRR",
    "IRD",
    "IRSD",
    "VR",
    "MC",
    "SMCC",
    "SMCR",
    "MN",
    "PR",
    "PLN",
    "PLO",
    "PAS",
    "PFT",
    "COR",
    "ZCOR",
]


@dataclass(frozen=True, slots=True)
class Spec:
    """How a measure is made: its numbers, its formula, and what is added to empty cells."""

    names: tuple[str, ...]
    compute: Callable[[Numbers], Pair]
    formula: str
    add: bool = False
    ratio: bool = False


def more(
    measure: str,
    formula: str | None,
    zero_cells: studies.ZeroCells | None,
    double_zero: studies.DoubleZero,
    raw: dict[str, ArrayLike],
) -> studies.Effect:
    """Compute one of the measures of this module; called by ``effect``."""
    spec = MORE[measure]
    if formula not in (None, "standard"):
        raise ValueError(f"formula is {formula!r}; {measure} has one, named 'standard'")
    zero_cells = zero_cells or ("add-half" if spec.add else "none")
    studies.check_policies(zero_cells, double_zero)
    numbers = studies.read(spec.names, raw)
    left_out = studies.missing(numbers)
    _check(numbers)
    adjusted: BoolArray = np.zeros(numbers[spec.names[0]].size, dtype=bool)
    if spec.names == RATES:
        if spec.ratio and double_zero == "leave-out":
            nobody = (numbers["events1"] == 0) & (numbers["events2"] == 0)
            studies.note(left_out, nobody, studies.NOBODY)
        numbers, adjusted = _corrected_rates(numbers, left_out, zero_cells)
    elif spec.names == SHARE:
        numbers, adjusted = _corrected_share(numbers, left_out, zero_cells)
    present = studies.present(adjusted.size, left_out)
    with np.errstate(divide="ignore", invalid="ignore"):
        y, v = spec.compute({name: array[present] for name, array in numbers.items()})
    return studies.made(y, v, present, left_out, adjusted, measure, spec.formula, zero_cells)


def _check(numbers: Numbers) -> None:
    """Refuse numbers that cannot be; each kind is known by its name."""
    for name, array in numbers.items():
        if name.startswith("events"):
            refuse(name, array, array < 0, "a count of 0 or more")
        elif name.startswith("time"):
            refuse(name, array, array <= 0, "an observed time above 0")
        elif name.startswith("sd"):
            refuse(name, array, array <= 0, "a standard deviation above 0")
        elif name == "r":
            refuse(name, array, ~(np.abs(array) < 1) & ~np.isnan(array), "more than -1, below 1")
        elif name.startswith("n"):
            people, words = (1, "at least one person") if "events" in numbers else TWO
            people, words = FOUR if set(numbers) == {"r", "n"} else (people, words)
            people, words = THREE if set(numbers) == set(CHANGE) else (people, words)
            refuse(name, array, array < people, words)
    if "events" in numbers:
        refuse("events", numbers["events"], numbers["events"] > numbers["n"], "no more than n")


def _corrected_rates(
    numbers: Numbers, left_out: dict[int, str], zero_cells: studies.ZeroCells
) -> tuple[Numbers, BoolArray]:
    """Apply a policy to arms without events: what is added goes to the events alone."""
    events = np.array([numbers["events1"], numbers["events2"]])
    time = np.array([numbers["time1"], numbers["time2"]])
    where = _where((events == 0).any(0), left_out, zero_cells)
    added = time / time.sum(0) if zero_cells == "treatment-arm" else 0.5
    first, second = events + np.where(where, added, 0.0)
    return numbers | {"events1": first, "events2": second}, where


def _corrected_share(
    numbers: Numbers, left_out: dict[int, str], zero_cells: studies.ZeroCells
) -> tuple[Numbers, BoolArray]:
    """Apply a policy to groups where nobody or everybody had the event: 0.5 to either."""
    if zero_cells == "treatment-arm":
        raise ValueError("zero_cells is 'treatment-arm'; one group has no other arm")
    events, n = numbers["events"], numbers["n"]
    where = _where((events == 0) | (events == n), left_out, zero_cells)
    return {"events": events + 0.5 * where, "n": n + 1.0 * where}, where


def _where(empty: BoolArray, left_out: dict[int, str], zero_cells: studies.ZeroCells) -> BoolArray:
    """Where something is to be added; what a policy leaves out is noted."""
    if zero_cells == "leave-out":
        studies.note(left_out, empty, "an empty cell")
    if zero_cells in {"leave-out", "none"}:
        empty = np.zeros_like(empty)
    everywhere = zero_cells == "add-half-everywhere"
    return np.asarray(studies.present(empty.size, left_out) & (empty | everywhere))


def small_sample(df: FloatArray) -> FloatArray:
    """Hedges' exact small-sample factor (Hedges 1981).

    ``J = gamma(df / 2) / (sqrt(df / 2) gamma((df - 1) / 2))``; for one degree of freedom it is 0.
    """
    ratio = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2))
    return np.asarray(ratio / np.sqrt(df / 2))


def _irr(x: Numbers) -> Pair:
    ratio = x["events1"] / x["time1"] / (x["events2"] / x["time2"])
    return np.log(ratio), 1 / x["events1"] + 1 / x["events2"]


def _ird(x: Numbers) -> Pair:
    rate1, rate2 = x["events1"] / x["time1"], x["events2"] / x["time2"]
    return rate1 - rate2, rate1 / x["time1"] + rate2 / x["time2"]


def _irsd(x: Numbers) -> Pair:
    root1, root2 = np.sqrt(x["events1"] / x["time1"]), np.sqrt(x["events2"] / x["time2"])
    return root1 - root2, 0.25 / x["time1"] + 0.25 / x["time2"]


def _vr(x: Numbers) -> Pair:
    half1, half2 = 0.5 / (x["n1"] - 1), 0.5 / (x["n2"] - 1)
    return np.log(x["sd1"] / x["sd2"]) + half1 - half2, half1 + half2


def _change_variance(x: Numbers) -> FloatArray:
    """Variance of the changes of people; (sd1 - sd2)^2 is split off so that nothing cancels."""
    return (x["sd1"] - x["sd2"]) ** 2 + 2 * (1 - x["r"]) * x["sd1"] * x["sd2"]


def _mc(x: Numbers) -> Pair:
    return x["mean1"] - x["mean2"], _change_variance(x) / x["n"]


def _smcc(x: Numbers) -> Pair:
    g = (x["mean1"] - x["mean2"]) / np.sqrt(_change_variance(x)) * small_sample(x["n"] - 1)
    return g, 1 / x["n"] + g**2 / (2 * x["n"])


def _smcr(x: Numbers) -> Pair:
    g = (x["mean1"] - x["mean2"]) / x["sd2"] * small_sample(x["n"] - 1)
    return g, 2 * (1 - x["r"]) / x["n"] + g**2 / (2 * x["n"])


def _mn(x: Numbers) -> Pair:
    return x["mean"], x["sd"] ** 2 / x["n"]


def _pr(x: Numbers) -> Pair:
    p = x["events"] / x["n"]
    return p, p * (1 - p) / x["n"]


def _pln(x: Numbers) -> Pair:
    return np.log(x["events"] / x["n"]), 1 / x["events"] - 1 / x["n"]


def _plo(x: Numbers) -> Pair:
    events, others = x["events"], x["n"] - x["events"]
    return np.log(events / others), 1 / events + 1 / others


def _pas(x: Numbers) -> Pair:
    return np.arcsin(np.sqrt(x["events"] / x["n"])), 0.25 / x["n"]


def _pft(x: Numbers) -> Pair:
    low, high = x["events"] / (x["n"] + 1), (x["events"] + 1) / (x["n"] + 1)
    return 0.5 * (np.arcsin(np.sqrt(low)) + np.arcsin(np.sqrt(high))), 1 / (4 * x["n"] + 2)


def _cor(x: Numbers) -> Pair:
    return x["r"], (1 - x["r"] ** 2) ** 2 / (x["n"] - 1)


def _zcor(x: Numbers) -> Pair:
    return np.arctanh(x["r"]), 1 / (x["n"] - 3)


RATES = ("events1", "time1", "events2", "time2")
SHARE = ("events", "n")
CHANGE = ("mean1", "sd1", "mean2", "sd2", "n", "r")
TWO, THREE, FOUR = (
    (number, f"at least {word} people") for number, word in ((2, "two"), (3, "three"), (4, "four"))
)

MORE: dict[str, Spec] = {
    "IRR": Spec(RATES, _irr, "log IRR, variance 1/x1 + 1/x2", add=True, ratio=True),
    "IRD": Spec(RATES, _ird, "IRD, variance x1/t1^2 + x2/t2^2", add=True),
    "IRSD": Spec(RATES, _irsd, "sqrt(x1/t1) - sqrt(x2/t2), variance 1/(4 t1) + 1/(4 t2)"),
    "VR": Spec(
        ("sd1", "n1", "sd2", "n2"),
        _vr,
        "log ratio of SDs with 1/(2 (n1 - 1)) - 1/(2 (n2 - 1)) added, variance "
        "1/(2 (n1 - 1)) + 1/(2 (n2 - 1)) (Nakagawa 2015)",
    ),
    "MC": Spec(CHANGE, _mc, "mean change, variance (sd1^2 + sd2^2 - 2 r sd1 sd2)/n"),
    "SMCC": Spec(
        CHANGE, _smcc, "J(n - 1) change/SD of changes, variance 1/n + g^2/(2 n) (Gibbons 1993)"
    ),
    "SMCR": Spec(
        CHANGE, _smcr, "J(n - 1) change/SD before, variance 2 (1 - r)/n + g^2/(2 n) (Becker 1988)"
    ),
    "MN": Spec(("mean", "sd", "n"), _mn, "mean, variance sd^2/n"),
    "PR": Spec(SHARE, _pr, "p, variance p (1 - p)/n", add=True),
    "PLN": Spec(SHARE, _pln, "log p, variance 1/x - 1/n", add=True),
    "PLO": Spec(SHARE, _plo, "log(p/(1 - p)), variance 1/x + 1/(n - x)", add=True),
    "PAS": Spec(SHARE, _pas, "asin sqrt p, variance 1/(4 n)"),
    "PFT": Spec(
        SHARE,
        _pft,
        "(asin sqrt(x/(n + 1)) + asin sqrt((x + 1)/(n + 1)))/2, variance 1/(4 n + 2) "
        "(Freeman and Tukey 1950); not to be turned back after pooling",
    ),
    "COR": Spec(("r", "n"), _cor, "r, variance (1 - r^2)^2/(n - 1)"),
    "ZCOR": Spec(("r", "n"), _zcor, "Fisher's z, atanh r, variance 1/(n - 3)"),
}
