"""The future with a therapy: when it may be drawn, and how.

When: the conditions of `why_not_drawn`, one function. Only randomised comparisons near enough to
the person, on the same scale, measured at a known time, in enough people and with enough certainty.

How: for each value of the effect, chance is integrated over the future without treatment. As every
chance moves in one direction with the effect, the value at the median effect is read at the
effect's median, and its 95 % interval over effects at the ends of the effect's interval. What is
printed is never the average over the effect's uncertainty: spread alone would look like benefit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from saisei.appraisal import Finding, drives, weight_at_risk
from saisei.base.sources import Statement
from saisei.evidence import Limit
from saisei.forecast.course import Counts, Course, count_people
from saisei.forecast.parameters import block
from saisei.forecast.scores import ScoreSpread, shift_log_odds, shift_points
from saisei.forecast.texts import say, spoken
from saisei.scales import scale_of_outcome
from saisei.vocabulary import Condition, Outcome, Stage

__all__ = ["Drawn", "WithFuture", "draw_with", "draw_with_effect", "refusal_words", "why_not_drawn"]

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


@dataclass(frozen=True, slots=True, eq=False)
class WithFuture:
    """The same people with a therapy, for one finding.

    Parameters
    ----------
    times, spreads
        The course at the median effect, from the time on at which the effect was measured.
    without
        The same 100 people without it, counted by the same step.
    """

    finding: Finding
    drawn: Drawn
    without: Counts
    times: tuple[float, ...]
    spreads: tuple[ScoreSpread, ...]
    extrapolated: tuple[bool, ...]
    sentences: tuple[Statement, ...]


def why_not_drawn(
    finding: Finding, scale_id: str, condition: Condition, stage: Stage | None
) -> tuple[str, ...]:
    """Name every condition that forbids a forecast from a finding; empty when it may be drawn.

    Parameters
    ----------
    finding
        What controlled trials found.
    scale_id
        The scale that would be forecast.
    condition, stage
        The person's.
    """
    if not finding.used or finding.certainty is None:
        return ("no-data",)
    rules, question = block("forecast_rules"), finding.selection.question
    low, high = rules["with_window_days"]
    measured = scale_of_outcome(Outcome(finding.asked.outcome))
    few = (
        len(finding.used) < rules["with_min_comparisons"]
        and finding.people < rules["with_min_people"]
    )
    at_risk = weight_at_risk(finding.weights, [one.bias for one in finding.used])
    checks = {
        "tier": finding.tier not in ("A", "B"),
        "scale": measured is None or measured.id != scale_id,
        "event": not _can_be_put_on_a_course(finding),
        "condition": question.condition != condition,
        "stage": stage is None or question.stage != stage,
        "time": not all(one.time_exact and low <= one.days <= high for one in finding.used),
        "studies": few,
        "certainty": finding.certainty.level == "very-low",
        "bias": at_risk > rules["with_max_weight_at_risk"],
        "driving": any(drives(one) for one in finding.used),
    }
    return tuple(code for code, forbids in checks.items() if forbids)


def refusal_words(code: str) -> Statement:
    """Say in words why nothing is drawn."""
    rules = block("forecast_rules")
    low, high = rules["with_window_days"]
    return Statement(say(f"refused.{code}", low=low, high=high, people=rules["with_min_people"]))


def _can_be_put_on_a_course(finding: Finding) -> bool:
    if finding.asked.measure == "MD":
        return True
    return finding.asked.measure == "OR" and _gain(finding.selection.question.event) is not None


def _gain(event: Limit | None) -> float | None:
    """Give the gain that an event counts; other events are not put on a course."""
    if event is None or event.part is not None or event.composite is not None:
        return None
    return event.gain_at_least


def draw_with(course: Course, finding: Finding, step: float) -> WithFuture:
    """Draw the future with a therapy.

    Parameters
    ----------
    course
        The future without.
    finding
        What controlled trials found; `why_not_drawn` says nothing against it.
    step
        The change that counts, in points. Where the trials counted people who gained so much, their
        own limit is taken instead.
    """
    effect = finding.effect
    if effect is None:
        raise ValueError("a finding without an effect draws nothing")
    odds = effect.measure == "OR"
    step = (_gain(finding.selection.question.event) if odds else None) or step
    move = shift_log_odds if odds else shift_points
    new = None
    if effect.new_low is not None and effect.new_high is not None:
        new = (effect.new_low, effect.new_high)
    interval = (effect.low, effect.high)
    drawn = draw_with_effect(course, effect.median, interval, new, step=step, move=move)
    first = min(max(contrast.days for contrast in finding.used), course.horizon)
    later = [i for i, time in enumerate(course.times) if time >= first - 1e-9]
    return WithFuture(
        finding,
        drawn,
        course.counts(step),
        tuple(course.times[i] for i in later),
        tuple(move(course.spreads[i], effect.median) for i in later),
        tuple(course.extrapolated[i] for i in later),
        _sentences(course, drawn, finding, odds=odds),
    )


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


def _sentences(
    course: Course, drawn: Drawn, finding: Finding, *, odds: bool
) -> tuple[Statement, ...]:
    keys = (*course.source_keys, *finding.source_keys)
    counts, step = drawn.counts, f"{drawn.counts.step:g}"
    gain: dict[str, Any] = {
        "better": spoken(counts.better), "not_better": spoken(100 - counts.better), "step": step,
        "horizon": course.horizon_words, **_ends(drawn.better_interval),
    }  # fmt: skip
    loss: dict[str, Any] = {
        "worse": spoken(counts.worse), "not_worse": spoken(100 - counts.worse), "step": step,
        **_ends(drawn.worse_interval),
    }  # fmt: skip
    said = [say("with.better", **gain), say("with.worse", **loss)]
    if drawn.better_new is None or drawn.worse_new is None:
        said.append(say("with.new-unknown"))
    else:
        said.append(say("with.new", **_ends(drawn.better_new)))
        said.append(say("with.new-worse", **_ends(drawn.worse_new)))
    if finding.effect is not None and finding.effect.mostly_assumption:
        said.append(say("with.mostly-assumption"))
    said.append(say("with.one-value"))
    if odds:
        said.append(say("with.odds", step=step))
    return tuple(Statement(words, keys) for words in said)


def _ends(interval: tuple[float, float]) -> dict[str, int]:
    """Round outwards, so that the printed range never claims more than the computed one."""
    return {"low": math.floor(100 * interval[0]), "high": math.ceil(100 * interval[1])}
