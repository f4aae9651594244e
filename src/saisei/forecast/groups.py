"""Statements about groups, for scales of which no course of one person was found.

Two kinds: published shares of people who moved, by the time since the stroke; and, for a finding
over a whole scale, the control groups' own distribution moved by the trials' common odds ratio.
Neither is a forecast of a person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from saisei.appraisal import Finding
from saisei.base.dates import Span
from saisei.base.sources import Source, Statement, read_sources
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.forecast.scores import Floats
from saisei.vocabulary import Outcome

__all__ = ["GroupShift", "Reached", "group_shift", "group_sources", "group_statements"]

FILE = "forecast/groups.yaml"
PREFIX = "groups"
DEAD = 6
"""The Rankin grade of those who died."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The share of a group that stands at a grade or better, without and with.

    `low` and `high` are over the 95 % interval of the common odds ratio.
    """

    at_most: int
    control: float
    treated: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupShift:
    """A control group's distribution on the Rankin scale, moved by a common odds ratio.

    Parameters
    ----------
    rows
        Cumulative shares of the whole group, grades 0 to 4; all who live stand at 5 or better.
    died
        Share of the control groups that died, left as it is.
    people
        People in the control groups.
    """

    rows: tuple[Reached, ...]
    died: float
    people: int
    sentences: tuple[Statement, ...]


def group_statements(scale_id: str, days: Span) -> tuple[Statement, ...]:
    """Say how groups moved on a scale, for people so many days after their stroke.

    Parameters
    ----------
    scale_id
        The scale; only those with published shares have statements.
    days
        Days since the stroke, as far as they are known. A statement is given where the whole span
        lies in its window.

    Examples
    --------
    >>> len(group_statements("mrs", Span(400, 400)))
    3
    >>> group_statements("nihss", Span(400, 400))
    ()
    """
    table = load_data(FILE)
    fitting = [
        row for row in table["groups"] if row["scale"] == scale_id and _within(days, row["days"])
    ]
    if not fitting:
        return ()
    return (Statement(_say("about")), *(_statement(row) for row in fitting))


def group_sources() -> dict[str, Source]:
    """Give every source of the statements about groups by its global key."""
    return read_sources(PREFIX, load_data(FILE)["sources"], "How groups moved after a stroke")


def group_shift(finding: Finding) -> GroupShift | None:
    """Move the control groups' own distribution by the common odds ratio that was found.

    P(grade <= j, alive) with = P(alive) * expit(logit P(grade <= j | alive) - theta), theta being
    the log odds of standing higher on the scale. Death is kept apart, and proportional odds is an
    assumption that the sentences state.

    Returns
    -------
    GroupShift or None
        None for any other finding than one of tier A or B over the whole Rankin scale, and where a
        control group prints no counts.
    """
    counts = _control_counts(finding)
    effect = finding.effect
    if counts is None or effect is None:
        return None
    alive = float(counts[:DEAD].sum())
    living = alive / float(counts.sum())
    below = np.cumsum(counts[:DEAD])[:-1] / alive
    moved = [living * _moved(below, theta) for theta in (effect.median, effect.low, effect.high)]
    rows = tuple(
        Reached(grade, float(living * below[grade]), float(at), *sorted((float(one), float(two))))
        for grade, (at, one, two) in enumerate(zip(*moved, strict=True))
    )
    people = int(counts.sum())
    return GroupShift(rows, 1.0 - living, people, _shift_words(finding, people))


def _control_counts(finding: Finding) -> Floats | None:
    if finding.asked.measure != "COR" or finding.tier not in ("A", "B"):
        return None
    if finding.asked.outcome != Outcome.MRS.value:
        return None
    arms = [one.control.counts for one in finding.used]
    known = [np.array(arm, dtype=float) for arm in arms if arm is not None]
    if len(known) != len(arms) or any(arm.size != DEAD + 1 for arm in known):
        return None
    total = np.sum(known, axis=0)
    return np.asarray(total) if known and total[:DEAD].sum() > 0 else None


def _moved(below: Floats, theta: float) -> Floats:
    """Divide the odds of standing at each grade or lower by exp(theta); none and all stay."""
    odds = math.exp(min(max(-theta, -500.0), 500.0))
    return np.asarray(odds * below / (1.0 + (odds - 1.0) * below))


def _shift_words(finding: Finding, people: int) -> tuple[Statement, ...]:
    effect = finding.effect
    if effect is None:
        return ()
    # turned, so that above 1 is better: a lower grade
    ratio, high, low = (
        f"{math.exp(finding.benefit * at):.2f}" for at in (effect.median, effect.low, effect.high)
    )
    shown = dict(zip(("low", "high"), sorted((low, high), key=float), strict=True))
    said = [
        _say("shift", people=people, ratio=ratio, **shown),
        _say("assumption"),
        _say("group"),
    ]
    return tuple(Statement(words, finding.source_keys) for words in said)


def _within(days: Span, window: list[float | None]) -> bool:
    low, high = window
    return (low is None or days.low >= low) and (high is None or days.high <= high)


def _statement(row: Mapping[str, Any]) -> Statement:
    counts = row.get("counts", {})
    shares = row.get("shares", {}) | {name: n / of for name, (n, of) in counts.items()}
    filling = {name: round(100 * share) for name, share in shares.items()}
    told = {
        **filling,
        "not_better": 100 - filling["better"],
        "rest": 100 - sum(filling.values()),
        "people": f"{row['people']:,}",
        "counted": counts["better"][0] if counts else "",
    }
    words = Catalogue(FILE, {"text": row["text"]}).say("text", **told)
    return Statement(words, (f"{PREFIX}/{row['source']}",))


def _say(key: str, **filling: object) -> str:
    return Catalogue(FILE, load_data(FILE)["texts"]).say(key, **filling)
