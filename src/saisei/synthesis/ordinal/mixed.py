"""Likelihood of several ordinal studies with a normal random effect on the shift.

Study i has its own thresholds; its people stand at ``eta_j = theta_ij - mu x - tau z_i (x - c)``
with x = 1 for the treated and z_i standard normal. Whatever c, the treated are shifted against
the controls by ``mu + tau z_i``; c says how the random part is shared between the arms, which
matters for tau because thresholds are maximised, not integrated (Jackson and others 2018).

A study's likelihood is an integral over z, taken by adaptive Gauss-Hermite quadrature (Pinheiro
and Bates 1995): nodes are laid about the mode of the integrand, in units of its curvature.
Derivatives are those of the same sum (Louis 1982). For a fixed tau the log-likelihood is concave
in all thresholds and mu (a log-concave integrand, Prékopa 1973), so Newton's method finds the one
maximum; tau alone is searched on a grid.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.ordinal.links import LONGEST, SMALLEST, at_link, scores, start
from saisei.synthesis.ordinal.search import GRADIENT, Fit, search

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.ordinal.links import Link

MAX_ITERATIONS = 60
HALVINGS = 8
"""The surface is concave: steps halved so often meet the error of the quadrature."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One study's log-likelihood, its derivatives in (thresholds, mu, tau), and its effect."""

    value: float
    gradient: FloatArray = field(hash=False)
    information: FloatArray = field(hash=False)
    mean: float
    sd: float


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The maximum over thresholds and mu at one tau, with what is left for mu and tau.

    ``fixed``: over thresholds only, mu having been given.
    """

    tau: float
    mu: float
    thetas: tuple[FloatArray, ...] = field(hash=False)
    value: float
    slope: float
    mu_slope: float
    information: FloatArray = field(hash=False)
    means: FloatArray = field(hash=False)
    sds: FloatArray = field(hash=False)
    iterations: int
    converged: bool
    fixed: bool

    @property
    def bend(self) -> float:
        """Minus the second derivative in tau at a fixed mu."""
        return float(self.information[1, 1])

    @property
    def curvature(self) -> float:
        """Minus the second derivative in tau, mu following unless it is fixed."""
        (mm, mt), (_, tt) = self.information
        return float(tt if self.fixed else tt - mt * mt / mm)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The studies' tables (controls, treated), each one's c, the link and the nodes."""

    tables: tuple[FloatArray, ...] = field(hash=False)
    centres: tuple[float, ...]
    link: Link
    nodes: int

    @property
    def people(self) -> float:
        """Everybody in all studies."""
        return sum(float(counts.sum()) for counts in self.tables)

    def start(self) -> tuple[FloatArray, ...]:
        """Thresholds of each study's arms together."""
        return tuple(start(counts.sum(0), self.link) for counts in self.tables)


@functools.cache
def hermite(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Nodes of Gauss-Hermite and the logarithms of weight times exp(x^2)."""
    x, w = np.polynomial.hermite.hermgauss(nodes)
    keep = w > 0
    return x[keep], np.log(w[keep]) + x[keep] ** 2


def term(model: Model, i: int, theta: FloatArray, mu: float, tau: float) -> Term | None:
    """Return study i's term, or None where its likelihood is zero."""
    if np.any(np.diff(theta) <= 0):
        return None
    counts, share_of = model.tables[i], np.array([-model.centres[i], 1.0 - model.centres[i]])
    fixed = theta - np.array([[0.0], [mu]])
    centre = (0.0, 1.0) if tau == 0.0 else _mode(counts, fixed, tau * share_of, model.link)
    if centre is None:
        return None
    x, log_weight = hermite(model.nodes)
    z = centre[0] + math.sqrt(2.0) * centre[1] * x
    at = at_link(fixed - tau * z[:, None, None] * share_of[:, None], model.link)
    sound = at.p.min((-1, -2)) > SMALLEST
    if not sound.all():
        if not sound.any():
            return None
        z, log_weight = z[sound], log_weight[sound]
        at = at_link(fixed - tau * z[:, None, None] * share_of[:, None], model.link)
    joint = log_weight + (counts * np.log(at.p)).sum((-1, -2)) - 0.5 * z * z
    peak = float(joint.max())
    weight = np.exp(joint - peak)
    total = float(weight.sum())
    weight = weight / total
    gradient, information = _assemble(*scores(counts, at), z, weight, share_of)
    middle = float(weight @ z)
    spread = math.sqrt(max(0.0, float(weight @ (z - middle) ** 2)))
    value = peak + math.log(total) + math.log(centre[1]) - 0.5 * math.log(math.pi)
    return Term(value, gradient, information, mu + tau * middle, tau * spread)


def _assemble(
    slope: FloatArray, block: FloatArray, z: FloatArray, weight: FloatArray, share_of: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Average first and second derivatives over the nodes (Louis 1982)."""
    size = slope.shape[-1]
    total = slope.sum(-1)
    each = np.column_stack([slope.sum(1), -total[:, 1], -z * (total @ share_of)])
    rows = block.sum(-1)
    whole = rows.sum(-1)
    inner = np.zeros((size + 2, size + 2))
    inner[:size, :size] = np.tensordot(weight, block.sum(1), 1)
    inner[:size, size] = inner[size, :size] = -weight @ rows[:, 1]
    mixed = np.tensordot(weight * z, rows, 1)
    inner[:size, size + 1] = inner[size + 1, :size] = -share_of @ mixed
    inner[size, size] = weight @ whole[:, 1]
    inner[size, size + 1] = inner[size + 1, size] = share_of[1] * ((weight * z) @ whole[:, 1])
    inner[size + 1, size + 1] = (weight * z * z) @ whole @ share_of**2
    gradient = weight @ each
    centred = each - gradient
    return gradient, inner - (centred * weight[:, None]).T @ centred


def _mode(
    counts: FloatArray, fixed: FloatArray, scale: FloatArray, link: Link
) -> tuple[float, float] | None:
    """Mode of one study's integrand in z and its width, by Newton's method with halved steps."""
    z, value, width, step = 0.0, -math.inf, 1.0, 0.0
    for _ in range(MAX_ITERATIONS):
        at = at_link(fixed - (z + step) * scale[:, None], link)
        trial = -math.inf
        if at.p.min() > SMALLEST:
            trial = float((counts * np.log(at.p)).sum()) - 0.5 * (z + step) ** 2
        if trial < value - 1e-9 * (1.0 + abs(value)):
            step *= 0.5
            continue
        if trial == -math.inf:
            return None
        z, value = z + step, trial
        slope, block = scores(counts, at)
        curvature = 1.0 + float(block.sum((-1, -2)) @ scale**2)
        width = 1.0 / math.sqrt(curvature)
        step = (-float(slope.sum(-1) @ scale) - z) / curvature
        if abs(step) <= 1e-3 * width:  # only where the nodes are laid; no need of more
            break
    return z + step, width


def maximise(
    model: Model,
    tau: float,
    mu: float,
    thetas: tuple[FloatArray, ...],
    gradient: float = GRADIENT,
    *,
    fixed: bool = False,
) -> Profile:
    """Maximise over all thresholds, and over mu unless it is fixed, at a fixed tau."""
    limit = gradient * model.people
    terms = _terms(model, tau, mu, thetas)
    if terms is None:
        mu, thetas = mu if fixed else 0.0, model.start()
        terms = _terms(model, tau, mu, thetas)
        if terms is None:
            raise ArithmeticError("the likelihood is zero at its starting point")
    iteration, converged = 0, False
    while iteration < MAX_ITERATIONS:
        iteration += 1
        steps, step, size = _step(terms, fixed=fixed)
        if size <= limit:
            converged = True
            break
        value = sum(item.value for item in terms)
        share = min(1.0, LONGEST / max(LONGEST, abs(step), *(np.abs(s).max() for s in steps)))
        for _ in range(HALVINGS):
            new = tuple(theta + share * s for theta, s in zip(thetas, steps, strict=True))
            trial = _terms(model, tau, mu + share * step, new)
            if trial and sum(item.value for item in trial) >= value - 1e-11 * abs(value):
                break
            share *= 0.5
        else:
            break
        thetas, mu, terms = new, mu + share * step, trial
    slope, information = _reduced(terms)
    return Profile(
        tau,
        mu,
        thetas,
        sum(item.value for item in terms),
        slope,
        sum(float(item.gradient[-2]) for item in terms),
        information,
        np.array([item.mean for item in terms]),
        np.array([item.sd for item in terms]),
        iteration,
        converged,
        fixed,
    )


def _terms(
    model: Model, tau: float, mu: float, thetas: tuple[FloatArray, ...]
) -> list[Term] | None:
    out = []
    for i, theta in enumerate(thetas):
        item = term(model, i, theta, mu, tau)
        if item is None:
            return None
        out.append(item)
    return out


def _step(terms: list[Term], *, fixed: bool) -> tuple[list[FloatArray], float, float]:
    """Newton's step in thresholds and mu (they meet only in mu), and the largest derivative."""
    total, right, pieces, largest = 0.0, 0.0, [], 0.0
    for item in terms:
        a, c = item.information[:-2, :-2], item.information[:-2, -2]
        solved = np.linalg.solve(a, np.column_stack([c, item.gradient[:-2]]))
        total += float(item.information[-2, -2] - c @ solved[:, 0])
        right += float(item.gradient[-2] - c @ solved[:, 1])
        largest = max(largest, float(np.abs(item.gradient[:-2]).max()))
        pieces.append(solved)
    step = 0.0 if fixed else right / total
    if not fixed:
        largest = max(largest, abs(sum(float(item.gradient[-2]) for item in terms)))
    return [solved[:, 1] - step * solved[:, 0] for solved in pieces], step, largest


def _reduced(terms: list[Term]) -> tuple[float, FloatArray]:
    """Slope in tau, and the information of (mu, tau) with the thresholds profiled out."""
    information = np.zeros((2, 2))
    for item in terms:
        a, c = item.information[:-2, :-2], item.information[:-2, -2:]
        information += item.information[-2:, -2:] - c.T @ np.linalg.solve(a, c)
    return sum(float(item.gradient[-1]) for item in terms), information


def fit(model: Model, top: float, *, random: bool) -> Fit[Profile]:
    """Find the maximum over tau too; see ``search``."""

    def at(tau: float, last: Profile | None, gradient: float) -> Profile:
        mu, thetas = (last.mu, last.thetas) if last else (0.0, model.start())
        return maximise(model, tau, mu, thetas, gradient)

    return search(at, top, random=random)
