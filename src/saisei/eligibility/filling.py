"""What has to be filled in so that a rule could be decided, and how far an answer reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from saisei.base.dates import PartialDate
from saisei.cases import Field, OpenList, fields, table
from saisei.eligibility.criterion import Criterion, Judged
from saisei.eligibility.evaluate import NESTED, Lookup, evaluate
from saisei.eligibility.tree import Elapsed, Leaf, Resolved, fields_of

__all__ = [
    "clashing_fields",
    "count_open",
    "filled_by",
    "is_coarse",
    "missing_of",
    "reaching_fields",
    "read_through",
    "resolved_parts",
    "team_fields",
    "timed_fields",
    "touching_fields",
]


def missing_of(judged: Judged, known: Lookup) -> frozenset[str]:
    """Name the fields that could change what a rule comes to."""
    if judged.team:
        return frozenset()
    ends = {
        source.end
        for reading in judged.because
        if judged.missing and isinstance(source := reading.source, Elapsed) and source.end
    }
    settled = {name for part in resolved_parts(judged.criterion) for name in fields_of(part)}
    return judged.missing | {name for name in ends | settled if not known(name).known}


def resolved_parts(rule: Criterion) -> Iterator[Resolved]:
    """Give the parts of a rule that count an unknown as a yes or a no."""
    parts: list[Any] = [rule.when]
    while parts:
        part = parts.pop()
        if isinstance(part, Resolved):
            yield part
        parts += getattr(part, "parts", ()) or ([part.part] if hasattr(part, "part") else [])


def filled_by(wanted: Field, known: Lookup) -> tuple[str, ...]:
    """Name what is to be filled in for a field: for a computed one, what it is computed from.

    Of that, what is not known, or could be known more exactly; a score that is known is not asked
    for again.
    """
    inputs = tuple(name for name in wanted.inputs if name in fields())
    if not wanted.derived or not inputs:
        return (wanted.id,)
    return tuple(name for name in inputs if not known(name).known or is_coarse(name, known))


def is_coarse(name: str, known: Lookup) -> bool:
    """Whether an answer is known that leaves room for a more exact one."""
    value = known(name).value
    if isinstance(value, PartialDate):
        return value.first != value.last
    return isinstance(value, OpenList) or (name in NESTED and bool(value))


def count_open(tests: Iterable[Leaf], lookup: Lookup) -> int:
    """Count the tests that stay unknown."""
    return sum(not evaluate(leaf, lookup).truth.known for leaf in tests)


@cache
def read_through(name: str) -> tuple[str, ...]:
    """Name a field, and those that are computed from it alone."""
    return (name, *(one.id for one in fields().values() if one.inputs == (name,)))


@cache
def team_fields() -> frozenset[str]:
    """Name the fields that the trial team decides."""
    return frozenset(one.id for one in fields().values() if one.judgement or one.willingness)


@cache
def timed_fields() -> frozenset[str]:
    """Name the fields that hold a date."""
    return frozenset(one.id for one in fields().values() if one.type in ("date", "datetime"))


@cache
def reaching_fields() -> frozenset[str]:
    """Name the fields whose answers reach others, follow from others, or can contradict others."""
    found = {"sex", "onset_datetime", "date_brain_injury", "birth_date", *NESTED}
    for one in fields().values():
        found |= {one.id} if one.follows or one.also_from or one.entries else set()
        found |= {one.id} if one.type in ("date", "datetime", "map", "items") else set()
        found |= {*one.inputs, *(rule["from"] for rule in one.follows)}
        found |= {one.also_from["of"]} if one.also_from else set()
        found |= {one.precision_from} if one.precision_from else set()
    for row in (*table("contradictions"), *table("orders")):
        found |= {row[key] for key in ("field", "given", "first", "then") if key in row}
    return frozenset(found)


@cache
def clashing_fields(name: str) -> frozenset[str]:
    """Name the fields whose value, and not only whether there is one, can contradict a field's."""
    pairs = [(row["first"], row["then"]) for row in table("orders")]
    pairs += [(row["field"], row["given"]) for row in table("contradictions")]
    pairs += [
        (one.id, rule["from"])
        for one in fields().values()
        for rule in one.follows
        if "values" in rule
    ]
    found = {other for pair in pairs if name in pair for other in pair}
    if fields()[name].type in ("date", "datetime"):
        found.add("birth_date")
    for one in fields().values():
        if one.also_from and name in (one.id, one.also_from["of"]):
            found |= {one.id, one.also_from["of"]}
    return frozenset(found) - {name}


@cache
def touching_fields(leaf: Leaf) -> frozenset[str]:
    """Name the fields that a test reads, what they are computed from, and what they follow from."""
    read = {name for one in fields_of(leaf) for name in (one, *fields()[one].inputs)}
    found = set(read)
    for one in (fields()[name] for name in read):
        found |= {rule["from"] for rule in one.follows}
        found |= {one.also_from["of"]} if one.also_from else set()
        found |= {"sex"} if one.if_male is not None else set()
    return frozenset(found)
