"""The arm's recovery in the first months: five groups of people, solved on a grid.

A person belongs to one of five groups. With `t` in weeks since the stroke::

    alpha = 66 logistic(a)                      a ~ Normal(m_k, s_k)
    m(t)  = alpha + r_k (66 - alpha) (1 - exp(-t / tau_k))

(van der Vliet 2020). A score is m(t) with normal scatter, rounded to whole points and cut at the
ends of the scale; its likelihood is the probability of that whole point. Around the group's values
a person's own ``logit r`` and ``log tau`` scatter normally. All is integrated by fixed nodes:
a is cut into even steps of its own standard deviation, the two jitters into Gauss-Hermite nodes.
There is no random number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_ndtr, logit, ndtr

from saisei.forecast.parameters import MixtureParameters, mixture_parameters
from saisei.forecast.scores import Floats, split_to_grid

__all__ = [
    "MixtureFit",
    "fit_mixture",
    "latent_grid",
    "nearest_height",
    "normal_kernel",
    "score_grid",
]

START_STEPS = 161
"""A step is at most 0.6 of a score's own scatter; the error of even steps is then below 1e-6."""
START_REACH = 4.0
JITTER_NODES = 5
FINE = 10
NEGLIGIBLE = 1e-6

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _States:
    """Every combination of group, start and jitter.

    `prior`, `group`, `alpha`, `gap` (what may be regained) and `pace` (the place of its time
    constant in `tau`) have one entry for each state.
    """

    prior: Floats
    group: Places
    alpha: Floats
    gap: Floats
    pace: Places
    tau: Floats

    def expected(self, weeks: float) -> Floats:
        """Give the course's height at a time."""
        return self.alpha + self.gap * -np.expm1(-weeks / self.tau)[self.pace]

    def only(self, kept: Places) -> _States:
        """Give some of the states."""
        return _States(
            self.prior[kept], self.group[kept], self.alpha[kept], self.gap[kept], self.pace[kept],
            self.tau,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class MixtureFit:
    """What a person's scores say of the groups, the start and the course.

    Parameters
    ----------
    weights
        Probability of each state that matters.
    groups
        Probability of each of the five groups.
    """

    parameters: MixtureParameters
    states: _States
    weights: Floats
    groups: Floats

    def latent(self, day: float) -> Floats:
        """Give the probability of each height of the course on a day since the stroke.

        The heights are those of `latent_grid`. After the last day that anyone was followed the
        course is held.
        """
        heights = self.states.expected(min(day, self.parameters.followed_days) / 7.0)
        return split_to_grid(heights, self.weights, latent_grid(self.parameters.top))

    def mean(self, day: float) -> float:
        """Give the expected height of the course on a day since the stroke."""
        return float(self.latent(day) @ latent_grid(self.parameters.top))

    def scores(self, day: float) -> Floats:
        """Give the probability of each whole score on a day since the stroke."""
        return self.latent(day) @ normal_kernel(self.parameters.residual_sd, self.parameters.top)


def fit_mixture(
    days: Sequence[float], scores: Sequence[float], *, parameters: MixtureParameters | None = None
) -> MixtureFit:
    """Weigh every state by the scores that a person had.

    Parameters
    ----------
    days
        Days since the stroke of each score, at least 0.
    scores
        The scores, 0 to 66.
    parameters
        As used (widened) when left out.
    """
    given = parameters or mixture_parameters()
    states = _states(given)
    weight = states.prior
    for day, score in zip(days, scores, strict=True):
        weight = weight * _likelihood(float(score), states.expected(day / 7.0), given)
        weight = weight / weight.max()  # many scores that contradict each other stay countable
    kept = np.flatnonzero(weight > NEGLIGIBLE * weight.max())
    chosen, weight = states.only(kept), weight[kept] / weight[kept].sum()
    groups = np.bincount(chosen.group, weight, len(given.weight)).astype(np.float64)
    return MixtureFit(given, chosen, weight, groups)


@cache
def _states(given: MixtureParameters) -> _States:
    z = np.linspace(-START_REACH, START_REACH, START_STEPS)
    jitter_r, weight_r = _jitter(given.logit_r_sd)
    jitter_tau, weight_tau = _jitter(given.log_tau_sd)
    groups = np.arange(len(given.weight))
    group, start, of_r, of_tau = np.meshgrid(
        groups, z, jitter_r, np.arange(jitter_tau.size), indexing="ij"
    )
    prior = np.einsum(
        "g,z,r,t->gzrt", given.weight, np.exp(-0.5 * z * z), weight_r, weight_tau
    ).ravel()
    k = group.ravel().astype(np.intp)
    alpha = given.top * expit(_floats(given.start_mean[k] + given.start_sd[k] * start.ravel()))
    r = expit(_floats(logit(given.r[k]) + of_r.ravel()))
    return _States(
        prior / prior.sum(),
        k,
        alpha,
        r * (given.top - alpha),
        (k * jitter_tau.size + of_tau.ravel()).astype(np.intp),
        np.outer(given.tau_weeks, np.exp(jitter_tau)).ravel(),
    )


def _jitter(sd: float) -> tuple[Floats, Floats]:
    """Give nodes and weights for the mean over a normal with mean 0."""
    if sd == 0:
        return np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(JITTER_NODES)
    return sd * nodes, weights / weights.sum()


def _likelihood(score: float, heights: Floats, given: MixtureParameters) -> Floats:
    """Give a score's probability at some heights, up to a factor: straight lines in its table."""
    at, rise = _likelihoods(given.residual_sd, given.top, score)
    place = heights * (FINE * int(given.top) / given.top)
    low = place.astype(np.intp)
    return np.asarray(at[low] + (place - low) * rise[low])


@cache
def _likelihoods(sd: float, top: float, score: float) -> tuple[Floats, Floats]:
    """Give a score's probability at each height of the grid, and its rise to the next."""
    log_chance = _log_chance(score, latent_grid(top), sd, top)
    chance = np.exp(log_chance - log_chance.max())
    return _frozen(chance), _frozen(np.diff(chance, append=chance[-1:]))


def _log_chance(score: float, heights: Floats, sd: float, top: float) -> Floats:
    """Log probability of a whole score; the lowest and highest take all that lies beyond."""
    upper, lower = (score + 0.5 - heights) / sd, (score - 0.5 - heights) / sd
    if score <= 0:
        return np.asarray(log_ndtr(upper))
    if score >= top:
        return np.asarray(log_ndtr(-lower))
    # the density at the middle stands in where the difference would be lost far out
    middle = (score - heights) / sd
    near = np.abs(middle) < 6
    chance = -0.5 * middle**2 - np.log(sd * np.sqrt(2 * np.pi))
    chance[near] = np.log(ndtr(upper[near]) - ndtr(lower[near]))
    return np.asarray(chance)


@cache
def score_grid(top: float) -> Floats:
    """Give every whole score from 0 to the top of a scale."""
    return _frozen(np.arange(top + 1.0))


@cache
def latent_grid(top: float) -> Floats:
    """Give the heights on which a course is held: tenths of a point."""
    return _frozen(np.linspace(0.0, top, int(top) * FINE + 1))


def nearest_height(heights: Floats, top: float) -> Places:
    """Give the place of each height on the grid of heights, which has even steps."""
    return np.asarray(np.rint(heights * (FINE * int(top) / top)), dtype=np.intp)


@cache
def normal_kernel(sd: float, top: float) -> Floats:
    """Give the probability of each whole score (columns) at each height (rows)."""
    edges = np.concatenate(([-np.inf], score_grid(top)[1:] - 0.5, [np.inf]))
    below = ndtr((edges[None, :] - latent_grid(top)[:, None]) / sd)
    return _frozen(np.diff(below, axis=1))


def _floats(array: Any) -> Floats:
    return np.asarray(array, dtype=np.float64)


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
