"""Profile-likelihood intervals of an ordinal effect, from the counts of one study or of several.

A value belongs to the interval when twice the log-likelihood, at its highest over everything
else, is within the chi-squared quantile (one degree of freedom) of its maximum (Venzon and
Moolgavkar 1988; Hardy and Thompson 1996 for random effects). It does not assume that the
likelihood is a parabola: it has one finite limit where the arms do not overlap, and does not
depend on the scale on which the effect is written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, plain
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.ordinal.links import Link, check_link
from saisei.synthesis.ordinal.mixed import Model, Profile, fit, maximise
from saisei.synthesis.ordinal.one_stage import NODES, RandomOn, _centres, _highest, _tables
from saisei.synthesis.ordinal.search import GRADIENT, search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.effects.studies import LeftOut

FARTHEST = 60.0
"""A limit this far out, on the scale of the link, is none."""

POINTS = 7
"""Values of tau tried at each mean; the maximum was found on a finer grid."""


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalProfile:
    """Intervals of an ordinal effect by profile likelihood.

    Attributes
    ----------
    estimate, ci
        Mean log odds ratio (or probit shift), treated against control, above 0 = higher, and its
        interval. Where every study's arms lie apart in the same direction the estimate is
        infinite and so is one limit.
    tau2, tau2_ci
        Variance of true effects by maximum likelihood and its interval; NaN where there is no
        random effect, and where the estimate is infinite.
    k, included, left_out
        Number of studies, their places, and the studies that say nothing.
    link, method, random_on, level
        What was used.
    log_likelihood, converged
        Its maximum (or supremum), and whether every search ended.
    """

    estimate: float
    ci: tuple[float, float]
    tau2: float
    tau2_ci: tuple[float, float]
    k: int
    included: tuple[int, ...]
    left_out: tuple[LeftOut, ...]
    link: str
    method: str
    random_on: str
    level: float
    log_likelihood: float
    converged: bool

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": out.index, "reason": out.reason} for out in self.left_out]
        return {name: plain(value) for name, value in named.items()}


def profile_ordinal(
    treated_counts: Sequence[ArrayLike],
    control_counts: Sequence[ArrayLike],
    link: Link = "logit",
    method: Literal["ML", "EE"] = "ML",
    random_on: RandomOn = "half",
    level: float = 0.95,
    nodes: int = NODES,
) -> OrdinalProfile:
    """Profile-likelihood intervals of the common odds ratio, of one study or pooled.

    Parameters
    ----------
    treated_counts, control_counts, link, method, random_on, level, nodes
        As in ``pool_ordinal``; one study gives the interval of its own common odds ratio.

    Returns
    -------
    OrdinalProfile

    Examples
    --------
    >>> one = profile_ordinal([[5, 9, 20, 15, 31, 18, 6]], [[3, 8, 12, 17, 39, 20, 3]])
    >>> "{:.4f} to {:.4f}".format(*one.ci)
    '-0.7122 to 0.2643'
    >>> apart = profile_ordinal([[0, 0, 5]], [[4, 4, 0]])
    >>> "{:.4f} to {}".format(*apart.ci)
    '3.6112 to inf'
    """
    check_link(link)
    check_level(level)
    if method not in {"ML", "EE"}:
        raise ValueError(f"method is {method!r}; expected one of ML, EE")
    if random_on not in {"half", "share", "treated"}:
        raise ValueError(f"random_on is {random_on!r}; expected one of half, share, treated")
    tables, included, left_out, signs = _tables(treated_counts, control_counts)
    random = method == "ML" and len(tables) > 1
    model = Model(tuple(tables), _centres(tables, random_on), link, nodes)
    surface = _Surface(
        model, _highest(tables, link), float(special.chdtri(1, 1.0 - level)), random=random
    )
    endless = signs[0] if all(signs) and len(set(signs)) == 1 else 0.0
    found = _endless(surface, tables, endless) if endless else _finite(surface)
    estimate, ci, tau2, tau2_ci, value, converged = found
    return OrdinalProfile(
        estimate=estimate,
        ci=ci,
        tau2=tau2,
        tau2_ci=tau2_ci,
        k=len(tables),
        included=included,
        left_out=left_out,
        link=link,
        method=method,
        random_on=random_on,
        level=level,
        log_likelihood=value,
        converged=converged,
    )


Found = tuple[float, tuple[float, float], float, tuple[float, float], float, bool]


@dataclass(frozen=True, slots=True)
class _Surface:
    """The log-likelihood, profiled in the mean or in tau."""

    model: Model
    top: float
    quantile: float
    random: bool

    def at_mean(self, mu: float, thetas: tuple[FloatArray, ...]) -> Profile:
        """Return the highest point over tau and the thresholds at a mean."""

        def at(tau: float, last: Profile | None, gradient: float) -> Profile:
            near = last.thetas if last else thetas
            return maximise(self.model, tau, mu, near, gradient, fixed=True)

        top = self.top + 2.0 * abs(mu)
        return search(at, top, random=self.random, points=POINTS).best

    def mean_limit(
        self, start: Profile, peak: float, width: float, sign: float
    ) -> tuple[float, bool]:
        """Walk from ``start`` in one direction until the likelihood is too low; and back."""
        last = [start]

        def room(step: float) -> tuple[float, float]:
            mu = start.mu + sign * step
            thetas = tuple(theta + 0.5 * (mu - last[0].mu) for theta in last[0].thetas)
            last[0] = self.at_mean(mu, thetas)
            return self.quantile - 2.0 * (peak - last[0].value), 2.0 * sign * last[0].mu_slope

        step, converged = _limit(room, width, FARTHEST)
        return start.mu + sign * step, converged and (math.isinf(step) or last[0].converged)

    def tau_limits(self, best: Profile) -> tuple[tuple[float, float], bool]:
        """Walk in tau from the maximum, the mean following."""

        def room(tau: float, sign: float) -> tuple[float, float]:
            at = maximise(self.model, tau, best.mu, best.thetas, GRADIENT)
            return self.quantile - 2.0 * (best.value - at.value), 2.0 * sign * at.slope

        high, up = _limit(lambda step: room(best.tau + step, 1.0), 0.5, FARTHEST)
        low, down = 0.0, True
        if best.tau > 0.0 and room(0.0, -1.0)[0] < 0.0:
            root = falling_root(
                lambda step: room(best.tau - step, -1.0), 0.0, best.tau, 0.5 * best.tau
            )
            low, down = best.tau - root.x, root.converged
        return (low**2, (best.tau + high) ** 2), up and down


def _limit(
    room: Callable[[float], tuple[float, float]], width: float, farthest: float
) -> tuple[float, bool]:
    """Find where the room left falls through 0; infinity if it does not on the way."""
    low, high = 0.0, width
    while room(high)[0] > 0.0:
        low, high = high, 2.0 * high
        if high > farthest:
            return math.inf, True
    root = falling_root(room, low, high, 0.5 * (low + high))
    return root.x, root.converged


def _finite(surface: _Surface) -> Found:
    """Both limits, about a finite estimate."""
    found = fit(surface.model, surface.top, random=surface.random)
    best = found.best
    width = math.sqrt(surface.quantile / float(best.information[0, 0]))
    low, down = surface.mean_limit(best, best.value, width, -1.0)
    high, up = surface.mean_limit(best, best.value, width, 1.0)
    tau2, tau2_ci, fine = math.nan, (math.nan, math.nan), True
    if surface.random:
        tau2 = best.tau**2
        tau2_ci, fine = surface.tau_limits(best)
    return best.mu, (low, high), tau2, tau2_ci, best.value, found.converged and down and up and fine


def _endless(surface: _Surface, tables: list[FloatArray], sign: float) -> Found:
    """One limit: the likelihood rises towards that of arms which share nothing."""
    peak = 0.0
    for counts in tables:
        shares = counts / counts.sum(1, keepdims=True)
        held = counts > 0
        peak += float(counts[held] @ np.log(shares[held]))
    direction = math.copysign(1.0, sign)
    start, step = maximise(surface.model, 0.0, 0.0, surface.model.start(), fixed=True), 1.0
    while 2.0 * (peak - start.value) > surface.quantile:
        mu = start.mu + direction * step
        start = surface.at_mean(mu, tuple(t + 0.5 * direction * step for t in start.thetas))
        step *= 2.0
    limit, converged = surface.mean_limit(start, peak, 1.0, -direction)
    ci = (limit, math.inf) if direction > 0 else (-math.inf, limit)
    return sign, ci, math.nan, (math.nan, math.nan), peak, converged
