"""The command line writes trials, programmes and a screening as FHIR R4."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cases.fhir_standard import problems
from saisei.therapies import trial, trials
from saisei.therapies.fhir import protocol_from_fhir, protocol_to_fhir, rules_of

ROOT = Path(__file__).resolve().parents[2]


def saisei(*words: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, with what it printed."""
    command = [sys.executable, "-m", "saisei", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_a_trial_is_written_to_standard_output_or_to_a_file(tmp_path: Path) -> None:
    printed = saisei("therapies", "to-fhir", "NCT04631406")
    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout) == protocol_to_fhir(trial("NCT04631406"))
    path = tmp_path / "protocol.json"
    done = saisei("therapies", "to-fhir", "NCT04631406", "-o", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert path.read_text(encoding="utf-8") == printed.stdout
    again = protocol_from_fhir(json.loads(printed.stdout))
    assert again == rules_of(trial("NCT04631406")).protocol


def test_a_programme_is_written_too() -> None:
    done = saisei("therapies", "to-fhir", "nr1-intracerebral")
    bundle = json.loads(done.stdout)
    assert problems(bundle) == []
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds == {"Group", "EvidenceVariable"}


@pytest.mark.parametrize(
    ("wrong", "near"), [("NCT0463146", "NCT04631406"), ("nr1-intracerebal", "nr1-intracerebral")]
)
def test_an_unknown_id_is_told_with_the_nearest(wrong: str, near: str, tmp_path: Path) -> None:
    done = saisei("therapies", "to-fhir", wrong, "-o", tmp_path / "out.json")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert wrong in done.stderr
    assert near in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "out.json", tmp_path):
        done = saisei("therapies", "to-fhir", "NCT04631406", "-o", path)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert str(path) in done.stderr
    assert list(tmp_path.iterdir()) == []


CHRONIC = "examples/01-chronic-arm.yaml"


def test_a_screening_is_written_beside_what_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "screening.json"
    plain = saisei("screen", CHRONIC, "--no-rules", "--as-of", "2026-11-20")
    done = saisei("screen", CHRONIC, "--no-rules", "--as-of", "2026-11-20", "--fhir", path)
    assert (done.returncode, done.stdout) == (0, plain.stdout)
    assert done.stderr == f"wrote {path}\n"
    bundle = json.loads(path.read_text(encoding="utf-8"))
    assert problems(bundle) == []
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds.count("ResearchSubject") == len(trials())
    again = saisei("screen", path, "--no-rules")
    one, other = (done.stdout.partition("\nCautions\n") for done in (plain, again))
    assert one[0] == other[0], "read as a record, it gives the same verdicts"
    assert one[1]


def test_in_the_first_days_only_the_trials_of_that_stage_are_written(tmp_path: Path) -> None:
    path = tmp_path / "screening.json"
    done = saisei("screen", "examples/02-first-day-in-hospital.yaml", "--fhir", path)
    assert done.returncode == 0, done.stderr
    bundle = json.loads(path.read_text(encoding="utf-8"))
    subjects = [
        entry["resource"]["study"]["identifier"]["value"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "ResearchSubject"
    ]
    assert 0 < len(subjects) < len(trials())
    assert all(name in done.stdout for name in subjects)


@pytest.mark.parametrize("example", ["09-pregnant", "10-child"])
def test_where_something_comes_before_any_trial_nothing_is_written(
    example: str, tmp_path: Path
) -> None:
    done = saisei("screen", f"examples/{example}.yaml", "--fhir", tmp_path / "out.json")
    assert done.returncode == 2
    assert "nothing is written" in done.stderr
    assert done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_screening_that_cannot_be_written_is_told_before_anything_is_printed(
    tmp_path: Path,
) -> None:
    for path in (tmp_path / "nowhere" / "out.json", tmp_path):
        done = saisei("screen", CHRONIC, "--fhir", path)
        assert (done.returncode, done.stdout) == (2, "")
        assert str(path) in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_case_is_never_overwritten(tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_bytes((ROOT / CHRONIC).read_bytes())
    done = saisei("screen", case, "--fhir", case)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it is the case itself" in done.stderr
    assert case.read_bytes() == (ROOT / CHRONIC).read_bytes()
