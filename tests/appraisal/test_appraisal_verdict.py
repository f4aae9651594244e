"""The verdict's words: the table of the rules, row by row, and what moves them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appraisal.appraisal_builders import ARM, DEATH, GAIN, TEN, THREE, contrast, events, finding
from saisei.appraisal import Asked, Worthwhile, asked_questions, limits, read_interval
from saisei.appraisal import worthwhile_for as limit_for
from saisei.vocabulary import RouteKind


def word(low: float, estimate: float, high: float, outcome: str = "fma-ue", n: int = 500) -> str:
    return read_interval(estimate, (low, high), THREE, outcome=outcome, people=n).word


@pytest.mark.parametrize(
    ("low", "estimate", "high", "expected"),
    [
        (1.0, 4.0, 7.0, "benefit"),
        (1.0, 3.0, 5.0, "benefit"),
        (0.5, 2.0, 3.5, "small benefit"),
        (0.5, 1.5, 2.5, "no worthwhile difference"),
        (-2.9, 0.0, 2.9, "no worthwhile difference"),
        (-4.0, -2.0, -0.1, "harm"),
        (-1.0, -0.5, -0.1, "harm"),
        (-1.0, 2.0, 5.0, "uncertain"),
        (-5.0, 0.0, 5.0, "uncertain"),
        (-4.0, -2.0, 1.0, "uncertain"),
    ],
)
def test_the_table_of_words(low: float, estimate: float, high: float, expected: str) -> None:
    assert word(low, estimate, high) == expected


def test_signs_alone_never_give_a_benefit_of_any_size() -> None:
    for outcome in ("nihss", "lesion-volume"):
        assert word(4.0, 6.0, 8.0, outcome) == "uncertain"
        assert word(0.5, 2.0, 3.5, outcome) == "uncertain"
        assert word(-8.0, -6.0, -4.0, outcome) == "harm"


def test_deaths_and_serious_events_need_a_thousand_people_for_no_difference() -> None:
    for outcome in ("death", "sae"):
        assert word(-1.0, 0.0, 1.0, outcome, n=999) == "uncertain"
        assert word(-1.0, 0.0, 1.0, outcome, n=1000) == "no worthwhile difference"


@given(st.floats(-30, 30), st.floats(0, 20), st.floats(0, 20), st.floats(0.1, 10))
def test_words_scale_with_the_threshold(mid: float, down: float, up: float, by: float) -> None:
    interval = (mid - down, mid + up)
    one = read_interval(mid, interval, THREE, outcome="fma-ue", people=500).word
    scaled = (interval[0] * by, interval[1] * by)
    two = read_interval(mid * by, scaled, THREE.times(by), outcome="fma-ue", people=500).word
    near = min(abs(abs(end) - 3.0) for end in (*interval, mid)) < 1e-6
    assert one == two or near


@given(st.floats(-30, 30), st.floats(0, 20), st.floats(0, 20))
def test_a_benefit_needs_an_interval_above_none(mid: float, down: float, up: float) -> None:
    found = word(mid - down, mid, mid + up)
    assert ("benefit" in found) <= (mid - down > 0)
    assert (found == "harm") == (mid + up < 0)


def test_very_low_certainty_is_always_uncertain() -> None:
    sure = finding(contrast(9.0, 0.5), contrast(9.1, 0.5), contrast(9.2, 0.5), contrast(9.0, 0.5))
    assert sure.verdict.word == "benefit"
    weak = [contrast(y, 0.5, bias="high") for y in (9.0, 9.1, 9.2, 8.9)]
    assert finding(*weak, tier="C").verdict.word == "uncertain"


def test_sentences_carry_the_verbs_of_their_certainty() -> None:
    trials = [contrast(y, 0.5) for y in (9.0, 9.1, 9.2, 8.9)]
    said = {
        level: finding(*trials, tier=tier).verdict.sentences[0].text
        for level, tier in (("high", "A"), ("moderate", "B"), ("low", "C"))
    }
    assert " do make " in said["high"]
    assert " probably make " in said["moderate"]
    assert " may make " in said["low"]


def test_the_verdict_is_given_at_half_and_double_the_threshold() -> None:
    trials = [contrast(y, 0.5) for y in (4.0, 4.1, 4.2, 3.9, 4.0)]
    found = finding(*trials).verdict
    assert (found.at_half, found.word) == ("benefit", "benefit")
    assert found.at_double == "no worthwhile difference"
    assert found.moves
    assert any("hangs on that limit" in s.text for s in found.sentences)


def test_four_studies_are_pooled_exactly_and_five_by_knapp_hartung() -> None:
    four = finding(*[contrast(y, 1.0) for y in (3.0, 4.0, 5.0, 4.0)])
    five = finding(*[contrast(y, 1.0) for y in (3.0, 4.0, 5.0, 4.0, 4.5)])
    assert four.bayes is not None
    assert "Bayes" in (four.effect.method if four.effect else "")
    assert five.bayes is None
    assert five.effect is not None
    assert five.pool is not None
    assert (five.effect.low, five.effect.high) == five.pool.ci


def test_one_study_is_mostly_assumption_and_wider_than_itself() -> None:
    found = finding(contrast(4.0, 1.0))
    assert found.effect is not None
    assert found.effect.high - found.effect.low > 2 * 1.96
    assert any("mostly an assumption" in s.text for s in found.verdict.sentences)


def test_one_study_also_says_what_it_fits_by_itself() -> None:
    said = finding(contrast(4.0, 1.0)).verdict.sentences[-1]
    assert "from 2.0 to 6.0" in said.text  # 4.0 and 1.96 to either side
    assert said.sources == ("made/main",)
    worse = finding(contrast(-4.0, 1.0)).verdict.sentences[-1].text
    assert "from 2.0 to 6.0" in worse  # in favour of the control group, as the sentence on numbers
    share = finding(events((60, 200), (40, 200)), asked=GAIN, worthwhile=TEN).verdict
    # odds ratio 1.71, 1.08 to 2.72, at 20 of 100: 21.3 to 40.4
    assert "from 21 to 40" in share.sentences[-1].text
    two = finding(contrast(4.0, 1.0), contrast(4.1, 1.0)).verdict.sentences
    assert not any("By itself" in sentence.text for sentence in two)


def test_odds_are_turned_into_people_of_100_at_the_control_groups_own_share() -> None:
    found = finding(events((60, 200), (40, 200)), asked=GAIN, worthwhile=TEN)
    assert found.control_counts == (40, 200)
    assert found.control_risk == pytest.approx(0.2)
    assert found.verdict.scale == "per-100"
    assert found.verdict.estimate == pytest.approx(10.0, abs=0.2)
    assert any("40 of 200" in s.text for s in found.verdict.sentences)


def test_fewer_deaths_are_turned_to_the_good_side() -> None:
    two = Worthwhile(2.0, 2.0, "per-100", "limit")
    trial = events((10, 200), (30, 200), benefit=-1)
    found = finding(trial, asked=DEATH, worthwhile=two)
    assert found.verdict.estimate is not None
    assert found.verdict.estimate > 0
    assert "15 die. With cells it is about 5" in found.verdict.sentences[1].text


def test_a_difference_printed_as_nothing_favours_nobody() -> None:
    said = finding(*[contrast(0.01, 1.0) for _ in range(3)]).verdict.sentences[1].text
    assert "did not differ (0.0 points)" in said
    assert "in favour of" not in said
    assert "in favour of" in finding(*[contrast(0.2, 1.0)] * 3).verdict.sentences[1].text


def test_no_benefit_is_found_in_a_null_effect_an_uncontrolled_one_or_wild_trials() -> None:
    nothing = finding(*[contrast(0.0, 1.0) for _ in range(3)])
    assert "benefit" not in nothing.verdict.word
    wild = finding(*[contrast(y, 0.5) for y in (-12.0, 15.0, 20.0)])
    assert wild.verdict.word == "uncertain"
    assert finding().verdict.word == "no data"


@pytest.mark.parametrize(
    "fault",
    [{"prespecified": False}, {"press_release": True}, {"design": "single-arm"}],
)
def test_what_may_not_drive_is_shown_and_drives_nothing(fault: dict[str, object]) -> None:
    found = finding(contrast(20.0, 0.5, **fault))
    assert found.verdict.word == "no data"
    assert found.effect is None
    assert len(found.shown) == 1


def test_missing_results_cost_one_level_once() -> None:
    trials = [contrast(y, 0.5) for y in (9.0, 9.1, 9.2, 8.9)]
    levels = [finding(*trials, unread=n).certainty for n in (0, 1, 7)]
    assert [level.level if level else "" for level in levels] == ["high", "moderate", "moderate"]


def test_limits_are_those_of_the_rules_and_doubled_for_benefit_from_surgery() -> None:
    values = {name: entry["value"] for name, entry in limits()["worthwhile"].items()}
    assert values == {
        "mrs-share": 5, "mrs-shift": 1.25, "excellent-outcome": 5, "responders": 10, "fma-ue": 3,
        "fma-le": 2, "fma-motor": 5, "barthel": 5, "nihss": 1, "any-smd": 0.2, "death": 2,
        "serious-adverse-event": 5,
    }  # fmt: skip
    for asked in asked_questions():
        plain, surgery = limit_for(asked, None), limit_for(asked, RouteKind.BRAIN)
        assert plain.benefit == plain.harm == surgery.harm
        assert surgery.benefit == pytest.approx(2 * plain.benefit)
        assert "convention" in plain.words
        assert "2026-11-20" in surgery.words


def test_the_question_of_the_arm_has_three_points() -> None:
    assert limit_for(Asked("x", "x", "fma-ue", "MD", "fma-ue"), None).benefit == 3.0
    assert limit_for(ARM, RouteKind.VESSEL_OR_FLUID).benefit == 3.0
