"""Mantel-Haenszel and Peto: pooling counts without a variance for each study.

Every study is a stratum. Its table enters sums, so that empty cells need no correction and small
studies do not lose their weight to a badly estimated variance. ``model="random"`` adds tau2 as
Review Manager does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis.effects import studies
from saisei.synthesis.effects.measures import effect
from saisei.synthesis.effects.studies import DoubleZero, LeftOut, ZeroCells
from saisei.synthesis.pairwise import stratified_sums
from saisei.synthesis.pairwise.heterogeneity import typical_variance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

StratifiedMeasure = Literal["OR", "RR", "RD", "IRR"]
StratifiedModel = Literal["common", "random"]
RATES = ("events1", "time1", "events2", "time2")
FORMULAE = {
    ("OR", "robins"): "Mantel-Haenszel log OR, variance of Robins, Breslow and Greenland (1986)",
    ("RR", "greenland-robins"): "Mantel-Haenszel log RR, variance of Greenland and Robins (1985)",
    ("RD", "sato"): "Mantel-Haenszel RD, variance of Sato (1989)",
    ("RD", "greenland-robins"): "Mantel-Haenszel RD, variance of Greenland and Robins (1985)",
    ("IRR", "greenland-robins"): "Mantel-Haenszel log IRR, variance of Greenland and Robins (1985)",
}
RANDOM = "; random effects: DerSimonian-Laird with Q around the Mantel-Haenszel estimate"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StratifiedResult:
    """A pooled effect of counts.

    Attributes
    ----------
    estimate, se, ci, p
        The effect (ratios as logarithms), its standard error, normal interval and two-sided
        p value of no effect.
    q, q_df, q_p, i2, tau2
        Heterogeneity of the studies' own effects around the common estimate; I2 (per cent) from
        Q. ``tau2`` is 0 under the common-effect model.
    test, test_p
        The test of no effect in any stratum: Cochran, Mantel and Haenszel's chi-squared with
        continuity correction for OR, ``(sum(O - E))^2 / sum V`` for Peto. NaN for the others.
    weights
        Each study's share, 0 for those that say nothing; they sum to 1.
    k
        Studies that say something.
    measure, method, model, formula, level
        What was used.
    left_out
        Studies with a missing number, and studies whose table says nothing, with the reason.
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    p: float
    q: float
    q_df: int
    q_p: float
    i2: float
    tau2: float
    test: float
    test_p: float
    k: int
    measure: str
    method: str
    model: str
    formula: str
    level: float
    left_out: tuple[LeftOut, ...]
    weights: FloatArray = field(hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold (NaN as None)."""
        named: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": one.index, "reason": one.reason} for one in self.left_out]
        return {key: plain(value) for key, value in named.items()}

    def __repr__(self) -> str:
        return "\n".join(
            [
                f"StratifiedResult: k = {self.k}, {self.method}, {self.measure}, {self.model}",
                f"  tau2 {self.tau2:.4f}   I2 {self.i2:.2f}%",
                f"  Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
                f"  estimate {self.estimate:.4f}   se {self.se:.4f}   p {self.p:.4g}",
                f"  {100 * self.level:g}% CI {self.ci[0]:.4f} to {self.ci[1]:.4f}",
            ]
        )


def mantel_haenszel(
    measure: StratifiedMeasure = "OR",
    *,
    model: StratifiedModel = "common",
    variance: str | None = None,
    zero_cells: ZeroCells = "add-half",
    sum_zero_cells: ZeroCells = "none",
    double_zero: DoubleZero | None = None,
    level: float = 0.95,
    **raw: ArrayLike,
) -> StratifiedResult:
    """Pool counts by Mantel and Haenszel's method.

    Parameters
    ----------
    measure : {"OR", "RR", "RD", "IRR"}
        Odds ratio, risk ratio, risk difference, or ratio of incidence rates.
    model : {"common", "random"}
        ``random`` takes tau2 of DerSimonian and Laird with Q around the common estimate and then
        weights by inverse variance, as Review Manager does.
    variance : str, optional
        For RD ``"sato"`` (the default) or ``"greenland-robins"``.
    zero_cells, double_zero
        Policies for the studies' own effects, which enter Q and tau2 only (and the estimate
        under ``random``). Without a name double zeros are left out of them for ratios and kept
        for RD.
    sum_zero_cells
        The policy for the sums; none is needed, and Review Manager adds 0.5 (``"add-half"``).
    level : float
        Coverage.
    **raw : array_like of shape (k,)
        ``events1 n1 events2 n2``; for IRR ``events1 time1 events2 time2``.

    Returns
    -------
    StratifiedResult

    Examples
    --------
    >>> mantel_haenszel("OR", events1=[4, 6, 0], n1=[123, 306, 50], events2=[11, 29, 2],
    ...                 n2=[139, 303, 50])
    StratifiedResult: k = 3, Mantel-Haenszel, OR, common
      tau2 0.0000   I2 0.00%
      Q(2) = 0.9906, p = 0.6094
      estimate -1.4721   se 0.3577   p 3.865e-05
      95% CI -2.1731 to -0.7710
    """
    variance = _check(measure, model, variance)
    check_level(level)
    if double_zero is None:
        double_zero = "keep" if measure == "RD" else "leave-out"
    numbers = studies.read(RATES if measure == "IRR" else studies.BINARY, raw)
    left_out = studies.missing(numbers)
    own = effect(measure, formula=None, zero_cells=zero_cells, double_zero=double_zero, **raw)
    sums = _rates(numbers) if measure == "IRR" else _cells(numbers, left_out, sum_zero_cells)
    _note_silent(left_out, sums, measure)
    where = studies.present(sums.shape[1], left_out)
    estimate, se, share = stratified_sums.pooled(measure, variance, sums[:, where])
    weights = np.zeros(where.size)
    weights[where] = share
    q, k = float(np.sum((own.y - estimate) ** 2 / own.v)), own.y.size
    tau2 = 0.0
    if model == "random":
        if not k:
            raise ValueError("no study has an effect of its own, which random effects weight by")
        tau2 = _moment_tau2(q, own.v)
        w = 1.0 / (own.v + tau2)
        estimate, se = float(w @ own.y / w.sum()), math.sqrt(1.0 / float(w.sum()))
        weights[:] = 0.0
        weights[own.index] = w / w.sum()
    test = stratified_sums.cmh(sums[:, where]) if measure == "OR" else math.nan
    formula = FORMULAE[measure, variance] + (RANDOM if model == "random" else "")
    return _result(
        (estimate, se, q, k - 1, tau2, test),
        (measure, "Mantel-Haenszel", model, formula, level),
        int(where.sum()),
        left_out,
        weights,
    )


def peto(*, level: float = 0.95, **raw: ArrayLike) -> StratifiedResult:
    """Pool odds ratios by Peto's one-step method (Yusuf and others 1985).

    ``log OR = sum(O - E) / sum V`` with O the events of the treated, E what is expected of them
    and V its hypergeometric variance; standard error ``1/sqrt(sum V)``;
    ``Q = sum((O - E)^2 / V) - (sum(O - E))^2 / sum V``. Made for rare events, small effects and
    arms of like size; elsewhere it is biased.

    Parameters
    ----------
    level : float
        Coverage.
    **raw : array_like of shape (k,)
        ``events1 n1 events2 n2``.

    Examples
    --------
    >>> result = peto(events1=[0, 2], n1=[40, 55], events2=[3, 5], n2=[41, 50])
    >>> f"{result.estimate:.4f} {result.se:.4f}"
    '-1.3247 0.6487'
    """
    check_level(level)
    numbers = studies.read(studies.BINARY, raw)
    left_out = studies.missing(numbers)
    cells = _cells(numbers, left_out, "none")
    studies.note_double_zeros(left_out, cells)
    where = studies.present(cells.shape[1], left_out)
    if not where.any():
        raise ValueError("no study has both people with and people without the event")
    excess, spread = stratified_sums.hypergeometric(cells[:, where])
    total = float(spread.sum())
    estimate = float(excess.sum()) / total
    q = float(np.sum(spread * (excess / spread - estimate) ** 2))
    weights = np.zeros(where.size)
    weights[where] = spread / total
    k = int(where.sum())
    return _result(
        (estimate, math.sqrt(1.0 / total), q, k - 1, 0.0, float(excess.sum()) ** 2 / total),
        ("OR", "Peto", "common", "Peto's log OR, variance 1/sum V (Yusuf 1985)", level),
        k,
        left_out,
        weights,
    )


def _check(measure: str, model: str, variance: str | None) -> str:
    """Check the names; return the name of the variance."""
    variances = [name for one, name in FORMULAE if one == measure]
    if not variances:
        raise ValueError(f"measure is {measure!r}; expected one of OR, RR, RD, IRR")
    if model not in ("common", "random"):
        raise ValueError(f"model is {model!r}; expected 'common' or 'random'")
    if variance is not None and variance not in variances:
        raise ValueError(f"variance is {variance!r}; expected one of {', '.join(variances)}")
    return variance or variances[0]


def _cells(
    numbers: dict[str, FloatArray], left_out: dict[int, str], zero_cells: ZeroCells
) -> FloatArray:
    cells = studies.table(numbers)
    studies.check_policies(zero_cells, "keep")
    return studies.corrected(cells, left_out, zero_cells)[0]


def _rates(numbers: dict[str, FloatArray]) -> FloatArray:
    return np.array([numbers[name] for name in RATES])


def _note_silent(left_out: dict[int, str], sums: FloatArray, measure: str) -> None:
    """Note the studies that add nothing to either sum of a ratio."""
    if measure == "OR":
        studies.note_double_zeros(left_out, sums)
    elif measure != "RD":
        studies.note(left_out, (sums[0] == 0) & (sums[2] == 0), studies.NOBODY)


def _moment_tau2(q: float, v: FloatArray) -> float:
    """DerSimonian and Laird (1986), with a given Q."""
    if v.size < 2:
        return 0.0
    # The typical variance is (k - 1) sum w / ((sum w)^2 - sum w^2).
    return max(0.0, (q / (v.size - 1) - 1.0) * typical_variance(v))


def _result(
    numbers: tuple[float, float, float, int, float, float],
    words: tuple[str, str, str, str, float],
    k: int,
    left_out: dict[int, str],
    weights: FloatArray,
) -> StratifiedResult:
    estimate, se, q, q_df, tau2, test = numbers
    measure, method, model, formula, level = words
    reach = float(special.ndtri(0.5 + 0.5 * level)) * se
    some = q_df > 0
    return StratifiedResult(
        estimate=estimate,
        se=se,
        ci=(estimate - reach, estimate + reach),
        p=float(2.0 * special.ndtr(-abs(estimate) / se)),
        q=q if some else 0.0,
        q_df=max(q_df, 0),
        q_p=float(special.chdtrc(q_df, q)) if some else math.nan,
        i2=(100.0 * max(0.0, 1.0 - q_df / q) if q > 0 else 0.0) if some else math.nan,
        tau2=tau2,
        test=test,
        test_p=math.nan if math.isnan(test) else float(special.chdtrc(1, test)),
        k=k,
        measure=measure,
        method=method,
        model=model,
        formula=formula,
        level=level,
        left_out=tuple(LeftOut(place, left_out[place]) for place in sorted(left_out)),
        weights=frozen(weights),
    )
