"""``network`` names what is wrong with its input: the study, the arms and by how much."""

from __future__ import annotations

import math
from typing import Any

import pytest

from saisei import synthesis as syn

COLUMNS = ("study", "treat1", "treat2", "te", "se")

TRIANGLE: dict[str, Any] = {
    "study": ["x", "x", "x"],
    "treat1": ["A", "A", "B"],
    "treat2": ["B", "C", "C"],
    "te": [0.5, 0.8, 0.3],
    "se": [0.2, 0.2, 0.2],
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"te": [0.5, 0.9, 0.3]}, "study x: its effects of A, B and C do not add up.*off by 0.1,"),
        ({"se": [0.2, 0.5, 0.2]}, "study x: the standard error of A against C.*off by 0.1"),
        ({"study": ["x", "x", "y"]}, r"study x has 3 arms \(A, B, C\).*B against C is missing"),
        ({"treat1": ["A", "A", "A"]}, "study x gives A against C more than once"),
        ({"treat1": ["A", "A", "C"]}, "contrast 2 of study x compares C with itself"),
        ({"te": [0.5, math.nan, 0.3]}, r"te\[1\] is nan"),
        ({"se": [0.2, 0.2, 0.0]}, r"se\[2\] is 0; expected a finite number above 0"),
        ({"se": [0.2, 0.2]}, "lengths are study 3, treat1 3, treat2 3, te 3, se 2"),
        ({name: [] for name in COLUMNS}, "there is no contrast"),
        ({"method": "XX"}, "method is 'XX'"),
        ({"level": 95}, "level is 95"),
        ({"tolerance": -1.0}, "tolerance is -1"),
        (
            {"study": ["x", "y", "y"], "treat1": ["A", "C", "C"], "treat2": ["B", "D", "D"]},
            "falls into 2 parts without a study between them: A, B; C, D",
        ),
    ],
)
def test_bad_input_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        syn.network(**{**TRIANGLE, **changes})


def test_rounded_effects_pass_with_a_tolerance() -> None:
    rounded = {**TRIANGLE, "te": [0.5, 0.81, 0.3]}
    with pytest.raises(ValueError, match=r"tolerance 0\.01 standard errors"):
        syn.network(**rounded)
    result = syn.network(**rounded, tolerance=0.1)
    assert result.common.te[0, 2] == pytest.approx(0.81 - 0.01 / 3)


def test_arms_that_are_not_independent_are_noted() -> None:
    result = syn.network(**{**TRIANGLE, "se": [0.2, 0.3, 0.2]})
    assert "arm B would have the variance -0.005" in result.notes[0]


def test_four_arms_that_no_covariance_allows() -> None:
    """A square with diagonals as long as its sides lies in no space (each triangle does)."""
    pairs = [("A", "B"), ("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "D")]
    one, two = zip(*pairs, strict=True)
    se = [0.51, 0.51, 0.51, 1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="study x: no arms A, B, C, D can have"):
        syn.network(["x"] * 6, one, two, [0.0] * 6, se)


def test_the_order_of_treatments() -> None:
    """Numbers by size, whether they come as numbers or as words; names without regard to case."""
    numbered = syn.network([1, 2, 3], [10, 2, 1], [2, 1, 9], [0.1, 0.2, 0.3], [0.1] * 3)
    assert numbered.treatments == ("1", "2", "9", "10")
    named = syn.network([1, 2, 3], ["b", "A", "10"], ["A", "10", "C"], [0.1, 0.2, 0.3], [0.1] * 3)
    assert named.treatments == ("10", "A", "b", "C")
