"""The page on pooling a table of one's own: its commands run, its pictures and tables are ours."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from report.svg_reading import read_svg
from saisei import synthesis as syn
from saisei.base.store import load_data
from saisei.cli import main
from saisei.evidence import read_network, read_table

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "command-line-pooling.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^saisei (.+)$", PAGE, re.MULTILINE)
IMAGES = {
    "bcg": {"forest": "pool-forest", "funnel": "pool-funnel"},
    "smoking": {"network": "network", "ranks": "network-ranks", "forest": "network-forest"},
}
"""Which of the files that a command writes is which picture of the documents."""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words.split(" --")[0])
def test_a_command_of_the_page_runs_and_draws_what_the_page_shows(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [
        str(ROOT / word) if word.startswith("examples/") else word for word in shlex.split(command)
    ]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["saisei", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, capsys.readouterr().err
    out = tmp_path / words[-1]
    for name, image in IMAGES.get(words[-1], {}).items():
        drawn = read_svg((out / f"{name}.svg").read_text("utf-8"))
        shown = read_svg((ROOT / "docs" / "images" / f"{image}.svg").read_text("utf-8"))
        assert shown.words == drawn.words, image
        assert shown.description == drawn.description, image


def test_the_commands_are_three() -> None:
    assert [command.split()[0] for command in COMMANDS] == ["pool", "network", "evidence"]


def test_headings_of_the_page_are_known() -> None:
    known = {
        "".join(filter(str.isalnum, name.lower()))
        for names in load_data("evidence/columns.yaml")["columns"].values()
        for name in names
    }
    rows = re.findall(r"^\| (?:study|events|people|means|effects) \| (.+) \|$", PAGE, re.MULTILINE)
    headings = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(headings) > 30
    for heading in headings:
        assert "".join(filter(str.isalnum, heading.lower())) in known, heading


def test_the_measures_of_the_page_are_those_of_the_tables() -> None:
    named = re.search(r"`--measure` ([^.]+)\.", PAGE)
    assert named
    needs = load_data("evidence/columns.yaml")["needs"]
    raw = [measure for measure, columns in needs.items() if columns != ["y", "v"]]
    assert re.findall(r"[A-Z]+", named[1]) == raw


def test_the_vaccine_trials_are_those_of_metafor() -> None:
    reference = ROOT / "tests" / "synthesis" / "reference" / "pairwise.json"
    cases = json.loads(reference.read_text("utf-8"))["cases"]
    oracle = next(c for c in cases if c["dataset"] == "bcg" and c["measure"] == "RR")
    columns: dict[str, Any] = dict(read_table(ROOT / "examples/tables/bcg.csv", "RR").columns)
    effects = syn.effect("RR", **columns)
    assert effects.y == pytest.approx(oracle["yi_all"], rel=1e-9)
    assert effects.v == pytest.approx(oracle["vi_all"], rel=1e-9)


def test_the_smoking_studies_are_the_same_in_both_shapes() -> None:
    names = {"1": "No intervention", "2": "Self-help", "3": "Individual counselling",
             "4": "Group counselling"}  # fmt: skip
    wide = read_network(ROOT / "tests" / "evidence" / "reference" / "smoking.tsv", "OR")
    long = read_network(ROOT / "examples" / "tables" / "smoking.csv", "OR")
    assert long.te == wide.te
    assert [names[one] for one in wide.treat1] == list(long.treat1)
    assert [names[two] for two in wide.treat2] == list(long.treat2)
