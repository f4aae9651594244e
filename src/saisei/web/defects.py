"""Our own defects, told by kind and place: the text of an error may hold a value of a case."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

__all__ = ["PlacesOnly", "tell_defect", "told_without_values"]

PARTS = 3
"""So much of the path of a file is said: enough to find it, and no name of anybody's folder."""

UNSHOWN = "(its text is not shown: it may hold a value of a case)"


def told_without_values(error: BaseException) -> str:
    """Tell an error and what led to it by type, file, line and function, without any text of it.

    Examples
    --------
    >>> print(told_without_values(ValueError("born 1964-05-14")))
    ValueError (its text is not shown: it may hold a value of a case)
    """
    return "\n".join(_chain(error))


def _chain(error: BaseException) -> Iterator[str]:
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        led = "led to by " if len(seen) > 1 else ""
        yield f"{led}{type(one).__qualname__} {UNSHOWN}"
        yield from _frames(one.__traceback__)
        if isinstance(one, BaseExceptionGroup):
            for inner in one.exceptions:
                yield from _chain(inner)
        one = one.__cause__ or one.__context__


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame, line in traceback.walk_tb(trace):
        place = "/".join(Path(frame.f_code.co_filename).parts[-PARTS:])
        yield f"  {place}:{line} in {frame.f_code.co_qualname}"


def tell_defect(error: BaseException) -> None:
    """Write a defect of ours to standard error."""
    sys.stderr.write(f"defect: {told_without_values(error)}\n")
    sys.stderr.flush()


class PlacesOnly(logging.Handler):
    """What libraries log, to standard error, without what was filled in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; the words of the server's own records are known to hold no value."""
        own = record.name.startswith("uvicorn")
        told = str(record.msg).partition("\n")[0] if own else "(its text is not shown)"
        sys.stderr.write(f"{record.levelname.lower()}: {record.name}: {told}\n")
        if record.exc_info and record.exc_info[1] is not None:
            sys.stderr.write(f"{told_without_values(record.exc_info[1])}\n")
        sys.stderr.flush()
