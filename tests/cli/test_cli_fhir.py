"""The command line with the record of one person in FHIR R4."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "examples" / "01-chronic-arm.yaml"
AS_OF = "2026-11-20T09:00+09:00"


def saisei(*words: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, with what it printed."""
    command = [sys.executable, "-m", "saisei", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Write an example as a bundle, with resources that have no place in a case."""
    done = saisei("case", "to-fhir", CASE, "--as-of", AS_OF)
    assert done.returncode == 0, done.stderr
    bundle = json.loads(done.stdout)
    kinds = ["Immunization", "Immunization", "Claim"]
    bundle["entry"] += [{"resource": {"resourceType": kind}} for kind in kinds]
    path = tmp_path / "record.json"
    path.write_text(json.dumps(bundle), encoding="utf-8")
    return path


def test_a_report_from_a_record_says_the_same_as_from_its_case(record: Path) -> None:
    from_case = saisei("report", CASE, "--as-of", AS_OF, "--json")
    from_record = saisei("report", record, "--json")
    assert from_record.returncode == 0, from_record.stderr
    assert "have no place in the case: 2 Immunization, 1 Claim (saisei case check" in (
        from_record.stderr
    )
    one, other = json.loads(from_case.stdout), json.loads(from_record.stdout)
    assert one["answer"] == other["answer"]
    assert one["therapies"] == other["therapies"]


def test_screening_a_record_gives_the_same_lines(record: Path) -> None:
    from_case = saisei("screen", CASE, "--as-of", AS_OF)
    from_record = saisei("screen", record)
    assert from_case.stdout == from_record.stdout


def test_checking_a_record_lists_what_was_not_read_when_asked(record: Path) -> None:
    plain = saisei("case", "check", record)
    assert "3 have no place in the case: 2 Immunization, 1 Claim\n" in plain.stdout
    listed = saisei("case", "check", record, "--unmapped").stdout
    assert "  2 Immunization: this kind of resource has no place in a case\n" in listed


def test_a_bundle_is_written_whole_and_twice_the_same(tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        done = saisei("case", "to-fhir", CASE, "--as-of", AS_OF, "-o", file)
        assert done.returncode == 0, done.stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(tmp_path.iterdir()) == files


def test_a_record_of_another_version_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "r5.json"
    encounter = {"resourceType": "Encounter", "actualPeriod": {"start": "2026"}}
    entries = [{"resource": encounter}]
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}), encoding="utf-8")
    for words in (["report", path, "-o", tmp_path / "out"], ["case", "to-fhir", path]):
        done = saisei(*words)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert "another version of FHIR" in done.stderr
        assert done.stdout == ""
    assert list(tmp_path.iterdir()) == [path]
