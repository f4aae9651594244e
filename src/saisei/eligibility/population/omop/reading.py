"""The rows of the clinical tables as dated records: one query a table, put together from our names.

The tables stand in the schema ``omop`` under the names of `model`; ``concepts``, ``units`` and
``people`` say what is read of whom.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from saisei.cases import fields
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.omop.model import of_omop
from saisei.eligibility.population.spans import NEVER

__all__ = ["MEASURES", "dated_events", "day_sql", "measured", "of_person", "reason_sql"]

EARLY = "(-2000000000)::BIGINT"
"""When what never changes was recorded: before everything else."""


def stretch(date: str) -> str:
    """Write the first and the last second of a day."""
    start = f"CAST(epoch({date}) AS BIGINT)"
    return f"{start} AS first, {start} + {DAY - 1} AS last"


def day_sql(moment: int) -> str:
    """Write the day in which a moment lies."""
    return f"CAST(to_timestamp({moment}) AT TIME ZONE 'UTC' AS DATE)"


def of_person(names: Collection[str]) -> Iterator[str]:
    """Write what the table of people says."""
    alive = "omop.person p JOIN people ON people.person = p.person"
    if "sex" in names:
        sexes: Mapping[str, int] = of_omop("sexes")
        places = {concept: fields()["sex"].values.index(word) for word, concept in sexes.items()}
        cases = " ".join(f"WHEN {concept} THEN {place}.0" for concept, place in places.items())
        value = f"CASE p.gender {cases} END"
        yield (
            f"SELECT people.person, {code_of('sex')}::SMALLINT AS field, {EARLY} AS first, "
            f"{EARLY} AS last, {value}::DOUBLE AS low, {value}::DOUBLE AS high "
            f"FROM {alive} WHERE {value} NOTNULL"
        )
    if "birth_date" in names:
        start = "make_date(p.year, COALESCE(p.month, 1), COALESCE(p.day, 1))"
        end = (
            "CASE WHEN p.month IS NULL THEN make_date(p.year, 12, 31) "
            "WHEN p.day IS NULL THEN last_day(make_date(p.year, p.month, 1)) "
            f"ELSE {start} END"
        )
        yield (
            f"SELECT people.person, {code_of('birth_date')}::SMALLINT AS field, {EARLY} AS first, "
            f"{EARLY} AS last, epoch({start})::DOUBLE AS low, "
            f"epoch({end})::DOUBLE + {DAY - 1} AS high FROM {alive} WHERE p.year NOTNULL"
        )


MEASURES = ("measurement",)
"""The tables whose rows hold a value."""
VALUE = "CAST(m.value AS DOUBLE) * u.factor"
POSSIBLE = f"{VALUE} BETWEEN COALESCE(c.low, {NEVER}) AND COALESCE(c.high, 1e300)"
TEXT_FITS = "(u.text IS NULL OR u.text = COALESCE(m.unit_text, ''))"
"""A unit that has no concept may still stand there as a text."""


def reason_sql() -> str:
    """Write why the value of a row is not read; null where it is."""
    equals = f"COALESCE(m.compared, 0) IN (0, {of_omop('equals')})"
    reasons = {
        "m.value IS NULL": "no-value",
        f"NOT ({equals})": "bound",
        "u.factor IS NULL": "unit",
        f"NOT ({POSSIBLE})": "range",
    }
    return f"CASE {' '.join(f'WHEN {sql} THEN {why!r}' for sql, why in reasons.items())} END"


def measured(table: str, moment: int) -> str:
    """Write the numbers that a table of measurements says."""
    equals = of_omop("equals")
    return (
        f"SELECT people.person, c.field, {stretch('m.day')}, {VALUE} AS low, {VALUE} AS high "
        f"FROM omop.{table} m "
        "JOIN concepts c ON c.concept = m.concept AND c.way = 'number' "
        "JOIN units u ON u.field = c.field AND u.unit = COALESCE(m.unit, 0) "
        "JOIN people ON people.person = m.person "
        f"WHERE m.day >= c.since AND m.day <= {day_sql(moment)} AND {TEXT_FITS} AND {POSSIBLE} "
        f"AND COALESCE(m.compared, 0) IN (0, {equals})"
    )


def dated_events(table: str, moment: int) -> str:
    """Write what a diagnosis or a procedure says: that it was so, and since when."""
    start = "epoch(t.day)::DOUBLE"
    low = f"CASE c.way WHEN 'onset' THEN {start} ELSE c.value END"
    high = f"CASE c.way WHEN 'onset' THEN {start} + {DAY - 1} ELSE c.value END"
    return (
        f"SELECT people.person, c.field, {stretch('t.day')}, {low} AS low, {high} AS high "
        f"FROM omop.{table} t JOIN concepts c ON c.concept = t.concept "
        "AND c.way IN ('value', 'onset') JOIN people ON people.person = t.person "
        f"WHERE t.day >= c.since AND t.day <= {day_sql(moment)}"
    )
