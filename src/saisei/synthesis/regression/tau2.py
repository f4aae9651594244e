"""Estimators of tau2 when moderators explain part of the differences between studies.

The regression forms are those collected by Viechtbauer, López-López, Sánchez-Meca and
Marín-Martínez (2015). With ``w = 1 / (v + tau2)``, ``P = W - W X (X'WX)^-1 X'W``, k studies and p
coefficients; with a column of ones for ``X`` each is the estimator of the same name in
``heterogeneity``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.pairwise.heterogeneity import (
    GRID_STEP,
    Heterogeneity,
    Method,
    turning_cells,
)
from saisei.synthesis.regression.design import basis, weighted_fit

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray

EXACT = 1e-13
"""Residuals below this part of the estimates are rounding: the moderators explain everything."""


def moderated_tau2(y: FloatArray, v: FloatArray, x: FloatArray, method: Method) -> Heterogeneity:
    """Estimate the residual tau2 of ``y`` on the columns of ``x`` (all are cut at zero)."""
    if method == "EE":
        return Heterogeneity(0.0)
    order = np.argsort(v, kind="stable")  # falling weight, whatever tau2
    v, space = v[order], basis(x)[order]
    crude = float(y.var()) or float(y @ y) / y.size
    scale = float(np.abs(y).max())
    y = _residual(y[order], space)
    if float(np.abs(y).max()) <= EXACT * scale:
        return Heterogeneity(0.0, boundary=True)
    if method in {"ML", "REML"}:
        return _likelihood(y, v, space, restricted=method == "REML")
    if method in {"PM", "EB"}:
        return _empirical_bayes(y, v, space)
    value = _closed(y, v, space, method, crude)
    return Heterogeneity(max(0.0, value), boundary=value <= 0.0)


def _residual(y: FloatArray, space: FloatArray) -> FloatArray:
    """Residuals of plain least squares, cleaned twice so that they hold no trace of the fit."""
    for _ in range(2):
        y = y - space @ (space.T @ y)
    return y


def _closed(y: FloatArray, v: FloatArray, x: FloatArray, method: Method, crude: float) -> float:
    """Estimate without iteration.

    DL ``(QE - (k - p)) / tr P`` at tau2 = 0; HE ``(RSS - tr(M V)) / (k - p)`` with ``M`` of plain
    least squares; HS ``(QE - k) / sum w``, HSk the same with QE times ``k / (k - p)``; SJ
    ``c y'Py / (k - p)`` at tau2 = c, the crude variance of the estimates about their mean (Sidik
    and Jonkman 2005).
    """
    k, df = y.size, float(y.size - x.shape[1])
    if method == "HE":
        hat = np.vecdot(x, x)
        return (float(y @ y) - float(v @ (1.0 - hat))) / df
    if method == "SJ":
        return float(weighted_fit(y, x, 1.0 / (v / crude + 1.0)).squares) / df
    fit = weighted_fit(y, x, 1.0 / v)
    if method == "HS":
        return (float(fit.squares) - k) / float(fit.w.sum())
    if method == "HSk":
        return (float(fit.squares) * k / df - k) / float(fit.w.sum())
    return (float(fit.squares) - df) / float(fit.trace)


def _empirical_bayes(y: FloatArray, v: FloatArray, x: FloatArray) -> Heterogeneity:
    """Solve ``y'Py = k - p`` (Paule and Mandel 1982; Morris 1983); the left side falls."""
    unit, df = float(v.min()), x.shape[0] - x.shape[1]
    if float(weighted_fit(y, x, 1.0 / v).squares) <= df:
        return Heterogeneity(0.0, boundary=True)

    def gap(s: float) -> tuple[float, float]:
        tau2 = unit * math.expm1(s)
        fit = weighted_fit(y, x, 1.0 / (v + tau2))
        q = float(fit.squares)
        slope = -float(fit.w @ (fit.residual * fit.residual))
        return math.log(q / df), slope * (tau2 + unit) / q

    top = math.log1p(float(y @ y) / df / unit) + 1e-9
    root = falling_root(gap, 0.0, top, 0.5 * top)
    tau2 = unit * math.expm1(root.x)
    return Heterogeneity(tau2, root.converged, root.iterations, tau2 == 0.0)


def _likelihood(y: FloatArray, v: FloatArray, x: FloatArray, *, restricted: bool) -> Heterogeneity:
    """(Restricted) maximum likelihood at the global maximum: grid, refine, compare.

    ``y'PPy <= max(w)^2 RSS`` and ``tr P >= min(w) (k - p)``, so the likelihood only falls beyond
    ``max(max(v), 2 RSS / (k - p))``. The determinant of ``X'WX`` is a sum of products of p
    weights, so features may be p times as narrow as with one column: the grid is that much finer.
    """
    k, p = x.shape
    unit = float(v.min())
    highest = max(float(v.max()), 2.0 * float(y @ y) / (k - p if restricted else k))
    top = math.log1p(highest / unit)

    def at(points: FloatArray) -> tuple[FloatArray, FloatArray]:
        tau2 = unit * np.expm1(points)
        first, second = score(y, v, x, tau2, restricted=restricted)
        scale = tau2 + unit  # d tau2 / ds
        return first * scale, (second * scale + first) * scale

    def single(point: float) -> tuple[float, float]:
        first, second = at(np.asarray(point))
        return float(first), float(second)

    grid = np.linspace(0.0, top, 2 + math.ceil(top * p / GRID_STEP))
    s, cells, rises = turning_cells(at, grid)
    roots = [falling_root(single, s[i], s[i + 1], 0.5 * (s[i] + s[i + 1])) for i in cells]
    candidates = [unit * math.expm1(root.x) for root in roots]
    if not rises:
        candidates.insert(0, 0.0)
    best = candidates[0]
    if len(candidates) > 1:
        heights = log_likelihood(y, v, x, np.asarray(candidates), restricted=restricted)
        best = candidates[int(np.argmax(heights))]
    return Heterogeneity(
        best,
        converged=all(root.converged for root in roots),
        iterations=sum(root.iterations for root in roots),
        boundary=best == 0.0,
        multimodal=len(candidates) > 1,
    )


def score(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    tau2: FloatArray | np.float64,
    *,
    restricted: bool,
) -> tuple[FloatArray, FloatArray]:
    """First and second derivative in tau2 of the (restricted) log-likelihood (Harville 1977)."""
    fit = weighted_fit(y, x, 1.0 / np.add.outer(tau2, v))
    w, root, half = fit.w, fit.root, np.sqrt(fit.w)
    py = half * fit.residual
    inner = np.einsum("...kp,...k->...p", root, half * py)
    again = half * py - np.einsum("...kp,...p->...k", root, inner)  # W^-1/2 P P y
    cubic = np.vecdot(again, again)
    if not restricted:
        return 0.5 * (np.vecdot(py, py) - w.sum(-1)), 0.5 * np.vecdot(w, w) - cubic
    cross = np.einsum("...kp,...k,...kq->...pq", root, w, root, optimize=False)
    trace2 = np.vecdot(w * w, 1.0 - 2.0 * fit.hat) + (cross * cross).sum((-2, -1))
    return 0.5 * (np.vecdot(py, py) - fit.trace), 0.5 * trace2 - cubic


def log_likelihood(
    y: FloatArray, v: FloatArray, x: FloatArray, tau2: FloatArray, *, restricted: bool
) -> FloatArray:
    """Return the (restricted) log-likelihood without its constants, at several values of tau2."""
    spread = np.add.outer(tau2, v)
    fit = weighted_fit(y, x, 1.0 / spread)
    value = np.log(spread).sum(-1) + fit.squares
    if restricted:
        diagonal = np.abs(np.diagonal(fit.triangle, axis1=-2, axis2=-1))
        value = value + 2.0 * np.log(diagonal).sum(-1)
    return np.asarray(-0.5 * value)
