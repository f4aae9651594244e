"""The answers that a question may have, as far as some rules can tell them apart.

Between the limits of the rules all numbers and moments are alike, so one of each stretch stands for
all, and each limit for itself. Where a value enters through a computation over several fields, or a
list can be of very many kinds, only a sample of the answers is tried, and this is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

from saisei.base.dates import PartialDate, Span
from saisei.base.units import convert
from saisei.cases import Field, OpenList, fields, item_points
from saisei.eligibility.asked import Asked, Tests, asked_of, completed, limits_of
from saisei.eligibility.evaluate import NESTED, Lookup, meets
from saisei.eligibility.parse import NEVER_KNOWN
from saisei.eligibility.quantities import span_of
from saisei.eligibility.tree import (
    Counted,
    Elapsed,
    Leaf,
    ListTest,
    Measured,
    sources_of,
)
from saisei.vocabulary import Truth, days_per_month

__all__ = ["Possible", "possible_answers"]

WHOLE_LIST = 6
"""Of so many words every combination is tried; of more, each alone and in pairs."""
LONGEST_DAYS = 366.0
"""So long before the earliest limit of a date lies the earliest answer that is tried."""


@dataclass(frozen=True, slots=True)
class Possible:
    """Answers to one question, written as in a case file; perhaps only a sample of them."""

    answers: tuple[Any, ...]
    sampled: bool = False


def possible_answers(name: str, tests: Tests, lookup: Lookup, as_of: datetime) -> Possible:
    """Give the answers of a field between which some tests can tell.

    Parameters
    ----------
    name
        The field, one that is typed in.
    tests
        The tests of the rules, by the fields that they read.
    lookup
        What is known already: a more exact answer agrees with it.
    as_of
        The moment of the report.
    """
    asked = asked_of(name, tests, lookup, as_of)
    found, known = _WAYS[asked.field.type](asked), lookup(name).value
    if isinstance(known, OpenList):
        return Possible(tuple(completed(found.answers, asked.field, known)), found.sampled)
    return found


def _yes_or_no(_: Asked) -> Possible:
    return Possible((True, False))


def _one_word(asked: Asked) -> Possible:
    return Possible(tuple(value for value in asked.field.values if value not in NEVER_KNOWN))


# ---------------------------------------------------------------- numbers


def _numbers(asked: Asked) -> Possible:
    limits = set(limits_of(asked.own))
    sampled = any(isinstance(leaf, Measured) for leaf in asked.tests)
    for derived, leaves in asked.through:
        limits |= {own for limit in limits_of(leaves) for own in _own_limits(asked, derived, limit)}
        sampled |= not _alone(asked, derived)
    low, high = _ends(asked.field, limits)
    inside = sorted({low, high} | {limit for limit in limits if low <= limit <= high})
    found = _in_steps(inside, asked.field, low, high)
    never: tuple[Any, ...] = ("never",) if asked.field.never else ()
    return Possible((*found, *never), sampled)


def _ends(wanted: Field, limits: Iterable[float]) -> tuple[float, float]:
    if wanted.range is not None:
        return wanted.range.low, wanted.range.high
    known = [limit for limit in limits if math.isfinite(limit)] or [0.0]
    return min(known) - 1, max(known) + 1


def _alone(asked: Asked, derived: Field) -> bool:
    """Whether a number alone settles what is computed from it and from what is known already."""
    others = (name for name in derived.inputs if name != asked.field.id)
    kind = (derived.compute or {})["kind"]
    return kind != "score_change" and all(asked.lookup(name).known for name in others)


def _own_limits(asked: Asked, derived: Field, limit: float) -> Iterator[float]:
    """Give the numbers at which what is computed from them comes to a limit.

    What else it is computed from counts as it is known, or at both ends of its range.
    """
    wanted, how = asked.field, derived.compute or {}
    match how["kind"]:
        case "converted" if wanted.unit and derived.unit:
            yield convert(limit, derived.unit, wanted.unit, wanted.id)
        case "sum" | "weighted_mean":
            of = how["of"] if isinstance(how["of"], Mapping) else dict.fromkeys(how["of"], 1.0)
            whole = limit * (sum(of.values()) if how["kind"] == "weighted_mean" else 1.0)
            for rest in _rests(asked, {k: v for k, v in of.items() if k != wanted.id}):
                yield (whole - rest) / of[wanted.id]
        case "times_upper_limit":
            known = asked.lookup("uln").value
            upper = known.get(wanted.id) if isinstance(known, Mapping) else None
            yield limit * upper if isinstance(upper, float) else limit
        case "score_change":
            now = _number(asked.lookup(wanted.id).value) or 0.0
            yield from (now - limit, now + limit)
        case _:
            yield limit


def _rests(asked: Asked, others: Mapping[str, float]) -> tuple[float, float]:
    """Give what the other parts of a weighted sum come to, at the least and at the most."""
    low = high = 0.0
    for name, weight in others.items():
        known = span_of(asked.lookup(name).value) or fields()[name].range or Span(0.0, 0.0)
        low, high = low + weight * known.low, high + weight * known.high
    return low, high


def _in_steps(numbers: Sequence[float], wanted: Field, low: float, high: float) -> list[float]:
    """Give limits and what lies between them, or what lies next to them where a score has steps."""
    if not wanted.step:
        return sorted({*numbers, *((one + other) / 2 for one, other in pairwise(numbers))})
    step = wanted.step
    near = {
        way(number / step) * step + more
        for number in numbers
        for way in (math.floor, math.ceil)
        for more in ((-step, 0.0, step) if number % step == 0 else (0.0,))
    }
    return sorted(float(number) for number in near if low <= number <= high)


# ---------------------------------------------------------------- lists


def _list(asked: Asked) -> Possible:
    named = dict.fromkeys(_words(asked.tests))
    if asked.field.id in NESTED:
        pool = _as_known(asked)
    else:
        others = [value for value in asked.field.values if value not in named]
        pool = [*named, *(others[:1] or ([] if asked.field.values else ["other"]))]
    whole = len(pool) <= WHOLE_LIST
    sizes = range(len(pool) + 1) if whole else (0, 1, 2, len(pool))
    found = (list(chosen) for size in sizes for chosen in combinations(pool, size))
    return Possible(tuple(found), sampled=not whole)


def _as_known(asked: Asked) -> list[str]:
    """Give every place; where a larger one is known already, only what may lie in it."""
    known = asked.lookup(asked.field.id).value
    values = list(asked.field.values)
    if not isinstance(known, frozenset) or not known:
        return values
    return [v for v in values if any(meets(asked.field.id, v, one) is Truth.TRUE for one in known)]


def _words(leaves: Iterable[Leaf]) -> Iterator[str]:
    for leaf in leaves:
        if isinstance(leaf, ListTest | Counted):
            yield from leaf.values


def _dated_list(asked: Asked) -> Possible:
    """Give lists whose entries have columns: each kind alone, with each date it may have."""
    columns: Mapping[str, Any] = asked.field.entries or {}
    left_out = [one for d, _ in asked.through for one in (d.compute or {}).get("leaving_out", ())]
    kinds = dict.fromkeys([*_words(asked.tests), *left_out, *asked.field.values[:2]])
    dated = [column for column, kind in columns["also"].items() if kind == "date"]
    moments = list(_moments(asked))
    found: list[list[dict[str, Any]]] = [[]]
    for kind in kinds or ("other",):
        found.append([{columns["name"]: kind}])
        found += [[{columns["name"]: kind, dated[0]: m}] for m in moments if dated]
    if not asked.tests:  # only whether there is anything matters, to what follows from it
        return Possible(tuple(found[:2]))
    return Possible(tuple(found), sampled=True)


# ---------------------------------------------------------------- dates


def _dates(asked: Asked) -> Possible:
    known = asked.lookup(asked.field.id).value
    found: list[Any] = list(_moments(asked))
    if isinstance(known, PartialDate):
        ends = [known.first, min(known.last, asked.as_of)]
        inside = {m for m in found if known.first <= datetime.fromisoformat(m) <= known.last}
        return Possible(tuple(sorted(inside | {_written(end) for end in ends})))
    sampled = len(asked.through) > 0 and any(len(d.inputs) > 1 for d, _ in asked.through)
    return Possible((*found, *(("never",) if asked.field.never else ())), sampled)


def _moments(asked: Asked) -> Iterator[str]:
    """Give moments at the limits of the times since a date, and between any two of them."""
    days = {0.0} | {days for days in _lengths(asked) if math.isfinite(days)}
    anchors = [asked.as_of, *_anchors(asked)]
    if asked.field.future:
        moments = {anchor + timedelta(days=day) for anchor in anchors for day in days}
        moments.add(max(moments) + timedelta(days=1))
    else:
        moments = {asked.as_of - timedelta(days=max(day, 0.0)) for day in days}
        moments.add(min(moments) - timedelta(days=LONGEST_DAYS))
    ordered = sorted(moments)
    between = [one + (other - one) / 2 for one, other in pairwise(ordered)]
    yield from sorted({_written(moment) for moment in (*ordered, *between)})


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _anchors(asked: Asked) -> Iterator[datetime]:
    """Give the dates that a time to this one is counted from."""
    for derived, _ in asked.through:
        first = (derived.compute or {}).get("first")
        known = asked.lookup(first).value if first else None
        if isinstance(known, PartialDate):
            yield known.first


def _lengths(asked: Asked) -> Iterator[float]:
    """Give the limits of every time since this date, in days; of whole years also the middle."""
    for derived, leaves in asked.through:
        for limit in limits_of(leaves):
            yield limit * _days(derived.unit or "d")
            if derived.unit == "a":
                yield (limit + 0.5) * _days("a")
    for leaf in asked.own:
        units = {source.unit for source in sources_of(leaf) if isinstance(source, Elapsed)}
        for limit in limits_of([leaf]):
            yield from (limit * _days(unit) for unit in units)


def _days(unit: str) -> float:
    return {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": days_per_month(), "a": 365.2425}[unit]


# ---------------------------------------------------------------- laboratory limits and items


def _limits_of_laboratory(asked: Asked) -> Possible:
    """Give upper limits with which the known values lie on both sides of the rules' multiples."""
    found: list[dict[str, float]] = []
    times = sorted(
        {limit for _, leaves in asked.through for limit in limits_of(leaves) if limit > 0}
    )
    for share in [*times, *(t * 0.9 for t in times), *(t * 1.1 for t in times)]:
        keys = {name for d, _ in asked.through for name in d.inputs if name in asked.field.keys}
        limits = {k: (_number(asked.lookup(k).value) or share) / share for k in sorted(keys)}
        if limits not in found:
            found.append(limits)
    return Possible(tuple(found), sampled=True)


def _number(value: object) -> float | None:
    found = span_of(value)
    return found.high if found is not None and found.high > 0 else None


def _items(asked: Asked) -> Possible:
    """Give items with few and many points in those that the rules count.

    They agree with a total and with single items that are known already.
    """
    points = item_points(asked.field)
    known = dict(_known_items(asked))
    total = known.pop("", None)
    free = {item: of for item, of in points.items() if item not in known}
    counted = [item for item in free if item in _counted(asked)]
    others = [item for item in free if item not in counted]
    most = sum(points[item][-1] for item in counted)
    limits = {limit + more for limit in limits_of(asked.tests) for more in (-1.0, 0.0, 1.0)}
    found: list[dict[str, float]] = []
    for share in sorted({0.0, most, *(one for one in limits if 0 <= one <= most)}):
        rest = 0.0 if total is None else total - share - sum(known.values())
        for order in (counted, counted[::-1]):
            filled = _filled(points, order, share) | _filled(points, others, rest) | known
            if total in (None, sum(filled.values())) and filled not in found:
                found.append(filled)
    return Possible(tuple(found), sampled=True)


def _filled(
    points: Mapping[str, tuple[float, ...]], items: Sequence[str], total: float
) -> dict[str, float]:
    """Share points among items, the first ones first, as far as they go."""
    found = {}
    for item in items:
        found[item] = max((p for p in points[item] if p <= max(total, 0.0)), default=0.0)
        total -= found[item]
    return found


def _counted(asked: Asked) -> set[str]:
    """Name the items that a computed field counts."""
    hows = [derived.compute or {} for derived, _ in asked.through]
    return {n for how in hows for key in ("items", "left", "right") for n in _listed(how.get(key))}


def _known_items(asked: Asked) -> Iterator[tuple[str, float]]:
    """Give the items that are known by themselves, and the total under an empty name."""
    for one in fields().values():
        how = one.also_from or {}
        value = asked.lookup(one.id).value if how.get("of") == asked.field.id else None
        if isinstance(value, float):
            yield how.get("item", ""), value


def _listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []


_WAYS: Mapping[str, Callable[[Asked], Possible]] = {
    "boolean": _yes_or_no,
    "enum": _one_word,
    "number": _numbers,
    "list": lambda asked: _dated_list(asked) if asked.field.entries else _list(asked),
    "date": _dates,
    "datetime": _dates,
    "map": _limits_of_laboratory,
    "items": _items,
}
