"""The small parts of a mapping: columns, words, numbers and dates, each problem with its place."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from saisei.base.documents import Document
from saisei.base.errors import CaseError, Place, Problem
from saisei.eligibility.population.flat.mapping import DateCell, Where

__all__ = ["Parts", "Steps", "directives_of", "text_of"]

Steps = tuple[Hashable, ...]

DIRECTIVE = re.compile(r"%-?([YmdHMSbBjpI])")
"""What may stand in the written form of a date; a year of two digits would be a guess."""
YEAR_MONTH_DAY = ("year", "month", "day")


class Parts:
    """Reads the parts of a mapping, and collects every problem on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.places: dict[str, Place] = {}

    def mapping(self, raw: Any, steps: Steps) -> Mapping[Any, Any]:
        """Give what stands under a name; it may not be empty."""
        if isinstance(raw, Mapping) and raw:
            return raw
        self.note("wrong-type", "nothing to read", "`name: …` lines", steps)
        return {}

    def only(self, data: Mapping[Any, Any], known: Iterable[str], steps: Steps) -> None:
        """Note every name that is not known."""
        known = tuple(known)
        for key in data:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                step = f"Did you mean `{near[0]}`?" if near else ""
                expected = f"one of {', '.join(known)}"
                here = (*steps, key)
                self.note("unknown-key", "there is no such name here", expected, here, step)

    def column(self, raw: Any, steps: Steps) -> str:
        """Give the name of a column, and remember where it was first named."""
        if raw is None or isinstance(raw, Mapping | list):
            self.note("no-column", "no column is named", "the name of a column", steps)
            return ""
        name = raw if isinstance(raw, str) else text_of(raw)
        self.places.setdefault(name, self.document.place(*steps))
        return name

    def texts(self, raw: Any, steps: Steps) -> tuple[str, ...]:
        """Give a word or a list of words."""
        several = raw if isinstance(raw, list) else [] if raw is None else [raw]
        if any(isinstance(one, Mapping | list) for one in several):
            self.note("wrong-type", "something else than words", "a list of words", steps)
            return ()
        return tuple(text_of(one) for one in several)

    def where(self, raw: Any, steps: Steps) -> tuple[Where, ...]:
        """Give the rows that something is restricted to."""
        given = {} if raw is None else self.mapping(raw, steps)
        return tuple(
            Where(self.column(column, (*steps, column)), self.texts(words, (*steps, column)))
            for column, words in given.items()
        )

    def moment(self, raw: Any, steps: Steps) -> DateCell | None:
        """Give where the moment of a row or of a value stands."""
        if raw is None:
            return None
        data = self.mapping(raw, steps)
        self.only(data, ("column", "date"), steps)
        return self.date_cell(data, steps)

    def date_cell(self, data: Mapping[Any, Any], steps: Steps) -> DateCell:
        """Give where a date stands, and how it is written."""
        written, at = data.get("date", "iso"), (*steps, "date")
        if isinstance(written, Mapping):
            return self._year_month_day(written, data, at)
        column = (self.column(data.get("column"), (*steps, "column")),)
        if written == "iso":
            return DateCell(column)
        if not isinstance(written, str) or "Y" not in directives_of(written):
            self.note("date", "a form of dates that is not read", "iso, or such as %d.%m.%Y", at)
        return DateCell(column, str(written))

    def _year_month_day(
        self, written: Mapping[Any, Any], data: Mapping[Any, Any], at: Steps
    ) -> DateCell:
        self.only(written, YEAR_MONTH_DAY, at)
        named = [part for part in YEAR_MONTH_DAY if part in written]
        if not named or tuple(named) != YEAR_MONTH_DAY[: len(named)] or "column" in data:
            expected = "the columns of the year, perhaps the month, perhaps the day"
            self.note("date", "columns that make no date", expected, at)
        return DateCell(tuple(self.column(written[part], (*at, part)) for part in named))

    def number(self, raw: Any, steps: Steps, *, least: float) -> float:
        """Give a finite number that is not below the least."""
        fits = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
        if not fits or raw < least:
            self.note("wrong-type", "this number is not possible here", "a plain number", steps)
            return 1.0
        return float(raw)

    def sign(self, data: Mapping[Any, Any], key: str, usual: str, allowed: str) -> str:
        """Give one sign of those allowed; a tab is written out."""
        found = data.get(key, usual)
        found = "\t" if found == "tab" else found
        if not isinstance(found, str) or len(found) != 1 or found not in allowed:
            named = " ".join("tab" if sign == "\t" else sign for sign in allowed)
            self.note("sign", "a sign that is not read", f"one of {named}", (key,))
            return usual
        return found

    def retell(self, error: CaseError, steps: Steps) -> None:
        """Tell what is wrong with a value or a field, at its place in the mapping."""
        for problem in error.problems:
            self.note(problem.code, problem.found, problem.expected, steps, problem.next_step)

    def note(self, code: str, found: str, expected: str, steps: Steps, step: str = "") -> None:
        """Note a problem."""
        path = ".".join(str(one) for one in steps)
        place = self.document.place(*steps)
        self.problems.append(Problem(code, found, expected, step, place, path))


def directives_of(form: str) -> frozenset[str]:
    """Name the parts of a date that a written form has; none where it is no such form.

    Examples
    --------
    >>> sorted(directives_of("%d.%m.%Y")), directives_of("%Y-%q")
    (['Y', 'd', 'm'], frozenset())
    """
    is_form = "%" not in DIRECTIVE.sub("", form)
    return frozenset(DIRECTIVE.findall(form)) if is_form else frozenset()


def text_of(word: Any) -> str:
    """Write a word of a mapping as it stands in a table.

    Examples
    --------
    >>> text_of(1), text_of(True), text_of(" NA ")
    ('1', 'true', 'NA')
    """
    return str(word).lower() if isinstance(word, bool) else str(word).strip()
