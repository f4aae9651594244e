"""A check of the rules themselves: one that holds for everybody, or nobody, is miscoded."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

from saisei.base.errors import Problem
from saisei.cases import Answer, Field, Known, fields
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.evaluate import evaluate
from saisei.eligibility.parse import NEVER_KNOWN
from saisei.eligibility.tree import (
    Between,
    Compare,
    Expression,
    Leaf,
    ListTest,
    OneOf,
    fields_of,
    leaves_of,
)
from saisei.vocabulary import Truth

__all__ = ["breaking_fields", "check_criteria", "constant_truth"]

MAX_PEOPLE = 20_000
"""Every combination of values is tried up to this many; beyond it, this many at random."""


def constant_truth(expression: Expression) -> Truth | None:
    """Say whether an expression is true, or false, of everybody; None when it tells people apart.

    Every combination of the values at and beside the limits is tried.

    Examples
    --------
    >>> from saisei.eligibility import parse
    >>> constant_truth(parse("mrs_current >= 0")).name
    'TRUE'
    >>> constant_truth(parse("mrs_current >= 1")) is None
    True
    """
    found: set[Truth] = set()
    for person in _people(expression):
        found.add(_truth_for(expression, person))
        if len(found) > 1:
            return None
    return found.pop()


def _truth_for(expression: Expression, person: Mapping[str, Known]) -> Truth:
    return evaluate(expression, lambda field: Answer(field, "known", person[field])).truth


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


def breaking_fields(criterion: Criterion) -> frozenset[str]:
    """Name the fields whose answer alone, with all else unknown, can make a rule fail.

    Examples
    --------
    >>> from saisei.eligibility import parse
    >>> both = Criterion("e1", "exclusion", "t", parse("lacunar_infarct and epilepsy"))
    >>> either = Criterion("e2", "exclusion", "t", parse("lacunar_infarct or epilepsy"))
    >>> sorted(breaking_fields(both)), sorted(breaking_fields(either))
    ([], ['epilepsy', 'lacunar_infarct'])
    """
    broken = Truth.FALSE if criterion.kind == "inclusion" else Truth.TRUE
    return frozenset(
        name
        for name in fields_of(criterion.when)
        if any(
            _truth_of_one(criterion.when, name, value) is broken
            for value in _values(fields()[name], criterion.when)
        )
    )


def _truth_of_one(expression: Expression, name: str, value: Known) -> Truth:
    def lookup(field: str) -> Answer:
        return Answer(field, "known", value) if field == name else Answer(field, "missing")

    return evaluate(expression, lookup).truth


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
    leaves = [leaf for leaf in leaves_of(expression) if leaf.field == field.id]
    if field.type == "boolean":
        return [True, False]
    if field.type == "number":
        return list(_numbers(field, leaves))
    if field.type == "enum":
        return [value for value in field.values if value not in NEVER_KNOWN]
    named = [value for leaf in leaves if isinstance(leaf, ListTest) for value in leaf.values]
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
    near = {limit + step for limit in limits for step in (-0.5, 0.0, 0.5)}
    yield from sorted(number for number in near if low <= number <= high)
    if field.never:
        yield math.inf
