"""Gains over time, side by side: cells without a control, sham, therapy alone.

None of them is an effect. They are shown together so that nobody reads one of them alone.
"""

from __future__ import annotations

from saisei.appraisal import Comparator, comparators
from saisei.base.texts import together
from saisei.decision.views import GainRow
from saisei.decision.voice import Voice, of_people
from saisei.evidence import Gain, flag_text, within_arm_gains
from saisei.vocabulary import CellType, Condition, Outcome, Route, Stage, days_per_month

__all__ = ["gains_beside", "gains_of"]

SHOWN = frozenset({Outcome.FMA_UE, Outcome.FMA_LE, Outcome.FMA_MOTOR, Outcome.BARTHEL})
WITH_CELLS = ("cells, no control", "cells, with control")


def gains_of(
    cells: frozenset[CellType],
    routes: frozenset[Route],
    condition: Condition,
    stage: Stage,
    voice: Voice,
) -> tuple[GainRow, ...]:
    """Give what people gained who were all given these cells this way, with nobody to compare."""
    found = within_arm_gains(condition, stage, outcomes=SHOWN, cells=cells, routes=routes)
    return tuple(_row(gain, voice) for gain in found if gain.group == "cells, no control")


def gains_beside(condition: Condition, stage: Stage, voice: Voice) -> tuple[GainRow, ...]:
    """Give every gain of the condition and stage: with cells first, then without."""
    found = within_arm_gains(condition, stage, outcomes=SHOWN)
    order = sorted(found, key=lambda gain: gain.group not in WITH_CELLS)
    rows = [_row(gain, voice) for gain in order]
    rows += [_beside(one) for one in comparators() if _fits(one, condition, stage)]
    first = {_what_it_says(row): row for row in reversed(rows)}
    return tuple(row for row in rows if first[_what_it_says(row)] is row)


def _what_it_says(row: GainRow) -> tuple[str, str, float, str]:
    """Tell the same arm from two files: one group, one measure, one value, the same people."""
    return row.group, row.what, round(row.value, 1), row.people


def _fits(one: Comparator, condition: Condition, stage: Stage) -> bool:
    """Whether a group without cells belongs beside this condition.

    The groups were followed in the chronic phase. After a brain injury only its own sham arm is
    shown; after a stroke that one too, since no other sham arm was measured on the same scale.
    """
    if condition is Condition.TBI:
        return one.condition is Condition.TBI
    return stage is Stage.CHRONIC


def _beside(one: Comparator) -> GainRow:
    people = "" if one.people is None else str(one.people)
    if one.events is not None:
        people = of_people(one.events, one.people)
    value, low, high = (None if n is None else round(n, 1) for n in (one.value, one.low, one.high))
    return GainRow(
        one.group, one.label, one.what, value or 0.0, low, high, people, one.source_keys,
        one.note, one.unit,
    )  # fmt: skip


def _row(gain: Gain, voice: Voice) -> GainRow:
    scale = voice.say(f"gains.scale.{gain.outcome.value}")
    share = gain.kind == "responders"
    step = gain.event.gain_at_least if gain.event else None
    what = voice.say("gains.what.share", step=f"{step:g}", scale=scale) if share and step else (
        voice.say("gains.what.points", scale=scale)
    )  # fmt: skip
    factor, digits = (100, 0) if share else (1, 1)
    people = "" if gain.n is None else str(gain.n)
    months = f"{gain.days / days_per_month():.0f}"
    return GainRow(
        gain.group,
        voice.say("gains.when", label=_label(gain), months=months),
        what,
        round(gain.value * factor, digits),
        None if gain.low is None else round(gain.low * factor, digits),
        None if gain.high is None else round(gain.high * factor, digits),
        of_people(gain.events, gain.n) if gain.events is not None else people,
        gain.source_keys,
        _note(gain, voice),
        "per-100" if share else "points",
    )


def _label(gain: Gain) -> str:
    """Name the study, and the arm where it has several."""
    return together(gain.title, gain.label, between=": ") if gain.controlled else gain.title


def _note(gain: Gain, voice: Voice) -> str:
    notes = [flag_text(flag) for flag in gain.flags]
    if gain.second_hand:
        notes.append(voice.say("gains.second-hand"))
    if gain.press_release:
        notes.append(voice.say("gains.press"))
    return together(*notes, between="; ") if notes else ""
