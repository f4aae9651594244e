"""What is wrong with one value, in words that repeat nothing a person wrote about a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from saisei.base.dates import PartialDate
from saisei.cases.fields import Field, table
from saisei.scales import scale
from saisei.scales.scoring import scoring_items

__all__ = ["MistakeError", "Moment", "columns_of", "expected_of", "is_number", "kind_of"]


class MistakeError(Exception):
    """What is wrong with one value; the reader adds the place."""

    def __init__(self, code: str, found: str, expected: str = "", next_step: str = "") -> None:
        super().__init__(found)
        self.code, self.found, self.expected, self.next_step = code, found, expected, next_step
        self.steps: tuple[Any, ...] = ()
        """Where inside the value it stands."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What reading a date needs: the moment of the report, and how far back a date may lie."""

    as_of: datetime

    @property
    def zone(self) -> tzinfo | None:
        """The time zone of a date written without one."""
        return self.as_of.tzinfo

    def read(self, raw: Any, *, future: bool = False) -> PartialDate:
        """Read a date that can be true at the moment of the report."""
        written = raw.isoformat() if isinstance(raw, date) else raw
        try:
            found = PartialDate.parse(written, self.zone)
        except (ValueError, OverflowError):
            raise MistakeError(
                "impossible-date",
                "this is not a date, or an impossible one",
                "a date such as 2024, 2024-09, 2024-09-18 or 2024-09-18T13:00+09:00",
            ) from None
        oldest = self.as_of.year - table("meta")["oldest_date_years"]
        if found.last.year < oldest or found.first.year > self.as_of.year + 100:
            raise MistakeError("impossible-date", "a date too far away", f"a year from {oldest} on")
        if found.is_after(self.as_of) and not future:
            raise MistakeError(
                "future-date",
                "a date that lies after the moment of the report",
                f"a date up to {self.as_of:%Y-%m-%d}",
                "Correct the date, or make the report for a later day",
            )
        return found


def columns_of(wanted: Field) -> str:
    """Say what one entry of a list with columns can hold."""
    columns: Mapping[str, Any] = wanted.entries or {}
    listed = f" ({', '.join(wanted.values)})" if wanted.values else ""
    return f"`{columns['name']}`{listed} and, where known, {', '.join(columns['also'])}"


def kind_of(raw: Any) -> str:
    """Say what kind of thing stands there, without saying what it is."""
    if isinstance(raw, bool):
        return "true or false"
    if isinstance(raw, str):
        return "a text"
    if isinstance(raw, int | float):
        return "a number"
    if isinstance(raw, Mapping):
        return "named values"
    return "a list" if isinstance(raw, list | tuple) else "something else"


def is_number(text: str) -> bool:
    """Whether a text reads as a number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def expected_of(wanted: Field) -> str:
    """Say what the field can hold."""
    also = ", or never" if wanted.never and wanted.type != "list" else ""
    if wanted.entries is not None:
        return columns_of(wanted)
    return _EXPECTED[wanted.type](wanted) + also


def _number(wanted: Field) -> str:
    if wanted.range is None:
        return "a number"
    within = f"from {wanted.range.low:g} to {wanted.range.high:g}"
    unit = "" if wanted.unit in (None, "{score}") else f" {wanted.unit}"
    if wanted.step == 1:
        return f"a whole number {within}{unit}"
    return f"a number {within}{unit}" + (f" in steps of {wanted.step:g}" if wanted.step else "")


def _items(wanted: Field) -> str:
    known = scoring_items(scale(wanted.scale or ""))
    return f"a number for each of {', '.join(item.id for item in known)}"


def _date(wanted: Field) -> str:
    ahead = " (it may lie ahead)" if wanted.future else ""
    return f"a date such as 2024, 2024-09, 2024-09-18 or 2024-09-18T13:00+09:00{ahead}"


_EXPECTED: dict[str, Callable[[Field], str]] = {
    "boolean": lambda _: "true or false",
    "number": _number,
    "enum": lambda wanted: f"one of {', '.join(wanted.values)}",
    "list": lambda wanted: f"any of [{', '.join(wanted.values)}]",
    "date": _date,
    "datetime": _date,
    "map": lambda wanted: f"one number for each of {', '.join(wanted.keys)}",
    "items": _items,
}
