"""What one resource says about the person, before it is known which stroke it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from saisei.base.dates import PartialDate
from saisei.cases.codes import Code, Fill, code_of
from saisei.cases.entries import now
from saisei.cases.fhir.bundle import Bundle, Resource
from saisei.cases.fhir.elements import LostError, codings, public_name
from saisei.cases.fields import Field, fields
from saisei.cases.mistakes import MistakeError, Moment
from saisei.cases.readers import read_value
from saisei.cases.values import EntryValue

__all__ = ["Fact", "Reading", "find_code", "lasting", "told_of", "undated", "value_of", "yes"]

LOST = {
    "unit": "unit",
    "out-of-range": "range",
    "step": "range",
    "not-in-list": "range",
    "impossible-item": "range",
    "future-date": "future",
    "impossible-date": "date",
}
"""What a mistake in a value is called in the list of what was not read."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that one resource says.

    Parameters
    ----------
    at
        The place of the resource in its bundle.
    field, way
        The field it is about, and how its code fills it; ``stroke`` and ``in-hospital`` for what
        is no single field.
    value
        The value, in the unit of the field; the kind of stroke; the member's name or the item's id
        with what was found.
    date
        When it was so, or when it was said to be so; None where nothing is dated.
    onset
        When it began.
    issued
        When it was published: of two results of one moment the later publication counts.
    told
        The kind of resource and its public code, for the list of what was not read.
    """

    at: int
    field: str
    way: str
    value: Any
    date: PartialDate | None
    told: tuple[str, str]
    onset: PartialDate | None = None
    issued: datetime | None = None
    source: str | None = None


@dataclass(slots=True)
class Reading:
    """What reading a bundle keeps at hand, and the list of what it could not use."""

    bundle: Bundle
    moment: Moment
    born: PartialDate | None = None
    lost: list[tuple[str, str, str]] = field(default_factory=list)

    def tell(self, told: tuple[str, str], reason: str) -> None:
        """Note that something was left out, and why."""
        kind, code = told
        self.lost.append((kind, reason, code))

    def keep(self, told: tuple[str, str], facts: Iterator[Fact]) -> Iterator[Fact]:
        """Pass facts on; when reading them breaks off, note why."""
        try:
            yield from facts
        except LostError as lost:
            self.tell(told, lost.reason)


def find_code(concept: Mapping[str, Any], on: str) -> Code | None:
    """Find the first coding of a concept that fills a field."""
    for system, code in codings(concept):
        found = code_of(system, code)
        if found is not None and found.on == on:
            return found
    return None


def value_of(wanted: Field, raw: Any, unit: str | None, moment: Moment) -> EntryValue:
    """Turn a raw value into the value of a field.

    Raises
    ------
    LostError
        It cannot be one.
    """
    try:
        return read_value(wanted, raw, unit, moment)
    except MistakeError as mistake:
        raise LostError(LOST.get(mistake.code, "no-value")) from None


def told_of(resource: Resource, concept: Mapping[str, Any]) -> tuple[str, str]:
    """Name a resource for the list of what was not read."""
    try:
        return resource.kind, public_name(concept)
    except LostError:
        return resource.kind, ""


def lasting(name: str) -> bool:
    """Whether a yes to a field never grows old, so that its day does not matter."""
    how_long = fields()[name].valid_for
    if isinstance(how_long, Mapping):
        return how_long.get("if_true", 0) is None
    return how_long is None


def yes(
    at: int, fill: Fill, date: PartialDate | None, told: tuple[str, str], way: str = "value"
) -> Iterator[Fact]:
    """Give the fact that a field has its value since a date.

    Raises
    ------
    LostError
        The day matters and is not known.
    """
    if date is None and not lasting(fill.field):
        raise LostError("date")
    yield Fact(at, fill.field, way, fill.value, date, told)


def undated(moment: Moment) -> PartialDate:
    """Give the date of what has none: the moment of the report."""
    return now(moment.as_of)
