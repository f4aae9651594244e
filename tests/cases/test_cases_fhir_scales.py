"""Reading real records: scales item by item, and the limits of a laboratory."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cases.fhir_bundles import (
    ISCHAEMIC,
    LOINC,
    Resource,
    concept,
    condition,
    observation,
    read,
    reasons,
    value,
)
from saisei.cases import Case

STROKE = condition(ISCHAEMIC, "2026-09-01T07:30:00+09:00")
NIHSS_ITEMS = [
    "70184-7", "70185-4", "70186-2", "70187-0", "70188-8", "70189-6", "70190-4", "70967-5",
    "70191-2", "70968-3", "70192-0", "70193-8", "70194-6", "70195-3", "70196-1",
]  # fmt: skip
"""The items of the NIH stroke scale in their order: 1a, 1b, 1c, 2, 3, 4, 5a, 5b, 6a, 6b, 7-11."""


def items_of(case: Case) -> dict[str, float | str]:
    held = case.entries["nihss_items"][0].value
    assert isinstance(held, Mapping)
    return dict(held)


def test_a_stroke_scale_with_its_items_as_a_stroke_registry_writes_it() -> None:
    points = [0, 1, 0, 1, 0, 2, 0, 3, 0, 2, 0, 1, 1, 1, 0]
    parts = [
        {"code": concept(LOINC, code), "valueInteger": score}
        for code, score in zip(NIHSS_ITEMS, points, strict=True)
    ]
    scored = observation("72089-6", date="2026-11-19T10:30:00+08:00", valueInteger=12)
    case = read(STROKE, {**scored, "component": parts})
    assert value(case, "nihss_total") == 12
    assert items_of(case)["5b"] == 3
    assert case.record is not None
    assert case.record.unmapped == ()


def test_items_that_contradict_their_total_leave_the_score_open() -> None:
    scored = observation("72089-6", date="2026-11-19T10:30:00+08:00", valueInteger=12)
    parts = [{"code": concept(LOINC, code), "valueInteger": 0} for code in NIHSS_ITEMS]
    case = read(STROKE, {**scored, "component": parts})
    assert not case.answer("nihss_total").known
    assert reasons(case)["Observation", "contradiction"] == 2


def test_items_may_come_one_by_one_and_one_may_be_untestable() -> None:
    when = "2026-11-19T10:30:00+09:00"
    speech = {**observation("70195-3", date=when), "valueString": "UN"}
    worth = {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 1}
    answer = {"coding": [{"system": "http://hospital.example", "code": "x", "extension": [worth]}]}
    awake = {**observation("70184-7", date=when), "valueCodeableConcept": answer}
    impossible = observation("70188-8", 9, date=when)
    case = read(STROKE, speech, awake, impossible)
    assert items_of(case) == {"10": "UN", "1a": 1}
    assert reasons(case) == {("Observation", "range"): 1}


def test_an_answer_of_the_stroke_scale_is_worth_its_points() -> None:
    when = "2026-11-19T10:30:00+09:00"
    answers = {"70194-6": "LA18473-1", "70195-3": "LA18477-2", "70187-0": "LA18473-1"}
    scored = [
        observation(code, date=when) | {"valueCodeableConcept": concept(LOINC, answer)}
        for code, answer in answers.items()
    ]
    case = read(STROKE, *scored)
    assert items_of(case) == {"9": 2, "10": "UN"}
    assert reasons(case) == {("Observation", "no-value"): 1}


def ranged(code: str, number: float, unit: str, high: float, date: str) -> Resource:
    limits = [{"low": {"value": 0}, "high": {"value": high, "unit": unit}}]
    return observation(code, number, unit, date) | {"referenceRange": limits}


def test_the_limits_of_the_laboratory_are_the_upper_ends_of_its_ranges() -> None:
    case = read(
        ranged("1742-6", 80, "U/L", 40, "2026-11-10"),
        ranged("14682-9", 97, "umol/L", 106, "2026-11-15"),
        ranged("1920-8", 80, "U/L", 35, "2026-09-01"),
    )
    limits = value(case, "uln")
    assert dict(limits) == pytest.approx({"alt_u_l": 40, "serum_creatinine_mg_dl": 1.2}, rel=0.01)
    several = ranged("1742-6", 80, "U/L", 40, "2026-11-10")
    several["referenceRange"] *= 2
    assert not read(several).answer("uln").known
    nonsense = ranged("1742-6", 80, "U/L", -1, "2026-11-10")
    assert not read(nonsense).answer("uln").known
