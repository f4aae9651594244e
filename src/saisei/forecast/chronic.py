"""The arm in the chronic phase: the last score, what usually follows, and noise.

A later score is the last one, plus the mean change of the context, plus Student's t. The noise
already contains the measurement error of both scores. How uncertain the context's mean is, is mixed
in as a normal. Scores are whole points, cut at the ends of the scale.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from scipy.special import stdtr

from saisei.forecast.mixture import latent_grid, score_grid
from saisei.forecast.parameters import Context, NoiseParameters, noise_parameters
from saisei.forecast.scores import Floats

__all__ = ["chronic_scores", "held_scores", "noise_below"]

NODES = 15


def noise_below(change: Floats, noise: NoiseParameters, spread: float = 0.0) -> Floats:
    """Give the chance that noise, with a context's spread mixed in, stays below a change."""
    if spread == 0:
        return np.asarray(stdtr(noise.df, change / noise.scale))
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    around = stdtr(noise.df, (change[..., None] - spread * nodes) / noise.scale)
    return np.asarray(around @ (weights / weights.sum()))


def chronic_scores(last: tuple[float, float], days: float, context: Context, top: float) -> Floats:
    """Give the probability of each whole score, so many days after the last one.

    Parameters
    ----------
    last
        The day since the stroke of the last score, and the score itself.
    days
        How long after it.
    context
        What goes on meanwhile; of one with parts, those that hold on that day in equal shares.
    top
        The highest score.
    """
    day, score = last
    parts = context.at(day)
    first = int(top) - int(score // 1)
    below: Floats = np.zeros(int(top) + 2)
    for part in parts:
        cells = _below(score % 1.0, part.mean_change(days), part.spread, top)
        below[1:-1] += cells[first : first + int(top)] / len(parts)
    below[-1] = 1.0
    return np.diff(below)


@lru_cache(maxsize=4096)
def _below(offset: float, mean: float, spread: float, top: float) -> Floats:
    """Give the chance that the change stays below each half point from -top to top.

    Everybody with the same mean change shares these, whatever the score was.
    """
    edges = np.arange(-top, top) + 0.5 - offset
    below = noise_below(edges - mean, noise_parameters(), spread)
    below.flags.writeable = False
    return below


def held_scores(latent: Floats, top: float) -> Floats:
    """Give the probability of each whole score when a course is held, with chronic noise."""
    return latent @ _kernel(noise_parameters(), top)


@cache
def _kernel(noise: NoiseParameters, top: float) -> Floats:
    edges = np.concatenate(([-np.inf], score_grid(top)[1:] - 0.5, [np.inf]))
    kernel = np.diff(noise_below(edges[None, :] - latent_grid(top)[:, None], noise), axis=1)
    kernel.flags.writeable = False
    return kernel
