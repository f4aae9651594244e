"""Entries: the dated values that a case holds of one field, oldest first."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saisei.base.dates import PartialDate
from saisei.base.errors import Place, Problem
from saisei.cases.fields import Field, fields, table
from saisei.cases.mistakes import MistakeError, Moment
from saisei.cases.readers import read_value
from saisei.cases.values import NEVER, EntryValue

__all__ = ["Entries", "Entry", "Locate", "nowhere", "read_all", "same_time"]

Locate = Callable[..., Place | None]
"""Gives the place of a value by the steps that lead to it."""


def nowhere(*_steps: Hashable) -> None:
    """Locate a value that stands in no file."""


HINTED = 50
"""Of so many mistakes what was probably meant is searched for, which takes time."""
WRAPPER = ("value", "unit", "date", "source", "open", "without")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of one field: when it was so, and who says it.

    `date` of a value without one is the moment of the report, and `dated` is then false. A list
    that `is_open` may hold more than was stated, but nothing of what it is stated to be `without`.
    """

    value: EntryValue
    date: PartialDate
    dated: bool = True
    source: str | None = None
    unit: str | None = None
    is_open: bool = False
    without: tuple[str, ...] = ()

    @property
    def absent(self) -> bool:
        """Whether the entry says that there is none: false, never, or an empty list."""
        nothing = self.value == () and not self.is_open
        return self.value is False or self.value is NEVER or nothing

    @property
    def present(self) -> bool:
        """Whether the entry says that there is one."""
        return not self.absent and (self.value != () or not self.is_open)


Entries = Mapping[str, tuple[Entry, ...]]


def read_all(
    data: Mapping[Any, Any], as_of: datetime, locate: Locate
) -> tuple[dict[str, tuple[Entry, ...]], list[Problem]]:
    """Read every field of a case, and collect every problem on the way."""
    entries: dict[str, tuple[Entry, ...]] = {}
    problems: list[Problem] = []
    moment = Moment(as_of)
    for key, raw in data.items():
        wanted = fields().get(key) if isinstance(key, str) else None
        if wanted is None or wanted.derived:
            hint = len(problems) < HINTED
            problems.append(_refused(key, wanted, locate(key), hint=hint))
            continue
        reading = _FieldReader(wanted, moment, locate)
        if found := reading.entries(raw):
            entries[wanted.id] = found
        problems += reading.problems
    return entries, problems


def _refused(key: Hashable, wanted: Field | None, place: Place | None, *, hint: bool) -> Problem:
    if wanted is not None:
        inputs = ", ".join(wanted.inputs)
        return Problem(
            "derived",
            "this is computed, never typed in",
            f"{wanted.derived_from} (in {inputs})",
            f"Take the line out and give {inputs}",
            place,
            wanted.id,
        )
    name = str(key)[:60]
    near = nearest(name) if hint else None
    step = f"Did you mean `{near}`?" if near else "The empty case lists every field"
    return Problem(
        "unknown-field", "there is no such field", "a field of the case", step, place, name
    )


def nearest(name: str) -> str | None:
    """Give the field that was probably meant: by another name for it, else by its letters.

    Examples
    --------
    >>> nearest("dob"), nearest("hemoglobin_gdl")
    ('birth_date', 'hemoglobin_g_dl')
    """
    plain = name.strip().casefold().replace("-", "_").replace(" ", "_")
    other_names: Mapping[str, str] = table("also_called")
    typed = [wanted.id for wanted in fields().values() if not wanted.derived]
    found = difflib.get_close_matches(plain, [*typed, *other_names], 1, 0.7)
    match = plain if plain in other_names else (found[0] if found else None)
    return None if match is None else other_names.get(match, match)


class _FieldReader:
    """Reads what stands under one field: a value, a value with its date, or several of these."""

    def __init__(self, wanted: Field, moment: Moment, locate: Locate) -> None:
        self.wanted = wanted
        self.moment = moment
        self.locate = locate
        self.problems: list[Problem] = []

    def entries(self, raw: Any) -> tuple[Entry, ...]:
        if not self._several(raw):
            found = [self._entry(raw, ())]
        else:
            found = [self._entry(one, (index,)) for index, one in enumerate(raw)]
        kept = [entry for entry in found if entry is not None]
        if len(kept) > 1 and self._undistinguished(kept):
            self._note(_SAME_DATE, ())
        return in_order(kept)

    def _several(self, raw: Any) -> bool:
        if not isinstance(raw, list | tuple):
            return False
        wrapped = bool(raw) and all(_is_wrapper(one) for one in raw)
        return wrapped or (self.wanted.type != "list" and bool(raw))

    def _entry(self, raw: Any, steps: tuple[Hashable, ...]) -> Entry | None:
        wrapped = _is_wrapper(raw)
        given: Mapping[Any, Any] = raw if wrapped else {"value": raw}
        try:
            self._check_keys(given)
            return self._build(given, wrapped=wrapped)
        except MistakeError as mistake:
            self._note(mistake, (*steps, *mistake.steps))
            return None

    def _build(self, given: Mapping[Any, Any], *, wrapped: bool) -> Entry | None:
        date = self._date(given.get("date"))
        source = given.get("source")
        if source is not None and not isinstance(source, str):
            raise _inside(
                "source", MistakeError("wrong-type", "the source is not a text", "a text")
            )
        raw, unit = given["value"], given.get("unit")
        if self._unknown(raw):
            return None
        try:
            value = read_value(self.wanted, raw, unit, self.moment)
        except MistakeError as mistake:
            raise (_inside("value", mistake) if wrapped else mistake) from None
        if isinstance(value, Mapping) and not value:
            return None
        moment = date or now(self.moment.as_of)
        is_open, without = self._open(given)
        return Entry(
            value, moment, date is not None, source, self.wanted.unit, is_open, tuple(without)
        )

    def _open(self, given: Mapping[Any, Any]) -> tuple[bool, Iterable[str]]:
        """Read whether a list may hold more than was stated, and what it surely does not hold."""
        is_open, without = given.get("open", False), given.get("without")
        if "open" in given and (self.wanted.type != "list" or not isinstance(is_open, bool)):
            expected = "`open: true` beside the value of a list"
            raise _inside("open", MistakeError("wrong-type", "this cannot be open", expected))
        if without is None:
            return is_open, ()
        try:
            lacked = read_value(self.wanted, without, None, self.moment) if is_open else None
        except MistakeError as mistake:
            raise _inside("without", mistake) from None
        held = read_value(self.wanted, given["value"], None, self.moment)
        if not isinstance(lacked, tuple) or not isinstance(held, tuple) or self.wanted.entries:
            expected = "words of the list, beside `open: true`"
            raise _inside("without", MistakeError("wrong-type", "this says nothing", expected))
        if set(lacked) & set(held):
            found = "an entry that the list is said to hold"
            raise _inside("without", MistakeError("contradiction", found, "other entries"))
        return True, (str(one) for one in lacked)

    def _date(self, raw: Any) -> PartialDate | None:
        try:
            return None if raw is None else self.moment.read(raw)
        except MistakeError as mistake:
            raise _inside("date", mistake) from None

    def _unknown(self, raw: Any) -> bool:
        """Whether nothing is said: null, or the word unknown where that is no value."""
        said = raw.strip().casefold() if isinstance(raw, str) else raw
        return said is None or (said == "unknown" and "unknown" not in self.wanted.values)

    def _check_keys(self, given: Mapping[Any, Any]) -> None:
        if "value" not in given:
            raise MistakeError("incomplete", "an entry without a value", _shape())
        for key in given:
            if key not in WRAPPER:
                raise _inside(key, MistakeError("unknown-key", "an unknown name beside", _shape()))

    def _undistinguished(self, entries: list[Entry]) -> bool:
        dates = [(e.date.first, e.date.last) for e in entries]
        return len(set(dates)) < len(dates)

    def _note(self, mistake: MistakeError, steps: tuple[Hashable, ...]) -> None:
        name = self.wanted.id
        place = self.locate(name, *steps)
        self.problems.append(
            Problem(mistake.code, mistake.found, mistake.expected, mistake.next_step, place, name)
        )


_SAME_DATE = MistakeError(
    "same-date",
    "several values of the same moment",
    "each value with a date of its own",
    "Add the date or the hour of each, such as {value: …, date: 2026-11-19T08:00}",
)


def _is_wrapper(raw: Any) -> bool:
    """Whether this is a value with its date, unit and source around it."""
    if not isinstance(raw, Mapping) or not raw:
        return False
    return "value" in raw or all(key in WRAPPER for key in raw)


def _inside(step: Hashable, mistake: MistakeError) -> MistakeError:
    mistake.steps = (step, *mistake.steps)
    return mistake


def _shape() -> str:
    return "`value`, and beside it only `unit`, `date` and `source` (for a list `open`, `without`)"


def same_time(one: PartialDate, other: PartialDate) -> bool:
    """Whether two dates name the same moment, or a day and an hour of it.

    Examples
    --------
    >>> day = PartialDate.parse("2026-11-19")
    >>> same_time(day, PartialDate.parse("2026-11-19T08:00"))
    True
    >>> same_time(day, PartialDate.parse("2026-11"))
    False
    """
    if (one.first, one.last) == (other.first, other.last):
        return True
    if {one.precision, other.precision} != {"day", "minute"}:
        return False
    day, hour = (one, other) if one.precision == "day" else (other, one)
    return day.first <= hour.first <= day.last


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sort entries oldest first; one without a date counts as of the report and comes last."""
    return tuple(sorted(entries, key=lambda entry: (entry.date.last, entry.date.first)))


def now(as_of: datetime) -> PartialDate:
    """Give the moment of the report as a date."""
    return PartialDate(as_of.isoformat(), as_of, as_of, "minute")
