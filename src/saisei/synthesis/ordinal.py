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

from saisei.synthesis import _special
from saisei.synthesis._arrays import check_level, frozen, plain, refuse, vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._arrays import FloatArray

MAX_ITERATIONS = 100
GRADIENT = 1e-10
"""Newton stops when no derivative exceeds this share of the number of people."""


@dataclass(frozen=True, slots=True, eq=False)
class CommonOddsRatio:
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

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        return {name: plain(getattr(self, name)) for name in self.__slots__}


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
    check_level(level)
    treated, control = (
        _counts("treated_counts", treated_counts),
        _counts("control_counts", control_counts),
    )
    if treated.size != control.size:
        raise ValueError(f"the arms have {treated.size} and {control.size} categories")
    people = treated + control
    counts = np.array([control[people > 0], treated[people > 0]])
    shared: dict[str, Any] = {
        "collapsed": tuple(np.flatnonzero(people == 0).tolist()),
        "level": level,
        "n_treated": float(treated.sum()),
        "n_control": float(control.sum()),
    }
    infinite, note = _separation(counts)
    if note:
        return _no_estimate(infinite, note, shared)
    theta, beta, information, value, iterations, converged = _maximise(counts)
    se = math.sqrt(float(np.linalg.inv(information)[-1, -1]))
    half = float(_special.ndtri(0.5 + 0.5 * level)) * se
    return CommonOddsRatio(
        log_or=beta,
        se=se,
        ci=(beta - half, beta + half),
        thresholds=frozen(theta),
        log_likelihood=value,
        converged=converged,
        iterations=iterations,
        **shared,
    )


def _no_estimate(log_or: float, note: str, shared: dict[str, Any]) -> CommonOddsRatio:
    return CommonOddsRatio(
        log_or=log_or,
        se=math.inf,
        ci=(-math.inf, math.inf),
        thresholds=frozen(np.empty(0)),
        log_likelihood=math.nan,
        converged=False,
        iterations=0,
        note=note,
        **shared,
    )


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
    counts: FloatArray,
) -> tuple[FloatArray, float, FloatArray, float, int, bool]:
    """Newton's method with halved steps; the log-likelihood is concave (Pratt 1981)."""
    shares = np.cumsum(counts.sum(0))[:-1] / counts.sum()
    parameters = np.append(np.log(shares / (1 - shares)), 0.0)
    value, gradient, information = _likelihood(counts, parameters)
    limit = GRADIENT * float(counts.sum())
    for iteration in range(1, MAX_ITERATIONS + 1):
        step = np.linalg.solve(information, gradient)
        for _ in range(60):
            trial = _likelihood(counts, parameters + step)
            if trial[0] >= value - 1e-12 * abs(value):
                break
            step = 0.5 * step
        parameters = parameters + step
        value, gradient, information = trial
        if float(np.abs(gradient).max()) <= limit:
            return parameters[:-1], float(parameters[-1]), information, value, iteration, True
    return parameters[:-1], float(parameters[-1]), information, value, MAX_ITERATIONS, False


def _likelihood(counts: FloatArray, parameters: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, its gradient and the observed information at (thresholds, beta).

    With ``eta_j = theta_j - beta x`` and ``p_j = F(eta_j) - F(eta_{j-1})``, each arm's second
    derivatives in eta form a matrix with three diagonals. Disordered thresholds give -inf.
    """
    theta, beta = parameters[:-1], parameters[-1]
    size = parameters.size
    gradient, information, value = np.zeros(size), np.zeros((size, size)), 0.0
    if np.any(np.diff(theta) <= 0):
        return -math.inf, gradient, information
    for n, x in zip(counts, (0.0, 1.0), strict=True):
        eta = theta - beta * x
        below, above = _special.expit(eta), _special.expit(-eta)
        p = _probabilities(eta, below, above)
        if not p.all():
            return -math.inf, gradient, information
        ratio = n / p
        curvature = ratio / p
        f = below * above
        slope = f * (ratio[:-1] - ratio[1:])
        diagonal = f * f * (curvature[:-1] + curvature[1:]) - slope * (above - below)
        beside = -f[:-1] * f[1:] * curvature[1:-1]
        block = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        design = np.column_stack([np.eye(size - 1), np.full(size - 1, -x)])
        value += float(n @ np.log(p))
        gradient += design.T @ slope
        information += design.T @ block @ design
    return value, gradient, information


def _probabilities(eta: FloatArray, below: FloatArray, above: FloatArray) -> FloatArray:
    """Category probabilities without the cancellation of a plain difference in the tails.

    ``F(b) - F(a) = F(b) F(-a) (1 - exp(a - b))`` for the logistic F.
    """
    between = np.concatenate([[1.0], -np.expm1(-np.diff(eta)), [1.0]])
    return np.asarray(np.append(below, 1.0) * np.insert(above, 0, 1.0) * between)
