"""Reading a reviewer's own table, its columns named as other packages name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from saisei.base.errors import OptionError, Place, Problem
from saisei.base.store import load_data
from saisei.evidence.frames import ArrowTable, from_arrow
from saisei.evidence.raw_tables import RawTable, from_columns, read_delimited, refuse

__all__ = ["Found", "StudyTable", "find_columns", "is_ratio", "measures", "read_raw", "read_table"]

Source = Path | str | ArrowTable | Mapping[Any, Sequence[Any]]
GIVEN = ("y", "v")


@dataclass(frozen=True, slots=True)
class StudyTable:
    """A table with one study a row.

    Parameters
    ----------
    labels
        The studies' names; ``study 1`` and so on where the table has none.
    columns
        The numbers that a measure needs, by our names; NaN where a cell is empty.
    lines
        The line of the file, or the row of the frame, on which each study stands, from 1.
    places
        Where each number stands, in the same order as `columns`.
    given
        Whether the effects themselves are there (`y` and `v`) and not what makes them.
    """

    labels: tuple[str, ...]
    columns: Mapping[str, tuple[float, ...]]
    lines: tuple[int, ...]
    places: Mapping[str, tuple[Place, ...]]
    given: bool


def measures() -> tuple[str, ...]:
    """List the measures that a table can be read for."""
    return tuple(_names()["needs"])


def is_ratio(measure: str) -> bool:
    """Whether a measure is pooled as the logarithm of a ratio."""
    return measure in _names()["ratios"]


def read_table(source: Source, measure: str, analysis: str | None = None) -> StudyTable:
    """Read the columns that a measure needs.

    Parameters
    ----------
    source
        A UTF-8 file with a heading line (comma, semicolon or tab between the cells), a frame with
        the Arrow interface (pandas, polars, pyarrow …), or a mapping of columns.
    measure
        One of `measures`. GEN, HR and RATIO take effects with a variance or a standard error; so
        does any other measure of a table without its raw numbers.
    analysis
        Which analysis of a Review Manager export: comparison and outcome, as ``1.2``.

    Raises
    ------
    DocumentError
        The table cannot be read, a column is missing or stands twice, a cell is no number, or the
        table holds several analyses and none was chosen.
    OptionError
        There is no such measure or analysis.
    """
    known_measure(measure, measures())
    raw = read_raw(source, analysis)
    found = find_columns(raw)
    needs = tuple(_names()["needs"][measure])
    given = found.has(GIVEN) and not found.has(needs)
    wanted = GIVEN if given else needs
    found.must_have(wanted, measure)
    return StudyTable(
        labels=found.labels(),
        columns={ours: found.numbers(ours) for ours in wanted},
        lines=raw.lines,
        places={ours: found.places(ours) for ours in wanted},
        given=wanted == GIVEN,
    )


def known_measure(measure: str, known: Sequence[str]) -> None:
    """Refuse a measure that does not exist here."""
    if measure not in known:
        told = f"there is no measure {measure!r}"
        expected = f"one of {', '.join(known)}"
        raise OptionError(Problem("measure", told, expected, field="measure"))


def read_raw(source: Source | object, analysis: str | None = None) -> RawTable:
    """Read a table from wherever it is, and choose one analysis of an export that holds several."""
    if isinstance(source, Path | str):
        raw = read_delimited(Path(source))
    elif isinstance(source, ArrowTable):
        raw = from_arrow(source)
    elif isinstance(source, Mapping):
        raw = from_columns(source)
    else:  # a caller without types
        told = f"a {type(source).__name__}"
        expected = "a file, a frame with the Arrow interface, or a mapping of columns"
        raise OptionError(Problem("table", told, expected, field="table"))
    return _analysis(raw, analysis)


@dataclass(frozen=True, slots=True)
class Found:
    """Which of our columns stand where in a table."""

    raw: RawTable
    at: Mapping[str, int]
    twice: Mapping[str, tuple[int, int]]

    def has(self, wanted: Sequence[str]) -> bool:
        """Whether all of these columns are there, or can be made."""
        return all(self._from(ours) for ours in wanted)

    def _from(self, ours: str) -> tuple[str, ...]:
        """Give the columns that a wanted one is made of; none where it cannot be had."""
        if ours in self.at:
            return (ours,)
        if ours in {"n1", "n2"}:
            parts = (f"events{ours[1]}", f"rest{ours[1]}")
            return parts if all(part in self.at for part in parts) else ()
        return ("se",) if ours == "v" and "se" in self.at else ()

    def must_have(self, wanted: Sequence[str], measure: str) -> None:
        """Refuse a table that lacks a wanted column, or has it twice."""
        heads = self.raw.heads
        place = Place(self.raw.name, self.raw.head_line)
        if missing := [ours for ours in wanted if not self._from(ours)]:
            names = _names()["columns"]
            told = "; ".join(
                f"{ours} (or {', '.join(names[ours][1:4])})" if ours in names else ours
                for ours in missing
            )
            found = f"columns {', '.join(heads)}"
            raise refuse(place, found, f"for {measure} also {told}")
        for ours in (part for one in wanted for part in self._from(one)):
            if ours in self.twice:
                one, two = (heads[at] for at in self.twice[ours])
                told = f"the columns {one!r} and {two!r} both give {ours}"
                raise refuse(place, told, "one of them")

    def numbers(self, ours: str) -> tuple[float, ...]:
        """Give a column; n from events and the rest, a variance from a standard error."""
        parts = [self.raw.numbers(self.at[part], part) for part in self._from(ours)]
        if len(parts) == 2:
            return tuple(a + b for a, b in zip(*parts, strict=True))
        if ours == "v" and "v" not in self.at:
            self._above_0("se", parts[0])
            return tuple(se * se for se in parts[0])
        return parts[0]

    def _above_0(self, ours: str, numbers: Sequence[float]) -> None:
        for row, number in enumerate(numbers):
            if number <= 0.0:
                place = self.raw.place(row, self.at[ours])
                raise refuse(place, f"{ours} is {number:g}", "a number above 0")

    def places(self, ours: str) -> tuple[Place, ...]:
        """Say where the numbers of a column stand."""
        at = self.at[self._from(ours)[0]]
        return tuple(self.raw.place(row, at) for row in range(len(self.raw.rows)))

    def texts(self, ours: str) -> tuple[str, ...]:
        """Give a column as words."""
        return tuple(self.raw.text(row, self.at[ours]) for row in range(len(self.raw.rows)))

    def labels(self) -> tuple[str, ...]:
        """Give the names of the studies, with their year where it stands in a column of its own."""
        count = len(self.raw.rows)
        names = self.texts("label") if "label" in self.at else ("",) * count
        years = self.texts("year") if "year" in self.at else ("",) * count
        return tuple(
            f"{name} {year}" if name and year and year not in name else name or f"study {number}"
            for number, (name, year) in enumerate(zip(names, years, strict=True), 1)
        )


def find_columns(raw: RawTable) -> Found:
    """Find our columns among the headings of a table."""
    at: dict[str, int] = {}
    twice: dict[str, tuple[int, int]] = {}
    order = {_plain(name): index for index, name in enumerate(_names()["columns"]["label"])}
    for index, head in enumerate(raw.heads):
        ours = _aliases().get(_plain(head))
        if ours is None:
            continue
        if ours in at and ours == "label":
            if order[_plain(head)] >= order[_plain(raw.heads[at[ours]])]:
                continue
        elif ours in at:
            twice.setdefault(ours, (at[ours], index))
            continue
        at[ours] = index
    if "o_e" in at:  # the variance beside O-E is that of O-E, not that of an effect
        at.pop("v", None)
    return Found(raw, at, twice)


def _analysis(raw: RawTable, wanted: str | None) -> RawTable:
    """Keep the studies of one analysis of a Review Manager export."""
    found = find_columns(raw)
    if "comparison" not in found.at or "outcome" not in found.at:
        if wanted is not None:
            told = f"--analysis {wanted} for a table without numbers of analyses"
            expected = "a Review Manager export, with Comparison Number and Outcome Number"
            raise OptionError(Problem("analysis", told, expected, field="analysis"))
        return raw
    groups = zip(found.texts("comparison"), found.texts("outcome"), strict=True)
    names = [".".join(group) for group in groups]
    totals = [found.texts(ours) for ours in ("total_mark", "total_q") if ours in found.at]
    studies = [
        row
        for row, name in enumerate(names)
        # headings, and totals of analyses and of subgroups, are no studies
        if not name.endswith((".0", ".")) and not any(marks[row] for marks in totals)
    ]
    known = list(dict.fromkeys(names[row] for row in studies))
    if wanted is None and len(known) > 1:
        shown = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
        found_told = f"{len(known)} analyses in one table: {shown}"
        raise refuse(
            Place(raw.name), found_told, "one analysis", next_step="Choose one: --analysis 1.1"
        )
    if wanted is not None and wanted not in known:
        told = f"there is no analysis {wanted!r}"
        expected = f"one of {', '.join(known[:12])}"
        raise OptionError(Problem("analysis", told, expected, field="analysis"))
    kept = [row for row in studies if wanted in (None, names[row])]
    if not kept:
        raise refuse(Place(raw.name), "an export without the row of a study", "one study a line")
    return RawTable(
        raw.name,
        raw.heads,
        tuple(raw.rows[row] for row in kept),
        tuple(raw.lines[row] for row in kept),
        tuple(raw.places[row] for row in kept),
        raw.head_line,
    )


def _names() -> Any:
    return load_data("evidence/columns.yaml")


@cache
def _aliases() -> dict[str, str]:
    columns = _names()["columns"]
    return {_plain(alias): ours for ours, names in columns.items() for alias in names}


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
