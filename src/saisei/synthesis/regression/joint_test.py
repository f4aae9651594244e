"""Joint tests of coefficients with cluster-robust uncertainty (Tipton and Pustejovsky 2015).

The CR2 covariance R of q contrasts is taken for a Wishart matrix whose degrees of freedom eta
match the sum of the variances of its elements under the working model, R divided by its own
expectation; Wald's Q is then Hotelling's T2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.regression.design import INTERCEPT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray


@dataclass(frozen=True, slots=True, repr=False)
class RobustTest(Result):
    """A joint test of coefficients.

    ``f`` with ``df1`` and ``df2`` degrees of freedom; ``df2`` is ``eta - q + 1``, and where that
    is not above 0 there are too few clusters: ``p`` is NaN. ``names`` says what was tested.
    """

    f: float
    df1: int
    df2: float
    p: float
    names: tuple[str, ...]
    method: str = "HTZ (Tipton and Pustejovsky 2015)"

    def __repr__(self) -> str:
        tested = ", ".join(self.names)
        return (
            f"RobustTest: F({self.df1}, {self.df2:.3g}) = {self.f:.4g}, p = {self.p:.4g} ({tested})"
        )


def chosen_contrasts(
    known: tuple[str, ...], names: Sequence[str] | None, contrasts: ArrayLike | None
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the matrix of contrasts and what to call them."""
    if contrasts is None:
        chosen = tuple(name for name in known if name != INTERCEPT) if names is None else names
        chosen = (chosen,) if isinstance(chosen, str) else tuple(chosen)
        for name in chosen:
            if name not in known:
                raise ValueError(f"{name!r} is not a coefficient; there are {', '.join(known)}")
        if not chosen or len(set(chosen)) < len(chosen):
            raise ValueError(f"names is {chosen!r}; expected one or more coefficients, each once")
        return np.eye(len(known))[[known.index(name) for name in chosen]], chosen
    matrix = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
    if names is not None or matrix.ndim != 2 or matrix.shape[1] != len(known):
        raise ValueError(
            f"contrasts has shape {matrix.shape}; expected (q, {len(known)}), and no names"
        )
    if np.linalg.matrix_rank(matrix) < matrix.shape[0]:
        raise ValueError("contrasts has a row that is a combination of the others")
    return matrix, tuple(f"contrast {i + 1}" for i in range(matrix.shape[0]))


def hotelling(
    coefficients: FloatArray,
    covariance: FloatArray,
    parts: tuple[FloatArray, FloatArray],
    matrix: FloatArray,
    label: tuple[str, ...],
) -> RobustTest:
    """Test ``matrix @ coefficients``; the parts of each cluster are those of ``robust.cr2``."""
    q = matrix.shape[0]
    along, own = parts
    expected = (own - np.einsum("iac,iad->icd", along, along)).sum(0)
    # D = root' R root has expectation 1.
    u = np.linalg.inv(np.linalg.cholesky(matrix @ expected @ matrix.T)) @ matrix
    along, own = along @ u.T, u @ own @ u.T
    gram = -np.einsum("ias,jat->ijst", along, along)
    places = np.arange(along.shape[0])
    gram[places, places] += own
    spread = float(np.square(np.einsum("ijss->ij", gram)).sum())
    spread += float(np.einsum("ijst,ijts->", gram, gram))
    eta = q * (q + 1) / spread
    estimate = matrix @ coefficients
    df2 = eta - q + 1.0
    try:
        distance = float(estimate @ np.linalg.solve(matrix @ covariance @ matrix.T, estimate))
    except np.linalg.LinAlgError:
        distance = math.nan
    f = df2 / (eta * q) * distance
    p = float(special.fdtrc(q, df2, f)) if df2 > 0.0 and f >= 0.0 else math.nan
    return RobustTest(f, q, df2, p, label)
