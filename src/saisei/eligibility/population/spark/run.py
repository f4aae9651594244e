"""A population held against protocols on Spark: the queries of one machine, on many.

    Parquet of the OMOP model  ->  people, events  ->  what a case would answer
                               ->  rules  ->  marks  ->  Parquet

The reading of the tables, the table of people, the rules and the marks are the texts that DuckDB
runs, put into Spark's words (see `dialects`). Records are spread by person once; every later step
works on each part alone. Nothing about a person comes back to the program: only counts do.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

import numpy as np

from saisei.base.errors import OptionError, Place, Problem
from saisei.eligibility.columns import Column, sources_read
from saisei.eligibility.compiled import query
from saisei.eligibility.population.attrition import (
    COUNTS,
    ITEM_COUNTS,
    Attrition,
    count_rows,
    item_rows,
    tally,
)
from saisei.eligibility.population.dialects import spark_sql
from saisei.eligibility.population.events import field_codes
from saisei.eligibility.population.needed import Rule, fillable, longest_days, rules_of
from saisei.eligibility.population.omop.source import OmopSource
from saisei.eligibility.population.protocols import (
    Protocol,
    distinct_rules,
    mark_columns,
    marks_query,
)
from saisei.eligibility.population.read import Read
from saisei.eligibility.population.run import quoted
from saisei.eligibility.population.screen import PopulationResult
from saisei.eligibility.population.small_counts import SmallCounts
from saisei.eligibility.population.spark.connection import SparkConnection
from saisei.eligibility.population.spark.storage import Storage
from saisei.eligibility.population.spark.tables import SparkTables
from saisei.eligibility.population.wide import wide_query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkResult", "screen_on_spark"]

EVERY_COUNT = SmallCounts()
RULES = (
    "field SMALLINT, present DOUBLE, absent DOUBLE, acute DOUBLE, chronic DOUBLE, "
    "after_onset BOOLEAN"
)
VERDICTS, MARKS = "verdicts.parquet", "marks"
CRITERIA, MISSING = "criteria.parquet", "missing.parquet"
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",  # a day begins at midnight UTC
    "spark.sql.ansi.enabled": "true",  # no number overflows unseen
    "spark.sql.ansi.enforceReservedKeywords": "false",  # columns are called first and last
}
"""What the translated queries rest on."""


@dataclass(frozen=True, slots=True)
class SparkResult:
    """What a run on Spark came to, and what became of the rows that it read."""

    counts: PopulationResult
    read: Read


def screen_on_spark(
    session: SparkSession,
    source_folder: str,
    protocols: Sequence[Protocol],
    as_of: datetime,
    out_folder: str,
    *,
    small: SmallCounts = EVERY_COUNT,
) -> SparkResult:
    """Hold every person against every protocol on a Spark cluster, and write the results.

    Parameters
    ----------
    session
        Where to run; a session beside it with its own settings is used, and nothing of it stays.
    source_folder
        OMOP tables as Parquet, at any path that the cluster reads: ``TABLE.parquet``, a file or a
        folder of parts, or a folder ``TABLE``.
    protocols
        What to hold people against.
    as_of
        The moment at which everything is judged; its clock is that of the records.
    out_folder
        Gets the folders of Parquet files ``verdicts.parquet``, ``marks``, ``criteria.parquet`` and
        ``missing.parquet``, with the columns that `screen_population` writes.
    small
        How small counts are written into the files; the result holds the exact ones.

    Raises
    ------
    CaseError
        A table or a column is missing.
    OptionError
        There are results in the folder already.
    """
    begun = time.monotonic()
    own = session.newSession()
    for name, value in SETTINGS.items():
        own.conf.set(name, value)
    storage = Storage(own)
    with _written_at_last(storage, out_folder) as aside, _tables(own) as connection:
        source = OmopSource(SparkTables(storage, source_folder))
        _judge(connection, source, protocols, as_of)
        found = _counted(connection, protocols)
        _write_people(connection, protocols, aside)
        _write_counts(own, found, small, aside)
    counts = PopulationResult(source.read.people, as_of, found, time.monotonic() - begun)
    return SparkResult(counts, source.read)


@contextmanager
def _tables(session: SparkSession) -> Iterator[SparkConnection]:
    connection = SparkConnection(session)
    try:
        yield connection
    finally:
        for name in ("marks", "judged", "wide", "rules"):
            session.catalog.dropTempView(name)  # and what is kept of it
        connection.close()


@contextmanager
def _written_at_last(storage: Storage, folder: str) -> Iterator[Mapping[str, str]]:
    """Give where to write each result; each gets its name when all are there."""
    aside = {name: f"{folder}/.{name}.part" for name in (MARKS, VERDICTS, MISSING, CRITERIA)}
    for name, part in aside.items():
        if storage.exists(f"{folder}/{name}"):
            found, step = f"there is {name} already", "Give a new folder"
            raise OptionError(
                Problem("exists", found, "a folder without results", step, Place(folder), "--out")
            )
        storage.remove(part)
    try:
        yield aside
        for name, part in aside.items():
            storage.move(part, f"{folder}/{name}")
    finally:
        for part in aside.values():
            storage.remove(part)


def _judge(
    connection: SparkConnection,
    source: OmopSource,
    protocols: Sequence[Protocol],
    as_of: datetime,
) -> None:
    """Make the table ``marks``."""
    rules = distinct_rules(protocols)
    sources = sources_read(rules.values())
    needed = longest_days(sources)
    # The reading asks of a connection only what `SparkConnection` does.
    source.load(cast("DuckDBPyConnection", connection), needed, as_of)
    rows = [tuple(getattr(rule, name) for name in Rule.__slots__) for rule in rules_of(needed)]
    connection.show("rules", connection.rows(RULES, rows))
    connection.settle("people")
    codes = {row[0] for row in connection.execute("SELECT DISTINCT field FROM events").fetchall()}
    recorded = [name for name, code in field_codes().items() if code in codes]
    told = fillable(sources, recorded)
    session = connection.session
    wide = session.sql(spark_sql(wide_query(told, as_of, recorded))).persist()
    wide.createOrReplaceTempView("wide")
    judged = query(rules, "pyspark", "wide", map(Column.of, told))
    session.sql(judged).createOrReplaceTempView("judged")
    marks = session.sql(spark_sql(marks_query(protocols, rules, "judged"))).persist()
    marks.createOrReplaceTempView("marks")
    marks.count()
    wide.unpersist()


def _stacked(protocols: Sequence[Protocol]) -> str:
    """Write a row for each person and protocol, with both marks."""
    each = (
        f"'{one.id}', `{failing}`, `{unknown}`"
        for one in protocols
        for failing, unknown in [mark_columns(one)]
    )
    stack = f"stack({len(protocols)}, {', '.join(each)}) AS (protocol, failing, unknown)"
    return f"SELECT person_id, {stack} FROM marks"


def _counted(connection: SparkConnection, protocols: Sequence[Protocol]) -> tuple[Attrition, ...]:
    """Count every protocol; the people who share the same marks come back as one number."""
    rows = connection.session.sql(
        "SELECT protocol, failing, unknown, COUNT(*) AS people "
        f"FROM ({_stacked(protocols)}) GROUP BY protocol, failing, unknown"
    ).collect()
    found: dict[str, list[tuple[int, int, int]]] = {one.id: [] for one in protocols}
    for protocol, *pattern in rows:
        found[protocol].append((pattern[0], pattern[1], pattern[2]))
    return tuple(
        tally(one, *np.array(found[one.id], np.int64).reshape(-1, 3).T) for one in protocols
    )


def _write_people(
    connection: SparkConnection, protocols: Sequence[Protocol], aside: Mapping[str, str]
) -> None:
    session = connection.session
    verdict = f"{_verdict(protocols)} AS verdict"
    verdicts = session.sql(f"SELECT person_id, protocol, {verdict} FROM ({_stacked(protocols)})")
    _write(session.table("marks"), aside[MARKS])
    _write(verdicts, aside[VERDICTS])


def _verdict(protocols: Sequence[Protocol]) -> str:
    """Write the verdict in the words of each protocol."""
    whens: list[str] = []
    for words in {one.words for one in protocols}:
        among = ", ".join(quoted(one.id) for one in protocols if one.words == words)
        fits, open_, out = map(quoted, words)
        word = f"CASE WHEN failing <> 0 THEN {out} WHEN unknown <> 0 THEN {open_} ELSE {fits} END"
        whens.append(f"WHEN protocol IN ({among}) THEN {word}")
    return f"CASE {' '.join(whens)} END"


def _write_counts(
    session: SparkSession, found: Sequence[Attrition], small: SmallCounts, aside: Mapping[str, str]
) -> None:
    for name, of, counts, rows in (
        (CRITERIA, "criterion", COUNTS, count_rows(found, small)),
        (MISSING, "item", ITEM_COUNTS, item_rows(found, small)),
    ):
        columns = ["protocol STRING", f"{of} STRING", *(f"`{c}` BIGINT" for c in counts.values())]
        frame = session.createDataFrame([*map(tuple, rows)], ", ".join(columns))
        _write(frame.coalesce(1), aside[name])


def _write(frame: DataFrame, path: str) -> None:
    frame.write.option("compression", "zstd").parquet(path)
