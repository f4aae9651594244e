"""What cannot all be true of one case: dates before birth, totals that differ, yes beside never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from saisei.base.dates import PartialDate
from saisei.base.errors import Problem
from saisei.cases.entries import Entries, Entry, Locate, same_time
from saisei.cases.fields import Field, fields, table
from saisei.cases.values import Listed
from saisei.scales import score_items

__all__ = ["find_contradictions", "gives", "total_of"]


def find_contradictions(entries: Entries, locate: Locate) -> list[Problem]:
    """Find every pair of statements of a case that cannot both be true."""
    return [
        *_before_birth(entries, locate),
        *_wrong_order(entries, locate),
        *_differing_totals(entries, locate),
        *_at_odds(entries, locate),
        *_excluded(entries, locate),
    ]


def _before_birth(entries: Entries, locate: Locate) -> Iterator[Problem]:
    born = _date_of(entries, "birth_date")
    if born is None:
        return
    for name, several in entries.items():
        if name != "birth_date" and any(
            date.last < born.first for entry in several for date in _dates(entry)
        ):
            yield Problem(
                "before-birth",
                "a date that lies before the date of birth",
                "a date after it",
                "Check this date and birth_date",
                locate(name),
                name,
            )


def _dates(entry: Entry) -> Iterator[PartialDate]:
    yield entry.date
    if isinstance(entry.value, PartialDate):
        yield entry.value
    elif isinstance(entry.value, tuple):
        for one in entry.value:
            if isinstance(one, Listed):
                yield from (d for d in one.details.values() if isinstance(d, PartialDate))


def _wrong_order(entries: Entries, locate: Locate) -> Iterator[Problem]:
    for row in table("orders"):
        first, then = _date_of(entries, row["first"]), _date_of(entries, row["then"])
        if first is not None and then is not None and then.last < first.first:
            yield Problem(
                "order",
                f"this lies before {row['first']}",
                f"{row['first']} first, then {row['then']}",
                "Check both dates",
                locate(row["then"]),
                row["then"],
            )


def _differing_totals(entries: Entries, locate: Locate) -> Iterator[Problem]:
    """Compare what was typed with what the items of the same date say."""
    for name, wanted in fields().items():
        if wanted.also_from is None or name not in entries:
            continue
        for by_items in entries.get(wanted.also_from["of"], ()):
            computed = total_of(wanted, by_items)
            for typed in entries[name]:
                if _same_moment(typed, by_items) and computed not in (None, typed.value):
                    yield _differs(name, wanted.also_from["of"], locate)


def _differs(name: str, items: str, locate: Locate) -> Problem:
    return Problem(
        "differs-from-items",
        f"this differs from what {items} of the same date say",
        "the same number",
        f"Give only {items}, or correct one of the two",
        locate(name),
        name,
    )


def total_of(wanted: Field, by_items: Entry) -> float | None:
    """Give the value of a field that an entry of items implies, or None while one is missing."""
    how: Mapping[str, Any] = wanted.also_from or {}
    if not isinstance(by_items.value, Mapping):
        return None
    if how["kind"] == "item":
        found = by_items.value.get(how["item"])
        return found if isinstance(found, float) else None
    return score_items(fields()[how["of"]].scale or "", by_items.value).total


def _at_odds(entries: Entries, locate: Locate) -> Iterator[Problem]:
    """Compare each stated answer with what another answer of the same moment settles about it.

    A pair is told once, at the one that stands first.
    """
    told: set[frozenset[str]] = set()
    for name, several in entries.items():
        for rule in fields()[name].follows:
            other = entries.get(rule["from"])
            pair = frozenset({name, rule["from"]})
            if not other or pair in told or not _same_moment(several[-1], other[-1]):
                continue
            settled = gives(rule, other[-1])
            if settled is not None and _clash(several[-1], settled):
                told.add(pair)
                yield Problem(
                    "contradiction",
                    f"this does not agree with {rule['from']}",
                    "two answers that can both be true",
                    "Correct one of the two",
                    locate(name),
                    name,
                )


def gives(rule: Mapping[str, Any], stated: Entry) -> Any:
    """Give what a rule of `follows` settles from a stated entry, or None when it says nothing."""
    if "values" in rule:
        return rule["values"].get(stated.value) if isinstance(stated.value, str) else None
    if isinstance(stated.value, str):
        return None
    settles = stated.absent if rule["when"] == "absent" else stated.present
    return rule["gives"] if settles else None


def _clash(stated: Entry, settled: Any) -> bool:
    if isinstance(stated.value, str):
        return stated.value not in (settled, "unknown")
    absent = settled in (False, "never", [])
    return stated.present if absent else stated.absent


def _excluded(entries: Entries, locate: Locate) -> Iterator[Problem]:
    for row in table("contradictions"):
        stated, given = entries.get(row["field"]), entries.get(row["given"])
        if stated and given and stated[-1].value in row["values"]:
            yield Problem(
                "contradiction",
                f"this does not agree with {row['given']}",
                "two answers that can both be true",
                row["next"],
                locate(row["field"]),
                row["field"],
            )


def _same_moment(one: Entry, other: Entry) -> bool:
    return same_time(one.date, other.date)


def _date_of(entries: Entries, name: str) -> PartialDate | None:
    several = entries.get(name)
    found = several[-1].value if several else None
    return found if isinstance(found, PartialDate) else None
