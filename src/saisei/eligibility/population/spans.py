"""Stretches of numbers and of time as SQL: the arithmetic of a case, written for columns.

Plain text in the dialect of DuckDB, of the parts that every engine has (`CASE`, `COALESCE`,
`LEAST`, whole-number arithmetic); the functions below are the only places where it is put together.
The operations and their order are those of `saisei.base.dates` and `saisei.cases`, so that both
come to the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from saisei.eligibility.population.calendar import DAY
from saisei.vocabulary import days_per_month

__all__ = [
    "ENDLESS",
    "NEVER",
    "NOTHING",
    "Ends",
    "Times",
    "both",
    "day_of",
    "either",
    "known",
    "latest_of",
    "when",
]

NEVER = "'-infinity'::DOUBLE"
"""The date of what never happened."""
ENDLESS = "'infinity'::DOUBLE"
"""The time since then."""
NOTHING = "NULL::DOUBLE"

_DAY_HOURS = 24
_LENGTHS = {"d": 1.0, "wk": 7.0}


@dataclass(frozen=True, slots=True)
class Ends:
    """The lowest and the highest that something may be; both null where it is unknown."""

    low: str
    high: str


def both(value: str) -> Ends:
    """Give an exact number as a stretch."""
    return Ends(value, value)


def when(condition: str, then: str, otherwise: str = "NULL") -> str:
    """Write a choice; an unknown condition takes the second."""
    return f"CASE WHEN {condition} THEN {then} ELSE {otherwise} END"


def either(condition: str, then: Ends, otherwise: Ends) -> Ends:
    """Write a choice between two stretches."""
    return Ends(
        when(condition, then.low, otherwise.low), when(condition, then.high, otherwise.high)
    )


def known(ends: Ends) -> str:
    """Give a number that is known exactly; null where it is a stretch."""
    return when(f"{ends.low} = {ends.high}", ends.low)


def latest_of(spans: Sequence[Ends]) -> Ends:
    """Give the time since the latest of events; what is unknown may have been later."""
    if len(spans) == 1:
        return spans[0]
    every = " AND ".join(f"{span.high} IS NOT NULL" for span in spans)
    low = f"LEAST({', '.join(span.low for span in spans)})"
    high = f"LEAST({', '.join(span.high for span in spans)})"
    some = when(f"{high} < {ENDLESS}", high)
    return either(f"({every})", Ends(low, high), Ends(when(f"{high} < {ENDLESS}", "0.0"), some))


def day_of(second: str) -> str:
    """Give the day in which a second lies, counted from 1970, also before that."""
    return f"CAST(FLOOR({second} / {DAY}.0) AS BIGINT)"


@dataclass(frozen=True, slots=True)
class Times:
    """Times before a moment, which is given in seconds on the local clock."""

    moment: str

    def days(self, first: str, last: str) -> Ends:
        """Give for how many days a record has stood; whole days of one known to the day."""
        longest = f"({self.moment} - {first}) / {DAY}.0"
        shortest = _cut(f"({self.moment} - {last}) / {DAY}.0", longest)
        whole = f"CAST({day_of(self.moment)} - {day_of(first)} AS DOUBLE)"
        to_day = f"({last} - {first} = {DAY - 1} AND {first} % {DAY} = 0)"
        return either(to_day, both(whole), Ends(shortest, longest))

    def since(self, date: Ends, unit: str) -> Ends:
        """Give the time since a date in hours, days, weeks or months; infinite for never."""
        return either(f"{date.low} = {NEVER}", both(ENDLESS), self._elapsed(date, unit))

    def _elapsed(self, date: Ends, unit: str) -> Ends:
        if unit == "h":
            longest = f"({self.moment} - {date.low}) / {DAY}.0 * {_DAY_HOURS}"
            shortest = f"({self.moment} - {date.high}) / {DAY}.0 * {_DAY_HOURS}"
            return Ends(_cut(shortest, longest), longest)
        days = self.days(date.low, date.high)
        length = _LENGTHS.get(unit) or days_per_month()
        return Ends(f"({days.low}) / {length!r}", f"({days.high}) / {length!r}")

    @staticmethod
    def between(start: Ends, end: Ends, unit: str) -> Ends:
        """Give the time from one date to another; infinite until what never happens."""
        low = Times(end.low)._elapsed(start, unit).low
        high = Times(end.high)._elapsed(start, unit).high
        found = either(f"{end.low} = {NEVER}", both(ENDLESS), Ends(low, high))
        return either(f"{start.low} > {NEVER} AND {end.low} IS NOT NULL", found, both(NOTHING))

    def from_until(self, start: Ends, end: Ends, unit: str) -> Ends:
        """Give the time between two dates; while the second is not set, from now on upwards."""
        low = Times(end.low)._elapsed(start, unit).low
        high = Times(end.high)._elapsed(start, unit).high
        until_now = Ends(self._elapsed(start, unit).low, ENDLESS)
        found = either(f"{end.low} > {NEVER}", Ends(low, high), until_now)
        return either(f"{start.low} > {NEVER}", found, both(NOTHING))


def _cut(shortest: str, longest: str) -> str:
    """Cut at the moment what reaches past it: what lies ahead has not happened yet."""
    return when(f"{longest} >= 0 AND {shortest} < 0", "0.0", shortest)
