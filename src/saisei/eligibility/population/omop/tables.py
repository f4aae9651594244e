"""Where the tables of a database stand: behind each, a relation with the names that we read under.

`Tables` is what a store has to be able to do. `FileTables` shows Parquet files and the tables of a
DuckDB file where they are; `postgres` holds the one that reads a server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from typing import Protocol as Interface

import pyarrow as pa

from saisei.base.errors import CaseError, Place, Problem
from saisei.eligibility.population.omop.model import TABLES, Part, Rows, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "GROUPED",
    "FileTables",
    "Tables",
    "make_census",
    "missing_column",
    "missing_table",
    "no_code",
    "write_rows",
]


class Tables(Interface):
    """A store of tables."""

    @property
    def name(self) -> str:
        """What the store is called in messages and on pages: never with a password."""

    @property
    def digest(self) -> str:
        """What tells this state of the store from another."""

    def attach(self, connection: DuckDBPyConnection) -> None:
        """Look whether all that must be there is there.

        Raises
        ------
        CaseError
            A table or a column is missing.
        """

    def has(self, table: str) -> bool:
        """Whether there is such a table."""

    def take(self, connection: DuckDBPyConnection, table: str, rows: Rows | None = None) -> None:
        """Make ``omop.TABLE``: a row each, the columns of `model`; at least the rows wanted."""

    def census(self, connection: DuckDBPyConnection, table: str, today: date) -> None:
        """Count the rows that are read alike, and those after a day, into ``omop.census``."""

    def codes(self, connection: DuckDBPyConnection, wanted: str) -> None:
        """Make ``omop.concept`` of at least the concepts that stand in a table of codes."""

    def names(self, connection: DuckDBPyConnection, concepts: Sequence[int]) -> dict[int, str]:
        """Give the names of some concepts."""

    def release(self, connection: DuckDBPyConnection) -> None:
        """Let go of what was copied."""


def missing_table(where: str, table: Table) -> CaseError:
    """Tell that a table is missing."""
    return _broken(where, "missing-table", f"there is no table `{table.name}`", table)


def missing_column(where: str, table: Table, column: str) -> CaseError:
    """Tell that a column is missing."""
    found = f"the table `{table.name}` has no column `{column}`"
    return _broken(where, "missing-column", found, table)


def wrong_column(where: str, table: Table, part: Part) -> CaseError:
    """Tell that a column of texts cannot be read as what it should hold."""
    kinds = {"id": "whole numbers", "date": "dates", "number": "numbers"}
    found = f"`{table.name}.{part.column}` holds texts that are no {kinds[part.kind]}"
    return _broken(where, "wrong-type", found, table)


def several_tables(where: str, table: Table, several: int) -> CaseError:
    """Tell that nobody can know which of several tables is meant."""
    found = f"the table `{table.name}` stands in {several} schemas"
    return _broken(where, "several-tables", found, table)


def no_code(where: str) -> CaseError:
    """Tell that the table of concepts knows no code that fills anything."""
    found = "no concept of the table `concept` fills a field"
    return _broken(where, "no-code", found, TABLES["concept"])


def _broken(where: str, code: str, found: str, table: Table) -> CaseError:
    expected = f"the table {table.name} of the OMOP Common Data Model 5.4 with "
    expected += ", ".join(table.columns)
    step = "Export the clinical tables and `concept` as TABLE.parquet, or give a database"
    return CaseError(Problem(code, found, expected, step, Place(where)))


GROUPED = ("concept", "unit", "unit_text", "compared")
"""What rows have to share to be counted together."""


def make_census(connection: DuckDBPyConnection) -> None:
    """Make the empty table of counts, one row for rows that are read alike."""
    connection.execute(
        'CREATE OR REPLACE TABLE omop.census ("table" VARCHAR, concept BIGINT, unit BIGINT, '
        "unit_text VARCHAR, compared BIGINT, rows BIGINT, later BIGINT, valued BIGINT, "
        "empty BIGINT)"
    )


def write_rows(
    connection: DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Make a small table of some rows, all at once."""
    types = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({types})")
    if rows:
        cells = [pa.array(cells) for cells in zip(*rows, strict=True)]
        connection.register("rows_to_write", pa.table(cells, names=list(columns)))
        connection.execute(f"INSERT INTO {table} SELECT * FROM rows_to_write")
        connection.unregister("rows_to_write")


class FileTables:
    """A folder of Parquet files, one a table or a folder a table; or a DuckDB file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.found: dict[str, _Found] = {}

    @property
    def digest(self) -> str:
        """Tell this state of the files from another, by their sizes and times."""
        files = [self.path]
        if self.path.is_dir():
            among = (self.path.glob(name) for table in TABLES for name in _places(table))
            files = sorted(file for found in among for file in found)
        told = [
            (str(f.relative_to(self.path)), f.stat().st_size, f.stat().st_mtime_ns) for f in files
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def attach(self, connection: DuckDBPyConnection) -> None:
        """Look whether all that must be there is there."""
        connection.execute("CREATE SCHEMA IF NOT EXISTS omop")
        if not self.path.is_dir():
            connection.execute(f"ATTACH IF NOT EXISTS {_text(self.path)} AS source (READ_ONLY)")
        for table in TABLES.values():
            source = self._source(connection, table.name)
            if source is not None:
                self.found[table.name] = self._look(connection, table, source)
            elif table.must:
                raise missing_table(self.name, table)

    def _look(self, connection: DuckDBPyConnection, table: Table, source: str) -> _Found:
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        there = {str(row[0]).lower(): (str(row[0]), str(row[1])) for row in described}
        for column in table.columns:
            if column not in there:
                raise missing_column(self.name, table, column)
        found = _Found(source, there)
        for part in table.parts.values():
            if found.is_text(part) and self._has_unread(connection, found, part):
                raise wrong_column(self.name, table, part)
        return found

    @staticmethod
    def _has_unread(connection: DuckDBPyConnection, found: _Found, part: Part) -> bool:
        """Whether a column of texts holds one that is not what the column should hold."""
        unread = f"{_name(found.there[part.column][0])} NOTNULL AND {found.column(part)} IS NULL"
        row = connection.execute(f"SELECT 1 FROM {found.source} WHERE {unread} LIMIT 1").fetchone()
        return row is not None

    def _source(self, connection: DuckDBPyConnection, table: str) -> str | None:
        if self.path.is_dir():
            one, many = (self.path / place for place in _places(table))
            found = one if one.exists() else many if many.parent.is_dir() else None
            return f"read_parquet({_text(found)})" if found else None
        rows = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = 'source' AND lower(table_name) = ?",
            [table],
        ).fetchall()
        if len(rows) > 1:
            raise several_tables(self.name, TABLES[table], len(rows))
        return ".".join(["source", *map(_name, rows[0])]) if rows else None

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        return table in self.found

    def take(self, connection: DuckDBPyConnection, table: str, rows: Rows | None = None) -> None:
        """Show a table under our names; the rows are chosen where they are used."""
        del rows
        found = self.found[table]
        chosen = ", ".join(
            f"{found.column(part)} AS {name}" for name, part in TABLES[table].parts.items()
        )
        connection.execute(
            f"CREATE OR REPLACE VIEW omop.{table} AS SELECT {chosen} FROM {found.source}"
        )

    def census(self, connection: DuckDBPyConnection, table: str, today: date) -> None:
        """Count the rows that are read alike, and those after a day."""
        there = TABLES[table].parts
        chosen = ", ".join(name if name in there else f"NULL AS {name}" for name in GROUPED)
        value = "value" if "value" in there else "NULL"
        connection.execute(
            f"INSERT INTO omop.census SELECT $1, {chosen}, COUNT(*), COUNT(*) FILTER (day > $2), "
            f"COUNT({value}) FILTER (day <= $2), "
            f"COUNT(*) FILTER (day <= $2 AND {value} IS NULL) FROM omop.{table} GROUP BY ALL",
            [table, today],
        )

    def codes(self, connection: DuckDBPyConnection, wanted: str) -> None:
        """Show the concepts."""
        del wanted
        self.take(connection, "concept")

    def names(self, connection: DuckDBPyConnection, concepts: Sequence[int]) -> dict[int, str]:
        """Give the names of some concepts."""
        named = "SELECT concept, name FROM omop.concept WHERE list_contains(?, concept)"
        found = connection.execute(f"{named} AND name NOTNULL", [list(concepts)])
        return {int(concept): str(name) for concept, name in found.fetchall()}

    def release(self, connection: DuckDBPyConnection) -> None:
        """Nothing was copied."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A table where it stands, and its columns: by their names in small letters, name and type."""

    source: str
    there: dict[str, tuple[str, str]]

    def is_text(self, part: Part) -> bool:
        """Whether a date or a number stands there as a text."""
        _, type_ = self.there.get(part.column, ("", ""))
        return part.kind != "text" and type_.startswith("VARCHAR")

    def column(self, part: Part) -> str:
        """Write a column; a date or a number that stands as text is read, and null if it cannot."""
        if part.column not in self.there:
            return f"NULL::{DUCKDB_TYPES[part.kind]}"
        name, type_ = self.there[part.column]
        fits = type_ == "DATE" if part.kind == "date" else not self.is_text(part)
        if fits or part.kind == "text":
            return _name(name)
        return f"TRY_CAST({_name(name)} AS {DUCKDB_TYPES[part.kind]})"


DUCKDB_TYPES = {"id": "BIGINT", "date": "DATE", "number": "DOUBLE", "text": "VARCHAR"}


def _places(table: str) -> tuple[str, str]:
    """Give where a table may stand in a folder: a file, or the files of a folder."""
    return f"{table}.parquet", f"{table}/*.parquet"


def _name(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _text(words: object) -> str:
    return "'" + str(words).replace("'", "''") + "'"
