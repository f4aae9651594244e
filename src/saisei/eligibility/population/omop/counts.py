"""What was not read, and why: counts of rows and of concepts, never of a person's values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from saisei.eligibility.population.omop.measures import coded_left_out, numbers_left_out
from saisei.eligibility.population.omop.reading import undated_since
from saisei.eligibility.population.read import Read, Unmapped

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from saisei.eligibility.population.omop.tables import Tables

__all__ = ["count_left_out", "count_unmapped"]

MOST = 10
"""How many concepts without a field are named."""
IN_USE = "SELECT concept FROM concepts WHERE way <> 'known'"


def count_left_out(connection: DuckDBPyConnection, read: Read, moment: int) -> None:
    """Count the rows whose concept is in use and which were not read all the same."""
    for table, rows, later in connection.execute(
        f'SELECT "table", SUM(rows), SUM(later) FILTER (concept IN ({IN_USE})) '
        "FROM omop.census GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        read.rows[table] = int(rows)
        if later:
            read.left_out[table, "future"] = int(later)
    for query in (numbers_left_out(), *coded_left_out(moment), undated_since(moment)):
        _add(read, connection.execute(query).fetchall())


def _add(read: Read, found: Iterable[tuple[str, str | None, int]]) -> None:
    for table, reason, rows in found:
        if reason is not None:
            read.left_out[table, reason] = read.left_out.get((table, reason), 0) + int(rows)


def count_unmapped(connection: DuckDBPyConnection, tables: Tables, read: Read) -> None:
    """Count the rows whose concept fills no field, and name the concepts that most of them have."""
    unmapped = "FROM omop.census WHERE concept NOT IN (SELECT concept FROM concepts)"
    by_concept = f'SELECT "table", concept, SUM(rows) AS rows {unmapped} GROUP BY ALL'
    for table, rows in connection.execute(
        f'SELECT "table", SUM(rows) {unmapped} GROUP BY ALL ORDER BY ALL'
    ).fetchall():
        read.unmapped[table] = int(rows)
    most = connection.execute(f"{by_concept} ORDER BY rows DESC, concept LIMIT {MOST}").fetchall()
    names = tables.names(connection, [concept for _, concept, _ in most])
    read.most_unmapped = tuple(_unmapped(row, names) for row in most)


def _unmapped(row: Iterable[int | str], names: dict[int, str]) -> Unmapped:
    table, concept, rows = row
    return Unmapped(str(table), int(concept), names.get(int(concept), ""), int(rows))
