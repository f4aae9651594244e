"""Fitting a mixture of a few normals to a density on a grid, by Newton's method.

What is made greatest is the mean log density of the mixture under the target, which makes the
Kullback-Leibler divergence least. EM (Dempster and others 1977) creeps where components overlap;
here it only leads into the neighbourhood, and Newton's method with exact second derivatives ends
in a few steps. Weights are written as ``w = exp(eta) / sum(exp(eta))`` and SDs as ``exp(lam)``, so
that every step stays inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saisei.synthesis._numeric.arrays import FloatArray

WARM_UP = 25
"""EM steps before Newton's method."""

MAX_STEPS = 200
GAIN = 1e-13
"""At rest once a step promises less than this: the rounding of the mean log density."""

CLOSE = 1e-9
"""A divergence that no use of the mixture can tell from 0."""

LONGEST = 1.0
"""No parameter moves by more in a step: units are the target's scale, or factors of e."""


@dataclass(frozen=True, slots=True)
class MixtureFit:
    """Weights, means and SDs, the mean log density, the steps taken and whether it is at rest."""

    weights: FloatArray
    means: FloatArray
    sds: FloatArray
    value: float
    iterations: int
    converged: bool


def fit_mixture(
    x: FloatArray,
    mass: FloatArray,
    best_possible: float,
    starts: Iterable[tuple[FloatArray, FloatArray, FloatArray]],
) -> MixtureFit:
    """Return the best fit from several starts (weights, means, SDs), of equal ones the first.

    ``best_possible`` is the mean log density of the target itself: what comes within ``CLOSE`` of
    it needs no further start, and within ``GAIN`` no further step.
    """
    best: MixtureFit | None = None
    total = 0
    for start in starts:
        found = _newton(x, mass, best_possible, *_em(x, mass, *start))
        total += found.iterations
        if best is None or found.value > best.value + GAIN:
            best = found
        if best.value > best_possible - CLOSE:
            break
    if best is None:
        raise ValueError("there is no start")
    return MixtureFit(
        best.weights, best.means, best.sds, best.value, total, converged=best.converged
    )


def _em(
    x: FloatArray, mass: FloatArray, weights: FloatArray, means: FloatArray, sds: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    for _ in range(WARM_UP):
        z = (x[:, None] - means) / sds
        log = np.log(weights / sds) - 0.5 * z * z
        parts = np.exp(log - log.max(-1, keepdims=True))
        share = mass[:, None] * parts / parts.sum(-1, keepdims=True)
        weights = share.sum(0)
        means = x @ share / weights
        sds = np.sqrt(np.einsum("ij,ij->j", share, (x[:, None] - means) ** 2) / weights)
    return weights, means, sds


def _newton(
    x: FloatArray,
    mass: FloatArray,
    best_possible: float,
    weights: FloatArray,
    means: FloatArray,
    sds: FloatArray,
) -> MixtureFit:
    """Climb along Newton's direction, turned upwards where the surface is not concave."""
    at = np.concatenate([np.log(weights), means, np.log(sds)])
    value, slope, curvature = _derivatives(x, mass, at)
    step_count, converged = 0, False
    for step_count in range(1, MAX_STEPS + 1):  # noqa: B007 - told to the caller
        roots, vectors = np.linalg.eigh(-curvature)
        size = np.maximum(np.abs(roots), 1e-9 * np.abs(roots).max())
        step = vectors @ ((vectors.T @ slope) / size)
        promise = 0.5 * float(slope @ step)
        converged = promise < GAIN and bool(roots.min() > -1e-7 * np.abs(roots).max())
        if converged or value > best_possible - GAIN:
            converged = True
            break
        step *= min(1.0, LONGEST / float(np.abs(step).max()))
        for _ in range(40):
            new = _derivatives(x, mass, at + step)
            if new[0] >= value - 1e-15:
                break
            step = 0.5 * step
        at = at + step
        value, slope, curvature = new
    eta, means, lam = at.reshape(3, -1)
    return MixtureFit(_shares(eta), means, np.exp(lam), value, step_count, converged)


def _shares(eta: FloatArray) -> FloatArray:
    raised = np.exp(eta - eta.max())
    return np.asarray(raised / raised.sum())


def _derivatives(
    x: FloatArray, mass: FloatArray, at: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Mean of the log density but for ``log sqrt(2 pi)``, and its first and second derivatives."""
    eta, means, lam = at.reshape(3, -1)
    n, w, s = eta.size, _shares(eta), np.exp(lam)
    z = (x[:, None] - means) / s
    with np.errstate(divide="ignore"):
        log = np.log(w) - lam - 0.5 * z * z
    top = log.max(-1, keepdims=True)
    parts = np.exp(log - top)
    total = parts.sum(-1, keepdims=True)
    share = parts / total
    value = float(mass @ (top + np.log(total))[:, 0])
    # What each component's own log density gains by its mean and log SD.
    by_mean, by_sd = z / s, z * z - 1.0
    each = np.concatenate([share - w, share * by_mean, share * by_sd], axis=1)
    r = mass[:, None] * share
    whole, pull, stretch = r.sum(0), (r * by_mean).sum(0), (r * by_sd).sum(0)
    second = np.zeros((3, n, 3, n))
    cross = np.outer(w, whole)
    second[0, :, 0] = np.diag(whole - w) - cross - cross.T + 2.0 * np.outer(w, w)
    own = np.arange(n)
    for place, moved in ((1, pull), (2, stretch)):
        second[0, :, place] = np.diag(moved) - np.outer(w, moved)
        second[place, :, 0] = second[0, :, place].T
    second[1, own, 1, own] = (r * by_mean**2).sum(0) - whole / s**2
    second[2, own, 2, own] = (r * by_sd**2).sum(0) - 2.0 * (r * z * z).sum(0)
    mixed = (r * by_mean * by_sd).sum(0) - 2.0 * pull
    second[1, own, 2, own] = second[2, own, 1, own] = mixed
    curvature = second.reshape(3 * n, 3 * n) - each.T @ (mass[:, None] * each)
    return value, mass @ each, curvature
