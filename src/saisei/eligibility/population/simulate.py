"""A made-up hospital in the OMOP Common Data Model 5.4, of any size, the same for the same seed.

It has what makes real databases hard: measurements in several units and in units that say nothing,
values that cannot be, records in the future, strokes recorded twice, birth dates known to the year,
people who have died, and many rows whose code fills no field. Nothing in it is about anybody.

Of the first people the truth may be planted (see `planted`): their rows of some fields are made to
fit what is written down beside the tables.

How often what occurs stands in the constants below; they are made up and only meant to be hard.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from saisei.base.errors import OptionError, Problem
from saisei.base.units import convert, units_for
from saisei.cases import fields
from saisei.cases.codes import Code, codes, of_codes
from saisei.eligibility.population.planted.gold import write_gold
from saisei.eligibility.population.planted.tables import TABLES, Planting, reserved_codes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["simulate_omop"]

ROWS_EACH = 50
"""Measurements a person has."""
CODED = 0.62
"""The share of them whose code fills a field."""
WRONG_UNIT, WRONG_VALUE, IN_THE_FUTURE = 0.02, 0.02, 0.005
STROKE, STROKE_TWICE, STROKE_BEFORE, DIED, YEAR_ONLY = 0.4, 0.2, 0.05, 0.03, 0.1
OTHER_CONDITIONS = 0.04
"""How often each coded diagnosis occurs."""
LONGEST_AGO = 3_650
OWN, UNITS, NOISE, ANSWERS = 2_000_000_000, 2_010_000_000, 2_020_000_000, 2_030_000_000
"""Where concepts without a number of the vocabularies begin: the range that OMOP leaves free."""
NOISE_CODES = 40
LAST_DAY = 27
"""Ages are planted for a day from which each month and year has another one to come."""
VOCABULARIES = {"LOINC": "LOINC", "SNOMED": "SNOMED", "RXNORM": "RxNorm"}


def simulate_omop(people: int, seed: int, folder: Path, as_of: date, planted: int = 0) -> None:
    """Write the tables of a made-up hospital as Parquet files.

    Parameters
    ----------
    people
        How many.
    seed
        The same seed gives the same tables.
    folder
        Gets ``person``, ``concept``, ``measurement``, ``condition_occurrence``,
        ``procedure_occurrence`` and ``death``, each as ``.parquet``; where somebody is planted also
        ``observation``, ``drug_exposure`` and the folder ``gold``.
    as_of
        The day before which nearly everything lies.
    planted
        Of how many people, from the first one on, the truth is planted.

    Raises
    ------
    OptionError
        The day is one for which ages cannot be planted.
    """
    if planted and as_of.day > LAST_DAY:
        expected, step = f"a day up to the {LAST_DAY}th of a month", "Or plant nobody: --planted 0"
        raise OptionError(Problem("date", f"{as_of}", expected, step, field="--day"))
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"SET VARIABLE today = DATE '{as_of.isoformat()}'")
        connection.execute(
            "CREATE MACRO u(person, what) AS "
            f"(hash(person, what, {int(seed)}) % 1000003)::DOUBLE / 1000003"
        )
        connection.execute("CREATE MACRO ago(x, most) AS CAST(floor(x * x * x * most) AS INTEGER)")
        _concepts(connection)
        connection.execute(
            f"CREATE TABLE people AS SELECT range AS person FROM range(1, {int(people) + 1})"
        )
        planting = _planting(min(planted, people))
        planting.prepare(connection)
        for table, sql in _tables(planting):
            path = str(folder / f"{table}.parquet").replace("'", "''")
            connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
        if planting.people:
            write_gold(connection, folder, as_of)


def _planting(people: int) -> Planting:
    """Give what planting needs: the numbers of the concepts and the tables of the codes."""
    named = {f"{one.system} {one.code}": (place, one) for place, one in enumerate(codes())}
    return Planting(
        people,
        {name: one.omop or OWN + place for name, (place, one) in named.items()},
        {unit: UNITS + place for place, unit in enumerate(_all_units())},
        {word: ANSWERS + place for place, word in enumerate(_answers())},
        {name: TABLES[one.on] for name, (_, one) in named.items()},
    )


def _answers() -> dict[str, list[str]]:
    """Give one code for each result of a test, as its system and itself."""
    results: dict[str, list[str]] = of_codes("results")
    return {word: several[0].split() for word, several in results.items()}


def _concepts(connection: DuckDBPyConnection) -> None:
    """Make the concepts: those of our codes, the units, and some that fill nothing."""
    connection.execute(
        "CREATE TABLE concept (concept_id INTEGER, concept_name VARCHAR, domain_id VARCHAR, "
        "vocabulary_id VARCHAR, concept_class_id VARCHAR, standard_concept VARCHAR, "
        "concept_code VARCHAR)"
    )
    rows = [_concept(place, one) for place, one in enumerate(codes())]
    rows += [
        [UNITS + place, unit, "Unit", "UCUM", "Unit", "S", unit]
        for place, unit in enumerate(_all_units())
    ]
    rows += [
        [ANSWERS + place, word, "Meas Value", VOCABULARIES[system], "Answer", "S", code]
        for place, (word, (system, code)) in enumerate(_answers().items())
    ]
    rows += [
        [NOISE + i, f"local {i}", "Measurement", "None", "Local", None, f"local-{i}"]
        for i in range(NOISE_CODES)
    ]
    connection.executemany("INSERT INTO concept VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        "CREATE TABLE measured (place INTEGER, concept INTEGER, unit INTEGER, factor DOUBLE, "
        "low DOUBLE, high DOUBLE, step DOUBLE, reserved BOOLEAN)"
    )
    rows = list(_measured())
    connection.executemany("INSERT INTO measured VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _concept(place: int, one: Code) -> list[Any]:
    domain = "Measurement" if one.on == "Observation" else one.on
    number = one.omop or OWN + place
    return [number, one.means, domain, VOCABULARIES[one.system], domain, "S", one.code]


def _all_units() -> list[str]:
    units: dict[str, None] = {}
    for name, field in fields().items():
        if field.type == "number" and field.unit:
            units |= dict.fromkeys(units_for(field.unit, name))
    return list(units)


def _measured() -> Iterator[list[Any]]:
    """Give each measurement that fills a field, once for each unit in which it may come."""
    units, reserved = _all_units(), reserved_codes(codes())
    place = 0
    for at, one in enumerate(codes()):
        for fill in one.fills:
            field = fields()[fill.field]
            if fill.way == "number" and field.unit and field.range:
                for unit in units_for(field.unit, field.id):
                    factor = convert(1.0, unit, field.unit, field.id)
                    numbers = (field.range.low, field.range.high, field.step or 0.1)
                    about = [place, one.omop or OWN + at, UNITS + units.index(unit), factor]
                    yield [*about, *numbers, f"{one.system} {one.code}" in reserved]
                    place += 1


def _tables(planting: Planting) -> Iterator[tuple[str, str]]:
    free = f"person > {planting.people}"
    yield "concept", "SELECT * FROM concept"
    yield "person", f"{_people()} WHERE {free} UNION ALL {planting.persons()}"
    yield (
        "death",
        (
            "SELECT person AS person_id, "
            "getvariable('today') - ago(u(person, 6), 400) AS death_date "
            f"FROM people WHERE {free} AND u(person, 7) < {DIED}"
        ),
    )
    yield "condition_occurrence", _conditions(planting, free)
    yield "procedure_occurrence", _procedures(planting, free)
    yield "measurement", f"{_measurements(free)} UNION ALL {_planted_measurements(planting)}"
    if planting.people:
        yield "observation", _observations(planting)
        yield "drug_exposure", _drugs(planting)


def _people() -> str:
    return (
        "SELECT person AS person_id, CASE WHEN u(person, 1) < 0.5 THEN 8507 ELSE 8532 END "
        "AS gender_concept_id, "
        "year(getvariable('today')) - 18 - CAST(u(person, 2) * 75 AS INTEGER)"
        f" AS year_of_birth, CASE WHEN u(person, 3) < {YEAR_ONLY} THEN NULL "
        "ELSE 1 + CAST(floor(u(person, 4) * 12) AS INTEGER) END AS month_of_birth, "
        f"CASE WHEN u(person, 3) < {2 * YEAR_ONLY} THEN NULL "
        "ELSE 1 + CAST(floor(u(person, 5) * 28) AS INTEGER) END AS day_of_birth FROM people"
    )


def _conditions(planting: Planting, free: str) -> str:
    strokes = [one.omop or OWN + at for at, one in enumerate(codes()) if one.event]
    others = _coded("Condition")
    kind = f"({strokes})[1 + CAST(floor(u(person, 12) * {len(strokes)}) AS INTEGER)]"
    first = f"getvariable('today') - ago(u(person, 11), {LONGEST_AGO})"
    had = f"{free} AND u(person, 10) < {STROKE}"
    parts = [
        (
            f"SELECT person, {kind} AS concept, {first} AS day, NULL::DATE AS ended "
            f"FROM people WHERE {had}"
        ),
        (
            f"SELECT person, {kind}, {first} + CAST(u(person, 14) * 40 AS INTEGER), NULL "
            f"FROM people WHERE {had} AND u(person, 13) < {STROKE_TWICE}"
        ),
        (
            f"SELECT person, {kind}, {first} - 90 - CAST(u(person, 16) * 900 AS INTEGER), NULL "
            f"FROM people WHERE {had} AND u(person, 15) < {STROKE_BEFORE}"
        ),
        (
            "SELECT person, concept, getvariable('today') - ago(u(person, concept), "
            f"{LONGEST_AGO}), NULL FROM people, (SELECT unnest({others}) AS concept) "
            f"WHERE u(person, concept + 7) < {OTHER_CONDITIONS} AND {_unreserved(free)}"
        ),
        planting.rows("condition_occurrence", "person, concept, day, ended"),
    ]
    return (
        "SELECT row_number() OVER (ORDER BY person, concept, day) AS condition_occurrence_id, "
        "person AS person_id, "
        "concept AS condition_concept_id, day AS condition_start_date, ended AS "
        f"condition_end_date FROM ({' UNION ALL '.join(parts)})"
    )


def _coded(on: str) -> list[int]:
    """Give the concepts of one kind of code that are no strokes."""
    return [
        one.omop or OWN + at
        for at, one in enumerate(codes())
        if one.on == on and one.event is None and one.fills
    ]


def _unreserved(free: str) -> str:
    """Write that a concept tells nothing of what is planted."""
    reserved = reserved_codes(codes())
    numbers = [
        one.omop or OWN + at
        for at, one in enumerate(codes())
        if f"{one.system} {one.code}" in reserved
    ]
    return f"({free} OR NOT list_contains({numbers}, concept))"


def _procedures(planting: Planting, free: str) -> str:
    noise = (
        "SELECT person, concept, getvariable('today') - ago(u(person, concept), "
        f"{LONGEST_AGO}) AS day FROM people, (SELECT unnest({_coded('Procedure')}) AS concept) "
        f"WHERE u(person, concept + 7) < {OTHER_CONDITIONS / 2} AND {_unreserved(free)}"
    )
    return (
        "SELECT row_number() OVER (ORDER BY person, concept) AS procedure_occurrence_id, "
        "person AS person_id, concept AS procedure_concept_id, day AS procedure_date "
        f"FROM ({noise} UNION ALL {planting.rows('procedure_occurrence', 'person, concept, day')})"
    )


def _planted_measurements(planting: Planting) -> str:
    number = "person * 1000 + 100 + topic * 20 + place"
    return planting.rows("measurement", f"{number}, person, concept, day, value, unit")


def _observations(planting: Planting) -> str:
    return planting.rows(
        "observation",
        "person * 1000 + topic * 20 + place AS observation_id, person AS person_id, "
        "concept AS observation_concept_id, day AS observation_date, "
        "NULL::DOUBLE AS value_as_number, answer AS value_as_concept_id, "
        "NULL::INTEGER AS unit_concept_id",
    )


def _drugs(planting: Planting) -> str:
    return planting.rows(
        "drug_exposure",
        "person * 1000 + topic * 20 + place AS drug_exposure_id, person AS person_id, "
        "concept AS drug_concept_id, day AS drug_exposure_start_date, "
        "ended AS drug_exposure_end_date",
    )


def _measurements(free: str) -> str:
    """Write the rows: a coded one in one of its units, or one whose code fills nothing."""
    places = len(list(_measured()))
    wrong = f"u(person, i + 4000) < {WRONG_UNIT}"
    value = "m.low + floor(u(person, i + 3000) * ((m.high - m.low) / m.step + 1)) * m.step"
    value = f"CASE WHEN u(person, i + 5000) < {WRONG_VALUE} THEN m.high * 1.5 + 1 ELSE {value} END"
    return (
        "SELECT person * 1000 + i AS measurement_id, person AS person_id, CASE WHEN coded "
        f"AND ({free} OR NOT m.reserved) THEN m.concept "
        f"ELSE {NOISE} + CAST(floor(u(person, i + 6000) * {NOISE_CODES}) AS INTEGER)"
        " END AS measurement_concept_id, getvariable('today') + CASE WHEN "
        f"u(person, i + 7000) < {IN_THE_FUTURE} THEN 5 ELSE 0 END "
        f"- ago(u(person, i + 2000), {LONGEST_AGO}) AS measurement_date, "
        f"round(({value}) / m.factor, 6) AS value_as_number, "
        f"CASE WHEN {wrong} THEN 0 ELSE m.unit END AS unit_concept_id "
        f"FROM (SELECT person, i, u(person, i + 1000) < {CODED} AS coded, "
        f"CAST(floor(u(person, i + 8000) * {places}) AS INTEGER) AS place "
        f"FROM people, (SELECT range AS i FROM range({ROWS_EACH}))) JOIN measured m USING (place)"
    )
