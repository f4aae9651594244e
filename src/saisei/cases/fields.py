"""The one table of fields, read from `fields.yaml`: what may be said about one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from saisei.base.dates import Span
from saisei.base.errors import DataError
from saisei.base.store import load_data
from saisei.base.texts import Language, in_language
from saisei.scales import scale
from saisei.scales.scoring import scoring_items

__all__ = ["Effort", "Field", "FieldType", "fields", "item_points", "table"]

FILE = "cases/fields.yaml"

FieldType = Literal["boolean", "number", "enum", "list", "date", "datetime", "map", "items"]
Effort = Literal["ask", "chart", "exam", "scan", "lab"]
ValidFor = float | Literal["inputs"] | Mapping[str, float | None] | None

PLAIN = (
    "id",
    "group",
    "type",
    "unit",
    "question",
    "effort",
    "never",
    "judgement",
    "willingness",
    "if_male",
    "derived_from",
    "note",
    "code",
    "scale",
    "item",
    "step",
    "future",
    "precision_from",
    "compute",
    "also_from",
    "entries",
    "ist1",
)
"""Keys of a row that are taken over as they stand."""
TUPLES = ("values", "keys", "inputs", "used_by", "follows")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how it is asked, which values it can have, and how long a value holds.

    `valid_for` is in days; None does not expire; ``inputs`` holds as long as what the field is
    computed from; a mapping tells answers or phases apart, as the table says at its head.
    """

    id: str
    group: str
    type: FieldType
    question: Mapping[str, str]
    valid_for: ValidFor
    effort: Effort
    unit: str | None = None
    range: Span | None = None
    values: tuple[str, ...] = ()
    step: float | None = None
    judgement: bool = False
    willingness: bool = False
    never: bool = False
    if_male: bool | None = None
    future: bool = False
    derived_from: str | None = None
    inputs: tuple[str, ...] = ()
    note: str | None = None
    used_by: tuple[str, ...] = ()
    code: Mapping[str, Any] | None = None
    scale: str | None = None
    item: str | None = None
    keys: tuple[str, ...] = ()
    entries: Mapping[str, Any] | None = None
    precision_from: str | None = None
    compute: Mapping[str, Any] | None = None
    also_from: Mapping[str, Any] | None = None
    follows: tuple[Mapping[str, Any], ...] = ()
    ist1: str | None = None

    def asked(self, language: Language = "en") -> str:
        """Give the question in a language, in English where it is not translated.

        Examples
        --------
        >>> fields()["birth_date"].asked("ja")
        '生年月日はいつですか。'
        """
        return in_language(self.question, language)

    @property
    def derived(self) -> bool:
        """Whether the field is computed and never typed in."""
        return self.compute is not None


@cache
def fields() -> Mapping[str, Field]:
    """Give every field by its id, in the order of the table.

    Examples
    --------
    >>> fields()["fma_ue"].range
    Span(low=0.0, high=66.0)
    """
    try:
        return MappingProxyType({row["id"]: _field(row) for row in table("fields")})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{FILE}: {type(error).__name__}: {error}") from error


def table(name: str) -> Any:
    """Give one of the small tables that stand beside the fields (`groups`, `essentials`, …)."""
    return load_data(FILE)[name]


def item_points(wanted: Field) -> Mapping[str, tuple[float, ...]]:
    """Give the points that each item of a scale can have, lowest first.

    Examples
    --------
    >>> item_points(fields()["barthel_items"])["feeding"]
    (0.0, 5.0, 10.0)
    """
    found = scoring_items(scale(wanted.scale or ""))
    return {item.id: tuple(sorted(map(float, item.points))) for item in found}


def _field(row: Mapping[str, Any]) -> Field:
    if row["type"] not in get_args(FieldType) or row["effort"] not in get_args(Effort):
        raise DataError(f"{FILE}: {row['id']} has an unknown type or effort")
    given = {key: row[key] for key in PLAIN if key in row}
    given |= {key: tuple(row[key]) for key in TUPLES if key in row}
    return Field(range=_range(row), valid_for=row["valid_for_days"], **given)


def _range(row: Mapping[str, Any]) -> Span | None:
    if "range" in row:
        low, high = row["range"]
        return Span(float(low), float(high))
    if "scale" not in row or row["type"] == "items":
        return None
    found = scale(row["scale"])
    if "item" not in row:
        return found.range
    item = found.item(row["item"])
    if item is None:
        raise DataError(f"{FILE}: {row['id']}: no such item of {found.id}")
    return Span(item.points[0], item.points[-1])
