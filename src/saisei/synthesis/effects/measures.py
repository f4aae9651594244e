"""Effect sizes from the raw numbers of studies.

Arm 1 is the treatment, arm 2 the control; every effect is treatment minus control, and ratios are
natural logarithms. The same data give different answers under different variance formulae, so
each result names its own.

======= ===================================== ==========================================
measure raw numbers                           effect
======= ===================================== ==========================================
OR      events1 n1 events2 n2                 log odds ratio
RR      events1 n1 events2 n2                 log risk ratio
RD      events1 n1 events2 n2                 difference of risks
PETO    events1 n1 events2 n2                 log odds ratio of Peto (one step)
AS      events1 n1 events2 n2                 difference of arcsine roots of risks
MD      mean1 sd1 n1 mean2 sd2 n2             difference of means
SMD     mean1 sd1 n1 mean2 sd2 n2             standardised difference (Hedges' g)
SMDH    mean1 sd1 n1 mean2 sd2 n2             the same, by the mean of the two variances
SMD1    mean1 sd1 n1 mean2 sd2 n2             the same, by the SD of arm 2 alone (Glass's delta)
ROM     mean1 sd1 n1 mean2 sd2 n2             log ratio of means
CVR     mean1 sd1 n1 mean2 sd2 n2             log ratio of coefficients of variation
======= ===================================== ==========================================

Rates, changes within people, single groups and correlations are in ``rates_and_groups``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis.effects import studies
from saisei.synthesis.effects.rates_and_groups import MORE, OtherMeasure, more, small_sample
from saisei.synthesis.effects.studies import BINARY, DoubleZero, Effect, LeftOut, ZeroCells

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray

__all__ = ["Effect", "LeftOut", "Measure", "effect"]

Measure = (
    Literal["OR", "RR", "RD", "PETO", "AS", "MD", "SMD", "SMDH", "SMD1", "ROM", "CVR"]
    | OtherMeasure
)

CONTINUOUS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")

FORMULA_NAMES: dict[str, tuple[str, ...]] = {
    "OR": ("woolf",),
    "RR": ("delta",),
    "RD": ("delta",),
    "PETO": ("peto",),
    "AS": ("delta",),
    "MD": ("separate", "pooled"),
    "SMD": ("LS", "LS2", "UB", "AV", "revman"),
    "SMDH": ("bonett",),
    "SMD1": ("separate", "equal"),
    "ROM": ("corrected", "plain"),
    "CVR": ("corrected", "nakagawa"),
}
"""The formulae by name; the first of each is the default."""

FORMULAE = {
    ("OR", "woolf"): "log OR, variance 1/a + 1/b + 1/c + 1/d (Woolf 1955)",
    ("RR", "delta"): "log RR, variance 1/a - 1/n1 + 1/c - 1/n2 (Katz 1978)",
    ("RD", "delta"): "RD, variance p1 (1 - p1)/n1 + p2 (1 - p2)/n2",
    ("PETO", "peto"): "Peto's log OR, (O - E)/V with variance 1/V, V hypergeometric (Yusuf 1985)",
    ("AS", "delta"): "asin sqrt p1 - asin sqrt p2, variance 1/(4 n1) + 1/(4 n2) (Rücker 2009)",
    ("MD", "separate"): "MD, variance sd1^2/n1 + sd2^2/n2",
    ("MD", "pooled"): "MD, variance sp^2 (1/n1 + 1/n2), sp the pooled SD",
    ("SMD", "LS"): "Hedges' g (exact), variance 1/n1 + 1/n2 + g^2/(2 (n1 + n2)) (Hedges 1982)",
    ("SMD", "LS2"): "Hedges' g (exact), variance J^2 (1/n1 + 1/n2 + d^2/(2 (n1 + n2)))",
    ("SMD", "UB"): "Hedges' g (exact), unbiased variance (Hedges 1983)",
    ("SMD", "AV"): (
        "Hedges' g (exact), variance 1/n1 + 1/n2 + G^2/(2 (n1 + n2)), G the mean g of the studies "
        "weighted by people (Hunter and Schmidt 2004)"
    ),
    ("SMD", "revman"): (
        "Hedges' g (factor 1 - 3/(4 N - 9)), variance 1/n1 + 1/n2 + g^2/(2 (N - 3.94)), "
        "N = n1 + n2 (Review Manager)"
    ),
    ("SMDH", "bonett"): (
        "difference over s = sqrt((sd1^2 + sd2^2)/2), times J(n1 + n2 - 2); variance "
        "g^2 (sd1^4/(n1 - 1) + sd2^4/(n2 - 1))/(8 s^4) + "
        "(sd1^2/(n1 - 1) + sd2^2/(n2 - 1))/s^2 (Bonett 2008, 2009)"
    ),
    ("SMD1", "separate"): (
        "difference over sd2, times J(n2 - 1) (Glass 1976); variance "
        "sd1^2/(n1 sd2^2) + 1/n2 + g^2/(2 (n2 - 1)) (delta method)"
    ),
    ("SMD1", "equal"): (
        "difference over sd2, times J(n2 - 1) (Glass 1976); variance "
        "1/n1 + 1/n2 + g^2/(2 (n2 - 1)) (delta method, the arms' SDs equal)"
    ),
    ("ROM", "corrected"): (
        "log ROM with bias correction (Lajeunesse 2015), variance sd1^2/(n1 m1^2) + sd2^2/(n2 m2^2)"
    ),
    ("ROM", "plain"): "log ROM, variance sd1^2/(n1 m1^2) + sd2^2/(n2 m2^2) (Hedges 1999)",
    ("CVR", "corrected"): (
        "log CVR with both bias corrections (Senior 2020), variance "
        "cv1^2/n1 + 1/(2 (n1 - 1)) + cv2^2/n2 + 1/(2 (n2 - 1))"
    ),
    ("CVR", "nakagawa"): (
        "log CVR with 1/(2 (n1 - 1)) - 1/(2 (n2 - 1)) added (Nakagawa 2015), variance "
        "cv1^2/n1 + 1/(2 (n1 - 1)) + cv2^2/n2 + 1/(2 (n2 - 1))"
    ),
}

UNCORRECTED = {"PETO", "AS"}
"""Measures that need nothing added to empty cells."""


def effect(
    measure: Measure,
    *,
    formula: str | None = None,
    zero_cells: ZeroCells | None = None,
    double_zero: DoubleZero = "leave-out",
    **raw: ArrayLike,
) -> Effect:
    """Compute effect sizes and their sampling variances from raw numbers.

    Parameters
    ----------
    measure : str
        What to compute; the heads of this module and of ``rates_and_groups`` list the raw
        numbers of each.
    formula : str, optional
        Formula by name (``FORMULA_NAMES``); the first listed is the default.
    zero_cells, double_zero
        Policies for empty cells; see ``ZeroCells`` and ``DoubleZero``. Without a name nothing is
        added for PETO, AS, IRSD, PAS and PFT, and 0.5 for the others (``add-half``).
    **raw : array_like of shape (k,)
        The raw numbers by name. A study with a missing number (NaN or None) is left out.

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        If a name is missing or unknown, lengths differ, or a number is impossible (more events
        than people, a standard deviation not above 0, fewer than two people in an arm of means).

    Examples
    --------
    >>> result = effect(
    ...     "OR", events1=[4, 0, 0], n1=[123, 20, 9], events2=[11, 3, 0], n2=[139, 19, 8]
    ... )
    >>> result.y.round(4).tolist(), result.v.round(4).tolist()
    ([-0.9387, -2.163], [0.3571, 2.3951])
    >>> result.adjusted, result.left_out
    ((1,), (LeftOut(index=2, reason='no event in either arm'),))
    """
    if measure in MORE:
        return more(measure, formula, zero_cells, double_zero, raw)
    if measure not in FORMULA_NAMES:
        names = ", ".join([*FORMULA_NAMES, *MORE])
        raise ValueError(f"measure is {measure!r}; expected one of {names}")
    formula = formula or FORMULA_NAMES[measure][0]
    if formula not in FORMULA_NAMES[measure]:
        expected = ", ".join(FORMULA_NAMES[measure])
        raise ValueError(f"formula is {formula!r}; expected one of {expected}")
    zero_cells = zero_cells or ("none" if measure in UNCORRECTED else "add-half")
    studies.check_policies(zero_cells, double_zero)
    binary = FORMULA_NAMES[measure][0] in {"woolf", "delta", "peto"}
    arms = studies.read(BINARY if binary else CONTINUOUS, raw)
    left_out = studies.missing(arms)
    adjusted: BoolArray = np.zeros(next(iter(arms.values())).size, dtype=bool)
    if binary:
        cells = studies.table(arms)
        if measure not in {"RD", "AS"} and double_zero == "leave-out":
            studies.note_double_zeros(left_out, cells)
        cells, adjusted = studies.corrected(cells, left_out, zero_cells)
        present = studies.present(adjusted.size, left_out)
        with np.errstate(divide="ignore", invalid="ignore"):
            y, v = _binary(measure, cells[:, present])
    else:
        studies.check_means(arms, signs=measure in {"ROM", "CVR"})
        present = studies.present(adjusted.size, left_out)
        y, v = _continuous(measure, formula, *(arms[name][present] for name in CONTINUOUS))
    return studies.made(
        y, v, present, left_out, adjusted, measure, FORMULAE[measure, formula], zero_cells
    )


def _binary(measure: str, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    a, b, c, d = cells
    n1, n2 = a + b, c + d
    if measure == "OR":
        return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "PETO":
        total, events = n1 + n2, a + c
        spread = n1 * n2 * events * (b + d) / (total**2 * (total - 1))
        return (a - n1 * events / total) / spread, 1 / spread
    if measure == "AS":
        return np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2)), 0.25 / n1 + 0.25 / n2
    if measure == "RR":
        return np.log(a / n1 / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def _continuous(
    measure: str,
    formula: str,
    mean1: FloatArray,
    sd1: FloatArray,
    n1: FloatArray,
    mean2: FloatArray,
    sd2: FloatArray,
    n2: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    if measure == "ROM":
        share1, share2 = (sd1 / mean1) ** 2 / n1, (sd2 / mean2) ** 2 / n2
        bias = 0.5 * (share1 - share2) if formula == "corrected" else 0.0
        return np.log(mean1 / mean2) + bias, share1 + share2
    if measure == "CVR":
        share1, share2 = (sd1 / mean1) ** 2 / n1, (sd2 / mean2) ** 2 / n2
        half1, half2 = 0.5 / (n1 - 1), 0.5 / (n2 - 1)
        bias = half1 - half2
        if formula == "corrected":
            bias = bias - 0.5 * (share1 - share2)
        return np.log(sd1 / mean1 / (sd2 / mean2)) + bias, share1 + share2 + half1 + half2
    if measure == "SMDH":
        return _bonett(mean1 - mean2, sd1**2, n1, sd2**2, n2)
    if measure == "SMD1":
        g = small_sample(n2 - 1) * (mean1 - mean2) / sd2
        ratio = (sd1 / sd2) ** 2 if formula == "separate" else 1.0
        return g, ratio / n1 + 1 / n2 + g**2 / (2 * (n2 - 1))
    df = n1 + n2 - 2
    pooled = ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df
    sizes = 1 / n1 + 1 / n2
    if measure == "MD":
        separate = sd1**2 / n1 + sd2**2 / n2
        return mean1 - mean2, separate if formula == "separate" else pooled * sizes
    return _standardised(formula, (mean1 - mean2) / np.sqrt(pooled), sizes, n1 + n2)


def _bonett(
    difference: FloatArray,
    variance1: FloatArray,
    n1: FloatArray,
    variance2: FloatArray,
    n2: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Standardise by the mean of the two variances (Bonett 2008, 2009)."""
    square = 0.5 * (variance1 + variance2)
    g = small_sample(n1 + n2 - 2) * difference / np.sqrt(square)
    spread = variance1**2 / (n1 - 1) + variance2**2 / (n2 - 1)
    means = (variance1 / (n1 - 1) + variance2 / (n2 - 1)) / square
    return g, g**2 * spread / (8 * square**2) + means


def _standardised(
    formula: str, d: FloatArray, sizes: FloatArray, people: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Hedges' g and its variance by the named formula; ``sizes`` is 1/n1 + 1/n2."""
    df = people - 2
    if formula == "revman":
        g = (1 - 3 / (4 * people - 9)) * d
        return g, sizes + g**2 / (2 * (people - 3.94))
    correction = small_sample(df)
    g = correction * d
    if formula == "UB":
        return g, sizes + (1 - (df - 2) / (df * correction**2)) * g**2
    if formula == "LS2":
        return g, correction**2 * (sizes + d**2 / (2 * people))
    if formula == "AV" and people.size:
        return g, sizes + (people @ g / people.sum()) ** 2 / (2 * people)
    return g, sizes + g**2 / (2 * people)
