"""What a forecast without treatment is: a course, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from saisei.base.sources import Statement
from saisei.forecast.parameters import block
from saisei.forecast.scores import Floats, ScoreSpread, largest_remainder

__all__ = ["Counts", "Course", "NoForecast", "Scored", "count_people", "quantile_levels"]


@dataclass(frozen=True, slots=True)
class Scored:
    """One score: on which day since the stroke, and how many days before now."""

    day: float
    score: float
    before: float


@dataclass(frozen=True, slots=True)
class NoForecast:
    """Nothing is forecast, and why."""

    scale_id: str
    code: str
    reason: Statement


@dataclass(frozen=True, slots=True)
class Counts:
    """The same 100 people by a change of at least `step`; they add up to 100."""

    better: int
    same: int
    worse: int
    step: float


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The spread of a score over the coming time.

    Parameters
    ----------
    measured
        What was measured: days after now (0 or negative) and score, oldest first.
    start
        The last score, which gains and losses are counted from.
    times
        Days after now of each spread; the last is the horizon.
    spreads
        How probable each score is at each time.
    extrapolated
        Whether nobody behind the model was followed as far as that time.
    mixture_weight
        Share of the early model in the forecast; None for a table of changes.
    context
        What is taken to go on meanwhile; empty where that makes no difference.
    """

    scale_id: str
    measured: tuple[tuple[float, float], ...]
    start: float
    times: tuple[float, ...]
    spreads: tuple[ScoreSpread, ...]
    extrapolated: tuple[bool, ...]
    horizon_words: str
    model: Literal["mixture", "blend", "chronic", "table of changes"]
    mixture_weight: float | None
    context: str
    certainty: tuple[Statement, ...]
    source_keys: tuple[str, ...]
    notes: tuple[Statement, ...] = ()

    @property
    def horizon(self) -> float:
        """Days after now of the last time."""
        return self.times[-1]

    @property
    def spread(self) -> ScoreSpread:
        """The spread at the horizon."""
        return self.spreads[-1]

    @property
    def values(self) -> Floats:
        """The possible scores."""
        return self.spread.values

    @property
    def probabilities(self) -> Floats:
        """How probable each is at the horizon."""
        return self.spread.probabilities

    @property
    def quantiles(self) -> Floats:
        """Quantiles at each time, shape (times, 5): 5, 25, 50, 75 and 95 %."""
        return np.array([spread.quantile(quantile_levels()) for spread in self.spreads])

    def share(self, change: float) -> float:
        """Give the chance of a change of at least this much at the horizon; a loss if negative."""
        return self.spread.change_share(self.start, change)

    def counts(self, step: float) -> Counts:
        """Count 100 people by a gain or a loss of at least `step` at the horizon."""
        return count_people(self.spread, self.start, step)


def count_people(spread: ScoreSpread, start: float, step: float) -> Counts:
    """Count 100 people by a gain or a loss of at least `step`."""
    better, worse = spread.change_share(start, step), spread.change_share(start, -step)
    counted = largest_remainder((better, max(1.0 - better - worse, 0.0), worse))
    return Counts(counted[0], counted[1], counted[2], step)


def quantile_levels() -> tuple[float, ...]:
    """Give the levels of the five quantiles."""
    return tuple(block("forecast_rules")["quantiles"])
