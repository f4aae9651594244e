"""What the page shows of a field: its question in words, its controls, what was typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from saisei.base.texts import Catalogue, Language
from saisei.base.units import units_for
from saisei.cases import Effort, Field, fields, item_points
from saisei.scales import scale
from saisei.web.answers import NEVER, NONE, UNKNOWN, Strings
from saisei.web.form_words import allowed, asking_table, asking_words, label_of, unit_word, word_of

__all__ = [
    "Asked",
    "Choice",
    "Control",
    "Part",
    "Row",
    "asked",
    "sheet_of",
    "whole_of",
]

Control = Literal["choice", "choices", "number", "date", "listed", "map", "sheet"]

LINES = 2
"""So many lines a list has at least."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose: what is sent, and what is read."""

    value: str
    word: str


@dataclass(frozen=True, slots=True)
class Part:
    """One control of several: an item of a scale, a column of a list, a limit of a laboratory."""

    name: str
    word: str
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One value with its date; what was typed stands in `typed` by part."""

    number: int
    typed: Mapping[str, str]
    chosen: frozenset[str]
    lines: tuple[int, ...] = ()

    def has(self, part: str) -> str:
        """Give what was typed for a part, or an empty text."""
        return self.typed.get(part, "")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it stands on the page."""

    id: str
    text: str
    control: Control
    hint: str
    help: str
    who: str
    effort: Effort
    rows: tuple[Row, ...]
    further: tuple[Row, ...]
    """Rows for more values of other dates; folded away."""
    choices: tuple[Choice, ...] = ()
    states: tuple[Choice, ...] = ()
    """Answers that are no value: unknown, never, none."""
    stated: frozenset[str] = frozenset()
    parts: tuple[Part, ...] = ()
    units: tuple[Choice, ...] = ()
    dated: bool = False
    another_day: bool = False
    """Whether the date is folded away: the answer is about today as a rule."""
    timed: bool = False
    step: str = "any"
    why: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sheet: Asked | None = None

    @property
    def begun(self) -> bool:
        """Whether anything was typed."""
        return any(any(row.typed.values()) or row.chosen for row in (*self.rows, *self.further))


def asked(
    wanted: Field,
    typed: Strings,
    language: Language,
    *,
    why: tuple[str, ...] = (),
    mistakes: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    sheet: Asked | None = None,
) -> Asked:
    """Show a field as a question, with what was typed so far."""
    say = asking_words(language)
    control = _control(wanted)
    rows, further = _rows(wanted, typed, control)
    return Asked(
        id=wanted.id,
        text=wanted.asked(language),
        control=control,
        hint=allowed(wanted, language) if control in ("number", "date") else "",
        help=say.say(f"help.{wanted.id}") if say.has(f"help.{wanted.id}") else "",
        who=say.say(f"who.{wanted.effort}"),
        effort=wanted.effort,
        rows=rows,
        further=further,
        choices=_choices(wanted, language) if control in ("choice", "choices") else (),
        states=_states(wanted, control, language),
        stated=frozenset(typed.get("state", ())),
        parts=_parts(wanted, language),
        units=_units(wanted, language),
        dated=wanted.valid_for is not None and wanted.type not in ("date", "datetime"),
        another_day=control in ("choice", "choices") and wanted.group != "scales",
        timed=wanted.type == "datetime",
        step=f"{wanted.step:g}" if wanted.step else "any",
        why=why,
        mistakes=mistakes,
        notes=notes,
        sheet=sheet,
    )


def sheet_of(wanted: Field) -> Field | None:
    """Give the field of the items that a score is added up from, if it has one."""
    how = wanted.also_from
    return fields()[how["of"]] if how and how["kind"] == "total" else None


@cache
def whole_of(name: str) -> str:
    """Give the score that a sheet adds up to, under which it is asked; any other field is itself.

    Examples
    --------
    >>> whole_of("nihss_items"), whole_of("sex")
    ('nihss_total', 'sex')
    """
    for wanted in fields().values():
        found = sheet_of(wanted)
        if found is not None and found.id == name:
            return wanted.id
    return name


CONTROLS: Mapping[str, Control] = {
    "boolean": "choice",
    "enum": "choice",
    "list": "choices",
    "date": "date",
    "datetime": "date",
    "items": "sheet",
    "map": "map",
    "number": "number",
}


def _control(wanted: Field) -> Control:
    if wanted.id in asking_table("levels"):
        return "choice"
    return "listed" if wanted.entries else CONTROLS[wanted.type]


def _choices(wanted: Field, language: Language) -> tuple[Choice, ...]:
    say = asking_words(language).say
    last = [] if UNKNOWN in wanted.values else [Choice(UNKNOWN, say("answer.unknown"))]
    if wanted.type == "boolean":
        never = [Choice(NEVER, say("answer.never"))] if wanted.never else []
        yes, no = Choice("true", say("answer.yes")), Choice("false", say("answer.no"))
        return (yes, no, *never, *last)
    if wanted.id in asking_table("levels"):
        return (*_levels(wanted, language), *last)
    known = [Choice(one, _word(one, language)) for one in wanted.values]
    none = [Choice(NONE, say("answer.none"))] if wanted.type == "list" else []
    return (*known, *none, *last)


def _word(value: str, language: Language) -> str:
    if value == UNKNOWN:
        return asking_words(language).say("answer.unknown")
    word = word_of(value, language)
    return word[:1].upper() + word[1:]


def _levels(wanted: Field, language: Language) -> Iterable[Choice]:
    say, of = asking_words(language).say, asking_table("levels")[wanted.id]
    for level in asking_table("level")[of]:
        word = say(f"level.{of}.{level}")
        yield Choice(level, say("answer.points_word", points=level, word=word))


def _states(wanted: Field, control: Control, language: Language) -> tuple[Choice, ...]:
    if control in ("choice", "choices"):
        return ()
    say = asking_words(language).say
    never = wanted.never and control != "listed"
    found = [Choice(NEVER, say("answer.never"))] if never else []
    found += [Choice(NONE, say("answer.none_listed"))] if control == "listed" else []
    return (*found, Choice(UNKNOWN, say("answer.unknown")))


def _units(wanted: Field, language: Language) -> tuple[Choice, ...]:
    if wanted.type != "number" or not wanted.unit:
        return ()
    return _units_of(wanted, language)


def _units_of(wanted: Field, language: Language) -> tuple[Choice, ...]:
    known = units_for(wanted.unit or "", wanted.id)
    return tuple(Choice(one, unit_word(one, language)) for one in known)


def _parts(wanted: Field, language: Language) -> tuple[Part, ...]:
    say = asking_words(language).say
    if wanted.entries is not None:
        columns = (wanted.entries["name"], *wanted.entries["also"])
        kinds = tuple(Choice(one, _word(one, language)) for one in wanted.values)
        words = {name: say(f"column.{name}") for name in columns}
        return tuple(Part(n, words[n], kinds if n == columns[0] else ()) for n in columns)
    if wanted.type == "map":
        return tuple(_limit(fields()[key], language) for key in wanted.keys)
    return tuple(_items(wanted, language)) if wanted.type == "items" else ()


def _limit(of: Field, language: Language) -> Part:
    return Part(of.id, label_of(of.id, language), _units_of(of, language))


def _items(wanted: Field, language: Language) -> Iterable[Part]:
    """Give the items of a scale: those of few points to choose from, the others as a number."""
    found, say = scale(wanted.scale or ""), asking_words(language)
    for item, points in item_points(wanted).items():
        word = say.say(f"item.{found.id}.{item}")
        known = found.item(item)
        more = [Choice("UN", say.say("answer.untestable"))] if known and known.untestable else []
        few = [_point(found.id, item, one, say) for one in points] if found.items else []
        yield Part(item, word, (*few, *more), limit=max(points))


def _point(of: str, item: str, points: float, words: Catalogue) -> Choice:
    value, key = f"{points:g}", f"point.{of}.{item}.{points:g}"
    if not words.has(key):
        return Choice(value, value)
    return Choice(value, words.say("answer.points_word", points=value, word=words.say(key)))


def _rows(
    wanted: Field, typed: Strings, control: Control
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Give the rows that were typed, and an empty one where a field has values of several dates."""
    numbers = sorted({found for name in typed if (found := _number_at(name)) is not None})
    known = tuple(_row(typed, number, control) for number in numbers)
    if not known:
        known = (_row(typed, 0, control),)
    series = wanted.group == "scales" and control in ("number", "choice") and wanted.valid_for
    next_number = known[-1].number + 1
    further = (_row({}, next_number, control),) if series else ()
    return known, further


def _row(typed: Strings, number: int, control: Control) -> Row:
    before = f"{number}."
    own = {n.removeprefix(before): v for n, v in typed.items() if n.startswith(before)}
    texts = {name: values[0] if values else "" for name, values in own.items()}
    lines = range(0)
    if control == "listed":
        taken = [found for name, text in texts.items() if text and (found := _number_at(name))]
        lines = range(max([LINES, *(line + 2 for line in taken)]))
    return Row(number, texts, frozenset(own.get("value", ())), tuple(lines))


def _number_at(name: str) -> int | None:
    """Give the number with which a name begins; nobody has a hundred values of one thing."""
    head = name.split(".", maxsplit=1)[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 3 else None
