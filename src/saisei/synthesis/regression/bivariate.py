"""Two outcomes of the same studies, pooled together.

The model (Berkey and others 1998) is ``y_i ~ N(theta_i, V_i)``, ``theta_i ~ N(mu, S)`` with two
outcomes each: sampling errors of one study are correlated, and so are its true effects. A study
that reports one outcome only still tells something of the other.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis._numeric.arrays import LARGEST, check_level, frozen
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.pairwise.pooling import _p_value, _quantile
from saisei.synthesis.regression.design import limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray

STARTS = 6
"""How many of the grid's summits are climbed to the top."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BivariateResult(Result):
    """Two mean effects.

    Attributes
    ----------
    names, estimates, se, ci, p_values, covariance
        Of the two outcomes; ``covariance`` is that of the estimates.
    tau2, correlation
        The two variances of true effects and their correlation (NaN where a variance is 0).
    log_likelihood
        At the maximum, without its constants (restricted for REML).
    k, reported
        Number of studies, and how many report each outcome.
    method, test, level
        What was used.
    converged, boundary, multimodal
        ``boundary``: a variance is 0 or the correlation 1 or -1; ``multimodal``: the likelihood
        has several maxima, of which the highest was taken.
    """

    names: tuple[str, str]
    tau2: tuple[float, float]
    correlation: float
    log_likelihood: float
    k: int
    reported: tuple[int, int]
    method: str
    test: str
    level: float
    converged: bool
    boundary: bool
    multimodal: bool
    estimates: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    ci: FloatArray = field(hash=False)
    p_values: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)

    def __repr__(self) -> str:
        lines = [f"BivariateResult: k = {self.k}, method {self.method}, test {self.test}"]
        for i, name in enumerate(self.names):
            low, high = self.ci[i]
            lines.append(
                f"  {name}: k = {self.reported[i]}   estimate {self.estimates[i]:.4f}   "
                f"se {self.se[i]:.4f}   {100 * self.level:g}% CI {low:.4f} to {high:.4f}   "
                f"tau2 {self.tau2[i]:.4f}"
            )
        return "\n".join([*lines, f"  correlation of true effects {self.correlation:.4f}"])


def bivariate(
    y: ArrayLike,
    v: ArrayLike,
    covariance: ArrayLike,
    method: Literal["REML", "ML"] = "REML",
    *,
    names: Sequence[str] = ("first", "second"),
    level: float = 0.95,
) -> BivariateResult:
    """Pool two outcomes together.

    Parameters
    ----------
    y, v : array_like of shape (k, 2)
        Estimates and sampling variances, a column for each outcome; NaN (or None) in both where a
        study does not report it.
    covariance : array_like of shape (k,)
        Sampling covariance of the two estimates; not looked at where one is missing.
    method : {"REML", "ML"}
        The maximum is sought on a grid over both variances and the correlation, and refined.
    names : sequence of two str
        The outcomes' names.
    level : float
        Coverage; the intervals are normal.

    Returns
    -------
    BivariateResult

    Raises
    ------
    ValueError
        If an argument is not as described, or fewer than two studies report both outcomes.

    Examples
    --------
    >>> bivariate([[0.47, -0.32], [0.2, -0.6], [0.4, -0.12], [0.26, -0.31], [0.56, -0.39]],
    ...           [[0.0075, 0.0077], [0.0057, 0.0008], [0.0021, 0.0014], [0.0029, 0.0015],
    ...            [0.0148, 0.0304]], [0.003, 0.0009, 0.0007, 0.0009, 0.0072], "ML")
    BivariateResult: k = 5, method ML, test z
      first: k = 5   estimate 0.3448   se 0.0495   95% CI 0.2479 to 0.4418   tau2 0.0070
      second: k = 5   estimate -0.3379   se 0.0798   95% CI -0.4943 to -0.1816   tau2 0.0261
      correlation of true effects 0.6992
    """
    if method not in ("REML", "ML"):
        raise ValueError(f"method is {method!r}; expected one of REML, ML")
    check_level(level)
    first, second = names
    estimates, spread, there = _checked(y, v, covariance)
    centre = np.array([estimates[there[:, j], j].mean() for j in (0, 1)])
    moved = np.where(there, estimates - centre, 0.0)
    data = _Pairs(moved, spread, there, restricted=method == "REML")
    height, root, converged, multimodal = data.maximise()
    between = root @ root.T
    mean, cov = data.means(between)
    se = np.sqrt(np.diagonal(cov))
    tau2 = (float(between[0, 0]), float(between[1, 1]))
    tiny = 1e-9 * np.diagonal(data.unit)
    flat = [bool(tau2[j] <= tiny[j]) for j in (0, 1)]
    correlation = math.nan if any(flat) else float(between[0, 1] / math.sqrt(tau2[0] * tau2[1]))
    return BivariateResult(
        names=(str(first), str(second)),
        tau2=(0.0 if flat[0] else tau2[0], 0.0 if flat[1] else tau2[1]),
        correlation=correlation,
        log_likelihood=height,
        k=moved.shape[0],
        reported=(int(there[:, 0].sum()), int(there[:, 1].sum())),
        method=method,
        test="z",
        level=level,
        converged=converged,
        boundary=any(flat) or abs(correlation) > 1.0 - 1e-6,
        multimodal=multimodal,
        estimates=frozen(centre + mean),
        se=frozen(se),
        ci=frozen(limits(centre + mean, _quantile(level, None) * se)),
        p_values=frozen(np.array(list(map(_p_value, centre + mean, se, (None, None))))),
        covariance=frozen(cov),
    )


def _checked(
    y: ArrayLike, v: ArrayLike, covariance: ArrayLike
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return estimates (k, 2), sampling covariances (k, 2, 2) and what is reported."""
    try:
        estimates, variances, cov = (np.array(one, dtype=np.float64) for one in (y, v, covariance))
    except (TypeError, ValueError) as error:
        raise ValueError(f"y, v and covariance must be numbers: {error}") from None
    k = estimates.shape[0] if estimates.ndim else 0
    if estimates.shape != (k, 2) or variances.shape != (k, 2) or cov.shape != (k,):
        raise ValueError(
            f"y, v and covariance have shapes {estimates.shape}, {variances.shape}, {cov.shape}; "
            "expected (k, 2), (k, 2) and (k,)"
        )
    there = ~np.isnan(estimates)
    for i, j in itertools.product(range(k), (0, 1)):
        if there[i, j] and not abs(estimates[i, j]) < LARGEST:
            raise ValueError(f"y[{i}, {j}] is {estimates[i, j]:g}; expected a finite number")
        if there[i, j] and not 1 / LARGEST < variances[i, j] < LARGEST:
            raise ValueError(f"v[{i}, {j}] is {variances[i, j]:g}; expected a number above 0")
    both = there.all(1)
    for i in np.flatnonzero(both).tolist():
        if not cov[i] ** 2 < variances[i, 0] * variances[i, 1]:
            raise ValueError(f"covariance[{i}] is {cov[i]:g}; the variances there do not allow it")
    if both.sum() < 2:
        raise ValueError(f"{both.sum()} studies report both outcomes; at least 2 are needed")
    spread = np.zeros((k, 2, 2))
    spread[:, 0, 0], spread[:, 1, 1] = np.where(there, variances, 1.0).T
    spread[:, 0, 1] = spread[:, 1, 0] = np.where(both, cov, 0.0)
    return estimates, spread, there


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The likelihood of the covariance of true effects."""

    y: FloatArray
    v: FloatArray
    there: BoolArray
    restricted: bool

    @property
    def unit(self) -> FloatArray:
        """Size of the variances, for scaling: sampling and observed together."""
        own = [self.there[:, j] for j in (0, 1)]
        return np.diag(
            [float(np.median(self.v[m, j, j]) + self.y[m, j].var()) for j, m in enumerate(own)]
        )

    def parts(self, between: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return precisions (..., k, 2, 2), their sum, and the sum of log-determinants."""
        a = self.v[:, 0, 0] + between[..., 0, 0, None]
        d = self.v[:, 1, 1] + between[..., 1, 1, None]
        both = self.there.all(1)
        c = np.where(both, self.v[:, 0, 1] + between[..., 0, 1, None], 0.0)
        a, d = np.where(self.there[:, 0], a, 1.0), np.where(self.there[:, 1], d, 1.0)
        determinant = a * d - c * c
        inverse = np.empty((*determinant.shape, 2, 2))
        inverse[..., 0, 0] = np.where(self.there[:, 0], d / determinant, 0.0)
        inverse[..., 1, 1] = np.where(self.there[:, 1], a / determinant, 0.0)
        inverse[..., 0, 1] = inverse[..., 1, 0] = -c / determinant
        return inverse, inverse.sum(-3), np.log(determinant).sum(-1)

    def means(self, between: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the two means and their covariance."""
        inverse, total, _ = self.parts(between)
        cov: FloatArray = np.asarray(np.linalg.inv(total), dtype=np.float64)
        return np.asarray(cov @ np.einsum("kij,kj->i", inverse, self.y), dtype=np.float64), cov

    def height(self, between: FloatArray) -> FloatArray:
        """Return the (restricted) log-likelihood, for one or many covariances."""
        inverse, total, logs = self.parts(between)
        along = np.einsum("...kij,kj->...i", inverse, self.y)
        mean = np.linalg.solve(total, along[..., None])[..., 0]
        residual = np.where(self.there, self.y - mean[..., None, :], 0.0)
        value = logs + np.einsum("...ki,...kij,...kj->...", residual, inverse, residual)
        if self.restricted:
            value = value + np.log(np.linalg.det(total))
        return np.asarray(-0.5 * value)

    def maximise(self) -> tuple[float, FloatArray, bool, bool]:
        """Return the height, a root of the covariance, convergence, and whether several maxima."""
        from scipy.optimize import minimize  # noqa: PLC0415 - slow to load, and only needed here

        unit = np.sqrt(self.unit)
        tau = np.concatenate([[0.0], np.geomspace(0.02, 8.0, 15)])
        rho = np.sin(np.linspace(-0.5, 0.5, 15) * math.pi)
        t1, t2, r = np.meshgrid(tau, tau, rho, indexing="ij")
        roots = np.zeros((*t1.shape, 2, 2))
        roots[..., 0, 0], roots[..., 1, 0] = t1, r * t2
        roots[..., 1, 1] = np.sqrt(np.maximum(0.0, 1.0 - r * r)) * t2
        roots = unit @ roots
        heights = np.stack([self.height(one @ np.swapaxes(one, -1, -2)) for one in roots])

        def root(at: FloatArray) -> FloatArray:
            return np.asarray(unit @ np.array([[at[0], 0.0], [at[1], at[2]]]))

        def depth(at: FloatArray) -> float:
            here = root(at)
            return -float(self.height(here @ here.T))

        tops = []
        for place in _summits(heights):
            start = np.linalg.solve(unit, roots[place])
            at, found = np.array([start[0, 0], start[1, 0], start[1, 1]]), math.inf
            for _ in range(8):  # starting afresh, the simplex does not collapse short of the top
                step = minimize(
                    depth,
                    at,
                    method="Nelder-Mead",
                    options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 2000},
                )
                at, gain, found = step.x, found - step.fun, step.fun
                if gain < 1e-11:
                    break
            tops.append((-found, root(at), gain < 1e-9))
        best = max(tops, key=lambda top: top[0])
        scale = np.abs(self.unit).max()
        apart = [np.abs(top[1] @ top[1].T - best[1] @ best[1].T).max() for top in tops]
        several = any(gap > 1e-3 * scale for gap in apart)
        return best[0], best[1], best[2], several


def _summits(heights: FloatArray) -> list[tuple[int, ...]]:
    """Return the highest places of a grid that no neighbour tops."""
    padded = np.pad(heights, 1, constant_values=-math.inf)
    around = [
        padded[tuple(slice(1 + s, 1 + s + n) for s, n in zip(shift, heights.shape, strict=True))]
        for shift in itertools.product((-1, 0, 1), repeat=3)
        if any(shift)
    ]
    places = np.argwhere(heights >= np.max(around, axis=0))
    there = np.array([heights[tuple(place)] for place in places])
    # Without a variance the correlation says nothing: such places are one and the same.
    _, distinct = np.unique(np.round(-there, 9), return_index=True)
    return [tuple(int(i) for i in places[one]) for one in distinct[:STARTS]]
