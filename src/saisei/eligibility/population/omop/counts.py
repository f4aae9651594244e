"""What was not read, and why: counts of rows and of concepts, never of a person's values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from saisei.eligibility.population.omop.reading import MEASURES, day_sql, reason_sql
from saisei.eligibility.population.read import Read, Unmapped

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from saisei.eligibility.population.omop.tables import Tables

__all__ = ["count_left_out", "count_unmapped"]

MOST = 10
"""How many concepts without a field are named."""
IN_USE = "SELECT concept FROM concepts WHERE way <> 'known'"


def count_left_out(connection: DuckDBPyConnection, tables: Tables, read: Read, moment: int) -> None:
    """Count the rows whose concept is in use and which were not read all the same."""
    for table, rows, later in connection.execute(
        f'SELECT "table", SUM(rows), SUM(later) FILTER (concept IN ({IN_USE})) '
        "FROM omop.census GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        read.rows[table] = int(rows)
        if later:
            read.left_out[table, "future"] = int(later)
    for table in MEASURES:
        if tables.has(table):
            _count_numbers(connection, table, read, moment)


def _count_numbers(connection: DuckDBPyConnection, table: str, read: Read, moment: int) -> None:
    found = connection.execute(
        f"SELECT {reason_sql()} AS reason, COUNT(*) FROM omop.{table} m "
        "JOIN concepts c ON c.concept = m.concept AND c.way = 'number' "
        "LEFT JOIN units u ON u.field = c.field AND u.unit = COALESCE(m.unit, 0) "
        "AND COALESCE(u.text, COALESCE(m.unit_text, '')) = COALESCE(m.unit_text, '') "
        f"WHERE m.day >= c.since AND m.day <= {day_sql(moment)} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for reason, rows in found:
        if reason is not None:
            read.left_out[table, reason] = int(rows)


def count_unmapped(connection: DuckDBPyConnection, tables: Tables, read: Read) -> None:
    """Count the rows whose concept fills no field, and name the concepts that most of them have."""
    unmapped = "FROM omop.census WHERE concept NOT IN (SELECT concept FROM concepts)"
    for table, rows in connection.execute(
        f'SELECT "table", SUM(rows) {unmapped} GROUP BY ALL ORDER BY ALL'
    ).fetchall():
        read.unmapped[table] = int(rows)
    most = connection.execute(
        f'SELECT "table", concept, rows {unmapped} ORDER BY rows DESC, concept LIMIT {MOST}'
    ).fetchall()
    names = tables.names(connection, [concept for _, concept, _ in most])
    read.most_unmapped = tuple(_unmapped(row, names) for row in most)


def _unmapped(row: Iterable[int | str], names: dict[int, str]) -> Unmapped:
    table, concept, rows = row
    return Unmapped(str(table), int(concept), names.get(int(concept), ""), int(rows))
