"""Fields that are computed: values, intervals, and when nothing can be said."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.base.dates import Span, parse_as_of
from saisei.cases import Case, case_from_data
from saisei.scales import scale

AS_OF = "2026-11-20T09:00+09:00"
ITEMS: dict[str, Any] = {item.id: 0 for item in scale("nihss").items}


def case(**values: Any) -> Case:
    return case_from_data(values, as_of=parse_as_of(AS_OF))


def nihss(*pairs: tuple[float, str]) -> list[dict[str, Any]]:
    return [{"value": value, "date": date} for value, date in pairs]


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("1964-05-14", 62.0),
        ("1964-11-20", 62.0),
        ("1964-11-21", 61.0),
        ("1964", Span(61, 62)),
        ("1964-05", 62.0),
        ("1964-11", Span(61, 62)),
        ("2008-02-29", 18.0),
    ],
)
def test_age_in_whole_years(born: str, age: float | Span) -> None:
    assert case(birth_date=born).answer("age_years").value == age


@pytest.mark.parametrize(
    ("onset", "days", "months"),
    [
        ("2026-11-20", 0, 0),
        ("2026-10-30", 21, 21 / 30.44),
        ("2024-09-18", 793, 793 / 30.44),
        ("2026-11-19T13:00+09:00", 20 / 24, 20 / 24 / 30.44),
    ],
)
def test_time_since_the_stroke(onset: str, days: float, months: float) -> None:
    found = case(onset_datetime=onset)
    assert found.answer("days_since_stroke").value == pytest.approx(days)
    assert found.answer("months_since_stroke").value == pytest.approx(months)


def test_a_stroke_of_2024_is_an_interval() -> None:
    months = case(onset_datetime="2024").answer("months_since_stroke").value
    assert isinstance(months, Span)
    assert months.low == pytest.approx(688.375 / 30.44, abs=0.01)
    assert months.high == pytest.approx(1054.375 / 30.44, abs=0.01)


def test_a_stroke_of_this_month_may_have_been_today() -> None:
    days = case(onset_datetime="2026-11").answer("days_since_stroke").value
    assert isinstance(days, Span)
    assert days.low == 0
    assert days.high == pytest.approx(19.375)


def test_hours_since_a_stroke_known_to_the_day_are_an_interval() -> None:
    hours = case(onset_datetime="2026-11-20").answer("hours_since_stroke").value
    assert hours == Span(0, 9)


@given(st.dates(min_value=parse_as_of("1990-01-01").date(), max_value=parse_as_of(AS_OF).date()))
def test_an_interval_holds_every_day_it_stands_for(day: Any) -> None:
    exact = case(onset_datetime=day.isoformat())
    for precision in ("%Y", "%Y-%m"):
        vague = case(onset_datetime=day.strftime(precision))
        for field in ("days_since_stroke", "months_since_stroke", "hours_since_stroke"):
            inner, outer = _span(exact.answer(field).value), _span(vague.answer(field).value)
            assert outer.low <= inner.low
            assert inner.high <= outer.high


def _span(value: object) -> Span:
    if isinstance(value, Span):
        return value
    assert isinstance(value, float)
    return Span(value, value)


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"date_other_trial_end": "2026-11-06"}, "weeks_since_other_trial", 2.0),
        ({"date_immunosuppression_end": "2021-11-20"}, "years_since_immunosuppression", 5.0),
        ({"date_immunosuppression_end": "never"}, "years_since_immunosuppression", math.inf),
        ({"date_brain_injury": "2026-11-20"}, "months_since_tbi", 0.0),
        # the latest of two events; what is unknown may have been later
        (
            {"date_last_brain_haemorrhage": "2026-11-10", "date_last_head_trauma": "2026-11-15"},
            "days_since_brain_haemorrhage_or_trauma",
            5.0,
        ),
        (
            {"date_last_brain_haemorrhage": "2026-11-10", "date_last_head_trauma": "never"},
            "days_since_brain_haemorrhage_or_trauma",
            10.0,
        ),
        (
            {"date_last_brain_haemorrhage": "2026-11-10"},
            "days_since_brain_haemorrhage_or_trauma",
            Span(0, 10),
        ),
        (
            {"date_last_brain_haemorrhage": "never"},
            "days_since_brain_haemorrhage_or_trauma",
            None,
        ),
        (
            {"date_last_brain_haemorrhage": "never", "date_last_head_trauma": "never"},
            "days_since_brain_haemorrhage_or_trauma",
            math.inf,
        ),
        # the time at treatment: from now on upwards while it is not planned
        ({"onset_datetime": "2026-11-10"}, "days_since_stroke_at_infusion", Span(10, math.inf)),
        (
            {"onset_datetime": "2026-11-10", "planned_treatment_datetime": "2026-12-10"},
            "days_since_stroke_at_infusion",
            30.0,
        ),
        (
            {
                "onset_datetime": "2026-11-19T13:00+09:00",
                "planned_treatment_datetime": "2026-11-21T01:00+09:00",
            },
            "hours_since_stroke_at_infusion",
            36.0,
        ),
        ({"planned_treatment_datetime": "2026-12-10"}, "days_since_stroke_at_infusion", None),
        # cancers
        ({"malignancies": []}, "years_since_malignancy", math.inf),
        ({"malignancy_history": "never"}, "years_since_malignancy", math.inf),
        (
            {"malignancies": [{"kind": "basal-cell-skin", "last_active": "2025-11-20"}]},
            "years_since_malignancy",
            1.0,
        ),
        (
            {"malignancies": [{"kind": "basal-cell-skin", "last_active": "2025-11-20"}]},
            "years_since_malignancy_except_bcc",
            math.inf,
        ),
        (
            {
                "malignancies": [
                    {"kind": "squamous-cell-skin", "last_active": "2024-11-20"},
                    {"kind": "other", "last_active": "2016-11-20"},
                ]
            },
            "years_since_malignancy_except_skin",
            10.0,
        ),
        (
            {"malignancies": ["blood", {"kind": "other", "last_active": "2016-11-20"}]},
            "years_since_malignancy",
            Span(0, 10),
        ),
        ({"malignancies": ["blood"]}, "years_since_malignancy", None),
        ({"malignancy_history": True}, "years_since_malignancy", None),
        # sums and laboratory values
        ({"fma_ue": 28, "fma_le": 22}, "fma_motor_total", 50.0),
        ({"fma_ue": 28}, "fma_motor_total", None),
        ({"thrombolysis_done": True}, "thrombolysis_given", True),
        (
            {"systolic_bp_mmhg": 148, "diastolic_bp_mmhg": 92},
            "mean_arterial_pressure_mmhg",
            pytest.approx(110.667, abs=1e-3),
        ),
        ({"systolic_bp_mmhg": 148}, "mean_arterial_pressure_mmhg", None),
        (
            {
                "systolic_bp_mmhg": {"value": 148, "date": "2026-11-10"},
                "diastolic_bp_mmhg": {"value": 92, "date": "2026-11-12"},
            },
            "mean_arterial_pressure_mmhg",
            None,
        ),
        (
            {"ast_u_l": 80, "alt_u_l": 60, "uln": {"ast_u_l": 40, "alt_u_l": 50}},
            "ast_alt_x_uln",
            2.0,
        ),
        (
            {"ast_u_l": 80, "uln": {"ast_u_l": 40, "alt_u_l": 50}},
            "ast_alt_x_uln",
            Span(2, math.inf),
        ),
        ({"ast_u_l": 80, "alt_u_l": 60}, "ast_alt_x_uln", None),
        (
            {
                "serum_creatinine_mg_dl": 2,
                "uln": {"serum_creatinine_mg_dl": {"value": 88.4017, "unit": "umol/L"}},
            },
            "creatinine_x_uln",
            pytest.approx(2, abs=1e-4),
        ),
        (
            {"serum_creatinine_mg_dl": 1},
            "serum_creatinine_umol_l",
            pytest.approx(88.4, abs=0.01),
        ),
    ],
)
def test_what_is_computed(values: dict[str, Any], field: str, expected: Any) -> None:
    found = case(**values).answer(field)
    assert found.value == expected
    assert found.known is (expected is not None)
    assert found.derived


def test_what_rests_on_a_stale_value_is_stale() -> None:
    old = {"value": 28, "date": "2020-01-01"}
    found = case(onset_datetime="2019-01-01", fma_ue=old, fma_le=22)
    assert found.answer("fma_motor_total").state == "stale"
    assert case(fma_ue=old).answer("fma_motor_total").state == "missing"


def test_totals_from_items() -> None:
    found = case(
        nihss_items=ITEMS | {"4": 1, "5b": 2, "6b": 1, "8": 1, "10": 1},
        fma_ue_sections={"A": 20, "B": 4, "C": 3, "D": 1},
        fma_le_sections={"E": 20, "F": 2},
    )
    assert found.answer("nihss_total").value == 6
    assert found.answer("nihss_total").derived
    assert found.answer("nihss_visual").value == 0
    assert found.answer("fma_motor_total").value == 50


def test_a_total_needs_every_item() -> None:
    partly = {key: value for key, value in ITEMS.items() if key != "9"}
    found = case(nihss_items=partly)
    assert not found.answer("nihss_total").known
    assert not found.answer("nihss_best_language").known
    assert found.answer("nihss_items_5_6_sum").value == 0


def test_untestable_items_add_nothing_and_answer_nothing_else() -> None:
    found = case(nihss_items=ITEMS | {"5a": "UN", "6a": 3}, stroke_hemisphere="right")
    assert found.answer("nihss_total").value == 3
    assert found.answer("nihss_limb_score").value == 3
    assert not found.answer("nihss_motor_arm").known
    assert found.answer("nihss_motor_leg").value == 3


@pytest.mark.parametrize(
    ("side", "left", "right", "arm"),
    [
        ("left", 0, 2, 2.0),
        ("right", 3, 0, 3.0),
        ("left", 3, 1, Span(1, 3)),
        ("both", 1, 2, Span(1, 2)),
        (None, 0, 2, Span(0, 2)),
        (None, 2, 2, 2.0),
    ],
)
def test_the_affected_side_lies_opposite_to_the_stroke(
    side: str | None, left: float, right: float, arm: float | Span
) -> None:
    found = case(nihss_items=ITEMS | {"5a": left, "5b": right}, stroke_hemisphere=side)
    assert found.answer("nihss_motor_arm").value == arm


def test_the_series_holds_typed_scores_and_totals_of_items() -> None:
    found = case(
        nihss_total=nihss((9, "2026-11-04")),
        nihss_items={"value": ITEMS | {"4": 1}, "date": "2026-11-19"},
    )
    assert [(e.value, e.date.text) for e in found.series("nihss_total")] == [
        (9.0, "2026-11-04"),
        (1.0, "2026-11-19"),
    ]


@pytest.mark.parametrize(
    ("field", "scores", "change"),
    [
        # both with their hour, within the last day
        (
            "nihss_worsening_24h",
            [(8, "2026-11-19T12:00+09:00"), (13, "2026-11-20T08:00+09:00")],
            5,
        ),
        (
            "nihss_worsening_24h",
            [(8, "2026-11-18T12:00+09:00"), (13, "2026-11-19T08:00+09:00")],
            None,
        ),
        ("nihss_worsening_24h", [(8, "2026-11-19"), (13, "2026-11-20")], None),
        (
            "nihss_improvement_12_24h",
            [(14, "2026-11-19T14:00+09:00"), (9, "2026-11-20T06:00+09:00")],
            5,
        ),
        (
            "nihss_improvement_12_24h",
            [(14, "2026-11-20T01:00+09:00"), (9, "2026-11-20T06:00+09:00")],
            None,
        ),
        (
            "nihss_change_screening",
            [(9, "2026-11-19T14:00+09:00"), (14, "2026-11-20T06:00+09:00")],
            5,
        ),
        ("nihss_change_per_3_days", [(14, "2026-11-16"), (12, "2026-11-19")], 2),
        ("nihss_change_per_3_days", [(14, "2026-11-15"), (12, "2026-11-19")], None),
        ("nihss_change_per_3_days", [(14, "2026-11"), (12, "2026-11-19")], None),
        ("nihss_improvement_admission_to_day7", [(14, "2026-11-10"), (9, "2026-11-17")], 5),
        ("nihss_improvement_admission_to_day7", [(14, "2026-11-10"), (9, "2026-11-14")], None),
        (
            "nihss_improvement_admission_to_day7",
            [(14, "2026-11-11"), (11, "2026-11-16"), (10, "2026-11-17"), (9, "2026-11-18")],
            4,
        ),
        ("nihss_improvement_admission_to_day7", [(14, "2026-11-10")], None),
    ],
)
def test_changes_of_the_nihss_need_scores_as_far_apart_as_they_say(
    field: str, scores: list[tuple[float, str]], change: float | None
) -> None:
    found = case(onset_datetime="2026-11-10", nihss_total=nihss(*scores)).answer(field)
    assert found.value == change
