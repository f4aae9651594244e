"""Changes of a score: between two records that lie as far apart as the table of fields says.

A change stands in the events under its own field, at the moment of the later score, as
`saisei.cases` computes it. Two scores of one moment that differ leave it open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from saisei.cases import fields
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.omop.parts import FIRST, SECOND
from saisei.eligibility.population.spans import day_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["add_changes"]

MEASURES = {"fall": "e.low - l.low", "rise": "l.low - e.low", "size": "ABS(e.low - l.low)"}
TO_THE_DAY = "{0}.last - {0}.first < " + str(DAY)


def add_changes(connection: DuckDBPyConnection, names: Collection[str], moment: int) -> None:
    """Add the changes of scores to the events, which hold the scores.

    Parameters
    ----------
    connection
        Where ``events`` and ``strokes`` are.
    names
        The fields.
    moment
        In seconds, on the local clock.
    """
    scored = {(fields()[name].compute or {}).get("of") for name in names if _is_change(name)}
    if not scored:
        return
    codes = ", ".join(str(code_of(str(name))) for name in scored)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE scores AS "
        "SELECT person, field, first, last, MIN(low) AS low, MAX(high) AS high FROM events "
        f"WHERE field IN ({codes}) AND first <= {moment} GROUP BY person, field, first, last"
    )
    found: list[str] = []
    for name in names:
        if _is_change(name):
            how: Mapping[str, Any] = fields()[name].compute or {}
            pairs = _by_day(how) if "first_day" in how else _from_latest()
            found.append(f"({_changes(name, how, pairs, moment)})")
    selects = " UNION ALL ".join(f"SELECT * FROM {one}" for one in found)
    connection.execute(f"INSERT INTO events {selects}")


def _is_change(name: str) -> bool:
    return (fields()[name].compute or {}).get("kind") == "score_change"


def _changes(name: str, how: Mapping[str, Any], pairs: str, moment: int) -> str:
    exact = "e.low = e.high AND l.low = l.high"
    low, high = (
        f"CASE WHEN {exact} THEN {MEASURES[how['as']]} ELSE {open_} END"
        for open_ in (FIRST, SECOND)
    )
    return (
        "WITH series AS (SELECT person, first, last, low, high FROM scores "
        f"WHERE field = {code_of(how['of'])}), {pairs} "
        f"SELECT l.person, {code_of(name)}::SMALLINT AS field, ANY_VALUE(l.first) AS first, "
        f"ANY_VALUE(l.last) AS last, MAX({low}) AS low, MAX({high}) AS high "
        "FROM earlier e JOIN later l ON e.person = l.person "
        f"WHERE {_apart(how, moment)} GROUP BY l.person"
    )


def _first_of(rows: str, order: str) -> str:
    """Write the first row of each person."""
    place = f"ROW_NUMBER() OVER (PARTITION BY person ORDER BY {order})"
    return f"SELECT * FROM {rows} QUALIFY {place} = 1"


def _from_latest() -> str:
    """Write every score, and the latest one."""
    latest = _first_of("series", "last DESC, first DESC")
    return f"earlier AS (SELECT * FROM series), later AS ({latest})"


def _apart(how: Mapping[str, Any], moment: int) -> str:
    """Write when two scores certainly lie as far apart, and are as fresh, as the table asks."""
    if "first_day" in how:
        return "TRUE"
    before = "(e.last < l.last OR (e.last = l.last AND e.first < l.first))"
    if "days_apart" in how:
        low, high = how["days_apart"]
        days = f"{day_of('l.first')} - {day_of('e.first')}"
        to_day = f"{TO_THE_DAY.format('e')} AND {TO_THE_DAY.format('l')}"
        return f"{before} AND {to_day} AND {days} BETWEEN {low} AND {high}"
    low, high = how["hours_apart"]
    hours = f"l.first - e.last >= {low * 3600} AND l.last - e.first <= {high * 3600}"
    if "hours_old" in how:
        hours += f" AND {moment} - e.first <= {how['hours_old'] * 3600}"
    return f"{before} AND {hours}"


def _by_day(how: Mapping[str, Any]) -> str:
    """Write the first score of the first days, and the one nearest to the middle of the last."""
    (low1, high1), (low2, high2) = how["first_day"], how["last_day"]
    middle = (low2 + high2) / 2
    day = f"{day_of('s.first')} - {day_of('k.began')}"
    days = (
        f"SELECT s.*, {day} AS day FROM series s "
        f"JOIN strokes k ON k.person = s.person AND k.back = 1 WHERE {TO_THE_DAY.format('s')}"
    )
    first = _first_of(f"(SELECT * FROM days WHERE day BETWEEN {low1} AND {high1})", "last, first")
    order = f"ABS(day - {middle}), last, first"
    last = _first_of(f"(SELECT * FROM days WHERE day BETWEEN {low2} AND {high2})", order)
    return f"days AS ({days}), earlier AS ({first}), later AS ({last})"
