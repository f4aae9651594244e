"""Three levels: estimates within clusters, such as several outcomes or cohorts of one study.

The model (Konstantopoulos 2011) is ``y_ij = mu + u_j + w_ij + e_ij``: true effects vary between
clusters with variance ``tau2_between`` and within them with ``tau2_within``; sampling errors
``e_ij`` are independent with known variances. Whoever doubts that independence adds ``robust``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, studies
from saisei.synthesis._numeric.result import Result
from saisei.synthesis._numeric.roots import falling_root
from saisei.synthesis.pairwise.heterogeneity import (
    GRID_STEP,
    _log_likelihood,
    cochran_q,
    estimate_tau2,
    typical_variance,
)
from saisei.synthesis.pairwise.pooling import _interval, _p_value, _quantile
from saisei.synthesis.regression.design import cluster_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultilevelResult(Result):
    """A pooled effect over clusters of estimates.

    Attributes
    ----------
    estimate, se, ci, p
        The mean effect, its standard error, confidence interval and two-sided p value.
    tau2_between, tau2_within
        Variance of true effects between clusters and between estimates within a cluster.
    i2_between, i2_within
        Their shares of the whole in per cent, with the typical sampling variance of Higgins and
        Thompson (Cheung 2014).
    correlation
        Of two true effects in one cluster, ``tau2_between / (tau2_between + tau2_within)``; NaN
        where both are 0.
    q, q_df, q_p
        Cochran's test of heterogeneity of any kind.
    prediction_interval
        Where the true effect of a new estimate in a new cluster is expected.
    log_likelihood
        At the maximum, with its constants (restricted for REML).
    weights
        Each estimate's share of the mean; they sum to 1.
    k, clusters, method, test, level
        Numbers of estimates and clusters, and what was used.
    converged, iterations, boundary, multimodal
        How the variances were reached; ``boundary`` that one of them is 0, ``multimodal`` that
        the likelihood has several maxima (the highest was taken).
    notes
        Sentences on what is unusual about this fit.
    y, v, cluster
        The data, read-only; clusters as numbers in the order of their first appearance.
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    p: float
    tau2_between: float
    tau2_within: float
    i2_between: float
    i2_within: float
    correlation: float
    q: float
    q_df: int
    q_p: float
    prediction_interval: tuple[float, float]
    log_likelihood: float
    k: int
    clusters: int
    method: str
    test: str
    level: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    notes: tuple[str, ...]
    weights: FloatArray = field(hash=False)
    y: FloatArray = field(hash=False)
    v: FloatArray = field(hash=False)
    cluster: IntArray = field(hash=False)

    def __repr__(self) -> str:
        percent = f"{100 * self.level:g}%"
        low, high = self.prediction_interval
        head = f"k = {self.k} in {self.clusters} clusters, method {self.method}, test {self.test}"
        within = f"within {self.tau2_within:.4f} ({self.i2_within:.2f}%)"
        lines = [
            f"MultilevelResult: {head}",
            f"  tau2 between {self.tau2_between:.4f} ({self.i2_between:.2f}%)   {within}",
            f"  Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
            f"  estimate {self.estimate:.4f}   se {self.se:.4f}   p {self.p:.4g}",
            f"  {percent} CI {self.ci[0]:.4f} to {self.ci[1]:.4f}",
            f"  {percent} prediction interval {low:.4f} to {high:.4f}",
        ]
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def multilevel(
    y: ArrayLike,
    v: ArrayLike,
    cluster: Sequence[object],
    method: Literal["REML", "ML"] = "REML",
    test: Literal["t", "z"] = "t",
    level: float = 0.95,
) -> MultilevelResult:
    """Pool estimates that stand in clusters, with a variance between and one within clusters.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Estimates and their sampling variances.
    cluster : sequence of length k
        The cluster of each estimate: any labels, the same when ``str`` of them is.
    method : {"REML", "ML"}
        Both are taken at the global maximum over the two variances.
    test : {"t", "z"}
        ``t`` with one degree of freedom less than there are clusters, or normal.
    level : float
        Coverage of both intervals.

    Returns
    -------
    MultilevelResult

    Raises
    ------
    ValueError
        If there are fewer than two clusters, or no cluster holds two estimates: the two variances
        cannot then be told apart.

    Examples
    --------
    >>> multilevel([0.1, 0.3, 0.2, 0.9, 0.6, 0.4], [0.02, 0.03, 0.02, 0.04, 0.03, 0.05],
    ...            ["Osaka", "Osaka", "Seoul", "Lund", "Lund", "Leeds"])
    MultilevelResult: k = 6 in 4 clusters, method REML, test t
      tau2 between 0.0542 (65.20%)   within 0.0000 (0.00%)
      Q(5) = 14.0197, p = 0.01548
      estimate 0.3729   se 0.1385   p 0.07419
      95% CI -0.0677 to 0.8136
      95% prediction interval -0.4894 to 1.2352
      note: 4 clusters: the variance between them is hardly known
    """
    if method not in ("REML", "ML"):
        raise ValueError(f"method is {method!r}; expected one of REML, ML")
    if test not in ("t", "z"):
        raise ValueError(f"test is {test!r}; expected one of t, z")
    check_level(level)
    estimates, variances = studies(y, v, "v")
    index, count = cluster_index(cluster, estimates.size)
    if count < 2:
        raise ValueError(f"every estimate is in cluster {str(cluster[0])!r}; two are needed")
    if count == estimates.size:
        raise ValueError(
            "every cluster holds one estimate: variances between and within clusters cannot be "
            "told apart; use pool"
        )
    data = Clustered(estimates - estimates[0], variances, index, restricted=method == "REML")
    fit = data.maximise()
    return _result(estimates, data, fit, method, test, level)


@dataclass(frozen=True, slots=True)
class Components:
    """Both variances and how they were reached."""

    between: float
    within: float
    converged: bool
    iterations: int
    multimodal: bool


@dataclass(frozen=True, slots=True, eq=False)
class Clustered:
    """The likelihood of the two variances.

    For a given variance within, each cluster is its weighted mean with a variance of its own, and
    the variance between is that of an ordinary pool of these means, whose global maximum is
    known. That leaves one dimension: the profile over the variance within.
    """

    y: FloatArray
    v: FloatArray
    index: IntArray
    restricted: bool

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sums by cluster."""
        return np.asarray(np.bincount(self.index, values), dtype=np.float64)

    def means(self, within: float) -> tuple[FloatArray, FloatArray, float]:
        """Return cluster means, their variances, and what the likelihood holds beside them."""
        w = 1.0 / (self.v + within)
        total = self.sums(w)
        mean = self.sums(w * self.y) / total
        residual = self.y - mean[self.index]
        inside = float(w @ (residual * residual) - np.log(w).sum() + np.log(total).sum())
        return mean, 1.0 / total, -0.5 * inside

    def profile(self, within: float) -> tuple[float, float, bool]:
        """Return the best variance between, the height there, and whether there are several maxima.

        Constants of the likelihood are left out.
        """
        mean, variance, inside = self.means(within)
        fit = estimate_tau2(mean, variance, "REML" if self.restricted else "ML")
        height = _log_likelihood(mean, variance, [fit.tau2], restricted=self.restricted)
        return fit.tau2, inside + float(height[0]), fit.multimodal

    def slope(self, within: float) -> float:
        """Return the profile's slope: at the best variance between only the other one counts.

        ``(y'PPy - tr P) / 2`` (ML: ``tr V^-1``), with ``V_j^-1 = W - c w w'``,
        ``c = tau2_between / (1 + tau2_between sum w)``.
        """
        between = self.profile(within)[0]
        w = 1.0 / (self.v + within)
        total = self.sums(w)
        shrunk = between / (1.0 + between * total)
        ones = w / (1.0 + between * total)[self.index]
        residual = self.y - float(ones @ self.y) / float(ones.sum())
        py = w * (residual - (shrunk * self.sums(w * residual))[self.index])
        trace = float(w.sum() - shrunk @ self.sums(w * w))
        if self.restricted:
            trace -= float(ones @ ones) / float(ones.sum())
        return 0.5 * (float(py @ py) - trace)

    def highest(self) -> float:
        """Return a variance within beyond which the likelihood only falls.

        ``y'PPy <= max(w)^2 RSS``, and whatever the variance between, ``tr P`` is at least
        ``min(w)`` times the number of contrasts within clusters.
        """
        contrasts = self.y.size - int(self.index.max()) - 1
        squares = float(self.y.var()) * self.y.size
        return max(float(self.v.max()), 2.0 * squares / contrasts)

    def maximise(self) -> Components:
        """Find the global maximum: slopes on a grid, every fall refined, heights compared."""
        unit = float(self.v.min())
        top = math.log1p(self.highest() / unit)
        s = np.linspace(0.0, top, 2 + math.ceil(top / GRID_STEP))
        rising = np.array([self.slope(unit * math.expm1(one)) > 0.0 for one in s])

        def fall(at: float) -> tuple[float, float]:
            return self.slope(unit * math.expm1(at)), 0.0  # without a slope the bracket is halved

        cells = np.flatnonzero(rising[:-1] & ~rising[1:])
        roots = [falling_root(fall, s[i], s[i + 1], 0.5 * (s[i] + s[i + 1])) for i in cells]
        candidates = [unit * math.expm1(root.x) for root in roots]
        if not rising[0]:
            candidates.insert(0, 0.0)
        profiles = [self.profile(one) for one in candidates]
        best = int(np.argmax([height for _, height, _ in profiles]))
        return Components(
            between=profiles[best][0],
            within=candidates[best],
            converged=all(root.converged for root in roots),
            iterations=sum(root.iterations for root in roots),
            multimodal=len(candidates) > 1 or profiles[best][2],
        )


def _result(
    y: FloatArray,
    data: Clustered,
    fit: Components,
    method: str,
    test: str,
    level: float,
) -> MultilevelResult:
    k, clusters = y.size, int(data.index.max()) + 1
    w = 1.0 / (data.v + fit.within)
    ones = w / (1.0 + fit.between * data.sums(w))[data.index]
    total = float(ones.sum())
    estimate = float(y[0] + ones @ data.y / total)
    se = math.sqrt(1.0 / total)
    df = None if test == "z" else clusters - 1
    quantile = _quantile(level, df)
    both = fit.between + fit.within
    typical = typical_variance(data.v)
    q = cochran_q(data.y, data.v)
    constants = -0.5 * k * math.log(2.0 * math.pi)
    if data.restricted:
        constants += 0.5 * math.log(2.0 * math.pi * k)
    return MultilevelResult(
        estimate=estimate,
        se=se,
        ci=_interval(estimate, quantile, se),
        p=_p_value(estimate, se, df),
        tau2_between=fit.between,
        tau2_within=fit.within,
        i2_between=100.0 * fit.between / (both + typical),
        i2_within=100.0 * fit.within / (both + typical),
        correlation=fit.between / both if both else math.nan,
        q=q,
        q_df=k - 1,
        q_p=float(special.chdtrc(k - 1, q)),
        prediction_interval=_interval(estimate, quantile, math.sqrt(se * se + both)),
        log_likelihood=data.profile(fit.within)[1] + constants,
        k=k,
        clusters=clusters,
        method=method,
        test=test,
        level=level,
        converged=fit.converged,
        iterations=fit.iterations,
        boundary=fit.between == 0.0 or fit.within == 0.0,
        multimodal=fit.multimodal,
        notes=_notes(clusters, multimodal=fit.multimodal),
        weights=frozen(ones / total),
        y=frozen(y),
        v=frozen(data.v),
        cluster=frozen(data.index),
    )


def _notes(clusters: int, *, multimodal: bool) -> tuple[str, ...]:
    notes = []
    if multimodal:
        notes.append("the likelihood of the variances has several maxima; the highest was taken")
    if clusters < 5:
        notes.append(f"{clusters} clusters: the variance between them is hardly known")
    return tuple(notes)
