"""Random coefficients over blocks with known sampling covariances.

``y_i = X_i (beta + b_i) + e_i``, ``b_i ~ N(0, Psi)``, ``e_i ~ N(0, S_i)`` with S_i known. Psi by
ML or REML; it is written ``L L'``, so that it can reach its boundary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray

    Block = tuple[FloatArray, FloatArray, FloatArray]

STARTS = (0.1, 1.0, 4.0)
GRADIENT = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class BlockFit:
    """Mean coefficients with their covariance, Psi, and how they were reached."""

    beta: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    psi: FloatArray = field(hash=False)
    log_likelihood: float
    iterations: int
    converged: bool
    boundary: bool


def common_fit(blocks: Sequence[Block]) -> tuple[FloatArray, FloatArray, float]:
    """Generalised least squares with Psi = 0: beta, its covariance, weighted residual squares."""
    p, squares = blocks[0][1].shape[1], 0.0
    information, right = np.zeros((p, p)), np.zeros(p)
    for y, x, s in blocks:
        solved = np.linalg.solve(s, np.column_stack([x, y]))
        information += x.T @ solved[:, :-1]
        right += x.T @ solved[:, -1]
        squares += float(y @ solved[:, -1])
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    beta = covariance @ right
    return beta, covariance, max(0.0, squares - float(right @ beta))


def fit_blocks(blocks: Sequence[Block], *, restricted: bool) -> BlockFit:
    """Fit by (RE)ML from several starts; the highest likelihood is taken."""
    # Optimisation is the one place that needs scipy.optimize, which is slow to import.
    from scipy.optimize import minimize  # noqa: PLC0415

    p = blocks[0][1].shape[1]
    information = sum(x.T @ np.linalg.solve(s, x) for _, x, s in blocks)
    unit = np.linalg.cholesky(np.linalg.inv(information) * len(blocks))
    scaled = [(y, x @ unit, s) for y, x, s in blocks]
    lower = np.tril_indices(p)

    def target(values: FloatArray) -> tuple[float, FloatArray]:
        root = np.zeros((p, p))
        root[lower] = values
        value, slope, _, _ = deviance(scaled, root @ root.T, restricted=restricted)
        return 0.5 * value, (slope @ root)[lower]

    runs = [
        minimize(target, (size * np.eye(p))[lower], jac=True, method="BFGS", options={"gtol": 1e-9})
        for size in STARTS
    ]
    best = min(runs, key=lambda run: float(run.fun))
    root = np.zeros((p, p))
    root[lower] = best.x
    psi = root @ root.T
    zero, _, _, _ = deviance(scaled, np.zeros((p, p)), restricted=restricted)
    if 0.5 * zero <= float(best.fun):
        psi = np.zeros((p, p))
    _, _, beta, covariance = deviance(scaled, psi, restricted=restricted)
    eigen = np.linalg.eigvalsh(psi)
    return BlockFit(
        beta=unit @ beta,
        covariance=unit @ covariance @ unit.T,
        psi=unit @ psi @ unit.T,
        log_likelihood=log_likelihood(blocks, unit @ psi @ unit.T, restricted=restricted),
        iterations=sum(int(run.nit) for run in runs),
        converged=float(np.abs(best.jac).max()) <= GRADIENT,
        boundary=bool(eigen[0] <= 1e-7 * max(1.0, eigen[-1])),
    )


def log_likelihood(blocks: Sequence[Block], psi: FloatArray, *, restricted: bool) -> float:
    """Return the (restricted) log-likelihood, the latter without the design's own determinant."""
    size = sum(y.size for y, _, _ in blocks) - (psi.shape[0] if restricted else 0)
    value, _, _, _ = deviance(blocks, psi, restricted=restricted)
    return -0.5 * (value + size * math.log(2.0 * math.pi))


def deviance(
    blocks: Sequence[Block], psi: FloatArray, *, restricted: bool
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Minus twice the (restricted) log-likelihood without constants, its slope in Psi, and beta.

    The slope is ``sum X'(V^-1 - V^-1 r r' V^-1 - [V^-1 X C X' V^-1]) X`` with ``V = S + X Psi X'``
    and, under REML, the bracket with ``C = (sum X' V^-1 X)^-1`` (Harville 1977).
    """
    p = psi.shape[0]
    value, information, right = 0.0, np.zeros((p, p)), np.zeros(p)
    kept = []
    for y, x, s in blocks:
        v = s + x @ psi @ x.T
        solved = np.linalg.solve(v, np.column_stack([x, y]))
        a, u = x.T @ solved[:, :-1], x.T @ solved[:, -1]
        value += float(np.linalg.slogdet(v)[1] + y @ solved[:, -1])
        information += a
        right += u
        kept.append((a, u))
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    beta = covariance @ right
    value -= float(right @ beta)
    slope = np.zeros((p, p))
    for a, u in kept:
        residual = u - a @ beta
        slope += a - np.outer(residual, residual)
        if restricted:
            slope -= a @ covariance @ a
    if restricted:
        value += float(np.linalg.slogdet(information)[1])
    return value, slope, beta, covariance
