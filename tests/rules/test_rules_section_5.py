"""Publication: a trial that nobody could read is still a trial."""

from __future__ import annotations

import pytest

from decision.decision_examples import example
from rules.rules_words import AS_OF, person
from saisei.decision import Decision, decide
from saisei.evidence import Study, Target, studies, tier
from saisei.therapies import programme, programmes
from saisei.vocabulary import Condition, Design, Publication, Stage

NONE = "No controlled trial has tested"
PAID = [one for one in programmes() if one.asrm_class and not one.registry]
OTHER_PRODUCTS = {("nr1-intracerebral", "reneuron-2021-pisces-3")}
"""Trials of cells of the same kind which are known to be another product."""
ENDED = (Publication.READ, Publication.PUBLISHED_UNREAD, Publication.FINISHED_UNPUBLISHED)


def ended_trials(target: Target) -> tuple[Study, ...]:
    """Give the randomised trials of such cells in such people that are known to have ended."""
    return tuple(
        study
        for study in studies()
        if study.design is Design.RCT
        and study.publication in ENDED
        and any(tier(study, arm, target) == "A" for arm in study.treatment_arms)
    )


def acute() -> Decision:
    return decide(person(onset_datetime="2026-11-18", in_hospital=True), AS_OF)


@pytest.mark.parametrize("number", ["01", "02", "03", "04", "05", "08", "11"])
def test_no_therapy_that_was_tested_is_said_to_be_untested(number: str) -> None:
    stages = {"02": Stage.ACUTE, "03": Stage.SUBACUTE}
    conditions = {"04": Condition.INTRACEREBRAL_HAEMORRHAGE, "05": Condition.TBI}
    condition = conditions.get(number, Condition.ISCHEMIC_STROKE)
    untested = [t for t in example(number).therapies if t.bottom_line.text.startswith(NONE)]
    for therapy in untested:
        one = programme(therapy.id)
        for cells in one.cells:
            for route in one.routes:
                target = Target(cells, route, condition, stages.get(number, Stage.CHRONIC))
                trials = {(therapy.id, study.id) for study in ended_trials(target)}
                assert trials <= OTHER_PRODUCTS


def test_a_trial_that_could_not_be_read_is_named_with_its_source() -> None:
    by_id = {therapy.id: therapy for therapy in acute().therapies}
    line = by_id["ad-msc-allogeneic-iv"].bottom_line
    assert "AMASCIS" in line.text
    assert "nobody can say" in line.text.lower()
    assert any(key.startswith("de-celis-ruiz-2022-amascis/") for key in line.sources)
    assert (
        "PISCES III"
        in {t.id: t for t in example("01").therapies}["ctx0e03-intracerebral"].bottom_line.text
    )


def test_a_running_trial_is_none_that_ended() -> None:
    one = programme("ad-msc-allogeneic-iv")
    target = Target(one.cells[0], one.routes[0], Condition.ISCHEMIC_STROKE, Stage.ACUTE)
    assert [study.id for study in ended_trials(target)] == ["de-celis-ruiz-2022-amascis"]


def test_what_is_said_of_paid_cells_is_so() -> None:
    """The answer and the options say without a condition that nobody tested them: so it must be."""
    assert [one.id for one in PAID] == ["ad-msc-intravenous-asrm"]
    for one in PAID:
        for condition in one.condition:
            for stage in one.stage or tuple(Stage):
                for cells in one.cells:
                    for route in one.routes:
                        assert ended_trials(Target(cells, route, condition, stage)) == ()
