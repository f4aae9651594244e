"""The matrix of moderators: checking it, naming its columns, and least squares with weights.

``X`` has a row per study and a column per coefficient. Everything about tau2 depends only on the
space that the columns span, so it is computed in an orthonormal basis of it: shifting, scaling or
rotating moderators then changes nothing but the coefficients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import LARGEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray

COLLINEAR = 1e-10
"""A column is a combination of those before it when what they leave of it is this small a part."""

INTERCEPT = "intercept"


def moderators(x: ArrayLike | None, rows: int, names: Sequence[str] | None) -> FloatArray:
    """Return the moderators as a table of ``rows`` rows, checked.

    ``x`` may be one row of numbers (one moderator), a table with a row per study, or None.
    """
    if x is None:
        table = np.empty((rows, 0))
    else:
        try:
            table = np.array(x, dtype=np.float64, ndmin=1)
        except (TypeError, ValueError) as error:
            raise ValueError(f"x must be numbers: {error}") from None
        if table.ndim == 1:
            table = table[:, None]
    if table.ndim != 2:
        raise ValueError(f"x must be a table of studies by moderators, not of shape {table.shape}")
    if table.shape[0] != rows:
        raise ValueError(f"x has {table.shape[0]} rows; expected {rows}, one for each study")
    bad = np.argwhere(~(np.abs(table) < LARGEST))
    if bad.size:
        row, column = bad[0]
        name = f" ({names[column]!r})" if names is not None and column < len(names) else ""
        found = table[row, column]
        raise ValueError(f"x[{row}, {column}]{name} is {found:g}; expected a finite number")
    return table


def default_names(columns: int) -> tuple[str, ...]:
    """``x1``, ``x2`` and so on."""
    return tuple(f"x{i + 1}" for i in range(columns))


def column_names(names: Sequence[str] | None, columns: int, *, intercept: bool) -> tuple[str, ...]:
    """Return the coefficients' names: those given, or ``x1``, ``x2`` and so on."""
    if isinstance(names, str):
        names = (names,)
    try:
        given = tuple(map(str, names if names is not None else default_names(columns)))
    except TypeError:
        raise ValueError(f"names is {names!r}; expected the moderators' names") from None
    if len(given) != columns:
        raise ValueError(f"names has {len(given)} entries; x has {columns} columns")
    whole = (INTERCEPT, *given) if intercept else given
    for name in whole:
        if whole.count(name) > 1:
            raise ValueError(f"names holds {name!r} more than once")
    return whole


def check_rank(x: FloatArray, names: tuple[str, ...]) -> None:
    """Raise a ValueError that names the columns of which one is a combination of the others."""
    size = np.sqrt(np.einsum("ij,ij->j", x, x))
    if not size.all():
        raise ValueError(f"{names[int(size.argmin())]!r} is 0 in every study; leave it out")
    scaled = x / size
    for j in range(1, x.shape[1]):
        before, column = scaled[:, :j], scaled[:, j]
        share = np.linalg.lstsq(before, column)[0]
        left = column - before @ share
        if np.linalg.norm(left) > COLLINEAR:
            continue
        used = [names[i] for i in np.flatnonzero(np.abs(share) > 1e-8)]
        if used == [INTERCEPT]:
            raise ValueError(
                f"moderators are collinear: {names[j]!r} is {x[0, j]:g} in every study, which the "
                "intercept stands for already; leave one of them out"
            )
        listed = " and ".join(repr(name) for name in used)
        raise ValueError(
            f"moderators are collinear: {names[j]!r} is a combination of {listed}; "
            "leave one of them out"
        )


def basis(x: FloatArray) -> FloatArray:
    """Return an orthonormal basis of the columns."""
    return np.asarray(np.linalg.qr(x / np.sqrt(np.einsum("ij,ij->j", x, x)))[0])


@dataclass(frozen=True, slots=True)
class WeightedFit:
    """Least squares with weights ``w``, for one or for many sets of weights (leading axes).

    ``root`` is an orthonormal basis of the weighted columns, so that ``hat = root root'`` in the
    weighted space; ``residual`` is ``sqrt(w) (y - X b)``.
    """

    w: FloatArray
    root: FloatArray
    triangle: FloatArray
    residual: FloatArray

    @property
    def hat(self) -> FloatArray:
        """Diagonal of ``X (X'WX)^-1 X'W``; its sum is the number of coefficients."""
        return np.asarray(np.vecdot(self.root, self.root))

    @property
    def squares(self) -> FloatArray:
        """``y'Py``, the weighted residual sum of squares."""
        return np.asarray(np.vecdot(self.residual, self.residual))

    @property
    def trace(self) -> FloatArray:
        """``tr P`` with ``P = W - W X (X'WX)^-1 X'W``."""
        return np.asarray(np.vecdot(self.w, 1.0 - self.hat))


def weighted_fit(y: FloatArray, x: FloatArray, w: FloatArray) -> WeightedFit:
    """Fit ``y`` on the columns of ``x`` with weights ``w`` of shape (..., k), by QR.

    Rows should stand in falling order of weight: Householder's method is then stable row by row
    even where weights differ by many powers of ten (Cox and Higham 1998).
    """
    half = np.sqrt(w)
    root, triangle = np.linalg.qr(half[..., None] * x)
    target = half * y
    along = np.einsum("...kp,...k->...p", root, target)
    residual = target - np.einsum("...kp,...p->...k", root, along)
    return WeightedFit(w, root, triangle, residual)


@dataclass(frozen=True, slots=True)
class Solved:
    """A weighted fit in the terms of its coefficients, the studies in the caller's order.

    ``explained`` splits the weighted sum of squares by column, each after those before it.
    """

    coefficients: FloatArray
    covariance: FloatArray
    explained: FloatArray
    hat: FloatArray
    squares: float
    trace: float


def solve(y: FloatArray, x: FloatArray, spread: FloatArray) -> Solved:
    """Generalised least squares with variances ``spread``; the covariance is ``(X'WX)^-1``."""
    order = np.argsort(spread, kind="stable")
    size = np.sqrt(np.einsum("ij,ij->j", x, x))
    fit: WeightedFit = weighted_fit(y[order], x[order] / size, 1.0 / spread[order])
    along = fit.root.T @ (np.sqrt(fit.w) * y[order])
    inverse = np.linalg.solve(fit.triangle, np.eye(size.size)) / size[:, None]
    hat = np.empty_like(y)
    hat[order] = fit.hat
    return Solved(
        coefficients=inverse @ along,
        covariance=inverse @ inverse.T,
        explained=along * along,
        hat=hat,
        squares=float(fit.squares),
        trace=float(fit.trace),
    )


def wald(
    explained: float, m: int, factor: float, df: int | None
) -> tuple[float, tuple[float, float], float]:
    """QM, its degrees of freedom and p value; NaN where nothing varies and nothing is explained."""
    if df is None:
        return explained, (m, math.inf), float(special.chdtrc(m, explained))
    if factor == 0.0:
        qm = math.inf if explained else math.nan
        return qm, (m, df), 0.0 if explained else math.nan
    qm = explained / factor / m
    return qm, (m, df), float(special.fdtrc(m, df, qm))


def limits(centre: FloatArray, half: FloatArray) -> FloatArray:
    """Two columns, the lower and the upper limit."""
    return np.column_stack([centre - half, centre + half])


def cluster_index(cluster: Sequence[object], k: int) -> tuple[IntArray, int]:
    """Return the number of each estimate's cluster, and how many there are."""
    labels = [str(one) for one in cluster]
    if len(labels) != k:
        raise ValueError(f"cluster has {len(labels)} entries; there are {k} estimates")
    order = {name: i for i, name in enumerate(dict.fromkeys(labels))}
    return np.array([order[label] for label in labels]), len(order)
