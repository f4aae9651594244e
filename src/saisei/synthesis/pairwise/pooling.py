"""Pooling the estimates of several studies: the classical random-effects model.

The model (Hedges and Vevea 1998) is ``y_i ~ N(theta_i, v_i)``, ``theta_i ~ N(mu, tau2)``; the
sampling variances ``v_i`` are taken as known. ``pool`` estimates the mean effect ``mu``.

Defaults are those of the Cochrane Handbook since 2025: tau2 by REML, the confidence interval of
Knapp and Hartung, I2 from tau2, a Q-profile interval for tau2 and a prediction interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain, studies
from saisei.synthesis.pairwise.confidence_prediction import confidence_prediction
from saisei.synthesis.pairwise.fit_statistics import i2_h2, log_likelihood, tau2_standard_error
from saisei.synthesis.pairwise.heterogeneity import (
    METHODS,
    Heterogeneity,
    Method,
    cochran_q,
    estimate_tau2,
    q_profile,
    weighted_squares,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray

Test = Literal["z", "t", "knha", "knha-safeguarded"]
"""How the confidence interval of the mean is made.

``z``: normal quantile and Wald standard error. ``t``: the same standard error with t of k - 1
degrees of freedom (Follmann and Proschan 1999). ``knha``: Knapp and Hartung (2003), as Hartung
and Sidik and Jonkman before: t with k - 1 degrees of freedom, the squared standard error scaled
by ``q = sum w (y - mu)^2 / (k - 1)``. ``knha-safeguarded``: the same with ``max(1, q)``, so that
the interval is never narrower than Wald's for want of visible heterogeneity (Röver, Knapp and
Friede 2015)."""

TESTS: tuple[str, ...] = get_args(Test)
PredictionStyle = Literal["knha", "z", "hts", "nnf"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PoolResult:
    """A pooled effect.

    Attributes
    ----------
    estimate, se, ci, p
        The mean effect, its standard error, confidence interval and two-sided p value (of no
        effect), all on the scale of ``y``.
    tau2, i2, h2
        Variance of true effects; I2 in per cent and H2. For random effects both come from tau2
        and the typical sampling variance (Higgins and Thompson 2002); for ``EE`` from Q. NaN for
        a single study.
    q, q_df, q_p
        Cochran's Q test of heterogeneity.
    prediction_interval
        Where the true effect of a new setting is expected: under ``knha`` t with k - 1 degrees
        of freedom and the Knapp-Hartung standard error, under ``z`` normal. None for ``EE`` and
        for a single study. Other styles: ``prediction(style)``.
    weights
        Each study's share of the estimate; they sum to 1.
    k, method, test, level
        Number of studies, and what was used (for one study the test is always ``z``).
    converged, iterations, boundary, multimodal
        How tau2 was reached; see ``Heterogeneity``.
    notes
        Sentences on what is unusual about this pool.
    y, v
        The data, read-only.
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    p: float
    tau2: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    prediction_interval: tuple[float, float] | None
    k: int
    method: str
    test: str
    level: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    notes: tuple[str, ...]
    weights: FloatArray = field(hash=False)
    y: FloatArray = field(hash=False)
    v: FloatArray = field(hash=False)

    @property
    def tau(self) -> float:
        """Standard deviation of true effects."""
        return math.sqrt(self.tau2)

    @property
    def statistic(self) -> float:
        """The estimate in standard errors; ``p`` is its two-sided tail (NaN without spread)."""
        return self.estimate / self.se if self.se else math.nan

    @property
    def tau2_se(self) -> float:
        """Standard error of tau2 (NaN for ``EE``); see ``tau2_standard_error``."""
        return tau2_standard_error(self.y, self.v, self.tau2, self.method)

    @property
    def log_likelihood(self) -> float:
        """At the estimates, with all constants; restricted for ``REML``."""
        return log_likelihood(self.y, self.v, self.tau2, self.method)

    @property
    def aic(self) -> float:
        """Akaike's criterion (1974): the mean counts as a parameter, and tau2 unless ``EE``."""
        return -2.0 * self.log_likelihood + (2.0 if self.method == "EE" else 4.0)

    @property
    def tau2_ci(self) -> tuple[float, float]:
        """Q-profile confidence interval of tau2, at the level of the pool (NaN for one study)."""
        return q_profile(self.y, self.v, self.level)

    def prediction(self, style: PredictionStyle = "hts") -> tuple[float, float] | None:
        """Prediction interval by name, at the level of the pool.

        ``knha``: t with k - 1 degrees of freedom and the Knapp-Hartung standard error (IntHout
        and others 2016); ``z``: normal with the Wald standard error; ``hts``: Higgins, Thompson
        and Spiegelhalter (2009), t with k - 2 degrees of freedom and the Wald standard
        error; ``nnf``: Nagashima, Noma and Furukawa (2019), ``confidence_prediction``. None
        where the degrees of freedom do not suffice, or tau2 was not estimated.
        """
        if style not in get_args(PredictionStyle):
            raise ValueError(f"style is {style!r}; expected one of 'knha', 'z', 'hts', 'nnf'")
        if self.method == "EE" or self.k < (3 if style in ("hts", "nnf") else 2):
            return None
        if style == "nnf":
            return confidence_prediction(self.y, self.v, self.level).prediction_interval
        w = 1.0 / (self.v + self.tau2)
        total = float(w.sum())
        variance = 1.0 / total
        if style == "knha":
            variance *= _knapp_hartung(self.y, w)
        quantile = {
            "z": _quantile(self.level, None),
            "knha": _quantile(self.level, self.k - 1),
            "hts": _quantile(self.level, max(1, self.k - 2)),
        }[style]
        return _interval(self.estimate, quantile, math.sqrt(variance + self.tau2))

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold (NaN as None), tau2's interval too."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {key: plain(value) for key, value in {**named, "tau2_ci": self.tau2_ci}.items()}

    def __repr__(self) -> str:
        percent = f"{100 * self.level:g}%"
        lines = [
            f"PoolResult: k = {self.k}, method {self.method}, test {self.test}",
            f"  tau2 {self.tau2:.4f}   I2 {self.i2:.2f}%   H2 {self.h2:.2f}",
            f"  Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
            f"  estimate {self.estimate:.4f}   se {self.se:.4f}   p {self.p:.4g}",
            f"  {percent} CI {self.ci[0]:.4f} to {self.ci[1]:.4f}",
        ]
        if self.prediction_interval is not None:
            low, high = self.prediction_interval
            lines.append(f"  {percent} prediction interval {low:.4f} to {high:.4f}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def pool(
    y: ArrayLike,
    v: ArrayLike,
    method: Method = "REML",
    test: Test = "knha",
    level: float = 0.95,
) -> PoolResult:
    """Pool study estimates under the common-effect or the random-effects model.

    Parameters
    ----------
    y : array_like of shape (k,)
        Study estimates (treatment minus control; ratios as logarithms).
    v : array_like of shape (k,)
        Their sampling variances (not standard errors).
    method : {"REML", "EE", "DL", "HE", "SJ", "ML", "PM", "EB", "HS", "HSk"}
        Estimator of tau2; ``EE`` is the common-effect model with tau2 = 0.
    test : {"knha", "z", "t", "knha-safeguarded"}
        How the interval of the mean is made; see ``Test``.
    level : float
        Coverage of every interval.

    Returns
    -------
    PoolResult

    Raises
    ------
    ValueError
        If an argument is not as described; the message names the place and the value.

    Examples
    --------
    >>> pool([-0.9, -1.6, -1.3, -1.4, -0.2], [0.33, 0.19, 0.42, 0.02, 0.05])
    PoolResult: k = 5, method REML, test knha
      tau2 0.2973   I2 76.66%   H2 4.29
      Q(4) = 22.2292, p = 0.0001804
      estimate -1.0404   se 0.2692   p 0.01807
      95% CI -1.7878 to -0.2930
      95% prediction interval -2.7287 to 0.6479
      note: the Knapp-Hartung factor is 0.802: a smaller standard error than Wald's
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; expected one of {', '.join(METHODS)}")
    if test not in TESTS:
        raise ValueError(f"test is {test!r}; expected one of {', '.join(TESTS)}")
    check_level(level)
    estimates, variances = studies(y, v, "v")
    if estimates.size == 1:
        return _single(estimates, variances, method, level)
    fit = estimate_tau2(estimates, variances, method)
    return pool_at(fit, estimates, variances, method, test, level)


def pool_at(
    fit: Heterogeneity, y: FloatArray, v: FloatArray, method: Method, test: Test, level: float
) -> PoolResult:
    """Pool two or more checked studies at a tau2 that was found."""
    k = y.size
    w = 1.0 / (v + fit.tau2)
    total = float(w.sum())
    weights = w / total
    estimate = float(y[0] + weights @ (y - y[0]))
    q = cochran_q(y, v)
    factor = 1.0
    if test not in ("z", "t"):
        factor = _knapp_hartung(y, w)
        if test == "knha-safeguarded":
            factor = max(1.0, factor)
    se = math.sqrt(factor / total)
    quantile = _quantile(level, None if test == "z" else k - 1)
    i2, h2 = i2_h2(v, fit.tau2, q, method)
    return PoolResult(
        estimate=estimate,
        se=se,
        ci=_interval(estimate, quantile, se),
        p=_p_value(estimate, se, None if test == "z" else k - 1),
        tau2=fit.tau2,
        i2=i2,
        h2=h2,
        q=q,
        q_df=k - 1,
        q_p=float(special.chdtrc(k - 1, q)),
        prediction_interval=(
            None if method == "EE" else _interval(estimate, quantile, math.sqrt(se * se + fit.tau2))
        ),
        k=k,
        method=method,
        test=test,
        level=level,
        converged=fit.converged,
        iterations=fit.iterations,
        boundary=fit.boundary,
        multimodal=fit.multimodal,
        notes=_notes(k, method, test, factor, multimodal=fit.multimodal),
        weights=frozen(weights),
        y=frozen(y),
        v=frozen(v),
    )


def _single(y: FloatArray, v: FloatArray, method: Method, level: float) -> PoolResult:
    """One study: its own normal interval; nothing can be said of heterogeneity."""
    estimate, se = float(y[0]), math.sqrt(float(v[0]))
    return PoolResult(
        estimate=estimate,
        se=se,
        ci=_interval(estimate, _quantile(level, None), se),
        p=_p_value(estimate, se, None),
        tau2=math.nan,
        i2=math.nan,
        h2=math.nan,
        q=0.0,
        q_df=0,
        q_p=math.nan,
        prediction_interval=None,
        k=1,
        method=method,
        test="z",
        level=level,
        converged=True,
        iterations=0,
        boundary=False,
        multimodal=False,
        notes=("one study: its own normal interval; tau2 cannot be estimated",),
        weights=frozen(np.ones(1)),
        y=frozen(y),
        v=frozen(v),
    )


def _knapp_hartung(y: FloatArray, w: FloatArray) -> float:
    """Return the factor ``q = sum w (y - mu)^2 / (k - 1)`` of Knapp and Hartung (2003)."""
    return weighted_squares(y, w) / (y.size - 1)


def _quantile(level: float, df: int | None) -> float:
    """Upper quantile of a central interval: normal without ``df``, else of t."""
    p = 0.5 + 0.5 * level
    return float(special.ndtri(p) if df is None else special.stdtrit(df, p))


def _interval(centre: float, quantile: float, se: float) -> tuple[float, float]:
    return centre - quantile * se, centre + quantile * se


def _p_value(estimate: float, se: float, df: int | None) -> float:
    """Two-sided p value of no effect; with no spread at all it is 0, or 1 at no effect."""
    if se == 0.0:
        return 0.0 if estimate else 1.0
    ratio = -abs(estimate) / se
    return float(2.0 * (special.ndtr(ratio) if df is None else special.stdtr(df, ratio)))


def _notes(k: int, method: str, test: str, factor: float, *, multimodal: bool) -> tuple[str, ...]:
    notes = []
    if multimodal:
        notes.append("the likelihood of tau2 has several maxima; the highest was taken")
    if test == "knha" and factor < 1.0:
        notes.append(
            f"the Knapp-Hartung factor is {factor:.3g}: a smaller standard error than Wald's"
        )
    if k == 2 and method != "EE":
        notes.append("two studies: tau2 is hardly known")
    return tuple(notes)
