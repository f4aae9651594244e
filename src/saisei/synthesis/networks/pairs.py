"""All pairs of treatments from one pseudo-inverse, and the P-scores that follow from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import frozen
from saisei.synthesis._numeric.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.networks.data import Direct
    from saisei.synthesis.networks.fit import Solution

SmallValues = Literal["desirable", "undesirable"]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkModel(Result):
    """Estimates of all pairs under one model.

    Attributes
    ----------
    te, se, lower, upper
        Matrices in the order of the treatments; ``[i, j]`` is treatment ``i`` against ``j``.
        The interval is normal, at the level of the network.
    covariance
        The pseudo-inverse of the Laplacian: covariance of the treatments about their mean.
    tau2
        The variance of true effects the model was fitted with.
    """

    te: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    covariance: FloatArray
    tau2: float

    @property
    def p(self) -> FloatArray:
        """Two-sided p values of no difference; NaN on the diagonal."""
        with np.errstate(invalid="ignore"):
            return np.asarray(2.0 * special.ndtr(-np.abs(self.te) / self.se))


@dataclass(frozen=True, slots=True, eq=False)
class NetworkPrediction(Result):
    """All pairs of treatments at chosen values of the covariates.

    Matrices in the order of ``treatments``; ``[i, j]`` is treatment ``i`` against ``j``. The
    prediction limits, ``te +- quantile sqrt(se^2 + tau2)``, are NaN under ``EE``, which knows no
    spread, and where tau2 could not be estimated.
    """

    treatments: tuple[str, ...]
    x: FloatArray
    te: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    prediction_lower: FloatArray
    prediction_upper: FloatArray
    level: float


def model_of(solution: Solution, tau2: float, level: float) -> NetworkModel:
    """All pairs from one pseudo-inverse."""
    te = np.subtract.outer(solution.b, solution.b)
    apart = solution.root[:, None, :] - solution.root[None, :, :]
    se = np.sqrt(np.vecdot(apart, apart))
    half = float(special.ndtri(0.5 + 0.5 * level)) * se
    return NetworkModel(
        te=frozen(te),
        se=frozen(se),
        lower=frozen(te - half),
        upper=frozen(te + half),
        covariance=frozen(solution.covariance),
        tau2=tau2,
    )


def sign_of(small_values: SmallValues) -> float:
    """Return 1.0 when small values are desirable, -1.0 when they are not."""
    signs = {"desirable": 1.0, "undesirable": -1.0}
    if small_values not in signs:
        raise ValueError(f"small_values is {small_values!r}; expected 'desirable' or 'undesirable'")
    return signs[small_values]


def p_scores_of(te: FloatArray, se: FloatArray, sign: float) -> FloatArray:
    """P-scores from the matrices of all pairs, or from a stack of them.

    A treatment against itself gives 1/2, which is taken off again.
    """
    certainty = special.ndtr(-sign * te / np.where(se > 0.0, se, 1.0))
    return np.asarray((certainty.sum(-1) - 0.5) / (te.shape[-1] - 1))


def league_table(
    names: Sequence[str],
    place: Sequence[int],
    model: NetworkModel,
    direct: Direct,
    level: float,
    digits: int,
) -> tuple[tuple[str, ...], ...]:
    """Row against column: the network below the diagonal, direct evidence above."""
    z = float(special.ndtri(0.5 + 0.5 * level))

    def cell(row: int, column: int) -> str:
        at = place[row], place[column]
        if row == column:
            return names[row]
        source = model if row > column else direct
        te, se = source.te[at], source.se[at]
        if math.isnan(se):
            return "."
        return f"{te:.{digits}f} ({te - z * se:.{digits}f} to {te + z * se:.{digits}f})"

    size = range(len(names))
    return tuple(tuple(cell(row, column) for column in size) for row in size)
