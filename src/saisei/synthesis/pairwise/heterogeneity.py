"""Estimators of tau2, the variance of true effects between studies.

Vocabulary: ``y`` are the study estimates, ``v`` their sampling variances, ``k`` their number,
``w = 1 / (v + tau2)`` the weights, ``mu`` the weighted mean, ``Q(tau2) = sum w (y - mu)^2``.
In the paper's matrix form ``P = W - W X (X' W X)^-1 X' W`` with ``X`` a column of ones.

Iterated estimators move in ``s = log(1 + tau2 / min(v))``. Every term ``1 / (v + tau2)`` is
analytic in ``s`` in a wide strip about the real axis, whatever the spread of ``v``, so a grid in
steps of 0.25 sees every feature of a likelihood, and Newton's method needs a handful of steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, studies
from saisei.synthesis._numeric.roots import Root, falling_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray

Method = Literal["EE", "DL", "HE", "SJ", "ML", "REML", "PM", "EB", "HS", "HSk"]
"""EE equal effects (common effect, tau2 = 0); DL DerSimonian-Laird; HE Hedges; SJ Sidik-Jonkman;
ML and REML (restricted) maximum likelihood; PM Paule-Mandel and EB empirical Bayes, which solve
the same equation; HS Hunter-Schmidt, HSk the same with Brannick's correction for few studies."""

METHODS: tuple[str, ...] = get_args(Method)
GRID_STEP = 0.25
PARTS = 16
"""Into how many a cell of the grid is cut where two turnings may hide between its ends."""


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """An estimate of tau2 and how it was reached.

    ``boundary`` says that tau2 is 0 because it cannot be below; ``multimodal`` that the
    likelihood has more than one local maximum (the value is the highest of them).
    """

    tau2: float
    converged: bool = True
    iterations: int = 0
    boundary: bool = False
    multimodal: bool = False


def estimate_tau2(y: FloatArray, v: FloatArray, method: Method) -> Heterogeneity:
    """Estimate tau2 of two or more studies by the named method (all are cut at zero)."""
    if method == "EE":
        return Heterogeneity(0.0)
    # Only differences matter. Taken from the first study they are exactly zero for equal
    # estimates; taken from the mean they keep sums of squares free of cancellation.
    y = y - y[0]
    if not y.any():
        return Heterogeneity(0.0, boundary=True)
    y = y - y.mean()
    if method in {"ML", "REML"}:
        return _likelihood(y, v, restricted=method == "REML")
    if method in {"PM", "EB"}:
        root = solve_q(y, v, float(y.size - 1))
        return Heterogeneity(root.x, root.converged, root.iterations, root.x == 0.0)
    raw = {
        "DL": _dersimonian_laird,
        "HE": _hedges,
        "SJ": _sidik_jonkman,
        "HS": _hunter_schmidt,
        "HSk": _brannick,
    }
    value = raw[method](y, v)
    return Heterogeneity(max(0.0, value), boundary=value <= 0.0)


def cochran_q(y: FloatArray, v: FloatArray) -> float:
    """Cochran's Q (1954): the weighted sum of squares about the common effect."""
    return weighted_squares(y, 1.0 / v)


def weighted_squares(y: FloatArray, w: FloatArray) -> float:
    """Return the weighted sum of squares about the weighted mean; zero for equal estimates."""
    apart = y - y[0]
    residual = apart - (w @ apart) / w.sum()
    return float(w @ (residual * residual))


def typical_variance(v: FloatArray) -> float:
    """Return the 'typical' sampling variance of Higgins and Thompson (2002, eq. 9)."""
    w = 1.0 / v
    return float((v.size - 1) * w.sum() / products(w))


def products(w: FloatArray) -> float:
    """Return ``(sum w)^2 - sum w^2`` as the products of all pairs, so that nothing cancels."""
    w = np.sort(w)
    return float(2.0 * (w[1:] @ np.cumsum(w)[:-1]))


def _dersimonian_laird(y: FloatArray, v: FloatArray) -> float:
    """DerSimonian and Laird (1986, eq. 8)."""
    w = 1.0 / v
    return float((cochran_q(y, v) - (y.size - 1)) * w.sum() / products(w))


def _hedges(y: FloatArray, v: FloatArray) -> float:
    """Hedges (1983): the plain variance of the estimates less the mean sampling variance."""
    return float(y.var(ddof=1) - v.mean())


def _sidik_jonkman(y: FloatArray, v: FloatArray) -> float:
    """Sidik and Jonkman (2005): weights from a crude first value, so never zero."""
    crude = y.var()
    return weighted_squares(y, 1.0 / (v / crude + 1.0)) / (y.size - 1)


def _hunter_schmidt(y: FloatArray, v: FloatArray) -> float:
    """Hunter and Schmidt (1990), in the form of Viechtbauer (2005)."""
    return float((cochran_q(y, v) - y.size) / (1.0 / v).sum())


def _brannick(y: FloatArray, v: FloatArray) -> float:
    """Hunter and Schmidt's with Q times ``k / (k - 1)`` (Brannick and others 2019)."""
    k = y.size
    return float((cochran_q(y, v) * k / (k - 1) - k) / (1.0 / v).sum())


def solve_q(y: FloatArray, v: FloatArray, target: float) -> Root:
    """Solve ``Q(tau2) = target`` for tau2 (0 when Q(0) is already below).

    Q falls steadily in tau2. It is at most ``sum (y - mean)^2 / tau2``, which bounds the root.
    """
    if cochran_q(y, v) <= target:
        return Root(0.0, 0, converged=True)
    if target <= 0.0:  # a quantile at a level that rounds to 1: no tau2 is large enough
        return Root(math.inf, 0, converged=True)
    unit = float(v.min())

    def gap(s: float) -> tuple[float, float]:
        tau2 = unit * math.expm1(s)
        w = 1.0 / (v + tau2)
        wr = w * (y - (w @ y) / w.sum())
        q = float(wr @ (wr / w))
        return math.log(q / target), -float(wr @ wr) * (tau2 + unit) / q

    top = math.log1p(float(y.var()) * y.size / target / unit) + 1e-9
    root = falling_root(gap, 0.0, top, 0.5 * top)
    return Root(unit * math.expm1(root.x), root.iterations, root.converged)


def q_profile(y: ArrayLike, v: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of tau2 by the Q-profile method (Viechtbauer 2007).

    Parameters
    ----------
    y, v : array_like of shape (k,)
        Study estimates and their sampling variances; k at least 2.
    level : float
        Coverage.

    Returns
    -------
    tuple of float
        The values of tau2 at which Q equals the upper and the lower quantile of chi-squared with
        k - 1 degrees of freedom. Both are 0 when Q is below the lower quantile even at tau2 = 0:
        the estimates then agree better than chance allows, and the interval is empty.

    Examples
    --------
    >>> low, high = q_profile([0.1, 0.9, -0.4, 0.5], [0.02, 0.03, 0.05, 0.04])
    >>> f"{low:.4f} {high:.4f}"
    '0.0601 4.2580'
    """
    check_level(level)
    estimates, variances = studies(y, v, "v")
    if estimates.size < 2:
        return math.nan, math.nan
    estimates = estimates - estimates.mean()
    df = estimates.size - 1
    upper, lower = (float(special.chdtri(df, p)) for p in ((1 - level) / 2, (1 + level) / 2))
    return solve_q(estimates, variances, upper).x, solve_q(estimates, variances, lower).x


def _likelihood(y: FloatArray, v: FloatArray, *, restricted: bool) -> Heterogeneity:
    """(Restricted) maximum likelihood at the global maximum.

    The likelihood of tau2 can have several maxima when the variances are very unequal. So the
    slope is taken on a grid, each change from rising to falling is refined, and the candidates,
    zero among them if the likelihood falls there, are compared.
    """
    unit = float(v.min())
    top = math.log1p(_highest_tau2(y, v, restricted=restricted) / unit)

    def score(at: FloatArray) -> tuple[FloatArray, FloatArray]:
        tau2 = unit * np.expm1(at)
        first, second = _score(y, v, tau2, restricted=restricted)
        scale = tau2 + unit  # d tau2 / ds
        return first * scale, (second * scale + first) * scale

    def point(at: float) -> tuple[float, float]:
        first, second = score(np.asarray(at))
        return float(first), float(second)

    s, cells, rises = turning_cells(score, np.linspace(0.0, top, 2 + math.ceil(top / GRID_STEP)))
    roots = [falling_root(point, s[i], s[i + 1], 0.5 * (s[i] + s[i + 1])) for i in cells]
    candidates = [unit * math.expm1(root.x) for root in roots]
    if not rises:
        candidates.insert(0, 0.0)
    best = candidates[0]
    if len(candidates) > 1:
        best = candidates[int(np.argmax(_log_likelihood(y, v, candidates, restricted=restricted)))]
    return Heterogeneity(
        best,
        converged=all(root.converged for root in roots),
        iterations=sum(root.iterations for root in roots),
        boundary=best == 0.0,
        multimodal=len(candidates) > 1,
    )


def turning_cells(
    score: Callable[[FloatArray], tuple[FloatArray, FloatArray]], s: FloatArray
) -> tuple[FloatArray, IntArray, bool]:
    """Find the cells of a grid in which a likelihood turns from rising to falling.

    ``score`` gives its slope and the slope of that. Between two points of one sign the slope may
    still touch the other: it is then bowed towards zero so far that the tangents at both ends meet
    beyond it. Such cells are cut into ``PARTS``. Returned are the grid, the left ends of the
    cells, and whether the likelihood rises at the grid's start.
    """
    slope, bend = score(s)
    rising = slope > 0.0
    side = np.where(rising[:-1], -1.0, 1.0)
    up, down = side * bend[:-1], -side * bend[1:]
    meet = side * (slope[:-1] * down + slope[1:] * up) + up * down * np.diff(s)
    hidden = np.flatnonzero((rising[:-1] == rising[1:]) & (up > 0.0) & (down > 0.0) & (meet > 0.0))
    if hidden.size:
        between = np.linspace(s[hidden], s[hidden + 1], PARTS, endpoint=False)[1:]
        s = np.sort(np.append(s, between))
        rising = score(s)[0] > 0.0
    return s, np.flatnonzero(rising[:-1] & ~rising[1:]), bool(rising[0])


def _highest_tau2(y: FloatArray, v: FloatArray, *, restricted: bool) -> float:
    """Return a tau2 beyond which the likelihood only falls.

    With R the range of y, ``sum w^2 (y - mu)^2 <= max(w) sum(w) R^2 / 4``. For ML the score is
    negative once that is below ``sum w``, so for tau2 > R^2 / 4. For REML the other side is
    ``sum w (1 - sum p^2)`` with ``p = w / sum w``; for tau2 >= max(v) no weight is more than
    twice another, so ``sum p^2 <= max(p) <= 2 / (k + 1)``.
    """
    quarter = float(np.ptp(y)) ** 2 / 4.0
    if not restricted:
        return quarter
    return max(float(v.max()), quarter * (y.size + 1) / (y.size - 1))


def _score(
    y: FloatArray, v: FloatArray, tau2: FloatArray | np.float64, *, restricted: bool
) -> tuple[FloatArray, FloatArray]:
    """First and second derivative in tau2 of the (restricted) log-likelihood.

    Score ``(y'PPy - tr P) / 2`` and its slope ``tr(PP) / 2 - y'PPPy`` (Harville 1977); for ML
    ``tr W`` and ``tr W^2`` stand in place of the traces.
    """
    w = 1.0 / np.add.outer(tau2, v)
    total = w.sum(-1)
    mu = (w @ y) / total
    wr = w * np.subtract.outer(mu, y)
    w_squared = np.vecdot(w, w)
    w2r = np.vecdot(w, wr)
    cubic = np.vecdot(w * wr, wr) - w2r * w2r / total
    if not restricted:
        return 0.5 * (np.vecdot(wr, wr) - total), 0.5 * w_squared - cubic
    ratio = w_squared / total
    trace = w_squared - 2.0 * np.vecdot(w * w, w) / total + ratio * ratio
    return 0.5 * (np.vecdot(wr, wr) - total + ratio), 0.5 * trace - cubic


def _log_likelihood(
    y: FloatArray, v: FloatArray, tau2: list[float], *, restricted: bool
) -> FloatArray:
    """Return the (restricted) log-likelihood without its constants, at several values of tau2."""
    spread = np.add.outer(np.asarray(tau2), v)
    w = 1.0 / spread
    total = w.sum(-1)
    residual = np.subtract.outer((w @ y) / total, y)
    value = np.log(spread).sum(-1) + np.vecdot(w, residual * residual)
    if restricted:
        value = value + np.log(total)
    return np.asarray(-0.5 * value)
