"""`saisei population label` and `score`, as somebody with a system of their own would use them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli.test_cli import saisei as run
from saisei.eligibility.population.planted import planted_criteria

PEOPLE = 40


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "bench"
    done = run(
        "population", "simulate", "--people", "60", "--planted", f"{PEOPLE}", "-o", str(folder)
    )
    assert done.returncode == 0
    assert sorted(path.name for path in (folder / "gold").iterdir()) == [
        "criteria.yaml",
        "truth.parquet",
    ]
    return folder


def test_labels_are_written_and_scored(bench: Path, tmp_path: Path) -> None:
    guess = tmp_path / "guess.parquet"
    assert run("population", "label", str(bench), "-o", str(guess)).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["guess.parquet"]
    done = run("population", "score", str(bench), str(guess))
    assert done.returncode == 0
    labels = PEOPLE * len(planted_criteria())
    assert f"{PEOPLE} people, {len(planted_criteria())} criteria, {labels:,} labels" in done.stdout
    assert f"right: {labels:,} of {labels:,} (100.0%)" in done.stdout
    assert "said false where unknown: 0, of which it is so in the world: 0" in done.stdout
    for one in planted_criteria():
        (line,) = (line for line in done.stdout.splitlines() if line.startswith(f"{one.id} "))
        counts = list(map(int, line.split()[1:]))
        assert len(counts) == 9
        assert sum(counts) == counts[0] + counts[4] + counts[8] == PEOPLE


def test_a_malformed_guess_is_one_message(bench: Path, tmp_path: Path) -> None:
    guess = tmp_path / "guess.parquet"
    table = pq.read_table(bench / "gold" / "truth.parquet").rename_columns(
        ["person_id", "criterion", "said", "reason", "world", "situation"]
    )
    pq.write_table(table, guess)
    done = run("population", "score", str(bench), str(guess))
    assert done.returncode == 2
    assert "there is no column `label`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["score", "label"])
def test_a_folder_without_gold_is_one_message(tmp_path: Path, command: str) -> None:
    out = str(tmp_path / "guess.parquet")
    rest = (out,) if command == "score" else ("-o", out)
    done = run("population", command, str(tmp_path), *rest)
    assert done.returncode == 2
    assert "gold/truth.parquet" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_message(bench: Path, tmp_path: Path) -> None:
    done = run("population", "label", str(bench), "-o", str(tmp_path / "no" / "guess.parquet"))
    assert done.returncode == 2
    assert "no such folder" in done.stderr
