"""Labels of any system held against the planted ones.

A guess is a table with a row for each person and criterion: ``person_id``, ``criterion`` and
``label`` (true, false or unknown). Only counts come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from saisei.base.errors import OptionError, Place, Problem
from saisei.eligibility.population.planted.gold import TRUTH, Gold

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["LABELS", "Score", "Tally", "score_guess"]

LABELS = ("true", "false", "unknown")
COLUMNS = ("person_id", "criterion", "label")
FORM = "a Parquet file with person_id (whole number), criterion and label (true, false, unknown)"


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each planted label met each label of the guess.

    Parameters
    ----------
    name
        A criterion, or a reason for which something is unknown.
    counts
        By planted label and label of the guess.
    """

    name: str
    counts: Mapping[tuple[str, str], int]

    def of(self, planted: str, guessed: str) -> int:
        """How often the one met the other."""
        return self.counts.get((planted, guessed), 0)

    @property
    def total(self) -> int:
        """How many labels there are."""
        return sum(self.counts.values())

    @property
    def right(self) -> int:
        """How many labels agree."""
        return sum(self.of(label, label) for label in LABELS)


@dataclass(frozen=True, slots=True)
class Score:
    """A guess held against the gold.

    Parameters
    ----------
    people
        Of how many the truth is planted.
    criteria
        One tally a criterion, in their order.
    reasons
        One tally a reason, of what is unknown for it.
    no_but_so
        How often no was said of what is unknown from the records and so in the world.
    yes_but_not_so
        How often yes was said of what is unknown from the records and not so in the world.
    """

    people: int
    criteria: tuple[Tally, ...]
    reasons: tuple[Tally, ...]
    no_but_so: int
    yes_but_not_so: int

    @property
    def whole(self) -> Tally:
        """All criteria together."""
        pairs = [(planted, guessed) for planted in LABELS for guessed in LABELS]
        return Tally("all", {pair: sum(one.of(*pair) for one in self.criteria) for pair in pairs})


def score_guess(hospital: Path, guess: Path) -> Score:
    """Hold a guess against what was planted in a hospital.

    Parameters
    ----------
    hospital
        The folder that ``saisei population simulate`` wrote.
    guess
        The Parquet file.

    Raises
    ------
    OptionError
        There is no gold, or the guess is not a label for each person and criterion.
    """
    gold = Gold.read(hospital)
    with duckdb.connect() as connection:
        connection.from_parquet(str(hospital / TRUTH)).create_view("truth")
        _read_guess(connection, guess)
        for problem in _problems(connection, guess):
            raise OptionError(problem)
        connection.execute("CREATE TABLE met AS FROM truth JOIN guess USING (person_id, criterion)")
        return _score(connection, gold)


def _read_guess(connection: DuckDBPyConnection, guess: Path) -> None:
    if not guess.is_file():
        raise OptionError(_problem(guess, "missing", "there is no such file"))
    try:
        given = connection.from_parquet(str(guess))
        types = dict(zip(given.columns, map(str, given.types), strict=True))
        given.create_view("given")
    except duckdb.Error:
        raise OptionError(_problem(guess, "format", "this is no Parquet file")) from None
    if lacking := [name for name in COLUMNS if name not in types]:
        raise OptionError(_problem(guess, "column", f"there is no column `{lacking[0]}`"))
    if not types["person_id"].lstrip("U").endswith(("INT", "INTEGER")):
        raise OptionError(_problem(guess, "type", "`person_id` holds no whole numbers"))
    connection.execute(
        "CREATE TABLE guess AS SELECT CAST(person_id AS BIGINT) AS person_id, "
        "CAST(criterion AS VARCHAR) AS criterion, CAST(label AS VARCHAR) AS label FROM given"
    )


def _problem(guess: Path, code: str, found: str, expected: str = FORM) -> Problem:
    step = "Write one row for each person and criterion of gold/criteria.yaml"
    return Problem(code, found, expected, step, Place(str(guess)))


CHECKS: Mapping[str, tuple[str, str]] = {
    "label": (
        "rows have a label that is none of true, false and unknown",
        f"SELECT COUNT(*) FROM guess WHERE label IS NULL OR label NOT IN {LABELS}",
    ),
    "criterion": (
        "rows name a criterion that is not in gold/criteria.yaml",
        (
            "SELECT COUNT(*) FROM guess WHERE criterion IS NULL "
            "OR criterion NOT IN (SELECT criterion FROM truth)"
        ),
    ),
    "person": (
        "rows name a person of whom nothing is planted",
        (
            "SELECT COUNT(*) FROM guess WHERE person_id IS NULL "
            "OR person_id NOT IN (SELECT person_id FROM truth)"
        ),
    ),
    "twice": (
        "rows give a second label to the same person and criterion",
        "SELECT COUNT(*) - COUNT(DISTINCT (person_id, criterion)) FROM guess",
    ),
    "missing": (
        "labels are missing",
        "SELECT COUNT(*) FROM truth ANTI JOIN guess USING (person_id, criterion)",
    ),
}


def _problems(connection: DuckDBPyConnection, guess: Path) -> Iterator[Problem]:
    """Give what is wrong with the rows, in counts."""
    for code, (found, sql) in CHECKS.items():
        row = connection.execute(sql).fetchone()
        if row and row[0]:
            yield _problem(guess, code, f"{row[0]:,} {found}", "a label for each of them, once")


def _score(connection: DuckDBPyConnection, gold: Gold) -> Score:
    criteria = _tallies(connection, "criterion", "TRUE")
    by_reason = _tallies(connection, "reason", "recorded = 'unknown'")
    wrong = connection.execute(
        "SELECT COUNT(*) FILTER (label = 'false' AND world), "
        "COUNT(*) FILTER (label = 'true' AND NOT world) FROM met "
        "WHERE recorded = 'unknown'"
    ).fetchone()
    people = connection.execute("SELECT COUNT(DISTINCT person_id) FROM met").fetchone()
    no_but_so, yes_but_not_so = wrong or (0, 0)
    return Score(
        int(people[0]) if people else 0,
        tuple(Tally(one.id, criteria[one.id]) for one in gold.criteria),
        tuple(Tally(name, by_reason[name]) for name in gold.reasons if name in by_reason),
        int(no_but_so),
        int(yes_but_not_so),
    )


def _tallies(
    connection: DuckDBPyConnection, by: str, condition: str
) -> dict[str, dict[tuple[str, str], int]]:
    found: dict[str, dict[tuple[str, str], int]] = {}
    rows = connection.execute(
        f"SELECT {by}, recorded, label, COUNT(*) FROM met WHERE {condition} GROUP BY ALL"
    ).fetchall()
    for name, planted, guessed, count in rows:
        found.setdefault(name, {})[planted, guessed] = int(count)
    return found
