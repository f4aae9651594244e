"""A run that can be stopped: its folder, its database, and which of its steps are done.

What it makes stands in its folder until all of it is whole; only then it is put among the results.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from saisei.base.errors import OptionError, Place, Problem
from saisei.eligibility.population.refusals import concerns_room

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Run", "quoted"]


PART = re.compile(r"part-\d{4,}\.parquet")
"""What a file of marks is called."""


def quoted(words: str) -> str:
    """Write a text as SQL does."""
    return "'" + words.replace("'", "''") + "'"


class Run:
    """What one run keeps in a folder of its own until it is done."""

    def __init__(self, folder: Path, digest: str, memory: str) -> None:
        self.target = folder
        self.folder = folder / ".saisei-screening"
        self.marks = self.folder / "marks"
        self.digest = digest
        self.memory = memory

    def connection(self) -> DuckDBPyConnection:
        """Open the database of this question, or begin a new one."""
        connection = self._open_again()
        row = None
        with suppress(duckdb.CatalogException):
            row = connection.execute("SELECT digest FROM steps LIMIT 1").fetchone()
        if row is None or row[0] != self.digest:
            connection.close()
            self.clear()
            connection = self._open()
            connection.execute("CREATE TABLE steps (digest VARCHAR, step VARCHAR)")
            connection.execute("CREATE TABLE notes (note VARCHAR)")
            connection.execute("INSERT INTO steps VALUES (?, '')", [self.digest])
        return connection

    def _open_again(self) -> DuckDBPyConnection:
        """Open the database; one that a full disk or a fall of power broke is begun anew."""
        try:
            return self._open()
        except (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException) as e:
            if "lock" in str(e):
                raise self._busy() from None
            if concerns_room(e):
                raise
        self.clear()
        return self._open()

    def _busy(self) -> OptionError:
        found, step = "another run writes into this folder", "Wait for it, or give another folder"
        place = Place(str(self.target))
        return OptionError(Problem("busy", found, "a folder of its own", step, place, "--out"))

    def _open(self) -> DuckDBPyConnection:
        self.marks.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(
            str(self.folder / "run.duckdb"),
            config={"memory_limit": self.memory, "preserve_insertion_order": "false"},
        )

    def once(
        self,
        connection: DuckDBPyConnection,
        step: str,
        do: Callable[[], None],
        made: Path | None = None,
    ) -> None:
        """Do a step unless it is done and its file, where it makes one, is there.

        A step replaces what it makes, so it may be done again.
        """
        done = connection.execute("SELECT 1 FROM steps WHERE step = ?", [step]).fetchone()
        if not done or (made is not None and not made.exists()):
            do()
            connection.execute("INSERT INTO steps VALUES (?, ?)", [self.digest, step])

    def note(self, connection: DuckDBPyConnection, note: str) -> None:
        """Write down what a run that goes on has to know."""
        connection.execute("DELETE FROM notes")
        connection.execute("INSERT INTO notes VALUES (?)", [note])

    def noted(self, connection: DuckDBPyConnection) -> str:
        """Give what was written down."""
        (note,) = connection.execute("SELECT note FROM notes").fetchone() or ("",)
        return str(note)

    def must_fit(self, files: Iterable[str]) -> None:
        """Refuse a folder where something is in the way of the results, before anything is done.

        Raises
        ------
        OptionError
            The folder is a file, or something else has the name of a result.
        """
        if self.target.exists() and not self.target.is_dir():
            raise self._in_the_way(self.target, "it is no folder")
        for file in files:
            if (self.target / file).is_dir():
                raise self._in_the_way(self.target / file, "a folder of this name is there")
        marks = self.target / self.marks.name
        others = marks.exists() and not (
            marks.is_dir() and all(map(PART.fullmatch, (one.name for one in marks.iterdir())))
        )
        if others:
            raise self._in_the_way(marks, "something else of this name is there")

    def _in_the_way(self, path: Path, found: str) -> OptionError:
        expected, step = "a new folder, or one of an earlier run", "Give another folder"
        return OptionError(Problem("exists", found, expected, step, Place(str(path)), "--out"))

    def keep(self, files: Iterable[str]) -> None:
        """Put files and the marks among the results, in the place of those of an earlier run."""
        kept = self.target / self.marks.name
        shutil.rmtree(kept, ignore_errors=True)
        self.marks.replace(kept)
        for file in files:
            (self.folder / file).replace(self.target / file)

    def clear(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.folder, ignore_errors=True)
