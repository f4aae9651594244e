"""Reading a mapping: every mistake in it is told at once, with its place.

What a word or a constant means is read exactly as a case file would be, so that a mapping can say
nothing that a case cannot.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from saisei.base.documents import Document
from saisei.base.errors import CaseError, Problem
from saisei.base.units import convert, units_for
from saisei.cases import Field, case_from_data, fields
from saisei.cases.fields import table
from saisei.eligibility.columns import mask_of
from saisei.eligibility.population.events import events_of_case
from saisei.eligibility.population.flat.mapping import (
    Age,
    Ago,
    Cell,
    Coded,
    Constant,
    DateCell,
    Fill,
    Mapped,
    Members,
    Number,
    Words,
)
from saisei.eligibility.population.flat.parts import Parts, Steps, text_of

__all__ = ["read_mapping", "table_of"]

KEYS = (
    "title",
    "table",
    "separator",
    "decimal",
    "person",
    "moment",
    "unknown",
    "only_where",
    "fields",
)
KINDS: Mapping[str, tuple[str, ...]] = {
    "words": ("column", "words", "unknown"),
    "age_in": ("column", "age_in", "unknown"),
    "ago_in": ("column", "ago_in", "off_by", "unknown"),
    "date": ("column", "date", "unknown"),
    "constant": ("constant",),
    "members": ("members",),
    "number": ("column", "unit", "factor", "unknown"),
}
"""What stands in a way of filling a field, by the key that tells the ways apart."""
ALWAYS = ("only_where", "dated")
EVERY_KEY = tuple(dict.fromkeys([key for keys in KINDS.values() for key in keys] + [*ALWAYS]))
SECONDS: Mapping[str, float] = {"min": 60.0, "h": 3_600.0, "d": 86_400.0, "wk": 604_800.0}
OPEN = frozenset({"value", "open", "without"})
"""What may stand around a list of which only some entries are known."""
SUFFIXES = (".csv", ".csv.gz", ".parquet")


def table_of(document: Document) -> Path:
    """Give the data file of a mapping.

    Raises
    ------
    CaseError
        The mapping names none, or one that is not there.
    """
    data = document.data if isinstance(document.data, Mapping) else {}
    name, place = data.get("table"), document.place("table")
    expected = f"the name of a file ({', '.join(SUFFIXES)}) beside this one"
    if not isinstance(name, str) or not name.endswith(SUFFIXES):
        raise CaseError(
            Problem("no-table", "the mapping names no table", expected, "", place, "table")
        )
    found = Path(document.name).parent / name
    if not found.is_file():
        raise CaseError(Problem("missing", "there is no such file", expected, "", place, "table"))
    return found


def read_mapping(document: Document, as_of: datetime) -> Mapped:
    """Read what a mapping says.

    Parameters
    ----------
    document
        The file.
    as_of
        The moment that is asked about: a constant date may not lie after it.

    Raises
    ------
    CaseError
        It names a field, a value, a unit or a key that there is not. All problems are told.
    """
    reader = _Reader(document, as_of)
    found = reader.mapped()
    if reader.problems:
        raise CaseError(reader.problems)
    return found


class _Reader(Parts):
    """Reads a mapping, and collects every problem on the way."""

    def __init__(self, document: Document, as_of: datetime) -> None:
        super().__init__(document)
        self.as_of = as_of

    def mapped(self) -> Mapped:
        data = self.mapping(self.document.data, ())
        self.only(data, KEYS, ())
        named = self.mapping(data.get("fields"), ("fields",))
        person = data.get("person")
        return Mapped(
            {name: fills for name, raw in named.items() if (fills := self._field(name, raw))},
            None if person is None else self.column(person, ("person",)),
            self.moment(data.get("moment"), ("moment",)),
            self.texts(data.get("unknown"), ("unknown",)),
            self.where(data.get("only_where"), ("only_where",)),
            self.sign(data, "separator", ",", ",;|\t"),
            self.sign(data, "decimal", ".", ".,"),
            self.places,
        )

    def _field(self, name: Hashable, raw: Any) -> tuple[Fill, ...]:
        wanted = self._wanted(name)
        if wanted is None:
            return ()
        several = raw if isinstance(raw, list) else [raw]
        at: Steps = ("fields", name)
        steps = [(*at, i) for i in range(len(several))] if isinstance(raw, list) else [at]
        found = [self._fill(wanted, one, where) for one, where in zip(several, steps, strict=True)]
        return tuple(fill for fill in found if fill is not None)

    def _wanted(self, name: Hashable) -> Field | None:
        steps = ("fields", name)
        try:
            case_from_data(cast("dict[str, Any]", {name: None}), as_of=self.as_of)
        except CaseError as error:
            self.retell(error, steps)
            return None
        wanted = fields()[str(name)]
        if wanted.type in ("map", "items"):
            found = "items of a scale cannot be filled from a flat table"
            self.note("wrong-type", found, "a field of another type, such as the total", steps)
            return None
        return wanted

    def _fill(self, wanted: Field, raw: Any, steps: Steps) -> Fill | None:
        data = self.mapping(raw, steps)
        if not data:
            return None
        kind = next((key for key in KINDS if key in data), "number")
        before = len(self.problems)
        misread = kind == "number" and wanted.type != "number"
        self.only(data, EVERY_KEY if misread else (*KINDS[kind], *ALWAYS), steps)
        cell = self._cells()[kind](wanted, data, steps)
        fill = Fill(
            cell,
            self.texts(data.get("unknown"), (*steps, "unknown")),
            self.where(data.get("only_where"), (*steps, "only_where")),
            self.moment(data.get("dated"), (*steps, "dated")),
        )
        return fill if len(self.problems) == before else None

    def _cells(self) -> Mapping[str, Callable[[Field, Mapping[Any, Any], Steps], Cell]]:
        return {
            "words": self._words,
            "age_in": self._age,
            "ago_in": self._ago,
            "date": self._dated,
            "constant": self._constant,
            "members": self._members,
            "number": self._number,
        }

    def _words(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> Words:
        column = self.column(data.get("column"), (*steps, "column"))
        said = self.mapping(data.get("words"), (*steps, "words"))
        values = {
            text_of(word): self._coded(wanted, value, (*steps, "words", word))
            for word, value in said.items()
        }
        return Words(column, values)

    def _number(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> Number:
        column = self.column(data.get("column"), (*steps, "column"))
        if wanted.type != "number":
            expected = f"`words`, because this is a field of type {wanted.type}"
            if wanted.type in ("date", "datetime"):
                expected = "`date`, `ago_in` or `age_in`, because this is a date"
            self.note("wrong-type", "a column without a way of reading it", expected, steps)
            return Number(column, ())
        factor = self.number(data.get("factor", 1), (*steps, "factor"), least=1e-12)
        return Number(column, (factor, self._unit_factor(wanted, data, steps)))

    def _unit_factor(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> float:
        kept, unit = wanted.unit, data.get("unit")
        if kept is None or (unit is None and kept.startswith("{")):
            if unit is not None:
                self.note("unit", "a unit where none is possible", "no unit", (*steps, "unit"))
            return 1.0
        given = table("spellings").get(unit, unit) if isinstance(unit, str) else ""
        try:
            return convert(1.0, given, kept, wanted.id)
        except ValueError:
            expected = f"one of {', '.join(units_for(kept, wanted.id))}"
            found = "no unit" if unit is None else "a unit that does not convert"
            self.note("unit", found, expected, (*steps, "unit"))
            return 1.0

    def _age(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> Age:
        if wanted.id != "birth_date":
            self.note("wrong-type", "an age", "it under birth_date", (*steps, "age_in"))
        if data["age_in"] != "a":
            self.note("unit", "an age in this unit", "a (completed years)", (*steps, "age_in"))
        return Age(self.column(data.get("column"), (*steps, "column")))

    def _ago(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> Ago:
        self._must_be_date(wanted, (*steps, "ago_in"))
        unit = data["ago_in"]
        if unit not in SECONDS:
            expected = f"one of {', '.join(SECONDS)}"
            self.note("unit", "a unit of time that is not read", expected, (*steps, "ago_in"))
        off = data.get("off_by", 0)
        given = off if isinstance(off, Mapping) else {"less": off, "more": off}
        self.only(given, ("less", "more"), (*steps, "off_by"))
        less, more = (
            self.number(given.get(key, 0), (*steps, "off_by"), least=0) for key in ("less", "more")
        )
        column = self.column(data.get("column"), (*steps, "column"))
        return Ago(column, SECONDS.get(str(unit), 1.0), less, more)

    def _dated(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> DateCell:
        self._must_be_date(wanted, (*steps, "date"))
        return self.date_cell(data, steps)

    def _constant(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> Constant:
        found = self._coded(wanted, data["constant"], (*steps, "constant"))
        if found is None:
            at = (*steps, "constant")
            self.note("constant", "a constant that says nothing", "a value", at)
        return Constant(found or (math.nan, math.nan))

    def _members(self, wanted: Field, data: Mapping[Any, Any], steps: Steps) -> Members:
        at = (*steps, "members")
        given = self.mapping(data["members"], at)
        if wanted.type != "list" or not wanted.values:
            self.note("wrong-type", "columns of members", "a field with a list of values", at)
            return Members((), (), whole=False)
        self.only(given, wanted.values, at)
        known = [value for value in given if value in wanted.values]
        return Members(
            tuple(self._member(given[value], (*at, value)) for value in known),
            tuple(mask_of(wanted, [value]) for value in known),
            whole=set(wanted.values) <= set(given),
        )

    def _member(self, raw: Any, steps: Steps) -> Words:
        data = self.mapping(raw, steps)
        self.only(data, ("column", "words"), steps)
        said = self.mapping(data.get("words"), (*steps, "words"))
        coded: dict[str, Coded | None] = {}
        for word, meant in said.items():
            if meant not in (True, False, "unknown"):
                expected = "true, false or unknown"
                self.note("value", "what this word means", expected, (*steps, "words", word))
            number = float(meant is True)
            coded[text_of(word)] = None if meant == "unknown" else (number, number)
        return Words(self.column(data.get("column"), (*steps, "column")), coded)

    def _coded(self, wanted: Field, value: Any, steps: Steps) -> Coded | None:
        """Code a value as a case file's is; a list may be open, or hold entries with columns."""
        if isinstance(value, Mapping) and not OPEN.issuperset(value):
            self.note("value", "named values", "a value, or a list that is open", steps)
            return None
        try:
            case = case_from_data({wanted.id: value}, as_of=self.as_of)
        except CaseError as error:
            self.retell(error, steps)
            return None
        return next(((event.low, event.high) for event in events_of_case(0, case)), None)

    def _must_be_date(self, wanted: Field, steps: Steps) -> None:
        if wanted.type not in ("date", "datetime"):
            expected = f"a way to fill a field of type {wanted.type}"
            self.note("wrong-type", "a date or a time ago", expected, steps)
