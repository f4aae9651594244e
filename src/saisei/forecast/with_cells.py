"""The future with a therapy: when it may be drawn, and how.

When: the conditions of `why_not_drawn`, one function. Only randomised comparisons near enough to
the person, on the same scale, measured at a known time, in enough people and with enough certainty.

How: see `with_effect`. What is printed is never the average over the effect's uncertainty: spread
alone would look like benefit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from saisei.appraisal import Finding, OtherChoice, drives, sensitivity
from saisei.base.sources import Statement
from saisei.forecast.between import Bounds, bounds_between
from saisei.forecast.course import Counts, Course
from saisei.forecast.scores import ScoreSpread
from saisei.forecast.texts import say, spoken
from saisei.forecast.with_effect import Drawn, HowFar, draw_effect, how_far, move_of, whole

__all__ = ["WithFuture", "draw_with"]


@dataclass(frozen=True, slots=True, eq=False)
class WithFuture:
    """The same people with a therapy, for one finding.

    Parameters
    ----------
    times, spreads
        The course at the median effect, from the time on at which the effect was measured.
    without
        The same 100 people without it, counted by the same step.
    between
        Better and worse with than without, for the same person: bounds, and one assumption.
    choices
        How far other reasonable choices move it; None where there are none.
    """

    finding: Finding
    drawn: Drawn
    without: Counts
    times: tuple[float, ...]
    spreads: tuple[ScoreSpread, ...]
    extrapolated: tuple[bool, ...]
    sentences: tuple[Statement, ...]
    between: Bounds
    choices: HowFar | None = None


def draw_with(
    course: Course,
    finding: Finding,
    step: float,
    specifications: Iterable[OtherChoice] | None = None,
) -> WithFuture:
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
    specifications
        Other reasonable choices; `saisei.appraisal.sensitivity` of the finding alone if None.

    Raises
    ------
    ValueError
        The finding has no effect, or rests on a comparison that may drive nothing: one that was not
        randomised, was chosen afterwards or is known from a press release only.
    """
    if barred := [one.title for one in finding.used if drives(one)]:
        raise ValueError(f"these comparisons may not drive a forecast: {', '.join(barred)}")
    move, own = move_of(finding)
    other = own is not None and own != step  # the trials counted another step than the page
    step = own or step
    drawn = draw_effect(course, finding, step)
    median = finding.effect.median if finding.effect else 0.0
    first = min(max(contrast.days for contrast in finding.used), course.horizon)
    later = [i for i, time in enumerate(course.times) if time >= first - 1e-9]
    choices = sensitivity(finding) if specifications is None else specifications
    between = bounds_between(course.spread, move(course.spread, median), step)
    return WithFuture(
        finding,
        drawn,
        course.counts(step),
        tuple(course.times[i] for i in later),
        tuple(move(course.spreads[i], median) for i in later),
        tuple(course.extrapolated[i] for i in later),
        _sentences(course, drawn, finding, between, odds=own is not None, other=other),
        between,
        how_far(course, finding, choices, step),
    )


def _sentences(
    course: Course, drawn: Drawn, finding: Finding, between: Bounds, *, odds: bool, other: bool
) -> tuple[Statement, ...]:
    keys = (*course.source_keys, *finding.source_keys)
    counts, step = drawn.counts, f"{drawn.counts.step:g}"
    gain: dict[str, Any] = {
        "better": spoken(counts.better), "not_better": spoken(100 - counts.better), "step": step,
        "horizon": course.horizon_words, **whole(drawn.better_interval),
    }  # fmt: skip
    loss: dict[str, Any] = {
        "worse": spoken(counts.worse), "not_worse": spoken(100 - counts.worse), "step": step,
        **whole(drawn.worse_interval),
    }  # fmt: skip
    said = [say("with.better", **gain), say("with.worse", **loss)]
    if other:
        said.insert(0, _without_words(course, drawn.counts.step))
    if drawn.better_new is None or drawn.worse_new is None:
        said.append(say("with.new-unknown"))
    else:
        said.append(say("with.new", **whole(drawn.better_new)))
        said.append(say("with.new-worse", **whole(drawn.worse_new)))
    effect = finding.effect
    if effect is not None and effect.mostly_assumption:
        said.append(say("with.mostly-assumption"))
    said.append(say("with.one-value"))
    if odds:
        said.append(say("with.odds", step=step))
    said += _between_words(between, None if odds or effect is None else effect.median)
    return tuple(Statement(words, keys) for words in said)


def _without_words(course: Course, step: float) -> str:
    counts = course.counts(step)
    better, worse = spoken(counts.better), spoken(counts.worse)
    words = {"better": better, "worse": worse, "step": f"{step:g}"}
    return say("with.without", horizon=course.horizon_words, **words)


def _between_words(between: Bounds, points: float | None) -> list[str]:
    """Say what two futures leave open about one person, and what one assumption makes of it."""
    step = f"{between.step:g}"
    worse = {f"worse_{name}": n for name, n in whole(between.worse).items()}
    same = {f"same_{name}": n for name, n in whole(between.same).items()}
    alike = {
        "better": spoken(round(100 * between.better_same_shift)),
        "worse": spoken(round(100 * between.worse_same_shift)),
    }
    return [
        say("with.between", step=step, **whole(between.better), **same, **worse),
        say("with.same-shift", **alike)
        if points is None
        else say("with.same-points", points=f"{points:.1f}".replace("-", "−"), **alike),
    ]
