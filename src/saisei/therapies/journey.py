"""What a programme would take: steps with their durations, dates, visits, prices, culture, law.

Two sources that contradict each other are both shown. A step whose duration nobody prints gets no
date, and neither does what comes after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import in_language
from saisei.therapies.culture import (
    DAYS_A_WEEK,
    CultureCheck,
    check_culture,
    culture_words,
    durations_by_source,
)
from saisei.therapies.law import insurance, legal_route
from saisei.therapies.models import Programme
from saisei.therapies.steps import steps_of

__all__ = ["Cost", "Journey", "Step", "plan_journey"]

FILE = "therapies/journey.yaml"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a journey.

    `low` and `high` are days after the start, both None where no day can be given; `spans` says
    that it lasts from the first to the last day, otherwise it falls on one day between them.
    """

    id: str
    title: str
    who: str
    duration: str
    low: int | None
    high: int | None
    spans: bool
    first: date | None
    last: date | None
    notes: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """One printed price. Never a market price."""

    country: str
    currency: str
    low: float
    high: float
    open_ended: bool
    basis: str
    quality: str
    source: str


@dataclass(frozen=True, slots=True)
class Journey:
    """What it would take, from the first review to the follow-up at 12 months."""

    programme: Programme
    start: date | None
    steps: tuple[Step, ...]
    visits: tuple[Statement, ...]
    costs: tuple[Cost, ...]
    cost_notes: tuple[Statement, ...]
    culture: tuple[Statement, ...]
    culture_checks: tuple[CultureCheck, ...]
    legal: tuple[Statement, ...]
    rehabilitation: tuple[Statement, ...]
    flying: tuple[Statement, ...]
    insurance: tuple[Statement, ...]


def plan_journey(programme: Programme, start: date | None = None) -> Journey:
    """Lay out what a programme would take.

    Parameters
    ----------
    programme
        The programme.
    start
        The day on which the person's own cells would be taken, or on which cells would be given
        where nothing is taken. Without it the steps carry no dates.
    """
    data, tags = load_data(FILE), steps_of(programme) | {programme.id}
    treatment = _treatment_days(tags)
    paid = "clinic" in tags
    notes = data["cost_notes"] if paid else [data["trial_cost_note"]]
    checks = check_culture(programme) if {"clinic", "harvest-fat"} <= tags else ()
    return Journey(
        programme,
        start,
        tuple(_step(row, tags, treatment, start) for row in data["steps"] if _is_for(row, tags)),
        _statements(data["visits"], tags),
        tuple(_cost(row) for row in data["costs"]) if paid else (),
        _statements(notes, tags),
        culture_words(checks),
        checks,
        legal_route(programme),
        _statements(data["rehabilitation"], tags),
        _statements(data["flying"], tags),
        insurance() if paid else (),
    )


def _treatment_days(tags: frozenset[str]) -> tuple[int, int] | None:
    """Give the days between harvest and treatment; none to wait where nothing is taken."""
    for row in load_data(FILE)["treatment"]:
        if tags >= set(row["all"]):
            return _days_of(row)
    return (0, 0)


def _days_of(row: Mapping[str, Any]) -> tuple[int, int] | None:
    if "days" in row:
        return row["days"][0], row["days"][1]
    weeks = [span["weeks"] for span in row.get("by_source", {}).values()]
    if not weeks:
        return None
    return min(w[0] for w in weeks) * DAYS_A_WEEK, max(w[1] for w in weeks) * DAYS_A_WEEK


def _step(
    row: Mapping[str, Any],
    tags: frozenset[str],
    treatment: tuple[int, int] | None,
    start: date | None,
) -> Step:
    low, high = _days(row, treatment)
    spans = row.get("spans", False)
    dated = start is not None and low is not None and high is not None
    notes = _statements(row.get("notes", ()), tags)
    if "lasts" in row:
        notes = (_statement(row["lasts"]), *notes)
    return Step(
        row["id"],
        in_language(row["title"], "en"),
        row["who"],
        _duration(row),
        low,
        high,
        spans,
        start + timedelta(low) if dated and start and low is not None else None,
        start + timedelta(high) if dated and start and high is not None else None,
        notes,
    )


def _days(
    row: Mapping[str, Any], treatment: tuple[int, int] | None
) -> tuple[int | None, int | None]:
    if "days" not in row or row["from"] not in ("start", "treatment"):
        return None, None
    low, high = row["days"]
    if row["from"] == "start":
        return low, high
    return (None, None) if treatment is None else (low + treatment[0], high + treatment[1])


def _duration(row: Mapping[str, Any]) -> str:
    if "by_source" in row:
        return durations_by_source(row["by_source"])
    return in_language(row["lasts"]["text"], "en") if "lasts" in row else ""


def _cost(row: Mapping[str, Any]) -> Cost:
    return Cost(
        row["country"],
        row["currency"],
        row["low"],
        row["high"],
        row.get("open_ended", False),
        in_language(row["basis"], "en"),
        row["quality"],
        f"journey/{row['source']}",
    )


def _is_for(row: Mapping[str, Any], tags: frozenset[str]) -> bool:
    return "for" not in row or bool(tags & set(row["for"]))


def _statements(rows: Iterable[Mapping[str, Any]], tags: frozenset[str]) -> tuple[Statement, ...]:
    return tuple(_statement(row) for row in rows if _is_for(row, tags))


def _statement(row: Mapping[str, Any]) -> Statement:
    return Statement(in_language(row["text"], "en"), _keys(row["sources"]))


def _keys(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(key if "/" in key else f"journey/{key}" for key in keys)
