"""The rows that hold a value: numbers, Rankin scores, results of tests, items of a scale.

Plain numbers are by far the most, and are read where they stand. The rows of all other ways are
few; they are gathered first, in the table ``coded``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from saisei.cases import fields, item_points
from saisei.cases.codes import of_codes
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.omop.mapping import UNTESTABLE_POINTS
from saisei.eligibility.population.omop.model import of_omop
from saisei.eligibility.population.omop.reading import day_sql, stretch
from saisei.eligibility.population.omop.tables import write_rows
from saisei.eligibility.population.spans import NEVER

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "CODED",
    "MEASURES",
    "add_items",
    "add_measured",
    "coded",
    "coded_left_out",
    "gather",
    "numbers_left_out",
]

MEASURES = ("measurement", "observation")
"""The tables whose rows hold a value."""
CODED = ("before", "after", "result", "item", "member")
"""The ways of rows that are gathered first."""
VALUE = "CAST(m.value AS DOUBLE) * u.factor"
POSSIBLE = f"{VALUE} BETWEEN COALESCE(c.low, {NEVER}) AND COALESCE(c.high, 1e300)"
UNITS = (
    "JOIN units u ON u.field = c.field AND u.unit = COALESCE(m.unit, 0) "
    "AND COALESCE(u.text, COALESCE(m.unit_text, '')) = COALESCE(m.unit_text, '')"
)
"""A unit that has no concept may still stand there as a text."""


def _no_bound() -> str:
    return f"COALESCE(m.compared, 0) IN (0, {of_omop('equals')})"


def _in_time(moment: int) -> str:
    return f"m.day >= c.since AND m.day <= {day_sql(moment)}"


def add_measured(connection: DuckDBPyConnection, table: str, moment: int) -> int:
    """Add the numbers that a table says to the events; give how many of them cannot be.

    An impossible number stands there as null first, so that the table is read once.
    """
    value = f"CASE WHEN {POSSIBLE} THEN {VALUE} END"
    connection.execute(
        f"INSERT INTO events SELECT people.person, c.field, {stretch('m.day')}, {value}, {value} "
        f"FROM omop.{table} m JOIN concepts c ON c.concept = m.concept AND c.way = 'number' "
        f"{UNITS} JOIN people ON people.person = m.person "
        f"WHERE {_in_time(moment)} AND {_no_bound()} AND m.value NOTNULL"
    )
    row = connection.execute("SELECT COUNT(*) FROM events WHERE low IS NULL").fetchone()
    impossible = int(row[0]) if row else 0
    if impossible:
        connection.execute("DELETE FROM events WHERE low IS NULL")
    return impossible


def numbers_left_out() -> str:
    """Write the query that counts, from the census, the numbers which are not read, by reason.

    They are the rows of all times but the future, of a concept that fills a field with its number.
    """
    fits = (
        "SELECT 1 FROM units u JOIN concepts c ON c.field = u.field WHERE c.way = 'number' "
        "AND c.concept = m.concept AND u.unit = COALESCE(m.unit, 0) "
        "AND (u.text IS NULL OR u.text = COALESCE(m.unit_text, ''))"
    )
    numbers = (
        'm."table", COALESCE(SUM({}), 0) FROM omop.census m '
        "WHERE m.concept IN (SELECT concept FROM concepts WHERE way = 'number')"
    )
    rows, empty = numbers.format("valued"), numbers.format("empty")
    parts = {
        "no-value": empty,
        "bound": f"{rows} AND NOT {_no_bound()}",
        "unit": f"{rows} AND {_no_bound()} AND NOT EXISTS ({fits})",
    }
    selects = (
        f"SELECT '{why}' AS reason, {sql} GROUP BY m.\"table\"" for why, sql in parts.items()
    )
    columns = 'reason, "table", rows'
    told = f"WITH told({columns}) AS ({' UNION ALL '.join(selects)}) "
    return told + 'SELECT "table", reason, rows FROM told WHERE rows > 0 ORDER BY ALL'


def gather(connection: DuckDBPyConnection, tables: Collection[str]) -> None:
    """Gather the rows of the other ways, where the census says that there are any."""
    ways = ", ".join(f"'{way}'" for way in CODED)
    wanted = f"SELECT concept FROM concepts WHERE way IN ({ways})"
    columns = "person, concept, day, value, unit, unit_text, compared, answer"
    connection.execute(
        'CREATE OR REPLACE TEMP TABLE coded ("table" VARCHAR, person BIGINT, concept BIGINT, '
        "day DATE, value DOUBLE, unit BIGINT, unit_text VARCHAR, compared BIGINT, answer BIGINT)"
    )
    for table in tables:
        there = connection.execute(
            f'SELECT 1 FROM omop.census WHERE "table" = ? AND concept IN ({wanted}) LIMIT 1',
            [table],
        ).fetchone()
        if there:
            connection.execute(
                f"INSERT INTO coded SELECT '{table}', {columns} FROM omop.{table} "
                f"WHERE concept IN ({wanted}) AND person IN (SELECT person FROM people)"
            )


def rankin_clear(way: str) -> str:
    """Write when it is clear that a Rankin score is one of before, or of after, the stroke."""
    days = int(of_codes("conventions")["rankin_after_days"])
    return (
        "epoch(m.day) < s.began" if way == "before" else f"epoch(m.day) >= s.began + {days * DAY}"
    )


def coded(moment: int) -> Iterator[str]:
    """Write what the gathered rows say: Rankin scores by the stroke, and results of tests."""
    yield (
        f"SELECT m.person, c.field, {stretch('m.day')}, {VALUE} AS low, {VALUE} AS high "
        "FROM coded m JOIN concepts c ON c.concept = m.concept AND c.way IN ('before', 'after') "
        f"{UNITS} JOIN strokes s ON s.person = m.person AND s.back = 1 "
        f"WHERE {_in_time(moment)} AND {POSSIBLE} AND {_no_bound()} AND "
        f"CASE c.way WHEN 'before' THEN {rankin_clear('before')} ELSE {rankin_clear('after')} END"
    )
    said = "CASE a.says WHEN 1 THEN c.value ELSE c.negative END"
    yield (
        f"SELECT m.person, c.field, {stretch('m.day')}, {said} AS low, {said} AS high "
        "FROM coded m JOIN concepts c ON c.concept = m.concept AND c.way = 'result' "
        "JOIN answers a ON a.concept = m.answer AND a.question = '' "
        f"WHERE {_in_time(moment)} AND {said} NOTNULL"
    )


def coded_left_out(moment: int) -> Iterator[str]:
    """Write the queries that count, by table, the gathered rows that are not read."""
    clear = f"COALESCE({rankin_clear('before')} OR {rankin_clear('after')}, FALSE)"
    yield (
        """SELECT m."table", 'rankin', COUNT(*) FROM coded m """
        "JOIN concepts c ON c.concept = m.concept AND c.way IN ('before', 'after') "
        "LEFT JOIN strokes s ON s.person = m.person AND s.back = 1 "
        f'WHERE {_in_time(moment)} AND NOT {clear} GROUP BY m."table", c.way LIMIT 1'
    )
    yield (
        """SELECT m."table", 'no-value', COUNT(*) FROM coded m JOIN concepts c """
        "ON c.concept = m.concept AND c.way IN ('result', 'member') "
        f"WHERE {_in_time(moment)} AND COALESCE(m.answer, 0) NOT IN "
        "(SELECT concept FROM answers WHERE question = '') GROUP BY m.\"table\""
    )


def add_items(connection: DuckDBPyConnection, names: Collection[str], moment: int) -> None:
    """Make ``items``, one row an item of a person and day, and add what they come to.

    Two unlike values of one item on one day leave it open. A total needs every item.
    """
    rows = [
        [code_of(name), float(place), points]
        for name, field in fields().items()
        if field.type == "items"
        for place, several in enumerate(item_points(field).values())
        for points in several
    ]
    columns = {"field": "SMALLINT", "item": "DOUBLE", "points": "DOUBLE"}
    write_rows(connection, "possible_points", columns, rows)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE items AS WITH told AS ("
        f"SELECT m.person, c.field, m.day, c.value AS item, {VALUE} AS points FROM coded m "
        "JOIN concepts c ON c.concept = m.concept AND c.way = 'item' "
        f"{UNITS} WHERE {_in_time(moment)} AND {_no_bound()} AND COALESCE(m.answer, 0) = 0 "
        "UNION ALL SELECT m.person, c.field, m.day, c.value, a.says FROM coded m "
        "JOIN concepts c ON c.concept = m.concept AND c.way = 'item' "
        f"JOIN answers a ON a.concept = m.answer AND a.question = c.code WHERE {_in_time(moment)}"
        "), possible AS (SELECT told.* FROM told LEFT JOIN possible_points p "
        "ON p.field = told.field AND p.item = told.item AND p.points = told.points "
        f"WHERE p.points NOTNULL OR told.points = {UNTESTABLE_POINTS}) "
        "SELECT person, field, day, item, MIN(points) AS points FROM possible "
        "GROUP BY person, field, day, item HAVING MIN(points) = MAX(points)"
    )
    for name in names:
        how = fields()[name].also_from
        if how is not None:
            connection.execute(f"INSERT INTO events {_from_items(name, how['of'], how)}")


def _from_items(name: str, items: str, how: Mapping[str, str]) -> str:
    """Write the total of a scale, or one item of it that is a field of its own."""
    points = item_points(fields()[items])
    told = f"FROM items WHERE field = {code_of(items)}"
    if how["kind"] == "item":
        place = float(list(points).index(how["item"]))
        return (
            f"SELECT person, {code_of(name)}, {stretch('day')}, points AS low, points AS high "
            f"{told} AND item = {place} AND points >= 0"
        )
    total = "SUM(GREATEST(points, 0.0))"
    return (
        f"SELECT person, {code_of(name)}, {stretch('day')}, {total} AS low, {total} AS high "
        f"{told} GROUP BY person, day HAVING COUNT(*) = {len(points)}"
    )
