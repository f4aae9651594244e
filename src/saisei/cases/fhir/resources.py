"""What each kind of resource says: illnesses, procedures, medicines, allergies, stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from saisei.base.dates import PartialDate
from saisei.base.errors import CaseError, Place, Problem
from saisei.cases.codes import Code, of_codes
from saisei.cases.fhir.bundle import Resource
from saisei.cases.fhir.elements import (
    LostError,
    codings,
    date_of,
    interval,
    later,
    mapping,
    mappings,
    moment_of,
    text,
)
from saisei.cases.fhir.facts import Fact, Reading, find_code, told_of, yes
from saisei.cases.fhir.observations import observed
from saisei.cases.fhir.own import is_own, read_own
from saisei.cases.fields import fields

__all__ = ["facts_of"]

Element = Mapping[str, Any]
DANGER = "severe_allergic_reaction_history"
ORDERS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")


def facts_of(reading: Reading, place: Place | None) -> Iterator[Fact]:
    """Give everything that the resources of a bundle say about the person."""
    if reading.bundle.patient is not None:
        yield from _patient(reading, place)
    for one in reading.bundle.older:
        reading.tell((one.kind, ""), "version")
    for one in reading.bundle.resources:
        if one.kind != "Patient":
            told = _told(one)
            yield from reading.keep(told, _facts(one, reading))


def _facts(one: Resource, reading: Reading) -> Iterator[Fact]:
    read = READERS.get(one.kind)
    if read is None:
        raise LostError("kind")
    if one.body.get("modifierExtension"):
        raise LostError("modifier")
    if not reading.bundle.is_about_the_person(one.body):
        raise LostError("someone-else")
    own = one.kind == "Observation" and is_own(one.body)
    yield from read_own(one, reading) if own else read(one, reading)


def _told(one: Resource) -> tuple[str, str]:
    for name in ("code", "medicationCodeableConcept", "vaccineCode"):
        concept = one.body.get(name)
        if isinstance(concept, Mapping):
            return told_of(one, concept)
    return one.kind, ""


def _patient(reading: Reading, place: Place | None) -> Iterator[Fact]:
    """Read who the person is; the record of somebody who has died makes no case."""
    patient = reading.bundle.patient or {}
    at = next((one.at for one in reading.bundle.resources if one.kind == "Patient"), -1)
    if _dead(patient, reading):
        found = "the person of this record has died"
        raise CaseError(Problem("deceased", found, "the record of a living person", place=place))
    told = ("Patient", "")
    yield from reading.keep(told, _born(at, patient, reading))
    gender = patient.get("gender")
    if isinstance(gender, str) and gender in fields()["sex"].values:
        yield Fact(at, "sex", "value", gender, None, told)
    elif patient.get("birthDate") is None:
        reading.tell(told, "no-value")


def _dead(patient: Element, reading: Reading) -> bool:
    if patient.get("deceasedBoolean") is True:
        return True
    try:
        died = patient.get("deceasedDateTime")
        return died is not None and date_of(died, reading.moment) is not None
    except LostError as lost:
        return lost.reason != "future"


def _born(at: int, patient: Element, reading: Reading) -> Iterator[Fact]:
    if patient.get("birthDate") is not None:
        reading.born = date_of(patient["birthDate"], reading.moment)
        yield Fact(at, "birth_date", "value", reading.born, None, ("Patient", ""))


def _condition(one: Resource, reading: Reading) -> Iterator[Fact]:
    code = find_code(mapping(one.body, "code"), "Condition")
    if code is None:
        raise LostError("code")
    if not _counts(one.body, "verificationStatus", "verification", missing=True):
        raise LostError("status")
    active = _counts(one.body, "clinicalStatus", "active") and not any(
        name.startswith("abatement") for name in one.body
    )
    if code.when == "active" and not active:
        raise LostError("status")
    onset = _onset(one.body, reading)
    said = later(_optional(one.body, "recordedDate", reading), onset)
    told = _told(one)
    if code.event:
        yield Fact(one.at, "", "stroke", code.event, said, told, onset)
    yield from _filled(one.at, code, said, onset, told, reading, active=active)


def _filled(
    at: int,
    code: Code,
    said: PartialDate | None,
    onset: PartialDate | None,
    told: tuple[str, str],
    reading: Reading,
    *,
    active: bool,
) -> Iterator[Fact]:
    for fill in code.fills:
        if fill.way == "onset":
            if onset is None:
                reading.tell(told, "date")
            else:
                yield Fact(at, fill.field, "onset", onset, said, told)
        elif fill.way == "member":
            yield Fact(at, fill.field, "member", (fill.value, True), said, told)
        elif fill.way == "value" or active:
            yield from reading.keep(told, yes(at, fill, said, told))


def _counts(body: Element, name: str, table: str, *, missing: bool = False) -> bool:
    allowed = of_codes("counts")[table]
    stated = [code for _, code in codings(mapping(body, name))]
    return any(code in allowed for code in stated) if stated else missing


def _optional(body: Element, name: str, reading: Reading) -> PartialDate | None:
    return None if body.get(name) is None else date_of(body[name], reading.moment)


def _onset(body: Element, reading: Reading) -> PartialDate | None:
    """Give when an illness began: the start of a period, or the year of an age."""
    if body.get("onsetDateTime") is not None:
        return date_of(body["onsetDateTime"], reading.moment)
    start = mapping(body, "onsetPeriod").get("start")
    if start is not None:
        return date_of(start, reading.moment)
    years = mapping(body, "onsetAge").get("value")
    if reading.born is None or mapping(body, "onsetAge").get("code") != "a":
        return None
    if isinstance(years, bool) or not isinstance(years, int | float) or not 0 <= years <= 130:
        return None
    first = reading.born.first.year + int(years)
    last = min(reading.born.last.year + int(years) + 1, reading.moment.as_of.year)
    return interval(date_of(f"{first:04}", reading.moment), date_of(f"{last:04}", reading.moment))


def _procedure(one: Resource, reading: Reading) -> Iterator[Fact]:
    code = find_code(mapping(one.body, "code"), "Procedure")
    if code is None:
        raise LostError("code")
    if text(one.body, "status") not in of_codes("counts")["Procedure"]:
        raise LostError("status")
    done = moment_of(one.body, "performed", reading.moment)
    ended = mapping(one.body, "performedPeriod").get("end")
    told = _told(one)
    way = "since-the-stroke" if code.when == "since-the-stroke" else "value"
    if way == "since-the-stroke" and done is None:
        raise LostError("date")
    for fill in code.fills:
        if fill.way == "end" and ended is not None:
            yield Fact(one.at, fill.field, way, date_of(ended, reading.moment), done, told)
        elif fill.way == "value":
            yield from reading.keep(told, yes(one.at, fill, done, told, way))


def _medicine(one: Resource, reading: Reading) -> Iterator[Fact]:
    """Read a medicine in use: a request, a statement, or its being given."""
    if text(one.body, "status") not in of_codes("counts")[one.kind]:
        raise LostError("status")
    if one.body.get("doNotPerform") is True or (
        one.kind == "MedicationRequest" and one.body.get("intent") not in ORDERS
    ):
        raise LostError("status")
    concept = mapping(one.body, "medicationCodeableConcept")
    if not concept:
        reference = text(mapping(one.body, "medicationReference"), "reference")
        concept = mapping(reading.bundle.find(reference, one.body), "code")
    code = find_code(concept, "Medication")
    told = told_of(one, concept)
    if code is None:
        reading.tell(told, "code")
        return
    date = _optional(one.body, "authoredOn", reading)
    date = date or _optional(one.body, "dateAsserted", reading)
    date = date or moment_of(one.body, "effective", reading.moment)
    if date is None:
        raise LostError("date")
    for fill in code.fills:
        value = (fill.value, True) if fill.way == "member" else fill.value
        yield Fact(one.at, fill.field, fill.way, value, date, told)


def _allergy(one: Resource, reading: Reading) -> Iterator[Fact]:
    """Read an allergy for one thing only: a reaction that was dangerous to life."""
    concepts = [mapping(one.body, "code")]
    for reaction in mappings(one.body, "reaction"):
        concepts += mappings(reaction, "manifestation")
    every = [code for concept in concepts if (code := find_code(concept, "Condition"))]
    found = [code for code in every if any(fill.field == DANGER for fill in code.fills)]
    if not found:
        raise LostError("code")
    if not _counts(one.body, "verificationStatus", "verification", missing=True):
        raise LostError("status")
    said = _optional(one.body, "recordedDate", reading)
    yield from _filled(one.at, found[0], said, None, _told(one), reading, active=False)


def _stay(one: Resource, reading: Reading) -> Iterator[Fact]:
    """Read a stay in hospital that goes on at the time at which the record was made."""
    counts = of_codes("counts")
    if text(one.body, "status") not in counts["Encounter"]:
        raise LostError("status")
    if mapping(one.body, "class").get("code") not in counts["inpatient"]:
        raise LostError("code")
    start = mapping(one.body, "period").get("start")
    known = mapping(one.body, "meta").get("lastUpdated") or reading.bundle.timestamp
    if start is None or known is None:
        raise LostError("date")
    since, date = date_of(start, reading.moment), date_of(known, reading.moment)
    yield Fact(
        one.at,
        "in_hospital",
        "since-the-stroke",
        value=True,
        date=date,
        told=("Encounter", ""),
        onset=since,
    )


READERS: dict[str, Callable[[Resource, Reading], Iterator[Fact]]] = {
    "Observation": observed,
    "Condition": _condition,
    "Procedure": _procedure,
    "MedicationRequest": _medicine,
    "MedicationStatement": _medicine,
    "MedicationAdministration": _medicine,
    "AllergyIntolerance": _allergy,
    "Encounter": _stay,
}
