"""The shared words: truth, territories, stages."""

from __future__ import annotations

import itertools

import pytest

from saisei.base.dates import Span
from saisei.vocabulary import (
    ROUTE_KINDS,
    Route,
    Stage,
    Territory,
    Truth,
    all_true,
    any_true,
    stage_of,
    stages_overlapping,
    territory_within,
)

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_kleene_tables(left: Truth, right: Truth, both: Truth, either: Truth) -> None:
    assert left & right is both
    assert left | right is either


def test_de_morgan() -> None:
    for a, b in itertools.product(Truth, repeat=2):
        assert ~(a & b) is (~a | ~b)


def test_truth_has_no_yes_or_no() -> None:
    with pytest.raises(TypeError, match="neither"):
        bool(T)
    assert all_true([]) is T
    assert any_true([]) is F
    assert Truth.of(None) is U


@pytest.mark.parametrize(
    ("found", "wanted", "truth"),
    [
        ("lenticulostriate", "MCA", T),
        ("lenticulostriate", "anterior-circulation", T),
        ("MCA", "lenticulostriate", U),
        ("ICA", "ACA", U),
        ("anterior-circulation", "MCA", U),
        ("PCA", "MCA", F),
        ("ACA", "MCA", F),
        ("brainstem", "posterior-circulation", T),
        ("MCA", "MCA", T),
    ],
)
def test_territories_nest(found: str, wanted: str, truth: Truth) -> None:
    assert territory_within(Territory(found), Territory(wanted)) is truth


def test_every_route_has_a_kind() -> None:
    assert set(ROUTE_KINDS) == set(Route)


@pytest.mark.parametrize(
    ("low", "high", "stage"),
    [
        (0, 0, "acute"),
        (7, 7, "subacute"),
        (183, 183, "chronic"),
        (20, 25, "subacute"),
        (900, 999, "chronic"),
    ],
)
def test_stage_of(low: float, high: float, stage: str) -> None:
    assert stage_of(Span(low, high)) is Stage(stage)


def test_a_straddling_stretch_has_no_one_stage() -> None:
    assert stage_of(Span(100, 400)) is None
    assert stages_overlapping(Span(100, 400)) == {Stage.SUBACUTE, Stage.CHRONIC}
