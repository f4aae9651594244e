"""A run that can be stopped: its database, and which of its steps are done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Run"]


class Run:
    """The database of one run, and which of its steps are done."""

    def __init__(self, folder: Path, digest: str, memory: str) -> None:
        self.path = folder / ".saisei-screening.duckdb"
        self.digest = digest
        self.memory = memory

    def connection(self) -> DuckDBPyConnection:
        """Open the database of this question, or begin a new one."""
        connection = self._open()
        row = None
        with suppress(duckdb.CatalogException):
            row = connection.execute("SELECT digest FROM run LIMIT 1").fetchone()
        if row is None or row[0] != self.digest:
            connection.close()
            self.clear()
            connection = self._open()
            connection.execute("CREATE TABLE run (digest VARCHAR, step VARCHAR)")
            connection.execute("INSERT INTO run VALUES (?, '')", [self.digest])
        return connection

    def _open(self) -> DuckDBPyConnection:
        return duckdb.connect(
            str(self.path),
            config={"memory_limit": self.memory, "preserve_insertion_order": "false"},
        )

    def once(self, connection: DuckDBPyConnection, step: str, do: Callable[[], None]) -> None:
        """Do a step unless it is done. A step replaces what it makes, so it may be done again."""
        if not connection.execute("SELECT 1 FROM run WHERE step = ?", [step]).fetchone():
            do()
            connection.execute("INSERT INTO run VALUES (?, ?)", [self.digest, step])

    def clear(self) -> None:
        """Take the database away."""
        for path in (self.path, self.path.with_name(self.path.name + ".wal")):
            path.unlink(missing_ok=True)
