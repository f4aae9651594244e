"""A table of people holds what the case of each person would answer, value by value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from saisei.base.errors import CaseError
from saisei.cases import Case, Field, case_from_data, fields, item_points
from saisei.eligibility import Elapsed, Pick, Source, Window, lookup_of
from saisei.eligibility.columns import Column, row_of
from saisei.eligibility.population.answers import NOT_FROM_TABLES
from saisei.eligibility.population.events import events_of_case
from saisei.eligibility.population.needed import Rule, base_fields, rules_of
from saisei.eligibility.population.newest import newest_records
from saisei.eligibility.population.pairs import PAIRED
from saisei.eligibility.population.wide import counting_query, newest_columns, wide_query

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLAIN = ("boolean", "number", "enum", "list")
KINDS = {name: (field.compute or {}).get("kind") for name, field in fields().items()}
SOURCES: tuple[Source, ...] = (
    *(n for n, f in fields().items() if f.type in PLAIN and KINDS[n] not in NOT_FROM_TABLES),
    *(Window(pick, "nihss_total", days) for pick in Pick for days in (0.5, 7.0, 400.0)),
    *(Elapsed(unit, "onset_datetime") for unit in ("h", "d", "wk", "mo", "a")),
    Elapsed("d", "date_last_seizure"),
    Elapsed("h", "onset_datetime", "datetime_thrombolysis_end"),
    Elapsed("d", "date_previous_stroke", "onset_datetime"),
)
PAIRS = tuple(name for name, kind in KINDS.items() if kind in PAIRED)
OF_PAIRS = {*PAIRS, "uln", "nihss_items", "nihss_total", *fields()["uln"].keys}
"""What the fields need that are computed from the parts of an entry: drawn more often."""
COLUMNS = tuple(Column.of(source) for source in SOURCES)
EVENTS = pa.schema(
    [
        ("person", pa.int64()),
        ("field", pa.int16()),
        ("first", pa.int64()),
        ("last", pa.int64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
RULES = pa.schema(
    [
        ("field", pa.int16()),
        *((name, pa.float64()) for name in ("present", "absent", "acute", "chronic")),
        ("after_onset", pa.bool_()),
    ]
)


def draw_date(random: Random) -> str:
    """Draw a moment of the past, mostly recent, known to the minute, day, month or year."""
    back = timedelta(seconds=random.choice([86_400, 30 * 86_400, 4e7, 2e9]) * random.random())
    moment = AS_OF - back
    form = random.choice(["%Y-%m-%dT%H:%M", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m", "%Y"])
    return moment.strftime(form)


def draw_value(random: Random, field: Field) -> Any:
    if field.type in ("date", "datetime"):
        return "never" if field.never and random.random() < 0.3 else draw_date(random)
    if field.type == "boolean":
        return random.choice([True, False])
    if field.type == "enum":
        return random.choice(field.values)
    if field.type in ("map", "items"):
        return draw_parts(random, field)
    if field.type == "list":
        return random.sample(field.values, random.randint(0, min(2, len(field.values))))
    low, high = (field.range.low, field.range.high) if field.range else (0.0, 100.0)
    step = field.step or 0.5
    return min(low + step * random.randint(0, int((high - low) / step)), high)


def draw_dates(random: Random, name: str) -> list[str]:
    """Draw the dates of up to three records; those of the score often lie close together."""
    if name == "nihss_total" and random.random() < 0.7:
        back = random.sample([2, 14, 20, 26, 74, 98, 170], 3)
        form = random.choice(["%Y-%m-%dT%H:%M", "%Y-%m-%d"])
        return list(dict.fromkeys((AS_OF - timedelta(hours=h)).strftime(form) for h in back))
    if name == "onset_datetime" and random.random() < 0.5:
        return [(AS_OF - timedelta(hours=random.randint(160, 200))).strftime("%Y-%m-%dT%H:%M")]
    return list(dict.fromkeys(draw_date(random) for _ in range(random.randint(1, 3))))


def draw_parts(random: Random, field: Field) -> dict[str, Any]:
    """Draw limits of a laboratory, or items of a scale, of which some could not be examined."""
    if field.type == "map":
        return {key: random.choice([20.0, 40.0]) for key in field.keys if random.random() < 0.8}
    left_out = random.choice([0.0, 0.0, 0.1])
    drawn: dict[str, Any] = {
        name: random.choice(points)
        for name, points in item_points(field).items()
        if random.random() >= left_out
    }
    if "5a" in drawn and random.random() < 0.2:
        drawn[random.choice(["5a", "5b", "6a"])] = "UN"
    return drawn


def draw_open(random: Random, field: Field, value: Any) -> dict[str, Any]:
    """Draw whether a list is known whole, and what it surely does not hold."""
    if field.type != "list" or random.random() < 0.7:
        return {}
    others = [one for one in field.values if one not in value]
    if field.entries is not None or random.random() < 0.5:
        return {"open": True}
    return {"open": True, "without": random.sample(others, min(2, len(others)))}


def draw_case(random: Random) -> Case:
    """Draw a case: a third of the fields, each with up to three values of their own dates."""
    said: dict[str, Any] = {"as_of": AS_OF.isoformat()}
    for name, field in fields().items():
        if field.derived or random.random() < (0.1 if name in OF_PAIRS else 0.6):
            continue
        dates = draw_dates(random, name)
        said[name] = [
            {"value": value, "date": date} | draw_open(random, field, value)
            for date, value in ((date, draw_value(random, field)) for date in dates)
        ]
    said.pop("onset_precision", None)
    return agreeing(said)


def agreeing(said: dict[str, Any]) -> Case:
    """Make a case of what was drawn, without the fields that contradict each other."""
    while True:
        try:
            return case_from_data(said)
        except CaseError as error:
            for problem in error.problems:
                said.pop(problem.field, None)


def wide_rows(cases: list[Case], *, arrays: bool) -> Iterator[dict[str, Any]]:
    """Give the rows that the query makes of the records of the cases, the newest by either way."""
    needed = set(base_fields(SOURCES))
    names = list(fields())
    events = [e for i, case in enumerate(cases) for e in events_of_case(i, case)]
    kept = [event._asdict() for event in events if names[event.field] in needed]
    rules = [{name: getattr(r, name) for name in Rule.__slots__} for r in rules_of(needed)]
    tables = {
        "people": pa.table({"person": pa.array(range(len(cases)), pa.int64())}),
        "events": pa.Table.from_pylist(kept, EVENTS),
        "rules": pa.Table.from_pylist(rules, RULES),
    }
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        if arrays:
            counting = connection.sql(counting_query(AS_OF)).to_arrow_table()
            newest = newest_records(
                np.arange(len(cases)),
                {name: counting[name].to_numpy() for name in counting.column_names},
                newest_columns(SOURCES, names),
            )
            connection.register("newest", newest)
        sql = wide_query(SOURCES, AS_OF, records="newest" if arrays else None)
        yield from connection.sql(f"{sql} ORDER BY person").to_arrow_table().to_pylist()


@pytest.mark.parametrize("arrays", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_table_holds_what_the_cases_answer(seed: int, arrays: bool) -> None:  # noqa: FBT001
    random = Random(seed)  # noqa: S311 - what is tried, not a secret
    cases = [draw_case(random) for _ in range(60)]
    known, pairs = 0, set()
    for case, row in zip(cases, wide_rows(cases, arrays=arrays), strict=True):
        expected = row_of(COLUMNS, lookup_of(case))
        known += sum(value is not None for value in expected.values())
        assert {name: row[name] for name in expected} == expected
        pairs |= {name for name in PAIRS if expected[f"{name}__low"] is not None}
    assert len(pairs) >= len(PAIRS) - 1
    assert known > 60 * len(COLUMNS) / 4
