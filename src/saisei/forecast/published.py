"""Published figures of studies without a control group, and the controlled trial that followed.

Which figures are shown is named in ``null_trial.yaml``; their numbers are read from the study
files. A gain of arm and leg together is carried to the arm by the length of the scales.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from saisei import synthesis as syn
from saisei.base.sources import Source, read_sources
from saisei.base.store import load_data
from saisei.evidence import Gain, Study, study, study_sources, within_arm_gains
from saisei.evidence.summaries import event_count
from saisei.vocabulary import Outcome

__all__ = [
    "FILE",
    "PREFIX",
    "Figure",
    "LaterTrial",
    "carried_to_arm",
    "later_trial",
    "null_trial_sources",
    "published_figures",
    "single_arm_gain",
]

FILE = "forecast/null_trial.yaml"
PREFIX = "null-trial"


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure of a study without a control group.

    Parameters
    ----------
    value
        As published: points, or the share of people who gained enough.
    gain
        In points as published: the mean gain, or the gain that makes a responder.
    arm_value
        The same in points of the arm score.
    carried
        Whether it was published for arm and leg together, and carried.
    t
        Gain divided by its standard error; None for responders.
    people
        How many stand behind it; None where it is not printed.
    followed_by
        The controlled trial of the same cells, where there was one.
    """

    id: str
    title: str
    kind: Literal["change", "events"]
    outcome: Outcome
    value: float
    gain: float
    arm_value: float
    carried: bool
    t: float | None
    events: int | None
    people: int | None
    days: float
    followed_by: str | None
    source_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LaterTrial:
    """The sham-controlled trial that followed an uncontrolled one."""

    study_id: str
    title: str
    treated: tuple[int, int]
    control: tuple[int, int]
    gain: float
    arm_gain: float
    days: float
    met: bool | None
    second_hand: bool
    source_keys: tuple[str, ...]


@cache
def null_trial_sources() -> dict[str, Source]:
    """Give the sources of the null trial's own data by their global key."""
    title = "Studies without a control group"
    return read_sources(PREFIX, load_data(FILE)["sources"], title)


def carried_to_arm(points: float, outcome: Outcome) -> float:
    """Give points of arm and leg as points of the arm, in proportion to the scales."""
    given = load_data(FILE)["motor_carried"]
    whole = outcome is Outcome.FMA_MOTOR
    return points * given["arm"] / given["whole"] if whole else points


@cache
def published_figures() -> tuple[Figure, ...]:
    """Give every figure that is always shown, in the order of the data file."""
    return tuple(_figure(entry) for entry in load_data(FILE)["published"])


def single_arm_gain(study_id: str) -> Gain:
    """Give the longest-followed gain of the arm score in a study's group with cells.

    Raises
    ------
    KeyError
        There is no such study, or it prints no such gain with a standard error.
    """
    found = [gain for gain in _gains(study(study_id), Outcome.FMA_UE) if _se(gain) is not None]
    if not found:
        raise KeyError(study_id)
    return max(found, key=lambda gain: gain.days)


def _gains(of: Study, outcome: Outcome) -> list[Gain]:
    wanted = {arm.id for arm in of.treatment_arms}
    found = within_arm_gains(of.condition, outcomes=frozenset({outcome}), studies=(of,))
    return [gain for gain in found if gain.kind == "change" and gain.arm_id in wanted]


def _figure(entry: dict[str, Any]) -> Figure:
    of, outcome, kind = study(entry["study"]), Outcome(entry["outcome"]), entry["kind"]
    gain = next(
        gain
        for gain in within_arm_gains(of.condition, outcomes=frozenset({outcome}), studies=(of,))
        if gain.arm_id == entry["arm"]
        and gain.days == entry["time_days"]
        and gain.kind == ("change" if kind == "change" else "responders")
    )
    limit = gain.value if kind == "change" else _limit(gain)
    se = _se(gain)
    return Figure(
        id=entry["id"],
        title=of.label,
        kind=kind,
        outcome=outcome,
        value=gain.value,
        gain=limit,
        arm_value=carried_to_arm(limit, outcome),
        carried=outcome is Outcome.FMA_MOTOR,
        t=gain.value / se if se else None,
        events=gain.events,
        people=gain.n,
        days=gain.days,
        followed_by=entry.get("later"),
        source_keys=gain.source_keys,
    )


def _limit(gain: Gain) -> float:
    if gain.event is None or gain.event.gain_at_least is None:
        raise ValueError(f"{gain.study_id}: responders are not counted by a gain")
    return gain.event.gain_at_least


def _se(gain: Gain) -> float | None:
    """Give the standard error: as printed, or from the interval by t."""
    if gain.se is not None or gain.low is None or gain.high is None or gain.kind != "change":
        return gain.se if gain.kind == "change" else None
    return float(syn.se_from_ci(gain.low, gain.high, df=gain.n - 1 if gain.n else None))


@cache
def later_trial() -> LaterTrial:
    """Give the sham-controlled trial of the cells whose uncontrolled figure is shown."""
    entry = load_data(FILE)["later_trial"]
    of = study(entry["study"])
    row = next(
        row
        for row in of.outcomes
        if row.outcome == entry["outcome"]
        and row.kind == entry["kind"]
        and row.time_days == entry["time_days"]
    )
    gain = row.event.gain_at_least if row.event and row.event.gain_at_least else 0.0
    key = f"{of.id}/{row.source}"

    def total(arms: set[str]) -> tuple[int, int]:
        entries = [found for arm, found in row.data.items() if arm in arms]
        return sum(event_count(one) or 0 for one in entries), sum(one.n or 0 for one in entries)

    return LaterTrial(
        study_id=of.id,
        title=of.label,
        treated=total({arm.id for arm in of.treatment_arms}),
        control=total({arm.id for arm in of.control_arms}),
        gain=gain,
        arm_gain=carried_to_arm(gain, row.outcome),
        days=row.time_days or 0.0,
        met=of.primary_endpoint.met,
        second_hand=study_sources()[key].second_hand,
        source_keys=(key,),
    )
