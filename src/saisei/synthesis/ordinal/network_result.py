"""What comes out of an ordinal network."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import plain
from saisei.synthesis.networks.pairs import NetworkModel, SmallValues, p_scores_of, sign_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.effects.studies import LeftOut


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OrdinalNetwork:
    """A network of ordinal studies, by maximum likelihood.

    Attributes
    ----------
    treatments
        Their names, in alphabetical order without regard to case: the order of every matrix.
    common, random
        The estimates of all pairs; see ``NetworkModel``. Log odds ratios (or probit shifts) of
        standing higher, row against column.
    tau2
        Variance of true effects, one for all comparisons (by ML low on average with few studies,
        and counted in the standard errors; by REML neither); 0 for EE, NaN where it was not
        estimated for want of a second study (for REML of a degree of freedom).
    q_lr, q_lr_p
        Likelihood-ratio test of tau = 0, against half a chi-squared with one degree of freedom
        and half a zero (Self and Liang 1987).
    cut_points, cut_points_se
        Distance of every cut of the scale from the first, where cut-points are common to all
        studies (empty otherwise); NaN for a cut that no study reports or that is ``collapsed``.
    thresholds
        Thresholds of each study of ``included`` between the categories it tells apart.
    deviance, deviance_df, deviance_p
        Residual deviance of the common-effect model, ``2 sum n log(n / e)``: whether one effect
        for each pair, the link and the cut-points suffice.
    k, included, left_out, collapsed
        Number of studies; their names; the studies that say nothing (places in order of
        appearance); and common cuts without effect, because nobody stands beside them: each
        coincides with a neighbour.
    method, link, cuts, random_on, level, nodes
        What was used; ``nodes`` are those of the quadrature, by its dimensions.
    log_likelihood, converged, iterations, boundary, multimodal, notes
        How the maximum (for REML that of the restricted likelihood, a constant left out) was
        reached; ``boundary``: tau is 0 because it cannot be below.
    """

    treatments: tuple[str, ...]
    common: NetworkModel
    random: NetworkModel
    tau2: float
    q_lr: float
    q_lr_p: float
    cut_points: FloatArray = field(hash=False)
    cut_points_se: FloatArray = field(hash=False)
    thresholds: tuple[FloatArray, ...] = field(hash=False)
    deviance: float
    deviance_df: int
    deviance_p: float
    k: int
    included: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    collapsed: tuple[int, ...]
    method: str
    link: str
    cuts: str
    random_on: str
    level: float
    nodes: tuple[int, ...]
    log_likelihood: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    notes: tuple[str, ...]

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
        """Where the true effects of a new setting are expected: lower and upper matrices."""
        spread = np.sqrt(self.random.se**2 + (0.0 if math.isnan(self.tau2) else self.tau2))
        half = float(special.ndtri(0.5 + 0.5 * self.level)) * spread
        np.fill_diagonal(half, 0.0)
        return self.random.te - half, self.random.te + half

    def p_scores(self, small_values: SmallValues = "desirable") -> dict[str, float]:
        """P-score of each treatment in the random-effects model (Rücker and Schwarzer 2015).

        Parameters
        ----------
        small_values : {"desirable", "undesirable"}
            Whether standing low on the scale is good or bad.
        """
        scores = p_scores_of(self.random.te, self.random.se, sign_of(small_values))
        return dict(zip(self.treatments, scores.tolist(), strict=True))

    def league(
        self, order: Sequence[str] | None = None, digits: int = 2
    ) -> tuple[tuple[str, ...], ...]:
        """League table: row against column, in the random-effects model.

        ``order`` is by P-score (small values desirable), best first, unless given.
        """
        scores = self.p_scores()
        names = tuple(order) if order is not None else sorted(scores, key=lambda n: -scores[n])
        place = [self.index(name) for name in names]
        te, low, high = self.random.te, self.random.lower, self.random.upper

        def cell(row: int, column: int) -> str:
            at = place[row], place[column]
            if row == column:
                return names[row]
            return f"{te[at]:.{digits}f} ({low[at]:.{digits}f} to {high[at]:.{digits}f})"

        size = range(len(names))
        return tuple(tuple(cell(row, column) for column in size) for row in size)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold, P-scores too."""
        named = {name: getattr(self, name) for name in self.__slots__}
        named |= {"common": self.common.to_dict(), "random": self.random.to_dict()}
        named["left_out"] = [{"index": out.index, "reason": out.reason} for out in self.left_out]
        named["p_scores"] = self.p_scores()
        return {name: plain(value) for name, value in named.items()}

    def __repr__(self) -> str:
        used = f"method {self.method}, link {self.link}, cuts {self.cuts}"
        lines = [
            f"OrdinalNetwork: k = {self.k}, {len(self.treatments)} treatments, {used}",
            f"  tau2 {self.tau2:.4f}   LR of tau2 = 0: {self.q_lr:.4f}, p = {self.q_lr_p:.4g}",
            f"  deviance({self.deviance_df}) = {self.deviance:.4f}, p = {self.deviance_p:.4g}",
            f"  against {self.treatments[0]}",
        ]
        width = max(map(len, self.treatments))
        model = self.random
        for at, name in enumerate(self.treatments[1:], 1):
            low, high = model.lower[at, 0], model.upper[at, 0]
            lines.append(f"    {name:<{width}}  {model.te[at, 0]:.4f} ({low:.4f} to {high:.4f})")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])
