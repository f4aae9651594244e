"""A population held against protocols: verdicts, what each rule costs, and which facts are missing.

    events, people  ->  what a case would answer  ->  rules  ->  marks  ->  files

Everything happens in DuckDB, in one database file beside the results, within a limit of memory;
nothing about a person is printed or logged. People are judged in parts, so that memory does not
grow with their number. A run that was stopped goes on with the part that it had not finished, if it
is asked the same question.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from saisei.base.errors import InputError
from saisei.eligibility.population.attrition import (
    COUNTS,
    ITEM_COUNTS,
    Attrition,
    RuleCount,
    count_rows,
    item_rows,
    tally,
)
from saisei.eligibility.population.judging import People, Question, Screening
from saisei.eligibility.population.protocols import Protocol, mark_columns
from saisei.eligibility.population.run import Run, quoted
from saisei.eligibility.population.small_counts import SmallCounts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


__all__ = ["Attrition", "People", "PopulationResult", "RuleCount", "screen_population"]

MEMORY = "2GB"
"""What DuckDB may hold in memory; beyond it, it uses the disk."""
EVERY_COUNT = SmallCounts()
CRITERIA, MISSING = "criteria.parquet", "missing.parquet"
VERDICTS_FILE = "verdicts.parquet"
FILES = (VERDICTS_FILE, CRITERIA, MISSING)
"""They stand in the folder of the run until all of them are whole."""


@dataclass(frozen=True, slots=True)
class PopulationResult:
    """All protocols over all people."""

    people: int
    as_of: datetime
    protocols: tuple[Attrition, ...]
    seconds: float


Tell = Callable[[str, int, int], None]
"""Is told what is being done, how many parts of it are done, and how many there are."""


def screen_population(
    source: People,
    protocols: Sequence[Protocol],
    as_of: datetime,
    folder: Path,
    *,
    memory: str = MEMORY,
    tell: Tell | None = None,
    small: SmallCounts = EVERY_COUNT,
) -> PopulationResult:
    """Hold every person against every protocol, and write the results into a folder.

    Parameters
    ----------
    source
        Where the records come from.
    protocols
        What to hold people against.
    as_of
        The moment at which everything is judged; its clock is that of the records.
    folder
        Gets ``verdicts.parquet`` (person_id, protocol, verdict), ``criteria.parquet``
        (protocol, criterion and the counts), ``missing.parquet`` (protocol, item and how many it
        could decide) and a folder ``marks`` of Parquet files (a row a person; for each protocol
        the rules failed and those unknown, as bits).
    memory
        What DuckDB may hold in memory.
    tell
        Is told of progress.
    small
        How small counts are written into the files; the result holds the exact ones.
    """
    begun = time.monotonic()
    is_new = not folder.exists()
    question = Question(source, protocols, as_of)
    run = Run(folder, question.digest, memory)
    run.must_fit(FILES)
    folder.mkdir(parents=True, exist_ok=True)
    with run.connection() as connection:
        screening = Screening(run, connection, question)
        say = tell or (lambda *_: None)
        say("reading the records", 0, 1)
        try:
            run.once(connection, "read", screening.read)
        except InputError:
            run.clear()
            if is_new:
                folder.rmdir()
            raise
        screening.recall()
        parts = screening.parts()
        say("judging the people", 0, len(parts))
        for done in screening.judge_all(parts):
            say("judging the people", done, len(parts))
        screening.join(len(parts))
        say("writing the results", len(parts), len(parts))
        _write(connection, protocols, run.folder)
        result = _result(connection, protocols, as_of, run.folder, begun, small)
    run.keep(FILES)
    run.clear()
    return result


VERDICT = (
    'CASE WHEN "{failing}" <> 0 THEN {out}::verdict WHEN "{unknown}" <> 0 THEN {open}::verdict '
    "ELSE {fits}::verdict END"
)


def _write(connection: DuckDBPyConnection, protocols: Sequence[Protocol], folder: Path) -> None:
    """Write the verdict on each person by each protocol."""
    _add_words(connection, "verdict", {word for one in protocols for word in one.words})
    _add_words(connection, "protocol", [one.id for one in protocols])
    _copy(connection, _verdicts(protocols), folder / VERDICTS_FILE)


def _add_words(connection: DuckDBPyConnection, name: str, words: Iterable[str]) -> None:
    """Make a type of some words, which are written as numbers with a list of words beside them."""
    connection.execute(f"DROP TYPE IF EXISTS {name}")
    connection.execute(f"CREATE TYPE {name} AS ENUM ({', '.join(map(quoted, sorted(words)))})")


def _verdicts(protocols: Sequence[Protocol]) -> str:
    return " UNION ALL ".join(
        f"SELECT person_id, {quoted(one.id)}::protocol AS protocol, {_verdict(one)} AS verdict "
        "FROM marks"
        for one in protocols
    )


def _verdict(protocol: Protocol) -> str:
    failing, unknown = mark_columns(protocol)
    fits, open_, out = map(quoted, protocol.words)
    return VERDICT.format(failing=failing, unknown=unknown, fits=fits, open=open_, out=out)


def _copy(connection: DuckDBPyConnection, sql: str, path: Path) -> None:
    how = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2"
    connection.execute(f"COPY ({sql}) TO {quoted(str(path))} ({how})")


def _attrition(connection: DuckDBPyConnection, protocol: Protocol) -> Attrition:
    """Count one protocol: the people who share the same marks are counted once.

    One query a protocol: all in one, with so many aggregates at once, DuckDB 1.5 stopped for ever.
    """
    failing, unknown = mark_columns(protocol)
    patterns = connection.execute(
        f'SELECT "{failing}", "{unknown}", COUNT(*) AS people FROM marks GROUP BY ALL'
    ).to_arrow_table()
    return tally(protocol, *(column.to_numpy() for column in patterns.columns))


def _result(
    connection: DuckDBPyConnection,
    protocols: Sequence[Protocol],
    as_of: datetime,
    folder: Path,
    begun: float,
    small: SmallCounts,
) -> PopulationResult:
    (people,) = connection.execute("SELECT COUNT(*) FROM people").fetchone() or (0,)
    found = tuple(_attrition(connection, one) for one in protocols)
    _write_counts(connection, found, small, folder)
    return PopulationResult(people, as_of, found, time.monotonic() - begun)


def _write_counts(
    connection: DuckDBPyConnection, found: Sequence[Attrition], small: SmallCounts, folder: Path
) -> None:
    _write_rows(connection, "criterion", COUNTS, count_rows(found, small), folder / CRITERIA)
    _write_rows(connection, "item", ITEM_COUNTS, item_rows(found, small), folder / MISSING)


def _write_rows(
    connection: DuckDBPyConnection,
    of: str,
    counts: Mapping[str, str],
    rows: Sequence[Sequence[object]],
    path: Path,
) -> None:
    types = [("protocol", pa.string()), (of, pa.string())]
    types += [(name, pa.int64()) for name in counts.values()]
    names = [name for name, _ in types]
    table = pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows], pa.schema(types)
    )
    connection.register("counts", table)
    _copy(connection, "SELECT * FROM counts", path)
