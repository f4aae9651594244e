"""`saisei screen --json`: everything that is printed, and the gates before it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from saisei.base.errors import OptionError
from saisei.cli import app
from saisei.therapies import programmes, trials

ROOT = Path(__file__).resolve().parents[2]
AS_OF = ("--as-of", "2026-11-20T09:00+09:00")


def screened(name: str, *words: str) -> dict[str, object]:
    path = next((ROOT / "examples").glob(f"{name}*.yaml"))
    done = CliRunner().invoke(app, ["screen", str(path), *AS_OF, "--json", *words])
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_every_therapy_and_trial_is_there_with_every_rule() -> None:
    found = screened("01")
    assert found["schema"] == "saisei-screening/1"
    assert isinstance(found["programmes"], list)
    assert {one["id"] for one in found["programmes"]} == {one.id for one in programmes()}
    assert isinstance(found["trials"], list)
    assert {one["id"] for one in found["trials"]} == {one.id for one in trials()}
    coded = {one.id: len(one.criteria) for one in trials()}
    for one in found["trials"]:
        assert len(one["rules"]) >= coded[one["id"]]
        assert (one["would_decide"] is not None) == (one["word"] == "undecided")


@pytest.mark.parametrize(("name", "kind"), [("10", "child"), ("09", "pregnancy")])
def test_what_comes_first_stands_alone(name: str, kind: str) -> None:
    found = screened(name)
    assert found["kind"] == kind
    assert found["about"]
    assert (found["programmes"], found["trials"], found["cautions"]) == ([], [], [])


def test_in_the_first_week_only_what_is_about_it_is_shown() -> None:
    found = screened("02-")
    assert isinstance(found["programmes"], list)
    assert 0 < len(found["programmes"]) < len(programmes())
    assert found["cautions"] == []


def test_japanese_is_said_in_japanese() -> None:
    assert screened("01", "--language", "ja")["language"] == "ja"
    assert screened("01", "--language", "ja")["questions"] != screened("01")["questions"]


def test_questions_are_not_asked_beside_json() -> None:
    path = next((ROOT / "examples").glob("01*.yaml"))
    done = CliRunner().invoke(app, ["screen", str(path), "--json", "--ask"])
    assert isinstance(done.exception, OptionError)
