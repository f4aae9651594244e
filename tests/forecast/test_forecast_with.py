"""The future with a therapy: when it may be drawn; uncertainty never looks like benefit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appraisal.appraisal_builders import GAIN, TEN, contrast, events, finding
from saisei.appraisal import Asked, Finding, findings_for
from saisei.evidence import Target
from saisei.forecast import (
    Scored,
    context,
    draw_with,
    draw_with_effect,
    forecast_arm,
    why_not_drawn,
)
from saisei.forecast.with_rules import refusal_words
from saisei.vocabulary import CellType, Condition, Design, Route, Stage

COURSE = forecast_arm([Scored(800, 28, 0)], context(None))
INFARCT, CHRONIC = Condition.ISCHEMIC_STROKE, Stage.CHRONIC
LEG = Asked("fma-le", "Movement of the leg", "fma-le", "MD", "fma-le")


def good(**changes: Any) -> Finding:
    """Two clean trials of 300 people each: an effect of about 4 points."""
    return finding(contrast(4.0, 0.8), contrast(4.4, 0.8), **changes)


def codes(found: Finding, **changes: Any) -> tuple[str, ...]:
    asked = {"scale_id": "fma_ue", "condition": INFARCT, "stage": CHRONIC}
    return why_not_drawn(found, **{**asked, **changes})


def test_clean_near_certain_trials_may_be_drawn() -> None:
    assert codes(good()) == ()
    assert codes(good(tier="B")) == ()


@pytest.mark.parametrize(
    ("found", "changes", "code"),
    [
        (good(tier="C"), {}, "tier"),
        (good(), {"scale_id": "barthel"}, "scale"),
        (good(asked=LEG), {}, "scale"),
        (good(), {"condition": Condition.INTRACEREBRAL_HAEMORRHAGE}, "condition"),
        (good(), {"condition": Condition.STROKE}, "condition"),
        (good(), {"stage": Stage.SUBACUTE}, "stage"),
        (good(), {"stage": None}, "stage"),
        (good(stage=None), {}, "stage"),
        (finding(contrast(4, 0.8), contrast(4.4, 0.8, time_exact=False)), {}, "time"),
        (finding(contrast(4, 0.8), contrast(4.4, 0.8, days=59.0)), {}, "time"),
        (finding(contrast(4, 0.8), contrast(4.4, 0.8, days=541.0)), {}, "time"),
        (finding(contrast(4, 0.8, n=49)), {}, "studies"),
        (finding(contrast(0, 9, n=20), contrast(1, 9, n=20), tier="B"), {}, "certainty"),
        (finding(contrast(4, 0.7, bias="high"), contrast(4.4, 0.9)), {}, "bias"),
        (finding(contrast(4, 0.7, bias="unjudged"), contrast(4.4, 0.9)), {}, "bias"),
        (finding(), {}, "no-data"),
        (finding(contrast(9, 0.1, design="single-arm")), {}, "no-data"),
        (finding(contrast(9, 0.1, design="controlled")), {}, "no-data"),
        (finding(contrast(9, 0.1, prespecified=False)), {}, "no-data"),
        (finding(contrast(9, 0.1, press_release=True)), {}, "no-data"),
    ],
)
def test_every_condition_forbids_by_itself(
    found: Finding, changes: dict[str, Any], code: str
) -> None:
    assert code in codes(found, **changes)
    assert refusal_words(code).text


def test_one_large_comparison_is_enough() -> None:
    large = finding(contrast(4.0, 0.2, n=250))
    assert "studies" not in codes(large)


def test_nothing_packaged_draws_a_future_for_the_first_example() -> None:
    for cells, route in (
        (CellType.SB623, Route.INTRACEREBRAL),
        (CellType.AD_MSC, Route.INTRAVENOUS),
        (CellType.NSC, Route.INTRACEREBRAL),
    ):
        for found in findings_for(Target(cells, route, INFARCT, CHRONIC)):
            assert codes(found)


def test_an_infusion_after_brain_injury_never_borrows_from_an_implant() -> None:
    target = Target(CellType.BM_MSC, Route.INTRAVENOUS, Condition.TBI, CHRONIC)
    for found in findings_for(target):
        assert found.tier in ("C", None)


def test_a_point_effect_of_none_gives_equal_futures() -> None:
    drawn = draw_with_effect(COURSE, 0.0, (0.0, 0.0), (0.0, 0.0), step=6)
    assert drawn.better == pytest.approx(COURSE.share(6))
    assert drawn.worse == pytest.approx(COURSE.share(-6))
    assert drawn.counts == COURSE.counts(6)


@given(st.floats(0, 15), st.floats(0, 30))
def test_an_uncertain_effect_of_none_shows_a_range_around_equality(
    spread: float, new: float
) -> None:
    drawn = draw_with_effect(COURSE, 0.0, (-spread, spread), (-new, new), step=6)
    assert drawn.counts == COURSE.counts(6)
    assert drawn.better_interval[0] <= COURSE.share(6) + 1e-9
    assert drawn.better_interval[1] >= COURSE.share(6) - 1e-9


@given(st.floats(-5, 8), st.floats(0, 6), st.floats(0, 6))
def test_a_wider_interval_alone_never_moves_what_is_printed(
    median: float, narrow: float, wider: float
) -> None:
    one = draw_with_effect(COURSE, median, (median - narrow, median + narrow), None, step=6)
    far = narrow + wider
    two = draw_with_effect(COURSE, median, (median - far, median + far), None, step=6)
    assert one.counts == two.counts
    assert one.better == two.better
    assert two.better_interval[0] <= one.better_interval[0] + 1e-12
    assert two.better_interval[1] >= one.better_interval[1] - 1e-12


@given(st.floats(-8, 8), st.floats(0, 5))
def test_a_larger_effect_means_more_better_and_fewer_worse(median: float, more: float) -> None:
    less_ = draw_with_effect(COURSE, median, (median, median), None, step=6)
    more_ = draw_with_effect(COURSE, median + more, (median + more, median + more), None, step=6)
    assert more_.better >= less_.better - 1e-12
    assert more_.worse <= less_.worse + 1e-12


def test_a_drawn_future_says_both_framings_both_intervals_and_the_assumption() -> None:
    drawn = draw_with(COURSE, good(), 6)
    said = " ".join(sentence.text for sentence in drawn.sentences)
    assert "of the same 100 people about" in said
    assert "lose 6 points or more" in said
    assert "do not" in said
    assert "hospital that was not in the trials" in said
    assert "mostly assumption" in said
    assert "never counted as benefit" in said
    assert "1 in" not in said
    assert drawn.drawn.better_new is not None
    low, high = drawn.drawn.better_new
    assert low <= drawn.drawn.better_interval[0]
    assert high >= drawn.drawn.better_interval[1]


@pytest.mark.parametrize(
    "fault",
    [{"design": Design.SINGLE_ARM}, {"design": Design.CONTROLLED}, {"prespecified": False},
     {"press_release": True}],
    ids=str,
)  # fmt: skip
def test_drawing_itself_refuses_what_may_not_drive(fault: dict[str, Any]) -> None:
    """Even where someone builds a finding by hand, past the appraisal."""
    sneaked = replace(good(), used=(*good().used[:1], contrast(9.0, 0.5, title="SNEAK", **fault)))
    assert "driving" in codes(sneaked)
    with pytest.raises(ValueError, match="SNEAK"):
        draw_with(COURSE, sneaked, 6)


def test_the_curve_with_begins_where_the_effect_was_measured() -> None:
    drawn = draw_with(COURSE, good(), 6)
    assert min(drawn.times) >= 180.0
    assert drawn.times[-1] == COURSE.horizon
    assert drawn.spreads[-1].mean > COURSE.spread.mean


def test_responders_move_the_persons_own_chance_of_the_same_event() -> None:
    trials = [events((60, 300), (30, 300)), events((62, 300), (30, 300))]
    found = finding(*trials, asked=GAIN, worthwhile=TEN)
    assert codes(found) == ()
    assert found.effect is not None
    drawn = draw_with(COURSE, found, step=99)
    own, ratio = COURSE.share(6), found.effect.median
    assert drawn.drawn.counts.step == 6
    after = drawn.drawn.better
    assert after / (1 - after) == pytest.approx(own / (1 - own) * math.exp(ratio))
    assert any("own chance" in sentence.text for sentence in drawn.sentences)


def test_stress_nothing_shows_a_benefit_that_is_not_there() -> None:
    null = finding(*[contrast(0.0, 0.8) for _ in range(3)])
    drawn = draw_with(COURSE, null, 6)
    assert drawn.drawn.counts == COURSE.counts(6)
    wild = finding(contrast(-14.0, 0.5), contrast(15.0, 0.5), contrast(18.0, 0.5))
    assert wild.verdict.word == "uncertain"
    spread = draw_with(COURSE, wild, 6).drawn.better_interval
    assert spread[0] < COURSE.share(6) < spread[1]
    one = finding(contrast(3.0, 2.0, n=30))
    assert codes(one)
