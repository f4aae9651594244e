"""An OMOP Common Data Model 5.4 database as dated records: which rows fill which field, and how.

The codes are those of `saisei.cases` (`codes.yaml`), found in the database's own table of concepts
by vocabulary and code. Each clinical table is read once. What a table cannot say is not read:

- no row ever means *no*;
- a diagnosis is not read as *active now*, because the model seldom says when one ended;
- lists (medicines in use, serology) need all their members, and stay unknown;
- a number in a unit that does not convert, or out of its field's range, is left out and counted.

A stroke recorded again within `same_stroke_days` is the same stroke; the latest one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from saisei.eligibility.population.events import seconds
from saisei.eligibility.population.omop.counts import count_left_out, count_unmapped
from saisei.eligibility.population.omop.mapping import (
    READ_FROM,
    day_of_moment,
    make_codes,
    rows_wanted,
)
from saisei.eligibility.population.omop.postgres import ServerTables
from saisei.eligibility.population.omop.reading import dated_events, measured, of_person
from saisei.eligibility.population.omop.strokes import add_strokes, find_strokes
from saisei.eligibility.population.omop.tables import FileTables, Tables
from saisei.eligibility.population.read import Read

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["OmopFolder", "OmopServer", "OmopSource"]


@dataclass(slots=True)
class OmopSource:
    """A database in the OMOP model, wherever its tables stand.

    Parameters
    ----------
    tables
        The store.
    """

    tables: Tables
    read: Read = field(default_factory=Read)

    @property
    def name(self) -> str:
        """What the source is called in messages and on pages."""
        return self.tables.name

    @property
    def digest(self) -> str:
        """Tell this state of the source from another."""
        return self.tables.digest

    def load(
        self, connection: DuckDBPyConnection, fields: Mapping[str, float], as_of: datetime
    ) -> None:
        """Make the tables ``people`` and ``events``."""
        try:
            self.tables.attach(connection)
            self._load(connection, fields, seconds(as_of))
        finally:
            self.tables.release(connection)

    def _load(
        self, connection: DuckDBPyConnection, fields: Mapping[str, float], moment: int
    ) -> None:
        make_codes(connection, self.tables, fields, moment)
        self._people(connection, moment)
        self._take(connection, moment)
        selects = [
            *of_person(fields),
            measured("measurement", moment),
            dated_events("condition_occurrence", moment),
            dated_events("procedure_occurrence", moment),
        ]
        connection.execute(f"CREATE OR REPLACE TABLE events AS {' UNION ALL '.join(selects)}")
        find_strokes(connection, moment)
        add_strokes(connection, fields)
        self.read.used["events"] = _number(connection, "SELECT COUNT(*) FROM events")
        count_left_out(connection, self.tables, self.read, moment)
        count_unmapped(connection, self.tables, self.read)

    def _take(self, connection: DuckDBPyConnection, moment: int) -> None:
        """Take every clinical table once."""
        today = day_of_moment(moment)
        connection.execute(
            "CREATE OR REPLACE TABLE omop.census "
            '("table" VARCHAR, concept BIGINT, rows BIGINT, later BIGINT)'
        )
        for table in READ_FROM:
            if self.tables.has(table):
                self.tables.take(connection, table, rows_wanted(connection, table, today))
                self.tables.census(connection, table, today)

    def _people(self, connection: DuckDBPyConnection, moment: int) -> None:
        """Make the table of the living; who has died takes part in nothing."""
        self.tables.take(connection, "person")
        dead = "FALSE"
        if self.tables.has("death"):
            self.tables.take(connection, "death")
            dead = f"person IN (SELECT person FROM omop.death WHERE epoch(day) <= {moment})"
        connection.execute(
            "CREATE OR REPLACE TABLE people AS "
            f"SELECT CAST(person AS BIGINT) AS person FROM omop.person WHERE NOT ({dead})"
        )
        total = _number(connection, "SELECT COUNT(*) FROM omop.person")
        self.read.people = _number(connection, "SELECT COUNT(*) FROM people")
        self.read.dead = total - self.read.people


class OmopFolder(OmopSource):
    """A folder of Parquet files, one a table, or a DuckDB file with these tables.

    Parameters
    ----------
    path
        The folder or the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(FileTables(path))


class OmopServer(OmopSource):
    """A PostgreSQL database.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/database?schema=cdm``; what it leaves out is taken from the
        usual places (``PGHOST``, ``PGPASSWORD``, ``.pgpass``, a service).

    Raises
    ------
    CaseError
        The server cannot be reached, or does not have the tables.
    """

    def __init__(self, address: str) -> None:
        super().__init__(ServerTables(address))


def _number(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
