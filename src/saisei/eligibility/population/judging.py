"""The people of a source held against protocols, part by part: records, answers, rules, marks."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Protocol as Interface

import pyarrow as pa
import pyarrow.parquet as pq

from saisei.base.errors import CaseError, Place, Problem
from saisei.base.store import data_digest
from saisei.cases import Answer
from saisei.eligibility.columns import Column, sources_read
from saisei.eligibility.compiled import query
from saisei.eligibility.evaluate import evaluate
from saisei.eligibility.population.events import field_codes
from saisei.eligibility.population.marks import marks_table
from saisei.eligibility.population.needed import Rule, fillable, longest_days, rules_of
from saisei.eligibility.population.newest import newest_records
from saisei.eligibility.population.protocols import Protocol, distinct_rules
from saisei.eligibility.population.read import Read
from saisei.eligibility.population.refusals import reading_records
from saisei.eligibility.population.run import Run, quoted
from saisei.eligibility.population.wide import counting_query, newest_columns, wide_query
from saisei.eligibility.tree import Source, field_of
from saisei.vocabulary import Truth

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["People", "Question", "Screening"]

PART = 125_000
"""How many people are judged at a time."""
AT_ONCE = min(os.cpu_count() or 1, 4)
"""How many parts are judged side by side; each works alone, which wastes nothing on sharing."""


class People(Interface):
    """Where records of people come from, and what became of them once they were read."""

    read: Read

    @property
    def name(self) -> str:
        """What the source is called in messages: never with a password."""

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
class Question:
    """What is asked of everybody."""

    source: People
    protocols: Sequence[Protocol]
    as_of: datetime

    @property
    def digest(self) -> str:
        """Tell this question from another: the source, the rules, the moment, the codes."""
        rules = [[p.id, [[r.id, r.kind, repr(r.when)] for r in p.counted]] for p in self.protocols]
        asked = json.dumps([self.source.digest, rules, self.as_of.isoformat(), data_digest()])
        return hashlib.sha256(asked.encode()).hexdigest()


class Screening:
    """The steps of one run."""

    def __init__(self, run: Run, connection: DuckDBPyConnection, question: Question) -> None:
        self.run = run
        self.connection = connection
        self.question = question
        self.rules = distinct_rules(question.protocols)
        self.sources = sources_read(self.rules.values())

    def read(self) -> None:
        """Read the records of the fields that the rules need."""
        needed = longest_days(self.sources)
        source = self.question.source
        with reading_records(source.name, self.run.folder):
            source.load(self.connection, needed, self.question.as_of)
        self._check_people()
        _add_rules(self.connection, rules_of(needed))
        self.run.note(self.connection, source.read.to_json())

    def recall(self) -> None:
        """Tell the source what became of its rows, which a run before this one may have read."""
        self.question.source.read = Read.from_json(self.run.noted(self.connection))

    def _check_people(self) -> None:
        """Refuse people who cannot be told apart: each would be judged with another's records."""
        counted = "SELECT COUNT(*), COUNT(person), COUNT(DISTINCT person) FROM people"
        ((rows, numbered, people),) = self._all(counted)
        if rows == people:
            return
        found = f"{rows - numbered:,} people have no number"
        if rows == numbered:
            found = f"{rows - people:,} rows repeat the number of a person"
        place = Place(self.question.source.name)
        raise CaseError(Problem("person", found, "one row a person, each with a number", "", place))

    @cached_property
    def recorded(self) -> list[str]:
        """The fields that anybody has a record of."""
        codes = {row[0] for row in self._all("SELECT DISTINCT field FROM events")}
        return [name for name, code in field_codes().items() if code in codes]

    @cached_property
    def told(self) -> tuple[Source, ...]:
        """What the rules look up and the records can tell anything of."""
        return fillable(self.sources, self.recorded)

    @cached_property
    def settled(self) -> dict[str, Truth]:
        """The rules of which the records tell nothing, and what each comes to, for everybody."""
        told = frozenset(self.told)
        return {
            name: evaluate(rule, _nothing).truth
            for name, rule in self.rules.items()
            if told.isdisjoint(sources_read([rule]))
        }

    @cached_property
    def judging(self) -> str:
        """The query that judges every rule of the people of a part."""
        people, events, records = "part_people", "part_events", "part_records"
        tables = {"people": people, "events": events, "records": records}
        wide = wide_query(self.told, self.question.as_of, self.recorded, **tables)
        open_ = {name: rule for name, rule in self.rules.items() if name not in self.settled}
        judged = query(open_, "duckdb", "part_wide", map(Column.of, self.told))
        return f"WITH part_wide AS ({wide}) {judged}"

    def judge_all(self, parts: Sequence[tuple[int, int]]) -> Iterator[int]:
        """Judge the parts side by side, and tell after each how many are done."""
        judging = self.judging
        self.connection.execute("SET threads = 1")
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            work = [
                pool.submit(self._judge_once, judging, n, *ends) for n, ends in enumerate(parts)
            ]
            for done, part in enumerate(as_completed(work), start=1):
                part.result()
                yield done
        finally:
            pool.shutdown(cancel_futures=True)
            self.connection.execute("RESET threads")

    def _judge_once(self, judging: str, number: int, low: int, high: int) -> None:
        """Judge a part unless it is done, in a connection of its own."""
        with self.connection.cursor() as connection:
            judge = partial(self.judge, connection, judging, number, low, high)
            self.run.once(connection, f"part {low}", judge, self._file(number))

    def judge(
        self, connection: DuckDBPyConnection, judging: str, number: int, low: int, high: int
    ) -> None:
        """Judge the people whose numbers lie between two, both included."""
        for table in ("people", "events"):
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW part_{table} AS "
                f"SELECT * FROM {table} WHERE person BETWEEN {low} AND {high}"
            )
        connection.register("part_records", self._newest(connection))
        judged = connection.execute(judging).to_arrow_table()
        marks = marks_table(self.question.protocols, self.rules, judged, self.settled)
        pq.write_table(marks, self._file(number), compression="zstd")

    def _newest(self, connection: DuckDBPyConnection) -> pa.Table:
        """Give the newest records of the people of a part."""
        counting = counting_query(self.question.as_of, events="part_events")
        people, records = (
            {name: found[name].to_numpy() for name in found.column_names}
            for sql in ("SELECT person FROM part_people ORDER BY person", counting)
            for found in [connection.execute(sql).to_arrow_table()]
        )
        return newest_records(people["person"], records, newest_columns(self.told, self.recorded))

    def join(self, parts: int) -> None:
        """Put the parts together."""
        listed = ", ".join(quoted(str(self._file(number))) for number in range(parts))
        self.connection.execute(f"CREATE OR REPLACE VIEW marks AS FROM read_parquet([{listed}])")

    def _file(self, number: int) -> Path:
        """Give where the marks of a part stand."""
        return self.run.marks / f"part-{number:04}.parquet"

    def parts(self) -> list[tuple[int, int]]:
        """Cut the people into parts of `PART` by their numbers; nobody is one empty part."""
        numbered = "SELECT person, row_number() OVER (ORDER BY person) - 1 AS place FROM people"
        parts = self._all(
            f"SELECT MIN(person), MAX(person) FROM ({numbered}) GROUP BY place // {PART} ORDER BY 1"
        )
        return [(low, high) for low, high in parts] or [(0, -1)]

    def _all(self, sql: str) -> list[tuple[int, ...]]:
        return self.connection.execute(sql).fetchall()


def _nothing(source: Source) -> Answer:
    """Answer as a case does of which nothing is known."""
    return Answer(field_of(source), "missing")


def _add_rules(connection: DuckDBPyConnection, rules: Iterable[Rule]) -> None:
    rows = [{name: getattr(rule, name) for name in Rule.__slots__} for rule in rules]
    connection.register("rule_rows", pa.Table.from_pylist(rows, RULES))
    connection.execute("CREATE OR REPLACE TABLE rules AS FROM rule_rows")


RULES = pa.schema(
    [
        ("field", pa.int16()),
        *((name, pa.float64()) for name in ("present", "absent", "acute", "chronic")),
        ("after_onset", pa.bool_()),
    ]
)
