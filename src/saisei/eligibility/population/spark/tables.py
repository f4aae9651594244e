"""The tables of the OMOP model as Parquet files, read by Spark from wherever it can read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saisei.eligibility.population.omop.model import TABLES
from saisei.eligibility.population.omop.tables import FileTables, missing_table
from saisei.eligibility.population.spark.storage import Storage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["SparkTables"]


class SparkTables(FileTables):
    """A folder of Parquet files, one a table, or a folder a table with any number of parts.

    Parameters
    ----------
    storage
        Where the folder is.
    folder
        Its path or address.
    """

    def __init__(self, storage: Storage, folder: str) -> None:
        super().__init__(Path(folder))
        self.name = folder
        self.storage = storage

    def attach(self, connection: DuckDBPyConnection) -> None:
        """Look whether all that must be there is there."""
        for table in TABLES.values():
            places = (f"{self.name}/{table.name}{end}" for end in (".parquet", ""))
            place = next(filter(self.storage.exists, places), None)
            if place is not None:
                source = f"read_parquet('{place.replace(chr(39), chr(39) * 2)}')"
                self.found[table.name] = self._look(connection, table, source)
            elif table.must:
                raise missing_table(self.name, table)

    def names(self, connection: DuckDBPyConnection, concepts: Sequence[int]) -> dict[int, str]:
        """Give the names of some concepts; Spark cannot tell what an empty list is a list of."""
        return super().names(connection, concepts) if concepts else {}
