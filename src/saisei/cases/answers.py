"""Answers: what a case says about a field at its moment, and for how long a value holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from saisei.base.dates import PartialDate, Span
from saisei.cases.entries import Entries, Entry
from saisei.cases.fields import Field, table
from saisei.cases.values import NEVER, Listed, Never, OpenList

__all__ = [
    "Answer",
    "Known",
    "Person",
    "State",
    "allowed_days",
    "index_date",
    "known_value",
    "valid",
]

State = Literal["known", "missing", "stale"]

Known = (
    float
    | Span
    | bool
    | str
    | frozenset[str]
    | OpenList
    | PartialDate
    | Never
    | Mapping[str, float | str]
)
"""What a known answer can be."""

UNANSWERED = ("unknown", "cannot-assess")
"""Values that say that nobody knows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a case says about one field.

    Parameters
    ----------
    field
        The field's id.
    state
        ``known``; ``missing`` (nobody said it, or somebody said that nobody knows); ``stale``
        (it was said, too long ago to count).
    value
        When known: a number is a float, or a `Span` when it is known only to lie between two
        bounds; a time since what never happened is infinite; a list is a frozenset of its names,
        or an `OpenList` when only some of its entries are known;
        a date is a `PartialDate` or `NEVER`; *never* to a yes-or-no question is False.
    entry
        The entry it rests on, also when that is stale or says unknown; None for what is computed
        from other fields.
    derived
        Whether it was computed or follows from another answer.
    """

    field: str
    state: State
    value: Known | None = None
    entry: Entry | None = None
    derived: bool = False

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.state == "known"


class Person(Protocol):
    """What computing an answer needs of a case."""

    @property
    def as_of(self) -> datetime:
        """The moment of the report."""

    @property
    def entries(self) -> Entries:
        """What was stated."""

    def answer(self, field_id: str) -> Answer:
        """Give the answer to a field."""

    def series(self, field_id: str) -> tuple[Entry, ...]:
        """Give every value of a field, oldest first."""


def known_value(entry: Entry) -> Known | None:
    """Give the value of an entry as an answer, or None where it says that nobody knows."""
    value = entry.value
    if isinstance(value, tuple):
        names = frozenset(one.name if isinstance(one, Listed) else one for one in value)
        return OpenList(names, frozenset(entry.without)) if entry.is_open else names
    if isinstance(value, str) and value in UNANSWERED:
        return None
    return value


def valid(wanted: Field, entry: Entry, person: Person) -> bool:
    """Whether an entry still counts at the moment of the report.

    A date known to the month or year counts from its first day: a value that may be too old does
    not count. A score from before the stroke says nothing about after it.
    """
    allowed = allowed_days(wanted, entry, person)
    if allowed is None:
        return True
    since = index_date(person)
    if wanted.group in ("stroke", "scales") and since and entry.date.last < since.first:
        return False
    return entry.date.days_before(person.as_of).high <= allowed


def allowed_days(wanted: Field, entry: Entry, person: Person) -> float | None:
    """Give for how many days an entry counts; None when it does not expire."""
    how_long = wanted.valid_for
    if not isinstance(how_long, Mapping):
        return how_long if isinstance(how_long, int | float) else None
    return how_long[_phase(entry, person) if "chronic" in how_long else _kind(entry)]


def _kind(entry: Entry) -> str:
    if entry.value is NEVER:
        return "if_never"
    if isinstance(entry.value, bool):
        return "if_true" if entry.value else "if_false"
    if isinstance(entry.value, PartialDate):
        return "if_date"
    return "if_present" if entry.value else "if_absent"


def _phase(entry: Entry, person: Person) -> str:
    """Give the phase in which a value was taken; the shorter validity where it is not certain."""
    since = index_date(person)
    if since is None:
        return "acute_subacute"
    border = table("meta")["acute_subacute_to_day"]
    days = (entry.date.first.date() - since.last.astimezone(entry.date.first.tzinfo).date()).days
    return "chronic" if days > border else "acute_subacute"


def index_date(person: Person) -> PartialDate | None:
    """Give the date of the stroke, or of the brain injury that the case is about."""
    for name in ("onset_datetime", "date_brain_injury"):
        found = person.answer(name).value
        if isinstance(found, PartialDate):
            return found
    return None
