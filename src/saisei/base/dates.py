"""Partial dates as intervals of instants, and numbers known only to lie between two bounds.

A date may be known to the year, month, day or minute. It stands for the whole stretch of time that
it leaves open; what is computed from it is a `Span`, and a comparison over the whole span is true,
false or unknown.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

__all__ = ["PartialDate", "Span", "parse_as_of"]

Precision = Literal["year", "month", "day", "minute"]

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


@dataclass(frozen=True, slots=True)
class Span:
    """A number known to lie between `low` and `high`, both included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a span runs upwards, not from {self.low} to {self.high}")

    @property
    def exact(self) -> bool:
        """Whether the span is a single number."""
        return self.low == self.high

    @property
    def middle(self) -> float:
        """The midpoint."""
        return (self.low + self.high) / 2 if not self.exact else self.low

    def scaled(self, factor: float) -> Span:
        """Multiply both ends by a positive factor."""
        return Span(self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A moment known to the year, month, day or minute, in the time zone of the reader.

    `first` and `last` are the first and the last instant that it may be; `text` is what was
    written.
    """

    text: str
    first: datetime
    last: datetime
    precision: Precision

    @classmethod
    def parse(cls, written: object, zone: tzinfo | None = None) -> PartialDate:
        """Read ``2024``, ``2024-09``, ``2024-09-18`` or ``2024-09-18T13:00[+09:00]``.

        Parameters
        ----------
        written
            The text (a whole number is a year).
        zone
            The time zone of a date without one; UTC when left out.

        Raises
        ------
        ValueError
            Not such a date, or an impossible one.

        Examples
        --------
        >>> PartialDate.parse("2024-02").last.day
        29
        """
        text = str(written).strip() if not isinstance(written, bool) else ""
        zone = zone or UTC
        if matched := _PARTIAL.match(text):
            return cls._from_parts(text, matched, zone)
        if _INSTANT.match(text):
            instant = datetime.fromisoformat(text)
            instant = instant if instant.tzinfo else instant.replace(tzinfo=zone)
            return cls(text, instant, instant, "minute")
        raise ValueError("not a date such as 2024, 2024-09, 2024-09-18 or 2024-09-18T13:00+09:00")

    @classmethod
    def _from_parts(cls, text: str, matched: re.Match[str], zone: tzinfo) -> PartialDate:
        year = int(matched[1])
        month, day = (int(part) if part else None for part in matched.group(2, 3))
        if month is None:
            return cls(text, _start(year, 1, 1, zone), _end(year, 12, 31, zone), "year")
        if day is None:
            if not 1 <= month <= 12:
                raise ValueError(f"there is no month {month}")
            last_day = calendar.monthrange(year, month)[1]
            return cls(
                text, _start(year, month, 1, zone), _end(year, month, last_day, zone), "month"
            )
        return cls(text, _start(year, month, day, zone), _end(year, month, day, zone), "day")

    def days_before(self, moment: datetime) -> Span:
        """How many days (with fractions) lie between this date and a later moment.

        A date whose stretch reaches past `moment` is cut there: what is in the future has not
        happened yet. A date wholly in the future gives a negative span.
        A date known to the day counts whole days from noon to noon, so that the hour at which
        somebody asks does not turn "18 September" into a range.
        """
        if self.precision == "day":
            days = float((moment.astimezone(self.first.tzinfo).date() - self.first.date()).days)
            return Span(days, days)
        shortest, longest = _days(moment - self.last), _days(moment - self.first)
        return Span(max(shortest, 0.0) if longest >= 0 else shortest, longest)

    def hours_before(self, moment: datetime) -> Span:
        """How many hours lie between this date and a later moment, its whole stretch counted."""
        shortest, longest = _days(moment - self.last) * 24, _days(moment - self.first) * 24
        return Span(max(shortest, 0.0) if longest >= 0 else shortest, longest)

    def years_before(self, moment: datetime) -> Span:
        """Whole years completed between this date and a later moment, as ages are counted.

        Examples
        --------
        >>> born = PartialDate.parse("1964-05-14")
        >>> born.years_before(parse_as_of("2026-11-20T09:00+09:00")).low
        62.0
        """
        day = moment.astimezone(self.first.tzinfo).date()
        return Span(_birthdays(self.last.date(), day), _birthdays(self.first.date(), day))

    def is_after(self, moment: datetime) -> bool:
        """Whether the whole stretch lies in the future of `moment`."""
        return self.first > moment

    def __str__(self) -> str:
        """Give the text as it was written."""
        return self.text


def parse_as_of(written: str, zone: tzinfo | None = None) -> datetime:
    """Read a reference moment: a date (noon of that day) or a date-time.

    Raises
    ------
    ValueError
        Not a day or an instant, or an impossible one.

    Examples
    --------
    >>> parse_as_of("2026-11-20").isoformat()
    '2026-11-20T12:00:00+00:00'
    """
    found = PartialDate.parse(written, zone)
    if found.precision in ("year", "month"):
        raise ValueError("a day is needed, such as 2026-11-20 or 2026-11-20T09:00+09:00")
    return found.first + timedelta(hours=12) if found.precision == "day" else found.first


def _start(year: int, month: int, day: int, zone: tzinfo) -> datetime:
    return datetime(year, month, day, tzinfo=zone)


def _end(year: int, month: int, day: int, zone: tzinfo) -> datetime:
    return datetime(year, month, day, 23, 59, 59, tzinfo=zone)


def _days(length: timedelta) -> float:
    return length.total_seconds() / 86_400


def _birthdays(born: date, day: date) -> float:
    return float(day.year - born.year - ((day.month, day.day) < (born.month, born.day)))
