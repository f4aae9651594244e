"""Parts of one entry: items of a scale of one day, and upper limits of a laboratory.

What is computed from them stands under the computed fields, as `pairs` describes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from saisei.cases import Field, fields, item_points
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.omop.reading import day_sql, stretch
from saisei.eligibility.population.pairs import entry_field

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["add_limits", "add_parts"]

FIRST, SECOND = "'-infinity'::DOUBLE", "'infinity'::DOUBLE"
"""What stands for a part that is not there, as the first of a pair and as the second."""


def add_parts(connection: DuckDBPyConnection, names: Collection[str]) -> None:
    """Add to the events what is computed from the table ``items``, a pair a person and day."""
    for name in names:
        field = fields()[name]
        entries = entry_field(field)
        if entries is not None and fields()[entries].type == "items":
            low, high = _pair(field, list(item_points(fields()[entries])))
            connection.execute(
                f"INSERT INTO events SELECT person, {code_of(name)}, {stretch('day')}, "
                f"COALESCE({low}, {FIRST}), COALESCE({high}, {SECOND}) FROM items "
                f"WHERE field = {code_of(entries)} GROUP BY person, day"
            )


def _pair(field: Field, items: list[str]) -> tuple[str, str]:
    how: dict[str, Any] = dict(field.compute or {})
    if how["kind"] == "item_sum":
        wanted = ", ".join(str(items.index(item)) for item in how["items"])
        here = f"FILTER (WHERE item IN ({wanted}))"
        every = f"COUNT(*) {here} = {len(how['items'])}"
        total = f"CASE WHEN {every} THEN SUM(GREATEST(points, 0.0)) {here} END"
        return total, total
    sides = [
        f"MAX(points) FILTER (WHERE item = {items.index(how[side])} AND points >= 0)"
        for side in ("left", "right")
    ]
    both = " AND ".join(f"{side} IS NOT NULL" for side in sides)
    left, right = (f"CASE WHEN {both} THEN {side} END" for side in sides)
    return left, right


def add_limits(
    connection: DuckDBPyConnection, names: Collection[str], table: str, moment: int
) -> None:
    """Add the upper limits that stand beside measurements, each for as long as it counts.

    On each day with a limit those of the other tests that still count are told again, because
    what is computed of several tests needs them together.
    """
    computed = [name for name in names if entry_field(fields()[name]) == "uln"]
    tests = dict.fromkeys(test for name in computed for test in _tests(name))
    if not computed or not _any_limit(connection, table):
        return
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE limits AS SELECT person, field, day, MIN(value) AS value "
        "FROM (SELECT people.person, c.field, m.day, "
        f'CAST(m."limit" AS DOUBLE) * u.factor AS value FROM omop.{table} m '
        "JOIN concepts c ON c.concept = m.concept AND c.way = 'number' "
        "JOIN units u ON u.field = c.field AND u.unit = COALESCE(m.unit, 0) "
        "AND COALESCE(u.text, COALESCE(m.unit_text, '')) = COALESCE(m.unit_text, '') "
        "JOIN people ON people.person = m.person "
        f"WHERE c.field IN ({', '.join(str(code_of(test)) for test in tests)}) "
        f'AND m."limit" > 0 AND m.day >= c.since AND m.day <= {day_sql(moment)}) '
        "GROUP BY person, field, day HAVING MIN(value) = MAX(value)"
    )
    for select in _carried(computed):
        connection.execute(f"INSERT INTO events {select}")


def _tests(name: str) -> list[str]:
    return list((fields()[name].compute or {})["of"])


def _any_limit(connection: DuckDBPyConnection, table: str) -> bool:
    found = connection.execute(
        f'SELECT 1 FROM omop.{table} WHERE "limit" IS NOT NULL LIMIT 1'
    ).fetchone()
    return found is not None


def _carried(computed: Collection[str]) -> Iterator[str]:
    valid = fields()["uln"].valid_for
    days = int(valid) if isinstance(valid, int | float) else 0
    for name in computed:
        codes = [code_of(test) for test in _tests(name)]
        newest = [
            f"COALESCE(ARG_MAX(b.value, b.day) FILTER (WHERE b.field = {code}), {absent})"
            for code, absent in zip((codes[0], codes[-1]), (FIRST, SECOND), strict=True)
        ]
        yield (
            f"SELECT a.person, {code_of(name)}, {stretch('a.day')}, {newest[0]}, {newest[1]} "
            "FROM (SELECT DISTINCT person, day FROM limits) a JOIN limits b "
            f"ON b.person = a.person AND b.day BETWEEN a.day - {days} AND a.day "
            "GROUP BY a.person, a.day"
        )
