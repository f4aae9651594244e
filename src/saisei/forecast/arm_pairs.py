"""A group's arm scores before and after, without any effect: the joint distribution of both.

A person has a steady level; the score before it lies around it by measurement error. Selection by
the score before is a cut through the table, so regression to the mean follows by itself.

Chronic phase: the change between two scores is the mean change of the context plus Student's t, as
in the forecast. The t is a normal whose variance differs from person to person, and of that
variance the measurement error of the first score has a fixed share, so that its standard deviation
is the published one; without selection the change is exactly that of the forecast. First months:
every state of the five groups, with independent scatter of both scores. Nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from saisei.forecast.chronic import held_scores
from saisei.forecast.mixture import (
    fit_mixture,
    latent_grid,
    nearest_height,
    normal_kernel,
    score_grid,
)
from saisei.forecast.parameters import mixture_parameters, noise_parameters, windows
from saisei.forecast.scores import Floats

__all__ = ["Population", "Shifts", "change_spreads", "pair_table", "shift_nodes"]

LEVELS = 121
"""Nodes of the steady level, over nine standard deviations."""
VARIANCES = 40
SHIFTS = 21


@dataclass(frozen=True, slots=True)
class Population:
    """Whom a chronic study takes in: scores as measured, and the error of one score."""

    mean: float
    sd: float
    sem: float

    @property
    def steady_sd(self) -> float:
        """The spread of steady levels."""
        return float(np.sqrt(self.sd**2 - self.sem**2))


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """Mean changes that a study's people may have in common, and how probable each is."""

    values: Floats
    weights: Floats


def shift_nodes(mean: float, spread: float, steps: int = SHIFTS) -> Shifts:
    """Give even steps of a normal; one alone without spread.

    What is mixed over them is smooth itself, so even steps err less than Gauss-Hermite nodes.
    """
    if spread == 0:
        return Shifts(np.array([mean]), np.ones(1))
    nodes = np.linspace(-4.0, 4.0, steps)
    weights = np.exp(-0.5 * nodes**2)
    return Shifts(mean + spread * nodes, weights / weights.sum())


def pair_table(day: float, days: float, shift: float, people: Population) -> Floats:
    """Give the chance of each pair of scores: before (rows), and so many days later (columns).

    Parameters
    ----------
    day
        Days since the stroke at the first score.
    days
        How long after it the second one was taken.
    shift
        Mean change in the chronic phase.
    people
        The people of the chronic part; those of the first months are the mixture's own.
    """
    weight = windows().mixture_weight(day)
    table = np.zeros((score_grid(_top()).size,) * 2)
    if weight > 0:
        table = table + weight * _early(day, days)
    if weight < 1:
        table = table + (1 - weight) * _chronic(shift, people)
    return np.asarray(table / table.sum())


def change_spreads(table: Floats, low: float, high: float) -> tuple[float, Floats]:
    """Give the share of people whose first score is in a range, and the spread of their changes.

    The changes run from minus the top of the scale to the top.
    """
    scores = score_grid(_top())
    kept = table[(scores >= low) & (scores <= high)]
    first = np.flatnonzero((scores >= low) & (scores <= high))
    share = float(kept.sum())
    top = scores.size - 1
    index = (np.arange(scores.size)[None, :] - first[:, None] + top).ravel()
    if share <= 0:
        return 0.0, np.zeros(2 * top + 1)
    return share, np.bincount(index, kept.ravel(), 2 * top + 1) / share


def _top() -> float:
    return mixture_parameters().top


def _edges() -> Floats:
    return np.concatenate(([-np.inf], score_grid(_top())[1:] - 0.5, [np.inf]))


def _cells(centre: Floats, sd: Floats | float) -> Floats:
    """Give the chance of each whole score (last axis) of normals around centres."""
    wide = np.asarray(sd, dtype=np.float64)[..., None]
    return np.diff(ndtr((_edges() - centre[..., None]) / wide), axis=-1)


def _chronic(shift: float, people: Population) -> Floats:
    levels, sds, before = _first_scores(people)
    after = _cells(np.broadcast_to(levels + shift, (sds.size, LEVELS)), sds[:, None])
    return np.asarray(np.tensordot(before, after, axes=([0, 1], [0, 1])))


def _scatters() -> tuple[Floats, Floats]:
    """Give the standard deviations of which the t is made, and their weights.

    They are the noise's scale times sqrt(df / chi2); even steps of the logarithm of chi reach far
    into the tails, which Gauss-Laguerre nodes do not.
    """
    noise = noise_parameters()
    chi = np.exp(np.linspace(np.log(0.01), np.log(7.0), VARIANCES))
    weights = np.exp(noise.df * np.log(chi) - chi**2 / 2)
    return noise.scale * np.sqrt(noise.df) / chi, weights / weights.sum()


@lru_cache(maxsize=8)
def _first_scores(people: Population) -> tuple[Floats, Floats, Floats]:
    """Give steady levels, the later score's scatter, and the chance of level, scatter and score."""
    noise = noise_parameters()
    share = (people.sem / noise.scale) ** 2 * (noise.df - 2) / noise.df
    sds, weights = _scatters()
    reach = np.linspace(-4.5, 4.5, LEVELS)
    levels = people.mean + people.steady_sd * reach
    scatter = np.sqrt(share) * sds[:, None]
    before = _cells(np.broadcast_to(levels, (sds.size, LEVELS)), scatter)
    chance = weights[:, None] * np.exp(-0.5 * reach**2)
    joint = before * (chance / chance.sum())[..., None]
    return levels, np.sqrt(1 - share) * sds, joint


@lru_cache(maxsize=8)
def _early(day: float, days: float) -> Floats:
    """Put the states' heights at both times on the grid of heights, then scatter both."""
    fit = fit_mixture([], [])
    given, grid = fit.parameters, latent_grid(fit.parameters.top)
    held = min(day + days, given.followed_days)
    first, later = (nearest_height(fit.states.expected(at / 7.0), given.top) for at in (day, held))
    joint = np.bincount(first * grid.size + later, fit.weights, grid.size**2)
    heights: Floats = np.asarray(joint, dtype=np.float64).reshape(grid.size, grid.size)
    kernel = normal_kernel(given.residual_sd, given.top)
    if day + days <= given.followed_days:
        return np.asarray(kernel.T @ heights @ kernel)
    return np.asarray(kernel.T @ held_scores(heights, given.top))
