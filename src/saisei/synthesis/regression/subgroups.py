"""Subgroups: one mean effect each, and a test of whether they differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import plain, studies
from saisei.synthesis.pairwise.pooling import Test, pool
from saisei.synthesis.regression.moderators import RegressionResult, regress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.pairwise.heterogeneity import Method


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The mean effect of one group of ``k`` studies; see ``PoolResult`` for the names."""

    name: str
    k: int
    estimate: float
    se: float
    ci: tuple[float, float]
    tau2: float
    prediction_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True, repr=False)
class SubgroupsResult:
    """Mean effects by group.

    Attributes
    ----------
    groups
        One ``Subgroup`` each, in the order in which they first appear.
    q_between, q_df, q_p
        Test of equal means. With a common tau2 it is the regression's: chi-squared with
        ``(g - 1, inf)`` degrees of freedom under ``z``, F with ``(g - 1, k - g)`` under ``knha``.
        With separate ones ``sum (m - mean)^2 / se^2`` over groups, always chi-squared
        (Borenstein and others 2009, chapter 19).
    common_tau2, method, test, level, converged
        What was used, and whether every tau2 was reached.
    """

    groups: tuple[Subgroup, ...]
    q_between: float
    q_df: tuple[float, float]
    q_p: float
    common_tau2: bool
    method: str
    test: str
    level: float
    converged: bool

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold (NaN as None)."""
        named = {name: plain(getattr(self, name)) for name in self.__slots__}
        named["groups"] = [
            {name: plain(getattr(one, name)) for name in one.__slots__} for one in self.groups
        ]
        return named

    def __repr__(self) -> str:
        kind = "common" if self.common_tau2 else "separate"
        m, df = self.q_df
        between = f"Q({m:g})" if math.isinf(df) else f"F({m:g}, {df:g})"
        lines = [f"SubgroupsResult: method {self.method}, {kind} tau2, test {self.test}"]
        lines += [
            f"  {one.name}: k = {one.k}   estimate {one.estimate:.4f}   se {one.se:.4f}   "
            f"{100 * self.level:g}% CI {one.ci[0]:.4f} to {one.ci[1]:.4f}   tau2 {one.tau2:.4f}"
            for one in self.groups
        ]
        return "\n".join([*lines, f"  {between} = {self.q_between:.4f}, p = {self.q_p:.4g}"])


def subgroups(
    y: ArrayLike,
    v: ArrayLike,
    group: Sequence[object],
    method: Method = "REML",
    test: Test = "knha",
    *,
    common_tau2: bool = False,
    level: float = 0.95,
) -> SubgroupsResult:
    """Pool each group of studies, and test whether the means differ.

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances.
    group : sequence of length k
        The group of each study: any labels; two labels are the same group when ``str`` of them is.
    method, test, level
        As in ``pool``.
    common_tau2 : bool
        One tau2 for all groups (which few studies in a group may need) or one for each. With
        separate ones a group of one study is that study's own interval.

    Returns
    -------
    SubgroupsResult

    Raises
    ------
    ValueError
        If there are fewer than two groups, or as in ``pool`` and ``regress``.

    Examples
    --------
    >>> subgroups([0.1, 0.3, 0.2, 0.8, 0.6], [0.02, 0.03, 0.02, 0.04, 0.03],
    ...           ["late", "late", "late", "early", "early"], common_tau2=True)
    SubgroupsResult: method REML, common tau2, test knha
      late: k = 3   estimate 0.1875   se 0.0588   95% CI 0.0003 to 0.3747   tau2 0.0000
      early: k = 2   estimate 0.6857   se 0.0889   95% CI 0.4027 to 0.9687   tau2 0.0000
      F(1, 3) = 21.8348, p = 0.01851
    """
    estimates, variances = studies(y, v, "v")
    labels = [str(one) for one in group]
    if len(labels) != estimates.size:
        raise ValueError(f"group has {len(labels)} entries; y has {estimates.size}")
    names = tuple(dict.fromkeys(labels))
    if len(names) < 2:
        raise ValueError(f"every study is in group {names[0]!r}; there is nothing to compare")
    member = np.array([[label == name for name in names] for label in labels])
    if common_tau2:
        return _common(estimates, variances, member, names, method, test, level)
    pools = [pool(estimates[m], variances[m], method, test, level) for m in member.T]
    groups = tuple(
        Subgroup(name, one.k, one.estimate, one.se, one.ci, one.tau2, one.prediction_interval)
        for name, one in zip(names, pools, strict=True)
    )
    w = np.array([1.0 / one.se**2 if one.se else math.inf for one in pools])
    q = _between(np.array([one.estimate for one in pools]), w)
    df = len(names) - 1
    return SubgroupsResult(
        groups=groups,
        q_between=q,
        q_df=(df, math.inf),
        q_p=float(special.chdtrc(df, q)) if not math.isnan(q) else math.nan,
        common_tau2=False,
        method=method,
        test=test,
        level=level,
        converged=all(one.converged for one in pools),
    )


def _between(means: FloatArray, w: FloatArray) -> float:
    """Return the weighted squares of the means about theirs; NaN where one has no spread."""
    if not np.isfinite(w).all():
        return math.nan
    residual = means - (w @ means) / w.sum()
    return float(w @ (residual * residual))


def _common(
    y: FloatArray,
    v: FloatArray,
    member: np.ndarray[Any, np.dtype[np.bool_]],
    names: tuple[str, ...],
    method: Method,
    test: Test,
    level: float,
) -> SubgroupsResult:
    """One tau2 for all: a regression on membership, the first group as the reference."""
    fit: RegressionResult = regress(
        y,
        v,
        member[:, 1:],
        method,
        test,
        names=[f"group {name}" for name in names[1:]],
        level=level,
    )
    at = fit.predict(np.eye(len(names))[:, 1:])
    wide = at.prediction_interval
    groups = tuple(
        Subgroup(
            name,
            int(member[:, i].sum()),
            float(at.estimate[i]),
            float(at.se[i]),
            (float(at.ci[i, 0]), float(at.ci[i, 1])),
            fit.tau2,
            None if wide is None else (float(wide[i, 0]), float(wide[i, 1])),
        )
        for i, name in enumerate(names)
    )
    return SubgroupsResult(
        groups=groups,
        q_between=fit.qm,
        q_df=fit.qm_df,
        q_p=fit.qm_p,
        common_tau2=True,
        method=fit.method,
        test=fit.test,
        level=level,
        converged=fit.converged,
    )
