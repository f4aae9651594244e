"""No choice lets an uncontrolled gain into a forecast, or changes what controlled trials found."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from saisei.appraisal import Finding, answers
from saisei.base.dates import parse_as_of
from saisei.cases import read_case
from saisei.decision import Options, decide
from saisei.evidence import Target, selection, studies
from saisei.forecast import contexts, draw_with, futures
from saisei.report import to_json
from saisei.vocabulary import CellType, Condition, Route, Stage

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.yaml"))
AS_OF = parse_as_of("2026-11-20T09:00+09:00")
COURSE = {"horizon", "measured", "people", "points", "sentences", "why_no_with", "why_not"}
"""What a context may change of one scale: its course without cells, or that there is none."""
TOLD = {"answer", "audit", "futures", "sources"}
"""Parts of a report that tell a course; the answer in short and the sources with it."""


@cache
def decided(path: Path, context: str | None) -> dict[str, Any]:
    case = read_case(path, as_of=AS_OF)
    found: dict[str, Any] = json.loads(to_json(decide(case, AS_OF, Options(context=context))))
    return found


@pytest.mark.parametrize("context", sorted(contexts()))
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_context_changes_the_course_without_cells_and_nothing_else(
    path: Path, context: str
) -> None:
    usual, other = decided(path, None), decided(path, context)
    assert set(usual) == set(other)
    for part in set(usual) - TOLD:
        assert usual[part] == other[part], part
    assert len(usual["futures"]) == len(other["futures"])
    for one, two in zip(usual["futures"], other["futures"], strict=True):
        assert one["with_therapy"] == two["with_therapy"] == []
        for part in set(one) - COURSE:
            assert one[part] == two[part], part


def test_the_contexts_do_change_something() -> None:
    (path,) = [path for path in EXAMPLES if path.stem.startswith("01-")]
    assert decided(path, "intensive-arm-therapy")["futures"] != decided(path, None)["futures"]


def test_a_surface_may_choose_the_language_and_the_context_alone() -> None:
    assert {one.name for one in fields(Options)} == {"context", "language"}


def test_no_function_of_a_forecast_asks_for_a_gain_or_a_share() -> None:
    for function in (futures, draw_with):
        for name in inspect.signature(function).parameters:
            assert not {"gain", "share", "prior", "uncontrolled"} & set(name.split("_")), name


def targets() -> Iterator[Target]:
    for cells, route in (
        (CellType.SB623, Route.INTRACEREBRAL),
        (CellType.NSC, Route.INTRACEREBRAL),
        (CellType.AD_MSC, Route.INTRAVENOUS),
        (CellType.BM_MSC, Route.INTRAVENOUS),
    ):
        for condition in (Condition.ISCHEMIC_STROKE, Condition.TBI):
            yield Target(cells, route, condition, Stage.CHRONIC)


def told(found: Finding) -> tuple[object, ...]:
    effect = None if found.effect is None else repr(found.effect)
    return found.asked, found.tier, found.used, found.verdict, effect, found.counts


@pytest.fixture
def _fresh() -> Iterator[None]:
    """Forget what was answered, before and after."""
    kept = (answers.findings_for, answers._varied, answers._appraised)
    for function in kept:
        function.cache_clear()
    yield
    for function in kept:
        function.cache_clear()


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize("without", ["dropped", "doubled"])
def test_studies_without_a_control_group_give_no_finding_anything(
    monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    """Without them, or with each of them twice, every answer is the same."""
    usual = [told(one) for target in targets() for one in answers.findings_for(target)]
    alone = tuple(study for study in studies() if not study.control_arms)
    assert {"steinberg-2016-sb623", "steinberg-2025-nr1"} <= {study.id for study in alone}
    others = tuple(study for study in studies() if study.control_arms)
    again = tuple(study.model_copy(update={"id": f"{study.id}-again"}) for study in alone)
    kept = others if without == "dropped" else (*studies(), *again)
    monkeypatch.setattr(selection, "packaged", lambda: kept)
    for function in (answers.findings_for, answers._varied, answers._appraised):
        function.cache_clear()
    assert [told(one) for target in targets() for one in answers.findings_for(target)] == usual


@pytest.mark.usefixtures("_fresh")
def test_without_the_controlled_studies_there_is_nothing_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = tuple(study for study in studies() if not study.control_arms)
    monkeypatch.setattr(selection, "packaged", lambda: alone)
    for target in targets():
        for found in answers.findings_for(target):
            assert found.used == ()
            assert found.verdict.word == "no data"


def test_a_single_arm_as_a_finding_is_refused() -> None:
    """Even handed over by hand: what rests on no comparison draws no future."""
    target = Target(CellType.NSC, Route.INTRACEREBRAL, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)
    found = next(one for one in answers.findings_for(target) if one.asked.outcome == "fma-ue")
    (path,) = [path for path in EXAMPLES if path.stem.startswith("01-")]
    case = read_case(path, as_of=AS_OF)
    given = (found, replace(found, tier="A"))
    arm = next(one for one in futures(case, given) if one.scale_id == "fma_ue")
    assert arm.course is not None
    assert arm.with_ == ()
    assert len(arm.why_no_with) == 2
