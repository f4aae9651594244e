"""A network of studies: what is normal given tau.

Studies with several arms are taken apart into independent rows (``networks.data``), so that the
network is a regression ``y ~ N(x theta, v + tau2)``; a normal prior for the effect of a treatment
against the reference is one more row, to which tau2 is not added. Rows are ordered as in
``networks.fit``: the most precise that tell everything stand on top, the rest are ``k`` times them,
and with ``S = W_rest^(1/2) k W_top^(-1/2)`` and the scaled gaps ``g = W_rest^(1/2) (y_rest - k
y_top)`` everything follows from ``M = 1 + S'S``: the coefficients at the top move by
``W_top^(-1/2) M^-1 S'g``, their precision is ``W_top^(1/2) M W_top^(1/2)``, and the residual sum of
squares is that of ``g - S M^-1 S'g`` and of ``M^-1 S'g``. Nothing cancels, however unequal the
variances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.bayes.priors import LOG_SQRT_2PI
from saisei.synthesis.networks.fit import frame

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.bayes.priors import Normal, TauPrior
    from saisei.synthesis.networks.data import Rows
    from saisei.synthesis.networks.fit import Frame


@dataclass(frozen=True, slots=True, eq=False)
class ContrastModel:
    """Rows of data and, after them, of priors; ``v`` are the variances of the data alone.

    ``spread`` are the variances of all rows and ``random`` is 1 for those that tau2 is added to.
    ``constant`` is what the log-likelihood holds beside tau.
    """

    y: FloatArray
    spread: FloatArray
    random: FloatArray
    v: FloatArray
    frame: Frame
    tau_prior: TauPrior
    power: float
    constant: float

    def _solved(
        self, tau: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Variances, roots of the weights on top, M, the step and the residual gaps."""
        own = self.frame
        spread = self.spread + np.multiply.outer(tau * tau, self.random)
        top, rest = spread[:, own.top] ** -0.5, spread[:, own.rest] ** -0.5
        s = rest[:, :, None] * own.k / top[:, None, :]
        gap = rest * (self.y[own.rest] - own.k @ self.y[own.top])
        m = np.eye(own.top.size) + s.swapaxes(-1, -2) @ s
        step = np.linalg.solve(m, np.vecmat(gap, s)[..., None])[..., 0]
        return spread, top, m, np.asarray(step), gap - np.matvec(s, step)

    def log_likelihood(self, tau: FloatArray) -> FloatArray:
        """Log-likelihood of tau, all effects integrated out."""
        spread, _, m, step, left = self._solved(tau)
        quadratic = np.vecdot(left, left) + np.vecdot(step, step)
        size = np.log(spread[:, self.frame.rest]).sum(-1) + np.linalg.slogdet(m)[1]
        return np.asarray(self.constant - 0.5 * (size + quadratic))

    def effects_given_tau(self, tau: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Effects (N, n) about their mean given each tau, and roots (N, n, p) of covariances."""
        own = self.frame
        _, top, m, step, _ = self._solved(tau)
        factor = np.linalg.inv(np.linalg.cholesky(m))
        centres = (self.y[own.top] + step / top) @ own.inverse.T
        roots = (own.inverse / top[:, None, :]) @ factor.swapaxes(-1, -2)
        return np.asarray(centres), np.asarray(roots)


def contrast_model(
    rows: Rows, tau_prior: TauPrior, effect_prior: Normal | None, reference: int
) -> ContrastModel:
    """Put the rows of a network, and priors for the effects against ``reference``, in order."""
    n = rows.x.shape[1]
    basic = [at for at in range(n) if at != reference]
    x, y, spread = rows.x, rows.y, rows.v
    if effect_prior is not None:
        x = np.concatenate([x, np.eye(n)[basic] - np.eye(n)[reference]])
        y = np.concatenate([y, np.full(n - 1, effect_prior.mean)])
        spread = np.concatenate([spread, np.full(n - 1, effect_prior.sd**2)])
    own = frame(x, spread)
    # The effects on top in terms of the basic ones, and the density of a study's contrasts with
    # one of its arms in terms of that of its rows (see ``networks.data``).
    size = float(np.linalg.slogdet(x[own.top][:, basic])[1])
    arms = np.array([len(design) for design in rows.designs], dtype=np.float64)[rows.design]
    turned = float((0.5 * math.log(2.0) - 0.5 * np.log(arms) / (arms - 1.0)).sum())
    return ContrastModel(
        y=y,
        spread=spread,
        random=(np.arange(y.size) < rows.y.size).astype(np.float64),
        v=rows.v,
        frame=own,
        tau_prior=tau_prior,
        power=float(y.size - n + 1),
        constant=turned - size - (y.size - n + 1) * LOG_SQRT_2PI,
    )
