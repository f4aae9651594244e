"""The plain reading and the query engines agree, value by value, on random rules and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eligibility.drawn import SOURCES, Person, draw_person, draw_rule, lookup_in
from eligibility.servers import postgres, program
from eligibility.sparks import spark_session
from eligibility.test_eligibility_tables import CASES, PEOPLE, RESULTS, case_with, meant
from saisei.cases import Answer
from saisei.eligibility import Expression, Lookup, by_field, evaluate, lookup_of, parse
from saisei.eligibility.columns import Column, columns_of, row_of
from saisei.eligibility.compiled import query
from saisei.vocabulary import Truth

COLUMNS = tuple(Column.of(source) for source in SOURCES)
TYPES = {"flag": pa.bool_(), "number": pa.float64(), "word": pa.int16(), "list": pa.int64()}
MEANT = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


def table_of(people: list[Person]) -> pa.Table:
    rows = [{"person": i} | row_of(COLUMNS, lookup_in(p)) for i, p in enumerate(people)]
    return pa.Table.from_pylist(rows, schema=schema_of(COLUMNS))


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    cells = [(name, TYPES[column.kind]) for column in columns for name in column.names]
    return pa.schema([("person", pa.int64()), *cells])


Rules = dict[str, Expression]
Found = dict[str, list[Truth]]


def drawn(seed: int) -> tuple[Rules, list[Person]]:
    """Draw 40 rules and 60 people."""
    random = Random(seed)  # noqa: S311 - what is tried, not a secret
    rules = {f"rule_{i}": draw_rule(random) for i in range(40)}
    return rules, [draw_person(random) for _ in range(60)]


def by_hand(rules: Rules, people: list[Person]) -> Found:
    return {
        name: [evaluate(rule, lookup_in(person)).truth for person in people]
        for name, rule in rules.items()
    }


def in_duckdb(rules: Rules, people: pa.Table, _: Iterable[Column]) -> Found:
    with duckdb.connect() as connection:
        connection.register("people", people)
        found = connection.sql(query(rules, "duckdb") + " ORDER BY 1").to_arrow_table()
    return {name: [MEANT[value] for value in found[name].to_pylist()] for name in rules}


SQL_TYPES = {"flag": "boolean", "number": "float8", "word": "int2", "list": "int8"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as where:
        yield where


def in_postgres(rules: Rules, people: pa.Table, columns: Iterable[Column], where: str) -> Found:
    typed = ", ".join(f"{name} {SQL_TYPES[c.kind]}" for c in columns for name in c.names)
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS people")
        connection.execute(f"CREATE TABLE people (person int8, {typed})".encode())
        with connection.cursor().copy("COPY people FROM STDIN") as copy:
            for row in people.to_pylist():
                copy.write_row(tuple(row.values()))
        found = connection.execute((query(rules, "postgres") + " ORDER BY 1").encode()).fetchall()
    return {name: [MEANT[row[i + 1]] for row in found] for i, name in enumerate(rules)}


@pytest.mark.parametrize("seed", range(1, 3))
@pytest.mark.skipif(program("initdb") is None, reason="PostgreSQL is not installed here")
def test_postgres_agrees(seed: int, server: str) -> None:
    """Twice 2,400 pairs, on a real server."""
    rules, people = drawn(seed)
    assert in_postgres(rules, table_of(people), COLUMNS, server) == by_hand(rules, people)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session() as session:
        yield session


def in_spark(
    rules: Rules, people: pa.Table, _: Iterable[Column], session: Any, folder: Path
) -> Found:
    pq.write_table(people, folder / "people.parquet")
    session.read.parquet(str(folder / "people.parquet")).createOrReplaceTempView("people")
    found = session.sql(query(rules, "pyspark") + " ORDER BY 1").collect()
    return {name: [MEANT[row[name]] for row in found] for name in rules}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # PySpark leaves its own socket open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", range(3, 5))
def test_spark_agrees(seed: int, spark: Any, tmp_path: Path) -> None:
    """Twice 2,400 pairs, on a real session."""
    rules, people = drawn(seed)
    found = in_spark(rules, table_of(people), COLUMNS, spark, tmp_path)
    assert found == by_hand(rules, people)


@pytest.mark.parametrize("seed", range(10))
def test_duckdb_agrees(seed: int) -> None:
    """Ten times 40 rules by 60 people: 24,000 pairs."""
    rules, people = drawn(seed)
    assert in_duckdb(rules, table_of(people), COLUMNS) == by_hand(rules, people)


Engine = Callable[[Rules, pa.Table, Iterable[Column]], Found]


def check_the_tables_of_the_page(engine: Engine) -> None:
    """Hold each row of docs/criteria.md against an engine, with a person who has just that."""
    asked: list[tuple[str, Lookup, str]] = [
        (rule, by_field(partial(of_table, person)), said) for person, rule, said in PEOPLE
    ]
    asked += [(rule, lookup_of(case_with(f, cell)), said) for f, cell, rule, said in CASES]
    rules = {rule: parse(rule) for rule, _, _ in asked}
    names = {rule: f"rule_{i}" for i, rule in enumerate(rules)}
    columns = columns_of(rules.values())
    rows = [{"person": i} | row_of(columns, lookup) for i, (_, lookup, _) in enumerate(asked)]
    people = pa.Table.from_pylist(rows, schema=schema_of(columns))
    found = engine({names[rule]: one for rule, one in rules.items()}, people, columns)
    for i, (rule, _, said) in enumerate(asked):
        assert found[names[rule]][i].name == RESULTS[said], (rule, i)


def test_duckdb_reads_the_tables_of_the_page() -> None:
    check_the_tables_of_the_page(in_duckdb)


@pytest.mark.skipif(program("initdb") is None, reason="PostgreSQL is not installed here")
def test_postgres_reads_the_tables_of_the_page(server: str) -> None:
    check_the_tables_of_the_page(partial(in_postgres, where=server))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # PySpark leaves its own socket open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_spark_reads_the_tables_of_the_page(spark: Any, tmp_path: Path) -> None:
    check_the_tables_of_the_page(partial(in_spark, session=spark, folder=tmp_path))


def of_table(person: dict[str, str], field: str) -> Answer:
    return meant(field, person[field]) if field in person else Answer(field, "missing")


def test_what_is_drawn_has_every_truth_value_in_plenty() -> None:
    found = [truth for one in by_hand(*drawn(0)).values() for truth in one]
    assert min(found.count(truth) for truth in Truth) > len(found) / 10
