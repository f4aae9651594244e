"""The criteria and situations of `planted.yaml`, with their patterns filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from saisei.base.errors import DataError
from saisei.base.store import load_data

__all__ = [
    "Label",
    "PlantedCriterion",
    "Row",
    "Situation",
    "planted_criteria",
    "reasons",
    "situations",
]

FILE = "eligibility/population/planted/planted.yaml"
IT = "it"
"""What a pattern calls the one criterion and the one code of its topic."""
EVERYBODY, NOBODY = 1.0, 0.0


@dataclass(frozen=True, slots=True)
class PlantedCriterion:
    """A rule whose answer is planted: its name, its text in the language, why it is hard."""

    id: str
    when: str
    tests: str


@dataclass(frozen=True, slots=True)
class Label:
    """What is so of one criterion in one situation.

    Parameters
    ----------
    recorded
        What can be known from the records: ``true``, ``false`` or ``unknown``.
    reason
        Why it is unknown; None where it is known.
    share
        Of which share of people it is so in the world; below 0 it counts from the other end.
    """

    recorded: str
    reason: str | None
    share: float


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, drawn between two ends; `kind` says of which table."""

    kind: str
    code: str = ""
    ago: tuple[int, int] = (0, 0)
    ended: tuple[int, int] | None = None
    value: tuple[float, float, float] | None = None
    unit: str = ""
    answer: str = ""
    sex: str = ""
    years: tuple[int, int] | None = None
    known: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """One way in which a person can be with the criteria of a topic."""

    topic: str
    id: str
    weight: float
    labels: Mapping[str, Label]
    rows: tuple[Row, ...]


@cache
def planted_criteria() -> tuple[PlantedCriterion, ...]:
    """Give every criterion whose answer is planted.

    Examples
    --------
    >>> planted_criteria()[0].when
    'age_years >= 18'
    """
    return tuple(PlantedCriterion(**row) for row in load_data(FILE)["criteria"])


def reasons() -> Mapping[str, str]:
    """Give the reasons for which the records leave something unknown, each in a sentence."""
    found: Mapping[str, str] = load_data(FILE)["reasons"]
    return found


@cache
def situations() -> tuple[Situation, ...]:
    """Give every situation, topic by topic.

    Raises
    ------
    DataError
        The file names something that it does not have.
    """
    found = tuple(_all())
    for one in found:
        alike = next(other for other in found if other.topic == one.topic)
        if set(one.labels) != set(alike.labels):
            raise DataError(f"{FILE}: {one.topic}/{one.id} does not say all that its topic does")
    return found


def _all() -> Iterator[Situation]:
    table = load_data(FILE)
    for topic, given in table["topics"].items():
        held = given if isinstance(given, Mapping) else {}
        listed = table["patterns"][held["pattern"]] if held else given
        for one in listed:
            yield _situation(topic, one, held)


def _situation(topic: str, one: Mapping[str, Any], held: Mapping[str, Any]) -> Situation:
    known = {criterion.id for criterion in planted_criteria()}
    labels = {topic if name == IT else name: _label(said) for name, said in one["then"].items()}
    if not labels.keys() <= known:
        raise DataError(f"{FILE}: {topic}/{one['id']} speaks of an unknown criterion")
    rows = tuple(_row(topic, row, held) for row in one.get("rows", []))
    return Situation(topic, one["id"], float(one.get("weight", 1)), labels, rows)


def _label(said: Any) -> Label:
    if isinstance(said, bool):
        return Label(str(said).lower(), None, EVERYBODY if said else NOBODY)
    reason, share = said
    if reason not in reasons():
        raise DataError(f"{FILE}: there is no reason {reason}")
    return Label("unknown", reason, float(share))


def _row(topic: str, row: Mapping[str, Any], held: Mapping[str, Any]) -> Row:
    if "sex" in row:
        return Row("sex", sex=row["sex"])
    if "born" in row:
        years, days = row["born"]
        return Row("born", years=tuple(years), ago=tuple(days), known=row["known"])
    named = held.get("code", topic) if row["code"] == IT else row["code"]
    value, unit = row.get("value"), row.get("unit", "")
    value = held["values"][value] if isinstance(value, str) else value
    unit = held["units"].get(unit, unit) if "units" in held else unit
    ended = row.get("ended")
    return Row(
        "row",
        code=load_data(FILE)["codes"][named],
        ago=tuple(row["ago"]),
        ended=tuple(ended) if ended else None,
        value=tuple(value) if value else None,
        unit=unit if unit != "none" else "",
        answer=row.get("answer", ""),
    )
