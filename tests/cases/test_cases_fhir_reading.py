"""Reading real records: what each kind of resource says, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from cases.fhir_bundles import (
    ANY_STROKE,
    AS_OF,
    ISCHAEMIC,
    LOINC,
    RXNORM,
    SNOMED,
    Resource,
    bundle,
    concept,
    condition,
    measured,
    observation,
    patient,
    read,
    reasons,
    request,
    value,
)
from saisei.base.dates import parse_as_of
from saisei.cases import case_from_data

STROKE = condition(ISCHAEMIC, "2026-09-01T07:30:00+09:00")


def test_a_record_as_synthea_writes_it() -> None:
    """A transaction with urn:uuid addresses, a panel of blood pressures, bills and vaccines."""
    me = {"reference": "urn:uuid:aaaa"}
    pressure = {
        "resourceType": "Observation",
        "id": "bp",
        "status": "final",
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": concept(LOINC, "85354-9"),
        "subject": me,
        "effectiveDateTime": "2026-11-15T05:10:43-05:00",
        "issued": "2026-11-15T05:10:43.123-05:00",
        "component": [
            {"code": concept(LOINC, "8462-4"), **measured(81, "mm[Hg]")},
            {"code": concept(LOINC, "8480-6"), **measured(124, "mm[Hg]")},
        ],
    }
    resources = [
        {**patient(), "id": "aaaa", "extension": [{"url": "race"}]},
        {**condition(ANY_STROKE, "2026-08-01T05:10:43-05:00"), "subject": me},
        {**condition("44054006", "2010-01-01T05:10:43-05:00"), "subject": me},
        pressure,
        {**observation("2160-0", 1.1, "mg/dL"), "subject": me},
        {**observation("33914-3", 71, "mL/min/{1.73_m2}"), "subject": me},
        {**observation("6690-2", 7.2, "10*3/uL"), "subject": me},
        {"resourceType": "Claim", "status": "active", "patient": me},
        {"resourceType": "ExplanationOfBenefit", "status": "active", "patient": me},
        {"resourceType": "Immunization", "status": "completed", "patient": me},
        {"resourceType": "Immunization", "status": "completed", "patient": me},
    ]
    entries: list[Resource] = [
        {"resource": one, "request": {"method": "POST"}} for one in resources
    ]
    entries[0]["fullUrl"] = "urn:uuid:aaaa"
    data = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    case = case_from_data(data, as_of=AS_OF)
    assert value(case, "systolic_bp_mmhg") == 124
    assert value(case, "diastolic_bp_mmhg") == 81
    assert value(case, "diabetes") is True
    assert value(case, "leukocyte_count_10e9_l") == 7.2
    assert value(case, "sex") == "male"
    assert value(case, "age_years") == 62
    assert value(case, "months_since_stroke") == pytest.approx(3.6, abs=0.1)
    assert not case.answer("stroke_type").known
    assert case.record is not None
    assert case.record.sentence == (
        "7 resources were read, 4 have no place in the case: "
        "2 Immunization, 1 Claim, 1 ExplanationOfBenefit"
    )
    assert reasons(case) == {
        ("Immunization", "kind"): 2,
        ("Claim", "kind"): 1,
        ("ExplanationOfBenefit", "kind"): 1,
    }


def test_a_record_as_hapi_writes_it_with_everything_contained() -> None:
    inside: Resource = {"resourceType": "Patient", "id": "p", "birthDate": "1950-01"}
    drug = {"resourceType": "Medication", "id": "m", "code": concept(RXNORM, "11289")}
    weight = {
        **observation("29463-7", 165, "[lb_av]", "2026-11-01T00:30:00.000+00:00"),
        "contained": [inside],
        "subject": {"reference": "#p"},
    }
    taken = {
        **request("0", "2026-11-01"),
        "contained": [inside, drug],
        "subject": {"reference": "#p"},
        "medicationReference": {"reference": "#m"},
    }
    del taken["medicationCodeableConcept"]
    entries = [{"fullUrl": "http://s/Observation/1", "resource": weight}, {"resource": taken}]
    data = {"resourceType": "Bundle", "type": "searchset", "total": 2, "entry": entries}
    case = case_from_data(data, as_of=AS_OF)
    assert value(case, "body_weight_kg") == pytest.approx(74.84, abs=0.01)
    assert value(case, "antithrombotics") == {"warfarin"}
    born = value(case, "birth_date")
    assert (born.text, born.precision) == ("1950-01", "month")


@pytest.mark.parametrize(
    ("code", "number", "unit", "field", "expected"),
    [
        ("2345-7", 180, "mg/dL", "blood_glucose_mmol_l", 9.99),
        ("14749-6", 10, "mmol/L", "blood_glucose_mmol_l", 10),
        ("1558-6", 90, "mg/dL", "fasting_glucose", 5.0),
        ("14682-9", 88.4, "umol/L", "serum_creatinine_mg_dl", 1.0),
        ("14631-6", 17.1, "umol/L", "bilirubin_total_mg_dl", 1.0),
        ("777-3", 210, "10*3/uL", "platelet_count_10e9_l", 210),
        ("777-3", 210_000, "/uL", "platelet_count_10e9_l", 210),
        ("718-7", 140, "g/L", "hemoglobin_g_dl", 14),
        ("13457-7", 100, "mg/dL", "ldl_mmol_l", 2.59),
        ("1742-6", 31, "[IU]/L", "alt_u_l", 31),
        ("6301-6", 1.1, "{INR}", "inr", 1.1),
        ("6301-6", 1.1, None, "inr", 1.1),
        ("14979-9", 31, "s", "aptt_s", 31),
        ("59408-5", 97, "%", "oxygen_saturation_percent", 97),
        ("9269-2", 15, "{score}", "gcs_total", 15),
        ("98979-8", 62, "mL/min/1.73m2", "egfr_ml_min_173", 62),
        ("29463-7", 70_500, "g", "body_weight_kg", 70.5),
    ],
)
def test_numbers_are_converted_into_the_unit_of_the_field(
    code: str, number: float, unit: str | None, field: str, expected: float
) -> None:
    case = read(observation(code, number, unit, "2026-11-19"))
    assert value(case, field) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "entered-in-error"}, "status"),
        ({"status": "cancelled"}, "status"),
        ({"status": "preliminary"}, "status"),
        ({"status": None}, "status"),
        ({"valueQuantity": {"value": 1.1}}, "unit"),
        ({"valueQuantity": {"value": 1.1, "code": "mmol/L"}}, "unit"),
        ({"valueQuantity": {"value": 1.1, "code": "furlong"}}, "unit"),
        ({"valueQuantity": {"value": 1.1, "code": "mg/dL", "comparator": "<"}}, "bound"),
        ({"valueQuantity": {"value": 1100, "code": "mg/dL"}}, "range"),
        ({"valueQuantity": {"value": "1.1", "code": "mg/dL"}}, "no-value"),
        ({"valueQuantity": {"value": True, "code": "mg/dL"}}, "no-value"),
        ({"valueQuantity": {"value": 10**400, "code": "mg/dL"}}, "range"),
        ({"valueQuantity": None, "valueString": "normal"}, "no-value"),
        ({"valueQuantity": None, "dataAbsentReason": {}}, "no-value"),
        ({"valueQuantity": [1]}, "form"),
        ({"code": "creatinine"}, "form"),
        ({"code": {"coding": {}}}, "form"),
        ({"code": {"text": "Yamada Taro"}}, "code"),
        ({"effectiveDateTime": None}, "date"),
        ({"effectiveDateTime": "2026-13-40"}, "date"),
        ({"effectiveDateTime": "last week"}, "date"),
        ({"effectiveDateTime": 20261101}, "date"),
        ({"effectiveDateTime": "2026-11-21"}, "future"),
        ({"effectiveDateTime": "2027"}, "future"),
        ({"subject": {"reference": "Patient/p2"}}, "someone-else"),
        ({"modifierExtension": [{"url": "x", "valueBoolean": True}]}, "modifier"),
    ],
)
def test_what_an_observation_cannot_say_is_counted_and_gives_no_value(
    changed: dict[str, Any], reason: str
) -> None:
    one = observation("2160-0", 1.1, "mg/dL") | changed
    case = read({key: held for key, held in one.items() if held is not None})
    assert not case.answer("serum_creatinine_mg_dl").known
    assert reasons(case) == {("Observation", reason): 1}


DAY = "T00:00:00+09:00"


@pytest.mark.parametrize(
    ("when", "first", "last"),
    [
        ({"effectiveDateTime": "2026-10"}, f"2026-10-01{DAY}", "2026-10-31T23:59:59+09:00"),
        ({"effectiveInstant": "2026-11-01T10:00:00Z"}, None, "2026-11-01T10:00:00+00:00"),
        ({"effectiveDateTime": "2026-11-01T10:00:00"}, f"2026-11-01{DAY}", None),
        (
            {"effectivePeriod": {"start": "2026-11-01", "end": "2026-11-03"}},
            f"2026-11-01{DAY}",
            "2026-11-03T23:59:59+09:00",
        ),
        ({"effectivePeriod": {"end": "2026-11-03"}}, f"2026-11-03{DAY}", None),
        ({"issued": "2026-11-04T08:00:00+09:00"}, "2026-11-04T08:00:00+09:00", None),
    ],
)
def test_a_date_keeps_the_stretch_that_it_leaves_open(
    when: dict[str, Any], first: str | None, last: str | None
) -> None:
    one = observation("2160-0", 1.1, "mg/dL")
    del one["effectiveDateTime"]
    date = read(one | when).entries["serum_creatinine_mg_dl"][0].date
    assert first is None or date.first.isoformat() == first
    assert last is None or date.last.isoformat() == last


def test_values_by_date_become_entries_and_the_latest_counts() -> None:
    dates = ["2026-11-10", "2026-11-18T08:00:00+09:00", "2026-10-30"]
    case = read(*(observation("2160-0", 1 + at, "mg/dL", date) for at, date in enumerate(dates)))
    assert [entry.value for entry in case.series("serum_creatinine_mg_dl")] == [3, 1, 2]
    assert value(case, "serum_creatinine_mg_dl") == 2


def test_the_same_value_twice_at_one_moment_is_one_value() -> None:
    case = read(*[observation("2160-0", 1.1, "mg/dL")] * 2)
    assert len(case.series("serum_creatinine_mg_dl")) == 1


def test_of_two_values_of_one_moment_the_one_published_later_counts() -> None:
    early = observation("2160-0", 1.1, "mg/dL", issued="2026-11-10T08:00:00Z")
    late = observation("2160-0", 1.4, "mg/dL", issued="2026-11-10T09:00:00Z", status="corrected")
    assert value(read(late, early), "serum_creatinine_mg_dl") == 1.4


def test_two_values_of_the_latest_moment_that_cannot_be_told_apart_leave_it_open() -> None:
    older = observation("2160-0", 0.9, "mg/dL", "2026-11-01")
    two = [observation("2160-0", number, "mg/dL") for number in (1.1, 1.4)]
    case = read(older, *two)
    assert not case.answer("serum_creatinine_mg_dl").known
    assert reasons(case) == {("Observation", "conflict"): 3}
    newer = observation("2160-0", 1.0, "mg/dL", "2026-11-15")
    assert value(read(older, *two, newer), "serum_creatinine_mg_dl") == 1.0


def test_the_newest_version_of_a_resource_counts() -> None:
    old = observation("2160-0", 1.1, "mg/dL", id="o", meta={"lastUpdated": "2026-11-10T00:00:00Z"})
    new = {**old, "status": "entered-in-error", "meta": {"lastUpdated": "2026-11-11T00:00:00Z"}}
    for pair in ((old, new), (new, old)):
        case = read(*pair)
        assert not case.answer("serum_creatinine_mg_dl").known
        assert reasons(case) == {("Observation", "status"): 1, ("Observation", "version"): 1}


def test_what_lies_after_the_moment_does_not_exist_yet() -> None:
    early, late = (
        observation("2160-0", 1.1, "mg/dL", "2026-01-10"),
        observation("2160-0", 2, "mg/dL"),
    )
    data = bundle(early, late, STROKE)
    case = case_from_data(data, as_of=parse_as_of("2026-01-20"))
    assert value(case, "serum_creatinine_mg_dl") == 1.1
    assert not case.answer("onset_datetime").known
    assert reasons(case) == {("Observation", "future"): 1, ("Condition", "future"): 1}


def test_dates_before_birth_are_left_out_and_told() -> None:
    case = read(condition("73211009", "1950-01-01"))
    assert not case.answer("diabetes").known
    assert reasons(case) == {("Condition", "contradiction"): 1}


def test_the_zone_of_a_day_is_that_of_the_moment() -> None:
    date = (
        read(observation("2160-0", 1.1, "mg/dL", "2026-11-10"))
        .entries["serum_creatinine_mg_dl"][0]
        .date
    )
    assert date.first.utcoffset() == AS_OF.utcoffset()


def test_nothing_personal_stands_in_what_was_left_out() -> None:
    local = observation("1", 1.1, "mg/dL")
    local["code"] = concept("http://hospital.example/codes", "YAMADA-TARO-19640514")
    strange = condition("73211009", "2010")
    strange["code"] = concept(SNOMED, "Yamada Taro was born in 1964")
    case = read(local, strange, observation("8302-2", 170, "cm"))
    assert case.record is not None
    text = "\n".join(one.said() for one in case.record.unmapped) + case.record.sentence
    assert "8302-2" in text
    assert not any(word in text for word in ("Yamada", "YAMADA", "1964"))
    assert "Yamada" not in repr(case)


def test_further_pages_are_told() -> None:
    case = read(STROKE, link=[{"relation": "next", "url": "http://server?page=2"}])
    assert case.record is not None
    assert case.record.sentence.endswith("one page of several, the others were not read")
