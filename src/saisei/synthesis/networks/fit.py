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

from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.pairwise.heterogeneity import GRID_STEP, Heterogeneity

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray, IntArray

NetworkMethod = Literal["DL", "REML", "ML", "EE"]
"""DL DerSimonian-Laird, generalised (Jackson, White and Riley 2012); REML and ML (restricted)
maximum likelihood; EE equal effects (tau2 = 0)."""

NETWORK_METHODS: tuple[str, ...] = get_args(NetworkMethod)
INDEPENDENT = 1e-8
"""A row of which less than this is new tells nothing new: rounding."""
ROUNDING = 1e-15
"""What a row takes of another, and is less than this, it does not take."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Coefficients, a root of their covariance, the residual Q and the trace of ``P``."""

    b: FloatArray
    root: FloatArray
    q: float
    trace: float

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the coefficients of least norm."""
        return np.asarray(self.root @ self.root.T)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The most precise rows that tell everything, and what the rest are made of.

    In a graph they are the spanning tree of the largest weights, ``k`` says along which of its
    branches each further row leads, and ``y_rest - k y_top`` are the loops that do not close.
    Since a row never has more weight than what it is made of, nothing cancels, however unequal
    the variances.
    """

    top: IntArray
    rest: IntArray
    k: FloatArray
    inverse: FloatArray


def frame(x: FloatArray, v: FloatArray) -> Frame:
    """Choose rows greedily by precision; the order is the same for every tau2.

    Rows that are almost made of others wait. No contrast of two arms is: one that leads to a new
    treatment is at least ``2 / sqrt(n)`` away from the rest.
    """
    size = x.shape[1]
    basis = np.zeros((0, size))
    top: list[int] = []
    rest = np.argsort(v, kind="stable").tolist()
    for new in (size**-0.5, 1e-2, INDEPENDENT):
        waiting, rest = rest, []
        for row in waiting:
            left = x[row]
            for _ in range(2 if len(top) < size else 0):  # twice is enough
                left = left - (basis @ left) @ basis
            length = math.sqrt(left @ left)
            if len(top) < size and length > new:
                basis = np.concatenate([basis, left[None] / length])
                top.append(row)
            else:
                rest.append(row)
    inverse = np.asarray(np.linalg.pinv(x[top]), dtype=np.float64)
    k = _made_of(x[rest], x[top], inverse)
    return Frame(np.array(top, dtype=np.intp), np.array(rest, dtype=np.intp), k, inverse)


def _made_of(rest: FloatArray, top: FloatArray, inverse: FloatArray) -> FloatArray:
    """Return how the rows at the rest are made of those at the top, ``rest = k top``.

    Contrasts of two arms along others take each of them not at all or once, which is checked and
    then exact; what is left of rounding in the other rows is dropped.
    """
    k = rest @ inverse
    whole = np.rint(k)
    exact = (whole @ top == rest).all(1)
    return np.where(exact[:, None], whole, np.where(np.abs(k) < ROUNDING, 0.0, k))


def solve(
    x: FloatArray, y: FloatArray, v: FloatArray, tau2: float = 0.0, own: Frame | None = None
) -> Solution:
    """Fit by weighted least squares; ``own`` is the frame, where it is known.

    With ``S = W_rest^(1/2) k W_top^(-1/2)``, whose entries are at most about 1, ``M = 1 + S'S``
    and the scaled loops ``g``: ``Q = g' (1 + SS')^-1 g`` and ``cov = W_top^(-1/2) M^-1
    W_top^(-1/2)`` of the rows at the top.
    """
    own = own or frame(x, v)
    w = 1.0 / (v + tau2)
    top, rest = np.sqrt(w[own.top]), np.sqrt(w[own.rest])
    s = rest[:, None] * own.k / top
    gap = rest * (y[own.rest] - own.k @ y[own.top])
    squares = s.T @ s
    factor = np.linalg.inv(np.linalg.cholesky(np.eye(top.size) + squares))
    inverse = factor.T @ factor
    step = inverse @ (gap @ s)
    leverage = np.vecdot(s @ inverse, s)
    trace = w[own.rest] @ (1.0 - leverage) + w[own.top] @ np.vecdot(inverse, squares)
    b = own.inverse @ (y[own.top] + step / top)
    root = (own.inverse / top) @ factor.T
    return Solution(b, root, float(gap @ (gap - s @ step)), float(trace))


def estimate(
    x: FloatArray,
    y: FloatArray,
    v: FloatArray,
    df: int,
    method: NetworkMethod,
    own: Frame | None = None,
) -> Heterogeneity:
    """Estimate tau2 by the named method; NaN without a degree of freedom."""
    if df < 1:
        return Heterogeneity(math.nan)
    if method == "EE":
        return Heterogeneity(0.0)
    if method == "DL":
        base = solve(x, y, v, 0.0, own)
        value = (base.q - df) / base.trace
        return Heterogeneity(max(0.0, value), boundary=value <= 0.0)
    return _Likelihood(x, y, v, own or frame(x, v), df, method == "REML").maximum()


@dataclass(frozen=True, slots=True, eq=False)
class _Likelihood:
    """The (restricted) likelihood of tau2, on a grid and refined, as in ``heterogeneity``."""

    x: FloatArray
    y: FloatArray
    v: FloatArray
    frame: Frame
    df: int
    restricted: bool

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
        rss = solve(self.x, self.y, np.ones_like(self.v)).q
        if rss <= 1e-28 * float(self.y @ self.y):
            return 0.0
        return max(float(self.v.max()), 2.0 * rss / self.df)

    def score(self, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First and second derivative in tau2 (Harville 1977), at several values at once.

        ``(y'PPy - tr P) / 2`` and ``tr(PP) / 2 - y'PPPy``; for ML ``tr W`` and ``tr W^2`` in place
        of the traces. ``W^(-1/2) P W^(-1/2)`` has the blocks ``A`` below.
        """
        own = self.frame
        w = 1.0 / np.add.outer(tau2, self.v)
        w_top, w_rest = w[:, own.top], w[:, own.rest]
        top, rest = np.sqrt(w_top), np.sqrt(w_rest)
        s = rest[:, :, None] * own.k / top[:, None, :]
        turned = s.transpose(0, 2, 1)
        squares = turned @ s
        inverse = np.linalg.inv(np.eye(own.top.size) + squares)
        loops = rest * (self.y[own.rest] - self.y[own.top] @ own.k.T)
        closed = loops - np.matvec(s, np.matvec(inverse, np.vecmat(loops, s)))
        r_top, r_rest = -top * np.vecmat(closed, s), rest * closed
        pull = rest * r_rest - np.matvec(s, top * r_top)
        cubic = np.vecdot(pull, pull - np.matvec(s, np.matvec(inverse, np.vecmat(pull, s))))
        value = np.vecdot(r_top, r_top) + np.vecdot(r_rest, r_rest)
        if not self.restricted:
            return 0.5 * (value - w.sum(-1)), 0.5 * np.vecdot(w, w) - cubic
        across = s @ inverse
        a_rest, a_top = np.eye(own.rest.size) - across @ turned, inverse @ squares
        trace = np.vecdot(w_rest, np.diagonal(a_rest, axis1=1, axis2=2))
        trace = trace + np.vecdot(w_top, np.diagonal(a_top, axis1=1, axis2=2))
        again = np.vecdot(w_rest, np.matvec(a_rest**2, w_rest))
        again = again + np.vecdot(w_top, np.matvec(a_top**2, w_top))
        again = again + 2.0 * np.vecdot(w_rest, np.matvec(across**2, w_top))
        return 0.5 * (value - trace), 0.5 * again - cubic

    def value(self, tau2: float) -> float:
        """Return the (restricted) log-likelihood without its constants.

        ``det V det(x'Wx)`` is ``det V_rest det M`` times what does not depend on tau2.
        """
        own, spread = self.frame, self.v + tau2
        value = solve(self.x, self.y, self.v, tau2, own).q
        if not self.restricted:
            return -0.5 * (value + float(np.log(spread).sum()))
        s = own.k * np.sqrt(spread[own.top] / spread[own.rest, None])
        volume = float(np.linalg.slogdet(np.eye(own.top.size) + s.T @ s)[1])
        return -0.5 * (value + float(np.log(spread[own.rest]).sum()) + volume)
