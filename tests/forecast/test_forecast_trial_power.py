"""The power of controlled trials: published examples, other programs, properties, bad input."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from saisei.base.errors import OptionError
from saisei.forecast import (
    ArmMeans,
    ArmResponders,
    Design,
    RankinShift,
    normal_prior,
    people_needed,
    power_curve,
    rankin_without,
    share_prior,
    study_prior,
    trial_power,
    whitehead_people,
)
from saisei.forecast.power_outcomes import ancova_t

PLAIN = ArmMeans(sd=1.0, correlation=0.0)
SHIFT = RankinShift(rankin_without("other"))


def power(outcome: ArmMeans | ArmResponders | RankinShift, design: Design, effect: float) -> float:
    return trial_power(outcome, design, effect, trials=0).power


def test_the_worked_example_of_whitehead_1993() -> None:
    """Four categories, log odds ratio 0.887, power 0.9, 5 % two-sided: 187 people."""
    example = RankinShift((0.2, 0.5, 0.2, 0.1))
    needed = whitehead_people(example, 0.887, 0.9, 0.025)
    assert round(needed) == 187
    assert float(example.power(np.array([0.887]), 94, 93, 0.025)[0]) == pytest.approx(
        0.9, abs=0.005
    )


def test_the_formula_of_another_program() -> None:
    """Hmisc: posamsize(c(.1, .2, .4, .3), 1.2) gives 3148; its shares are averages of both groups.

    Our control shares are those that have nearly these averages: half the shift on either side.
    """
    averages = RankinShift((0.1, 0.2, 0.4, 0.3))
    control = RankinShift(tuple(averages.treated(-math.log(1.2) / 2).tolist()))
    assert whitehead_people(control, math.log(1.2), 0.8, 0.025) == pytest.approx(3148, rel=1e-3)


@pytest.mark.parametrize(
    ("each", "effect", "expected"),
    [(85, 0.5, 0.900), (64, 0.5, 0.8015), (20, 1.0, 0.8690)],  # R: power.t.test
)
def test_adjusting_for_a_score_that_says_nothing_costs_little(
    each: int, effect: float, expected: float
) -> None:
    found = power(PLAIN, Design(2 * each), effect)
    assert expected - 0.4 / each < found < expected


def test_the_closed_form_is_the_noncentral_t_over_uneven_groups() -> None:
    """Shieh 2020: 1 + F / (N - 2), F with 1 and N - 2 degrees of freedom, inflates the variance."""
    n1, n2, effect = 12, 18, 0.9

    def at(f: float) -> float:
        se = math.sqrt((1 / n1 + 1 / n2) * (1 + f / (n1 + n2 - 2)))
        df = n1 + n2 - 3
        return float(stats.nct.sf(stats.t.ppf(0.975, df), df, effect / se))

    chances = (np.arange(400) + 0.5) / 400
    expected = np.mean([at(f) for f in stats.f.ppf(chances, 1, n1 + n2 - 2)])
    found = PLAIN.power(np.array([effect]), n1, n2, 0.025)[0]
    assert found == pytest.approx(expected, abs=5e-4)


def test_simulated_trials_agree_with_the_closed_form() -> None:
    means = ArmMeans(sd=11.5, correlation=0.905)
    found = trial_power(means, Design(50, ratio=1.5), 4.0, trials=20_000)
    assert found.simulated == pytest.approx(found.power, abs=0.011)
    shift = trial_power(SHIFT, Design(600, ratio=2.0), math.log(1.4), trials=20_000)
    assert shift.simulated == pytest.approx(shift.power, abs=0.013)


def test_heavy_tails_and_ends_of_the_scale_change_the_power_little() -> None:
    found = trial_power(ArmMeans(), Design(100), 3.0, trials=8_000)
    assert found.simulated == pytest.approx(found.power, abs=0.03)


def test_the_adjusted_t_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.normal(size=(2, 1, 11))
    design = np.column_stack([np.ones(11), np.arange(11) < 5, before[0]])
    beta, rest, _, _ = np.linalg.lstsq(design, after[0], rcond=None)
    cov = np.linalg.inv(design.T @ design) * rest[0] / 8
    assert ancova_t(before, after, 5)[0] == pytest.approx(beta[1] / math.sqrt(cov[1, 1]))


def test_trials_in_which_nothing_scatters_have_no_t() -> None:
    before = np.array([[3.0, 3.0, 3.0, 3.0, 3.0, 3.0]] * 2)
    after = np.array([[5.0, 6.0, 7.0, 3.0, 4.0, 5.0], [5.0, 5.0, 5.0, 5.0, 5.0, 5.0]])
    found = ancova_t(before, after, 3)
    # without a spread before it is the plain t, with a degree of freedom less
    assert found[0] == pytest.approx(2.0 / math.sqrt(4.0 / 3 * (1 / 3 + 1 / 3)))
    assert found[1] == 0.0


def test_a_trial_of_four_gives_a_number_and_no_warning() -> None:
    found = trial_power(ArmMeans(), Design(4), 3.0, trials=2_000)
    assert found.simulated is not None
    assert 0 <= found.simulated < 0.2


def test_the_scatter_left_is_that_of_the_null_trial() -> None:
    """Chronic noise has a standard deviation of 5.6 on the scale; adjustment leaves nearly all."""
    assert 5.45 < ArmMeans().residual_sd < 5.65
    assert ArmMeans(sd=10.0, correlation=0.6).residual_sd == pytest.approx(8.0)


def test_responders_by_hand() -> None:
    """Five against four people, all pairs of counts, one-sided 5 %."""
    expected = 0.0
    for i in range(6):
        for j in range(5):
            pooled = (i + j) / 9
            se = math.sqrt(pooled * (1 - pooled) * (1 / 5 + 1 / 4))
            if i / 5 > j / 4 and i / 5 - j / 4 >= stats.norm.ppf(0.95) * se:
                expected += stats.binom.pmf(i, 5, 0.7) * stats.binom.pmf(j, 4, 0.2)
    found = ArmResponders(0.2).power(np.array([0.5]), 5, 4, 0.05)[0]
    assert found == pytest.approx(expected)


def test_responders_near_the_approximation_of_r() -> None:
    """R: power.prop.test(n = 50, p1 = .50, p2 = .75) gives 0.740, by a normal approximation."""
    assert power(ArmResponders(0.5), Design(100), 0.25) == pytest.approx(0.740, abs=0.015)


def test_no_effect_succeeds_as_often_as_its_level() -> None:
    assert power(ArmMeans(), Design(80), 0.0) == pytest.approx(0.025, abs=1e-6)
    assert power(SHIFT, Design(80, sides=1), 0.0) == pytest.approx(0.05)
    assert power(ArmResponders(0.3), Design(200), 0.0) == pytest.approx(0.025, abs=0.006)


@settings(max_examples=25, deadline=None)
@given(some.integers(20, 400), some.floats(0.5, 6), some.floats(0, 0.4), some.floats(0.3, 3))
def test_power_moves_the_way_it_must(people: int, effect: float, lost: float, ratio: float) -> None:
    outcome, plan = ArmMeans(sd=11.5, correlation=0.9), Design(people)
    own = power(outcome, plan, effect)
    assert power(outcome, replace(plan, dropout=lost), effect) <= own + 1e-9
    assert power(outcome, replace(plan, ratio=ratio), effect) <= own + 1e-3
    assert power(outcome, replace(plan, sides=1), effect) >= own
    assert power(outcome, plan, effect + 0.5) >= own
    assert power(outcome, replace(plan, people=people + 20), effect) >= own


@pytest.mark.parametrize(
    ("outcome", "effect"), [(ArmMeans(), 3.0), (SHIFT, math.log(1.4)), (ArmResponders(0.13), 0.2)]
)
def test_the_number_of_people_found_is_enough(
    outcome: ArmMeans | ArmResponders | RankinShift, effect: float
) -> None:
    design = Design(4, dropout=0.1)
    people = people_needed(outcome, design, effect, 0.8)
    assert power(outcome, replace(design, people=people), effect) >= 0.8
    assert power(outcome, replace(design, people=people - 6), effect) < 0.8


def test_whiteheads_number_is_found_by_the_search() -> None:
    found = people_needed(SHIFT, Design(4), math.log(1.4), 0.8)
    assert found == pytest.approx(whitehead_people(SHIFT, math.log(1.4), 0.8, 0.025), abs=4)


def test_assurance_is_the_mean_power_over_the_prior() -> None:
    prior = normal_prior(3.0, 1.5)
    found = trial_power(ArmMeans(), Design(100), 3.0, prior, trials=0)
    rng = np.random.default_rng(8)
    drawn = ArmMeans().power(rng.normal(3.0, 1.5, 4000), 50, 50, 0.025)
    assert found.assurance == pytest.approx(drawn.mean(), abs=0.015)
    tight = trial_power(ArmMeans(), Design(100), 3.0, normal_prior(3.0, 1e-6), trials=0)
    assert tight.assurance == pytest.approx(tight.power, abs=1e-6)


def test_a_single_arm_gain_is_a_prior_of_planning() -> None:
    prior = study_prior("steinberg-2025-nr1")
    assert prior.from_gain
    assert prior.weights.sum() == pytest.approx(1.0)
    assert prior.mean == pytest.approx(0.4 * 7.4)
    # variance of a product: E[share^2] (gain^2 + se^2) - mean^2, share even from 0 to 0.8
    spread = prior.weights @ (prior.effects - prior.mean) ** 2
    assert spread == pytest.approx(0.64 / 3 * (7.4**2 + 1.6**2) - prior.mean**2)
    found = trial_power(ArmMeans(), Design(120), prior.mean, prior, trials=0)
    assert found.assurance is not None
    assert found.assurance < found.power
    most = trial_power(ArmMeans(), Design(4000), prior.mean, prior, trials=0)
    assert most.assurance == pytest.approx(0.95, abs=0.04)


def test_a_share_of_nothing_promises_nothing() -> None:
    assert share_prior(7.4, 0.0, (0.0, 1e-9)).mean == pytest.approx(0.0, abs=1e-8)


def test_the_curve_rises_to_twice_the_size() -> None:
    curve = power_curve(trial_power(SHIFT, Design(200), math.log(1.5), trials=0))
    sizes, powers = zip(*curve, strict=True)
    assert sizes[0] == 4
    assert 380 <= sizes[-1] <= 400
    assert powers[-1] > powers[len(powers) // 2] > powers[0]


@pytest.mark.parametrize(
    ("outcome", "design", "effect", "named"),
    [
        (PLAIN, Design(3), 1.0, "--people"),
        (PLAIN, Design(10**6), 1.0, "--people"),
        (PLAIN, Design(10, ratio=50), 1.0, "--ratio"),
        (PLAIN, Design(10, dropout=1.0), 1.0, "--dropout"),
        (PLAIN, Design(6, dropout=0.6), 1.0, "--people"),
        (PLAIN, Design(10, alpha=0.0), 1.0, "--alpha"),
        (PLAIN, Design(10, sides=3), 1.0, "--sides"),
        (PLAIN, Design(10), math.nan, "--effect"),
        (ArmMeans(sd=3.0), Design(10), 1.0, "--sd"),
        (ArmMeans(sd=3.0, correlation=1.0), Design(10), 1.0, "--sd"),
        (ArmMeans(context="first-year-therapy"), Design(10), 1.0, "--context"),
        (ArmResponders(0.0), Design(10), 0.1, "--control-share"),
        (ArmResponders(0.6), Design(10), 0.5, "--effect"),
        (RankinShift((0.5, 0.5)), Design(10), 0.1, "--control-shares"),
        (RankinShift((0.4,) * 7), Design(10), 0.1, "--control-shares"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    outcome: ArmMeans | ArmResponders | RankinShift, design: Design, effect: float, named: str
) -> None:
    with pytest.raises(OptionError) as caught:
        trial_power(outcome, design, effect)
    assert [one.field for one in caught.value.problems] == [named]


def test_priors_that_cannot_be_are_refused() -> None:
    for wrong in ((0.5, 0.2), (-0.1, 0.5), (0.0, 1.2)):
        with pytest.raises(OptionError):
            share_prior(7.4, 1.6, wrong)
    with pytest.raises(OptionError):
        normal_prior(1.0, 0.0)
    with pytest.raises(OptionError, match="no gain of the arm score"):
        study_prior("steinberg-2016-sb623")
    with pytest.raises(OptionError, match="there is no study"):
        study_prior("nobody-2030")
    with pytest.raises(OptionError, match="not even"):
        people_needed(ArmMeans(), Design(4), 0.01, 0.9)
