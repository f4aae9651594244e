"""OMOP tables that cannot be what they should be: one message, and nobody judged by them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from saisei.base.errors import CaseError
from saisei.eligibility.population.omop import OmopFolder
from saisei.eligibility.population.screen import screen_population
from saisei.eligibility.population.simulate import simulate_omop
from saisei.therapies.protocols import population_protocols

DAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
PEOPLE = 30


@pytest.fixture
def hospital(tmp_path: Path) -> Path:
    simulate_omop(PEOPLE, 5, tmp_path / "hospital", DAY)
    return tmp_path / "hospital"


def rewrite(folder: Path, table: str, columns: str) -> None:
    """Write a table again, some of its columns or rows replaced."""
    path = folder / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.read_parquet(str(path)).project(columns).to_table("rows")
        connection.execute(f"COPY rows TO '{path}' (FORMAT parquet)")


def living(folder: Path) -> tuple[int, int]:
    source = OmopFolder(folder)
    with duckdb.connect() as connection:
        source.load(connection, {"birth_date": 1e6}, AS_OF)
    return source.read.people, source.read.dead


@pytest.mark.parametrize(
    ("table", "columns", "said"),
    [
        ("person", "* REPLACE ('P' || person_id AS person_id)", "person.person_id"),
        ("measurement", "* REPLACE ('P' || person_id AS person_id)", "measurement.person_id"),
        (
            "measurement",
            "* REPLACE (strftime(measurement_date, '%d.%m.%Y') AS measurement_date)",
            "measurement.measurement_date",
        ),
        (
            "measurement",
            "* REPLACE (value_as_number || ' mg' AS value_as_number)",
            "measurement.value_as_number",
        ),
        ("concept", "* REPLACE ('local' AS vocabulary_id)", "fills a field"),
    ],
)
def test_columns_that_hold_something_else(
    hospital: Path, tmp_path: Path, table: str, columns: str, said: str
) -> None:
    rewrite(hospital, table, columns)
    with pytest.raises(CaseError, match=said):
        screen_population(OmopFolder(hospital), population_protocols(), AS_OF, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_numbers_and_days_that_stand_as_texts_are_read(hospital: Path) -> None:
    before = living(hospital)
    for column in ("person_id", "measurement_date", "value_as_number"):
        rewrite(hospital, "measurement", f"* REPLACE ({column}::VARCHAR AS {column})")
    rewrite(hospital, "person", "* REPLACE (person_id::VARCHAR AS person_id)")
    assert living(hospital) == before


def test_who_died_on_a_day_unknown_takes_no_part(hospital: Path) -> None:
    people, dead = living(hospital)
    rows = pa.table({"person_id": range(1, 8), "death_date": pa.nulls(7, pa.date32())})
    pq.write_table(rows, hospital / "death.parquet")
    assert living(hospital) == (people + dead - 7, 7)


def test_a_person_without_a_number_is_refused(hospital: Path, tmp_path: Path) -> None:
    rewrite(hospital, "person", "* REPLACE (NULLIF(person_id, 3) AS person_id)")
    with pytest.raises(CaseError, match="1 people have no number"):
        screen_population(OmopFolder(hospital), population_protocols(), AS_OF, tmp_path / "out")


def test_a_table_that_stands_twice(hospital: Path, tmp_path: Path) -> None:
    file = tmp_path / "twice.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA cdm")
        for path in hospital.glob("*.parquet"):
            connection.execute(f"CREATE TABLE cdm.{path.stem} AS FROM '{path}'")
        connection.execute("CREATE TABLE main.person AS FROM cdm.person LIMIT 0")
    with pytest.raises(CaseError, match="stands in 2 schemas"):
        screen_population(OmopFolder(file), population_protocols(), AS_OF, tmp_path / "out")


def test_results_beside_the_tables_do_not_make_it_another_source(hospital: Path) -> None:
    before = OmopFolder(hospital).digest
    (hospital / "screening").mkdir()
    (hospital / "screening" / "verdicts.parquet").write_bytes(b"x")
    assert OmopFolder(hospital).digest == before
