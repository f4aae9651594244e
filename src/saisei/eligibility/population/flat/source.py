"""A flat table with a mapping beside it, as dated records: how the table is read.

One row is one person. What becomes of a row, a cell or a word that cannot be used is counted, and
never told one by one: not even an error names what stands in a table.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from saisei.base.documents import Document, read_document
from saisei.base.errors import CaseError, Place, Problem
from saisei.cases import fields
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.flat.cells import Cells, name_of, text
from saisei.eligibility.population.flat.mapping import Mapped
from saisei.eligibility.population.flat.parts import text_of
from saisei.eligibility.population.flat.reading import read_mapping, table_of
from saisei.eligibility.population.read import Read

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["FlatTable"]

FLOATS = ("DOUBLE", "FLOAT", "DECIMAL")
CHUNK = 1 << 20
"""Bytes read at a time."""
EXACT = 1e15
"""Whole numbers up to here are written without a point."""


@dataclass(slots=True)
class FlatTable:
    """A CSV or Parquet file with one row a person, and the mapping that says what it means.

    Parameters
    ----------
    path
        The mapping, a YAML file; it names the table, which lies beside it.

    Raises
    ------
    DocumentError
        The mapping cannot be read.
    CaseError
        There is no such table.
    """

    path: Path
    read: Read = field(default_factory=Read)
    document: Document = field(init=False, repr=False)
    table: Path = field(init=False)

    def __post_init__(self) -> None:
        self.document = read_document(self.path)
        self.table = table_of(self.document)
        self.read.title = text_of(self.document.data.get("title") or "")

    @property
    def name(self) -> str:
        """What the table is called in messages."""
        return str(self.table)

    @property
    def digest(self) -> str:
        """Tell this state from another: by the mapping, and the size and time of the table."""
        now = self.table.stat()
        state = repr((str(self.table), now.st_size, now.st_mtime_ns))
        return hashlib.sha256(self.path.read_bytes() + state.encode()).hexdigest()

    def load(
        self, connection: DuckDBPyConnection, fields: Mapping[str, float], as_of: datetime
    ) -> None:
        """Make the tables ``people`` and ``events``."""
        mapped = read_mapping(self.document, as_of)
        wanted = [name for name in mapped.fields if name in fields]
        _Loading(connection, self.table, mapped, as_of, self.read).run(wanted)


@dataclass(frozen=True, slots=True)
class _Loading:
    """One reading of a table."""

    connection: DuckDBPyConnection
    path: Path
    mapped: Mapped
    as_of: datetime
    read: Read

    def run(self, wanted: Sequence[str]) -> None:
        cells = self._take_in()
        self._people(cells)
        self._records(cells, wanted)
        for name in ("flat_rows", "flat"):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")

    def _take_in(self) -> Cells:
        """Make a table of the columns that are needed, as text, with the number of each row."""
        with _reading(self.path):
            there = self._there()
            self._check_columns(there)
            source, number = self._source()
            columns = {name: f"c{place}" for place, name in enumerate(self.mapped.columns)}
            chosen = "".join(
                f", {self._cell(there[name])} AS {short}" for name, short in columns.items()
            )
            with _in_order(self.connection):
                self.connection.execute(
                    "CREATE OR REPLACE TEMP TABLE flat_rows AS "
                    f"SELECT {number} AS number{chosen} FROM {source}"
                )
        return Cells(columns, self.as_of, self.mapped.decimal)

    def _there(self) -> dict[str, tuple[str, str]]:
        """Give the columns of the file: what each is called in a query, and its type."""
        if self.path.suffix == ".parquet":
            described = self.connection.execute(
                f"DESCRIBE SELECT * FROM read_parquet({text(str(self.path))})"
            ).fetchall()
            return {str(row[0]): (name_of(str(row[0])), str(row[1])) for row in described}
        header = _header(self.path, self.mapped.separator)
        repeated = {name for name in header if header.count(name) > 1}
        for name in repeated & set(self.mapped.columns):
            found = f"the table has two columns `{name}`"
            raise CaseError(Problem("repeated", found, "it once", "", Place(str(self.path), 1)))
        return {name: (f"f{place}", "VARCHAR") for place, name in enumerate(header)}

    def _source(self) -> tuple[str, str]:
        """Write how the file is read, and what numbers its rows from 1."""
        path = text(str(self.path))
        if self.path.suffix == ".parquet":
            return f"read_parquet({path}, file_row_number = true)", "file_row_number + 1"
        count = len(_header(self.path, self.mapped.separator))
        columns = ", ".join(f"'f{place}': 'VARCHAR'" for place in range(count))
        options = (
            f"auto_detect = false, header = true, delim = {text(self.mapped.separator)}, "
            "quote = '\"', escape = '\"', comment = '', parallel = false"
        )
        return f"read_csv({path}, {options}, columns = {{{columns}}})", "row_number() OVER ()"

    def _cell(self, column: tuple[str, str]) -> str:
        """Write a cell as text; null where it is empty or a word that means unknown."""
        name, kind = column
        said = f"trim(CAST({name} AS VARCHAR))"
        if kind.startswith(FLOATS):
            whole = f"{name} = FLOOR({name}) AND ABS({name}) < {EXACT}"
            said = f"CASE WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE {said} END"
            said = f"NULLIF({said}, 'nan')"
        for word in ("", *self.mapped.unknown):
            said = f"NULLIF({said}, {text(word)})"
        return said

    def _check_columns(self, there: Mapping[str, tuple[str, str]]) -> None:
        problems = [
            _no_column(name, there, self.mapped.places[name], self.path)
            for name in self.mapped.columns
            if name not in there
        ]
        if problems:
            raise CaseError(problems)

    def _people(self, cells: Cells) -> None:
        """Make the people of the rows that count, each with a number and the moment of the row."""
        person = "number"
        if self.mapped.person is not None:
            cell = cells.columns[self.mapped.person]
            whole = f"regexp_full_match({cell}, '-?\\d{{1,18}}')"
            person = f"CASE WHEN {whole} THEN TRY_CAST({cell} AS BIGINT) END"
        moment = cells.moment(self.mapped.moment)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE flat AS SELECT *, {person} AS person, "
            f"{moment.low} AS moment_first, {moment.high} AS moment_last FROM flat_rows "
            f"WHERE {cells.where(self.mapped.where)}"
        )
        self._check_people()
        self.connection.execute("CREATE OR REPLACE TABLE people AS SELECT person FROM flat")
        rows = self._count("SELECT COUNT(*) FROM flat_rows")
        self.read.rows[self.path.name] = rows
        self.read.people = self._count("SELECT COUNT(*) FROM people")
        if left := rows - self.read.people:
            self.read.left_out[self.path.name, "only-where"] = left

    def _check_people(self) -> None:
        """Refuse a table whose people cannot be told apart."""
        if self.mapped.person is None:
            return
        unnumbered = self._count("SELECT COUNT(*) FROM flat WHERE person IS NULL")
        several = self._count(
            "SELECT COUNT(*) FROM (SELECT person FROM flat GROUP BY person HAVING COUNT(*) > 1)"
        )
        place = self.mapped.places[self.mapped.person]
        if unnumbered:
            found = f"{unnumbered:,} rows have no whole number in this column"
            step = "Take `person` out: the rows then count from 1"
            raise CaseError(Problem("person", found, "a number a person", step, place, "person"))
        if several:
            found = f"{several:,} people have more than one row"
            raise CaseError(Problem("person", found, "one row a person", "", place, "person"))

    def _records(self, cells: Cells, wanted: Sequence[str]) -> None:
        """Make the records, field by field: of several ways, the first that gives one counts."""
        nothing = (
            "SELECT 0::BIGINT AS person, 0::SMALLINT AS field, 0::BIGINT AS first, "
            "0::BIGINT AS last, 0::DOUBLE AS low, 0::DOUBLE AS high WHERE FALSE"
        )
        selects = [nothing, *(self._select(cells, name) for name in wanted)]
        self.connection.execute(f"CREATE OR REPLACE TABLE events AS {' UNION ALL '.join(selects)}")
        self.read.used["events"] = self._count("SELECT COUNT(*) FROM events")
        self._count_strange(cells, wanted)

    def _count_strange(self, cells: Cells, wanted: Sequence[str]) -> None:
        """Count what could not be made a record of, for all fields in one pass."""
        asked = [
            " + ".join(
                f"COUNT(*) FILTER (WHERE {cells.not_understood(fields()[name], fill)})"
                for fill in self.mapped.fields[name]
            )
            for name in wanted
        ]
        row = self.connection.execute(f"SELECT {', '.join([*asked, '0'])} FROM flat").fetchone()
        for name, strange in zip(wanted, row or (), strict=False):
            if strange:
                self.read.left_out[name, "no-value"] = int(strange)

    def _select(self, cells: Cells, name: str) -> str:
        ways = [cells.record(fields()[name], fill) for fill in self.mapped.fields[name]]
        return (
            f"SELECT person, {code_of(name)}::SMALLINT AS field, record.first, record.last, "
            f"record.low::DOUBLE AS low, record.high::DOUBLE AS high "
            f"FROM (SELECT person, COALESCE({', '.join(ways)}) AS record FROM flat) "
            "WHERE record IS NOT NULL"
        )

    def _count(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def _in_order(connection: DuckDBPyConnection) -> Iterator[None]:
    """Let rows keep the order of the file, so that their numbers are those of the file."""
    row = connection.execute("SELECT current_setting('preserve_insertion_order')").fetchone()
    connection.execute("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        kept = bool(row and row[0])
        connection.execute(f"SET preserve_insertion_order = {str(kept).lower()}")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what is wrong with a file into one message that repeats nothing of its rows."""
    try:
        if path.suffix == ".gz":
            _check_whole(path)
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        line = re.search(r"CSV Error on Line: (\d+)", str(error))
        raise _unreadable(path, int(line[1]) if line else None) from None
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError, csv.Error):
        raise _unreadable(path, None) from None


def _check_whole(path: Path) -> None:
    """Refuse a compressed file that breaks off: a part of the people would look like all."""
    with gzip.open(path) as file:
        while file.read(CHUNK):
            pass


def _unreadable(path: Path, line: int | None) -> CaseError:
    expected = "a whole file in UTF-8, whose rows have as many cells as the first"
    if path.suffix == ".parquet":
        expected = "a Parquet file"
    found = "the table cannot be read" + (" from this line on" if line else "")
    step = "Check `separator`, quotes and encoding, and that the file is complete"
    return CaseError(Problem("unreadable", found, expected, step, Place(str(path), line)))


def _header(path: Path, separator: str) -> list[str]:
    """Give the names of the columns of a CSV file."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        return [name.strip() for name in next(csv.reader(file, delimiter=separator), [])]


def _no_column(name: str, there: Mapping[str, object], place: Place, path: Path) -> Problem:
    near = difflib.get_close_matches(name, there, 1)
    step = f"Did you mean `{near[0]}`?" if near else "Check the first line, and `separator`"
    found = f"the table has no column `{name[:60]}`, but {len(there)} others"
    return Problem("missing-column", found, f"a column of {path.name}", step, place)
