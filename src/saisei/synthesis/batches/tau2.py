"""Estimators of tau2 for many pools at once.

Everything is as in ``pairwise.heterogeneity``, whose formulae and bounds these are, on the layout
of ``columns``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis.batches.columns import (
    Columns,
    Found,
    column_products,
    column_squares,
    dot,
    falling_roots,
)
from saisei.synthesis.batches.likelihood import likelihood_columns

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray
    from saisei.synthesis.pairwise.heterogeneity import Method


def estimate_columns(data: Columns, method: Method) -> Found:
    """Estimate tau2 of every column by the named method."""
    n = data.k.size
    if method == "EE":
        return _closed(np.zeros(n), np.zeros(n, dtype=bool))
    if method in {"ML", "REML"}:
        return likelihood_columns(data, restricted=method == "REML")
    if method in {"PM", "EB"}:
        return _paule_mandel(data)
    raw = {
        "DL": _dersimonian_laird,
        "HE": _hedges,
        "SJ": _sidik_jonkman,
        "HS": _hunter_schmidt,
        "HSk": _brannick,
    }
    value = raw[method](data)
    # Equal estimates leave nothing to divide: there is no spread, whatever the formula.
    value = np.where(data.y.any(axis=0), value, 0.0)
    return _closed(np.maximum(0.0, value), value <= 0.0)


def _closed(tau2: FloatArray, boundary: BoolArray) -> Found:
    n = tau2.size
    no = np.zeros(n, dtype=bool)
    return Found(tau2, ~no, np.zeros(n, dtype=np.intp), boundary, no)


def _dersimonian_laird(data: Columns) -> FloatArray:
    w = 1.0 / data.v
    total = w.sum(axis=0)
    excess = column_squares(data.y, w, total) - (data.k - 1)
    return np.asarray(excess * total / column_products(w))


def _hedges(data: Columns) -> FloatArray:
    mean_variance = np.where(data.there, data.v, 0.0).sum(axis=0) / data.k
    return np.asarray(dot(data.y, data.y) / (data.k - 1) - mean_variance)


def _sidik_jonkman(data: Columns) -> FloatArray:
    crude = dot(data.y, data.y) / data.k
    w = 1.0 / (data.v / np.where(crude > 0.0, crude, 1.0) + 1.0)
    return np.asarray(column_squares(data.y, w, w.sum(axis=0)) / (data.k - 1))


def _hunter_schmidt(data: Columns) -> FloatArray:
    w = 1.0 / data.v
    total = w.sum(axis=0)
    return np.asarray((column_squares(data.y, w, total) - data.k) / total)


def _brannick(data: Columns) -> FloatArray:
    w = 1.0 / data.v
    total = w.sum(axis=0)
    squares = column_squares(data.y, w, total) * data.k / (data.k - 1)
    return np.asarray((squares - data.k) / total)


def _paule_mandel(data: Columns) -> Found:
    """Solve ``Q(tau2) = k - 1`` in every column where Q(0) is above it."""
    tau2, boundary, steps, converged = _solve_q(data, data.k - 1)
    return Found(tau2, converged, steps, boundary, np.zeros(tau2.size, dtype=bool))


def q_profile_columns(data: Columns, level: float) -> FloatArray:
    """Q-profile intervals of tau2, a row for each pool (Viechtbauer 2007)."""
    out = np.empty((data.k.size, 2))
    for side, p in enumerate(((1.0 - level) / 2.0, (1.0 + level) / 2.0)):
        quantile = special.chdtri(np.arange(1.0, data.k.max()), p)
        out[:, side] = _solve_q(
            data, np.asarray(quantile[data.k.astype(np.intp) - 2], dtype=np.float64)
        )[0]
    return out


def _solve_q(
    data: Columns, target: FloatArray
) -> tuple[FloatArray, BoolArray, IntArray, BoolArray]:
    """Where Q falls to the target: tau2, whether it is 0, steps and whether they sufficed."""
    w = 1.0 / data.v
    above = np.flatnonzero(column_squares(data.y, w, w.sum(axis=0)) > target)
    y, v, target = data.y[:, above], data.v[:, above], target[above]
    unit = v.min(axis=0)

    def gap(s: FloatArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
        tau2 = unit[at] * np.expm1(s)
        w = 1.0 / (v[:, at] + tau2)
        r = y[:, at] - dot(w, y[:, at]) / w.sum(axis=0)
        wr = w * r
        q = dot(wr, r)
        return np.log(q / target[at]), -dot(wr, wr) * (tau2 + unit[at]) / q

    top = np.log1p(dot(y, y) / target / unit) + 1e-9
    s, taken, reached = falling_roots(gap, np.zeros(top.size), top, 0.5 * top)
    n = data.k.size
    tau2, steps, converged = np.zeros(n), np.zeros(n, dtype=np.intp), np.ones(n, dtype=bool)
    tau2[above], steps[above], converged[above] = unit * np.expm1(s), taken, reached
    return tau2, tau2 == 0.0, steps, converged
