"""A flat table on the command line: one message for each mistake, and nothing half-written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from saisei.cli import main

MAPPING = """title: the ward
table: ward.csv
only_where: {alive: [1]}
fields:
  sex: {column: sex, words: {M: male, F: female}}
  birth_date: {column: age, age_in: a}
"""
TABLE = "sex,age,alive\nM,17,1\nF,44,1\n?,60,1\nM,80,0\n"


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    (tmp_path / "ward.csv").write_text(TABLE, encoding="utf-8")
    path = tmp_path / "ward.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give the command line, in this process: starting a new one for each mistake takes long."""

    def runner(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["saisei", "screen-population", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return runner


def test_a_ward_is_screened(run: Run, mapping: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    chosen = ("--protocol", "NCT00535197", "--stage", "acute", "--as-of", "2026-11-20")
    done = run(str(mapping), *chosen, "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert "3 people" in done.stdout
    assert "ward.csv: 1 rows left out" in done.stdout
    assert "sex: 1 rows left out" in done.stdout
    assert "People of the ward" in (out / "report.html").read_text(encoding="utf-8")
    rows = pq.read_table(out / "verdicts.parquet").to_pylist()
    assert {row["person_id"]: row["verdict"] for row in rows} == {
        1: "does-not-match",
        2: "undecided",
        3: "undecided",
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("F: female", "F: femail", "fields.sex.words.F"),
        ("column: age", "column: years", "ward.yaml:6:"),
        ("ward.csv", "other.csv", "there is no such file"),
        ("fields:", "fields: [", "ward.yaml"),
    ],
)
def test_mistakes_end_with_one_message(
    run: Run, mapping: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    mapping.write_text(MAPPING.replace(old, new), encoding="utf-8")
    done = run(str(mapping), "--stage", "acute", "-o", str(tmp_path / "out"))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_stage_that_there_is_not(run: Run, mapping: Path, tmp_path: Path) -> None:
    done = run(str(mapping), "--stage", "late", "-o", str(tmp_path / "out"))
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
    assert "acute" in done.stderr
