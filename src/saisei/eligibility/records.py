"""What a case says of a number within a window of days, and of the time since a date.

A record is in the window when its whole stretch of time lies in it, perhaps when a part does. What
could be the one asked for counts; where several could be (two at the same moment, a date known only
to the month), the answer is the stretch between the lowest and the highest of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from saisei.base.dates import PartialDate, Span
from saisei.cases import NEVER, Answer, Case, Entry, elapsed
from saisei.eligibility.tree import Elapsed, Pick, Window

__all__ = ["record"]


@dataclass(frozen=True, slots=True)
class _Record:
    """A number, when it was recorded at the earliest and at the latest, and whether it is in."""

    value: float
    first: datetime
    last: datetime
    sure: bool


def record(case: Case, source: Window | Elapsed) -> Answer:
    """Give what a case says of the records of a number, or of the time since a date."""
    if isinstance(source, Elapsed):
        return _elapsed(case, source)
    series = case.series(source.field)
    found = _picked(source.pick, list(_inside(case, series, source.days)))
    if found is None:
        return Answer(source.field, "stale" if series else "missing", derived=True)
    return Answer(source.field, "known", found.low if found.exact else found, derived=True)


def _inside(case: Case, series: Iterable[Entry], days: float) -> Iterator[_Record]:
    for entry in series:
        age = entry.date.days_before(case.as_of)
        if isinstance(entry.value, float) and age.high >= 0 and age.low <= days:
            yield _Record(entry.value, entry.date.first, entry.date.last, age.high <= days)


def _picked(pick: Pick, inside: list[_Record]) -> Span | None:
    """Give the stretch in which the record asked for lies; None unless one is surely there."""
    sure = [one for one in inside if one.sure]
    if not sure:
        return None
    values, sure_values = [one.value for one in inside], [one.value for one in sure]
    match pick:
        case Pick.HIGHEST:
            return Span(max(sure_values), max(values))
        case Pick.LOWEST:
            return Span(min(values), min(sure_values))
        case Pick.LATEST:
            newest = max(one.first for one in sure)
            values = [one.value for one in inside if one.last >= newest]
        case Pick.EARLIEST:
            oldest = min(one.last for one in sure)
            values = [one.value for one in inside if one.first <= oldest]
    return Span(min(values), max(values))


def _elapsed(case: Case, source: Elapsed) -> Answer:
    start = case.answer(source.start)
    end = case.answer(source.end) if source.end else None
    found = _time(case, source, start, end)
    if found is not None:
        return Answer(source.start, "known", found.low if found.exact else found, derived=True)
    states = {answer.state for answer in (start, end) if answer and not answer.known}
    return Answer(source.start, "stale" if states == {"stale"} else "missing", derived=True)


def _time(case: Case, source: Elapsed, start: Answer, end: Answer | None) -> Span | None:
    """Give the time between two moments; infinite to or from what never happened."""
    if end is None:
        if start.value is NEVER:
            return Span(math.inf, math.inf)
        if not isinstance(start.value, PartialDate):
            return None
        return elapsed(start.value, case.as_of, source.unit)
    if not isinstance(start.value, PartialDate):
        return None
    if end.value is NEVER:
        return Span(math.inf, math.inf)
    return _between(start.value, end.value, source.unit)


def _between(start: PartialDate, end: object, unit: str) -> Span | None:
    if not isinstance(end, PartialDate):
        return None
    return Span(elapsed(start, end.first, unit).low, elapsed(start, end.last, unit).high)
