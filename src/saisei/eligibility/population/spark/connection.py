"""Tables on Spark, made and asked in DuckDB's words.

What reads the tables of a hospital is written once, for a connection to DuckDB. `SparkConnection`
does the part of a connection that it uses, on a Spark session. A table is computed when it is first
read, and kept. If it is about people it is spread by person: everything about one lies together,
and no later step moves it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from saisei.base.errors import DataError
from saisei.eligibility.population.dialects import flat_name, in_spark, parsed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["Answer", "SparkConnection"]

PERSON = "person"
"""The column by which tables are spread."""
PARTS = "spark.sql.shuffle.partitions"
"""The session's own setting: into how many parts."""


class SparkConnection:
    """The part of a connection to DuckDB that reading a source uses, on Spark.

    Parameters
    ----------
    session
        Its clock must be UTC. Its temporary views become the tables.
    """

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._waiting: dict[str, list[DataFrame]] = {}
        self._kept: dict[str, DataFrame] = {}

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Answer:
        """Do one statement; ``?`` stands for the next parameter in it, ``$1`` for the first."""
        tree = parsed(sql)
        _fill(tree, parameters)
        match tree:
            case exp.Create(kind="SCHEMA"):
                return Answer()  # a view of Spark's has none: see `dialects`
            case exp.Create():
                self._create(tree)
                return Answer()
            case exp.Insert():
                self._waiting[self._named(tree.this)].append(self._frame(tree.expression))
                return Answer()
            case exp.Delete():
                self._delete(self._named(tree.this), tree.args["where"].this)
                return Answer()
            case exp.Describe():
                return Answer(rows=self._columns(tree.this))
            case exp.Query():
                return Answer(self._frame(tree))
        raise DataError(f"a statement that Spark is not asked here: {tree.key}")

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Add rows to a table."""
        name = self._named(parsed(sql).this)
        one = next(iter(self._waiting[name]), None) or self._kept[name]
        self._waiting[name].append(self.rows(one.schema, rows))

    def register(self, name: str, table: pa.Table) -> None:
        """Show rows that the program holds under a name."""
        self.show(name, self.session.createDataFrame(table))

    def unregister(self, name: str) -> None:
        """Take the name away."""
        self.session.catalog.dropTempView(name)

    def rows(self, columns: StructType | str, rows: Iterable[Sequence[object]]) -> DataFrame:
        """Give a few rows as a frame."""
        types = self.session.createDataFrame([], columns).schema
        cells = list(zip(*rows, strict=True)) or [()] * len(types)
        table = pa.table([pa.array(column) for column in cells], types.names)
        return self.session.createDataFrame(table, types)

    def show(self, name: str, frame: DataFrame) -> None:
        """Make a view of what stands elsewhere."""
        self.forget(name)
        frame.createOrReplaceTempView(name)

    def keep(self, name: str, frame: DataFrame) -> None:
        """Make a table, which is computed when it is first read."""
        self.forget(name)
        self._waiting[name] = [frame]

    def settle(self, name: str) -> None:
        """Compute a table of which parts are waiting, and keep it.

        How it came about is forgotten, so that the plans of later queries stay small. Records of
        people stay where they are, spread by person; a table of codes or counts comes here.
        """
        parts = self._waiting.pop(name, [])
        if not parts:
            return
        before = [self._kept.pop(name)] if name in self._kept else []
        frame = reduce(lambda one, other: one.union(other), [*before, *parts])
        if PERSON in frame.columns:
            parted = int(self.session.conf.get(PARTS) or 1)
            frame = frame.repartition(parted, PERSON).localCheckpoint()
        elif not all(part.isLocal() for part in parts):
            frame = self.rows(frame.schema, frame.collect())
        frame.createOrReplaceTempView(name)
        self._kept[name] = frame
        self._waiting[name] = []

    def forget(self, name: str) -> None:
        """Take a table away, and what it held."""
        self._waiting.pop(name, None)
        self._kept.pop(name, None)

    def close(self) -> None:
        """Take all tables away."""
        for name in list(self._kept):
            self.forget(name)
            self.session.catalog.dropTempView(name)

    def _create(self, tree: exp.Create) -> None:
        name = self._named(tree.this)
        if isinstance(tree.this, exp.Schema):
            columns = ", ".join(one.sql("spark") for one in tree.this.expressions)
            self.keep(name, self.rows(columns, []))
        elif tree.kind == "VIEW":
            self.show(name, self._frame(tree.expression))
        else:
            self.keep(name, self._frame(tree.expression))

    def _delete(self, name: str, condition: exp.Expr) -> None:
        """Let the rows that stay take the place of all, when the table is read next."""
        gone = exp.func("COALESCE", condition.copy(), exp.false())
        kept = self._frame(exp.select("*").from_(name).where(exp.not_(gone)))
        self.keep(name, kept)

    def _columns(self, query: exp.Expr) -> list[tuple[str, str]]:
        """Give the columns of a query and their types, as DuckDB calls them."""
        found = self._frame(query).dtypes
        return [(name, "VARCHAR" if type_ == "string" else type_.upper()) for name, type_ in found]

    @staticmethod
    def _named(tree: exp.Expr) -> str:
        table = tree.find(exp.Table)
        if table is None:
            raise DataError(f"a statement about no table: {tree.key}")
        return flat_name(table)

    def _frame(self, query: exp.Expr) -> DataFrame:
        """Give a query as a frame, once the tables that it reads are there."""
        for table in list(query.find_all(exp.Table)):
            if isinstance(table.this, exp.Identifier):
                self.settle(flat_name(table))
        return self.session.sql(in_spark(query))


def _fill(tree: exp.Expr, parameters: Sequence[object]) -> None:
    """Put the parameters into a statement."""
    following = iter(parameters)
    for place in list(tree.find_all(exp.Placeholder, bfs=False)):
        value = parameters[int(place.name) - 1] if place.name.isdigit() else next(following)
        place.replace(exp.convert(value))


class Answer:
    """What a statement found: a frame, or rows that are known already."""

    def __init__(
        self, frame: DataFrame | None = None, rows: Sequence[tuple[Any, ...]] = ()
    ) -> None:
        self.frame = frame
        self.rows = rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give every row."""
        return [tuple(row) for row in (self.frame.collect() if self.frame else self.rows)]

    def fetchone(self) -> tuple[Any, ...] | None:
        """Give the first row."""
        rows = self.frame.take(1) if self.frame else self.rows
        return next((tuple(row) for row in rows), None)
