"""What a case is written as, held against the definitions of FHIR R4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from cases.fhir_bundles import AS_OF
from cases.fhir_standard import INVARIANTS, problems, table
from cases.test_cases_fhir_writing import FULL, coded_cases, read_if_possible
from cases.test_cases_properties import SLOW, cases, read
from saisei.cases import case_from_data, case_to_fhir, read_case

Body = dict[str, Any]


def full() -> Body:
    return case_to_fhir(case_from_data(FULL, as_of=AS_OF))


@given(coded_cases())
@SLOW
def test_a_case_of_fields_with_codes_has_the_form_of_r4(data: Body) -> None:
    case = read_if_possible(data)
    assert case is None or problems(case_to_fhir(case)) == []


@given(cases())
@SLOW
def test_every_other_case_has_the_form_of_r4(data: Body) -> None:
    case = read(data)
    assert case is None or problems(case_to_fhir(case)) == []


def test_the_examples_have_the_form_of_r4() -> None:
    for path in sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.yaml")):
        assert problems(case_to_fhir(read_case(path, otherwise=AS_OF))) == []


def test_a_birth_with_a_time_of_the_day_is_no_birth_date() -> None:
    case = case_from_data({"birth_date": "2000-01-01T00:00+09:00"}, as_of=AS_OF)
    bundle = case_to_fhir(case)
    assert problems(bundle) == []
    assert "birthDate" not in _resource(bundle, "Patient")
    assert case_from_data(bundle).answer("age_years").value == case.answer("age_years").value


def _resource(bundle: Body, kind: str) -> Body:
    entries = (entry["resource"] for entry in bundle["entry"])
    found: Body = next(one for one in entries if one["resourceType"] == kind)
    return found


BROKEN: dict[str, Callable[[Body], object]] = {
    "Observation.code is missing": lambda b: _resource(b, "Observation").pop("code"),
    "no element colour": lambda b: b.update(colour="red"),
    "Bundle.type: pile is not in bundle-type": lambda b: b.update(type="pile"),
    "gender: woman is not in": lambda b: _resource(b, "Patient").update(gender="woman"),
    "several of": lambda b: _resource(b, "Observation").update(valueString="1", valueInteger=1),
    "obs-6": lambda b: _resource(b, "Observation").update(dataAbsentReason={"text": "unknown"}),
    "not a list": lambda b: _resource(b, "Observation").update(note={"text": "a note"}),
    "timestamp: a list": lambda b: b.update(timestamp=[b["timestamp"]]),
    "leads nowhere": lambda b: _resource(b, "Condition")["subject"].update(reference="urn:uuid:1"),
    "leads to a Condition": lambda b: _resource(b, "Observation")["subject"].update(
        reference=next(
            entry["fullUrl"]
            for entry in b["entry"]
            if entry["resource"]["resourceType"] == "Condition"
        )
    ),
    "does not look like a instant": lambda b: b.update(timestamp="2026-11-20"),
    "no boolean": lambda b: _resource(b, "Patient").update(active="yes"),
    "is no code of": lambda b: _resource(b, "Condition")["verificationStatus"]["coding"][0].update(
        code="sure"
    ),
    "bdl-7": lambda b: b["entry"].append(b["entry"][0]),
    "ele-1": lambda b: _resource(b, "Condition").update(bodySite=[{}]),
    "an empty list": lambda b: _resource(b, "Condition").update(stage=[]),
    "qty-3": lambda b: next(
        entry["resource"]["valueQuantity"]
        for entry in b["entry"]
        if "valueQuantity" in entry["resource"]
    ).pop("system"),
}  # fmt: skip
"""What is done to a good bundle, by what the check has to say of it."""


@pytest.mark.parametrize("said", BROKEN)
def test_the_check_finds_what_is_wrong(said: str) -> None:
    bundle = full()
    assert problems(bundle) == []
    BROKEN[said](bundle)
    assert any(said in problem for problem in problems(bundle)), problems(bundle)


def test_the_invariants_that_are_held_are_those_of_the_standard() -> None:
    known = {name for names in table()["invariants"].values() for name in names}
    assert set(INVARIANTS) - known == {"evv-0"}, "evv-0 is a warning of the standard's"
