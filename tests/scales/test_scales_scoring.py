"""Adding up scores from items."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.scales import Score, scale, score_items
from saisei.scales.scoring import scoring_items

NO_DEFICIT: dict[str, float | str | None] = {item.id: 0 for item in scale("nihss").items}
SCORED = ("nihss", "barthel", "mrs", "fma_ue", "fma_le", "fma_motor", "arat")


def test_the_worked_example_of_the_nihss() -> None:
    items = NO_DEFICIT | {"4": 1, "5b": 2, "6b": 1, "8": 1, "10": 1}
    assert score_items("nihss", items) == Score("nihss", 6.0)


def test_the_worked_example_of_the_barthel() -> None:
    items = {
        "feeding": 5,
        "bathing": 0,
        "grooming": 5,
        "dressing": 5,
        "bowels": 10,
        "bladder": 10,
        "toilet_use": 10,
        "transfers": 15,
        "mobility": 15,
        "stairs": 0,
    }
    assert score_items("barthel", items).total == 75


def test_an_untestable_item_adds_nothing() -> None:
    found = score_items("nihss", NO_DEFICIT | {"5a": "UN", "6a": 2})
    assert found.total == 2
    assert found.untestable == ("5a",)
    assert found.complete


def test_a_part_of_a_scale_is_no_score() -> None:
    found = score_items("nihss", {"1a": 1})
    assert found.total is None
    assert not found.complete
    assert len(found.missing) == 14


@pytest.mark.parametrize(
    ("scale_id", "items", "code", "says"),
    [
        ("nihss", NO_DEFICIT | {"12": 0}, "unknown-item", "no item `12`"),
        ("nihss", NO_DEFICIT | {"1a": 4}, "impossible-item", "a whole number from 0 to 3"),
        ("nihss", NO_DEFICIT | {"1a": "UN"}, "impossible-item", "item 1a"),
        ("nihss", NO_DEFICIT | {"5a": 2.5}, "impossible-item", "or UN (untestable)"),
        ("nihss", NO_DEFICIT | {"5a": -1}, "impossible-item", "from 0 to 4"),
        ("barthel", {"feeding": 3}, "impossible-item", "0, 5 or 10"),
        ("barthel", {"bathing": 10}, "impossible-item", "0 or 5"),
        ("mrs", {"level": 7}, "impossible-item", "0 to 6"),
        ("fma_ue", {"A": 37}, "impossible-item", "0 to 36"),
    ],
)
def test_an_impossible_item_is_named(
    scale_id: str, items: dict[str, float | str | None], code: str, says: str
) -> None:
    found = score_items(scale_id, items)
    (problem,) = found.problems
    assert found.total is None
    assert problem.code == code
    assert says in str(problem)


def test_an_unknown_scale_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        score_items("rankin", {})


def test_a_scale_without_parts_has_no_total() -> None:
    assert score_items("gait_speed", {}).total is None


@given(st.data(), st.sampled_from(SCORED))
def test_possible_items_add_up_within_the_range(data: st.DataObject, scale_id: str) -> None:
    items = {i.id: data.draw(st.sampled_from(i.points)) for i in scoring_items(scale(scale_id))}
    found = score_items(scale_id, items)
    within = scale(scale_id).range
    assert found.total == sum(items.values())
    assert within is not None
    assert within.low <= found.total <= within.high


@given(st.data(), st.sampled_from(SCORED))
def test_one_item_missing_leaves_no_total(data: st.DataObject, scale_id: str) -> None:
    items = {item.id: item.points[0] for item in scoring_items(scale(scale_id))}
    gone = data.draw(st.sampled_from(sorted(items)))
    found = score_items(scale_id, items | {gone: None})
    assert found.missing == (gone,)
    assert found.total is None
