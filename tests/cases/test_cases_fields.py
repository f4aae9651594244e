"""The one table of fields: whole, consistent, and enough for what uses it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from saisei.base.dates import Span
from saisei.base.units import convert, units_for
from saisei.cases import Field, fields
from saisei.cases.fields import table
from saisei.scales import scales
from saisei.vocabulary import Condition, Route, StrokeType, Territory

ALL = list(fields().values())


def test_there_are_the_fields_of_the_criteria_and_those_they_are_computed_from() -> None:
    assert len(ALL) == 273
    assert sum(1 for field in ALL if field.used_by) == 217


def test_every_question_speaks_of_nobody_or_of_the_person() -> None:
    for field in ALL:
        question = field.question["en"]
        assert question.endswith("?"), field.id
        assert not {"you", "your"} & set(question.lower().replace("?", "").split()), field.id


def test_every_derived_field_says_what_it_is_computed_from() -> None:
    for field in ALL:
        assert field.derived is (field.valid_for == "inputs"), field.id
        if field.derived:
            assert field.derived_from, field.id
            assert field.inputs, field.id
            assert set(field.inputs) <= set(fields()), field.id


def test_what_a_field_is_computed_from_is_never_itself_a_guess() -> None:
    for field in ALL:
        if field.derived:
            assert not any(fields()[name].derived for name in field.inputs), field.id


def test_every_rule_speaks_of_fields_that_can_be_typed() -> None:
    for field in ALL:
        for rule in field.follows:
            assert not fields()[rule["from"]].derived, field.id
    for row in table("contradictions"):
        assert set(row["values"]) <= set(fields()[row["field"]].values)
        assert row["given"] in fields()
    for row in table("orders"):
        assert {row["first"], row["then"]} <= set(fields())
    for name in table("essentials"):
        assert not fields()[name].derived
    assert all(not fields()[meant].derived for meant in table("also_called").values())
    assert not set(table("also_called")) & set(fields())


def test_what_follows_is_a_possible_answer() -> None:
    for field in ALL:
        for rule in field.follows:
            given = list(rule["values"].values()) if "values" in rule else [rule["gives"]]
            for answer in given:
                assert _possible(field, answer), (field.id, answer)


def _possible(field: Field, answer: object) -> bool:
    if field.type == "boolean":
        return isinstance(answer, bool)
    if field.type == "list":
        return answer == []
    return answer == "never" if field.type == "date" else _word_or_never(field, answer)


def _word_or_never(field: Field, answer: object) -> bool:
    return answer in field.values or (answer == "never" and field.never)


def test_validity_covers_every_answer_a_field_can_have() -> None:
    for field in ALL:
        if isinstance(field.valid_for, Mapping):
            assert set(field.valid_for) == _answers(field), field.id


def _answers(field: Field) -> set[str]:
    assert isinstance(field.valid_for, Mapping)
    if "chronic" in field.valid_for:
        return {"acute_subacute", "chronic"}
    never = {"if_never"} if field.never else set()
    by_type = {
        "boolean": {"if_true", "if_false"} | never,
        "list": {"if_present", "if_absent"},
        "date": {"if_date"} | never,
    }
    return by_type[field.type]


def test_enums_and_closed_lists_have_values_and_nothing_else_has() -> None:
    for field in ALL:
        if field.type == "enum":
            assert len(field.values) >= 2, field.id
        if field.type in ("boolean", "number", "date", "datetime", "map", "items"):
            assert not field.values, field.id
        if field.type == "list":
            assert field.values or field.entries, field.id


def test_the_words_are_those_of_the_vocabulary() -> None:
    assert set(fields()["condition"].values) <= {condition.value for condition in Condition}
    assert set(fields()["stroke_type"].values) == {kind.value for kind in StrokeType}
    assert set(fields()["infarct_territory"].values) == {place.value for place in Territory}
    assert set(fields()["route_last_cell_therapy"].values) - {"unknown"} == {r.value for r in Route}


@pytest.mark.parametrize(
    ("field_id", "low", "high"),
    [
        ("fma_ue", 0, 66),
        ("fma_le", 0, 34),
        ("fma_motor_total", 0, 100),
        ("nihss_total", 0, 42),
        ("nihss_1a", 0, 3),
        ("nihss_best_language", 0, 3),
        ("barthel_total", 0, 100),
        ("arat_total", 0, 57),
        ("motricity_index_upper", 0, 100),
        ("mrs_current", 0, 5),
    ],
)
def test_ranges_of_scores(field_id: str, low: float, high: float) -> None:
    assert fields()[field_id].range == Span(low, high)


def test_every_number_but_a_count_has_a_unit_and_a_range() -> None:
    for field in ALL:
        if field.type == "number":
            assert field.range is not None, field.id
            assert field.unit or field.step == 1 or field.range == Span(0, 1), field.id
        if field.scale:
            assert field.scale in scales(), field.id


def test_analytes_of_the_units_are_fields() -> None:
    assert units_for("mg/dL", "serum_creatinine_mg_dl") == ("mg/dL", "umol/L")
    there = convert(1.0, "mg/dL", "umol/L", "serum_creatinine_mg_dl")
    assert there == pytest.approx(1000 / 113.12 * 10, rel=1e-5)
    assert convert(there, "umol/L", "mg/dL", "serum_creatinine_mg_dl") == pytest.approx(1, rel=1e-5)


def test_spellings_lead_to_units_that_convert_or_are_kept() -> None:
    kept = {field.unit for field in ALL if field.unit}
    givable = {
        unit for field in ALL if field.unit for unit in units_for(field.unit, field.id)
    } | kept
    assert set(table("spellings").values()) <= givable


def test_a_clinicians_judgement_and_a_willingness_are_told_apart() -> None:
    judged = {field.id for field in ALL if field.judgement}
    willing = {field.id for field in ALL if field.willingness}
    assert "investigator_judgement_unsuitable" in judged
    assert "consent_given" in willing
    assert not judged & willing


def test_sex_male_answers_the_questions_of_pregnancy() -> None:
    answered = {field.id: field.if_male for field in ALL if field.if_male is not None}
    assert answered == {
        "breastfeeding": False,
        "childbearing_potential": False,
        "childbearing_potential_not_excluded": False,
        "effective_contraception": True,
        "pregnancy_test_negative": True,
        "pregnant_or_breastfeeding": False,
    }


@pytest.mark.parametrize(
    "name",
    # What the emergency page, the cautions and the forecast name by hand.
    [
        "in_hospital",
        "warning_signs",
        "respondent",
        "prior_cell_therapy",
        "antithrombotics",
        "active_infection",
        "malignancies",
        "thromboembolism_history",
        "seizure_history",
        "consent_capacity_self",
        "aphasia",
        "haemorrhage_location",
        "occlusion_site",
        "route_last_cell_therapy",
        "nihss_items",
        "barthel_items",
        "fma_ue_sections",
        "fma_le_sections",
        "gos_e",
        "diabetes",
        "ldl_mmol_l",
        "systolic_bp_mmhg",
        "atrial_fibrillation",
        "conscious_level",
        "deficit_face",
        "visible_infarct_on_ct",
    ],
)
def test_fields_that_no_criterion_asks_for_are_there_too(name: str) -> None:
    assert name in fields()
