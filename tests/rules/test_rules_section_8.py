"""Tiers: a study of several conditions never equals one of them."""

from __future__ import annotations

import pytest

from evidence.evidence_builders import made, row
from saisei.evidence import Question, select
from saisei.vocabulary import Condition, Outcome, Stage

DEATHS = {"one": {"events": 1, "n": 30}, "none": {"events": 4, "n": 30}}


@pytest.mark.parametrize(
    "condition", [Condition.ISCHEMIC_STROKE, Condition.INTRACEREBRAL_HAEMORRHAGE]
)
@pytest.mark.parametrize("stage", [Stage.CHRONIC, None])
def test_a_mixed_study_is_left_out_of_every_single_condition(
    condition: Condition, stage: Stage | None
) -> None:
    mixed = made("mixed", [row("death", "events", DEATHS, good=False)], condition="stroke")
    question = Question(outcome=Outcome.DEATH, kind="events", condition=condition, stage=stage)
    found = select(question, [mixed])
    assert found.contrasts == ()
    assert found.beside == ()
    assert [one.code for one in found.left_out] == ["mixed-condition"]
