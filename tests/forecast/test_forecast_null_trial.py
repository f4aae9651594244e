"""The null trial: the table of changes, closed forms, other programs, and bad input."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

import saisei.forecast
from saisei.base.errors import OptionError
from saisei.evidence import study
from saisei.forecast import NullTrial, fit_mixture, null_contexts, null_trial, published_figures
from saisei.forecast.arm_pairs import Population, change_spreads, pair_table, shift_nodes
from saisei.forecast.chronic import noise_below
from saisei.forecast.mixture import score_grid
from saisei.forecast.null_mixing import mixed_studies
from saisei.forecast.null_studies import Studies, steps_of
from saisei.forecast.paired_tests import paired_t, t_p_values, wilcoxon_p_values
from saisei.forecast.parameters import noise_parameters
from saisei.forecast.published import later_trial

WEEKS_12 = 84 * 12 / 365.25
PEOPLE = Population(33.0, 11.5, 2.46)
# Changes without a new treatment: context, months from the stroke and between the scores, people,
# mean, SD, how many gained and lost 6 points or more, and gained 10 (None: not in the table).
TABLE = [
    ("none", 24, 6, 73, 0.3, 5.5, 6, 8, None),
    ("none", 24, 3, 70, 0.2, 4.58, 8, 5, None),
    ("home-therapy", 24, WEEKS_12, 16, 1.38, 3.83, 2, 1, None),
    ("intensive", 24, WEEKS_12, 120, 3.53, 5.78, 28, 4, None),
    ("intensive", 24, 6, 73, 3.99, 5.97, 24, 2, 6),
    ("first-year-therapy", 9, WEEKS_12, 20, 7.2, 6.16, 12, 0, None),
]
# Rows of which only the mean is known.
MEANS = [
    ("control", 24, 42 / 30.4375, 1.5),
    ("control", 24, 6.1, 0.64),
    ("usual-care", 24, WEEKS_12, -1.06),
    ("usual-care", 24, 252 / 30.4375, -0.06),
    ("therapy-arms", 24, 42 / 30.4375, 4.36),
    ("therapy-arms", 24, 6.1, 2.48),
    ("after-rehabilitation", 7, 12, 5.0),
]


def quick(
    context: str | None = None, since: float = 24, months: float = 6, **more: float
) -> NullTrial:
    return null_trial(18, since, months, context, trials=200, **more)  # type: ignore[arg-type]  # numbers by name


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}-{row[2]:.0f}")
def test_with_no_effect_the_table_of_changes_comes_back(row: tuple[Any, ...]) -> None:
    """Means as they stand; shares and SDs within what so few people leave open (95 %)."""
    context, since, months, n, mean, sd, gained, lost, gained_10 = row
    found = quick(context, since, months)
    assert found.mean == pytest.approx(mean, abs=0.15)
    assert stats.binomtest(gained, n, found.share_gain_6).pvalue > 0.05
    assert stats.binomtest(lost, n, found.share_loss_6).pvalue > 0.05
    if gained_10 is not None:
        assert stats.binomtest(gained_10, n, found.change.at_least(10)).pvalue > 0.05
    rng = np.random.default_rng(1)
    drawn = rng.choice(found.change.values, (4000, n), p=found.change.probabilities)
    low, high = np.quantile(drawn.std(axis=1, ddof=1), [0.025, 0.975])
    assert low < sd < high


@pytest.mark.parametrize("row", MEANS, ids=lambda row: f"{row[0]}-{row[2]:.0f}")
def test_means_of_rows_of_which_only_the_mean_is_known(row: tuple[Any, ...]) -> None:
    context, since, months, mean = row
    assert quick(context, since, months).mean == pytest.approx(mean, abs=0.15)


def test_every_context_is_checked_against_the_table() -> None:
    short = {"none": "after-therapy-ended", "control": "trial-control",
             "intensive": "intensive-arm-therapy"}  # fmt: skip
    names = [str(row[0]) for row in (*TABLE, *MEANS)]
    checked = {short.get(name, name) for name in names}
    assert checked == set(null_contexts())


def test_a_steady_person_changes_as_was_measured() -> None:
    """After therapy half the people stay within 2 points; 5 to 95 % from -8 to +9."""
    change = quick("none", 24, 6).change
    assert change.at_least(-2) - change.at_least(3) == pytest.approx(0.5, abs=0.1)
    assert change.quantile(0.05) == pytest.approx(-8, abs=1.5)
    assert change.quantile(0.95) == pytest.approx(9, abs=1.5)


@settings(max_examples=8, deadline=None)
@given(some.floats(0.5, 3.9))
def test_without_selection_the_change_is_that_of_the_forecast_whatever_one_score_errs(
    sem: float,
) -> None:
    people = Population(33.0, 8.0, sem)
    _, spread = change_spreads(pair_table(800, 180, 0.3, people), 0, 66)
    steps = steps_of(spread)
    for edge in (-5.5, 0.5, 5.5, 9.5):
        below = float(noise_below(np.array([edge - 0.3]), noise_parameters())[0])
        # the change of two rounded scores differs a little from a rounded change
        assert spread[steps < edge].sum() == pytest.approx(below, abs=0.006)


def test_the_joint_table_is_what_drawing_people_gives() -> None:
    """Half a million people, drawn level by level; four standard errors."""
    rng, n = np.random.default_rng(11), 500_000
    sds = 3.5 * np.sqrt(3 / rng.chisquare(3, n))
    share = (2.46 / 3.5) ** 2 / 3
    level = 33 + np.sqrt(11.5**2 - 2.46**2) * rng.standard_normal(n)
    errors = rng.standard_normal((2, n)) * sds * np.sqrt([[share], [1 - share]])
    before, after = np.clip(np.rint([level + errors[0], level + 4.0 + errors[1]]), 0, 66)
    table = pair_table(800, 183, 4.0, PEOPLE)
    for low, high in ((0, 66), (0, 20), (45, 66)):
        selected, spread = change_spreads(table, low, high)
        drawn = (after - before)[(before >= low) & (before <= high)]
        assert selected == pytest.approx(drawn.size / n, abs=0.003)
        steps = steps_of(spread)
        mean = spread @ steps
        assert mean == pytest.approx(drawn.mean(), abs=4 * drawn.std() / drawn.size**0.5)
        assert spread[steps >= 6].sum() == pytest.approx((drawn >= 6).mean(), abs=0.006)
        assert np.sqrt(spread @ (steps - mean) ** 2) == pytest.approx(drawn.std(), rel=0.02)


def test_scores_before_have_the_mean_and_spread_of_the_people() -> None:
    before = pair_table(800, 180, 4.0, PEOPLE).sum(axis=1)
    mean = before @ score_grid(66)
    assert mean == pytest.approx(33.0, abs=0.05)
    assert np.sqrt(before @ (score_grid(66) - mean) ** 2) == pytest.approx(11.5, abs=0.15)


def test_the_first_months_are_the_mixture() -> None:
    table, fit = pair_table(30, 120, 0.0, PEOPLE), fit_mixture([], [])
    for axis, day in ((1, 30), (0, 150)):
        assert table.sum(axis=axis) @ score_grid(66) == pytest.approx(
            float(fit.scores(day) @ score_grid(66)), abs=0.02
        )


def test_between_both_the_two_groups_of_people_are_mixed() -> None:
    before = pair_table(135, 60, 1.0, PEOPLE).sum(axis=1)
    late = pair_table(800, 60, 1.0, PEOPLE).sum(axis=1)
    assert before == pytest.approx((fit_mixture([], []).scores(135) + late) / 2, abs=1e-3)


@pytest.mark.parametrize("limit", [15, 25, 40])
def test_selection_moves_the_mean_as_normal_theory_says(limit: int) -> None:
    """Of normal scores it is sem^2 / sd x phi / Phi; the heavy tails change it by some per cent."""
    found = quick(select=(0.0, float(limit)))  # type: ignore[arg-type]  # a range, not a number
    z = (limit + 0.5 - 33.0) / 11.5
    expected = 2.46**2 / 11.5 * stats.norm.pdf(z) / stats.norm.cdf(z)
    assert found.selection_moves == pytest.approx(expected, rel=0.2)
    assert found.selected == pytest.approx(stats.norm.cdf(z), abs=0.02)


def test_choosing_high_scores_moves_the_mean_down() -> None:
    assert quick(select=(45.0, 60.0)).selection_moves < -0.2  # type: ignore[arg-type]  # a range


def test_mean_gains_are_exact() -> None:
    alone = quick(spread=0.0)
    assert alone.mean_gain.mean == pytest.approx(alone.mean)
    assert alone.mean_gain.sd == pytest.approx(alone.sd / 18**0.5)
    wide = quick(spread=2.0)
    assert wide.mean_gain.sd == pytest.approx((alone.sd**2 / 18 + 4.0) ** 0.5, rel=0.01)


@pytest.mark.parametrize(("people", "spread"), [(18, 1.64), (300, 1.64), (2000, 1.64), (40, 8.0)])
def test_true_mean_gains_are_mixed_without_gaps(people: int, spread: float) -> None:
    """Mean gains are a normal of both variances, also where chance is small against the spread."""
    alone = null_trial(people, 24, 6, "intensive", spread=0.0, trials=100).mean_gain
    mixed = null_trial(people, 24, 6, "intensive", spread=spread, trials=100).mean_gain
    sd = math.hypot(alone.sd, spread)
    for z in np.linspace(-2, 2, 33):
        below = mixed.at_most(alone.mean + z * sd)
        # the ends of the scale take a little of wide spreads
        assert below == pytest.approx(stats.norm.cdf(z), abs=0.01 if spread < 4 else 0.03)
    steps = np.add.reduceat(mixed.probabilities, np.arange(0, mixed.probabilities.size, people))
    tall = steps[steps > 0.2 * steps.max()]
    assert (np.diff(np.sign(np.diff(tall))) != 0).sum() <= 1


@pytest.mark.parametrize("people", [2, 3, 40, 700])
def test_sums_of_changes_are_those_of_adding_one_person_after_another(people: int) -> None:
    studies = mixed_studies(800, 183, 4.0, 0.0, PEOPLE, (0.0, 66.0), people)
    change = studies.changes[0]
    total = change
    for _ in range(people - 1):
        total = np.convolve(total, change)
    found = studies.mean_gain(people)
    values = np.arange(-66 * people, 66 * people + 1) / people
    mean = values @ total
    assert found.mean == pytest.approx(mean, abs=1e-9)
    assert found.sd == pytest.approx(np.sqrt(total @ (values - mean) ** 2), rel=1e-6)
    for gain in (3.0, 4.0, 7.4):
        assert found.at_least(gain) == pytest.approx(total[values >= gain - 1e-9].sum(), abs=1e-9)


def test_what_is_put_between_by_splines_is_what_would_be_computed() -> None:
    studies = mixed_studies(800, 183, 4.0, 1.64, PEOPLE, (0.0, 66.0), 2000)
    assert studies.shifts.values.size > 60
    for at in (5, 30, 41):
        shift = float(studies.shifts.values[at])
        exact = change_spreads(pair_table(800, 183, shift, PEOPLE), 0, 66)[1]
        assert studies.changes[at] == pytest.approx(exact, abs=2e-5)


def test_simulated_studies_agree_with_the_exact_sums() -> None:
    nodes = shift_nodes(4.0, 1.64)
    tables = [pair_table(800, 183, float(shift), PEOPLE) for shift in nodes.values]
    studies = Studies(np.array([change_spreads(one, 0, 66)[1] for one in tables]), nodes)
    means = studies.draw(18, 20_000, 3).mean(axis=1)
    for gain in (2.0, 4.0, 7.4):
        exact = studies.mean_gain(18).at_least(gain)
        assert (means >= gain).mean() == pytest.approx(exact, abs=0.012)
    counts = (studies.draw(18, 20_000, 4) >= 6).sum(axis=1)
    assert counts.mean() == pytest.approx(studies.responders(18, 6).mean, abs=0.1)


def test_both_tests_agree_with_scipy() -> None:
    drawn = np.rint(np.random.default_rng(5).standard_t(3, (40, 14)) * 3.5 + 2).astype(np.int64)
    t = paired_t(drawn)
    theirs = stats.ttest_1samp(drawn, 0.0, axis=1)
    assert t == pytest.approx(theirs.statistic)
    assert t_p_values(t, 14) == pytest.approx(theirs.pvalue)
    for row, own in zip(drawn, wilcoxon_p_values(drawn), strict=True):
        other = stats.wilcoxon(row, correction=True, method="approx")
        assert own == pytest.approx(other.pvalue)


def test_studies_in_which_nobody_or_everybody_changed_alike() -> None:
    same = np.array([[0, 0, 0], [2, 2, 2], [-1, -1, -1]])
    assert paired_t(same).tolist() == [0.0, np.inf, -np.inf]
    assert t_p_values(paired_t(same), 3).tolist() == [1.0, 0.0, 0.0]
    assert wilcoxon_p_values(same)[0] == 1.0


def test_where_nothing_changes_small_p_values_are_as_rare_as_they_should_be() -> None:
    found = null_trial(18, 24, 0.001, "none", spread=0.0, trials=20_000)
    for test in (found.t_test, found.wilcoxon):
        assert 0.03 < dict(test.below)[0.05] < 0.056
        assert sum(test.steps) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_and_another_moves_only_what_is_drawn() -> None:
    one, two, other = (null_trial(12, 24, 12, trials=300, seed=seed) for seed in (4, 4, 5))
    assert one.t_test == two.t_test
    assert one.t_test != other.t_test
    assert one.mean_gain.mean == other.mean_gain.mean
    assert one.reach == other.reach


def test_published_figures_are_those_of_the_study_files() -> None:
    figures = {one.id: one for one in published_figures()}
    assert (figures["nr1_arm_gain"].value, figures["nr1_arm_gain"].t) == (7.4, 7.4 / 1.6)
    sb623 = figures["sb623_motor_gain"]
    assert (sb623.value, sb623.people) == (11.4, 16)
    assert sb623.arm_value == pytest.approx(7.524)
    # half the printed interval over the t of 15 degrees of freedom
    assert sb623.t == pytest.approx(11.4 / ((18.2 - 4.6) / 2 / stats.t.ppf(0.975, 15)))
    responders = figures["nr1_motor_responders"]
    assert (responders.events, responders.people, responders.gain) == (11, 17, 10)
    assert study("steinberg-2016-sb623").outcomes[3].data["sb623"].mean == sb623.value


def test_the_neutral_trial_that_followed_is_always_beside() -> None:
    later = later_trial()
    assert (later.treated, later.control, later.met) == ((16, 111), (7, 52), False)
    found = quick()
    missing, read = (" ".join(map(str, one)) for one in (found.not_in_model, found.reading))
    for word in ("16 of 111", "7 of 52", "did not reach its main aim", "rare here is not evidence"):
        assert word in read
    for word in ("Raters", "operation", "expect", "reported"):
        assert word in missing


def test_the_sham_arm_of_that_trial_is_no_surprise_to_the_model() -> None:
    """7 of 52 with sham gained 10 points of arm and leg, 6.6 of the arm if carried."""
    for context in ("none", "control"):
        share = quick(context).change.at_least(later_trial().arm_gain)
        assert stats.binomtest(7, 52, share).pvalue > 0.05


def test_reach_grows_with_what_goes_on_and_falls_with_people() -> None:
    few, many = (null_trial(n, 24, 12, "intensive", trials=200) for n in (10, 40))
    assert few.reach_of("nr1_arm_gain").share > many.reach_of("nr1_arm_gain").share
    assert quick("none").reach_of("nr1_arm_gain").share < 0.001
    own = few.reach_of("sb623_motor_gain").own_size
    assert own == pytest.approx(
        null_trial(16, 24, 12, "intensive", trials=200).reach_of("sb623_motor_gain").share
    )


@pytest.mark.parametrize(
    ("context", "since", "months", "words"),
    [
        ("intensive", 8, 3, "first-year-therapy"),
        ("intensive", 24, 12, "context therapy-arms"),
        ("none", 24, 3, "whole points"),
        ("none", 1, 3, "recovers by itself"),
        ("none", 4, 3, "are mixed"),
        ("none", 24, 3, "part of the noise"),
    ],
)
def test_what_it_rests_on_is_said(context: str, since: float, months: float, words: str) -> None:
    assert any(words in str(one) for one in quick(context, since, months).notes)


@pytest.mark.parametrize(
    ("context", "since", "months", "measured"),
    [
        ("intensive", 24, 12, 6), ("first-year-therapy", 9, 6, 3), ("usual-care", 24, 12, 8),
        ("none", 1, 12, 5), ("intensive", 24, 6, None), ("after-rehabilitation", 6, 12, None),
        ("none", 1, 5, None),
    ],
)  # fmt: skip
def test_what_is_extrapolated_is_said_with_the_month_from_which_it_is(
    context: str, since: float, months: float, measured: int | None
) -> None:
    found = quick(context, since, months).extrapolated
    if measured is None:
        assert found is None
    else:
        assert f"for {measured} months. Later is extrapolation" in str(found)


def test_definitions_of_responders_say_whose_they_are() -> None:
    found = {one.id: one for one in quick().responders}
    assert {name: one.gain for name, one in found.items()} == pytest.approx(
        {"gain_6": 6, "gain_4_5": 4.5, "gain_5": 5, "nr1_motor_responders": 6.6}
    )
    words = {"gain_6": "4.25 to 7.25", "gain_4_5": "EVEREST", "gain_5": "NICHE",
             "nr1_motor_responders": "10 points of arm and leg"}  # fmt: skip
    for name, word in words.items():
        assert word in str(found[name].whose)
        assert found[name].whose.sources


def test_half_and_twice_the_spread_between_studies_are_shown() -> None:
    found = quick("intensive", 24, 12)
    reached = found.reach_of("nr1_arm_gain")
    assert [wide for wide, _ in reached.by_spread] == [0.82, 3.28]
    for wide, share in reached.by_spread:
        alone = quick("intensive", 24, 12, spread=wide)
        assert alone.reach["nr1_arm_gain"] == pytest.approx(share)
    assert quick("intensive", 24, 12, spread=0).reach_of("nr1_arm_gain").by_spread == ()


def test_nothing_is_said_of_what_is_not_so() -> None:
    told = " ".join(map(str, quick("intensive", 24, 3).notes))
    for words in ("first-year", "therapy-arms", "recovers by itself", "are mixed", "Taking in"):
        assert words not in told


@pytest.mark.parametrize("name", sorted(null_contexts()))
def test_every_context_has_its_sources(name: str) -> None:
    known = saisei.forecast.null_trial_sources() | saisei.forecast.forecast_sources()
    assert null_contexts()[name].source_keys
    assert set(null_contexts()[name].source_keys) <= set(known)


PLANNING = {"null_contexts", "null_mixing", "null_studies", "null_trial", "null_words", "published",
            "design_priors", "trial_power", "power_outcomes", "__init__"}  # fmt: skip


def test_no_forecast_looks_at_a_single_arm() -> None:
    """Whatever module a forecast is made of, now or later."""
    folder = Path(saisei.forecast.__file__).parent
    modules = [path for path in folder.glob("*.py") if path.stem not in PLANNING]
    assert {"arm", "futures", "with_cells"} <= {path.stem for path in modules}
    for path in modules:
        code = path.read_text(encoding="utf-8")
        for word in ("published", "trial_power", "design_priors", "null_trial", "null_contexts"):
            assert f"forecast.{word}" not in code, path.name
        assert "within_arm_gains" not in code, path.name


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"people": 1}, "--people"),
        ({"people": 5000}, "--people"),
        ({"months_since_stroke": 0}, "--months-since-stroke"),
        ({"months": float("nan")}, "--months"),
        ({"trials": 10}, "--trials"),
        ({"people": 2000, "trials": 90_000}, "--trials"),
        ({"seed": -1}, "--seed"),
        ({"context": "magic"}, "--context"),
        ({"context": "first-year-therapy"}, "--context"),
        ({"sem": 5.0}, "--sem"),
        ({"baseline_sd": 2.0}, "--baseline-sd"),
        ({"baseline_mean": 90.0}, "--baseline-mean"),
        ({"spread": -1.0}, "--spread"),
        ({"baseline_mean": 60.0, "baseline_sd": 3.0, "select": (0.0, 1.0)}, "--select"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, object], named: str) -> None:
    given_: dict[str, object] = {"people": 18, "months_since_stroke": 24, "months": 12}
    with pytest.raises(OptionError) as caught:
        null_trial(**(given_ | change))  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.problems[0].field == named
    assert len(caught.value.problems) == 1
