"""Likelihoods of counts with normal random effects, and the search for their maximum.

Random effects are written ``tau z`` with z standard normal, so that a variance of 0 needs no
case of its own; the likelihood is an even function of tau. ``eta`` are log odds. Parameters stand
in the order: coefficients of the log odds ratio (one for each column of ``design``), tau, and for
normal study levels their mean and standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray

Likelihood = Callable[["FloatArray"], float]
STEPS = 200
SMALL = 1e-10
RESTARTS = 5
ZERO = 1e-3
"""A standard deviation this small after the search is 0, unless the likelihood rises from there:
an even function is flat at 0, be it a maximum or not."""


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where a likelihood is highest, and its curvature there (0 in what stands at 0)."""

    x: FloatArray
    value: float
    covariance: FloatArray
    converged: bool
    iterations: int
    boundary: bool


def log_choose(n: FloatArray, x: FloatArray) -> FloatArray:
    """Log of the binomial coefficient."""
    return np.asarray(special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1))


def hermite(points: int) -> tuple[FloatArray, FloatArray]:
    """Nodes, and log weights for integrals of ``exp(g)`` over the line (not of exp(-z^2) g)."""
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    return np.sqrt(2.0) * nodes, np.log(np.sqrt(2.0) * weights) + nodes**2


def log_sum(values: FloatArray) -> FloatArray:
    """Log of the sum of exponentials along the last axis."""
    top = values.max(-1)
    return np.asarray(top + np.log(np.exp(values - top[..., None]).sum(-1)))


def _split(
    design: FloatArray | None, x: FloatArray, studies: int
) -> tuple[FloatArray, list[float]]:
    """Log odds ratio of each study, and the other parameters."""
    columns = 1 if design is None else design.shape[1]
    theta = np.full(studies, x[0]) if design is None else design @ x[:columns]
    return theta, [float(one) for one in x[columns:]]


def _arms(cells: FloatArray, eta1: FloatArray, eta2: FloatArray) -> tuple[FloatArray, ...]:
    """Log-likelihood without constants; scores and weights of both arms, broadcast on the right."""
    shape = (-1, *([1] * (eta1.ndim - 1)))
    a, b, c, d = (row.reshape(shape) for row in cells)
    n1, n2 = a + b, c + d
    p1, p2 = special.expit(eta1), special.expit(eta2)
    value = a * eta1 - n1 * np.logaddexp(0.0, eta1) + c * eta2 - n2 * np.logaddexp(0.0, eta2)
    return value, a - n1 * p1, c - n2 * p2, n1 * p1 * (1 - p1), n2 * p2 * (1 - p2)


class FixedStudies:
    """Each study with its own level, at which the integrated likelihood is highest."""

    def __init__(self, cells: FloatArray, points: int, design: FloatArray | None = None) -> None:
        self.design = design
        self.cells = cells
        self.nodes, self.weights = hermite(points)
        half = cells + 0.5
        self.level = 0.5 * (np.log(half[0] / half[1]) + np.log(half[2] / half[3]))
        self.mode = np.zeros(cells.shape[1])
        a, b, c, d = cells
        self.constant = float((log_choose(a + b, a) + log_choose(c + d, c)).sum())

    def __call__(self, x: FloatArray) -> float:
        """Log-likelihood of theta and tau."""
        theta, (tau,) = _split(self.design, x, self.mode.size)
        for _ in range(STEPS):
            value, slope, bend = self._integrated(theta, tau)
            step = np.clip(slope / np.maximum(-bend, 1e-3), -1.0, 1.0)
            self.level = self.level + step
            if np.abs(step).max() < SMALL:
                break
        return float(value.sum()) + self.constant

    def _integrated(
        self, theta: FloatArray, tau: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Integrated log-likelihood of each study; slope and bend in its level."""
        level, z = self.level, self.mode
        for _ in range(STEPS):
            half = 0.5 * (theta + tau * z)
            _, s1, s2, w1, w2 = _arms(self.cells, level + half, level - half)
            bend = 1.0 + 0.25 * tau * tau * (w1 + w2)
            step = np.clip((0.5 * tau * (s1 - s2) - z) / bend, -1.0, 1.0)
            z = z + step
            if np.abs(step).max() < SMALL:
                break
        self.mode = z
        scale = 1.0 / np.sqrt(bend)
        at = z[:, None] + scale[:, None] * self.nodes
        half = 0.5 * (theta[:, None] + tau * at)
        value, s1, s2, w1, w2 = _arms(self.cells, level[:, None] + half, level[:, None] - half)
        terms = value - 0.5 * at**2 + self.weights
        total = log_sum(terms)
        share = np.exp(terms - total[:, None])
        score = s1 + s2
        mean = (share * score).sum(-1)
        spread = (share * (score - mean[:, None]) ** 2).sum(-1)
        bends = spread - (share * (w1 + w2)).sum(-1)
        return total + np.log(scale) - 0.5 * np.log(2.0 * np.pi), mean, bends


class RandomStudies:
    """Study levels normal as well: two independent effects for each study."""

    def __init__(self, cells: FloatArray, points: int, design: FloatArray | None = None) -> None:
        self.design = design
        self.cells = cells
        nodes, weights = hermite(points)
        first, second = np.meshgrid(nodes, nodes)
        self.nodes = np.array([first.ravel(), second.ravel()])
        self.weights = np.add.outer(weights, weights).ravel()
        self.mode = np.zeros((2, cells.shape[1]))
        a, b, c, d = cells
        self.constant = float((log_choose(a + b, a) + log_choose(c + d, c)).sum())

    def __call__(self, x: FloatArray) -> float:
        """Log-likelihood of theta, tau, gamma and sigma."""
        theta, (tau, gamma, sigma) = _split(self.design, x, self.mode.shape[1])
        z1, z2 = self.mode
        for _ in range(STEPS):
            level, half = gamma + sigma * z1, 0.5 * (theta + tau * z2)
            _, s1, s2, w1, w2 = _arms(self.cells, level + half, level - half)
            g1, g2 = sigma * (s1 + s2) - z1, 0.5 * tau * (s1 - s2) - z2
            h11 = 1.0 + sigma**2 * (w1 + w2)
            h22 = 1.0 + 0.25 * tau**2 * (w1 + w2)
            h12 = 0.5 * sigma * tau * (w1 - w2)
            determinant = h11 * h22 - h12**2
            d1 = np.clip((h22 * g1 - h12 * g2) / determinant, -1.0, 1.0)
            d2 = np.clip((h11 * g2 - h12 * g1) / determinant, -1.0, 1.0)
            z1, z2 = z1 + d1, z2 + d2
            if max(np.abs(d1).max(), np.abs(d2).max()) < SMALL:
                break
        self.mode = np.array([z1, z2])
        # The inverse of the curvature is L L'; L is lower triangular.
        l11 = np.sqrt(h22 / determinant)
        l21 = -h12 / determinant / l11
        l22 = np.sqrt(h11 / determinant - l21**2)
        u1, u2 = self.nodes
        at1 = z1[:, None] + l11[:, None] * u1
        at2 = z2[:, None] + l21[:, None] * u1 + l22[:, None] * u2
        level, half = gamma + sigma * at1, 0.5 * (theta[:, None] + tau * at2)
        value = _arms(self.cells, level + half, level - half)[0]
        terms = value - 0.5 * (at1**2 + at2**2) + self.weights
        each = log_sum(terms) + np.log(l11 * l22) - np.log(2.0 * np.pi)
        return float(each.sum()) + self.constant


class Conditional:
    """Events of the treated given those of both arms: noncentral hypergeometric."""

    def __init__(self, cells: FloatArray, points: int, design: FloatArray | None = None) -> None:
        self.design = design
        a, b, c, d = cells
        n1, n2, events = a + b, c + d, a + c
        low, high = np.maximum(0.0, events - n2), np.minimum(n1, events)
        self.support = low[:, None] + np.arange(int((high - low).max()) + 1)
        inside = self.support <= high[:, None]
        j = np.where(inside, self.support, low[:, None])
        weights = log_choose(n1[:, None], j) + log_choose(n2[:, None], events[:, None] - j)
        self.log_weights = np.where(inside, weights, -np.inf)
        self.a = a
        self.constant = float((log_choose(n1, a) + log_choose(n2, c)).sum())
        self.nodes, self.weights = hermite(points)
        self.mode = np.zeros(a.size)

    def __call__(self, x: FloatArray) -> float:
        """Log-likelihood of theta and tau."""
        theta, (tau,) = _split(self.design, x, self.mode.size)
        z = self.mode
        for _ in range(STEPS):
            terms = self.log_weights + self.support * (theta + tau * z)[:, None]
            share = np.exp(terms - log_sum(terms)[:, None])
            mean = (share * self.support).sum(-1)
            spread = (share * (self.support - mean[:, None]) ** 2).sum(-1)
            bend = 1.0 + tau * tau * spread
            step = np.clip((tau * (self.a - mean) - z) / bend, -1.0, 1.0)
            z = z + step
            if np.abs(step).max() < SMALL:
                break
        self.mode = z
        scale = 1.0 / np.sqrt(bend)
        at = z[:, None] + scale[:, None] * self.nodes
        eta = theta[:, None] + tau * at
        norm = log_sum(self.log_weights[:, None, :] + self.support[:, None, :] * eta[..., None])
        terms = self.a[:, None] * eta - norm - 0.5 * at**2 + self.weights
        each = log_sum(terms) + np.log(scale) - 0.5 * np.log(2.0 * np.pi)
        return float(each.sum()) + self.constant


def maximise(likelihood: Likelihood, start: FloatArray, spreads: BoolArray) -> Maximum:
    """Find the maximum; ``spreads`` marks standard deviations, which may end at 0."""
    free = np.ones(start.size, dtype=bool)
    x, steps, done = _climb(likelihood, start, free)
    at_zero = spreads & (np.abs(x) < ZERO)
    for _ in range(RESTARTS):
        bends = np.diagonal(_derivatives(likelihood, np.where(at_zero, 0.0, x), free)[1])
        saddle = at_zero & (bends > 0.0)
        if not saddle.any():
            break
        x, more, done = _climb(likelihood, np.where(saddle, 0.2, x), free)
        steps += more
        at_zero = spreads & (np.abs(x) < ZERO)
    if at_zero.any():
        free = ~at_zero
        x, more, done = _climb(likelihood, np.where(at_zero, 0.0, x), free)
        steps += more
    x = np.where(spreads, np.abs(x), x)
    _, hessian = _derivatives(likelihood, x, free)
    information = -hessian[np.ix_(free, free)]
    peaked = bool((np.linalg.eigvalsh(information) > 0.0).all())
    covariance = np.zeros_like(hessian)
    covariance[np.ix_(free, free)] = np.linalg.inv(information) if peaked else np.nan
    return Maximum(x, likelihood(x), covariance, done and peaked, steps, bool(at_zero.any()))


def _climb(likelihood: Likelihood, x: FloatArray, free: BoolArray) -> tuple[FloatArray, int, bool]:
    """Newton's method, uphill in any case: curvatures count by their size, steps are halved."""
    value = likelihood(x)
    for iteration in range(1, STEPS + 1):
        gradient, hessian = _derivatives(likelihood, x, free)
        size, axes = np.linalg.eigh(hessian[np.ix_(free, free)])
        rise = axes @ ((axes.T @ gradient[free]) / np.maximum(np.abs(size), 1e-2))
        step = np.zeros_like(x)
        step[free] = rise * min(1.0, 1.0 / max(1e-300, float(np.abs(rise).max())))
        length = 1.0
        while length > 1e-6 and likelihood(x + length * step) < value - 1e-9:
            length *= 0.5
        x = x + length * step
        value = likelihood(x)
        if np.abs(step).max() < 1e-7:
            return x, iteration, True
    return x, STEPS, False


def _derivatives(
    likelihood: Likelihood, x: FloatArray, free: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient and second derivatives by central differences, 1e-4 and 1e-3 wide.

    Values are good to about 1e-12, so that rounding and the width leave some 1e-8 and 1e-6.
    """
    size = x.size
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    places = np.flatnonzero(free).tolist()
    unit = np.eye(size)
    middle = likelihood(x)
    for i in places:
        fine, wide = 1e-4 * unit[i], 1e-3 * unit[i]
        gradient[i] = (likelihood(x + fine) - likelihood(x - fine)) / 2e-4
        hessian[i, i] = (likelihood(x + wide) - 2.0 * middle + likelihood(x - wide)) / 1e-6
        for j in places:
            if j < i:
                other = 1e-3 * unit[j]
                cross = likelihood(x + wide + other) - likelihood(x + wide - other)
                cross += likelihood(x - wide - other) - likelihood(x - wide + other)
                hessian[i, j] = hessian[j, i] = cross / 4e-6
    return gradient, hessian
