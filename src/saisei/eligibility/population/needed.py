"""Which records a question needs, and for how long each counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from saisei.cases import Field, fields
from saisei.eligibility.population.answers import NOT_FROM_TABLES
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.pairs import entry_field
from saisei.eligibility.tree import Elapsed, Source, Window

__all__ = [
    "FOREVER",
    "ONSETS",
    "Rule",
    "base_fields",
    "fillable",
    "inputs_of",
    "longest_days",
    "rules_of",
]

FOREVER = 1e18
"""More days than anything lasts."""
ONSETS = ("onset_datetime", "date_brain_injury")


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a record of a field counts, in days: by its answer, and by the phase."""

    field: int
    present: float
    absent: float
    acute: float
    chronic: float
    after_onset: bool


def rules_of(names: Iterable[str]) -> list[Rule]:
    """Give the rules of validity of some fields, as rows for a small table beside the events."""
    return [_rule(fields()[name]) for name in names]


def _rule(computed: Field) -> Rule:
    field, code = fields()[entry_field(computed) or computed.id], code_of(computed.id)
    how = field.valid_for
    after = field.group in ("stroke", "scales") and how is not None
    if not isinstance(how, Mapping):
        days = float(how) if isinstance(how, int | float) else FOREVER
        return Rule(code, days, days, FOREVER, FOREVER, after and days < FOREVER)
    given = {key: FOREVER if days is None else float(days) for key, days in how.items()}
    if "chronic" in given:
        return Rule(code, FOREVER, FOREVER, given["acute_subacute"], given["chronic"], after)
    present = given.get("if_true", given.get("if_present", given.get("if_date", FOREVER)))
    absent = given.get("if_false", given.get("if_absent", given.get("if_never", FOREVER)))
    return Rule(code, present, absent, FOREVER, FOREVER, after)


def base_fields(sources: Iterable[Source]) -> tuple[str, ...]:
    """Name every field whose records are needed for some sources, in the order of the table."""
    wanted = {*ONSETS, "sex"}.union(*map(_needed, sources))
    return tuple(
        name
        for name, field in fields().items()
        if name in wanted and (not field.derived or entry_field(field))
    )


def longest_days(sources: Iterable[Source]) -> dict[str, float]:
    """Give, for each field whose records are needed, the days after which none matters any more."""
    wanted = tuple(sources)
    names = base_fields(wanted)
    days = {
        name: min(max(rule.present, rule.absent), max(rule.acute, rule.chronic))
        for name, rule in zip(names, rules_of(names), strict=True)
    }
    for source in wanted:
        if isinstance(source, Window):
            days[source.field] = max(days[source.field], source.days)
    for name in names:
        how = fields()[name].compute or {}
        if how.get("kind") == "score_change":
            days[how["of"]] = max(days[how["of"]], days[name] + _reach(how))
    return days


def _reach(how: Mapping[str, Any]) -> float:
    """Give how many days before a score the one may lie with which it is compared."""
    hours = how.get("hours_apart", [0, 0])[1]
    return float(max(how.get("days_apart", [0])[-1], how.get("last_day", [0])[-1], hours / 24) + 1)


def fillable(sources: Iterable[Source], recorded: Collection[str]) -> tuple[Source, ...]:
    """Give the sources of which the recorded fields can tell anything."""
    return tuple(one for one in sources if not _needed(one).isdisjoint(recorded))


def _needed(source: Source) -> frozenset[str]:
    """Name every field that an answer rests on: itself, what it is computed and follows from."""
    wanted: set[str] = set()

    def add(name: str) -> None:
        if name not in wanted:
            wanted.add(name)
            field = fields()[name]
            for other in [*inputs_of(field), *(rule["from"] for rule in field.follows)]:
                add(other)
            if field.if_male is not None:
                add("sex")

    for name in _fields_of_source(source):
        add(name)
    return frozenset(wanted)


def _fields_of_source(source: Source) -> Iterator[str]:
    match source:
        case Window(_, field, _):
            yield field
        case Elapsed(_, start, end):
            yield from (start, end) if end else (start,)
        case _:
            yield source


def inputs_of(field: Field) -> list[str]:
    """Name the fields that a field is computed from, as far as tables can compute it."""
    how = field.compute or {}
    if how.get("kind") in NOT_FROM_TABLES:
        return []
    if how.get("kind") == "affected_side":
        return ["stroke_hemisphere"]
    of = how.get("of", []) if how.get("kind") != "item_sum" else []
    return [
        *([of] if isinstance(of, str) else of),
        *(how[k] for k in ("first", "then") if k in how),
    ]
