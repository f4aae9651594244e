"""A table of people: which columns hold what is known of each, for engines that read tables.

One row is one person at one moment. A column, or a pair of columns, stands for one source:

    yes or no    one Boolean column
    a number     two columns, the lowest and the highest that it may be; infinite for *never*
    a word       the place of the word in the field's list of values
    a list       two whole numbers, bit i for value i of the field and the last bit for any other
                 entry: what surely belongs to it, and what may; alike where it is known whole

and null is unknown. Words and lists stand as numbers, because they are compared by the million.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from saisei.base.dates import Span
from saisei.base.errors import CriterionError, Problem
from saisei.cases import Answer, Field, OpenList, fields
from saisei.eligibility.evaluate import Lookup
from saisei.eligibility.quantities import span_of
from saisei.eligibility.tree import (
    Elapsed,
    Expression,
    Source,
    Window,
    field_of,
    leaves_of,
    sources_of,
)

__all__ = [
    "EVERY_BIT",
    "OTHER_BIT",
    "Column",
    "columns_of",
    "mask_of",
    "masks_of_open",
    "row_of",
    "sources_read",
]

OTHER_BIT = 50
"""The bit of a list that stands for every entry without a place of its own; a float holds it."""

EVERY_BIT = (1 << (OTHER_BIT + 1)) - 1

Kind = Literal["flag", "number", "word", "list"]
Cell = bool | float | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """The columns of one source: one, or two for the ends of a number or of a list."""

    source: Source
    kind: Kind
    names: tuple[str, ...]

    @classmethod
    def of(cls, source: Source) -> Column:
        """Give the columns of a source.

        Examples
        --------
        >>> Column.of("mrs_current").names
        ('mrs_current__low', 'mrs_current__high')
        """
        field = fields()[field_of(source)]
        kind = _kind(field) if isinstance(source, str) else "number"
        stem = _stem(source)
        ends = kind in ("number", "list")
        return cls(source, kind, (f"{stem}__low", f"{stem}__high") if ends else (stem,))

    def cells(self, answer: Answer) -> tuple[Cell, ...]:
        """Give what stands in the columns of a person with this answer."""
        if not answer.known:
            return (None,) * len(self.names)
        if self.kind == "flag":
            return (answer.value is True,)
        field = fields()[field_of(self.source)]
        if self.kind == "word":
            return (field.values.index(str(answer.value)),)
        if self.kind == "list":
            if isinstance(answer.value, OpenList):
                return masks_of_open(field, answer.value)
            found = answer.value if isinstance(answer.value, frozenset) else frozenset[str]()
            return (mask_of(field, found),) * 2
        span = span_of(answer.value) or _nothing(field)
        return (span.low, span.high)


def _kind(field: Field) -> Kind:
    kinds: Mapping[str, Kind] = {
        "boolean": "flag",
        "number": "number",
        "enum": "word",
        "list": "list",
    }
    if field.type not in kinds:
        raise CriterionError(
            Problem("wrong-type", f"a field of type {field.type}", "no column", "", None, field.id)
        )
    return kinds[field.type]


def _nothing(field: Field) -> Span:
    raise TypeError(f"{field.id} is known and is no number")


def _stem(source: Source) -> str:
    match source:
        case Window(pick, field, days):
            return f"{field}__{pick}_{days:g}d".replace(".", "_")
        case Elapsed(unit, start, end):
            return f"{start}__to__{end or 'moment'}__{unit}"
        case _:
            return source


def mask_of(field: Field, values: Iterable[str]) -> int:
    """Give the bits of some values of a list.

    Examples
    --------
    >>> mask_of(fields()["contraindicated_imaging"], ["CT", "PET"])
    9
    """
    places = {value: place for place, value in enumerate(field.values)}
    mask = 0
    for value in values:
        mask |= 1 << places.get(value, OTHER_BIT)
    return mask


def masks_of_open(field: Field, known: OpenList) -> tuple[int, int]:
    """Give the bits of what surely belongs to a list, and of what may.

    Examples
    --------
    >>> low, high = masks_of_open(fields()["can_undergo_imaging"], OpenList(frozenset({"CT"})))
    >>> low, high == 2 ** (OTHER_BIT + 1) - 1
    (1, True)
    """
    return mask_of(field, known.holds), EVERY_BIT & ~mask_of(field, known.lacks)


def sources_read(expressions: Iterable[Expression]) -> tuple[Source, ...]:
    """Give everything that some expressions look up, each once, in the order of reading."""
    found = (s for one in expressions for leaf in leaves_of(one) for s in sources_of(leaf))
    return tuple(dict.fromkeys(found))


def columns_of(expressions: Iterable[Expression]) -> tuple[Column, ...]:
    """Give the columns that a table needs for some expressions."""
    return tuple(Column.of(source) for source in sources_read(expressions))


def row_of(columns: Iterable[Column], lookup: Lookup) -> dict[str, Cell]:
    """Give the row of one person."""
    row: dict[str, Cell] = {}
    for column in columns:
        row |= zip(column.names, column.cells(lookup(column.source)), strict=True)
    return row
