"""Each kind of bad input: one clear message with its place, the field, and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from saisei.base.dates import parse_as_of
from saisei.base.documents import parse_document
from saisei.base.errors import CaseError, DocumentError, InputError
from saisei.cases import case_from_data, fields, read_case

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
ALL_ITEMS = "1a: 0, 1b: 0, 1c: 0, 2: 0, 3: 0, 4: 1, 5a: 0, 5b: 2, 6a: 0, 6b: 1, 7: 0, 8: 1, 9: 0"
ITEMS_AT_NINE = f"nihss_items:\n  date: 2026-11-05T09:00\n  value: {{{ALL_ITEMS}, 10: 1, 11: 0}}"


def problems_of(text: str) -> tuple[Any, ...]:
    with pytest.raises(InputError) as caught:
        case_from_data(parse_document(text.encode(), "c.yaml"), as_of=AS_OF)
    return caught.value.problems


ONE_MISTAKE = [
    # unknown fields, with the one that was meant
    ("hemoglobin: 13", "unknown-field", "hemoglobin", 1, "Did you mean `hemoglobin_g_dl`?"),
    ("sex: male\nnihs_total: 6", "unknown-field", "nihs_total", 2, "Did you mean `nihss_total`?"),
    ("date_of_birth: 1964", "unknown-field", "date_of_birth", 1, "`birth_date`"),
    ("favourite_colour: blue", "unknown-field", "favourite_colour", 1, "empty case lists"),
    ("7: 1", "unknown-field", "7", 1, "no such field"),
    # derived fields
    ("age_years: 62", "derived", "age_years", 1, "birth_date"),
    ("months_since_stroke: 26", "derived", "months_since_stroke", 1, "onset_datetime"),
    ("fma_motor_total: 50", "derived", "fma_motor_total", 1, "fma_ue, fma_le"),
    # wrong types
    ("mrs_current: three", "wrong-type", "mrs_current", 1, "a whole number from 0 to 5"),
    ('mrs_current: "3"', "wrong-type", "mrs_current", 1, "without quotes"),
    ("mrs_current: true", "wrong-type", "mrs_current", 1, "true or false instead of a number"),
    ("mrs_current: {a: 1}", "wrong-type", "mrs_current", 1, "named values instead of a number"),
    ("seizure_history: 1", "wrong-type", "seizure_history", 1, "true or false, or never"),
    ("sex: 1", "wrong-type", "sex", 1, "one of female, male"),
    ("infarct_territory: [1]", "wrong-type", "infarct_territory", 1, "any of [MCA"),
    ("nihss_items: 6", "wrong-type", "nihss_items", 1, "a number for each of 1a, 1b"),
    ("uln: 40", "wrong-type", "uln", 1, "ast_u_l"),
    ("antithrombotics: [[x]]", "wrong-type", "antithrombotics", 1, "`drug`"),
    # numbers
    ("mrs_current: .nan", "not-finite", "mrs_current", 1, "not a number"),
    ("mrs_current: .inf", "not-finite", "mrs_current", 1, "infinite"),
    ("mrs_current: 1e999", "not-finite", "mrs_current", 1, "infinite"),
    ("mrs_current: 6", "out-of-range", "mrs_current", 1, "from 0 to 5"),
    ("fma_ue: 67", "out-of-range", "fma_ue", 1, "from 0 to 66"),
    ("hemoglobin_g_dl: 130", "out-of-range", "hemoglobin_g_dl", 1, "from 2 to 25 g/dL"),
    ("fma_ue: 28.5", "step", "fma_ue", 1, "a whole number from 0 to 66"),
    ("barthel_total: 72", "step", "barthel_total", 1, "in steps of 5"),
    ("uln: {alt_u_l: 0}", "out-of-range", "uln", 1, "from 1 to 5000"),
    # units
    ("fma_ue: {value: 28, unit: kg}", "unit", "fma_ue", 1, "{score}"),
    ("ldl_mmol_l: {value: 160, unit: mg}", "unit", "ldl_mmol_l", 1, "mmol/L, mg/dL"),
    ("sex: {value: male, unit: kg}", "unit", "sex", 1, "no unit"),
    # words
    ("sex: mail", "not-in-list", "sex", 1, "Did you mean `male`?"),
    ("stroke_type: heart", "not-in-list", "stroke_type", 1, "one of ischemic"),
    ("infarct_territory: [MCA, foot]", "not-in-list", "infarct_territory", 1, "any of [MCA"),
    ("allergy: [dogs]", "not-in-list", "allergy", 1, "penicillin"),
    ("malignancies: [liver]", "not-in-list", "malignancies", 1, "basal-cell-skin"),
    ("mrs_current: never", "never", "mrs_current", 1, "from 0 to 5"),
    ("consent_given: never", "never", "consent_given", 1, "true or false"),
    # dates
    ("onset_datetime: 2024-13", "impossible-date", "onset_datetime", 1, "2024-09"),
    ("onset_datetime: 2025-02-29", "impossible-date", "onset_datetime", 1, "2024-09"),
    ("onset_datetime: last year", "impossible-date", "onset_datetime", 1, "not a date"),
    ("onset_datetime: true", "impossible-date", "onset_datetime", 1, "not a date"),
    ("onset_datetime: never", "never", "onset_datetime", 1, "a date such as"),
    ("birth_date: 1850-01-01", "impossible-date", "birth_date", 1, "a year from 1896 on"),
    ("onset_datetime: 2026-11-21", "future-date", "onset_datetime", 1, "up to 2026-11-20"),
    ("onset_datetime: 2027", "future-date", "onset_datetime", 1, "up to 2026-11-20"),
    ("planned_treatment_datetime: 2300", "impossible-date", "planned_treatment_datetime", 1, ""),
    ("mrs_current: {value: 3, date: 2026-12-01}", "future-date", "mrs_current", 1, "a later day"),
    ("mrs_current: {value: 3, date: soon}", "impossible-date", "mrs_current", 1, "not a date"),
    (
        "birth_date: 1964-05-14\nonset_datetime: 1960",
        "before-birth",
        "onset_datetime",
        2,
        "birth_date",
    ),
    (
        "birth_date: 1964-05-14\nmrs_current: {value: 3, date: 1963}",
        "before-birth",
        "mrs_current",
        2,
        "birth_date",
    ),
    (
        "birth_date: 1964-05-14\nmalignancies: [{kind: blood, last_active: 1960}]",
        "before-birth",
        "malignancies",
        2,
        "birth_date",
    ),
    (
        "onset_datetime: 2024-09-18\ndate_previous_stroke: 2025-01-01",
        "order",
        "onset_datetime",
        1,
        "date_previous_stroke first",
    ),
    # the shape around a value
    ("mrs_current: {date: 2026-11-01}", "incomplete", "mrs_current", 1, "`value`"),
    ("mrs_current: {value: 3, when: 2026}", "unknown-key", "mrs_current", 1, "`date`"),
    ("mrs_current: {value: 3, source: 4}", "wrong-type", "mrs_current", 1, "a text"),
    ("mrs_current: [3, 4]", "same-date", "mrs_current", 1, "date of its own"),
    (
        "fma_ue:\n- {value: 18, date: 2026-11-04}\n- {value: 67, date: 2026-11-19}",
        "out-of-range",
        "fma_ue",
        3,
        "from 0 to 66",
    ),
    (
        "fma_ue:\n- {value: 18, date: 2026-11-04}\n- {value: 30, date: 2026-11-04}",
        "same-date",
        "fma_ue",
        1,
        "date of its own",
    ),
    ("antithrombotics: [{dose: 5}]", "incomplete", "antithrombotics", 1, "`drug`"),
    ("antithrombotics: [{drug: a, colour: b}]", "unknown-column", "antithrombotics", 1, "dose"),
    ("uln: {hemoglobin_g_dl: 4}", "unknown-column", "uln", 1, "alt_u_l"),
    # items
    (
        f"nihss_total: {{value: 9, date: 2026-11-05}}\n{ITEMS_AT_NINE}",
        "differs-from-items",
        "nihss_total",
        1,
        "the same number",
    ),
    ("nihss_items: {1a: 4}", "impossible-item", "nihss_items", 1, "from 0 to 3"),
    ("nihss_items:\n  1a: 0\n  5a: 5", "impossible-item", "nihss_items", 3, "or UN"),
    ("nihss_items: {12: 0}", "unknown-item", "nihss_items", 1, "one of 1a"),
    ("barthel_items: {bathing: 10}", "impossible-item", "barthel_items", 1, "0 or 5"),
    # contradictions
    (
        f"nihss_total: 9\nnihss_items: {{{ALL_ITEMS}, 10: 1, 11: 0}}",
        "differs-from-items",
        "nihss_total",
        1,
        "nihss_items",
    ),
    (
        "nihss_best_language: 2\nnihss_items: {9: 1}",
        "differs-from-items",
        "nihss_best_language",
        1,
        "nihss_items",
    ),
    (
        "seizure_history: never\ndate_last_seizure: 2020",
        "contradiction",
        "seizure_history",
        1,
        "date_last_seizure",
    ),
    (
        "prior_cell_therapy: false\ndate_last_cell_therapy: 2026-10-22",
        "contradiction",
        "prior_cell_therapy",
        1,
        "date_last_cell_therapy",
    ),
    (
        "condition: none\nonset_datetime: 2024",
        "contradiction",
        "condition",
        1,
        "onset_datetime",
    ),
    (
        "condition: tbi\nonset_datetime: 2024",
        "contradiction",
        "condition",
        1,
        "date_brain_injury",
    ),
    # not a case at all
    ("- sex: male", "not-a-case", "", 1, "a list or a single value"),
    ("hello", "not-a-case", "", 1, "`field: value`"),
    ("null", "empty", "", 1, "holds nothing"),
    ('{"resourceType": "Bundle", "entry": []}', "fhir", "", 1, "docs/fhir.md"),
    ("as_of: tomorrow", "as-of", "as_of", 1, "2026-11-20"),
    ("as_of: 2026-11", "as-of", "as_of", 1, "a day or an instant"),
    ("", "empty", "", None, "the file is empty"),
    ("# nothing but a comment", "empty", "", None, "the file is empty"),
    ("sex: male\nsex: female", "repeated", "", 2, "stands here twice"),
    ("sex: [male", "syntax", "", 2, "not well formed"),
    ("sex: &a male\nrespondent: *a", "alias", "", 2, "alias"),
]


@pytest.mark.parametrize(("text", "code", "field", "line", "says"), ONE_MISTAKE)
def test_one_mistake_one_message(
    text: str, code: str, field: str, line: int | None, says: str
) -> None:
    found = problems_of(text)
    assert [problem.code for problem in found] == [code]
    (problem,) = found
    assert problem.field == field
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == ("c.yaml", line)
    assert says in str(problem)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems_of("mrs_current: 9\nage_years: 62\nsex: x\nfma_ue: {value: 1, unit: kg}\n")
    assert [problem.code for problem in found] == ["out-of-range", "derived", "not-in-list", "unit"]
    assert [problem.place.line for problem in found] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "mrs_current: Hanako-secret",
        "sex: Hanako-secret",
        "onset_datetime: Hanako-secret",
        "infarct_territory: [Hanako-secret]",
        "mrs_current: {value: 3, unit: Hanako-secret}",
        "mrs_current: {value: 3, date: Hanako-secret}",
        "ldl_mmol_l: {value: 3, unit: Hanako-secret}",
        "antithrombotics: [{drug: a, since: Hanako-secret}]",
        "nihss_items: {1a: Hanako-secret}",
        "uln: {alt_u_l: Hanako-secret}",
        "as_of: Hanako-secret",
        "malignancies: [Hanako-secret]",
        "mrs_current: 41.7182",
        "birth_date: 1717-03-29",
        "body_weight_kg: {value: 41.7182, unit: mg}",
    ],
)
def test_no_message_repeats_what_was_written_about_a_person(text: str) -> None:
    told = "\n".join(str(problem) for problem in problems_of(text))
    assert "Hanako" not in told
    assert "41.7" not in told
    assert "1717" not in told


@pytest.mark.parametrize("name", [f.id for f in fields().values() if f.derived])
def test_no_derived_field_can_be_typed_in(name: str) -> None:
    for value in (1, True, "never", None, {"value": 1}):
        with pytest.raises(CaseError, match="computed, never typed in"):
            case_from_data({name: value}, as_of=AS_OF)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read_case(tmp_path / "nobody.yaml", as_of=AS_OF)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"sex: \xe9", b"\x00", b"a" * 2_000_001])
def test_a_file_that_is_no_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(content)
    with pytest.raises(DocumentError):
        read_case(path, as_of=AS_OF)


def test_without_any_moment_there_is_no_case() -> None:
    with pytest.raises(CaseError, match="as_of: 2026-11-20"):
        case_from_data({"sex": "male"})


def test_scores_of_one_day_at_different_hours_are_two_scores() -> None:
    rows = [
        {"value": value, "date": f"2026-11-04T{hour}:00"} for value, hour in ((18, "09"), (20, 17))
    ]
    case = case_from_data({"fma_ue": rows}, as_of=AS_OF)
    assert [entry.value for entry in case.series("fma_ue")] == [18, 20]


def test_a_total_and_its_items_of_the_same_day_are_one_score() -> None:
    items = {"A": 20, "B": 5, "C": 3, "D": 2}
    said = {
        "fma_ue": {"value": 30, "date": "2026-11-04"},
        "fma_ue_sections": {"value": items, "date": "2026-11-04T09:00"},
    }
    case = case_from_data(said, as_of=AS_OF)
    assert [entry.value for entry in case.series("fma_ue")] == [30]
