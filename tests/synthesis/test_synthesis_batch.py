"""``pool_batch``: the answers of ``pool``, the global maximum, masks, mistakes, cost.

Tolerances. Row by row the batch does the arithmetic of ``pool`` in another order of summation:
1e-10 relative is asked of everything, far above rounding and far below any meaning.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import Method
from saisei.synthesis.pairwise.pooling import Test

REFERENCE = json.loads((Path(__file__).parent / "reference" / "pairwise.json").read_text("utf-8"))
TWO_PEAKS = (
    (-2.59, -3.30, 4.10, -0.67, -3.10, -2.68),
    (0.002, 31.339, 1.841, 0.633, 10.523, 0.045),
)
SAME = ("estimate", "se", "p", "tau2", "i2", "h2", "q", "q_p", "ci", "prediction_interval")
EXACT = ("k", "q_df", "converged", "boundary", "multimodal")


def agrees(row: int, batch: syn.PoolBatch, single: syn.PoolResult, there: np.ndarray) -> None:
    """Assert that one row is what ``pool`` says."""
    for name in SAME:
        expected = getattr(single, name)
        expected = np.full(2, np.nan) if expected is None else np.asarray(expected)
        size = float(np.nanmax(np.abs(expected))) if not np.isnan(expected).all() else 0.0
        np.testing.assert_allclose(
            getattr(batch, name)[row], expected, rtol=1e-10, atol=1e-10 * size, err_msg=name
        )
    for name in EXACT:
        assert getattr(batch, name)[row] == getattr(single, name), name
    np.testing.assert_allclose(batch.weights[row][there], single.weights, rtol=1e-10)
    assert not batch.weights[row][~there].any()


def hard_sets(seed: int, rows: int, width: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sets of 2 to ``width`` studies with very unequal variances; every other has two peaks."""
    rng = np.random.default_rng(seed)
    v = np.exp(rng.normal(0.0, rng.choice([1.0, 3.0, 5.0], (rows, 1)), (rows, width)))
    y = rng.normal(0.0, 3.0, (rows, width))
    mask = np.arange(width) < rng.integers(2, width + 1, (rows, 1))
    half = rows // 2
    y[:half, :6] = np.array(TWO_PEAKS[0]) + rng.normal(0.0, 0.3, (half, 6))
    v[:half, :6] = np.array(TWO_PEAKS[1]) * np.exp(rng.normal(0.0, 0.3, (half, 6)))
    mask[:half] = np.arange(width) < 6
    return y, v, rng.permuted(mask, axis=1) if half == 0 else mask


@pytest.mark.parametrize("method", [*get_args(Method)])
@pytest.mark.parametrize("test", [*get_args(Test)])
def test_each_row_is_what_pool_says(method: Method, test: Test) -> None:
    y, v, mask = hard_sets(7, 60)
    rng = np.random.default_rng(8)
    mask[30:] = rng.random((30, 9)) < 0.6
    y[0, :6], v[0, :6] = TWO_PEAKS
    y[1] = 0.3
    mask[2], mask[3] = False, np.arange(9) == 4
    batch = syn.pool_batch(y, v, method, test, 0.9, mask)
    for row in range(60):
        there = mask[row]
        if there.any():
            agrees(row, batch, syn.pool(y[row, there], v[row, there], method, test, 0.9), there)
        else:
            assert np.isnan([getattr(batch, name)[row] for name in SAME[:8]]).all()
            assert not batch.converged[row]
    assert batch.k[2:4].tolist() == [0, 1]
    assert batch.notes[0].endswith("without a study: nothing to pool")


@pytest.mark.parametrize("method", [*get_args(Method)])
def test_published_sets_of_different_length_in_one_batch(method: Method) -> None:
    cases: list[dict[str, Any]] = REFERENCE["cases"]
    width = max(len(case["yi"]) for case in cases)
    y, v = np.full((len(cases), width), np.nan), np.full((len(cases), width), -1.0)
    for row, case in enumerate(cases):
        y[row, : len(case["yi"])], v[row, : len(case["vi"])] = case["yi"], case["vi"]
    batch = syn.pool_batch(y, v, method, mask=np.isfinite(y))
    for row, case in enumerate(cases):
        agrees(row, batch, syn.pool(case["yi"], case["vi"], method), np.isfinite(y[row]))


def test_the_higher_of_two_maxima_is_taken() -> None:
    batch = syn.pool_batch([TWO_PEAKS[0]] * 3, TWO_PEAKS[1])
    assert batch.tau2 == pytest.approx([6.4858] * 3, abs=1e-4)
    assert batch.multimodal.all()
    assert not batch.boundary.any()
    assert "3 pools with several maxima of the likelihood; the highest was taken" in batch.notes


def log_likelihood(
    y: np.ndarray, v: np.ndarray, mask: np.ndarray, tau2: np.ndarray, *, restricted: bool
) -> np.ndarray:
    """Written anew: the likelihood of each row at its own tau2."""
    spread = v + tau2[:, None]
    w = mask / spread
    total = w.sum(axis=1)
    residual = y - ((w * y).sum(axis=1) / total)[:, None]
    value = (mask * np.log(spread)).sum(axis=1) + (w * residual**2).sum(axis=1)
    return np.asarray(-0.5 * (value + (np.log(total) if restricted else 0.0)))


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_no_grid_finds_a_higher_likelihood_near_the_set_of_two_peaks(method: Method) -> None:
    """20,000 sets of other kinds stand in ``test_synthesis_maxima``."""
    y, v, mask = hard_sets(20250, 10_000)
    batch = syn.pool_batch(y, v, method, mask=mask)
    restricted = method == "REML"
    found = log_likelihood(y, v, mask, batch.tau2, restricted=restricted)
    used = np.where(mask, v, np.nan)
    low = np.log(1e-3 * np.nanmin(used, axis=1))
    spread = np.ptp(np.where(mask, y, y[:, :1]), axis=1) ** 2
    high = np.log(2.0 * np.maximum(np.nanmax(used, axis=1), spread))
    best = log_likelihood(y, v, mask, np.zeros(len(batch)), restricted=restricted)
    for share in np.linspace(0.0, 1.0, 150):
        tau2 = np.exp(low + share * (high - low))
        best = np.maximum(best, log_likelihood(y, v, mask, tau2, restricted=restricted))
    # 1e-9: the rounding of sums of logarithms, whose terms reach some 20.
    assert (found >= best - 1e-9).all()
    assert batch.converged.all()
    assert batch.multimodal.sum() > 500
    assert (batch.multimodal & ~batch.boundary).any()
    assert (batch.multimodal & batch.boundary).any()


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_q_profile_intervals_are_those_of_one_pool(level: float) -> None:
    """1e-8 of the limit: both solve the same equation to that, by steps in the logarithm."""
    y, v, mask = hard_sets(11, 300)
    mask[0], mask[1] = False, np.arange(9) == 4
    y[2] = 0.3
    batch = syn.pool_batch(y, v, "DL", level=level, mask=mask, tau2_ci=True)
    assert batch.tau2_ci is not None
    assert np.isnan(batch.tau2_ci[:2]).all()
    assert not batch.tau2_ci[2].any()
    for row in range(3, 300):
        there = mask[row]
        expected = syn.q_profile(y[row, there], v[row, there], level)
        assert batch.tau2_ci[row] == pytest.approx(
            expected, rel=1e-8, abs=1e-9 * v[row, there].min()
        )
    assert (batch.tau2_ci[2:, 0] <= batch.tau2_ci[2:, 1]).all()
    assert syn.pool_batch(y, v, mask=mask).tau2_ci is None


def test_one_row_and_what_repeats() -> None:
    y, v = TWO_PEAKS
    assert len(syn.pool_batch(y, v)) == 1
    batch = syn.pool_batch(y, v, mask=~np.eye(6, dtype=bool))
    assert batch.k.tolist() == [5] * 6
    again = syn.pool_batch(np.tile(y, (6, 1)), np.tile(v, (6, 1)), mask=~np.eye(6, dtype=bool))
    np.testing.assert_array_equal(batch.tau2, again.tau2)
    assert len(syn.pool_batch(np.zeros((0, 4)), np.ones((0, 4)))) == 0


def test_more_rows_than_a_chunk_come_out_in_order() -> None:
    rng = np.random.default_rng(3)
    y, v = rng.normal(size=(30_000, 5)), rng.uniform(0.1, 1.0, (30_000, 5))
    batch = syn.pool_batch(y, v, "DL")
    for row in (0, 13_106, 13_107, 29_999):
        agrees(row, batch, syn.pool(y[row], v[row], "DL"), np.ones(5, dtype=bool))


def test_a_big_batch_needs_little_beyond_inputs_and_results() -> None:
    """Per pool of 20: 160 bytes of weights, some 200 of the other results, and chunks of 20 MB.

    A million of them therefore take 0.36 GB beside 0.32 GB of inputs.
    """
    rng = np.random.default_rng(4)
    rows = 50_000
    y, v = rng.normal(size=(rows, 20)), rng.uniform(0.1, 1.0, (rows, 20))
    tracemalloc.start()
    syn.pool_batch(y, v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < rows * 400 + 3e7


def test_ten_thousand_pools_are_fast() -> None:
    """Some 8 microseconds each on a plain machine; 30 is asked, the best of three counts."""
    rng = np.random.default_rng(5)
    y, v = rng.normal(size=(10_000, 13)), rng.uniform(0.1, 1.0, (10_000, 13))
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        syn.pool_batch(y, v)
        best = min(best, time.perf_counter() - start)
    assert best / 10_000 < 30e-6


def test_results_read_and_travel() -> None:
    batch = syn.pool_batch(
        [[0.1, 0.4, 0.3], [0.2, 0.1, 0.0]], [0.02, 0.03, 0.04], mask=[[True] * 3, [False] * 3]
    )
    again = json.loads(json.dumps(batch.to_dict(), allow_nan=False))
    assert again["estimate"][1] is None
    assert again["ci"][0] == batch.ci[0].tolist()
    assert batch.tau[0] == np.sqrt(batch.tau2[0])
    assert "2 pools, method REML" in repr(batch)
    assert not batch.estimate.flags.writeable


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["REML", "ML", "PM", "DL", "HE", "SJ", "HS"]))
def test_order_of_rows_and_of_studies(seed: int, method: Method) -> None:
    """1e-6 of the spread: near a flat top a root is only as sharp as the likelihood."""
    y, v, mask = hard_sets(seed, 12)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(12), rng.permutation(9)
    base = syn.pool_batch(y, v, method, mask=mask)
    other = syn.pool_batch(
        -y[rows][:, columns], v[rows][:, columns], method, mask=mask[rows][:, columns]
    )
    spread = (base.se + base.tau)[rows]
    assert (np.abs(other.estimate + base.estimate[rows]) <= 1e-6 * spread).all()
    assert (np.abs(other.tau2 - base.tau2[rows]) <= 1e-6 * spread**2).all()


@pytest.mark.parametrize(
    ("y", "v", "mask", "message"),
    [
        ([[1.0, np.nan]], [[1.0, 1.0]], None, r"y\[0, 1\] is nan; .* masked out"),
        ([[1.0, 2.0]], [[1.0, 0.0]], None, r"v\[0, 1\] is 0; expected from"),
        ([[1.0, 2.0]] * 3, [[1.0, 2.0], [1.0, 2.0], [-1.0, 2.0]], None, r"v\[2, 0\] is -1"),
        ([[1.0, 2.0]], [[1.0, 2.0, 3.0]], None, r"y \(1, 2\), v \(1, 3\)"),
        ([[[1.0]]], [[1.0]], None, r"expected \(B, K\)"),
        (["a"], [1.0], None, "must be numbers"),
        ([[1.0, 2.0]], [[1.0, 2.0]], [[1, 0]], "mask holds int64; expected True and False"),
    ],
)
def test_a_mistake_is_named_where_it_stands(y: Any, v: Any, mask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.pool_batch(y, v, mask=mask)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="expected one of EE, DL"):
        syn.pool_batch([[1.0, 2.0]], [[1.0, 1.0]], "XX")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected one of z, t, knha"):
        syn.pool_batch([[1.0, 2.0]], [[1.0, 1.0]], test="w")  # type: ignore[arg-type]
