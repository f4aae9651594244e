"""What new scores change of a forecast: the same days, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.cases import Case
from saisei.forecast.adding import AddedScore
from saisei.forecast.arm import arm_course
from saisei.forecast.course import Course, NoForecast
from saisei.forecast.futures import Future, futures
from saisei.forecast.parameters import context as context_of
from saisei.forecast.texts import say as say_forecast

__all__ = ["Band", "Change", "Reach", "bands_of", "changes", "said", "unused_context"]

FILE = "forecast/updating.yaml"
SCALES = {"fma_ue": "fma_ue", "barthel_total": "barthel"}
"""The scales that have a course, by the field of their score."""
SAME_DAY = 0.5


@cache
def said() -> Catalogue:
    """Give the catalogue of sentences about new scores."""
    return Catalogue(FILE, load_data(FILE))


@dataclass(frozen=True, slots=True)
class Band:
    """The spread of a score on one day, counted from now: quantiles 5, 25, 50, 75 and 95 %."""

    day: float
    low: float
    quarter: float
    middle: float
    three_quarters: float
    high: float
    extrapolated: bool

    @property
    def ends(self) -> tuple[int, int]:
        """Between which whole points nine of ten people are."""
        return round(self.low), round(self.high)


@dataclass(frozen=True, slots=True)
class Reach:
    """The chance of reaching a score or a higher one by the horizon, before and after."""

    score: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Change:
    """What new scores changed of one scale's forecast.

    Parameters
    ----------
    before, after
        The course without and with the new scores, empty where there is none.
    comparable
        Whether both are for the same days.
    reach
        The chance of reaching the last score before plus the change that counts for one person.
    """

    scale_id: str
    title: str
    before: tuple[Band, ...]
    after: tuple[Band, ...]
    comparable: bool
    reach: Reach | None
    sentences: tuple[Statement, ...]


def changes(
    before: Case, after: Case, added: Iterable[AddedScore], context: str | None = None
) -> tuple[tuple[Change, ...], tuple[Statement, ...]]:
    """Compare the forecasts of the same moment without and with new scores.

    Parameters
    ----------
    before, after
        The case without and with them, as of the same moment.
    added
        What was added.
    context
        What goes on meanwhile; see `arm_course`.

    Returns
    -------
    tuple of Change, tuple of Statement
        One change for each scale that a new score belongs to and that has a model, and what is to
        be said of the other scores.
    """
    given = tuple(added)
    fresh = [SCALES.get(one.field) for one in given if not one.known]
    pairs = zip(
        futures(before, context=context), futures(after, context=context), strict=True
    )  # fmt: skip
    found = [
        _change(old, new, fresh.count(new.scale_id)) for old, new in pairs if new.scale_id in fresh
    ]
    compared = {one.scale_id for one in found}
    return tuple(found), tuple(map(Statement, _of_the_others(given, compared)))


def _of_the_others(added: Sequence[AddedScore], compared: set[str]) -> Iterator[str]:
    for one in added:
        if one.known:
            yield said().say("changed.known", field=one.field, date=one.date)
        elif SCALES.get(one.field) not in compared:
            yield said().say("changed.no_course", field=one.field)


def _change(old: Future, new: Future, count: int) -> Change:
    before, after = old.course, new.course
    comparable = (
        before is not None and after is not None and abs(before.horizon - after.horizon) < SAME_DAY
    )
    reach = _reach(old, after) if comparable else None
    return Change(
        new.scale_id,
        new.title,
        bands_of(before),
        bands_of(after),
        comparable,
        reach,
        tuple(_sentences(old, new, _Words(count), comparable=comparable, reach=reach)),
    )


def bands_of(course: Course | None) -> tuple[Band, ...]:
    """Give the spread on each day of a course; nothing where there is none."""
    if course is None:
        return ()
    rows = zip(course.times, course.quantiles.tolist(), course.extrapolated, strict=True)
    return tuple(
        Band(day, low, quarter, middle, three_quarters, high, far)
        for day, (low, quarter, middle, three_quarters, high), far in rows
    )


def _reach(old: Future, after: Course | None) -> Reach | None:
    """Give the chances of one and the same score; None where the scale ends before it."""
    if old.course is None or after is None or old.step is None:
        return None
    score = old.course.start + old.step
    if score > after.values[-1]:
        return None
    return Reach(score, old.course.spread.at_least(score), after.spread.at_least(score))


@dataclass(frozen=True, slots=True)
class _Words:
    """The sentences, which speak of one new score or of several."""

    count: int

    def say(self, key: str, /, **filling: object) -> str:
        number = "one" if self.count == 1 else "more"
        named = {name: said().say(f"{name}.{number}") for name in ("new", "it")}
        return said().say(f"changed.{key}", **named, **filling)


def _sentences(
    old: Future, new: Future, words: _Words, *, comparable: bool, reach: Reach | None
) -> Iterator[Statement]:
    say, scale = words.say, say_forecast(f"scale.{new.scale_id}")
    before, after = old.course, new.course
    if before is None or after is None:
        yield _one_sided(old, new, scale, words)
        return
    keys = after.source_keys
    first, last = bands_of(before)[-1], bands_of(after)[-1]
    middles = {"before": round(first.middle), "after": round(last.middle)}
    if not comparable:
        days = {"day_before": round(first.day), "day_after": round(last.day)}
        ends = _ends(first, last)
        yield Statement(say("other_days", scale=scale, **days, **middles, **ends), keys)
        return
    if bands_of(before) == bands_of(after):
        yield Statement(say("nothing", scale=scale), keys)
        return
    key = "middle" if middles["before"] != middles["after"] else "same_middle"
    yield Statement(say(key, scale=scale, horizon=after.horizon_words, **middles), keys)
    yield Statement(_width_words(first, last, words), keys)
    if reach is not None:
        people = {"before": _people(reach.before), "after": _people(reach.after)}
        points = {"score": f"{reach.score:g}", "step": f"{reach.score - before.start:g}"}
        yield Statement(say("reach", **points, **people), keys)
    if after.model == "chronic":
        yield Statement(say("only_last"))


def _one_sided(old: Future, new: Future, scale: str, words: _Words) -> Statement:
    reasons = [one.none.reason for one in (old, new) if one.none is not None]
    key = "new" if new.course else "lost" if old.course else "never"
    why = reasons[-1] if reasons else Statement("")
    return Statement(words.say(key, scale=scale, why=why.text), why.sources)


def _ends(first: Band, last: Band) -> dict[str, int]:
    (low_before, high_before), (low, high) = first.ends, last.ends
    return {"low_before": low_before, "high_before": high_before, "low": low, "high": high}


def _width_words(first: Band, last: Band, words: _Words) -> str:
    ends = _ends(first, last)
    widths = {
        "width_before": ends["high_before"] - ends["low_before"],
        "width": ends["high"] - ends["low"],
    }
    return words.say("narrower", **ends, **widths)


def _people(chance: float) -> str:
    """Say a chance as people of 100, never none and never all."""
    count = round(100 * chance)
    key = {0: "none", 100: "all"}.get(count, "some")
    return say_forecast(f"count.{key}", n=count)


def unused_context(case: Case, context: str | None) -> Statement | None:
    """Say that a chosen context changes nothing, where the course of the arm has no such choice."""
    course = arm_course(case, context)
    if context is None or isinstance(course, NoForecast) or course.context:
        return None
    return Statement(said().say("context.unused", context=context_of(context).title))
