"""The common odds ratio of an ordinal outcome, from counts.

A scale with ordered categories 0, 1, 2 … (the modified Rankin Scale, for one). The proportional
odds model (McCullagh 1980) says ``logit P(Y <= j) = theta_j - beta x`` with ``x = 1`` for the
treated: one odds ratio, ``exp(beta)``, for standing above any cut of the scale.

**Direction.** ``log_or`` above 0 means that the treated stand HIGHER on the scale. Where low is
good, as on the modified Rankin Scale, that is worse; turning it round is the caller's step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, refuse, vector
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.ordinal.links import LONGEST, SMALLEST, at_link, scores, start

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.ordinal.links import Link

MAX_ITERATIONS = 100
GRADIENT = 1e-10
"""Newton stops when no derivative exceeds this share of the number of people."""


@dataclass(frozen=True, slots=True, eq=False)
class CommonOddsRatio(Result):
    """A common odds ratio under proportional odds.

    Attributes
    ----------
    log_or, se, ci
        Log odds ratio of standing higher, treated against control; its standard error from the
        observed information; and Wald interval. Without a finite estimate ``log_or`` is plus or
        minus infinity, ``se`` is infinite and the interval covers everything.
    thresholds : array
        ``theta_j`` between the categories that hold anyone (empty without an estimate).
    collapsed : tuple of int
        Categories that hold nobody; they carry no information and were merged away.
    log_likelihood, converged, iterations
        How the maximum was reached.
    note : str
        Why there is no finite estimate; empty if there is one.
    """

    log_or: float
    se: float
    ci: tuple[float, float]
    thresholds: FloatArray = field(hash=False)
    collapsed: tuple[int, ...]
    log_likelihood: float
    converged: bool
    iterations: int
    level: float
    n_treated: float
    n_control: float
    note: str = ""

    @property
    def finite(self) -> bool:
        """Whether there is a finite estimate."""
        return math.isfinite(self.log_or)


@dataclass(frozen=True, slots=True, eq=False)
class CommonProbitShift(Result):
    """A shift of a normal latent scale, in its standard deviations (ordered probit).

    Attributes
    ----------
    shift, se, ci
        How much higher the treated stand, its standard error from the observed information, and
        Wald interval. Without a finite estimate ``shift`` is plus or minus infinity, ``se`` is
        infinite and the interval covers everything.
    thresholds, collapsed, log_likelihood, converged, iterations, note
        As in ``CommonOddsRatio``.
    """

    shift: float
    se: float
    ci: tuple[float, float]
    thresholds: FloatArray = field(hash=False)
    collapsed: tuple[int, ...]
    log_likelihood: float
    converged: bool
    iterations: int
    level: float
    n_treated: float
    n_control: float
    note: str = ""

    @property
    def finite(self) -> bool:
        """Whether there is a finite estimate."""
        return math.isfinite(self.shift)


def common_odds_ratio(
    treated_counts: ArrayLike, control_counts: ArrayLike, level: float = 0.95
) -> CommonOddsRatio:
    """Estimate the common odds ratio of one study by maximum likelihood.

    Parameters
    ----------
    treated_counts, control_counts : array_like of shape (c,)
        People in each category of the scale, from its lowest to its highest.
    level : float
        Coverage of the interval.

    Returns
    -------
    CommonOddsRatio
        ``log_or`` above 0: the treated stand higher on the scale.

    Raises
    ------
    ValueError
        If the lengths differ, a count is negative or not finite, or an arm is empty.

    Examples
    --------
    Counts on the modified Rankin Scale, 0 to 6:

    >>> result = common_odds_ratio([5, 9, 20, 15, 31, 18, 6], [3, 8, 12, 17, 39, 20, 3])
    >>> f"{result.log_or:.4f} {result.se:.4f}"
    '-0.2230 0.2489'
    >>> common_odds_ratio([0, 0, 5], [4, 4, 0]).note
    'every treated person stands at or above every control: no finite estimate'
    """
    shift, rest = _fit(*_prepare(treated_counts, control_counts, level), "logit")
    return CommonOddsRatio(log_or=shift, **rest)


def common_probit_shift(
    treated_counts: ArrayLike, control_counts: ArrayLike, level: float = 0.95
) -> CommonProbitShift:
    """Estimate one study's shift on a normal latent scale by maximum likelihood.

    Ordered probit (Aitchison and Silvey 1957; McCullagh 1980): ``P(Y <= j) = Phi(theta_j -
    delta x)``; ``delta`` is a difference of means in standard deviations.

    Parameters
    ----------
    treated_counts, control_counts : array_like of shape (c,)
        People in each category of the scale, from its lowest to its highest.
    level : float
        Coverage of the interval.

    Returns
    -------
    CommonProbitShift
        ``shift`` above 0: the treated stand higher on the scale.

    Raises
    ------
    ValueError
        If the lengths differ, a count is negative or not finite, or an arm is empty.

    Examples
    --------
    >>> result = common_probit_shift([5, 9, 20, 15, 31, 18, 6], [3, 8, 12, 17, 39, 20, 3])
    >>> f"{result.shift:.4f} {result.se:.4f}"
    '-0.1023 0.1437'
    """
    shift, rest = _fit(*_prepare(treated_counts, control_counts, level), "probit")
    return CommonProbitShift(shift=shift, **rest)


def _prepare(
    treated_counts: ArrayLike, control_counts: ArrayLike, level: float
) -> tuple[FloatArray, dict[str, Any]]:
    """Check the input; return the table without empty categories, and what every result holds."""
    check_level(level)
    treated, control = _arms(treated_counts, control_counts)
    people = treated + control
    counts = np.array([control[people > 0], treated[people > 0]])
    shared: dict[str, Any] = {
        "collapsed": tuple(np.flatnonzero(people == 0).tolist()),
        "level": level,
        "n_treated": float(treated.sum()),
        "n_control": float(control.sum()),
    }
    return counts, shared


def _fit(counts: FloatArray, shared: dict[str, Any], link: Link) -> tuple[float, dict[str, Any]]:
    """Return the shift and everything else a result holds."""
    infinite, note = _separation(counts)
    if note:
        return infinite, {
            "se": math.inf,
            "ci": (-math.inf, math.inf),
            "thresholds": frozen(np.empty(0)),
            "log_likelihood": math.nan,
            "converged": False,
            "iterations": 0,
            "note": note,
            **shared,
        }
    theta, shift, information, value, iterations, converged = _maximise(counts, link)
    se = math.sqrt(float(np.linalg.inv(information)[-1, -1]))
    half = float(special.ndtri(0.5 + 0.5 * shared["level"])) * se
    return shift, {
        "se": se,
        "ci": (shift - half, shift + half),
        "thresholds": frozen(theta),
        "log_likelihood": value,
        "converged": converged,
        "iterations": iterations,
        **shared,
    }


def _arms(
    treated_counts: ArrayLike, control_counts: ArrayLike, place: str = ""
) -> tuple[FloatArray, FloatArray]:
    """Check the counts of both arms; ``place`` says which of several studies they are."""
    treated = _counts(f"treated_counts{place}", treated_counts)
    control = _counts(f"control_counts{place}", control_counts)
    if treated.size != control.size:
        where = f"study {place.strip('[]')}: " if place else ""
        raise ValueError(f"{where}the arms have {treated.size} and {control.size} categories")
    return treated, control


def _counts(name: str, values: ArrayLike) -> FloatArray:
    counts = vector(name, values)
    refuse(name, counts, ~(np.isfinite(counts) & (counts >= 0)), "a count of 0 or more")
    if not counts.any():
        raise ValueError(f"{name} holds nobody")
    return counts


def _separation(counts: FloatArray) -> tuple[float, str]:
    """Whether the likelihood rises without end, and in which direction.

    It does exactly when the two arms share at most one category and lie on either side of it:
    then a large ``beta`` fits every person as well as two free tables would.
    """
    control, treated = (np.flatnonzero(row) for row in counts)
    if counts.shape[1] == 1:
        return math.nan, "everybody stands in one category: no information"
    if treated[0] >= control[-1]:
        return (
            math.inf,
            "every treated person stands at or above every control: no finite estimate",
        )
    if treated[-1] <= control[0]:
        return (
            -math.inf,
            "every treated person stands at or below every control: no finite estimate",
        )
    return 0.0, ""


def _maximise(
    counts: FloatArray, link: Link = "logit"
) -> tuple[FloatArray, float, FloatArray, float, int, bool]:
    """Newton's method with halved steps; the log-likelihood is concave (Pratt 1981)."""
    parameters = np.append(start(counts.sum(0), link), 0.0)
    value, gradient, information = _likelihood(counts, parameters, link)
    limit = GRADIENT * float(counts.sum())
    for iteration in range(1, MAX_ITERATIONS + 1):
        step = np.linalg.solve(information, gradient)
        step *= min(1.0, LONGEST / max(LONGEST, float(np.abs(step).max())))
        for _ in range(60):
            trial = _likelihood(counts, parameters + step, link)
            if trial[0] >= value - 1e-12 * abs(value):
                break
            step = 0.5 * step
        parameters = parameters + step
        value, gradient, information = trial
        if float(np.abs(gradient).max()) <= limit:
            return parameters[:-1], float(parameters[-1]), information, value, iteration, True
    return parameters[:-1], float(parameters[-1]), information, value, MAX_ITERATIONS, False


def _likelihood(
    counts: FloatArray, parameters: FloatArray, link: Link = "logit"
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, its gradient and the observed information at (thresholds, beta).

    The linear predictor is ``eta_j = theta_j - beta x``. Disordered thresholds give -inf.
    """
    theta, beta = parameters[:-1], parameters[-1]
    size = parameters.size
    gradient, information, value = np.zeros(size), np.zeros((size, size)), 0.0
    if np.any(np.diff(theta) <= 0):
        return -math.inf, gradient, information
    for n, x in zip(counts, (0.0, 1.0), strict=True):
        at = at_link(theta - beta * x, link)
        if at.p.min() <= SMALLEST:
            return -math.inf, gradient, information
        slope, block = scores(n, at)
        design = np.column_stack([np.eye(size - 1), np.full(size - 1, -x)])
        value += float(n @ np.log(at.p))
        gradient += design.T @ slope
        information += design.T @ block @ design
    return value, gradient, information
