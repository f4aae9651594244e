"""A run that can be stopped: its folder, its database, and which of its steps are done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Run", "quoted"]


def quoted(words: str) -> str:
    """Write a text as SQL does."""
    return "'" + words.replace("'", "''") + "'"


class Run:
    """What one run keeps in a folder of its own until it is done."""

    def __init__(self, folder: Path, digest: str, memory: str) -> None:
        self.folder = folder / ".saisei-screening"
        self.marks = self.folder / "marks"
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
        self.marks.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(
            str(self.folder / "run.duckdb"),
            config={"memory_limit": self.memory, "preserve_insertion_order": "false"},
        )

    def once(self, connection: DuckDBPyConnection, step: str, do: Callable[[], None]) -> None:
        """Do a step unless it is done. A step replaces what it makes, so it may be done again."""
        if not connection.execute("SELECT 1 FROM run WHERE step = ?", [step]).fetchone():
            do()
            connection.execute("INSERT INTO run VALUES (?, ?)", [self.digest, step])

    def keep_marks(self, folder: Path) -> None:
        """Put the marks among the results, in the place of those of an earlier run."""
        shutil.rmtree(folder / self.marks.name, ignore_errors=True)
        self.marks.replace(folder / self.marks.name)

    def clear(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.folder, ignore_errors=True)
