"""Which concepts of a database fill which fields: the codes of `saisei.cases`, looked up in it.

Two small tables are made: ``concepts`` (which concept fills what, how, and since which day a record
matters) and ``units`` (the factor of each unit of each field).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from saisei.base.units import convert, units_for
from saisei.cases import Field, fields
from saisei.cases.codes import Code, codes, of_codes
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.omop.model import Rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from saisei.eligibility.population.omop.tables import Tables

__all__ = ["READ_FROM", "STROKES", "day_of_moment", "make_codes", "rows_wanted"]

VOCABULARIES = {"LOINC": "LOINC", "SNOMED": "SNOMED", "RXNORM": "RxNorm"}
UNITS = "UCUM"
STROKES = ("ischemic", "intracerebral-haemorrhage", "subarachnoid-haemorrhage", "any")
READ_FROM: Mapping[str, str] = {
    "measurement": "Observation",
    "condition_occurrence": "Condition",
    "procedure_occurrence": "Procedure",
}
"""Which kind of code each clinical table holds."""
LONG = 100_000.0
"""Days; what counts for longer counts for ever."""


def make_codes(
    connection: DuckDBPyConnection, tables: Tables, needed: Mapping[str, float], moment: int
) -> None:
    """Make the small tables of codes.

    Parameters
    ----------
    connection
        Where they are made.
    tables
        Where the concepts are.
    needed
        The fields, with the days after which a record no longer matters.
    moment
        In seconds, on the local clock.
    """
    _write_codes(connection, needed, moment)
    _write_units(connection, needed)
    connection.execute(
        "CREATE OR REPLACE TABLE named AS SELECT vocabulary, code FROM wanted "
        f"UNION SELECT '{UNITS}', unit FROM unit_codes"
    )
    tables.codes(connection, "named")
    connection.execute(
        "CREATE OR REPLACE TABLE concepts AS SELECT c.concept, w.* EXCLUDE (vocabulary, code) "
        "FROM wanted w JOIN omop.concept c ON c.vocabulary = w.vocabulary AND c.code = w.code"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE units AS "
        "SELECT u.field, CAST(c.concept AS BIGINT) AS unit, NULL AS text, MIN(u.factor) AS factor "
        f"FROM unit_codes u JOIN omop.concept c ON c.vocabulary = '{UNITS}' AND c.code = u.unit "
        "GROUP BY ALL UNION ALL SELECT field, 0, unit, MIN(factor) FROM unit_codes GROUP BY ALL"
    )


def _write_codes(connection: DuckDBPyConnection, needed: Mapping[str, float], moment: int) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE wanted (vocabulary VARCHAR, code VARCHAR, carrier VARCHAR, "
        "field SMALLINT, way VARCHAR, value DOUBLE, low DOUBLE, high DOUBLE, since DATE)"
    )
    rows = [row for one in codes() for row in _wanted(one, needed, moment)]
    connection.executemany(f"INSERT INTO wanted VALUES ({_places(9)})", rows)


def _write_units(connection: DuckDBPyConnection, needed: Mapping[str, float]) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE unit_codes (field SMALLINT, unit VARCHAR, factor DOUBLE)"
    )
    units = [row for name in needed for row in _units(fields()[name])]
    connection.executemany(f"INSERT INTO unit_codes VALUES ({_places(3)})", units)


def _places(count: int) -> str:
    return ", ".join("?" * count)


def _wanted(one: Code, needed: Mapping[str, float], moment: int) -> Iterator[list[Any]]:
    """Give what one code fills, as far as a row of the model can say it, and since which day."""
    about = [VOCABULARIES[one.system], one.code, one.on]
    yield [*about, None, "known", None, None, None, None]
    if one.event:
        kind = float(STROKES.index(one.event))
        yield [*about, -1, "stroke", kind, None, None, date.min]
    for fill in one.fills:
        if fill.field not in needed or one.when != "ever" or fill.way not in WAYS:
            continue
        value = float(fill.value) if fill.way == "value" and fill.value in (True, False) else None
        if fill.way == "value" and value is None:
            continue
        span = fields()[fill.field].range
        limits = (span.low, span.high) if span else (None, None)
        since = _first_day(moment, needed[fill.field])
        yield [*about, code_of(fill.field), fill.way, value, *limits, since]


WAYS = ("number", "value", "onset")


def day_of_moment(moment: int) -> date:
    """Give the day in which a moment lies."""
    return datetime(1970, 1, 1, tzinfo=UTC).date() + timedelta(days=moment // DAY)


def _first_day(moment: int, days: float) -> date:
    """Give the first day whose records can still matter, a day earlier to be on the safe side."""
    if days >= LONG:
        return date.min
    return day_of_moment(moment) - timedelta(days=int(days) + 1)


def _units(field: Field) -> Iterator[list[Any]]:
    """Give every spelling of a unit in which a number may come, and its factor.

    A score or the INR has none; a record says so in one of several ways, or says nothing.
    """
    if field.type != "number" or not field.unit:
        return
    spelled: Mapping[str, str] = of_codes("units")
    units = units_for(field.unit, field.id)
    for unit in units:
        factor = convert(1.0, unit, field.unit, field.id)
        for name in [unit, *(other for other, meant in spelled.items() if meant == unit)]:
            yield [code_of(field.id), name, factor]
    if field.unit in UNITLESS:
        for name in set(of_codes("no_unit")) - set(units):
            yield [code_of(field.id), name, 1.0]


UNITLESS = ("{score}", "{INR}")


def rows_wanted(connection: DuckDBPyConnection, table: str, today: date) -> Rows:
    """Give the concepts for which a table is read, with the first day that matters for each."""
    found = connection.execute(
        "SELECT concept, MIN(since) FROM concepts WHERE carrier = ? AND way <> 'known' GROUP BY 1",
        [READ_FROM[table]],
    ).fetchall()
    return Rows({int(concept): since for concept, since in found}, today)
