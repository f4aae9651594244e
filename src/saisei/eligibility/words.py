"""The same tree in words: the sentence of a rule, and of what was read of a person."""

from __future__ import annotations

import math
from functools import cache, lru_cache

from saisei.base.dates import Span
from saisei.base.texts import Language
from saisei.cases import OpenList, fields
from saisei.eligibility.catalogue import Words, words_in
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

__all__ = ["field_name", "reading_words", "sentence", "value_word"]

_COMPARED = {
    Operator.LT: "below",
    Operator.LE: "at_most",
    Operator.GT: "above",
    Operator.GE: "at_least",
}


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


def value_word(value: str, language: Language = "en") -> str:
    """Give the word of a value of an enumeration or list; one without a word stands as it is.

    Examples
    --------
    >>> value_word("MCA", "ja")
    '中大脳動脈（MCA）'
    """
    return words_in(language).get(f"values.{value}", value)


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
                sentences = [self.part(part, holds=holds) for part in parts]
                return self.words.joined(sentences, "all" if every else "any")
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
                return self.pattern(key, what=what, **self.ends(field, _exact(low), _exact(high)))
            case OneOf():
                return self.values_in("one_of" if holds else "not_one_of", leaf, what)
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
                return self.words.with_unit(_exact(value), unit)
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
                stretch = self.words.with_unit(_exact(days), "d")
                return self.words.say(f"terms.{pick}", what=self.name(field), days=stretch)
            case Elapsed(_, start, None):
                return self.words.say("terms.since", start=self.name(start))
            case Elapsed(_, start, str() as end):
                names = {"start": self.name(start), "end": self.name(end)}
                return self.words.say("terms.between", **names)
            case _:
                return self.name(str(source))

    def list_test(self, leaf: ListTest | Counted, what: str, *, holds: bool) -> str:
        if isinstance(leaf, Counted):
            values = [self.value(leaf.field, value) for value in leaf.values]
            listed = self.words.listed(values, "and_last")
            key = "counted" if holds else "not_counted"
            return self.pattern(key, what=what, count=leaf.at_least, values=listed)
        if leaf.test is Test.NONE_OF:
            leaf, holds = ListTest(leaf.field, Test.ANY_OF, leaf.values), not holds
        return self.values_in(f"{'' if holds else 'not_'}{leaf.test.value}", leaf, what)

    def values_in(self, key: str, leaf: OneOf | ListTest, what: str) -> str:
        """Say a test against some values, or against the only one."""
        values = [self.value(leaf.field, value) for value in leaf.values]
        return self.pattern(
            f"{key}_single" if len(values) == 1 else key,
            what=what,
            values=self.words.listed(values, "or_last"),
            all_values=self.words.listed(values, "and_last"),
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
        low, high = (self.words.with_unit(_short(end), unit) for end in (span.low, span.high))
        if span.exact:
            return self.words.say("readings.number", what=what, value=high)
        ends = {"low": _short(span.low), "low_unit": low, "high": high}
        return self.words.say("readings.span", what=what, **ends)

    def known(self, field: str, what: str, value: object) -> str:
        if isinstance(value, frozenset | OpenList):
            key = "no_entries" if value == frozenset() else "entries"
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
        ends = self.ends(field, _short(span.low), _short(span.high))
        return self.words.say("readings.span", what=what, **ends)

    def entries(self, field: str, value: object) -> str:
        """List entries; of a list that is known in part, also what it lacks, and that it is so."""
        said: list[str] = []
        if isinstance(value, OpenList):
            lacks = (self.value(field, one) for one in sorted(value.lacks))
            said += [self.words.say("readings.lacks", value=one) for one in lacks]
            said.append(self.words.say("readings.others"))
            value = value.holds
        found = sorted(value) if isinstance(value, frozenset) else [str(value)]
        listed = [self.value(field, entry) for entry in found]
        return self.words.say("joining.comma").join([*listed, *said])

    def name(self, field: str) -> str:
        named = self.words.get(f"fields.{field}.name")
        return named or self.words.say(f"fields.{field}.yes")

    def value(self, field: str, value: str | float) -> str:
        if isinstance(value, str):
            return self.words.get(f"values.{value}", value)
        return self.number(field, value)

    def number(self, field: str, number: float, *, short: bool = False) -> str:
        shown = _short(number) if short else _exact(number)
        return self.words.with_unit(shown, fields()[field].unit, field)

    def ends(self, field: str, low: str, high: str) -> dict[str, str]:
        """Give the ends of a range, the lower one without its unit and with it."""
        unit = fields()[field].unit
        both = [self.words.with_unit(end, unit, field) for end in (low, high)]
        return {"low": low, "low_unit": both[0], "high": both[1]}

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
