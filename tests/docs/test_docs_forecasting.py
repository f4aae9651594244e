"""docs/forecasting.md: what it shows is what the command prints."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from saisei.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "forecasting.md"
TEXT = PAGE.read_text(encoding="utf-8")
SHOWN = re.findall(r"```\n\$ saisei (.+?)\n(.*?)```", TEXT, re.DOTALL)


def run(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["saisei", *shlex.split(command)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    return capsys.readouterr().out.splitlines()


def test_two_people_are_shown() -> None:
    assert [command.split()[1] for command, _ in SHOWN] == [
        "examples/01-chronic-arm.yaml",
        "examples/03-three-weeks.yaml",
    ]


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=["late", "early"])
def test_every_line_that_is_shown_is_printed_in_that_order(
    command: str,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = run(command, monkeypatch, capsys)
    lines = [line for line in shown.splitlines() if line != "…"]
    assert len(lines) > 10
    at = 0
    for line in lines:
        assert line in printed[at:], f"the command does not print: {line}"
        at = printed.index(line, at) + 1


def test_every_option_of_the_page_exists(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = " ".join(run("forecast --help", monkeypatch, capsys))
    for option in set(re.findall(r"(?<!-)--[a-z]+(?:-[a-z]+)*", TEXT)):
        assert option in told, option


def test_it_is_led_to() -> None:
    assert "(forecasting.md)" in PAGE.with_name("methods.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "saisei forecast me.yaml" in readme
    assert "(docs/forecasting.md)" in readme


def test_the_keys_of_the_json_are_those_of_the_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = json.loads("".join(run(f"{SHOWN[1][0]} --json", monkeypatch, capsys)))
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ", TEXT.split("## The JSON")[1], re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    head = {"schema", "version", "title", "as_of", "language", "data"}
    assert set(said) - head == named
    for key in ("width_now", "width_expected", "width_low", "width_high"):
        assert key in said["another"]["narrowing"]
