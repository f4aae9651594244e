"""An OMOP database on a PostgreSQL server gives what the same tables give as Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, LiteralString

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg.sql import SQL, Identifier

from eligibility.servers import postgres, program
from eligibility.test_eligibility_omop_rows import SEEN, TOPS, row, write
from saisei.base.errors import CaseError, InputError, OptionError
from saisei.eligibility.columns import sources_read
from saisei.eligibility.population.needed import longest_days
from saisei.eligibility.population.omop import OmopFolder, OmopServer
from saisei.eligibility.population.omop import postgres as reader
from saisei.eligibility.population.omop.address import Address
from saisei.eligibility.population.omop.model import Rows
from saisei.eligibility.population.protocols import distinct_rules
from saisei.eligibility.population.screen import screen_population
from saisei.eligibility.population.simulate import simulate_omop
from saisei.eligibility.population.sources import open_source
from saisei.therapies.protocols import population_protocols

pytestmark = pytest.mark.skipif(
    program("initdb") is None, reason="PostgreSQL is not installed here"
)
DAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
PEOPLE = 120
PROTOCOLS = population_protocols()[:9]
NEEDED = longest_days(sources_read(distinct_rules(PROTOCOLS).values()))
TYPES: dict[str, LiteralString] = {
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "numeric",
    "DATE": "date",
    "VARCHAR": "varchar",
}
PLAIN: Mapping[str, str] = {}
CROOKED = {
    "measurement": "Measurement",
    "measurement_date": "Measurement_Date",
    "condition_start_date": "CONDITION_START_DATE",
}
"""Names that somebody wrote in another case."""


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospital")
    simulate_omop(PEOPLE, 11, folder, DAY)
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital that has every table, and a row for each way of reading one."""
    folder = tmp_path_factory.mktemp("rows")
    below: Mapping[str, list[Mapping[str, Any]]] = {
        "condition_occurrence": [row(1, DAY)],
        "drug_exposure": [row(2, DAY, ended=DAY)],
    }
    write(folder, [below, *(tables for _, tables, _, _ in SEEN)], TOPS)
    return folder


@pytest.fixture(scope="module")
def server(hospital: Path, rows: Path) -> Iterator[str]:
    """Start a server with the hospital in three schemas: as it is, oddly written, and half."""
    with postgres() as where:
        port = where.split("port=")[1].split()[0]
        with psycopg.connect(where, autocommit=True) as connection:
            fill(connection, hospital, "cdm", PLAIN)
            fill(connection, hospital, "Odd Place", CROOKED, text_dates=True)
            fill(connection, hospital, "half", PLAIN)
            fill(connection, rows, "rows", PLAIN)
            connection.execute("DROP TABLE half.procedure_occurrence")
            connection.execute("ALTER TABLE half.death DROP COLUMN death_date")
            connection.execute("CREATE USER guest")
            connection.execute("GRANT USAGE ON SCHEMA cdm TO guest")
            connection.execute("GRANT SELECT ON cdm.person, cdm.concept TO guest")
        yield f"127.0.0.1:{port}/postgres"


def fill(
    connection: psycopg.Connection,
    hospital: Path,
    schema: str,
    called: Mapping[str, str],
    *,
    text_dates: bool = False,
) -> None:
    connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
    types = {**TYPES, "DATE": "varchar"} if text_dates else TYPES
    for path in sorted(hospital.glob("*.parquet")):
        table = Identifier(schema, called.get(path.stem, path.stem))
        columns = SQL(", ").join(
            SQL(" ").join([Identifier(called.get(name, name)), SQL(types[type_])])
            for name, type_ in zip(*columns_of(path), strict=True)
        )
        connection.execute(SQL("CREATE TABLE {} ({})").format(table, columns))
        with connection.cursor().copy(SQL("COPY {} FROM STDIN").format(table)) as copy:
            for row in pq.read_table(path).to_pylist():
                copy.write_row(list(row.values()))


def columns_of(path: Path) -> tuple[list[str], list[str]]:
    found = duckdb.from_parquet(str(path))
    return found.columns, [str(one) for one in found.types]


def events(source: OmopFolder | OmopServer) -> list[tuple[float, ...]]:
    with duckdb.connect() as connection:
        source.load(connection, NEEDED, AS_OF)
        found = connection.execute("SELECT * FROM events ORDER BY ALL").fetchall()
        left = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'omop' "
            "AND table_type = 'BASE TABLE' AND table_name <> 'census'"
        ).fetchall()
    assert left == []
    return found


@pytest.mark.parametrize("schema", ["cdm", "Odd%20Place", "odd place"])
def test_a_server_gives_the_events_of_the_files(
    server: str, hospital: Path, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK", 1_000)
    files = OmopFolder(hospital)
    base = OmopServer(f"postgresql://saisei@{server}?schema={schema}")
    told = events(base)
    assert told == events(files)
    assert len(told) > 1_000
    assert base.read == files.read


def test_a_server_gives_the_events_of_every_table(server: str, rows: Path) -> None:
    files = OmopFolder(rows)
    base = OmopServer(f"postgresql://saisei@{server}?schema=rows")
    assert events(base) == events(files)
    assert base.read == files.read


def test_a_server_gives_the_verdicts_of_the_files(
    server: str, hospital: Path, tmp_path: Path
) -> None:
    base = open_source(f"postgresql://saisei@{server}?options=-csearch_path%3Dcdm")
    one = screen_population(OmopFolder(hospital), PROTOCOLS, AS_OF, tmp_path / "files")
    other = screen_population(base, PROTOCOLS, AS_OF, tmp_path / "server")
    assert one.protocols == other.protocols
    first, second = (pq.read_table(tmp_path / f / "verdicts.parquet") for f in ("files", "server"))
    assert sorted(map(repr, first.to_pylist())) == sorted(map(repr, second.to_pylist()))


def test_only_rows_that_matter_are_sent(
    server: str, hospital: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the measurements: those of creatinine, of a month and a day before the moment."""
    sent: dict[str, list[int]] = {}
    take = reader.ServerTables.take

    def counting(
        self: reader.ServerTables,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        rows: Rows | None = None,
    ) -> None:
        take(self, connection, table, rows)
        found = connection.table(f"omop.{table}").aggregate("COUNT(*)").fetchone() or (0,)
        sent.setdefault(table, []).append(found[0])

    monkeypatch.setattr(reader.ServerTables, "take", counting)
    with duckdb.connect() as connection:
        base = OmopServer(f"postgresql://saisei@{server}?schema=cdm")
        base.load(connection, {"serum_creatinine_mg_dl": 30.0}, AS_OF)
    named = pq.read_table(hospital / "concept.parquet").to_pylist()
    codes = ("2160-0", "14682-9", "38483-4")
    concepts = {row["concept_id"] for row in named if row["concept_code"] in codes}
    wanted = [
        row
        for row in pq.read_table(hospital / "measurement.parquet").to_pylist()
        if row["measurement_concept_id"] in concepts
        and date(2026, 10, 20) <= row["measurement_date"] <= DAY
    ]
    assert sent["measurement"] == [len(wanted)]
    assert wanted
    assert all(len(times) == 1 for times in sent.values())


BAD = [
    ("postgresql://saisei@{}?schema=nowhere", "no schema 'nowhere'"),
    ("postgresql://saisei@{}?schema=half", "no table `procedure_occurrence`"),
    ("postgresql://guest@{}?schema=cdm", "no permission to read `measurement`"),
    ("postgresql://saisei@127.0.0.1:1/none", "nothing answers there"),
    ("postgresql://nobody:secret@{}", "does not know the user"),
    ("postgresql://saisei@{}x", "no such database"),
]


@pytest.mark.parametrize(("address", "said"), BAD)
def test_what_is_wrong_is_told_once_and_shows_no_secret(
    server: str, tmp_path: Path, address: str, said: str
) -> None:
    with pytest.raises(CaseError) as told:
        open_source(address.format(server))
    assert said in str(told.value)
    assert "127.0.0.1" in str(told.value)
    assert "secret" not in str(told.value)
    assert "nobody" not in str(told.value)


def test_a_date_that_is_none_stops_the_run_and_is_not_shown(server: str, tmp_path: Path) -> None:
    with psycopg.connect(f"postgresql://saisei@{server}", autocommit=True) as connection:
        where = Identifier("Odd Place", "Measurement")
        day = Identifier("Measurement_Date")
        broken = SQL("UPDATE {} SET {} = 'soon' WHERE measurement_id = 1000")
        connection.execute(broken.format(where, day))
    source = open_source(f"postgresql://saisei@{server}?schema=Odd%20Place")
    with pytest.raises(InputError, match=r"`measurement` cannot be read as the date") as told:
        screen_population(source, PROTOCOLS, AS_OF, tmp_path / "out")
    assert "soon" not in str(told.value)
    assert not (tmp_path / "out").exists()


def test_a_missing_column_is_named(server: str) -> None:
    with psycopg.connect(f"postgresql://saisei@{server}", autocommit=True) as connection:
        connection.execute("CREATE TABLE half.procedure_occurrence AS SELECT 1 AS person_id")
    with pytest.raises(CaseError, match="no column `procedure_concept_id`"):
        open_source(f"postgresql://saisei@{server}?schema=half")


def test_another_state_of_the_tables_is_another_source(server: str) -> None:
    address = f"postgresql://saisei@{server}?schema=cdm"
    before = OmopServer(address).digest
    assert OmopServer(address).digest == before
    with psycopg.connect(f"postgresql://saisei@{server}", autocommit=True) as connection:
        connection.execute("CREATE TABLE cdm.copy AS SELECT * FROM cdm.death")
        connection.execute("DROP TABLE cdm.death")
        connection.execute("ALTER TABLE cdm.copy RENAME TO death")
    assert OmopServer(address).digest != before


def test_an_address_without_sense_is_refused() -> None:
    with pytest.raises(OptionError, match="no address of a database"):
        Address.parse("postgresql://host:port:5/x?nothing=1")


def test_an_address_shows_no_password() -> None:
    address = Address.parse("postgresql://anna:secret@db/omop?schema=cdm&sslmode=require")
    assert "secret" not in repr(address)
    assert "sslmode=require" in address.words
    assert "schema" not in address.words
