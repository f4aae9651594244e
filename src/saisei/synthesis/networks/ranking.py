"""Ranks of the treatments of a network, and how sure they are.

Given the data the treatments are normal about their estimates, so that the probability of each
rank is an integral over as many dimensions as there are treatments less one. It is taken over a
fixed lattice of points, mirrored (Kronecker's sequence with the generalised golden ratio, the
root of ``x^(d + 1) = x + 1``): no random numbers, the same answer each time. SUCRA (Salanti, Ades
and Ioannidis 2011), the mean share of treatments that one is better than, is then the P-score
(Rücker and Schwarzer 2015), which is known in closed form: the largest gap between the two is
reported as the error of the integral.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.networks.pairs import SmallValues, p_scores_of, sign_of

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.networks.counts import NetworkCountsResult
    from saisei.synthesis.networks.estimates import NetworkResult
    from saisei.synthesis.ordinal.network_result import OrdinalNetwork

CHUNK = 500_000
"""Numbers held at once, so that memory does not grow with the number of points."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RankingResult(Result):
    """Ranks of the treatments in the random-effects model; rank 1 is best.

    Attributes
    ----------
    treatments
        In the order of the network.
    p_scores, p_score_se
        P-scores, and their standard error by the delta method.
    p_score_lower, p_score_upper
        Interval of the P-score when the estimates vary as their errors say (quantiles over the
        lattice). A P-score is the smoothed rank of an estimate, and is itself an estimate.
    rankogram
        Probability of each rank (column) for each treatment (row).
    sucra
        Area under the cumulative ranks; equals the P-score but for ``error``.
    mean_rank
        ``1 + (n - 1) (1 - p_score)``, exactly.
    points, error
        Size of the lattice, and the largest gap between SUCRA and P-score.
    small_values, level
        What was asked for.
    """

    treatments: tuple[str, ...]
    p_scores: FloatArray
    p_score_se: FloatArray
    p_score_lower: FloatArray
    p_score_upper: FloatArray
    rankogram: FloatArray
    sucra: FloatArray
    mean_rank: FloatArray
    points: int
    error: float
    small_values: str
    level: float

    def __repr__(self) -> str:
        width = max(map(len, self.treatments))
        lines = [f"RankingResult: small values {self.small_values}, error {self.error:.2g}"]
        for at in np.argsort(-self.p_scores, kind="stable"):
            low, high = self.p_score_lower[at], self.p_score_upper[at]
            lines.append(
                f"  {self.treatments[at]:<{width}}  P-score {self.p_scores[at]:.4f} "
                f"({low:.4f} to {high:.4f})  best {self.rankogram[at, 0]:.3f}"
            )
        return "\n".join(lines)


def network_ranking(
    net: NetworkResult | NetworkCountsResult | OrdinalNetwork,
    small_values: SmallValues = "desirable",
    *,
    points: int = 8192,
    level: float = 0.95,
) -> RankingResult:
    """Rank the treatments of a network: rankogram, SUCRA, and P-scores with their uncertainty.

    Parameters
    ----------
    net : NetworkResult, NetworkCountsResult or OrdinalNetwork
    small_values : {"desirable", "undesirable"}
        Whether a small effect is good or bad.
    points : int
        Size of the lattice; each point is mirrored. The error falls about as 1 / points for few
        treatments and as 1 / sqrt(points) for many.
    level : float
        Coverage of the interval of the P-score.

    Returns
    -------
    RankingResult
    """
    sign = sign_of(small_values)
    check_level(level)
    if not points >= 1:
        raise ValueError(f"points is {points}; expected 1 or more")
    te, se, n = net.random.te, net.random.se, len(net.treatments)
    values, vectors = np.linalg.eigh(net.random.covariance)
    root = vectors[:, 1:] * np.sqrt(np.maximum(0.0, values[1:]))
    z = _lattice(points, n - 1)
    draws = te[:, 0] + np.concatenate([z, -z]) @ root.T
    ranks = np.argsort(np.argsort(sign * draws, axis=1), axis=1)
    counts = [np.bincount(own, minlength=n) for own in ranks.T]
    rankogram = np.array(counts) / draws.shape[0]
    sucra = rankogram.cumsum(1)[:, :-1].sum(1) / (n - 1)
    scores = p_scores_of(te, se, sign)
    spread = _scores_of_draws(draws, se, sign)
    low, high = np.quantile(spread, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return RankingResult(
        treatments=net.treatments,
        p_scores=frozen(scores),
        p_score_se=frozen(_delta(te, se, net.random.covariance)),
        p_score_lower=frozen(low),
        p_score_upper=frozen(high),
        rankogram=frozen(rankogram),
        sucra=frozen(sucra),
        mean_rank=frozen(1.0 + (n - 1) * (1.0 - scores)),
        points=points,
        error=float(np.abs(sucra - scores).max()),
        small_values=small_values,
        level=level,
    )


def _lattice(points: int, dimensions: int) -> FloatArray:
    """Return standard normal points of Kronecker's sequence; see the head of the module."""
    golden = 2.0
    for _ in range(64):  # a contraction: the root of x^(d + 1) = x + 1
        golden = (1.0 + golden) ** (1.0 / (dimensions + 1))
    steps = golden ** -np.arange(1.0, dimensions + 1)
    uniform = (0.5 + np.outer(np.arange(1.0, points + 1), steps)) % 1.0
    return np.asarray(special.ndtri(np.clip(uniform, 1e-12, 1.0 - 1e-12)))


def _scores_of_draws(draws: FloatArray, se: FloatArray, sign: float) -> FloatArray:
    """P-scores of many possible estimates, a chunk at a time."""
    n = draws.shape[1]
    chunks = np.array_split(draws, 1 + draws.size * n // CHUNK)
    return np.concatenate(
        [p_scores_of(part[:, :, None] - part[:, None, :], se, sign) for part in chunks]
    )


def _delta(te: FloatArray, se: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return the standard errors of the P-scores by the delta method."""
    n = te.shape[0]
    scale = np.where(se > 0.0, se, 1.0)
    slope = np.exp(-0.5 * (te / scale) ** 2) / (np.sqrt(2.0 * np.pi) * scale * (n - 1))
    np.fill_diagonal(slope, 0.0)
    gradient = slope - np.diag(slope.sum(1))
    return np.asarray(np.sqrt(np.vecdot(gradient @ covariance, gradient)))
