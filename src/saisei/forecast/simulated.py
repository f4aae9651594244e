"""People drawn from the mixture: for checking what the forecast says of people it was made for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from saisei.forecast.parameters import mixture_parameters
from saisei.forecast.scores import Floats

__all__ = ["Simulated", "simulate_people"]


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Simulated people: whole arm scores, shape (people, days), and the group of each, 0 to 4."""

    scores: Floats
    group: NDArray[np.intp]


def simulate_people(
    count: int, days: Sequence[float], *, seed: int, widened: bool = True
) -> Simulated:
    """Draw people from the five groups of the mixture and score them on some days.

    Parameters
    ----------
    count
        How many people.
    days
        Days since the stroke, up to the last one that anyone of the mixture was followed.
    seed
        Of the random numbers; the same seed gives the same people.
    widened
        From the model as it is used; from the parameters as published where false.

    Examples
    --------
    >>> simulate_people(3, [7, 182], seed=1).scores.shape
    (3, 2)
    """
    given, rng = mixture_parameters(widened=widened), np.random.default_rng(seed)
    k = rng.choice(given.weight.size, count, p=given.weight)
    own = rng.standard_normal((3, count))
    alpha = given.top * expit(given.start_mean[k] + given.start_sd[k] * own[0])
    r = expit(logit(given.r[k]) + given.logit_r_sd * own[1])
    tau = given.tau_weeks[k] * np.exp(given.log_tau_sd * own[2])
    weeks = np.asarray(days, dtype=np.float64)[None, :] / 7.0
    height = alpha[:, None] + (r * (given.top - alpha))[:, None] * -np.expm1(-weeks / tau[:, None])
    noise = given.residual_sd * rng.standard_normal(height.shape)
    return Simulated(np.clip(np.rint(height + noise), 0.0, given.top), k)
