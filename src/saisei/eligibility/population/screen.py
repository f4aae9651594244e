"""A population held against protocols: verdicts, what each rule costs, and which facts are missing.

    events, people  ->  what a case would answer  ->  rules  ->  marks  ->  files

Everything happens in DuckDB, in one database file beside the results, within a limit of memory;
nothing about a person is printed or logged. People are judged in parts, so that memory does not
grow with their number. A run that was stopped goes on with the part that it had not finished, if it
is asked the same question.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saisei.base.errors import InputError
from saisei.eligibility.population.protocols import Protocol, mark_columns
from saisei.eligibility.population.run import Run, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

from saisei.eligibility.population.judging import People, Question, Screening

__all__ = ["Attrition", "People", "PopulationResult", "RuleCount", "screen_population"]

MEMORY = "2GB"
"""What DuckDB may hold in memory; beyond it, it uses the disk."""


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule comes to over all people, and how many failed only this one."""

    rule: str
    met: int
    not_met: int
    unknown: int
    only_failed: int
    only_unknown: int
    left: int
    """How many nobody has ruled out once this rule and all before it were applied."""


@dataclass(frozen=True, slots=True)
class Attrition:
    """One protocol over all people."""

    protocol: str
    matches: int
    undecided: int
    does_not_match: int
    rules: tuple[RuleCount, ...]


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
        (protocol, criterion and the counts) and a folder ``marks`` of Parquet files (a row a
        person; for each protocol the rules failed and those unknown, as bits).
    memory
        What DuckDB may hold in memory.
    tell
        Is told of progress.
    """
    begun = time.monotonic()
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    question = Question(source, protocols, as_of)
    run = Run(folder, question.digest, memory)
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
        parts = screening.parts()
        say("judging the people", 0, len(parts))
        for done in screening.judge_all(parts):
            say("judging the people", done, len(parts))
        screening.join(len(parts))
        say("writing the results", len(parts), len(parts))
        _write(connection, protocols, folder)
        result = _result(connection, protocols, as_of, folder, begun)
    run.keep_marks(folder)
    run.clear()
    return result


VERDICTS = ("matches", "undecided", "does-not-match")
VERDICT = (
    "CASE WHEN \"{0}\" <> 0 THEN 'does-not-match'::verdict "
    "WHEN \"{1}\" <> 0 THEN 'undecided'::verdict ELSE 'matches'::verdict END"
)


def _write(connection: DuckDBPyConnection, protocols: Sequence[Protocol], folder: Path) -> None:
    """Write the verdict on each person by each protocol."""
    _add_words(connection, "verdict", VERDICTS)
    _add_words(connection, "protocol", [one.id for one in protocols])
    _copy(connection, _verdicts(protocols), folder / "verdicts.parquet")


def _add_words(connection: DuckDBPyConnection, name: str, words: Iterable[str]) -> None:
    """Make a type of some words, which are written as numbers with a list of words beside them."""
    connection.execute(f"DROP TYPE IF EXISTS {name}")
    connection.execute(f"CREATE TYPE {name} AS ENUM ({', '.join(map(quoted, words))})")


def _verdicts(protocols: Sequence[Protocol]) -> str:
    return " UNION ALL ".join(
        f"SELECT person_id, {quoted(one.id)}::protocol AS protocol, "
        f"{VERDICT.format(*mark_columns(one))} AS verdict FROM marks"
        for one in protocols
    )


def _copy(connection: DuckDBPyConnection, sql: str, path: Path) -> None:
    aside = path.with_name(f".{path.name}.part")
    how = "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2"
    connection.execute(f"COPY ({sql}) TO {quoted(str(aside))} ({how})")
    aside.replace(path)


def _attrition(connection: DuckDBPyConnection, protocol: Protocol) -> Attrition:
    """Count one protocol: the people who share the same marks are counted once."""
    failing, unknown = mark_columns(protocol)
    patterns: list[tuple[int, int, int]] = connection.execute(
        f'SELECT "{failing}", "{unknown}", COUNT(*) FROM marks GROUP BY ALL'
    ).fetchall()
    rules = tuple(_rule_count(rule.id, bit, patterns) for bit, rule in enumerate(protocol.counted))
    return Attrition(
        protocol.id,
        matches=sum(n for failing, open_, n in patterns if not failing and not open_),
        undecided=sum(n for failing, open_, n in patterns if not failing and open_),
        does_not_match=sum(n for failing, _, n in patterns if failing),
        rules=rules,
    )


def _rule_count(rule: str, bit: int, patterns: Iterable[tuple[int, int, int]]) -> RuleCount:
    one, before = 1 << bit, (1 << (bit + 1)) - 1
    counts = dict.fromkeys(("met", "not_met", "unknown", "only_failed", "only_unknown", "left"), 0)
    for failing, unknown, people in patterns:
        state = "not_met" if failing & one else "unknown" if unknown & one else "met"
        counts[state] += people
        counts["only_failed"] += people if failing == one else 0
        counts["only_unknown"] += people if not failing and unknown == one else 0
        counts["left"] += people if not failing & before else 0
    return RuleCount(rule, **counts)


def _result(
    connection: DuckDBPyConnection,
    protocols: Sequence[Protocol],
    as_of: datetime,
    folder: Path,
    begun: float,
) -> PopulationResult:
    (people,) = connection.execute("SELECT COUNT(*) FROM people").fetchone() or (0,)
    found = tuple(_attrition(connection, one) for one in protocols)
    _write_counts(connection, found, folder)
    return PopulationResult(people, as_of, found, time.monotonic() - begun)


COUNTS = {"met": "true", "not_met": "false", "unknown": "unknown", "only_failed": "only_failed"}
"""The counts of a rule, and what they are called in the file."""
MORE_COUNTS = ("only_unknown", "left")


def _write_counts(connection: DuckDBPyConnection, found: Iterable[Attrition], folder: Path) -> None:
    counted = [(one.protocol, rule) for one in found for rule in one.rules]
    columns: dict[str, list[Any]] = {
        "protocol": [protocol for protocol, _ in counted],
        "criterion": [rule.rule for _, rule in counted],
    }
    for name in (*COUNTS, *MORE_COUNTS):
        columns[COUNTS.get(name, name)] = [getattr(rule, name) for _, rule in counted]
    connection.register("counts", pa.table(columns))
    _copy(connection, "SELECT * FROM counts", folder / "criteria.parquet")
