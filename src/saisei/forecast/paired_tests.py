"""Two tests of a change from before, over many studies at once: paired t and Wilcoxon.

Changes are whole points, so Wilcoxon's ranks are counted and not sorted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from saisei.forecast.scores import Floats

__all__ = ["paired_t", "t_p_values", "wilcoxon_p_values"]

Changes = NDArray[np.int64]


def paired_t(changes: Changes) -> Floats:
    """Give the paired t of each study (row).

    Where everybody changed by the same amount it is infinite, or 0 where nobody changed.
    """
    mean = changes.mean(axis=1)
    se = changes.std(axis=1, ddof=1) / np.sqrt(changes.shape[1])
    without = np.where(mean == 0, 0.0, np.copysign(np.inf, mean))
    return np.asarray(np.divide(mean, se, out=without, where=se > 0))


def t_p_values(t: Floats, people: int) -> Floats:
    """Give two-sided p-values of paired t statistics."""
    return np.asarray(2 * stdtr(people - 1, -np.abs(t)))


def wilcoxon_p_values(changes: Changes) -> Floats:
    """Give two-sided p-values of the signed-rank test of each study (row).

    People without a change are left out; ties share their ranks; the normal approximation with
    continuity correction and correction for ties, as R's ``wilcox.test`` does with ties. Where
    nobody changed it is 1.
    """
    size = np.abs(changes)
    width = int(size.max()) + 1
    counts = _counted(size, width)[:, 1:]
    gained = _counted(np.where(changes > 0, size, 0), width)[:, 1:]
    ranks = np.cumsum(counts, axis=1) - (counts - 1) / 2
    n = counts.sum(axis=1)
    excess = (gained * ranks).sum(axis=1) - n * (n + 1) / 4
    ties = (counts**3 - counts).sum(axis=1)
    variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48
    corrected = np.maximum(np.abs(excess) - 0.5, 0.0)
    z = np.divide(corrected, np.sqrt(variance), out=np.zeros(n.size), where=variance > 0)
    return np.asarray(2 * ndtr(-z))


def _counted(size: Changes, width: int) -> Floats:
    rows = np.arange(size.shape[0])[:, None] * width
    counted = np.bincount((rows + size).ravel(), minlength=size.shape[0] * width)
    return counted.reshape(-1, width).astype(np.float64)
