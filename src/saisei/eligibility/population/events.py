"""Dated records of many people, in one long table: the same for every source of data.

    person   a whole number
    field    the place of the field in the table of fields
    first    the first second at which it may have been so, counted from 1970 on the local clock
    last     the last second; a date known to the day ends at 23:59:59
    low      the value, or the lowest that it may be
    high     the highest that it may be

A yes is 1 and a no is 0; a word is its place among the values of the field; a list is a number with
a bit for each entry, `low` of what surely belongs to it and `high` of what may; a date is the
seconds in which it lies, *never* minus infinity. Items of a scale and limits of a laboratory stand
under the fields that are computed from them (see `pairs`). What nobody recorded has no row, and
nothing is made of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from saisei.base.dates import PartialDate
from saisei.cases import (
    NEVER,
    Case,
    Entry,
    EntryValue,
    Field,
    Listed,
    OpenList,
    fields,
    score_change,
)
from saisei.eligibility.columns import mask_of, masks_of_open
from saisei.eligibility.population.pairs import paired_fields, parts_of

__all__ = ["Event", "code_of", "events_of_case", "field_codes", "seconds"]


class Event(NamedTuple):
    """One record of one person."""

    person: int
    field: int
    first: int
    last: int
    low: float
    high: float


@cache
def field_codes() -> Mapping[str, int]:
    """Give the number that stands for each field in a table of events."""
    return {name: place for place, name in enumerate(fields())}


def code_of(field: str) -> int:
    """Give the number that stands for a field in a table of events."""
    return field_codes()[field]


def seconds(moment: datetime) -> int:
    """Give the seconds on the local clock since 1970, whatever the zone.

    Examples
    --------
    >>> seconds(datetime(1970, 1, 2, 0, 0, 1, tzinfo=UTC))
    86401
    """
    return int((moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def events_of_case(person: int, case: Case) -> Iterator[Event]:
    """Give what a case states as records; totals from items among them."""
    for name, wanted in fields().items():
        if wanted.derived:
            yield from _changes(person, wanted, case)
            continue
        for entry in case.series(name):
            first, last = seconds(entry.date.first), seconds(entry.date.last)
            for about, ends in _said(wanted, entry):
                yield Event(person, code_of(about.id), first, last, *ends)


def _changes(person: int, wanted: Field, case: Case) -> Iterator[Event]:
    """Give a change of a score as a record of the moment of the later one."""
    if (wanted.compute or {}).get("kind") == "score_change":
        found = score_change(wanted, case)
        if found is not None:
            entry, change = found
            first, last = seconds(entry.date.first), seconds(entry.date.last)
            yield Event(person, code_of(wanted.id), first, last, change, change)


def _said(wanted: Field, entry: Entry) -> Iterator[tuple[Field, tuple[float, float]]]:
    """Give what an entry says of its field; of parts, what it says of those computed from them."""
    if isinstance(entry.value, Mapping):
        held = entry.value
        yield from ((one, parts_of(one, held)) for one in paired_fields(wanted.id))
    elif (ends := _ends(wanted, entry)) is not None:
        yield wanted, ends


def _ends(wanted: Field, entry: Entry) -> tuple[float, float] | None:
    """Give the value of an entry as a stretch of numbers; None where it says that nobody knows."""
    if isinstance(entry.value, PartialDate):
        return float(seconds(entry.value.first)), float(seconds(entry.value.last))
    if entry.is_open:
        names = _names(entry.value if isinstance(entry.value, tuple) else ())
        known = OpenList(frozenset(names), frozenset(entry.without))
        low, high = masks_of_open(wanted, known)
        return float(low), float(high)
    value = _number(wanted, entry.value)
    return None if value is None else (value, value)


def _number(wanted: Field, value: EntryValue) -> float | None:
    if wanted.type == "list":
        return float(mask_of(wanted, _names(value if isinstance(value, tuple) else ())))
    if value is NEVER:
        return 0.0 if wanted.type == "boolean" else -math.inf
    if isinstance(value, str) and value not in ("unknown", "cannot-assess"):
        return float(wanted.values.index(value))
    return float(value) if isinstance(value, bool | float) else None


def _names(entries: Iterable[str | Listed]) -> list[str]:
    return [one.name if isinstance(one, Listed) else one for one in entries]
