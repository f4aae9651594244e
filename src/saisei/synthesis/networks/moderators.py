"""Network meta-regression: effects of treatments that change with a property of the studies.

In a study with covariates z the effect of treatment a against b is
``theta_a - theta_b + (beta_a - beta_b)' z``, with theta and beta of the reference 0 (Salanti,
Marinho and Higgins 2009; Dias, Sutton, Welton and Ades 2013). Either every treatment has a beta
of its own (``independent``), or all but the reference share one (``common``): the covariate then
changes every effect against the reference alike and none between the others. Studies with
several arms are the independent rows of ``data``, which carry the covariates of their study, so
that everything is a meta-regression of independent rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis.networks.data import (
    Rows,
    check_connected,
    independent_rows,
    read_contrasts,
)
from saisei.synthesis.networks.estimates import i_squared
from saisei.synthesis.networks.fit import (
    NETWORK_METHODS,
    NetworkMethod,
    Solution,
    estimate,
    frame,
    solve,
)
from saisei.synthesis.networks.interactions import Design, Interaction, design, read_covariates
from saisei.synthesis.networks.pairs import NetworkPrediction
from saisei.synthesis.pairwise.pooling import _p_value, _quantile
from saisei.synthesis.regression.design import limits, moderators, wald

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

NetworkTest = Literal["z", "t", "knha"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NetworkRegressionResult:
    """A network meta-regression.

    Attributes
    ----------
    treatments, reference
        Names, alphabetically as in ``network``, and the one without coefficients.
    names
        Of the coefficients: treatments (against the reference where all covariates are 0), then
        covariates (``common``) or ``treatment:covariate``.
    coefficients, se, ci, p_values, covariance
        Estimates, standard errors, intervals (two columns), two-sided p values, covariance.
    tau2, i2
        Variance of true effects that covariates leave, one for all comparisons, and I2 in per
        cent, as in ``NetworkResult``.
    r2
        Per cent of the tau2 of the network without covariates, by the same method, that they
        explain, cut at 0; NaN for ``EE`` and where that tau2 is 0.
    q, q_df, q_p
        Residual Q at tau2 = 0.
    qm, qm_df, qm_p
        Test of all interactions: chi-squared with ``(m, inf)`` under ``z``, else F with
        ``(m, q_df)``.
    k, m
        Number of studies and of contrasts.
    interaction, covariates, method, test, level, converged, iterations, boundary, multimodal
        What was used, and how tau2 was reached; see ``Heterogeneity``.
    notes
        Sentences on what is unusual.
    design, solution
        What ``predict`` needs.
    """

    treatments: tuple[str, ...]
    reference: str
    names: tuple[str, ...]
    tau2: float
    i2: float
    r2: float
    q: float
    q_df: int
    q_p: float
    qm: float
    qm_df: tuple[float, float]
    qm_p: float
    k: int
    m: int
    interaction: str
    covariates: tuple[str, ...]
    method: str
    test: str
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
    design: Design = field(hash=False)
    solution: Solution = field(hash=False)

    def predict(self, x: ArrayLike, level: float | None = None) -> NetworkPrediction:
        """All pairs where the covariates have the values ``x`` (a number each).

        Parameters
        ----------
        x : float or array_like of shape (covariates,)
        level : float, optional
            Coverage; that of the fit by default.
        """
        level = self.level if level is None else check_level(level)
        values = moderators(np.array(x, dtype=np.float64, ndmin=1)[None], 1, self.covariates)[0]
        if values.size != len(self.covariates):
            listed = ", ".join(self.covariates)
            raise ValueError(f"x has {values.size} values; expected one each of {listed}")
        own = self.design
        z = np.array([1.0, *((values - own.centre) / own.scale)])
        rows = np.einsum("c,tcp->tp", z, own.own)
        apart = rows[:, None] - rows[None]
        spread = apart @ self.solution.root
        te, se = apart @ self.solution.b, np.sqrt(np.vecdot(spread, spread))
        quantile = _quantile(level, None if self.test == "z" else self.q_df)
        tau2 = math.nan if self.method == "EE" else self.tau2
        wide = quantile * np.sqrt(se**2 + tau2)
        np.fill_diagonal(wide, 0.0)
        return NetworkPrediction(
            self.treatments,
            frozen(values),
            frozen(te),
            frozen(se),
            frozen(te - quantile * se),
            frozen(te + quantile * se),
            frozen(te - wide),
            frozen(te + wide),
            level,
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything but what ``predict`` needs as plain values that JSON can hold."""
        kept = [name for name in self.__slots__ if name not in {"design", "solution"}]
        return {name: plain(getattr(self, name)) for name in kept}

    def __repr__(self) -> str:
        m, df = self.qm_df
        shown = f"QM({m:g})" if math.isinf(df) else f"F({m:g}, {df:g})"
        size = f"k = {self.k}, {len(self.treatments)} treatments, {self.interaction} interaction"
        lines = [
            f"NetworkRegressionResult: {size}, method {self.method}, test {self.test}",
            f"  tau2 {self.tau2:.4f}   I2 {self.i2:.2f}%   R2 {self.r2:.2f}%",
            f"  residual Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
            f"  interaction {shown} = {self.qm:.4f}, p = {self.qm_p:.4g}",
            f"  against {self.reference}",
        ]
        for i, name in enumerate(self.names):
            low, high = self.ci[i]
            lines.append(
                f"    {name}: {self.coefficients[i]:.4f} ({low:.4f} to {high:.4f})   "
                f"p {self.p_values[i]:.4g}"
            )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def network_regress(  # noqa: PLR0913 - the columns of a table, and settings that all have defaults
    study: Iterable[object],
    treat1: Iterable[object],
    treat2: Iterable[object],
    te: ArrayLike,
    se: ArrayLike,
    x: ArrayLike,
    *,
    reference: str,
    interaction: Interaction = "common",
    method: NetworkMethod = "REML",
    test: NetworkTest = "z",
    names: Sequence[str] | None = None,
    level: float = 0.95,
    tolerance: float = 0.01,
) -> NetworkRegressionResult:
    """Regress the effects of a network on properties of its studies.

    Parameters
    ----------
    study, treat1, treat2, te, se, level, tolerance
        As in ``network``.
    x : array_like of shape (m,) or (m, c)
        Covariates, a column each, for each contrast; all contrasts of a study have the same.
    reference : str
        The treatment whose effect stands still; it matters for ``common``.
    interaction : {"common", "independent"}
        One change per covariate for every treatment against the reference, or one for each.
    method : {"REML", "DL", "ML", "EE"}
        Estimator of the residual tau2.
    test : {"z", "t", "knha"}
        Normal; t and F with ``q_df`` degrees of freedom; the same with the covariance scaled by
        the residual Q at tau2 over ``q_df`` (Knapp and Hartung 2003).
    names : sequence of str, optional
        The covariates' names; ``x1``, ``x2``, ... by default.

    Returns
    -------
    NetworkRegressionResult

    Raises
    ------
    ValueError
        If an argument is not as described, or the data do not tell a coefficient; the message
        names the place, the study, or the coefficients.

    Examples
    --------
    >>> network_regress(
    ...     study=[1, 2, 3, 4, 5],
    ...     treat1=["B", "B", "C", "C", "C"],
    ...     treat2=["A", "A", "A", "A", "B"],
    ...     te=[0.1, 0.5, 0.4, 0.9, 0.3],
    ...     se=[0.1, 0.1, 0.1, 0.1, 0.1],
    ...     x=[50, 60, 50, 60, 55],
    ...     reference="A",
    ...     names=["age"],
    ... )
    NetworkRegressionResult: k = 5, 3 treatments, common interaction, method REML, test z
      tau2 0.0000   I2 0.00%   R2 100.00%
      residual Q(2) = 0.3750, p = 0.829
      interaction QM(1) = 20.2500, p = 6.795e-06
      against A
        B: -2.1625 (-3.2471 to -1.0779)   p 9.319e-05
        C: -1.8375 (-2.9221 to -0.7529)   p 0.0008989
        age: 0.0450 (0.0254 to 0.0646)   p 6.795e-06
    """
    if method not in NETWORK_METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(NETWORK_METHODS)}")
    for name, value, kind in (
        ("interaction", interaction, Interaction),
        ("test", test, NetworkTest),
    ):
        if value not in get_args(kind):
            raise ValueError(f"{name} is {value!r}; expected one of {', '.join(get_args(kind))}")
    check_level(level)
    data = read_contrasts(study, treat1, treat2, te, se)
    if reference not in data.treatments:
        raise ValueError(
            f"reference is {reference!r}; the treatments are {', '.join(data.treatments)}"
        )
    check_connected(data)
    table, covariates = read_covariates(data, x, names)
    rows = independent_rows(data, tolerance)
    at = data.treatments.index(reference)
    own = design(data, rows, table, at, interaction, covariates)
    words: dict[str, Any] = {"treatments": data.treatments, "reference": reference}
    words |= {"k": len(data.studies), "m": data.te.size}
    words |= {"covariates": covariates, "interaction": interaction}
    return _regress(rows, own, words, method, test, level)


def _regress(
    rows: Rows,
    own: Design,
    words: dict[str, Any],
    method: NetworkMethod,
    test: NetworkTest,
    level: float,
) -> NetworkRegressionResult:
    """Fit checked data."""
    p, df = len(own.names), rows.y.size - len(own.names)
    if df < 1 and test != "z":
        raise ValueError(
            f"test is {test!r}, and {rows.y.size} independent contrasts leave no degree of freedom "
            f"beside {p} coefficients; use test='z'"
        )
    best = frame(own.x, rows.v)
    fit = estimate(own.x, rows.y, rows.v, df, method, best)
    base = solve(own.x, rows.y, rows.v, 0.0, best)
    tau2 = 0.0 if math.isnan(fit.tau2) else fit.tau2
    final = solve(own.x, rows.y, rows.v, tau2, best)
    factor = final.q / df if test == "knha" else 1.0
    turn = own.to_zero()
    root = math.sqrt(factor) * (turn @ final.root)
    b, se = turn @ final.b, np.sqrt(np.vecdot(root, root))
    t_df = None if test == "z" else df
    tail = final.root[own.main :]
    explained = final.b[own.main :] @ np.linalg.solve(tail @ tail.T, final.b[own.main :])
    qm, qm_df, qm_p = wald(float(explained), p - own.main, factor, t_df)
    q = base.q if df else 0.0
    scaled = Solution(final.b, math.sqrt(factor) * final.root, final.q, final.trace)
    return NetworkRegressionResult(
        **words,
        names=own.names,
        tau2=fit.tau2,
        i2=i_squared(fit.tau2, q, df, base.trace, method),
        r2=_r2(rows, tau2, method),
        q=q,
        q_df=df,
        q_p=float(special.chdtrc(df, q)) if df else math.nan,
        qm=qm,
        qm_df=qm_df,
        qm_p=qm_p,
        method=method,
        test=test,
        level=level,
        converged=fit.converged,
        iterations=fit.iterations,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        notes=rows.notes + _notes(df, factor, multimodal=fit.multimodal),
        coefficients=frozen(b),
        se=frozen(se),
        ci=frozen(limits(b, _quantile(level, t_df) * se)),
        p_values=frozen(np.array(list(map(_p_value, b, se, [t_df] * p)))),
        covariance=frozen(root @ root.T),
        design=own,
        solution=scaled,
    )


def _r2(rows: Rows, tau2: float, method: NetworkMethod) -> float:
    """Per cent of tau2 explained, against the network without covariates."""
    df = rows.y.size - rows.x.shape[1] + 1
    before = math.nan if method == "EE" else estimate(rows.x, rows.y, rows.v, df, method).tau2
    if math.isnan(before) or before == 0.0:
        return math.nan
    return 100.0 * max(0.0, (before - tau2) / before)


def _notes(df: int, factor: float, *, multimodal: bool) -> tuple[str, ...]:
    notes = []
    if df < 1:
        notes.append("no degree of freedom is left: tau2 cannot be estimated and is taken as 0")
    if multimodal:
        notes.append("the likelihood of tau2 has several maxima; the highest was taken")
    if factor < 1.0:
        notes.append(
            f"the Knapp-Hartung factor is {factor:.3g}: smaller standard errors than Wald's"
        )
    return tuple(notes)
