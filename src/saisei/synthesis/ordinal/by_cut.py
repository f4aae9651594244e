"""The picture of proportionality over several studies: one pool at every cut of the scale.

At cut j each study gives the log odds ratio of standing above it (Woolf 1955), and these are
pooled; beside them stands the pool of the studies' common odds ratios. Where one odds ratio
suffices the pools at the cuts lie about the common one. Cuts share people, so that the points
are not independent and a test needs the studies' likelihood ratios, which add up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis.effects.studies import LeftOut
from saisei.synthesis.ordinal.proportionality import Proportionality, proportional_odds_test
from saisei.synthesis.ordinal.two_stage import _pairs, pool_ordinal_two_stage
from saisei.synthesis.pairwise.pooling import PoolResult, Test, pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.pairwise.heterogeneity import Method


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CutsPool:
    """Pools of the log odds ratios at every cut, beside that of the common odds ratios.

    Attributes
    ----------
    cuts
        Cut j divides categories up to j from those above.
    log_or, lower, upper
        The pool at each cut, treated against control, above 0 = higher, and its interval; NaN
        where no study has a finite estimate.
    k, tau2
        Number of studies and variance of true effects at each cut.
    common
        The pool of the studies' common log odds ratios.
    pools
        The whole result at each cut; None where there is none.
    studies
        Every study's own odds ratios at its cuts and its tests.
    lr, df, lr_p
        Likelihood-ratio statistics of the studies, added up, against odds ratios of their own at
        every cut of every study.
    left_out
        For each cut the studies without a finite estimate there.
    """

    cuts: tuple[int, ...]
    log_or: FloatArray = field(hash=False)
    lower: FloatArray = field(hash=False)
    upper: FloatArray = field(hash=False)
    k: tuple[int, ...]
    tau2: FloatArray = field(hash=False)
    common: PoolResult
    pools: tuple[PoolResult | None, ...]
    studies: tuple[Proportionality, ...]
    lr: float
    df: int
    lr_p: float
    left_out: tuple[tuple[LeftOut, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: getattr(self, name) for name in self.__slots__}
        named["common"] = self.common.to_dict()
        named["pools"] = [one and one.to_dict() for one in self.pools]
        named["studies"] = [study.to_dict() for study in self.studies]
        named["left_out"] = [
            [{"index": out.index, "reason": out.reason} for out in own] for own in self.left_out
        ]
        return {name: plain(value) for name, value in named.items()}

    def __repr__(self) -> str:
        low, high = self.common.ci
        lines = [
            f"CutsPool: {len(self.studies)} studies",
            f"  LR of proportional odds ({self.df}) = {self.lr:.4f}, p = {self.lr_p:.4g}",
            f"  common   {self.common.estimate:.4f} ({low:.4f} to {high:.4f})",
        ]
        for at, cut in enumerate(self.cuts):
            own = f"{self.log_or[at]:.4f} ({self.lower[at]:.4f} to {self.upper[at]:.4f})"
            lines.append(f"  above {cut:<2} {own}   k = {self.k[at]}")
        return "\n".join(lines)


def pool_by_cut(
    treated_counts: Sequence[ArrayLike],
    control_counts: Sequence[ArrayLike],
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> CutsPool:
    """Pool the log odds ratio at every cut of the scale, and the common one.

    Parameters
    ----------
    treated_counts, control_counts : sequence of array_like
        For each study the people in each category, from the lowest to the highest, all on the
        same scale.
    method, test, level
        As in ``pool``.

    Returns
    -------
    CutsPool

    Examples
    --------
    >>> pool_by_cut(
    ...     [[5, 9, 20, 15, 31], [9, 11, 18, 15, 22]], [[3, 8, 12, 17, 39], [1, 13, 13, 17, 33]]
    ... )
    CutsPool: 2 studies
      LR of proportional odds (6) = 6.9980, p = 0.321
      common   -0.5500 (-1.6907 to 0.5907)
      above 0  -1.2715 (-12.6173 to 10.0744)   k = 2
      above 1  -0.3934 (-1.7925 to 1.0057)   k = 2
      above 2  -0.6155 (-0.9666 to -0.2643)   k = 2
      above 3  -0.5070 (-1.5154 to 0.5014)   k = 2
    """
    check_level(level)
    pairs = _pairs(treated_counts, control_counts)
    width = pairs[0][0].size
    for i, (treated, _) in enumerate(pairs):
        if treated.size != width:
            raise ValueError(
                f"study {i} has {treated.size} categories and study 0 {width}; the same cuts need "
                "the same scale"
            )
    studies = tuple(proportional_odds_test(one, two, level) for one, two in pairs)
    found = [_at_cut(pairs, cut, method, test, level) for cut in range(width - 1)]
    pools, left_out = tuple(one for one, _ in found), tuple(out for _, out in found)
    tested = [study for study in studies if not math.isnan(study.lr)]
    lr, df = sum(study.lr for study in tested), sum(study.df for study in tested)
    arms = [one for one, _ in pairs], [two for _, two in pairs]
    common = pool_ordinal_two_stage(*arms, "logit", method, test, level)
    return CutsPool(
        cuts=tuple(range(width - 1)),
        log_or=_column([one.estimate if one else math.nan for one in pools]),
        lower=_column([one.ci[0] if one else math.nan for one in pools]),
        upper=_column([one.ci[1] if one else math.nan for one in pools]),
        k=tuple(one.k if one else 0 for one in pools),
        tau2=_column([one.tau2 if one else math.nan for one in pools]),
        common=common.pooled,
        pools=pools,
        studies=studies,
        lr=lr,
        df=df,
        lr_p=float(special.chdtrc(df, lr)) if df else math.nan,
        left_out=left_out,
    )


def _column(values: list[float]) -> FloatArray:
    return frozen(np.array(values))


def _at_cut(
    pairs: list[tuple[FloatArray, FloatArray]], cut: int, method: Method, test: Test, level: float
) -> tuple[PoolResult | None, tuple[LeftOut, ...]]:
    """Pool one cut over the studies that have a finite estimate there."""
    y, v, out = [], [], []
    for i, arms in enumerate(pairs):
        low = np.array([counts[: cut + 1].sum() for counts in arms])
        high = np.array([counts[cut + 1 :].sum() for counts in arms])
        if (low == 0.0).any() or (high == 0.0).any():
            out.append(LeftOut(i, f"an arm has nobody on one side of cut {cut}"))
            continue
        logits = np.log(high / low)
        y.append(float(logits[0] - logits[1]))
        v.append(float((1.0 / low + 1.0 / high).sum()))
    return (pool(y, v, method, test, level) if y else None), tuple(out)
