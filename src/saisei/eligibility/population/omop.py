"""An OMOP Common Data Model 5.4 database as dated records: which rows fill which field, and how.

The codes are those of `saisei.cases` (`codes.yaml`), found in the database's own table of concepts
by vocabulary and code. Each clinical table is read once. What a table cannot say is not read:

- no row ever means *no*;
- a diagnosis is not read as *active now*, because the model seldom says when one ended;
- lists (medicines in use, serology) need all their members, and stay unknown;
- a number in a unit that does not convert, or out of its field's range, is left out and counted.

A stroke recorded again within `same_stroke_days` is the same stroke; the latest one counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saisei.base.errors import CaseError, Place, Problem
from saisei.base.units import convert, units_for
from saisei.cases import fields
from saisei.cases.codes import Code, codes, of_codes
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import code_of, seconds
from saisei.eligibility.population.read import Read
from saisei.eligibility.population.spans import NEVER

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["OmopFolder"]

NEEDED: dict[str, tuple[str, ...]] = {
    "person": ("person_id", "gender_concept_id", "year_of_birth"),
    "concept": ("concept_id", "vocabulary_id", "concept_code"),
    "measurement": (
        "person_id",
        "measurement_concept_id",
        "measurement_date",
        "value_as_number",
        "unit_concept_id",
    ),
    "condition_occurrence": ("person_id", "condition_concept_id", "condition_start_date"),
    "procedure_occurrence": ("person_id", "procedure_concept_id", "procedure_date"),
}
"""The tables that are read, and their columns; ``death`` is read when it is there."""
MALE, FEMALE = 8507, 8532
"""The concepts of the OMOP gender domain."""
VOCABULARIES = {"LOINC": "LOINC", "SNOMED": "SNOMED", "RXNORM": "RxNorm"}


@dataclass(slots=True)
class OmopFolder:
    """A folder of Parquet files, one a table, or a DuckDB file with these tables.

    Parameters
    ----------
    path
        The folder or the file.
    """

    path: Path
    read: Read = field(default_factory=Read)

    @property
    def digest(self) -> str:
        """Tell this state of the source from another, by the sizes and times of its files."""
        files = sorted(self.path.glob("*.parquet")) if self.path.is_dir() else [self.path]
        told = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def load(
        self, connection: DuckDBPyConnection, fields: Mapping[str, float], as_of: datetime
    ) -> None:
        """Make the tables ``people`` and ``events``."""
        self._attach(connection)
        moment = seconds(as_of)
        _make_codes(connection, fields, moment)
        self._people(connection, moment)
        selects = [
            *_of_person(fields),
            *_of_measurements(moment),
            *_of_conditions(),
            *_of_procedures(),
        ]
        connection.execute(f"CREATE OR REPLACE TABLE events AS {' UNION ALL '.join(selects)}")
        _add_strokes(connection, fields, moment)
        self._count(connection)

    def _attach(self, connection: DuckDBPyConnection) -> None:
        connection.execute("CREATE SCHEMA IF NOT EXISTS omop")
        if not self.path.is_dir():
            path = str(self.path).replace("'", "''")
            connection.execute(f"ATTACH IF NOT EXISTS '{path}' AS source (READ_ONLY)")
        for table, columns in NEEDED.items():
            self._view(connection, table, columns)
        if self._source(connection, "death"):
            self._view(connection, "death", ("person_id", "death_date"))

    def _source(self, connection: DuckDBPyConnection, table: str) -> str | None:
        if self.path.is_dir():
            one, many = self.path / f"{table}.parquet", self.path / table
            found = one if one.exists() else many / "*.parquet" if many.is_dir() else None
            return f"read_parquet('{str(found).replace(chr(39), chr(39) * 2)}')" if found else None
        rows = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = 'source' AND lower(table_name) = ?",
            [table],
        ).fetchone()
        return f'source."{rows[0]}"."{rows[1]}"' if rows else None

    def _view(self, connection: DuckDBPyConnection, table: str, columns: Sequence[str]) -> None:
        source = self._source(connection, table)
        if source is None:
            raise _broken(self.path, "missing-table", f"there is no table `{table}`", table)
        connection.execute(f"CREATE OR REPLACE VIEW omop.{table} AS SELECT * FROM {source}")
        described = connection.execute(f"DESCRIBE omop.{table}").fetchall()
        there = {str(row[0]).lower() for row in described}
        for column in columns:
            if column not in there:
                found = f"the table `{table}` has no column `{column}`"
                raise _broken(self.path, "missing-column", found, table)

    def _people(self, connection: DuckDBPyConnection, moment: int) -> None:
        """Make the table of the living; who has died takes part in nothing."""
        dead = "FALSE"
        if self._source(connection, "death"):
            died = f"epoch(death_date) <= {moment}"
            dead = f"person_id IN (SELECT person_id FROM omop.death WHERE {died})"
        connection.execute(
            "CREATE OR REPLACE TABLE people AS "
            f"SELECT CAST(person_id AS BIGINT) AS person FROM omop.person WHERE NOT ({dead})"
        )
        total = _number(connection, "SELECT COUNT(*) FROM omop.person")
        self.read.people = _number(connection, "SELECT COUNT(*) FROM people")
        self.read.dead = total - self.read.people

    def _count(self, connection: DuckDBPyConnection) -> None:
        for table in ("measurement", "condition_occurrence", "procedure_occurrence"):
            self.read.rows[table] = _number(connection, f"SELECT COUNT(*) FROM omop.{table}")
        self.read.used["events"] = _number(connection, "SELECT COUNT(*) FROM events")


def _number(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _broken(path: Path, code: str, found: str, table: str) -> CaseError:
    expected = f"the table {table} of the OMOP Common Data Model 5.4"
    if table in NEEDED:
        expected += f" with {', '.join(NEEDED[table])}"
    step = "Export the clinical tables and `concept` as TABLE.parquet, or give a DuckDB file"
    return CaseError(Problem(code, found, expected, step, Place(str(path))))


def _make_codes(connection: DuckDBPyConnection, needed: Mapping[str, float], moment: int) -> None:
    """Make the small tables of codes: which concept fills which field, and each unit's factor."""
    connection.execute(
        "CREATE OR REPLACE TABLE wanted (vocabulary VARCHAR, code VARCHAR, field SMALLINT, "
        "way VARCHAR, value DOUBLE, low DOUBLE, high DOUBLE, since DATE)"
    )
    rows = [row for one in codes() for row in _wanted(one, needed, moment)]
    connection.executemany("INSERT INTO wanted VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        "CREATE OR REPLACE TABLE concepts AS SELECT c.concept_id AS concept, w.* "
        "FROM wanted w JOIN omop.concept c "
        "ON c.vocabulary_id = w.vocabulary AND c.concept_code = w.code"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE unit_codes (field SMALLINT, unit VARCHAR, factor DOUBLE)"
    )
    units = [row for name in needed for row in _units(name)]
    connection.executemany("INSERT INTO unit_codes VALUES (?, ?, ?)", units)
    connection.execute(
        "CREATE OR REPLACE TABLE units AS SELECT u.field, c.concept_id AS unit, MIN(u.factor) AS "
        "factor FROM unit_codes u JOIN omop.concept c "
        "ON c.vocabulary_id = 'UCUM' AND c.concept_code = u.unit GROUP BY ALL"
    )


STROKES = ("ischemic", "intracerebral-haemorrhage", "subarachnoid-haemorrhage", "any")


def _wanted(one: Code, needed: Mapping[str, float], moment: int) -> Iterator[list[Any]]:
    """Give what one code fills, as far as a row of the model can say it, and since which day."""
    vocabulary = VOCABULARIES[one.system]
    if one.event:
        kind = float(STROKES.index(one.event))
        yield [vocabulary, one.code, -1, "stroke", kind, None, None, date.min]
    for fill in one.fills:
        if fill.field not in needed or one.when != "ever" or fill.way not in WAYS:
            continue
        value = float(fill.value) if fill.way == "value" and fill.value in (True, False) else None
        if fill.way == "value" and value is None:
            continue
        span = fields()[fill.field].range
        limits = (span.low, span.high) if span else (None, None)
        since = _first_day(moment, needed[fill.field])
        yield [vocabulary, one.code, code_of(fill.field), fill.way, value, *limits, since]


def _first_day(moment: int, days: float) -> date:
    """Give the first day whose records can still matter, a day earlier to be on the safe side."""
    whole = datetime(1970, 1, 1, tzinfo=UTC).date() + timedelta(days=moment // DAY)
    return whole - timedelta(days=int(days) + 1) if days < LONG else date.min


LONG = 100_000.0
"""Days; what counts for longer counts for ever."""
WAYS = ("number", "value", "onset")


def _units(name: str) -> Iterator[list[Any]]:
    field_ = fields()[name]
    if field_.type == "number" and field_.unit:
        for unit in units_for(field_.unit, name):
            yield [code_of(name), unit, convert(1.0, unit, field_.unit, name)]


def _stretch(date: str) -> str:
    """Write the first and the last second of a day."""
    start = f"CAST(epoch({date}) AS BIGINT)"
    return f"{start} AS first, {start} + {DAY - 1} AS last"


def _of_person(names: Mapping[str, float]) -> Iterator[str]:
    alive = "omop.person p JOIN people ON people.person = p.person_id"
    if "sex" in names:
        places = {concept: fields()["sex"].values.index(word) for concept, word in SEXES.items()}
        cases = " ".join(f"WHEN {concept} THEN {place}.0" for concept, place in places.items())
        value = f"CASE gender_concept_id {cases} END"
        yield (
            f"SELECT person, {code_of('sex')}::SMALLINT AS field, {EARLY} AS first, "
            f"{EARLY} AS last, {value}::DOUBLE AS low, {value}::DOUBLE AS high "
            f"FROM {alive} WHERE {value} NOTNULL"
        )
    if "birth_date" in names:
        month, day = "COALESCE(month_of_birth, 1)", "COALESCE(day_of_birth, 1)"
        start = f"make_date(year_of_birth, {month}, {day})"
        end = (
            "CASE WHEN month_of_birth IS NULL THEN make_date(year_of_birth, 12, 31) "
            "WHEN day_of_birth IS NULL THEN last_day(make_date(year_of_birth, month_of_birth, 1)) "
            f"ELSE {start} END"
        )
        yield (
            f"SELECT person, {code_of('birth_date')}::SMALLINT AS field, {EARLY} AS first, "
            f"{EARLY} AS last, epoch({start})::DOUBLE AS low, "
            f"epoch({end})::DOUBLE + {DAY - 1} AS high FROM {alive} WHERE year_of_birth NOTNULL"
        )


SEXES = {MALE: "male", FEMALE: "female"}
EARLY = "(-2000000000)::BIGINT"
"""When what never changes was recorded: before everything else."""


def _of_measurements(moment: int) -> Iterator[str]:
    value = "CAST(m.value_as_number AS DOUBLE) * u.factor"
    today = f"CAST(to_timestamp({moment}) AT TIME ZONE 'UTC' AS DATE)"
    yield (
        f"SELECT people.person, c.field, {_stretch('m.measurement_date')}, {value} AS low, "
        f"{value} AS high FROM omop.measurement m "
        "JOIN concepts c ON c.concept = m.measurement_concept_id AND c.way = 'number' "
        "JOIN units u ON u.field = c.field AND u.unit = m.unit_concept_id "
        "JOIN people ON people.person = m.person_id "
        f"WHERE m.measurement_date >= c.since AND m.measurement_date <= {today} "
        f"AND {value} BETWEEN COALESCE(c.low, {NEVER}) AND COALESCE(c.high, 1e300)"
    )


def _of_conditions() -> Iterator[str]:
    yield from _of_events("condition_occurrence", "condition_concept_id", "condition_start_date")


def _of_procedures() -> Iterator[str]:
    yield from _of_events("procedure_occurrence", "procedure_concept_id", "procedure_date")


def _of_events(table: str, concept: str, date: str) -> Iterator[str]:
    """Write what a diagnosis or a procedure says: that it was so, and since when."""
    start = f"epoch(t.{date})::DOUBLE"
    low = f"CASE c.way WHEN 'onset' THEN {start} ELSE c.value END"
    high = f"CASE c.way WHEN 'onset' THEN {start} + {DAY - 1} ELSE c.value END"
    yield (
        f"SELECT people.person, c.field, {_stretch(f't.{date}')}, {low} AS low, {high} AS high "
        f"FROM omop.{table} t JOIN concepts c ON c.concept = t.{concept} "
        "AND c.way IN ('value', 'onset') JOIN people ON people.person = t.person_id"
    )


def _add_strokes(connection: DuckDBPyConnection, names: Mapping[str, float], moment: int) -> None:
    """Add the latest stroke of each person, and the one before it.

    Records that lie no further apart than `same_stroke_days` are one stroke, which began with the
    first of them; two kinds within one stroke leave the kind open.
    """
    gap = int(of_codes("conventions")["same_stroke_days"]) * DAY
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE strokes AS WITH told AS ("
        "SELECT people.person, CAST(epoch(t.condition_start_date) AS BIGINT) AS began, "
        "c.value AS kind "
        "FROM omop.condition_occurrence t "
        "JOIN concepts c ON c.concept = t.condition_concept_id AND c.way = 'stroke' "
        "JOIN people ON people.person = t.person_id "
        f"WHERE epoch(t.condition_start_date) <= {moment}"
        "), parted AS (SELECT *, CASE WHEN began - LAG(began) OVER w <= "
        f"{gap} THEN 0 ELSE 1 END AS new FROM told WINDOW w AS (PARTITION BY person ORDER BY began)"
        "), numbered AS (SELECT *, SUM(new) OVER (PARTITION BY person ORDER BY began) AS stroke "
        "FROM parted), whole AS (SELECT person, stroke, MIN(began) AS began, "
        f"MIN(kind) FILTER (WHERE kind < {STROKES.index('any')}) AS least, "
        f"MAX(kind) FILTER (WHERE kind < {STROKES.index('any')}) AS most "
        "FROM numbered GROUP BY person, stroke) "
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY person ORDER BY stroke DESC) AS back FROM whole"
    )
    day = f"began::DOUBLE AS low, began::DOUBLE + {DAY - 1} AS high"
    for name, back in (("onset_datetime", 1), ("date_previous_stroke", 2)):
        if name in names:
            _insert_strokes(connection, name, day, f"back = {back}")
    if "stroke_type" in names:
        places = [fields()["stroke_type"].values.index(kind) for kind in STROKES[:-1]]
        cases = " ".join(f"WHEN {i} THEN {place}.0" for i, place in enumerate(places))
        value = f"CASE least {cases} END"
        _insert_strokes(
            connection,
            "stroke_type",
            f"{value} AS low, {value} AS high",
            "back = 1 AND least = most",
        )


def _insert_strokes(connection: DuckDBPyConnection, name: str, ends: str, condition: str) -> None:
    connection.execute(
        f"INSERT INTO events SELECT person, {code_of(name)}, began, began + {DAY - 1}, {ends} "
        f"FROM strokes WHERE {condition}"
    )
