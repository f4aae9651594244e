"""A population held against protocols: verdicts, what each rule costs, and which facts are missing.

    events, people  ->  what a case would answer  ->  rules  ->  marks  ->  files

Everything happens in DuckDB, in one database file beside the results, within a limit of memory;
nothing about a person is printed or logged. People are judged in parts, so that memory does not
grow with their number. A run that was stopped goes on with the part that it had not finished, if it
is asked the same question.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from saisei.base.errors import InputError
from saisei.eligibility.columns import Column, sources_read
from saisei.eligibility.compiled import query
from saisei.eligibility.population.attrition import (
    COUNTS,
    ITEM_COUNTS,
    Attrition,
    RuleCount,
    count_rows,
    item_rows,
    tally,
)
from saisei.eligibility.population.events import field_codes
from saisei.eligibility.population.needed import Rule, fillable, longest_days, rules_of
from saisei.eligibility.population.protocols import Protocol, distinct_rules, marks_query
from saisei.eligibility.population.run import Run
from saisei.eligibility.population.small_counts import SmallCounts
from saisei.eligibility.population.wide import wide_query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Attrition", "People", "PopulationResult", "RuleCount", "screen_population"]

MEMORY = "2GB"
"""What DuckDB may hold in memory; beyond it, it uses the disk."""
PART = 250_000
"""How many people are judged at a time."""
EVERY_COUNT = SmallCounts()
CRITERIA, MISSING = "criteria.parquet", "missing.parquet"


class People(Interface):
    """Where records of people come from."""

    @property
    def digest(self) -> str:
        """What tells this source from another, to know whether a stopped run can go on."""

    def load(
        self, connection: DuckDBPyConnection, fields: Mapping[str, float], as_of: datetime
    ) -> None:
        """Make the tables ``people`` and ``events`` (see `events`), of some fields only.

        Each field comes with the days after which a record of it no longer matters; older ones,
        and those after the moment, may be left out.
        """


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
        Gets ``verdicts.parquet`` (person_id, protocol, verdict), ``marks.parquet`` (a row a
        person; for each protocol the rules failed and those unknown, as bits),
        ``criteria.parquet`` (protocol, criterion and the counts) and ``missing.parquet``
        (protocol, item and how many it could decide).
    memory
        What DuckDB may hold in memory.
    tell
        Is told of progress.
    small
        How small counts are written into the files; the result holds the exact ones.
    """
    begun = time.monotonic()
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    question = _Question(source, protocols, as_of)
    run = Run(folder, question.digest, memory)
    with run.connection() as connection:
        screening = _Screening(connection, question, folder)
        say = tell or (lambda *_: None)
        say("reading the records", 0, 1)
        try:
            run.once(connection, "read", screening.read)
        except InputError:
            run.clear()
            if is_new:
                folder.rmdir()
            raise
        parts = screening.parts()
        for number, (low, high) in enumerate(parts):
            say("judging the people", number, len(parts))
            run.once(connection, f"part {low}", partial(screening.judge, number, low, high))
        screening.join(len(parts))
        say("writing the results", len(parts), len(parts))
        _write(connection, protocols, folder)
        result = _result(connection, protocols, as_of, folder, begun, small)
    run.clear()
    return result


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of everybody."""

    source: People
    protocols: Sequence[Protocol]
    as_of: datetime

    @property
    def digest(self) -> str:
        """Tell this question from another: the source, the rules and the moment."""
        rules = [[p.id, [[r.id, r.kind, repr(r.when)] for r in p.counted]] for p in self.protocols]
        asked = json.dumps([self.source.digest, rules, self.as_of.isoformat()])
        return hashlib.sha256(asked.encode()).hexdigest()


class _Screening:
    """The steps of one run."""

    def __init__(self, connection: DuckDBPyConnection, question: _Question, folder: Path) -> None:
        self.connection = connection
        self.question = question
        self.folder = folder
        self.rules = distinct_rules(question.protocols)
        self.sources = sources_read(self.rules.values())

    def read(self) -> None:
        """Read the records of the fields that the rules need."""
        needed = longest_days(self.sources)
        self.question.source.load(self.connection, needed, self.question.as_of)
        _add_rules(self.connection, rules_of(needed))

    @cached_property
    def queries(self) -> tuple[str, str]:
        """What a case of each person of a part would answer, and the marks that follow."""
        codes = {row[0] for row in self._all("SELECT DISTINCT field FROM events")}
        recorded = [name for name, code in field_codes().items() if code in codes]
        told = fillable(self.sources, recorded)
        wide = wide_query(
            told, self.question.as_of, recorded, people="part_people", events="part_events"
        )
        judged = query(self.rules, "duckdb", "part_wide", map(Column.of, told))
        return wide, marks_query(self.question.protocols, self.rules, f"({judged}) AS judged")

    def judge(self, number: int, low: int, high: int) -> None:
        """Judge the people whose numbers lie between two, both included."""
        for table in ("people", "events"):
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE part_{table} AS "
                f"SELECT * FROM {table} WHERE person BETWEEN {low} AND {high}"
            )
        wide, marks = self.queries
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE part_wide AS {wide}")
        self.connection.execute(f"CREATE OR REPLACE TABLE marks_{number} AS {marks}")

    def join(self, parts: int) -> None:
        """Put the parts together."""
        selects = " UNION ALL ".join(f"SELECT * FROM marks_{number}" for number in range(parts))
        nobody = f"SELECT * FROM ({self.queries[1]}) WHERE FALSE"
        self.connection.execute(f"CREATE OR REPLACE VIEW marks AS {selects or nobody}")

    def parts(self) -> list[tuple[int, int]]:
        """Cut the people into parts of `PART` by their numbers."""
        numbered = "SELECT person, row_number() OVER (ORDER BY person) - 1 AS place FROM people"
        return [
            (low, high)
            for low, high in self._all(
                f"SELECT MIN(person), MAX(person) FROM ({numbered}) GROUP BY place // {PART} "
                "ORDER BY 1"
            )
        ]

    def _all(self, sql: str) -> list[tuple[int, ...]]:
        return self.connection.execute(sql).fetchall()


def _add_rules(connection: DuckDBPyConnection, rules: Iterable[Rule]) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE rules (field SMALLINT, present DOUBLE, absent DOUBLE, "
        "acute DOUBLE, chronic DOUBLE, after_onset BOOLEAN)"
    )
    rows = [[getattr(rule, name) for name in Rule.__slots__] for rule in rules]
    connection.executemany("INSERT INTO rules VALUES (?, ?, ?, ?, ?, ?)", rows)


VERDICT = (
    "CASE WHEN failing_{0} <> 0 THEN 'does-not-match' "
    "WHEN unknown_{0} <> 0 THEN 'undecided' ELSE 'matches' END"
)


def _write(connection: DuckDBPyConnection, protocols: Sequence[Protocol], folder: Path) -> None:
    """Write the two files of people, each to its side first."""
    verdicts = _per_protocol(protocols, f"{VERDICT} AS verdict")
    marks = ", ".join(
        f'CAST({mark}_{place} AS BIGINT) AS "{one.id} {mark}"'
        for place, one in enumerate(protocols)
        for mark in ("failing", "unknown")
    )
    _copy(connection, verdicts, folder / "verdicts.parquet")
    _copy(connection, f"SELECT person AS person_id, {marks} FROM marks", folder / "marks.parquet")


def _per_protocol(protocols: Sequence[Protocol], columns: str) -> str:
    return " UNION ALL ".join(
        f"SELECT person AS person_id, {_text(one.id)} AS protocol, {columns.format(place)}"
        " FROM marks"
        for place, one in enumerate(protocols)
    )


def _copy(connection: DuckDBPyConnection, sql: str, path: Path) -> None:
    aside = path.with_name(f".{path.name}.part")
    connection.execute(f"COPY ({sql}) TO {_text(str(aside))} (FORMAT parquet, COMPRESSION zstd)")
    aside.replace(path)


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _attrition(connection: DuckDBPyConnection, place: int, protocol: Protocol) -> Attrition:
    """Count one protocol: the people who share the same marks are counted once."""
    patterns = connection.execute(
        f"SELECT CAST(failing_{place} AS BIGINT) AS failing, "
        f"CAST(unknown_{place} AS BIGINT) AS unknown, COUNT(*) AS people FROM marks GROUP BY ALL"
    ).fetchnumpy()
    return tally(protocol, patterns["failing"], patterns["unknown"], patterns["people"])


def _result(
    connection: DuckDBPyConnection,
    protocols: Sequence[Protocol],
    as_of: datetime,
    folder: Path,
    begun: float,
    small: SmallCounts,
) -> PopulationResult:
    (people,) = connection.execute("SELECT COUNT(*) FROM people").fetchone() or (0,)
    found = tuple(_attrition(connection, place, one) for place, one in enumerate(protocols))
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
    columns = ", ".join(f'"{name}" BIGINT' for name in counts.values())
    connection.execute(
        f"CREATE OR REPLACE TABLE counts (protocol VARCHAR, {of} VARCHAR, {columns})"
    )
    places = ", ".join("?" * (len(counts) + 2))
    if rows:
        connection.executemany(f"INSERT INTO counts VALUES ({places})", rows)
    _copy(connection, "SELECT * FROM counts", path)
