"""The same tree in words: the sentence of a rule, and of what was read of a person."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from saisei.base.dates import Span
from saisei.base.errors import DataError
from saisei.base.store import load_data
from saisei.base.texts import Language, in_language
from saisei.cases import fields
from saisei.eligibility.evaluate import Reading
from saisei.eligibility.quantities import span_of
from saisei.eligibility.tree import (
    Amount,
    And,
    Arithmetic,
    AtLeast,
    Between,
    Compare,
    Counted,
    Elapsed,
    Empty,
    Expression,
    Flag,
    ListTest,
    Measured,
    Not,
    OneField,
    OneOf,
    Operator,
    Or,
    Quantity,
    Resolved,
    Sign,
    Source,
    Term,
    Test,
    Window,
    field_of,
)
from saisei.vocabulary import Truth

__all__ = ["field_name", "reading_words", "sentence", "words_in"]

_COMPARED = {
    Operator.LT: "below",
    Operator.LE: "at_most",
    Operator.GT: "above",
    Operator.GE: "at_least",
}


class Words(dict[str, str]):
    """The texts of words.yaml in one language, by dotted key, for the fastest way to say them."""

    def say(self, key: str, /, **filling: object) -> str:
        """Give a text with its gaps filled."""
        if key not in self:
            raise DataError(f"eligibility/words.yaml has no text `{key}`")
        return self[key].format(**filling) if filling else self[key]


@cache
def words_in(language: Language) -> Words:
    """Give the texts in a language, in English where one is not translated."""
    return Words(_flat(load_data("eligibility/words.yaml"), "", language))


def _flat(table: Mapping[str, Any], prefix: str, language: Language) -> Iterator[tuple[str, str]]:
    for name, entry in table.items():
        if isinstance(entry, str) or "en" in entry:
            yield f"{prefix}{name}", in_language(entry, language)
        else:
            yield from _flat(entry, f"{prefix}{name}.", language)


@lru_cache(maxsize=4096)
def sentence(expression: Expression, language: Language = "en") -> str:
    """Put an expression into words.

    Examples
    --------
    >>> from saisei.eligibility import parse
    >>> sentence(parse("6 <= months_since_stroke <= 60 and not seizure_history"))
    'time since the stroke is 6 to 60 months, and there has been no seizure'
    """
    return _Speaker(words_in(language)).say(expression, holds=True)


@cache
def field_name(field: str, language: Language = "en") -> str:
    """Give what a field asks: its name, or ``whether there has been a seizure``.

    Examples
    --------
    >>> field_name("mrs_current")
    'mRS now'
    """
    words = words_in(language)
    if f"fields.{field}.name" in words:
        return words.say(f"fields.{field}.name")
    if f"fields.{field}.yes" in words:
        return words.say("readings.whether", what=words.say(f"fields.{field}.yes"))
    return field


def reading_words(reading: Reading, language: Language = "en") -> str:
    """Say what was read of the person: ``mRS now is 3``, ``blood thinners taken: not known``."""
    return _Speaker(words_in(language)).reading(reading)


class _Speaker:
    """Walks the tree; a `not` is carried down to the leaves, where each kind has its opposite."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def say(self, expression: Expression, *, holds: bool) -> str:
        match expression:
            case Not(part):
                return self.say(part, holds=not holds)
            case And(parts) | Or(parts):
                every = isinstance(expression, And) is holds
                return self.join([self.part(p, holds=holds) for p in parts], every=every)
            case AtLeast(count, parts):
                listed = self.words.say("joining.semicolon").join(
                    self.say(part, holds=True) for part in parts
                )
                return self.pattern(_least(holds=holds), count=count, parts=listed)
            case Resolved(part, otherwise):
                said = self.part(part, holds=holds)
                return self.pattern("taken_yes" if otherwise is holds else "taken_no", part=said)
            case Measured():
                return self.measured(expression, holds=holds)
            case _:
                return self.leaf(expression, holds=holds)

    def part(self, expression: Expression, *, holds: bool) -> str:
        said = self.say(expression, holds=holds)
        while isinstance(expression, Not):
            expression = expression.part
        if isinstance(expression, And | Or):
            return self.words.say("joining.inside", part=said)
        return said

    def join(self, parts: list[str], *, every: bool) -> str:
        first = self.words.say("joining.comma").join(parts[:-1])
        return self.words.say(
            "joining.all" if every else "joining.any", first=first, last=parts[-1]
        )

    def leaf(self, leaf: OneField, *, holds: bool) -> str:
        what = self.name(leaf.field)
        match leaf:
            case Flag():
                return self.words.say(f"fields.{leaf.field}.{'yes' if holds else 'no'}")
            case Compare(field, operator, limit):
                key = _COMPARED[operator if holds else operator.opposite]
                return self.pattern(key, what=what, limit=self.number(field, limit))
            case Between(field, low, high):
                key = ("" if holds else "not_") + _between_key(leaf)
                ends = {"low": _exact(low), "high": self.number(field, high)}
                return self.pattern(key, what=what, **ends)
            case OneOf(field, values):
                key = "one_of" if holds else "not_one_of"
                shown = self.listed([self.value(field, value) for value in values], "or_last")
                return self.pattern(key, what=what, values=shown)
            case ListTest() | Counted():
                return self.list_test(leaf, what, holds=holds)
            case Empty():
                return self.pattern("empty" if holds else "not_empty", what=what)

    def measured(self, leaf: Measured, *, holds: bool) -> str:
        operator = leaf.operator if holds else leaf.operator.opposite
        unit = unit_of(leaf.left) or unit_of(leaf.right) or ""
        what, limit = self.term(leaf.left, unit), self.term(leaf.right, unit)
        if isinstance(leaf.left, Amount):
            what, limit, operator = limit, what, operator.turned
        return self.pattern(_COMPARED[operator], what=what, limit=limit)

    def term(self, term: Term, unit: str) -> str:
        match term:
            case Amount(value):
                return self.with_unit(_exact(value), unit)
            case Quantity(source):
                return self.source(source)
            case Arithmetic(sign, left, right):
                plain = "" if sign in (Sign.TIMES, Sign.OVER) else unit
                sides = [self.side(one, plain) for one in (left, right)]
                return self.words.say(f"terms.{sign.name.lower()}", left=sides[0], right=sides[1])

    def side(self, term: Term, unit: str) -> str:
        said = self.term(term, unit)
        inside = isinstance(term, Arithmetic)
        return self.words.say("joining.inside", part=said) if inside else said

    def source(self, source: Source) -> str:
        match source:
            case Window(pick, field, days):
                stretch = self.with_unit(_exact(days), "d")
                return self.words.say(f"terms.{pick}", what=self.name(field), days=stretch)
            case Elapsed(_, start, None):
                return self.words.say("terms.since", start=self.name(start))
            case Elapsed(_, start, str() as end):
                names = {"start": self.name(start), "end": self.name(end)}
                return self.words.say("terms.between", **names)
            case _:
                return self.name(str(source))

    def list_test(self, leaf: ListTest | Counted, what: str, *, holds: bool) -> str:
        values = [self.value(leaf.field, value) for value in leaf.values]
        if isinstance(leaf, Counted):
            key, listed = "counted" if holds else "not_counted", self.listed(values, "and_last")
            return self.pattern(key, what=what, count=leaf.at_least, values=listed)
        if leaf.test is Test.NONE_OF:
            leaf, holds = ListTest(leaf.field, Test.ANY_OF, leaf.values), not holds
        return self.pattern(
            f"{'' if holds else 'not_'}{leaf.test.value}",
            what=what,
            values=self.listed(values, "or_last"),
            all_values=self.listed(values, "and_last"),
        )

    def reading(self, reading: Reading) -> str:
        field, answer, what = reading.field, reading.answer, self.source(reading.source)
        if isinstance(reading.source, Elapsed):
            return self.elapsed(reading, reading.source.unit, what)
        flag = isinstance(reading.leaf, Flag)
        if answer.state != "known":
            state = answer.state if not flag else {"missing": "ask_flag"}.get(answer.state)
            return self.words.say(f"readings.{state or 'stale_flag'}", what=what)
        if flag:
            return self.words.say(f"fields.{field}.{'yes' if answer.value is True else 'no'}")
        said = self.known(field, what, answer.value)
        if reading.truth is Truth.UNKNOWN and not isinstance(answer.value, Span):
            value = self.entries(field, answer.value)
            return self.words.say("readings.unclear", what=what, value=value)
        return said

    def elapsed(self, reading: Reading, unit: str, what: str) -> str:
        """Say the time since a date, whose unit is its own and not that of a field."""
        answer = reading.answer
        if answer.state != "known":
            return self.words.say(f"readings.{answer.state}", what=what)
        span = span_of(answer.value)
        if span is None or math.isinf(span.low):
            return self.words.say("readings.never", what=what)
        low, high = _short(span.low), self.with_unit(_short(span.high), unit)
        if span.exact:
            return self.words.say("readings.number", what=what, value=high)
        return self.words.say("readings.span", what=what, low=low, high=high)

    def known(self, field: str, what: str, value: object) -> str:
        if isinstance(value, frozenset):
            key = "entries" if value else "no_entries"
            return self.words.say(f"readings.{key}", what=what, value=self.entries(field, value))
        if isinstance(value, str):
            return self.words.say("readings.word", what=what, value=self.value(field, value))
        span = span_of(value)
        if span is None:
            return self.words.say("readings.missing", what=what)
        return self.number_between(field, what, span)

    def number_between(self, field: str, what: str, span: Span) -> str:
        if math.isinf(span.low):
            return self.words.say("readings.never", what=what)
        low = self.number(field, span.low, short=True)
        if math.isinf(span.high):
            return self.words.say("readings.at_least", what=what, low=low)
        if span.exact:
            return self.words.say("readings.number", what=what, value=low)
        ends = {"low": _short(span.low), "high": self.number(field, span.high, short=True)}
        return self.words.say("readings.span", what=what, **ends)

    def entries(self, field: str, value: object) -> str:
        found = sorted(value) if isinstance(value, frozenset) else [str(value)]
        return self.words.say("joining.comma").join(self.value(field, entry) for entry in found)

    def name(self, field: str) -> str:
        named = self.words.get(f"fields.{field}.name")
        return named or self.words.say(f"fields.{field}.yes")

    def value(self, field: str, value: str | float) -> str:
        if isinstance(value, str):
            return self.words.get(f"values.{value}", value)
        return self.number(field, value)

    def number(self, field: str, number: float, *, short: bool = False) -> str:
        return self.with_unit(_short(number) if short else _exact(number), fields()[field].unit)

    def with_unit(self, shown: str, unit: str | None) -> str:
        unit = self.words.get(f"units.{unit}", unit or "")
        return f"{shown} {unit}".rstrip()

    def listed(self, parts: list[str], last: str) -> str:
        if len(parts) == 1:
            return parts[0]
        comma = self.words.say("joining.comma")
        return comma.join(parts[:-1]) + self.words.say(f"joining.{last}") + parts[-1]

    def pattern(self, key: str, **filling: object) -> str:
        return self.words.say(f"patterns.{key}", **filling)


def unit_of(term: Term) -> str | None:
    """Give the unit of a term; None where it has none."""
    match term:
        case Amount():
            return None
        case Quantity(Elapsed(unit)):
            return unit
        case Quantity(source):
            return fields()[field_of(source)].unit
        case Arithmetic(sign, left, right):
            units = unit_of(left), unit_of(right)
            return None if sign is Sign.OVER and all(units) else units[0] or units[1]


def _least(*, holds: bool) -> str:
    return "at_least_of" if holds else "not_at_least_of"


def _exact(number: float) -> str:
    """Give a rule's limit as it was written, or to four figures where it was computed."""
    return f"{number:g}" if abs(number) >= 1000 else f"{number:.4g}"


def _short(number: float) -> str:
    """Give a person's value with one decimal at most, two below 10 where it has them."""
    return f"{round(number, 1 if abs(number) >= 10 else 2):g}"


def _between_key(leaf: Between) -> str:
    inside = {
        (True, True): "between",
        (True, False): "between_below",
        (False, True): "between_above",
        (False, False): "between_inside",
    }
    return inside[leaf.low_in, leaf.high_in]
