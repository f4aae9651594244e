"""Which forecasts are compared with which scores, and the forecasts themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from saisei.base.dates import Span
from saisei.forecast.barthel import forecast_barthel
from saisei.forecast.course import NoForecast, Scored
from saisei.forecast.many import predict_arm
from saisei.forecast.mixture import score_grid
from saisei.forecast.parameters import context, mixture_parameters, windows
from saisei.forecast.scores import Floats
from saisei.forecast.validation_measures import Forecasts
from saisei.forecast.validation_rows import Reading
from saisei.scales import important_change
from saisei.vocabulary import stage_of

__all__ = ["Choice", "Made", "Origin", "forecasts_of"]

Origin = Literal["first", "every"]
ARM, BARTHEL = "fma_ue", "barthel"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which forecasts are made.

    Parameters
    ----------
    origin
        From each person's first score and from the first two, or from every score (with all the
        earlier ones).
    horizon
        The later score nearest to so many days after the last of these is compared.
    earliest, latest
        It was taken so many days after it.
    context
        What goes on meanwhile where a row does not say.
    """

    origin: Origin
    horizon: float
    earliest: float
    latest: float
    context: str


@dataclass(frozen=True, slots=True)
class Made:
    """The forecasts of one scale and what was left out.

    Parameters
    ----------
    people, scores
        With a score of the scale, and their scores.
    left_out
        How many were left out, by reason: people with one score; first scores (first two, …)
        without a later one in time; those that nothing is forecast from.
    """

    scale_id: str
    people: int
    scores: int
    left_out: Mapping[str, int]
    forecasts: Forecasts | None


@dataclass(frozen=True, slots=True)
class _Task:
    """One forecast to be made: from these readings to that one."""

    person: int
    known: tuple[Reading, ...]
    later: Reading

    @property
    def last(self) -> Reading:
        return self.known[-1]

    @property
    def lag(self) -> float:
        return self.later.day - self.last.day


def forecasts_of(
    scale_id: str,
    people: Mapping[str, Sequence[Reading]],
    choice: Choice,
    groups: Sequence[str] | None = None,
) -> Made:
    """Make every forecast of a scale that there is a later score for.

    Parameters
    ----------
    people
        Each person's readings, oldest first.
    groups
        The true group of each person, when simulated.
    """
    left_out: Counter[str] = Counter()
    tasks = list(_tasks(people, choice, left_out))
    scores = sum(map(len, people.values()))
    if scale_id == ARM:
        kept, values, chance, models = _arm(tasks, choice, left_out)
    else:
        kept, values, chance, models = _barthel(tasks, left_out)
    if not kept:
        return Made(scale_id, len(people), scores, dict(left_out), None)
    found = _as_arrays(scale_id, kept, values, chance, models, choice, groups)
    return Made(scale_id, len(people), scores, dict(left_out), found)


def _tasks(
    people: Mapping[str, Sequence[Reading]], choice: Choice, left_out: Counter[str]
) -> Iterator[_Task]:
    for index, readings in enumerate(people.values()):
        if len(readings) == 1:
            left_out["one-score"] += 1
        most = len(readings) - 1 if choice.origin == "every" else min(2, len(readings) - 1)
        for known in range(1, most + 1):
            last = readings[known - 1]
            later = [
                one
                for one in readings[known:]
                if choice.earliest <= one.day - last.day <= choice.latest
            ]
            if not later:
                left_out["no-later-score"] += 1
                continue
            nearest = min(later, key=lambda one: abs(one.day - last.day - choice.horizon))
            yield _Task(index, tuple(readings[:known]), nearest)


_Predicted = tuple[list[_Task], Floats, Floats, list[str]]


def _arm(tasks: Sequence[_Task], choice: Choice, left_out: Counter[str]) -> _Predicted:
    top = mixture_parameters().top
    kept = [task for task in tasks if task.last.value < top]
    left_out["full-score"] += len(tasks) - len(kept)
    values = score_grid(top)
    chance = np.zeros((len(kept), values.size))
    by_context: dict[str, list[int]] = defaultdict(list)
    for place, task in enumerate(kept):
        by_context[task.last.context or choice.context].append(place)
    for name, places in by_context.items():
        series = [[(one.day, one.value) for one in kept[at].known] for at in places]
        at = [kept[place].later.day for place in places]
        chance[places] = predict_arm(series, at, context(name))
    return kept, values, chance, [_model(task.last.day) for task in kept]


def _model(day: float) -> str:
    weight = windows().mixture_weight(day)
    return "mixture" if weight == 1 else "chronic" if weight == 0 else "blend"


def _barthel(tasks: Sequence[_Task], left_out: Counter[str]) -> _Predicted:
    """Forecast each from the table of changes, at the time of the table nearest to the score."""
    kept: list[_Task] = []
    rows: list[Floats] = []
    values = np.zeros(0)
    for task in tasks:
        found = forecast_barthel((Scored(task.last.day, task.last.value, 0.0),))
        if isinstance(found, NoForecast):
            left_out[found.code] += 1
            continue
        place = min(range(len(found.times)), key=lambda at: abs(found.times[at] - task.lag))
        if abs(found.times[place] - task.lag) > found.times[place] / 2:
            left_out["barthel-other-time"] += 1
            continue
        kept.append(task)
        rows.append(found.spreads[place].probabilities)
        values = found.values
    return kept, values, np.array(rows), ["table of changes"] * len(kept)


def _as_arrays(
    scale_id: str,
    kept: Sequence[_Task],
    values: Floats,
    chance: Floats,
    models: Sequence[str],
    choice: Choice,
    groups: Sequence[str] | None,
) -> Forecasts:
    day = np.array([task.last.day for task in kept])
    person = np.array([task.person for task in kept], dtype=np.intp)
    later = np.array([task.later.value for task in kept])
    return Forecasts(
        scale_id,
        values,
        chance,
        np.rint((later - values[0]) / (values[1] - values[0])).astype(np.intp),
        person,
        np.array([len(task.known) for task in kept], dtype=np.intp),
        np.array([task.known[0].value for task in kept]),
        np.array([task.last.value for task in kept]),
        day,
        np.array([task.lag for task in kept]),
        np.array(models),
        np.array([task.last.context or choice.context for task in kept]),
        np.array([_important(scale_id, one) for one in day]),
        np.array([groups[one] for one in person] if groups else [""] * len(kept)),
    )


def _important(scale_id: str, day: float) -> float:
    found = important_change(scale_id, stage_of(Span(day, day)))
    return float("nan") if found is None else found.value
