"""A case from a FHIR R4 bundle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from saisei.base.errors import Place
from saisei.cases.case import Case
from saisei.cases.consistency import find_contradictions
from saisei.cases.entries import Entries, Entry, nowhere
from saisei.cases.fhir.assemble import assemble
from saisei.cases.fhir.bundle import Bundle
from saisei.cases.fhir.facts import Reading
from saisei.cases.fhir.resources import facts_of
from saisei.cases.fields import fields
from saisei.cases.mistakes import Moment
from saisei.cases.record import RecordRead, unmapped

__all__ = ["bundle_to_case"]


def bundle_to_case(bundle: Bundle, as_of: datetime, name: str, place: Place | None = None) -> Case:
    """Read the record of one person into a case.

    Parameters
    ----------
    bundle
        The opened bundle.
    as_of
        The moment to judge at; what lies after it is left out.
    name
        What the case is called.
    place
        Where the bundle stands, for a message.

    Returns
    -------
    Case
        Its `record` says how much was read, and what was left out and why.

    Raises
    ------
    CaseError
        The person has died.
    """
    reading = Reading(bundle, Moment(as_of))
    facts = list(facts_of(reading, place))
    entries, used = assemble(facts, reading)
    entries = _without_contradictions(entries, used, reading)
    return Case(name, as_of, MappingProxyType(entries), _record(bundle, entries, used, reading))


def _without_contradictions(
    entries: dict[str, tuple[Entry, ...]], used: Mapping[str, set[int]], reading: Reading
) -> dict[str, tuple[Entry, ...]]:
    """Leave out what cannot be true together; a record is not the person's mistake to correct."""
    kinds = {one.at: one.kind for one in reading.bundle.resources}
    while problems := find_contradictions(entries, nowhere):
        out = {problem.field for problem in problems}
        for problem in problems:
            wanted = fields()[problem.field]
            if problem.code == "differs-from-items" and wanted.also_from is not None:
                out.add(wanted.also_from["of"])
        for name in sorted(out & entries.keys()):
            for at in sorted(used[name]):
                reading.tell((kinds.get(at, "Patient"), ""), "contradiction")
        entries = {name: several for name, several in entries.items() if name not in out}
    return entries


def _record(
    bundle: Bundle, entries: Entries, used: Mapping[str, set[int]], reading: Reading
) -> RecordRead:
    gave = {at for name in entries for at in used[name]}
    every = [*bundle.resources, *bundle.older]
    left = Counter(one.kind for one in every if one.at not in gave)
    unread = tuple(sorted(left.items(), key=lambda pair: (-pair[1], pair[0])))
    total = len(every)
    read = total - sum(left.values())
    return RecordRead(total, read, unread, unmapped(reading.lost), bundle.incomplete)
