"""A disk that fills during a screening: one message, nothing half-written, and it goes on."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from cli.test_cli import ROOT
from cli.test_cli import saisei as run

OPTIONS = ("--as-of", "2026-11-20", "--protocol", "NCT00875654")
RESULTS = ["criteria.parquet", "marks", "missing.parquet", "report.html", "verdicts.parquet"]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "hospital"
    done = run("population", "simulate", "--people", "40", "--seed", "3", "-o", str(folder))
    assert done.returncode == 0
    return folder


@pytest.fixture(scope="module")
def uninterrupted(hospital: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    done = run("screen-population", hospital, *OPTIONS, "-o", folder / "out")
    assert done.returncode == 0
    (folder / "said").write_text(done.stdout, "utf-8")
    return folder


def with_room_for(size: int, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command where no file can grow beyond a size, as on a disk that is full then."""
    command = [sys.executable, "-m", "saisei", *map(str, words)]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        preexec_fn=limit,
    )


def said(text: str, folder: Path) -> str:
    """Take out of what was printed how long it took and where it stands."""
    return re.sub(r", \d+\.\d s", "", text).replace(str(folder), "DIR")


def body(folder: Path) -> str:
    """Give what a page shows."""
    return (folder / "report.html").read_text("utf-8").partition("<body")[2]


@pytest.mark.parametrize("size", [9_000, 40_000], ids=["the database", "the records"])
def test_a_full_disk(hospital: Path, uninterrupted: Path, tmp_path: Path, size: int) -> None:
    out = tmp_path / "out"
    done = with_room_for(size, "screen-population", hospital, *OPTIONS, "-o", out)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {out}: --out: the results cannot be written: ")
    assert "there is no room left; expected a folder with room" in line
    assert "a second run goes on" in line
    assert [path.name for path in out.iterdir()] == [".saisei-screening"]

    again = run("screen-population", hospital, *OPTIONS, "-o", out)
    assert again.returncode == 0
    assert sorted(path.name for path in out.iterdir()) == RESULTS
    assert said(again.stdout, out) == said(
        (uninterrupted / "said").read_text("utf-8"), uninterrupted / "out"
    )
    assert body(out) == body(uninterrupted / "out")


def test_a_simulation_on_a_full_disk(tmp_path: Path) -> None:
    out = tmp_path / "new"
    done = with_room_for(3_000, "population", "simulate", "--people", "40", "-o", out)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "there is no room left" in line
    assert "goes on" not in line
    assert not list(tmp_path.iterdir())
