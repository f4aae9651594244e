"""Bounds on better and worse with than without: against a linear programme, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from saisei.forecast import ScoreSpread, bounds_between, shift_points

Floats = NDArray[np.float64]


def spread(*weights: float) -> ScoreSpread:
    shares = np.array(weights, dtype=float)
    return ScoreSpread(np.arange(float(len(shares))), shares / shares.sum())


def programme(without: ScoreSpread, with_: ScoreSpread, wanted: NDArray[np.bool_]) -> float:
    """Find the greatest chance of the wanted pairs over all joint distributions."""
    n, m = without.values.size, with_.values.size
    rows = np.kron(np.eye(n), np.ones((1, m)))
    columns = np.kron(np.ones((1, n)), np.eye(m))
    found = linprog(
        -wanted.ravel().astype(float),
        A_eq=np.vstack([rows, columns]),
        b_eq=np.concatenate([without.probabilities, with_.probabilities]),
        bounds=(0, None),
    )
    assert found.success
    assert found.fun is not None
    return -float(found.fun)


weights = st.lists(st.integers(0, 9), min_size=2, max_size=6).filter(lambda w: sum(w) > 0)


@settings(deadline=None, max_examples=150)
@given(weights, weights, st.integers(1, 5))
def test_the_bounds_are_those_of_the_best_and_the_worst_joint_distribution(
    first: list[int], second: list[int], step: int
) -> None:
    size = max(len(first), len(second))
    without = spread(*first, *[0] * (size - len(first)))
    with_ = spread(*second, *[0] * (size - len(second)))
    gain = with_.values[None, :] - without.values[:, None]
    found = bounds_between(without, with_, step)
    for (low, high), wanted in (
        (found.better, gain >= step),
        (found.same, np.abs(gain) < step),
        (found.worse, gain <= -step),
    ):
        assert high == pytest.approx(programme(without, with_, wanted), abs=1e-8)
        assert low == pytest.approx(1 - programme(without, with_, ~wanted), abs=1e-8)


@given(weights, weights, st.integers(1, 5))
def test_the_stated_assumption_lies_within_the_bounds(
    first: list[int], second: list[int], step: int
) -> None:
    size = max(len(first), len(second))
    without = spread(*first, *[0] * (size - len(first)))
    with_ = spread(*second, *[0] * (size - len(second)))
    found = bounds_between(without, with_, step)
    assert found.better[0] - 1e-9 <= found.better_same_shift <= found.better[1] + 1e-9
    assert found.worse[0] - 1e-9 <= found.worse_same_shift <= found.worse[1] + 1e-9
    same = 1.0 - found.better_same_shift - found.worse_same_shift
    assert found.same[0] - 1e-9 <= same <= found.same[1] + 1e-9


@pytest.mark.parametrize(
    ("shift", "better", "worse"), [(0, 0, 0), (2, 0, 0), (3, 1, 0), (-3, 0, 1)]
)
def test_the_same_shift_for_everybody_is_all_or_nothing_away_from_the_ends(
    shift: float, better: float, worse: float
) -> None:
    middle = ScoreSpread(np.arange(11.0), np.array([0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0]) / 4)
    found = bounds_between(middle, shift_points(middle, shift), 3)
    assert (found.better_same_shift, found.worse_same_shift) == (better, worse)


def test_without_any_shift_much_may_still_go_both_ways() -> None:
    """Equal futures do not mean that nothing happens to anybody; that cannot be known."""
    found = bounds_between(spread(1, 1), spread(1, 1), 1)
    assert (found.better, found.worse) == ((0.0, 0.5), (0.0, 0.5))
    assert found.same == (0.0, 1.0)
    sure = bounds_between(spread(1, 0), spread(0, 1), 1)
    assert (sure.better, sure.worse) == ((1.0, 1.0), (0.0, 0.0))


def test_scales_in_steps_of_five_and_tenths_count_their_own_steps() -> None:
    fives = ScoreSpread(np.arange(0.0, 105.0, 5.0), np.full(21, 1 / 21))
    moved = shift_points(fives, 10.0)
    assert bounds_between(fives, moved, 10.0).better_same_shift == pytest.approx(19 / 21)
    tenths = ScoreSpread(np.linspace(0.0, 1.0, 11), np.full(11, 1 / 11))
    moved = shift_points(tenths, 0.3)
    assert bounds_between(tenths, moved, 0.3).better_same_shift == pytest.approx(8 / 11)


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan")])
def test_a_step_of_nothing_is_refused(step: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        bounds_between(spread(1, 1), spread(1, 1), step)
