"""What is measured of a forecast, against brute force and small cases worked by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.forecast.scores import Floats, ScoreSpread
from saisei.forecast.validation_figures import figures_of
from saisei.forecast.validation_measures import Forecasts, Measured, crps, measure, pit_heights

LEVELS = (0.5, 0.8, 0.9)


@st.composite
def spreads(draw: st.DrawFn) -> Floats:
    weights = draw(st.lists(st.integers(0, 9), min_size=3, max_size=12).filter(any))
    return np.array(weights, dtype=float) / sum(weights)


def forecasts(chance: Floats, observed: list[int], **others: object) -> Forecasts:
    """Forecasts of a small scale, each about another person unless said."""
    n = len(observed)
    given_ = Forecasts(
        "barthel",
        np.arange(chance.shape[1], dtype=float),
        chance,
        np.array(observed, dtype=np.intp),
        np.arange(n, dtype=np.intp),
        np.ones(n, dtype=np.intp),
        np.zeros(n),
        np.zeros(n),
        np.full(n, 7.0),
        np.full(n, 100.0),
        np.array(["mixture"] * n),
        np.array(["x"] * n),
        np.full(n, 2.0),
        np.array([""] * n),
    )
    return dataclasses.replace(given_, **others)  # type: ignore[arg-type]  # named by the tests


def measured(of: Forecasts, least: int = 1) -> Measured:
    return measure(of, [np.array(["all"] * of.observed.size)], LEVELS, least)


@settings(max_examples=80, deadline=None)
@given(spreads(), st.data())
def test_crps_is_the_energy_form_and_the_integral(chance: Floats, data: st.DataObject) -> None:
    y = data.draw(st.integers(0, chance.size - 1))
    at = np.arange(chance.size, dtype=float)
    apart = np.abs(at[:, None] - at[None, :])
    energy = chance @ np.abs(at - y) - 0.5 * chance @ apart @ chance
    fine = np.arange(-1, chance.size + 1, 1 / 64) + 1 / 128
    reach = np.array([chance[at <= x].sum() for x in fine])
    integral = np.sum((reach - (fine >= y)) ** 2) / 64
    found = crps(chance[None, :], np.array([y]))[0]
    assert found == pytest.approx(energy, abs=1e-9)
    assert found == pytest.approx(integral, abs=1e-9)
    assert crps(chance[None, :], np.array([y]), 5.0)[0] == pytest.approx(5 * found)


@settings(max_examples=80, deadline=None)
@given(spreads())
def test_a_forecast_that_holds_gives_an_even_pit_and_what_it_promised(chance: Floats) -> None:
    """Every score as often as its chance says: heights 1, coverage as promised, parts the level."""
    size = chance.size
    found = measured(forecasts(np.tile(chance, (size, 1)), list(range(size))))
    heights = [
        pit_heights(found.below[[at]], found.upto[[at]], 10) * chance[at] for at in range(size)
    ]
    assert np.sum(heights, axis=0) == pytest.approx(np.ones(10), abs=1e-6)
    assert chance @ found.inside == pytest.approx(found.promised[0])
    assert (np.diff(found.promised[0]) >= -1e-9).all()
    assert chance @ found.part == pytest.approx(np.array(LEVELS), abs=1e-6)


def test_pit_of_a_forecast_that_is_too_narrow_has_high_ends() -> None:
    chance = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
    found = measured(forecasts(np.tile(chance, (3, 1)), [0, 2, 4]))
    heights = pit_heights(found.below, found.upto, 5)
    assert heights[0] == pytest.approx(heights[-1])
    assert heights[0] > 1 > heights[2]
    assert heights.mean() == pytest.approx(1)


def test_intervals_by_hand() -> None:
    chance = np.array([[0.06, 0.16, 0.44, 0.26, 0.08]])
    found = measured(forecasts(chance, [1]))
    # sums 0.06 0.22 0.66 0.92 1, each score's mass even over half a point to both sides: 25 % lies
    # 0.03 of 0.44 into the stretch from 1.5, 75 % 0.09 of 0.26 into that from 2.5, and so on
    low = np.array([1.5 + 3 / 44, 0.5 + 4 / 16, -0.5 + 5 / 6])
    high = np.array([2.5 + 9 / 26, 2.5 + 24 / 26, 3.5 + 3 / 8])
    assert found.width[0] == pytest.approx(high - low)
    assert found.promised[0] == pytest.approx((0.44, 0.86, 0.86))
    assert found.inside.tolist() == [[False, True, True]]
    assert found.part[0] == pytest.approx((0, 12 / 16, 1))
    assert found.mean[0] == pytest.approx(2.14)
    assert found.middle[0] == 2
    assert (found.below[0], found.upto[0]) == pytest.approx((0.06, 0.22))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=3, max_size=12).filter(any), st.data())
def test_an_interval_is_the_band_that_a_forecast_prints(
    weights: list[int], data: st.DataObject
) -> None:
    y = data.draw(st.integers(0, len(weights) - 1))
    chance = np.array([weights]) / sum(weights)
    found = measured(forecasts(chance, [y]))
    spread = ScoreSpread(np.arange(float(len(weights))), chance[0])
    for place, percent in enumerate((50, 80, 90)):
        low, high = spread.quantile([(100 - percent) / 200, (100 + percent) / 200])
        assert found.inside[0, place] == (low <= y <= high)
        assert found.width[0, place] == pytest.approx(high - low)
        held = sum(weight for at, weight in enumerate(weights) if low <= at <= high)
        assert found.promised[0, place] == pytest.approx(held / sum(weights))


def test_the_person_is_not_in_the_group() -> None:
    chance = np.full((3, 5), 0.2)
    found = measured(forecasts(chance, [0, 2, 4]))
    assert found.error_group.tolist() == [3, 0, 3]
    twice = forecasts(chance, [0, 2, 4], person=np.array([0, 0, 1], dtype=np.intp))
    assert measured(twice).error_group.tolist() == [4, 2, 3]
    assert np.isnan(measured(forecasts(chance, [0, 2, 4]), least=3).error_group).all()


def test_a_stratum_with_too_few_falls_back_to_the_wider_one() -> None:
    of = forecasts(np.full((4, 5), 0.2), [0, 2, 4, 4])
    fine = np.array(["a", "a", "a", "b"])
    found = measure(of, [fine, np.array(["all"] * 4)], LEVELS, 1)
    assert found.error_group.tolist() == pytest.approx([3, 0, 3, 2])
    assert found.crps_group[3] == pytest.approx(2 * (1 / 9) + 2 * (4 / 9))


def test_no_change_is_the_last_score() -> None:
    found = measured(forecasts(np.full((1, 5), 0.2), [3], last=np.array([1.0])))
    assert found.crps_steady.tolist() == found.error_steady.tolist() == [2]


def test_no_change_of_the_arm_has_the_noise_of_a_steady_person() -> None:
    of = forecasts(np.full((1, 67), 1 / 67), [33], last=np.array([30.0]), scale_id="fma_ue")
    found = measured(of)
    assert found.error_steady.tolist() == [3]
    assert 0 < found.crps_steady[0] < 3


def test_a_gain_needs_room() -> None:
    chance = np.array([[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]])
    found = measured(forecasts(chance, [2, 3], last=np.array([0.0, 2.0])))
    assert found.gain[0] == pytest.approx(0.7)
    assert found.gained[0] == 1
    assert np.isnan(found.gain[1])


def test_net_benefit_by_hand() -> None:
    """Ten people, four gain; at 50 % three true and one false are chosen."""
    high, low = [0.3, 0.0, 0.7], [0.9, 0.0, 0.1]
    chance = np.array([high, high, high, high, low, low, low, low, low, low])
    of = forecasts(chance, [2, 2, 2, 0, 2, 0, 0, 0, 0, 0])
    rows = np.ones(10, dtype=bool)
    gains = figures_of(measured(of), of.person, of.important, (0, 2), LEVELS, rows).gains
    assert gains is not None
    at = {one.threshold: one for one in gains.decision}
    assert at[0.5].forecast == pytest.approx(0.3 - 0.1)
    assert at[0.5].everybody == pytest.approx(0.4 - 0.6)
    assert at[0.2].forecast == pytest.approx(0.3 - 0.1 * 0.25)
    assert at[0.7].forecast == pytest.approx(0.3 - 0.1 * 0.7 / 0.3)
    assert at[0.75].forecast == at[0.95].forecast == 0
    assert gains.predicted == pytest.approx(0.34)
    assert gains.observed.value == pytest.approx(0.4)
    assert gains.brier == pytest.approx((3 * 0.09 + 0.49 + 0.81 + 5 * 0.01) / 10)
    assert gains.brier_base == pytest.approx(0.24)


def test_figures_of_some_forecasts_are_those_of_these_alone() -> None:
    rng = np.random.default_rng(3)
    chance = rng.dirichlet(np.ones(6), 40)
    of = forecasts(chance, rng.integers(0, 6, 40).tolist())
    rows = np.arange(40) < 25
    part = figures_of(measured(of), of.person, of.important, (0, 5), LEVELS, rows)
    alone = forecasts(chance[:25], of.observed[:25].tolist())
    whole = np.ones(25, dtype=bool)
    found = figures_of(measured(alone), alone.person, alone.important, (0, 5), LEVELS, whole)
    assert part.coverage == found.coverage
    assert part.pit == pytest.approx(found.pit)
    assert part.slope == found.slope
    assert sum(part.prediction_counts) == 25
