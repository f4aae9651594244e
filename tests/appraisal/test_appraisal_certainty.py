"""Certainty by rule: each step of the rules, and that no step ever goes up."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.appraisal import Body, Certainty, Worthwhile, rate_certainty, weight_at_risk
from saisei.appraisal.model import LEVELS

THREE = Worthwhile(3.0, 3.0, "points", "")
CLEAN = Body("A", (4.0, 8.0), (1.0, 9.0), [0.5, 0.5], ["low", "low"], people=600)


def rate(**changes: Any) -> Certainty:
    return rate_certainty(dataclasses.replace(CLEAN, **changes), THREE)


def steps(**changes: Any) -> dict[str, int]:
    return {step.domain: step.change for step in rate(**changes).steps if step.change}


def test_randomised_comparisons_without_a_fault_start_high() -> None:
    found = rate()
    assert found.level == "high"
    assert found.label == "computed by rule, not judged by a panel"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"bias": ["high", "low"]}, {}),  # half is not more than half
        ({"weights": [0.6, 0.4], "bias": ["unjudged", "some"]}, {"risk of bias": -1}),
        ({"bias": ["high", "unjudged"]}, {"risk of bias": -2}),
        ({"prediction": (-3.0, 3.0)}, {"inconsistency": -1}),
        ({"prediction": (-3.0, 2.9)}, {}),
        ({"weights": [1.0], "bias": ["low"], "prediction": (-9.0, 9.0)}, {}),  # cannot be judged
        ({"tier": "B"}, {"indirectness": -1}),
        ({"tier": "C"}, {"indirectness": -2}),
        ({"interval": (-1.0, 3.0)}, {"imprecision": -1}),
        ({"interval": (-3.0, 1.0)}, {"imprecision": -1}),
        ({"interval": (-2.9, 2.9)}, {}),
        ({"interval": (-3.0, 3.0)}, {"imprecision": -2}),
        ({"people": 399}, {"imprecision": -1}),
        ({"people": 399, "interval": (-1.0, 3.0)}, {"imprecision": -2}),
        ({"people": 399, "interval": (-3.0, 3.0)}, {"imprecision": -3}),
        ({"people": 50, "events": 300}, {}),
        ({"people": 5000, "events": 299}, {"imprecision": -1}),
        ({"unreported": ("ONE",)}, {"missing results": -1}),
        ({"unreported": ("ONE", "TWO", "THREE")}, {"missing results": -1}),
        ({"second_hand": ("ONE",)}, {"second-hand source": -1}),
    ],
)
def test_each_rule_takes_its_steps(changes: dict[str, Any], expected: dict[str, int]) -> None:
    assert steps(**changes) == expected
    assert LEVELS.index(rate(**changes).level) == min(-sum(expected.values()), 3)


def test_every_step_says_why() -> None:
    worst = rate(bias=["high", "high"], tier="C", people=9, unreported=("ONE",))
    assert worst.level == "very-low"
    assert all(len(step.reason.text) > 20 for step in worst.steps)
    assert "ONE" in next(s.reason.text for s in worst.steps if s.domain == "missing results")


def test_one_study_cannot_be_judged_for_inconsistency() -> None:
    found = rate(weights=[1.0], bias=["low"], prediction=None)
    reason = next(s.reason.text for s in found.steps if s.domain == "inconsistency")
    assert "cannot be judged" in reason


bodies = st.builds(
    lambda tier, ends, bias, people, events: dataclasses.replace(
        CLEAN,
        tier=tier,
        interval=(min(ends), max(ends)),
        bias=bias,
        people=people,
        events=events,
    ),
    st.sampled_from("ABC"),
    st.tuples(st.integers(-80, 80), st.integers(-80, 80)).map(lambda e: (e[0] / 4, e[1] / 4)),
    st.tuples(*[st.sampled_from(["low", "some", "high", "unjudged"])] * 2),
    st.integers(0, 2000),
    st.none() | st.integers(0, 2000),
)


@given(bodies)
def test_certainty_never_rises(body: Body) -> None:
    found = rate_certainty(body, THREE)
    assert all(step.change <= 0 for step in found.steps)
    for worse in ({"unreported": ("X",)}, {"second_hand": ("X",)}, {"bias": ("high", "high")}):
        after = rate_certainty(dataclasses.replace(body, **worse), THREE)
        assert LEVELS.index(after.level) >= LEVELS.index(found.level)


@given(bodies, st.sampled_from([0.125, 0.5, 2.0, 16.0]))
def test_scaling_numbers_and_threshold_together_changes_nothing(body: Body, by: float) -> None:
    low, high = body.interval
    scaled = dataclasses.replace(body, interval=(low * by, high * by), prediction=None)
    plain = dataclasses.replace(body, prediction=None)
    width = Worthwhile(3.0 * by, 3.0 * by, "points", "")
    assert rate_certainty(scaled, width).level == rate_certainty(plain, THREE).level


def test_the_weight_at_risk_counts_high_and_unjudged() -> None:
    assert weight_at_risk([1, 2, 3, 4], ["low", "some", "high", "unjudged"]) == pytest.approx(0.7)
