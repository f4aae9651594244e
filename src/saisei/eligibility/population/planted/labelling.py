"""Saisei's own labels of the planted criteria, as a guess that can be scored like any other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import duckdb

from saisei.eligibility.criterion import Criterion
from saisei.eligibility.parse import parse
from saisei.eligibility.population.omop import OmopFolder
from saisei.eligibility.population.planted.gold import TRUTH, Gold
from saisei.eligibility.population.protocols import Protocol, mark_columns
from saisei.eligibility.population.run import quoted
from saisei.eligibility.population.screen import screen_population

__all__ = ["label_planted"]


def label_planted(hospital: Path, guess: Path) -> None:
    """Screen a hospital by the planted criteria, and write a label for each planted person.

    The truth is read for nothing but the numbers of the people.

    Parameters
    ----------
    hospital
        The folder that ``saisei population simulate`` wrote.
    guess
        Gets ``person_id``, ``criterion`` and ``label``.

    Raises
    ------
    OptionError
        There is no gold.
    """
    gold = Gold.read(hospital)
    rules = tuple(Criterion(one.id, "inclusion", one.id, parse(one.when)) for one in gold.criteria)
    protocol = Protocol("planted", rules)
    moment = datetime.combine(gold.day, time(12), UTC)
    aside = guess.with_name(f".{guess.name}.part")
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        screen_population(OmopFolder(hospital), [protocol], moment, Path(folder) / "out")
        marks = quoted(str(Path(folder) / "out" / "marks" / "*.parquet"))
        people = f"SELECT person_id FROM read_parquet({quoted(str(hospital / TRUTH))})"
        labels = " UNION ALL ".join(_labels(protocol, f"read_parquet({marks})"))
        connection.execute(
            f"COPY (FROM ({labels}) WHERE person_id IN ({people})) "
            f"TO {quoted(str(aside))} (FORMAT parquet, COMPRESSION zstd)"
        )
    aside.replace(guess)


def _labels(protocol: Protocol, marks: str) -> Iterator[str]:
    failing, unknown = mark_columns(protocol)
    for bit, rule in enumerate(protocol.counted):
        yield (
            f"SELECT person_id, {quoted(rule.id)} AS criterion, "
            f"CASE WHEN \"{failing}\" & {1 << bit} <> 0 THEN 'false' "
            f"WHEN \"{unknown}\" & {1 << bit} <> 0 THEN 'unknown' ELSE 'true' END AS label "
            f"FROM {marks}"
        )
