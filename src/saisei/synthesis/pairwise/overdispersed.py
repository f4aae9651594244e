"""Rare events: the beta-binomial model, in which studies without an event count as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, plain, refuse
from saisei.synthesis.effects import studies
from saisei.synthesis.pairwise.beta_binomial import covariance, fit_groups

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

BetaBinomialMeasure = Literal["OR", "RR", "RD"]
FORMULA = "beta-binomial regression of arms with a common intraclass correlation (Kuss 2015)"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BetaBinomialResult:
    """An effect from counts, by the beta-binomial model.

    Attributes
    ----------
    estimate, se, ci, p
        Log odds ratio, log risk ratio or risk difference; standard error from the observed
        information, normal interval, p value of no effect.
    risk1, risk2
        Mean risks of the treated and of controls.
    rho, rho_se
        Intraclass correlation of people within an arm: arms' risks have variance
        ``rho mu (1 - mu)``. The standard error is NaN where rho is 0.
    log_likelihood
        With its constants.
    k, measure, formula, level
        Number of studies, what was computed, and how.
    converged, iterations, boundary, multimodal
        How rho was reached. ``boundary``: it is 0, the model is then binomial, and the standard
        error takes it as known. ``multimodal``: the likelihood has several maxima; the highest was
        taken.
    left_out
        Studies that did not take part, with the reason.
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    p: float
    risk1: float
    risk2: float
    rho: float
    rho_se: float
    log_likelihood: float
    k: int
    measure: str
    formula: str
    level: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    left_out: tuple[studies.LeftOut, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold (NaN as None)."""
        named: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": one.index, "reason": one.reason} for one in self.left_out]
        return {key: plain(value) for key, value in named.items()}

    def __repr__(self) -> str:
        return "\n".join(
            [
                f"BetaBinomialResult: k = {self.k}, {self.measure}",
                f"  risks {self.risk1:.4g} and {self.risk2:.4g}   rho {self.rho:.4g}",
                f"  estimate {self.estimate:.4f}   se {self.se:.4f}   p {self.p:.4g}",
                f"  {100 * self.level:g}% CI {self.ci[0]:.4f} to {self.ci[1]:.4f}",
            ]
        )


def pool_beta_binomial(
    measure: BetaBinomialMeasure = "OR",
    *,
    double_zero: studies.DoubleZero = "keep",
    level: float = 0.95,
    **raw: ArrayLike,
) -> BetaBinomialResult:
    """Pool counts by the beta-binomial model with a common intraclass correlation (Kuss 2015).

    Each arm has a risk of its own, drawn from a beta distribution about the mean risk of the
    treated or of controls. Nothing is added to empty cells, and studies without any event take
    part, since they tell of the risks. The arms of one study are not matched: where baseline
    risks differ much between studies of unequal arms, the comparison is not protected by
    randomisation (Piepho and others 2012), and ``pool_counts`` or ``mantel_haenszel`` are.

    Parameters
    ----------
    measure : {"OR", "RR", "RD"}
        The likelihood is the same for each: two mean risks and one correlation.
    double_zero : {"keep", "leave-out"}
        Studies where nobody, or everybody, had the event in both arms.
    level : float
        Coverage.
    **raw : array_like of shape (k,)
        ``events1 n1 events2 n2``, whole numbers.

    Returns
    -------
    BetaBinomialResult

    Raises
    ------
    ValueError
        If an arm has nobody, or everybody, with the event over all studies, or if every arm of
        every study is of that kind: the likelihood then has no maximum.

    Examples
    --------
    >>> pool_beta_binomial("OR", events1=[0, 1, 4, 0], n1=[40, 55, 60, 50],
    ...                    events2=[3, 5, 6, 0], n2=[41, 50, 61, 52])
    BetaBinomialResult: k = 4, OR
      risks 0.02245 and 0.06812   rho 0.02121
      estimate -1.1575   se 0.7631   p 0.1293
      95% CI -2.6533 to 0.3382
    """
    if measure not in get_args(BetaBinomialMeasure):
        raise ValueError(f"measure is {measure!r}; expected one of OR, RR, RD")
    check_level(level)
    cells, left_out = _cells(double_zero, raw)
    a, b, c, d = cells
    fit = fit_groups([(a, a + b), (c, c + d)])
    risk1, risk2 = fit.risks.tolist()
    estimate, slopes = _effect(measure, risk1, risk2)
    variance = covariance(fit)
    se = math.sqrt(float(slopes @ variance[:2, :2] @ slopes))
    reach = float(special.ndtri(0.5 + 0.5 * level)) * se
    rho = fit.phi / (1.0 + fit.phi)
    rho_se = math.nan if fit.boundary else math.sqrt(float(variance[2, 2])) * (1.0 - rho) ** 2
    return BetaBinomialResult(
        estimate=estimate,
        se=se,
        ci=(estimate - reach, estimate + reach),
        p=float(2.0 * special.ndtr(-abs(estimate) / se)),
        risk1=risk1,
        risk2=risk2,
        rho=rho,
        rho_se=rho_se,
        log_likelihood=fit.value,
        k=cells.shape[1],
        measure=measure,
        formula=FORMULA,
        level=level,
        converged=fit.converged,
        iterations=fit.iterations,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        left_out=tuple(studies.LeftOut(place, left_out[place]) for place in sorted(left_out)),
    )


def _effect(measure: str, risk1: float, risk2: float) -> tuple[float, FloatArray]:
    """Effect, and its slopes in the two risks."""
    if measure == "RD":
        return risk1 - risk2, np.array([1.0, -1.0])
    if measure == "RR":
        return math.log(risk1 / risk2), np.array([1.0 / risk1, -1.0 / risk2])
    odds1, odds2 = risk1 / (1.0 - risk1), risk2 / (1.0 - risk2)
    slopes = np.array([1.0 / (risk1 * (1.0 - risk1)), -1.0 / (risk2 * (1.0 - risk2))])
    return math.log(odds1 / odds2), slopes


def _cells(
    double_zero: studies.DoubleZero, raw: dict[str, ArrayLike]
) -> tuple[FloatArray, dict[int, str]]:
    """Return the cells of the studies that take part, and the reasons why others do not."""
    studies.check_policies("none", double_zero)
    numbers = studies.read(studies.BINARY, raw)
    left_out = studies.missing(numbers)
    cells = studies.table(numbers)
    for name, array in numbers.items():
        refuse(name, array, (array % 1 != 0) & ~np.isnan(array), "a whole number")
    if double_zero == "leave-out":
        studies.note_double_zeros(left_out, cells)
    cells = cells[:, studies.present(cells.shape[1], left_out)]
    a, b, c, d = cells
    if min(a.sum(), b.sum(), c.sum(), d.sum()) == 0:
        raise ValueError(
            "one arm has nobody, or everybody, with the event over all studies: the effect has no "
            "finite estimate"
        )
    if not ((np.minimum(a, b) > 0).any() or (np.minimum(c, d) > 0).any()):
        raise ValueError(
            "in every arm nobody or everybody has the event: the correlation within arms has no "
            "estimate below 1"
        )
    return cells, left_out
