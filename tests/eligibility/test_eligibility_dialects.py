"""DuckDB's words in Spark's: what is written, and that both engines answer the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest

from eligibility.sparks import leaves_open, spark_session
from saisei.eligibility.population.dialects import spark_sql

pytestmark = leaves_open

WRITTEN = {
    "SELECT found[3].low FROM t": "SELECT TRY_ELEMENT_AT(found, 3).low FROM t",
    "SELECT found['a'], found[-1] FROM t": (
        "SELECT TRY_ELEMENT_AT(found, 'a'), TRY_ELEMENT_AT(found, -1) FROM t"
    ),
    "SELECT MAX(a) FILTER (WHERE b > 1.5) OVER (PARTITION BY c) FROM t": (
        "SELECT MAX(CASE WHEN b > 1.5e0 THEN a END) OVER (PARTITION BY c) FROM t"
    ),
    "SELECT COUNT(*) FILTER (WHERE b) OVER (PARTITION BY c) FROM t": (
        "SELECT COUNT(CASE WHEN b THEN 1 END) OVER (PARTITION BY c) FROM t"
    ),
    "SELECT MAX(a) FILTER (WHERE b) FROM t": "SELECT MAX(a) FILTER(WHERE b) FROM t",
    "SELECT a / 86400.0, '1.5', 1e18 FROM t": "SELECT a / 86400.0e0, '1.5', 1e18 FROM t",
    "SELECT (a, b) > (1, 2) FROM t": "SELECT (a > 1 OR (a = 1 AND b > 2)) FROM t",
    "SELECT CAST(epoch(d) AS BIGINT) FROM t": (
        "SELECT CAST(RINT((UNIX_MICROS(CAST(d AS TIMESTAMP)) / 1e6)) AS BIGINT) FROM t"
    ),
    "SELECT a // 7, a % 7 FROM t": "SELECT a DIV 7, a % 7 FROM t",
    "SELECT x.a FROM omop.person AS x": "SELECT x.a FROM omop__person AS x",
    "SELECT * EXCLUDE (a) FROM read_parquet('/h/person.parquet')": (
        "SELECT * EXCEPT (a) FROM parquet.`/h/person.parquet`"
    ),
}


@pytest.mark.parametrize(("duck", "spark"), WRITTEN.items(), ids=range(len(WRITTEN)))
def test_what_is_written(duck: str, spark: str) -> None:
    assert spark_sql(duck) == spark


VALUES = """
SELECT * FROM (VALUES
    (1, 10, -7, 0.5::DOUBLE, NULL::DOUBLE, DATE '1903-02-28', TRUE),
    (2, 10, 7, '-infinity'::DOUBLE, 2.5::DOUBLE, DATE '2024-02-29', FALSE),
    (3, 20, 0, '-infinity'::DOUBLE, '-infinity'::DOUBLE, NULL, NULL),
    (4, 20, NULL, 3.25::DOUBLE, 'infinity'::DOUBLE, DATE '1970-01-01', TRUE)
) AS t(person, part, n, x, y, d, b)
"""
ALIKE = (
    "LEAST(x, y)",
    "LEAST(NULL, x, y)",
    "GREATEST(x, y)",
    "COALESCE(y, x)",
    "CASE WHEN y > x THEN 1 ELSE 0 END",
    "x = '-infinity'::DOUBLE",
    "x > '-infinity'::DOUBLE",
    "(100 - x) / 86400.0",
    "n / 86400.0 * 24",
    "n / 2",
    "n // 2",
    "n % 3",
    "(n::BIGINT + 62162035200) // 86400",
    "CAST(FLOOR(n / 2.0) AS BIGINT)",
    "CAST(n / 2 AS BIGINT)",
    "CAST(n AS DOUBLE) + 1.5",
    "NOT b",
    "b AND n > 0",
    "b OR n > 0",
    "x NOTNULL",
    "x BETWEEN COALESCE(y, '-infinity'::DOUBLE) AND 1e300",
    "(part, person) > (10, 2)",
    "CAST(epoch(d) AS BIGINT)",
    "epoch(d)::DOUBLE + 86399",
    "d <= CAST(to_timestamp(951782400) AT TIME ZONE 'UTC' AS DATE)",
    "epoch(make_date(2000 + n, 2, 1))",
    "epoch(last_day(d))",
    "epoch(d - 30)",
    "ABS(n - 1.5)",
    "TRY_CAST('2024-13-01' AS DATE)",
    "CAST(x > 0 AS SMALLINT)",
    "MAX(x) FILTER (WHERE b) OVER (PARTITION BY part)",
    "MIN(y) OVER (PARTITION BY part)",
    "SUM(n) OVER (PARTITION BY part ORDER BY person)",
    "n - LAG(n) OVER (PARTITION BY part ORDER BY person)",
    "ROW_NUMBER() OVER (PARTITION BY part ORDER BY person DESC)",
)
GROUPED = (
    "MAX(x)",
    "MIN(y)",
    "SUM(n)",
    "BOOL_OR(b)",
    "BOOL_OR(n > 100)",
    "BIT_OR(person) FILTER (WHERE person > 1)",
    "ARG_MAX(x, d)",
    "ANY_VALUE(part)",
    "SUM(GREATEST(n, 0.0))",
    "MIN(person) FILTER (n NOT IN (SELECT n FROM t WHERE n < 0))",
    "COUNT(*) FILTER (WHERE x > 0)",
    "MAX(x) FILTER (WHERE n = 7)",
    "COUNT(*) FILTER (n IN (SELECT n FROM t WHERE b))",
    "map_from_entries(list(struct_pack(key := person, value := struct_pack(low := x))))[2].low",
    "map_from_entries(list(struct_pack(key := person, value := struct_pack(low := x))))[9].low",
)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    with spark_session() as session:
        session.sql(spark_sql(VALUES)).createOrReplaceTempView("t")
        yield session


def differing(spark: Any, asked: Sequence[str], by: str, rest: str) -> dict[str, list[Any]]:
    """Give the expressions to which the engines answer differently, and both answers."""
    made = ", ".join(f"{sql} AS answer_{i}" for i, sql in enumerate(asked))
    sql = f"SELECT {by}, {made} FROM t {rest} ORDER BY 1"  # noqa: S608 - the words above
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS {VALUES}")
        told = connection.execute(sql).fetchall()
    found = [tuple(row) for row in spark.sql(spark_sql(sql)).collect()]
    assert len(found) == len(told)
    pairs = {
        sql: [(one[place], other[place]) for one, other in zip(found, told, strict=True)]
        for place, sql in enumerate(asked, start=1)
    }
    return {sql: both for sql, both in pairs.items() if any(one != other for one, other in both)}


def test_expressions_mean_the_same(spark: Any) -> None:
    assert differing(spark, ALIKE, "person", "") == {}


def test_the_newest_row_of_each_part(spark: Any) -> None:
    """A condition on a window, and a query that begins with its table."""
    newest = "QUALIFY ROW_NUMBER() OVER (PARTITION BY part ORDER BY person DESC) = 1"
    assert differing(spark, ["n", "d"], "part", newest) == {}
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS {VALUES}")
        (told,) = connection.execute("FROM t WHERE n > 0").fetchall()
    assert [told] == [tuple(row) for row in spark.sql(spark_sql("FROM t WHERE n > 0")).collect()]


def test_aggregates_mean_the_same(spark: Any) -> None:
    assert differing(spark, GROUPED, "part", "GROUP BY ALL") == {}
