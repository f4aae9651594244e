"""Which questions come next, and why each is asked. Pure; `therapies` says what decides most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from saisei.base.texts import Language
from saisei.cases import Case, Field, fields
from saisei.decision import Gate, Kind
from saisei.therapies import OpenTrials, Question, screen
from saisei.web.form import Asked, asked, sheet_of, whole_of
from saisei.web.form_words import asking_table, asking_words, label_of
from saisei.web.told import incomplete
from saisei.web.turn import Turn

__all__ = ["Wanted", "last_step", "next_fields", "other_questions", "show"]

CLOSED = (Kind.EMERGENCY, Kind.CHILD, Kind.PREGNANCY)
"""Pages that no further answer would change."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question to ask, and why."""

    field: str
    why: tuple[str, ...] = ()


def last_step() -> int:
    """Give the number of pages with the first questions."""
    return len(asking_table("first"))


def next_fields(
    case: Case, said: Mapping[str, Any], gate: Gate, step: int, language: Language
) -> tuple[Wanted, ...]:
    """Choose what to ask on this page: the first questions by and by, then what decides most."""
    if gate.kind in CLOSED:
        return ()
    pages = asking_table("first")[: step + 1]
    names = dict.fromkeys(name for page in pages for name in _meant(page, case))
    first = [name for name in names if _is_open(case, said, name)]
    wanted = tuple(Wanted(name, _why(name, language)) for name in first)
    if step < last_step() or gate.kind is Kind.NO_CONDITION:
        return wanted
    return (*wanted, *_further(case, said, frozenset(first), language))


def _meant(page: Iterable[Any], case: Case) -> Iterator[str]:
    """Leave out the questions that other answers make pointless."""
    for row in page:
        told = row if isinstance(row, Mapping) else {"ask": row}
        only, unless = told.get("only"), told.get("unless", {})
        if (only is None or _holds(only, case)) and not (unless and _holds(unless, case)):
            yield told["ask"]


def _holds(given: Mapping[str, list[str]], case: Case) -> bool:
    return all(case.answer(name).value in values for name, values in given.items())


def _is_open(case: Case, said: Mapping[str, Any], name: str) -> bool:
    answer = case.answer(name)
    return not answer.known and (name not in said or answer.state == "stale")


def _further(
    case: Case, said: Mapping[str, Any], before: frozenset[str], language: Language
) -> Iterator[Wanted]:
    answered = {name for name in said if name in fields() and not _is_open(case, said, name)}
    answered |= {one.id for name in answered if (one := sheet_of(fields()[name]))}
    trials = OpenTrials(case, screen(case).trials, frozenset(answered | before))
    names = trials.order(asking_table("at_once")).asked if trials.open else ()
    found: dict[str, Question] = {}
    for name in names:
        found.setdefault(whole_of(name), trials.question(name, language))
    forecast = list(_for_forecast(case, said))
    for name, question in found.items():
        told = _settles(question, len(trials.open), language)
        also = _forecast_why(language) if name in forecast else ()
        yield Wanted(name, (*_own_why(name, language), told, *also))
    yield from (Wanted(n, _forecast_why(language)) for n in forecast if n not in found)


def _for_forecast(case: Case, said: Mapping[str, Any]) -> Iterator[str]:
    """Give the scores that a forecast still lacks."""
    table = asking_table("forecast")
    if case.answer("condition").value in table["conditions"]:
        yield from (name for name in table["fields"] if _is_open(case, said, name))


def _settles(question: Question, still_open: int, language: Language) -> str:
    say, count = asking_words(language).say, len(question.settles)
    key = "why.settles_one" if count == 1 else "why.settles"
    return say(key, count=count, open=still_open)


def _forecast_why(language: Language) -> tuple[str, ...]:
    return (asking_words(language).say("why.forecast"),)


def _own_why(name: str, language: Language) -> tuple[str, ...]:
    words = asking_words(language)
    return (words.say(f"why.{name}"),) if words.has(f"why.{name}") else ()


def _why(name: str, language: Language) -> tuple[str, ...]:
    """Say why a question is asked: its own reason, else how many trials read ask for it."""
    own = _own_why(name, language)
    if name in asking_table("forecast")["fields"]:
        own = (*own, *_forecast_why(language))
    if own:
        return own
    say, count = asking_words(language).say, len(fields()[name].used_by)
    if not count:
        return (say("why.cautions"),)
    return (say("why.used_one" if count == 1 else "why.used", count=count),)


def show(
    turn: Turn, wanted: Iterable[Wanted], opened: Iterable[str], language: Language
) -> tuple[Asked, ...]:
    """Draw the questions: those that need a second look, those opened again, then the others.

    Parameters
    ----------
    turn
        The answers.
    wanted
        What comes next.
    opened
        Fields to show although they are answered; then nothing new is asked beside them.
    language
        Of the page.
    """
    again = dict.fromkeys(whole_of(name) for name in (*turn.typed, *opened))
    listed = [Wanted(name, _why(name, language)) for name in again] if again else list(wanted)
    return tuple(_draw(turn, one, language) for one in listed)


def _draw(turn: Turn, wanted: Wanted, language: Language) -> Asked:
    field = fields()[wanted.field]
    items = sheet_of(field)
    sheet = _one(turn, items, (), language) if items else None
    return _one(turn, field, wanted.why, language, sheet)


def _one(
    turn: Turn, field: Field, why: tuple[str, ...], language: Language, sheet: Asked | None = None
) -> Asked:
    told = [one.text for one in turn.mistakes(language) if one.field == field.id]
    stale = turn.case.answer(field.id).state == "stale"
    notes = [asking_words(language).say("answer.too_old")] if stale else []
    notes += filter(None, [incomplete(turn.case, field, language)])
    return asked(
        field,
        turn.strings(field.id),
        language,
        why=why,
        mistakes=tuple(told),
        notes=tuple(notes),
        sheet=sheet,
    )


def other_questions(
    said: Mapping[str, Any], language: Language
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """List every question that is not answered, by group: for who knows more than is asked."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, field in fields().items():
        if not field.derived and name not in said and whole_of(name) == name:
            groups.setdefault(field.group, []).append((name, label_of(name, language)))
    return tuple((group, tuple(names)) for group, names in groups.items())
