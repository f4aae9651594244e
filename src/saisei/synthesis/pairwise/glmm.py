"""Rare events: models that take the counts for binomial instead of log ratios for normal.

Three models, all by maximum likelihood. With a and c the events of n1 treated and n2 controls:

``fixed-studies``
    ``logit p = alpha_i + x (theta + u_i)``, x = 1/2 for the treated and -1/2 for controls,
    ``u_i ~ N(0, tau2)``, each study with its own alpha (Turner and others 2000; Jackson and
    others 2018).
``random-studies``
    The same with ``alpha_i ~ N(gamma, sigma2)``, independent of u.
``conditional``
    Given the events of both arms, a is noncentral hypergeometric with log odds ratio
    ``theta + u_i`` (van Houwelingen and others 1993; Stijnen and others 2010).

Nothing is added to empty cells. Integrals over normal effects are adaptive Gauss-Hermite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, plain, refuse
from saisei.synthesis.effects import studies
from saisei.synthesis.pairwise.binomial import (
    Conditional,
    FixedStudies,
    Likelihood,
    RandomStudies,
    maximise,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

BinomialModel = Literal["fixed-studies", "random-studies", "conditional"]
FORMULAE = {
    "fixed-studies": "binomial-normal, fixed study effects (Turner 2000; Jackson 2018)",
    "random-studies": "binomial-normal, random study effects (Turner 2000; Jackson 2018)",
    "conditional": "hypergeometric-normal (van Houwelingen 1993; Stijnen 2010)",
}
LIKELIHOODS: dict[str, Callable[[FloatArray, int, FloatArray | None], Likelihood]] = {
    "fixed-studies": FixedStudies,
    "random-studies": RandomStudies,
    "conditional": Conditional,
}
FEWEST_POINTS = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BinomialResult:
    """A log odds ratio from counts.

    Attributes
    ----------
    estimate, se, ci, p
        Log odds ratio, standard error from the observed information, normal interval, p value.
    tau2
        Variance of true log odds ratios.
    sigma2
        Variance of study levels (``random-studies``), else NaN.
    log_likelihood
        With its constants (of the conditional likelihood for ``conditional``).
    k, model, formula, level, points
        Number of studies, the model, coverage, nodes of the quadrature in each direction.
    converged, iterations, boundary
        Whether the search ended at a maximum (with few events the likelihood may have none, and
        nothing here is then to be used), in how many steps, and whether a variance is 0 (the
        standard error then takes it as known).
    left_out
        Studies with a missing number, and studies that say nothing, with the reason.
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    p: float
    tau2: float
    sigma2: float
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

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold (NaN as None)."""
        named: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": one.index, "reason": one.reason} for one in self.left_out]
        return {key: plain(value) for key, value in named.items()}

    def __repr__(self) -> str:
        parts = {"tau2": self.tau2, "sigma2": self.sigma2}
        spread = "   ".join(f"{n} {x:.4f}" for n, x in parts.items() if not math.isnan(x))
        return "\n".join(
            [
                f"BinomialResult: k = {self.k}, {self.model}",
                f"  {spread}",
                f"  estimate {self.estimate:.4f}   se {self.se:.4f}   p {self.p:.4g}",
                f"  {100 * self.level:g}% CI {self.ci[0]:.4f} to {self.ci[1]:.4f}",
            ]
        )


def pool_counts(
    model: BinomialModel = "fixed-studies",
    *,
    double_zero: studies.DoubleZero = "leave-out",
    points: int = 15,
    level: float = 0.95,
    **raw: ArrayLike,
) -> BinomialResult:
    """Pool log odds ratios from counts, without adding anything to empty cells.

    Parameters
    ----------
    model : {"fixed-studies", "random-studies", "conditional"}
        See the module head.
    double_zero : {"leave-out", "keep"}
        Studies where nobody, or everybody, had the event. Under ``random-studies`` they inform
        the level of studies and may be kept; the other models leave them out in any case, since
        they say nothing there.
    points : int
        Nodes of the quadrature in each direction; 1 is Laplace's approximation
        (``fixed-studies``: at least 5).
    level : float
        Coverage.
    **raw : array_like of shape (k,)
        ``events1 n1 events2 n2``, whole numbers.

    Returns
    -------
    BinomialResult

    Examples
    --------
    >>> pool_counts("conditional", events1=[0, 1, 4, 2], n1=[40, 55, 60, 50],
    ...             events2=[3, 5, 6, 8], n2=[41, 50, 61, 52])
    BinomialResult: k = 4, conditional
      tau2 0.0000
      estimate -1.2200   se 0.4456   p 0.006182
      95% CI -2.0934 to -0.3467
    """
    check_model(model, points)
    check_level(level)
    cells, left_out = counted(model, double_zero, raw)
    a, b, c, d = cells.sum(-1).tolist()
    start = [math.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))), 0.5]
    if model == "random-studies":
        start += [math.log((a + c) / (b + d)), 1.0]
    spreads = np.arange(len(start)) % 2 == 1
    found = maximise(LIKELIHOODS[model](cells, points, None), np.array(start), spreads)
    estimate, se = float(found.x[0]), math.sqrt(float(found.covariance[0, 0]))
    reach = float(special.ndtri(0.5 + 0.5 * level)) * se
    return BinomialResult(
        estimate=estimate,
        se=se,
        ci=(estimate - reach, estimate + reach),
        p=float(2.0 * special.ndtr(-abs(estimate) / se)),
        tau2=float(found.x[1]) ** 2,
        sigma2=float(found.x[3]) ** 2 if found.x.size > 2 else math.nan,
        log_likelihood=found.value,
        k=cells.shape[1],
        model=model,
        formula=FORMULAE[model],
        level=level,
        points=points,
        converged=found.converged,
        iterations=found.iterations,
        boundary=found.boundary,
        left_out=tuple(studies.LeftOut(place, left_out[place]) for place in sorted(left_out)),
    )


def check_model(model: str, points: int) -> None:
    """Refuse a model that there is not, or too few nodes for it."""
    if model not in LIKELIHOODS:
        raise ValueError(f"model is {model!r}; expected one of {', '.join(LIKELIHOODS)}")
    fewest = FEWEST_POINTS if model == "fixed-studies" else 1
    if points < fewest:
        raise ValueError(f"points is {points}; expected {fewest} or more")


def counted(
    model: str, double_zero: studies.DoubleZero, raw: dict[str, ArrayLike]
) -> tuple[FloatArray, dict[int, str]]:
    """Return the cells of the studies that take part, and the reasons why others do not."""
    studies.check_policies("none", double_zero)
    numbers = studies.read(studies.BINARY, raw)
    left_out = studies.missing(numbers)
    cells = studies.table(numbers)
    for name, array in numbers.items():
        refuse(name, array, (array % 1 != 0) & ~np.isnan(array), "a whole number")
    if double_zero == "leave-out" or model != "random-studies":
        studies.note_double_zeros(left_out, cells)
    cells = cells[:, studies.present(cells.shape[1], left_out)]
    a, b, c, d = cells.sum(-1).tolist()
    if min(a + c, b + d) == 0:
        raise ValueError("no study has both people with and people without the event")
    if min(a, b, c, d) == 0:
        raise ValueError(
            "one arm has nobody, or everybody, with the event over all studies: the odds ratio "
            "has no finite estimate"
        )
    return cells, left_out
