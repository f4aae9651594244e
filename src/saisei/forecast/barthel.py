"""Daily activities without any new treatment, from a small table of changes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtr, stdtr

from saisei import synthesis as syn
from saisei.base.sources import Statement
from saisei.cases import Case
from saisei.forecast.course import Course, NoForecast, Scored
from saisei.forecast.parameters import block, keys_of
from saisei.forecast.person import Refusal, StrokeKind, none, read_person, read_series
from saisei.forecast.scores import Floats, ScoreSpread, split_to_grid
from saisei.forecast.texts import say

__all__ = ["barthel_course", "forecast_barthel"]

SCALE = "barthel"
FIELD = "barthel_total"


def barthel_course(case: Case) -> Course | NoForecast:
    """Forecast the Barthel Index up to half a year after the last score.

    Where no published change covers the person, there is none. The people scored in the first
    three months were after infarcts, nearly all; those scored after a year were mixed.
    """
    person = read_person(case)
    if isinstance(person, Refusal):
        return _none(person.code)
    series = read_series(case, FIELD, person)
    if isinstance(series, Refusal):
        return _none(series.code)
    slack = (person.days.high - person.days.low) / 2
    if _rows(series.last.day - slack) != _rows(series.last.day + slack):
        return _none("vague-date")
    found = forecast_barthel(series.scores)
    if isinstance(found, NoForecast) or person.kind == "ischemic":
        return found
    ahead = _ahead(series.last)
    if any("haemorrhage" not in row for row in ahead):
        return _none("barthel-early-type")
    return replace(found, certainty=(*found.certainty, *_of_whom(person.kind, ahead)))


def forecast_barthel(scores: tuple[Scored, ...]) -> Course | NoForecast:
    """Forecast the Barthel Index from dated scores alone; only the last one counts."""
    last = scores[-1]
    rows = _rows(last.day)
    if not rows:
        return _none("barthel-row", when=_when(last.day))
    low, high = rows[0]["start_range"]
    if not low <= last.score <= high:
        return _none("barthel-start", low=low, high=high)
    ahead = _ahead(last)
    if not ahead:
        return _none("barthel-passed")
    return Course(
        SCALE,
        tuple((-one.before, one.score) for one in scores),
        last.score,
        tuple(row["days"] - last.before for row in ahead),
        tuple(_spread(last.score, row) for row in ahead),
        (False,) * len(ahead),
        say("horizon.half-year"),
        "table of changes",
        None,
        "",
        (_certainty(ahead),),
        keys_of("barthel_changes"),
    )


def _certainty(rows: list[dict[str, Any]]) -> Statement:
    """Say how few people the numbers rest on, and what so few cannot exclude."""
    sizes = [row["people"] for row in rows]
    fewest = min(sizes)
    words = say(
        "certainty.barthel",
        people=" and ".join(map(str, sizes)),
        fewest=fewest,
        upper=round(100 * syn.binomial_interval(0, fewest).upper),
    )
    return Statement(words, keys_of("barthel_changes"))


def _none(code: str, **filling: object) -> NoForecast:
    return none(SCALE, code, scale=say(f"scale.{SCALE}"), **filling)


def _rows(day: float) -> list[dict[str, Any]]:
    """Find the rows that cover a score on a day since the stroke, in order of their time."""
    rows = block("barthel_changes")["rows"]
    covering = [row for row in rows if _covers(row, day)]
    return sorted(covering, key=lambda row: float(row["days"]))


def _ahead(last: Scored) -> list[dict[str, Any]]:
    """Find the rows that cover a score and whose time has not passed."""
    return [row for row in _rows(last.day) if row["days"] > last.before]


def _of_whom(kind: StrokeKind, rows: list[dict[str, Any]]) -> tuple[Statement, ...]:
    keys = keys_of("barthel_changes")
    if kind == "unknown":
        return (Statement(say("certainty.unknown-type"), keys),)
    given = rows[-1]["haemorrhage"]
    mean = f"{given['mean']:+g}"
    words = say("certainty.haemorrhage-barthel", people=given["people"], mean=mean, sd=given["sd"])
    return (Statement(words, keys),)


def _covers(row: dict[str, Any], day: float) -> bool:
    end = math.inf if row["to_day"] is None else row["to_day"] + 1
    return bool(row["from_day"] <= day < end)


def _when(day: float) -> str:
    """Say the stretch without a row that a day lies in."""
    rows = block("barthel_changes")["rows"]
    first = max(row["to_day"] for row in rows if row["to_day"] is not None and row["to_day"] < day)
    later = min(row["from_day"] for row in rows if row["from_day"] > day)
    return f"{first + 1} to {later - 1} days"


def _spread(score: float, row: dict[str, Any]) -> ScoreSpread:
    """Give the spread of one new person's score, on the scale's steps."""
    given = block("barthel_changes")
    values = np.arange(0.0, given["top"] + given["step"], given["step"])
    chance = _by_counts(score, row, values) if "changes" in row else _by_line(score, row, values)
    return ScoreSpread(values, chance / chance.sum())


def _by_line(score: float, row: dict[str, Any], values: Floats) -> Floats:
    """Student's t around the straight line of the change on the first score.

    One new person's change scatters by ``sd sqrt(1 + 1/n + (x - mean)^2 / ((n - 1) sd_x^2))`` with
    n - 2 degrees of freedom, the textbook prediction from a regression.
    """
    n, away = row["people"], score - row["start_mean"]
    far = away**2 / ((n - 1) * row["start_sd"] ** 2)
    scale = row["residual_sd"] * math.sqrt(1 + 1 / n + far)
    inner = values[1:] - (values[1] - values[0]) / 2
    centre = score + row["mean"] + row["slope"] * away
    below = stdtr(n - 2, (inner - centre) / scale)
    return np.diff(np.concatenate(([0.0], below, [1.0])))


def _by_counts(score: float, row: dict[str, Any], values: Floats) -> Floats:
    """Give the people's own changes, and as much as one more person spread by mean and SD."""
    changes = row["changes"]
    after = np.clip(score + np.array(list(changes), dtype=float), values[0], values[-1])
    seen = split_to_grid(after, np.array(list(changes.values()), dtype=float), values)
    inner = values[1:] - (values[1] - values[0]) / 2
    below = ndtr((inner - score - row["mean"]) / row["sd"])
    return seen + np.diff(np.concatenate(([0.0], below, [1.0])))
