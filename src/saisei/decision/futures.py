"""The two futures as the report shows them: 100 people on one grid, and a curve with its bands."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from saisei.appraisal import Finding
from saisei.base.sources import Statement
from saisei.decision.choices import between_view, moved_rows, outwards
from saisei.decision.views import CurvePoint, FutureView, People, WithView
from saisei.decision.voice import Voice
from saisei.forecast import Counts, Course, Future, ScoreSpread, WithFuture
from saisei.scales import scale

__all__ = ["view"]

LEVELS = (0.05, 0.25, 0.50, 0.75, 0.95)

Named = Callable[[Finding], tuple[str, str]]
"""Gives for a finding the therapy's name and the id under which the finding stands on the page."""


def view(future: Future, voice: Voice, named: Named) -> FutureView:
    """Turn one scale's future into what a page draws."""
    of = scale(future.scale_id)
    low, high = (of.range.low, of.range.high) if of.range else (0.0, 0.0)
    return FutureView(
        scale=future.scale_id,
        title=future.title,
        score_low=low,
        score_high=high,
        better=of.direction,
        measured=future.course.measured if future.course else (),
        points=_points(future.course.times, future.course.spreads, future.course.extrapolated)
        if future.course
        else (),
        horizon=future.course.horizon_words if future.course else "",
        people=_people(future),
        with_therapy=tuple(_with(one, future, named) for one in future.with_),
        sentences=_said(future),
        why_not=future.none.reason if future.none else None,
        why_no_with=_why_no_with(future, voice, named),
    )


def _points(
    times: Iterable[float], spreads: Iterable[ScoreSpread], extrapolated: Iterable[bool]
) -> tuple[CurvePoint, ...]:
    return tuple(
        _point(day, spread, extrapolated=held)
        for day, spread, held in zip(times, spreads, extrapolated, strict=True)
    )


def _point(day: float, spread: ScoreSpread, *, extrapolated: bool) -> CurvePoint:
    q05, q25, q50, q75, q95 = map(float, spread.quantile(LEVELS))
    return CurvePoint(day, q05, q25, q50, q75, q95, extrapolated)


def _people(future: Future) -> People | None:
    if future.counts is None or future.step_note is None:
        return None
    return _grid(future.counts, future.step_note, future.sentences)


def _grid(counts: Counts, note: Statement, sentences: tuple[Statement, ...]) -> People:
    return People(counts.better, counts.same, counts.worse, counts.step, note, sentences)


def _said(future: Future) -> tuple[Statement, ...]:
    course = future.course
    if course is None:
        return future.sentences
    told = () if future.counts else future.sentences  # with people, they stand beside the picture
    return (*_certainty(course), *course.notes, *told)


def _certainty(course: Course) -> tuple[Statement, ...]:
    return tuple(
        said if said.sources else Statement(said.text, course.source_keys)
        for said in course.certainty
    )


def _with(one: WithFuture, future: Future, named: Named) -> WithView:
    name, finding = named(one.finding)
    drawn = one.drawn
    note = future.step_note or Statement("")
    better, worse = outwards(drawn.better_interval), outwards(drawn.worse_interval)
    return WithView(
        therapy=name,
        finding=finding,
        people=_grid(drawn.counts, note, one.sentences),
        better_low=better[0],
        better_high=better[1],
        worse_low=worse[0],
        worse_high=worse[1],
        points=_points(one.times, one.spreads, one.extrapolated),
        sentences=one.sentences,
        better_new=None if drawn.better_new is None else outwards(drawn.better_new),
        worse_new=None if drawn.worse_new is None else outwards(drawn.worse_new),
        between=between_view(one.between),
        choices=moved_rows(one.choices),
        choices_words=one.choices.sentences if one.choices else (),
    )


def _why_no_with(future: Future, voice: Voice, named: Named) -> tuple[Statement, ...]:
    """Say once for each reason which findings it keeps from a forecast."""
    if future.course is None:
        return ()
    refused: dict[str, list[str]] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for one in future.why_no_with:
        first = one.reasons[0]
        refused.setdefault(first.text, []).append(named(one.finding)[0])
        sources[first.text] = first.sources
    if future.with_:
        return tuple(Statement(text, sources[text]) for text in refused)
    said = [Statement(text, sources[text]) for text in refused]
    return (*said, voice.statement("futures.trial_counts_instead"))
