"""What the report reads of a case before anything else: condition, stage, and the facts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from saisei.base.dates import Span
from saisei.base.texts import Phrase, respelled, together
from saisei.cases import NEVER, Answer, Case, Entry, fields
from saisei.decision.model import Fact
from saisei.decision.voice import Voice, named_field
from saisei.scales import scales
from saisei.vocabulary import Condition, Stage, days_per_month, stage_of

__all__ = ["Situation", "facts", "read_situation", "show_number"]

COMPUTED = ("age_years", "months_since_stroke", "months_since_tbi", "nihss_total", "barthel_total",
            "fma_motor_total")  # fmt: skip
"""Derived values that a reader wants to see."""

SCORED = dict.fromkeys(("en", "ja"), "{item} {n}")


@dataclass(frozen=True, slots=True)
class Situation:
    """The condition and the stage, as far as they are known."""

    condition: Condition | None
    stage: Stage | None
    days: Span | None
    """Days since the stroke, or since the brain injury."""

    @property
    def known(self) -> bool:
        """Whether both are known, so that the evidence can be looked up."""
        return self.condition is not None and self.stage is not None


def read_situation(case: Case) -> Situation:
    """Read condition and stage; a coarse date can leave the stage open."""
    stated = case.answer("condition").value
    condition = Condition(stated) if isinstance(stated, str) else None
    days = as_span(case.answer("days_since_stroke").value)
    if condition is Condition.TBI:
        months = as_span(case.answer("months_since_tbi").value)
        days = None if months is None else months.scaled(days_per_month())
    return Situation(condition, None if days is None else stage_of(days), days)


def as_span(value: object) -> Span | None:
    """Give a number, exact or between bounds, as a span; None where it is no finite number."""
    if isinstance(value, Span):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isinf(value):
        return None
    return Span(value, value)


def facts(case: Case, voice: Voice) -> tuple[Fact, ...]:
    """List every value that the case states, and the computed ones that a reader wants to see."""
    stated = [_stated(case, name, voice) for name in case.entries]
    shown = {fact.field for fact in stated}
    computed = [
        _computed(answer, voice)
        for name in COMPUTED
        if name not in shown and (answer := case.answer(name)).known
    ]
    return (*stated, *computed)


def _stated(case: Case, name: str, voice: Voice) -> Fact:
    entry, answer = case.entries[name][-1], case.answer(name)
    notes = []
    if not entry.dated and fields()[name].valid_for is not None:
        notes.append(voice.say("facts.undated"))
    if answer.state == "stale":
        notes.append(voice.say("facts.stale"))
    return Fact(
        name,
        _label(name, voice),
        _show(known_list(entry), name, voice),
        str(entry.date) if entry.dated else "",
        together(*notes, between="; ") if notes else "",
    )


def known_list(entry: Entry) -> object:
    """Give what an entry says; a list that is known only in part says so."""
    return (*entry.value, "…") if entry.is_open and isinstance(entry.value, tuple) else entry.value


def _computed(answer: Answer, voice: Voice) -> Fact:
    shown = _show(answer.value, answer.field, voice)
    return Fact(answer.field, _label(answer.field, voice), shown, "", voice.say("facts.computed"))


def _label(name: str, voice: Voice) -> str:
    own = f"facts.label.{name}"
    label = voice.say(own) if voice.has(own) else named_field(name)
    return label if label[1:2].isupper() else respelled(label, label[:1].upper() + label[1:])


def _show(value: object, name: str, voice: Voice) -> str:
    unit = fields()[name].unit or ""
    unit = "" if unit.startswith("{") else voice.word("facts.unit", unit)
    if value is NEVER:
        return voice.say("facts.never")
    if isinstance(value, bool):
        return voice.say("facts.yes" if value else "facts.no")
    if isinstance(value, Span) and not value.exact:
        between = {"low": show_number(value.low), "high": show_number(value.high)}
        return _with_unit(voice.say("facts.between", **between), unit)
    if isinstance(value, Span | int | float):
        number = value.low if isinstance(value, Span) else value
        return _with_unit(show_number(number), unit)
    if isinstance(value, Mapping):
        parts = _part_names(name)
        shown = (
            Phrase(SCORED, {"item": parts.get(str(key), str(key)), "n": show_number(item)})
            for key, item in value.items()
            if item
        )
        return together(*shown, between=", ")
    return _show_words(value, voice)


def _with_unit(number: str, unit: str) -> str:
    return together(number, unit) if unit else number


def _show_words(value: object, voice: Voice) -> str:
    if isinstance(value, tuple | frozenset | list):
        names = [voice.word("facts.word", str(getattr(item, "name", item))) for item in value]
        return together(*names, between=", ") if names else voice.say("facts.none")
    return voice.word("facts.word", str(value))


def _part_names(name: str) -> dict[str, str]:
    """Name the items or sections of a scale as a reader would."""
    of = scales().get(fields()[name].scale or "")
    if of is None:
        return {}
    items = {item.id: item.name.replace("_", " ") for item in of.items}
    return items | {section.id: section.name for section in of.sections}


def show_number(value: object) -> str:
    """Show a number without decimals that nobody measured.

    Examples
    --------
    >>> show_number(26.05), show_number(4.2), show_number(75.0)
    ('26', '4.2', '75')
    """
    if not isinstance(value, int | float):
        return str(value)
    if float(value).is_integer() or abs(value) >= 10:
        return f"{value:,.0f}"
    return f"{value:.2g}"
