"""A case as a FHIR R4 bundle.

A field that has a code of a terminology is written with it; every other, and every value that the
code could not carry, under our own name. What is written is read back before it is given out: a
field that would come back otherwise is written under our own name too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from saisei.base.dates import PartialDate
from saisei.cases.case import Case
from saisei.cases.codes import Code, code_to_write, codes, of_codes
from saisei.cases.entries import Entry
from saisei.cases.fhir.bundle import open_bundle
from saisei.cases.fhir.own import dated, effective, own_observation, quantity
from saisei.cases.fhir.reading import bundle_to_case
from saisei.cases.fields import fields
from saisei.cases.values import EntryValue, Listed

__all__ = ["Written", "case_resources", "case_to_fhir"]

STROKE = ("condition", "stroke_type", "onset_datetime")
"""What one Condition says together; none of it grows old."""
STATUS = "http://terminology.hl7.org/CodeSystem/condition-"


@dataclass(frozen=True, slots=True)
class Written:
    """One resource that a case is written as, and what it was written from.

    Parameters
    ----------
    fields
        The fields that it states; none for a Patient that says nothing.
    entry
        The entry of a field that it was written from; None for the Patient and for the stroke.
    address
        Its address in the bundle: the same for the same case, another for another case.
    body
        The resource.
    """

    fields: frozenset[str]
    entry: Entry | None
    address: str
    body: dict[str, Any]


def case_to_fhir(case: Case) -> dict[str, Any]:
    """Write a case as a FHIR R4 bundle of type collection.

    Parameters
    ----------
    case
        The case. Its moment becomes the bundle's time stamp.

    Returns
    -------
    dict
        What the JSON file holds; the same case gives the same. Reading it gives the same answers.

    Examples
    --------
    >>> from saisei.base.dates import parse_as_of
    >>> from saisei.cases import case_from_data
    >>> case = case_from_data({"sex": "female"}, as_of=parse_as_of("2026-11-20"))
    >>> case_to_fhir(case)["entry"][0]["resource"]["gender"]
    'female'
    """
    return _bundle(case, case_resources(case))


def case_resources(case: Case) -> tuple[Written, ...]:
    """Write a case as resources, the Patient first; read back, they give the same answers."""
    own: set[str] = set()
    while True:
        written = _resources(case, own)
        again = bundle_to_case(open_bundle(_bundle(case, written), None), case.as_of, case.name)
        names = case.entries.keys() | again.entries.keys()
        wrong = {name for name in names - own if not _alike(name, case, again)}
        if not wrong:
            return written
        own |= wrong
        if wrong & set(STROKE) or wrong - case.entries.keys():
            own |= set(STROKE)  # a Condition says more than the case does


def _alike(name: str, one: Case, other: Case) -> bool:
    """Whether a field came back: its values, and, where they can grow old, their dates."""
    mine, theirs = one.entries.get(name, ()), other.entries.get(name, ())
    if name in STROKE:
        return [_plain(e.value) for e in mine] == [_plain(e.value) for e in theirs]
    return _shape(mine) == _shape(theirs)


def _shape(entries: tuple[Entry, ...]) -> list[Any]:
    """Give what has to come back: values, dates, and whether there is a date."""
    return [(_plain(e.value), e.date.first, e.date.last, e.dated, e.unit) for e in entries]


def _plain(value: Any) -> Any:
    if isinstance(value, PartialDate):
        return value.first, value.last
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Listed):
        return value.name, {key: _plain(held) for key, held in value.details.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def _bundle(case: Case, written: Iterable[Written]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "meta": {"tag": [{"system": of_codes("own")["bundle"], "code": "case"}]},
        "type": "collection",
        "timestamp": case.as_of.isoformat(),
        "entry": [{"fullUrl": one.address, "resource": one.body} for one in written],
    }


def _resources(case: Case, own: set[str]) -> tuple[Written, ...]:
    about = frozenset({"birth_date", "sex"} - own)
    stroke = [(frozenset(STROKE), None, body) for body in _stroke(case, own)]
    stated = about.union(*(names for names, _, _ in stroke))
    others = [
        (frozenset({name}), entry, _resource(name, entry, own=name in own))
        for name, entries in case.entries.items()
        if name not in stated
        for entry in entries
        if not entry.is_open  # read back, it would be a list that is known whole
    ]
    return _addressed(case, [(about, None, _patient(case, own)), *stroke, *others])


def _addressed(
    case: Case, found: Sequence[tuple[frozenset[str], Entry | None, dict[str, Any]]]
) -> tuple[Written, ...]:
    """Give each resource a name and an address, which two people never share."""
    content = json.dumps([case.as_of.isoformat(), [body for _, _, body in found]])
    space = uuid5(NAMESPACE_URL, f"urn:saisei:case:{content}")
    person = f"urn:uuid:{uuid5(space, 'patient-0')}"
    written: list[Written] = []
    for at, (names, entry, body) in enumerate(found):
        kind = body["resourceType"]
        name = f"{kind.lower()}-{at}"
        subject = {} if at == 0 else {"subject": {"reference": person}}
        whole = {"resourceType": kind, "id": name, **body, **subject}
        written.append(Written(names, entry, f"urn:uuid:{uuid5(space, name)}", whole))
    return tuple(written)


def _patient(case: Case, own: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Patient"}
    for name, key in (("birth_date", "birthDate"), ("sex", "gender")):
        entries = case.entries.get(name, ())
        if len(entries) == 1 and name not in own and _fits(entries[0].value):
            found[key] = str(entries[0].value)
    return found


def _fits(value: EntryValue) -> bool:
    """Whether a value can stand in a Patient: a date there has neither a time nor an end."""
    if not isinstance(value, PartialDate):
        return True
    return value.precision != "minute" and "/" not in value.text


def _stroke(case: Case, own: set[str]) -> Iterator[dict[str, Any]]:
    """Write the stroke as one condition, where kind, condition and onset say the same."""
    if own & set(STROKE) or any(len(case.entries.get(name, ())) != 1 for name in STROKE):
        return
    condition, kind, onset = (case.entries[name][0] for name in STROKE)
    code = next((one for one in codes() if one.event == kind.value and one.write), None)
    if code is None or of_codes("strokes").get(str(kind.value)) != condition.value:
        return
    if isinstance(onset.value, PartialDate) and "/" not in onset.value.text:
        yield _condition(code, condition) | {"onsetDateTime": dated(onset.value)}


def _condition(code: Code, entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Condition",
        "verificationStatus": _status("ver-status", "confirmed"),
        "code": _concept(code),
    }
    if code.when == "active":
        found["clinicalStatus"] = _status("clinical", "active")
    if entry.dated:
        found["recordedDate"] = dated(entry.date)
    return found


def _status(name: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": STATUS + name, "code": code}]}


def _concept(code: Code) -> dict[str, Any]:
    return {"coding": [{"system": code.url, "code": code.code}], "text": code.means}


def _resource(name: str, entry: Entry, *, own: bool) -> dict[str, Any]:
    """Write one entry with the code of its field where that can carry it."""
    possible = not own and "/" not in entry.date.text
    found = _with_code(name, entry) if possible else None
    return found or own_observation(fields()[name], entry)


def _with_code(name: str, entry: Entry) -> dict[str, Any] | None:
    code = code_to_write(name)
    if code is not None and code.on == "Condition" and entry.value is True:
        return _condition(code, entry)
    if not entry.dated:
        return None
    if isinstance(entry.value, Mapping):
        return _scale(name, entry, entry.value)
    if code is None or code.on != "Observation" or not isinstance(entry.value, float):
        return None
    value = {"valueQuantity": quantity(entry.value, fields()[name].unit)}
    return _observation(code, entry) | value


def _observation(code: Code, entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Observation", "status": "final"}
    found["code"] = _concept(code)
    if entry.source is not None:
        found["note"] = [{"text": entry.source}]
    return found | effective(entry)


def _scale(name: str, entry: Entry, points: Mapping[str, float | str]) -> dict[str, Any] | None:
    """Write the items of a scale as the components of its total, whose value is not repeated."""
    total = next(
        (one for one in fields().values() if (one.also_from or {}).get("of") == name), None
    )
    code = code_to_write(total.id) if total is not None else None
    items = {key: code_to_write(name, key) for key in points}
    if code is None or not items or None in items.values():
        return None
    parts = [
        {"code": _concept(item), **_points(points[key])}
        for key, item in items.items()
        if item is not None
    ]
    return _observation(code, entry) | {"component": parts}


def _points(value: float | str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"valueString": value}
    return {"valueInteger": int(value)}
