"""The clinician's command of the first days: what it prints first, and whom it refuses."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from saisei.cli import main

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "examples" / "clinician" / "first-day-untreated.yaml"
AS_OF = "2026-11-20T09:00+09:00"


@dataclass(frozen=True)
class Done:
    """What a run of the command left."""

    returncode: int
    stdout: str
    stderr: str


def first_days(*words: object) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr("sys.argv", ["saisei", "first-days", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


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
    assert "Another deficit: not known; averaged" in done.stdout
    assert "Age, years: 71\n" in done.stdout
    assert "among the 9 places with at least 50 of them, from 55 to 88" in done.stdout
    assert "Hemianopia: could not be assessed" in done.stdout
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


def test_what_would_end_the_matter_and_is_not_stated_is_said_before_any_number(
    tmp_path: Path,
) -> None:
    path = changed(tmp_path, "thrombectomy_done: false", "")
    said = first_days(path, "--clinician", "--as-of", AS_OF).stdout
    assert said.index("is not stated (`thrombectomy_done`)") < said.index("Of 100 such people")


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


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("conscious_level: alert", "conscious_level: sleepy", "conscious_level"),
        ("systolic_bp_mmhg: 165", "systolic_bp_mmhg: 1650", "systolic_bp_mmhg"),
        ("birth_date: 1955-03-02", "birth_date: 2055-03-02", "birth_date"),
        ("deficit_face: present", "deficit_faces: present", "deficit_face"),
        ("ocsp_class: PACS", "ocsp_class: [PACS", "case.yaml"),
        ("onset_datetime: 2026-11-19T13:00+09:00", "onset_datetime: yesterday", "onset_datetime"),
    ],
)
def test_a_bad_case_gets_one_clear_message_and_nothing_is_written(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    path, out = changed(tmp_path, old, new), tmp_path / "out"
    done = first_days(path, "--clinician", "--as-of", AS_OF, "--out", out)
    assert done.returncode == 2
    assert done.stdout == ""
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--as-of", "tomorrow"], "--as-of"),
        (["--as-of", AS_OF, "--out", "no/such/folder/out"], "no/such/folder/out"),
        (["--as-of", AS_OF, "--out", str(CASE)], "no folder"),
    ],
)
def test_options_that_cannot_be_are_named(words: list[str], named: str) -> None:
    done = first_days(CASE, "--clinician", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_case_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = first_days(tmp_path / "nobody.yaml", "--clinician")
    assert done.returncode == 2
    assert "nobody.yaml" in done.stderr


def test_the_page_its_pictures_and_the_numbers_are_written_together(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = first_days(CASE, "--clinician", "--as-of", AS_OF, "--out", out)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in out.iterdir()}
    assert {"page.html", "chances.svg", "result.json"} < names
    assert len(names) == 9
    said = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert said["schema"] == "saisei-first-days/1"
    assert said["forecast"]["alike"][1]["people"] == 1928
    again = tmp_path / "again"
    first_days(CASE, "--clinician", "--as-of", AS_OF, "--out", again)
    for name in names:
        assert (out / name).read_bytes() == (again / name).read_bytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("respondent: clinician", "respondent: family"),
        ("in_hospital: true", "in_hospital: false"),
    ],
)
def test_without_numbers_nothing_is_written(tmp_path: Path, old: str, new: str) -> None:
    out = tmp_path / "out"
    path = changed(tmp_path, old, new)
    done = first_days(path, "--clinician", "--as-of", AS_OF, "--out", out)
    assert done.returncode == 0
    assert "nothing was written" in done.stderr
    assert not out.exists()
