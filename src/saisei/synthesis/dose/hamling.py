"""Counts that reproduce printed ratios and their standard errors (Hamling and others 2008).

Ratios R_j and variances V_j against one reference fix the counts up to two unknowns: the
reference's ``q = A_0 / B_0`` (B: those without the event; for risks everybody, for rates
person-time) and its part of the variance, s. Then ``A_j = g(q R_j) / (V_j - s)`` and
``B_j = A_j / (q R_j)``, with ``g(x) = 1 + x`` for odds, ``1 - x`` for risks, 1 for rates. q and s
are those that keep the crude table's share of the reference in B and its ratio of B to A.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.roots import falling_root

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray


def shared_variance(
    y: FloatArray, variance: FloatArray, cases: FloatArray, others: FloatArray, kind: str
) -> float | None:
    """Return s, or None where no counts fit.

    ``y`` and ``variance`` are those of the contrasts; ``cases`` and ``others`` (B) of all groups,
    the reference first.
    """
    relative = np.exp(y)
    share, ratio = float(others[0] / others.sum()), float(others.sum() / cases.sum())
    smallest = float(variance.min())

    def counts(log_q: float, s: float) -> tuple[FloatArray, FloatArray]:
        x = math.exp(log_q) * np.append(1.0, relative)
        g = {"cc": 1.0 + x, "ci": 1.0 - x, "ir": np.ones_like(x)}[kind]
        a = g / np.append(s, variance - s)
        return a, a / x

    def part(log_q: float) -> float:
        """Return the s that keeps the reference's share; that share falls in s."""

        def gap(logit: float) -> tuple[float, float]:
            b = counts(log_q, smallest / (1.0 + math.exp(-logit)))[1]
            return float(b[0] / b.sum()) - share, 0.0

        root = falling_root(gap, -30.0, 30.0, 0.0)
        return smallest / (1.0 + math.exp(-root.x))

    def excess(log_q: float) -> tuple[float, float]:
        a, b = counts(log_q, part(log_q))
        return math.log(b.sum() / a.sum() / ratio), 0.0

    high = -math.log(max(1.0, float(relative.max()))) - 1e-9 if kind == "ci" else 30.0
    if excess(-30.0)[0] <= 0.0 or excess(high)[0] > 0.0:
        return None
    root = falling_root(excess, -30.0, high, min(-math.log(ratio), high - 0.1))
    return part(root.x)
