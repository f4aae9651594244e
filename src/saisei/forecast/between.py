"""Better, same or worse with a therapy than without it, for the same person.

Two distributions do not say who does better with than without: no trial sees both futures of one
person. What can be said without an assumption are the sharp bounds over all ways in which the two
futures may belong together (Strassen 1965; Makarov 1982). Beside them stands the value under one
stated assumption: everybody keeps their place in the order, which is what the same shift for
everybody means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from saisei.forecast.scores import Floats, ScoreSpread

__all__ = ["Bounds", "bounds_between"]

NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Bounds:
    """Chances, for one person, of standing at least `step` better or worse with than without.

    Parameters
    ----------
    better, same, worse
        The least and the greatest chance that the two futures allow; both are reached, but not the
        three together. `same` is less than `step` to either side.
    better_same_shift, worse_same_shift
        The chance if everybody keeps their place in the order.
    """

    step: float
    better: tuple[float, float]
    same: tuple[float, float]
    worse: tuple[float, float]
    better_same_shift: float
    worse_same_shift: float


def bounds_between(without: ScoreSpread, with_: ScoreSpread, step: float) -> Bounds:
    """Bound how many would do better, and how many worse, with than without.

    For Y1 with and Y0 without, over all joint distributions of the two:

        max P(Y1 >= Y0 + d) = 1 - sup_t [P(Y1 < t) - P(Y0 + d < t)]+
        min P(Y1 >= Y0 + d) = sup_t [P(Y0 + d <= t) - P(Y1 < t)]+

    the second being 1 - max P(Y0 + d > Y1). Worse is the same with the two exchanged. About the
    same, |Y1 - Y0| < d, is least

        sup over l <= u of [P(l <= Y0 <= u) + P(u - d < Y1 < l + d) - 1]+

    since only scores within one such window force one another together, and greatest where scores
    are matched in rising order, each with the lowest that is near enough.

    Parameters
    ----------
    without, with_
        The two futures of one score, at one time.
    step
        The difference that counts, in points above 0, towards higher scores.

    Raises
    ------
    ValueError
        The step is not above 0.

    Examples
    --------
    >>> even = ScoreSpread(np.arange(2.0), np.array([0.5, 0.5]))
    >>> found = bounds_between(even, even, 1)
    >>> found.better, found.better_same_shift
    ((0.0, 0.5), 0.0)
    """
    if not step > 0:
        raise ValueError(f"the step is {step:g}; expected a number above 0")
    return Bounds(
        step,
        _at_least(without, with_, step),
        _near(without, with_, step),
        _at_least(with_, without, step),
        _in_order(without, with_, step),
        _in_order(with_, without, step),
    )


def _at_least(from_: ScoreSpread, to: ScoreSpread, step: float) -> tuple[float, float]:
    """Bound P(to >= from_ + step). The suprema are reached at possible scores."""
    at = np.union1d(to.values, from_.values + step)
    below_to = _cumulative(to, at - 2 * NEAR)  # P(to < t)
    below_from = _cumulative(from_, at - step - 2 * NEAR)  # P(from_ + step < t)
    up_to_from = _cumulative(from_, at - step)  # P(from_ + step <= t)
    most = 1.0 - max(float((below_to - below_from).max()), 0.0)
    least = max(float((up_to_from - below_to).max()), 0.0)
    return min(max(least, 0.0), 1.0), min(max(most, 0.0), 1.0)


def _near(one: ScoreSpread, two: ScoreSpread, step: float) -> tuple[float, float]:
    """Bound P(|one - two| < step)."""
    low, high = one.values[:, None], one.values[None, :]
    inside = _cumulative(one, high) - _cumulative(one, low - 2 * NEAR)
    forced = _cumulative(two, low + step - 2 * NEAR) - _cumulative(two, high - step)
    least = np.where(low <= high, inside + np.maximum(forced, 0.0) - 1.0, 0.0).max()
    return min(max(float(least), 0.0), 1.0), min(_matched(one, two, step), 1.0)


def _matched(one: ScoreSpread, two: ScoreSpread, step: float) -> float:
    """Match scores in rising order, each with the lowest near one that is left.

    The windows of near scores rise with the score, so that no other matching pairs more.
    """
    left, total, place = two.probabilities.tolist(), 0.0, 0
    for value, share in zip(one.values.tolist(), one.probabilities.tolist(), strict=True):
        while place < len(left) and two.values[place] <= value - step + NEAR:
            place += 1
        at, open_ = place, share
        while open_ > 0.0 and at < len(left) and two.values[at] < value + step - NEAR:
            taken = min(open_, left[at])
            left[at] -= taken
            open_ -= taken
            total += taken
            at += 1
    return total


def _cumulative(spread: ScoreSpread, at: Floats) -> Floats:
    """Give P(score <= at), with a little room for scores that are not exact in binary."""
    total = np.concatenate(([0.0], np.cumsum(spread.probabilities)))
    return np.asarray(total[np.searchsorted(spread.values, at + NEAR, side="right")])


def _in_order(from_: ScoreSpread, to: ScoreSpread, step: float) -> float:
    """Give P(to >= from_ + step) where equal ranks belong together."""
    ranks = np.union1d(np.cumsum(from_.probabilities), np.cumsum(to.probabilities))
    ranks = np.concatenate(([0.0], ranks[ranks < 1.0 - 1e-12], [1.0]))
    middles, widths = (ranks[1:] + ranks[:-1]) / 2, np.diff(ranks)
    change = _at_rank(to, middles) - _at_rank(from_, middles)
    return min(float(widths[change >= step - NEAR].sum()), 1.0)


def _at_rank(spread: ScoreSpread, ranks: Floats) -> Floats:
    place = np.searchsorted(np.cumsum(spread.probabilities), ranks, side="left")
    return np.asarray(spread.values[np.minimum(place, len(spread.values) - 1)])
