"""What single studies do to a pool: without each, one after the other, and each on its own.

Every pool without a study comes out of one batch, so that these cost little more than one pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain, studies
from saisei.synthesis.batches.pools import PoolBatch, pool_batch
from saisei.synthesis.pairwise.pooling import PoolResult, Test, pool

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray
    from saisei.synthesis.pairwise.heterogeneity import Method

HALF_OF_CHI2 = 0.45493642311957283
"""Median of chi-squared with one degree of freedom."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Influence:
    """How much each study moves the pool (Viechtbauer and Cheung 2010).

    Here ``mu`` and ``h`` are estimate and weights of the whole pool; ``(i)`` means without study i.

    Attributes
    ----------
    rstudent
        Studentised deleted residual ``(y_i - mu_(i)) / sqrt(v_i + tau2_(i) + se_(i)^2)``.
    dffits
        ``(mu - mu_(i)) / sqrt(h_i (tau2_(i) + v_i))``.
    dfbetas
        ``(mu - mu_(i)) / sqrt(1 / sum 1/(v + tau2_(i)))``, the sum over all studies.
    cook
        Cook's distance ``(mu - mu_(i))^2 / se^2``.
    cov_ratio
        ``se_(i)^2 / se^2``: below 1 the pool is more precise without the study.
    tau2_deleted, q_deleted
        tau2 and Cochran's Q without the study.
    hat, weight
        The study's share ``h_i``, and the same in per cent.
    influential
        True where ``|dffits| > 3 / sqrt(k - 1)``, Cook's distance lies beyond the median of
        chi-squared(1), or ``hat > 3 / k``.
    pool, without
        The whole pool, and the pools without each study.
    """

    rstudent: FloatArray
    dffits: FloatArray
    dfbetas: FloatArray
    cook: FloatArray
    cov_ratio: FloatArray
    tau2_deleted: FloatArray
    q_deleted: FloatArray
    hat: FloatArray
    weight: FloatArray
    influential: BoolArray
    pool: PoolResult
    without: PoolBatch

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.pool.k

    @property
    def converged(self) -> bool:
        """Whether tau2 was found in every pool used."""
        return self.pool.converged and bool(self.without.converged.all())

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: plain(getattr(self, name)) for name in self.__slots__[:-2]}
        return {**named, "pool": self.pool.to_dict(), "without": self.without.to_dict()}

    def __repr__(self) -> str:
        lines = [
            f"Influence: k = {self.k}, method {self.pool.method}, test {self.pool.test}",
            "  study  rstudent    dffits      cook  cov ratio  tau2 del     Q del  weight %",
        ]
        columns = [self.rstudent, self.dffits, self.cook, self.cov_ratio]
        columns += [self.tau2_deleted, self.q_deleted, self.weight]
        for number, row in enumerate(zip(*columns, strict=True)):
            values = " ".join(f"{value:9.4f}" for value in row)
            lines.append(f"  {number:5d} {values}{' *' if self.influential[number] else ''}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Blups:
    """Best linear unbiased predictions of the studies' true effects.

    ``estimate`` is ``s y + (1 - s) mu`` with ``s = tau2 / (tau2 + v)``, its squared standard
    error ``s v + (1 - s)^2 se(mu)^2`` (Raudenbush and Bryk 1985), and ``shrinkage`` is ``1 - s``,
    the share of the way towards the mean. ``ci`` has shape (k, 2); its quantile is the pool's.
    """

    estimate: FloatArray
    se: FloatArray
    ci: FloatArray
    shrinkage: FloatArray
    pool: PoolResult

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.pool.k

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: plain(getattr(self, name)) for name in self.__slots__[:-1]}
        return {**named, "pool": self.pool.to_dict()}

    def __repr__(self) -> str:
        lines = [f"Blups: k = {self.k}, method {self.pool.method}, tau2 {self.pool.tau2:.4f}"]
        for number, (value, se, limits) in enumerate(
            zip(self.estimate, self.se, self.ci, strict=True)
        ):
            low, high = limits
            lines.append(f"  {number:4d} {value:9.4f}   se {se:.4f}   {low:.4f} to {high:.4f}")
        return "\n".join(lines)


def leave_one_out(
    y: ArrayLike,
    v: ArrayLike,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> PoolBatch:
    """Pool all studies but one, for each of them.

    Parameters
    ----------
    y, v, method, test, level
        As in ``pool``; two studies at least.

    Returns
    -------
    PoolBatch
        Row i is the pool without study i.

    Examples
    --------
    >>> without = leave_one_out([0.1, 0.9, -0.4, 0.5], [0.02, 0.03, 0.05, 0.04], "DL")
    >>> without.estimate.round(3).tolist()
    [0.344, 0.077, 0.493, 0.21]
    """
    estimates, variances = _at_least(2, "leaving one out", y, v)
    there = ~np.eye(estimates.size, dtype=bool)
    return pool_batch(estimates, variances, method, test, level, there)


def cumulative(
    y: ArrayLike,
    v: ArrayLike,
    order: ArrayLike | None = None,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> PoolBatch:
    """Pool the first study, the first two, and so on (Lau and others 1992).

    Parameters
    ----------
    y, v, method, test, level
        As in ``pool``.
    order : array_like of shape (k,), optional
        What the studies are taken in the order of, such as their years; equal values keep the
        order given. Without it they are taken as they stand.

    Returns
    -------
    PoolBatch
        Row i is the pool of the first i + 1 studies; the columns of ``weights`` are the studies
        as they were given.

    Examples
    --------
    >>> cumulative([0.1, 0.9, -0.4], [0.02, 0.03, 0.05], [2011, 2019, 2004], "DL").k.tolist()
    [1, 2, 3]
    """
    estimates, variances = studies(y, v, "v")
    k = estimates.size
    keys = np.arange(k) if order is None else np.asarray(order)
    if keys.shape != (k,):
        raise ValueError(
            f"order has shape {keys.shape}; expected one value for each of {k} studies"
        )
    if keys.dtype.kind == "f" and np.isnan(keys).any():
        raise ValueError(f"order[{int(np.isnan(keys).argmax())}] is nan; expected a number")
    place = np.empty(k, dtype=np.intp)
    place[np.argsort(keys, kind="stable")] = np.arange(k)
    there = place <= np.arange(k)[:, None]
    return pool_batch(estimates, variances, method, test, level, there)


def influence(
    y: ArrayLike,
    v: ArrayLike,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> Influence:
    """Say how much each study moves the pool.

    Parameters
    ----------
    y, v, method, test, level
        As in ``pool``; three studies at least, for two must be left.

    Returns
    -------
    Influence

    Examples
    --------
    >>> found = influence([0.1, 0.2, 0.0, 2.0], [0.04, 0.03, 0.05, 0.04], "DL", "z")
    >>> found.rstudent.round(1).tolist(), found.influential.tolist()
    ([-0.5, -0.4, -0.6, 8.2], [False, False, False, True])
    """
    estimates, variances = _at_least(3, "influence", y, v)
    whole = pool(estimates, variances, method, test, level)
    without = leave_one_out(estimates, variances, method, test, level)
    moved = whole.estimate - without.estimate
    own = variances + without.tau2
    # With no spread at all (equal studies under Knapp-Hartung) there is nothing to compare with.
    with np.errstate(divide="ignore", invalid="ignore"):
        cook = moved**2 / whole.se**2
        cov_ratio = without.se**2 / whole.se**2
    hat = whole.weights
    dffits = moved / np.sqrt(hat * own)
    k = estimates.size
    influential = (np.abs(dffits) > 3.0 / np.sqrt(k - 1)) | (cook > HALF_OF_CHI2) | (hat > 3.0 / k)
    return Influence(
        rstudent=frozen((estimates - without.estimate) / np.sqrt(own + without.se**2)),
        dffits=frozen(dffits),
        dfbetas=frozen(moved * np.sqrt((1.0 / (variances + without.tau2[:, None])).sum(axis=1))),
        cook=frozen(cook),
        cov_ratio=frozen(cov_ratio),
        tau2_deleted=without.tau2,
        q_deleted=without.q,
        hat=hat,
        weight=frozen(100.0 * hat),
        influential=frozen(influential),
        pool=whole,
        without=without,
    )


def blups(
    y: ArrayLike,
    v: ArrayLike,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> Blups:
    """Predict each study's own true effect, drawn towards the mean as far as it is uncertain.

    Parameters
    ----------
    y, v, method, test, level
        As in ``pool``; two studies at least.

    Returns
    -------
    Blups

    Examples
    --------
    >>> blups([0.1, 0.9, -0.4, 0.5], [0.02, 0.03, 0.05, 0.04], "DL").estimate.round(3).tolist()
    [0.114, 0.831, -0.281, 0.469]
    """
    check_level(level)
    estimates, variances = _at_least(2, "predicting", y, v)
    whole = pool(estimates, variances, method, test, level)
    own = whole.tau2 / (whole.tau2 + variances)
    estimate = own * estimates + (1.0 - own) * whole.estimate
    se = np.sqrt(own * variances + (1.0 - own) ** 2 * whole.se**2)
    upper = 0.5 + 0.5 * level
    normal = test == "z"
    quantile = float(special.ndtri(upper) if normal else special.stdtrit(whole.k - 1, upper))
    return Blups(
        estimate=frozen(estimate),
        se=frozen(se),
        ci=frozen(np.stack([estimate - quantile * se, estimate + quantile * se], axis=-1)),
        shrinkage=frozen(1.0 - own),
        pool=whole,
    )


def _at_least(number: int, what: str, y: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
    estimates, variances = studies(y, v, "v")
    if estimates.size < number:
        raise ValueError(f"{what} needs {number} studies; y has {estimates.size}")
    return estimates, variances
