"""The reference reading of the tree: three truth values, and what they rest on.

A number known only to lie between two bounds is compared over the whole stretch; a field that is
missing or too old is unknown; and an infarct known only by its larger territory leaves the smaller
one unknown. Nothing else does. An unknown result names the fields that could change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from saisei.base.dates import Span
from saisei.cases import Answer, Case
from saisei.eligibility.tree import (
    And,
    Between,
    Compare,
    Empty,
    Expression,
    Flag,
    Leaf,
    ListTest,
    Not,
    OneOf,
    Operator,
    Or,
    Test,
)
from saisei.vocabulary import Territory, Truth, all_true, any_true, territory_within

__all__ = ["Evaluation", "Lookup", "Reading", "evaluate", "lookup_of"]

Lookup = Callable[[str], Answer]
"""Gives what is known of a field."""

_FALSE, _UNKNOWN, _TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE
TURNED = {_FALSE: _TRUE, _UNKNOWN: _UNKNOWN, _TRUE: _FALSE}
"""The opposite of each truth value, as `~` gives it."""
_ORDER_OF_AND = (_FALSE, _UNKNOWN, _TRUE)
"""What a conjunction comes to: the first of these that one of its parts comes to."""
_ORDER_OF_OR = (_TRUE, _UNKNOWN, _FALSE)
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one leaf of the expression came to, and the answer that it rests on."""

    leaf: Leaf
    truth: Truth
    answer: Answer

    @property
    def field(self) -> str:
        """The field that was read."""
        return self.leaf.field


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
    return _Remembered(person.answer if isinstance(person, Case) else person)


class _Remembered(dict[str, Answer]):
    """A dictionary that fetches what it does not hold: the quickest lookup that Python has."""

    def __init__(self, fetch: Lookup) -> None:
        super().__init__()
        self.fetch = fetch

    def __missing__(self, field: str) -> Answer:
        answer = self[field] = self.fetch(field)
        return answer

    def __call__(self, field: str) -> Answer:
        return self[field]


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
    lookup = person.answer if isinstance(person, Case) else person
    readings: list[Reading] = []
    truth = _judge(expression, lookup, readings)
    missing = frozenset(r.field for r in readings) if truth is _UNKNOWN else _NOTHING
    return Evaluation(truth, missing, tuple(readings))


def _judge(expression: Expression, lookup: Lookup, readings: list[Reading]) -> Truth:
    """Judge, and leave in `readings` only those that the result rests on."""
    if isinstance(expression, Not):
        return TURNED[_judge(expression.part, lookup, readings)]
    if isinstance(expression, And | Or):
        return _branch(expression, lookup, readings)
    answer = lookup(expression.field)
    truth = _UNKNOWN if answer.state != "known" else _leaf(expression, answer.value)
    readings.append(Reading(expression, truth, answer))
    return truth


def _branch(expression: And | Or, lookup: Lookup, readings: list[Reading]) -> Truth:
    """Judge every part; keep the readings of the parts that came to the same as the whole."""
    parts: list[tuple[Truth, list[Reading]]] = []
    for part in expression.parts:
        own: list[Reading] = []
        parts.append((_judge(part, lookup, own), own))
    strongest = _ORDER_OF_AND if isinstance(expression, And) else _ORDER_OF_OR
    found = [truth for truth, _ in parts]
    truth = next(truth for truth in strongest if truth in found)
    for part_truth, own in parts:
        if part_truth is truth:
            readings += own
    return truth


def _leaf(leaf: Leaf, value: object) -> Truth:
    match leaf:
        case Flag():
            return _TRUE if value is True else _FALSE
        case Compare() | Between():
            return _number(leaf, value)
        case OneOf(_, values):
            return _one_of(values, value)
        case ListTest():
            return _list(leaf, _entries(value))
        case Empty():
            return Truth.of(not _entries(value))


def _number(leaf: Compare | Between, value: object) -> Truth:
    """Compare a number, or a whole stretch of numbers: true, false, or some of each."""
    if not isinstance(value, Span):
        assert isinstance(value, int | float)  # noqa: S101 - parse let only number fields through
        return _TRUE if _holds(leaf, value) else _FALSE
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


def _list(leaf: ListTest, found: frozenset[str]) -> Truth:
    if _is_nested(leaf.field):
        return _territories(leaf, found)
    wanted = frozenset(leaf.values)
    match leaf.test:
        case Test.ANY_OF:
            return Truth.of(bool(found & wanted))
        case Test.ALL_OF:
            return Truth.of(wanted <= found)
        case Test.NONE_OF:
            return Truth.of(not found & wanted)
        case Test.WITHIN:
            return Truth.of(found <= wanted)


def _is_nested(field: str) -> bool:
    return field == "infarct_territory"


def _territories(leaf: ListTest, found: frozenset[str]) -> Truth:
    """Compare places that nest: a child meets its parent, a parent leaves the child unknown."""
    here = [Territory(place) for place in found]
    there = [Territory(place) for place in leaf.values]

    def met(wanted: Territory) -> Truth:
        return any_true(territory_within(place, wanted) for place in here)

    match leaf.test:
        case Test.ANY_OF:
            return any_true(map(met, there))
        case Test.ALL_OF:
            return all_true(map(met, there))
        case Test.NONE_OF:
            return ~any_true(map(met, there))
        case Test.WITHIN:
            return all_true(any_true(territory_within(p, w) for w in there) for p in here)
