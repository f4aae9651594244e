"""What the forecast reads of a case: the kind of stroke, its day, and the dated scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from saisei.base.dates import Span
from saisei.base.sources import Statement
from saisei.cases import Case, Entry, same_time
from saisei.forecast.course import NoForecast, Scored
from saisei.forecast.texts import say
from saisei.vocabulary import Stage, adult_age, stage_of

__all__ = [
    "Person",
    "Refusal",
    "Series",
    "StrokeKind",
    "none",
    "read_person",
    "read_series",
    "stage_at",
]

StrokeKind = Literal["ischemic", "intracerebral-haemorrhage", "unknown"]


@dataclass(frozen=True, slots=True)
class Person:
    """A person after a stroke whose day is known, exactly or as a span."""

    kind: StrokeKind
    days: Span
    first_stroke: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """The key of the reason why nothing is forecast."""

    code: str


@dataclass(frozen=True, slots=True)
class Series:
    """A person's dated scores, oldest first.

    The day is that of the middle of the stroke's date, and of the score's own: `slack` is the
    longest stretch, in days, in which a score lies.
    """

    scores: tuple[Scored, ...]
    all_dated: bool
    left_out: int
    slack: float

    @property
    def last(self) -> Scored:
        """The latest score."""
        return self.scores[-1]


def none(scale_id: str, code: str, **filling: object) -> NoForecast:
    """Say why nothing is forecast."""
    return NoForecast(scale_id, code, Statement(say(f"none.{code}", **filling)))


def read_person(case: Case) -> Person | Refusal:
    """Read whom the forecast is about, or why nothing can be forecast."""
    if (code := _not_for(case)) is not None:
        return Refusal(code)
    days = _span(case.answer("days_since_stroke").value)
    if days is None:
        return Refusal("no-date")
    kind = case.answer("stroke_type").value
    previous = case.answer("days_since_previous_stroke").value
    second = previous is not None and previous != math.inf
    known: StrokeKind = (
        "ischemic" if kind == "ischemic" else
        "intracerebral-haemorrhage" if kind == "intracerebral-haemorrhage" else "unknown"
    )  # fmt: skip
    return Person(known, days, first_stroke=not second)


def _not_for(case: Case) -> str | None:
    age = _span(case.answer("age_years").value)
    if age is not None and age.low < adult_age():
        return "child"
    if case.answer("pregnant_or_breastfeeding").value is True:
        return "pregnant"
    condition, kind = case.answer("condition").value, case.answer("stroke_type").value
    reasons = {
        "tbi": "brain-injury",
        "heart": "no-stroke",
        "none": "no-stroke",
        "subarachnoid-haemorrhage": "subarachnoid",
        "tia": "tia",
    }
    return reasons.get(str(condition)) or reasons.get(str(kind))


def read_series(case: Case, field: str, person: Person) -> Series | Refusal:
    """Read a person's scores of one scale, or why they do not do to start from."""
    answer = case.answer(field)
    entries = _once([entry for entry in case.series(field) if isinstance(entry.value, int | float)])
    spans = [entry.date.days_before(case.as_of) for entry in entries]
    scored = [_scored(entry, span, person) for entry, span in zip(entries, spans, strict=True)]
    kept = [one for one in scored if one.day >= 0 and one.before >= 0]
    if scored and not kept:
        return Refusal("before-stroke")
    if not answer.known:
        return Refusal("stale" if answer.state == "stale" else "no-score")
    dated = all(entry.dated for entry in entries)
    ordered = tuple(sorted(kept, key=lambda one: one.day))
    slack = max(span.high - span.low for span in spans)
    return Series(ordered, dated, len(scored) - len(kept), slack)


def stage_at(person: Person) -> Stage | None:
    """Give the stage that the person is in now."""
    return stage_of(person.days)


def _once(entries: list[Entry]) -> list[Entry]:
    """Leave out a score of a day where the same score stands with an hour of that day."""
    exact = [entry for entry in entries if entry.date.precision == "minute"]

    def told_again(one: Entry) -> bool:
        same = (hour for hour in exact if hour.value == one.value)
        return one not in exact and any(same_time(one.date, hour.date) for hour in same)

    return [one for one in entries if not told_again(one)]


def _scored(entry: Entry, when: Span, person: Person) -> Scored:
    value = float(entry.value) if isinstance(entry.value, int | float) else math.nan
    return Scored(person.days.middle - when.middle, value, when.middle)


def _span(value: object) -> Span | None:
    if isinstance(value, Span):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value == math.inf:
        return None
    return Span(float(value), float(value))
