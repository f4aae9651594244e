"""Two arms of an ordinal outcome compared pair by pair, from counts.

Every treated person is set against every control (Mann and Whitney 1947). Above 0 (above 1 for
odds) means that the treated stand HIGHER on the scale, unless ``better="lower"`` is asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.ordinal.shift import _arms

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class WinOdds(Result):
    """Wins, ties and losses of the treated over all pairs of a treated person and a control.

    Attributes
    ----------
    win, tie, loss
        Shares of the pairs; they sum to 1.
    probability, probability_se
        ``win + tie / 2`` (the area under the ROC curve) and its standard error (DeLong and
        others 1988, from placements, with n - 1; exact with ties).
    log_win_odds, se, ci, p
        ``log(probability / (1 - probability))`` (O'Brien and Castelloe 2006; Dong and others
        2020), its standard error by the delta method, interval and two-sided p value.
    log_generalised_or, generalised_or_se, generalised_or_ci
        ``log(win / loss)``, ties left aside (Agresti 1980), from the same placements.
    better
        Which end of the scale is a win.
    note
        Why an interval is missing; empty if none is.
    """

    win: float
    tie: float
    loss: float
    probability: float
    probability_se: float
    log_win_odds: float
    se: float
    ci: tuple[float, float]
    p: float
    log_generalised_or: float
    generalised_or_se: float
    generalised_or_ci: tuple[float, float]
    better: str
    level: float
    n_treated: float
    n_control: float
    note: str = ""

    @property
    def win_odds(self) -> float:
        """The win odds themselves."""
        return math.exp(self.log_win_odds)

    @property
    def generalised_or(self) -> float:
        """The generalised odds ratio itself."""
        return math.exp(self.log_generalised_or)


def win_odds(
    treated_counts: ArrayLike,
    control_counts: ArrayLike,
    level: float = 0.95,
    better: Literal["higher", "lower"] = "higher",
) -> WinOdds:
    """Mann-Whitney win odds and generalised odds ratio of two arms, from counts.

    Parameters
    ----------
    treated_counts, control_counts : array_like of shape (c,)
        People in each category of the scale, from its lowest to its highest.
    level : float
        Coverage of the intervals.
    better : {"higher", "lower"}
        Who of a pair wins; ``lower`` suits the modified Rankin Scale.

    Returns
    -------
    WinOdds

    Raises
    ------
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> treated, control = [40, 38, 20, 30, 54, 33, 53], [22, 32, 24, 36, 67, 41, 64]
    >>> result = win_odds(treated, control, better="lower")
    >>> f"{result.win_odds:.4f} {result.se:.4f} {result.generalised_or:.4f}"
    '1.2438 0.0978 1.2958'
    """
    check_level(level)
    if better not in {"higher", "lower"}:
        raise ValueError(f"better is {better!r}; expected 'higher' or 'lower'")
    treated, control = _arms(treated_counts, control_counts)
    if better == "lower":
        treated, control = treated[::-1], control[::-1]
    m, n = float(treated.sum()), float(control.sum())
    p, q = treated / m, control / n
    below, above = np.cumsum(q) - q, 1.0 - np.cumsum(q)
    below_t, above_t = np.cumsum(p) - p, 1.0 - np.cumsum(p)
    win, loss = float(p @ below), float(q @ below_t)
    tie = float(p @ q)
    probability = win + 0.5 * tie
    variance = _spread(p, below + 0.5 * q, m) + _spread(q, above_t + 0.5 * p, n)
    odds_se, ratio_se = math.inf, math.inf
    note = ""
    if win > 0.0 and loss > 0.0:
        ratio_se = math.sqrt(
            _spread(p, below / win - above / loss, m)
            + _spread(q, above_t / win - below_t / loss, n)
        )
    if variance > 0.0:
        odds_se = math.sqrt(variance) / (probability * (1.0 - probability))
    else:
        note = "the placements do not vary: the standard error has no estimate"
    log_odds = _log_ratio(probability, loss + 0.5 * tie)
    log_ratio = _log_ratio(win, loss)
    quantile = float(special.ndtri(0.5 + 0.5 * level))
    return WinOdds(
        win=win,
        tie=tie,
        loss=loss,
        probability=probability,
        probability_se=math.sqrt(variance) if variance > 0.0 else math.inf,
        log_win_odds=log_odds,
        se=odds_se,
        ci=_interval(log_odds, quantile, odds_se),
        p=math.nan if note else 2.0 * float(special.ndtr(-abs(log_odds) / odds_se)),
        log_generalised_or=log_ratio,
        generalised_or_se=ratio_se,
        generalised_or_ci=_interval(log_ratio, quantile, ratio_se),
        better=better,
        level=level,
        n_treated=m,
        n_control=n,
        note=note,
    )


def _spread(shares: FloatArray, placement: FloatArray, n: float) -> float:
    """Variance of the mean placement of one arm, with n - 1."""
    if n <= 1.0:
        return math.nan
    middle = float(shares @ placement)
    return float(shares @ (placement - middle) ** 2) / (n - 1.0)


def _log_ratio(one: float, two: float) -> float:
    if one > 0.0 and two > 0.0:
        return math.log(one / two)
    if one == two:
        return math.nan
    return math.inf if one > 0.0 else -math.inf


def _interval(centre: float, quantile: float, se: float) -> tuple[float, float]:
    if not (math.isfinite(se) and math.isfinite(centre)):
        return -math.inf, math.inf
    return centre - quantile * se, centre + quantile * se
