"""The reference reading of the tree: three truth values, and what they rest on.

A number known only to lie between two bounds is compared over the whole stretch; a field that is
missing or too old is unknown; an infarct known only by its larger territory leaves the smaller one
unknown; so does a list of which only some entries are known, where another entry would matter; and
so does arithmetic without a certain result. Nothing else does. An unknown result names
the fields that could change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from saisei.base.dates import Span
from saisei.cases import Answer, Case, OpenList, fields
from saisei.eligibility.quantities import compared, measured, span_of
from saisei.eligibility.records import record
from saisei.eligibility.tree import (
    And,
    AtLeast,
    Between,
    Compare,
    Counted,
    Empty,
    Expression,
    Flag,
    Leaf,
    ListTest,
    Measured,
    Not,
    OneField,
    OneOf,
    Operator,
    Or,
    Resolved,
    Source,
    Test,
    field_of,
    sources_of,
)
from saisei.vocabulary import Territory, Truth, all_true, any_true, territory_within

__all__ = ["Evaluation", "Lookup", "Reading", "by_field", "evaluate", "lookup_of", "meets"]

Lookup = Callable[[Source], Answer]
"""Gives what is known of a field, of its records within a window, of the time since a date."""

_FALSE, _UNKNOWN, _TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE
TURNED = {_FALSE: _TRUE, _UNKNOWN: _UNKNOWN, _TRUE: _FALSE}
"""The opposite of each truth value, as `~` gives it."""
_ORDER_OF_AND = (_FALSE, _UNKNOWN, _TRUE)
"""What a conjunction comes to: the first of these that one of its parts comes to."""
_ORDER_OF_OR = (_TRUE, _UNKNOWN, _FALSE)
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one leaf of the expression came to, and an answer that it rests on."""

    leaf: Leaf
    truth: Truth
    answer: Answer
    source: Source

    @property
    def field(self) -> str:
        """The field that was read."""
        return field_of(self.source)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The truth of an expression for one person.

    `missing` names the fields that could still change an unknown result, and is empty when the
    result is known. `because` holds the readings that the result rests on: the false ones of a
    false conjunction, the unknown ones of an unknown result.
    """

    truth: Truth
    missing: frozenset[str]
    because: tuple[Reading, ...]


def lookup_of(person: Case | Lookup) -> Lookup:
    """Give the answers of a case, each fetched at most once."""
    if isinstance(person, _Remembered):
        return person
    return _Remembered(_of_case(person) if isinstance(person, Case) else person)


def by_field(answers: Callable[[str], Answer]) -> Lookup:
    """Give a lookup over plain fields; of records and of times since dates nothing is known."""

    def lookup(source: Source) -> Answer:
        return answers(source) if isinstance(source, str) else Answer(field_of(source), "missing")

    return lookup


def _of_case(case: Case) -> Lookup:
    def lookup(source: Source) -> Answer:
        return case.answer(source) if isinstance(source, str) else record(case, source)

    return lookup


class _Remembered(dict[Source, Answer]):
    """A dictionary that fetches what it does not hold: the quickest lookup that Python has."""

    def __init__(self, fetch: Lookup) -> None:
        super().__init__()
        self.fetch = fetch

    def __missing__(self, source: Source) -> Answer:
        answer = self[source] = self.fetch(source)
        return answer

    def __call__(self, source: Source) -> Answer:
        return self[source]


def evaluate(expression: Expression, person: Case | Lookup) -> Evaluation:
    """Judge an expression for one person.

    Parameters
    ----------
    expression
        What `parse` gave.
    person
        A case, or a function that gives the answer of a field.

    Examples
    --------
    >>> from saisei.cases import case_from_data
    >>> from saisei.eligibility import parse
    >>> case = case_from_data({"as_of": "2026-11-20", "mrs_current": 3})
    >>> found = evaluate(parse("mrs_current in {3, 4} and seizure_history"), case)
    >>> found.truth.name, sorted(found.missing)
    ('UNKNOWN', ['seizure_history'])
    """
    lookup = _of_case(person) if isinstance(person, Case) else person
    readings: list[Reading] = []
    truth = _judge(expression, lookup, readings)
    missing = frozenset(r.field for r in readings) if truth is _UNKNOWN else _NOTHING
    return Evaluation(truth, missing, tuple(readings))


def _judge(expression: Expression, lookup: Lookup, readings: list[Reading]) -> Truth:
    """Judge, and leave in `readings` only those that the result rests on."""
    match expression:
        case Not(part):
            return TURNED[_judge(part, lookup, readings)]
        case And(parts) | Or(parts) | AtLeast(_, parts):
            return _branch(expression, parts, lookup, readings)
        case Resolved(part, otherwise):
            truth = _judge(part, lookup, readings)
            return truth if truth is not _UNKNOWN else Truth.of(otherwise)
        case Measured():
            return _measured(expression, lookup, readings)
    answer = lookup(expression.field)
    truth = _UNKNOWN if answer.state != "known" else _leaf(expression, answer.value)
    readings.append(Reading(expression, truth, answer, expression.field))
    return truth


def _measured(leaf: Measured, lookup: Lookup, readings: list[Reading]) -> Truth:
    """Compare two terms; of an unknown result, keep the readings that are not exact."""
    answers = {source: lookup(source) for source in sources_of(leaf)}
    spans = {source: span_of(answer.value) for source, answer in answers.items()}
    truth = compared(measured(leaf.left, spans.get), leaf.operator, measured(leaf.right, spans.get))
    found = [Reading(leaf, truth, answer, source) for source, answer in answers.items()]
    open_ = [r for r in found if (span := spans[r.source]) is None or not span.exact]
    readings += open_ if truth is _UNKNOWN and open_ else found
    return truth


def _branch(
    branch: And | Or | AtLeast,
    parts: Sequence[Expression],
    lookup: Lookup,
    readings: list[Reading],
) -> Truth:
    """Judge every part; keep the readings of the parts that came to the same as the whole."""
    judged: list[tuple[Truth, list[Reading]]] = []
    for part in parts:
        own: list[Reading] = []
        judged.append((_judge(part, lookup, own), own))
    found = [truth for truth, _ in judged]
    if isinstance(branch, AtLeast):
        truth = _at_least(branch.at_least, found)
    else:
        order = _ORDER_OF_AND if isinstance(branch, And) else _ORDER_OF_OR
        truth = next(truth for truth in order if truth in found)
    for part_truth, own in judged:
        if part_truth is truth:
            readings += own
    return truth


def _at_least(wanted: int, found: Sequence[Truth]) -> Truth:
    """Whether so many are true: surely, surely not, or unknown."""
    if found.count(_TRUE) >= wanted:
        return _TRUE
    return _FALSE if len(found) - found.count(_FALSE) < wanted else _UNKNOWN


def _leaf(leaf: OneField, value: object) -> Truth:
    match leaf:
        case Flag():
            return _TRUE if value is True else _FALSE
        case Compare() | Between():
            return _number(leaf, value)
        case OneOf(_, values):
            return _one_of(values, value)
        case ListTest() | Counted():
            return (
                _open(leaf, value) if isinstance(value, OpenList) else _list(leaf, _entries(value))
            )
        case Empty() if isinstance(value, OpenList):
            return _FALSE if value.holds else _UNKNOWN
        case Empty():
            return Truth.of(not _entries(value))


def _number(leaf: Compare | Between, value: object) -> Truth:
    """Compare a number, or a whole stretch of numbers: true, false, or some of each."""
    if isinstance(value, int | float):
        return _TRUE if _holds(leaf, value) else _FALSE
    if not isinstance(value, Span):
        return _UNKNOWN
    if _holds(leaf, value.low) and _holds(leaf, value.high):
        return _TRUE
    return _FALSE if _apart(leaf, value) else _UNKNOWN


def _holds(leaf: Compare | Between, number: float) -> bool:
    if isinstance(leaf, Between):
        above = leaf.low <= number if leaf.low_in else leaf.low < number
        return above and (number <= leaf.high if leaf.high_in else number < leaf.high)
    match leaf.operator:
        case Operator.LT:
            return number < leaf.limit
        case Operator.LE:
            return number <= leaf.limit
        case Operator.GT:
            return number > leaf.limit
        case Operator.GE:
            return number >= leaf.limit


def _apart(leaf: Compare | Between, span: Span) -> bool:
    """Whether no number of the stretch satisfies the leaf (which is itself one stretch)."""
    if isinstance(leaf, Compare):
        return not (_holds(leaf, span.low) or _holds(leaf, span.high))
    below = span.high < leaf.low if leaf.low_in else span.high <= leaf.low
    return below or (span.low > leaf.high if leaf.high_in else span.low >= leaf.high)


def _one_of(values: tuple[str, ...] | tuple[float, ...], value: object) -> Truth:
    if not isinstance(value, Span):
        return Truth.of(value in values)
    if value.exact:
        return Truth.of(value.low in values)
    inside = (v for v in values if not isinstance(v, str) and value.low <= v <= value.high)
    return _FALSE if next(inside, None) is None else _UNKNOWN


def _entries(value: object) -> frozenset[str]:
    """Give a list's entries; the answer *never* is an empty list."""
    return value if isinstance(value, frozenset) else frozenset()


def _list(leaf: ListTest | Counted, found: frozenset[str]) -> Truth:
    if leaf.field not in NESTED:
        return _plain_list(leaf, found)

    def met(wanted: str) -> Truth:
        return any_true(meets(leaf.field, entry, wanted) for entry in found)

    def within() -> Truth:
        return all_true(
            any_true(meets(leaf.field, entry, wanted) for wanted in leaf.values) for entry in found
        )

    return _tested(leaf, met, within)


def _open(leaf: ListTest | Counted, known: OpenList) -> Truth:
    """Test a list of which only some entries are known: another one may be in it, or not."""
    listed = set(fields()[leaf.field].values)
    possible = (listed | known.holds) - known.lacks

    def met(wanted: str) -> Truth:
        found = any_true(meets(leaf.field, entry, wanted) for entry in known.holds)
        more = (meets(leaf.field, entry, wanted) is not _FALSE for entry in possible)
        return _UNKNOWN if found is _FALSE and any(more) else found

    return _tested(leaf, met, lambda: _UNKNOWN & _list(leaf, known.holds))


def _tested(
    leaf: ListTest | Counted, met: Callable[[str], Truth], within: Callable[[], Truth]
) -> Truth:
    """Put together what a list comes to from whether it has each of the values asked for."""
    if isinstance(leaf, Counted):
        return _at_least(leaf.at_least, [met(wanted) for wanted in leaf.values])
    match leaf.test:
        case Test.ANY_OF:
            return any_true(map(met, leaf.values))
        case Test.ALL_OF:
            return all_true(map(met, leaf.values))
        case Test.NONE_OF:
            return ~any_true(map(met, leaf.values))
        case Test.WITHIN:
            return within()


def _plain_list(leaf: ListTest | Counted, found: frozenset[str]) -> Truth:
    wanted = frozenset(leaf.values)
    if isinstance(leaf, Counted):
        return Truth.of(len(found & wanted) >= leaf.at_least)
    match leaf.test:
        case Test.ANY_OF:
            return Truth.of(bool(found & wanted))
        case Test.ALL_OF:
            return Truth.of(wanted <= found)
        case Test.NONE_OF:
            return Truth.of(not found & wanted)
        case Test.WITHIN:
            return Truth.of(found <= wanted)


NESTED = frozenset({"infarct_territory"})
"""Lists of places that lie in one another."""


def meets(field: str, entry: str, wanted: str) -> Truth:
    """Whether an entry of a list is what is wanted: a child is its parent, a parent perhaps."""
    if field in NESTED:
        return territory_within(Territory(entry), Territory(wanted))
    return Truth.of(entry == wanted)
