"""A case as a bundle: the same bytes each time, and the same answers when it is read again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.fhir_bundles import AS_OF, LOINC, SNOMED
from cases.test_cases_properties import DATES, SLOW, TYPED, cases, read, values_of
from saisei.base.dates import PartialDate
from saisei.cases import Case, case_from_data, case_to_fhir, codes, fields, read_case
from saisei.cases.codes import of_codes

CODED = {fill.field for one in codes() for fill in one.fills}
CODED |= {"onset_datetime", "stroke_type", "condition", "birth_date", "sex", "nihss_items"}
OWN = of_codes("own")["field"]


def again(case: Case) -> Case:
    """Write a case, and read what was written, as it stands in a file."""
    return case_from_data(json.loads(json.dumps(case_to_fhir(case))))


def same(one: Case, other: Case) -> None:
    """Hold every answer and every entry of two cases against each other."""
    assert other.as_of == one.as_of
    assert set(other.entries) == set(one.entries)
    for name, entries in one.entries.items():
        found = other.entries[name]
        assert [shape(entry.value) for entry in found] == [shape(entry.value) for entry in entries]
        if fields()[name].valid_for is not None:
            dates = [(entry.date.first, entry.date.last, entry.dated) for entry in entries]
            assert [(entry.date.first, entry.date.last, entry.dated) for entry in found] == dates
    for field in TYPED:
        mine, theirs = one.answer(field.id), other.answer(field.id)
        assert (theirs.state, shape(theirs.value)) == (mine.state, shape(mine.value)), field.id


def shape(value: Any) -> Any:
    if isinstance(value, PartialDate):
        return value.first, value.last
    if isinstance(value, tuple):
        return [shape(one) for one in value]
    if hasattr(value, "details"):
        return value.name, {key: shape(held) for key, held in value.details.items()}
    return dict(value) if hasattr(value, "items") else value


@st.composite
def coded_cases(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a case of fields that have codes, with several values by date."""
    with_codes = [field for field in TYPED if field.id in CODED]
    chosen = draw(st.lists(st.sampled_from(with_codes), unique_by=lambda f: f.id, max_size=12))
    data: dict[str, Any] = {}
    for field in chosen:
        dates = draw(st.lists(DATES, max_size=3, unique=True))
        values = [{"value": draw(values_of(field)), "date": date} for date in dates]
        data[field.id] = values or draw(values_of(field))
    return data


def read_if_possible(data: dict[str, Any]) -> Case | None:
    """Read a case; None where two of its dates mean the same moment, or it contradicts itself."""
    try:
        return read(data)
    except Exception as error:
        problems = getattr(error, "problems", None)
        if not problems or {one.code for one in problems} - ALLOWED:
            raise
        return None


ALLOWED = {"same-date", "contradiction", "order", "before-birth", "differs-from-items"}


@given(coded_cases())
@SLOW
def test_fields_with_codes_come_back(data: dict[str, Any]) -> None:
    case = read_if_possible(data)
    if case is not None and case.entries:
        same(case, again(case))


@given(cases())
@SLOW
def test_every_other_field_comes_back_too(data: dict[str, Any]) -> None:
    case = read(data)
    if case is not None and case.entries:
        same(case, again(case))


@given(coded_cases())
@SLOW
def test_writing_is_deterministic_and_what_was_read_is_written_the_same(
    data: dict[str, Any],
) -> None:
    case = read_if_possible(data)
    if case is None or not case.entries:
        return
    first = json.dumps(case_to_fhir(case))
    assert json.dumps(case_to_fhir(case)) == first
    assert json.dumps(case_to_fhir(again(again(case)))) == json.dumps(case_to_fhir(again(case)))


DATE_TIME = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?")
"""A dateTime of FHIR: with a time there are seconds and a zone."""

FULL = {
    "sex": "female",
    "birth_date": "1964-05",
    "condition": "ischemic-stroke",
    "stroke_type": "ischemic",
    "onset_datetime": "2026-09-18T13:00+09:00",
    "mrs_prestroke": {"value": 0, "date": "2026-01-01"},
    "mrs_current": {"value": 3, "date": "2026-11-01"},
    "nihss_total": {"value": 6, "date": "2026-10-01"},
    "ldl_mmol_l": [
        {"value": 100, "unit": "mg/dL", "date": "2026-11-01"},
        {"value": 3.2, "date": "2026-10"},
    ],
    "diabetes": {"value": True, "date": "2020"},
    "pregnant_or_breastfeeding": {"value": True, "date": "2026-11-01"},
    "epilepsy": {"value": "never", "date": "2026-11-01"},
    "coagulopathy": {"value": False, "date": "2026-11-01"},
    "lesion_volume_cm3": {"value": 30, "date": "2026-09-20", "source": "MRI"},
    "antithrombotics": {"value": [{"drug": "aspirin", "since": "2026-10"}], "date": "2026-11-01"},
}


def written() -> list[dict[str, Any]]:
    bundle = case_to_fhir(case_from_data(FULL, as_of=AS_OF))
    found: list[dict[str, Any]] = [entry["resource"] for entry in bundle["entry"]]
    return found


def codes_of(resource: dict[str, Any]) -> tuple[str, str]:
    coding = resource["code"]["coding"][0]
    return coding["system"], coding["code"]


def test_what_has_a_code_is_written_with_it_and_the_rest_under_our_own_name() -> None:
    person, *rest = written()
    assert (person["resourceType"], person["birthDate"], person["gender"]) == (
        "Patient",
        "1964-05",
        "female",
    )
    seen = {codes_of(resource) for resource in rest}
    assert {
        (SNOMED, "422504002"),
        (SNOMED, "73211009"),
        (LOINC, "72089-6"),
        (LOINC, "75859-9"),
        (LOINC, "22748-8"),
    } <= seen
    assert {code for system, code in seen if system == OWN} == {
        "epilepsy",
        "coagulopathy",
        "pregnant_or_breastfeeding",
        "lesion_volume_cm3",
        "antithrombotics",
    }


def test_a_bundle_has_the_form_that_r4_asks_for() -> None:
    bundle = case_to_fhir(case_from_data(FULL, as_of=AS_OF))
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert bundle["timestamp"] == "2026-11-20T09:00:00+09:00"
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(addresses)) == len(addresses)
    required: dict[str, set[str]] = {
        "Patient": set(),
        "Observation": {"status", "code"},
        "Condition": {"subject"},
    }
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert required[resource["resourceType"]] <= resource.keys()
        if "subject" in resource:
            assert resource["subject"]["reference"] in addresses
        values = [name for name in resource if name.startswith("value")]
        assert len(values) <= 1
        if resource["resourceType"] == "Observation":
            assert values or resource["component"]
        for name in ("effectiveDateTime", "onsetDateTime", "recordedDate", "valueDateTime"):
            assert DATE_TIME.fullmatch(resource.get(name, "2026")), name


def test_a_no_is_never_written_as_an_illness() -> None:
    for resource in written():
        if resource["resourceType"] == "Condition":
            assert resource["verificationStatus"]["coding"][0]["code"] == "confirmed"
            assert resource["code"]["coding"][0]["code"] != "84757009"


NARROWER = {
    "active_infection": "91302008",  # a sepsis
    "organ_transplant": "737295003",  # of a kidney
    "pregnant_or_breastfeeding": "77386006",  # pregnant
    "seizure_history": "128613002",  # a disorder, not one seizure
    "egfr_ml_min_173": "98979-8",  # by one formula of several
}


def test_a_code_that_says_more_than_the_field_is_read_and_never_written() -> None:
    known = {code.code: code for code in codes()}
    for name, code in NARROWER.items():
        assert name in {fill.field for fill in known[code].fills}
        value = 60.0 if name.startswith("egfr") else True
        case = case_from_data({name: {"value": value, "date": "2026-11-01"}}, as_of=AS_OF)
        entry = case_to_fhir(case)["entry"][1]["resource"]
        assert codes_of(entry) == (OWN, name)
        same(case, again(case))


def test_two_people_never_share_an_address() -> None:
    cases = [case_from_data({"sex": sex}, as_of=AS_OF) for sex in ("male", "female")]
    found = [{entry["fullUrl"] for entry in case_to_fhir(case)["entry"]} for case in cases]
    assert not found[0] & found[1]


def test_the_moment_of_another_bundle_is_not_taken_over() -> None:
    bundle = case_to_fhir(case_from_data(FULL, as_of=AS_OF))
    assert case_from_data(bundle).as_of == AS_OF
    del bundle["meta"]
    with pytest.raises(Exception, match="moment to judge the case at"):
        case_from_data(bundle)


def test_the_examples_come_back() -> None:
    folder = Path(__file__).resolve().parents[2] / "examples"
    found = sorted(folder.glob("*.yaml"))
    assert len(found) >= 3
    for path in found:
        case = read_case(path, otherwise=AS_OF)
        same(case, again(case))


BLEEDING = {
    "condition": "intracerebral-haemorrhage",
    "stroke_type": "intracerebral-haemorrhage",
    "onset_datetime": "2026-09-18",
}


def test_a_code_that_says_more_than_the_case_is_not_written() -> None:
    """A bleeding's code also says that there has been one, which this case leaves open."""
    case = case_from_data(BLEEDING, as_of=AS_OF)
    same(case, again(case))
    kinds = [entry["resource"]["resourceType"] for entry in case_to_fhir(case)["entry"]]
    assert kinds == ["Patient", "Observation", "Observation", "Observation"]
    onset = {"value": "2026-09-18", "date": "2026-09-18"}
    history = {"value": True, "date": "2026-09-18"}
    stated = {"intracranial_haemorrhage_history": history, "date_last_brain_haemorrhage": onset}
    whole = case_from_data(BLEEDING | stated, as_of=AS_OF)
    same(whole, again(whole))
