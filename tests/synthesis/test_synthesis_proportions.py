"""Intervals of proportions against published examples and SciPy's exact test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from saisei import synthesis as syn


def test_no_event_among_18() -> None:
    """Two-sided 95 %: up to 19 of 100 cannot be excluded; 1 - 0.025^(1/18) in closed form."""
    result = syn.binomial_interval(0, 18)
    assert result.lower == 0.0
    assert result.upper == pytest.approx(1 - 0.025 ** (1 / 18), rel=1e-12)
    assert round(result.upper, 3) == 0.185
    assert syn.binomial_interval(18, 18).lower == pytest.approx(0.025 ** (1 / 18), rel=1e-12)
    assert syn.binomial_interval(18, 18).upper == 1.0


@pytest.mark.parametrize("method", ["clopper-pearson", "wilson"])
def test_against_scipy(method: str) -> None:
    names = {"clopper-pearson": "exact", "wilson": "wilson"}
    for events, n in ((0, 1), (1, 1), (3, 20), (19, 20), (50, 123), (0, 1000)):
        for level in (0.8, 0.95, 0.999):
            found = syn.binomial_interval(events, n, level, method)  # type: ignore[call-overload]
            exact = stats.binomtest(events, n).proportion_ci(level, names[method])  # type: ignore[arg-type]
            assert found.lower == pytest.approx(exact.low, rel=1e-9, abs=1e-12)
            assert found.upper == pytest.approx(exact.high, rel=1e-9)


def test_arrays_go_in_and_out() -> None:
    many = syn.binomial_interval([0, 3, 20], [18, 20, 20])
    one = syn.binomial_interval(3, 20)
    assert isinstance(many.upper, np.ndarray)
    assert many.upper.shape == (3,)
    assert many.lower[1] == one.lower
    assert isinstance(one.lower, float)


@pytest.mark.parametrize(
    ("counts", "lower", "upper"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0000),
        ((0, 10, 0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombe_as_published(
    counts: tuple[int, int, int, int], lower: float, upper: float
) -> None:
    """Newcombe (1998), table II, method 10."""
    result = syn.difference_interval(*counts)
    assert result.lower == pytest.approx(lower, abs=6e-5)
    assert result.upper == pytest.approx(upper, abs=6e-5)
    assert result.method == "newcombe"


def test_mistakes() -> None:
    with pytest.raises(ValueError, match=r"events\[0\] is 5; expected between 0 and n"):
        syn.binomial_interval(5, 4)
    with pytest.raises(ValueError, match="at least one person"):
        syn.binomial_interval(0, 0)
    with pytest.raises(ValueError, match="method is 'wald'"):
        syn.binomial_interval(1, 4, method="wald")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"events2\[0\] is 9"):
        syn.difference_interval(1, 4, 9, 8)
