"""A selection model with steps: what the pool would be if publication depends on the p value.

Hedges (1992), Vevea and Hedges (1995). A study whose one-sided p value falls in the j-th interval
is seen with a probability proportional to ``delta_j``; that of the most significant interval is 1.
The likelihood of an estimate that is seen is then ``delta_j phi / A_i`` with ``A_i`` the
probability that study i, as large as it is, is seen at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, studies
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.pairwise.pooling import pool

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray

Alternative = Literal["greater", "less", "two-sided"]
SMALLEST, LARGEST_DELTA = 1e-5, 100.0
STARTS = (0.0, 0.3, 2.0)
"""Starting values of tau2, in units of its estimate without selection."""

ZERO = 1e-9
"""A tau2 below this part of the variance of a typical estimate is 0."""

MAX_STEPS = 100


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SelectionModel(Result):
    """A pool under selection by p value.

    Attributes
    ----------
    estimate, se, ci, p
        The mean effect before selection, with Wald's interval and test.
    tau2
        Variance of true effects before selection (maximum likelihood).
    delta, steps, counts
        Relative probability of being seen for each interval of p (the first is 1), the upper
        ends of the intervals, and how many studies are in each.
    lrt, lrt_df, lrt_p
        Likelihood-ratio test of no selection (all ``delta`` 1).
    log_likelihood
        At the maximum.
    boundary
        Whether tau2 is 0, or a ``delta`` stands at an end of what was allowed.
    converged, iterations, notes
        How the maximum was reached.
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    p: float
    tau2: float
    delta: FloatArray
    steps: FloatArray
    counts: IntArray
    lrt: float
    lrt_df: int
    lrt_p: float
    log_likelihood: float
    k: int
    alternative: str
    level: float
    boundary: bool
    converged: bool
    iterations: int
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        low, high = self.ci
        effect = f"estimate {self.estimate:.4f}   se {self.se:.4f}   p {self.p:.4g}"
        lines = [
            f"SelectionModel: k = {self.k}, alternative {self.alternative}, tau2 {self.tau2:.4f}",
            f"  {effect}   CI {low:.4f} to {high:.4f}",
        ]
        lines += [
            f"  p up to {step:g}: {count} studies, seen {delta:.4g} times as often"
            for step, count, delta in zip(self.steps, self.counts, self.delta, strict=True)
        ]
        lines.append(f"  no selection: chi2({self.lrt_df}) = {self.lrt:.4f}, p = {self.lrt_p:.4g}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def selection_model(
    y: ArrayLike,
    v: ArrayLike,
    steps: ArrayLike = (0.025,),
    alternative: Alternative = "greater",
    level: float = 0.95,
) -> SelectionModel:
    """Fit a step-function selection model by maximum likelihood.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances.
    steps : array_like
        Where the probability of being seen changes, rising, between 0 and 1 (the last interval
        ends at 1). Each interval needs a study, or its probability cannot be told.
    alternative : {"greater", "less", "two-sided"}
        The direction in which a small p value is meant.
    level : float
        Coverage of the interval.

    Returns
    -------
    SelectionModel

    Notes
    -----
    ``delta`` is sought between 1e-5 and 100, tau2 from 0 upwards, from several starting points;
    beyond those ends the likelihood is nearly flat. The standard error comes from the observed
    information of what is not at an end.

    Examples
    --------
    >>> y, v = [0.8, 0.5, 0.3, 0.4, 0.7, 0.2, 0.05], [0.08, 0.03, 0.02, 0.05, 0.1, 0.01, 0.02]
    >>> selection_model(y, v).counts.tolist()
    [5, 2]
    """
    check_level(level)
    if alternative not in get_args(Alternative):
        raise ValueError(
            f"alternative is {alternative!r}; expected one of greater, less, two-sided"
        )
    estimates, variances = studies(y, v, "v")
    cuts = _cuts(steps)
    if estimates.size < 3:
        raise ValueError(f"a selection model needs 3 studies; y has {estimates.size}")
    model = _Likelihood.of(estimates, variances, cuts, alternative)
    empty = np.flatnonzero(model.counts == 0)
    if empty.size:
        below, above = ([0.0, *model.steps][empty[0]], model.steps[empty[0]])
        raise ValueError(
            f"no study has a p value between {below:g} and {above:g}; join it with its neighbour"
        )
    return _fit(model, level)


def _cuts(steps: ArrayLike) -> FloatArray:
    cuts = np.array(steps, dtype=np.float64, ndmin=1)
    if cuts.ndim != 1 or not cuts.size:
        raise ValueError(f"steps has shape {cuts.shape}; expected one row of numbers")
    if not ((cuts > 0.0).all() and (cuts < 1.0).all() and (np.diff(cuts) > 0.0).all()):
        raise ValueError(f"steps is {cuts.tolist()}; expected rising numbers between 0 and 1")
    return cuts


@dataclass(frozen=True, slots=True)
class _Likelihood:
    """The log-likelihood in units in which a typical estimate varies by 1.

    Parameters stand in one row: mean, tau2, and the logarithms of delta from the second on.
    """

    y: FloatArray
    v: FloatArray
    cut: FloatArray
    where: IntArray
    steps: FloatArray
    alternative: str
    unit: float

    @classmethod
    def of(cls, y: FloatArray, v: FloatArray, cuts: FloatArray, alternative: str) -> _Likelihood:
        """Return the likelihood of these data."""
        unit = math.sqrt(pool(y, v, "ML", "z").tau2 + float(v.size / (1.0 / v).sum()))
        sign = -1.0 if alternative == "less" else 1.0
        y, v = sign * y / unit, v / unit**2
        tail = cuts / 2.0 if alternative == "two-sided" else cuts
        z = -np.asarray(special.ndtri(tail))
        ratio = (np.abs(y) if alternative == "two-sided" else y) / np.sqrt(v)
        where = (ratio < z[:, None]).sum(axis=0)
        cut = np.multiply.outer(z, np.sqrt(v))
        return cls(y, v, cut, where, np.append(cuts, 1.0), alternative, unit)

    @property
    def counts(self) -> IntArray:
        """Studies in each interval."""
        return np.bincount(self.where, minlength=self.steps.size)

    def value(self, at: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the log-likelihood and its gradient."""
        mu, tau2, logs = float(at[0]), float(at[1]), np.append(0.0, at[2:])
        delta = np.exp(logs)
        spread = self.v + tau2
        s, r = np.sqrt(spread), self.y - mu
        beyond, by_mu, by_spread = _normal_tail((self.cut - mu) / s, s)
        if self.alternative == "two-sided":
            other = _normal_tail((self.cut + mu) / s, s)
            beyond = beyond + other[0]
            by_mu, by_spread = by_mu - other[1], by_spread + other[2]
        fall = delta[:-1] - delta[1:]
        seen = delta[-1] + fall @ beyond
        log_likelihood = logs[self.where].sum() - 0.5 * (np.log(spread) + r * r / spread).sum()
        log_likelihood -= np.log(seen).sum()
        d_mu = (r / spread).sum() - (fall @ by_mu / seen).sum()
        d_tau2 = 0.5 * (r * r / spread**2 - 1.0 / spread).sum() - (fall @ by_spread / seen).sum()
        # Each interval's own probability: what lies beyond its lower end but not its upper one.
        inside = np.diff(beyond, axis=0, prepend=0.0, append=1.0)
        d_logs = self.counts - delta * (inside / seen).sum(axis=1)
        return -float(log_likelihood), -np.concatenate([[d_mu, d_tau2], d_logs[1:]])


def _normal_tail(u: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probability beyond ``u``, and its derivatives in the mean and in the variance."""
    density = np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi)
    return np.asarray(special.ndtr(-u)), density / s, density * u / (2.0 * s * s)


def _fit(model: _Likelihood, level: float) -> SelectionModel:
    """Find the maximum from several starts, and put the result together."""
    plain_fit = pool(model.y, model.v, "ML", "z")
    free = model.steps.size - 1
    without = np.array([plain_fit.estimate, plain_fit.tau2, *[0.0] * free])
    at, value, iterations = _search(model, without)
    null = model.value(without)[0]
    se, converged = _standard_error(model, at)
    loose = _loose(at)
    sign = -1.0 if model.alternative == "less" else 1.0
    estimate, se = sign * float(at[0]) * model.unit, se * model.unit
    half = float(special.ndtri(0.5 + 0.5 * level)) * se
    lrt = max(0.0, 2.0 * (null - value))
    k = model.y.size
    constant = k * (math.log(model.unit) + 0.5 * math.log(2.0 * math.pi))
    notes = []
    if not set(range(2, at.size)) <= set(loose.tolist()):
        notes.append("a delta stands at an end of what is allowed: the data say little of it")
    return SelectionModel(
        estimate=estimate,
        se=se,
        ci=(estimate - half, estimate + half),
        p=2.0 * float(special.ndtr(-abs(estimate) / se)),
        tau2=float(at[1]) * model.unit**2,
        delta=frozen(np.exp(np.append(0.0, at[2:]))),
        steps=frozen(model.steps),
        counts=frozen(model.counts),
        lrt=lrt,
        lrt_df=free,
        lrt_p=float(special.chdtrc(free, lrt)),
        log_likelihood=-value - constant,
        k=k,
        alternative=model.alternative,
        level=level,
        boundary=loose.size < at.size,
        converged=converged,
        iterations=iterations,
        notes=tuple(notes),
    )


def _search(model: _Likelihood, without: FloatArray) -> tuple[FloatArray, float, int]:
    """Return the highest maximum found from several starts, its value, and all iterations."""
    free = without.size - 2
    crude = max(float(without[1]), 0.1 * float(model.y.var()), 1e-3)
    found, value, iterations = without, model.value(without)[0], 0
    for share in STARTS:
        for log_delta in (-2.0, 0.0, 3.0):
            start = np.array([without[0], share * crude, *[log_delta] * free])
            at, height, steps = _climb(model, start)
            iterations += steps
            if height < value:
                found, value = at, height
    return found, value, iterations


def _loose(at: FloatArray) -> IntArray:
    """Return which parameters are not at an end of what they may be."""
    edges = np.log([SMALLEST, LARGEST_DELTA])
    at_edge = np.isclose(at[2:, None], edges, rtol=0.0, atol=1e-6).any(axis=1)
    held = np.concatenate([[False, bool(at[1] <= ZERO)], at_edge])
    return np.flatnonzero(held == 0)


def _information(model: _Likelihood, at: FloatArray, loose: IntArray) -> FloatArray:
    """Return the observed information of what is loose: central differences of the gradient."""
    information = np.empty((loose.size, loose.size))
    for row, j in enumerate(loose):
        step = np.zeros(at.size)
        step[j] = 1e-5
        # tau2 cannot go below 0: at 0 the difference is taken upwards alone
        back = step if j != 1 else np.minimum(step, at[1])
        up, down = model.value(at + step)[1], model.value(at - back)[1]
        information[row] = (up - down)[loose] / (step[j] + back[j])
    return np.asarray(0.5 * (information + information.T))


def _climb(model: _Likelihood, at: FloatArray) -> tuple[FloatArray, float, int]:
    """Take Newton's steps, damped until they climb (Levenberg 1944), within what is allowed.

    A parameter at an end is held there as long as the likelihood rises beyond that end.
    """
    low = np.array([-math.inf, 0.0, *[math.log(SMALLEST)] * (at.size - 2)])
    high = np.array([math.inf, math.inf, *[math.log(LARGEST_DELTA)] * (at.size - 2)])
    (value, gradient), damping = model.value(at), 1e-3
    for steps in range(1, MAX_STEPS + 1):
        pushed = ((at <= low) & (gradient > 0.0)) | ((at >= high) & (gradient < 0.0))
        loose = np.flatnonzero(pushed == 0)
        values, turned = np.linalg.eigh(_information(model, at, loose))
        while damping <= 1e12:
            # With the curvatures made positive every damped step points uphill.
            curved = np.maximum(np.abs(values), 1e-8) + damping
            step = np.zeros(at.size)
            step[loose] = -turned @ ((turned.T @ gradient[loose]) / curved)
            there = np.clip(at + step, low, high)
            tried, slope = model.value(there)
            if tried <= value:
                break
            damping = max(10.0 * damping, 1e-3)
        else:
            return at, value, steps
        moved = float(np.abs(there - at).max())
        at, value, gradient = there, tried, slope
        damping = 0.1 * damping if damping > 1e-12 else 0.0
        if moved <= 1e-9:
            return at, value, steps
    return at, value, MAX_STEPS


def _standard_error(model: _Likelihood, at: FloatArray) -> tuple[float, bool]:
    """Return the standard error of the mean, and whether the place is a maximum.

    It is one where the information is positive and the gradient left, measured in standard
    errors, is next to nothing.
    """
    loose = _loose(at)
    information = _information(model, at, loose)
    if np.linalg.eigvalsh(information).min() <= 0.0:
        return math.inf, False
    covariance = np.linalg.inv(information)
    gradient = model.value(at)[1][loose]
    return math.sqrt(float(covariance[0, 0])), float(gradient @ covariance @ gradient) <= 1e-8
