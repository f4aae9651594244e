"""Hand-written FHIR resources in the shapes that real servers give. Nobody in them exists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from saisei.base.dates import parse_as_of
from saisei.cases import Case, case_from_data

AS_OF = parse_as_of("2026-11-20T09:00:00+09:00")
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ME = {"reference": "Patient/p1"}
ISCHAEMIC, BLEEDING, ANY_STROKE = "422504002", "274100004", "230690007"

Resource = dict[str, Any]


def concept(system: str, code: str, text: str = "Yamada Taro") -> Resource:
    """Give a concept; its text stands for what must never be printed."""
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def patient(**more: Any) -> Resource:
    body = {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1964-05-14"}
    return {**body, **more}


def status(name: str, code: str) -> Resource:
    system = f"http://terminology.hl7.org/CodeSystem/condition-{name}"
    return {"coding": [{"system": system, "code": code}]}


def condition(code: str, onset: str | None = None, **more: Any) -> Resource:
    body: Resource = {
        "resourceType": "Condition",
        "clinicalStatus": status("clinical", "active"),
        "verificationStatus": status("ver-status", "confirmed"),
        "code": concept(SNOMED, code),
        "subject": ME,
    }
    return body | ({"onsetDateTime": onset} if onset else {}) | more


def observation(
    code: str, value: Any = None, unit: str | None = None, date: str = "2026-11-10", **more: Any
) -> Resource:
    body: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, code),
        "subject": ME,
        "effectiveDateTime": date,
    }
    return body | (measured(value, unit) if value is not None else {}) | more


def measured(value: Any, unit: str | None) -> Resource:
    quantity = {"value": value}
    if unit is not None:
        quantity |= {"unit": unit, "system": UCUM, "code": unit}
    return {"valueQuantity": quantity}


def procedure(code: str, done: str | None, **more: Any) -> Resource:
    body: Resource = {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept(SNOMED, code),
        "subject": ME,
    }
    return body | ({"performedDateTime": done} if done else {}) | more


def request(code: str, authored: str, **more: Any) -> Resource:
    body: Resource = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(RXNORM, code),
        "subject": ME,
        "authoredOn": authored,
    }
    return body | more


def bundle(*resources: Resource, **more: Any) -> Resource:
    """Put resources into a bundle, the person first unless one is given."""
    kinds = [one["resourceType"] for one in resources]
    every = resources if "Patient" in kinds else (patient(), *resources)
    entries = [
        {"fullUrl": f"http://server/fhir/{_address(at, one)}", "resource": one}
        for at, one in enumerate(every)
    ]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries} | more


def _address(at: int, one: Resource) -> str:
    return f"{one['resourceType']}/{one.get('id', f'r{at}')}"


def read(*resources: Resource, **more: Any) -> Case:
    """Read resources into a case."""
    return case_from_data(bundle(*resources, **more), as_of=AS_OF)


def reasons(case: Case) -> dict[tuple[str, str], int]:
    """Give how often something was left out, by kind of resource and reason."""
    found: dict[tuple[str, str], int] = {}
    assert case.record is not None
    for one in case.record.unmapped:
        key = (one.resource, one.reason)
        found[key] = found.get(key, 0) + one.count
    return found


def value(case: Case, field: str) -> Any:
    return case.answer(field).value


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
