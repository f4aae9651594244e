"""The gates: which page a person gets. An emergency comes before everything else."""

from __future__ import annotations

import pytest

from saisei.base.dates import parse_as_of
from saisei.cases import Case, case_from_data
from saisei.decision import Kind, Reason, decide, pass_gates

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
CHRONIC = {
    "birth_date": "1964-05-14",
    "onset_datetime": "2024-09-18",
    "stroke_type": "ischemic",
    "condition": "ischemic-stroke",
}


def case(**values: object) -> Case:
    given = {name: value for name, value in (CHRONIC | values).items() if value is not None}
    return case_from_data(given, as_of=AS_OF)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, Kind.FULL),
        ({"onset_datetime": "2026-11-19T13:00+09:00"}, Kind.EMERGENCY),
        ({"onset_datetime": "2026-11-13"}, Kind.EMERGENCY),
        ({"onset_datetime": "2026-11-12"}, Kind.FULL),
        ({"onset_datetime": "2026-11-19", "in_hospital": False}, Kind.EMERGENCY),
        ({"onset_datetime": "2026-11-19", "in_hospital": True}, Kind.ACUTE_IN_HOSPITAL),
        ({"onset_datetime": "2026-11", "in_hospital": None}, Kind.FULL),
        ({"warning_signs": ["breathlessness"]}, Kind.EMERGENCY),
        ({"warning_signs": []}, Kind.FULL),
        ({"warning_signs": {"value": ["fever"], "date": "2026-11-16"}}, Kind.EMERGENCY),
        ({"warning_signs": {"value": ["fever"], "date": "2026-10-01"}}, Kind.FULL),
        ({"birth_date": "2015-08-09"}, Kind.CHILD),
        ({"birth_date": "2008"}, Kind.CHILD),
        ({"birth_date": "2007"}, Kind.FULL),
        ({"birth_date": None}, Kind.FULL),
        ({"sex": "female", "pregnant_or_breastfeeding": True}, Kind.PREGNANCY),
        ({"sex": "female", "pregnant_or_breastfeeding": False}, Kind.FULL),
    ],
)
def test_each_gate(values: dict[str, object], kind: Kind) -> None:
    assert pass_gates(case(**values)).kind is kind


@pytest.mark.parametrize(
    "others",
    [
        {"birth_date": "2015-08-09"},
        {"sex": "female", "pregnant_or_breastfeeding": True},
        {"onset_datetime": "2026-11-19", "in_hospital": True},
    ],
)
def test_a_warning_sign_comes_before_everything(others: dict[str, object]) -> None:
    gate = pass_gates(case(warning_signs=["drooping-face"], **others))
    assert gate.kind is Kind.EMERGENCY
    assert Reason.WARNING_SIGN in gate.reasons


def test_a_brain_injury_of_this_week_is_an_emergency_too() -> None:
    injured = case(
        condition="tbi", stroke_type=None, onset_datetime=None, date_brain_injury="2026-11-18"
    )
    assert pass_gates(injured).kind is Kind.EMERGENCY


def test_bleeding_follows_the_same_rule() -> None:
    bleeding = {"condition": None, "stroke_type": "intracerebral-haemorrhage"}
    assert pass_gates(case(onset_datetime="2026-11-18", **bleeding)).kind is Kind.EMERGENCY


def test_no_condition_is_its_own_page() -> None:
    nobody = case(condition="none", onset_datetime=None, stroke_type=None)
    assert pass_gates(nobody).kind is Kind.NO_CONDITION


def test_a_coarse_date_that_reaches_this_week_is_told_first() -> None:
    coarse = case(onset_datetime="2026-11")
    assert pass_gates(coarse).may_be_first_week
    decision = decide(coarse, AS_OF)
    assert "last 7 days" in decision.about[0].text


@pytest.mark.parametrize(
    "values",
    [
        {"warning_signs": ["fever"]},
        {"onset_datetime": "2026-11-19"},
        {"birth_date": "2015-08-09"},
        {"sex": "female", "pregnant_or_breastfeeding": True},
    ],
)
def test_short_pages_show_no_therapy_price_or_forecast(values: dict[str, object]) -> None:
    decision = decide(case(**values), AS_OF)
    for part in ("options", "futures", "findings", "therapies", "gains", "questions", "practical"):
        assert not getattr(decision, part), part
    assert decision.emergency.text
    assert ("Japan", "119") in decision.emergency.numbers


def test_the_emergency_page_has_nothing_else() -> None:
    decision = decide(case(warning_signs=["seizure"]), AS_OF)
    assert decision.answer == ()
    assert decision.about == ()
    assert decision.policy == ()
    assert "a seizure" in decision.emergency.reasons[0]


def test_in_hospital_no_journey_price_or_paid_therapy() -> None:
    decision = decide(case(onset_datetime="2026-11-19", in_hospital=True), AS_OF)
    assert decision.therapies
    assert all(therapy.journey is None for therapy in decision.therapies)
    assert all(not therapy.legal and not therapy.claims for therapy in decision.therapies)
    assert "ad-msc-intravenous-asrm" not in {therapy.id for therapy in decision.therapies}
    assert not decision.futures
    assert not decision.practical


def test_every_page_opens_with_the_emergency_words() -> None:
    for values in ({}, {"birth_date": "2015-08-09"}, {"warning_signs": ["fever"]}):
        assert "call the emergency number now" in decide(case(**values), AS_OF).emergency.text


def test_a_sign_taken_back_since_is_over() -> None:
    told = [
        {"value": ["fever"], "date": "2026-11-16"},
        {"value": [], "date": "2026-11-20"},
    ]
    assert pass_gates(case(warning_signs=told)).kind is Kind.FULL


def test_a_date_that_may_be_this_week_shows_nothing_for_sale() -> None:
    decision = decide(case(onset_datetime="2026-11"), AS_OF)
    assert decision.kind is Kind.FULL
    assert "paid" not in {option.id for option in decision.options}
    assert all(therapy.journey is None for therapy in decision.therapies)
    assert not decision.practical


def test_a_family_on_the_ward_is_shown_no_figures_of_death() -> None:
    ward = {"onset_datetime": "2026-11-19", "in_hospital": True}
    shown = decide(case(**ward, respondent="clinician"), AS_OF).findings
    assert "death" in {finding.outcome for finding in shown}
    family = decide(case(**ward, respondent="family"), AS_OF).findings
    assert family
    assert "death" not in {finding.outcome for finding in family}
