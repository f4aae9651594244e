"""The arm's two models in one: what dated scores say of a score on any later day.

Up to some day after the stroke the mixture, from a later one the chronic model, between them the
two distributions mixed (`windows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from saisei.forecast.chronic import chronic_scores, held_scores
from saisei.forecast.mixture import MixtureFit, fit_mixture, score_grid
from saisei.forecast.parameters import Context, mixture_parameters, windows
from saisei.forecast.scores import Floats

__all__ = ["ArmModel", "Dated", "weigh_arm"]

Dated = tuple[float, float]
"""A day since the stroke, and a score."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmModel:
    """What a person's arm scores say.

    Parameters
    ----------
    last
        The last score and its day.
    weight
        Share of the mixture, 0 to 1.
    fit
        The mixture weighed by every score; None where it has no share.
    held
        Scores after the last day that anyone of the mixture was followed.
    going_on
        What goes on meanwhile, for the chronic model.
    """

    last: Dated
    weight: float
    fit: MixtureFit | None
    held: Floats | None
    going_on: Context

    @property
    def name(self) -> Literal["mixture", "blend", "chronic"]:
        """Which of the two is used, or both."""
        if self.weight == 1:
            return "mixture"
        return "blend" if self.weight > 0 else "chronic"

    def scores(self, day: float) -> Floats:
        """Give the probability of each whole score, 0 to 66, on a later day since the stroke."""
        top = mixture_parameters().top
        chance: Floats = np.zeros(score_grid(top).size)
        if self.fit is not None and self.held is not None:
            early = self.fit.scores(day) if day <= self.fit.parameters.followed_days else self.held
            chance = chance + self.weight * early
        if self.weight < 1:
            late = chronic_scores(self.last, day - self.last[0], self.going_on, top)
            chance = chance + (1 - self.weight) * late
        return np.asarray(chance / chance.sum())

    def extrapolated(self, day: float) -> bool:
        """Say whether nobody behind the model was followed as far as that day."""
        early = self.weight > 0 and day > mixture_parameters().followed_days
        followed = self.going_on.followed(self.last[0])
        return early or (self.weight < 1 and day - self.last[0] > followed)


def weigh_arm(scores: Sequence[Dated], going_on: Context) -> ArmModel:
    """Weigh the models by a person's scores.

    Parameters
    ----------
    scores
        At least one, oldest first.
    going_on
        What goes on meanwhile, for the chronic model.
    """
    last = scores[-1]
    weight = windows().mixture_weight(last[0])
    if weight == 0:
        return ArmModel(last, weight, None, None, going_on)
    fit = fit_mixture([day for day, _ in scores], [score for _, score in scores])
    given = fit.parameters
    held = held_scores(fit.latent(given.followed_days), given.top)
    return ArmModel(last, weight, fit, held, going_on)
