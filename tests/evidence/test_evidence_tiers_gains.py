"""Tiers by rule, and gains within arms that never pass for effects."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from evidence.evidence_builders import arm, made, row
from saisei.evidence import (
    TIERS,
    Limit,
    Question,
    Target,
    at_tier,
    matching_arms,
    select,
    studies,
    study,
    tier,
    within_arm_gains,
)
from saisei.vocabulary import CellType, Condition, Donor, Outcome, Role, Route, Stage

FAT_BY_VEIN = Target(CellType.AD_MSC, Route.INTRAVENOUS, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)
SB623 = Target(CellType.SB623, Route.INTRACEREBRAL, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)


def arm_tier(target: Target, **more: Any) -> str | None:
    """Tier of one arm of a made study."""
    cells = {"cell_type": "AD-MSC", "route": "intravenous"} | more
    head = {key: cells.pop(key) for key in ("condition", "stage") if key in cells}
    arms = [arm("one", "treatment", **cells), arm("none", "control")]
    found = made("s", [], arms=arms, **head)
    return tier(found, found.arm("one"), target)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "A"),
        ({"cell_type": "BM-MSC"}, "B"),
        ({"route": "intra-arterial"}, "B"),
        ({"route": "intrathecal"}, "B"),
        ({"route": "intracerebral"}, "C"),
        ({"route": "intranasal"}, "C"),
        ({"route": None}, "C"),
        ({"stage": "acute"}, "C"),
        ({"condition": "stroke"}, None),
        ({"condition": "intracerebral-haemorrhage"}, None),
        ({"condition": "tbi"}, None),
    ],
)
def test_tiers(more: dict[str, Any], expected: str | None) -> None:
    assert arm_tier(FAT_BY_VEIN, **more) == expected


def test_the_donor_counts_only_when_it_is_asked_for() -> None:
    own = Target(
        CellType.AD_MSC,
        Route.INTRAVENOUS,
        Condition.ISCHEMIC_STROKE,
        Stage.CHRONIC,
        Donor.AUTOLOGOUS,
    )
    assert arm_tier(FAT_BY_VEIN, donor="allogeneic") == "A"
    assert arm_tier(own, donor="allogeneic") == "B"
    assert arm_tier(own, donor="autologous") == "A"


def test_other_cells_are_never_the_same_cells() -> None:
    other = Target(CellType.OTHER, Route.INTRAVENOUS, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)
    assert arm_tier(other, cell_type="other") == "B"


def test_a_control_arm_has_no_tier() -> None:
    found = study("sanbio-2020-actissima")
    assert tier(found, found.arm("sham"), SB623) is None
    assert tier(found, found.arm("sb623-5m"), SB623) == "A"


def test_brain_injury_is_no_evidence_on_stroke() -> None:
    found = study("kawabori-2021-stemtra")
    assert tier(found, found.arm("sb623"), SB623) is None
    for outcome in (Outcome.DEATH, Outcome.SAE):
        every = select(Question(outcome=outcome, kind="events", condition=SB623.condition))
        assert found.id not in {c.study_id for c in every.contrasts + every.beside}


def test_a_question_at_a_tier_takes_arms_of_that_tier_or_nearer() -> None:
    stages = itertools.product(CellType, Route, Stage)
    question = Question(outcome=Outcome.DEATH, kind="events")
    for cells, route, stage in stages:
        target = Target(cells, route, Condition.ISCHEMIC_STROKE, stage)
        for place, wanted in enumerate(TIERS):
            asked = at_tier(question, target, wanted)
            near = set(TIERS[: place + 1])
            for each in studies():
                if each.condition is not target.condition:
                    continue
                for one in each.treatment_arms:
                    found = tier(each, one, target)
                    fits = one in matching_arms(asked, each)
                    if found in near and cells is not CellType.OTHER:
                        assert fits, (each.id, one.id, wanted)


def test_actissima_is_the_only_pool_of_its_kind() -> None:
    question = Question(
        outcome=Outcome.FMA_MOTOR, kind="events", event=Limit(gain_at_least=10), near=180
    )
    for wanted in TIERS:
        found = select(at_tier(question, SB623, wanted))
        assert [c.study_id for c in found.contrasts] == ["sanbio-2020-actissima"]
    for wanted in ("A", "B"):
        assert select(at_tier(question, FAT_BY_VEIN, wanted)).contrasts == ()


# Gains


def test_nr1_gained_what_its_abstract_prints_and_had_no_control() -> None:
    gains = within_arm_gains(Condition.ISCHEMIC_STROKE, Stage.CHRONIC)
    (motor,) = [
        gain
        for gain in gains
        if gain.study_id == "steinberg-2025-nr1"
        and gain.outcome is Outcome.FMA_MOTOR
        and gain.kind == "change"
    ]
    assert (motor.value, motor.se, motor.n) == (12.1, 1.8, None)
    assert motor.low == pytest.approx(12.1 - 1.96 * 1.8, abs=0.01)
    assert motor.group == "cells, no control"
    assert not motor.controlled
    assert "normal-interval" in motor.flags
    assert motor.source_keys == ("steinberg-2025-nr1/isc2025",)
    every = select(Question(outcome=Outcome.FMA_MOTOR, kind="mean"))
    assert "steinberg-2025-nr1" not in {c.study_id for c in every.contrasts + every.beside}


def test_sham_stands_beside_the_cells() -> None:
    gains = within_arm_gains(
        Condition.ISCHEMIC_STROKE, Stage.CHRONIC, outcomes=frozenset({Outcome.FMA_MOTOR})
    )
    by_arm = {(g.study_id, g.arm_id): g for g in gains if g.kind == "responders"}
    sham = by_arm["sanbio-2020-actissima", "sham"]
    assert (sham.events, sham.n, sham.group) == (7, 52, "sham")
    # exact interval of 7 of 52 (Clopper and Pearson)
    assert (sham.low, sham.high) == pytest.approx((0.0559, 0.2579), abs=1e-4)
    assert by_arm["sanbio-2020-actissima", "sb623-5m"].group == "cells, with control"
    assert by_arm["steinberg-2025-nr1", "nr1"].event == Limit(gain_at_least=10)


def test_a_printed_interval_is_kept() -> None:
    gains = within_arm_gains(Condition.ISCHEMIC_STROKE, outcomes=frozenset({Outcome.FMA_MOTOR}))
    (year,) = [g for g in gains if g.study_id == "steinberg-2016-sb623" and g.days == 365]
    assert (year.value, year.low, year.high) == (11.4, 4.6, 18.2)


def test_two_printed_means_give_a_difference_without_an_interval() -> None:
    gains = within_arm_gains(Condition.ISCHEMIC_STROKE, outcomes=frozenset({Outcome.NIHSS}))
    pisces = [g for g in gains if g.study_id == "kalladka-2016-pisces"]
    assert {g.kind for g in pisces} == {"difference"}
    assert [g.value for g in pisces] == pytest.approx([5.09 - 7.45, 4.91 - 7.45])
    assert all(g.low is None and g.better == "lower" for g in pisces)


def test_a_change_with_sd_has_a_t_interval() -> None:
    entry = {"mean": 4.0, "sd": 5.0, "n": 16}
    found = made("s", [row("fma-ue", "change", {"one": entry, "none": entry})])
    cells, control = within_arm_gains(Condition.ISCHEMIC_STROKE, studies=[found])
    # t of 15 degrees of freedom at 97.5 %: 2.13145
    assert (cells.low, cells.high) == pytest.approx((4 - 2.13145 * 1.25, 4 + 2.13145 * 1.25))
    assert (cells.group, control.group) == ("cells, with control", "placebo")


def test_scores_and_absolute_limits_are_no_gains() -> None:
    events = {"one": {"events": 9, "n": 30}, "none": {"events": 5, "n": 30}}
    score = {"one": {"mean": 4.0, "sd": 5.0, "n": 16}, "none": {"mean": 4.0, "sd": 5.0, "n": 16}}
    rows = [
        row("mrs", "events", events, event={"at_most": 2}, good=True),
        row("nihss", "mean", score),
        row("death", "events", events, good=False),
    ]
    assert within_arm_gains(Condition.ISCHEMIC_STROKE, studies=[made("s", rows)]) == ()


def test_gains_are_asked_for_by_cells_with_their_controls() -> None:
    found = within_arm_gains(
        Condition.ISCHEMIC_STROKE, cells=frozenset({CellType.SB623}), routes=None
    )
    assert {g.study_id for g in found} == {"sanbio-2020-actissima", "steinberg-2016-sb623"}
    roles = {study(g.study_id).arm(g.arm_id).role for g in found}
    assert roles == {Role.TREATMENT, Role.CONTROL}


def test_mixed_strokes_are_no_gain_of_one_kind() -> None:
    for gain in within_arm_gains(Condition.ISCHEMIC_STROKE):
        assert study(gain.study_id).condition is Condition.ISCHEMIC_STROKE
