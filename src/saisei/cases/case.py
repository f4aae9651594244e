"""A case: what is known about one person at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from saisei.base.dates import PartialDate
from saisei.base.errors import CaseError
from saisei.cases.answers import Answer, Known, known_value, valid
from saisei.cases.consistency import find_contradictions, gives, total_of
from saisei.cases.derive import derive, to_precision
from saisei.cases.entries import Entries, Entry, in_order, nowhere, read_all, same_time
from saisei.cases.fields import Field, fields
from saisei.cases.record import RecordRead
from saisei.cases.values import NEVER

__all__ = ["Case"]


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """What is known about one person.

    Parameters
    ----------
    name
        What the case is called: the name of its file.
    as_of
        The moment that everything is judged at, with its time zone.
    entries
        What was stated, by field, oldest first. Fields that nobody stated are not there.
    record
        What was read of the record that it comes from, and what was not; None for a case file.
    """

    name: str
    as_of: datetime
    entries: Entries
    record: RecordRead | None = field(default=None, compare=False)
    _answers: dict[str, Answer] = field(default_factory=dict, init=False, compare=False)

    def __repr__(self) -> str:
        """Name the case without saying anything about the person."""
        return f"Case({self.name!r}, {len(self.entries)} fields)"

    def answer(self, field_id: str) -> Answer:
        """Give what the case says about a field at its moment.

        Raises
        ------
        KeyError
            There is no such field.
        """
        if field_id not in self._answers:
            self._answers[field_id] = self._find(fields()[field_id])
        return self._answers[field_id]

    def series(self, field_id: str) -> tuple[Entry, ...]:
        """Give every value of a field, oldest first, totals from items among them.

        What is too old to count is there too; `Entry.dated` tells values without a date.
        """
        wanted, stated = fields()[field_id], self.entries.get(field_id, ())
        if wanted.also_from is None:
            return stated
        summed = [
            Entry(total, by_items.date, by_items.dated, by_items.source, wanted.unit)
            for by_items in self.entries.get(wanted.also_from["of"], ())
            if (total := total_of(wanted, by_items)) is not None
            and not any(same_time(by_items.date, entry.date) for entry in stated)
        ]
        return in_order([*stated, *summed])

    def replace(self, **values: Any) -> Case:
        """Give a case with other values, written as in a case file; None takes a field out.

        Raises
        ------
        CaseError
            A value is impossible.
        """
        kept = {name: found for name, found in self.entries.items() if name not in values}
        given = {name: value for name, value in values.items() if value is not None}
        read, problems = read_all(given, self.as_of, nowhere)
        entries = kept | read
        problems = problems or find_contradictions(entries, nowhere)
        if problems:
            raise CaseError(problems)
        return Case(self.name, self.as_of, MappingProxyType(entries))

    def answered(self, **values: Any) -> Case:
        """Give a case with further answers, written as in a case file.

        What was stated earlier stays; only what was stated of the same moment is replaced.

        Raises
        ------
        CaseError
            An answer is impossible, or cannot be true together with what is stated.

        Examples
        --------
        >>> from saisei.cases import case_from_data
        >>> case = case_from_data({"as_of": "2026-11-20"}).answered(seizure_history="never")
        >>> case.answer("epilepsy").value
        False
        """
        read, problems = read_all(values, self.as_of, nowhere)
        entries = dict(self.entries)
        for name, found in read.items():
            moments = {(one.date.first, one.date.last) for one in found}
            kept = (
                one
                for one in self.entries.get(name, ())
                if (one.date.first, one.date.last) not in moments
            )
            entries[name] = in_order([*kept, *found])
        problems = problems or find_contradictions(entries, nowhere)
        if problems:
            raise CaseError(problems)
        return Case(self.name, self.as_of, MappingProxyType(entries), self.record)

    def _find(self, wanted: Field) -> Answer:
        if wanted.derived:
            return derive(wanted, self)
        several = self.series(wanted.id)
        for entry in reversed(several):
            value = known_value(entry)
            if value is not None and self._counts(wanted, entry):
                return self._stated(wanted, entry, value)
        latest = several[-1] if several else None
        implied = self._implied(wanted)
        if implied is not None:
            return Answer(wanted.id, "known", implied, derived=True)
        stale = latest is not None and known_value(latest) is not None
        return Answer(wanted.id, "stale" if stale else "missing", None, latest)

    def _counts(self, wanted: Field, entry: Entry) -> bool:
        return wanted.valid_for is None or valid(wanted, entry, self)

    def _stated(self, wanted: Field, entry: Entry, value: Known) -> Answer:
        summed = entry not in self.entries.get(wanted.id, ())
        if value is NEVER and wanted.type == "boolean":
            value = False
        if wanted.precision_from and isinstance(value, PartialDate):
            precision = self.answer(wanted.precision_from).value
            value = to_precision(value, precision) if isinstance(precision, str) else value
        return Answer(wanted.id, "known", value, entry, derived=summed)

    def _implied(self, wanted: Field) -> Known | None:
        """Give what the stated answers of other fields settle about this one."""
        for rule in wanted.follows:
            other = fields()[rule["from"]]
            for entry in reversed(self.entries.get(other.id, ())):
                if known_value(entry) is not None and self._counts(other, entry):
                    if (found := gives(rule, entry)) is not None:
                        return _as_known(found)
                    break
        if wanted.if_male is not None and self.answer("sex").value == "male":
            return wanted.if_male
        return None


def _as_known(found: Any) -> Known:
    """Turn what a rule of the table gives into an answer."""
    if found == "never":
        return NEVER
    known: Known = frozenset(found) if isinstance(found, list) else found
    return known
