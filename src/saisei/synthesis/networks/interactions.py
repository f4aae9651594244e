"""The design of a network meta-regression: who has which coefficient, and what the data tell.

Covariates enter as ``(x - centre) / scale``, with the mean and the largest distance from it over
the studies, so that neither their unit nor where they count from costs digits or decides what
counts as told. Coefficients at x = 0 follow by a linear map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from saisei.synthesis.regression.design import column_names, moderators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.networks.data import Contrasts, Rows

Interaction = Literal["common", "independent"]
UNKNOWN = 1e-8
"""A combination of coefficients that moves no row by more than this, in standard units, is one
that the data do not tell."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Coefficients of each treatment.

    The effect of treatment t at standardised covariates z is ``own[t, 0] b + sum_c z_c
    own[t, 1 + c] b``; ``names`` are those of ``b``, of which the first ``main`` are effects of
    treatments. ``x`` are the rows of the data.
    """

    x: FloatArray
    own: FloatArray
    names: tuple[str, ...]
    main: int
    centre: FloatArray
    scale: FloatArray

    def to_zero(self) -> FloatArray:
        """Return the map from ``b`` to coefficients of ``x`` itself, counted from 0."""
        size, c = len(self.names), self.centre.size
        turn = np.eye(size)
        others = self.own[self.own[:, 0].any(1)]
        for covariate in range(c):
            move = others[:, 1 + covariate] * (self.centre[covariate] / self.scale[covariate])
            turn[: self.main] -= move
            used = others[:, 1 + covariate].any(0)
            turn[used, used] = 1.0 / self.scale[covariate]
        return turn


def read_covariates(
    data: Contrasts, x: ArrayLike, names: Sequence[str] | None
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the covariates, a row per study, and their names."""
    table = moderators(x, data.te.size, names)
    listed = column_names(names, table.shape[1], intercept=False)
    if not listed:
        raise ValueError("x has no column; expected a covariate")
    first = np.full(len(data.studies), -1)
    for row, study in enumerate(data.study.tolist()):
        if first[study] < 0:
            first[study] = row
        differs = np.flatnonzero(table[row] != table[first[study]])
        if differs.size:
            at = int(differs[0])
            raise ValueError(
                f"study {data.studies[study]} has {listed[at]} {table[first[study], at]:g} in row "
                f"{first[study]} and {table[row, at]:g} in row {row}; a covariate belongs to the "
                "study"
            )
    return table[first], listed


def design(
    data: Contrasts,
    rows: Rows,
    table: FloatArray,
    reference: int,
    interaction: Interaction,
    covariates: tuple[str, ...],
) -> Design:
    """Lay out the coefficients, and refuse what the data do not tell."""
    treatments, c = data.treatments, len(covariates)
    others = [t for t in range(len(treatments)) if t != reference]
    each = len(others) if interaction == "independent" else 1
    own = np.zeros((len(treatments), 1 + c, len(others) + c * each))
    names = [treatments[t] for t in others]
    for covariate, name in enumerate(covariates):
        for at, t in enumerate(others):
            own[t, 0, at] = 1.0
            shift = at if interaction == "independent" else 0
            own[t, 1 + covariate, len(others) + covariate * each + shift] = 1.0
        joined = [f"{treatments[t]}:{name}" for t in others]
        names += joined if interaction == "independent" else [name]
    centre = table.mean(0)
    scale = np.abs(table - centre).max(0)
    rounding = 1e-12 * np.abs(table).max(0)
    if (scale <= rounding).any():
        at = int((scale <= rounding).argmax())
        raise ValueError(f"{covariates[at]} is {table[0, at]:g} in every study: leave it out")
    z = np.column_stack([np.ones(len(table)), (table - centre) / scale])[rows.study]
    x = np.einsum("rt,rc,tcp->rp", rows.x, z, own)
    _check_told(x, tuple(names), len(others))
    return Design(x, own, tuple(names), len(others), centre, scale)


def _check_told(x: FloatArray, names: tuple[str, ...], main: int) -> None:
    """Raise a ValueError that names the coefficients that the rows do not tell."""
    _, values, basis = np.linalg.svd(x, full_matrices=True)
    padded = np.zeros(len(names))
    padded[: values.size] = values
    hidden = np.abs(basis[padded <= UNKNOWN * padded[0]]).max(0, initial=0.0)
    lost = [name for name, size in zip(names, hidden, strict=True) if size > UNKNOWN]
    if not lost:
        return
    interactions = [name for name in lost if name in names[main:]]
    shared = ", ".join(name for name in lost if name not in interactions)
    raise ValueError(
        f"the data do not tell {', '.join(interactions)}"
        + (f" apart from {shared}" if shared else "")
        + ": the studies that compare these treatments are too few, or alike in the covariate. "
        "Use interaction='common', fewer covariates, or leave these studies out"
    )
