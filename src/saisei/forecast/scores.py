"""The spread of one score on the scale's own steps, and 100 people of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Floats",
    "ScoreSpread",
    "largest_remainder",
    "quantiles_of",
    "shift_log_odds",
    "shift_points",
    "split_to_grid",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSpread:
    """How probable each possible score is.

    Parameters
    ----------
    values
        The possible scores, rising in equal steps.
    probabilities
        As many numbers, at least 0, that add up to 1.
    """

    values: Floats
    probabilities: Floats

    def __post_init__(self) -> None:
        if self.values.shape != self.probabilities.shape or self.values.ndim != 1:
            raise ValueError("a spread needs one probability for each score")
        if not math.isclose(float(self.probabilities.sum()), 1.0, abs_tol=1e-6):
            raise ValueError("the probabilities of a spread add up to 1")

    @property
    def step(self) -> float:
        """The distance between neighbouring scores."""
        return float(self.values[1] - self.values[0])

    @property
    def mean(self) -> float:
        """The expected score."""
        return float(self.values @ self.probabilities)

    def quantile(self, levels: ArrayLike) -> Floats:
        """Give quantiles, each score's mass spread evenly over the step around it.

        The lowest and the highest possible score bound them.

        Examples
        --------
        >>> even = ScoreSpread(np.arange(3.0), np.full(3, 1 / 3))
        >>> even.quantile([0.5]).round(6).tolist()
        [1.0]
        """
        return quantiles_of(self.values, self.probabilities, levels)

    def at_least(self, score: float) -> float:
        """Give the chance of this score or a higher one."""
        return float(self.probabilities[self.values >= score - 1e-9].sum())

    def at_most(self, score: float) -> float:
        """Give the chance of this score or a lower one."""
        return float(self.probabilities[self.values <= score + 1e-9].sum())

    def change_share(self, start: float, change: float) -> float:
        """Give the chance of a change of at least `change` from `start`: a loss where negative."""
        if change >= 0:
            return self.at_least(start + change)
        return self.at_most(start + change)


def quantiles_of(values: Floats, probabilities: Floats, levels: ArrayLike) -> Floats:
    """Give quantiles of spreads, each score's mass spread evenly over the step around it.

    Parameters
    ----------
    values
        The possible scores, shape (V,), rising in equal steps.
    probabilities
        Of each, shape (..., V).
    levels
        Shape (L,).

    Returns
    -------
    array of shape (..., L)
    """
    half = (values[1] - values[0]) / 2
    edges = np.append(values - half, values[-1] + half)
    flat = probabilities.reshape(-1, values.size)
    cumulative = np.concatenate((np.zeros((len(flat), 1)), np.cumsum(flat, axis=1)), axis=1)
    wanted = np.asarray(levels, dtype=float)
    found = np.array([np.interp(wanted, row / row[-1], edges) for row in cumulative])
    found = np.clip(found, values[0], values[-1])
    return np.asarray(found.reshape(*probabilities.shape[:-1], *wanted.shape), dtype=np.float64)


def shift_points(spread: ScoreSpread, points: float) -> ScoreSpread:
    """Move every score by a number of points, cut off at the ends of the scale.

    A shift by part of a step is shared between the two neighbouring scores in proportion, so that
    every chance changes smoothly and in one direction with the shift, and a shift of nothing
    changes nothing.

    Examples
    --------
    >>> one = ScoreSpread(np.arange(4.0), np.array([0.0, 0.0, 1.0, 0.0]))
    >>> shift_points(one, 0.25).probabilities.tolist()
    [0.0, 0.0, 0.75, 0.25]
    """
    moved = np.clip(spread.values + points, spread.values[0], spread.values[-1])
    return from_points(moved, spread.probabilities, spread.values)


def shift_log_odds(spread: ScoreSpread, log_odds_ratio: float) -> ScoreSpread:
    """Multiply the odds of reaching each score by one odds ratio (proportional odds).

    Examples
    --------
    >>> even = ScoreSpread(np.arange(2.0), np.array([0.5, 0.5]))
    >>> shift_log_odds(even, math.log(3)).probabilities.round(6).tolist()
    [0.25, 0.75]
    """
    reach = np.clip(np.cumsum(spread.probabilities[::-1])[::-1], 0.0, 1.0)
    odds = math.exp(min(log_odds_ratio, 500.0))
    moved = odds * reach / (1.0 + (odds - 1.0) * reach)
    moved[0] = 1.0
    return ScoreSpread(spread.values, np.clip(-np.diff(np.append(moved, 0.0)), 0.0, 1.0))


def from_points(points: Floats, weights: Floats, values: Floats) -> ScoreSpread:
    """Put weighted points on a scale's steps, each shared between its two neighbours."""
    return ScoreSpread(values, split_to_grid(points, weights, values))


def split_to_grid(points: Floats, weights: Floats, values: Floats) -> Floats:
    """Share the weight of each point linearly between the two nearest values of an even grid."""
    step = values[1] - values[0]
    place = np.clip((points - values[0]) / step, 0.0, len(values) - 1.0)
    low = np.minimum(place.astype(np.intp), len(values) - 2)
    part = place - low
    size = len(values)
    shared = np.bincount(low, weights * (1.0 - part), size)
    return np.asarray(shared + np.bincount(low + 1, weights * part, size), dtype=np.float64)


def largest_remainder(shares: Sequence[float], total: int = 100) -> tuple[int, ...]:
    """Turn shares that add up to 1 into whole people that add up to `total` (Hamilton's method).

    Examples
    --------
    >>> largest_remainder([1 / 3, 1 / 3, 1 / 3])
    (34, 33, 33)
    """
    exact = [max(share, 0.0) * total / sum(shares) for share in shares]
    counts = [math.floor(value + 1e-9) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (counts[i] - exact[i], i))
    for i in order[: total - sum(counts)]:
        counts[i] += 1
    return tuple(counts)
