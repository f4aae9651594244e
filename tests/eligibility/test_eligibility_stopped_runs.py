"""A screening that is stopped, or cannot write: what is left behind, and how it goes on."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from eligibility.test_eligibility_population import CASES, PROTOCOLS, Cases
from eligibility.test_eligibility_wide import AS_OF
from saisei.base.errors import InputError, OptionError
from saisei.eligibility.population import judging, screen
from saisei.eligibility.population.read import Read, Unmapped
from saisei.eligibility.population.screen import screen_population

FEW = PROTOCOLS[:2]
RESULTS = ["criteria.parquet", "marks", "missing.parquet", "verdicts.parquet"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_that_goes_on_knows_what_became_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "PART", 2)

    def stop(step: str, number: int, _: int) -> None:
        if step == "judging the people" and number == 1:
            raise KeyboardInterrupt

    begun = Cases(CASES[:5])
    with pytest.raises(KeyboardInterrupt):
        screen_population(begun, FEW, AS_OF, tmp_path, tell=stop)
    later = Cases(CASES[:5])
    screen_population(later, FEW, AS_OF, tmp_path)
    assert later.loaded == 0
    assert later.read == begun.read
    assert later.read.people == 5


def test_a_run_begins_anew_when_the_codes_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(step: str, *_: object) -> None:
        if step == "writing the results":
            raise KeyboardInterrupt

    source = Cases(CASES[:3])
    with pytest.raises(KeyboardInterrupt):
        screen_population(source, FEW, AS_OF, tmp_path, tell=stop)
    monkeypatch.setattr(judging, "data_digest", lambda: "of another version")
    screen_population(source, FEW, AS_OF, tmp_path)
    assert source.loaded == 2


def test_what_became_of_rows_survives_being_written_down() -> None:
    read = Read(people=7, dead=2, rows={"measurement": 9}, used={"events": 3}, title="a title")
    read.left_out["measurement", "unit"] = 4
    read.unmapped["measurement"] = 5
    read.most_unmapped = (Unmapped("measurement", 12, 'it\'s "ü"', 5),)
    assert Read.from_json(read.to_json()) == read


def test_no_result_stands_there_before_all_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen_population(Cases(CASES[5:9], "earlier"), FEW, AS_OF, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    copy = screen._copy

    def full(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
        if path.name == screen.MISSING:
            raise duckdb.IOException("IO Error: No space left on device")
        copy(connection, sql, path)

    source = Cases(CASES[:4])
    monkeypatch.setattr(screen, "_copy", full)
    with pytest.raises(duckdb.IOException):
        screen_population(source, FEW, AS_OF, tmp_path)
    monkeypatch.setattr(screen, "_copy", copy)
    hidden = tmp_path / ".saisei-screening"
    there = [path for path in tmp_path.rglob("*.parquet") if hidden not in path.parents]
    assert {path: path.read_bytes() for path in there} == before
    assert screen_population(source, FEW, AS_OF, tmp_path).people == 4
    assert source.loaded == 1
    assert names(tmp_path) == RESULTS


@pytest.mark.parametrize("kept", [0, 6_000, 10_000])
def test_a_database_that_was_cut_off_is_begun_anew(tmp_path: Path, kept: int) -> None:
    folder = tmp_path / ".saisei-screening"
    folder.mkdir()
    with duckdb.connect(folder / "run.duckdb") as connection:
        connection.execute("CREATE TABLE numbers AS SELECT * FROM range(9)")
    whole = (folder / "run.duckdb").read_bytes()
    (folder / "run.duckdb").write_bytes(whole[:kept])
    assert screen_population(Cases(CASES[:3]), FEW, AS_OF, tmp_path).people == 3
    assert names(tmp_path) == RESULTS


def test_marks_that_were_lost_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "PART", 2)

    def stop(step: str, *_: object) -> None:
        if step == "writing the results":
            raise KeyboardInterrupt

    source = Cases(CASES[:5])
    with pytest.raises(KeyboardInterrupt):
        screen_population(source, FEW, AS_OF, tmp_path, tell=stop)
    (tmp_path / ".saisei-screening" / "marks" / "part-0001.parquet").unlink()
    assert screen_population(source, FEW, AS_OF, tmp_path).people == 5
    assert source.loaded == 1


@pytest.mark.parametrize(
    ("in_the_way", "told"),
    [
        ("verdicts.parquet/mine", "a folder of this name is there"),
        ("marks/mine", "something else of this name is there"),
    ],
)
def test_nothing_of_the_user_is_taken_away(tmp_path: Path, in_the_way: str, told: str) -> None:
    mine = tmp_path / in_the_way
    mine.parent.mkdir()
    mine.write_text("mine", "utf-8")
    source = Cases(CASES[:2])
    with pytest.raises(OptionError, match=told):
        screen_population(source, FEW, AS_OF, tmp_path)
    assert (source.loaded, mine.read_text("utf-8")) == (0, "mine")


@pytest.mark.parametrize(
    ("numbers", "told"),
    [([1, 1, 2], "1 rows repeat the number of a person"), ([None, 1], "1 people have no number")],
)
def test_people_who_cannot_be_told_apart(
    tmp_path: Path, numbers: list[int | None], told: str
) -> None:
    class Doubled(Cases):
        def load(
            self, connection: duckdb.DuckDBPyConnection, fields: object, as_of: object
        ) -> None:
            del fields, as_of
            connection.execute("CREATE OR REPLACE TABLE people (person BIGINT)")
            connection.executemany("INSERT INTO people VALUES (?)", [[one] for one in numbers])

    with pytest.raises(InputError, match=told):
        screen_population(Doubled([]), FEW, AS_OF, tmp_path / "new")
    assert not (tmp_path / "new").exists()
