"""From what single resources say to the entries of a case.

Which stroke the record is about is settled first. What may belong before or after it, to this
stroke or to another, is left out where that is not clear. No absence becomes a no.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from saisei.base.dates import PartialDate
from saisei.cases.codes import of_codes
from saisei.cases.entries import Entry, in_order
from saisei.cases.fhir.elements import later
from saisei.cases.fhir.facts import Fact, Reading, undated
from saisei.cases.fields import fields
from saisei.cases.values import Listed

__all__ = ["assemble"]


def assemble(
    facts: Sequence[Fact], reading: Reading
) -> tuple[dict[str, tuple[Entry, ...]], dict[str, set[int]]]:
    """Give the entries of a case, and which resources each field was read from."""
    stroke = _stroke([fact for fact in facts if fact.way == "stroke"], reading)
    onset = stroke.onset or _stated_onset(facts)
    single = [*stroke.facts, *_settled(facts, onset, reading)]
    single += _carried(list(_items(single, reading)), reading)
    single += _lists(single, reading)
    single += _last_onsets(single, reading)
    kept = [fact for fact in single if fact.way == "value"]
    entries: dict[str, tuple[Entry, ...]] = {}
    used: dict[str, set[int]] = {}
    for name in dict.fromkeys(fact.field for fact in kept):
        stated = [fact for fact in kept if fact.field == name]
        mine = _agreeing(stated, reading)
        if mine:
            entries[name] = in_order(_entry(fact, reading) for fact in mine)
            parts = [fact for fact in facts if fact.field == name and fact.way in PARTS]
            used[name] = {fact.at for fact in [*_repeated(stated, mine), *parts]}
    for name in stroke.fields & entries.keys():
        used[name] |= stroke.resources
    return entries, used


def _repeated(stated: Iterable[Fact], mine: Sequence[Fact]) -> Iterator[Fact]:
    """Give the facts that say what was taken over, also those that say it once more."""
    taken = {_stretch(fact): fact.value for fact in mine}
    for fact in stated:
        if _stretch(fact) in taken and _same(fact.value, taken[_stretch(fact)]):
            yield fact


def _stretch(fact: Fact) -> tuple[datetime, datetime] | None:
    return (fact.date.first, fact.date.last) if fact.date is not None else None


def _entry(fact: Fact, reading: Reading) -> Entry:
    unit = fields()[fact.field].unit
    date = fact.date or undated(reading.moment)
    return Entry(fact.value, date, fact.date is not None, fact.source, unit)


@dataclass(frozen=True, slots=True)
class _Stroke:
    """The stroke that a record is about, and what it says of the case."""

    onset: PartialDate | None = None
    facts: tuple[Fact, ...] = ()
    fields: frozenset[str] = frozenset()
    resources: frozenset[int] = frozenset()


def _stroke(events: Sequence[Fact], reading: Reading) -> _Stroke:
    """Find the latest stroke of a record; strokes close in time are one, recorded twice."""
    known = [(fact, fact.onset) for fact in events if fact.onset is not None]
    dated = sorted(known, key=lambda pair: (pair[1].first, pair[1].last))
    for fact in events:
        if fact.onset is None and dated:
            reading.tell(fact.told, "which-stroke")
    groups = _together(dated) if dated else [list(events)]
    index = groups[-1]
    if not index:
        return _Stroke()
    found = [*_kind(index, reading)]
    onset = _best(index)
    if onset is not None:
        found.append(_as_value(index[0], "onset_datetime", onset, _said(index)))
    if not found:
        for fact in index:
            if fact.value == "any":
                reading.tell(fact.told, "date")
    if len(groups) > 1:
        before = _best(groups[-2])
        said = _said(groups[-2])
        found.append(_as_value(groups[-2][0], "date_previous_stroke", before, said))
    resources = frozenset(fact.at for group in groups for fact in group)
    return _Stroke(onset, tuple(found), frozenset(fact.field for fact in found), resources)


def _together(dated: Sequence[tuple[Fact, PartialDate]]) -> list[list[Fact]]:
    """Group strokes, in their order, that lie close to the one before."""
    close = timedelta(days=of_codes("conventions")["same_stroke_days"])
    groups: list[list[Fact]] = []
    last: datetime | None = None
    for fact, onset in dated:
        if last is not None and onset.first - last <= close:
            groups[-1].append(fact)
        else:
            groups.append([fact])
        last = onset.last if last is None else max(last, onset.last)
    return groups


def _best(group: Sequence[Fact]) -> PartialDate | None:
    """Give the first onset of a group, to the best precision at which it is known."""
    dates = [fact.onset for fact in group if fact.onset is not None]
    if not dates:
        return None
    earliest = min(dates, key=lambda date: date.last)
    same = [date for date in dates if date.first <= earliest.last]
    return min(same, key=lambda date: (date.last - date.first, date.first))


def _said(group: Iterable[Fact]) -> PartialDate | None:
    date = None
    for fact in group:
        date = later(date, fact.date)
    return date


def _kind(index: Sequence[Fact], reading: Reading) -> Iterator[Fact]:
    kinds = {fact.value for fact in index} - {"any"}
    if len(kinds) > 1:
        for fact in index:
            reading.tell(fact.told, "conflict")
    if len(kinds) != 1:
        return
    kind = kinds.pop()
    yield _as_value(index[0], "stroke_type", kind, _said(index))
    yield _as_value(index[0], "condition", of_codes("strokes")[kind], _said(index))


def _as_value(fact: Fact, name: str, value: Any, date: PartialDate | None = None) -> Fact:
    said = date if date is not None else fact.date
    return Fact(fact.at, name, "value", value, said, fact.told)


def _stated_onset(facts: Sequence[Fact]) -> PartialDate | None:
    """Give the onset that was written under our own name."""
    stated = [fact.value for fact in facts if fact.field == "onset_datetime"]
    return stated[-1] if stated and isinstance(stated[-1], PartialDate) else None


def _settled(facts: Sequence[Fact], onset: PartialDate | None, reading: Reading) -> Iterator[Fact]:
    """Settle what depends on when the stroke was."""
    for fact in facts:
        if fact.way == "stroke":
            continue
        if fact.way == "since-the-stroke":
            began = fact.onset or fact.date
            if onset is None or began is None or began.first.date() < onset.last.date():
                reading.tell(fact.told, "which-stroke")
            else:
                yield replace(fact, way="value")
        elif fact.way.startswith("number-"):
            yield from _rankin(fact, onset, reading)
        else:
            yield replace(fact, way="value") if fact.way in SINGLE else fact


SINGLE = ("number", "result", "value-while-active")
PARTS = ("item", "member", "onset")
"""Ways in which several resources together give one value."""


def _rankin(fact: Fact, onset: PartialDate | None, reading: Reading) -> Iterator[Fact]:
    """Tell a Rankin score of before the stroke from one of after it, by its day."""
    before = fact.way == "number-before-the-stroke"
    date = fact.date or undated(reading.moment)
    safe = timedelta(days=of_codes("conventions")["rankin_after_days"])
    is_before = onset is not None and date.last.date() < onset.first.date()
    is_after = onset is not None and date.first.date() >= (onset.last + safe).date()
    if is_before if before else is_after:
        yield replace(fact, way="value")
    elif before and not is_after:
        reading.tell(fact.told, "rankin")


def _moments(facts: Iterable[Fact]) -> dict[Any, list[Fact]]:
    """Group facts by field and moment."""
    found: dict[Any, list[Fact]] = {}
    for fact in facts:
        found.setdefault((_stretch(fact), fact.field), []).append(fact)
    return found


def _items(facts: Iterable[Fact], reading: Reading) -> Iterator[Fact]:
    """Put the items of a scale, or the limits of a laboratory, of one moment together."""
    groups = _moments(fact for fact in facts if fact.way == "item").values()
    for group in sorted(groups, key=lambda group: _moment(group[0], reading)):
        values: dict[str, set[Any]] = {}
        for fact in group:
            values.setdefault(fact.value[0], set()).add(fact.value[1])
        for fact in group:
            if len(values[fact.value[0]]) > 1:
                reading.tell(fact.told, "conflict")
        held = {item: found.pop() for item, found in values.items() if len(found) == 1}
        if held:
            yield replace(group[0], way="value", value=MappingProxyType(held))


def _carried(facts: Sequence[Fact], reading: Reading) -> Iterator[Fact]:
    """Add to the limits of a laboratory those of other tests that still count."""
    for at, fact in enumerate(facts):
        wanted = fields()[fact.field]
        if wanted.type != "map" or not isinstance(wanted.valid_for, int | float):
            yield fact
            continue
        span = timedelta(days=wanted.valid_for)
        held: dict[str, Any] = {}
        for one in facts[: at + 1]:
            if one.field == fact.field and _moment(fact, reading) - _moment(one, reading) <= span:
                held |= one.value
        yield replace(fact, value=MappingProxyType(held))


def _lists(facts: Iterable[Fact], reading: Reading) -> Iterator[Fact]:
    """Put the members of a list together.

    A list of medicines is what the record lists. A list of findings is given only when each of its
    possible members is settled, since a member that is not in the list counts as not found.
    """
    members = [fact for fact in facts if fact.way == "member"]
    for name in dict.fromkeys(fact.field for fact in members):
        mine = [fact for fact in members if fact.field == name]
        wanted = fields()[name]
        mine = _in_use(mine, reading)
        ordered = sorted(mine, key=lambda fact: _moment(fact, reading))
        latest = {fact.value[0]: fact for fact in ordered}
        if wanted.values and set(latest) != set(wanted.values):
            for fact in mine:
                reading.tell(fact.told, "list")
            continue
        yield _as_list(name, list(latest.values()), mine)


def _last_onsets(facts: Iterable[Fact], reading: Reading) -> Iterator[Fact]:
    """Give the last of all onsets that had been recorded by each day on which one was."""
    onsets = [fact for fact in facts if fact.way == "onset"]
    for name in dict.fromkeys(fact.field for fact in onsets):
        mine = sorted(
            (fact for fact in onsets if fact.field == name),
            key=lambda fact: _moment(fact, reading),
        )
        last: PartialDate | None = None
        for fact in mine:
            last = later(last, fact.value)
            same = [one for one in mine if _moment(one, reading) == _moment(fact, reading)]
            if fact is same[-1]:
                yield replace(fact, way="value", value=last)


def _in_use(mine: Sequence[Fact], reading: Reading) -> list[Fact]:
    """Leave out what was given once, too long before the newest entry to be in use still."""
    newest = max(_moment(fact, reading) for fact in mine)
    valid = fields()[mine[0].field].valid_for
    span = timedelta(days=valid if isinstance(valid, int | float) else 0)
    return [
        fact
        for fact in mine
        if fact.told[0] != "MedicationAdministration" or newest - _moment(fact, reading) <= span
    ]


def _as_list(name: str, latest: Sequence[Fact], mine: Sequence[Fact]) -> Fact:
    wanted = fields()[name]
    present = sorted(fact.value[0] for fact in mine if fact.value[1])
    names = list(dict.fromkeys(present))
    dates = [fact.date for fact in latest if fact.date is not None]
    oldest_or_newest = min if wanted.values else max
    date = oldest_or_newest(dates, key=lambda one: (one.last, one.first)) if dates else None
    value = tuple(Listed(one) for one in names) if wanted.entries is not None else tuple(names)
    return Fact(mine[-1].at, name, "value", value, date, mine[-1].told)


def _agreeing(mine: Sequence[Fact], reading: Reading) -> list[Fact]:
    """Keep one value of each moment; of two different ones that were published, the later.

    Where the latest moment of a field stays unclear, the field is left out whole: an older value
    is not what is so now.
    """
    kept: list[Fact] = []
    unclear: list[Fact] = []
    for group in _moments(mine).values():
        chosen = _one_of(group)
        if chosen is None:
            unclear += group
        else:
            kept.append(chosen)
    for fact in unclear:
        reading.tell(fact.told, "conflict")
    if unclear and kept:
        last = max(_moment(fact, reading) for fact in unclear)
        if all(_moment(fact, reading) <= last for fact in kept):
            for fact in kept:
                reading.tell(fact.told, "conflict")
            return []
    return kept


def _moment(fact: Fact, reading: Reading) -> Any:
    date = fact.date or undated(reading.moment)
    return date.last


def _one_of(group: Sequence[Fact]) -> Fact | None:
    if all(_same(fact.value, group[0].value) for fact in group):
        return group[0]
    if any(fact.issued is None for fact in group):
        return None
    newest = max(fact.issued for fact in group if fact.issued is not None)
    latest = [fact for fact in group if fact.issued == newest]
    return latest[0] if all(_same(fact.value, latest[0].value) for fact in latest) else None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, PartialDate) and isinstance(other, PartialDate):
        return (one.first, one.last) == (other.first, other.last)
    return bool(one == other)
