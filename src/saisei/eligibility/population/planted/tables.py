"""The rows of planted people, as queries over a few small tables.

For each person and topic one situation is drawn; all that follows is looked up. Nothing here knows
the language of criteria.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saisei.cases.codes import Code
from saisei.eligibility.population.omop.tables import write_rows
from saisei.eligibility.population.planted.reading import (
    Row,
    planted_criteria,
    situations,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["TABLES", "WORLD", "Planting", "reserved_codes"]

TABLES: Mapping[str, str] = {
    "Observation": "measurement",
    "Condition": "condition_occurrence",
    "Procedure": "procedure_occurrence",
    "Medication": "drug_exposure",
}
"""Which table a row of each kind of code goes into; a coded answer goes into `observation`."""
SEXES = {"male": 8507, "female": 8532, "unknown": 0}
SITUATION, DAY, YEARS, WORLD, VALUE = -100_000, -200_000, -300_000, -400_000, -1_000_000
"""Where the numbers of the draws begin."""
INT, NUMBER, TEXT = "INTEGER", "DOUBLE", "VARCHAR"
ROWS = {
    **dict.fromkeys(("situation", "topic", "place"), INT),
    **dict.fromkeys(("into_table", "known"), TEXT),
    **dict.fromkeys(("concept", "unit", "answer", "gender"), INT),
    **dict.fromkeys(("ago_low", "ago_high", "ended_low", "ended_high"), INT),
    **dict.fromkeys(("years_low", "years_high"), INT),
    **dict.fromkeys(("low", "high", "step"), NUMBER),
}


@dataclass(frozen=True, slots=True)
class Planting:
    """How many people are planted, and the numbers of the concepts that their rows use.

    Parameters
    ----------
    people
        The persons 1 to this one are planted.
    concepts
        The concept of each code (``LOINC 2160-0``).
    units
        The concept of each unit.
    answers
        The concepts of ``positive`` and ``negative``; any other answer has none.
    tables
        The table of each code.
    """

    people: int
    concepts: Mapping[str, int]
    units: Mapping[str, int]
    answers: Mapping[str, int]
    tables: Mapping[str, str]

    def prepare(self, connection: DuckDBPyConnection) -> None:
        """Make the small tables, ``picks`` (who is in which situation) and the view ``placed``.

        They need the table ``people``, the macro ``u`` and the variable ``today``.
        """
        names = list(dict.fromkeys(one.topic for one in situations()))
        rows = list(_situations(names))
        columns = {"situation": INT, "topic": INT, "name": TEXT, "low": NUMBER, "high": NUMBER}
        write_rows(connection, "plant_situations", columns, rows)
        write_rows(connection, "plant_rows", ROWS, list(self._rows(names)))
        write_rows(connection, "plant_labels", LABELS, list(_labels()))
        connection.execute(
            "CREATE TABLE picks AS SELECT d.person, s.situation FROM (SELECT person, topic, "
            f"u(person, {SITUATION} - topic) AS drawn FROM people, "
            f"(SELECT DISTINCT topic FROM plant_situations) WHERE person <= {int(self.people)}) d "
            "JOIN plant_situations s ON s.topic = d.topic AND drawn >= s.low AND drawn < s.high"
        )
        connection.execute(
            f"CREATE VIEW placed AS SELECT p.person, r.*, {_day('ago')} AS day, "
            f"{_day('ended')} AS ended, {_between('years', f'{YEARS} - r.topic')} AS years, "
            f"round(r.low + floor(u(p.person, {VALUE} - r.topic * 100 - r.place) "
            "* ((r.high - r.low) / r.step + 1)) * r.step, 6) AS value "
            "FROM picks p JOIN plant_rows r USING (situation)"
        )

    def _rows(self, names: list[str]) -> Iterator[list[Any]]:
        for number, one in enumerate(situations()):
            for place, row in enumerate(one.rows):
                yield [number, names.index(one.topic), place, *self._row(row)]

    def _row(self, row: Row) -> list[Any]:
        into = self.tables.get(row.code, "person")
        into = "observation" if row.answer else into
        return [
            into, row.known or None,
            self.concepts.get(row.code), self.units.get(row.unit, 0),
            self.answers.get(row.answer, 0), SEXES.get(row.sex),
            *row.ago, *(row.ended or (None, None)), *(row.years or (None, None)),
            *(row.value or (None, None, None)),
        ]  # fmt: skip

    @staticmethod
    def persons() -> str:
        """Write the planted rows of `person`."""
        born = "CAST(b.day - to_years(CAST(b.years AS INTEGER)) AS DATE)"
        return (
            f"SELECT s.person AS person_id, s.gender, year({born}), "
            f"CASE WHEN b.known <> 'year' THEN month({born}) END, "
            f"CASE WHEN b.known = 'day' THEN day({born}) END FROM placed s "
            "JOIN placed b ON b.person = s.person WHERE s.gender NOTNULL AND b.known NOTNULL"
        )

    @staticmethod
    def rows(table: str, columns: str) -> str:
        """Write the planted rows of a table; `columns` are chosen from those of ``placed``."""
        return f"SELECT {columns} FROM placed WHERE into_table = '{table}'"


LABELS = {"situation": INT, "number": INT, "criterion": TEXT, "recorded": TEXT, "reason": TEXT}
LABELS |= {"share": NUMBER}


def reserved_codes(codes: Iterable[Code]) -> set[str]:
    """Name every code that fills what a planted one fills: planted people get no others of them."""
    known = {f"{one.system} {one.code}": one for one in codes}
    used = {row.code for one in situations() for row in one.rows if row.code}
    filled = {fill.field for name in used for fill in known[name].fills}
    return {
        name
        for name, one in known.items()
        if one.event or filled & {fill.field for fill in one.fills}
    }


def _situations(names: list[str]) -> Iterator[list[Any]]:
    """Give each situation the stretch of a draw between 0 and 1 that leads to it."""
    totals: dict[str, float] = {}
    for one in situations():
        totals[one.topic] = totals.get(one.topic, 0.0) + one.weight
    so_far = dict.fromkeys(totals, 0.0)
    for number, one in enumerate(situations()):
        low = so_far[one.topic]
        so_far[one.topic] += one.weight
        ends = (low / totals[one.topic], so_far[one.topic] / totals[one.topic])
        yield [number, names.index(one.topic), f"{one.topic}/{one.id}", *ends]


def _labels() -> Iterator[list[Any]]:
    order = {criterion.id: at for at, criterion in enumerate(planted_criteria())}
    for number, one in enumerate(situations()):
        for name, label in one.labels.items():
            yield [number, order[name], name, label.recorded, label.reason, label.share]


def _between(name: str, draw: str) -> str:
    spread = f"floor(u(p.person, {draw}) * (r.{name}_high - r.{name}_low + 1))"
    return f"r.{name}_low + CAST({spread} AS INTEGER)"


def _day(name: str) -> str:
    """Write a day; one draw serves all rows of a topic."""
    return f"getvariable('today') - ({_between(name, f'{DAY} - r.topic')})"
