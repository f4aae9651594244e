"""Reading the arms of an ordinal network, and where studies leave cuts of the scale out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import refuse, vector
from saisei.synthesis.effects.studies import LeftOut
from saisei.synthesis.networks.data import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One study: the treatments of its arms, its counts, and the cuts between its categories.

    ``cuts[j]`` divides column j from column j + 1; cut c of the scale divides its categories up
    to c from those above.
    """

    place: int
    name: str
    arms: tuple[int, ...]
    counts: FloatArray = field(hash=False)
    cuts: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """Checked studies, the names of treatments, and what was left out.

    ``collapsed`` are cuts that were dropped because nobody stands beside them.
    """

    tables: tuple[Table, ...]
    treatments: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    collapsed: tuple[int, ...]
    categories: int


def read_arms(
    study: Iterable[object],
    treatment: Iterable[object],
    counts: Sequence[ArrayLike | Sequence[float | None]],
    *,
    common_cuts: bool,
) -> Arms:
    """Check the rows, one for each arm, and gather them by study."""
    studies, names = [str(label) for label in study], [str(label) for label in treatment]
    if not len(studies) == len(names) == len(counts):
        raise ValueError(
            "every column needs one value per arm; their lengths are "
            f"study {len(studies)}, treatment {len(names)}, counts {len(counts)}"
        )
    if not studies:
        raise ValueError("there is no arm: study is empty")
    rows = [_row(at, studies[at], names[at], own) for at, own in enumerate(counts)]
    _check_widths(studies, rows, common_cuts=common_cuts)
    read, left_out = [], []
    for place, name in enumerate(dict.fromkeys(studies)):
        at = [row for row, label in enumerate(studies) if label == name]
        arms = tuple(names[row] for row in at)
        table, cuts = _told_apart(name, arms, np.array([rows[row] for row in at]))
        if not common_cuts:
            table, cuts = _drop_empty(table, cuts)
        read.append((place, name, arms, table, cuts))
    collapsed: list[int] = []
    while True:
        useful = [_useless(arms, table, common_cuts=common_cuts) for _, _, arms, table, _ in read]
        left_out += [
            LeftOut(one[0], f"study {one[1]}: {reason}")
            for one, reason in zip(read, useful, strict=True)
            if reason
        ]
        kept = [one for one, reason in zip(read, useful, strict=True) if not reason]
        idle = _idle_cut([one[3:] for one in kept]) if common_cuts else None
        if idle is None:
            break
        collapsed.append(idle)
        read = [(*one[:3], *_without(idle, *one[3:])) for one in kept]
    if not kept:
        raise ValueError(f"no study compares anything: {'; '.join(o.reason for o in left_out)}")
    order = in_order({arm for _, _, arms, _, _ in kept for arm in arms})
    tables = tuple(
        Table(place, name, tuple(order.index(arm) for arm in arms), table, cuts)
        for place, name, arms, table, cuts in kept
    )
    _check_connected(tables, order)
    left_out.sort(key=lambda out: out.index)
    width = max(map(len, rows))
    return Arms(tables, order, tuple(left_out), tuple(sorted(collapsed)), width)


def _row(at: int, study: str, treatment: str, values: Any) -> FloatArray:
    """Check the counts of one arm; NaN is a category counted with the one below it."""
    own = vector(f"counts[{at}]", values)
    bad = ~(np.isnan(own) | (np.isfinite(own) & (own >= 0)))
    refuse(f"counts[{at}]", own, bad, "a count of 0 or more, or None")
    where = f"counts[{at}] (study {study}, {treatment})"
    if own.size < 2 or math.isnan(own[0]):
        raise ValueError(f"{where}: expected two categories or more, the lowest of them a number")
    if not np.nansum(own):
        raise ValueError(f"{where} holds nobody")
    return own


def _check_widths(studies: list[str], rows: list[FloatArray], *, common_cuts: bool) -> None:
    """Arms that share cuts need rows of the same length."""
    first: dict[str, int] = {}
    for at, (study, own) in enumerate(zip(studies, rows, strict=True)):
        one = first.setdefault("" if common_cuts else study, at)
        if rows[one].size != own.size:
            raise ValueError(
                f"counts[{at}] (study {study}) has {own.size} categories and counts[{one}] "
                f"(study {studies[one]}) {rows[one].size}; where a study does not tell a category "
                "from the one below, give None"
            )


def _told_apart(
    name: str, arms: tuple[str, ...], rows: FloatArray
) -> tuple[FloatArray, tuple[int, ...]]:
    """Leave out the categories that a study does not tell from the one below."""
    missing = np.isnan(rows)
    differs = np.flatnonzero((missing != missing[0]).any(1))
    if differs.size:
        raise ValueError(
            f"study {name}: {arms[0]} and {arms[differs[0]]} do not report the same categories"
        )
    kept = np.flatnonzero(~missing[0]).tolist()
    return rows[:, kept], tuple(c - 1 for c in kept[1:])


def _idle_cut(studies: list[tuple[FloatArray, tuple[int, ...]]]) -> int | None:
    """Find a cut that moves onto a neighbour (or away) because nobody stands between them.

    On one of its sides, the same in every study that reports it, its category is empty and ends
    at the same other cut: then the likelihood only rises as the two approach each other.
    """
    sides: dict[int, list[tuple[tuple[bool, int], tuple[bool, int]]]] = {}
    for table, cuts in studies:
        people = table.sum(0)
        ends = (-1, *cuts, -1)
        for at, cut in enumerate(cuts):
            below, above = (
                (bool(people[at] == 0), ends[at]),
                (bool(people[at + 1] == 0), ends[at + 2]),
            )
            sides.setdefault(cut, []).append((below, above))
    for cut in sorted(sides, reverse=True):
        for side in zip(*sides[cut], strict=True):
            if len(set(side)) == 1 and side[0][0]:
                return cut
    return None


def _without(
    cut: int, table: FloatArray, cuts: tuple[int, ...]
) -> tuple[FloatArray, tuple[int, ...]]:
    """Merge the two categories at a cut."""
    if cut not in cuts:
        return table, cuts
    at = cuts.index(cut)
    merged = np.delete(table, at + 1, axis=1)
    merged[:, at] = table[:, at] + table[:, at + 1]
    return merged, cuts[:at] + cuts[at + 1 :]


def _drop_empty(table: FloatArray, cuts: tuple[int, ...]) -> tuple[FloatArray, tuple[int, ...]]:
    """Merge away categories that nobody of the study stands in (its own cuts tell nothing)."""
    held = np.flatnonzero(table.sum(0) > 0)
    return table[:, held], tuple(cuts[at - 1] for at in held[1:].tolist())


def _useless(arms: tuple[str, ...], table: FloatArray, *, common_cuts: bool) -> str:
    """Return why a study says nothing, or an empty string."""
    if len(arms) < 2:
        return "it has one arm only"
    if len(set(arms)) < 2:
        return f"all its arms are {arms[0]}"
    people = table.sum(0)
    held = np.flatnonzero(people)
    if people.size < 2:
        return "everybody stands in one category: no information"
    if common_cuts and held.size == 1 and held[0] in {0, people.size - 1}:
        return "everybody stands in the same category at one end: no information"
    return ""


def _check_connected(tables: tuple[Table, ...], names: tuple[str, ...]) -> None:
    """Raise a ValueError that lists the parts of a network that is not connected."""
    part = list(range(len(names)))
    for table in tables:
        own = {part[arm] for arm in table.arms}
        part = [min(own) if label in own else label for label in part]
    labels = sorted(set(part))
    if len(labels) > 1:
        shown = "; ".join(
            ", ".join(name for name, own in zip(names, part, strict=True) if own == label)
            for label in labels
        )
        raise ValueError(
            f"the network falls into {len(labels)} parts without a study between them: {shown}"
        )
