"""When the stroke was that a record is about, of which kind, and when the one before was.

Records that lie no further apart than `same_stroke_days` are one stroke, which began with the first
of them; two kinds within one stroke leave the kind open.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from saisei.cases import fields
from saisei.cases.codes import of_codes
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.omop.mapping import STROKES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["add_strokes", "find_strokes"]


def find_strokes(connection: DuckDBPyConnection, moment: int) -> None:
    """Make the table ``strokes``: each stroke of each person, numbered back from the latest."""
    gap = int(of_codes("conventions")["same_stroke_days"]) * DAY
    known = f"WHERE kind < {STROKES.index('any')}"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE strokes AS WITH told AS ("
        "SELECT people.person, CAST(epoch(t.day) AS BIGINT) AS began, c.value AS kind "
        "FROM omop.condition_occurrence t "
        "JOIN concepts c ON c.concept = t.concept AND c.way = 'stroke' "
        "JOIN people ON people.person = t.person "
        f"WHERE epoch(t.day) <= {moment}"
        "), parted AS (SELECT *, CASE WHEN began - LAG(began) OVER w <= "
        f"{gap} THEN 0 ELSE 1 END AS new FROM told WINDOW w AS (PARTITION BY person ORDER BY began)"
        "), numbered AS (SELECT *, SUM(new) OVER (PARTITION BY person ORDER BY began) AS stroke "
        "FROM parted), whole AS (SELECT person, stroke, MIN(began) AS began, "
        f"MIN(kind) FILTER ({known}) AS least, MAX(kind) FILTER ({known}) AS most "
        "FROM numbered GROUP BY person, stroke) "
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY person ORDER BY stroke DESC) AS back FROM whole"
    )


def add_strokes(connection: DuckDBPyConnection, names: Collection[str]) -> None:
    """Add the latest stroke of each person to the events, and the one before it."""
    day = f"began::DOUBLE AS low, began::DOUBLE + {DAY - 1} AS high"
    for name, back in (("onset_datetime", 1), ("date_previous_stroke", 2)):
        if name in names:
            _insert(connection, name, day, f"back = {back}")
    if "stroke_type" in names:
        places = [fields()["stroke_type"].values.index(kind) for kind in STROKES[:-1]]
        cases = " ".join(f"WHEN {i} THEN {place}.0" for i, place in enumerate(places))
        value = f"CASE least {cases} END"
        ends = f"{value} AS low, {value} AS high"
        _insert(connection, "stroke_type", ends, "back = 1 AND least = most")


def _insert(connection: DuckDBPyConnection, name: str, ends: str, condition: str) -> None:
    connection.execute(
        f"INSERT INTO events SELECT person, {code_of(name)}, began, began + {DAY - 1}, {ends} "
        f"FROM strokes WHERE {condition}"
    )
