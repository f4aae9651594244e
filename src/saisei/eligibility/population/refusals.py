"""What DuckDB refuses, in our words: its own may hold a value of a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from saisei.base.errors import CaseError, Place, Problem

__all__ = ["concerns_room", "reading_records", "why_not_written"]

OF_THE_RECORDS = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.BinderException,
    duckdb.OutOfRangeException,
    duckdb.TypeMismatchException,
    duckdb.SerializationException,
)
NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded", "offload")
REASONS = (
    *((words, "there is no room left") for words in NO_ROOM),
    ("Permission denied", "there is no permission to write"),
    ("Read-only file system", "it can only be read"),
    ("Not a directory", "a part of the path is a file"),
    ("File exists", "it is a file"),
    ("Is a directory", "a folder is in the way"),
    ("Operation not permitted", "there is no permission to write"),
)
"""Parts of what is said when a file cannot be written, and what that means."""


def why_not_written(error: Exception) -> str:
    """Say in our words why results could not be written."""
    said = str(error)
    return next((words for part, words in REASONS if part in said), "the disk does not take it")


def concerns_room(error: Exception) -> bool:
    """Whether the disk is full, which DuckDB tells as several kinds of errors."""
    return any(words in str(error) for words in NO_ROOM)


@contextmanager
def reading_records(source: str, run: Path) -> Iterator[None]:
    """Turn what is wrong with the records into one message that repeats nothing of a row.

    Parameters
    ----------
    source
        What the source is called.
    run
        The folder of the run: what is wrong there is not the fault of the records.

    Raises
    ------
    CaseError
        A file is broken, or a column holds something else than it should.
    """
    try:
        yield
    except duckdb.Error as error:
        of_records = isinstance(error, OF_THE_RECORDS) or type(error) is duckdb.Error
        if not of_records or str(run) in str(error) or concerns_room(error):
            raise
        raise _unreadable(source, str(error)) from None


def _unreadable(source: str, said: str) -> CaseError:
    """Name the file where DuckDB does."""
    named = re.search(r"['\"]([^'\"]*[/\\])?([^'\"/\\*]+\.parquet)['\"]", said)
    found = f"`{named[2]}` cannot be read" if named else "a table or a column cannot be read"
    expected = "whole tables, their columns of the types of the OMOP model (dates as dates)"
    step = "Export it again, or mend the column; what stands in it is not repeated here"
    return CaseError(Problem("unreadable", found, expected, step, Place(source)))
