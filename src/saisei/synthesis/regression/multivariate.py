"""Any number of outcomes of the same studies, pooled together, with moderators if wanted.

The model (Jackson, Riley and White 2011; Gasparrini, Armstrong and Kenward 2012) is
``y_i ~ N(X_i beta, V_i + Psi)``, each study with the outcomes that it reports: sampling errors of
one study are correlated, and so are its true effects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain, refuse, vector
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.pairwise.pooling import _p_value, _quantile
from saisei.synthesis.regression.design import (
    column_names,
    limits,
)
from saisei.synthesis.regression.design import moderators as moderator_table
from saisei.synthesis.regression.outcomes import (
    check_outcomes,
    enough,
    fit_outcomes,
    from_variances,
    numbers,
    outcome_names,
    spread_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.effects.measures import LeftOut
    from saisei.synthesis.regression.mixed_blocks import BlockFit
    from saisei.synthesis.regression.outcomes import Outcomes

MultivariateMethod = Literal["REML", "ML", "EE"]
Structure = Literal["unstructured", "diagonal", "compound"]


@dataclass(frozen=True, slots=True, eq=False)
class MultivariatePrediction(Result):
    """The effects expected in a new study, an entry per outcome.

    ``covariance`` is that of its true effects, ``X C X' + Psi``; it and ``prediction_interval``
    (two columns) are None for the common-effect model, which knows no spread.
    """

    outcomes: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci: FloatArray
    covariance: FloatArray | None
    prediction_interval: FloatArray | None
    level: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultivariateResult(Result):
    """Several outcomes pooled together.

    Attributes
    ----------
    outcomes, names
        The outcomes, and the coefficients: the outcomes' own names without moderators, otherwise
        ``outcome: intercept``, ``outcome: moderator`` and so on, outcome by outcome.
    estimates, se, ci, p_values, covariance
        Of the coefficients; normal, and without regard to Psi's own uncertainty.
    psi, tau, correlations
        Covariance of true effects between studies, its standard deviations and correlations (NaN
        where a deviation is 0).
    log_likelihood
        With its constants; for REML without the determinant of the design alone.
    q, q_df, q_p
        Heterogeneity of all outcomes together: weighted residual squares at Psi = 0.
    qm, qm_df, qm_p
        Wald's test of all coefficients but the intercepts; without moderators, of all means.
    k, reported
        Number of studies, and how many report each outcome.
    method, structure, test, level
        What was used.
    converged, boundary, multimodal, iterations
        ``boundary``: Psi is singular, by a variance of 0 or correlations at their limit;
        ``multimodal``: some starts led to another maximum, which is lower.
    left_out, notes
        Studies without any outcome, and sentences on what is unusual about this fit.
    """

    outcomes: tuple[str, ...]
    names: tuple[str, ...]
    moderators: tuple[str, ...]
    log_likelihood: float
    q: float
    q_df: int
    q_p: float
    qm: float
    qm_df: int
    qm_p: float
    k: int
    reported: tuple[int, ...]
    method: str
    structure: str
    test: str
    level: float
    converged: bool
    boundary: bool
    multimodal: bool
    iterations: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    estimates: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    ci: FloatArray = field(hash=False)
    p_values: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    psi: FloatArray = field(hash=False)
    tau: FloatArray = field(hash=False)
    correlations: FloatArray = field(hash=False)

    def predict(self, moderators: ArrayLike | None = None) -> MultivariatePrediction:
        """Return what a new study with these values of the moderators is expected to have."""
        row = vector("moderators", [] if moderators is None else moderators)
        if row.size != len(self.moderators):
            raise ValueError(f"moderators has {row.size} values; {len(self.moderators)} are needed")
        refuse("moderators", row, ~np.isfinite(row), "a finite number")
        x = np.kron(np.eye(len(self.outcomes)), np.append(1.0, row))
        estimate, mean = x @ self.estimates, x @ self.covariance @ x.T
        quantile, se = _quantile(self.level, None), np.sqrt(np.diagonal(mean))
        whole = mean + self.psi
        wide = limits(estimate, quantile * np.sqrt(np.diagonal(whole)))
        none = self.method == "EE"
        return MultivariatePrediction(
            outcomes=self.outcomes,
            estimate=frozen(estimate),
            se=frozen(se),
            ci=frozen(limits(estimate, quantile * se)),
            covariance=None if none else frozen(whole),
            prediction_interval=None if none else frozen(wide),
            level=self.level,
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": out.index, "reason": out.reason} for out in self.left_out]
        return {name: plain(value) for name, value in named.items()}

    def __repr__(self) -> str:
        head = f"k = {self.k}, method {self.method}, structure {self.structure}, test {self.test}"
        lines = [
            f"MultivariateResult: {head}",
            f"  Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
        ]
        for i, name in enumerate(self.names):
            low, high = self.ci[i]
            lines.append(
                f"  {name}: {self.estimates[i]:.4f}   se {self.se[i]:.4f}   "
                f"p {self.p_values[i]:.4g}   {100 * self.level:g}% CI {low:.4f} to {high:.4f}"
            )
        for j, name in enumerate(self.outcomes):
            row = " ".join(f"{one:.4f}" for one in self.correlations[j, :j])
            tail = f"   correlations {row}" if j else ""
            lines.append(f"  {name}: k = {self.reported[j]}   tau {self.tau[j]:.4f}{tail}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def multivariate(  # noqa: PLR0913 - the data in their pieces, and settings that all have defaults
    y: ArrayLike,
    v: ArrayLike,
    *,
    rho: ArrayLike | None = None,
    outcomes: Sequence[str] | None = None,
    moderators: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    method: MultivariateMethod = "REML",
    structure: Structure = "unstructured",
    level: float = 0.95,
) -> MultivariateResult:
    """Pool several outcomes together.

    Parameters
    ----------
    y : array_like of shape (k, p)
        Estimates, a column for each outcome; NaN (or None) where a study does not report it.
    v : array_like of shape (k, p, p) or (k, p)
        Sampling covariance matrices, not looked at where an outcome is missing; or variances
        alone, with ``rho``.
    rho : float or array_like of shape (k,), optional
        Correlation of the sampling errors of any two outcomes, for all studies or for each.
    outcomes : sequence of str, optional
        The outcomes' names; ``y1``, ``y2``, ... by default.
    moderators : array_like of shape (k,) or (k, m), optional
        Moderators, the same for all outcomes, each outcome with coefficients of its own.
    names : sequence of str, optional
        The moderators' names; ``x1``, ``x2``, ... by default.
    method : {"REML", "ML", "EE"}
        The highest (restricted) likelihood from many starts; ``EE``: Psi = 0.
    structure : {"unstructured", "diagonal", "compound"}
        Psi: any; without correlations; or one variance and one correlation for all.
    level : float
        Coverage; intervals are normal.

    Returns
    -------
    MultivariateResult

    Raises
    ------
    ValueError
        If an argument is not as described, a covariance matrix is not symmetric and positive
        definite, or the data cannot tell a mean, a variance or a correlation.

    Examples
    --------
    >>> multivariate([[0.47, -0.32], [0.2, -0.6], [0.4, -0.12], [0.26, -0.31], [0.56, -0.39]],
    ...              [[0.0075, 0.0077], [0.0057, 0.0008], [0.0021, 0.0014], [0.0029, 0.0015],
    ...               [0.0148, 0.0304]], rho=0.4, outcomes=["depth", "attachment"])
    MultivariateResult: k = 5, method REML, structure unstructured, test z
      Q(8) = 127.2572, p = 1.047e-23
      depth: 0.3550   se 0.0595   p 2.504e-09   95% CI 0.2383 to 0.4717
      attachment: -0.3414   se 0.0880   p 0.0001047   95% CI -0.5139 to -0.1689
      depth: k = 5   tau 0.1101
      attachment: k = 5   tau 0.1808   correlations 0.5891
    """
    if method not in get_args(MultivariateMethod):
        raise ValueError(f"method is {method!r}; expected one of REML, ML, EE")
    if structure not in get_args(Structure):
        expected = ", ".join(get_args(Structure))
        raise ValueError(f"structure is {structure!r}; expected one of {expected}")
    check_level(level)
    estimates, spread = _shapes(y, v, rho)
    k, p = estimates.shape
    labels = outcome_names(outcomes, p)
    table = moderator_table(moderators, k, names)
    columns = column_names(names, table.shape[1], intercept=True)
    x = np.column_stack([np.ones(k), table])
    data = check_outcomes(estimates, spread, x)
    enough(data, labels, columns, None if method == "EE" else structure)
    fit, q = fit_outcomes(data, method, structure)
    return _result(data, fit, q, labels, columns, (method, structure, level))


def _shapes(y: ArrayLike, v: ArrayLike, rho: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Return estimates (k, p) and covariances (k, p, p), unchecked but for their shapes."""
    estimates, spread = numbers("y", y), numbers("v", v)
    if estimates.ndim != 2 or not estimates.size:
        raise ValueError(f"y has shape {estimates.shape}; expected studies by outcomes")
    k, p = estimates.shape
    if spread.shape == (k, p) and (rho is not None or p == 1):
        return estimates, from_variances(spread, 0.0 if rho is None else rho)
    if spread.shape == (k, p):
        raise ValueError("v holds variances alone; give rho, the correlation of sampling errors")
    if spread.shape != (k, p, p):
        raise ValueError(f"v has shape {spread.shape}; expected {(k, p, p)}, or {(k, p)} with rho")
    if rho is not None:
        raise ValueError("v holds covariances already; leave rho out")
    return estimates, spread


def _result(
    data: Outcomes,
    fit: BlockFit,
    q: float,
    outcomes: tuple[str, ...],
    columns: tuple[str, ...],
    used: tuple[str, str, float],
) -> MultivariateResult:
    method, structure, level = used
    p, c = len(outcomes), len(columns)
    names = outcomes if c == 1 else tuple(f"{one}: {name}" for one in outcomes for name in columns)
    se = np.sqrt(np.diagonal(fit.covariance))
    tested = np.arange(p * c) % c > 0 if c > 1 else np.ones(p, dtype=bool)
    inner = fit.covariance[np.ix_(tested, tested)]
    qm = float(fit.beta[tested] @ np.linalg.solve(inner, fit.beta[tested]))
    q_df = int(data.there.sum()) - p * c
    tau, correlations = spread_of(fit.psi, data)
    notes = []
    if fit.multimodal:
        notes.append("the likelihood has several maxima; the highest that was met was taken")
    if not fit.converged:
        notes.append("the likelihood's maximum was not reached")
    return MultivariateResult(
        outcomes=outcomes,
        names=names,
        moderators=columns[1:],
        log_likelihood=fit.log_likelihood,
        q=q,
        q_df=q_df,
        q_p=float(special.chdtrc(q_df, q)) if q_df else math.nan,
        qm=qm,
        qm_df=int(tested.sum()),
        qm_p=float(special.chdtrc(int(tested.sum()), qm)),
        k=len(data.y),
        reported=tuple(data.there.sum(0).tolist()),
        method=method,
        structure=structure,
        test="z",
        level=level,
        converged=fit.converged,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        iterations=fit.iterations,
        left_out=data.left_out,
        notes=tuple(notes),
        estimates=frozen(fit.beta),
        se=frozen(se),
        ci=frozen(limits(fit.beta, _quantile(level, None) * se)),
        p_values=frozen(
            np.array([_p_value(b, s, None) for b, s in zip(fit.beta, se, strict=True)])
        ),
        covariance=frozen(fit.covariance),
        psi=frozen(fit.psi),
        tau=frozen(tau),
        correlations=frozen(correlations),
    )
