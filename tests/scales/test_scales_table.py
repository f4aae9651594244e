"""The table of scales against its own arithmetic, its sources and the rules."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from typing import Any

import pytest

from saisei.base.dates import Span
from saisei.base.store import load_data
from saisei.scales import (
    Scale,
    composites,
    important_change,
    scale,
    scale_of_outcome,
    scale_sources,
    scales,
)
from saisei.vocabulary import Outcome, Stage


@pytest.mark.parametrize(
    ("scale_id", "total"),
    [("nihss", 42), ("barthel", 100), ("mrs", 6), ("fma_ue", 66), ("fma_le", 34), ("arat", 57)],
)
def test_the_parts_of_a_scale_add_up_to_its_range(scale_id: str, total: float) -> None:
    found = scale(scale_id)
    maxima = [item.points[-1] for item in found.items] or [s.maximum for s in found.sections]
    assert sum(maxima) == total
    assert found.range == Span(0, total)


def test_two_points_an_item_make_the_fugl_meyer_sections() -> None:
    for scale_id in ("fma_ue", "fma_le"):
        for section in scale(scale_id).sections:
            assert section.maximum == 2 * section.items
    assert sum(section.items for section in scale("fma_ue").sections) == 33
    assert sum(section.items for section in scale("fma_le").sections) == 17


def test_the_motor_total_is_arm_and_leg() -> None:
    parts = [scale(part).range for part in scale("fma_motor").parts]
    assert sum(part.high for part in parts if part) == 100
    assert scale("fma_motor").range == Span(0, 100)


def test_the_nihss_has_fifteen_items_of_which_six_can_be_untestable() -> None:
    items = scale("nihss").items
    assert len(items) == 15
    assert [item.id for item in items if item.untestable] == ["5a", "5b", "6a", "6b", "7", "10"]


@pytest.mark.parametrize(("scale_id", "better"), [("nihss", "lower"), ("mrs", "lower")])
def test_low_is_good_on_the_scales_of_deficit(scale_id: str, better: str) -> None:
    assert scale(scale_id).direction == better
    others = set(scales()) - {"nihss", "mrs"}
    assert all(scale(other).direction == "higher" for other in others)


@pytest.mark.parametrize(
    ("scale_id", "source", "low", "high"),
    [
        ("fma_ue", "page2012", 4.25, 7.25),
        ("fma_ue", "arya2011", 9, 10),
        ("fma_ue", "nnr2023", 13, 13),
        ("fma_le", "pandian2016", 6, 6),
        ("barthel", "hsieh2007", 9.25, 9.25),
        ("gait_speed", "tilson2010", 0.16, 0.16),
    ],
)
def test_what_each_source_found_to_matter(
    scale_id: str, source: str, low: float, high: float
) -> None:
    found = [c for c in scale(scale_id).min_important if c.source == f"scales/{source}"]
    assert [(change.low, change.high) for change in found] == [(low, high)]


def test_the_1_85_of_the_barthel_belongs_to_the_20_point_form() -> None:
    (change,) = scale("barthel").min_important
    assert change.low == pytest.approx(5 * 1.85)
    assert change.published == "1.85 on the 20-point form"
    assert not any(1.85 in c.values for s in scales().values() for c in s.min_important)


def test_what_no_source_was_found_for_is_not_given_out() -> None:
    in_the_file = [row for row in _rows("arat") if row.get("verified") is False]
    assert [row["value"] for row in in_the_file] == [5.7]
    assert {change.low for change in scale("arat").min_important} == {12, 17}
    assert not scale("motricity_index").verified


def _rows(scale_id: str) -> list[dict[str, Any]]:
    table = load_data("scales/scales.yaml")["scales"]
    rows: list[dict[str, Any]] = next(row for row in table if row["id"] == scale_id)["change"][
        "min_important"
    ]
    return rows


@pytest.mark.parametrize(
    ("scale_id", "stage", "value", "kind"),
    [
        ("fma_ue", Stage.CHRONIC, 6, "published"),
        ("fma_ue", Stage.SUBACUTE, 10, "published"),
        ("fma_ue", Stage.ACUTE, 10, "published"),
        ("fma_ue", None, None, None),
        ("fma_le", Stage.CHRONIC, 6, "published"),
        ("fma_le", Stage.SUBACUTE, None, None),
        ("barthel", Stage.SUBACUTE, 10, "published"),
        ("barthel", None, 10, "published"),
        ("mrs", Stage.CHRONIC, 1, "convention"),
        ("fma_motor", Stage.CHRONIC, 10, "convention"),
        ("nihss", Stage.CHRONIC, None, None),
        ("nihss", Stage.ACUTE, None, None),
        ("arat", Stage.CHRONIC, None, None),
    ],
)
def test_which_change_counts_for_one_person(
    scale_id: str, stage: Stage | None, value: float | None, kind: str | None
) -> None:
    found = important_change(scale_id, stage)
    assert (found.value if found else None) == value
    assert (found.kind if found else None) == kind


def test_the_change_that_counts_says_what_was_published() -> None:
    arm = important_change("fma_ue", Stage.CHRONIC)
    barthel = important_change("barthel", Stage.CHRONIC)
    assert arm is not None
    assert barthel is not None
    assert arm.published == "4.25 to 7.25"
    assert barthel.published.startswith("9.25")


def test_every_source_named_is_in_the_table() -> None:
    assert _source_keys() <= set(scale_sources())
    assert len(_source_keys()) > 15


def _source_keys() -> set[str]:
    keys = {composite.source for composite in composites()}
    for found in scales().values():
        keys |= {part.source for part in _parts(found) if part.source}
        for stage in Stage:
            change = important_change(found.id, stage)
            keys |= set(change.sources) if change else set()
    return keys


def _parts(found: Scale) -> list[Any]:
    names = ("items", "levels", "min_important", "detectable", "conventions", "weights")
    assert set(names) <= {field.name for field in dataclass_fields(found)}
    return [part for name in names for part in getattr(found, name)]


@pytest.mark.parametrize(
    ("outcome", "scale_id"),
    [
        (Outcome.FMA_UE, "fma_ue"),
        (Outcome.FMA_MOTOR, "fma_motor"),
        (Outcome.MOTRICITY, "motricity_index"),
        (Outcome.BARTHEL, "barthel"),
        (Outcome.MBI, None),
        (Outcome.DEATH, None),
    ],
)
def test_outcomes_of_study_files_find_their_scale(outcome: Outcome, scale_id: str | None) -> None:
    found = scale_of_outcome(outcome)
    assert (found.id if found else None) == scale_id


def test_an_excellent_outcome_has_three_parts() -> None:
    (excellent,) = composites()
    assert excellent.all_of == (("mrs", "lte", 1), ("nihss", "lte", 1), ("barthel", "gte", 95))


def test_weights_of_rankin_levels_fall_with_disability() -> None:
    by_kind = {weights.id: weights for weights in scale("mrs").weights}
    assert by_kind["uw-mrs-2015"].by_level[3] == 0.65
    for weights in by_kind.values():
        worth = [weights.by_level[level] for level in sorted(weights.by_level)][:6]
        assert worth == sorted(worth, reverse=weights.kind == "utility")
