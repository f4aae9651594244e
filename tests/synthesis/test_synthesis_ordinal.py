"""``common_odds_ratio``: directions, symmetries, and where there is no finite answer.

The numbers of ordinal::clm are compared in ``test_synthesis_reference_walk``.
"""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn
from synthesis.reference_walk import read

CASES: dict[str, dict[str, Any]] = read("ordinal.json")["cases"]


@pytest.mark.parametrize("name", CASES)
def test_wald_interval(name: str) -> None:
    result = syn.common_odds_ratio(CASES[name]["treatment"], CASES[name]["control"])
    assert result.converged
    assert result.finite
    half = 1.959963984540054 * result.se
    assert result.ci == pytest.approx((result.log_or - half, result.log_or + half), rel=1e-12)


def test_above_zero_means_higher_on_the_scale() -> None:
    assert syn.common_odds_ratio([1, 2, 7], [7, 2, 1]).log_or > 0


def test_two_categories_are_a_two_by_two_table() -> None:
    result = syn.common_odds_ratio([12, 8], [15, 5])
    table = syn.effect("OR", events1=[8], n1=[20], events2=[5], n2=[20])
    assert result.log_or == pytest.approx(table.y[0], rel=1e-9)
    assert result.se == pytest.approx(table.se[0], rel=1e-9)


def test_empty_categories_change_nothing() -> None:
    full = syn.common_odds_ratio([0, 5, 0, 4, 3, 0], [0, 3, 0, 5, 6, 0])
    short = syn.common_odds_ratio([5, 4, 3], [3, 5, 6])
    assert full.collapsed == (0, 2, 5)
    assert full.log_or == short.log_or
    assert full.thresholds.size == 2


@pytest.mark.parametrize(
    ("treated", "control", "expected"),
    [
        ([0, 0, 5], [4, 4, 0], math.inf),
        ([0, 3, 5], [4, 4, 0], math.inf),
        ([4, 4, 0], [0, 0, 5], -math.inf),
        ([4, 0, 0], [3, 1, 0], -math.inf),
    ],
)
def test_separation_has_no_finite_estimate(
    treated: list[int], control: list[int], expected: float
) -> None:
    result = syn.common_odds_ratio(treated, control)
    assert result.log_or == expected
    assert not result.finite
    assert not result.converged
    assert result.se == math.inf
    assert result.ci == (-math.inf, math.inf)
    assert "no finite estimate" in result.note
    json.dumps(result.to_dict(), allow_nan=False)


def test_near_separation_is_still_finite() -> None:
    result = syn.common_odds_ratio([1, 0, 30], [0, 30, 0])
    assert result.converged
    assert math.isfinite(result.log_or)


def test_one_category_holds_no_information() -> None:
    result = syn.common_odds_ratio([0, 5, 0], [0, 4, 0])
    assert math.isnan(result.log_or)
    assert "one category" in result.note


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 40), min_size=3, max_size=9),
    st.lists(st.integers(0, 40), min_size=9, max_size=9),
)
def test_symmetries(treated: list[int], other: list[int]) -> None:
    """Swapping the arms, or turning the scale round, turns the sign and nothing else."""
    control = other[: len(treated)]
    if not (any(treated) and any(control)):
        return
    result = syn.common_odds_ratio(treated, control)
    if not result.finite:
        return
    assert result.converged
    swapped = syn.common_odds_ratio(control, treated)
    turned = syn.common_odds_ratio(treated[::-1], control[::-1])
    for mirrored in (swapped, turned):
        assert mirrored.log_or == pytest.approx(-result.log_or, rel=1e-6, abs=1e-7)
        assert mirrored.se == pytest.approx(result.se, rel=1e-6)


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="2 and 3 categories"):
        syn.common_odds_ratio([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"treated_counts\[1\] is -2"):
        syn.common_odds_ratio([1, -2], [1, 2])
    with pytest.raises(ValueError, match="control_counts holds nobody"):
        syn.common_odds_ratio([1, 2], [0, 0])
