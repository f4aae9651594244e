"""What different answers of one person have to do with each other, as goals.

*Sure* links hold of every case that can be read: a sum is the sum of its parts, an earlier stroke
lies before this one. Links *of one moment* hold of answers that were given together: who has never
had a seizure has no date of one. A case may hold an older answer beside a newer one, so what is
impossible only because of these is impossible only where answers of different dates are not mixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from saisei.cases import Field, fields, table
from saisei.eligibility.linting.goals import Choice, Goal, Wanted
from saisei.eligibility.linting.masks import FALSE, TRUE, UNKNOWN
from saisei.eligibility.linting.places import place_of
from saisei.eligibility.tree import (
    Amount,
    Arithmetic,
    Compare,
    Elapsed,
    Empty,
    Expression,
    Flag,
    Measured,
    Not,
    OneOf,
    Operator,
    Quantity,
    Sign,
    Term,
    leaves_of,
    sources_of,
)

__all__ = ["links_of_one_moment", "sure_links", "things_read"]

SLACK_DAYS = 1.5
"""A date known to the day counts from noon; beside a moment it may be a day off, and an hour."""
ROUNDING = 1e-6
BEYOND = 1e9
"""More days than any date lies back: only what never happened is longer ago."""


def things_read(expressions: Iterable[Expression]) -> frozenset[str]:
    """Name the fields on which some expressions rest: the date, of the time since it."""
    return frozenset(
        place_of(source, exact=True).field
        for expression in expressions
        for leaf in leaves_of(expression)
        for source in sources_of(leaf)
    )


def sure_links(read: frozenset[str]) -> list[Goal]:
    """Give the links between things that some rules read, which hold of everybody."""
    found: list[Goal] = []
    for field in fields().values():
        if field.id in read and not read.isdisjoint(field.inputs):
            found += _computed(field, read)
    for row in table("orders"):
        if {row["first"], row["then"]} <= read:
            found.append(Wanted(_in_order(row["first"], row["then"]), TRUE | UNKNOWN))
    for row in table("contradictions"):
        if {row["field"], row["given"]} <= read:
            found.append(_not_both(row))
    return found


def _computed(field: Field, read: frozenset[str]) -> Iterator[Goal]:
    """Say how a computed number lies to its parts; a sum is known only where they are."""
    how: Mapping[str, Any] = field.compute or {}
    match how.get("kind"):
        case "sum":
            yield from _equal(field.id, _total(dict.fromkeys(how["of"], 1.0)))
        case "weighted_mean":
            total = sum(how["of"].values())
            yield from _equal(field.id, _total({n: w / total for n, w in how["of"].items()}))
        case "time_since" if len(how["of"]) > 1:
            for name in (one for one in how["of"] if one in read):
                part = Quantity(Elapsed(field.unit or "d", name))
                sooner = Measured(Quantity(field.id), Operator.LE, part)
                yield Wanted(sooner, TRUE | UNKNOWN)


def _total(weights: Mapping[str, float]) -> Term:
    terms: list[Term] = [
        Quantity(name) if weight == 1.0 else Arithmetic(Sign.TIMES, Quantity(name), Amount(weight))
        for name, weight in weights.items()
    ]
    whole = terms[0]
    for term in terms[1:]:
        whole = Arithmetic(Sign.PLUS, whole, term)
    return whole


def _equal(name: str, other: Term) -> Iterator[Goal]:
    """Say that a number, where it is known, is a term, but for rounding."""
    one = Quantity(name)
    unknown = Wanted(Compare(name, Operator.GE, -BEYOND), UNKNOWN)
    above = Measured(one, Operator.LE, Arithmetic(Sign.PLUS, other, Amount(ROUNDING)))
    below = Measured(one, Operator.GE, Arithmetic(Sign.MINUS, other, Amount(ROUNDING)))
    yield Choice(((unknown,), (Wanted(above, TRUE), Wanted(below, TRUE))))


def _in_order(first: str, then: str) -> Expression:
    later = Arithmetic(Sign.MINUS, Quantity(Elapsed("d", then)), Amount(SLACK_DAYS))
    return Measured(Quantity(Elapsed("d", first)), Operator.GE, later)


def _not_both(row: Mapping[str, Any]) -> Goal:
    other = Wanted(OneOf(row["field"], tuple(row["values"])), FALSE | UNKNOWN)
    given = Measured(Quantity(Elapsed("d", row["given"])), Operator.GE, Amount(-BEYOND))
    return Choice(((other,), (Wanted(given, UNKNOWN),)))


# ---------------------------------------------------------------- answers of one moment


def links_of_one_moment(read: frozenset[str]) -> list[Goal]:
    """Give what some answers settle about others, through fields that no rule reads too."""
    reached, edges = set(read), _follows()
    while more := {n for pair in edges if reached & pair for n in pair} - reached:
        reached |= more
    return [goal for pair, goal in edges.items() if pair <= reached]


@cache
def _follows() -> dict[frozenset[str], Goal]:
    found: dict[frozenset[str], list[Goal]] = {}
    for field in fields().values():
        for rule in field.follows:
            pair = frozenset({field.id, rule["from"]})
            found.setdefault(pair, []).extend(_settled(field, rule))
    return {pair: Choice((tuple(goals),)) for pair, goals in found.items()}


def _settled(field: Field, rule: Mapping[str, Any]) -> Iterator[Goal]:
    source = fields()[rule["from"]]
    if "values" in rule:
        cases = [(OneOf(source.id, (given,)), value) for given, value in rule["values"].items()]
        for premise, value in cases:
            yield _implies(premise, _has(field, value))
        return
    absent = _absent(source)
    yield _implies(absent if rule["when"] == "absent" else Not(absent), _has(field, rule["gives"]))


def _implies(premise: Expression, then: Expression) -> Goal:
    return Choice(((Wanted(premise, FALSE | UNKNOWN),), (Wanted(then, TRUE | UNKNOWN),)))


def _has(field: Field, value: object) -> Expression:
    """Say that a field has the value that another answer settles."""
    if isinstance(value, str) and value != "never":
        return OneOf(field.id, (value,))
    absent = _absent(field)
    return absent if value in (False, "never", []) else Not(absent)


def _absent(field: Field) -> Expression:
    """Say that what a field asks for is not there: no, never, an empty list."""
    match field.type:
        case "boolean":
            return Not(Flag(field.id))
        case "list":
            return Empty(field.id)
    return Measured(Quantity(Elapsed("d", field.id)), Operator.GT, Amount(BEYOND))
