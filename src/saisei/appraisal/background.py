"""What stands beside the evidence: gains without cells, and what else was tested."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from saisei import synthesis as syn
from saisei.appraisal.thresholds import limits
from saisei.base.sources import Source, Statement, read_sources
from saisei.base.store import load_data
from saisei.vocabulary import Condition, Stage

__all__ = [
    "Comparator",
    "OtherTreatment",
    "appraisal_sources",
    "comparator_notes",
    "comparators",
    "other_treatments",
]


@dataclass(frozen=True, slots=True)
class Comparator:
    """What one group of people gained without cells.

    `unit` is points (a mean change) or per-100 (people of 100); `low` and `high` are its 95 %
    interval, None where it cannot be had.
    """

    id: str
    group: Literal["sham", "control", "therapy only"]
    condition: Condition
    scale_id: str
    label: str
    what: str
    unit: Literal["points", "per-100"]
    value: float
    low: float | None
    high: float | None
    people: int | None
    events: int | None
    derived: bool
    note: str
    source_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherTreatment:
    """Another treatment that was tested against control groups, and what came out."""

    id: str
    title: str
    words: Statement
    direction: str
    """better than control, no difference shown, mixed or no control."""
    scales: tuple[str, ...]
    stages: tuple[Stage, ...]


@cache
def comparators() -> tuple[Comparator, ...]:
    """Give every group without cells, sham operations first."""
    return tuple(map(_comparator, load_data("appraisal/comparators.yaml")["comparators"]))


@cache
def comparator_notes() -> tuple[Statement, ...]:
    """Give what has to be said beside any gain in one group."""
    notes = load_data("appraisal/comparators.yaml")["notes"]
    return tuple(
        Statement(note["text"]["en"], tuple(f"comparators/{key}" for key in note["sources"]))
        for note in notes
    )


@cache
def other_treatments() -> tuple[OtherTreatment, ...]:
    """Give what else was tested for a weak arm, the neutral results with it."""
    return tuple(map(_other, load_data("appraisal/other_treatments.yaml")["treatments"]))


@cache
def appraisal_sources() -> dict[str, Source]:
    """Give every source of the room by its global key."""
    tables = {
        "comparators": ("appraisal/comparators.yaml", "Gains without cells"),
        "other-treatments": ("appraisal/other_treatments.yaml", "Other treatments"),
        "claims": ("appraisal/claims.yaml", "Claims on pages for patients, checked"),
        "priors": ("appraisal/priors.yaml", "Priors for the spread of effects"),
        "thresholds": ("appraisal/thresholds.yaml", "Smallest worthwhile differences"),
    }
    found: dict[str, Source] = {}
    for prefix, (path, title) in tables.items():
        found |= read_sources(prefix, load_data(path)["sources"], title)
    return found


def _comparator(row: dict[str, Any]) -> Comparator:
    value, low, high = _numbers(row)
    return Comparator(
        id=row["id"],
        group=row["group"],
        condition=Condition(row["condition"]),
        scale_id=row["scale"],
        label=row["label"],
        what=row["what"],
        unit=row["unit"],
        value=value,
        low=low,
        high=high,
        people=row["people"],
        events=row.get("events"),
        derived=row["status"] == "derived",
        note=row.get("note", ""),
        source_keys=_keys(row["source"]),
    )


def _keys(source: str | list[str]) -> tuple[str, ...]:
    names = [source] if isinstance(source, str) else source
    return tuple(f"comparators/{name}" for name in names)


def _numbers(row: dict[str, Any]) -> tuple[float, float | None, float | None]:
    """Read the value and its interval: as printed, from counts, or by t from an SE or an SD."""
    if "events" in row:
        found = syn.binomial_interval(row["events"], row["people"], float(limits()["level"]))
        return 100 * found.estimate, 100 * found.lower, 100 * found.upper
    value = float(row["value"])
    if "ci95" in row:
        return value, float(row["ci95"][0]), float(row["ci95"][1])
    se = row.get("se") or (row["sd"] / math.sqrt(row["people"]) if "sd" in row else None)
    if se is None:
        return value, None, None
    width = se / syn.se_from_ci(-1.0, 1.0, float(limits()["level"]), df=row["people"] - 1)
    return value, value - width, value + width


def _other(row: dict[str, Any]) -> OtherTreatment:
    return OtherTreatment(
        row["id"],
        row["title"]["en"],
        Statement(row["words"]["en"], tuple(row["sources"])),
        row["direction"],
        tuple(row["scales"]),
        tuple(map(Stage, row["stages"])),
    )
