"""Frames of other libraries through the Arrow interface: pandas, polars, pyarrow and others.

Whatever has ``__arrow_c_stream__`` (the Arrow PyCapsule interface) can be read; the library that
made it is not needed here. The extra ``saisei[frames]`` brings what reads the stream.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from saisei.base.errors import DocumentError, OptionError, Place, Problem
from saisei.evidence.raw_tables import RawTable, from_columns

__all__ = ["ArrowTable", "from_arrow"]


@runtime_checkable
class ArrowTable(Protocol):
    """A table that can be handed over as a stream of Arrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Give a capsule that holds the stream."""
        ...


def from_arrow(frame: ArrowTable) -> RawTable:
    """Read every column of a frame.

    Raises
    ------
    DocumentError
        The frame holds no table with named columns, or a column that cannot be read.
    OptionError
        What reads the stream is not installed.
    """
    try:
        arrow: Any = import_module("arro3.core")
    except ImportError:
        raise OptionError(
            Problem(
                "frames",
                "a frame, and arro3-core is not installed",
                "the extra that reads frames",
                "Install saisei[frames], or give a dict of columns.",
            )
        ) from None
    try:
        columns = _columns(arrow.Table.from_arrow(frame))
    except (ImportError, TypeError, ValueError, RuntimeError) as error:
        found = f"a frame that cannot be read ({error})"
        problem = Problem("table", found, "named columns of numbers and text", place=Place("table"))
        raise DocumentError(problem) from error
    return from_columns(columns)


def _columns(table: Any) -> dict[str, list[Any]]:
    names = list(table.column_names)
    if len(set(names)) != len(names):
        raise ValueError(f"columns {', '.join(names)}; expected each name once")
    return {name: [cell.as_py() for cell in table.column(at)] for at, name in enumerate(names)}
