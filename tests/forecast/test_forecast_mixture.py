"""The early course of the arm: published errors and groups, and properties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.forecast import MixtureParameters, ScoreSpread, fit_mixture, mixture_parameters
from saisei.forecast.mixture import score_grid
from saisei.forecast.scores import Floats

PEOPLE = 800
WEEK_26 = 182.0


def simulate(
    given_: MixtureParameters, weeks: Sequence[float], seed: int
) -> tuple[list[int], Floats]:
    """Draw people from the model: their group, and whole scores in the given weeks."""
    rng = np.random.default_rng(seed)
    group = rng.choice(5, PEOPLE, p=given_.weight)

    def scatter(centre: Floats, sd: Floats | float) -> Floats:
        return centre[group] + np.broadcast_to(sd, 5)[group] * rng.standard_normal(PEOPLE)

    alpha = 66 / (1 + np.exp(-scatter(given_.start_mean, given_.start_sd)))
    r = 1 / (1 + np.exp(-scatter(np.log(given_.r / (1 - given_.r)), given_.logit_r_sd)))
    tau = np.exp(scatter(np.log(given_.tau_weeks), given_.log_tau_sd))
    columns = [alpha + r * (66 - alpha) * (1 - np.exp(-week / tau)) for week in weeks]
    noise = given_.residual_sd * rng.standard_normal((len(weeks), PEOPLE))
    return group.tolist(), np.clip(np.rint(np.array(columns) + noise), 0, 66).T


@pytest.mark.parametrize(
    ("weeks", "median", "quartiles", "accuracy"),
    [
        ([1], 5.1, (2.0, 11.5), 0.75),
        ([1, 2], 3.8, (1.6, 9.0), 0.84),
        ([1, 2, 4], 3.1, (1.3, 6.0), 0.93),
    ],
)
def test_published_errors_come_back_from_the_published_parameters(
    weeks: list[int], median: float, quartiles: tuple[float, float], accuracy: float
) -> None:
    """Posterior mean against the simulated score of week 26, as the facts' rewrite did.

    With 800 people the median absolute error has a sampling error of about 0.3 points, its upper
    quartile of about 0.8, and the accuracy of the three clusters of about 0.016; a tolerance of
    about 2.5 of these is taken.
    """
    published = mixture_parameters(widened=False)
    group, scores = simulate(published, [*weeks, 26], seed=20261120)
    errors, right = [], 0
    for true, person in zip(group, scores, strict=True):
        fit = fit_mixture([7.0 * week for week in weeks], person[:-1], parameters=published)
        mean = float(fit.scores(WEEK_26) @ score_grid(66))
        errors.append(abs(mean - person[-1]))
        right += published.cluster[int(fit.groups.argmax())] == published.cluster[true]
    low, middle, high = np.percentile(errors, [25, 50, 75])
    assert middle == pytest.approx(median, abs=0.75)
    assert low == pytest.approx(quartiles[0], abs=0.6)
    assert high == pytest.approx(quartiles[1], abs=2.0)
    assert right / PEOPLE == pytest.approx(accuracy, abs=0.04)


def test_intervals_hold_on_people_drawn_from_the_model_as_used() -> None:
    """Randomised probability integral transform: whole scores are otherwise held too often."""
    given_ = mixture_parameters()
    rng = np.random.default_rng(7)
    _, scores = simulate(given_, [1, 3, 26], seed=7)
    ranks = []
    for person in scores[:300]:
        chance = fit_mixture([7.0, 21.0], person[:2]).scores(WEEK_26)
        score = int(person[2])
        ranks.append(chance[:score].sum() + rng.random() * chance[score])
    for level in (0.5, 0.8, 0.9):
        inside = np.mean([abs(rank - 0.5) < level / 2 for rank in ranks])
        assert inside == pytest.approx(level, abs=3 * (level * (1 - level) / 300) ** 0.5)


@pytest.mark.parametrize(
    ("group", "week_26"), [(1, 8.2), (2, 32.1), (3, 53.7), (4, 60.2), (5, 63.7)]
)
def test_the_facts_own_heights_at_week_26_from_the_median_start(group: int, week_26: float) -> None:
    given_, k = mixture_parameters(widened=False), group - 1
    alpha = 66 / (1 + np.exp(-given_.start_mean[k]))
    height = alpha + given_.r[k] * (66 - alpha) * (1 - np.exp(-26 / given_.tau_weeks[k]))
    assert height == pytest.approx(week_26, abs=0.06)


def test_weights_are_renormalised_and_the_residual_is_the_published_one() -> None:
    published = mixture_parameters(widened=False)
    assert published.weight.sum() == pytest.approx(1.0)
    assert published.residual_sd == pytest.approx(3.855, abs=0.001)
    assert mixture_parameters().residual_sd == 4.5


def test_a_second_score_narrows_the_interval_a_great_deal() -> None:
    widths = []
    for scores in ([18.0], [18.0, 30.0]):
        fit = fit_mixture([7.0, 28.0][: len(scores)], scores)
        low, high = ScoreSpread(score_grid(66), fit.scores(WEEK_26)).quantile([0.05, 0.95])
        widths.append(high - low)
    assert widths[1] < 0.8 * widths[0]


def test_the_jitter_widens() -> None:
    wide, plain = (
        ScoreSpread(
            score_grid(66),
            fit_mixture([7.0], [18.0], parameters=mixture_parameters(widened=w)).scores(WEEK_26),
        ).quantile([0.05, 0.95])
        for w in (True, False)
    )
    assert wide[1] - wide[0] > plain[1] - plain[0]


def test_a_course_is_held_after_it_was_followed() -> None:
    fit = fit_mixture([7.0], [18.0])
    assert fit.mean(182.0) == fit.mean(500.0)
    assert fit.mean(100.0) < fit.mean(182.0)


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 90), st.integers(0, 66), st.floats(0, 182))
def test_every_forecast_is_a_distribution(day: float, score: int, later: float) -> None:
    fit = fit_mixture([day], [float(score)])
    chance = fit.scores(day + later)
    assert chance.sum() == pytest.approx(1.0)
    assert (chance >= 0).all()
    assert fit.groups.sum() == pytest.approx(1.0)


@settings(max_examples=30, deadline=None)
@given(st.floats(1, 30), st.integers(0, 65), st.floats(0, 150))
def test_the_expected_course_never_falls(day: float, score: int, later: float) -> None:
    fit = fit_mixture([day], [float(score)])
    assert fit.mean(day + later + 10) >= fit.mean(day + later) - 1e-9


def test_the_order_of_scores_does_not_matter() -> None:
    one, two = fit_mixture([7, 28], [18, 30]), fit_mixture([28, 7], [30, 18])
    assert np.allclose(one.scores(WEEK_26), two.scores(WEEK_26))
