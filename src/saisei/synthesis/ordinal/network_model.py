"""Likelihood of an ordinal network with normal random effects, at a fixed tau and beyond.

Arm k of study i stands at ``eta_kj = theta_ij - d[t_k] - u_k``. The arms' random effects ``u``
have the covariance ``tau2 / 2`` each, so that every difference of two arms has ``tau2`` and two
differences that share an arm ``tau2 / 2`` (Higgins and Whitehead 1996); since thresholds are
maximised, what is common to all arms of a study has to be taken off ``u``: their (weighted)
mean, as in ``mixed`` for two arms. So ``u = tau S w`` with ``w`` standard normal in one
dimension less than there are arms, and the integral over ``w`` is taken by the product rule of
Gauss and Hermite, laid about the mode of the integrand (Pinheiro and Bates 1995).

``theta_ij`` is free, or ``a_i + z_j`` with cut-points ``z`` common to all studies (Dias and
others 2011, example 6). Either way everything but tau enters linearly, and for a fixed tau the
log-likelihood is concave (Prékopa 1973): Newton's method finds the one maximum.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.ordinal.links import LONGEST, SMALLEST, at_link, scores
from saisei.synthesis.ordinal.mixed import HALVINGS, MAX_ITERATIONS, hermite
from saisei.synthesis.ordinal.search import GRADIENT

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.ordinal.links import Link

NODES = (41, 21, 13, 9, 7)
"""Nodes in each dimension, by the number of dimensions."""

ROUGH_NODES = 9
"""At most so many while tau is only searched on the grid."""

EXACT_NODES = 2
"""Without a random effect only squares of ``w`` are averaged: two nodes do that exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyModel:
    """One study: ``eta = (own @ local + shared @ common) - tau (sharing @ w)``."""

    counts: FloatArray = field(hash=False)
    own: FloatArray = field(hash=False)  # arms, cuts, local parameters
    shared: FloatArray = field(hash=False)  # arms, cuts, common parameters
    sharing: FloatArray = field(hash=False)  # arms, dimensions


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """All studies, where their local parameters start, and the link."""

    studies: tuple[StudyModel, ...]
    start: tuple[FloatArray, ...] = field(hash=False)
    common: FloatArray = field(hash=False)
    link: Link
    nodes: tuple[int, ...]

    @property
    def people(self) -> float:
        """Everybody in all studies."""
        return sum(float(study.counts.sum()) for study in self.studies)


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One study's log-likelihood and its derivatives in (local, common, tau)."""

    value: float
    gradient: FloatArray = field(hash=False)
    information: FloatArray = field(hash=False)
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The maximum at one tau.

    ``information`` is that of (common, tau), local following; ``volume`` the logarithm of the
    determinant of that of (local, common).
    """

    tau: float
    local: tuple[FloatArray, ...] = field(hash=False)
    common: FloatArray = field(hash=False)
    value: float
    slope: float
    information: FloatArray = field(hash=False)
    volume: float
    iterations: int
    converged: bool

    @property
    def restricted(self) -> float:
        """Log-likelihood with all but tau integrated out by Laplace's formula, but a constant."""
        return self.value - 0.5 * self.volume

    @property
    def bend(self) -> float:
        """Minus the second derivative in tau with the common parameters fixed."""
        return float(self.information[-1, -1])

    @property
    def curvature(self) -> float:
        """Minus the second derivative in tau, everything else following."""
        a, c = self.information[:-1, :-1], self.information[:-1, -1]
        return float(self.information[-1, -1] - c @ np.linalg.solve(a, c))


def sharing_of(weights: FloatArray) -> FloatArray:
    """How arms share their random effects: ``(1 - 1 c') H / sqrt(2)``, c the weights.

    ``H`` is an orthonormal basis of the contrasts of the arms.
    """
    size = weights.size
    basis = np.linalg.qr(np.eye(size) - 1.0 / size)[0][:, : size - 1]
    return np.asarray((basis - weights @ basis) / math.sqrt(2.0))


@functools.cache
def nodes_of(dimensions: int, each: int) -> tuple[FloatArray, FloatArray]:
    """Nodes of the product rule (row by row) and logarithms of their weights times exp(x'x)."""
    x, log_weight = hermite(each)
    grid = np.array(list(itertools.product(x, repeat=dimensions)))
    weights = np.array([sum(w) for w in itertools.product(log_weight, repeat=dimensions)])
    return grid, weights


def term(
    study: StudyModel,
    local: FloatArray,
    common: FloatArray,
    tau: float,
    model: Model,
    *,
    fine: bool,
) -> Term | None:
    """Return a study's term, or None where its likelihood is zero."""
    fixed = study.own @ local + study.shared @ common
    if np.any(np.diff(fixed[0]) <= 0):
        return None
    dimensions = study.sharing.shape[1]
    found, each = (np.zeros(dimensions), np.eye(dimensions)), EXACT_NODES
    if tau > 0.0:
        each = model.nodes[min(dimensions, len(model.nodes)) - 1]
        each = each if fine else min(each, ROUGH_NODES)
        mode = _mode(study.counts, fixed, tau * study.sharing, model.link)
        if mode is None:
            return None
        found = mode
    centre, root = found
    x, log_weight = nodes_of(dimensions, each)
    w = centre + math.sqrt(2.0) * x @ root.T
    at = at_link(fixed - tau * (w @ study.sharing.T)[:, :, None], model.link)
    sound = at.p.min((-1, -2)) > SMALLEST
    if not sound.all():
        if not sound.any():
            return None
        w, log_weight = w[sound], log_weight[sound]
        at = at_link(fixed - tau * (w @ study.sharing.T)[:, :, None], model.link)
    joint = log_weight + (study.counts * np.log(at.p)).sum((-1, -2)) - 0.5 * (w * w).sum(-1)
    peak = float(joint.max())
    weight = np.exp(joint - peak)
    total = float(weight.sum())
    gradient, information = _assemble(study, *scores(study.counts, at), w, weight / total)
    volume = float(np.log(np.diagonal(root)).sum()) - 0.5 * dimensions * math.log(math.pi)
    return Term(peak + math.log(total) + volume, gradient, information, local.size)


def _assemble(
    study: StudyModel, slope: FloatArray, block: FloatArray, w: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Average first and second derivatives over the nodes (Louis 1982)."""
    design = np.concatenate([study.own, study.shared], -1)
    size = design.shape[-1]
    moved = -(w @ study.sharing.T)  # d eta / d tau: nodes, arms
    each = np.empty((w.shape[0], size + 1))
    each[:, :size] = slope.reshape(w.shape[0], -1) @ design.reshape(-1, size)
    each[:, size] = np.vecdot(slope.sum(-1), moved)
    rows = block.sum(-1)  # nodes, arms, cuts
    inner = np.zeros((size + 1, size + 1))
    middle = np.tensordot(weight, block, 1)
    inner[:size, :size] = np.tensordot(design, middle @ design, ((0, 1), (0, 1)))
    mixed = np.tensordot(weight, rows * moved[:, :, None], 1)
    inner[:size, size] = inner[size, :size] = np.tensordot(design, mixed, ((0, 1), (0, 1)))
    inner[size, size] = float(weight @ np.vecdot(rows.sum(-1), moved * moved))
    gradient = weight @ each
    centred = each - gradient
    return gradient, inner - (centred * weight[:, None]).T @ centred


def _mode(
    counts: FloatArray, fixed: FloatArray, scale: FloatArray, link: Link
) -> tuple[FloatArray, FloatArray] | None:
    """Mode of one study's integrand and a root of its inverse curvature, by Newton's method."""
    size = scale.shape[1]
    w, step, value = np.zeros(size), np.zeros(size), -math.inf
    root: FloatArray = np.eye(size)
    for _ in range(MAX_ITERATIONS):
        new = w + step
        at = at_link(fixed - (scale @ new)[:, None], link)
        trial = -math.inf
        if at.p.min() > SMALLEST:
            trial = float((counts * np.log(at.p)).sum()) - 0.5 * float(new @ new)
        if trial < value - 1e-9 * (1.0 + abs(value)):
            step = 0.5 * step
            continue
        if trial == -math.inf:
            return None
        w, value = new, trial
        slope, block = scores(counts, at)
        curvature = np.eye(size) + (scale.T * block.sum((-1, -2))) @ scale
        inverse = np.linalg.inv(curvature)
        root = np.asarray(np.linalg.cholesky(0.5 * (inverse + inverse.T)))
        step = inverse @ (-scale.T @ slope.sum(-1) - w)
        if float(step @ curvature @ step) <= 1e-6:  # only where the nodes are laid
            break
    return w + step, root


def maximise(
    model: Model,
    tau: float,
    local: tuple[FloatArray, ...],
    common: FloatArray,
    gradient: float,
) -> Profile:
    """Maximise over everything but tau; roughly where ``gradient`` is not the last one."""
    limit, fine = gradient * model.people, gradient <= GRADIENT
    terms = _terms(model, tau, local, common, fine=fine)
    if terms is None:
        local, common = model.start, model.common
        terms = _terms(model, tau, local, common, fine=fine)
        if terms is None:
            raise ArithmeticError("the likelihood is zero at its starting point")
    iteration, converged = 0, False
    while iteration < MAX_ITERATIONS:
        iteration += 1
        steps, step, size = _step(terms)
        if size <= limit:
            converged = True
            break
        value = sum(item.value for item in terms)
        share = min(1.0, LONGEST / max(LONGEST, *(np.abs(s).max() for s in [step, *steps])))
        for _ in range(HALVINGS):
            new = tuple(own + share * s for own, s in zip(local, steps, strict=True))
            trial = _terms(model, tau, new, common + share * step, fine=fine)
            if trial and sum(item.value for item in trial) >= value - 1e-11 * abs(value):
                break
            share *= 0.5
        else:
            converged = size <= GRADIENT * model.people
            break
        local, common, terms = new, common + share * step, trial
    information = _reduced(terms)
    return Profile(
        tau,
        local,
        common,
        sum(item.value for item in terms),
        sum(float(item.gradient[-1]) for item in terms),
        information,
        _volume(terms, information),
        iteration,
        converged,
    )


def _terms(
    model: Model, tau: float, local: tuple[FloatArray, ...], common: FloatArray, *, fine: bool
) -> list[Term] | None:
    out = []
    for study, own in zip(model.studies, local, strict=True):
        item = term(study, own, common, tau, model, fine=fine)
        if item is None:
            return None
        out.append(item)
    return out


def _step(terms: list[Term]) -> tuple[list[FloatArray], FloatArray, float]:
    """Newton's step (studies meet only in what is common), and the largest derivative."""
    size = terms[0].gradient.size - terms[0].size - 1
    total, right, pull = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    pieces, largest = [], 0.0
    for item in terms:
        n = item.size
        a, c = item.information[:n, :n], item.information[:n, n:-1]
        solved: FloatArray = np.asarray(
            np.linalg.solve(a, np.column_stack([c, item.gradient[:n]])), dtype=np.float64
        )
        total += item.information[n:-1, n:-1] - c.T @ solved[:, :-1]
        right += item.gradient[n:-1] - c.T @ solved[:, -1]
        pull += item.gradient[n:-1]
        largest = max(largest, float(np.abs(item.gradient[:n]).max()))
        pieces.append(solved)
    step: FloatArray = np.asarray(np.linalg.solve(total, right), dtype=np.float64)
    largest = max(largest, float(np.abs(pull).max()))
    return [solved[:, -1] - solved[:, :-1] @ step for solved in pieces], step, largest


def _reduced(terms: list[Term]) -> FloatArray:
    """Information of (common, tau) with the local parameters profiled out."""
    size = terms[0].gradient.size - terms[0].size
    total = np.zeros((size, size))
    for item in terms:
        n = item.size
        a, c = item.information[:n, :n], item.information[:n, n:]
        total += item.information[n:, n:] - c.T @ np.linalg.solve(a, c)
    return total


def _volume(terms: list[Term], reduced: FloatArray) -> float:
    """Logarithm of the determinant of the information of (local, common)."""
    own = sum(float(np.linalg.slogdet(t.information[: t.size, : t.size])[1]) for t in terms)
    return own + float(np.linalg.slogdet(reduced[:-1, :-1])[1])
