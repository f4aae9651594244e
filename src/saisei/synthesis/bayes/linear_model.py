"""The random-effects model with moderators: what is normal given tau.

A normal prior for a coefficient with mean m and SD s acts as one more observation m of that
coefficient with standard error s. Everything is computed in an orthonormal basis of the columns,
so that shifting or scaling a moderator costs no digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.bayes.priors import LOG_SQRT_2PI

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.priors import Normal, TauPrior


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Data, an orthonormal basis ``q`` of the moderators, and priors.

    ``x = q inverse(back)``; priors say that ``root @ c`` is ``target`` with standard error 1, for
    the coefficients ``c`` in the basis; ``constant`` does not depend on tau.
    """

    y: FloatArray
    v: FloatArray
    q: FloatArray
    back: FloatArray
    precision: FloatArray
    root: FloatArray
    target: FloatArray
    tau_prior: TauPrior
    power: float
    constant: float

    def _solved(self, tau: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Variances of the estimates, and ``A`` and means of the coefficients in the basis."""
        spread = np.add.outer(tau * tau, self.v)
        weighted = self.q / spread[..., None]
        total = self.q.T @ weighted + self.precision
        cross = weighted.swapaxes(-1, -2) @ self.y + self.root.T @ self.target
        means = np.asarray(np.linalg.solve(total, cross[..., None])[..., 0], dtype=np.float64)
        return spread, total, means

    def coefficients_given_tau(self, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Means (N, p) and covariances (N, p, p) of the coefficients given each tau."""
        _, total, means = self._solved(tau)
        covariances = self.back @ np.linalg.inv(total) @ self.back.T
        return means @ self.back.T, covariances

    def log_likelihood(self, tau: FloatArray) -> FloatArray:
        """Log-likelihood of tau, the coefficients integrated out."""
        spread, total, means = self._solved(tau)
        residual = self.y - means @ self.q.T
        off = means @ self.root.T - self.target
        quadratic = np.vecdot(residual / spread, residual) + np.vecdot(off, off)
        size = np.linalg.slogdet(total)[1]
        return np.asarray(self.constant - 0.5 * (np.log(spread).sum(-1) + size + quadratic))


def linear_model(
    y: FloatArray,
    se: FloatArray,
    x: FloatArray,
    tau_prior: TauPrior,
    priors: Sequence[Normal | None],
) -> LinearModel:
    """Turn moderators and priors into an orthonormal basis (no column: a mean effect of 0)."""
    size = np.sqrt(np.einsum("ij,ij->j", x, x))
    q, r = np.linalg.qr(x / size) if x.size else (x, np.empty((0, 0)))
    own = np.abs(np.diagonal(r))
    back = np.linalg.inv(r) / size[:, None]
    # A prior with precision 1/sd^2 is a row of observations: root @ coefficients = target.
    given = [(j, prior) for j, prior in enumerate(priors) if prior is not None]
    sds = np.array([prior.sd for _, prior in given])
    means = np.array([prior.mean for _, prior in given])
    root = back[[j for j, _ in given]].reshape(len(given), x.shape[1]) / sds[:, None]
    scales = np.log(sds).sum() + np.log(own).sum() + np.log(size).sum()
    return LinearModel(
        y=y,
        v=np.square(se),
        q=q,
        back=back,
        precision=root.T @ root,
        root=root,
        target=means / sds,
        tau_prior=tau_prior,
        power=float(y.size - x.shape[1] + len(given)),
        constant=-y.size * LOG_SQRT_2PI - float(scales),
    )
