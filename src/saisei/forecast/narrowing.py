"""What another assessment of the arm would tell: how much narrower the forecast would be.

The forecast of now says how probable each score is at the next assessment. For each of them the
forecast is made anew with that score added; the width expected is the mean of their widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from saisei.forecast.arm_model import ArmModel, weigh_arm
from saisei.forecast.course import Scored
from saisei.forecast.mixture import score_grid
from saisei.forecast.parameters import Context, mixture_parameters
from saisei.forecast.scores import Floats, quantiles_of

__all__ = ["Narrowing", "NextScore", "another_assessment"]

LEVEL = 0.9
NEGLIGIBLE = 1e-6
"""A next score less probable than this is left out."""


@dataclass(frozen=True, slots=True)
class NextScore:
    """One score that the next assessment may give, and the forecast that it would make.

    `chance` of this score; then the median, and the ends of the 90 % band, at the horizon.
    """

    score: float
    chance: float
    median: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """How wide the band would be."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The width of the 90 % band at the horizon: now, and after another assessment.

    Parameters
    ----------
    in_days, horizon
        Days from now to the next assessment, and to the day that is forecast.
    width_now, width_expected
        In points.
    width_low, width_high
        The 5th and the 95th percentile of the width, over what the next score may be.
    scores
        Every score that it may be, lowest first; their chances add up to 1.
    model
        The model that makes the forecast after the assessment.
    """

    in_days: float
    horizon: float
    level: float
    width_now: float
    width_expected: float
    width_low: float
    width_high: float
    scores: tuple[NextScore, ...]
    model: Literal["mixture", "blend", "chronic"]


def another_assessment(
    scores: Sequence[Scored], in_days: float, going_on: Context, horizon: float
) -> Narrowing:
    """Say how much narrower the forecast of the arm would be after one more assessment.

    Parameters
    ----------
    scores
        The scores so far, at least one, oldest first.
    in_days
        Days from now to the next one, above 0 and before the horizon.
    going_on
        What goes on meanwhile, for the chronic model.
    horizon
        Days from now to the day that is forecast.

    Raises
    ------
    ValueError
        The next assessment does not lie between now and the horizon.
    """
    if not 0 < in_days < horizon:
        raise ValueError("the next assessment lies between now and the day that is forecast")
    now = scores[-1].day + scores[-1].before
    dated = [(one.day, one.score) for one in scores]
    before = weigh_arm(dated, going_on)
    found = []
    for score, chance in _next_scores(before, now + in_days):
        model = weigh_arm([*dated, (now + in_days, score)], going_on)
        low, median, high = _band(model.scores(now + horizon))
        found.append(NextScore(score, chance, median, low, high))
    first, _, last = _band(before.scores(now + horizon))
    widths, chances = np.array([(one.width, one.chance) for one in found]).T
    order = np.argsort(widths)
    middle = np.cumsum(chances[order]) - chances[order] / 2
    narrow, wide = np.interp((0.05, 0.95), middle, widths[order]).tolist()
    return Narrowing(
        in_days, horizon, LEVEL, last - first, float(widths @ chances), narrow, wide,
        tuple(found), model.name,
    )  # fmt: skip


def _next_scores(model: ArmModel, day: float) -> list[tuple[float, float]]:
    chances = model.scores(day)
    kept = chances > NEGLIGIBLE
    values = score_grid(mixture_parameters().top)[kept]
    return list(zip(values.tolist(), (chances[kept] / chances[kept].sum()).tolist(), strict=True))


def _band(chances: Floats) -> tuple[float, float, float]:
    values = score_grid(mixture_parameters().top)
    levels = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
    low, median, high = quantiles_of(values, chances, levels).tolist()
    return low, median, high
