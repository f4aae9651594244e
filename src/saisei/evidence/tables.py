"""Reading a reviewer's own table: a CSV file, its columns named as other packages name them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from saisei.base.errors import DocumentError, OptionError, Place, Problem
from saisei.base.store import load_data

__all__ = ["StudyTable", "measures", "read_table"]

MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class StudyTable:
    """A table with one study a row.

    Parameters
    ----------
    labels
        The studies' names; ``study 1`` and so on where the file has none.
    columns
        The numbers that a measure needs, by our names; NaN where a cell is empty.
    lines
        The line of the file on which each study stands, from 1.
    """

    labels: tuple[str, ...]
    columns: Mapping[str, tuple[float, ...]]
    lines: tuple[int, ...]


def measures() -> tuple[str, ...]:
    """List the measures that a table can be read for."""
    return tuple(load_data("evidence/columns.yaml")["needs"])


def read_table(path: Path | str, measure: str) -> StudyTable:
    """Read the columns that a measure needs from a CSV file.

    Parameters
    ----------
    path
        A UTF-8 file with a heading line; comma, semicolon or tab between the cells.
    measure
        One of `measures`. GEN takes a variance or a standard error.

    Raises
    ------
    DocumentError
        The file cannot be read, a column is missing or stands twice, or a cell is no number.
    OptionError
        There is no such measure.
    """
    if measure not in measures():
        known = ", ".join(measures())
        raise OptionError(
            Problem(
                "measure", f"there is no measure {measure!r}", f"one of {known}", field="measure"
            )
        )
    name = str(path)
    heads, rows = _rows(_text(Path(path)), name)
    found = _find(heads, name)
    numbers = {
        ours: tuple(_number(row, at, ours, line, name) for line, row in rows)
        for ours, at in found.items()
        if ours != "label"
    }
    columns = _needed(numbers, measure, heads, name)
    return StudyTable(_labels(rows, found.get("label")), columns, tuple(line for line, _ in rows))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refuse(str(path), f"the file is larger than {MAX_BYTES:,} bytes", "a table")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = "is a folder" if path.is_dir() else (error.strerror or "unknown").lower()
        raise _refuse(str(path), f"the file cannot be read ({reason})", "a CSV file") from None
    except UnicodeDecodeError:
        raise _refuse(str(path), "a byte that is not UTF-8", "text in UTF-8") from None
    if not text.strip():
        raise _refuse(str(path), "the file is empty", "a heading line and one study a line")
    return text


def _rows(text: str, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    first = text.splitlines()[0]
    separator = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise _refuse(name, f"the table is not well formed ({error})", "a CSV file") from None
    heads = [cell.strip() for cell in lines[0][1]]
    for line, row in lines[1:]:
        if len(row) != len(heads):
            raise _refuse(name, f"{len(row)} cells", f"{len(heads)}, as in the heading line", line)
    if len(lines) == 1:
        raise _refuse(name, "a heading line and no study", "one study a line")
    return heads, lines[1:]


def _find(heads: Sequence[str], name: str) -> dict[str, int]:
    """Find our columns among the headings."""
    found: dict[str, int] = {}
    for at, head in enumerate(heads):
        ours = _aliases().get(_plain(head))
        if ours is None:
            continue
        if ours in found:
            both = f"the columns {heads[found[ours]]!r} and {head!r} both give {ours}"
            raise _refuse(name, both, "one of them", 1)
        found[ours] = at
    return found


@cache
def _aliases() -> dict[str, str]:
    table = load_data("evidence/columns.yaml")
    return {
        _plain(alias): ours
        for ours, aliases in table.items()
        if ours != "needs"
        for alias in aliases
    }


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _number(row: Sequence[str], at: int, ours: str, line: int, name: str) -> float:
    cell = row[at].strip()
    if cell in ("", "NA", "NaN", "nan", "."):
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        raise _refuse(
            name, f"{cell!r}", "a number, or nothing where it is missing", line, ours
        ) from None
    if not math.isfinite(value):
        raise _refuse(name, f"{cell!r}", "a finite number", line, ours)
    return value


def _needed(
    numbers: Mapping[str, tuple[float, ...]], measure: str, heads: Sequence[str], name: str
) -> dict[str, tuple[float, ...]]:
    """Give the columns of a measure; n from events and the rest, variance from a standard error."""
    have = dict(numbers)
    for n, events, rest in (("n1", "events1", "rest1"), ("n2", "events2", "rest2")):
        if n not in have and events in have and rest in have:
            have[n] = tuple(a + b for a, b in zip(have[events], have[rest], strict=True))
    if "v" not in have and "se" in have:
        have["v"] = tuple(se * se for se in have["se"])
    needs = load_data("evidence/columns.yaml")["needs"][measure]
    if missing := [column for column in needs if column not in have]:
        names = load_data("evidence/columns.yaml")
        wanted = "; ".join(f"{column} (or {', '.join(names[column][1:4])})" for column in missing)
        raise _refuse(name, f"columns {', '.join(heads)}", f"for {measure} also {wanted}", 1)
    return {column: have[column] for column in needs}


def _labels(rows: Sequence[tuple[int, Sequence[str]]], at: int | None) -> tuple[str, ...]:
    if at is None:
        return tuple(f"study {number}" for number in range(1, len(rows) + 1))
    return tuple(row[at].strip() for _, row in rows)


def _refuse(
    name: str, found: str, expected: str, line: int | None = None, field: str = ""
) -> DocumentError:
    return DocumentError(Problem("table", found, expected, place=Place(name, line), field=field))
