"""Effect sizes from the raw numbers of two arms.

Arm 1 is the treatment, arm 2 the control; every effect is treatment minus control, and ratios are
natural logarithms. The same data give different answers under different variance formulae, so
each result names its own.

======= ===================================== ==========================================
measure raw numbers                           effect
======= ===================================== ==========================================
OR      events1 n1 events2 n2                 log odds ratio
RR      events1 n1 events2 n2                 log risk ratio
RD      events1 n1 events2 n2                 difference of risks
MD      mean1 sd1 n1 mean2 sd2 n2             difference of means
SMD     mean1 sd1 n1 mean2 sd2 n2             standardised difference (Hedges' g)
ROM     mean1 sd1 n1 mean2 sd2 n2             log ratio of means
======= ===================================== ==========================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis import _special
from saisei.synthesis._arrays import frozen, plain, refuse, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._arrays import BoolArray, FloatArray, IntArray

Measure = Literal["OR", "RR", "RD", "MD", "SMD", "ROM"]
ZeroCells = Literal["add-half", "add-half-everywhere", "leave-out"]
"""What to do about empty cells of a 2 x 2 table: add 0.5 to all four cells of the studies that
have one (the common convention), add it to every study, or leave such studies out."""

DoubleZero = Literal["leave-out", "keep"]
"""What to do in a ratio with studies where nobody, or everybody, had the event in both arms: they
say nothing about a ratio. Kept, they count with 0.5 added."""

NOBODY, EVERYBODY = "no event in either arm", "an event in everyone of both arms"
BINARY = ("events1", "n1", "events2", "n2")
CONTINUOUS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
FORMULA_NAMES: dict[str, tuple[str, ...]] = {
    "OR": ("woolf",),
    "RR": ("delta",),
    "RD": ("delta",),
    "MD": ("separate", "pooled"),
    "SMD": ("LS", "LS2", "UB"),
    "ROM": ("corrected", "plain"),
}
"""The formulae by name; the first of each is the default."""

FORMULAE = {
    ("OR", "woolf"): "log OR, variance 1/a + 1/b + 1/c + 1/d (Woolf 1955)",
    ("RR", "delta"): "log RR, variance 1/a - 1/n1 + 1/c - 1/n2 (Katz 1978)",
    ("RD", "delta"): "RD, variance p1 (1 - p1)/n1 + p2 (1 - p2)/n2",
    ("MD", "separate"): "MD, variance sd1^2/n1 + sd2^2/n2",
    ("MD", "pooled"): "MD, variance sp^2 (1/n1 + 1/n2), sp the pooled SD",
    ("SMD", "LS"): "Hedges' g (exact), variance 1/n1 + 1/n2 + g^2/(2 (n1 + n2)) (Hedges 1982)",
    ("SMD", "LS2"): "Hedges' g (exact), variance J^2 (1/n1 + 1/n2 + d^2/(2 (n1 + n2)))",
    ("SMD", "UB"): "Hedges' g (exact), unbiased variance (Hedges 1983)",
    ("ROM", "corrected"): (
        "log ROM with bias correction (Lajeunesse 2015), variance sd1^2/(n1 m1^2) + sd2^2/(n2 m2^2)"
    ),
    ("ROM", "plain"): "log ROM, variance sd1^2/(n1 m1^2) + sd2^2/(n2 m2^2) (Hedges 1999)",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that gave no effect: its place in the input, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """Effect sizes.

    Attributes
    ----------
    y, v : arrays of shape (k,)
        Effects and sampling variances of the studies that gave one.
    index : array of shape (k,)
        The place of each in the input.
    measure, formula
        What was computed, and how its variance was.
    left_out : tuple of LeftOut
        The studies that gave none.
    adjusted : tuple of int
        Places in the input where 0.5 was added to the cells.
    """

    y: FloatArray = field(hash=False)
    v: FloatArray = field(hash=False)
    index: IntArray = field(hash=False)
    measure: str
    formula: str
    left_out: tuple[LeftOut, ...] = ()
    adjusted: tuple[int, ...] = ()

    @property
    def se(self) -> FloatArray:
        """Standard errors."""
        return np.sqrt(self.v)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        return {
            "y": plain(self.y),
            "v": plain(self.v),
            "index": plain(self.index),
            "measure": self.measure,
            "formula": self.formula,
            "left_out": [{"index": one.index, "reason": one.reason} for one in self.left_out],
            "adjusted": list(self.adjusted),
        }


def effect(
    measure: Measure,
    *,
    formula: str | None = None,
    zero_cells: ZeroCells = "add-half",
    double_zero: DoubleZero = "leave-out",
    **raw: ArrayLike,
) -> Effect:
    """Compute effect sizes and their sampling variances from raw numbers.

    Parameters
    ----------
    measure : {"OR", "RR", "RD", "MD", "SMD", "ROM"}
        What to compute; the module head lists the raw numbers of each.
    formula : str, optional
        Formula by name (``FORMULA_NAMES``); the first listed is the default.
    zero_cells, double_zero
        Policies for empty cells (OR, RR, RD); see ``ZeroCells`` and ``DoubleZero``.
    **raw : array_like of shape (k,)
        The raw numbers by name. A study with a missing number (NaN or None) is left out.

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        If a name is missing or unknown, lengths differ, or a number is impossible (more events
        than people, a standard deviation not above 0, fewer than two people in an arm of means).

    Examples
    --------
    >>> result = effect(
    ...     "OR", events1=[4, 0, 0], n1=[123, 20, 9], events2=[11, 3, 0], n2=[139, 19, 8]
    ... )
    >>> result.y.round(4).tolist(), result.v.round(4).tolist()
    ([-0.9387, -2.163], [0.3571, 2.3951])
    >>> result.adjusted, result.left_out
    ((1,), (LeftOut(index=2, reason='no event in either arm'),))
    """
    if measure not in FORMULA_NAMES:
        raise ValueError(f"measure is {measure!r}; expected one of {', '.join(FORMULA_NAMES)}")
    formula = formula or FORMULA_NAMES[measure][0]
    if formula not in FORMULA_NAMES[measure]:
        expected = ", ".join(FORMULA_NAMES[measure])
        raise ValueError(f"formula is {formula!r}; expected one of {expected}")
    binary = measure in {"OR", "RR", "RD"}
    arms = _raw(BINARY if binary else CONTINUOUS, raw)
    left_out = _missing(arms)
    adjusted: BoolArray = np.zeros(next(iter(arms.values())).size, dtype=bool)
    if binary:
        cells, adjusted = _cells(arms, left_out, measure, zero_cells, double_zero)
        present = _present(adjusted.size, left_out)
        y, v = _binary(measure, cells[:, present])
    else:
        _check_means(arms, signs=measure == "ROM")
        present = _present(adjusted.size, left_out)
        y, v = _continuous(measure, formula, *(arms[name][present] for name in CONTINUOUS))
    return Effect(
        frozen(y),
        frozen(v),
        frozen(np.flatnonzero(present)),
        measure,
        FORMULAE[measure, formula] + ("; 0.5 added to cells" if adjusted.any() else ""),
        tuple(LeftOut(place, left_out[place]) for place in sorted(left_out)),
        tuple(np.flatnonzero(adjusted).tolist()),
    )


def _raw(names: tuple[str, ...], raw: dict[str, ArrayLike]) -> dict[str, FloatArray]:
    """Read the raw numbers as arrays of one length."""
    wrong = sorted(set(names) ^ set(raw))
    if wrong:
        raise ValueError(f"expected the numbers {' '.join(names)}; check {' '.join(wrong)}")
    arms = {name: vector(name, raw[name]) for name in names}
    sizes = {name: array.size for name, array in arms.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"the numbers differ in length: {sizes}")
    return arms


def _missing(arms: dict[str, FloatArray]) -> dict[int, str]:
    """Find the studies with a missing number, and which it is."""
    missing: dict[int, str] = {}
    for name, array in arms.items():
        refuse(name, array, np.isinf(array), "a finite number")
        for place in np.flatnonzero(np.isnan(array)).tolist():
            missing.setdefault(place, f"{name} is missing")
    return missing


def _check_counts(arms: dict[str, FloatArray]) -> None:
    for arm in "12":
        events, n = arms[f"events{arm}"], arms[f"n{arm}"]
        refuse(f"n{arm}", n, n <= 0, "at least one person")
        refuse(f"events{arm}", events, events < 0, "a count of 0 or more")
        refuse(f"events{arm}", events, events > n, f"no more than n{arm}")


def _check_means(arms: dict[str, FloatArray], *, signs: bool) -> None:
    for arm in "12":
        n, sd, mean = (arms[f"{name}{arm}"] for name in ("n", "sd", "mean"))
        refuse(f"n{arm}", n, n < 2, "at least two people")
        refuse(f"sd{arm}", sd, sd <= 0, "a standard deviation above 0")
        if signs:
            refuse(f"mean{arm}", mean, mean <= 0, "a mean above 0 for a ratio of means")


def _present(size: int, left_out: dict[int, str]) -> BoolArray:
    present: BoolArray = np.ones(size, dtype=bool)
    present[list(left_out)] = False
    return present


def _cells(
    arms: dict[str, FloatArray],
    left_out: dict[int, str],
    measure: str,
    zero_cells: ZeroCells,
    double_zero: DoubleZero,
) -> tuple[FloatArray, BoolArray]:
    """Lay out the cells a, b (treated with and without the event), c, d (controls) as rows.

    Notes what the policies leave out, adds 0.5 where they say so, and returns where that was.
    """
    if zero_cells not in get_args(ZeroCells) or double_zero not in get_args(DoubleZero):
        raise ValueError(
            f"zero_cells is {zero_cells!r} and double_zero is {double_zero!r}; expected one of "
            f"{', '.join(get_args(ZeroCells))} and one of {', '.join(get_args(DoubleZero))}"
        )
    _check_counts(arms)
    events1, n1, events2, n2 = (arms[name] for name in BINARY)
    cells = np.array([events1, n1 - events1, events2, n2 - events2])
    empty = (cells == 0).any(0)
    if measure != "RD" and double_zero == "leave-out":
        _note(left_out, (events1 == 0) & (events2 == 0), NOBODY)
        _note(left_out, (events1 == n1) & (events2 == n2), EVERYBODY)
    if zero_cells == "leave-out":
        _note(left_out, empty, "an empty cell")
    where = empty if zero_cells == "add-half" else zero_cells == "add-half-everywhere"
    adjusted = _present(n1.size, left_out) & where
    return cells + 0.5 * adjusted, adjusted


def _note(left_out: dict[int, str], where: BoolArray, reason: str) -> None:
    """Note studies to leave out, unless another reason stands already."""
    for place in np.flatnonzero(where).tolist():
        left_out.setdefault(place, reason)


def _binary(measure: str, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    a, b, c, d = cells
    n1, n2 = a + b, c + d
    if measure == "OR":
        return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "RR":
        return np.log(a / n1 / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def _continuous(
    measure: str,
    formula: str,
    mean1: FloatArray,
    sd1: FloatArray,
    n1: FloatArray,
    mean2: FloatArray,
    sd2: FloatArray,
    n2: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    if measure == "ROM":
        share1, share2 = (sd1 / mean1) ** 2 / n1, (sd2 / mean2) ** 2 / n2
        bias = 0.5 * (share1 - share2) if formula == "corrected" else 0.0
        return np.log(mean1 / mean2) + bias, share1 + share2
    df = n1 + n2 - 2
    pooled = ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df
    sizes = 1 / n1 + 1 / n2
    if measure == "MD":
        separate = sd1**2 / n1 + sd2**2 / n2
        return mean1 - mean2, separate if formula == "separate" else pooled * sizes
    correction = hedges_correction(df)
    d = (mean1 - mean2) / np.sqrt(pooled)
    g = correction * d
    if formula == "UB":
        return g, sizes + (1 - (df - 2) / (df * correction**2)) * g**2
    if formula == "LS2":
        return g, correction**2 * (sizes + d**2 / (2 * (n1 + n2)))
    return g, sizes + g**2 / (2 * (n1 + n2))


def hedges_correction(df: FloatArray) -> FloatArray:
    """Hedges' exact small-sample factor (Hedges 1981).

    ``J = gamma(df / 2) / (sqrt(df / 2) gamma((df - 1) / 2))``.
    """
    ratio = np.exp(_special.gammaln(df / 2) - _special.gammaln((df - 1) / 2))
    return np.asarray(ratio / np.sqrt(df / 2))
