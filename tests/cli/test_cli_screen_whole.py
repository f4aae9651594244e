"""What ``saisei screen`` prints is whole: every trial once, and no heading above nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from saisei.cli import app
from saisei.therapies import trials

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = "2026-11-20T09:00+09:00"


def screened(name: str, *more: str) -> str:
    done = CliRunner().invoke(app, ["screen", str(EXAMPLES / name), "--as-of", AS_OF, *more])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("name", ["01-chronic-arm.yaml", "06-prevention.yaml"])
def test_every_trial_is_shown_once(name: str) -> None:
    shown = re.findall(r"^  ((?:NCT|STROKECENTER)\S+)  ", screened(name), re.MULTILINE)
    assert sorted(shown) == [found.id for found in trials()]


def test_a_trial_without_a_programme_stands_under_a_heading_of_its_own() -> None:
    heading = "Trials of which it is not known what is given\n  NCT04590118"
    assert heading in screened("01-chronic-arm.yaml", "--no-rules")
    assert "投与する細胞が確認できていない治験" in screened(
        "01-chronic-arm.yaml", "--language", "ja"
    )
    assert "NCT04590118" not in screened("02-first-day-in-hospital.yaml")


def test_questions_have_a_heading_only_where_there_are_some() -> None:
    heading = "Questions that would settle the most"
    assert heading in screened("01-chronic-arm.yaml")
    assert heading not in screened("06-prevention.yaml")
