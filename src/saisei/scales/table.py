"""The table of scales, read from `scales.yaml`.

What the table marks unverified is either labelled (an item's `verified`) or left out (a smallest
important change without a source that was read).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from saisei.base.dates import Span
from saisei.base.errors import DataError
from saisei.base.sources import Source, read_sources
from saisei.base.store import load_data
from saisei.vocabulary import Outcome, Stage

__all__ = [
    "Change",
    "Composite",
    "Convention",
    "Item",
    "Level",
    "Scale",
    "Section",
    "Weights",
    "composites",
    "scale",
    "scale_of_outcome",
    "scale_sources",
    "scales",
]

FILE = "scales/scales.yaml"
TITLE = "Saisei's table of scales"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a scale: the points it can have, and whether it may be marked untestable."""

    id: str
    name: str
    points: tuple[float, ...]
    untestable: bool = False
    loinc: str | None = None
    verified: bool = False
    """Whether name and points were read in `source`; otherwise they are the usual form."""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a scale that is scored as a sum of whole points."""

    id: str
    name: str
    items: int
    maximum: float


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a scale of levels, in words."""

    value: float
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change that a study found to matter, or to lie beyond measurement error.

    `values` are on the scale's own range; `published` says the figure and the form of the scale
    that the source gives, where it used another one.
    """

    values: tuple[float, ...]
    phase: str
    stages: frozenset[Stage]
    source: str
    kind: str = ""
    anchor: str = ""
    people: int | None = None
    published: str = ""
    note: str = ""

    @property
    def low(self) -> float:
        """The lowest of the values."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The highest of the values."""
        return max(self.values)


@dataclass(frozen=True, slots=True)
class Convention:
    """A threshold that a trial or a registry chose, without a study behind it."""

    value: float
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class Weights:
    """What each level of a scale was found to be worth."""

    id: str
    what: str
    kind: Literal["utility", "disability"]
    by_level: Mapping[float, float]
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale: its range, its parts, and which change in it matters."""

    id: str
    name: str
    measures: str
    direction: Literal["higher", "lower"]
    """Which end is better."""
    range: Span | None
    unit: str = "{score}"
    items: tuple[Item, ...] = ()
    sections: tuple[Section, ...] = ()
    levels: tuple[Level, ...] = ()
    parts: tuple[str, ...] = ()
    """Scales that it is the sum of."""
    min_important: tuple[Change, ...] = ()
    detectable: tuple[Change, ...] = ()
    conventions: tuple[Convention, ...] = ()
    weights: tuple[Weights, ...] = ()
    loinc: str | None = None
    verified: bool = True
    note: str = ""

    def item(self, item_id: str) -> Item | None:
        """Give the item of that id, or None."""
        return next((item for item in self.items if item.id == item_id), None)


@dataclass(frozen=True, slots=True)
class Composite:
    """An outcome that holds when every one of several limits is kept."""

    id: str
    meaning: str
    all_of: tuple[tuple[str, Literal["lte", "gte"], float], ...]
    source: str


def scale(scale_id: str) -> Scale:
    """Give the scale of that id.

    Raises
    ------
    KeyError
        There is none.

    Examples
    --------
    >>> scale("nihss").direction, scale("nihss").range
    ('lower', Span(low=0.0, high=42.0))
    """
    return scales()[scale_id]


@cache
def scales() -> Mapping[str, Scale]:
    """Give every scale by its id, in the order of the table."""
    try:
        return MappingProxyType({row["id"]: _scale(row) for row in load_data(FILE)["scales"]})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{FILE}: {type(error).__name__}: {error}") from error


def scale_of_outcome(outcome: Outcome) -> Scale | None:
    """Give the scale that an outcome of the study files is measured with, or None.

    Examples
    --------
    >>> scale_of_outcome(Outcome.FMA_UE).id
    'fma_ue'
    """
    found = load_data(FILE)["outcomes"].get(outcome.value)
    return scales()[found] if found else None


@cache
def scale_sources() -> Mapping[str, Source]:
    """Give the sources of the table by their full key (``scales/page2012``)."""
    return MappingProxyType(read_sources("scales", load_data(FILE)["sources"], TITLE))


@cache
def composites() -> tuple[Composite, ...]:
    """Give the outcomes that are made of several scales."""
    return tuple(
        Composite(
            row["id"],
            row["meaning"],
            tuple((part["scale"], part["op"], float(part["value"])) for part in row["all_of"]),
            _key(row["source"]),
        )
        for row in load_data(FILE)["composites"]
    )


def _scale(row: Mapping[str, Any]) -> Scale:
    change = row.get("change", {})
    total = row.get("total_code") or {}
    return Scale(
        id=row["id"],
        name=row["name"],
        measures=row["measures"],
        direction=row["direction"],
        range=Span(*map(float, row["range"])) if "range" in row else None,
        unit=row.get("unit", "{score}"),
        items=_items(row),
        sections=tuple(_section(section) for section in row.get("sections", ())),
        levels=tuple(_level(level) for level in row.get("levels", ())),
        parts=tuple(row.get("parts", ())),
        min_important=_changes(change.get("min_important", ())),
        detectable=_changes(change.get("detectable", ())),
        conventions=tuple(_convention(entry) for entry in change.get("conventions", ())),
        weights=_weights(row, "utility") + _weights(row, "disability"),
        loinc=total.get("code") if total.get("verified") else None,
        verified=row.get("verified", True),
        note=row.get("note", change.get("note", "")),
    )


def _items(row: Mapping[str, Any]) -> tuple[Item, ...]:
    if row["id"] == "mrs":
        points = tuple(float(level["value"]) for level in row["levels"])
        return (Item("level", row["name"], points, verified=True),)
    untestable = set(row.get("untestable_items", ()))
    return tuple(
        Item(
            item["id"],
            item["name"],
            _points(item),
            item["id"] in untestable,
            item.get("loinc"),
            bool(item.get("verified", row.get("items_verified", False))),
            _key(item["source"]) if "source" in item else None,
        )
        for item in row.get("items", ())
    )


def _points(item: Mapping[str, Any]) -> tuple[float, ...]:
    if "levels" in item:
        return tuple(map(float, item["levels"]))
    low, high = item["range"]
    return tuple(map(float, range(low, high + 1)))


def _section(row: Mapping[str, Any]) -> Section:
    return Section(row["id"], row.get("name", row["id"]), row["items"], float(row["max"]))


def _level(row: Mapping[str, Any]) -> Level:
    return Level(float(row["value"]), row["meaning"], _key(row["source"]))


def _changes(rows: list[dict[str, Any]]) -> tuple[Change, ...]:
    """Read the changes that have a source; one marked unverified is left out."""
    return tuple(_change(row) for row in rows if row.get("verified", True))


def _change(row: Mapping[str, Any]) -> Change:
    values = row["value"] if isinstance(row["value"], list) else [row["value"]]
    form = row.get("published_form")
    return Change(
        values=tuple(map(float, values)),
        phase=row["phase"],
        stages=frozenset(map(Stage, row.get("stages", ()))),
        source=_key(row["source"]),
        kind=row.get("kind", ""),
        anchor=row.get("anchor", ""),
        people=row.get("n"),
        published=f"{row['published_value']} on the {form}" if form else "",
        note=row.get("limb", row.get("severity", "")),
    )


def _convention(row: Mapping[str, Any]) -> Convention:
    return Convention(float(row["value"]), row["meaning"], _key(row["source"]))


def _weights(row: Mapping[str, Any], kind: Literal["utility", "disability"]) -> tuple[Weights, ...]:
    return tuple(
        Weights(
            entry["id"],
            entry["what"],
            kind,
            MappingProxyType({float(k): float(v) for k, v in entry["weights"].items()}),
            _key(entry["source"]),
            entry.get("note", ""),
        )
        for entry in row.get(f"{kind}_weights", ())
    )


def _key(source: str) -> str:
    return f"scales/{source}"
