"""Studies in which the cells do nothing: exact sums over people, and seeded draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy

from saisei.forecast.arm_pairs import Shifts
from saisei.forecast.scores import Floats

__all__ = ["Discrete", "Studies", "binomial", "steps_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Discrete:
    """A number that takes some values, and how probable each is."""

    values: Floats
    probabilities: Floats

    @property
    def mean(self) -> float:
        """The expected value."""
        return float(self.values @ self.probabilities)

    @property
    def sd(self) -> float:
        """The standard deviation."""
        return float(np.sqrt(self.probabilities @ (self.values - self.mean) ** 2))

    def quantile(self, level: float) -> float:
        """Give the lowest value that is not exceeded with at least this chance."""
        at = int(np.searchsorted(np.cumsum(self.probabilities), level - 1e-12))
        return float(self.values[min(at, self.values.size - 1)])

    def at_least(self, value: float) -> float:
        """Give the chance of this value or a higher one."""
        return float(min(self.probabilities[self.values >= value - 1e-9].sum(), 1.0))

    def at_most(self, value: float) -> float:
        """Give the chance of this value or a lower one."""
        return float(min(self.probabilities[self.values <= value + 1e-9].sum(), 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Studies:
    """Studies that differ in a common shift.

    Parameters
    ----------
    changes
        The spread of one person's change (columns) in studies of each shift (rows).
    shifts
        The shifts with their weights.
    """

    changes: Floats
    shifts: Shifts

    def mean_gain(self, people: int) -> Discrete:
        """Convolve the changes of all people, for each shift, and mix."""
        top = self.changes.shape[1] // 2
        length = 2 * top * people + 1
        size = 1 << (length - 1).bit_length()
        waves = np.fft.rfft(self.changes, size, axis=1) ** people
        totals = np.fft.irfft(waves, size, axis=1)[:, :length]
        chance = np.clip(self.shifts.weights @ totals, 0.0, None)
        values = np.arange(-top * people, top * people + 1.0) / people
        return Discrete(values, chance / chance.sum())

    def responders(self, people: int, gain: float) -> Discrete:
        """Count the people who gain at least so much."""
        enough = steps_of(self.changes[0]) >= gain - 1e-9
        chances = np.clip(self.changes[:, enough].sum(axis=1), 0.0, 1.0)
        chance = self.shifts.weights @ binomial(people, chances)
        return Discrete(np.arange(people + 1.0), chance / chance.sum())

    def draw(self, people: int, trials: int, seed: int) -> NDArray[np.int64]:
        """Draw the changes of all people (columns) of so many studies (rows)."""
        rng = np.random.default_rng(seed)
        node = rng.choice(self.shifts.weights.size, trials, p=self.shifts.weights)
        uniform = rng.random((trials, people))
        drawn = np.empty((trials, people), dtype=np.int64)
        for at, spread in enumerate(self.changes):
            cumulative = np.cumsum(spread)
            found = np.searchsorted(cumulative / cumulative[-1], uniform[node == at], side="right")
            drawn[node == at] = found - spread.size // 2
        return drawn


def binomial(people: int, shares: Floats) -> Floats:
    """Give the chance of each count from 0 to all people (columns) for each share (rows).

    Examples
    --------
    >>> binomial(2, np.array([0.5])).round(6).tolist()
    [[0.25, 0.5, 0.25]]
    """
    count = np.arange(people + 1.0)
    ways = gammaln(people + 1) - gammaln(count + 1) - gammaln(people - count + 1)
    each = np.asarray(shares)[:, None]
    return np.asarray(np.exp(ways + xlogy(count, each) + xlog1py(people - count, -each)))


def steps_of(spread: Floats) -> Floats:
    """Give the changes that a spread is about: from minus the top to the top of the scale."""
    top = spread.size // 2
    return np.arange(-top, top + 1.0)
