"""Moderators of log odds ratios from counts: the models of ``pool_counts`` with a regression.

The log odds ratio of study i is ``x_i' beta + u_i``, ``u_i ~ N(0, tau2)``; how the study's own
level is dealt with is that of each model (Turner and others 2000; Stijnen and others 2010).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis.effects import studies
from saisei.synthesis.pairwise.binomial import maximise
from saisei.synthesis.pairwise.glmm import (
    FORMULAE,
    LIKELIHOODS,
    BinomialModel,
    check_model,
    counted,
)
from saisei.synthesis.regression.design import check_rank, column_names, moderators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CountsRegression:
    """A regression of log odds ratios, from counts.

    Attributes
    ----------
    names
        The coefficients' names; the first is ``intercept``.
    coefficients, se, ci, p_values, covariance
        Estimates, standard errors from the observed information, normal intervals (two columns),
        two-sided p values, covariance.
    tau2, sigma2
        What the moderators leave of the variance of true log odds ratios; variance of study
        levels (``random-studies``), else NaN.
    qm, qm_df, qm_p
        Wald's chi-squared of all coefficients but the intercept.
    log_likelihood, k, model, formula, level, points
        As in ``BinomialResult``.
    converged, iterations, boundary
        As in ``BinomialResult``. Where it has not converged nothing here is to be used.
    left_out
        Studies that did not take part, with the reason.
    """

    names: tuple[str, ...]
    tau2: float
    sigma2: float
    qm: float
    qm_df: int
    qm_p: float
    log_likelihood: float
    k: int
    model: str
    formula: str
    level: float
    points: int
    converged: bool
    iterations: int
    boundary: bool
    left_out: tuple[studies.LeftOut, ...]
    coefficients: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    ci: FloatArray = field(hash=False)
    p_values: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold (NaN as None)."""
        named: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": one.index, "reason": one.reason} for one in self.left_out]
        return {key: plain(value) for key, value in named.items()}

    def __repr__(self) -> str:
        parts = {"tau2": self.tau2, "sigma2": self.sigma2}
        spread = "   ".join(f"{n} {x:.4f}" for n, x in parts.items() if not math.isnan(x))
        lines = [
            f"CountsRegression: k = {self.k}, {self.model}",
            f"  {spread}",
            f"  QM({self.qm_df}) = {self.qm:.4f}, p = {self.qm_p:.4g}",
        ]
        for i, name in enumerate(self.names):
            low, high = self.ci[i]
            lines.append(
                f"  {name}: {self.coefficients[i]:.4f}   se {self.se[i]:.4f}   "
                f"p {self.p_values[i]:.4g}   {100 * self.level:g}% CI {low:.4f} to {high:.4f}"
            )
        return "\n".join(lines if self.converged else [*lines, "  note: did not converge"])


def regress_counts(
    x: ArrayLike,
    model: BinomialModel = "fixed-studies",
    *,
    names: Sequence[str] | None = None,
    double_zero: studies.DoubleZero = "leave-out",
    points: int = 15,
    level: float = 0.95,
    **raw: ArrayLike,
) -> CountsRegression:
    """Regress log odds ratios on moderators, from counts, nothing added to empty cells.

    Parameters
    ----------
    x : array_like of shape (k,) or (k, m)
        Moderators of the studies, a column each, without the intercept.
    model : {"fixed-studies", "random-studies", "conditional"}
        As in ``pool_counts``.
    names : sequence of str, optional
        The moderators' names; ``x1``, ``x2``, ... by default.
    double_zero, points, level
        As in ``pool_counts``.
    **raw : array_like of shape (k,)
        ``events1 n1 events2 n2``, whole numbers.

    Returns
    -------
    CountsRegression

    Raises
    ------
    ValueError
        If an argument is not as described, there are not more studies than coefficients, or the
        columns are collinear among the studies that take part.

    Examples
    --------
    >>> regress_counts([1, 2, 3, 4, 5], "conditional", names=["dose"], events1=[1, 2, 4, 6, 9],
    ...                n1=[40, 55, 60, 50, 45], events2=[3, 5, 6, 6, 5], n2=[41, 50, 61, 52, 44])
    CountsRegression: k = 5, conditional
      tau2 0.0000
      QM(1) = 3.7251, p = 0.0536
      intercept: -1.9253   se 0.9886   p 0.05147   95% CI -3.8629 to 0.0123
      dose: 0.5051   se 0.2617   p 0.0536   95% CI -0.0078 to 1.0180
    """
    check_model(model, points)
    check_level(level)
    cells, left_out = counted(model, double_zero, raw)
    size = cells.shape[1] + len(left_out)
    table = moderators(x, size, names)
    whole = column_names(names, table.shape[1], intercept=True)
    if not table.shape[1]:
        raise ValueError("there is no moderator; pool_counts does without")
    design = np.column_stack([np.ones(size), table])[studies.present(size, left_out)]
    k, p = design.shape
    if k <= p:
        raise ValueError(f"{k} studies cannot carry {p} coefficients ({', '.join(whole)})")
    check_rank(design, whole)
    # In an orthonormal basis, a coefficient is of the size of a log odds ratio whatever the units.
    basis, triangle = np.linalg.qr(design)
    scale = math.sqrt(k)
    back = np.linalg.solve(triangle, np.eye(p)) * scale
    a, b, c, d = cells.sum(-1).tolist()
    first = math.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
    start = [*(triangle[:, 0] * first / scale).tolist(), 0.5]
    if model == "random-studies":
        start += [math.log((a + c) / (b + d)), 1.0]
    spreads = np.zeros(len(start), dtype=bool)
    spreads[p::2] = True
    found = maximise(LIKELIHOODS[model](cells, points, scale * basis), np.array(start), spreads)
    coefficients = back @ found.x[:p]
    covariance = back @ found.covariance[:p, :p] @ back.T
    se = np.sqrt(np.diagonal(covariance))
    reach = float(special.ndtri(0.5 + 0.5 * level)) * se
    slopes = coefficients[1:]
    qm = float(slopes @ np.linalg.solve(covariance[1:, 1:], slopes))
    return CountsRegression(
        names=whole,
        tau2=float(found.x[p]) ** 2,
        sigma2=float(found.x[p + 2]) ** 2 if model == "random-studies" else math.nan,
        qm=qm,
        qm_df=p - 1,
        qm_p=float(special.chdtrc(p - 1, qm)),
        log_likelihood=found.value,
        k=k,
        model=model,
        formula=f"{FORMULAE[model]}, moderators of the log odds ratio",
        level=level,
        points=points,
        converged=found.converged,
        iterations=found.iterations,
        boundary=found.boundary,
        left_out=tuple(studies.LeftOut(place, left_out[place]) for place in sorted(left_out)),
        coefficients=frozen(coefficients),
        se=frozen(se),
        ci=frozen(np.column_stack([coefficients - reach, coefficients + reach])),
        p_values=frozen(2.0 * np.asarray(special.ndtr(-np.abs(coefficients) / se))),
        covariance=frozen(covariance),
    )
