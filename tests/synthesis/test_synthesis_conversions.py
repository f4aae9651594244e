"""Conversions against simulated truth, closed forms and their own limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from saisei import synthesis as syn


def test_standard_error_from_an_interval() -> None:
    assert syn.se_from_ci(-1.0, 3.0) == pytest.approx(4 / (2 * stats.norm.ppf(0.975)))
    assert syn.se_from_ci(-1.0, 3.0, 0.9, df=7) == pytest.approx(4 / (2 * stats.t.ppf(0.95, 7)))
    pooled = syn.pool([0.1, 0.5], [0.04, 0.09], "EE", "z")
    assert syn.se_from_ci(*pooled.ci) == pytest.approx(pooled.se, rel=1e-12)


def test_combined_arms_are_one_group() -> None:
    """The formula must give what the people together give."""
    rng = np.random.default_rng(3)
    groups = [rng.normal(mean, 2, n) for mean, n in ((1, 12), (3, 30), (2, 7))]
    result = syn.combine_arms(
        [len(g) for g in groups], [g.mean() for g in groups], [g.std(ddof=1) for g in groups]
    )
    together = np.concatenate(groups)
    assert result.n == 49
    assert result.mean == pytest.approx(together.mean(), rel=1e-12)
    assert result.sd == pytest.approx(together.std(ddof=1), rel=1e-12)


def test_quantile_conversions_recover_a_normal_sample() -> None:
    """On the mean order statistics of normal samples the SD must come out close (Wan 2014)."""
    rng = np.random.default_rng(5)
    samples = np.sort(rng.normal(50, 10, (4000, 61)), axis=1)
    low, q1, median, q3, high = samples[:, [0, 15, 30, 45, 60]].mean(0)
    for result in (
        syn.mean_sd_from_median_iqr(median, q1, q3, 61),
        syn.mean_sd_from_median_range(median, low, high, 61),
        syn.mean_sd_from_five_numbers(low, q1, median, q3, high, 61),
    ):
        assert result.mean == pytest.approx(50, abs=0.2)
        assert result.sd == pytest.approx(10, abs=0.15)
        assert "Luo 2018" in result.formula
        assert "Wan 2014" in result.formula


def test_symmetric_summaries_give_the_median() -> None:
    assert syn.mean_sd_from_median_iqr(10, 8, 12, 30).mean == pytest.approx(10)
    assert syn.mean_sd_from_median_range(10, 0, 20, 30).mean == pytest.approx(10)
    assert syn.mean_sd_from_five_numbers(0, 8, 10, 12, 20, 30).mean == pytest.approx(10)


def test_factor_for_standardised_differences() -> None:
    assert round(syn.SMD_TO_LOG_OR, 4) == 1.8138
    assert syn.smd_to_log_or(1.0) == syn.SMD_TO_LOG_OR
    assert syn.sd_from_se(0.5, 16) == 2.0


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="no width"):
        syn.se_from_ci(2.0, 2.0)
    with pytest.raises(ValueError, match="se is 0"):
        syn.sd_from_se(0.0, 5)
    with pytest.raises(ValueError, match="q1 9, median 8, q3 12: expected rising"):
        syn.mean_sd_from_median_iqr(8, 9, 12, 30)
    with pytest.raises(ValueError, match="n is 2"):
        syn.mean_sd_from_median_iqr(8, 7, 12, 2)
    with pytest.raises(ValueError, match="must be finite"):
        syn.mean_sd_from_median_range(8, math.nan, 12, 20)
    with pytest.raises(ValueError, match="one value for each arm"):
        syn.combine_arms([1, 2], [1.0], [1.0])
    with pytest.raises(ValueError, match="one person in all"):
        syn.combine_arms([1], [1.0], [0.0])
    with pytest.raises(ValueError, match=r"sd\[0\] is -1"):
        syn.combine_arms([5], [1.0], [-1.0])
