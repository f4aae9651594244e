"""One person against everything: cautions, the example people, the questions that settle most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from saisei.base.dates import parse_as_of
from saisei.cases import Case, case_from_data, fields, read_case
from saisei.therapies import find_cautions, match_trial, programme, screen, trial

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
EXAMPLES = Path(__file__).parents[2] / "examples"
SOMEBODY: dict[str, Any] = {
    "as_of": "2026-11-20",
    "birth_date": "1956-02-01",
    "sex": "male",
    "stroke_type": "ischemic",
    "onset_datetime": "2024-03-01",
    "malignancy_history": "never",
}


def person(**changes: Any) -> Case:
    given = {name: value for name, value in (SOMEBODY | changes).items() if value is not None}
    return case_from_data(given)


def example(number: str) -> Case:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    return read_case(path, as_of=AS_OF)


def words_of(case: Case) -> dict[str, str]:
    return {match.trial.id: match.word for match in screen(case).trials}


# ---------------------------------------------------------------- cautions


def test_a_caution_applies_or_asks() -> None:
    found = find_cautions(
        person(antithrombotics=["apixaban"]), programme("ad-msc-intravenous-asrm")
    )
    by_id = {caution.caution.id: caution.state for caution in found}
    assert by_id["blood-thinner-harvest"] == "applies"
    assert by_id["past-clots"] == "ask"
    assert "blood-thinner-brain-operation" not in by_id
    assert "pregnancy" not in by_id
    assert [c.state for c in found] == sorted((c.state for c in found), key="applies".__ne__)


def test_a_caution_that_is_answered_no_is_silent() -> None:
    found = find_cautions(person(antithrombotics=[]))
    assert not any(c.caution.id.startswith("blood-thinner") for c in found)


# ---------------------------------------------------------------- the example people


def test_example_1_the_recruiting_trial_surfaces() -> None:
    found = screen(example("01"))
    (option,) = [m for m in found.trials if m.standing == "option" and m.word != "does-not-match"]
    assert (option.trial.id, option.word) == ("NCT06752720", "undecided")
    assert {"brunnstrom_stage", "dti_rainbow_percent"} <= option.missing
    assert "Only a part" in option.sentence.text
    assert {"blood-thinner-harvest", "blood-thinner-brain-operation"} <= {
        c.caution.id for c in found.cautions if c.state == "applies"
    }
    assert any("NCT06752720" in question.settles for question in found.questions)


@pytest.mark.parametrize(
    ("number", "not_excluded"),
    [
        ("05", {"NCT02416492"}),
        ("06", set()),
        ("10", set()),
        ("04", {"NCT01714167", "NCT01832428", "NCT02283879"}),
    ],
)
def test_examples_whom_few_trials_are_about(number: str, not_excluded: set[str]) -> None:
    words = words_of(example(number))
    assert {name for name, word in words.items() if word != "does-not-match"} == not_excluded


def test_example_7_asks_what_settles_most_first() -> None:
    found = screen(example("07"))
    asked = [question.field for question in found.questions]
    assert asked[:2] == ["birth_date", "condition"]
    assert "stroke_type" not in asked
    assert len(found.questions[0].settles) == 13


def test_example_8_cannot_consent_alone() -> None:
    judged = match_trial(trial("NCT04631406"), example("08")).failing
    assert "i5" in [j.criterion.id for j in judged]


# ---------------------------------------------------------------- questions


def test_a_question_asks_what_a_computed_field_lacks() -> None:
    found = screen(person(onset_datetime=None, birth_date=None))
    by_field = {question.field: question for question in found.questions}
    assert "onset_datetime" in by_field
    assert by_field["birth_date"].text == "What is the date of birth?"
    assert not any(fields()[name].derived for name in by_field)


def test_life_expectancy_is_asked_of_a_clinician_only() -> None:
    answered: dict[str, Any] = {
        "rehab_plateau_months": 3,
        "on_secondary_prevention": True,
        "nihss_total": 8,
        "needs_help_walking_or_adl": True,
        "ast_u_l": 20,
        "alt_u_l": 20,
        "bilirubin_total_mg_dl": 0.5,
        "uln": {"ast_u_l": 40, "alt_u_l": 40, "bilirubin_total_mg_dl": 1.2},
    }
    case = person(**answered)
    assert match_trial(trial("NCT04590118"), case).missing == {"life_expectancy_months"}
    for respondent, asked in (("family", False), ("clinician", True)):
        settled = [q.field for q in screen(case.replace(respondent=respondent)).questions]
        assert ("life_expectancy_months" in settled) is asked


def test_nothing_is_asked_when_all_is_decided() -> None:
    assert screen(example("06")).questions == ()
