"""Which missing items could decide people: counted over the patterns of their marks.

An *item* is a field that somebody can fill in; a computed field counts as what it is computed from.
A pattern tells which rules are open of a person, not what exactly is missing. So two counts stand
around the truth:

*alone*
    Undecided people whose every open rule reads this item, or what always follows from it, and
    nothing else: one exact answer to it decides each of them, whatever it is. There may be more,
    because of an open rule that reads several items all but one may be known.
*waiting*
    Undecided people of whom a rule is open that reads this item, or what always follows from it.
    Some may have it recorded already.

and *together* counts those whom this item decides with all those before it, likewise at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from saisei.cases import Effort, Field, fields
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.tree import Source, Window, fields_of, leaves_of, sources_of

__all__ = [
    "MissingItem",
    "Whole",
    "items_of",
    "learned_with",
    "missing_items",
    "needs_several_records",
]

Whole = NDArray[np.int64]
SEVERAL_RECORDS = frozenset({"score_change"})
"""Ways of computing a field that no single answer settles."""
EFFORTS: tuple[Effort, ...] = ("ask", "chart", "exam", "lab", "scan")
"""Ways to get an item, the easiest first."""
NOT_KNOWN = frozenset({"unknown", "cannot-assess"})
"""Answers with which a field stays unknown."""


@dataclass(frozen=True, slots=True)
class MissingItem:
    """What learning one item would do among the undecided people of a protocol."""

    item: str
    alone: int
    waiting: int
    together: int


def items_of(rule: Criterion) -> frozenset[str]:
    """Name the fields to fill in that a rule reads.

    Examples
    --------
    >>> from saisei.eligibility import parse
    >>> sorted(items_of(Criterion("i1", "inclusion", "", parse("fma_motor_total > 20"))))
    ['fma_le', 'fma_ue']
    """
    read = (fields()[name] for name in fields_of(rule.when))
    return frozenset(
        item for field in read for item in (field.inputs if field.derived else [field.id])
    )


@cache
def learned_with(item: str) -> frozenset[str]:
    """Name what is known once there is an exact answer to an item, whatever it is.

    Examples
    --------
    >>> sorted(learned_with("condition"))
    ['condition', 'stroke_type']
    """
    return frozenset({item}.union(name for name, field in fields().items() if _told(field, item)))


def _told(field: Field, item: str) -> bool:
    """Whether a field is the total or a part of an item, or follows from each of its answers."""
    if field.also_from is not None and field.also_from["of"] == item:
        return True
    rules = [rule for rule in field.follows if rule["from"] == item]
    answers = {answer for rule in rules for answer in rule.get("values", ())}
    possible = {answer for answer in fields()[item].values if answer not in NOT_KNOWN}
    either = {"present", "absent"} <= {rule.get("when") for rule in rules}
    return either or bool(answers and possible <= answers)


def needs_several_records(rule: Criterion) -> bool:
    """Whether a rule looks at more than one record of an item, so that no one answer settles it."""
    read = {source for leaf in leaves_of(rule.when) for source in sources_of(leaf)}
    return any(map(_is_series, read))


def _is_series(source: Source) -> bool:
    if isinstance(source, Window):
        return True
    how = fields()[source].compute if isinstance(source, str) else None
    return how is not None and how["kind"] in SEVERAL_RECORDS


def missing_items(
    rules: Sequence[Criterion], failing: Whole, unknown: Whole, people: Whole
) -> tuple[MissingItem, ...]:
    """Count for each item of a protocol whom it could decide, the item that decides most first.

    Of items that decide as many, the one comes first for which more wait, then the one that is
    easier to get.

    Parameters
    ----------
    rules
        The counted rules; rule i has bit i in the patterns.
    failing, unknown, people
        The patterns of marks, one an entry, and how many people share each.
    """
    undecided = (failing == 0) & (unknown != 0)
    open_, many = unknown[undecided], people[undecided]
    read = [items_of(rule) for rule in rules]
    settled = [not needs_several_records(rule) for rule in rules]
    names = sorted(frozenset[str]().union(*read))

    def decided(items: Iterable[str]) -> int:
        learned = frozenset[str]().union(*map(learned_with, items))
        covered = _bits(ok and of <= learned for ok, of in zip(settled, read, strict=True))
        return int(many[open_ & ~covered == 0].sum())

    def waits(name: str) -> int:
        touched = _bits(not of.isdisjoint(learned_with(name)) for of in read)
        return int(many[open_ & touched != 0].sum())

    alone = {name: decided([name]) for name in names}
    waiting = {name: waits(name) for name in names}

    def place(name: str) -> tuple[int, int, int, str]:
        return -alone[name], -waiting[name], EFFORTS.index(fields()[name].effort), name

    order = sorted((name for name in names if waiting[name]), key=place)
    return tuple(
        MissingItem(name, alone[name], waiting[name], decided(order[: place + 1]))
        for place, name in enumerate(order)
    )


def _bits(flags: Iterable[bool]) -> int:
    return sum(1 << place for place, flag in enumerate(flags) if flag)
