"""`saisei screen-population --engine spark`: the same results from another engine."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli.test_cli import saisei as run

ASKED = ("--as-of", "2026-11-20", "--protocol", "NCT00875654")


def test_another_engine_is_refused(tmp_path: Path) -> None:
    done = run("screen-population", str(tmp_path), *ASKED, "--engine", "sparc")
    assert done.returncode == 2
    assert "--engine" in done.stderr
    assert "spark" in done.stderr


def test_what_spark_does_not_read_is_refused() -> None:
    done = run("screen-population", "postgresql://me:secret@h/db", *ASKED, "--engine", "spark")
    assert done.returncode == 2
    assert "a folder of OMOP tables as Parquet" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="PySpark is not installed")
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java here")
def test_both_engines_print_and_write_the_same(tmp_path: Path) -> None:
    hospital = str(tmp_path / "hospital")
    assert run("population", "simulate", "--people", "40", "-o", hospital).returncode == 0
    printed, written = {}, {}
    for engine in ("duckdb", "spark"):
        out = tmp_path / engine
        done = run("screen-population", hospital, *ASKED, "--engine", engine, "-o", str(out))
        assert done.returncode == 0, done.stderr
        printed[engine] = done.stdout.splitlines()[1:-1]
        rows = pq.read_table(out / "verdicts.parquet").to_pylist()
        written[engine] = sorted((row["person_id"], row["verdict"]) for row in rows)
        assert (out / "report.html").exists()
    assert printed["spark"] == printed["duckdb"]
    assert written["spark"] == written["duckdb"]
    again = run("screen-population", hospital, *ASKED, "--engine", "spark", "-o", str(out))
    assert again.returncode == 2
    assert "there is marks already" in again.stderr
