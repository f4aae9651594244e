"""Other reasonable choices: each changes one thing, and none of them drives anything."""

from __future__ import annotations

import pytest

from appraisal.appraisal_builders import contrast, finding
from saisei.appraisal import (
    Finding,
    OtherChoice,
    findings_for,
    moving_words,
    other_words,
    sensitivity,
    sensitivity_of,
)
from saisei.evidence import Target
from saisei.vocabulary import CellType, Condition, Route, Stage

SB623 = Target(CellType.SB623, Route.INTRACEREBRAL, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)


def three(**changes: object) -> Finding:
    return finding(
        contrast(4.0, 0.8, title="ONE"),
        contrast(4.4, 0.8, title="TWO"),
        contrast(6.0, 0.8, title="THREE", **changes),
    )


def of(kind: str, found: Finding, wider: Finding | None = None) -> tuple[OtherChoice, ...]:
    return tuple(one for one in sensitivity(found, wider) if one.kind == kind)


def test_each_prior_is_tried_with_the_same_studies() -> None:
    tried = of("prior", three())
    assert [one.label for one in tried] == [
        "the published prior of drug trials",
        "a half-normal prior",
        "the published prior, scaled by the spread of changes",
    ]
    own = three().effect
    assert own is not None
    for one in tried:
        assert one.effect is not None
        assert one.effect.studies == 3
        assert one.prior != own.prior
        assert (one.effect.low, one.effect.high) != (own.low, own.high)


def test_each_study_is_left_out_in_turn_where_there_are_two_or_more() -> None:
    tried = of("one study", three())
    assert [one.left_out for one in tried] == [("ONE",), ("TWO",), ("THREE",)]
    for one in tried:
        kept = [c for c in three().used if c.title not in one.left_out]
        again = finding(*kept)
        assert one.effect == again.effect
        assert (one.word, one.certainty) == (again.verdict.word, again.certainty and
                                             again.certainty.level)  # fmt: skip
    assert of("one study", finding(contrast(4.0, 0.8))) == ()


@pytest.mark.parametrize("bias", ["high", "unjudged"])
def test_studies_at_risk_of_bias_are_left_out_together(bias: str) -> None:
    trials = [contrast(y, 0.8, bias=bias, title=f"RISK {y:g}") for y in (9.0, 10.0)]
    found = finding(contrast(2.0, 0.8, title="CLEAN"), *trials)
    (tried,) = of("risk of bias", found)
    assert tried.left_out == ("RISK 9", "RISK 10")
    assert tried.effect == finding(contrast(2.0, 0.8, title="CLEAN")).effect


def test_where_only_studies_at_risk_remain_leaving_them_out_leaves_nothing() -> None:
    found = finding(contrast(4.0, 0.8, bias="high"))
    (tried,) = of("risk of bias", found)
    assert (tried.effect, tried.word, tried.tier, tried.certainty) == (None, "no data", None, None)
    assert other_words(found, [tried]) == ("no data",)


def test_a_single_study_at_risk_is_not_left_out_twice() -> None:
    assert of("risk of bias", three(bias="high")) == ()
    assert of("risk of bias", three()) == ()


def test_the_wider_tier_is_tried_where_it_holds_more() -> None:
    wider = finding(*three().used, contrast(-9.0, 0.8), tier="B")
    (tried,) = of("tier", three(), wider)
    assert tried.tier == "B"
    assert tried.effect == wider.effect
    assert of("tier", three(), finding(*three().used, tier="B")) == ()
    assert of("tier", finding(*three().used, tier="B"), wider) == ()


def test_above_four_studies_the_published_prior_is_the_other_choice() -> None:
    found = finding(*[contrast(y, 1.0) for y in (3.0, 4.0, 5.0, 4.0, 4.5)])
    (tried,) = of("prior", found)
    assert tried.effect is not None
    assert tried.effect.method.startswith("exact Bayes")


def test_what_would_change_is_said_in_one_sentence() -> None:
    found = finding(contrast(-9.0, 0.3, title="SMALL"), contrast(9.0, 0.3, title="LARGE"),
                    contrast(9.2, 0.3), contrast(8.8, 0.3), contrast(9.1, 0.3))  # fmt: skip
    tried = sensitivity(found)
    said = moving_words(found, tried).text
    assert other_words(found, tried) == ("benefit",)
    assert "*benefit* (without SMALL)" in said
    same = finding(*[contrast(0.0, 0.3)] * 5)
    assert "would stay the same" in moving_words(same, sensitivity(same)).text
    assert moving_words(finding(), ()).text == ""


def test_the_packaged_trial_of_sb623_stays_uncertain_under_every_choice() -> None:
    (found,) = [one for one in findings_for(SB623) if one.asked.id == "fma-motor-10"]
    tried = sensitivity_of(found, SB623)
    assert tried
    assert other_words(found, tried) == ()
    assert sensitivity_of(found, SB623) is tried


def test_nothing_is_varied_without_an_effect_or_at_tier_c() -> None:
    assert sensitivity(finding()) == ()
    assert sensitivity_of(finding(), SB623) == ()
    assert sensitivity_of(finding(contrast(1.0, 1.0), tier="C"), SB623) == ()
