"""Ordinal outcomes in doubt of proportional odds, and by the worth of their categories.

``proportional_odds_test`` asks whether one odds ratio suffices; ``utility_weighted_mean`` gives
each category a worth. Direction: treated minus control; above 0 the treated stand HIGHER.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, refuse, vector
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.ordinal.links import at_link
from saisei.synthesis.ordinal.shift import _arms, _prepare, common_odds_ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class UtilityWeighted(Result):
    """Mean worth of the categories in each arm, and the difference treated minus control.

    ``v`` is the variance of ``difference`` (``sd1^2 / n1 + sd2^2 / n2``), ready for ``pool``.
    """

    mean_treated: float
    sd_treated: float
    mean_control: float
    sd_control: float
    difference: float
    se: float
    ci: tuple[float, float]
    level: float
    n_treated: float
    n_control: float

    @property
    def v(self) -> float:
        """Variance of the difference."""
        return self.se**2


def utility_weighted_mean(
    treated_counts: ArrayLike, control_counts: ArrayLike, weights: ArrayLike, level: float = 0.95
) -> UtilityWeighted:
    """Compare two arms by the mean worth of the category reached.

    Parameters
    ----------
    treated_counts, control_counts : array_like of shape (c,)
        People in each category, from the lowest to the highest.
    weights : array_like of shape (c,)
        The worth of each category; which set to use is the caller's choice.
    level : float
        Coverage of the (normal) interval.

    Returns
    -------
    UtilityWeighted

    Raises
    ------
    ValueError
        If lengths differ, a weight is not finite, or an arm has fewer than two people.

    Examples
    --------
    >>> result = utility_weighted_mean([4, 3, 3], [2, 3, 5], weights=[1.0, 0.6, 0.0])
    >>> f"{result.difference:.3f} {result.se:.4f}"
    '0.200 0.1930'
    """
    check_level(level)
    arms = _arms(treated_counts, control_counts)
    worth = vector("weights", weights)
    refuse("weights", worth, ~np.isfinite(worth), "a finite number")
    if worth.size != arms[0].size:
        raise ValueError(f"there are {arms[0].size} categories, weights {worth.size}")
    means, sds = [], []
    for name, counts in zip(("treated_counts", "control_counts"), arms, strict=True):
        n = float(counts.sum())
        if n < 2.0:
            raise ValueError(f"{name} holds {n:g} people; a spread needs at least 2")
        mean = float(counts @ worth) / n
        means.append(mean)
        sds.append(math.sqrt(float(counts @ (worth - mean) ** 2) / (n - 1.0)))
    n1, n2 = (float(counts.sum()) for counts in arms)
    se = math.sqrt(sds[0] ** 2 / n1 + sds[1] ** 2 / n2)
    difference = means[0] - means[1]
    half = float(special.ndtri(0.5 + 0.5 * level)) * se
    ci = (difference - half, difference + half)
    return UtilityWeighted(means[0], sds[0], means[1], sds[1], difference, se, ci, level, n1, n2)


@dataclass(frozen=True, slots=True, eq=False)
class Proportionality(Result):
    """Tests of one common odds ratio in one study, and the odds ratio at every cut.

    Attributes
    ----------
    lr, lr_p, score, score_p, df
        Likelihood-ratio and score statistic against an odds ratio of its own at every cut, with
        chi-squared p values. Without a finite common odds ratio they are NaN.
    cuts
        Cut j divides categories up to j from those above (places in the input).
    log_or, se
        Log odds ratio of standing above each cut, treated against control, and its standard
        error (Woolf 1955); infinite or NaN, with an infinite ``se``, where a cell is empty.
    covariance
        Covariances between cuts (NaN where a cell is empty).
    ci
        Wald interval at every cut (rows: lower, upper); everything where a cell is empty.
    common, common_se, common_ci
        The common log odds ratio they are compared with.
    level
        Coverage of the intervals.
    """

    lr: float
    lr_p: float
    score: float
    score_p: float
    df: int
    common: float
    common_se: float
    common_ci: tuple[float, float]
    level: float
    cuts: tuple[int, ...]
    log_or: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    ci: FloatArray = field(hash=False)
    note: str = ""


def proportional_odds_test(
    treated_counts: ArrayLike, control_counts: ArrayLike, level: float = 0.95
) -> Proportionality:
    """Test whether one odds ratio holds at every cut of the scale.

    An odds ratio of its own at every cut fits two arms without residue. So the likelihood-ratio
    statistic is ``2 sum n log(n / e)`` and the score statistic is Pearson's ``sum (n - e)^2 / e``
    (Smyth 2003), with e the counts expected under proportional odds, both with c - 2 degrees of
    freedom for c categories that hold anyone.

    Parameters
    ----------
    treated_counts, control_counts : array_like of shape (c,)
        People in each category, from the lowest to the highest.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Proportionality

    Examples
    --------
    >>> result = proportional_odds_test([5, 9, 20, 15, 31, 18, 6], [3, 8, 12, 17, 39, 20, 3])
    >>> f"{result.lr:.4f} {result.score:.4f} {result.df} {result.lr_p:.3f}"
    '3.9284 3.9047 5 0.560'
    """
    common = common_odds_ratio(treated_counts, control_counts, level)
    counts, _ = _prepare(treated_counts, control_counts, level)
    everything = np.arange(counts.shape[1] + len(common.collapsed))
    places = np.setdiff1d(everything, common.collapsed)[:-1]
    log_or, covariance = _cumulative(counts)
    df = max(0, counts.shape[1] - 2)
    lr = score = lr_p = score_p = math.nan
    if common.finite:
        expected = np.array(
            [
                counts[x].sum() * at_link(common.thresholds - common.log_or * x, "logit").p
                for x in (0, 1)
            ]
        )
        held = counts > 0
        lr = max(0.0, 2.0 * float(np.sum(counts[held] * np.log(counts[held] / expected[held]))))
        score = float(np.sum((counts - expected) ** 2 / expected))
        if df:
            lr_p, score_p = (float(special.chdtrc(df, value)) for value in (lr, score))
        else:
            lr = score = 0.0
    diagonal = np.diagonal(covariance)
    se = np.where(np.isfinite(diagonal), np.sqrt(np.abs(diagonal)), math.inf)
    half = float(special.ndtri(0.5 + 0.5 * level)) * se
    centre = np.where(np.isfinite(se), log_or, 0.0)
    return Proportionality(
        lr=lr,
        lr_p=lr_p,
        score=score,
        score_p=score_p,
        df=df,
        common=common.log_or,
        common_se=common.se,
        common_ci=common.ci,
        level=level,
        cuts=tuple(places.tolist()),
        log_or=frozen(log_or),
        se=frozen(se),
        covariance=frozen(covariance),
        ci=frozen(np.array([centre - half, centre + half])),
        note=common.note,
    )


def _cumulative(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log odds ratios at every cut and their covariance.

    For one arm of n people with cumulative shares g, logits at cuts j <= k have covariance
    ``1 / (n g_k (1 - g_j))``; for j = k this is Woolf's ``1/a + 1/b``.
    """
    low = np.cumsum(counts, 1)[:, :-1]
    people = counts.sum(1, keepdims=True)
    high = people - low
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.log(high) - np.log(low)
        j = np.arange(low.shape[1])
        first, second = np.minimum.outer(j, j), np.maximum.outer(j, j)
        covariance = (people[:, :, None] / (low[:, second] * high[:, first])).sum(0)
        log_or = logit[1] - logit[0]
    empty = ((low == 0) | (high == 0)).any(0)
    covariance[empty] = math.nan
    covariance[:, empty] = math.nan
    return log_or, covariance
