"""Integration over tau: a density in ``u = log(tau)`` on panels of Legendre polynomials.

Panels are halved until the last polynomial coefficients vanish against the largest value, so
that accuracy is checked where it is needed and not assumed. Each panel keeps its polynomial:
its integral, and so the distribution function of tau at any point, is then exact algebra.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.roots import falling_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray

ORDER = 16
"""Nodes in each panel."""

TOLERANCE = 1e-12
"""Panels are fine enough once their last coefficients are this small against the largest value."""

MAX_HALVINGS = 30
MAX_PANELS = 300
"""More than this are asked for only when rounding hides the polynomial; then it is not fine."""

NEGLIGIBLE = 37.0
"""exp(-37) is below the rounding of a sum of order one."""


@dataclass(frozen=True, slots=True, eq=False)
class Panels:
    """A normalised density in u: panels, values at their nodes, and Legendre coefficients."""

    edges: FloatArray = field(hash=False)
    values: FloatArray = field(hash=False)
    coefficients: FloatArray = field(hash=False)
    cumulative: FloatArray = field(hash=False)
    converged: bool

    def density(self, u: float) -> float:
        """Return the density at u (between the outer edges)."""
        panel, x, _ = self._locate(u)
        return float(self.coefficients[panel] @ polynomials(x)[:-1])

    def density_and_slope(self, u: float) -> tuple[float, float]:
        """Return the density at u and its slope there."""
        panel, x, half = self._locate(u)
        at, row = polynomials(x), self.coefficients[panel]
        return float(row @ at[:-1]), float(row @ (derivative() @ at)) / half

    def integral_to(self, u: float) -> float:
        """Return the integral from the first edge to u."""
        panel, x, half = self._locate(u)
        part = half * float(self.coefficients[panel] @ (antiderivative() @ polynomials(x)))
        return float(self.cumulative[panel]) + part

    def solve(self, mass: float) -> float:
        """Return the u up to which the integral is ``mass``."""
        panel = int(np.searchsorted(self.cumulative, mass, side="right")) - 1
        panel = min(max(panel, 0), len(self.coefficients) - 1)
        low, high = float(self.edges[panel]), float(self.edges[panel + 1])
        half = 0.5 * (high - low)
        rest = mass - float(self.cumulative[panel])
        height = self.coefficients[panel] * half
        rising = height @ antiderivative()

        def gap(x: float) -> tuple[float, float]:
            at = polynomials(x)
            return rest - float(rising @ at), -float(height @ at[:-1])

        share = rest / float(self.cumulative[panel + 1] - self.cumulative[panel])
        root = falling_root(gap, -1.0, 1.0, min(max(2.0 * share - 1.0, -1.0), 1.0))
        return low + half * (root.x + 1.0)

    def _locate(self, u: float) -> tuple[int, float, float]:
        panel = min(int(np.searchsorted(self.edges, u)), len(self.edges) - 1) - 1
        panel = max(panel, 0)
        half = 0.5 * float(self.edges[panel + 1] - self.edges[panel])
        return panel, (u - float(self.edges[panel])) / half - 1.0, half


@functools.cache
def gauss() -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on (-1, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(ORDER)
    return nodes, weights


@functools.cache
def to_coefficients() -> FloatArray:
    """Matrix that turns values at the nodes into Legendre coefficients (from the right)."""
    nodes, weights = gauss()
    values = np.polynomial.legendre.legvander(nodes, ORDER - 1)
    return weights[:, None] * values * (np.arange(ORDER) + 0.5)


def polynomials(x: float) -> FloatArray:
    """Legendre polynomials of degree 0 to ORDER at x, by Bonnet's recurrence."""
    values = [1.0, x]
    for n in range(1, ORDER):
        values.append(((2 * n + 1) * x * values[n] - n * values[n - 1]) / (n + 1))
    return np.array(values)


@functools.cache
def antiderivative() -> FloatArray:
    """Matrix that turns Legendre coefficients into those of the integral from -1."""
    rows = [np.polynomial.legendre.legint(row, lbnd=-1) for row in np.eye(ORDER)]
    return np.array([np.pad(row, (0, ORDER + 1 - row.size)) for row in rows])


@functools.cache
def derivative() -> FloatArray:
    """Matrix that turns Legendre coefficients into those of the derivative."""
    rows = [np.polynomial.legendre.legder(row) for row in np.eye(ORDER)]
    return np.array([np.pad(row, (0, ORDER + 1 - row.size)) for row in rows])


def integrate(
    log_density: Callable[[FloatArray], FloatArray],
    low: float,
    high: float,
    peak: float,
    tolerance: float = TOLERANCE,
) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
    """Cut [low, high] into panels on which ``exp(log_density(u) - peak)`` is a polynomial.

    Returns
    -------
    tuple
        Edges (P + 1,), nodes u (P, ORDER), values of the scaled density there (P, ORDER), and
        whether every panel is fine enough.
    """
    edges = np.linspace(low, high, 1 + max(1, round((high - low) / 2.0)))
    left, right = edges[:-1], edges[1:]
    done: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]] = []
    largest = 0.0
    for _ in range(MAX_HALVINGS):
        nodes = 0.5 * (left + right)[:, None] + 0.5 * (right - left)[:, None] * gauss()[0]
        values = np.exp(log_density(nodes.ravel()) - peak).reshape(nodes.shape)
        largest = max(largest, float(values.max()))
        fine = _resolved(values, tolerance * largest)
        done.append((left[fine], right[fine], nodes[fine], values[fine]))
        if fine.all():
            break
        if 2 * (left.size - int(fine.sum())) > MAX_PANELS:
            done[-1] = (left, right, nodes, values)
            return _join(done, ok=False)
        left, right = left[~fine], right[~fine]
        middle = 0.5 * (left + right)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    else:
        return _join([*done, (left, right, *_last(log_density, left, right, peak))], ok=False)
    return _join(done, ok=True)


def _last(
    log_density: Callable[[FloatArray], FloatArray],
    left: FloatArray,
    right: FloatArray,
    peak: float,
) -> tuple[FloatArray, FloatArray]:
    nodes = 0.5 * (left + right)[:, None] + 0.5 * (right - left)[:, None] * gauss()[0]
    return nodes, np.exp(log_density(nodes.ravel()) - peak).reshape(nodes.shape)


def _resolved(values: FloatArray, little: float) -> BoolArray:
    """Whether the last three coefficients of each panel vanish against the largest value."""
    tail = np.abs(values @ to_coefficients()[:, -3:]).max(-1)
    return np.asarray(tail <= little)


def _join(
    parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]], *, ok: bool
) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
    left, right, nodes, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(left)
    return np.append(left[order], right.max()), nodes[order], values[order], ok
