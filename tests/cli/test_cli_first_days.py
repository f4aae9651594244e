"""The clinician's command of the first days: what it prints first, and whom it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "examples" / "clinician" / "first-day-untreated.yaml"
AS_OF = "2026-11-20T09:00+09:00"


def first_days(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "saisei", "first-days", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = CASE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "case.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_emergency_words_and_the_era_come_before_any_number() -> None:
    done = first_days(CASE, "--clinician", "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "call the emergency number now" in lines[0]
    era = next(at for at, line in enumerate(lines) if "from 1991 to 1996" in line)
    first = next(at for at, line in enumerate(lines) if "Of 100 such people" in line)
    calibration = next(at for at, line in enumerate(lines) if "UK: 6,252 people" in line)
    assert era < first < calibration
    assert "For the clinician only" in lines[era + 1]
    assert "deficit_other: not known; averaged" in done.stdout
    assert "deficit_hemianopia: could not be assessed" in done.stdout
    assert "ODC Attribution License" in done.stdout


def test_without_the_word_clinician_nothing_is_read() -> None:
    done = first_days(CASE, "--as-of", AS_OF)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--clinician" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("respondent: clinician", "respondent: family", "for a clinician"),
        ("stroke_type: ischemic", "stroke_type: intracerebral-haemorrhage", "For a bleeding"),
        ("birth_date: 1955-03-02", "birth_date: 2010-03-02", "of adults"),
        ("thrombectomy_done: false", "thrombectomy_done: true", "Nobody behind these numbers"),
    ],
)
def test_a_refusal_gives_its_reason_and_no_number(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = changed(tmp_path, old, new)
    done = first_days(path, "--clinician", "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout
    assert "Of 100" not in done.stdout
    said = json.loads(first_days(path, "--clinician", "--as-of", AS_OF, "--json").stdout)
    assert said["forecast"] is None
    assert told in said["reason"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("in_hospital: true", "in_hospital: false"),
        ("in_hospital: true", "in_hospital: true\nwarning_signs: [seizure]"),
    ],
)
def test_an_emergency_is_said_and_nothing_else(tmp_path: Path, old: str, new: str) -> None:
    path = changed(tmp_path, old, new)
    done = first_days(path, "--clinician", "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    assert "119" in done.stdout
    assert "Of 100" not in done.stdout
    said = json.loads(first_days(path, "--clinician", "--as-of", AS_OF, "--json").stdout)
    assert said["code"] == "emergency"


def test_json_holds_all_of_it() -> None:
    done = first_days(CASE, "--clinician", "--as-of", AS_OF, "--json")
    said = json.loads(done.stdout)
    forecast = said["forecast"]
    assert sum(forecast["people"]) == 100
    assert [one["id"] for one in forecast["states"]] == [
        "dead", "dependent", "not_recovered", "recovered",
    ]  # fmt: skip
    assert forecast["missing"] == ["deficit_other"]
    assert "1991" in forecast["warning"]["text"]
    assert said["sources"]["first-days/ist1"]["doi"] == "10.1186/1745-6215-12-101"


def test_a_bad_case_gets_one_clear_message(tmp_path: Path) -> None:
    path = changed(tmp_path, "conscious_level: alert", "conscious_level: sleepy")
    done = first_days(path, "--clinician", "--as-of", AS_OF)
    assert done.returncode == 2
    assert "conscious_level" in done.stderr
    assert "sleepy" not in done.stdout
