"""Random-effects models that are linear and normal given tau: means, regressions, networks.

Independent rows ``y ~ N(x b, v + tau2)``; a normal prior for a combination of the coefficients is
one more row, to which tau2 is not added. Rows are ordered as in ``networks.fit``: the most precise
that tell everything stand on top, the rest are ``k`` times them, and with ``S = W_rest^(1/2) k
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
from saisei.synthesis.networks.fit import Frame, frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray
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

    ``back`` (n, c) turns the coefficients of the columns of ``x`` into those asked for. A prior is
    overtaken by what tau2 makes of the data: at each of its standard errors the rows are ordered
    anew, so that between them no row on top has more than twice the variance of one it explains.
    """
    random = (np.arange(y.size) < data).astype(np.float64)
    orderings = []
    for start in (0.0, *np.unique(np.sqrt(spread[data:])).tolist()):
        own = frame(x, spread + random * start**2)
        singular = np.linalg.svd(x[own.top], compute_uv=False)[: own.top.size]
        log_size = float(np.log(singular).sum())
        orderings.append(Ordering(start, own, back @ own.inverse, log_size))
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
            # A row as long as those of the data, for ``frame``.
            length = math.sqrt(float(back[j] @ back[j]) / p)
            rows.append(back[j][None] / length)
            values.append(np.array([one.mean / length]))
            variances.append(np.array([(one.sd / length) ** 2]))
            constant -= math.log(length)
    model = rows_model(
        np.concatenate(rows), np.concatenate(values), np.concatenate(variances), back, tau_prior, k
    )
    return replace(model, constant=model.constant + constant)
