"""Random-effects models that are linear and normal given tau: means, regressions, networks.

Independent rows ``y ~ N(x b, v + tau2)``; a normal prior for a combination of the coefficients is
one more row, to which tau2 is not added. As in ``networks.fit`` the most precise rows that tell
everything stand on top, the rest are ``k`` times them, and with ``S = W_rest^(1/2) k
W_top^(-1/2)`` and the scaled gaps ``g = W_rest^(1/2) (y_rest - k y_top)`` everything follows from
``M = 1 + S'S``: what the top rows estimate moves by ``W_top^(-1/2) M^-1 S'g`` and has the precision
``W_top^(1/2) M W_top^(1/2)``, and the residual sum of squares is that of ``g - S M^-1 S'g`` and of
``M^-1 S'g``. Nothing cancels, however unequal the variances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.bayes.priors import LOG_SQRT_2PI
from saisei.synthesis.networks.fit import INDEPENDENT, Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray, IntArray
    from saisei.synthesis.bayes.priors import Normal, TauPrior


@dataclass(frozen=True, slots=True, eq=False)
class Ordering:
    """The order of the rows from some tau on, and what belongs to it.

    ``back`` turns what the top rows estimate into coefficients; ``log_size`` is the logarithm of
    the determinant of the opposite.
    """

    start: float
    frame: Frame
    back: FloatArray
    log_size: float


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Rows of data and, after them, of priors; ``v`` are the variances of the data alone.

    ``spread`` are the variances of all rows and ``random`` is 1 for those that tau2 is added to.
    ``constant`` is what the log-likelihood holds beside tau and the order of the rows.
    """

    y: FloatArray
    spread: FloatArray
    random: FloatArray
    v: FloatArray
    orderings: tuple[Ordering, ...]
    tau_prior: TauPrior
    power: float
    constant: float

    @property
    def least(self) -> float:
        """The least variance that tau squared is set against: of data, or of a prior."""
        return float(self.spread.min())

    def _solved(
        self, tau: FloatArray, own: Frame
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Variances, roots of the weights on top, M, the step and the residual gaps.

        Written as products of whole matrices over all tau, which is faster than one by one.
        """
        spread = self.spread + np.multiply.outer(tau * tau, self.random)
        top, weight = spread[:, own.top] ** -0.5, 1.0 / spread[:, own.rest]
        size = own.top.size
        squares = (own.k[:, :, None] * own.k[:, None, :]).reshape(own.rest.size, size * size)
        m = (weight @ squares).reshape(tau.size, size, size) / (top[:, :, None] * top[:, None, :])
        m += np.eye(size)
        gap = self.y[own.rest] - own.k @ self.y[own.top]
        pull = ((weight * gap) @ own.k) / top
        step = np.asarray(np.linalg.solve(m, pull[..., None])[..., 0], dtype=np.float64)
        return spread, top, m, step, np.sqrt(weight) * (gap - (step / top) @ own.k.T)

    def _ordered(self, tau: FloatArray) -> list[tuple[Ordering, BoolArray]]:
        """Which ordering holds for which tau."""
        starts = [one.start for one in self.orderings]
        place = np.searchsorted(starts, tau, side="right") - 1
        pairs = [(one, place == at) for at, one in enumerate(self.orderings)]
        return [(one, where) for one, where in pairs if where.any()]

    def log_likelihood(self, tau: FloatArray) -> FloatArray:
        """Log-likelihood of tau, the coefficients integrated out."""
        found = np.empty(tau.shape)
        for one, where in self._ordered(tau):
            spread, _, m, step, left = self._solved(tau[where], one.frame)
            quadratic = np.vecdot(left, left) + np.vecdot(step, step)
            diagonal = np.diagonal(np.linalg.cholesky(m), axis1=1, axis2=2)
            size = np.log(spread[:, one.frame.rest]).sum(-1) + 2.0 * np.log(diagonal).sum(-1)
            found[where] = self.constant - one.log_size - 0.5 * (size + quadratic)
        return found

    def coefficients_given_tau(self, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means (N, p) of the coefficients given each tau, and roots of their covariances."""
        n, p = self.orderings[0].back.shape
        centres, roots = np.empty((tau.size, n)), np.empty((tau.size, n, p))
        for one, where in self._ordered(tau):
            _, top, m, step, _ = self._solved(tau[where], one.frame)
            factor = np.linalg.inv(np.linalg.cholesky(m))
            centres[where] = (self.y[one.frame.top] + step / top) @ one.back.T
            roots[where] = (one.back / top[:, None, :]) @ factor.swapaxes(-1, -2)
        return centres, roots


def rows_model(
    x: FloatArray,
    y: FloatArray,
    spread: FloatArray,
    back: FloatArray,
    tau_prior: TauPrior,
    data: int,
) -> LinearModel:
    """Put rows in order: the first ``data`` of them are data, the others priors.

    ``back`` (n, c) turns the coefficients of the columns of ``x`` into those asked for. As tau
    grows it makes the data alike, and the priors more precise than they are: the rows are ordered
    anew at every tenfold of the smallest standard error.
    """
    random = (np.arange(y.size) < data).astype(np.float64)
    orderings: list[Ordering] = []
    # Without a prior nothing changes once tau is beyond all standard errors.
    starts = _starts(spread)[: None if data < y.size else -4]
    for start in starts:
        top = _pivots(x, spread + random * start**2)
        if not (orderings and np.array_equal(top, orderings[-1].frame.top)):
            orderings.append(_ordering(x, top, back, start))
    free = y.size - orderings[0].frame.top.size
    return LinearModel(
        y=y,
        spread=spread,
        random=random,
        v=spread[:data],
        orderings=tuple(orderings),
        tau_prior=tau_prior,
        power=float(free),
        constant=-free * LOG_SQRT_2PI,
    )


def _starts(spread: FloatArray) -> FloatArray:
    """Values of tau between which no ratio of variances moves far, and some far beyond.

    Far out the priors, which tau leaves as they are, come before all data, however little one of
    them tells beside another.
    """
    low, high = 0.5 * math.log10(float(spread.min())), 0.5 * math.log10(float(spread.max()))
    beyond = high + np.array([3.0, 6.0, 9.0, 12.0])
    return np.concatenate([[0.0], 10.0 ** np.arange(low, high + 2.0), 10.0**beyond])


def _pivots(x: FloatArray, variance: FloatArray) -> IntArray:
    """Choose rows one by one: the one that tells most of what those before it do not.

    That is the largest part outside their span in units of its standard error, as in a QR
    factorisation with pivots of the weighted rows; but the span is followed without weights, so
    that the rounding of a very precise row does not pass for news.
    """
    left, root = x.copy(), np.sqrt(variance)
    nothing = INDEPENDENT * np.sqrt(np.vecdot(x, x))
    top: list[int] = []
    while len(top) < x.shape[1]:
        length = np.sqrt(np.vecdot(left, left))
        row = int(np.argmax(np.where(length > nothing, length / root, 0.0)))
        if length[row] <= nothing[row]:
            break
        unit = left[row] / length[row]
        for _ in range(2):  # twice is enough
            left -= np.outer(left @ unit, unit)
        left[top := [*top, row]] = 0.0
    return np.array(top, dtype=np.intp)


def _ordering(x: FloatArray, top: IntArray, back: FloatArray, start: float) -> Ordering:
    """Put the rest in terms of the rows on top."""
    rest = np.setdiff1d(np.arange(len(x)), top)
    inverse = np.asarray(np.linalg.pinv(x[top]), dtype=np.float64)
    k = x[rest] @ inverse
    k[np.abs(k) < 1e-12] = 0.0
    singular = np.linalg.svd(x[top], compute_uv=False)[: top.size]
    own = Frame(top, rest, k, inverse)
    return Ordering(start, own, back @ inverse, float(np.log(singular).sum()))


def linear_model(
    y: FloatArray,
    se: FloatArray,
    x: FloatArray,
    tau_prior: TauPrior,
    priors: Sequence[Normal | None],
) -> LinearModel:
    """Put studies, moderators (no column: a mean effect of 0) and priors into rows.

    The columns are made orthogonal, so that shifting or scaling a moderator costs no digits.
    """
    k, p = x.shape
    v = np.square(se)
    if p == 0:
        own = Frame(np.arange(0), np.arange(k), np.empty((k, 0)), np.empty((0, 0)))
        only = (Ordering(0.0, own, np.empty((0, 0)), 0.0),)
        return LinearModel(y, v, np.ones(k), v, only, tau_prior, float(k), -k * LOG_SQRT_2PI)
    size = np.sqrt(np.einsum("ij,ij->j", x, x))
    q, r = np.linalg.qr(x / size)
    back = np.linalg.inv(r) / size[:, None] * math.sqrt(k)
    rows, values, variances = [q * math.sqrt(k)], [y], [v]
    constant = float(np.linalg.slogdet(back)[1])
    for j, one in enumerate(priors):
        if one is not None:
            # A row as long as those of the data.
            length = math.sqrt(float(back[j] @ back[j]) / p)
            rows.append(back[j][None] / length)
            values.append(np.array([one.mean / length]))
            variances.append(np.array([(one.sd / length) ** 2]))
            constant -= math.log(length)
    model = rows_model(
        np.concatenate(rows), np.concatenate(values), np.concatenate(variances), back, tau_prior, k
    )
    return replace(model, constant=model.constant + constant)
