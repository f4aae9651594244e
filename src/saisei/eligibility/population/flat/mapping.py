"""A mapping: which column of a flat table fills which field of a case, and how.

The table has one row a person. The mapping is a YAML file beside it::

    table: stroke-unit.csv.gz          # CSV, CSV.gz or Parquet, beside this file
    person: patient                    # a column of whole numbers; left out: rows count from 1
    moment: {column: seen, date: iso}  # when a row was true; left out: the moment asked about
    unknown: [NA, "99"]                # what means unknown in every column
    only_where: {vital_status: [alive]}  # other rows are left out, and counted
    fields:
      sex: {column: sex, words: {M: male, F: female}}
      birth_date: {column: age, age_in: a}
      onset_datetime: {column: delay, ago_in: h, off_by: 0.5}

A field has one way of being filled, or a list of ways: the first that gives a value counts. What is
not said in the mapping is not read: an empty cell is unknown, and so is a word that the mapping
does not know, which is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from saisei.base.errors import Place

__all__ = [
    "Age",
    "Ago",
    "Cell",
    "Constant",
    "DateCell",
    "Fill",
    "Mapped",
    "Members",
    "Number",
    "Where",
    "Words",
]

Coded = tuple[float, float]
"""A value as it stands in a table of events: the lowest and the highest that it may be."""


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words or codes; one that means *unknown* has no value."""

    column: str
    values: Mapping[str, Coded | None]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (self.column,)


@dataclass(frozen=True, slots=True)
class Number:
    """A column of numbers, brought into the unit of the field by its factors, one after another."""

    column: str
    factors: tuple[float, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (self.column,)


@dataclass(frozen=True, slots=True)
class Age:
    """A column of ages in completed years: the birth lies in a stretch of one year."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (self.column,)


@dataclass(frozen=True, slots=True)
class Ago:
    """A column that says how long before the row's moment something was.

    `less` and `more` say by how much, in the same unit, it may have been shorter or longer ago.
    """

    column: str
    seconds: float
    less: float
    more: float

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return (self.column,)


@dataclass(frozen=True, slots=True)
class DateCell:
    """A date in one column, or its year, month and day in up to three.

    `written` is the form, as `strptime` has it; None is ISO 8601, as precise as it is written.
    """

    columns: tuple[str, ...]
    written: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """What is so for everybody."""

    value: Coded

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read: none."""
        return ()


@dataclass(frozen=True, slots=True)
class Members:
    """A list whose values have columns of their own.

    Parameters
    ----------
    parts
        The columns; a word is coded as 1 where the value belongs to the list, as 0 where not.
    bits
        The bit of each of these values.
    whole
        Whether every value of the field has a column: only then can a list be known whole.
    """

    parts: tuple[Words, ...]
    bits: tuple[int, ...]
    whole: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(part.column for part in self.parts)


Cell = Words | Number | Age | Ago | DateCell | Constant | Members


@dataclass(frozen=True, slots=True)
class Where:
    """Only rows that have one of some words in a column."""

    column: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """One way in which a field is filled.

    Parameters
    ----------
    cell
        Where the value stands, and what it means.
    unknown
        The words that mean unknown in its columns.
    where
        The rows that it holds for.
    dated
        When the value was so; the moment of the row where it is left out.
    """

    cell: Cell
    unknown: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    dated: DateCell | None = None

    @property
    def columns(self) -> Iterator[str]:
        """The columns that are read."""
        yield from self.cell.columns
        yield from (one.column for one in self.where)
        if self.dated is not None:
            yield from self.dated.columns


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping that was read and understood; `places` says where it first names each column."""

    fields: Mapping[str, tuple[Fill, ...]]
    person: str | None = None
    moment: DateCell | None = None
    unknown: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    separator: str = ","
    decimal: str = "."
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        found = [one.column for one in self.where]
        found += [self.person] if self.person is not None else []
        found += self.moment.columns if self.moment is not None else []
        found += [c for fills in self.fields.values() for fill in fills for c in fill.columns]
        return tuple(dict.fromkeys(found))
