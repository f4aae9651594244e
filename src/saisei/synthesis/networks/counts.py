"""Networks of treatments from the events of arms: odds ratios without correcting empty cells."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, plain
from saisei.synthesis.effects.studies import LeftOut
from saisei.synthesis.networks import hypergeometric
from saisei.synthesis.networks.arms import (
    Arms,
    check_finite,
    check_together,
    leave_out_silent,
    read_arms,
)
from saisei.synthesis.networks.binomial import BinomialNetwork, Fit
from saisei.synthesis.networks.fit import Solution, solve
from saisei.synthesis.networks.mantel_haenszel import (
    design_rows,
    direct_counts,
    leave_out_designs,
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
    from saisei.synthesis.networks.data import Direct

CountsMethod = Literal["MH", "NCH", "likelihood"]
FORMULAE = {
    "MH": "Mantel-Haenszel for networks (Efthimiou 2019); Q between designs",
    "NCH": "exact noncentral hypergeometric likelihood (Stijnen 2010); Q of the events of all "
    "studies given their sums",
    "likelihood": "binomial-normal likelihood, fixed study effects (Turner 2000; Dias 2013); Q is "
    "the residual deviance of common effects",
}
FEWEST_POINTS = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NetworkCountsResult:
    """A network meta-analysis of counts; effects are log odds ratios.

    Attributes
    ----------
    treatments
        Their names, alphabetically as in ``network``: the order of every matrix.
    common, random
        The estimates of all pairs; see ``NetworkModel``. ``MH`` and ``NCH`` know no
        heterogeneity: both are then the same.
    tau2
        Variance of true log odds ratios (maximum likelihood); 0 for ``MH`` and ``NCH``.
    q, q_df, q_p
        Test of one common effect for each pair; ``formula`` says which. With sparse counts its
        chi-squared distribution is not to be relied upon.
    log_likelihood
        At the estimates of ``random``, with constants; NaN for ``MH``.
    quadrature_error
        Change of ``log_likelihood`` when the nodes of the quadrature are half as many again; 0
        where nothing was integrated.
    k, m
        Number of studies and of arms that take part.
    designs
        The sets of treatments that studies compare.
    method, formula, level, points
        What was used.
    converged, iterations, boundary, multimodal
        How the search ended; whether tau2 is 0 (standard errors take it as known then); whether
        there were several maxima.
    left_out
        Rows of the input that take no part, with the reason.
    notes
        Treatments left out altogether, and what else is unusual.
    """

    treatments: tuple[str, ...]
    tau2: float
    q: float
    q_df: int
    q_p: float
    log_likelihood: float
    quadrature_error: float
    common: NetworkModel
    random: NetworkModel
    k: int
    m: int
    designs: tuple[tuple[str, ...], ...]
    method: str
    formula: str
    level: float
    points: int
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    arms: Arms = field(hash=False)

    @property
    def te(self) -> FloatArray:
        """Log odds ratios of all pairs, ``random.te``."""
        return self.random.te

    @property
    def se(self) -> FloatArray:
        """Their standard errors, ``random.se``."""
        return self.random.se

    def index(self, treatment: str) -> int:
        """Return the place of a treatment in the matrices."""
        if treatment not in self.treatments:
            raise ValueError(
                f"there is no treatment {treatment!r}; there are {', '.join(self.treatments)}"
            )
        return self.treatments.index(treatment)

    def p_scores(self, small_values: SmallValues = "desirable") -> dict[str, float]:
        """P-score of each treatment (Rücker and Schwarzer 2015), as in ``NetworkResult``.

        Parameters
        ----------
        small_values : {"desirable", "undesirable"}
            Whether few events are good or bad.
        """
        scores = p_scores_of(self.te, self.se, sign_of(small_values))
        return dict(zip(self.treatments, scores.tolist(), strict=True))

    def direct(self) -> Direct:
        """Direct evidence of each pair, by Mantel-Haenszel whatever the method."""
        return direct_counts(self.arms)

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
        kept = [n for n in self.__slots__ if n not in {"common", "random", "arms", "left_out"}]
        return {
            **{name: plain(getattr(self, name)) for name in kept},
            "left_out": [{"index": one.index, "reason": one.reason} for one in self.left_out],
            "common": self.common.to_dict(),
            "random": self.random.to_dict(),
            "p_scores": self.p_scores(),
        }

    def __repr__(self) -> str:
        size = f"{len(self.treatments)} treatments, m = {self.m}, {len(self.designs)} designs"
        lines = [
            f"NetworkCountsResult: k = {self.k}, {size}, method {self.method}",
            f"  tau2 {self.tau2:.4f}   Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
            f"  log odds ratios against {self.treatments[0]}",
        ]
        width = max(map(len, self.treatments))
        for at, name in enumerate(self.treatments[1:], 1):
            low, high = self.random.lower[at, 0], self.random.upper[at, 0]
            lines.append(f"    {name:<{width}}  {self.te[at, 0]:.4f} ({low:.4f} to {high:.4f})")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def network_counts(
    study: Iterable[object],
    treat: Iterable[object],
    events: ArrayLike,
    n: ArrayLike,
    method: CountsMethod = "MH",
    level: float = 0.95,
    *,
    points: int = 15,
) -> NetworkCountsResult:
    """Compare all treatments of a network by the events of its arms (log odds ratios).

    Parameters
    ----------
    study, treat : iterable of labels
        The study and the treatment of each arm; a row per arm.
    events, n : array_like of shape (m,)
        People with the event, and people. Nothing is added to empty cells.
    method : {"MH", "NCH", "likelihood"}
        Mantel-Haenszel (common effects; the choice for rare events); the exact conditional
        likelihood (common effects); the binomial likelihood with fixed study levels, which gives
        common effects and normal random effects, tau2 by maximum likelihood.
    level : float
        Coverage of every interval.
    points : int
        Nodes of the quadrature in each direction (``likelihood``; at least 5). Studies with more
        than four arms take fewer, 4096 in all.

    Returns
    -------
    NetworkCountsResult

    Raises
    ------
    ValueError
        If an argument is not as described, what is left of the network falls into parts, or an
        odds ratio has no finite estimate; the message names the place, or the treatments.

    Examples
    --------
    >>> network_counts(
    ...     study=[1, 1, 2, 2, 3, 3, 3],
    ...     treat=["A", "B", "B", "C", "A", "B", "C"],
    ...     events=[2, 6, 5, 9, 1, 0, 4],
    ...     n=[50, 52, 60, 61, 40, 41, 42],
    ... )
    NetworkCountsResult: k = 3, 3 treatments, m = 6, 3 designs, method MH
      tau2 0.0000   Q(1) = 0.0589, p = 0.8083
      log odds ratios against A
        B  1.0291 (-0.3513 to 2.4096)
        C  1.6179 (0.1206 to 3.1153)
    """
    if method not in get_args(CountsMethod):
        raise ValueError(f"method is {method!r}; expected one of MH, NCH, likelihood")
    if points < FEWEST_POINTS:
        raise ValueError(f"points is {points}; expected {FEWEST_POINTS} or more")
    check_level(level)
    given = [str(one) for one in treat]
    arms, left_out = read_arms(study, given, events, n)
    arms = leave_out_silent(arms, left_out)
    if method == "MH":
        arms = leave_out_designs(arms, left_out)
    check_together(arms, left_out)
    settings = (method, level, points)
    gone = [name for name in dict.fromkeys(given) if name not in arms.treatments]
    if method == "MH":
        return _mantel_haenszel(arms, settings, left_out, gone)
    check_finite(arms)
    run = _conditional if method == "NCH" else _likelihood
    return run(arms, settings, left_out, gone)


def _mantel_haenszel(
    arms: Arms, settings: tuple[str, float, int], left_out: dict[int, str], gone: list[str]
) -> NetworkCountsResult:
    x, y, v = design_rows(arms)
    found = solve(x, y, v)
    model = model_of(found, 0.0, settings[1])
    df = y.size - len(arms.treatments) + 1
    how = Fit(found.b, found.covariance, 0.0, math.nan, converged=True, iterations=0)
    return _put(arms, settings, left_out, gone, (model, model), (found.q, df), how)


def _conditional(
    arms: Arms, settings: tuple[str, float, int], left_out: dict[int, str], gone: list[str]
) -> NetworkCountsResult:
    fit, q = hypergeometric.maximum(arms)
    models = (_model(fit, settings[1]),) * 2
    return _put(arms, settings, left_out, gone, models, (q, _df(arms)), fit)


def _likelihood(
    arms: Arms, settings: tuple[str, float, int], left_out: dict[int, str], gone: list[str]
) -> NetworkCountsResult:
    points = settings[2]
    network = BinomialNetwork(arms, points)
    common, fit = network.maxima()
    error = 0.0
    if fit.tau:
        error = abs(BinomialNetwork(arms, points + points // 2, 8).value_at(fit) - fit.value)
    models = _model(common, settings[1]), _model(fit, settings[1])
    q = network.deviance(arms, common), _df(arms)
    return _put(arms, settings, left_out, gone, models, q, fit, error)


def _df(arms: Arms) -> int:
    """Degrees of freedom that common effects leave to the odds ratios of the studies."""
    return arms.row.size - len(arms.studies) - len(arms.treatments) + 1


def _model(fit: Fit, level: float) -> NetworkModel:
    """All pairs from effects against the first treatment."""
    root = np.zeros_like(fit.covariance)
    inner = fit.covariance[1:, 1:]
    known = bool(np.isfinite(inner).all())
    root[1:, 1:] = np.linalg.cholesky(inner) if known else np.nan
    centred = root - root.mean(0)
    own = Solution(fit.theta - fit.theta.mean(), centred, math.nan, math.nan)
    return model_of(own, fit.tau**2, level)


def _put(
    arms: Arms,
    settings: tuple[str, float, int],
    left_out: dict[int, str],
    gone: list[str],
    models: tuple[NetworkModel, NetworkModel],
    q: tuple[float, int],
    how: Fit,
    error: float = 0.0,
) -> NetworkCountsResult:
    method, level, points = settings
    value, df = (max(0.0, q[0]), q[1]) if q[1] > 0 else (0.0, 0)
    notes = [f"treatment {name} is left out altogether; see left_out" for name in gone]
    if how.multimodal:
        notes.append("the likelihood has several maxima in tau; the highest was taken")
    if not how.converged:
        notes.append("the search did not end at a maximum: nothing here is to be used")
    return NetworkCountsResult(
        treatments=arms.treatments,
        tau2=how.tau**2,
        q=value,
        q_df=df,
        q_p=float(special.chdtrc(df, value)) if df else math.nan,
        log_likelihood=how.value,
        quadrature_error=error,
        common=models[0],
        random=models[1],
        k=len(arms.studies),
        m=arms.row.size,
        designs=tuple(tuple(arms.treatments[t] for t in design) for design in arms.designs()),
        method=method,
        formula=FORMULAE[method],
        level=level,
        points=points,
        converged=how.converged,
        iterations=how.iterations,
        boundary=how.tau == 0.0,
        multimodal=how.multimodal,
        left_out=tuple(LeftOut(row, left_out[row]) for row in sorted(left_out)),
        notes=tuple(notes),
        arms=arms,
    )
