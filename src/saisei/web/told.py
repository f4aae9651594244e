"""The answers so far in words, each with its date and whether it still counts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from saisei.base.dates import PartialDate
from saisei.base.texts import Language
from saisei.cases import NEVER, Case, Entry, Field, Listed, fields
from saisei.scales import score_items
from saisei.web.answers import UNKNOWN
from saisei.web.form import whole_of
from saisei.web.form_words import asking_table, asking_words, label_of, unit_word, word_of
from saisei.web.kept import AS_OF

__all__ = ["Told", "incomplete", "tell"]


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: the question that shows it again, its name, what was said, and notes."""

    opens: str
    label: str
    value: str
    notes: tuple[str, ...] = ()


def tell(case: Case, said: Mapping[str, Any], language: Language) -> tuple[Told, ...]:
    """Tell every answer in the order in which it was given; the unknown ones last."""
    unknown = [name for name in said if name not in case.entries and name != AS_OF]
    word = asking_words(language).say("page.unknown")
    return (
        *(_told(case, fields()[name], language) for name in case.entries),
        *(Told(whole_of(name), label_of(name, language), word) for name in unknown),
    )


def incomplete(case: Case, wanted: Field, language: Language) -> str:
    """Say how many items of the last sheet are empty; nothing where there is a total."""
    several = case.entries.get(wanted.id, ())
    if wanted.type != "items" or not several or not isinstance(several[-1].value, Mapping):
        return ""
    missing = score_items(wanted.scale or "", several[-1].value).missing
    say = asking_words(language).say
    return say("answer.incomplete", missing=len(missing)) if missing else ""


def _told(case: Case, wanted: Field, language: Language) -> Told:
    say = asking_words(language).say
    values = (_entry(wanted, entry, language) for entry in case.entries[wanted.id])
    stale = case.answer(wanted.id).state == "stale"
    notes = [say("answer.too_old")] if stale else []
    notes += filter(None, [incomplete(case, wanted, language)])
    label = label_of(whole_of(wanted.id), language)
    return Told(whole_of(wanted.id), label, "; ".join(values), tuple(notes))


def _entry(wanted: Field, entry: Entry, language: Language) -> str:
    say = asking_words(language).say
    value = _value(wanted, entry.value, language)
    if entry.is_open:
        value = ", ".join(filter(None, (value, say("answer.open_list"))))
    if not entry.dated:
        return value
    date = say("answer.dated", date=_day(entry.date))
    return f"{value} ({date})"


def _day(date: PartialDate) -> str:
    return date.text.replace("T", " ")


def _value(wanted: Field, value: Any, language: Language) -> str:
    say = asking_words(language).say
    if isinstance(value, tuple):
        names = ", ".join(_listed(one, language) for one in value)
        return names or say("answer.none_listed")
    if isinstance(value, Mapping):
        return _parts(wanted, value, language)
    return _single(wanted, value, language)


def _single(wanted: Field, value: Any, language: Language) -> str:
    say = asking_words(language).say
    if value in (NEVER, UNKNOWN):
        return say("answer.never_short" if value is NEVER else "page.unknown")
    if isinstance(value, bool):
        return say("answer.yes" if value else "answer.no")
    if isinstance(value, float):
        return _number(wanted, value, language)
    return _day(value) if isinstance(value, PartialDate) else word_of(str(value), language)


def _number(wanted: Field, value: float, language: Language) -> str:
    of = asking_table("levels").get(wanted.id)
    if of is not None:
        say = asking_words(language).say
        word = say(f"level.{of}.{value:g}")
        return say("answer.points_word", points=f"{value:g}", word=word)
    unit = unit_word(wanted.unit or "", language) if wanted.unit != "{score}" else ""
    return f"{value:.6g} {unit}".strip()


def _listed(one: Any, language: Language) -> str:
    if not isinstance(one, Listed):
        return word_of(str(one), language)
    details = [str(detail) for detail in one.details.values()]
    word = word_of(one.name, language)
    return f"{word} ({', '.join(details)})" if details else word


def _parts(wanted: Field, value: Mapping[str, Any], language: Language) -> str:
    if wanted.type == "items":
        total = score_items(wanted.scale or "", value).total
        if total is not None:
            return asking_words(language).say("answer.total_is", total=f"{total:g}")
    return ", ".join(_shown(value, wanted, language))


def _shown(value: Mapping[str, Any], wanted: Field, language: Language) -> Iterator[str]:
    say, of = asking_words(language).say, wanted.scale
    for name, one in value.items():
        label = label_of(name, language) if wanted.type == "map" else say(f"item.{of}.{name}")
        yield f"{label} {one:g}" if isinstance(one, float) else f"{label} {one}"
