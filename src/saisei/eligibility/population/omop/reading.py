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

__all__ = [
    "NO_STAYS",
    "active_now",
    "at",
    "dated_events",
    "day_sql",
    "in_hospital",
    "medicines_in_use",
    "of_person",
    "since_the_stroke",
    "stays",
    "stretch",
    "undated_since",
]

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


def since_the_stroke(moment: int) -> str:
    """Write what was done on or after the day of the latest stroke, and when it ended."""
    low = "CASE c.way WHEN 'end' THEN epoch(t.ended)::DOUBLE ELSE c.value END"
    high = f"CASE c.way WHEN 'end' THEN epoch(t.ended)::DOUBLE + {DAY - 1} ELSE c.value END"
    return (
        f"SELECT people.person, c.field, {stretch('t.day')}, {low} AS low, {high} AS high "
        "FROM omop.procedure_occurrence t JOIN concepts c ON c.concept = t.concept "
        "AND c.way IN ('since', 'end') JOIN people ON people.person = t.person "
        "JOIN strokes s ON s.person = t.person AND s.back = 1 "
        f"WHERE t.day >= c.since AND t.day <= {day_sql(moment)} AND epoch(t.day) >= s.began "
        f"AND {low} NOTNULL"
    )


def undated_since(moment: int) -> str:
    """Write the query that counts what was done, but not clearly since the latest stroke."""
    return (
        "SELECT 'procedure_occurrence', 'which-stroke', COUNT(*) FROM omop.procedure_occurrence t "
        "JOIN concepts c ON c.concept = t.concept AND c.way = 'since' "
        "JOIN people ON people.person = t.person "
        "LEFT JOIN strokes s ON s.person = t.person AND s.back = 1 "
        f"WHERE t.day >= c.since AND t.day <= {day_sql(moment)} "
        "AND (s.began IS NULL OR epoch(t.day) < s.began) HAVING COUNT(*) > 0"
    )


def active_now(moment: int) -> str:
    """Write which diagnoses are active: those that end later, or belong to a stay of today.

    A diagnosis that ends on the day itself may be over; one without an end says nothing.
    """
    today = day_sql(moment)
    of_today = f"(t.day = {today} OR t.ended = {today}) AND t.person IN (SELECT person FROM stays)"
    return (
        f"SELECT DISTINCT people.person, c.field, {at(moment)}, c.value AS low, c.value AS high "
        "FROM omop.condition_occurrence t JOIN concepts c ON c.concept = t.concept "
        "AND c.way = 'active' JOIN people ON people.person = t.person "
        f"WHERE t.day <= {today} AND (t.ended > {today} OR ({of_today}))"
    )


def medicines_in_use(moment: int) -> str:
    """Write what a medicine in use says by itself: it is given from its first to its last day."""
    today = day_sql(moment)
    return (
        f"SELECT DISTINCT people.person, c.field, {at(moment)}, c.value AS low, c.value AS high "
        "FROM omop.drug_exposure t JOIN concepts c ON c.concept = t.concept "
        "AND c.way = 'active' JOIN people ON people.person = t.person "
        f"WHERE t.day <= {today} AND t.ended >= {today}"
    )


def stays(moment: int) -> str:
    """Write who is in hospital, and since when. On its last day a stay may be over."""
    kinds = ", ".join(str(int(kind)) for kind in of_omop("inpatient"))
    today = day_sql(moment)
    return (
        "SELECT people.person, MAX(v.day) AS since FROM omop.visit_occurrence v "
        f"JOIN people ON people.person = v.person WHERE v.concept IN ({kinds}) "
        f"AND v.day <= {today} AND v.ended > {today} GROUP BY people.person"
    )


NO_STAYS = "SELECT NULL::BIGINT AS person, NULL::DATE AS since WHERE FALSE"
"""Who is in hospital where there is no table of visits."""


def in_hospital(moment: int) -> str:
    """Write who is in hospital for the stroke: in a stay that began with it or after it."""
    return (
        f"SELECT stays.person, {code_of('in_hospital')}::SMALLINT AS field, {at(moment)}, "
        "1.0::DOUBLE AS low, 1.0::DOUBLE AS high FROM stays "
        "JOIN strokes s ON s.person = stays.person AND s.back = 1 "
        "WHERE epoch(stays.since) >= s.began"
    )


def at(moment: int) -> str:
    """Write that something is so at the moment."""
    return f"{moment}::BIGINT AS first, {moment}::BIGINT AS last"
