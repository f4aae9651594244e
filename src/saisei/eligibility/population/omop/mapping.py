"""Which concepts of a database fill which fields: the codes of `saisei.cases`, looked up in it.

Two small tables are made: ``concepts`` (which concept fills what, how, and since which day a record
matters) and ``units`` (the factor of each unit of each field).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from saisei.base.units import convert, units_for
from saisei.cases import Field, fields, item_points
from saisei.cases.codes import Code, Fill, codes, of_codes
from saisei.eligibility.columns import mask_of
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.omop.model import Rows, of_omop
from saisei.eligibility.population.omop.tables import Tables, write_rows
from saisei.eligibility.population.pairs import paired_fields

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "READ_FROM",
    "STROKES",
    "UNTESTABLE_POINTS",
    "day_of_moment",
    "make_codes",
    "rows_wanted",
]

VOCABULARIES = {"LOINC": "LOINC", "SNOMED": "SNOMED", "RXNORM": "RxNorm"}
UNITS = "UCUM"
STROKES = ("ischemic", "intracerebral-haemorrhage", "subarachnoid-haemorrhage", "any")
READ_FROM: Mapping[str, str] = {
    "measurement": "Observation",
    "observation": "Observation",
    "condition_occurrence": "Condition",
    "procedure_occurrence": "Procedure",
    "drug_exposure": "Medication",
}
"""Which kind of code each clinical table holds."""
TEXT, NUMBER = "VARCHAR", "DOUBLE"
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
    _write_answers(connection)
    connection.execute(
        "CREATE OR REPLACE TABLE named AS SELECT vocabulary, code FROM wanted "
        f"UNION SELECT '{UNITS}', unit FROM unit_codes "
        "UNION SELECT vocabulary, code FROM answer_codes"
    )
    tables.codes(connection, "named")
    connection.execute(
        "CREATE OR REPLACE TABLE concepts AS SELECT c.concept, w.* EXCLUDE (vocabulary) "
        "FROM wanted w JOIN omop.concept c ON c.vocabulary = w.vocabulary AND c.code = w.code"
    )
    if tables.has("concept_ancestor"):
        _add_below(connection, tables)
    connection.execute(
        "CREATE OR REPLACE TABLE units AS "
        "SELECT u.field, CAST(c.concept AS BIGINT) AS unit, NULL AS text, MIN(u.factor) AS factor "
        f"FROM unit_codes u JOIN omop.concept c ON c.vocabulary = '{UNITS}' AND c.code = u.unit "
        "GROUP BY ALL UNION ALL SELECT field, 0, unit, MIN(factor) FROM unit_codes GROUP BY ALL"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE answers AS SELECT c.concept, a.question, a.says "
        "FROM answer_codes a JOIN omop.concept c "
        "ON c.vocabulary = a.vocabulary AND c.code = a.code"
    )


def _add_below(connection: DuckDBPyConnection, tables: Tables) -> None:
    """Read what lies below some codes like the codes themselves, unless it has a code of its own.

    What counts only while it is active does not come down: a remission lies below its disease.
    """
    below: Mapping[str, list[str]] = of_omop("below")
    rows = [[VOCABULARIES[system], code] for system, several in below.items() for code in several]
    write_rows(connection, "below", {"vocabulary": TEXT, "code": TEXT}, rows)
    top = "omop.concept c JOIN below b ON b.vocabulary = c.vocabulary AND b.code = c.code"
    found = connection.execute(f"SELECT c.concept FROM {top}").fetchall()
    wanted = {int(concept): date.min for (concept,) in found}
    tables.take(connection, "concept_ancestor", Rows(wanted))
    connection.execute(
        "INSERT INTO concepts SELECT DISTINCT a.descendant, "
        "w.* EXCLUDE (vocabulary) REPLACE ('' AS code) "
        f"FROM {top} JOIN omop.concept_ancestor a ON a.concept = c.concept "
        "JOIN wanted w ON w.vocabulary = c.vocabulary AND w.code = c.code "
        "WHERE (w.way <> 'active' OR w.carrier = 'Medication') "
        "AND NOT EXISTS (SELECT 1 FROM concepts k WHERE k.concept = a.descendant "
        "AND k.field IS NOT DISTINCT FROM w.field AND k.way = w.way)"
    )


def _write_answers(connection: DuckDBPyConnection) -> None:
    """Write what coded answers say: positive (1) or negative (0), or the points of an item.

    An item that could not be examined is worth `UNTESTABLE_POINTS`.
    """
    rows: list[list[Any]] = []
    for says, word in enumerate(("negative", "positive")):
        named = (one.split() for one in of_codes("results")[word])
        rows += [[VOCABULARIES[system], code, "", float(says)] for system, code in named]
    for question, points in of_codes("answers").items():
        for code, said in points.items():
            worth = UNTESTABLE_POINTS if said == UNTESTABLE else float(said)
            rows.append([VOCABULARIES["LOINC"], code, question, worth])
    columns = {"vocabulary": TEXT, "code": TEXT, "question": TEXT, "says": NUMBER}
    write_rows(connection, "answer_codes", columns, rows)


UNTESTABLE, UNTESTABLE_POINTS = "UN", -1.0


def _write_codes(connection: DuckDBPyConnection, needed: Mapping[str, float], moment: int) -> None:
    rows = [row for one in codes() for row in _wanted(one, needed, moment)]
    columns = {"vocabulary": TEXT, "code": TEXT, "carrier": TEXT, "field": "SMALLINT", "way": TEXT}
    columns |= dict.fromkeys(("value", "negative", "low", "high"), NUMBER) | {"since": "DATE"}
    write_rows(connection, "wanted", columns, rows)


def _write_units(connection: DuckDBPyConnection, needed: Mapping[str, float]) -> None:
    names = [one for one in fields() if any(name in needed for name in _filled(one))]
    units = [row for name in names for row in _units(fields()[name])]
    columns = {"field": "SMALLINT", "unit": TEXT, "factor": NUMBER}
    write_rows(connection, "unit_codes", columns, units)


def _wanted(one: Code, needed: Mapping[str, float], moment: int) -> Iterator[list[Any]]:
    """Give what one code fills, as far as a row of the model can say it, and since which day."""
    about = [VOCABULARIES[one.system], one.code, one.on]
    yield [*about, None, "known", None, None, None, None, None]
    if one.event:
        yield [*about, -1, "stroke", float(STROKES.index(one.event)), None, None, None, date.min]
    for fill in one.fills:
        days = max((needed[name] for name in _filled(fill.field) if name in needed), default=None)
        if days is not None:
            way = _way(one, fill)
            since = date.min if way == "active" else _first_day(moment, days)
            span = fields()[fill.field].range
            limits = (span.low, span.high) if span else (None, None)
            yield [*about, code_of(fill.field), way, *_values(fill), *limits, since]


def _filled(name: str) -> list[str]:
    """Name the fields that a record fills: itself, and what is computed from its items."""
    by_items = (one for one in fields().values() if (one.also_from or {}).get("of") == name)
    return [name, *(one.id for one in by_items), *(one.id for one in paired_fields(name))]


def _way(one: Code, fill: Fill) -> str:
    """Say in one word how a row fills a field; see `reading` and `measures`."""
    if fill.way == "value-while-active" or (fill.way == "value" and one.when == "active"):
        return "active"
    if fill.way == "value" and one.when == "since-the-stroke":
        return "since"
    return SHORT.get(fill.way, fill.way)


SHORT = {"number-before-the-stroke": "before", "number-after-the-stroke": "after"}


def _values(fill: Fill) -> tuple[float | None, float | None]:
    """Give the value that a row gives a field, and the one that it gives when it is negative."""
    match fill.way:
        case "result":
            given: Mapping[str, bool] = fill.value
            said = (given.get(word) for word in ("positive", "negative"))
            yes, no = (None if one is None else float(one) for one in said)
            return yes, no
        case "item":
            return float(list(item_points(fields()[fill.field])).index(fill.value)), None
        case "member":
            return float(mask_of(fields()[fill.field], [fill.value])), None
        case "value" | "value-while-active":
            return float(fill.value), None
        case _:
            return None, None


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
    if field.type == "items":
        for name in of_codes("no_unit"):
            yield [code_of(field.id), name, 1.0]
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
    running = today if table == "drug_exposure" else None
    return Rows({int(concept): since for concept, since in found}, today, running)
