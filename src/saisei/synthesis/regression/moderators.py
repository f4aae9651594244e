"""Meta-regression: moderators that explain part of the differences between studies.

The model (Berkey and others 1995) is ``y_i ~ N(x_i' b + u_i, v_i)``, ``u_i ~ N(0, tau2)``: tau2 is
what the moderators leave unexplained. With an intercept only it is the model of ``pool``, and
every number is the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, studies
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.pairwise.heterogeneity import METHODS, Heterogeneity, Method, estimate_tau2
from saisei.synthesis.pairwise.pooling import TESTS, Test, _p_value, _quantile
from saisei.synthesis.regression.design import (
    INTERCEPT,
    Solved,
    check_rank,
    column_names,
    limits,
    moderators,
    solve,
    wald,
)
from saisei.synthesis.regression.tau2 import moderated_tau2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Prediction(Result):
    """What a regression expects at chosen values of the moderators.

    ``estimate`` and ``se`` have one entry per row asked for, ``ci`` and ``prediction_interval``
    two columns; the latter is None for the common-effect model (``EE``), which knows no spread.
    """

    estimate: FloatArray
    se: FloatArray
    ci: FloatArray
    prediction_interval: FloatArray | None
    level: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RegressionResult(Result):
    """A meta-regression.

    Attributes
    ----------
    names
        The coefficients' names; the first is ``intercept`` where there is one.
    coefficients, se, ci, p_values, covariance
        Estimates, standard errors, intervals (two columns), two-sided p values, covariance.
    tau2, i2, h2
        Residual variance of true effects; I2 in per cent and H2, what the moderators leave: both
        from tau2 and the typical sampling variance ``(k - p) / tr P``; for ``EE`` from QE.
    r2
        Per cent of tau2 that the moderators explain, ``(tau2_0 - tau2) / tau2_0`` cut at 0, with
        tau2_0 of the model without moderators by the same method (Raudenbush 1994). NaN without an
        intercept, without moderators, for ``EE`` and where tau2_0 is 0.
    qe, qe_df, qe_p
        Test of residual heterogeneity.
    qm, qm_df, qm_p
        Test of all coefficients but the intercept (of the intercept where it stands alone):
        under ``z`` chi-squared with ``qm_df = (m, inf)``; otherwise F with ``(m, k - p)``.
    hat
        Diagonal of the hat matrix; it sums to the number of coefficients p.
    k, method, test, level
        Number of studies, and what was used.
    converged, iterations, boundary, multimodal
        How tau2 was reached; see ``Heterogeneity``.
    notes
        Sentences on what is unusual about this fit.
    y, v, x
        The data, read-only; ``x`` has a column of ones where there is an intercept.
    """

    names: tuple[str, ...]
    tau2: float
    i2: float
    h2: float
    r2: float
    qe: float
    qe_df: int
    qe_p: float
    qm: float
    qm_df: tuple[float, float]
    qm_p: float
    k: int
    method: Method
    test: Test
    level: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    notes: tuple[str, ...]
    coefficients: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    ci: FloatArray = field(hash=False)
    p_values: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    hat: FloatArray = field(hash=False)
    y: FloatArray = field(hash=False)
    v: FloatArray = field(hash=False)
    x: FloatArray = field(hash=False)

    @property
    def tau(self) -> float:
        """Standard deviation of true effects that the moderators leave."""
        return math.sqrt(self.tau2)

    @property
    def intercept(self) -> bool:
        """Whether the model has an intercept of its own."""
        return self.names[0] == INTERCEPT

    def predict(self, x: ArrayLike | None = None, level: float | None = None) -> Prediction:
        """Mean effect, its interval and the prediction interval at values of the moderators.

        Parameters
        ----------
        x : array_like
            A table with a row per prediction and a column per moderator, without the intercept.
            One row of numbers is one prediction, or, with a single moderator, one for each
            number. Left out when the model has no moderator.
        level : float, optional
            Coverage; that of the fit by default.
        """
        level = self.level if level is None else check_level(level)
        columns = len(self.names) - self.intercept
        table = np.empty((1, 0)) if x is None else np.array(x, dtype=np.float64, ndmin=1)
        if table.ndim == 1:
            table = table[:, None] if columns == 1 else table[None, :]
        if table.ndim != 2 or table.shape[1] != columns:
            raise ValueError(f"x has shape {table.shape}; expected {columns} moderators in a row")
        table = moderators(table, table.shape[0], self.names[self.intercept :])
        if self.intercept:
            table = np.column_stack([np.ones(table.shape[0]), table])
        estimate = table @ self.coefficients
        variance = np.maximum(0.0, np.vecdot(table @ self.covariance, table))
        quantile = _quantile(level, None if self.test == "z" else self.qe_df)
        wide = np.sqrt(variance + self.tau2)
        return Prediction(
            estimate,
            np.sqrt(variance),
            limits(estimate, quantile * np.sqrt(variance)),
            None if self.method == "EE" else limits(estimate, quantile * wide),
            level,
        )

    def __repr__(self) -> str:
        m, df = self.qm_df
        wald = f"QM({m:g})" if math.isinf(df) else f"F({m:g}, {df:g})"
        lines = [
            f"RegressionResult: k = {self.k}, method {self.method}, test {self.test}",
            f"  tau2 {self.tau2:.4f}   I2 {self.i2:.2f}%   H2 {self.h2:.2f}   R2 {self.r2:.2f}%",
            f"  QE({self.qe_df}) = {self.qe:.4f}, p = {self.qe_p:.4g}",
            f"  {wald} = {self.qm:.4f}, p = {self.qm_p:.4g}",
        ]
        for i, name in enumerate(self.names):
            low, high = self.ci[i]
            lines.append(
                f"  {name}: {self.coefficients[i]:.4f}   se {self.se[i]:.4f}   "
                f"p {self.p_values[i]:.4g}   {100 * self.level:g}% CI {low:.4f} to {high:.4f}"
            )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def regress(
    y: ArrayLike,
    v: ArrayLike,
    x: ArrayLike | None = None,
    method: Method = "REML",
    test: Test = "knha",
    *,
    intercept: bool = True,
    names: Sequence[str] | None = None,
    level: float = 0.95,
) -> RegressionResult:
    """Regress study estimates on moderators, with residual heterogeneity.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances.
    x : array_like of shape (k,) or (k, m)
        Moderators, a column each, without the intercept; None for the mean alone.
    method : {"REML", "EE", "DL", "HE", "SJ", "ML", "PM", "EB", "HS", "HSk"}
        Estimator of tau2 in its regression form; REML and ML are global maxima.
    test : {"knha", "z", "t", "knha-safeguarded"}
        ``knha``: t and F with k - p degrees of freedom, the covariance scaled by
        ``y'Py / (k - p)`` (Knapp and Hartung 2003); safeguarded: by at least 1; ``t``: not scaled.
    intercept : bool
        Whether a column of ones is added before the moderators.
    names : sequence of str, optional
        The moderators' names; ``x1``, ``x2``, ... by default.
    level : float
        Coverage of every interval.

    Returns
    -------
    RegressionResult

    Raises
    ------
    ValueError
        If an argument is not as described, there are not more studies than coefficients, or the
        columns are collinear; the message names the place and the value, or the columns.

    Examples
    --------
    >>> regress([-0.9, -1.6, -1.3, -1.4, -0.2], [0.3, 0.2, 0.4, 0.02, 0.05], [44, 55, 42, 52, 13],
    ...         names=["latitude"])
    RegressionResult: k = 5, method REML, test knha
      tau2 0.0000   I2 0.00%   H2 1.00   R2 100.00%
      QE(3) = 0.3788, p = 0.9446
      F(1, 3) = 172.6358, p = 0.0009523
      intercept: 0.2072   se 0.1065   p 0.1468   95% CI -0.1316 to 0.5461
      latitude: -0.0310   se 0.0024   p 0.0009523   95% CI -0.0385 to -0.0235
      note: the Knapp-Hartung factor is 0.126: smaller standard errors than Wald's
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(METHODS)}")
    if test not in TESTS:
        raise ValueError(f"test is {test!r}; expected one of {', '.join(TESTS)}")
    check_level(level)
    estimates, variances = studies(y, v, "v")
    table = moderators(x, estimates.size, names)
    whole = column_names(names, table.shape[1], intercept=intercept)
    if intercept:
        table = np.column_stack([np.ones(estimates.size), table])
    if not whole:
        raise ValueError("there is neither an intercept nor a moderator; give one of them")
    if estimates.size <= len(whole):
        raise ValueError(
            f"{estimates.size} studies cannot carry {len(whole)} coefficients "
            f"({', '.join(whole)}); at least {len(whole) + 1} are needed"
        )
    check_rank(table, whole)
    base = estimates[0] if intercept else 0.0
    fit = moderated_tau2(estimates - base, variances, table, method)
    return regress_at(fit, estimates, variances, table, whole, method, test, level)


def regress_at(
    fit: Heterogeneity,
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    names: tuple[str, ...],
    method: Method,
    test: Test,
    level: float,
) -> RegressionResult:
    """Fit checked data at a tau2 that was found.

    With an intercept, estimates are taken from the first of them.
    """
    k, p = x.shape
    first = int(names[0] == INTERCEPT)
    base = float(y[0]) if first else 0.0
    moved, df = y - base, k - p
    at_zero, final = solve(moved, x, v), solve(moved, x, v + fit.tau2)
    coefficients = final.coefficients.copy()
    coefficients[0] += base
    factor = 1.0 if test in ("z", "t") else final.squares / df
    if test == "knha-safeguarded":
        factor = max(1.0, factor)
    se = np.sqrt(factor * np.diagonal(final.covariance))
    t_df = None if test == "z" else df
    i2, h2 = _i2_h2(at_zero, fit.tau2, df, method)
    explained = final.explained[first:].sum()
    if p == first:
        explained = coefficients[0] ** 2 / final.covariance[0, 0]
    qm, qm_df, qm_p = wald(float(explained), max(1, p - first), factor, t_df)
    return RegressionResult(
        names=names,
        tau2=fit.tau2,
        i2=i2,
        h2=h2,
        r2=_r2(moved, v, fit, method) if 0 < first < p else math.nan,
        qe=at_zero.squares,
        qe_df=df,
        qe_p=float(special.chdtrc(df, at_zero.squares)),
        qm=qm,
        qm_df=qm_df,
        qm_p=qm_p,
        k=k,
        method=method,
        test=test,
        level=level,
        converged=fit.converged,
        iterations=fit.iterations,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        notes=_notes(test, factor, multimodal=fit.multimodal),
        coefficients=frozen(coefficients),
        se=frozen(se),
        ci=frozen(limits(coefficients, _quantile(level, t_df) * se)),
        p_values=frozen(np.array(list(map(_p_value, coefficients, se, [t_df] * p)))),
        covariance=frozen(factor * final.covariance),
        hat=frozen(final.hat),
        y=frozen(y),
        v=frozen(v),
        x=frozen(x),
    )


def _i2_h2(at_zero: Solved, tau2: float, df: int, method: Method) -> tuple[float, float]:
    """I2 (per cent) and H2 of what the moderators leave; see ``RegressionResult``."""
    if method == "EE":
        h2 = at_zero.squares / df
        return (100.0 * (h2 - 1.0) / h2 if h2 > 1.0 else 0.0), h2
    typical = df / at_zero.trace
    return 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0


def _r2(y: FloatArray, v: FloatArray, fit: Heterogeneity, method: Method) -> float:
    """Per cent of tau2 explained, against the model with the intercept alone."""
    if method == "EE":
        return math.nan
    whole = estimate_tau2(y, v, method).tau2
    return math.nan if whole == 0.0 else 100.0 * max(0.0, (whole - fit.tau2) / whole)


def _notes(test: str, factor: float, *, multimodal: bool) -> tuple[str, ...]:
    notes = []
    if multimodal:
        notes.append("the likelihood of tau2 has several maxima; the highest was taken")
    if test == "knha" and factor < 1.0:
        notes.append(
            f"the Knapp-Hartung factor is {factor:.3g}: smaller standard errors than Wald's"
        )
    return tuple(notes)
