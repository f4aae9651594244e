"""Studies in which the cells do nothing: exact sums over people, and seeded draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy

from saisei.forecast.arm_pairs import Shifts
from saisei.forecast.scores import Floats

__all__ = ["Discrete", "Studies", "binomial", "steps_of"]

FAR = 12.0
"""Standard errors beyond which a mean gain has no weight."""


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
        return _mean_gain(self, people)

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


@lru_cache(maxsize=32)
def _mean_gain(studies: Studies, people: int) -> Discrete:
    top = studies.changes.shape[1] // 2
    size = min(_whole(top, people), _window(studies, people))
    mixed = np.zeros(size // 2 + 1, dtype=np.complex128)
    for weight, change in zip(studies.shifts.weights, _wrapped(studies.changes, size), strict=True):
        mixed += weight * np.fft.rfft(change) ** people
    chance = np.clip(np.fft.irfft(mixed, size), 0.0, None)
    middle = people * float(studies.shifts.weights @ studies.changes @ steps_of(studies.changes[0]))
    totals = _totals(top * people, size, round(middle))
    chance = chance[totals % size]
    return Discrete(totals / people, chance / chance.sum())


def _whole(top: int, people: int) -> int:
    """Give a size that holds every sum of changes."""
    return 1 << (2 * top * people).bit_length()


def _totals(top: int, size: int, middle: int) -> NDArray[np.int64]:
    """Give the sums that a circle of a size holds: all, or those around the middle."""
    if size > 2 * top:
        return np.arange(-top, top + 1)
    return np.arange(max(middle - size // 2, -top), min(middle + size // 2, top + 1))


def _window(studies: Studies, people: int) -> int:
    """Give a size that holds every sum that is not beyond all chance, for many people.

    Changes are bounded, so that sums of many are all but normal; sums outside would be counted at
    the wrong end, but have no weight.
    """
    steps = steps_of(studies.changes[0])
    centres = studies.changes @ steps
    widest = float(np.sqrt((studies.changes @ steps**2 - centres**2).max()))
    far = float(np.ptp(centres)) + 2 * (FAR * widest / people**0.5 + steps[-1] * FAR / people)
    needed: int = math.ceil(people * far)
    return 1 << needed.bit_length()


def _wrapped(changes: Floats, size: int) -> Floats:
    """Put every change at its place on a circle: no change first, losses at the end."""
    top = changes.shape[1] // 2
    found = np.zeros((changes.shape[0], size))
    found[:, np.arange(-top, top + 1) % size] = changes
    return found


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
