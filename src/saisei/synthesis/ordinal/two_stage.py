"""Pooling ordinal outcomes in two stages: each study's shift with its variance, then ``pool``.

Above 0 means that the treated stand HIGHER on the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis.effects.measures import LeftOut
from saisei.synthesis.ordinal.links import Link, check_link
from saisei.synthesis.ordinal.shift import (
    CommonOddsRatio,
    CommonProbitShift,
    _arms,
    common_odds_ratio,
    common_probit_shift,
)
from saisei.synthesis.pairwise.pooling import PoolResult, Test, pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.pairwise.heterogeneity import Method


@dataclass(frozen=True, slots=True, eq=False)
class TwoStageOrdinal:
    """Ordinal studies pooled in two stages.

    Attributes
    ----------
    pooled : PoolResult
        The pool of the studies' log odds ratios (or probit shifts).
    studies : tuple of CommonOddsRatio or CommonProbitShift
        Every study's own estimate, in the order given.
    left_out : tuple of LeftOut
        Studies without a finite estimate, and why.
    link : str
        ``logit`` or ``probit``.
    """

    pooled: PoolResult
    studies: tuple[CommonOddsRatio | CommonProbitShift, ...]
    left_out: tuple[LeftOut, ...]
    link: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        return {
            "pooled": self.pooled.to_dict(),
            "studies": [study.to_dict() for study in self.studies],
            "left_out": [{"index": out.index, "reason": out.reason} for out in self.left_out],
            "link": self.link,
        }


def pool_ordinal_two_stage(
    treated_counts: Sequence[ArrayLike],
    control_counts: Sequence[ArrayLike],
    link: Link = "logit",
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> TwoStageOrdinal:
    """Estimate each study's shift on its own, then pool the estimates.

    Parameters
    ----------
    treated_counts, control_counts : sequence of array_like
        For each study the people in each category, from the lowest to the highest. Studies may
        have scales of different length.
    link : {"logit", "probit"}
        Common odds ratio, or shift of a normal latent scale.
    method, test, level
        As in ``pool``.

    Returns
    -------
    TwoStageOrdinal

    Examples
    --------
    >>> result = pool_ordinal_two_stage(
    ...     [[5, 9, 20, 15, 31], [9, 11, 18, 15, 22]], [[3, 8, 12, 17, 39], [1, 13, 13, 17, 33]]
    ... )
    >>> round(result.pooled.estimate, 4)
    -0.55
    """
    check_link(link)
    estimate = common_odds_ratio if link == "logit" else common_probit_shift
    pairs = _pairs(treated_counts, control_counts)
    fits = tuple(estimate(treated, control, level) for treated, control in pairs)
    shifts = np.array(
        [one.log_or if isinstance(one, CommonOddsRatio) else one.shift for one in fits]
    )
    errors = np.array([one.se for one in fits])
    keep = np.array([one.finite for one in fits])
    left_out = tuple(LeftOut(i, one.note) for i, one in enumerate(fits) if not one.finite)
    if not keep.any():
        raise ValueError("no study has a finite estimate; pool_ordinal uses the counts themselves")
    pooled = pool(shifts[keep], errors[keep] ** 2, method, test, level)
    return TwoStageOrdinal(pooled, fits, left_out, link)


def _pairs(
    treated_counts: Sequence[ArrayLike], control_counts: Sequence[ArrayLike]
) -> list[tuple[FloatArray, FloatArray]]:
    """Check every study's two rows."""
    if len(treated_counts) != len(control_counts):
        raise ValueError(
            f"treated_counts has {len(treated_counts)} studies and control_counts "
            f"{len(control_counts)}; each study needs both"
        )
    if len(treated_counts) == 0:
        raise ValueError("there is no study: treated_counts is empty")
    arms = enumerate(zip(treated_counts, control_counts, strict=True))
    return [_arms(one, two, f"[{i}]") for i, (one, two) in arms]
