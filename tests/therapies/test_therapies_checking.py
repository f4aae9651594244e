"""Every protocol of ours passes the linter, stands as published, and somebody can meet it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from saisei.base.errors import DocumentError
from saisei.cli import app
from saisei.eligibility import Between, Compare, Expression, Not
from saisei.eligibility.definitions import definition_hash
from saisei.eligibility.linting.goals import Wanted
from saisei.eligibility.linting.masks import FALSE, TRUE
from saisei.eligibility.linting.solver import find_person
from saisei.eligibility.linting.texts import limits_not_in_text
from saisei.eligibility.population.protocols import Protocol
from saisei.therapies.checking import check_protocol_file, check_protocols
from saisei.therapies.definitions import FILE, definition_of, definitions
from saisei.therapies.loading import trials
from saisei.therapies.protocols import population_protocols

ROOT = Path(__file__).resolve().parents[2]
RUNNER = CliRunner()

OWN = """
id: my-trial
condition: [ischemic-stroke]
phase_of_stroke: [chronic]
criteria:
  - {id: i1, kind: inclusion, text: "mRS 3 or 4", when: "mrs_current in {3, 4}"}
  - {id: e1, kind: exclusion, text: "any seizure", when: "seizure_history"}
"""


def test_no_protocol_of_ours_has_an_error_or_a_warning() -> None:
    assert [str(one) for one in check_protocols() if one.severity != "info"] == []


def test_what_is_worth_knowing_of_ours() -> None:
    """A kind of finding that is new here has to be looked at."""
    codes = {one.code for one in check_protocols()}
    assert codes <= {
        "duplicate", "limit-not-in-text", "never-false", "no-source", "not-from-tables",
        "redundant", "unused-code-set",
    }  # fmt: skip
    assert {"duplicate", "redundant"} <= codes


@pytest.mark.parametrize("protocol", population_protocols(), ids=lambda one: one.id)
def test_somebody_can_meet_every_rule(protocol: Protocol) -> None:
    goals = [
        Wanted(rule.when, TRUE if rule.kind == "inclusion" else FALSE) for rule in protocol.counted
    ]
    assert find_person(goals, exact=True).who == "somebody"


@pytest.mark.parametrize("protocol", population_protocols(), ids=lambda one: one.id)
def test_every_protocol_stands_as_it_was_published(protocol: Protocol) -> None:
    definition = definition_of(protocol.id)
    assert definition is not None
    assert definition.status == "published"
    assert definition.latest is not None
    assert definition.latest.sha256 == definition_hash(protocol.criteria)


def slips(when: Expression) -> Iterator[Expression]:
    """Give the slips that a hand makes in a limit: other digits, a digit turned, twice as much."""
    when = when.part if isinstance(when, Not) else when
    if isinstance(when, Compare):
        yield replace(when, limit=when.limit + 3)
        yield replace(when, limit=when.limit * 2)
    if isinstance(when, Between):
        yield replace(when, high=when.high + 3)
        yield replace(when, low=float(str(int(when.low))[::-1]))


def test_a_slip_in_a_limit_is_nearly_always_found_by_the_text() -> None:
    found = []
    for trial in trials():
        for rule in trial.criteria:
            for slip in (one for one in slips(rule.when) if one != rule.when):
                changed = replace(rule, when=slip)
                found.append(any(limits_not_in_text(trial.id, changed)))
    assert len(found) > 300
    assert sum(found) / len(found) > 0.9


def test_the_limits_of_ours_that_their_texts_do_not_name() -> None:
    """Looked at on 2026-11-20: a number of another rule, and 4 days plus 1."""
    found = [f for f in check_protocols() if f.code == "limit-not-in-text"]
    assert [(f.protocol, f.criteria) for f in found] == [
        ("NCT04280003", ("i2",)),
        ("STROKECENTER-SAMCIS", ("i3",)),
    ]


def test_no_definition_is_without_a_protocol() -> None:
    assert set(definitions()) == {one.id for one in population_protocols()}


def test_a_sound_file_has_no_error(tmp_path: Path) -> None:
    checked = check_protocol_file(written(tmp_path, OWN))
    assert (checked.id, checked.rules, len(checked.sha256)) == ("my-trial", 2, 64)
    assert {one.severity for one in checked.findings} <= {"info"}


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


BROKEN = [
    ('"mrs_current in {3, 4}"', '"mrs_now in {3, 4}"', "unknown-field"),
    ('"mrs_current in {3, 4}"', '"mrs_current > 9"', "impossible"),
    ('"mrs_current in {3, 4}"', "\"fasting_glucose > quantity(3, 'mL')\"", "unit"),
    ('"seizure_history"}', '"age_years > 90", unit: mo}', "unit"),
    ('"seizure_history"}', '"seizure_history", colour: red}', "unknown-part"),
    ("kind: exclusion", "kind: maybe", "wrong-part"),
    ("{id: e1", "{id: i1", "repeated-id"),
    ('"seizure_history"', '"mrs_current >= 3"', "contradiction"),
    ('"mrs_current in {3, 4}"', '"days_since_stroke < 9"', "contradiction"),
    ("[chronic]", "[late]", "unknown-value"),
    ("criteria:\n", "definition: {status: done}\ncriteria:\n", "definition-form"),
    ("criteria:\n", "definition: {status: published}\ncriteria:\n", "definition-form"),
]


@pytest.mark.parametrize(("old", "new", "code"), BROKEN)
def test_a_broken_file_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    assert old in OWN
    checked = check_protocol_file(written(tmp_path, OWN.replace(old, new)))
    errors = [one for one in checked.findings if one.severity == "error"]
    assert [one.code for one in errors] == [code]
    assert errors[0].place is not None
    assert errors[0].place.line is not None


def test_a_file_published_in_itself_does_not_change_in_place(tmp_path: Path) -> None:
    digest = check_protocol_file(written(tmp_path, OWN)).sha256
    row = f'{{version: 1, date: "2026-11-20", sha256: "{digest}"}}'
    text = f"definition: {{status: published, versions: [{row}]}}\n{OWN}"
    assert check_protocol_file(written(tmp_path, text)).findings == check_protocol_file(
        written(tmp_path, "\n" + OWN)
    ).findings  # fmt: skip
    changed = check_protocol_file(written(tmp_path, text.replace("{3, 4}", "{3, 5}")))
    assert [one.code for one in changed.findings if one.severity == "error"] == [
        "definition-changed"
    ]


def test_a_draft_is_linted_as_far_as_it_was_read(tmp_path: Path) -> None:
    text = OWN.replace("id: my-trial", "id: my-trial\ndefinition: {status: draft}")
    text += '  - {id: e2, kind: exclusion, text: "fear", reading: unread, review: needed}\n'
    checked = check_protocol_file(written(tmp_path, text))
    found = {one.code: one.severity for one in checked.findings}
    assert found["not-read"] == found["definition-draft"] == "info"
    assert checked.rules == 2


@pytest.mark.parametrize("text", ["- 3\n", "id: x\n", "id: x\ncriteria: []\n", "criteria: 3\n"])
def test_a_file_without_criteria_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DocumentError, match="no criteria stand here"):
        check_protocol_file(written(tmp_path, text))


# ---------------------------------------------------------------- the command


def test_the_command_passes_on_ours() -> None:
    done = RUNNER.invoke(app, ["therapies", "check"])
    assert done.exit_code == 0
    assert done.stdout.startswith("errors: 0, warnings: 0, info: ")


def test_the_command_ends_with_2_on_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, OWN.replace('"seizure_history"', '"mrs_current >= 3"'))
    done = RUNNER.invoke(app, ["therapies", "check", str(path)])
    assert done.exit_code == 2
    assert "own.yaml:6:5: error contradiction i1, e1: nobody can meet these 2 rules" in done.stdout


def test_the_findings_as_json(tmp_path: Path) -> None:
    path = written(tmp_path, OWN.replace("seizure_history", "lesion_max_diameter_cm > 2"))
    done = RUNNER.invoke(app, ["therapies", "check", str(path), "--json"])
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert told["protocol"] == "my-trial"
    assert len(told["sha256"]) == 64
    assert {"code", "severity", "criteria", "found", "next_step"} <= set(told["findings"][0])


def test_the_list_shows_status_version_and_hash() -> None:
    done = RUNNER.invoke(app, ["therapies", "list"])
    label = definitions()["NCT04631406"].label
    assert label.startswith("published v1 ")
    assert label in done.stdout


# ---------------------------------------------------------------- publishing


@pytest.fixture
def publish(tmp_path: Path) -> ModuleType:
    """Load the tool, writing into a copy of the file."""
    spec = importlib.util.spec_from_file_location("publish", ROOT / "tools" / "publish.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    target = tmp_path / "definitions.yaml"
    shutil.copy(ROOT / "src" / "saisei" / FILE, target)
    tool.__dict__["TARGET"] = target
    return tool


def test_the_tool_refuses_what_is_published(publish: ModuleType) -> None:
    target: Path = publish.TARGET
    before = target.read_bytes()
    assert publish.main(["NCT04631406", "--date", "2026-11-21"]) == 2
    assert target.read_bytes() == before


def test_the_tool_adds_a_version_and_leaves_all_others(
    publish: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocols = [
        Protocol(one.id, one.criteria[:-1]) if one.id == "NCT04631406" else one
        for one in population_protocols()
    ]
    monkeypatch.setattr(publish, "population_protocols", lambda: protocols)
    target: Path = publish.TARGET
    before = target.read_text(encoding="utf-8").splitlines()
    assert publish.main(["NCT04631406", "--date", "2026-12-01"]) == 0
    after = target.read_text(encoding="utf-8").splitlines()
    added = [line for line in after if line not in before]
    assert [line for line in after if line not in added] == before
    (line,) = added
    assert line.strip().startswith('- {version: 2, date: "2026-12-01", sha256: "')
