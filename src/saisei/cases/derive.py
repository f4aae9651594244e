"""Fields that are computed from others, each in the way that the table names.

A way of computing gives a value, an interval where its inputs leave one, or None where they do not
settle it. No way guesses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from saisei.base.dates import PartialDate, Span
from saisei.base.units import convert
from saisei.cases.answers import Answer, Known, Person, index_date, valid
from saisei.cases.entries import Entry
from saisei.cases.fields import Field, fields
from saisei.cases.values import NEVER, Listed
from saisei.vocabulary import days_per_month

__all__ = ["derive", "elapsed", "score_change", "to_precision"]

DAY_HOURS = 24


def derive(wanted: Field, person: Person) -> Answer:
    """Compute a derived field."""
    how: Mapping[str, Any] = wanted.compute or {}
    found = _WAYS[how["kind"]](_Task(wanted, person, how))
    if found is not None:
        value = found.low if isinstance(found, Span) and found.exact else found
        return Answer(wanted.id, "known", value, derived=True)
    states = {person.answer(name).state for name in wanted.inputs}
    stale = "stale" in states and "missing" not in states
    return Answer(wanted.id, "stale" if stale else "missing", derived=True)


@dataclass(frozen=True, slots=True)
class _Task:
    """One field to compute: for whom, and how."""

    wanted: Field
    person: Person
    how: Mapping[str, Any]

    def number(self, name: str) -> float | None:
        found = self.person.answer(name).value
        return found if isinstance(found, float) else None

    def date(self, name: str) -> PartialDate | None:
        found = self.person.answer(name).value
        return found if isinstance(found, PartialDate) else None

    def items(self) -> Mapping[str, float | str]:
        found = self.person.answer(self.how["of"]).value
        return found if isinstance(found, Mapping) else {}


def _age(task: _Task) -> Known | None:
    born = task.date(task.how["of"])
    return None if born is None else born.years_before(task.person.as_of)


def _time_since(task: _Task) -> Known | None:
    """Give the time since the latest of several events; what is unknown may have been later."""
    found = [task.person.answer(name).value for name in task.how["of"]]
    return _latest([_since(one, task.person.as_of, task.wanted.unit or "") for one in found])


def _since(found: Known | None, as_of: datetime, unit: str) -> Span | None:
    if found is NEVER:
        return Span(math.inf, math.inf)
    return elapsed(found, as_of, unit) if isinstance(found, PartialDate) else None


def _latest(spans: list[Span | None]) -> Span | None:
    """Give the time since the latest of events, each known, unknown (None) or never (infinite)."""
    known = [span for span in spans if span is not None]
    if not known:
        return None
    low, high = min(span.low for span in known), min(span.high for span in known)
    if len(known) == len(spans):
        return Span(low, high)
    return Span(0, high) if math.isfinite(high) else None


def elapsed(then: PartialDate, as_of: datetime, unit: str) -> Span:
    """Give the time from a date to a moment: in h, d, wk, mo (30.44 days) or a.

    Years are counted from anniversary to anniversary, with the part of the current year.

    Examples
    --------
    >>> from saisei.base.dates import parse_as_of
    >>> elapsed(PartialDate.parse("2021-11-20"), parse_as_of("2026-11-20"), "a").low
    5.0
    """
    if unit == "h":
        return then.hours_before(as_of)
    if unit == "a":
        day = as_of.astimezone(then.first.tzinfo).date()
        high = _years(then.first.date(), day)
        return Span(max(_years(then.last.date(), day), 0.0) if high >= 0 else high, high)
    lengths = {"d": 1.0, "wk": 7.0, "mo": days_per_month()}
    days = then.days_before(as_of)
    return Span(days.low / lengths[unit], days.high / lengths[unit])


def _years(start: date, end: date) -> float:
    whole = end.year - start.year - ((end.month, end.day) < (start.month, start.day))
    last, following = _anniversary(start, whole), _anniversary(start, whole + 1)
    return whole + (end - last).days / (following - last).days


def _anniversary(start: date, years: int) -> date:
    """Give the same day in another year; 29 February is 1 March where there is none."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)


def _time_between(task: _Task) -> Known | None:
    """Give the time between two dates; while the second is not set, from now on upwards."""
    first, then = task.date(task.how["first"]), task.date(task.how["then"])
    unit = task.wanted.unit or ""
    if first is None:
        return None
    if then is None:
        return Span(elapsed(first, task.person.as_of, unit).low, math.inf)
    low, high = elapsed(first, then.first, unit), elapsed(first, then.last, unit)
    return Span(low.low, high.high)


def _sum(task: _Task) -> Known | None:
    found = [task.number(name) for name in task.how["of"]]
    return None if None in found else math.fsum(one for one in found if one is not None)


def _weighted_mean(task: _Task) -> Known | None:
    """Give a weighted mean of values that were measured together."""
    weights: Mapping[str, float] = task.how["of"]
    moments = {_moment(task.person.answer(name).entry) for name in weights}
    found = {name: task.number(name) for name in weights}
    if len(moments) > 1 or None in found.values():
        return None
    total = math.fsum(weights[name] * value for name, value in found.items() if value is not None)
    return total / sum(weights.values())


def _moment(entry: Entry | None) -> tuple[datetime, datetime] | None:
    return None if entry is None else (entry.date.first, entry.date.last)


def _times_upper_limit(task: _Task) -> Known | None:
    """Give the largest multiple of the laboratory's limit; at least that where one is unknown."""
    limits = task.person.answer("uln").value
    limits = limits if isinstance(limits, Mapping) else {}
    names: list[str] = task.how["of"]
    ratios = [
        value / limit
        for name in names
        if (value := task.number(name)) is not None and isinstance(limit := limits.get(name), float)
    ]
    if not ratios:
        return None
    return max(ratios) if len(ratios) == len(names) else Span(max(ratios), math.inf)


def _score_change(task: _Task) -> Known | None:
    """Give the change between two scores that lie as far apart as the table says."""
    found = _change(task)
    source = fields()[task.how["of"]]
    return found[1] if found is not None and valid(source, found[0], task.person) else None


def score_change(wanted: Field, person: Person) -> tuple[Entry, float] | None:
    """Give a change of a score with the later entry that it rests on, whether that counts or not.

    Parameters
    ----------
    wanted
        A field whose way of being computed is ``score_change``.
    person
        The case.
    """
    return _change(_Task(wanted, person, wanted.compute or {}))


def _change(task: _Task) -> tuple[Entry, float] | None:
    source = fields()[task.how["of"]]
    series = [entry for entry in task.person.series(source.id) if isinstance(entry.value, float)]
    if "first_day" in task.how:
        pairs = _pairs_by_day(task, series)
    else:
        pairs = [(earlier, series[-1]) for earlier in series[:-1]]
        pairs = [pair for pair in pairs if _apart(task, *pair)]
    if not pairs:
        return None
    measure = _MEASURES[task.how["as"]]
    return pairs[0][1], max(measure(*map(_points, pair)) for pair in pairs)


_MEASURES: dict[str, Callable[[float, float], float]] = {
    "fall": lambda earlier, later: earlier - later,
    "rise": lambda earlier, later: later - earlier,
    "size": lambda earlier, later: abs(later - earlier),
}


def _points(entry: Entry) -> float:
    return entry.value if isinstance(entry.value, float) else math.nan


def _apart(task: _Task, earlier: Entry, later: Entry) -> bool:
    """Whether two scores certainly lie as far apart, and are as fresh, as the table asks."""
    low, high = map(float, task.how.get("days_apart") or task.how["hours_apart"])
    if "days_apart" in task.how:
        return low <= _days_apart(earlier.date, later.date) <= high
    longest = (later.date.last - earlier.date.first) / timedelta(hours=1)
    shortest = (later.date.first - earlier.date.last) / timedelta(hours=1)
    if not (low <= shortest and longest <= high):
        return False
    oldest = float(task.how.get("hours_old", math.inf))
    return earlier.date.hours_before(task.person.as_of).high <= oldest


def _days_apart(earlier: PartialDate, later: PartialDate) -> float:
    """Count calendar days between two dates; none where one is not known to the day."""
    if {earlier.precision, later.precision} & {"month", "year"}:
        return math.nan
    return float((later.first.date() - earlier.first.date()).days)


def _pairs_by_day(task: _Task, series: list[Entry]) -> list[tuple[Entry, Entry]]:
    """Give the first score of the first days and the one nearest to the middle of the last."""
    onset = index_date(task.person)
    if onset is None:
        return []
    days = [(_days_apart(onset, entry.date), entry) for entry in series]
    (low1, high1), (low2, high2) = task.how["first_day"], task.how["last_day"]
    first = [entry for day, entry in days if low1 <= day <= high1]
    last = sorted(
        (
            (abs(day - (low2 + high2) / 2), i, e)
            for i, (day, e) in enumerate(days)
            if low2 <= day <= high2
        )
    )
    return [(first[0], last[0][2])] if first and last else []


def _item_sum(task: _Task) -> Known | None:
    items = task.items()
    found = [items.get(name) for name in task.how["items"]]
    if None in found:
        return None
    return math.fsum(points for points in found if isinstance(points, float))


def _affected_side(task: _Task) -> Known | None:
    """Give the item of the side opposite to the stroke.

    Both sides stay possible where the side of the stroke is not known to be one, or where the
    other side is the weaker one.
    """
    items = task.items()
    left, right = items.get(task.how["left"]), items.get(task.how["right"])
    if not isinstance(left, float) or not isinstance(right, float):
        return None
    side = task.person.answer("stroke_hemisphere").value
    if side == "left" and left <= right:
        return right
    if side == "right" and right <= left:
        return left
    return Span(min(left, right), max(left, right))


def _since_last_active(task: _Task) -> Known | None:
    """Give the years since a cancer was last active, some kinds left out; infinite without one."""
    answer = task.person.answer(task.how["of"])
    if not isinstance(answer.value, frozenset):
        return None
    stated = answer.entry.value if answer.entry and not answer.derived else ()
    left_out = task.how.get("leaving_out", [])
    counted = [
        one
        for one in (stated if isinstance(stated, tuple) else ())
        if isinstance(one, Listed) and one.name not in left_out
    ]
    if not counted:
        return math.inf
    dates = [one.details.get("last_active") for one in counted]
    return _latest(
        [
            elapsed(found, task.person.as_of, "a") if isinstance(found, PartialDate) else None
            for found in dates
        ]
    )


def _converted(task: _Task) -> Known | None:
    source = fields()[task.how["of"]]
    value = task.number(source.id)
    if value is None or source.unit is None or task.wanted.unit is None:
        return None
    return convert(value, source.unit, task.wanted.unit, source.id)


def _same(task: _Task) -> Known | None:
    return task.person.answer(task.how["of"]).value


_WAYS: dict[str, Callable[[_Task], Known | None]] = {
    "age": _age,
    "time_since": _time_since,
    "time_between": _time_between,
    "sum": _sum,
    "weighted_mean": _weighted_mean,
    "times_upper_limit": _times_upper_limit,
    "score_change": _score_change,
    "item_sum": _item_sum,
    "affected_side": _affected_side,
    "since_last_active": _since_last_active,
    "converted": _converted,
    "same": _same,
}


def to_precision(found: PartialDate, precision: str) -> PartialDate:
    """Widen a date to the precision that somebody says it has, when that is coarser.

    Examples
    --------
    >>> to_precision(PartialDate.parse("2024-09-18"), "month").text
    '2024-09'
    """
    order = ("minute", "hour", "day", "month", "year")
    if order.index(precision) <= order.index(found.precision):
        return found
    if precision == "hour":
        start = found.first.replace(minute=0, second=0, microsecond=0)
        return PartialDate(found.text, start, start + timedelta(minutes=59, seconds=59), "minute")
    written = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[precision]
    return PartialDate.parse(found.first.strftime(written), found.first.tzinfo)
