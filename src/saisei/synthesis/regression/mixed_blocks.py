"""Random coefficients over blocks with known sampling covariances.

``y_i = X_i beta + Z_i b_i + e_i``, ``b_i ~ N(0, Psi)``, ``e_i ~ N(0, S_i)`` with S_i known; Psi by
ML or REML. It is written by its roots, so that it can reach its boundary: ``L L'`` when it is
free, otherwise a sum of squares times fixed matrices.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from saisei.synthesis._numeric.arrays import FloatArray

    Block = tuple[FloatArray, FloatArray, FloatArray]

EM_STEPS = 30
GRADIENT = 1e-5
SAME_HEIGHT = 1e-5
ALL_SIGNS = 4
"""Up to this many coefficients every pattern of signs of the correlations is a start."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Blocks side by side: y (k, n), X (k, n, q), Z (k, n, p), S (k, n, n).

    Shorter blocks are filled up with rows of zeros whose sampling variance is 1; such rows change
    nothing. ``size`` is the number of rows that are real.
    """

    y: FloatArray
    x: FloatArray
    z: FloatArray
    s: FloatArray
    size: int


def stack(blocks: Sequence[Block]) -> Blocks:
    """Return blocks (y, X, S) of differing lengths side by side, with Z = X."""
    k, n, p = len(blocks), max(y.size for y, _, _ in blocks), blocks[0][1].shape[1]
    y, x, s = np.zeros((k, n)), np.zeros((k, n, p)), np.zeros((k, n, n)) + np.eye(n)
    for i, (own_y, own_x, own_s) in enumerate(blocks):
        m = own_y.size
        y[i, :m], x[i, :m], s[i, :m, :m] = own_y, own_x, own_s
    return Blocks(y, x, x, s, sum(own.size for own, _, _ in blocks))


@dataclass(frozen=True, slots=True, eq=False)
class BlockFit:
    """Mean coefficients with their covariance, Psi, and how they were reached.

    ``multimodal``: another maximum was met, and is lower.
    """

    beta: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    psi: FloatArray = field(hash=False)
    log_likelihood: float
    iterations: int
    converged: bool
    boundary: bool
    multimodal: bool = False


def common_fit(blocks: Blocks) -> tuple[FloatArray, FloatArray, float]:
    """Generalised least squares with Psi = 0: beta, its covariance, weighted residual squares."""
    p = blocks.z.shape[2]
    _, _, beta, covariance = deviance(blocks, np.zeros((p, p)), restricted=False)
    residual = blocks.y - blocks.x @ beta
    solved = np.linalg.solve(blocks.s, residual[..., None])[..., 0]
    return beta, covariance, float(np.vecdot(residual, solved).sum())


def log_likelihood(blocks: Blocks, psi: FloatArray, *, restricted: bool) -> float:
    """Return the (restricted) log-likelihood, the latter without the design's own determinant."""
    size = blocks.size - (blocks.x.shape[2] if restricted else 0)
    value, _, _, _ = deviance(blocks, psi, restricted=restricted)
    return -0.5 * (value + size * math.log(2.0 * math.pi))


def deviance(
    blocks: Blocks, psi: FloatArray, *, restricted: bool
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Minus twice the (restricted) log-likelihood without constants, its slope in Psi, and beta.

    The slope is ``sum Z'(V^-1 - V^-1 r r' V^-1 - [V^-1 X C X' V^-1]) Z`` with ``V = S + Z Psi Z'``
    and, under REML, the bracket with ``C = (sum X' V^-1 X)^-1`` (Harville 1977).
    """
    x, z, q = blocks.x, blocks.z, blocks.x.shape[2]
    v = blocks.s + z @ psi @ z.mT
    solved = np.linalg.solve(v, np.concatenate([x, blocks.y[..., None], z], axis=2))
    wx, wy, wz = solved[..., :q], solved[..., q], solved[..., q + 1 :]
    information = np.einsum("kni,knj->ij", x, wx)
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    beta = covariance @ np.einsum("kni,kn->i", x, wy)
    residual = blocks.y - x @ beta
    value = float(np.linalg.slogdet(v)[1].sum() + (residual * (wy - wx @ beta)).sum())
    score = np.einsum("kni,kn->ki", wz, residual)
    slope = np.einsum("kni,knj->ij", z, wz) - score.T @ score
    if restricted:
        cross = wz.mT @ x
        slope -= (cross @ covariance @ cross.mT).sum(0)
        value += float(np.linalg.slogdet(information)[1])
    return value, 0.5 * (slope + slope.T), beta, covariance


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """How numbers make Psi: a triangle ``L`` or, with ``parts``, squares times these matrices."""

    p: int
    parts: FloatArray | None

    def psi(self, at: FloatArray) -> FloatArray:
        if self.parts is not None:
            return np.asarray(np.einsum("m,mij->ij", at * at, self.parts))
        root = self._triangle(at)
        return np.asarray(root @ root.T)

    def slope(self, at: FloatArray, slope: FloatArray) -> FloatArray:
        """Half the slope of the deviance in the numbers."""
        if self.parts is not None:
            return np.asarray(np.einsum("ij,mij->m", slope, self.parts) * at)
        return np.asarray((slope @ self._triangle(at))[np.tril_indices(self.p)])

    def numbers(self, psi: FloatArray) -> FloatArray:
        """Return the numbers of the nearest Psi that has the shape, kept off zero."""
        if self.parts is not None:
            flat = self.parts.reshape(len(self.parts), -1).T
            share = np.linalg.lstsq(flat, psi.ravel())[0]
            off = 1e-6 * max(1e-300, float(np.abs(share).max()))
            return np.asarray(np.sqrt(np.maximum(share, off)))
        values, vectors = np.linalg.eigh(psi)
        kept = np.maximum(values, 1e-10 * values[-1])
        triangle = np.linalg.qr((vectors * np.sqrt(kept)).T)[1].T
        return np.asarray(triangle[np.tril_indices(self.p)])

    def _triangle(self, at: FloatArray) -> FloatArray:
        root = np.zeros((self.p, self.p))
        root[np.tril_indices(self.p)] = at
        return root

    def uphill(self, slope: FloatArray) -> tuple[float, FloatArray]:
        """Return the steepest fall of the deviance within the shape, and where it leads."""
        if self.parts is not None:
            along = np.einsum("ij,mij->m", slope, self.parts)
            one = int(along.argmin())
            return float(along[one]), self.parts[one]
        values, vectors = np.linalg.eigh(slope)
        return float(values[0]), np.outer(vectors[:, 0], vectors[:, 0])


def fit_blocks(blocks: Blocks, *, restricted: bool, parts: FloatArray | None = None) -> BlockFit:
    """Fit by (RE)ML from several starts; the highest likelihood is taken.

    ``parts`` (m, p, p): Psi is a sum of squares times these matrices; without them it is free.
    """
    p = blocks.z.shape[2]
    unit = np.eye(p) if parts is not None else _unit(blocks)
    scaled = replace(blocks, z=blocks.z @ unit)
    shape = _Shape(p, parts)

    def target(at: FloatArray) -> tuple[float, FloatArray]:
        value, slope, _, _ = deviance(scaled, shape.psi(at), restricted=restricted)
        return 0.5 * value, shape.slope(at, slope)

    starts = [shape.numbers(psi) for psi in _starts(scaled, restricted=restricted)]
    runs = [_climb(target, at) for at in starts]
    iterations = sum(count for _, _, count in runs)
    runs.append((np.zeros_like(starts[0]), target(np.zeros_like(starts[0]))[0], 0))
    best = min(runs, key=lambda run: run[1])[0]
    for _ in range(4):  # a place flat by symmetry alone is left along the slope's worst direction
        best = _polish(target, best)
        psi = shape.psi(best)
        fall, gap, away = _tops(scaled, shape, psi, restricted=restricted)
        if fall >= -GRADIENT:
            break
        moved, _, count = _climb(target, shape.numbers(psi + 0.01 * away))
        best, iterations = min(best, moved, key=lambda at: target(at)[0]), iterations + count
    psi = _snapped(scaled, psi, restricted=restricted)
    value, _, beta, covariance = deviance(scaled, psi, restricted=restricted)
    lower = [at for at, height, _ in runs[:-1] if height > 0.5 * value + SAME_HEIGHT]
    others = [_tops(scaled, shape, shape.psi(at), restricted=restricted) for at in lower]
    eigen = np.linalg.eigvalsh(psi)
    return BlockFit(
        beta=beta,
        covariance=covariance,
        psi=unit @ psi @ unit.T,
        log_likelihood=log_likelihood(blocks, unit @ psi @ unit.T, restricted=restricted),
        iterations=iterations,
        converged=fall >= -GRADIENT and gap <= GRADIENT,
        boundary=bool(eigen[0] <= 1e-7 * max(1.0, eigen[-1])),
        multimodal=any(one >= -GRADIENT and two <= GRADIENT for one, two, _ in others),
    )


def _unit(blocks: Blocks) -> FloatArray:
    """Return a root of the typical sampling covariance of a block's coefficients."""
    information = np.einsum("kni,knj->ij", blocks.z, np.linalg.solve(blocks.s, blocks.z))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(information) * len(blocks.y)))


def _starts(blocks: Blocks, *, restricted: bool) -> list[FloatArray]:
    """Return covariances to start from.

    The first is a moment estimate, some steps of EM from a wide one (``Psi - Psi slope Psi / k``);
    the others have its variances with all kinds of correlations, and with one of them small.
    """
    p, k = blocks.z.shape[2], len(blocks.y)
    width = max(1.0, common_fit(blocks)[2] / max(1, blocks.size - blocks.x.shape[2]))
    typical = _unit(blocks)
    psi = 4.0 * width * typical @ typical.T
    for _ in range(EM_STEPS):
        _, slope, _, _ = deviance(blocks, psi, restricted=restricted)
        psi = psi - psi @ slope @ psi / k
    sd = np.sqrt(np.diagonal(psi))
    patterns = list(itertools.product((1.0, -1.0), repeat=p - 1))
    if p > ALL_SIGNS:
        all_but_one = map(tuple, 1.0 - 2.0 * np.eye(p - 1))
        patterns = [(1.0,) * (p - 1), (-1.0,) * (p - 1), *all_but_one]
    signs = [np.array([1.0, *one]) for one in patterns] if p > 1 else []
    tilted = [0.1 * np.diag(sd**2) + 0.9 * np.outer(sd * one, sd * one) for one in signs]
    level = [share * np.diag(sd**2) for share in (1.0, 0.05, 9.0)]
    narrow = [np.diag(sd**2 * np.where(np.arange(p) == j, 0.01, 1.0)) for j in range(p)]
    return [psi, *level, *tilted, *(narrow if p > 1 else [])]


def _climb(
    target: Callable[[FloatArray], tuple[float, FloatArray]], at: FloatArray
) -> tuple[FloatArray, float, int]:
    """Climb from one start; return the place, its height, and the number of steps."""
    # Optimisation is the one place that needs scipy.optimize, which is slow to import.
    from scipy.optimize import minimize  # noqa: PLC0415

    run = minimize(target, at, jac=True, method="BFGS", options={"gtol": 1e-9})
    return np.asarray(run.x), float(run.fun), int(run.nit)


def _polish(target: Callable[[FloatArray], tuple[float, FloatArray]], at: FloatArray) -> FloatArray:
    """Newton's steps with curvature from differences of the slope, as long as the slope falls."""
    value, slope = target(at)
    for _ in range(6):
        width = 1e-5 * (1e-3 + np.abs(at).max())
        shifts = width * np.eye(at.size)
        rows = [(target(at + one)[1] - target(at - one)[1]) / (2.0 * width) for one in shifts]
        curvature = 0.5 * (np.array(rows) + np.array(rows).T)
        values, vectors = np.linalg.eigh(curvature)
        kept = values > 1e-9 * max(1e-300, np.abs(values).max())
        along = np.where(kept, vectors.T @ slope, 0.0) / np.where(kept, values, 1.0)
        moved = at - vectors @ along
        height, tilt = target(moved)
        if height > value + 1e-10 or np.abs(tilt).max() >= np.abs(slope).max():
            break
        at, value, slope = moved, height, tilt
    return at


def _tops(
    blocks: Blocks, shape: _Shape, psi: FloatArray, *, restricted: bool
) -> tuple[float, float, FloatArray]:
    """Tell whether a place is a top: the two conditions of a maximum on a cone, and a way out.

    On the scale of ``Psi`` and the sampling covariance together, no admissible direction may lower
    the deviance (first number not below 0), and along Psi itself it must be level (second: 0).
    """
    _, slope, _, _ = deviance(blocks, psi, restricted=restricted)
    if shape.parts is not None:
        sizes = np.einsum("mij,ij->m", shape.parts, psi + np.eye(shape.p))
        scaled = replace(shape, parts=shape.parts * sizes[:, None, None])
        fall, away = scaled.uphill(slope)
        return fall, float(abs((slope * psi).sum())), away
    wide = np.linalg.cholesky(psi + np.eye(shape.p))
    fall, away = shape.uphill(wide.T @ slope @ wide)
    inner = np.linalg.solve(wide, psi)
    gap = np.abs(wide.T @ slope @ wide @ inner @ np.linalg.inv(wide.T)).max()
    return fall, float(gap), np.asarray(wide @ away @ wide.T)


def _snapped(blocks: Blocks, psi: FloatArray, *, restricted: bool) -> FloatArray:
    """Put directions without any spread to exactly none, where the likelihood stays the same."""
    values, vectors = np.linalg.eigh(psi)
    kept = np.where(values > 1e-8 * max(1.0, values[-1]), values, 0.0)
    snapped = (vectors * kept) @ vectors.T
    before, _, _, _ = deviance(blocks, psi, restricted=restricted)
    after, _, _, _ = deviance(blocks, snapped, restricted=restricted)
    return np.asarray(snapped if after <= before + 1e-9 else psi)
