"""Files that are no record of one living person in FHIR R4: one clear message each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.fhir_bundles import (
    AS_OF,
    ISCHAEMIC,
    bundle,
    condition,
    observation,
    patient,
    read,
    write,
)
from saisei.base.errors import CaseError, InputError
from saisei.cases import case_from_data, check_case, read_case

ONE = observation("2160-0", 1.1, "mg/dL")


def told(path: Path) -> str:
    """Give the one message that a file gets."""
    with pytest.raises(InputError) as raised:
        read_case(path, as_of=AS_OF)
    assert len(raised.value.problems) == 1
    assert str(path) in str(raised.value)
    return str(raised.value)


BAD: dict[str, tuple[Any, str]] = {
    "a-patient-alone": (patient(), "not a Bundle"),
    "empty": ({"resourceType": "Bundle"}, "without any resource"),
    "no-entries": (bundle() | {"entry": []}, "without any resource"),
    "entries-as-text": ({"resourceType": "Bundle", "entry": "Yamada Taro"}, "not well formed"),
    "a-resource-without-a-kind": (
        {"resourceType": "Bundle", "entry": [{"resource": {"id": "1"}}]},
        "not well formed",
    ),
    "several-people": (bundle(patient(), patient(id="p2")), "several people"),
    "several-people-without-their-own": (
        bundle(patient(), ONE, {**ONE, "subject": {"reference": "Patient/p2"}})
        | {
            "entry": [{"resource": {**ONE, "subject": {"reference": f"Patient/{p}"}}} for p in "ab"]
        },
        "several people",
    ),
    "somebody-who-died": (bundle(patient(deceasedBoolean=True)), "has died"),
    "somebody-who-died-on-a-day": (bundle(patient(deceasedDateTime="2026-01")), "has died"),
    "somebody-who-died-some-day": (bundle(patient(deceasedDateTime="long ago")), "has died"),
    "r5-encounter": (bundle({"resourceType": "Encounter", "actualPeriod": {}}), "R5"),
    "r5-class": (bundle({"resourceType": "Encounter", "class": [{}]}), "R5"),
    "r5-procedure": (bundle({"resourceType": "Procedure", "occurrenceDateTime": "2026"}), "R5"),
    "r5-medication": (bundle({"resourceType": "MedicationRequest", "medication": {}}), "R5"),
    "r5-said": (bundle() | {"fhirVersion": "5.0.0"} | {"entry": [{"resource": ONE}]}, "5.0.0"),
    "r5-profile": (
        bundle(
            patient(meta={"profile": ["http://hl7.org/fhir/StructureDefinition/Patient|5.0.0"]})
        ),
        "5.0.0",
    ),
    "stu3-profile": (
        bundle(ONE) | {"meta": {"profile": ["http://hl7.org/fhir/3.0/StructureDefinition/Bundle"]}},
        "version 3.0",
    ),
    "r5-kind": (bundle({"resourceType": "DeviceUsage"}), "R5"),
    "stu3-kind": (bundle({"resourceType": "ProcedureRequest"}), "STU3"),
    "dstu2-kind": (bundle({"resourceType": "DiagnosticOrder"}), "DSTU2"),
    "stu3-condition": (bundle({"resourceType": "Condition", "assertedDate": "2026"}), "STU3"),
    "stu3-status": (bundle(condition(ISCHAEMIC, clinicalStatus="active")), "STU3"),
    "dstu2-order": (bundle({"resourceType": "MedicationOrder", "status": "active"}), "DSTU2"),
    "dstu2-condition": (bundle({"resourceType": "Condition", "patient": {}}), "DSTU2"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD.keys())
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, content: Any, words: str) -> None:
    message = told(write(tmp_path / "bundle.json", content))
    assert words in message
    assert "Yamada" not in message


TEXTS: dict[str, tuple[bytes, str]] = {
    "truncated": (json.dumps(bundle(ONE)).encode()[:-40], "breaks off"),
    "a-name-twice": (b'{"resourceType": "Bundle", "type": "a", "type": "b"}', "twice"),
    "nan": (b'{"resourceType": "Bundle", "total": NaN}', "NaN"),
    "too-deep": (b'{"resourceType": ' + b"[" * 200_000, "nests too deeply"),
    "not-utf-8": (b'{"resourceType": "Bundle", "id": "\xe4"}', "UTF-8"),
    "junk-of-10-mb": (b'{"x": "' + b"junk " * 2_000_000 + b'"}', "bytes"),
    "junk-of-10-mb-with-the-word": (b'{"resourceType" ' + b"junk " * 2_000_000, "breaks off"),
    "ndjson": (b'{"resourceType": "Patient"}\n{"resourceType": "Claim"}\n', "NDJSON"),
    "yaml": (b"resourceType: Bundle\ntype: collection\n", "without any resource"),
}


@pytest.mark.parametrize(("content", "words"), TEXTS.values(), ids=TEXTS.keys())
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bundle.json"
    path.write_bytes(content)
    assert words in told(path)


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saisei.cases.fhir.bundle.MAX_BYTES", 100)
    assert "at most 100 bytes" in told(write(tmp_path / "bundle.json", bundle(ONE)))


@pytest.mark.parametrize(
    "profile",
    [
        "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1",
        "http://hl7.org/fhir/4.3/StructureDefinition/Patient",
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|7.0.0",
        "http://hl7.org/fhir/StructureDefinition/Patient",
    ],
)
def test_profiles_of_this_version_and_of_others_are_read(profile: str) -> None:
    assert read(patient(meta={"profile": [profile]}), ONE).entries


def test_somebody_who_died_later_was_alive_then() -> None:
    assert read(patient(deceasedDateTime="2027-01-01"), ONE).entries
    assert read(patient(deceasedBoolean=False), ONE).entries


def test_a_file_is_a_record_whatever_it_is_called(tmp_path: Path) -> None:
    case = read_case(write(tmp_path / "me.yaml", bundle(ONE)), as_of=AS_OF)
    assert case.name == "me"
    assert case.record is not None


def test_checking_a_record_tells_what_does_not_count(tmp_path: Path) -> None:
    old = observation("2160-0", 1.1, "mg/dL", "2020-01-01")
    problems = check_case(write(tmp_path / "bundle.json", bundle(old)), as_of=AS_OF)
    assert [(one.code, one.field) for one in problems] == [("stale", "serum_creatinine_mg_dl")]
    bad = check_case(write(tmp_path / "bad.json", patient()), as_of=AS_OF)
    assert [one.severity for one in bad] == ["error"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
KINDS = ("Patient", "Observation", "Condition", "Procedure", "Encounter", "MedicationRequest",
         "MedicationStatement", "MedicationAdministration", "AllergyIntolerance",
         "Bundle")  # fmt: skip
NAMES = ("status", "code", "subject", "patient", "value", "valueQuantity", "valueInteger",
         "valueCodeableConcept", "component", "effectiveDateTime", "effectivePeriod", "issued",
         "onsetDateTime", "onsetAge", "recordedDate", "verificationStatus", "clinicalStatus",
         "performedPeriod", "medicationReference", "medicationCodeableConcept", "contained",
         "birthDate", "gender", "deceasedDateTime", "id", "meta", "period", "class", "reaction",
         "note", "modifierExtension", "intent", "authoredOn")  # fmt: skip
GOOD = {
    "status": st.sampled_from(["final", "active", "completed", "in-progress"]),
    "code": st.sampled_from(
        [ONE["code"], condition(ISCHAEMIC)["code"], observation("75859-9")["code"],
         {"coding": [{"system": "urn:saisei:field", "code": "antithrombotics"}]}]
    ),
    "effectiveDateTime": st.sampled_from(["2026-11-10", "2024", "2026-02-30", "2030"]),
    "onsetDateTime": st.sampled_from(["2026-11-10", "2024"]),
}  # fmt: skip


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(NAMES), max_size=8, unique=True))
    body = {name: draw(st.one_of(GOOD.get(name, JSON), JSON)) for name in names}
    return body | {"resourceType": draw(st.sampled_from(KINDS))}


@given(st.lists(resources(), max_size=4), JSON)
@settings(deadline=None, max_examples=100)
def test_any_json_is_read_or_refused_with_a_message(found: list[Any], more: Any) -> None:
    data = {"resourceType": "Bundle", "timestamp": more, "entry": [{"resource": r} for r in found]}
    try:
        case = case_from_data(data, as_of=AS_OF)
    except CaseError:
        return
    assert case.record is not None
    assert case.record.total == len(found)
    assert case.record.read + sum(count for _, count in case.record.unread) == len(found)
    for kind, count in case.record.unread:
        told_of = sum(one.count for one in case.record.unmapped if one.resource == kind)
        assert told_of >= count, kind
    for name in case.entries:
        case.answer(name)
