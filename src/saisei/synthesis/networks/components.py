"""Additive component networks: a combination does what its parts do together.

The effect of a treatment is the sum of the effects of its components (Welton and others 2009;
Rücker, Petropoulou and Schwarzer 2020): ``theta = C b`` with a row of ``C`` per treatment, so
that the rows of a network are regressed on ``x C``. Studies need not be connected by treatments:
shared components connect them. What the data do not tell is NaN, never a number that the
pseudo-inverse happens to give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.networks.data import (
    Contrasts,
    Rows,
    independent_rows,
    network_parts,
    read_contrasts,
)
from saisei.synthesis.networks.fit import NETWORK_METHODS, NetworkMethod, estimate, solve
from saisei.synthesis.networks.inconsistency import QTest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

ESTIMABLE = 1e-8
"""How much of a unit of what is asked may lie outside of what the data tell: rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class ComponentsModel(Result):
    """Estimates under one model; NaN where the data do not tell.

    Attributes
    ----------
    te, se, lower, upper
        Effect of each component, in the order of ``components``.
    pairs_te, pairs_se
        Matrices of all pairs of treatments, in the order of ``treatments``.
    tau2
        The variance of true effects the model was fitted with.
    """

    te: FloatArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    pairs_te: FloatArray
    pairs_se: FloatArray
    tau2: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ComponentsResult:
    """An additive component network.

    Attributes
    ----------
    components, treatments
        Names, in alphabetical order without regard to case.
    matrix
        Which component (column) is in which treatment (row).
    tau2, q, q_df, q_p
        Variance of true effects, and Q of the additive model under common effects.
    additivity
        Q of the additive model less that of the network: whether combinations do what their
        parts do together (common effects). None for a network in parts.
    common, random
        See ``ComponentsModel``.
    k, m, parts
        Number of studies, of contrasts, and of parts the network falls into.
    method, level, converged, iterations, boundary, multimodal
        What was used and how tau2 was reached; see ``Heterogeneity``.
    notes
        Sentences on what is unusual.
    """

    components: tuple[str, ...]
    treatments: tuple[str, ...]
    matrix: FloatArray
    tau2: float
    q: float
    q_df: int
    q_p: float
    additivity: QTest | None
    common: ComponentsModel
    random: ComponentsModel
    k: int
    m: int
    parts: int
    method: str
    level: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        kept = [n for n in self.__slots__ if n not in {"common", "random", "additivity"}]
        test = self.additivity
        return {
            **{name: plain(getattr(self, name)) for name in kept},
            "common": self.common.to_dict(),
            "random": self.random.to_dict(),
            "additivity": test and {"q": test.q, "df": test.df, "p": plain(test.p)},
        }

    def __repr__(self) -> str:
        size = f"{len(self.treatments)} treatments, {len(self.components)} components"
        lines = [
            f"ComponentsResult: k = {self.k}, {size}, method {self.method}",
            f"  tau2 {self.tau2:.4f}   Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
        ]
        width = max(map(len, self.components))
        model = self.random
        for at, name in enumerate(self.components):
            low, high = model.lower[at], model.upper[at]
            lines.append(f"    {name:<{width}}  {model.te[at]:.4f} ({low:.4f} to {high:.4f})")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def network_components(  # noqa: PLR0913 - the columns of a table, and settings that all have defaults
    study: Iterable[object],
    treat1: Iterable[object],
    treat2: Iterable[object],
    te: ArrayLike,
    se: ArrayLike,
    method: NetworkMethod = "REML",
    level: float = 0.95,
    tolerance: float = 0.01,
    *,
    separator: str = "+",
    inactive: str | None = None,
) -> ComponentsResult:
    """Estimate the components of combined treatments; the network may be in parts.

    Parameters
    ----------
    study, treat1, treat2, te, se, method, level, tolerance
        As in ``network``.
    separator : str
        What stands between the components in the name of a treatment; spaces around it are
        dropped.
    inactive : str, optional
        A component without effect, such as a placebo.

    Returns
    -------
    ComponentsResult

    Examples
    --------
    >>> network_components(
    ...     study=[1, 2, 3],
    ...     treat1=["A", "B", "A + B"],
    ...     treat2=["placebo", "placebo", "placebo"],
    ...     te=[0.2, 0.3, 0.6],
    ...     se=[0.1, 0.1, 0.1],
    ...     method="DL",
    ...     inactive="placebo",
    ... )
    ComponentsResult: k = 3, 4 treatments, 2 components, method DL
      tau2 0.0000   Q(1) = 0.3333, p = 0.5637
        A  0.2333 (0.0733 to 0.3934)
        B  0.3333 (0.1733 to 0.4934)
    """
    if method not in NETWORK_METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(NETWORK_METHODS)}")
    check_level(level)
    data = read_contrasts(study, treat1, treat2, te, se)
    components, matrix = _matrix(data.treatments, separator, inactive)
    return _components(data, tolerance, components, matrix, method, level)


def _components(
    data: Contrasts,
    tolerance: float,
    components: tuple[str, ...],
    matrix: FloatArray,
    method: NetworkMethod,
    level: float,
) -> ComponentsResult:
    """Fit the additive model to checked contrasts."""
    rows = independent_rows(data, tolerance)
    x = rows.x @ matrix
    rank = int(np.linalg.matrix_rank(x)) if x.size else 0
    if rank == 0:
        raise ValueError("no component differs between the treatments compared")
    df = rows.y.size - rank
    fit = estimate(x, rows.y, rows.v, df, method)
    base = solve(x, rows.y, rows.v)
    above = 0.0 if math.isnan(fit.tau2) else fit.tau2
    parts = len(network_parts(data))
    common, random = (_model(x, rows, matrix, tau2, level) for tau2 in (0.0, above))
    return ComponentsResult(
        components=components,
        treatments=data.treatments,
        matrix=frozen(matrix),
        tau2=fit.tau2,
        q=base.q if df else 0.0,
        q_df=df,
        q_p=float(special.chdtrc(df, base.q)) if df else math.nan,
        additivity=_additivity(data, rows, base.q, rank) if parts == 1 else None,
        common=common,
        random=random,
        k=len(data.studies),
        m=data.te.size,
        parts=parts,
        method=method,
        level=level,
        converged=fit.converged,
        iterations=fit.iterations,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        notes=rows.notes + _notes(components, random, parts, multimodal=fit.multimodal),
    )


def _matrix(
    treatments: tuple[str, ...], separator: str, inactive: str | None
) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names of components, and which treatment holds which."""
    if not separator:
        raise ValueError("separator is empty; expected what stands between components, such as +")
    split = [[part.strip() for part in name.split(separator)] for name in treatments]
    for name, own in zip(treatments, split, strict=True):
        if "" in own or len(set(own)) < len(own):
            raise ValueError(f"treatment {name!r} has an empty or repeated component: {own}")
    every = {part for own in split for part in own}
    if inactive is not None and inactive not in every:
        raise ValueError(
            f"there is no component {inactive!r}; there are {', '.join(sorted(every))}"
        )
    names = sorted(every - {inactive}, key=lambda name: (name.casefold(), name))
    matrix = np.array([[float(name in own) for name in names] for own in split])
    return tuple(names), matrix


def _model(
    x: FloatArray, rows: Rows, matrix: FloatArray, tau2: float, level: float
) -> ComponentsModel:
    """Fit at one tau2, and blank what the data do not tell."""
    fit = solve(x, rows.y, rows.v, tau2)
    _, values, basis = np.linalg.svd(x, full_matrices=True)
    known = int((values > values.max() * max(x.shape) * np.finfo(float).eps).sum())
    hidden = basis[known:]  # directions of the components on which no row depends
    n, p = matrix.shape
    i, j = np.divmod(np.arange(n * n), n)
    asked = np.concatenate([np.eye(p), matrix[i] - matrix[j]])
    outside = np.abs(asked @ hidden.T).max(-1, initial=0.0) > ESTIMABLE
    te = np.where(outside, np.nan, asked @ fit.b)
    spread = asked @ fit.root
    se = np.where(outside, np.nan, np.sqrt(np.vecdot(spread, spread)))
    half = float(special.ndtri(0.5 + 0.5 * level)) * se[:p]
    return ComponentsModel(
        te=frozen(te[:p].copy()),
        se=frozen(se[:p].copy()),
        lower=frozen(te[:p] - half),
        upper=frozen(te[:p] + half),
        pairs_te=frozen(te[p:].reshape(n, n).copy()),
        pairs_se=frozen(se[p:].reshape(n, n).copy()),
        tau2=tau2,
    )


def _additivity(data: Contrasts, rows: Rows, q: float, rank: int) -> QTest:
    """Test the additive model against the network without it, under common effects."""
    df = len(data.treatments) - 1 - rank
    gap = max(0.0, q - solve(rows.x, rows.y, rows.v).q) if df else 0.0
    return QTest(gap, df, float(special.chdtrc(df, gap)) if df else math.nan)


def _notes(
    components: tuple[str, ...], model: ComponentsModel, parts: int, *, multimodal: bool
) -> tuple[str, ...]:
    notes = []
    if parts > 1:
        notes.append(f"the network falls into {parts} parts, joined by components only")
    blank = [name for name, se in zip(components, model.se, strict=True) if math.isnan(se)]
    if blank:
        notes.append(f"the data do not tell the effects of {', '.join(blank)} by themselves")
    if multimodal:
        notes.append("the likelihood of tau2 has several maxima; the highest was taken")
    return tuple(notes)
