"""Chances with an effect that is known only within an interval, and under other choices.

For each value of the effect, chance is integrated over the future without treatment. As every
chance moves in one direction with the effect, the value at the median effect is read at the
effect's median, and its 95 % interval over effects at the ends of the effect's interval. What is
given is never the average over the effect's uncertainty: spread alone would look like benefit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from saisei.appraisal import Effect, Finding, OtherChoice, moving_words
from saisei.base.sources import Statement
from saisei.forecast.course import Counts, Course, count_people
from saisei.forecast.scores import ScoreSpread, shift_log_odds, shift_points
from saisei.forecast.texts import say
from saisei.forecast.with_rules import counted_gain, why_not_drawn

__all__ = ["Drawn", "HowFar", "Moved", "draw_effect", "draw_with_effect", "how_far", "move_of"]

Move = Callable[[ScoreSpread, float], ScoreSpread]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Chances at the horizon, with the effect at its median and over its 95 % interval.

    `better` and `worse` are chances of a gain and a loss of at least the step; each interval is
    over effects: of the mean, and of a new setting (None where it cannot be given).
    """

    better: float
    better_interval: tuple[float, float]
    better_new: tuple[float, float] | None
    worse: float
    worse_interval: tuple[float, float]
    worse_new: tuple[float, float] | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class Moved:
    """One other reasonable choice, and the chances that it gives.

    `drawn` is None where the choice leaves so little that no forecast would be drawn from it;
    `refused` names why.
    """

    specification: OtherChoice
    drawn: Drawn | None
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HowFar:
    """How far other reasonable choices move a forecast.

    `better` and `worse` are the least and the greatest value at a choice's own median effect, the
    printed value among them.
    """

    rows: tuple[Moved, ...]
    better: tuple[float, float]
    worse: tuple[float, float]
    sentences: tuple[Statement, ...]


def move_of(finding: Finding) -> tuple[Move, float | None]:
    """Give how a finding moves a spread, and its own step where its trials counted a gain."""
    if finding.effect is not None and finding.effect.measure == "OR":
        return shift_log_odds, counted_gain(finding)
    return shift_points, None


def draw_effect(course: Course, finding: Finding, step: float) -> Drawn:
    """Read the chances at the horizon with what controlled trials found."""
    effect = finding.effect
    if effect is None:
        raise ValueError("a finding without an effect draws nothing")
    move, _ = move_of(finding)
    interval = (effect.low, effect.high)
    new = _new_setting(effect)
    return draw_with_effect(course, effect.median, interval, new, step=step, move=move)


def _new_setting(effect: Effect) -> tuple[float, float] | None:
    if effect.new_low is None or effect.new_high is None:
        return None
    return effect.new_low, effect.new_high


def draw_with_effect(
    course: Course,
    median: float,
    interval: tuple[float, float],
    new: tuple[float, float] | None,
    *,
    step: float,
    move: Move = shift_points,
) -> Drawn:
    """Read the chances at the horizon for an effect that is only known within an interval."""
    at_median = move(course.spread, median)

    def chances(ends: tuple[float, float], change: float) -> tuple[float, float]:
        low, high = sorted(
            move(course.spread, end).change_share(course.start, change) for end in ends
        )
        return low, high

    return Drawn(
        at_median.change_share(course.start, step),
        chances(interval, step),
        None if new is None else chances(new, step),
        at_median.change_share(course.start, -step),
        chances(interval, -step),
        None if new is None else chances(new, -step),
        count_people(at_median, course.start, step),
    )


def how_far(
    course: Course, finding: Finding, specifications: Iterable[OtherChoice], step: float
) -> HowFar | None:
    """Draw the same future under every other reasonable choice; None where there is none.

    A choice from which no forecast would be drawn gives no number, by the rules of the main one.
    """
    given = tuple(specifications)
    if not given:
        return None
    rows = tuple(_moved(course, one, step) for one in given)
    known = [draw_effect(course, finding, step), *(row.drawn for row in rows if row.drawn)]
    better = [one.better for one in known]
    worse = [one.worse for one in known]
    ranges = (min(better), max(better)), (min(worse), max(worse))
    return HowFar(rows, *ranges, _sentences(finding, rows, *ranges))


def _moved(course: Course, choice: OtherChoice, step: float) -> Moved:
    question = choice.finding.selection.question
    refused = why_not_drawn(choice.finding, course.scale_id, question.condition, question.stage)
    drawn = None if refused else draw_effect(course, choice.finding, step)
    return Moved(choice, drawn, refused)


def _sentences(
    finding: Finding,
    rows: tuple[Moved, ...],
    better: tuple[float, float],
    worse: tuple[float, float],
) -> tuple[Statement, ...]:
    given = [row.specification for row in rows]
    said = []
    if refused := sum(row.drawn is None for row in rows):
        said.append(Statement(say("with.choices-refused", count=refused, of=len(rows))))
    if refused < len(rows):
        ends = {**whole(better), **{f"worse_{name}": n for name, n in whole(worse).items()}}
        said.insert(0, Statement(say("with.choices", **ends)))
    return (*said, moving_words(finding, given))


def whole(interval: tuple[float, float]) -> dict[str, int]:
    """Round outwards, so that the printed range never claims more than the computed one."""
    low, high = interval
    return {"low": math.floor(100 * low + 1e-9), "high": math.ceil(100 * high - 1e-9)}
