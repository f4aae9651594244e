"""Searching tau where the rest of a likelihood is maximised at each tau: on a grid, then refined.

At a fixed tau the log-likelihoods of this package are concave in everything else, so that one
profile is one Newton search. In tau there may be several maxima: every change from rising to
falling is refined and the highest taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from saisei.synthesis._numeric.roots import falling_root

if TYPE_CHECKING:
    from collections.abc import Callable

GRADIENT = 1e-9
"""Newton stops when no derivative exceeds this share of the number of people."""

SHARP = 1e-11
"""The same where the curvature at the end matters too, as it does for a restricted likelihood."""

ROUGH = 1e-5
"""The same while tau is only searched on the grid."""

GRID = 13

FURTHER = (2.0, 4.0, 8.0)
"""Where the likelihood still rises at the end of the grid it is followed so much further."""

GOLDEN = 0.5 * (5.0**0.5 - 1.0)
SECTION = 1e-6
"""Golden sections end at this width; a closer look would see the rounding of the likelihood."""


class Profiled(Protocol):
    """The maximum over everything else at one tau."""

    @property
    def tau(self) -> float:
        """The tau it was taken at."""

    @property
    def value(self) -> float:
        """Log-likelihood."""

    @property
    def slope(self) -> float:
        """Derivative in tau; 0 at tau = 0, where the likelihood is even."""

    @property
    def bend(self) -> float:
        """Minus the second derivative in tau with everything else fixed."""

    @property
    def curvature(self) -> float:
        """Minus the second derivative in tau with everything else following."""

    @property
    def iterations(self) -> int:
        """Steps of Newton's method."""

    @property
    def converged(self) -> bool:
        """Whether they sufficed."""


class Restricted(Profiled, Protocol):
    """The same with everything else integrated out instead of maximised."""

    @property
    def restricted(self) -> float:
        """Restricted log-likelihood."""


P = TypeVar("P", bound=Profiled)
R = TypeVar("R", bound=Restricted)


@dataclass(frozen=True, slots=True, eq=False)
class Fit(Generic[P]):
    """The best profile, the one at tau = 0, and how they were found."""

    best: P
    common: P
    iterations: int
    converged: bool
    multimodal: bool
    at_edge: bool


def search(
    at: Callable[[float, P | None, float], P], top: float, *, random: bool, points: int = GRID
) -> Fit[P]:
    """Find the maximum: tau on a grid up to ``top``, every peak refined, the highest taken.

    ``at(tau, last, gradient)`` gives the profile at ``tau``, starting from the profile ``last``.
    """
    common = at(0.0, None, GRADIENT)
    if not random:
        sound = common.converged
        return Fit(common, common, common.iterations, sound, multimodal=False, at_edge=False)
    grid = [common]
    for tau in top * np.linspace(0.0, 1.0, points)[1:] ** 2:
        grid.append(at(float(tau), grid[-1], ROUGH))
    for factor in FURTHER:
        if grid[-1].slope > 0.0:
            grid.append(at(factor * top, grid[-1], ROUGH))
    rising = [common.bend < 0.0] + [item.slope > 0.0 for item in grid[1:]]
    peaks = [] if rising[0] else [common]
    sound = True
    for i in range(len(grid) - 1):
        if rising[i] and not rising[i + 1]:
            peak, ok = _refine(at, grid[i], grid[i + 1])
            peaks.append(peak)
            sound = sound and ok
    if rising[-1]:
        peaks.append(grid[-1])
    best = max(peaks, key=lambda item: item.value)
    return Fit(
        best,
        common,
        sum(item.iterations for item in [*grid, *peaks]),
        sound and best.converged and best is not grid[-1],
        len(peaks) > 1,
        best is grid[-1],
    )


def search_restricted(at: Callable[[float, R | None, float], R], top: float) -> Fit[R]:
    """Find the maximum of the restricted likelihood, whose slope is not at hand.

    As ``search``, each peak of the grid refined by golden sections.
    """
    grid = [at(0.0, None, SHARP)]
    for tau in top * np.linspace(0.0, 1.0, GRID)[1:] ** 2:
        grid.append(at(float(tau), grid[-1], SHARP))
    for factor in FURTHER:
        if grid[-1].restricted > grid[-2].restricted:
            grid.append(at(factor * top, grid[-1], SHARP))
    values = [-np.inf, *(item.restricted for item in grid), -np.inf]
    peaks = [
        _golden(at, grid[max(0, i - 1)], grid[i], grid[min(len(grid) - 1, i + 1)])
        for i in range(len(grid))
        if values[i] <= values[i + 1] > values[i + 2]
    ]
    best = max(peaks, key=lambda item: item.restricted)
    if grid[0].restricted >= best.restricted - 1e-10 * abs(best.restricted):
        best = grid[0]  # as high but for rounding
    at_edge = best.tau > 0.99 * grid[-1].tau
    return Fit(
        best,
        grid[0],
        sum(item.iterations for item in [*grid, *peaks]),
        best.converged and not at_edge,
        len(peaks) > 1,
        at_edge,
    )


def _golden(at: Callable[[float, R | None, float], R], low: R, middle: R, high: R) -> R:
    """Close in on the highest point between ``low`` and ``high``."""
    best, a, b = middle, low.tau, high.tau
    tau = {part: a + part * (b - a) for part in (1.0 - GOLDEN, GOLDEN)}
    left, right = (at(value, middle, SHARP) for value in tau.values())
    while b - a > SECTION * max(1.0, b):
        if left.restricted >= right.restricted:
            b, right = right.tau, left
            left = at(b - GOLDEN * (b - a), left, SHARP)
        else:
            a, left = left.tau, right
            right = at(a + GOLDEN * (b - a), right, SHARP)
        best = max((best, left, right), key=lambda item: item.restricted)
    return best


def _refine(at: Callable[[float, P | None, float], P], low: P, high: P) -> tuple[P, bool]:
    """Find the peak between two values of tau."""
    last = [low]

    def score(tau: float) -> tuple[float, float]:
        found = at(tau, last[0], GRADIENT)
        last[0] = found
        return found.slope, -found.curvature

    root = falling_root(score, low.tau, high.tau, 0.5 * (low.tau + high.tau))
    return at(root.x, last[0], GRADIENT), root.converged
