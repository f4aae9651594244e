"""Raw numbers of studies: reading them, leaving studies out with a reason, empty cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, plain, refuse, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray

ZeroCells = Literal["add-half", "add-half-everywhere", "treatment-arm", "none", "leave-out"]
"""What to do about empty cells of a 2 x 2 table, or arms without events.

``add-half``: 0.5 to all four cells of the studies that have one (the common convention);
``add-half-everywhere``: to every study; ``treatment-arm``: in the studies that have one,
``n1/(n1 + n2)`` to both cells of arm 1 and ``n2/(n1 + n2)`` to those of arm 2, which leaves no
effect where it was (Sweeting and others 2004); ``none``: the numbers as they are, and what they
cannot give is left out; ``leave-out``: such studies are left out."""

DoubleZero = Literal["leave-out", "keep"]
"""What to do in a ratio with studies where nobody, or everybody, had the event in both arms: they
say nothing about a ratio. Kept, they count with 0.5 added."""

NOBODY, EVERYBODY = "no event in either arm", "an event in everyone of both arms"
NOT_FINITE = "its numbers give no finite effect with a variance above 0"
BINARY = ("events1", "n1", "events2", "n2")


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


def read(names: tuple[str, ...], raw: dict[str, ArrayLike]) -> dict[str, FloatArray]:
    """Read the raw numbers as arrays of one length."""
    wrong = sorted(set(names) ^ set(raw))
    if wrong:
        raise ValueError(f"expected the numbers {' '.join(names)}; check {' '.join(wrong)}")
    arms = {name: vector(name, raw[name]) for name in names}
    sizes = {name: array.size for name, array in arms.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"the numbers differ in length: {sizes}")
    return arms


def missing(arms: dict[str, FloatArray]) -> dict[int, str]:
    """Find the studies with a missing number, and which it is."""
    found: dict[int, str] = {}
    for name, array in arms.items():
        refuse(name, array, np.isinf(array), "a finite number")
        for place in np.flatnonzero(np.isnan(array)).tolist():
            found.setdefault(place, f"{name} is missing")
    return found


def check_counts(arms: dict[str, FloatArray]) -> None:
    """Refuse counts that cannot be."""
    for arm in "12":
        events, n = arms[f"events{arm}"], arms[f"n{arm}"]
        refuse(f"n{arm}", n, n <= 0, "at least one person")
        refuse(f"events{arm}", events, events < 0, "a count of 0 or more")
        refuse(f"events{arm}", events, events > n, f"no more than n{arm}")


def check_means(arms: dict[str, FloatArray], *, signs: bool) -> None:
    """Refuse means, standard deviations and sizes that cannot be."""
    for arm in "12":
        n, sd, mean = (arms[f"{name}{arm}"] for name in ("n", "sd", "mean"))
        refuse(f"n{arm}", n, n < 2, "at least two people")
        refuse(f"sd{arm}", sd, sd <= 0, "a standard deviation above 0")
        if signs:
            refuse(f"mean{arm}", mean, mean <= 0, "a mean above 0 for a ratio of means")


def present(size: int, left_out: dict[int, str]) -> BoolArray:
    """Where no study has been left out so far."""
    where: BoolArray = np.ones(size, dtype=bool)
    where[list(left_out)] = False
    return where


def check_policies(zero_cells: str, double_zero: str) -> None:
    """Refuse the name of a policy that does not exist."""
    if zero_cells not in get_args(ZeroCells) or double_zero not in get_args(DoubleZero):
        raise ValueError(
            f"zero_cells is {zero_cells!r} and double_zero is {double_zero!r}; expected one of "
            f"{', '.join(get_args(ZeroCells))} and one of {', '.join(get_args(DoubleZero))}"
        )


def table(arms: dict[str, FloatArray]) -> FloatArray:
    """Lay out the checked cells a, b (treated with and without the event), c, d as rows."""
    check_counts(arms)
    events1, n1, events2, n2 = (arms[name] for name in BINARY)
    return np.array([events1, n1 - events1, events2, n2 - events2])


def note_double_zeros(left_out: dict[int, str], cells: FloatArray) -> None:
    """Note the studies where nobody, or everybody, had the event in both arms."""
    a, b, c, d = cells
    note(left_out, (a == 0) & (c == 0), NOBODY)
    note(left_out, (b == 0) & (d == 0), EVERYBODY)


def corrected(
    cells: FloatArray, left_out: dict[int, str], zero_cells: ZeroCells
) -> tuple[FloatArray, BoolArray]:
    """Apply a policy for empty cells: the cells, and where something was added."""
    empty = (cells == 0).any(0)
    if zero_cells == "leave-out":
        note(left_out, empty, "an empty cell")
    if zero_cells in {"leave-out", "none"}:
        empty = np.zeros_like(empty)
    where = present(empty.size, left_out) & (empty | (zero_cells == "add-half-everywhere"))
    added: FloatArray = np.full_like(cells, 0.5)
    if zero_cells == "treatment-arm":
        a, b, c, d = cells
        share = (a + b) / (a + b + c + d)
        added = np.array([share, share, 1 - share, 1 - share])
    return np.asarray(cells + np.where(where, added, 0.0)), where


def note(left_out: dict[int, str], where: BoolArray, reason: str) -> None:
    """Note studies to leave out, unless another reason stands already."""
    for place in np.flatnonzero(where).tolist():
        left_out.setdefault(place, reason)


def made(
    y: FloatArray,
    v: FloatArray,
    where: BoolArray,
    left_out: dict[int, str],
    adjusted: BoolArray,
    measure: str,
    formula: str,
    zero_cells: str,
) -> Effect:
    """Put a result together; what is not finite, or has no variance, is left out too."""
    good = np.isfinite(y) & np.isfinite(v) & (v > 0)
    index = np.flatnonzero(where)
    for place in index[~good].tolist():
        left_out.setdefault(place, NOT_FINITE)
    adjusted = adjusted & present(adjusted.size, left_out)
    added = "; 0.5 added to cells"
    if zero_cells == "treatment-arm":
        added = "; a sum of 1 added by the sizes of the arms"
    return Effect(
        frozen(y[good]),
        frozen(v[good]),
        frozen(index[good]),
        measure,
        formula + (added if adjusted.any() else ""),
        tuple(LeftOut(place, left_out[place]) for place in sorted(left_out)),
        tuple(np.flatnonzero(adjusted).tolist()),
    )
