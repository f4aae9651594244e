"""Permutation test of a meta-regression: what chance alone would do with these studies."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric.result import Result
from saisei.synthesis.regression.design import INTERCEPT, solve
from saisei.synthesis.regression.tau2 import moderated_tau2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray
    from saisei.synthesis.regression.moderators import RegressionResult

TIE = 1e-8
"""Statistics this close relative to each other are equal: tau2 is iterated to about 1e-10."""


@dataclass(frozen=True, slots=True)
class PermutationResult(Result):
    """Permutation p values.

    ``p_values`` are two-sided, one for each name in ``names`` (every coefficient but the
    intercept, or the intercept where it stands alone); ``qm_p`` is that of all together.
    ``exact``: every arrangement was taken, ``permutations`` of them; otherwise that many were
    drawn with ``seed``, and the observed one is counted with them (Phipson and Smyth 2010).
    """

    names: tuple[str, ...]
    p_values: tuple[float, ...]
    qm_p: float
    permutations: int
    exact: bool
    seed: int | None
    method: str
    test: str
    k: int


def permutation_test(
    fit: RegressionResult,
    permutations: int = 1000,
    *,
    seed: int = 20250,
    exact_up_to: int = 1000,
) -> PermutationResult:
    """Test a regression by permutation (Higgins and Thompson 2004).

    The rows of moderators are exchanged between studies, whose estimates and variances stay
    together; tau2 is estimated anew each time, and the statistics are those of the fit (t or z,
    and QM). With an intercept alone the signs of the estimates are flipped instead (Follmann and
    Proschan 1999).

    Parameters
    ----------
    fit : RegressionResult
        What ``regress`` returned.
    permutations : int
        How many arrangements are drawn when there are too many for all.
    seed : int
        Of the random draws; the same seed gives the same result.
    exact_up_to : int
        All arrangements that differ are taken when there are at most this many.

    Examples
    --------
    >>> from saisei.synthesis import regress
    >>> fit = regress([0.1, 0.3, 0.2, 0.8, 0.6], [0.02, 0.03, 0.02, 0.04, 0.03], [0, 0, 0, 1, 1])
    >>> test = permutation_test(fit)
    >>> test.exact, test.permutations, test.p_values
    (True, 10, (0.1,))
    """
    if permutations < 1:
        raise ValueError(f"permutations is {permutations}; expected 1 or more")
    alone = fit.names == (INTERCEPT,)
    total = 2**fit.k if alone else _arrangements(fit.x)
    exact = total <= exact_up_to
    count = total if exact else permutations
    rng = np.random.default_rng(seed)
    observed = _statistics(fit, fit.y, fit.x)
    hits = np.zeros(observed.size)
    if alone:
        signs = _all_signs(fit.k) if exact else _drawn_signs(fit.k, count, rng)
        arrangements = ((fit.y * sign, fit.x) for sign in signs)
    else:
        orders = _all_orders(fit.x) if exact else _drawn_orders(fit.k, count, rng)
        arrangements = ((fit.y, fit.x[order]) for order in orders)
    for y, x in arrangements:
        hits += _statistics(fit, y, x) >= observed * (1.0 - TIE)
    shares = hits / count if exact else (hits + 1.0) / (count + 1.0)
    return PermutationResult(
        names=fit.names if alone else fit.names[fit.intercept :],
        p_values=tuple(float(share) for share in shares[:-1]),
        qm_p=float(shares[-1]),
        permutations=count,
        exact=exact,
        seed=None if exact else seed,
        method=fit.method,
        test=fit.test,
        k=fit.k,
    )


def _statistics(fit: RegressionResult, y: FloatArray, x: FloatArray) -> FloatArray:
    """Squared t or z of each tested coefficient, and QM last."""
    first = int(fit.intercept and x.shape[1] > 1)
    tau2 = moderated_tau2(y, fit.v, x, fit.method).tau2
    one = solve(y, x, fit.v + tau2)
    factor = 1.0 if fit.test in ("z", "t") else one.squares / (x.shape[0] - x.shape[1])
    if fit.test == "knha-safeguarded":
        factor = max(1.0, factor)
    squares = one.coefficients**2 / np.diagonal(one.covariance)
    parts = np.append(squares[first:], one.explained[first:].sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(parts / factor, nan=0.0, posinf=math.inf))


def _arrangements(x: FloatArray) -> int:
    """How many arrangements of the rows differ."""
    repeats = Counter(_labels(x).tolist()).values()
    return math.factorial(x.shape[0]) // math.prod(math.factorial(n) for n in repeats)


def _labels(x: FloatArray) -> IntArray:
    """Return a number for each row, the same for equal rows."""
    return np.asarray(np.unique(x, axis=0, return_inverse=True)[1]).ravel()


def _all_orders(x: FloatArray) -> Iterator[IntArray]:
    """Every arrangement of the rows that differs, in the order of the alphabet."""
    labels = _labels(x)
    first = {int(label): i for i, label in reversed(list(enumerate(labels)))}
    now = sorted(labels.tolist())
    while True:
        yield np.array([first[label] for label in now])
        fall = [i for i in range(len(now) - 1) if now[i] < now[i + 1]]
        if not fall:
            return
        i = fall[-1]
        j = max(j for j in range(i + 1, len(now)) if now[j] > now[i])
        now[i], now[j] = now[j], now[i]
        now[i + 1 :] = reversed(now[i + 1 :])


def _drawn_orders(k: int, count: int, rng: np.random.Generator) -> Iterator[IntArray]:
    return (rng.permutation(k) for _ in range(count))


def _all_signs(k: int) -> Iterator[FloatArray]:
    return (np.array(signs) for signs in itertools.product((1.0, -1.0), repeat=k))


def _drawn_signs(k: int, count: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    return (rng.choice((1.0, -1.0), k) for _ in range(count))
