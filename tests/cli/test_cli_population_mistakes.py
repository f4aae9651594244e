"""What `saisei screen-population` says to what it cannot use: one message each, nothing left."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saisei import cli
from saisei.eligibility.population.simulate import simulate_omop

OPTIONS = ("--protocol", "NCT00875654", "--as-of", "2026-11-20", "--no-report")


@pytest.fixture
def hospital(tmp_path: Path) -> Path:
    folder = tmp_path / 'it\'s a "ü" hospital'
    simulate_omop(12, 3, folder, date(2026, 11, 20))
    return folder


Printed = pytest.CaptureFixture[str]


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Run the command in this process: its exit code."""
    monkeypatch.setattr(sys, "argv", ["saisei", "screen-population", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_a_protocol_named_twice_counts_once(
    hospital: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    out = tmp_path / 'it\'s "out" 日本'
    assert run(monkeypatch, hospital, *OPTIONS, "--protocol", "NCT00875654", "-o", out) == 0
    assert capsys.readouterr().out.count("NCT00875654") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--memory", "-5GB"), "--memory: this is no amount of memory"),
        (("--memory", "0"), "--memory: this is no amount of memory"),
        (("--memory", "0GB"), "--memory: this is no amount of memory"),
        (("--memory", "1MB"), "--memory: the memory did not suffice"),
        (("--as-of", "0001-01-01"), "--as-of: the year 1; expected a moment of 1900 or later"),
    ],
)
def test_options_that_cannot_be(
    hospital: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Printed,
    options: tuple[str, str],
    told: str,
) -> None:
    out = tmp_path / "out"
    assert run(monkeypatch, hospital, *OPTIONS, *options, "-o", out) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert not list(out.glob("*.parquet"))


def cut(hospital: Path) -> None:
    path = hospital / "measurement.parquet"
    path.write_bytes(path.read_bytes()[:-20])


def no_number(hospital: Path) -> None:
    path = hospital / "measurement.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("value_as_number")
    secret = pa.array([{"secret": 1}] * len(table))
    pq.write_table(table.set_column(place, "value_as_number", secret), path)


def no_year(hospital: Path) -> None:
    path = hospital / "person.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("year_of_birth")
    years = pa.array([19991231] * len(table))
    pq.write_table(table.set_column(place, "year_of_birth", years), path)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (cut, "`measurement.parquet` cannot be read; expected whole tables"),
        (no_number, "a table or a column cannot be read"),
        (no_year, "a table or a column cannot be read"),
    ],
)
def test_broken_tables(
    hospital: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Printed,
    spoil: object,
    told: str,
) -> None:
    assert callable(spoil)
    spoil(hospital)
    out = tmp_path / "out"
    assert run(monkeypatch, hospital, *OPTIONS, "-o", out) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {hospital}: {told}")
    assert "secret" not in line
    assert "1999" not in line
    assert not out.exists()


@pytest.mark.parametrize(("name", "content"), [("a.duckdb", b"no database"), ("a.csv", b"a,b")])
def test_a_file_that_is_no_database(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Printed,
    name: str,
    content: bytes,
) -> None:
    (tmp_path / name).write_bytes(content)
    assert run(monkeypatch, tmp_path / name, *OPTIONS, "-o", tmp_path / "out") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name}: this is no DuckDB file; expected a folder of Parquet files" in line
    assert not (tmp_path / "out").exists()


HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"


def test_a_folder_in_which_another_run_writes(
    hospital: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    folder = tmp_path / "out" / ".saisei-screening"
    folder.mkdir(parents=True)
    database = folder / "run.duckdb"
    duckdb.connect(database).close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert run(monkeypatch, hospital, *OPTIONS, "-o", tmp_path / "out") == 2
        other.communicate("\n")
    (line,) = capsys.readouterr().err.splitlines()
    assert "another run writes into this folder" in line
    assert database.exists()
