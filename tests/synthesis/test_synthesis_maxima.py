"""The global maximum always: ``pool_batch`` and ``pool`` against a fine grid, refined.

20,000 sets of 2 to 8 studies with variances over up to twelve orders of magnitude. The likelihood
is written anew here, taken at 301 values of tau2 (0 and even steps of its logarithm, from a
ten-thousandth of the smallest variance to beyond where it can only fall) and three times at 41
values about the highest of them, which leaves the place of the maximum to 1e-5 of a grid step and
its height, flat there, far below rounding. 1e-9 is asked: sums of up to nine logarithms and
quotients of a size up to some 1e3 are rounded to 1e-12 of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pytest

from saisei import synthesis as syn

TWO_PEAKS = (
    (-2.59, -3.30, 4.10, -0.67, -3.10, -2.68),
    (0.002, 31.339, 1.841, 0.633, 10.523, 0.045),
)
ROWS, WIDTH, CHUNK, POINTS = 20_000, 8, 500, 300
Method = Literal["REML", "ML"]
both = pytest.mark.parametrize("method", ["REML", "ML"])


@cache
def hard_sets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates, variances and who takes part; made once, from a fixed seed."""
    rng = np.random.default_rng(20250)
    mask = np.arange(WIDTH) < rng.integers(2, WIDTH + 1, (ROWS, 1))
    reach = rng.choice([1.0, 3.0, 6.0], (ROWS, 1))
    v = 10.0 ** rng.uniform(-reach, reach, (ROWS, WIDTH))
    y = 10.0 ** rng.uniform(-2.0, 2.0, (ROWS, 1)) * rng.standard_normal((ROWS, WIDTH))
    noisy = rng.integers(0, 2, (ROWS, 1))
    return y + noisy * np.sqrt(v) * rng.standard_normal((ROWS, WIDTH)), v, mask


@cache
def pooled(method: Method) -> syn.PoolBatch:
    """All sets in one batch."""
    y, v, mask = hard_sets()
    return syn.pool_batch(y, v, method, mask=mask)


def log_likelihood(
    y: np.ndarray, v: np.ndarray, mask: np.ndarray, tau2: np.ndarray, *, restricted: bool
) -> np.ndarray:
    """Each row's likelihood at its own values of tau2, one column a value."""
    spread = v[:, None, :] + tau2[..., None]
    there = mask[:, None, :]
    w = there / spread
    total = w.sum(axis=-1)
    residual = y[:, None, :] - ((w * y[:, None, :]).sum(axis=-1) / total)[..., None]
    value = (there * np.log(spread)).sum(axis=-1) + (w * residual**2).sum(axis=-1)
    return np.asarray(-0.5 * (value + (np.log(total) if restricted else 0.0)))


@dataclass(frozen=True)
class Grid:
    """What the grid says of each set.

    ``best`` is the highest value, ``valley`` the depth of the deepest valley between two peaks
    (0 with one peak), ``falls`` whether the likelihood falls from tau2 = 0 down to its first one.
    """

    best: np.ndarray
    valley: np.ndarray
    falls: np.ndarray


def _part(y: np.ndarray, v: np.ndarray, mask: np.ndarray, *, restricted: bool) -> np.ndarray:
    """Rows of ``best``, ``valley`` and ``falls`` of one chunk."""
    rows = np.arange(y.shape[0])
    small = 1e-4 * np.where(mask, v, np.inf).min(axis=1)
    range2 = np.ptp(np.where(mask, y, y[:, :1]), axis=1) ** 2
    top = 4.0 * np.maximum(np.where(mask, v, 0.0).max(axis=1), range2)
    tau2 = small[:, None] * (top / small)[:, None] ** np.linspace(0.0, 1.0, POINTS)
    tau2 = np.concatenate([np.zeros((rows.size, 1)), tau2], axis=1)
    height = log_likelihood(y, v, mask, tau2, restricted=restricted)
    before = np.maximum.accumulate(height, axis=1)
    after = np.maximum.accumulate(height[:, ::-1], axis=1)[:, ::-1]
    valley = (np.minimum(before, after) - height).max(axis=1)
    lowest = np.argmax(np.minimum(before, after) - height, axis=1)
    falls = before[rows, lowest] == height[:, 0]
    best = height.max(axis=1)
    for _ in range(3):
        at = height.argmax(axis=1)
        low = tau2[rows, np.maximum(at - 1, 0)]
        high = tau2[rows, np.minimum(at + 1, tau2.shape[1] - 1)]
        tau2 = low[:, None] + np.linspace(0.0, 1.0, 41) * (high - low)[:, None]
        height = log_likelihood(y, v, mask, tau2, restricted=restricted)
        best = np.maximum(best, height.max(axis=1))
    return np.array([best, valley, falls])


def grid(method: Method) -> Grid:
    """Go through all sets in chunks, so that the working arrays stay small."""
    y, v, mask = hard_sets()
    parts = []
    for start in range(0, ROWS, CHUNK):
        rows = slice(start, start + CHUNK)
        parts.append(_part(y[rows], v[rows], mask[rows], restricted=method == "REML"))
    best, valley, falls = np.concatenate(parts, axis=1)
    return Grid(best, valley, falls > 0.0)


@pytest.mark.parametrize(
    ("method", "two", "interior"), [("REML", 65, 22), ("ML", 1180, 905)], ids=["REML", "ML"]
)
def test_a_batch_finds_the_highest_of_all(method: Method, two: int, interior: int) -> None:
    """And tells where there are others; one test for each method, since its grid takes two seconds.

    Every valley deeper than rounding is told, down to some 1e-5 of a log-likelihood. One that the
    grid takes for rounding may be told or not; there must be few (10 of 20,000). The documents
    tell how often there are two, and how often the likelihood falls at 0 and is yet highest
    elsewhere (``interior``).
    """
    y, v, mask = hard_sets()
    batch, seen = pooled(method), grid(method)
    restricted = method == "REML"
    found = log_likelihood(y, v, mask, batch.tau2[:, None], restricted=restricted)[:, 0]
    assert (found - seen.best).min() > -1e-9
    assert batch.converged.all()
    several = seen.valley > 1e-9
    assert batch.multimodal[several].all()
    assert np.count_nonzero(batch.multimodal & ~several) < 10
    assert np.count_nonzero(several) == two
    assert np.count_nonzero(several & seen.falls & ~batch.boundary) == interior


@both
def test_one_pool_says_the_same(method: Method) -> None:
    """The sets with two maxima, those within reach of them, and every tenth of the others.

    One pool at a time costs forty times one of a batch; all 20,000 would take as long as every
    other test of this file together and could only find what the batch has found.
    """
    y, v, mask = hard_sets()
    batch = pooled(method)
    chosen = np.flatnonzero(batch.multimodal | (np.arange(ROWS) % 10 == 0))
    for row in chosen.tolist():
        there = mask[row]
        one = syn.pool(y[row, there], v[row, there], method)
        assert one.tau2 == pytest.approx(batch.tau2[row], rel=1e-8, abs=1e-12 * v[row].min())
        assert one.multimodal == batch.multimodal[row]
        assert one.converged


@pytest.mark.parametrize("turned", [1.0, -1.0])
@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_the_fixed_set_everywhere(turned: float, scale: float) -> None:
    """One pool, a batch, a regression without moderators: tau2 = 6.4858 and not 0."""
    y, v = turned * scale * np.array(TWO_PEAKS[0]), scale**2 * np.array(TWO_PEAKS[1])
    found: list[Any] = [syn.pool(y, v), syn.regress(y, v)]
    for fit in found:
        assert fit.tau2 / scale**2 == pytest.approx(6.4858, abs=1e-4)
        assert fit.multimodal
        assert not fit.boundary
    batch = syn.pool_batch(y, v)
    assert batch.tau2[0] == pytest.approx(found[0].tau2, rel=1e-10)
    assert batch.multimodal.all()
