"""The tables of a PostgreSQL database, read into DuckDB: only the columns and rows that matter.

One transaction that can only read sees one state of the database. The server picks the rows by
their concept and their day, and sends them as text; a block at a time is turned into columns and
handed to DuckDB. Each row that matters is sent once; what does not is counted on the server.

Neither a password nor a value of a row ever stands in a message.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from saisei.base.errors import CaseError, Place, Problem
from saisei.eligibility.population.omop.address import Address
from saisei.eligibility.population.omop.model import TABLES, Part, Rows, Table
from saisei.eligibility.population.omop.tables import GROUPED, missing_column, missing_table
from saisei.eligibility.population.omop.troubles import trouble

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from psycopg import Connection
    from psycopg.sql import Composable

__all__ = ["ServerTables"]

BLOCK = 32 * 1024 * 1024
"""Bytes of text that are turned into columns at once."""
ARROW = {"id": pa.int64(), "date": pa.date32(), "number": pa.float64(), "text": pa.string()}
CASTS = {"id": "bigint", "date": "date", "number": "float8", "text": "text"}
DUCKDB = {"id": "BIGINT", "date": "DATE", "number": "DOUBLE", "text": "VARCHAR"}


@dataclass(frozen=True, slots=True)
class _Found:
    """A table as the server calls it, and its columns by their names in small letters."""

    table: Composable
    columns: Mapping[str, str]
    state: str

    def column(self, part: Part) -> Composable:
        """Write a column as the type that we read; null where the table has none."""
        cast_ = sql.SQL(CASTS[part.kind])
        if part.column not in self.columns:
            return sql.SQL("NULL::{}").format(cast_)
        return sql.SQL("t.{}::{}").format(sql.Identifier(self.columns[part.column]), cast_)


class ServerTables:
    """The tables of one schema of a PostgreSQL database.

    Parameters
    ----------
    address
        See `OmopServer`.

    Raises
    ------
    CaseError
        The server cannot be reached, or does not have the tables.
    """

    def __init__(self, address: str) -> None:
        self.address = Address.parse(address)
        self.server: Connection[Any] | None = None
        self.made: list[str] = []
        with self._open() as server:
            self.found = self._look(server)

    @property
    def name(self) -> str:
        """The host and the database."""
        return self.address.shown

    @property
    def digest(self) -> str:
        """Tell this state of the tables from another, by their sizes and what has changed."""
        told = [self.name, *(f"{name} {found.state}" for name, found in self.found.items())]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def attach(self, connection: DuckDBPyConnection) -> None:
        """Begin the transaction in which everything is read."""
        connection.execute("CREATE SCHEMA IF NOT EXISTS omop")
        self.server = self._connect()
        with self._told():
            self.found = self._look(self.server)

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        return table in self.found

    def take(self, connection: DuckDBPyConnection, table: str, rows: Rows | None = None) -> None:
        """Copy the columns that are read, of the rows that matter."""
        parts = TABLES[table].parts
        self._copy(connection, table, self._select(table, rows), parts)

    def census(self, connection: DuckDBPyConnection, table: str, today: date) -> None:
        """Count on the server."""
        found, parts = self.found[table], TABLES[table].parts
        nothing = sql.SQL("NULL::text")
        group = [found.column(parts[n]) if n in parts else nothing for n in GROUPED]
        query = sql.SQL(
            "SELECT {group}, COUNT(*), COUNT(*) FILTER (WHERE {day} > {today}), "
            "COUNT({value}) FILTER (WHERE {day} <= {today}), "
            "COUNT(*) FILTER (WHERE {day} <= {today} AND {value} IS NULL) "
            "FROM {table} t WHERE {concept} IS NOT NULL GROUP BY 1, 2, 3, 4"
        ).format(
            group=sql.SQL(", ").join(group),
            concept=found.column(parts["concept"]),
            value=found.column(parts["value"]) if "value" in parts else nothing,
            day=found.column(parts["day"]),
            today=sql.Literal(today),
            table=found.table,
        )
        with self._told(table):
            counted = self._server.execute(query).fetchall()
        places = ", ".join("?" * (len(GROUPED) + 5))
        if counted:
            rows = [[table, *one] for one in counted]
            connection.executemany(f"INSERT INTO omop.census VALUES ({places})", rows)

    def codes(self, connection: DuckDBPyConnection, wanted: str) -> None:
        """Copy the concepts that stand in a table of codes."""
        named = connection.execute(f"SELECT vocabulary, code FROM {wanted}").fetchall()
        found, parts = self.found["concept"], TABLES["concept"].parts
        query = sql.SQL(
            "SELECT {columns} FROM {table} t JOIN unnest({words}::text[], {codes}::text[]) "
            "AS w(word, code) ON {vocabulary} = w.word AND {code} = w.code"
        ).format(
            columns=self._columns(found, parts),
            table=found.table,
            words=sql.Literal([word for word, _ in named]),
            codes=sql.Literal([code for _, code in named]),
            vocabulary=found.column(parts["vocabulary"]),
            code=found.column(parts["code"]),
        )
        self._copy(connection, "concept", query, parts)

    def names(self, connection: DuckDBPyConnection, concepts: Sequence[int]) -> dict[int, str]:
        """Ask the server for the names of some concepts."""
        del connection
        found, parts = self.found["concept"], TABLES["concept"].parts
        query = sql.SQL("SELECT {concept}, {name} FROM {table} t WHERE {concept} = ANY({ids})")
        with self._told("concept"):
            rows = self._server.execute(
                query.format(
                    concept=found.column(parts["concept"]),
                    name=found.column(parts["name"]),
                    table=found.table,
                    ids=sql.Literal(list(concepts)),
                )
            ).fetchall()
        return {int(concept): str(name) for concept, name in rows if name is not None}

    def release(self, connection: DuckDBPyConnection) -> None:
        """End the transaction, and drop what was copied."""
        if self.server is not None:
            self.server.close()
            self.server = None
        while self.made:
            connection.execute(f"DROP TABLE IF EXISTS omop.{self.made.pop()}")

    @property
    def _server(self) -> Connection[Any]:
        if self.server is None:
            raise RuntimeError("the transaction has not begun")
        return self.server

    def _select(self, table: str, rows: Rows | None) -> Composable:
        found, parts = self.found[table], TABLES[table].parts
        query = sql.SQL("SELECT {} FROM {} t").format(self._columns(found, parts), found.table)
        if rows is None:
            return query
        query += sql.SQL(
            " JOIN unnest({concepts}::bigint[], {since}::date[]) AS w(concept, since) "
            "ON {concept} = w.concept"
        ).format(
            concepts=sql.Literal(list(rows.since)),
            since=sql.Literal(list(rows.since.values())),
            concept=found.column(parts["concept"]),
        )
        if "day" in parts:
            in_time = sql.SQL(" AND {day} >= w.since AND {day} <= {until}")
            query += in_time.format(day=found.column(parts["day"]), until=rows.until)
        if rows.running is not None:
            query += sql.SQL(" AND {} >= {}").format(found.column(parts["ended"]), rows.running)
        return query

    @staticmethod
    def _columns(found: _Found, parts: Mapping[str, Part]) -> Composable:
        chosen = [
            sql.SQL("{} AS {}").format(found.column(part), sql.Identifier(name))
            for name, part in parts.items()
        ]
        return sql.SQL(", ").join(chosen)

    def _copy(
        self,
        connection: DuckDBPyConnection,
        table: str,
        query: Composable,
        parts: Mapping[str, Part],
    ) -> None:
        """Copy what a query gives into ``omop.TABLE``, block by block."""
        columns = ", ".join(f'"{name}" {DUCKDB[part.kind]}' for name, part in parts.items())
        connection.execute(f"CREATE OR REPLACE TABLE omop.{table} ({columns})")
        self.made.append(table)
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(query)
        with self._told(table), self._server.cursor() as cursor, cursor.copy(statement) as copy:
            for block in _blocks(cast("Iterable[bytes]", copy)):
                connection.register("block", _read(block, parts))
                connection.execute(f"INSERT INTO omop.{table} SELECT * FROM block")
                connection.unregister("block")

    def _connect(self) -> Connection[Any]:
        try:
            server = psycopg.connect(self.address.words)
        except psycopg.Error as error:
            raise self._problem(error) from None
        server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        server.read_only = True
        with self._told():
            server.execute("SELECT set_config('datestyle', 'ISO, YMD', true)")
            server.execute("SELECT set_config('extra_float_digits', '3', true)")
        return server

    @contextmanager
    def _open(self) -> Iterator[Connection[Any]]:
        with self._connect() as server, self._told():
            yield server

    @contextmanager
    def _told(self, table: str = "") -> Iterator[None]:
        """Tell what the server refuses in our words: its own may hold a value."""
        try:
            yield
        except psycopg.Error as error:
            raise self._problem(error, table) from None

    def _problem(self, error: psycopg.Error, table: str = "") -> CaseError:
        code, found, expected, step = trouble(error, table)
        return CaseError(Problem(code, found, expected, step, Place(self.name)))

    def _look(self, server: Connection[Any]) -> dict[str, _Found]:
        """Find the tables and their columns, and try whether they may be read."""
        schema = self._schema(server)
        found: dict[str, _Found] = {}
        for table in TABLES.values():
            one = _find(server, schema, table.name)
            if one is None and table.must:
                raise missing_table(f"{self.name}, schema {schema}", table)
            if one is not None:
                self._check(server, table, one)
                found[table.name] = one
        return found

    def _schema(self, server: Connection[Any]) -> str:
        """Give the schema: the one that was named, or the first one on the search path."""
        wanted = self.address.schema
        if wanted is None:
            row = server.execute("SELECT current_schema()").fetchone()
            return str(row[0]) if row and row[0] else "public"
        row = server.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname = %(name)s OR lower(nspname) = "
            "lower(%(name)s) ORDER BY nspname = %(name)s DESC LIMIT 1",
            {"name": wanted},
        ).fetchone()
        if row is None:
            found = f"there is no schema {wanted!r}"
            step = "Write it after the database: postgresql://host/database?schema=cdm"
            raise CaseError(Problem("no-schema", found, "a schema", step, Place(self.name)))
        return str(row[0])

    def _check(self, server: Connection[Any], table: Table, found: _Found) -> None:
        for column in table.columns:
            if column not in found.columns:
                raise missing_column(self.name, table, column)
        query = sql.SQL("SELECT {} FROM {} t LIMIT 0")
        with self._told(table.name):
            server.execute(query.format(self._columns(found, table.parts), found.table))


STATE = """
SELECT c.oid::regclass::text, c.relname, n.nspname,
       concat_ws(' ', c.oid, c.relfilenode, pg_relation_size(c.oid), s.n_tup_ins, s.n_tup_upd,
                 s.n_tup_del),
       array_agg(a.attname::text ORDER BY a.attname = lower(a.attname))
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE n.nspname = %(schema)s AND lower(c.relname) = %(table)s AND c.relkind IN ('r','v','m','f','p')
GROUP BY c.oid, c.relname, n.nspname, c.relfilenode, s.n_tup_ins, s.n_tup_upd, s.n_tup_del
ORDER BY c.relname = %(table)s DESC LIMIT 1
"""
"""A table as the server knows it, whatever the case of its name."""


def _find(server: Connection[Any], schema: str, table: str) -> _Found | None:
    row = server.execute(STATE, {"schema": schema, "table": table}).fetchone()
    if row is None:
        return None
    _, name, space, state, columns = row
    return _Found(
        sql.Identifier(space, name), {str(column).lower(): str(column) for column in columns}, state
    )


def _blocks(copy: Iterable[bytes]) -> Iterator[bytes]:
    """Gather rows, which the server sends one by one, into blocks."""
    gathered = io.BytesIO()
    for row in copy:
        gathered.write(row)
        if gathered.tell() >= BLOCK:
            yield gathered.getvalue()
            gathered = io.BytesIO()
    if gathered.tell():
        yield gathered.getvalue()


def _read(block: bytes, parts: Mapping[str, Part]) -> pa.Table:
    """Turn a block of text into columns. An empty cell is null; an empty text stands in quotes."""
    return csv.read_csv(
        pa.BufferReader(block),
        read_options=csv.ReadOptions(column_names=list(parts)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: ARROW[part.kind] for name, part in parts.items()},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
