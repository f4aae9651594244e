"""Emergencies first: the words that open every form and report, and the first week."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rules.rules_words import AS_OF, person
from saisei.cases import case_template
from saisei.cli import app
from saisei.decision import Kind, decide

FIRST = (
    "New weakness, a drooping face, trouble speaking, a seizure, the worst headache ever, or, "
    "after an infusion, breathlessness, chest pain, a swollen leg or fever: call the emergency "
    "number now"
)
NUMBERS = (("Japan", "119"), ("Europe", "112"), ("USA", "911"), ("UK", "999"))
PRINTED = f"{FIRST} ({', '.join(' '.join(pair) for pair in NUMBERS)})."
EXAMPLES = Path(__file__).parents[2] / "examples"
PAID = "ASRM"


def plain(text: str) -> str:
    """Take out comment signs, frames and line ends."""
    return " ".join(text.replace("#", " ").replace("│", " ").split())


def screened(case: str) -> str:
    (path,) = EXAMPLES.glob(f"{case}-*.yaml")
    done = CliRunner().invoke(app, ["screen", str(path), "--as-of", AS_OF.isoformat()])
    assert done.exit_code == 0
    return plain(done.output)


@pytest.mark.parametrize(
    "values",
    [{}, {"condition": "none", "onset_datetime": None, "stroke_type": None},
     {"birth_date": "2015-08-09"}, {"pregnant_or_breastfeeding": True},
     {"warning_signs": ["fever"]}, {"onset_datetime": "2026-11-18", "in_hospital": True}],
)  # fmt: skip
def test_every_report_opens_with_the_whole_sentence_and_the_numbers(
    values: dict[str, object],
) -> None:
    opening = decide(person(**values), AS_OF).emergency
    assert opening.text == f"{FIRST}. Do not use this page to decide."
    assert opening.numbers == NUMBERS


def test_the_empty_form_opens_with_it() -> None:
    assert plain(case_template()).startswith(f"{PRINTED} Do not use this form to decide.")


def test_the_help_opens_with_it() -> None:
    shown = plain(CliRunner().invoke(app, ["--help"]).output)
    described = shown.split("[ARGS]...", 1)[1].strip()
    assert described.startswith(f"{PRINTED} Do not use this page to decide.")


@pytest.mark.parametrize("case", ["01", "02", "02b", "06", "09", "10", "12"])
def test_screening_opens_with_it(case: str) -> None:
    assert screened(case).startswith(FIRST)


def test_screening_in_the_first_week_shows_no_paid_therapy() -> None:
    chronic, acute = screened("01"), screened("02")
    assert PAID in chronic
    assert PAID not in acute
    assert "It is sold" not in acute
    assert "the stroke team's decision" in acute
    assert "NCT02961504" in acute


@pytest.mark.parametrize("respondent", ["self", "family"])
@pytest.mark.parametrize("kind", ["ischemic", "intracerebral-haemorrhage"])
def test_no_personal_figure_in_the_first_week(respondent: str, kind: str) -> None:
    acute = person(
        onset_datetime="2026-11-18",
        in_hospital=True,
        stroke_type=kind,
        respondent=respondent,
        fma_ue={"value": 20, "date": "2026-11-19"},
        nihss_total={"value": 12, "date": "2026-11-19"},
    )
    decision = decide(acute, AS_OF)
    assert decision.kind is Kind.ACUTE_IN_HOSPITAL
    assert decision.futures == ()
    assert decision.options == ()
    assert "No personal figure of death or disability" in decision.not_known[0].text


def test_screening_says_first_that_a_coarse_date_may_be_this_week(tmp_path: Path) -> None:
    case = tmp_path / "coarse.yaml"
    case.write_text("onset_datetime: 2026-11\nstroke_type: ischemic\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["screen", str(case), "--as-of", AS_OF.isoformat()])
    shown = plain(done.output)
    assert "leaves open whether it happened in the last 7 days" in shown
    assert shown.index("leaves open whether") < shown.index("The therapy is about")
    assert "leaves open whether" not in screened("01")
