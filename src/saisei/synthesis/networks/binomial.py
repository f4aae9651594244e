"""The binomial likelihood of a network: fixed study levels, with or without heterogeneity.

Arm a of study i has events ``Bin(n_ia, p_ia)`` with ``logit p_ia = alpha_i + theta_t(ia) + u_ia``.
The u of a study are normal with covariance ``tau2 (1 - J/A)/2`` (J all ones, A arms): contrasts
have the variance tau2 and those that share an arm the correlation 1/2, and no arm is a baseline,
so that their order means nothing. With two arms it is ``pool_counts("fixed-studies")``. The u are
``tau B z`` with z standard normal of A - 1 dimensions, integrated by adaptive Gauss-Hermite:
nodes about the mode of each study, scaled by the curvature there.

The search is Newton's for all alpha, theta and tau at once. Derivatives are those of the integral,
by Fisher's identity: with scores S and curvatures K of a study given u, the slope is E S and the
bend ``cov S - E K``, over the distribution of u given the data. The alpha go by a Schur complement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis.networks.multi_arm import helmert
from saisei.synthesis.pairwise.binomial import ZERO, hermite, log_choose, log_sum

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray
    from saisei.synthesis.networks.arms import Arms

STEPS = 100
SMALL = 1e-9
NEAR = 0.02
"""So near to a maximum Newton's step is taken whole: the slope is then a better guide than the
value, from which it differs by the error of the quadrature."""
FEW_POINTS = 5
MOST_NODES = 4096
"""Nodes of one study: with many arms there are fewer in each direction."""
TAUS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Where the likelihood is looked at before the search for its maximum."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A maximum: treatment effects (the first is 0), their covariance, tau and the value."""

    theta: FloatArray
    covariance: FloatArray
    tau: float
    value: float
    converged: bool
    iterations: int
    multimodal: bool = False


@dataclass(slots=True)
class _State:
    alpha: FloatArray
    theta: FloatArray
    tau: float

    def copy(self) -> _State:
        return _State(self.alpha.copy(), self.theta.copy(), self.tau)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Value and, of the likelihood with alpha at its best, slope and bend in theta and tau."""

    value: float
    slope: FloatArray
    bend: FloatArray
    alpha_slope: FloatArray
    alpha_bend: FloatArray
    cross: FloatArray


class _Group:
    """Studies with equally many arms."""

    def __init__(
        self, arms: Arms, studies: IntArray, own: IntArray, points: int, factor: int
    ) -> None:
        self.studies = studies
        self.r, self.n = arms.r[own], arms.r[own] + arms.s[own]
        self.treat = arms.treat[own]
        size = own.shape[1]
        self.basis = helmert(size) / np.sqrt(2.0)
        d = size - 1
        self.each = max(2, min(points, int((factor * MOST_NODES) ** (1.0 / d) + 1e-9)))
        nodes, weights = hermite(self.each)
        grid = np.meshgrid(*[nodes] * d, indexing="ij")
        self.nodes = np.array([axis.ravel() for axis in grid]).T
        mesh = np.meshgrid(*[weights] * d, indexing="ij")
        self.weights = np.sum([axis.ravel() for axis in mesh], axis=0)
        self.mode = np.zeros((studies.size, d))

    def shape(self, eta: FloatArray, tau: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Value, slope and bend of each study in its arms' log odds and, last, in tau."""
        return self._plain(eta) if tau == 0.0 else self._integrated(eta, tau)

    def _plain(self, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        p = special.expit(eta)
        s, w = self.r - self.n * p, self.n * p * (1.0 - p)
        value = (self.r * eta - self.n * np.logaddexp(0.0, eta)).sum(-1)
        k, size = eta.shape
        slope, bend = np.zeros((k, size + 1)), np.zeros((k, size + 1, size + 1))
        slope[:, :size] = s
        bend[:, range(size), range(size)] = -w
        spread = self.basis @ self.basis.T
        bend[:, size, size] = np.vecdot(s @ spread, s) - w @ np.diagonal(spread)
        return value, slope, bend

    def _integrated(self, eta: FloatArray, tau: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        size, d = self.basis.shape
        root = self._centre(eta, tau)
        z = self.mode[:, None, :] + self.nodes @ root.transpose(0, 2, 1)
        b = z @ self.basis.T
        at = eta[:, None, :] + tau * b
        p = special.expit(at)
        r, n = self.r[:, None, :], self.n[:, None, :]
        terms = (r * at - n * np.logaddexp(0.0, at)).sum(-1)
        terms = terms - 0.5 * np.vecdot(z, z) + self.weights
        total = log_sum(terms)
        share = np.exp(terms - total[:, None])
        value = total + np.linalg.slogdet(root)[1] - 0.5 * d * np.log(2.0 * np.pi)
        s, w = r - n * p, n * p * (1.0 - p)
        scores = np.concatenate([s, np.vecdot(s, b)[..., None]], axis=-1)
        slope = np.vecmat(share, scores)
        apart = scores - slope[:, None, :]
        bend = (share[..., None] * apart).transpose(0, 2, 1) @ apart
        curve = np.vecmat(share, np.concatenate([w, w * b], axis=-1))
        bend[:, range(size), range(size)] -= curve[:, :size]
        bend[:, size, :size] -= curve[:, size:]
        bend[:, :size, size] -= curve[:, size:]
        bend[:, size, size] -= np.vecdot(share, (w * b * b).sum(-1))
        return value, slope, bend

    def _centre(self, eta: FloatArray, tau: float) -> FloatArray:
        """Find the modes; return a root of the inverse curvature there."""
        z, lean = self.mode, tau * self.basis
        for _ in range(STEPS):
            p = special.expit(eta + z @ lean.T)
            w = self.n * p * (1.0 - p)
            bend = np.eye(z.shape[1]) + (lean.T * w[:, None, :]) @ lean
            pull = (self.r - self.n * p) @ lean - z
            step = np.linalg.solve(bend, pull[..., None])[..., 0]
            step = step / np.maximum(1.0, np.abs(step).max(-1, keepdims=True))
            z = z + step
            if np.abs(step).max() < 1e-11:
                break
        self.mode = z
        return np.asarray(np.linalg.inv(np.linalg.cholesky(bend)).transpose(0, 2, 1))


class BinomialNetwork:
    """The likelihood of a network of counts; ``factor`` raises ``MOST_NODES``."""

    def __init__(self, arms: Arms, points: int, factor: int = 1) -> None:
        self.arms = arms
        self.size, self.k = len(arms.treatments), len(arms.studies)
        self.groups = [_Group(arms, *group, points, factor) for group in arms.groups()]
        self.constant = float(log_choose(arms.r + arms.s, arms.r).sum())
        r, s = (np.bincount(arms.study, one, self.k) for one in (arms.r, arms.s))
        self.start = _State(np.log((r + 0.5) / (s + 0.5)), np.zeros(self.size), 0.0)

    def maxima(self) -> tuple[Fit, Fit]:
        """Return the maximum at tau = 0, and the one with tau free.

        For the latter the likelihood is looked at along ``TAUS`` with few nodes; every peak there
        is climbed, and the highest taken.
        """
        state, steps, done = self._climb(self.start, free=False)
        shape = self._shape(state)
        common = self._fit(state, shape.value, steps, converged=done)
        scout = BinomialNetwork(self.arms, FEW_POINTS)
        grid, states = [shape.value], [state]
        for tau in TAUS[1:]:
            begin = _State(states[-1].alpha, states[-1].theta, tau)
            one, more, _ = scout._climb(begin, free=False)
            grid.append(scout._shape(one).value)
            states.append(one)
            steps += more
        best, peaks = common, 0
        rises = shape.bend[-1, -1] > 0.0
        for at, value in enumerate(grid):
            if value < max([*grid[max(0, at - 1) : at], *grid[at + 1 : at + 2]], default=value):
                continue
            peaks += 1
            if at == 0 and not rises:
                continue
            begin = states[at].copy()
            begin.tau = max(begin.tau, 0.05)
            peak, more, done = self._climb(begin, free=True)
            steps += more
            found = self._shape(peak).value
            if abs(peak.tau) > ZERO and found + self.constant > best.value:
                best = self._fit(peak, found, steps, converged=done)
        return common, replace(best, iterations=steps, multimodal=peaks > 1)

    def value_at(self, fit: Fit) -> float:
        """Log-likelihood at the effects and tau of a fit, the levels at their best."""
        state = _State(self.start.alpha.copy(), fit.theta.copy(), fit.tau)
        for _ in range(STEPS):
            shape = self._shape(state)
            step = np.clip(-shape.alpha_slope / shape.alpha_bend, -1.0, 1.0)
            state.alpha = state.alpha + step
            if np.abs(step).max() < SMALL:
                break
        return self._shape(state).value + self.constant

    def deviance(self, arms: Arms, fit: Fit) -> float:
        """Twice the log-likelihood that a rate of its own for every arm would add."""
        n = arms.r + arms.s
        best = float(np.sum(_x_log_x(arms.r) + _x_log_x(arms.s) - _x_log_x(n)))
        return 2.0 * (best - (fit.value - self.constant))

    def _fit(self, state: _State, value: float, steps: int, *, converged: bool) -> Fit:
        free = self._free(tau=state.tau != 0.0)
        information = -self._shape(state).bend[np.ix_(free, free)]
        peaked = bool((np.linalg.eigvalsh(information) > 0.0).all())
        covariance = np.zeros((self.size + 1, self.size + 1))
        inverse = np.linalg.inv(information) if peaked else np.full_like(information, np.nan)
        covariance[np.ix_(free, free)] = inverse
        return Fit(
            state.theta,
            covariance[:-1, :-1],
            abs(state.tau),
            value + self.constant,
            converged and peaked,
            steps,
        )

    def _free(self, *, tau: bool) -> BoolArray:
        """Say what moves: not the effect of the first treatment, and tau only where it may."""
        free = np.ones(self.size + 1, dtype=bool)
        free[0], free[-1] = False, tau
        return free

    def _shape(self, state: _State) -> _Shape:
        total, size = 0.0, self.size
        slope, bend = np.zeros(size + 1), np.zeros((size + 1, size + 1))
        alpha_slope, alpha_bend = np.zeros(self.k), np.zeros(self.k)
        cross = np.zeros((self.k, size + 1))
        for group in self.groups:
            eta = state.alpha[group.studies, None] + state.theta[group.treat]
            value, one, two = group.shape(eta, state.tau)
            total += float(value.sum())
            place = np.column_stack([group.treat, np.full(group.studies.size, size)])
            np.add.at(slope, place, one)
            np.add.at(bend, (place[:, :, None], place[:, None, :]), two)
            alpha_slope[group.studies] = one[:, :-1].sum(-1)
            alpha_bend[group.studies] = two[:, :-1, :-1].sum((-1, -2))
            np.add.at(cross, (group.studies[:, None], place), two[:, :-1].sum(1))
        alpha_bend = -np.maximum(np.abs(alpha_bend), 1e-8)
        slope = slope - (alpha_slope / alpha_bend) @ cross
        bend = bend - (cross / alpha_bend[:, None]).T @ cross
        return _Shape(total, slope, bend, alpha_slope, alpha_bend, cross)

    def _climb(self, start: _State, *, free: bool) -> tuple[_State, int, bool]:
        """Newton's method, uphill in any case: curvatures count by their size, steps are halved."""
        state, where = start.copy(), self._free(tau=free)
        shape = self._shape(state)
        for iteration in range(1, STEPS + 1):
            size, axes = np.linalg.eigh(shape.bend[np.ix_(where, where)])
            step = np.zeros(self.size + 1)
            along = axes.T @ shape.slope[where]
            step[where] = axes @ (along / np.maximum(np.abs(size), 1e-6))
            rise = -(shape.alpha_slope + shape.cross @ step) / shape.alpha_bend
            largest = max(float(np.abs(step).max()), float(np.abs(rise).max()))
            length = min(1.0, 2.0 / max(largest, 1e-300))
            while True:
                new = _State(
                    state.alpha + length * rise,
                    state.theta + length * step[:-1],
                    state.tau + length * float(step[-1]),
                )
                after = self._shape(new)
                if largest < NEAR or after.value >= shape.value - 1e-9 or length < 1e-6:
                    break
                length *= 0.5
            state, shape = new, after
            if largest < SMALL:
                return state, iteration, True
        return state, STEPS, False


def _x_log_x(x: FloatArray) -> FloatArray:
    return np.asarray(x * np.log(np.where(x > 0.0, x, 1.0)))
