"""Intervals of forecasts of which several are about one person, against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from saisei import synthesis as syn
from saisei.forecast.scores import Floats
from saisei.forecast.validation_clusters import (
    Estimate,
    Ids,
    curve_of,
    line_of,
    logistic_of,
    mean_of,
    share_of,
)

RNG = np.random.default_rng(7)
X = RNG.normal(30, 10, 60)
Y = 4 + 0.9 * X + RNG.normal(0, 5, 60)
ALONE = np.arange(60, dtype=np.intp)
TWOS = np.repeat(np.arange(30, dtype=np.intp), 2)


def ends(one: Estimate) -> tuple[float, float]:
    assert one.low is not None
    assert one.high is not None
    return one.low, one.high


def test_mean_of_independent_people_has_the_interval_of_the_t_test() -> None:
    found = mean_of(Y, ALONE)
    usual = stats.ttest_1samp(Y, 0.0).confidence_interval()
    assert found.value == pytest.approx(Y.mean())
    assert ends(found) == pytest.approx((usual.low, usual.high))


def test_mean_of_repeated_people_has_the_interval_of_their_means() -> None:
    found = mean_of(np.repeat(Y, 3), np.repeat(ALONE, 3))
    assert ends(found) == pytest.approx(ends(mean_of(Y, ALONE)))


def test_one_person_has_no_interval() -> None:
    assert mean_of(np.array([1.0, 2.0]), np.zeros(2, dtype=np.intp)) == Estimate(1.5)


def test_share_of_independent_people_is_clopper_and_pearsons() -> None:
    hits = Y > 30
    usual = syn.binomial_interval(int(hits.sum()), 60)
    assert ends(share_of(hits, ALONE)) == pytest.approx((usual.lower, usual.upper))


def test_share_of_people_counted_twice_is_that_of_people() -> None:
    hits = Y > 30
    found = share_of(np.repeat(hits, 2), np.repeat(ALONE, 2))
    assert ends(found) == pytest.approx(ends(share_of(hits, ALONE)))


def test_share_of_all_counts_people() -> None:
    found = share_of(np.ones(60, dtype=bool), TWOS)
    assert ends(found) == pytest.approx((0.025 ** (1 / 30), 1.0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40))
def test_share_lies_within_its_interval_and_that_within_none_and_all(
    drawn: list[tuple[bool, int]],
) -> None:
    hits = np.array([hit for hit, _ in drawn])
    person = np.array([who for _, who in drawn], dtype=np.intp)
    found = share_of(hits, person)
    low, high = ends(found)
    assert 0 <= low <= found.value <= high <= 1
    plain = syn.binomial_interval(int(hits.sum()), hits.size)
    assert high - low >= plain.upper - plain.lower - 1e-9


def sandwich(x: Floats, y: Floats, person: Ids) -> Floats:
    """Standard errors of a line, written out person by person."""
    rows = np.array([[1.0, one] for one in x])
    beta = np.polynomial.polynomial.polyfit(x, y, 1)
    left = y - beta[0] - beta[1] * x
    middle = np.zeros((2, 2))
    for who in np.unique(person):
        score = sum(rows[at] * left[at] for at in np.flatnonzero(person == who))
        middle += np.outer(score, score)
    people = np.unique(person).size
    bread = np.linalg.inv(rows.T @ rows)
    return np.asarray(np.sqrt(np.diag(people / (people - 1) * bread @ middle @ bread)))


@pytest.mark.parametrize("person", [ALONE, TWOS])
def test_line_is_least_squares_with_the_sandwich_by_person(person: Ids) -> None:
    found = line_of(X, Y, person)
    assert found is not None
    usual, errors = stats.linregress(X, Y), sandwich(X, Y, person)
    reach = stats.t.ppf(0.975, np.unique(person).size - 1)
    for one, value, error in zip(found, (usual.intercept, usual.slope), errors, strict=True):
        assert one.value == pytest.approx(value)
        assert ends(one) == pytest.approx((value - reach * error, value + reach * error))


def test_no_line_without_spread_or_people() -> None:
    assert line_of(np.ones(60), Y, ALONE) is None
    assert line_of(X, Y, np.zeros(60, dtype=np.intp)) is None


def test_logistic_line_is_the_most_likely_one() -> None:
    x = (X - 30) / 10
    hits = RNG.random(60) < 1 / (1 + np.exp(-0.3 - 1.2 * x))
    found = logistic_of(x, hits, TWOS)
    assert found is not None

    def unlikely(beta: Floats) -> float:
        line = beta[0] + beta[1] * x
        return float(np.sum(np.logaddexp(0, line) - hits * line))

    usual = optimize.minimize(unlikely, np.zeros(2), tol=1e-12)
    assert [one.value for one in found] == pytest.approx(usual.x, abs=1e-4)


def test_no_logistic_line_where_it_has_no_end() -> None:
    x = np.linspace(-1, 1, 60)
    assert logistic_of(x, x > 0, ALONE) is None
    assert logistic_of(x, np.ones(60, dtype=bool), ALONE) is None


def test_smoothing_keeps_a_straight_line() -> None:
    found = curve_of(X, 3 + 0.5 * X, ALONE, np.array([20.0, 35.0]))
    assert [one.came.value for one in found] == pytest.approx([13.0, 20.5])
    assert [one.expected for one in found] == [20.0, 35.0]


def test_smoothing_follows_a_bend_and_its_band_holds_it() -> None:
    x = np.sort(RNG.uniform(0, 60, 400))
    truth = 60 * np.sin(x / 40)
    found = curve_of(x, truth + RNG.normal(0, 3, 400), np.arange(400), np.array([10.0, 45.0]))
    for one in found:
        bend = 60 * np.sin(one.expected / 40)
        assert one.came.value == pytest.approx(bend, abs=2.5)
        low, high = ends(one.came)
        assert high - low < 3


def test_few_forecasts_are_not_smoothed() -> None:
    assert curve_of(X[:19], Y[:19], ALONE[:19], np.array([30.0])) == ()
    assert curve_of(X, Y, np.repeat(np.arange(6, dtype=np.intp), 10), np.array([30.0])) == ()
