"""What is said of a fitted pool beside its estimate: likelihood, heterogeneity in other units.

``w = 1 / (v + tau2)``, ``u = 1 / v`` and ``P = W - W 1 1' W / sum w`` as in ``heterogeneity``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from saisei.synthesis.pairwise.heterogeneity import products, typical_variance, weighted_squares

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray

LOG_2PI = math.log(2.0 * math.pi)


def i2_h2(v: FloatArray, tau2: float, q: float, method: str) -> tuple[float, float]:
    """I2 (per cent) and H2: from tau2 for random effects, from Q for the common effect.

    Higgins and Thompson (2002): ``I2 = tau2 / (tau2 + s2)``, ``H2 = (tau2 + s2) / s2`` with the
    typical variance s2; from Q, ``H2 = Q / (k - 1)`` and ``I2 = (H2 - 1) / H2``, cut at 0.
    """
    if method == "EE":
        h2 = q / (v.size - 1)
        return (100.0 * (h2 - 1.0) / h2 if h2 > 1.0 else 0.0), h2
    typical = typical_variance(v)
    return 100.0 * tau2 / (tau2 + typical), tau2 / typical + 1.0


def log_likelihood(y: FloatArray, v: FloatArray, tau2: float, method: str) -> float:
    """Return the log-likelihood at the estimates, restricted for REML, with all its constants.

    The restricted one is that of k - 1 contrasts of the estimates with unit length (Harville
    1977): ``-((k - 1) log 2 pi - log k + sum log(v + tau2) + log sum w + Q(tau2)) / 2``.
    """
    if math.isnan(tau2):
        return math.nan
    spread = v + tau2
    value = float(np.log(spread).sum()) + weighted_squares(y, 1.0 / spread) + y.size * LOG_2PI
    if method == "REML":
        value += math.log(float((1.0 / spread).sum()) / y.size) - LOG_2PI
    return -0.5 * value


def tau2_standard_error(y: FloatArray, v: FloatArray, tau2: float, method: str) -> float:
    """Return the standard error of tau2, with its estimate in place of the true value.

    ML and REML: the expected information, ``2 / sum w^2`` and ``2 / tr PP`` (Viechtbauer 2005).
    DL, HE, HS, HSk and SJ are quadratic forms ``y'Ay`` of normal estimates, whose variance is
    ``2 tr(A S A S)``, S the diagonal of ``v + tau2`` (Searle 1971; Biggerstaff and Tweedie 1997).
    EB and PM: ``2 k^2 / ((k - 1) (sum w)^2)`` (Morris 1983). NaN where tau2 was not estimated.
    """
    k = y.size
    if method == "EE" or math.isnan(tau2):
        return math.nan
    w = 1.0 / (v + tau2)
    if method == "ML":
        return math.sqrt(2.0 / float(w @ w))
    if method in {"EB", "PM"}:
        return math.sqrt(2.0 / (k - 1)) * k / float(w.sum())
    if method == "REML":
        return math.sqrt(2.0 / _trace_of_square(w, np.ones(k)))
    if method == "SJ" and not np.ptp(y):
        return math.nan
    a, factor = _quadratic_form(y, v, method)
    return factor * math.sqrt(2.0 * _trace_of_square(a, v + tau2))


def _quadratic_form(y: FloatArray, v: FloatArray, method: str) -> tuple[FloatArray, float]:
    """Return weights ``a`` and ``c`` such that the estimator's ``y'Ay`` is ``c y'Py`` with them."""
    k, u = y.size, 1.0 / v
    total = float(u.sum())
    if method == "HE":
        return np.ones(k), 1.0 / (k - 1)
    if method == "SJ":
        return 1.0 / (v / float(y.var()) + 1.0), 1.0 / (k - 1)
    factor = {"DL": total / products(u), "HS": 1.0 / total, "HSk": k / (k - 1) / total}
    return u, factor[method]


def _trace_of_square(a: FloatArray, d: FloatArray) -> float:
    """Return ``tr(P D P D)`` with weights ``a`` in P and D diagonal; no term is a difference.

    It is the sum of squares of ``D^1/2 P D^1/2``: on the diagonal ``d a (s - a) / s`` with s the
    sum of ``a``, off it ``sqrt(d_i d_j) a_i a_j / s``.
    """
    before = np.cumsum(np.append(0.0, a[:-1]))
    after = np.cumsum(np.append(0.0, a[:0:-1]))[::-1]
    own = d * a * (before + after)
    return (float(own @ own) + products(a * a * d)) / float(a.sum()) ** 2
