"""Further intervals of tau2 and of the mean: profile likelihood and generalised Q."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, studies, vector
from saisei.synthesis._numeric.result import Result
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.pairwise.heterogeneity import (
    GRID_STEP,
    _highest_tau2,
    _log_likelihood,
    estimate_tau2,
    turning_cells,
    weighted_squares,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

ProfileMethod = Literal["ML", "REML"]
QWeights = Literal["inverse-variance", "inverse-se"]
NODES = 48
"""Enough for 1e-10; more would lose digits to rounding."""


@dataclass(frozen=True, slots=True)
class ProfileIntervals(Result):
    """Intervals by profile likelihood.

    Attributes
    ----------
    estimate, estimate_ci
        The mean effect under maximum likelihood and its interval. NaN under REML, whose
        likelihood has no mean in it.
    tau2, tau2_ci
        The variance of true effects and its interval.
    method, level, k
        Which likelihood, coverage, number of studies.
    boundary, multimodal, converged
        Whether tau2 is 0 because it cannot be below; whether its likelihood has several maxima
        (limits are then the outermost); whether every search ended.
    """

    estimate: float
    estimate_ci: tuple[float, float]
    tau2: float
    tau2_ci: tuple[float, float]
    method: str
    level: float
    k: int
    boundary: bool
    multimodal: bool
    converged: bool


def profile_likelihood(
    y: ArrayLike, v: ArrayLike, method: ProfileMethod = "ML", level: float = 0.95
) -> ProfileIntervals:
    """Intervals of the mean and of tau2 by profile likelihood (Hardy and Thompson 1996).

    A value belongs to the interval when twice the log-likelihood, at its highest over the other
    parameter, is within the chi-squared quantile (1 degree of freedom) of its maximum.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances; k at least 2.
    method : {"ML", "REML"}
        Likelihood, or restricted likelihood (tau2 only).
    level : float
        Coverage.

    Returns
    -------
    ProfileIntervals

    Examples
    --------
    >>> fit = profile_likelihood([0.1, 0.9, -0.4, 0.5], [0.02, 0.03, 0.05, 0.04])
    >>> "{:.4f} {:.4f}".format(*fit.estimate_ci), "{:.4f} {:.4f}".format(*fit.tau2_ci)
    ('-0.3234 0.8812', '0.0347 1.3244')
    """
    if method not in get_args(ProfileMethod):
        raise ValueError(f"method is {method!r}; expected one of 'ML', 'REML'")
    check_level(level)
    estimates, variances = studies(y, v, "v")
    if estimates.size < 2:
        raise ValueError("one study tells nothing of tau2; expected at least 2 studies")
    shift = float(estimates.mean())
    centred = estimates - shift
    crit = float(special.chdtri(1, 1.0 - level))
    fit = estimate_tau2(centred, variances, method)
    restricted = method == "REML"
    low, high, converged = _tau2_limits(centred, variances, fit.tau2, crit, restricted=restricted)
    estimate, ci = math.nan, (math.nan, math.nan)
    if not restricted:
        w = 1.0 / (variances + fit.tau2)
        mu = float(w @ centred / w.sum())
        peak = _best(centred - mu, variances)[1]
        up, fine_up = _mean_limit(centred, variances, mu, peak, crit)
        down, fine_down = _mean_limit(-centred, variances, -mu, peak, crit)
        estimate, ci = mu + shift, (shift - down, shift + up)
        converged = converged and fine_up and fine_down
    return ProfileIntervals(
        estimate,
        ci,
        fit.tau2,
        (low, high),
        method,
        level,
        estimates.size,
        fit.boundary,
        fit.multimodal,
        converged and fit.converged,
    )


def _tau2_limits(
    y: FloatArray, v: FloatArray, tau2: float, crit: float, *, restricted: bool
) -> tuple[float, float, bool]:
    """Outermost values of tau2 at which the deviance is ``crit`` (0 where it never is)."""
    unit = float(v.min())
    peak = float(_log_likelihood(y, v, [tau2], restricted=restricted)[0])

    def within(s: float) -> float:
        value = _log_likelihood(y, v, [unit * math.expm1(s)], restricted=restricted)[0]
        return crit - 2.0 * (peak - float(value))

    top = math.log1p(max(_highest_tau2(y, v, restricted=restricted), tau2) / unit)
    while within(top) > 0.0:
        top += 1.0
    grid = np.linspace(0.0, top, 2 + math.ceil(top / GRID_STEP))
    grid = np.sort(np.append(grid, math.log1p(tau2 / unit)))
    values = _log_likelihood(y, v, (unit * np.expm1(grid)).tolist(), restricted=restricted)
    inside = np.flatnonzero(crit - 2.0 * (peak - values) > 0.0)
    first, last = int(inside[0]), int(inside[-1])
    upper = falling_root(
        lambda s: (within(s), 0.0), float(grid[last]), float(grid[last + 1]), float(grid[last])
    )
    if first == 0:
        return 0.0, unit * math.expm1(upper.x), upper.converged
    lower = falling_root(
        lambda s: (-within(s), 0.0), float(grid[first - 1]), float(grid[first]), float(grid[first])
    )
    done = lower.converged and upper.converged
    return unit * math.expm1(lower.x), unit * math.expm1(upper.x), done


def _best(residual: FloatArray, v: FloatArray) -> tuple[float, float]:
    """Return the tau2 that is likeliest for a known mean, and the log-likelihood there.

    ``residual`` is ``y - mu``. The score is ``sum w^2 r^2 - sum w`` (over 2); beyond the largest
    squared residual it is below zero.
    """
    square = residual * residual
    unit = float(v.min())
    top = math.log1p(float(square.max()) / unit)
    grid = np.linspace(0.0, top, 2 + math.ceil(top / GRID_STEP))

    def score(at: FloatArray) -> tuple[FloatArray, FloatArray]:
        w = 1.0 / np.add.outer(unit * np.expm1(at), v)
        first = (w * w) @ square - w.sum(-1)
        second = np.vecdot(w, w) - 2.0 * (w * w * w) @ square
        scale = unit * np.exp(at)
        return first * scale, (second * scale + first) * scale

    def point(at: float) -> tuple[float, float]:
        first, second = score(np.asarray(at))
        return float(first), float(second)

    grid, cells, rises = turning_cells(score, grid)
    roots = [
        falling_root(point, float(grid[i]), float(grid[i + 1]), float(grid[i])).x for i in cells
    ]
    if not rises:
        roots.append(0.0)
    spread = np.add.outer(unit * np.expm1(np.array(roots)), v)
    values = -0.5 * (np.log(spread).sum(-1) + (square / spread).sum(-1))
    place = int(np.argmax(values))
    return unit * math.expm1(roots[place]), float(values[place])


def _mean_limit(
    y: FloatArray, v: FloatArray, mu: float, peak: float, crit: float
) -> tuple[float, bool]:
    """Upper limit of the mean. The slope of the profile is that at its likeliest tau2."""

    def within(at: float) -> tuple[float, float]:
        residual = y - at
        tau2, value = _best(residual, v)
        return crit - 2.0 * (peak - value), 2.0 * float((residual / (v + tau2)).sum())

    w = 1.0 / (v + _best(y - mu, v)[0])
    step = math.sqrt(crit / float(w.sum()))
    high = mu + step
    while within(high)[0] > 0.0:
        step *= 2.0
        high = mu + step
    root = falling_root(within, mu, high, mu + 0.75 * step)
    return root.x, root.converged


def generalised_q(
    y: ArrayLike,
    v: ArrayLike,
    weights: QWeights | ArrayLike = "inverse-variance",
    level: float = 0.95,
) -> tuple[float, float]:
    """Confidence interval of tau2 by a generalised Q statistic (Jackson 2013).

    ``Q = sum a (y - ybar)^2`` with fixed weights a is a weighted sum of chi-squared variables,
    whose weights are the eigenvalues of ``S^1/2 (A - a a'/sum a) S^1/2`` with
    ``S = diag(v + tau2)``. The limits are the values of tau2 at which the observed Q is the upper
    and the lower quantile of its distribution.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances; k at least 2.
    weights : {"inverse-variance", "inverse-se"} or array_like
        ``1/v`` (Biggerstaff and Jackson 2008), ``1/sqrt(v)``, which Jackson (2013) found better
        where heterogeneity is moderate, or positive numbers of one's own.
    level : float
        Coverage.

    Returns
    -------
    tuple of float
        Limits; both are 0 when even tau2 = 0 makes the observed Q improbably small.

    Examples
    --------
    >>> low, high = generalised_q([0.1, 0.9, -0.4, 0.5], [0.02, 0.03, 0.05, 0.04])
    >>> f"{low:.4f} {high:.4f}"
    '0.0527 3.8384'
    """
    check_level(level)
    estimates, variances = studies(y, v, "v")
    if estimates.size < 2:
        raise ValueError("one study tells nothing of tau2; expected at least 2 studies")
    a = _q_weights(variances, weights)
    matrix = np.diag(a) - np.outer(a, a) / a.sum()
    q = weighted_squares(estimates, a)
    unit = float(variances.min())

    def limit(target: float) -> float:
        def gap(s: float) -> tuple[float, float]:
            root = np.sqrt(variances + unit * math.expm1(s))
            shares = np.linalg.eigvalsh(matrix * np.outer(root, root))[1:]
            return target - (1.0 - weighted_chi_squared_cdf(q, shares)), 0.0

        if gap(0.0)[0] <= 0.0:
            return 0.0
        high = 1.0
        while gap(high)[0] > 0.0:
            high *= 2.0
        return unit * math.expm1(falling_root(gap, 0.0, high, 0.5 * high).x)

    return limit((1.0 - level) / 2.0), limit((1.0 + level) / 2.0)


def _q_weights(v: FloatArray, weights: QWeights | ArrayLike) -> FloatArray:
    if isinstance(weights, str):
        if weights not in get_args(QWeights):
            raise ValueError(
                f"weights is {weights!r}; expected 'inverse-variance', 'inverse-se' or numbers"
            )
        return 1.0 / (v if weights == "inverse-variance" else np.sqrt(v))
    a = vector("weights", weights)
    if a.size != v.size or not (np.isfinite(a) & (a > 0)).all():
        raise ValueError("weights must be finite numbers above 0, one for each study")
    return a


def weighted_chi_squared_cdf(q: float, shares: FloatArray) -> float:
    """Probability that ``sum share_i X_i``, X_i chi-squared with 1 degree, is at most q."""
    return float(weighted_chi_squared_cdfs(q, shares[None, :])[0])


def weighted_chi_squared_cdfs(q: float, shares: FloatArray) -> FloatArray:
    """Return the same for each row of shares.

    The inverse Laplace transform of ``prod (1 + 2 share z)^-1/2 / z`` by the midpoint rule on
    the parabola ``z = m (1 + i u)^2`` of Weideman and Trefethen (2007), which goes round the cut
    on the negative axis; the error falls exponentially in the number of nodes.
    """
    if q <= 0.0:
        return np.zeros(shares.shape[0])
    points = NODES + 4 * math.isqrt(shares.shape[1])
    u = (np.arange(points // 2) + 0.5) * 3.0 / points
    m = math.pi * points / 12.0
    z = m * (1.0 + 1j * u) ** 2
    log_value = z - 0.5 * np.log1p(np.multiply.outer(2.0 * shares / q, z)).sum(1)
    terms = np.exp(log_value) * 2.0 * m * (1.0 + 1j * u) / z
    return np.asarray(np.clip(terms.real.sum(-1) * 3.0 / points / math.pi, 0.0, 1.0))
