"""Two outcomes of the same studies, pooled together.

The model (Berkey and others 1998) is ``y_i ~ N(theta_i, V_i)``, ``theta_i ~ N(mu, S)`` with two
outcomes each: sampling errors of one study are correlated, and so are its true effects. A study
that reports one outcome only still tells something of the other. It is ``multivariate`` with two
outcomes, in a form of its own.
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
from saisei.synthesis.regression.outcomes import Outcomes, fit_outcomes, numbers, spread_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


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
        ``boundary``: a variance is 0 or the correlation 1 or -1; ``multimodal``: some starts led
        to another maximum, which is lower.
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
        The highest (restricted) likelihood from many starts, as in ``multivariate``.
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
    data = _checked(y, v, covariance)
    fit, _ = fit_outcomes(data, method, "unstructured")
    se = np.sqrt(np.diagonal(fit.covariance))
    tau, correlations = spread_of(fit.psi, data)
    size = int(data.there.sum()) - (2 if method == "REML" else 0)
    return BivariateResult(
        names=(str(first), str(second)),
        tau2=(float(tau[0] ** 2), float(tau[1] ** 2)),
        correlation=float(correlations[0, 1]),
        log_likelihood=fit.log_likelihood + 0.5 * size * math.log(2.0 * math.pi),
        k=len(data.y),
        reported=(int(data.there[:, 0].sum()), int(data.there[:, 1].sum())),
        method=method,
        test="z",
        level=level,
        converged=fit.converged,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        estimates=frozen(fit.beta),
        se=frozen(se),
        ci=frozen(limits(fit.beta, _quantile(level, None) * se)),
        p_values=frozen(np.array(list(map(_p_value, fit.beta, se, (None, None))))),
        covariance=frozen(fit.covariance),
    )


def _checked(y: ArrayLike, v: ArrayLike, covariance: ArrayLike) -> Outcomes:
    """Return the data as those of several outcomes."""
    estimates, variances, cov = numbers("y", y), numbers("v", v), numbers("covariance", covariance)
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
    return Outcomes(np.where(there, estimates, 0.0), spread, np.ones((k, 1)), there, ())
