"""Network meta-analysis: all treatments of a connected network of studies at once.

The model is that of graph theory (Rücker 2012; Rücker and Schwarzer 2014): studies are resistors
between treatments, ``L = x' W x`` is the Laplacian of the network, and its pseudo-inverse gives
every pair at once: ``te[i, j] = theta[i] - theta[j]`` with ``theta = L^+ x' W y`` and
``se[i, j]^2 = L^+[i, i] + L^+[j, j] - 2 L^+[i, j]``. Studies with several arms count exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, plain
from saisei.synthesis.networks.data import (
    Contrasts,
    Direct,
    Rows,
    check_connected,
    direct_evidence,
    independent_rows,
    read_contrasts,
)
from saisei.synthesis.networks.fit import (
    NETWORK_METHODS,
    NetworkMethod,
    estimate,
    frame,
    solve,
)
from saisei.synthesis.networks.pairs import (
    NetworkModel,
    SmallValues,
    league_table,
    model_of,
    p_scores_of,
    sign_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.pairwise.heterogeneity import Heterogeneity


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NetworkResult:
    """A network meta-analysis.

    Attributes
    ----------
    treatments
        Their names, in alphabetical order without regard to case (whole numbers by size): the
        order of every matrix.
    tau2, i2
        Variance of true effects, one for all comparisons, and I2 in per cent: from tau2 and the
        typical sampling variance ``q_df / tr P`` (which for DL is ``(q - q_df) / q``), for EE
        from Q. NaN when no degree of freedom is left.
    q, q_df, q_p
        Q of the whole network under common effects; ``network_inconsistency`` takes it apart.
    common, random
        The estimates of all pairs; see ``NetworkModel``.
    k, m
        Number of studies and of contrasts.
    designs
        The sets of treatments that studies compare.
    method, level, converged, iterations, boundary, multimodal
        What was used and how tau2 was reached; see ``Heterogeneity``.
    notes
        Sentences on what is unusual.
    contrasts, rows
        The data as read, and as independent rows.
    """

    treatments: tuple[str, ...]
    tau2: float
    i2: float
    q: float
    q_df: int
    q_p: float
    common: NetworkModel
    random: NetworkModel
    k: int
    m: int
    designs: tuple[tuple[str, ...], ...]
    method: str
    level: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    notes: tuple[str, ...]
    contrasts: Contrasts = field(hash=False)
    rows: Rows = field(hash=False)

    @property
    def tau(self) -> float:
        """Standard deviation of true effects."""
        return math.sqrt(self.tau2)

    def index(self, treatment: str) -> int:
        """Return the place of a treatment in the matrices."""
        if treatment not in self.treatments:
            raise ValueError(
                f"there is no treatment {treatment!r}; there are {', '.join(self.treatments)}"
            )
        return self.treatments.index(treatment)

    def prediction_interval(self) -> tuple[FloatArray, FloatArray]:
        """Where the true effects of a new setting are expected: lower and upper matrices.

        ``te +- t sqrt(se^2 + tau2)`` with t at ``q_df`` degrees of freedom (Higgins, Thompson
        and Spiegelhalter 2009, for networks); NaN without a degree of freedom.
        """
        if self.q_df < 1:
            empty = np.full_like(self.random.te, math.nan)
            return empty, empty.copy()
        t = float(special.stdtrit(self.q_df, 0.5 + 0.5 * self.level))
        half = t * np.sqrt(self.random.se**2 + self.tau2)
        np.fill_diagonal(half, 0.0)
        return self.random.te - half, self.random.te + half

    def p_scores(self, small_values: SmallValues = "desirable") -> dict[str, float]:
        """P-score of each treatment in the random-effects model (Rücker and Schwarzer 2015).

        The mean certainty that a treatment is better than another one: the mean over ``j`` of
        the normal probability that ``i`` is better than ``j``. 1 is best; the mean of all is 1/2.

        Parameters
        ----------
        small_values : {"desirable", "undesirable"}
            Whether a small effect is good or bad.
        """
        scores = p_scores_of(self.random.te, self.random.se, sign_of(small_values))
        return dict(zip(self.treatments, scores.tolist(), strict=True))

    def direct(self, *, random: bool = True) -> Direct:
        """Direct evidence of each pair, pooled with the tau2 of the network (or without)."""
        return direct_evidence(self.contrasts, self.random.tau2 if random else 0.0)

    def league(
        self, order: Sequence[str] | None = None, digits: int = 2
    ) -> tuple[tuple[str, ...], ...]:
        """League table: row against column, network below the diagonal, direct above.

        ``order`` is by P-score, best first, unless given (small values desirable).
        """
        scores = self.p_scores()
        names = tuple(order) if order is not None else sorted(scores, key=lambda n: -scores[n])
        place = [self.index(name) for name in names]
        return league_table(names, place, self.random, self.direct(), self.level, digits)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the data as plain values that JSON can hold, P-scores too."""
        kept = [n for n in self.__slots__ if n not in {"common", "random", "contrasts", "rows"}]
        named = {name: plain(getattr(self, name)) for name in kept}
        models = {"common": self.common.to_dict(), "random": self.random.to_dict()}
        return {**named, **models, "p_scores": self.p_scores()}

    def __repr__(self) -> str:
        size = f"{len(self.treatments)} treatments, m = {self.m}, {len(self.designs)} designs"
        lines = [
            f"NetworkResult: k = {self.k}, {size}, method {self.method}",
            f"  tau2 {self.tau2:.4f}   I2 {self.i2:.2f}%",
            f"  Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
            "  P-scores (small values desirable)",
        ]
        width = max(map(len, self.treatments))
        scores = self.p_scores()
        best_first = sorted(scores, key=lambda name: -scores[name])
        lines += [f"    {name:<{width}}  {scores[name]:.4f}" for name in best_first]
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def network(
    study: Iterable[object],
    treat1: Iterable[object],
    treat2: Iterable[object],
    te: ArrayLike,
    se: ArrayLike,
    method: NetworkMethod = "REML",
    level: float = 0.95,
    tolerance: float = 0.01,
) -> NetworkResult:
    """Compare all treatments of a connected network of studies.

    Parameters
    ----------
    study, treat1, treat2 : iterable of labels
        The study of each contrast and what it compares. A study with several arms gives all
        pairs of them.
    te, se : array_like of shape (m,)
        Effect of ``treat1`` minus ``treat2`` (ratios as logarithms) and its standard error, as
        the study has it: what correlates the contrasts of one study is worked out here.
    method : {"REML", "DL", "ML", "EE"}
        Estimator of tau2, common to all comparisons.
    level : float
        Coverage of every interval.
    tolerance : float
        How far effects of a study may fail to add up, in standard errors; for rounded data.

    Returns
    -------
    NetworkResult

    Raises
    ------
    ValueError
        If an argument is not as described, the network falls into parts, or contrasts of a study
        cannot belong together. The message names the study, the arms and by how much.

    Examples
    --------
    >>> study, one, two = [1, 2, 3, 3, 3], "ABAAB", "BCBCC"
    >>> te, se = [-0.4, 0.3, -0.6, -0.1, 0.5], [0.2, 0.25, 0.3, 0.3, 0.3]
    >>> network(study, one, two, te, se, method="DL")
    NetworkResult: k = 3, 3 treatments, m = 5, 3 designs, method DL
      tau2 0.0000   I2 0.00%
      Q(2) = 0.4326, p = 0.8055
      P-scores (small values desirable)
        A  0.8274
        C  0.6584
        B  0.0142
    """
    if method not in NETWORK_METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(NETWORK_METHODS)}")
    check_level(level)
    if not 0.0 <= tolerance < math.inf:
        raise ValueError(f"tolerance is {tolerance:g}; expected a number not below 0")
    data = read_contrasts(study, treat1, treat2, te, se)
    check_connected(data)
    return _network(data, independent_rows(data, tolerance), method, level)


def _network(data: Contrasts, rows: Rows, method: NetworkMethod, level: float) -> NetworkResult:
    """Fit the network to checked contrasts."""
    df = rows.y.size - len(data.treatments) + 1
    own = frame(rows.x, rows.v)
    fit = estimate(rows.x, rows.y, rows.v, df, method, own)
    tau2 = 0.0 if math.isnan(fit.tau2) else fit.tau2
    base = solve(rows.x, rows.y, rows.v, 0.0, own)
    common = model_of(base, 0.0, level)
    random = (
        common if tau2 == 0.0 else model_of(solve(rows.x, rows.y, rows.v, tau2, own), tau2, level)
    )
    q = base.q if df else 0.0
    return NetworkResult(
        treatments=data.treatments,
        tau2=fit.tau2,
        i2=i_squared(fit.tau2, q, df, base.trace, method),
        q=q,
        q_df=df,
        q_p=float(special.chdtrc(df, q)) if df else math.nan,
        common=common,
        random=random,
        k=len(data.studies),
        m=data.te.size,
        designs=tuple(tuple(data.treatments[t] for t in design) for design in rows.designs),
        method=method,
        level=level,
        converged=fit.converged,
        iterations=fit.iterations,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        notes=rows.notes + _notes(fit, df),
        contrasts=data,
        rows=rows,
    )


def i_squared(tau2: float, q: float, df: int, trace: float, method: str) -> float:
    """I2 in per cent; see ``NetworkResult``."""
    if df < 1:
        return math.nan
    if method == "EE":
        return 100.0 * max(0.0, (q - df) / q) if q else 0.0
    return 100.0 * tau2 / (tau2 + df / trace)


def _notes(fit: Heterogeneity, df: int) -> tuple[str, ...]:
    notes = []
    if df < 1:
        notes.append(
            "no degree of freedom is left: tau2 cannot be estimated, and the estimates of the "
            "random-effects model are those of common effects"
        )
    if fit.multimodal:
        notes.append("the likelihood of tau2 has several maxima; the highest was taken")
    return tuple(notes)
