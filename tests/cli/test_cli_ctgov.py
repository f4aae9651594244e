"""``saisei therapies import-ctgov`` and ``accept-import``, as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from saisei.base.errors import DocumentError, OptionError
from saisei.cli.therapies import app

CRITERIA = "Inclusion Criteria:\n\n* Adults ≥ 20 years\n* NIHSS 7-20\n* Owns a boat\n"


def _study(number: str) -> dict[str, Any]:
    return {
        "protocolSection": {
            "identificationModule": {"nctId": number, "briefTitle": "A made-up trial"},
            "statusModule": {"overallStatus": "RECRUITING"},
            "eligibilityModule": {
                "eligibilityCriteria": CRITERIA, "minimumAge": "18 Years", "sex": "ALL",
            },
        }
    }  # fmt: skip


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(_study("NCT00000000")), encoding="utf-8")
    return path


@pytest.fixture
def several(tmp_path: Path) -> Path:
    path = tmp_path / "several.json"
    studies = [_study("NCT00000000"), _study("NCT00000001")]
    path.write_text(json.dumps({"studies": studies}), encoding="utf-8")
    return path


def _run(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_measures_and_what_differs_are_printed(record: Path) -> None:
    said = _run("import-ctgov", record)
    assert "3 items: 2 read whole, 0 partly (0 with an expression), 1 not read" in said
    assert "differs: the text says age >= 20 ('Adults ≥ 20 years'), the age field 18 Years" in said


def test_the_same_record_gives_the_same_bytes(record: Path, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        _run("import-ctgov", record, "-o", tmp_path / name, "--read-on", "2026-11-20")
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()


def test_a_draft_that_is_there_is_not_written_over(record: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text("decided: yes\n", encoding="utf-8")
    with pytest.raises(OptionError, match="perhaps with decisions in it"):
        _run("import-ctgov", record, "-o", draft)
    assert draft.read_text(encoding="utf-8") == "decided: yes\n"
    _run("import-ctgov", record, "-o", draft, "--replace")
    assert "status: draft" in draft.read_text(encoding="utf-8")


def test_several_studies_go_into_a_folder(several: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="the file holds 2 studies; expected a folder"):
        _run("import-ctgov", several, "-o", tmp_path / "one.yaml")
    assert not (tmp_path / "one.yaml").exists()
    _run("import-ctgov", several, "-o", tmp_path / "drafts")
    names = sorted(path.name for path in (tmp_path / "drafts").iterdir())
    assert names == ["NCT00000000.yaml", "NCT00000001.yaml"]


def test_a_day_that_is_none_is_refused(record: Path) -> None:
    with pytest.raises(OptionError, match="a date such as"):
        _run("import-ctgov", record, "--read-on", "yesterday")


def test_accepting_says_what_is_open_and_writes_nothing(record: Path, tmp_path: Path) -> None:
    draft, trial = tmp_path / "draft.yaml", tmp_path / "trial.yaml"
    _run("import-ctgov", record, "-o", draft)
    with pytest.raises(DocumentError, match=r"draft\.yaml:\d+:\d+: i1: nobody has decided on it"):
        _run("accept-import", draft, "-o", trial)
    assert not trial.exists()


def test_a_reviewed_draft_becomes_a_trial_file(record: Path, tmp_path: Path) -> None:
    draft, trial = tmp_path / "draft.yaml", tmp_path / "trial.yaml"
    _run("import-ctgov", record, "-o", draft)
    text = draft.read_text(encoding="utf-8")
    text = text.replace('programme: ""', "programme: sb623-intracerebral")
    text = text.replace("condition: []", "condition: [ischemic-stroke]")
    text = text.replace("phase_of_stroke: []", "phase_of_stroke: [chronic]")
    text = text.replace("reviewed_by: null", "reviewed_by: R. Eviewer")
    text = text.replace("reviewed_on: null", "reviewed_on: 2026-11-20")
    head, tail = text.rsplit("review: needed", 1)
    head = head.replace("review: needed", "review: accepted")
    draft.write_text(f"{head}review: left-out\n  reason: no field{tail}", encoding="utf-8")
    assert "7 <= nihss_total <= 20" in _run("accept-import", draft)
    _run("accept-import", draft, "-o", trial)
    written = trial.read_text(encoding="utf-8")
    assert "review" not in written.replace("on review", "")
    assert "Owns a boat" not in written
