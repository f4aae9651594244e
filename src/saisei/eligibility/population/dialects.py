"""DuckDB's SQL as Spark's: one text of each query, and two engines that mean the same by it.

The words are translated by sqlglot. Below stands what it would leave as it is although the two
engines mean different things by it:

    found[3]                        a key of a map, or the third of a list; Spark counts from 0
    MAX(x) FILTER (WHERE c) OVER w  Spark has no filter within a window
    x / 1.5                         DuckDB takes a decimal as a double when it divides; Spark rounds
    (a, b) > (c, d)                 Spark wants the same names on both sides; none may be null
    epoch(day)                      seconds with their fractions
    CAST(a / b AS BIGINT)           DuckDB rounds (a half to the even number), Spark cuts
    schema.name                     the tables of a run have no schema: ``schema__name``

The rest is tested to agree: `LEAST` and `MAX` pass over nulls, a condition that is null takes
`ELSE`, ``//`` and ``%`` of whole numbers cut towards zero, infinities compare as numbers. A session
must run on the clock UTC. A division by 0 stops Spark and is infinite in DuckDB: our queries have
none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.dialects.dialect import Dialect

__all__ = ["flat_name", "in_spark", "parsed", "spark_sql"]


_AS_WRITTEN = Dialect.get_or_raise("duckdb")
_AS_WRITTEN.INDEX_OFFSET = 0  # sqlglot takes every index for that of a list, and ours are keys


def spark_sql(sql: str) -> str:
    """Write a statement of DuckDB's for Spark.

    Parameters
    ----------
    sql
        One statement.

    Examples
    --------
    >>> spark_sql("SELECT found[3] AS third, a / 60.0 AS minutes FROM omop.t")
    'SELECT TRY_ELEMENT_AT(found, 3) AS third, a / 60.0e0 AS minutes FROM omop__t'
    """
    return in_spark(parsed(sql))


def parsed(sql: str) -> exp.Expr:
    """Read a statement of DuckDB's."""
    return sqlglot.parse_one(sql, read=_AS_WRITTEN)


def in_spark(tree: exp.Expr) -> str:
    """Write what `parsed` read for Spark; the tree itself is changed on the way."""
    for node in reversed(list(tree.walk())):  # what lies deeper comes first
        change = _CHANGES.get(type(node))
        if change is not None:
            change(node)
    return tree.sql("spark", unsupported_level=ErrorLevel.RAISE)


def flat_name(table: exp.Table) -> str:
    """Give the name of a table with its schema in it.

    Examples
    --------
    >>> flat_name(exp.to_table("omop.person"))
    'omop__person'
    """
    return "__".join(part.name for part in table.parts)


def _take_out(index: exp.Expr) -> None:
    """Take out of a map by its key, out of a list from 1; null where there is none."""
    index.replace(exp.func("TRY_ELEMENT_AT", index.this, *index.expressions))


def _filter_first(window: exp.Expr) -> None:
    """Put the filter of an aggregate within a window into what is aggregated."""
    if isinstance(filtered := window.this, exp.Filter):
        aggregate, condition = filtered.this, filtered.expression.this
        counted = exp.Literal.number(1) if isinstance(aggregate.this, exp.Star) else aggregate.this
        aggregate.set("this", exp.Case().when(condition, counted))
        window.set("this", aggregate)


def _make_double(literal: exp.Expr) -> None:
    """Write a number with a point as a double."""
    if not literal.is_string and "." in literal.name and "e" not in literal.name.lower():
        literal.set("this", f"{literal.name}e0")


def _compare_rows(greater: exp.Expr) -> None:
    """Compare two pairs by the first of each, and by the second where these are the same."""
    if isinstance(greater.this, exp.Tuple):
        (a, b), (c, d) = greater.this.expressions, greater.expression.expressions
        same = exp.and_(exp.EQ(this=a.copy(), expression=c.copy()), exp.GT(this=b, expression=d))
        greater.replace(exp.paren(exp.or_(exp.GT(this=a, expression=c), same)))


def _count_seconds(epoch: exp.Expr) -> None:
    micros = exp.func("UNIX_MICROS", exp.cast(epoch.this, "timestamp"))
    epoch.replace(exp.paren(exp.Div(this=micros, expression=exp.Literal.number("1e6"))))


def _round_first(cast: exp.Expr) -> None:
    """Round what was divided before it becomes a whole number."""
    if isinstance(cast.this.unnest(), exp.Div) and cast.is_type(*exp.DataType.INTEGER_TYPES):
        cast.set("this", exp.func("RINT", cast.this))


def _flatten(table: exp.Expr) -> None:
    if isinstance(table, exp.Table) and table.args.get("db") is not None:
        table.set("this", exp.to_identifier(flat_name(table)))
        table.set("db", None)
        table.set("catalog", None)


_CHANGES: Mapping[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Bracket: _take_out,
    exp.Window: _filter_first,
    exp.Literal: _make_double,
    exp.GT: _compare_rows,
    exp.TimeToUnix: _count_seconds,
    exp.Cast: _round_first,
    exp.Table: _flatten,
}
