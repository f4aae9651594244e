"""Cluster-robust variance: estimates that share people, cohorts or laboratories.

The standard errors of a pool or a regression hold when estimates are independent. Where several
come from one cluster, the sandwich estimator stays right whatever the correlation within it. In
small numbers it needs the adjustment CR2 (Bell and McCaffrey 2002) and degrees of freedom after
Satterthwaite (Tipton 2015; Pustejovsky and Tipton 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.pairwise.pooling import PoolResult
from saisei.synthesis.regression.design import INTERCEPT, cluster_index, limits
from saisei.synthesis.regression.joint_test import RobustTest, chosen_contrasts, hotelling
from saisei.synthesis.regression.multilevel import MultilevelResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray
    from saisei.synthesis.regression.moderators import RegressionResult

NOTHING_LEFT = 1e-9
"""A cluster's own share of a direction this near to all of it leaves nothing to adjust."""

UNBIASED = 1e-6
"""CR2 gives the working variance on average. Where it gives less by more than this part, some of
a coefficient rests on one cluster alone, and a standard error would be too small."""

FEW = 4.0
"""Below this many degrees of freedom the t distribution is too rough (Tipton 2015)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RobustResult(Result):
    """Coefficients with cluster-robust uncertainty.

    Attributes
    ----------
    names, coefficients
        Those of the fit; a pool has one, ``intercept``.
    se, df, ci, p_values, covariance
        CR2 standard errors, Satterthwaite degrees of freedom, t intervals (two columns), p values
        and the covariance. NaN for a coefficient of which one cluster settles a part alone.
    clusters, k
        Numbers of clusters and of estimates.
    estimator, level
        ``CR2``, and the coverage.
    notes
        Sentences on what is unusual, such as degrees of freedom below 4.
    along, own
        What ``joint`` needs of each cluster.
    """

    names: tuple[str, ...]
    clusters: int
    k: int
    estimator: str
    level: float
    notes: tuple[str, ...]
    coefficients: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    df: FloatArray = field(hash=False)
    ci: FloatArray = field(hash=False)
    p_values: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    along: FloatArray = field(hash=False)
    own: FloatArray = field(hash=False)

    def joint(
        self, names: Sequence[str] | None = None, *, contrasts: ArrayLike | None = None
    ) -> RobustTest:
        """Test several coefficients together, by AHT/HTZ (Tipton and Pustejovsky 2015).

        With ``L b`` the q contrasts and R their CR2 covariance, ``Q = (L b)'R^-1(L b)`` is taken
        for Hotelling's T2: ``(eta - q + 1)/(eta q) Q`` for F with q and ``eta - q + 1`` degrees
        of freedom, ``eta = q (q + 1) / sum_st Var(D_st)``, D the covariance divided by its own
        expectation under the working model. With q = 1 it is the t test of the coefficient.

        Parameters
        ----------
        names : sequence of str, optional
            Coefficients that are all 0 under the hypothesis. Without either argument all but
            the intercept.
        contrasts : array_like of shape (q, p), optional
            Instead of names: combinations of the coefficients that are 0.

        Examples
        --------
        >>> from saisei.synthesis import regress
        >>> fit = regress([0.1, 0.3, 0.2, 0.8, 0.6, 0.4, 0.5, 0.2], [0.03] * 8,
        ...               [1, 2, 3, 4, 5, 6, 7, 9])
        >>> robust(fit, "ABCDEFGH").joint()
        RobustTest: F(1, 3) = 0.1856, p = 0.6957 (x1)
        """
        matrix, label = chosen_contrasts(self.names, names, contrasts)
        used = (matrix != 0.0).any(0)
        for name, se, one in zip(self.names, self.se, used, strict=True):
            if one and math.isnan(se):
                raise ValueError(f"{name} rests in part on one cluster alone: it cannot be tested")
        parts = (self.along[:, :, used], self.own[:, used][:, :, used])
        covariance = self.covariance[np.ix_(used, used)]
        return hotelling(self.coefficients[used], covariance, parts, matrix[:, used], label)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the parts that ``joint`` works with, as plain values."""
        return {name: plain(getattr(self, name)) for name in self.__slots__[:-2]}

    def __repr__(self) -> str:
        lines = [f"RobustResult: k = {self.k} in {self.clusters} clusters, {self.estimator}"]
        for i, name in enumerate(self.names):
            low, high = self.ci[i]
            lines.append(
                f"  {name}: {self.coefficients[i]:.4f}   se {self.se[i]:.4f}   "
                f"df {self.df[i]:.2f}   p {self.p_values[i]:.4g}   "
                f"{100 * self.level:g}% CI {low:.4f} to {high:.4f}"
            )
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def robust(
    fit: PoolResult | RegressionResult | MultilevelResult,
    cluster: Sequence[object] | None = None,
    level: float | None = None,
) -> RobustResult:
    """Give a fit standard errors that hold when estimates of one cluster depend on each other.

    The estimates and their weights stay as they are; the fit's own variances ``v + tau2`` (and
    the covariances of a fit by ``multilevel``) are the working model, which need not be right.

    Parameters
    ----------
    fit : PoolResult, RegressionResult or MultilevelResult
        What ``pool``, ``regress`` or ``multilevel`` returned.
    cluster : sequence of length k
        The cluster of each estimate: any labels, the same when ``str`` of them is. For a fit by
        ``multilevel`` it may be left out (its own clusters) or be coarser.
    level : float, optional
        Coverage; that of the fit by default.

    Returns
    -------
    RobustResult

    Raises
    ------
    ValueError
        If there are fewer than two clusters, or not one label for each estimate.

    Examples
    --------
    >>> from saisei.synthesis import pool
    >>> robust(pool([0.1, 0.3, 0.2, 0.8, 0.6, 0.4], [0.02, 0.03, 0.02, 0.04, 0.03, 0.05]),
    ...        ["Osaka", "Osaka", "Seoul", "Lund", "Lund", "Leeds"])
    RobustResult: k = 6 in 4 clusters, CR2
      intercept: 0.3772   se 0.1509   df 2.56   p 0.1023   95% CI -0.1536 to 0.9080
      note: intercept has 2.56 degrees of freedom: below 4 the interval is a rough one
    """
    level = fit.level if level is None else check_level(level)
    if cluster is None:
        if not isinstance(fit, MultilevelResult):
            raise ValueError("cluster is missing; give the cluster of each estimate")
        cluster = fit.cluster.tolist()
    index, count = cluster_index(cluster, fit.k)
    if count < 2:
        raise ValueError(f"every estimate is in cluster {str(cluster[0])!r}; two are needed")
    members = [np.flatnonzero(index == j) for j in range(count)]
    if isinstance(fit, MultilevelResult):
        blocks = _shared(fit, members, index)
    else:
        blocks = [np.diag(fit.v[m] + fit.tau2) for m in members]
    if isinstance(fit, PoolResult | MultilevelResult):
        names: tuple[str, ...] = (INTERCEPT,)
        x, coefficients = np.ones((fit.k, 1)), np.array([fit.estimate])
    else:
        names, x, coefficients = fit.names, fit.x, fit.coefficients.copy()
    covariance, df, along, own = cr2(fit.y - x @ coefficients, x, members, blocks)
    return _result(names, coefficients, (covariance, df, along, own), (count, fit.k), level)


def _shared(
    fit: MultilevelResult, members: Sequence[IntArray], index: IntArray
) -> list[FloatArray]:
    """Return the covariances of a three-level fit, whose clusters must not be torn apart."""
    pairs = np.unique(np.column_stack([fit.cluster, index]), axis=0)
    torn = pairs[1:, 0] == pairs[:-1, 0]
    if torn.any():
        one = int(np.flatnonzero(fit.cluster == pairs[1:][torn][0, 0])[0])
        raise ValueError(
            f"the fit's cluster of estimate {one} is torn apart; robust clusters must hold "
            "those of the fit whole"
        )
    return [
        np.diag(fit.v[m] + fit.tau2_within)
        + fit.tau2_between * np.equal.outer(fit.cluster[m], fit.cluster[m])
        for m in members
    ]


def cr2(
    residual: FloatArray,
    x: FloatArray,
    members: Sequence[IntArray],
    blocks: Sequence[FloatArray],
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Covariance of the coefficients, the degrees of freedom of each, and parts of each cluster.

    ``blocks`` are the working covariances ``V_j``, their inverses the weights. With ``V = D'D``
    and ``M = (X'V^-1 X)^-1``, residuals are multiplied by ``A = D' B^{-1/2} D``,
    ``B = D (V - X M X') D'`` (Pustejovsky and Tipton 2018), which makes the estimate unbiased
    under the working model. The degrees of freedom of a coefficient are twice the squared mean
    of its variance estimate over the variance of that: with ``q_j = A V^-1 X M c``, the
    matrix ``G_ij = q_i' (V - X M X')_ij q_j`` has ``df = (tr G)^2 / sum G_ij^2``. The parts are
    those of G for all coefficients at once: ``G_ij = own_i [i = j] - along_i' along_j``.
    """
    lower = [np.linalg.cholesky(b) for b in blocks]
    white = [np.linalg.solve(d, x[m]) for m, d in zip(members, lower, strict=True)]
    whole = np.concatenate(white)
    size = np.sqrt(np.vecdot(whole.T, whole.T))
    triangle = np.linalg.qr(whole / size)[1]
    root = np.linalg.solve(triangle, np.eye(size.size)) / size[:, None]  # M = root root'
    pieces = []
    for m, b, z in zip(members, blocks, white, strict=True):
        adjusted = _adjustment(b, x[m], z, root) @ np.linalg.solve(b, x[m])
        pieces.append(adjusted @ root @ root.T)
    scores = np.array([q.T @ residual[m] for m, q in zip(members, pieces, strict=True)])
    covariance = scores.T @ scores
    along = np.array([root.T @ (x[m].T @ q) for m, q in zip(members, pieces, strict=True)])
    own = np.array([q.T @ b @ q for b, q in zip(blocks, pieces, strict=True)])
    gram = -np.einsum("iac,jac->cij", along, along)
    diagonal = np.arange(len(pieces))
    gram[:, diagonal, diagonal] += np.diagonal(own, axis1=1, axis2=2).T
    mean = np.trace(gram, axis1=1, axis2=2)
    square = np.vecdot(gram, gram).sum(-1)
    lost = mean < (1.0 - UNBIASED) * np.vecdot(root, root)
    covariance[lost, :] = covariance[:, lost] = math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        return covariance, np.where(lost, math.nan, mean * mean / square), along, own


def _adjustment(b: FloatArray, x: FloatArray, z: FloatArray, root: FloatArray) -> FloatArray:
    """Return ``A`` of one cluster; directions that the cluster settles alone are left out.

    How many they are is counted in the whitened space, where leverage lies between 0 and 1.
    """
    upper = np.linalg.cholesky(b).T
    lever = z @ root
    left = np.linalg.eigvalsh(np.eye(b.shape[0]) - lever @ lever.T)
    kept = int((left > NOTHING_LEFT).sum())
    inside = x @ root
    values, vectors = np.linalg.eigh(upper @ (b - inside @ inside.T) @ upper.T)
    values, vectors = values[b.shape[0] - kept :], vectors[:, b.shape[0] - kept :]
    half = (vectors / np.sqrt(values)) @ vectors.T
    return np.asarray(upper.T @ half @ upper)


def _result(
    names: tuple[str, ...],
    coefficients: FloatArray,
    found: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    counts: tuple[int, int],
    level: float,
) -> RobustResult:
    covariance, df, along, own = found
    se = np.sqrt(np.diagonal(covariance))
    quantile = np.asarray(special.stdtrit(df, 0.5 + 0.5 * level), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2.0 * np.asarray(special.stdtr(df, -np.abs(coefficients / se)))
    notes = [
        f"{name} has {one:.3g} degrees of freedom: below 4 the interval is a rough one"
        for name, one in zip(names, df, strict=True)
        if one < FEW
    ]
    notes += [
        f"{name} rests in part on one cluster alone: its uncertainty cannot be estimated"
        for name, one in zip(names, df, strict=True)
        if math.isnan(one)
    ]
    return RobustResult(
        names=names,
        clusters=counts[0],
        k=counts[1],
        estimator="CR2",
        level=level,
        notes=tuple(notes),
        coefficients=frozen(coefficients),
        se=frozen(se),
        df=frozen(df),
        ci=frozen(limits(coefficients, quantile * se)),
        p_values=frozen(p),
        covariance=frozen(covariance),
        along=frozen(along),
        own=frozen(own),
    )
