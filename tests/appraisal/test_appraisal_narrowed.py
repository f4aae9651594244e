"""Questions narrowed by a reader: the same numbers as the rules, and nothing let in by a switch."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn
from saisei.appraisal import (
    ESTIMATORS,
    Asked,
    Estimator,
    Narrowed,
    Tier,
    asked_questions,
    finding_at,
    finding_of,
    gains_of,
    pool_of,
    specify,
)
from saisei.evidence import Target
from saisei.vocabulary import CellType, Condition, Design, Route, RouteKind, Stage

QUESTIONS = {asked.id: asked for asked in asked_questions()}
MAPC = Target(CellType.MAPC, Route.INTRAVENOUS, Condition.ISCHEMIC_STROKE, Stage.ACUTE)


@pytest.mark.parametrize("asked", asked_questions(), ids=lambda asked: asked.id)
def test_a_narrowed_question_is_the_tier_that_it_holds_the_same(asked: Asked) -> None:
    near = Narrowed(asked, stage=MAPC.stage, cells=MAPC.cells, route=MAPC.route)
    kind = Narrowed(asked, stage=MAPC.stage, route_kind=MAPC.route_kind)
    tiers: tuple[tuple[Narrowed, Tier], ...] = ((near, "A"), (kind, "B"), (Narrowed(asked), "C"))
    for narrowed, tier in tiers:
        ours, theirs = finding_of(narrowed), finding_at(asked, MAPC, tier)
        assert narrowed.tier == tier
        assert ours.selection.contrasts == theirs.selection.contrasts
        assert ours.verdict.word == theirs.verdict.word
        assert ours.certainty == theirs.certainty


def test_the_pool_is_that_of_the_numeric_library() -> None:
    found = pool_of(Narrowed(QUESTIONS["mrs-longest"]))
    assert found.pool is not None
    by_hand = syn.pool([c.y for c in found.held], [c.v for c in found.held])
    assert found.pool.k == len(found.held) > 4
    assert (found.pool.estimate, found.pool.ci) == (by_hand.estimate, by_hand.ci)
    assert found.bayes is None  # exact Bayes is for few


def test_few_comparisons_are_pooled_exactly_too() -> None:
    found = pool_of(Narrowed(QUESTIONS["mrs-0-2"]))
    assert 0 < len(found.held) <= 4
    assert found.bayes is not None
    assert "Turner" in found.prior


def test_no_switch_brings_what_was_chosen_afterwards_into_a_pool() -> None:
    for asked in asked_questions():
        for controlled in (False, True):
            for one in pool_of(Narrowed(asked, controlled=controlled)).held:
                assert one.prespecified is not False
                assert not one.press_release
                assert controlled or one.design is Design.RCT
                assert one.design is not Design.SINGLE_ARM


def test_the_verdict_hears_neither_of_the_measure_nor_of_the_designs() -> None:
    plain = Narrowed(QUESTIONS["death"])
    assert finding_of(replace(plain, controlled=True, measure="RD")) is finding_of(plain)


def test_surgery_doubles_what_a_benefit_has_to_be() -> None:
    asked = QUESTIONS["fma-motor-10"]
    brain = finding_of(Narrowed(asked, stage=Stage.CHRONIC, route_kind=RouteKind.BRAIN))
    any_way = finding_of(Narrowed(asked, stage=Stage.CHRONIC))
    assert brain.worthwhile is not None
    assert any_way.worthwhile is not None
    assert brain.worthwhile.benefit == 2 * any_way.worthwhile.benefit


def test_gains_are_of_the_outcome_and_of_the_route() -> None:
    asked = QUESTIONS["fma-motor"]
    found = gains_of(Narrowed(asked, route=Route.INTRACEREBRAL))
    assert found
    assert {gain.outcome.value for gain in found} == {"fma-motor"}
    assert gains_of(Narrowed(asked, route=Route.INTRANASAL)) == ()


def test_a_curve_holds_the_analysis_by_rule_once() -> None:
    found = specify(Narrowed(QUESTIONS["mrs-0-2"]))
    assert found is not None
    assert found.planned is not None
    rule = found.rows[found.planned]
    effect = finding_of(Narrowed(QUESTIONS["mrs-0-2"])).effect
    assert effect is not None
    assert rule.options[3:] == ("bayes", "prior")
    assert (rule.estimate, rule.low, rule.high) == (effect.median, effect.low, effect.high)
    assert sum(row.options == rule.options for row in found.rows) == 1


narrowings = st.builds(
    Narrowed,
    asked=st.sampled_from(asked_questions()),
    condition=st.sampled_from([Condition.ISCHEMIC_STROKE, Condition.INTRACEREBRAL_HAEMORRHAGE]),
    stage=st.sampled_from([None, *Stage]),
    cells=st.sampled_from([None, CellType.MAPC, CellType.BMMNC, CellType.SB623]),
    route=st.sampled_from([None, Route.INTRAVENOUS, Route.INTRACEREBRAL]),
    controlled=st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(narrowings, st.sampled_from(ESTIMATORS))
def test_whatever_is_named_something_sound_comes_out(
    narrowed: Narrowed, estimator: Estimator
) -> None:
    found = pool_of(narrowed, estimator)
    assert (found.pool is None) == (not found.held)
    curve = specify(narrowed)
    assert (curve is not None) or not found.held
    if curve is not None:
        estimates = [row.estimate for row in curve.rows]
        assert estimates == sorted(estimates)
        assert all(math.isfinite(row.low) and row.low <= row.high for row in curve.rows)
        assert max(Counter(row.options for row in curve.rows).values()) == 1
        assert sum(curve.sides()) == len(curve.rows)
