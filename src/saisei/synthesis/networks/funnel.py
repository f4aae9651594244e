"""The comparison-adjusted funnel of a network (Chaimani and Salanti 2012).

Studies of different comparisons estimate different effects, so that each is set against the pool
of its own comparison: ``te - direct te``. The picture means something only where small studies
would favour the same side of every comparison; so the treatments have to be given in an order,
from the oldest to the newest say, and every contrast is the later minus the earlier.

The line through the funnel is Egger's with an intercept for each comparison (``te = mean of the
comparison + slope se``), by generalised least squares with the covariances of studies with
several arms and the spread about the line taken from the residuals. It differs from a line
through the adjusted points themselves, whose centres were estimated from the same studies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen
from saisei.synthesis._numeric.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray
    from saisei.synthesis.networks.estimates import NetworkResult

ESTIMABLE = 1e-9
"""Standard errors that differ by less within every comparison (relative) tell nothing."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NetworkFunnel(Result):
    """The data of a comparison-adjusted funnel plot, and the line through it.

    Attributes
    ----------
    order
        The treatments, from first to last.
    study, treat1, treat2
        Each contrast: its study, the later treatment and the earlier one.
    te, se
        Later minus earlier, and its standard error.
    centre, adjusted
        The pool of the direct evidence on the comparison, and ``te - centre``: the horizontal
        axis. A comparison with one study lies at 0 by construction.
    k
        Number of studies of the comparison.
    arms
        Number of arms of the study; contrasts of one study are not independent.
    se_grid, low, high
        Pseudo limits about 0 at ``level``.
    slope, slope_se, statistic, p, df
        How much further to the side of the later treatments estimates lie per standard error, and
        its t test; NaN where the standard errors do not tell or no degree of freedom is left.
    tau2
        The variance of true effects the centres were pooled with.
    level
        Coverage of the pseudo limits.
    """

    order: tuple[str, ...]
    study: tuple[str, ...]
    treat1: tuple[str, ...]
    treat2: tuple[str, ...]
    te: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    centre: FloatArray = field(hash=False)
    adjusted: FloatArray = field(hash=False)
    k: IntArray = field(hash=False)
    arms: IntArray = field(hash=False)
    se_grid: FloatArray = field(hash=False)
    low: FloatArray = field(hash=False)
    high: FloatArray = field(hash=False)
    slope: float
    slope_se: float
    statistic: float
    p: float
    df: int
    tau2: float
    level: float

    def __repr__(self) -> str:
        line = f"slope {self.slope:.4f}   se {self.slope_se:.4f}"
        test = f"t({self.df}) = {self.statistic:.4f}, p = {self.p:.4g}"
        return (
            f"NetworkFunnel: {len(self.te)} contrasts, later against earlier of "
            f"{', '.join(self.order)}\n  {line}   {test}"
        )


def network_funnel(
    net: NetworkResult,
    order: Sequence[str],
    *,
    random: bool = True,
    level: float = 0.95,
    points: int = 101,
) -> NetworkFunnel:
    """Return the data of a comparison-adjusted funnel plot; drawing it is left to others.

    Parameters
    ----------
    net : NetworkResult
    order : sequence of str
        All treatments, so that small studies may be expected to favour the later of any two:
        from the oldest to the newest, or placebo first.
    random : bool
        Whether comparisons are pooled with the tau2 of the network or under common effects.
    level : float
        Level of the pseudo limits.
    points : int
        Length of the grid of standard errors.

    Returns
    -------
    NetworkFunnel

    Raises
    ------
    ValueError
        If the order does not hold every treatment once.

    Examples
    --------
    >>> from saisei.synthesis.networks.estimates import network
    >>> net = network(
    ...     study=[1, 2, 3, 4, 5],
    ...     treat1=["A", "B", "A", "C", "B"],
    ...     treat2=["B", "A", "B", "B", "C"],
    ...     te=[-0.2, 0.5, -0.9, 0.1, -0.6],
    ...     se=[0.1, 0.2, 0.4, 0.1, 0.3],
    ... )
    >>> network_funnel(net, order=["A", "B", "C"])
    NetworkFunnel: 5 contrasts, later against earlier of A, B, C
      slope 2.5000   se 0.1830   t(2) = 13.6626, p = 0.005314
    """
    check_level(level)
    if points < 2:
        raise ValueError(f"points is {points}; expected 2 or more")
    place = _places(net, order)
    data, names = net.contrasts, net.treatments
    turn = place[data.i] < place[data.j]
    late, early = np.where(turn, data.j, data.i), np.where(turn, data.i, data.j)
    te = np.where(turn, -data.te, data.te)
    direct = net.direct(random=random)
    centre = direct.te[late, early]
    arms = np.array([len({*data.i[data.study == s], *data.j[data.study == s]}) for s in data.study])
    grid = np.linspace(0.0, float(data.se.max()), points)
    half = float(special.ndtri(0.5 + 0.5 * level)) * grid
    slope, slope_se, df = _line(net, place, te)
    statistic = slope / slope_se if slope_se else math.copysign(math.inf, slope)
    return NetworkFunnel(
        order=tuple(order),
        study=tuple(data.studies[at] for at in data.study),
        treat1=tuple(names[at] for at in late),
        treat2=tuple(names[at] for at in early),
        te=frozen(te),
        se=frozen(data.se.copy()),
        centre=frozen(centre),
        adjusted=frozen(te - centre),
        k=frozen(direct.k[late, early]),
        arms=frozen(arms),
        se_grid=frozen(grid),
        low=frozen(-half),
        high=frozen(half),
        slope=slope,
        slope_se=slope_se,
        statistic=statistic,
        p=2.0 * float(special.stdtr(df, -abs(statistic))) if df else math.nan,
        df=df,
        tau2=net.random.tau2 if random else 0.0,
        level=level,
    )


def _places(net: NetworkResult, order: Sequence[str]) -> IntArray:
    """Where each treatment stands in the order."""
    given = list(order)
    for name in given:
        net.index(name)  # names an unknown treatment
        if given.count(name) > 1:
            raise ValueError(f"order holds {name!r} more than once")
    missing = [name for name in net.treatments if name not in given]
    if missing:
        raise ValueError(f"order lacks {', '.join(missing)}")
    return np.array([given.index(name) for name in net.treatments], dtype=np.intp)


def _line(net: NetworkResult, place: IntArray, te: FloatArray) -> tuple[float, float, int]:
    """Slope on the standard error with an intercept for each comparison, its error and df."""
    data = net.contrasts
    columns: dict[tuple[int, int], int] = {}
    rows, values = [], []
    for study in range(len(data.studies)):
        own = np.flatnonzero(data.study == study)
        arms = sorted({*data.i[own].tolist(), *data.j[own].tolist()}, key=lambda t: place[t])
        at = {frozenset((int(data.i[row]), int(data.j[row]))): int(row) for row in own}
        used = [at[frozenset((arms[0], arm))] for arm in arms[1:]]
        v = data.se**2
        covariance = np.diag(v[used])
        for a in range(len(used)):
            for b in range(a):
                between = v[at[frozenset((arms[1 + a], arms[1 + b]))]]
                covariance[a, b] = covariance[b, a] = 0.5 * (v[used[a]] + v[used[b]] - between)
        root = np.linalg.cholesky(covariance)
        design = np.zeros((len(used), len(data.te) + 1))
        for a, arm in enumerate(arms[1:]):
            design[a, columns.setdefault((arms[0], arm), len(columns))] = 1.0
        design[:, -1] = data.se[used]
        rows.append(np.linalg.solve(root, design))
        values.append(np.linalg.solve(root, te[used]))
    x, y = np.concatenate(rows), np.concatenate(values)
    means, steep = x[:, : len(columns)], x[:, -1]
    # what of the standard errors, and of the estimates, the comparisons' means do not explain
    left = steep - means @ np.linalg.lstsq(means, steep)[0]
    rest = y - means @ np.linalg.lstsq(means, y)[0]
    df = y.size - int(np.linalg.matrix_rank(means)) - 1
    spread = float(left @ left)
    if df < 1 or spread <= ESTIMABLE**2 * float(steep @ steep):
        return math.nan, math.nan, 0
    slope = float(left @ rest) / spread
    residual = rest - slope * left
    return slope, math.sqrt(float(residual @ residual) / df / spread), df
