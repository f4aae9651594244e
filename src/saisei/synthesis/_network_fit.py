"""Weighted regression of independent rows, and its heterogeneity variance.

Vocabulary: ``y ~ N(x b, v + tau2)``, ``W = diag(1 / (v + tau2))``,
``P = W - W x (x' W x)^+ x' W``. The estimators are those of ``heterogeneity`` with a design
matrix ``x`` in place of the column of ones; ``x' W x`` may be singular, as a Laplacian is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from saisei.synthesis._roots import falling_root
from saisei.synthesis.heterogeneity import GRID_STEP, Heterogeneity

if TYPE_CHECKING:
    from saisei.synthesis._arrays import FloatArray

NetworkMethod = Literal["DL", "REML", "ML", "EE"]
"""DL DerSimonian-Laird, generalised (Jackson, White and Riley 2012); REML and ML (restricted)
maximum likelihood; EE equal effects (tau2 = 0)."""

NETWORK_METHODS: tuple[str, ...] = get_args(NetworkMethod)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Coefficients, their covariance, the residual Q and the trace of ``P`` at one tau2."""

    b: FloatArray
    covariance: FloatArray
    q: float
    trace: float


def laplacian_inverse(matrix: FloatArray) -> FloatArray:
    """Pseudo-inverse of the Laplacian of a connected graph, whose kernel is known.

    ``L^+ = (L + s J)^-1 - J / (n^2 s)`` with J all ones, for any s above 0; a stack of them too.
    """
    n = matrix.shape[-1]
    s = np.trace(matrix, axis1=-2, axis2=-1)[..., None, None] / (n * n)
    return np.asarray(np.linalg.inv(matrix + s) - 1.0 / (n * n * s))


def general_inverse(matrix: FloatArray) -> FloatArray:
    """Pseudo-inverse of a symmetric matrix of any rank; a stack of them too."""
    return np.asarray(np.linalg.pinv(matrix, rcond=1e-10, hermitian=True))


def solve(
    x: FloatArray, y: FloatArray, v: FloatArray, tau2: float = 0.0, *, graph: bool = True
) -> Solution:
    """Fit by weighted least squares. ``graph``: ``x' W x`` is a connected Laplacian."""
    w = 1.0 / (v + tau2)
    xw = x * w[:, None]
    inverse = (laplacian_inverse if graph else general_inverse)(xw.T @ x)
    b = inverse @ (y @ xw)
    residual = y - x @ b
    trace = float(w.sum() - np.vdot(inverse, xw.T @ xw))
    return Solution(b, inverse, float(w @ (residual * residual)), trace)


def estimate(
    x: FloatArray,
    y: FloatArray,
    v: FloatArray,
    df: int,
    method: NetworkMethod,
    *,
    graph: bool = True,
) -> Heterogeneity:
    """Estimate tau2 by the named method; NaN without a degree of freedom."""
    if df < 1:
        return Heterogeneity(math.nan)
    if method == "EE":
        return Heterogeneity(0.0)
    if method == "DL":
        base = solve(x, y, v, graph=graph)
        value = (base.q - df) / base.trace
        return Heterogeneity(max(0.0, value), boundary=value <= 0.0)
    return _Likelihood(x, y, v, df, method == "REML", graph).maximum()


@dataclass(frozen=True, slots=True, eq=False)
class _Likelihood:
    """The (restricted) likelihood of tau2, on a grid and refined, as in ``heterogeneity``."""

    x: FloatArray
    y: FloatArray
    v: FloatArray
    df: int
    restricted: bool
    graph: bool

    def maximum(self) -> Heterogeneity:
        """Return the global maximum: every change from rising to falling is refined."""
        top = self.highest()
        if top == 0.0:
            return Heterogeneity(0.0, boundary=True)
        unit = float(self.v.min())
        end = math.log1p(top / unit)
        s = np.linspace(0.0, end, 2 + math.ceil(end / GRID_STEP))
        rising = self.score(unit * np.expm1(s))[0] > 0.0
        cells = np.flatnonzero(rising[:-1] & ~rising[1:])

        def slope(at: float) -> tuple[float, float]:
            first, second = self.score(np.array([unit * math.expm1(at)]))
            scale = unit * math.exp(at)  # d tau2 / ds
            one = float(first[0]) * scale
            return one, float(second[0]) * scale * scale + one

        roots = [falling_root(slope, s[c], s[c + 1], 0.5 * (s[c] + s[c + 1])) for c in cells]
        found = [unit * math.expm1(root.x) for root in roots]
        if not rising[0]:
            found.insert(0, 0.0)
        best = found[0]
        if len(found) > 1:
            best = found[int(np.argmax([self.value(tau2) for tau2 in found]))]
        return Heterogeneity(
            best,
            converged=all(root.converged for root in roots),
            iterations=sum(root.iterations for root in roots),
            boundary=best == 0.0,
            multimodal=len(found) > 1,
        )

    def highest(self) -> float:
        """Return a tau2 beyond which the likelihood only falls; 0 when the rows fit exactly.

        ``y'PPy <= RSS / (tau2 + min v)^2`` with RSS of the unweighted fit, and the trace of P is
        at least ``df / (tau2 + max v)``: for tau2 >= max v the score is negative above
        ``2 RSS / df``. The trace of W, for ML, is larger still.
        """
        rss = solve(self.x, self.y, np.ones_like(self.v), graph=self.graph).q
        if rss <= 1e-28 * float(self.y @ self.y):
            return 0.0
        return max(float(self.v.max()), 2.0 * rss / self.df)

    def score(self, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First and second derivative in tau2 (Harville 1977), at several values at once."""
        w = 1.0 / np.add.outer(tau2, self.v)
        x, p = self.x, self.x.shape[1]
        outer = (x[:, :, None] * x[:, None, :]).reshape(x.shape[0], p * p)
        one, two, three = ((w**power @ outer).reshape(-1, p, p) for power in (1, 2, 3))
        inverse = (laplacian_inverse if self.graph else general_inverse)(one)
        b = np.matvec(inverse, (w * self.y) @ x)
        r = w * (self.y - b @ x.T)
        pull = (w * r) @ x
        cubic = np.vecdot(w * r, r) - np.vecdot(pull, np.matvec(inverse, pull))
        squares = np.vecdot(r, r)
        if not self.restricted:
            return 0.5 * (squares - w.sum(-1)), 0.5 * np.vecdot(w, w) - cubic
        share = inverse @ two
        trace = w.sum(-1) - np.trace(share, axis1=-2, axis2=-1)
        again = np.vecdot(w, w) - 2.0 * np.vecdot(
            inverse.reshape(-1, p * p), three.reshape(-1, p * p)
        )
        again = again + np.vecdot(
            share.reshape(-1, p * p), share.transpose(0, 2, 1).reshape(-1, p * p)
        )
        return 0.5 * (squares - trace), 0.5 * again - cubic

    def value(self, tau2: float) -> float:
        """Return the (restricted) log-likelihood without its constants."""
        spread = self.v + tau2
        fit = solve(self.x, self.y, self.v, tau2, graph=self.graph)
        value = float(np.log(spread).sum()) + fit.q
        if self.restricted:
            spectrum = np.linalg.eigvalsh((self.x / spread[:, None]).T @ self.x)
            rank = self.y.size - self.df
            value += float(np.log(spectrum[spectrum.size - rank :]).sum())
        return -0.5 * value
