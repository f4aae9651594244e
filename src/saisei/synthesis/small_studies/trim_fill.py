"""Trim and fill: how many studies a lopsided funnel seems to lack, and the pool with them.

Duval and Tweedie (2000a, 2000b). The studies are ranked by their distance from the mean; the
ranks tell how many lie too far out on one side. Those are set aside, the mean is taken again, and
so on until the number stays; then each of them gets a mirror image on the other side. It is an
account of asymmetry, whatever its cause, and no correction for bias.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric.arrays import frozen, plain, studies
from saisei.synthesis.pairwise.pooling import PoolResult, Test, pool
from saisei.synthesis.small_studies.funnel import egger

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray
    from saisei.synthesis.pairwise.heterogeneity import Method

Count = Literal["L0", "R0"]
Side = Literal["left", "right"]
MAX_ROUNDS = 100


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrimFill:
    """A pool with mirror images of the studies that a funnel seems to lack.

    Attributes
    ----------
    missing
        The number of studies that seem to be missing.
    side
        The side on which they are missing.
    estimator
        How their number was estimated, ``L0`` or ``R0``.
    p_missing
        Of ``R0`` only: the probability of so many or more if none is missing,
        ``2^-(missing + 1)`` (Duval and Tweedie 2000a); NaN for ``L0``.
    filled
        The pool of all studies and the mirror images.
    observed
        The pool without them.
    y, v, added
        Estimates and variances with the mirror images at the end, and which those are.
    converged, iterations
        Whether the number stayed, and after how many rounds.
    """

    missing: int
    side: str
    estimator: str
    p_missing: float
    filled: PoolResult
    observed: PoolResult
    converged: bool
    iterations: int
    y: FloatArray
    v: FloatArray
    added: BoolArray

    @property
    def k(self) -> int:
        """Number of studies that there are."""
        return self.observed.k

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: getattr(self, name) for name in self.__slots__}
        pools = {name: named.pop(name).to_dict() for name in ("filled", "observed")}
        return {**plain(named), **pools}

    def __repr__(self) -> str:
        low, high = self.filled.ci
        return (
            f"TrimFill: k = {self.k}, {self.missing} missing on the {self.side} ({self.estimator})"
            f"\n  as observed {self.observed.estimate:.4f}   se {self.observed.se:.4f}"
            f"\n  filled {self.filled.estimate:.4f}   se {self.filled.se:.4f}"
            f"   CI {low:.4f} to {high:.4f}"
        )


def trim_fill(
    y: ArrayLike,
    v: ArrayLike,
    estimator: Count = "L0",
    side: Side | None = None,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> TrimFill:
    """Trim and fill.

    Parameters
    ----------
    y, v, method, test, level
        As in ``pool``; three studies at least.
    estimator : {"L0", "R0"}
        ``L0 = (4 T - k (k + 1)) / (2 k - 1)`` with T the sum of the ranks on the full side;
        ``R0`` the number of the outermost studies that all lie on that side, less one. Both are
        rounded and cut at 0.
    side : {"left", "right"}, optional
        Where studies are missing. Without it the side is told by the slope of the estimates on
        their standard errors (``egger``, by random effects): where small studies lie higher,
        those on the left are missing.

    Returns
    -------
    TrimFill

    Examples
    --------
    >>> y, v = [0.1, 0.15, 0.3, 0.4, 0.7, 0.9], [0.01, 0.01, 0.03, 0.05, 0.1, 0.15]
    >>> trim_fill(y, v, test="z")
    TrimFill: k = 6, 3 missing on the left (L0)
      as observed 0.2463   se 0.0798
      filled 0.1500   se 0.0571   CI 0.0381 to 0.2619
    """
    if estimator not in get_args(Count):
        raise ValueError(f"estimator is {estimator!r}; expected L0 or R0")
    if side is not None and side not in get_args(Side):
        raise ValueError(f"side is {side!r}; expected left, right or None")
    estimates, variances = studies(y, v, "v")
    if estimates.size < 3:
        raise ValueError(f"trim and fill needs 3 studies; y has {estimates.size}")
    observed = pool(estimates, variances, method, test, level)
    if side is None:
        slope = egger(estimates, variances, model="random", method=method).slope
        side = "right" if slope < 0.0 else "left"
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * estimates, kind="stable")
    upward, spread = sign * estimates[order], variances[order]
    missing, centre, rounds, stayed = _count(upward, spread, estimator, method)
    far = upward.size - missing
    mirrored = sign * (2.0 * centre - upward[far:])
    y_all = np.concatenate([estimates, mirrored])
    v_all = np.concatenate([variances, spread[far:]])
    return TrimFill(
        missing=missing,
        side=side,
        estimator=estimator,
        p_missing=0.5 ** (missing + 1) if estimator == "R0" else math.nan,
        filled=pool(y_all, v_all, method, test, level) if missing else observed,
        observed=observed,
        converged=stayed,
        iterations=rounds,
        y=frozen(y_all),
        v=frozen(v_all),
        added=frozen(np.arange(y_all.size) >= estimates.size),
    )


def _count(
    y: FloatArray, v: FloatArray, estimator: Count, method: Method
) -> tuple[int, float, int, bool]:
    """Return how many of the highest have no counterpart, and the mean without them.

    ``y`` rises. The number can come round to one it has been before; after ``MAX_ROUNDS`` the
    last is taken.
    """
    k, missing = y.size, 0
    for rounds in range(1, MAX_ROUNDS + 1):
        kept = k - missing
        centre = pool(y[:kept], v[:kept], method, "z").estimate
        apart = y - centre
        ranks = np.empty(k)
        ranks[np.argsort(np.abs(apart), kind="stable")] = np.arange(1, k + 1)
        before = missing
        if estimator == "R0":
            number = k - float(ranks[apart < 0.0].max(initial=0.0)) - 1.0
        else:
            number = (4.0 * float(ranks[apart > 0.0].sum()) - k * (k + 1)) / (2 * k - 1)
        missing = min(max(0, round(number)), k - 1)
        if missing == before:
            return missing, centre, rounds, True
    return missing, centre, MAX_ROUNDS, False
