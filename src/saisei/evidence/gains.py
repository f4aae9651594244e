"""Gains over time within one arm. They are shown beside one another and never as an effect.

What an arm gained with cells and no control stands beside what sham, placebo and therapy-only arms
gained: a change from before treatment, the share that gained enough, or, where a source prints no
change, the difference of two printed means (without an interval, since none can be made).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from saisei import synthesis as syn
from saisei.evidence.loading import studies as packaged
from saisei.evidence.model import Arm, Entry, Limit, Row, Study
from saisei.evidence.outcomes import outcome_facts
from saisei.evidence.stages import stages_treated
from saisei.evidence.summaries import event_count
from saisei.vocabulary import CellType, Condition, Control, Outcome, Role, Route, Stage

__all__ = ["Gain", "GainGroup", "within_arm_gains"]

GainGroup = Literal[
    "cells, no control", "cells, with control", "sham", "placebo", "therapy only", "control"
]
CONTROLS: dict[Control, GainGroup] = {
    Control.SHAM: "sham",
    Control.PLACEBO: "placebo",
    Control.STANDARD_CARE: "therapy only",
}


@dataclass(frozen=True, slots=True)
class Gain:
    """What one arm gained over time."""

    study_id: str
    title: str
    arm_id: str
    label: str
    group: GainGroup
    outcome: Outcome
    kind: Literal["change", "responders", "difference"]
    event: Limit | None
    """Of `responders`: what was counted."""
    value: float
    """Points from before treatment (a fall is negative), or the share of responders, 0 to 1."""
    low: float | None
    high: float | None
    """The 95 % interval: as printed, from the SE or SD, or exact for a share."""
    se: float | None
    events: int | None
    n: int | None
    days: float
    time_exact: bool
    better: Literal["lower", "higher"]
    condition: Condition
    second_hand: bool
    press_release: bool
    source_keys: tuple[str, ...]
    flags: tuple[str, ...] = ()

    @property
    def controlled(self) -> bool:
        """Whether the arm belongs to a controlled comparison."""
        return self.group != "cells, no control"


def within_arm_gains(
    condition: Condition,
    stage: Stage | None = None,
    *,
    outcomes: frozenset[Outcome] | None = None,
    cells: frozenset[CellType] | None = None,
    routes: frozenset[Route] | None = None,
    studies: Iterable[Study] | None = None,
) -> tuple[Gain, ...]:
    """List what arms gained over time.

    Parameters
    ----------
    condition, stage
        Whom. A study of mixed kinds of stroke is none of them.
    outcomes
        On which scales; every scale when left out.
    cells, routes
        Studies in which some arm was given these. Control arms of the same studies come along.
    studies
        Where to look; the packaged studies when left out.

    Returns
    -------
    tuple of Gain
        By outcome, then arms with cells and no control before arms of controlled studies.
    """
    found = [
        gain
        for study in (packaged() if studies is None else studies)
        if study.condition is condition and _in_stage(study, stage) and _gave(study, cells, routes)
        for gain in _gains(study)
        if outcomes is None or gain.outcome in outcomes
    ]
    order = list(Outcome)
    return tuple(sorted(found, key=lambda gain: (order.index(gain.outcome), gain.controlled)))


def _in_stage(study: Study, stage: Stage | None) -> bool:
    return stage is None or stage in stages_treated(study)


def _gave(study: Study, cells: frozenset[CellType] | None, routes: frozenset[Route] | None) -> bool:
    return any(
        (cells is None or arm.cell_type in cells) and (routes is None or arm.route in routes)
        for arm in study.treatment_arms
    )


def _gains(study: Study) -> Iterator[Gain]:
    for row in study.outcomes:
        better = outcome_facts(row.outcome).better
        if better is None or not row.time_days:
            continue
        for arm in study.arms:
            entry = row.data.get(arm.id)
            gain = None if entry is None else _gain(study, row, arm, entry)
            if gain is not None:
                yield gain


def _gain(study: Study, row: Row, arm: Arm, entry: Entry) -> Gain | None:
    if row.kind == "change" and entry.mean is not None:
        return _build(study, row, arm, entry, _change(arm, entry))
    counts_change = row.event is not None and row.event.given[:1] not in (
        ("at_most",),
        ("at_least",),
        (),
    )
    if row.kind == "events" and counts_change:
        share = _share(entry)
        return None if share is None else _build(study, row, arm, entry, share)
    if row.kind == "mean" and entry.mean is not None:
        difference = _difference(study, row, arm, entry.mean)
        return None if difference is None else _build(study, row, arm, entry, difference)
    return None


@dataclass(frozen=True, slots=True)
class _Value:
    kind: Literal["change", "responders", "difference"]
    value: float
    low: float | None = None
    high: float | None = None
    se: float | None = None
    events: int | None = None
    flags: tuple[str, ...] = ()


def _change(arm: Arm, entry: Entry) -> _Value:
    """Give a change with its interval: printed, or from SE or SD by t (normal without n)."""
    mean, n = entry.mean or 0.0, entry.n or arm.n_analysed
    se = entry.se
    if se is None and entry.sd is not None and n:
        se = entry.sd / n**0.5
    flags = ("n-of-arm",) if entry.n is None and arm.n_analysed else ()
    if entry.ci95 is not None:
        return _Value("change", mean, *entry.ci95, se=se, flags=flags)
    if se is None:
        return _Value("change", mean, flags=flags)
    known = n is not None and n > 1
    width = _quantile(n - 1 if n is not None and known else None) * se
    more = () if known else ("normal-interval",)
    return _Value("change", mean, mean - width, mean + width, se, flags=(*flags, *more))


def _quantile(df: int | None) -> float:
    """Half the width of a 95 % interval in standard errors."""
    return 1 / syn.se_from_ci(-1.0, 1.0, df=df)


def _share(entry: Entry) -> _Value | None:
    events = event_count(entry)
    if events is None or not entry.n or events > entry.n:
        return None
    interval = syn.binomial_interval(events, entry.n)
    flags = ("percent",) if entry.events is None else ()
    share = events / entry.n
    return _Value("responders", share, interval.lower, interval.upper, events=events, flags=flags)


def _difference(study: Study, row: Row, arm: Arm, mean: float) -> _Value | None:
    """Subtract the mean before treatment, where no change of that day is printed."""
    printed = any(
        other.kind == "change" and other.time_days == row.time_days and arm.id in other.data
        for other in study.outcomes
        if other.outcome is row.outcome
    )
    before = [
        other.data[arm.id].mean
        for other in study.outcomes
        if other.outcome is row.outcome
        and other.kind == "mean"
        and other.time_days == 0
        and arm.id in other.data
    ]
    if printed or not before or before[0] is None:
        return None
    return _Value("difference", mean - before[0])


def _build(study: Study, row: Row, arm: Arm, entry: Entry, found: _Value) -> Gain:
    source = study.sources[row.source]
    return Gain(
        study_id=study.id,
        title=study.label,
        arm_id=arm.id,
        label=arm.label,
        group=_group(study, arm),
        outcome=row.outcome,
        kind=found.kind,
        event=row.event if found.kind == "responders" else None,
        value=found.value,
        low=found.low,
        high=found.high,
        se=found.se,
        events=found.events,
        n=entry.n or arm.n_analysed,
        days=row.time_days or 0.0,
        time_exact=row.time_exact,
        better=outcome_facts(row.outcome).better or "higher",
        condition=study.condition,
        second_hand=source.kind == "secondary",
        press_release=source.kind == "press-release",
        source_keys=(f"{study.id}/{row.source}",),
        flags=found.flags,
    )


def _group(study: Study, arm: Arm) -> GainGroup:
    if arm.role is Role.TREATMENT:
        return "cells, with control" if study.control_arms else "cells, no control"
    return "control" if arm.control is None else CONTROLS[arm.control]
