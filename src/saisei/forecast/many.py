"""The arm of many people at once: the same numbers as one by one, without words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saisei.forecast.arm_model import Dated, weigh_arm
from saisei.forecast.course import quantile_levels
from saisei.forecast.mixture import score_grid
from saisei.forecast.parameters import Context, block, mixture_parameters
from saisei.forecast.scores import Floats, quantiles_of
from saisei.vocabulary import days_per_month

__all__ = ["Many", "forecast_many", "months_ahead", "predict_arm"]


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """The courses of many people.

    Parameters
    ----------
    times
        Days after each person's last score, shape (T,).
    probabilities
        Of each whole score, shape (people, T, 67).
    """

    times: tuple[float, ...]
    probabilities: Floats

    def quantiles(self) -> Floats:
        """Give quantiles, shape (people, T, 5): 5, 25, 50, 75 and 95 %."""
        values = score_grid(mixture_parameters().top)
        return quantiles_of(values, self.probabilities, quantile_levels())


def months_ahead() -> tuple[float, ...]:
    """Give the times of a course: every month of the coming year, in days."""
    return tuple(month * days_per_month() for month in range(block("forecast_rules")["months"] + 1))


def forecast_many(people: Sequence[Sequence[Dated]], going_on: Context) -> Many:
    """Forecast the arm of many people for the year after their last score.

    Parameters
    ----------
    people
        For each person pairs of day since the stroke and score, at least one, oldest first.
    going_on
        What goes on meanwhile, for the chronic model.
    """
    times = months_ahead()
    found = np.empty((len(people), len(times), score_grid(mixture_parameters().top).size))
    for row, scores in zip(found, people, strict=True):
        model, last = weigh_arm(scores, going_on), scores[-1][0]
        for at, time in enumerate(times):
            row[at] = model.scores(last + time)
    return Many(times, found)


def predict_arm(
    people: Sequence[Sequence[Dated]], at: Sequence[float], going_on: Context
) -> Floats:
    """Forecast one later score of each of many people.

    Parameters
    ----------
    people
        The scores of each, at least one, oldest first.
    at
        For each a later day since the stroke.
    going_on
        What goes on meanwhile, for the chronic model.

    Returns
    -------
    array of shape (people, 67)
        The probability of each whole score.
    """
    rows = [weigh_arm(scores, going_on).scores(day) for scores, day in zip(people, at, strict=True)]
    return np.array(rows).reshape(len(rows), score_grid(mixture_parameters().top).size)
