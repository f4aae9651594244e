"""Reading real records: illnesses, strokes, treatments, medicines, allergies, stays."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.fhir_bundles import (
    ANY_STROKE,
    BLEEDING,
    ISCHAEMIC,
    LOINC,
    ME,
    RXNORM,
    SNOMED,
    Resource,
    concept,
    condition,
    observation,
    patient,
    procedure,
    read,
    reasons,
    request,
    status,
    value,
)
from saisei.base.dates import PartialDate
from saisei.cases import fields

STROKE = condition(ISCHAEMIC, "2026-09-01T07:30:00+09:00")


@pytest.mark.parametrize(
    "said",
    ["refuted", "entered-in-error", "unconfirmed", "provisional", "differential"],
)
def test_an_illness_that_is_not_confirmed_never_counts(said: str) -> None:
    case = read(condition("73211009", "2010", verificationStatus=status("ver-status", said)))
    assert case.answer("diabetes").state == "missing"
    assert reasons(case) == {("Condition", "status"): 1}


def test_an_illness_that_is_over_counts_for_the_history_and_not_for_today() -> None:
    over = {"clinicalStatus": status("clinical", "resolved"), "abatementDateTime": "2026-11-10"}
    recent = {"recordedDate": "2026-11-15"}
    case = read(
        condition("84757009", "2010", **over),
        condition("233604007", "2026-11-01", **over, **recent),
        condition("56675007", "2026-11-19", recordedDate="2026-11-19"),
    )
    assert value(case, "epilepsy") is True
    assert case.answer("active_infection").state == "missing"
    assert value(case, "acute_heart_failure") is True
    assert reasons(case) == {("Condition", "status"): 1}


def test_an_illness_without_any_date_counts_only_where_a_yes_never_grows_old() -> None:
    case = read(condition("73211009"), condition("13200003"))
    assert value(case, "diabetes") is True
    assert not case.answer("peptic_ulcer").known
    assert reasons(case) == {("Condition", "date"): 1}


IMPLIED = ("lacunar_infarct",)
"""What the table of fields settles from other answers."""


def test_nothing_is_no_because_it_is_not_there() -> None:
    case = read(STROKE, observation("2160-0", 1.1, "mg/dL"))
    for name, wanted in fields().items():
        if wanted.type == "boolean" and wanted.if_male is None:
            assert case.answer(name).value is not False or name in IMPLIED, name
    assert not case.answer("diabetes").known
    assert not case.answer("thrombectomy_done").known
    assert not case.answer("infection_serology_positive").known


def test_the_latest_stroke_is_the_one_and_the_one_before_is_the_previous() -> None:
    case = read(
        condition(BLEEDING, "2019-03"),
        condition(ISCHAEMIC, "2024-05-17"),
        condition(ISCHAEMIC, "2024-05-19", recordedDate="2024-05-19"),
        condition(ANY_STROKE, "2024-05-17T13:00:00+09:00"),
    )
    assert value(case, "onset_datetime").text == "2024-05-17T13:00:00+09:00"
    assert value(case, "stroke_type") == "ischemic"
    assert value(case, "condition") == "ischemic-stroke"
    assert str(case.entries["date_previous_stroke"][0].value) == "2019-03"
    assert value(case, "intracranial_haemorrhage_history") is True


def test_two_kinds_of_one_stroke_leave_the_kind_open() -> None:
    case = read(condition(ISCHAEMIC, "2024-05-17"), condition(BLEEDING, "2024-05-18"))
    assert value(case, "onset_datetime").text == "2024-05-17"
    assert not case.answer("stroke_type").known
    assert reasons(case) == {("Condition", "conflict"): 2}


def test_a_stroke_without_a_date_gives_its_kind_only() -> None:
    case = read(condition(ISCHAEMIC))
    assert value(case, "stroke_type") == "ischemic"
    assert not case.answer("onset_datetime").known
    assert reasons(read(condition(ANY_STROKE))) == {("Condition", "date"): 1}
    both = read(condition(BLEEDING), STROKE)
    assert value(both, "stroke_type") == "ischemic"
    assert reasons(both)["Condition", "which-stroke"] == 1


def test_an_onset_may_be_a_period_or_an_age() -> None:
    period = condition(ISCHAEMIC, onsetPeriod={"start": "2024-05", "end": "2024-06"})
    assert value(read(period), "onset_datetime").text == "2024-05"
    age = condition("91175000", onsetAge={"value": 40, "unit": "a", "code": "a"})
    date = read(age).entries["date_last_seizure"][0].value
    assert isinstance(date, PartialDate)
    assert (date.first.year, date.last.year) == (2004, 2005)


@pytest.mark.parametrize(
    ("date", "field", "lost"),
    [
        ("2026-08-31", "mrs_prestroke", 0),
        ("2026-09-01", None, 1),
        ("2026-09-07", None, 1),
        ("2026-09-08", "mrs_current", 0),
        ("2026-11-10", "mrs_current", 0),
        ("2026", None, 1),
    ],
)
def test_a_rankin_score_is_of_before_or_after_the_stroke(
    date: str, field: str | None, lost: int
) -> None:
    case = read(STROKE, observation("75859-9", date=date, valueInteger=2))
    for name in ("mrs_prestroke", "mrs_current"):
        assert (name in case.entries) is (name == field)
    assert reasons(case).get(("Observation", "rankin"), 0) == lost
    assert reasons(read(observation("75859-9", date=date, valueInteger=2))) == {
        ("Observation", "rankin"): 1
    }


def test_a_treatment_counts_for_the_stroke_that_it_followed() -> None:
    done = procedure("439541007", "2026-09-01T11:00:00+09:00")
    assert value(read(STROKE, done), "thrombectomy_done") is True
    before = procedure("439541007", "2024-09-01T11:00:00+09:00")
    assert reasons(read(STROKE, before)) == {("Procedure", "which-stroke"): 1}
    assert reasons(read(done)) == {("Procedure", "which-stroke"): 1}
    planned = read(STROKE, {**done, "status": "preparation"})
    assert not planned.answer("thrombectomy_done").known
    portal_vein = read(STROKE, procedure("433112001", "2026-09-01T11:00:00+09:00"))
    assert reasons(portal_vein) == {("Procedure", "code"): 1}


def test_the_end_of_a_thrombolysis_is_the_end_of_its_period() -> None:
    period = {"start": "2026-09-01T09:00:00+09:00", "end": "2026-09-01T10:00:00+09:00"}
    case = read(STROKE, procedure("472191000119101", None, performedPeriod=period))
    assert value(case, "thrombolysis_done") is True
    assert value(case, "datetime_thrombolysis_end").text == period["end"]


def test_medicines_in_use_make_one_list_and_others_none() -> None:
    case = read(
        request("1191", "2024-01-01"),
        request("855332", "2026-11-10"),
        request("309362", "2026-11-10", status="stopped"),
        request("1114195", "2026-11-10", intent="proposal"),
        request("1364430", "2026-11-10", doNotPerform=True),
        request("999999", "2026-11-10"),
    )
    assert value(case, "antithrombotics") == {"aspirin", "warfarin"}
    assert reasons(case) == {
        ("MedicationRequest", "status"): 3,
        ("MedicationRequest", "code"): 1,
    }


def test_a_list_of_findings_is_given_only_when_every_member_is_settled() -> None:
    tests = {"56888-1": "negative", "5195-3": "positive", "16128-1": "negative",
             "7942-6": "negative", "24110-9": "negative"}  # fmt: skip
    said = {"negative": "260385009", "positive": "10828004"}
    done = [
        observation(code, date=f"2026-11-0{at}")
        | {"valueCodeableConcept": concept(SNOMED, said[result])}
        for at, (code, result) in enumerate(tests.items(), 1)
    ]
    assert value(read(*done), "infection_serology_positive") == {"HBV"}
    partly = read(*done[:-1], condition("86406008", "2015"))
    assert not partly.answer("infection_serology_positive").known
    assert reasons(partly) == {("Observation", "list"): 4, ("Condition", "list"): 1}


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (SNOMED, "260385009", True),
        (LOINC, "LA6577-6", True),
        (SNOMED, "10828004", False),
        (LOINC, "LA11884-6", None),
    ],
)
def test_a_pregnancy_test(system: str, code: str, expected: object) -> None:
    result = {"valueCodeableConcept": concept(system, code)}
    woman = patient(gender="female")
    case = read(woman, observation("2106-3", date="2026-11-18") | result)
    assert value(case, "pregnancy_test_negative") is expected


def test_a_dangerous_reaction_is_all_that_is_read_of_allergies() -> None:
    body = {
        "resourceType": "AllergyIntolerance",
        "verificationStatus": status("ver-status", "confirmed"),
        "code": concept(SNOMED, "91936005"),
        "patient": ME,
        "recordedDate": "2020-01-01",
    }
    reacted = {**body, "reaction": [{"manifestation": [concept(SNOMED, "39579001")]}]}
    assert value(read(reacted), "severe_allergic_reaction_history") is True
    assert reasons(read(body)) == {("AllergyIntolerance", "code"): 1}


def stay(**more: Any) -> Resource:
    return {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": ME,
        "period": {"start": "2026-11-18"},
        "meta": {"lastUpdated": "2026-11-20T08:00:00+09:00"},
        **more,
    }


def test_a_stay_that_goes_on_is_a_stay_in_hospital_for_a_day_after_it_was_said() -> None:
    now = condition(ISCHAEMIC, "2026-11-18")
    assert value(read(now, stay()), "in_hospital") is True
    assert value(read(now, stay(status="finished")), "in_hospital") is None
    assert value(read(now, stay(**{"class": {"code": "AMB"}})), "in_hospital") is None
    old = stay(meta={"lastUpdated": "2026-11-18T08:00:00+09:00"})
    assert read(now, old).answer("in_hospital").state == "stale"
    assert value(read(stay()), "in_hospital") is None
    before = stay(period={"start": "2026-11-01"})
    assert value(read(now, before), "in_hospital") is None


def test_the_last_of_several_onsets_is_the_last_whenever_each_was_written_down() -> None:
    case = read(
        condition("22298006", "2020-05-01", recordedDate="2020-05-02"),
        condition("22298006", "2010-03", recordedDate="2026-11-01"),
        condition("22298006", "2012-03", recordedDate="2026-11-01"),
    )
    entries = case.entries["date_last_myocardial_infarction"]
    assert [(str(one.value), str(one.date)) for one in entries] == [
        ("2020-05-01", "2020-05-02"),
        ("2020-05-01", "2026-11-01"),
    ]
    assert value(case, "months_since_myocardial_infarction") == pytest.approx(78.6, abs=0.2)
    assert case.record is not None
    assert case.record.unread == ()


def test_a_medicine_given_once_long_ago_is_not_in_use() -> None:
    given_once = {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "subject": ME,
        "medicationCodeableConcept": concept(RXNORM, "1659263"),
        "effectiveDateTime": "2026-09-01T10:00:00+09:00",
    }
    case = read(given_once, request("1191", "2026-11-10"))
    assert value(case, "antithrombotics") == {"aspirin"}
    lately = {**given_once, "effectiveDateTime": "2026-11-12T10:00:00+09:00"}
    assert value(read(lately, request("1191", "2026-11-10")), "antithrombotics") == {
        "aspirin",
        "heparin",
    }


ANYTHING = st.one_of(
    st.builds(
        condition,
        st.sampled_from([ISCHAEMIC, BLEEDING, ANY_STROKE, "22298006", "57054005", "73211009",
                         "86406008", "56675007", "93143009", "28651003"]),
        st.sampled_from([None, "2019", "2024-05", "2026-11-10", "2026-11-18T10:00:00+09:00"]),
        recordedDate=st.sampled_from(["2026-11-10", "2026-11-19", "2024-06"]),
    ),
    st.builds(
        observation,
        st.sampled_from(["2160-0", "38483-4", "75859-9", "72089-6", "70184-7"]),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([None, "mg/dL"]),
        st.sampled_from(["2026-11-10", "2026-11-10T08:00:00Z", "2026-11-19", "2024"]),
    ),
    st.builds(procedure, st.just("439541007"), st.sampled_from([None, "2026-11-18", "2020"])),
    st.builds(request, st.sampled_from(["1191", "11289"]), st.sampled_from(["2026-11-01", "2020"])),
)  # fmt: skip


@given(st.lists(ANYTHING, max_size=8), st.randoms())
@settings(deadline=None, max_examples=150)
def test_the_order_of_resources_means_nothing_and_none_of_them_says_no(
    found: list[Resource], random: Random
) -> None:
    one = read(*found)
    shuffled = list(found)
    random.shuffle(shuffled)
    other = read(*shuffled)
    assert other.entries == one.entries
    assert reasons(other) == reasons(one)
    for name, entries in one.entries.items():
        assert not any(entry.absent for entry in entries), name
    assert one.record is not None
    for kind, count in one.record.unread:
        assert sum(left.count for left in one.record.unmapped if left.resource == kind) >= count


@given(st.lists(ANYTHING, max_size=6))
@settings(deadline=None, max_examples=60)
def test_a_record_said_twice_says_the_same(found: list[Resource]) -> None:
    assert read(*found, *found).entries == read(*found).entries
