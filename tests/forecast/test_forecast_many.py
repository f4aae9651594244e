"""Many people at once, contexts by day, and what another assessment would tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.forecast import (
    Scored,
    ScoreSpread,
    another_assessment,
    context,
    contexts,
    fit_mixture,
    forecast_arm,
    forecast_many,
    mixture_parameters,
    predict_arm,
    simulate_people,
)
from saisei.forecast.mixture import score_grid

USUAL = context(None)
WEEK_26 = 182.0

dated = st.lists(
    st.tuples(st.integers(1, 900), st.integers(0, 65)),
    min_size=1,
    max_size=3,
    unique_by=lambda p: p[0],
).map(sorted)


@settings(max_examples=25, deadline=None)
@given(st.lists(dated, min_size=1, max_size=4))
def test_many_people_are_forecast_as_each_alone(people: list[list[tuple[int, int]]]) -> None:
    many = forecast_many(people, USUAL)
    quantiles = many.quantiles()
    for at, scores in enumerate(people):
        course = forecast_arm([Scored(day, score, 0.0) for day, score in scores], USUAL)
        assert many.times == course.times
        assert np.array_equal(many.probabilities[at, -1], course.probabilities)
        assert np.allclose(quantiles[at], course.quantiles)
        one = predict_arm([scores], [scores[-1][0] + course.times[3]], USUAL)
        assert np.array_equal(one[0], course.spreads[3].probabilities)


def test_nobody_gives_an_empty_table() -> None:
    assert predict_arm([], [], USUAL).shape == (0, 67)
    assert forecast_many([], USUAL).quantiles().shape == (0, 13, 5)


def test_the_grid_is_fine_enough() -> None:
    """A brute-force integral over the start and both jitters, with no grid of heights."""
    given_, rng = mixture_parameters(), np.random.default_rng(3)
    draws = 400_000
    k = rng.choice(5, draws, p=given_.weight)
    own = rng.standard_normal((3, draws))
    alpha = 66 / (1 + np.exp(-(given_.start_mean[k] + given_.start_sd[k] * own[0])))
    odds = given_.r / (1 - given_.r)
    r = 1 / (1 + np.exp(-(np.log(odds)[k] + given_.logit_r_sd * own[1])))
    tau = given_.tau_weeks[k] * np.exp(given_.log_tau_sd * own[2])

    week_1, week_26 = (alpha + r * (66 - alpha) * (1 - np.exp(-t / tau)) for t in (1, 26))
    weight = np.exp(-0.5 * ((20 - week_1) / given_.residual_sd) ** 2)
    later = week_26 + given_.residual_sd * rng.standard_normal(draws)
    counted = np.bincount(np.clip(np.rint(later), 0, 66).astype(int), weight, 67) / weight.sum()
    exact = fit_mixture([7.0], [20.0]).scores(WEEK_26)
    assert np.abs(np.cumsum(counted) - np.cumsum(exact)).max() < 0.01


def test_every_context_has_its_days() -> None:
    """The people 6 to 12 months after a stroke stand apart, and take the others' place there."""
    first_year, pooled = contexts()["first-year-therapy"], contexts()["not-known"]
    assert not first_year.holds(180)
    assert first_year.holds(181)
    assert first_year.holds(365.5)
    assert not first_year.holds(366)
    assert [part.id for part in pooled.at(200)][-1] == "first-year-therapy"
    assert [part.id for part in pooled.at(800)][-1] == "intensive-arm-therapy"
    assert len(pooled.at(200)) == len(pooled.at(800)) == 3


def test_what_goes_on_is_not_known_is_the_mean_of_the_parts() -> None:
    last = [(800.0, 30.0)]
    parts = [predict_arm([last], [900.0], one)[0] for one in contexts()["not-known"].at(800)]
    pooled = predict_arm([last], [900.0], contexts()["not-known"])[0]
    assert np.allclose(pooled, np.mean(parts, axis=0))


def test_the_first_year_context_is_followed_for_twelve_weeks_only() -> None:
    course = forecast_arm([Scored(200, 30, 0)], contexts()["first-year-therapy"])
    assert course.extrapolated == tuple(time > 84 for time in course.times)


def test_a_second_assessment_narrows_as_much_as_the_second_scores_of_simulated_people_do() -> None:
    """Expected width against people drawn from the model, all with about the same first score."""
    narrowing = another_assessment([Scored(7, 20, 0)], 21, USUAL, WEEK_26 - 7)
    drawn = simulate_people(30_000, [7, 28], seed=3).scores
    alike = drawn[drawn[:, 0] == 20]
    widths = []
    for _, second in alike:
        chance = fit_mixture([7.0, 28.0], [20.0, second]).scores(WEEK_26)
        low, high = ScoreSpread(score_grid(66), chance).quantile([0.05, 0.95])
        widths.append(high - low)
    error = np.std(widths) / len(widths) ** 0.5
    assert len(widths) > 100
    assert narrowing.width_expected == pytest.approx(np.mean(widths), abs=3 * error)
    assert narrowing.width_low <= np.quantile(widths, 0.15)
    assert narrowing.width_high >= np.quantile(widths, 0.85)


def test_another_assessment_narrows_in_the_first_months_and_not_in_the_chronic_phase() -> None:
    early = another_assessment([Scored(7, 20, 0)], 21, USUAL, 365)
    late = another_assessment([Scored(800, 30, 0)], 21, USUAL, 365)
    assert early.model == "mixture"
    assert early.width_expected < 0.75 * early.width_now
    assert late.model == "chronic"
    assert late.width_expected == pytest.approx(late.width_now, abs=0.3)


@settings(max_examples=15, deadline=None)
@given(dated, st.integers(1, 100))
def test_the_next_scores_are_those_of_the_forecast_itself(
    scores: list[tuple[int, int]], in_days: int
) -> None:
    given_ = [Scored(day, score, 0.0) for day, score in scores]
    found = another_assessment(given_, in_days, USUAL, 365)
    ahead = predict_arm([scores], [scores[-1][0] + in_days], USUAL)[0]
    assert sum(one.chance for one in found.scores) == pytest.approx(1)
    for one in found.scores:
        assert one.chance == pytest.approx(ahead[int(one.score)], abs=1e-4)
        assert one.low <= one.median <= one.high
    widths = [one.width for one in found.scores]
    assert min(widths) <= found.width_low <= found.width_high <= max(widths)
    assert min(widths) - 1e-9 <= found.width_expected <= max(widths) + 1e-9


@pytest.mark.parametrize("in_days", [0, -3, 365, 400])
def test_an_assessment_outside_the_time_forecast_is_refused(in_days: float) -> None:
    with pytest.raises(ValueError, match="between now and the day"):
        another_assessment([Scored(800, 30, 0)], in_days, USUAL, 365)
