"""Phrases of registered criteria and what they are read as; the sentences are our own."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.eligibility import parse, sentence
from saisei.therapies.ctgov import Draft, draft_criteria, read_parts
from saisei.therapies.ctgov.amounts import numbers_in
from saisei.therapies.ctgov.words import fold


def _draft(item: str, side: str = "inclusion") -> Draft:
    (draft,) = draft_criteria(f"{side.capitalize()} Criteria:\n\n* {item}")
    return draft


WHOLE = {
    # scores
    "NIHSS score of 7-20 inclusive": "7 <= nihss_total <= 20",
    "NIHSS ≥5 and ≤ 22": "5 <= nihss_total <= 22",
    "National Institutes of Health Stroke Scale (NIHSS) above 8": "nihss_total > 8",
    "a score of 6 or more points on the NIHSS": "nihss_total >= 6",
    "NIHSS between 6 and 20": "6 <= nihss_total <= 20",
    "mRS ≤ 1 prior to stroke": "mrs_prestroke <= 1",
    "Pre-stroke modified Rankin Scale of 0 or 1": "mrs_prestroke in {0, 1}",
    "mRS of 3-4 at screening and pre-stroke mRS of 0-1": "3 <= mrs_current <= 4 "
    "and 0 <= mrs_prestroke <= 1",
    "Current mRS of 3 or 4": "mrs_current in {3, 4}",
    "Barthel Index < 60": "barthel_total < 60",
    "Glasgow Coma Scale > 8": "gcs_total > 8",
    "Upper extremity Fugl-Meyer score of 10 to 45": "10 <= fma_ue <= 45",
    # age
    "Age 18-80 years (inclusive)": "18 <= age_years <= 80",
    "Men or women, 40 years of age or older": "age_years >= 40",
    "Aged between 20 and 75 years": "20 <= age_years <= 75",
    "Adults ≥ 18 years": "age_years >= 18",
    "older than 21 years and younger than 70 years": "21 < age_years < 70",
    # times since the stroke
    "within 36 hours of stroke onset": "hours_since_stroke <= 36",
    "6 to 60 months after stroke": "6 <= months_since_stroke <= 60",
    "Stroke at least 6 months and no more than 60 months ago": "6 <= months_since_stroke <= 60",
    "less than one month post-stroke": "months_since_stroke < 1",
    "Ischaemic stroke between 6 months and 5 years ago": "stroke_type == 'ischemic' "
    "and months_since_stroke >= 6 and years_since(onset_datetime) <= 5",
    "Symptom onset within 3 weeks": "weeks_since(onset_datetime) <= 3",
    # kind and place
    "Clinical diagnosis of ischemic stroke": "stroke_type == 'ischemic'",
    "in the territory of the MCA or ACA": "any_of(infarct_territory, {'MCA', 'ACA'})",
    "confined to the MCA territory": "within(infarct_territory, {'MCA'})",
    # negations
    "18 years ≤ age ≤ 75 years": "18 <= age_years <= 75",
    "6 ≤ NIHSS score < 20": "6 <= nihss_total < 20",
    "No history of seizures": "not seizure_history",
    "Not pregnant or breast-feeding": "not pregnant_or_breastfeeding",
    "non-lacunar infarct": "not lacunar_infarct",
    "No midline shift or haemorrhagic transformation": "not (midline_shift "
    "or haemorrhagic_transformation)",
    "No midline shift, no haemorrhagic transformation": "not midline_shift "
    "and not haemorrhagic_transformation",
    "No myocardial infarction or prior stroke in the last 3 months": "not "
    "(months_since_previous_stroke <= 3 or months_since_myocardial_infarction <= 3)",
    "Negative for HIV, HBV and HCV": "not any_of(infection_serology_positive, "
    "{'HIV', 'HBV', 'HCV'})",
    # the laboratory
    "Platelets > 100 x 10^9/L": "platelet_count_10e9_l > 100",
    "AST and ALT ≤ 2.5 x ULN": "ast_alt_x_uln <= 2.5",
    "Informed consent signed by the patient": "consent_given",
    "Able to undergo MRI and CT": "all_of(can_undergo_imaging, {'MRI', 'CT'})",
}

EXCLUDED = {
    "Platelet count below 100,000/mm3": "platelet_count_10e9_l < quantity(100000, '/uL')",
    "Creatinine > 2 mg/dL": "serum_creatinine_mg_dl > 2",
    "Serum creatinine greater than 200 µmol/L": "serum_creatinine_mg_dl > quantity(200, 'umol/L')",
    "Haemoglobin < 90 g/L": "hemoglobin_g_dl < quantity(90, 'g/L')",
    "INR > 1.7": "inr > 1.7",
    "Bilirubin more than 2 times the upper limit of normal": "bilirubin_x_uln > 2",
    "Blood glucose < 50 mg/dL (2.7 mmol/L)": "blood_glucose_mmol_l < quantity(50, 'mg/dL')",
    "Blood glucose < 3 or > 22 mmol/L": "blood_glucose_mmol_l < 3 or blood_glucose_mmol_l > 22",
    "Systolic pressure ≥ 185 mmHg or diastolic pressure ≥ 110 mmHg": "systolic_bp_mmhg >= 185 "
    "or diastolic_bp_mmhg >= 110",
    "eGFR < 30 mL/min/1.73m2": "egfr_ml_min_173 < 30",
    "Aged less than 40 or more than 70": "age_years < 40 or age_years > 70",
    "Pregnant or lactating women": "pregnant_or_breastfeeding",
    "Any history of seizures": "seizure_history",
    "Cancer within the last 5 years": "years_since_malignancy <= 5",
    "Contraindication to MRI": "any_of(contraindicated_imaging, {'MRI'})",
    "MRI contraindicated": "any_of(contraindicated_imaging, {'MRI'})",
    "Life expectancy of less than 1 year": "life_expectancy_months < quantity(1, 'a')",
    "Participation in another clinical trial within 30 days": "days_since(date_other_trial_end) "
    "<= 30",
    "Myocardial infarction in the past 6 months": "months_since_myocardial_infarction <= 6",
    "NIHSS > 25 or < 5": "nihss_total > 25 or nihss_total < 5",
    "Age under 18 years and over 80 years": "age_years < 18 or age_years > 80",
    "Onset of stroke less than 6 months ago": "months_since_stroke < 6",
    "mRS prior to the stroke of 2 or more": "mrs_prestroke >= 2",
    "Head trauma or prior stroke within 3 months": "months_since_previous_stroke <= 3 "
    "or months_since_head_trauma <= 3",
    "HIV, hepatitis B or hepatitis C infection": "any_of(infection_serology_positive, "
    "{'HIV', 'HBV', 'HCV'})",
    "Hepatitis B or C": "any_of(infection_serology_positive, {'HBV', 'HCV'})",
    "Treated in another investigational drug study within 3 months": "months_since_other_trial "
    "<= 3",
    "Known allergy to penicillin or to bovine proteins": "any_of(allergy, "
    "{'penicillin', 'bovine-protein'})",
    "Lacunar or brainstem infarct": "lacunar_infarct or any_of(infarct_territory, {'brainstem'})",
    "Refusal to give informed consent": "not consent_given",
    "Mechanical heart valve (e.g. of metal)": "mechanical_heart_valve",
}


@pytest.mark.parametrize(("item", "when"), WHOLE.items())
def test_an_inclusion_is_read_whole(item: str, when: str) -> None:
    draft = _draft(item)
    assert (draft.extent, draft.unread) == ("whole", "")
    assert parse(draft.when or "") == parse(when)


@pytest.mark.parametrize(("item", "when"), EXCLUDED.items())
def test_an_exclusion_is_read_whole(item: str, when: str) -> None:
    draft = _draft(item, "exclusion")
    assert (draft.extent, draft.unread) == ("whole", "")
    assert parse(draft.when or "") == parse(when)


PARTLY = [
    # words that were not read stay in sight
    ("inclusion", "Moderate stroke (NIHSS 7 to 20)", "7 <= nihss_total <= 20", "Moderate stroke"),
    ("exclusion", "Platelets < 100,000", "platelet_count_10e9_l < quantity(100000, '/uL')", ""),
    ("exclusion", "Pregnancy", "pregnant_or_breastfeeding", ""),
    ("exclusion", "mRS ≥ 2", "mrs_current >= 2", ""),
    ("inclusion", "ALT ≤ 2.5 x ULN", "ast_alt_x_uln <= 2.5", ""),
    ("inclusion", "Treatment within 48 hours of onset", "hours_since_stroke <= 48", "Treatment"),
    ("exclusion", "Pregnant, nursing, or meaning to be", "pregnant_or_breastfeeding", "meaning"),
    ("exclusion", "Patients with INR > 1.7 or odd teeth", "inr > 1.7", "odd teeth"),
    ("exclusion", "Stroke within 90 days", "days_since_previous_stroke <= 90", ""),
    ("exclusion", "Severe head injury within 3 months", "months_since_head_trauma <= 3", ""),
    (
        "exclusion",
        "Blood pressure < 90/60 mmHg",
        "systolic_bp_mmhg < 90 or diastolic_bp_mmhg < 60",
        "",
    ),
    (
        "inclusion",
        "Blood pressure > 90/60 mmHg",
        "systolic_bp_mmhg > 90 and diastolic_bp_mmhg > 60",
        "",
    ),
]


@pytest.mark.parametrize(("side", "item", "when", "unread"), PARTLY)
def test_what_is_not_the_whole_rule_is_marked(side: str, item: str, when: str, unread: str) -> None:
    draft = _draft(item, side)
    assert draft.extent == "partly"
    assert parse(draft.when or "") == parse(when)
    assert draft.unread == unread
    assert draft.unread or draft.notes


WITHHELD = [
    ("inclusion", "NIHSS of 6 or more, unless aphasia is present"),
    ("inclusion", "NIHSS of 6 or more or severe aphasia"),
    ("exclusion", "No disability before the stroke (pre-stroke mRS 0-2)"),
    ("exclusion", "Uncontrolled epilepsy"),
    ("inclusion", "Age > 18 years or < 80 years"),
    ("exclusion", "Diabetes with HbA1c > 9 %"),
    ("inclusion", "No epilepsy and dementia"),
    (
        "inclusion",
        "Subacute: 10 days after stroke or more. Chronic: at least 6 months after stroke",
    ),
    ("exclusion", "SaO2 > 95% maintained with oxygen"),
    ("exclusion", "Use of an anticoagulant with INR > 1.7"),
    ("exclusion", "Epilepsy and diabetes that needs insulin"),
    ("exclusion", "Epilepsy requiring treatment"),
    ("exclusion", "INR > 1.7 and creatinine > 2 mg/dL"),
    ("exclusion", "Coagulopathy (INR > 1.7)"),
    ("exclusion", "Life expectancy under 6 months due to another disease"),
    ("inclusion", "NIHSS 6-15 on the right, NIHSS 6-18 on the left"),
    ("exclusion", "AST > 3 x ULN or ALT > 5 x ULN"),
    ("inclusion", "NIHSS of 8 to 20 that does not change by 4 points"),
]


@pytest.mark.parametrize(("side", "item"), WITHHELD)
def test_no_expression_is_offered_where_words_could_turn_the_rule(side: str, item: str) -> None:
    draft = _draft(item, side)
    assert draft.extent == "partly"
    assert draft.when is None
    assert draft.parts
    assert draft.notes


UNREAD = [
    ("exclusion", "Platelets below 105/mm3"),  # a lost power of ten: no platelet count
    ("exclusion", "Creatinine > 1.4"),  # in which unit?
    ("exclusion", "Family history of diabetes in a parent's"),
    ("inclusion", "Improvement of the NIHSS by 4 points or more"),
    ("inclusion", "MMSE > 24"),
    ("exclusion", "HBV vaccination within a month"),
    ("exclusion", "Stroke within 30 days before the index stroke"),
    ("inclusion", "NIHSS item 6 of 2 or more"),
    ("inclusion", "Occlusion of the MCA"),
    ("inclusion", "Posterior circulation ASPECTS of 7 or more"),
    ("exclusion", "Diastolic pressure over 180/100"),
    ("inclusion", "A look-alike is unlikely (e.g., epilepsy, coma)"),
    ("exclusion", "Negative pregnancy test"),
    ("inclusion", "年齢18歳以上、NIHSS 7点以上の方"),
]


@pytest.mark.parametrize(("side", "item"), UNREAD)
def test_what_is_not_certain_stays_unread(side: str, item: str) -> None:
    draft = _draft(item, side)
    assert (draft.when, draft.parts if draft.extent == "unread" else ()) == (None, ())


def test_items_of_an_unclear_list_or_of_other_people_are_kept_without_drafts() -> None:
    (unclear,) = draft_criteria("* NIHSS > 6")
    (donor,) = draft_criteria("Inclusion Criteria for donors:\n\n* Age 18 to 40 years")
    assert (unclear.extent, donor.extent) == ("unread", "unread")
    assert unclear.notes
    assert donor.notes


def test_items_of_a_cohort_and_items_below_others_are_never_whole() -> None:
    (cohort,) = draft_criteria("Inclusion Criteria for Cohort A:\n\n* NIHSS > 6")
    parent, child = draft_criteria("Inclusion Criteria:\n\n* Either of:\n\n  * NIHSS > 6")
    assert (cohort.extent, cohort.when) == ("partly", "nihss_total > 6")
    assert (parent.extent, child.extent, child.when) == ("unread", "partly", None)


SCORES = st.tuples(st.integers(0, 20), st.integers(21, 42))
FORMS = [
    "NIHSS score of {0}-{1}",
    "NIHSS ≥ {0} and ≤ {1} at screening",
    "moderate deficit with an NIHSS between {0} and {1} points",
    "NIHSS at least {0}, and no more than {1}, and aphasia",
]


@given(SCORES, st.sampled_from(FORMS), st.sampled_from(["inclusion", "exclusion"]))
def test_the_numbers_of_a_part_stand_in_its_phrase(
    ends: tuple[int, int], form: str, side: str
) -> None:
    item = form.format(*ends)
    (draft,) = draft_criteria(f"{side} criteria:\n* {item}")
    (part,) = draft.parts
    phrase = set(numbers_in(fold(item[part.start : part.end])))
    assert {float(n) for n in ends} == phrase
    assert set(re.findall(r"\d+", part.when)) == {str(n) for n in ends}


WORDS = st.lists(
    st.sampled_from([
        "NIHSS", "mRS", "before", "stroke", "onset", "within", "of", "age", "years", "or", "and",
        "no", "≥", "<", "between", "3", "18", "80", "100,000", "/mm3", "mg/dL", "platelets", "HIV",
        "creatinine", "history", "cancer", "5", "MRI", "contraindication", "to", "pregnant", "(",
        ")", "185/110",
        "less than", "months", "hours", "ago", "MCA", "territory", "ischemic", "seizures", "x ULN",
        "ALT", ",", ";", "unless", "informed consent", "last", "severe", "blood pressure",
    ]),
    max_size=14,
)  # fmt: skip


@given(WORDS, st.sampled_from(["inclusion", "exclusion"]))
def test_every_expression_parses_and_every_part_has_its_place(words: list[str], side: str) -> None:
    item = " ".join(words)
    for draft in draft_criteria(f"{side} criteria:\n* {item}"):
        text = draft.piece.text
        ends = [(part.start, part.end) for part in draft.parts]
        assert ends == sorted(ends)
        assert all(a[1] <= b[0] for a, b in pairwise(ends))
        for part in draft.parts:
            assert text[part.start : part.end].strip()
            assert sentence(parse(part.when))
            printed = set(numbers_in(fold(text[part.start : part.end])))
            numbers = re.findall(r"(?<![\w'*.])\d+(?:\.\d+)?(?![\w'])", part.when)
            assert {float(number) for number in numbers} <= printed
        assert draft.extent == "unread" or draft.parts
        if draft.when is not None:
            assert sentence(parse(draft.when)) == draft.says
        if draft.extent == "whole":
            assert not draft.unread
            assert draft.when is not None


@pytest.mark.parametrize("words", ["pregnant or breast-feeding ", "CT or MRI ", "7-20 ", "(no "])
def test_an_endless_item_is_kept_unread_and_a_long_one_is_soon_read(words: str) -> None:
    (endless,) = draft_criteria("Exclusion Criteria:\n\n* " + words * 4_000)
    assert (endless.extent, endless.unread) == ("unread", endless.piece.text)
    assert "split it by hand" in endless.notes[0]
    (long,) = draft_criteria("Exclusion Criteria:\n\n* " + (words * 600)[:2_400])
    assert not any("split it by hand" in note for note in long.notes)


def test_nothing_is_read_of_an_unclear_item() -> None:
    assert read_parts("NIHSS > 6", "unclear") == ()
