"""A table as it was given: headings and cells with their places, from delimited text or a mapping.

Comma, semicolon and tab are known, and decimal commas where the comma does not part the cells. What
cannot be read is refused with one message that says where it stands.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saisei.base.errors import DocumentError, Place, Problem

__all__ = ["RawTable", "from_columns", "read_delimited", "refuse"]

MAX_BYTES = 20_000_000
MISSING = frozenset({"", "NA", "NaN", "nan", "N/A", "n/a", ".", "-", "–", "NULL", "null"})
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
COMMA_NUMBER = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
BOTH = re.compile(r"[+-]?[\d.,]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class RawTable:
    """Headings, and rows of cells as they were written.

    Parameters
    ----------
    name
        The file, or ``table`` for a frame.
    rows
        Cells in the order of the headings: text, or what a frame holds.
    lines
        Where each row stands: the line of the file, the row of a frame (from 1).
    places
        For each row where its cells begin, in letters from 1; empty where that is not known.
    """

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    lines: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]
    head_line: int = 1

    def place(self, row: int, at: int | None = None) -> Place:
        """Say where a cell, or a row, stands."""
        starts = self.places[row]
        column = starts[at] if at is not None and at < len(starts) else None
        return Place(self.name, self.lines[row], column)

    def text(self, row: int, at: int) -> str:
        """Give a cell as words."""
        cell = self.rows[row][at]
        if isinstance(cell, float) and cell.is_integer():
            return f"{cell:.0f}"
        return "" if cell is None else str(cell).strip()

    def numbers(self, at: int, ours: str) -> tuple[float, ...]:
        """Give a column as numbers, NaN where a cell is empty.

        Raises
        ------
        DocumentError
            A cell is no number, no finite one, or could be two different ones.
        """
        return tuple(self._number(row, at, ours) for row in range(len(self.rows)))

    def _number(self, row: int, at: int, ours: str) -> float:
        cell = self.rows[row][at]
        value = _value(cell)
        if value is None and isinstance(cell, str):
            value = self._decimal_comma(row, at, ours)
        if value is None:
            told = f"{cell!r} ({self.heads[at]})"
            raise refuse(
                self.place(row, at), told, "a number, or nothing where it is missing", ours
            )
        if math.isinf(value):
            raise refuse(
                self.place(row, at), f"{cell!r} ({self.heads[at]})", "a finite number", ours
            )
        return value

    def _decimal_comma(self, row: int, at: int, ours: str) -> float | None:
        """Read 0,5 as one half, unless a point elsewhere in the column makes it doubtful."""
        cell = _tidy(self.rows[row][at])
        if not COMMA_NUMBER.fullmatch(cell):
            return None
        for other in range(len(self.rows)):
            written = self.rows[other][at]
            if (
                isinstance(written, str)
                and "." in _tidy(written)
                and BOTH.fullmatch(_tidy(written))
            ):
                told = f"{cell!r} ({self.heads[at]}), and {written.strip()!r} in line "
                raise refuse(
                    self.place(row, at),
                    f"{told}{self.lines[other]}",
                    "one sign for decimals in a column",
                    ours,
                    "Write all numbers with a point, without signs between thousands.",
                )
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell):
            told = f"{cell!r} ({self.heads[at]}) may be thousands or a decimal"
            if not self._other_decimals(at):
                raise refuse(
                    self.place(row, at), told, "a number without signs between thousands", ours
                )
        return float(cell.replace(",", "."))

    def _other_decimals(self, at: int) -> bool:
        """Whether the column holds a comma that can only be a decimal one."""
        cells = (_tidy(row[at]) for row in self.rows if isinstance(row[at], str))
        return any(
            COMMA_NUMBER.fullmatch(cell) and not re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell)
            for cell in cells
        )


def _tidy(cell: str) -> str:
    return cell.strip().replace("−", "-")


def _value(cell: Any) -> float | None:
    """Read one cell; None where it is no number."""
    if isinstance(cell, str):
        return _written(_tidy(cell))
    if cell is None or isinstance(cell, bool):
        return None if isinstance(cell, bool) else math.nan
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None


def _written(cell: str) -> float | None:
    if cell in MISSING:
        return math.nan
    if cell.lower().lstrip("+-") in {"inf", "infinity", "∞"}:
        return math.inf
    return float(cell) if NUMBER.fullmatch(cell) else None


def refuse(
    place: Place, found: str, expected: str, field: str = "", next_step: str = ""
) -> DocumentError:
    """Make the one message about a table."""
    return DocumentError(Problem("table", found, expected, next_step, place, field))


def from_columns(columns: Mapping[Any, Sequence[Any]], name: str = "table") -> RawTable:
    """Make a table of columns by name.

    Raises
    ------
    DocumentError
        There is no column or no row, or the columns differ in length.
    """
    heads = tuple(str(head) for head in columns)
    sizes = {len(column) for column in columns.values()}
    if len(sizes) > 1:
        shown = ", ".join(f"{head} {len(column)}" for head, column in columns.items())
        raise refuse(Place(name), f"columns of {shown} cells", "columns of the same length")
    if not sizes or not max(sizes):
        raise refuse(Place(name), "a table without a row", "one study a row")
    rows = tuple(zip(*columns.values(), strict=True))
    return RawTable(name, heads, rows, tuple(range(1, len(rows) + 1)), ((),) * len(rows))


def read_delimited(path: Path) -> RawTable:
    """Read delimited text with a heading line.

    Raises
    ------
    DocumentError
        The file cannot be read, is empty, or its lines have unequal numbers of cells.
    """
    name = str(path)
    lines = _text(path).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    told = re.fullmatch(r"sep=(.)", lines[0].strip(), re.IGNORECASE)
    first = next((line for line in lines[1 if told else 0 :] if line.strip()), "")
    separator = told[1] if told else _separator(first)
    records = _records(lines, 1 if told else 0, separator, name)
    head_line, _, heads = next(records, (1, 1, []))
    found = [(line, end, _fitted(cells, heads, Place(name, line))) for line, end, cells in records]
    if not found:
        raise refuse(Place(name, head_line), "a heading line and no study", "one study a line")
    return RawTable(
        name,
        tuple(cell.strip() for cell in heads),
        tuple(tuple(cells) for _, _, cells in found),
        tuple(line for line, _, _ in found),
        tuple(_starts(lines[line - 1], separator) if line == end else () for line, end, _ in found),
        head_line,
    )


def _records(
    lines: Sequence[str], skipped: int, separator: str, name: str
) -> Iterator[tuple[int, int, list[str]]]:
    """Give the cells of each record that is not empty, with its first and last line."""
    before = skipped
    body = (f"{line}\n" for line in lines[skipped:])
    reader = csv.reader(body, delimiter=separator, strict=True)
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num + skipped
            if any(cell.strip() for cell in cells):
                yield line, before, cells
    except csv.Error as error:
        told = f"the table is not well formed ({error})"
        raise refuse(Place(name, before + 1), told, "a CSV file") from None


def _fitted(cells: list[str], heads: Sequence[str], place: Place) -> list[str]:
    """Take empty cells off the end of a line that is too long, as spreadsheets leave them."""
    while len(cells) > len(heads) and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) != len(heads):
        expected = f"{len(heads)}, as in the heading line"
        raise refuse(place, f"{len(cells)} cells", expected)
    return cells


def _text(path: Path) -> str:
    place = Place(str(path))
    try:
        if path.stat().st_size > MAX_BYTES:
            raise refuse(place, f"the file is larger than {MAX_BYTES:,} bytes", "a table")
        raw = path.read_bytes()
    except OSError as error:
        reason = "is a folder" if path.is_dir() else (error.strerror or "unknown").lower()
        raise refuse(place, f"the file cannot be read ({reason})", "a CSV file") from None
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refuse(
            Place(str(path), line),
            "a byte that is not UTF-8",
            "text in UTF-8",
            next_step="Save the table as CSV UTF-8.",
        ) from None
    if "\0" in text:
        raise refuse(place, "a zero byte: this is no text", "a CSV file", next_step=EXPORT)
    if not text.strip():
        raise refuse(place, "the file is empty", "a heading line and one study a line")
    return text


EXPORT = "Save a spreadsheet as CSV first."


def _separator(heading: str) -> str:
    """Find what parts the cells of a heading line, apart from what stands in quotes."""
    bare = re.sub(r'"[^"]*"', "", heading)
    return max(",;\t", key=bare.count)


def _starts(line: str, separator: str) -> tuple[int, ...]:
    """Give where the cells of a line begin, counted from 1."""
    starts, quoted = [1], False
    for at, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == separator and not quoted:
            starts.append(at + 2)
    return tuple(starts)
