"""Reading dated scores of many people: one score a row, every mistake with its place.

A value of a person never stands in a message: it names the line and the column.
"""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from saisei.base.errors import DocumentError, Place, Problem
from saisei.base.store import load_data
from saisei.evidence.raw_tables import RawTable
from saisei.evidence.tables import read_raw
from saisei.forecast.parameters import contexts
from saisei.scales import scale, scales

__all__ = ["Reading", "ScoreTable", "read_scores", "settings"]

FILE = "forecast/validation.yaml"
COLUMNS = ("person", "day", "scale", "value")
CONTEXT = "context"
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
MOST_PROBLEMS = 20
"""So many mistakes are told; of more, only how many."""


def settings() -> dict[str, Any]:
    """Give the conventions of the validation."""
    found: dict[str, Any] = load_data(FILE)
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """One score of a person: the day since the stroke, the score, and what went on afterwards."""

    day: float
    value: float
    context: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """What was read.

    Parameters
    ----------
    readings
        For each scale that is forecast and each person, the scores, oldest first.
    rows, people
        Lines with a score or the place for one, and people.
    missing, repeated, between
        Rows without a value; rows that say again what another said; values between two steps of
        the scale, which were put to the nearest one (a half upwards), by scale.
    not_forecast
        Rows of other scales.
    ignored
        Further columns.
    """

    name: str
    readings: Mapping[str, Mapping[str, tuple[Reading, ...]]]
    rows: int
    people: int
    missing: int = 0
    repeated: int = 0
    between: Mapping[str, int] = field(default_factory=dict)
    not_forecast: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def read_scores(source: object) -> ScoreTable:
    """Read a table of scores.

    Parameters
    ----------
    source
        A file of comma-separated text with a heading line (semicolons and tabs do too), a frame
        with the Arrow interface, or a mapping of columns.

    Raises
    ------
    DocumentError
        A column is missing or a cell cannot be. All mistakes are told, with line and column.
    """
    try:
        raw = read_raw(source)
    except DocumentError as error:
        raise DocumentError([_of_scores(one) for one in error.problems]) from None
    return _Reader(raw).table()


def _of_scores(problem: Problem) -> Problem:
    """Put what a reader of studies says into the words of scores."""
    words = (problem.found, problem.expected)
    found, expected = (one.replace("study", "score") for one in words)
    return replace(problem, found=found, expected=expected)


class _Reader:
    """Reads row by row, and collects every mistake on the way."""

    def __init__(self, raw: RawTable) -> None:
        self.raw = raw
        self.problems: list[Problem] = []
        self.counts: Counter[str] = Counter()
        self.between: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self.people: set[str] = set()
        self.seen: dict[tuple[str, str, float], Reading] = {}

    def table(self) -> ScoreTable:
        at = self._columns()
        for row in range(len(self.raw.rows)):
            self._row(row, at)
        if self.problems:
            raise DocumentError(self._told())
        readings: dict[str, dict[str, list[Reading]]] = {}
        for (person, scale_id, _), reading in self.seen.items():
            readings.setdefault(scale_id, {}).setdefault(person, []).append(reading)
        return ScoreTable(
            self.raw.name,
            {
                scale_id: {
                    who: tuple(sorted(ones, key=lambda one: one.day)) for who, ones in of.items()
                }
                for scale_id, of in readings.items()
                if scale_id in settings()["scales"]
            },
            len(self.raw.rows),
            len(self.people),
            self.counts["missing"],
            self.counts["repeated"],
            dict(self.between),
            dict(sorted(self.others.items())),
            tuple(head for head in self.raw.heads if head.casefold() not in at),
        )

    def _columns(self) -> dict[str, int]:
        """Find each column by its name."""
        heads = [head.casefold() for head in self.raw.heads]
        found: dict[str, int] = {}
        place = Place(self.raw.name, self.raw.head_line)
        expected = f"the columns {', '.join(COLUMNS)} in the first line"
        for name in (*COLUMNS, CONTEXT):
            if heads.count(name) > 1:
                told = "the column stands there twice"
                self.problems.append(Problem("column", told, "once", "", place, name))
            elif name in heads:
                found[name] = heads.index(name)
            elif name != CONTEXT:
                near = difflib.get_close_matches(name, heads, 1)
                step = f"Is it the one called {near[0]!r}?" if near else ""
                told = "there is no such column"
                self.problems.append(Problem("column", told, expected, step, place, name))
        if self.problems:
            raise DocumentError(self.problems)
        return found

    def _row(self, row: int, at: Mapping[str, int]) -> None:
        before = len(self.problems)
        person = self._person(row, at["person"])
        scale_id = self._known(row, at["scale"], "scale", scales(), "-", "_")
        day = self._day(row, at["day"])
        going_on = ""
        if CONTEXT in at and self.raw.text(row, at[CONTEXT]).casefold() not in MISSING:
            going_on = self._known(row, at[CONTEXT], CONTEXT, contexts(), "_", "-")
        if len(self.problems) > before:
            return
        value = self._value(row, at["value"], scale_id)
        if value is None:
            return
        self.people.add(person)
        if math.isnan(value):
            self.counts["missing"] += 1
        elif scale_id in settings()["scales"]:
            self._keep(row, at, (person, scale_id, day), Reading(day, value, going_on))
        else:
            self.others[scale_id] += 1

    def _person(self, row: int, at: int) -> str:
        person = self.raw.text(row, at)
        if not person:
            self._wrong(row, at, "person", "there is nothing", "a name or a number")
        return person

    def _known(
        self, row: int, at: int, name: str, known: Mapping[str, Any], wrong: str, right: str
    ) -> str:
        """Read a word that has to be among the known ones."""
        written = self.raw.text(row, at).casefold().replace(wrong, right)
        if written not in known:
            expected = f"one of {', '.join(known)}"
            self._wrong(row, at, name, f"this is no {name} that is known", expected)
        return written

    def _number(self, row: int, at: int) -> float:
        """Read a number; infinity where there is none, NaN where the cell is empty."""
        written = self.raw.text(row, at).replace("−", "-")
        if written.casefold() in MISSING:
            return math.nan
        return float(written) if NUMBER.fullmatch(written) else math.inf

    def _day(self, row: int, at: int) -> float:
        day = self._number(row, at)
        last = settings()["last_day"]
        if math.isinf(day) or math.isnan(day):
            found = "there is nothing" if math.isnan(day) else "this is no number"
            self._wrong(row, at, "day", found, "days since the stroke, such as 14")
        elif not 0 <= day <= last:
            found = "it lies before the stroke" if day < 0 else "nobody lives so long"
            self._wrong(row, at, "day", found, f"days since the stroke, 0 to {last}")
        return day

    def _value(self, row: int, at: int, scale_id: str) -> float | None:
        """Read a score, on a step of its scale; NaN where it is missing."""
        value = self._number(row, at)
        if math.isnan(value):
            return value
        span = scale(scale_id).range
        if math.isinf(value):
            self._wrong(row, at, "value", "this is no number", "a score, or nothing if missing")
            return None
        if span is not None and not span.low <= value <= span.high:
            expected = f"{span.low:g} to {span.high:g}"
            self._wrong(row, at, "value", f"it lies beyond the scale {scale_id}", expected)
            return None
        given = settings()["scales"].get(scale_id)
        if given is None or value % given["step"] == 0:
            return value
        self.between[scale_id] += 1
        return float(math.floor(value / given["step"] + 0.5) * given["step"])

    def _keep(
        self, row: int, at: Mapping[str, int], key: tuple[str, str, float], reading: Reading
    ) -> None:
        before = self.seen.setdefault(key, reading)
        if before is reading:
            return
        if before == reading:
            self.counts["repeated"] += 1
            return
        found = "the same person has another one on the same day"
        name = "value" if before.value != reading.value else CONTEXT
        self._wrong(row, at[name], name, found, "one for each person, day and scale")

    def _wrong(self, row: int, at: int, name: str, found: str, expected: str) -> None:
        place = self.raw.place(row, at)
        self.problems.append(Problem(f"bad-{name}", found, expected, "", place, name))

    def _told(self) -> list[Problem]:
        """Give the first mistakes, and how many more there are."""
        more = len(self.problems) - MOST_PROBLEMS
        shown = self.problems[:MOST_PROBLEMS]
        if more > 0:
            told = f"{more} more mistakes of this kind or another"
            shown.append(Problem("more", told, place=Place(self.raw.name)))
        return shown
