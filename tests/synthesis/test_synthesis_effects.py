"""``effect``: what is left out and why, zero cells, mistakes."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from saisei import synthesis as syn

COUNTS: dict[str, Any] = {
    "events1": [4, 0, 0, 9],
    "n1": [20, 20, 9, 9],
    "events2": [6, 3, 0, 8],
    "n2": [20, 19, 8, 8],
}
MEANS: dict[str, Any] = {
    "mean1": [5.0],
    "sd1": [2.0],
    "n1": [20],
    "mean2": [4.0],
    "sd2": [2.5],
    "n2": [22],
}


def test_direction_is_treatment_minus_control() -> None:
    assert syn.effect("MD", **MEANS).y[0] == 1.0
    assert syn.effect("SMD", **MEANS).y[0] > 0
    assert syn.effect("ROM", formula="plain", **MEANS).y[0] == pytest.approx(math.log(5 / 4))
    measures: tuple[Any, ...] = ("OR", "RR", "RD")
    for measure in measures:
        fewer = syn.effect(measure, events1=[2], n1=[20], events2=[6], n2=[20])
        assert fewer.y[0] < 0


def test_swapping_the_arms_turns_the_sign() -> None:
    swapped = {name[:-1] + str(3 - int(name[-1])): value for name, value in MEANS.items()}
    measures: tuple[Any, ...] = ("MD", "SMD", "ROM")
    for measure in measures:
        one, other = syn.effect(measure, **MEANS), syn.effect(measure, **swapped)
        assert one.y == pytest.approx(-other.y)
        assert one.v == pytest.approx(other.v)


def test_a_ratio_leaves_out_what_says_nothing() -> None:
    result = syn.effect("OR", **COUNTS)
    assert result.index.tolist() == [0, 1]
    assert result.adjusted == (1,)
    assert [(one.index, one.reason) for one in result.left_out] == [
        (2, "no event in either arm"),
        (3, "an event in everyone of both arms"),
    ]
    assert "0.5 added" in result.formula
    json.dumps(result.to_dict(), allow_nan=False)


def test_zero_cell_policies() -> None:
    kept = syn.effect("RR", double_zero="keep", **COUNTS)
    assert kept.index.tolist() == [0, 1, 2, 3]
    assert kept.adjusted == (1, 2, 3)
    everywhere = syn.effect("OR", zero_cells="add-half-everywhere", **COUNTS)
    assert everywhere.y[0] == pytest.approx(math.log(4.5 * 14.5 / (16.5 * 6.5)))
    strict = syn.effect("OR", zero_cells="leave-out", **COUNTS)
    assert strict.index.tolist() == [0]
    assert strict.left_out[0] == syn.LeftOut(1, "an empty cell")


def test_a_risk_difference_keeps_double_zeros() -> None:
    result = syn.effect("RD", **COUNTS)
    assert result.index.tolist() == [0, 1, 2, 3]
    assert result.left_out == ()


def test_a_missing_number_is_named() -> None:
    means: list[Any] = [1.0, None]
    result = syn.effect(
        "MD", mean1=means, sd1=[1.0, 1.0], n1=[9, 9], mean2=[0, 0], sd2=[1, 1], n2=[9, 9]
    )
    assert result.left_out == (syn.LeftOut(1, "mean1 is missing"),)
    assert result.y.tolist() == [1.0]


def test_hedges_correction_is_exact() -> None:
    """For 10 degrees of freedom J is 0.9227456 (Hedges 1981, table 1, to its digits)."""
    raw: dict[str, Any] = {
        "mean1": [1.0],
        "sd1": [1.0],
        "n1": [6],
        "mean2": [0.0],
        "sd2": [1.0],
        "n2": [6],
    }
    assert syn.effect("SMD", **raw).y[0] == pytest.approx(0.9227456, abs=1e-7)


@pytest.mark.parametrize(
    ("measure", "change", "message"),
    [
        ("OR", {"events1": [25, 0, 0, 9]}, r"events1\[0\] is 25; expected no more than n1"),
        ("OR", {"n2": [20, 0, 8, 8]}, r"n2\[1\] is 0; expected at least one person"),
        ("OR", {"events2": [-1, 0, 0, 0]}, r"events2\[0\] is -1"),
        ("OR", {"n1": [20]}, "differ in length"),
        ("OR", {"mean1": [1.0]}, "check mean1"),
        ("MD", {}, "expected the numbers mean1 sd1 n1"),
        ("XX", {}, "measure is 'XX'"),
    ],
)
def test_mistakes(measure: Any, change: dict[str, Any], message: str) -> None:
    raw: dict[str, Any] = COUNTS | change
    with pytest.raises(ValueError, match=message):
        syn.effect(measure, **raw)


def test_mistakes_in_means() -> None:
    with pytest.raises(ValueError, match=r"sd1\[0\] is 0; expected a standard deviation above 0"):
        syn.effect("MD", **{**MEANS, "sd1": [0.0]})
    with pytest.raises(ValueError, match=r"n2\[0\] is 1; expected at least two people"):
        syn.effect("SMD", **{**MEANS, "n2": [1]})
    with pytest.raises(ValueError, match=r"mean2\[0\] is -4; expected a mean above 0"):
        syn.effect("ROM", **{**MEANS, "mean2": [-4.0]})
    with pytest.raises(ValueError, match="formula is 'XV'; expected one of LS, LS2, UB"):
        syn.effect("SMD", formula="XV", **MEANS)
    with pytest.raises(ValueError, match="zero_cells is 'half'"):
        syn.effect("OR", zero_cells="half", **COUNTS)  # type: ignore[arg-type]


def test_effects_go_straight_into_a_pool() -> None:
    result = syn.effect(
        "OR", events1=[4, 6, 3], n1=[20, 30, 25], events2=[8, 9, 3], n2=[21, 30, 24]
    )
    assert np.allclose(result.se**2, result.v)
    assert syn.pool(result.y, result.v).k == 3
