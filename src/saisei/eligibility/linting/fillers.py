"""Which fields a record can fill, and which codes fill fields that no protocol reads.

A code set here is all codes of `saisei.cases` that fill one field. A field is within reach where
one does, or where it is computed from, or follows from, fields that are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from saisei.cases import Field, fields
from saisei.cases.codes import codes
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.linting.findings import Finding
from saisei.eligibility.population.answers import NOT_FROM_TABLES
from saisei.eligibility.tree import fields_of

__all__ = ["fields_within_reach", "unfilled_fields", "unused_code_sets"]

WITHOUT_CODE = frozenset({"birth_date", "sex", "in_hospital", "uln"})
"""Filled by a resource or a column of its own, or by what stands beside a result."""
BY_EVENTS = frozenset({"onset_datetime", "stroke_type", "condition", "date_previous_stroke"})
"""Filled by the codes of strokes."""


@cache
def _coded() -> frozenset[str]:
    """Name the fields that have a code set, or need none."""
    filled = {fill.field for code in codes() for fill in code.fills}
    events = BY_EVENTS if any(code.event for code in codes()) else frozenset[str]()
    return frozenset(filled) | events | WITHOUT_CODE


@cache
def fields_within_reach(*, tables: bool) -> frozenset[str]:
    """Name the fields that records can fill.

    Parameters
    ----------
    tables
        Of a database's tables, which do not compute every field; otherwise of any record.

    Examples
    --------
    >>> "hours_since_stroke" in fields_within_reach(tables=True)
    True
    """
    found = set(_coded())
    while True:
        more = {
            f.id
            for f in fields().values()
            if f.id not in found and _reached(f, found, tables=tables)
        }
        if not more:
            return frozenset(found)
        found |= more


def _reached(field: Field, found: set[str], *, tables: bool) -> bool:
    if field.derived:
        kind = (field.compute or {})["kind"]
        if tables and kind in NOT_FROM_TABLES:
            return False
        enough: Callable[[Iterable[bool]], bool] = all if kind in ("sum", "weighted_mean") else any
        return enough(name in found for name in field.inputs)
    ways = {rule["from"] for rule in field.follows}
    ways |= {field.also_from["of"]} if field.also_from else set()
    ways |= {"sex"} if field.if_male is not None else set()
    return not ways.isdisjoint(found)


def unfilled_fields(protocol: str, rules: Sequence[Criterion]) -> Iterator[Finding]:
    """Find the fields of rules that no record, or no table, can fill."""
    for name in dict.fromkeys(name for rule in rules for name in sorted(fields_of(rule.when))):
        of_name = tuple(rule.id for rule in rules if name in fields_of(rule.when))
        field = fields()[name]
        if field.judgement or field.willingness or name in fields_within_reach(tables=True):
            continue
        if name in fields_within_reach(tables=False):
            yield Finding(
                "not-from-tables", "info", protocol, of_name,
                f"`{name}` is computed from a record, but not from a database's tables", "",
                "In a population it stays unknown; ask it of each person",
            )  # fmt: skip
        else:
            yield Finding(
                "no-source", "info", protocol, of_name,
                f"no code set fills `{name}`: no record answers it",
                "a code in cases/codes.yaml, read in a source",
                "Until there is one, only a person or a chart can answer it",
            )  # fmt: skip


def unused_code_sets(rules: Iterable[Criterion]) -> Iterator[Finding]:
    """Find the fields that codes fill and that no rule of any protocol rests on."""
    used = {name for rule in rules for name in fields_of(rule.when)}
    while more := {other for name in used for other in _rests_on(fields()[name])} - used:
        used |= more
    for name in (one for one in fields() if one in _coded() - WITHOUT_CODE - used):
        count = sum(any(fill.field == name for fill in code.fills) for code in codes())
        yield Finding(
            "unused-code-set", "info", "", (),
            f"{count} codes fill `{name}`, which no protocol reads", "",
            "Keep them where the report or the cautions read it",
        )  # fmt: skip


def _rests_on(field: Field) -> Iterator[str]:
    yield from (name for name in field.inputs if name in fields())
    yield from (rule["from"] for rule in field.follows)
    if field.also_from:
        yield field.also_from["of"]
