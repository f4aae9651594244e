"""The arm without any new treatment: mixture, chronic model, and the mix of both between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from saisei.base.sources import Statement
from saisei.cases import Case
from saisei.forecast.arm_model import weigh_arm
from saisei.forecast.course import Course, NoForecast, Scored
from saisei.forecast.many import months_ahead
from saisei.forecast.mixture import score_grid
from saisei.forecast.parameters import (
    Context,
    block,
    context,
    keys_of,
    mixture_parameters,
    windows,
)
from saisei.forecast.person import Person, Refusal, Series, none, read_person, read_series
from saisei.forecast.scores import ScoreSpread
from saisei.forecast.texts import say
from saisei.vocabulary import days_per_month

__all__ = ["arm_course", "forecast_arm"]

SCALE = "fma_ue"


def arm_course(case: Case, context_name: str | None = None) -> Course | NoForecast:
    """Forecast the arm score of a person for one year, without any new treatment.

    Parameters
    ----------
    case
        The person.
    context_name
        What goes on meanwhile: ``after-therapy-ended`` (taken when left out), ``trial-control`` or
        ``intensive-arm-therapy``. It matters for the chronic model only.

    Returns
    -------
    Course or NoForecast
        The course, or the reason why there is none.
    """
    person = read_person(case)
    if isinstance(person, Refusal):
        return _none(person.code)
    series = read_series(case, SCALE, person)
    if isinstance(series, Refusal):
        return _none(series.code)
    if (code := _refused(person, series)) is not None:
        return _none(code)
    going_on = context(context_name)
    if not going_on.holds(series.last.day):
        first, last = going_on.days
        return none(SCALE, "context", context=going_on.title, first=f"{first:g}", last=f"{last:g}")
    course = forecast_arm(series.scores, going_on)
    certainty = (*course.certainty, *_of_whom(person, course))
    return replace(course, certainty=certainty, notes=(*course.notes, *_notes(person, series)))


def forecast_arm(scores: Sequence[Scored], going_on: Context) -> Course:
    """Forecast the arm from dated scores alone.

    Parameters
    ----------
    scores
        At least one, oldest first.
    going_on
        What goes on meanwhile, for the chronic model.
    """
    last, times = scores[-1], months_ahead()
    fitted = weigh_arm([(one.day, one.score) for one in scores], going_on)
    days, weight = [last.day + last.before + time for time in times], fitted.weight
    values = score_grid(mixture_parameters().top)
    spreads = tuple(ScoreSpread(values, fitted.scores(day)) for day in days)
    beyond = tuple(fitted.extrapolated(day) for day in days)
    early = ("arm_mixture", "arm_widening") if weight > 0 else ()
    late = ("arm_chronic_noise",) if weight < 1 else ()
    keys = keys_of(*early, *late, "arm_windows")
    return Course(
        SCALE,
        tuple((-one.before, one.score) for one in scores),
        last.score,
        times,
        spreads,
        beyond,
        say("horizon.year"),
        fitted.name,
        weight,
        "" if weight == 1 else going_on.title,
        _certainty(weight, keys),
        keys,
        _course_notes(times, beyond, weight, going_on),
    )


def _none(code: str) -> NoForecast:
    return none(SCALE, code, scale=say(f"scale.{SCALE}"))


def _refused(person: Person, series: Series) -> str | None:
    """Name what the models do not cover; None when they do."""
    if series.last.score >= mixture_parameters().top:
        return "full-score"
    slack = (person.days.high - person.days.low) / 2
    border = windows().chronic_from
    if series.last.day - slack >= border:
        return None
    known_within = block("forecast_rules")["date_slack_days"]
    if 2 * slack > known_within:
        return "vague-date"
    if series.slack > known_within:
        return "no-dated-score"
    if person.kind == "ischemic" or series.last.day >= border:
        return None
    return "early-unknown-type" if person.kind == "unknown" else "early-haemorrhage"


def _certainty(weight: float, keys: tuple[str, ...]) -> tuple[Statement, ...]:
    said = []
    if weight > 0:
        people = block("arm_mixture")["people"]
        said.append(Statement(say("certainty.mixture", people=people), keys))
    if weight < 1:
        people = block("arm_chronic_noise")["people"]
        said.append(Statement(say("certainty.chronic", people=people), keys))
    if 0 < weight < 1:
        given = windows()
        share = round(100 * weight)
        borders = {"first": f"{given.mixture_until:g}", "second": f"{given.chronic_from:g}"}
        said.append(Statement(say("certainty.blend", share=share, **borders), keys))
    return tuple(said)


def _of_whom(person: Person, course: Course) -> tuple[Statement, ...]:
    """Say how far the people behind the chronic model had the same kind of stroke."""
    if person.kind == "unknown":
        return (Statement(say("certainty.unknown-type"), course.source_keys),)
    if person.kind == "ischemic":
        return ()
    given: dict[str, Any] = block("arm_chronic_noise")
    followed = given["haemorrhage_week12_to_6_months"]
    words = say(
        "certainty.haemorrhage",
        people=given["people"],
        haemorrhage=given["people_with_haemorrhage"],
        followed=followed["people"],
        mean=f"{followed['mean']:+g}",
        sd=followed["sd"],
    )
    return (Statement(words, course.source_keys),)


def _course_notes(
    times: Sequence[float], beyond: Sequence[bool], weight: float, going_on: Context
) -> tuple[Statement, ...]:
    said = []
    if weight < 1:
        words = say("notes.context", context=going_on.title)
        said.append(Statement(words, _context_keys(going_on)))
    if any(beyond):
        month = round(times[list(beyond).index(True)] / days_per_month())
        when = f"month {month}" if month else "the start"
        said.append(Statement(say("notes.extrapolated", when=when)))
    return tuple(said)


def _context_keys(going_on: Context) -> tuple[str, ...]:
    return tuple(f"recovery/{key}" for key in block("arm_contexts")[going_on.id]["source"])


def _notes(person: Person, series: Series) -> tuple[Statement, ...]:
    said = []
    if series.left_out:
        said.append(say("notes.left-out", count=series.left_out))
    if not series.all_dated:
        said.append(say("notes.undated"))
    if not person.days.exact:
        said.append(say("notes.middle-date", days=math.ceil(person.days.high - person.days.low)))
    if series.slack >= 1:
        said.append(say("notes.middle-score", days=math.ceil(series.slack)))
    if not person.first_stroke and windows().mixture_weight(series.last.day) > 0:
        said.append(say("notes.second-stroke"))
    return tuple(map(Statement, said))
