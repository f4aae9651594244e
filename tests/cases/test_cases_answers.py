"""Answers: how long a value counts, what follows from what, and what stays unknown."""

from __future__ import annotations

import math
from typing import Any

import pytest

from saisei.base.dates import PartialDate, Span, parse_as_of
from saisei.base.errors import CaseError
from saisei.cases import NEVER, Case, case_from_data

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
CHRONIC = "2024-09-18"
RECENT = "2026-10-01"


def case(as_of: str = "2026-11-20T09:00+09:00", /, **values: Any) -> Case:
    return case_from_data(values, as_of=parse_as_of(as_of))


def dated(value: Any, date: str) -> dict[str, Any]:
    return {"value": value, "date": date}


@pytest.mark.parametrize(
    ("field", "value", "date", "state"),
    [
        # null: does not expire
        ("mrs_prestroke", 1, "2024-09-18", "known"),
        # a number of days; the last day still counts
        ("hemoglobin_g_dl", 13, "2026-10-21", "known"),
        ("hemoglobin_g_dl", 13, "2026-10-20", "stale"),
        ("in_hospital", True, "2026-11-19", "known"),
        ("in_hospital", True, "2026-11-18", "stale"),
        ("in_hospital", True, "2026-11-19T08:59+09:00", "stale"),
        # a yes that cannot be undone does not expire; a no and a never do
        ("seizure_history", True, "1999", "known"),
        ("seizure_history", False, "2026-05-24", "known"),
        ("seizure_history", False, "2026-05-23", "stale"),
        ("seizure_history", "never", "2026-05-24", "known"),
        ("seizure_history", "never", "2026-05-23", "stale"),
        ("dementia", True, "2020-01-01", "known"),
        ("dementia", False, "2020-01-01", "stale"),
        # a list that names something does not expire; an empty one does
        ("infection_serology_positive", ["HBV"], "2015", "known"),
        ("infection_serology_positive", [], "2026-10-21", "known"),
        ("infection_serology_positive", [], "2026-10-20", "stale"),
        ("malignancies", "never", "2026-05-23", "stale"),
        # a date answers how long ago, until it may have happened again
        ("date_last_seizure", "2020-03", "2026-06-01", "known"),
        ("date_last_seizure", "2020-03", "2026-01-01", "stale"),
        ("date_last_seizure", "never", "2026-01-01", "stale"),
        # a date known to the month or year counts from its first day
        ("hemoglobin_g_dl", 13, "2026-11", "known"),
        ("hemoglobin_g_dl", 13, "2026-10", "stale"),
        ("hemoglobin_g_dl", 13, "2026", "stale"),
    ],
)
def test_a_value_counts_for_as_long_as_its_field_says(
    field: str, value: Any, date: str, state: str
) -> None:
    assert case(**{field: dated(value, date)}).answer(field).state == state


@pytest.mark.parametrize(
    ("onset", "date", "as_of", "state"),
    [
        # taken in the chronic phase: 180 days
        (CHRONIC, "2026-05-24", "2026-11-20", "known"),
        (CHRONIC, "2026-05-23", "2026-11-20", "stale"),
        # taken within 180 days of the stroke: 60 days
        (RECENT, "2026-10-10", "2026-12-09", "known"),
        (RECENT, "2026-10-10", "2026-12-10", "stale"),
        # day 180 belongs to the earlier phase, day 181 to the chronic one
        ("2026-01-01", "2026-06-30", "2026-11-20", "stale"),
        ("2026-01-01", "2026-07-01", "2026-11-20", "known"),
        # the phase is not certain, or not known at all: the shorter time
        ("2026", "2026-08-01", "2026-11-20", "stale"),
        (None, "2026-08-01", "2026-11-20", "stale"),
        (None, "2026-10-01", "2026-11-20", "known"),
        # a score from before the stroke says nothing about after it
        (RECENT, "2026-09-20", "2026-10-05", "stale"),
    ],
)
def test_a_score_counts_by_the_phase_it_was_taken_in(
    onset: str | None, date: str, as_of: str, state: str
) -> None:
    values = {"onset_datetime": onset, "fma_ue": dated(30, date)}
    assert case(as_of, **values).answer("fma_ue").state == state


def test_after_a_brain_injury_its_date_is_the_one_that_counts() -> None:
    found = case(
        condition="tbi", date_brain_injury="2024-03-10", gos_e=dated(5, "2026-06-01")
    ).answer("gos_e")
    assert found.known


def test_a_stale_answer_keeps_its_entry_and_has_no_value() -> None:
    found = case(hemoglobin_g_dl=dated(13, "2020-01-01")).answer("hemoglobin_g_dl")
    assert found.value is None
    assert found.entry is not None
    assert found.entry.value == 13


def test_what_nobody_said_is_missing() -> None:
    found = case().answer("seizure_history")
    assert (found.state, found.value, found.entry) == ("missing", None, None)
    assert not found.known


@pytest.mark.parametrize("said", [None, "unknown", " Unknown "])
def test_unknown_is_said_by_leaving_a_field_empty_or_by_the_word(said: str | None) -> None:
    found = case(dementia=said, mrs_current=said)
    assert found.entries == {}
    assert found.answer("dementia").state == "missing"


@pytest.mark.parametrize(
    ("field", "value"), [("stroke_type", "unknown"), ("deficit_face", "cannot-assess")]
)
def test_a_value_that_says_nobody_knows_is_no_answer_but_stays_to_be_seen(
    field: str, value: str
) -> None:
    found = case(**{field: value}).answer(field)
    assert found.state == "missing"
    assert found.entry is not None
    assert found.entry.value == value


def test_a_value_without_a_date_counts_as_of_the_report() -> None:
    (entry,) = case(hemoglobin_g_dl=13).series("hemoglobin_g_dl")
    assert not entry.dated
    assert entry.date.first == AS_OF
    assert entry.unit == "g/dL"


def test_the_last_of_several_values_answers() -> None:
    found = case(
        onset_datetime="2026-10-30",
        fma_ue=[dated(30, "2026-11-19"), dated(18, "2026-11-04")],
    )
    assert found.answer("fma_ue").value == 30
    assert [entry.value for entry in found.series("fma_ue")] == [18, 30]


def test_a_yes_that_does_not_expire_answers_behind_a_no_that_has() -> None:
    several = [dated("yes", "2019-01-01"), dated("no", "2020-01-01")]
    assert case(seizure_history=several).answer("seizure_history").value is True


@pytest.mark.parametrize(
    ("field", "value", "answer"),
    [
        ("mrs_current", 3, 3.0),
        ("seizure_history", "never", False),
        ("seizure_history", "yes", True),
        ("sex", "Female", "female"),
        ("stroke_mechanism", "large artery", "large-artery"),
        ("infarct_territory", ["MCA", "mca", "ACA"], frozenset({"MCA", "ACA"})),
        ("infarct_territory", "MCA", frozenset({"MCA"})),
        ("warning_signs", "none", frozenset()),
        ("warning_signs", [], frozenset()),
        ("date_last_seizure", "never", NEVER),
        (
            "antithrombotics",
            ["Apixaban", {"drug": "aspirin", "dose": 100}],
            {"apixaban", "aspirin"},
        ),
        ("malignancies", "never", frozenset()),
        ("malignancies", [{"kind": "blood"}], {"blood"}),
        ("uln", {"alt_u_l": 40}, {"alt_u_l": 40.0}),
    ],
)
def test_an_answer_has_the_form_of_its_field(field: str, value: Any, answer: Any) -> None:
    assert case(**{field: value}).answer(field).value == answer


@pytest.mark.parametrize(
    ("value", "unit", "kept"),
    [(141, "lb", 63.957), (64000, "g", 64.0), (64, "kg", 64.0)],
)
def test_a_value_is_converted_into_the_unit_of_its_field(
    value: float, unit: str, kept: float
) -> None:
    found = case(body_weight_kg={"value": value, "unit": unit}).answer("body_weight_kg")
    assert found.value == pytest.approx(kept, abs=1e-3)


def test_amounts_convert_by_the_analyte() -> None:
    found = case(
        ldl_mmol_l={"value": 162, "unit": "mg/dL"},
        serum_creatinine_mg_dl={"value": 88.4, "unit": "µmol/L"},
        diastolic_bp_mmhg={"value": 90, "unit": "mmHg"},
    )
    assert found.answer("ldl_mmol_l").value == pytest.approx(4.19, abs=0.01)
    assert found.answer("serum_creatinine_mg_dl").value == pytest.approx(1.0, abs=1e-3)
    assert found.answer("diastolic_bp_mmhg").value == 90


@pytest.mark.parametrize(
    ("values", "field", "answer"),
    [
        ({"stroke_type": "ischemic"}, "condition", "ischemic-stroke"),
        ({"stroke_type": "tia"}, "condition", None),
        ({"stroke_type": "unknown"}, "condition", None),
        ({"condition": "ischemic-stroke"}, "stroke_type", "ischemic"),
        ({"condition": "tbi"}, "stroke_type", "none"),
        ({"condition": "none"}, "stroke_type", "none"),
        ({"condition": "ischemic-stroke", "stroke_type": "unknown"}, "stroke_type", "ischemic"),
        ({"date_last_seizure": "2020"}, "seizure_history", True),
        ({"date_last_seizure": "never"}, "seizure_history", False),
        ({"seizure_history": "never"}, "date_last_seizure", NEVER),
        ({"seizure_history": True}, "date_last_seizure", None),
        ({"seizure_history": False}, "epilepsy", False),
        ({"epilepsy": False}, "seizure_history", None),
        ({"malignancies": []}, "malignancy_history", False),
        ({"malignancies": ["blood"]}, "malignancy_history", True),
        ({"malignancy_history": "never"}, "malignancies", frozenset()),
        ({"malignancy_history": True}, "active_malignancy_except_skin_bcc_scc", None),
        ({"date_previous_stroke": "never"}, "previous_cerebrovascular_disease", None),
        ({"breastfeeding": True}, "pregnant_or_breastfeeding", True),
        ({"breastfeeding": False}, "pregnant_or_breastfeeding", None),
        ({"thrombolysis_done": False}, "thrombolysis_effective", False),
        ({"thrombolysis_done": True}, "thrombolysis_effective", None),
        ({"conscious_level": "unconscious"}, "coma", None),
        ({"conscious_level": "drowsy"}, "impaired_consciousness", True),
        # a source that is too old settles nothing
        ({"date_last_seizure": dated("never", "2020-01-01")}, "seizure_history", None),
    ],
)
def test_what_one_answer_settles_about_another(
    values: dict[str, Any], field: str, answer: Any
) -> None:
    found = case(**values).answer(field)
    assert found.value == answer
    assert found.derived is (answer is not None)


def test_sex_male_answers_pregnancy_unless_somebody_says_otherwise() -> None:
    assert case(sex="male").answer("pregnant_or_breastfeeding").value is False
    assert case(sex="male").answer("pregnancy_test_negative").value is True
    for sex in ("female", "other", "unknown"):
        assert not case(sex=sex).answer("pregnant_or_breastfeeding").known
    assert not case().answer("pregnant_or_breastfeeding").known
    stated = case(sex="male", pregnant_or_breastfeeding=True)
    assert stated.answer("pregnant_or_breastfeeding").value is True


def test_replace_gives_a_new_case_with_other_values() -> None:
    first = case(mrs_current=3, sex="male", birth_date="1964-05-14")
    second = first.replace(mrs_current=4, sex=None, nihss_total=6)
    assert first.answer("mrs_current").value == 3
    assert second.answer("mrs_current").value == 4
    assert not second.answer("sex").known
    assert second.answer("nihss_total").value == 6
    assert second.answer("age_years").value == 62


def test_replace_refuses_what_a_file_would_be_refused_for() -> None:
    with pytest.raises(CaseError, match="from 0 to 5"):
        case().replace(mrs_current=6)
    with pytest.raises(CaseError, match="does not agree"):
        case(seizure_history="never").replace(date_last_seizure="2020")


def test_a_case_does_not_show_the_person() -> None:
    assert repr(case(birth_date="1964-05-14", sex="male")) == "Case('case', 2 fields)"


def test_an_unknown_field_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        case().answer("hair_colour")
    with pytest.raises(KeyError):
        case().series("hair_colour")


def test_a_coarser_precision_widens_the_date() -> None:
    found = case(onset_datetime="2024-09-18", onset_precision="month").answer("onset_datetime")
    assert isinstance(found.value, PartialDate)
    assert found.value.text == "2024-09"
    finer = case(onset_datetime="2024-09", onset_precision="day").answer("onset_datetime").value
    assert isinstance(finer, PartialDate)
    assert finer.text == "2024-09"
    hour = case(onset_datetime="2026-11-19T13:20+09:00", onset_precision="hour")
    ago = hour.answer("hours_since_stroke").value
    assert isinstance(ago, Span)
    assert (ago.low, ago.high) == pytest.approx((19 + 1 / 3600, 20))


def test_a_time_since_what_never_happened_is_infinite() -> None:
    assert case(seizure_history="never").answer("months_since_last_seizure").value == math.inf
