"""What a source rests on: different fields that are one and the same thing of a person.

The months, weeks, days and hours since one date are one number in different units. So the limits
of rules that read different fields can be compared with each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from saisei.base.units import convert
from saisei.cases import Field, fields, table
from saisei.eligibility.tree import Elapsed, Source, Window, field_of
from saisei.vocabulary import days_per_month

__all__ = ["Place", "place_of", "since"]

_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source stands: the name of the thing, and how many of its units are one of ours.

    Parameters
    ----------
    name
        Sources of one name are one thing.
    factor
        A number of the source, times this, is the number of the thing.
    low, high
        Between which numbers the thing lies; it may be infinite beside that where `never`.
    step
        It is a multiple of this, where it has steps.
    """

    name: str
    field: str
    factor: float = 1.0
    low: float = -math.inf
    high: float = math.inf
    never: bool = False
    step: float | None = None

    def widened(self, other: Place) -> Place:
        """Let the thing be all that it may be by another source too."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        return replace(self, factor=1.0, low=low, high=high, never=self.never or other.never)


def since(date: str) -> Place:
    """Give the days since a date."""
    field, longest = fields()[date], _oldest()
    low = -longest if field.future else 0.0
    return Place(f"since {date}", date, 1.0, low, longest, field.never)


@lru_cache(maxsize=1)
def _oldest() -> float:
    years: float = table("meta")["oldest_date_years"]
    return years * 366.0


@lru_cache(maxsize=1024)
def place_of(source: Source, *, exact: bool) -> Place:
    """Say on which thing a source rests.

    Parameters
    ----------
    source
        What a rule looks up.
    exact
        Whether all answers are taken to be known exactly. Where they may not be, hours and days are
        two things: a date that is known to the day is a number of days and a stretch of hours.
    """
    match source:
        case Window(pick, name, days):
            own = _number(fields()[name])
            return Place(f"{pick} {name} {days!r}", name, 1.0, own.low, own.high, step=own.step)
        case Elapsed(unit, start, None):
            return _since(start, unit, never=fields()[start].never, exact=exact)
        case Elapsed(unit, start, str() as end):
            return _between(start, end, unit, exact=exact, kind="between")
    field = fields()[field_of(source)]
    return _derived(field, exact=exact) if field.derived else _number(field)


def _number(field: Field) -> Place:
    allowed = field.range
    low, high = (allowed.low, allowed.high) if allowed else (-math.inf, math.inf)
    return Place(field.id, field.id, 1.0, low, high, field.never, field.step)


def _derived(field: Field, *, exact: bool) -> Place:
    how = field.compute or {}
    match how["kind"]:
        case "same":
            return place_of(how["of"], exact=exact)
        case "converted":
            other = fields()[how["of"]]
            factor = convert(1.0, field.unit or "", other.unit or "", other.id)
            own = _number(other)
            return Place(own.name, field.id, factor, own.low, own.high, own.never)
        case "time_since" if len(how["of"]) == 1:
            never = field.never or fields()[how["of"][0]].never
            return _since(how["of"][0], field.unit or "", never=never, exact=exact)
        case "time_between":
            unit = field.unit or ""
            return _between(how["first"], how["then"], unit, exact=exact, kind="from")
    return _number(field)


def _days(unit: str) -> float:
    return {"h": 1 / _HOURS, "d": 1.0, "wk": 7.0, "mo": days_per_month(), "a": 365.2425}[unit]


def _since(date: str, unit: str, *, never: bool, exact: bool) -> Place:
    whole = since(date)
    if unit == "a":  # counted from anniversary to anniversary: no fixed number of days
        low, high = whole.low / 365, whole.high / 365
        return Place(f"{whole.name} in years", date, 1.0, low, high, never)
    name = whole.name if exact or unit != "h" else f"{whole.name} in hours"
    return Place(name, date, _days(unit), whole.low, whole.high, never)


def _between(start: str, end: str, unit: str, *, exact: bool, kind: str) -> Place:
    low, high = _ordered(start, end) if exact else (-_oldest(), _oldest())
    name = f"from {start} to {end}" if exact else f"{kind} {start} to {end} in {unit}"
    if unit == "a":
        return Place(f"{name} in years", end, 1.0, low / 365, high / 365, never=True)
    return Place(name, end, _days(unit), low, high, never=True)


def _ordered(start: str, end: str) -> tuple[float, float]:
    """Give the fewest and the most days from one date to another; a day's slack for its hours.

    Of dates that are not known exactly the order says nothing: the time between a month and a day
    of it may have either sign.
    """
    longest = _oldest()
    orders = {(row["first"], row["then"]) for row in table("orders")}
    low = -1.0 if (start, end) in orders else -longest
    return low, 1.0 if (end, start) in orders else longest
