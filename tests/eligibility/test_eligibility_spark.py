"""A population on Spark: what DuckDB answers, person by person."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eligibility.sparks import leaves_open, spark_session
from eligibility.test_eligibility_wide import (
    AS_OF,
    COLUMNS,
    EVENTS,
    RULES,
    SOURCES,
    draw_case,
)
from saisei.base.errors import CaseError, OptionError
from saisei.cases import Case, fields
from saisei.eligibility import lookup_of
from saisei.eligibility.columns import row_of
from saisei.eligibility.population.dialects import spark_sql
from saisei.eligibility.population.events import events_of_case
from saisei.eligibility.population.needed import Rule, base_fields, rules_of
from saisei.eligibility.population.omop import OmopFolder
from saisei.eligibility.population.read import Read
from saisei.eligibility.population.screen import PopulationResult, screen_population
from saisei.eligibility.population.simulate import simulate_omop
from saisei.eligibility.population.small_counts import SmallCounts
from saisei.eligibility.population.spark import SparkResult, local, screen_on_spark
from saisei.eligibility.population.spark.local import local_session
from saisei.eligibility.population.wide import wide_query
from saisei.therapies.protocols import population_protocols

pytestmark = leaves_open

PEOPLE, PARTS = 2_000, 3
PROTOCOLS = population_protocols()
BY_PERSON = ("person", "measurement", "condition_occurrence", "procedure_occurrence", "death")
RESULTS = ("verdicts.parquet", "criteria.parquet", "missing.parquet", "marks")


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session() as session:
        yield session


def parted(whole: Path, folder: Path) -> None:
    """Put each table into a folder of several files, a person's rows in one of them."""
    folder.mkdir()
    shutil.copy(whole / "concept.parquet", folder)
    for table in BY_PERSON:
        (folder / table).mkdir()
        rows = duckdb.read_parquet(str(whole / f"{table}.parquet"))
        for part in range(PARTS):
            mine = rows.filter(f"hash(person_id) % {PARTS} = {part}")
            mine.write_parquet(str(folder / table / f"part-{part}.parquet"))


@dataclass(frozen=True, slots=True)
class Both:
    """The same hospital on both engines."""

    duckdb: PopulationResult
    read: Read
    spark: SparkResult
    folder: Path

    def rows(self, engine: str, result: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.folder / engine / result).to_pylist()
        return sorted(rows, key=lambda row: list(map(str, row.values())))


@pytest.fixture(scope="module")
def both(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp("both")
    simulate_omop(PEOPLE, 5, folder / "whole", date(2026, 11, 20))
    parted(folder / "whole", hospital := folder / "hospital")
    source, small = OmopFolder(hospital), SmallCounts(5)
    told = screen_population(source, PROTOCOLS, AS_OF, folder / "duckdb", small=small)
    out = str(folder / "spark")
    found = screen_on_spark(spark, str(hospital), PROTOCOLS, AS_OF, out, small=small)
    return Both(told, source.read, found, folder)


def test_every_mark_is_that_of_duckdb(both: Both) -> None:
    """Every rule of 37 trials and 19 programmes, for everybody: failed, unknown, or met."""
    expected = both.rows("duckdb", "marks")
    assert len(expected) > PEOPLE * 0.9
    assert len(expected[0]) == 1 + 2 * len(PROTOCOLS)
    assert both.rows("spark", "marks") == expected


@pytest.mark.parametrize("result", RESULTS)
def test_the_files_hold_the_same_rows(both: Both, result: str) -> None:
    expected = both.rows("duckdb", result)
    assert expected
    assert both.rows("spark", result) == expected


def test_the_counts_are_the_same(both: Both) -> None:
    assert both.spark.counts.people == both.duckdb.people
    assert both.spark.counts.protocols == both.duckdb.protocols
    assert both.spark.read == both.read
    assert sum(one.undecided for one in both.duckdb.protocols) > PEOPLE


def test_nothing_is_left_beside_the_results(both: Both, spark: Any) -> None:
    names = {path.name for path in (both.folder / "spark").iterdir()}
    assert {name for name in names if not name.endswith(".crc")} == set(RESULTS)
    assert spark.catalog.listTables() == []


def test_results_are_not_written_over(both: Both, spark: Any) -> None:
    out = str(both.folder / "spark")
    with pytest.raises(OptionError, match="there is marks already"):
        screen_on_spark(spark, str(both.folder / "hospital"), PROTOCOLS, AS_OF, out)


@pytest.mark.parametrize("name", ["measurement", "concept"])
def test_a_missing_table_is_named(spark: Any, tmp_path: Path, name: str) -> None:
    simulate_omop(5, 1, tmp_path / "hospital", date(2026, 11, 20))
    (tmp_path / "hospital" / f"{name}.parquet").unlink()
    with pytest.raises(CaseError, match=f"there is no table `{name}`"):
        screen_on_spark(spark, str(tmp_path / "hospital"), PROTOCOLS, AS_OF, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_missing_column_is_named(spark: Any, tmp_path: Path) -> None:
    simulate_omop(5, 1, tmp_path / "hospital", date(2026, 11, 20))
    path = tmp_path / "hospital" / "person.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["year_of_birth"]), path)
    with pytest.raises(CaseError, match="no column `year_of_birth`"):
        screen_on_spark(spark, str(tmp_path / "hospital"), PROTOCOLS, AS_OF, str(tmp_path / "out"))


def spark_rows(spark: Any, cases: list[Case], folder: Path) -> list[dict[str, Any]]:
    """Give the rows that the query makes on Spark of the records of the cases."""
    needed, names = set(base_fields(SOURCES)), list(fields())
    events = [e for i, case in enumerate(cases) for e in events_of_case(i, case)]
    kept = [event._asdict() for event in events if names[event.field] in needed]
    rules = [{name: getattr(r, name) for name in Rule.__slots__} for r in rules_of(needed)]
    tables = {
        "people": pa.table({"person": pa.array(range(len(cases)), pa.int64())}),
        "events": pa.Table.from_pylist(kept, EVENTS),
        "rules": pa.Table.from_pylist(rules, RULES),
    }
    for name, rows in tables.items():
        pq.write_table(rows, folder / f"{name}.parquet")
        frame = spark.read.parquet(str(folder / f"{name}.parquet"))
        frame.createOrReplaceTempView(name)
    found = spark.sql(spark_sql(wide_query(SOURCES, AS_OF))).collect()
    for name in tables:
        spark.catalog.dropTempView(name)
    return sorted((row.asDict() for row in found), key=lambda row: int(row["person"]))


def test_the_table_holds_what_the_cases_answer(spark: Any, tmp_path: Path) -> None:
    """Every field, window and time of random cases, to the last bit."""
    random = Random(1)  # noqa: S311 - what is tried, not a secret
    cases = [draw_case(random) for _ in range(120)]
    known = 0
    for case, row in zip(cases, spark_rows(spark, cases, tmp_path), strict=True):
        expected = row_of(COLUMNS, lookup_of(case))
        known += sum(value is not None for value in expected.values())
        assert {name: row[name] for name in expected} == expected
    assert known > len(cases) * len(COLUMNS) / 4


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda _: None)
    with pytest.raises(OptionError, match=r"saisei\[population,spark\]"), local_session("2GB"):
        raise AssertionError("there is no session")


def test_without_java_there_is_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda _: "found")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(OptionError, match="there is no Java"), local_session("2GB"):
        raise AssertionError("there is no session")


@pytest.mark.parametrize("words", ["", "2", "-1GB", "2 TB", "much"])
def test_memory_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(OptionError, match="such as 2GB"), local_session(words):
        raise AssertionError("there is no session")
