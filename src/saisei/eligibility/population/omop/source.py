"""An OMOP Common Data Model 5.4 database as dated records: which rows fill which field, and how.

The codes are those of `saisei.cases` (`codes.yaml`), found in the database's own table of concepts
by vocabulary and code. What a table cannot say is not read:

- no missing row ever means *no*;
- a diagnosis is active now when its row says that it ends later, or when it belongs to a stay in
  hospital of today; a row without an end says nothing about now;
- a list of medicines in use or of infections holds what was found, and may hold more;
- a number in a unit that does not convert, or out of its field's range, is left out and counted.

A stroke recorded again within `same_stroke_days` is the same stroke; the latest one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from saisei.eligibility.population.events import seconds
from saisei.eligibility.population.omop.changes import add_changes
from saisei.eligibility.population.omop.counts import count_left_out, count_unmapped
from saisei.eligibility.population.omop.mapping import (
    READ_FROM,
    day_of_moment,
    make_codes,
    rows_wanted,
)
from saisei.eligibility.population.omop.measures import (
    MEASURES,
    add_items,
    add_measured,
    coded,
    gather,
)
from saisei.eligibility.population.omop.members import add_members
from saisei.eligibility.population.omop.model import Rows, of_omop
from saisei.eligibility.population.omop.parts import add_limits, add_parts
from saisei.eligibility.population.omop.postgres import ServerTables
from saisei.eligibility.population.omop.reading import (
    NO_STAYS,
    active_now,
    dated_events,
    in_hospital,
    medicines_in_use,
    of_person,
    since_the_stroke,
    stays,
)
from saisei.eligibility.population.omop.strokes import add_strokes, find_strokes
from saisei.eligibility.population.omop.tables import FileTables, Tables, make_census, no_code
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
        if not _number(connection, "SELECT COUNT(*) FROM concepts"):
            raise no_code(self.name)
        self._people(connection, moment)
        self._take(connection, moment)
        self._stays(connection, moment)
        find_strokes(connection, moment)
        selects = " UNION ALL ".join(self._selects(fields, moment))
        connection.execute(f"CREATE OR REPLACE TABLE events AS {selects}")
        for table in self._there(MEASURES):
            if impossible := add_measured(connection, table, moment):
                self.read.left_out[table, "range"] = impossible
        gather(connection, self._there(MEASURES))
        for select in coded(moment):
            connection.execute(f"INSERT INTO events {select}")
        add_items(connection, fields, moment)
        add_parts(connection, fields)
        add_changes(connection, fields, moment)
        add_limits(connection, fields, "measurement", moment)
        add_members(connection, fields, self._there(READ_FROM), moment)
        add_strokes(connection, fields)
        self.read.used["events"] = _number(connection, "SELECT COUNT(*) FROM events")
        count_left_out(connection, self.read, moment)
        count_unmapped(connection, self.tables, self.read)

    def _selects(self, fields: Mapping[str, float], moment: int) -> Iterator[str]:
        yield from of_person(fields)
        for table in ("condition_occurrence", "procedure_occurrence"):
            yield dated_events(table, moment)
        yield since_the_stroke(moment)
        yield active_now(moment)
        if self.tables.has("drug_exposure"):
            yield medicines_in_use(moment)
        if "in_hospital" in fields:
            yield in_hospital(moment)

    def _there(self, tables: Iterable[str]) -> tuple[str, ...]:
        return tuple(table for table in tables if self.tables.has(table))

    def _stays(self, connection: DuckDBPyConnection, moment: int) -> None:
        """Make the table of those who are in hospital."""
        found = NO_STAYS
        if self.tables.has("visit_occurrence"):
            today = day_of_moment(moment)
            kinds = {int(kind): date.min for kind in of_omop("inpatient")}
            self.tables.take(connection, "visit_occurrence", Rows(kinds, today, today))
            found = stays(moment)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE stays AS {found}")

    def _take(self, connection: DuckDBPyConnection, moment: int) -> None:
        """Take every clinical table once."""
        today = day_of_moment(moment)
        make_census(connection)
        for table in READ_FROM:
            if self.tables.has(table):
                self.tables.take(connection, table, rows_wanted(connection, table, today))
                self.tables.census(connection, table, today)

    def _people(self, connection: DuckDBPyConnection, moment: int) -> None:
        """Make the table of the living; who has died, if only on a day unknown, takes no part."""
        self.tables.take(connection, "person")
        dead = "FALSE"
        if self.tables.has("death"):
            self.tables.take(connection, "death")
            died = f"person NOTNULL AND (day IS NULL OR epoch(day) <= {moment})"
            dead = f"person NOTNULL AND person IN (SELECT person FROM omop.death WHERE {died})"
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
