"""A check of the rules themselves: one that holds for everybody, or nobody, is miscoded."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

from saisei.base.dates import Span
from saisei.base.errors import Problem
from saisei.cases import Answer, Field, Known, fields
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.evaluate import evaluate
from saisei.eligibility.parse import NEVER_KNOWN
from saisei.eligibility.tree import (
    Amount,
    Arithmetic,
    Between,
    Compare,
    Counted,
    Elapsed,
    Expression,
    Leaf,
    ListTest,
    Measured,
    OneOf,
    Source,
    Term,
    field_of,
    fields_of,
    leaves_of,
    sources_of,
)
from saisei.vocabulary import Truth

__all__ = ["check_criteria", "constant_truth"]

MAX_PEOPLE = 20_000
"""Every combination of values is tried up to this many; beyond it, this many at random."""


def constant_truth(expression: Expression) -> Truth | None:
    """Say whether an expression is true, or false, of everybody; None when it tells people apart.

    Every combination of the values at and beside the limits is tried. Where numbers are computed
    from several fields, the answer follows from their ranges, and None may also mean that this is
    not enough to tell.

    Examples
    --------
    >>> from saisei.eligibility import parse
    >>> constant_truth(parse("mrs_current >= 0")).name
    'TRUE'
    >>> constant_truth(parse("mrs_current >= 1")) is None
    True
    """
    if any(isinstance(leaf, Measured) for leaf in leaves_of(expression)):
        truth = evaluate(expression, _anybody).truth
        return truth if truth.known else None
    found: set[Truth] = set()
    for person in _people(expression):
        found.add(_truth_for(expression, person))
        if len(found) > 1:
            return None
    return found.pop()


def _anybody(source: Source) -> Answer:
    """Give all that a number may be; of anything else, nothing."""
    field = fields()[field_of(source)]
    if isinstance(source, Elapsed) or field.type != "number" or field.range is None:
        return Answer(field.id, "missing")
    high = math.inf if field.never else field.range.high
    return Answer(field.id, "known", Span(field.range.low, high))


def _truth_for(expression: Expression, person: Mapping[str, Known]) -> Truth:
    def lookup(source: Source) -> Answer:
        return Answer(field_of(source), "known", person[field_of(source)])

    return evaluate(expression, lookup).truth


def check_criteria(criteria: Iterable[Criterion]) -> tuple[Problem, ...]:
    """List what is wrong with the rules of one protocol: repeated ids, rules that never vary."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for criterion in criteria:
        if criterion.id in seen:
            problems.append(Problem("repeated", f"the id `{criterion.id}` stands twice"))
        seen.add(criterion.id)
        if (truth := constant_truth(criterion.when)) is not None:
            whom = "everybody" if truth is Truth.TRUE else "nobody"
            problems.append(Problem("constant", f"`{criterion.id}` holds for {whom}"))
    return tuple(problems)


def _people(expression: Expression) -> Iterator[dict[str, Known]]:
    names = sorted(fields_of(expression))
    values = [_values(fields()[name], expression) for name in names]
    if math.prod(map(len, values)) <= MAX_PEOPLE:
        combinations: Iterator[tuple[Known, ...]] = product(*values)
    else:
        draw = random.Random(0)  # noqa: S311 - which people are tried, not a secret
        combinations = islice(iter(lambda: tuple(map(draw.choice, values)), None), MAX_PEOPLE)
    for combination in combinations:
        yield dict(zip(names, combination, strict=True))


def _values(field: Field, expression: Expression) -> list[Known]:
    """Give the values of a field between which the expression could change."""
    leaves = [
        leaf
        for leaf in leaves_of(expression)
        if field.id in {field_of(source) for source in sources_of(leaf)}
    ]
    if field.type == "boolean":
        return [True, False]
    if field.type == "number":
        return list(_numbers(field, leaves))
    if field.type == "enum":
        return [value for value in field.values if value not in NEVER_KNOWN]
    if field.type in ("date", "datetime"):
        return [*_numbers(field, leaves), math.inf]
    named = [v for leaf in leaves if isinstance(leaf, ListTest | Counted) for v in leaf.values]
    others = [value for value in field.values if value not in named] or ["other"]
    single = [frozenset({value}) for value in [*named, *others]]
    return [frozenset[str](), frozenset(named), *single]


def _numbers(field: Field, leaves: Iterable[Leaf]) -> Iterator[float]:
    low, high = (field.range.low, field.range.high) if field.range else (-1e9, 1e9)
    limits = {low, high}
    for leaf in leaves:
        match leaf:
            case Compare(_, _, limit):
                limits.add(limit)
            case Between():
                limits |= {leaf.low, leaf.high}
            case OneOf(_, values):
                limits |= {float(value) for value in values}
            case Measured(left, _, right):
                limits |= {*_amounts(left), *_amounts(right)}
    near = {limit + step for limit in limits for step in (-0.5, 0.0, 0.5)}
    yield from sorted(number for number in near if low <= number <= high)
    if field.never:
        yield math.inf


def _amounts(term: Term) -> Iterator[float]:
    match term:
        case Amount(value):
            yield value
        case Arithmetic(_, left, right):
            yield from _amounts(left)
            yield from _amounts(right)
