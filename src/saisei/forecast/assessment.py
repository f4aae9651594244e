"""What another score of the arm in some days would tell, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from saisei.base.errors import OptionError, Problem
from saisei.base.sources import Statement
from saisei.cases import Case
from saisei.forecast.arm import arm_course
from saisei.forecast.course import Course, NoForecast, Scored
from saisei.forecast.narrowing import Narrowing, NextScore, another_assessment
from saisei.forecast.parameters import context as context_of
from saisei.forecast.person import Refusal, read_person, read_series
from saisei.forecast.updating import bands_of, said

__all__ = ["Assessment", "Unusual", "next_assessment", "unusual_scores"]

SCALE = "fma_ue"
OPTION = "--another"
UNUSUAL = 0.05
HARDLY = 0.9
"""A band that is expected to keep this part of its width hardly narrows."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """A next score that would be unusual, and the forecast that it would make.

    `share`: the chance of this score or one that lies still further out.
    """

    share: float
    then: NextScore


@dataclass(frozen=True, slots=True)
class Assessment:
    """What another score would tell.

    Parameters
    ----------
    narrowing
        None where nothing can be said; `sentences` says why.
    low, usual, high
        An unusually low score, the one in the middle, and an unusually high one.
    """

    in_days: int
    narrowing: Narrowing | None
    low: Unusual | None
    usual: NextScore | None
    high: Unusual | None
    sentences: tuple[Statement, ...]


def next_assessment(case: Case, in_days: int, context: str | None = None) -> Assessment:
    """Say what another score of the arm in some days would tell.

    Parameters
    ----------
    case
        The person.
    in_days
        Whole days from now, at least 1 and before the last day of the forecast.
    context
        What goes on meanwhile; see `arm_course`.

    Raises
    ------
    OptionError
        No score can be taken then.
    """
    course = arm_course(case, context)
    _must_be_ahead(in_days, course)
    if isinstance(course, NoForecast):
        why = said().say("another.none", why=course.reason.text)
        return Assessment(in_days, None, None, None, None, (Statement(why, course.reason.sources),))
    going_on = context_of(context)
    found = another_assessment(_scores(case), in_days, going_on, course.horizon)
    low, high = unusual_scores(found)
    keys = course.source_keys
    told = tuple(Statement(one, keys) for one in _sentences(found, course, low, high))
    usual = _first_of(found.scores, 0.5).then
    return Assessment(in_days, found, low, usual, high, told)


def _must_be_ahead(in_days: int, course: Course | NoForecast) -> None:
    last = round(course.horizon) if isinstance(course, Course) else 365
    if not 0 < in_days < last:
        found = "no score can be taken on that day for this forecast"
        expected = f"whole days from now, from 1 to {last - 1}"
        problem = Problem("another", found, expected, "For example 21", field=OPTION)
        raise OptionError(problem)


def _scores(case: Case) -> tuple[Scored, ...]:
    """Read the scores that the course was drawn from."""
    person = read_person(case)
    series = person if isinstance(person, Refusal) else read_series(case, SCALE, person)
    return () if isinstance(series, Refusal) else series.scores


def unusual_scores(found: Narrowing) -> tuple[Unusual, Unusual]:
    """Give the scores at which one person in twenty is as low or lower, as high or higher."""
    return _first_of(found.scores), _first_of(found.scores[::-1])


def _first_of(scores: tuple[NextScore, ...], level: float = UNUSUAL) -> Unusual:
    share = 0.0
    for one in scores:
        share += one.chance
        if share >= level:
            return Unusual(share, one)
    return Unusual(share, scores[-1])


def _sentences(found: Narrowing, course: Course, low: Unusual, high: Unusual) -> Iterator[str]:
    say = said().say
    days, (first, last) = f"{found.in_days:g}", bands_of(course)[-1].ends
    now = {"low": first, "high": last, "width": last - first}
    yield say("another.now", horizon=course.horizon_words, **now)
    between = {"low": round(found.width_low), "high": round(found.width_high)}
    key = "expected" if between["low"] != between["high"] else "exact"
    yield say(f"another.{key}", days=days, expected=round(found.width_expected), **between)
    if found.model == "chronic":
        yield say("another.replaces")
    if found.width_expected > HARDLY * found.width_now:
        yield say("another.hardly")
    for key, one in (("low", low), ("high", high)):
        then = one.then
        yield say(
            f"another.{key}",
            score=f"{then.score:g}",
            people=round(100 * one.share),
            middle=round(then.median),
            low=round(then.low),
            high=round(then.high),
        )
