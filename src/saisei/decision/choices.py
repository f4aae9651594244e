"""Other reasonable choices as the report shows them: what each would give, and how far it moves."""

from __future__ import annotations

import math
from collections.abc import Iterable

from saisei.appraisal import Effect, Finding, OtherChoice, moving_words
from saisei.base.sources import Statement
from saisei.decision.views import BetweenView, ChoiceRow, GroupRow, GroupView
from saisei.decision.voice import Voice
from saisei.forecast import Bounds, HowFar, Moved, group_shift

__all__ = [
    "between_view",
    "choice_rows",
    "choice_words",
    "group_view",
    "method_words",
    "moved_rows",
    "outwards",
]

RATIOS = ("OR", "COR", "RR")


def choice_rows(specifications: Iterable[OtherChoice]) -> tuple[ChoiceRow, ...]:
    """Give each choice with its effect, on the axis of the finding, and its word."""
    return tuple(_row(one) for one in specifications)


def choice_words(
    finding: Finding, specifications: tuple[OtherChoice, ...]
) -> tuple[Statement, ...]:
    """Say whether any choice would change the word."""
    return (moving_words(finding, specifications),) if specifications else ()


def moved_rows(choices: HowFar | None) -> tuple[ChoiceRow, ...]:
    """Give each choice with the counts of 100 people that it would draw."""
    return tuple(_moved(row) for row in choices.rows) if choices else ()


def between_view(bounds: Bounds) -> BetweenView:
    """Give the bounds in people of 100, rounded outwards."""
    better, same, worse = (outwards(ends) for ends in (bounds.better, bounds.same, bounds.worse))
    alike = [round(100 * v) for v in (bounds.better_same_shift, bounds.worse_same_shift)]
    return BetweenView(bounds.step, *better, alike[0], *same, *worse, alike[1])


def method_words(finding: Finding, voice: Voice) -> tuple[Statement, ...]:
    """Say how a finding was pooled, under which prior, and what does not exist after it."""
    effect = finding.effect
    if effect is None or not effect.prior:
        return ()
    said = [voice.statement("method.prior", *effect.prior_sources, prior=effect.prior)]
    if not effect.moments:
        said.append(voice.statement("method.no-moments"))
    return tuple(said)


def group_view(finding: Finding) -> GroupView | None:
    """Give the control groups of a finding over a whole scale, moved by its odds ratio."""
    shift = group_shift(finding)
    if shift is None:
        return None
    rows = tuple(
        GroupRow(
            row.at_most, *(100 * share for share in (row.control, row.treated, row.low, row.high))
        )
        for row in shift.rows
    )
    return GroupView(rows, 100 * shift.died, shift.people, shift.sentences)


def outwards(interval: tuple[float, float]) -> tuple[int, int]:
    """Round chances to people of 100 so that the range never claims more than was computed."""
    return math.floor(100 * interval[0] + 1e-9), math.ceil(100 * interval[1] - 1e-9)


def _row(one: OtherChoice, counts: tuple[int | None, ...] = (None,) * 6) -> ChoiceRow:
    return ChoiceRow(
        one.label, one.prior, one.left_out, *_on_axis(one.effect), one.word, one.certainty or "",
        *counts,
    )  # fmt: skip


def _on_axis(effect: Effect | None) -> tuple[float | None, float | None, float | None]:
    if effect is None:
        return None, None, None
    if effect.measure not in RATIOS:
        return effect.median, effect.low, effect.high
    # far out it stays finite, as on the axis
    ends = (
        math.exp(max(min(at, 700.0), -700.0)) for at in (effect.median, effect.low, effect.high)
    )
    return next(ends), next(ends), next(ends)


def _moved(row: Moved) -> ChoiceRow:
    drawn = row.drawn
    if drawn is None:
        return _row(row.specification)
    better, worse = outwards(drawn.better_interval), outwards(drawn.worse_interval)
    counts = (drawn.counts.better, *better, drawn.counts.worse, *worse)
    return _row(row.specification, counts)
