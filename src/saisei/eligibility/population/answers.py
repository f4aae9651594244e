"""What a case would answer, as expressions over a table of the newest records.

The ways of computing a field are those of `saisei.cases.derive`. Some need more than the newest
record of others (`NOT_FROM_TABLES`): such a field stays unknown, which is never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from saisei.base.units import convert
from saisei.cases import Field, fields
from saisei.eligibility.columns import Column
from saisei.eligibility.population.spans import (
    ENDLESS,
    NEVER,
    NOTHING,
    Ends,
    Times,
    both,
    either,
    known,
    latest_of,
    when,
)
from saisei.eligibility.tree import Elapsed, Source, Window

__all__ = ["NOT_FROM_TABLES", "UNKNOWN", "Answers"]

UNKNOWN = both(NOTHING)
NOT_FROM_TABLES = frozenset({"since_last_active"})
"""Ways of computing a field that need more than the newest record of others."""


class Answers:
    """What a case would answer, as expressions over the last step."""

    def __init__(self, times: Times, stated: frozenset[str], recorded: frozenset[str]) -> None:
        self.times = times
        self.stated = stated
        self.recorded = recorded

    def columns(self, column: Column) -> dict[str, str]:
        """Give the columns of a source, by name."""
        ends = self.ends(column.source)
        match column.kind:
            case "number":
                return dict(zip(column.names, (ends.low, ends.high), strict=True))
            case "flag":
                return {column.names[0]: f"({ends.low}) = 1"}
            case "word":
                return {column.names[0]: f"CAST({ends.low} AS SMALLINT)"}
            case "list":
                masks = (f"CAST({end} AS BIGINT)" for end in (ends.low, ends.high))
                return dict(zip(column.names, masks, strict=True))

    def ends(self, source: Source) -> Ends:
        """Give the stretch in which a source lies."""
        match source:
            case Window():
                return Ends(*Column.of(source).names)
            case Elapsed(unit, start, None):
                return self.since(start, unit)
            case Elapsed(unit, start, str() as end):
                return self.times.between(self.answer(start), self.answer(end), unit)
            case _:
                return self.answer(str(source))

    def answer(self, name: str) -> Ends:
        """Give the stretch of a field, stated or computed."""
        if fields()[name].derived:
            return self.derived(fields()[name])
        if name not in self.stated:
            return UNKNOWN
        return Ends(f"{name}__answer__low", f"{name}__answer__high")

    def derived(self, field: Field) -> Ends:
        """Compute a field as the table of fields says."""
        how: Mapping[str, Any] = field.compute or {}
        ways: Mapping[str, Callable[[], Ends]] = {
            "age": lambda: self.years(how["of"], "age"),
            "time_since": lambda: latest_of([self.since(n, field.unit or "") for n in how["of"]]),
            "time_between": lambda: self.times.from_until(
                self.answer(how["first"]), self.answer(how["then"]), field.unit or ""
            ),
            "sum": lambda: both(" + ".join(f"({known(self.answer(n))})" for n in how["of"])),
            "weighted_mean": lambda: self.weighted_mean(how["of"]),
            "converted": lambda: self.converted(field, fields()[how["of"]]),
            "same": lambda: self.answer(how["of"]),
            "times_upper_limit": lambda: self.times_upper_limit(self.pair(field), how["of"]),
            "item_sum": lambda: both(known(self.pair(field))),
            "score_change": lambda: both(known(self.pair(field))),
            "affected_side": lambda: self.affected_side(self.pair(field)),
        }
        return both(NOTHING) if how["kind"] in NOT_FROM_TABLES else ways[how["kind"]]()

    def since(self, name: str, unit: str) -> Ends:
        """Give the time since a date."""
        if unit != "a":
            return self.times.since(self.answer(name), unit)
        never = f"{self.answer(name).low} = {NEVER}"
        return either(never, both(ENDLESS), self.years(name, "years"))

    def years(self, name: str, kind: str) -> Ends:
        """Give the years since a date, whose first moment gives the most of them."""
        if name not in self.stated:
            return UNKNOWN
        least, most = (f"CAST({name}__answer__{end}__{kind} AS DOUBLE)" for end in ("high", "low"))
        if kind == "age":
            return Ends(least, most)
        return Ends(when(f"{most} >= 0 AND {least} < 0", "0.0", least), most)

    def pair(self, field: Field) -> Ends:
        """Give what the newest entry holds of the parts that a field is computed from."""
        if field.id not in self.stated:
            return UNKNOWN
        return Ends(f"{field.id}__answer__low", f"{field.id}__answer__high")

    def times_upper_limit(self, limits: Ends, names: Sequence[str]) -> Ends:
        """Give the largest multiple of the laboratory's limit; at least that where one is unknown.

        A limit that is not there is infinite, one way or the other.
        """
        there = (f"{limits.low} > 0", f"{limits.high} < {ENDLESS}")
        ratios = [
            when(is_there, f"({known(self.answer(name))}) / {limit}")
            for name, limit, is_there in zip(names, (limits.low, limits.high), there, strict=False)
        ]
        largest = f"GREATEST({', '.join(ratios)})" if len(ratios) > 1 else ratios[0]
        every = " AND ".join(f"({ratio}) IS NOT NULL" for ratio in ratios)
        some = when(f"({largest}) IS NOT NULL", ENDLESS)
        return Ends(largest, when(every, largest, some))

    def affected_side(self, sides: Ends) -> Ends:
        """Give the item of the side opposite to the stroke; both where that is not clear."""
        left, right = sides.low, sides.high
        side, names = self.answer("stroke_hemisphere").low, fields()["stroke_hemisphere"].values
        clear = f"{side} = {float(names.index('left'))!r} AND {left} <= {right}"
        other = f"{side} = {float(names.index('right'))!r} AND {right} <= {left}"
        found = either(clear, both(right), either(other, both(left), _between(left, right)))
        return either(f"{left} > {NEVER}", found, UNKNOWN)

    def weighted_mean(self, weights: Mapping[str, float]) -> Ends:
        """Give the mean of values that were measured together."""
        if not self.recorded >= set(weights):
            return both(NOTHING)
        one, *others = weights
        together = " AND ".join(
            f"{one}__{end} = {other}__{end}" for other in others for end in ("first", "last")
        )
        parts = (f"({known(self.answer(n))}) * {float(w)!r}" for n, w in weights.items())
        mean = f"({' + '.join(parts)}) / {float(sum(weights.values()))!r}"
        return both(when(together, mean))

    def converted(self, field: Field, source: Field) -> Ends:
        """Give a number in the unit of another field."""
        factor = convert(1.0, source.unit or "", field.unit or "", source.id)
        return both(f"({known(self.answer(source.id))}) * {factor!r}")


def _between(one: str, other: str) -> Ends:
    return Ends(f"LEAST({one}, {other})", f"GREATEST({one}, {other})")
