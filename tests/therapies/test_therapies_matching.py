"""Matching, rule by rule of what may be said (not "eligible"), and the example people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.base.dates import parse_as_of
from saisei.cases import Answer, Case, Known, case_from_data, fields, read_case
from saisei.eligibility import Lookup, by_field, fields_of
from saisei.therapies import (
    Trial,
    TrialMatch,
    match_programme,
    match_trial,
    programme,
    programmes,
    screen,
    therapy_sources,
    trial,
    trials,
)
from saisei.vocabulary import Truth

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
EXAMPLES = Path(__file__).parents[2] / "examples"
TAIWAN = trial("NCT02813512")
"""Its list is short, whole, and of a chronic stroke."""
FITS_TAIWAN: dict[str, Any] = {
    "as_of": "2026-11-20",
    "birth_date": "1956-02-01",
    "sex": "male",
    "stroke_type": "ischemic",
    "onset_datetime": "2024-03-01",
    "systolic_bp_mmhg": 130,
    "diastolic_bp_mmhg": 80,
    "inr": 1.1,
    "platelet_count_10e9_l": 220,
    "lesion_max_diameter_cm": 3,
    "infection_serology_positive": [],
    "malignancy_history": "never",
    "hepatic_dysfunction": False,
}
NO_PROMISE = "Meeting entry rules does not mean that it would help."


def person(**changes: Any) -> Case:
    given_ = {name: value for name, value in (FITS_TAIWAN | changes).items() if value is not None}
    return case_from_data(given_)


def example(number: str) -> Case:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    return read_case(path, as_of=AS_OF)


def words_of(case: Case) -> dict[str, str]:
    return {match.trial.id: match.word for match in screen(case).trials}


# ---------------------------------------------------------------- the words


def test_a_match_says_what_it_does_not_mean() -> None:
    match = match_trial(TAIWAN, person())
    assert match.word == "matches"
    assert match.sentence.text.startswith("Matches the entry rules read.")
    assert NO_PROMISE in match.sentence.text
    assert match.missing == frozenset()


def test_no_match_names_the_rule_and_the_value() -> None:
    match = match_trial(TAIWAN, person(birth_date="1964-02-01"))
    assert match.word == "does-not-match"
    assert [judged.criterion.id for judged in match.failing] == ["i1"]
    assert match.sentence.text == (
        "Does not match: it asks for: 65 to 80 years old (age is 62 years)."
    )


def test_undecided_names_what_is_missing() -> None:
    match = match_trial(TAIWAN, person(inr=None, platelet_count_10e9_l=None))
    assert match.word == "undecided"
    assert match.missing == {"inr", "platelet_count_10e9_l"}
    assert match.sentence.text.startswith("Undecided; missing: INR; platelet count.")
    assert NO_PROMISE not in match.sentence.text


def test_every_sentence_of_a_partial_list_says_so() -> None:
    for case in (person(), person(condition="none", stroke_type="none", onset_datetime=None)):
        for match in screen(case).trials:
            partial = "Only a part of its entry rules could be read" in match.sentence.text
            assert partial == (not match.trial.criteria_complete)


def test_every_source_of_a_sentence_is_known() -> None:
    found = screen(example("01"))
    said = [s for m in found.trials for s in (m.sentence, m.standing_sentence)]
    said += [sentence for match in found.programmes for sentence in match.sentences]
    assert {key for s in said for key in s.sources} <= set(therapy_sources())


# ---------------------------------------------------------------- tested first


def test_condition_phase_and_adult_age_come_first() -> None:
    for found in trials():
        ids = [judged.criterion.id for judged in match_trial(found, person()).judged[:3]]
        expected = (
            ["condition", "stage", "adult"] if found.phase_of_stroke else ["condition", "adult"]
        )
        assert ids[: len(expected)] == expected


def test_a_child_matches_nothing_although_a_list_prints_no_age() -> None:
    child = person(birth_date="2015-08-09")
    silent = trial("STROKECENTER-UCB-MONOCYTE")
    no_age = silent.model_copy(update={"criteria": ()})
    assert [j.criterion.id for j in match_trial(no_age, child).failing if j.criterion.id == "adult"]
    assert set(words_of(child).values()) == {"does-not-match"}


def test_the_phase_counts_where_the_list_prints_no_window() -> None:
    """NCT05008588 says acute and prints no day."""
    acute = trial("NCT05008588")
    assert not any("since_stroke" in f for r in acute.criteria for f in fields_of(r.when))
    late = match_trial(acute, person(onset_datetime="2026-05-01"))
    assert "stage" in [judged.criterion.id for judged in late.failing]


@pytest.mark.parametrize(
    ("onset", "fits"),
    [("2026-11-19", True), ("2026-11-13", True), ("2026-11-12", False), ("2026-11", None)],
)
def test_the_border_day_belongs_to_both_phases(onset: str, fits: bool | None) -> None:  # noqa: FBT001 - the expected verdict
    match = match_trial(trial("NCT05008588"), person(onset_datetime=onset))
    (stage,) = [judged for judged in match.judged if judged.criterion.id == "stage"]
    assert stage.truth is Truth.of(fits)


def test_another_condition_does_not_match_whatever_the_list_prints() -> None:
    bleeding = person(stroke_type="intracerebral-haemorrhage")
    for match in screen(bleeding).trials:
        if "intracerebral-haemorrhage" not in match.trial.condition:
            assert match.word == "does-not-match"


def test_nobody_without_an_illness_matches() -> None:
    well = person(condition="none", stroke_type="none", onset_datetime=None)
    assert set(words_of(well).values()) == {"does-not-match"}
    assert {match.truth for match in screen(well).programmes} == {Truth.FALSE}


def test_a_brain_injury_counts_its_time_from_the_injury() -> None:
    hurt = example("05")
    fits = [m.programme.id for m in screen(hurt).programmes if m.truth is not Truth.FALSE]
    assert fits == ["sb623-intracerebral"]
    fresh = hurt.replace(date_brain_injury="2026-10-01")
    assert match_programme(programme("sb623-intracerebral"), fresh).truth is Truth.FALSE


# ---------------------------------------------------------------- the trial team


@pytest.mark.parametrize("answer", [True, False, None])
def test_consent_and_willingness_block_nothing(answer: bool | None) -> None:  # noqa: FBT001 - the answer given
    match = match_trial(trial("NCT04631406"), person(accepts_tacrolimus=answer))
    (rule,) = [judged for judged in match.judged if judged.criterion.id == "i4"]
    assert rule in match.team
    assert rule not in match.failing
    assert "accepts_tacrolimus" not in match.missing


def test_a_judgement_blocks_nothing_and_is_named() -> None:
    match = match_trial(TAIWAN, person(investigator_judgement_unsuitable=True))
    assert match.word == "matches"
    assert (
        "Decided by the trial team: judged unsuitable by the investigator." in match.sentence.text
    )


def test_sex_male_answers_pregnancy() -> None:
    assert match_trial(TAIWAN, person()).word == "matches"
    woman = match_trial(TAIWAN, person(sex="female"))
    assert woman.word == "undecided"
    assert woman.missing == {"pregnant_or_breastfeeding"}


def test_never_is_an_answer() -> None:
    unknown = match_trial(TAIWAN, person(malignancy_history=None))
    assert unknown.word == "undecided"
    assert unknown.missing == {"malignancy_history"}


# ---------------------------------------------------------------- is the trial open


def standing(changes: dict[str, Any], as_of: str = "2026-11-20") -> TrialMatch:
    return match_trial(TAIWAN.model_copy(update=changes), person(as_of=as_of))


@pytest.mark.parametrize(
    ("status", "stated", "as_of", "expected"),
    [
        ("recruiting", None, "2026-11-20", "option"),
        ("recruiting", None, "2027-02-18", "option"),
        ("recruiting", None, "2027-02-19", "was-recruiting"),
        ("recruiting", "2026-08-22", "2026-11-20", "option"),
        ("recruiting", "2026-08-21", "2026-11-20", "was-recruiting"),
        ("recruiting", "2026", "2026-11-20", "option"),
        ("recruiting", "2025-07", "2026-11-20", "was-recruiting"),
        ("not-yet-recruiting", None, "2026-11-20", "not-yet"),
        ("active-not-recruiting", None, "2026-11-20", "closed"),
        ("suspended", None, "2026-11-20", "closed"),
        ("terminated", None, "2026-11-20", "closed"),
        ("withdrawn", None, "2026-11-20", "closed"),
        ("completed", None, "2026-11-20", "closed"),
        ("unknown", None, "2026-11-20", "unknown"),
    ],
)
def test_only_a_fresh_reading_makes_an_option(
    status: str, stated: str | None, as_of: str, expected: str
) -> None:
    match = standing({"status": status, "status_as_of": stated}, as_of)
    assert match.standing == expected


def test_the_standing_is_told_with_its_date_and_the_copy() -> None:
    assert standing({"status": "recruiting"}).standing_sentence.text == (
        "Was recruiting when read on 2026-11-20 in a copy whose own date is not known; "
        "check the registry."
    )
    dated = standing({"status": "recruiting", "status_as_of": "2026-10"}).standing_sentence.text
    assert "in a copy of 2026-10" in dated
    old = standing({"status": "recruiting", "status_as_of": "2025-01"}).standing_sentence.text
    assert "too long ago to rely on; check the registry" in old


def test_a_closed_trial_would_have_matched() -> None:
    closed = match_trial(TAIWAN, person())
    assert closed.standing_sentence.text.startswith("Would have matched; closed (completed")
    apart = match_trial(TAIWAN, person(inr=3))
    assert apart.standing_sentence.text.startswith("Closed (completed")


def test_a_note_on_the_state_is_told_without_its_labels() -> None:
    said = match_trial(trial("NCT06299033"), person()).standing_sentence.text
    assert "so it is very likely closed" in said
    assert "(s4)" not in said
    assert said.endswith(".")


# ---------------------------------------------------------------- programmes


def test_a_paid_therapy_never_matches() -> None:
    match = match_programme(programme("ad-msc-intravenous-asrm"), person())
    said = [sentence.text for sentence in match.sentences]
    assert match.trials == ()
    assert "Nobody has published who must not be given it." in said
    assert not any("matches" in text.lower() for text in said)


def test_a_programme_is_judged_by_condition_stage_and_window_alone() -> None:
    for found in programmes():
        judged = match_programme(found, person()).judged
        expected = ["condition", "stage"] if found.stage else ["condition"]
        expected += ["window"] if found.window else []
        assert [j.criterion.id for j in judged] == expected


@pytest.mark.parametrize(
    ("name", "onset", "truth"),
    [
        ("nr1-intracerebral", "2024-09-18", Truth.TRUE),
        ("nr1-intracerebral", "2020-09-18", Truth.FALSE),
        ("nr1-intracerebral", "2021", Truth.UNKNOWN),
        ("multistem-intravenous", "2026-11-19", Truth.UNKNOWN),
        ("multistem-intravenous", "2026-11-19T12:00+00:00", Truth.TRUE),
        ("uc-msc-allogeneic", "2024", Truth.TRUE),
    ],
)
def test_a_window_is_read_over_all_that_a_date_leaves_open(
    name: str, onset: str, truth: Truth
) -> None:
    match = match_programme(programme(name), person(onset_datetime=onset))
    assert match.truth is truth
    assert bool(match.missing) == (truth is Truth.UNKNOWN)


def test_the_trials_of_a_programme_stand_beside_it() -> None:
    found = screen(person())
    beside = {match.trial.id for each in found.programmes for match in each.trials}
    assert {match.trial.id for match in found.trials} - beside == {"NCT04590118"}


# ---------------------------------------------------------------- a law over random people

ASKED = sorted({f for found in trials() for rule in found.criteria for f in fields_of(rule.when)})


def value_of(name: str) -> st.SearchStrategy[Known]:
    field = fields()[name]
    if field.type == "boolean":
        return st.booleans()
    if field.type == "enum":
        return st.sampled_from([v for v in field.values if v != "unknown"])
    if field.type == "list":
        return st.frozensets(st.sampled_from(field.values), max_size=2)
    assert field.range is not None
    return st.floats(field.range.low, field.range.high)


def lookup_in(person_: dict[str, Known]) -> Lookup:
    def lookup(field: str) -> Answer:
        return (
            Answer(field, "known", person_[field]) if field in person_ else Answer(field, "missing")
        )

    return by_field(lookup)


@given(st.data(), st.sampled_from(trials()))
@settings(max_examples=60)
def test_one_more_answer_never_turns_a_decided_trial_about(
    data: st.DataObject, found: Trial
) -> None:
    names = sorted({f for rule in found.criteria for f in fields_of(rule.when)} | {"condition"})
    some = data.draw(st.lists(st.sampled_from(names), unique=True))
    known = {name: data.draw(value_of(name), label=name) for name in some}
    left = [name for name in names if name not in known]
    before = match_trial(found, person(), lookup_in(known))
    assert (before.word == "undecided") == bool(before.missing)
    if left:
        name = data.draw(st.sampled_from(left))
        after = match_trial(found, person(), lookup_in(known | {name: data.draw(value_of(name))}))
        assert before.word in ("undecided", after.word)
