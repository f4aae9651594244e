"""The few elements of FHIR that are read: codes, dates, numbers, references, each checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from saisei.base.dates import PartialDate
from saisei.cases.codes import of_codes
from saisei.cases.fields import table
from saisei.cases.mistakes import MistakeError, Moment

__all__ = [
    "LostError",
    "codings",
    "date_of",
    "interval",
    "later",
    "mapping",
    "mappings",
    "moment_of",
    "public_name",
    "stamp",
    "text",
    "ucum",
]

Element = Mapping[str, Any]

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?\Z")
_CODE = re.compile(r"[A-Z]{0,3}[0-9][0-9A-Z.-]{0,17}\Z")
"""What a code of a public terminology looks like; a name is not let through."""
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?\Z")


class LostError(Exception):
    """Why a resource, or a part of it, gives the case nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def text(found: Element, name: str) -> str | None:
    """Give a text of an element."""
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise LostError("form")
    return value


def mapping(found: Element, name: str) -> Element:
    """Give an element inside an element; an empty one where it is not there."""
    value = found.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise LostError("form")
    return value


def mappings(found: Element, name: str) -> Sequence[Element]:
    """Give a list of elements inside an element."""
    value = found.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise LostError("form")
    return value


def codings(concept: Element) -> Iterator[tuple[str, str]]:
    """Give the system and code of each coding of a CodeableConcept."""
    for coding in mappings(concept, "coding"):
        yield text(coding, "system") or "", text(coding, "code") or ""


def public_name(concept: Element) -> str:
    """Name the first coding of a public terminology; nothing where there is none."""
    names: Mapping[str, str] = of_codes("public_systems")
    for system, code in codings(concept):
        if system in names and _CODE.match(code):
            return f"{names[system]} {code}"
    return ""


def ucum(quantity: Element) -> str:
    """Give the unit of a quantity as a UCUM code; empty where it says none."""
    written = text(quantity, "code") or text(quantity, "unit") or ""
    if written in of_codes("no_unit"):
        return ""
    other: Mapping[str, str] = of_codes("units")
    return other.get(written) or table("spellings").get(written, written)


def date_of(written: object, moment: Moment, *, future: bool = False) -> PartialDate:
    """Read a date, dateTime or instant that can be true at the moment of the report.

    A time of the day without its zone is left out: it could be half a day off.

    Raises
    ------
    LostError
        It is no date, an impossible one, or one after the moment of the report.
    """
    if not isinstance(written, str):
        raise LostError("date")
    if timed := _INSTANT.match(written):
        written = written if timed[3] else written[:10]
    elif not _DATE.match(written):
        raise LostError("date")
    try:
        return moment.read(written, future=future)
    except MistakeError as mistake:
        raise LostError("future" if mistake.code == "future-date" else "date") from None


def interval(first: PartialDate, last: PartialDate) -> PartialDate:
    """Give the stretch from one date to another, in which something lies."""
    if last.last < first.first:
        raise LostError("date")
    if (first.first, first.last) == (last.first, last.last):
        return first
    return PartialDate(f"{first.text}/{last.text}", first.first, last.last, "month")


def moment_of(found: Element, name: str, moment: Moment) -> PartialDate | None:
    """Read a choice of dateTime, instant and Period: ``effective``, ``performed``, ``onset``."""
    for ending in ("DateTime", "Instant"):
        if (written := found.get(name + ending)) is not None:
            return date_of(written, moment)
    period = mapping(found, f"{name}Period")
    start, end = (period.get(side) for side in ("start", "end"))
    if start is None and end is None:
        return None
    if start is None or end is None:
        return date_of(end if start is None else start, moment)
    return interval(date_of(start, moment), date_of(end, moment))


def later(one: PartialDate | None, other: PartialDate | None) -> PartialDate | None:
    """Give the later of two dates, either of which may be missing."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda date: (date.last, date.first))


def stamp(resource: Element) -> datetime:
    """Give when a resource was last changed, the beginning of time where it does not say."""
    written = mapping(resource, "meta").get("lastUpdated")
    oldest = datetime.min.replace(tzinfo=UTC)
    if not isinstance(written, str) or not _INSTANT.match(written):
        return oldest
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return oldest
    return found if found.tzinfo else found.replace(tzinfo=UTC)
