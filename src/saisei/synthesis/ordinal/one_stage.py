"""Pooling ordinal outcomes in one stage, with the counts themselves.

``F^-1 P(Y_i <= j) = theta_ij - mu x - tau z_i (x - c_i)``, z_i standard normal and x = 1 for the
treated: each study has its own thresholds and its own shift ``mu + tau z_i``, and a study without
a finite estimate of its own still counts. Above 0: the treated stand HIGHER on the scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis.effects.measures import LeftOut
from saisei.synthesis.ordinal.links import Link, check_link
from saisei.synthesis.ordinal.mixed import Model, Profile, fit
from saisei.synthesis.ordinal.shift import (
    CommonOddsRatio,
    _separation,
    common_odds_ratio,
    common_probit_shift,
)
from saisei.synthesis.ordinal.two_stage import _pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.ordinal.search import Fit

NODES = 41

RandomOn = Literal["half", "share", "treated"]
"""How a study's random effect is shared between its arms (c above), which matters for tau.

Thresholds are maximised, not integrated out; with c = 0 (``treated``, all of it on the treated)
tau2 then comes out too low, by about half a sampling variance. ``half`` (c = 1/2) removes that
for arms of equal size (Jackson and others 2018, their model 4 against 2); ``share`` (c the share
of the treated) extends it to unequal arms."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OrdinalPool:
    """Ordinal studies pooled in one stage by maximum likelihood.

    Attributes
    ----------
    estimate, se, ci, p
        Mean log odds ratio (or probit shift), treated against control, above 0 = higher; its
        standard error from the observed information (of mu and tau together; of mu alone where
        tau is 0), Wald interval and two-sided p value. A mean without a finite estimate is plus
        or minus infinity with an infinite ``se``.
    tau2
        Variance of the studies' true effects, by maximum likelihood (which is low on average
        with few studies); NaN where it was not estimated for want of a second study.
    prediction_interval
        Where the true effect of a new setting is expected; None without random effects.
    q_lr, q_lr_p
        Likelihood-ratio test of tau = 0; its reference is half a chi-squared with one degree of
        freedom and half a zero (Self and Liang 1987).
    effects, effects_se
        Each study's effect given all data (empirical Bayes) and its conditional spread.
    thresholds
        Each study's thresholds between the categories that hold anyone.
    included, left_out
        Places of the studies used, and those that say nothing with the reason.
    k, method, link, random_on, test, level, nodes
        Number of studies, and what was used.
    log_likelihood, converged, iterations, boundary, multimodal, notes
        How the maximum was reached; ``boundary``: tau is 0 because it cannot be below.
    """

    estimate: float
    se: float
    ci: tuple[float, float]
    p: float
    tau2: float
    prediction_interval: tuple[float, float] | None
    q_lr: float
    q_lr_p: float
    k: int
    method: str
    link: str
    random_on: str
    test: str
    level: float
    nodes: int
    log_likelihood: float
    converged: bool
    iterations: int
    boundary: bool
    multimodal: bool
    notes: tuple[str, ...]
    included: tuple[int, ...]
    left_out: tuple[LeftOut, ...]
    effects: FloatArray = field(hash=False)
    effects_se: FloatArray = field(hash=False)
    thresholds: tuple[FloatArray, ...] = field(hash=False)

    @property
    def tau(self) -> float:
        """Standard deviation of true effects."""
        return math.sqrt(self.tau2)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": out.index, "reason": out.reason} for out in self.left_out]
        return {name: plain(value) for name, value in named.items()}

    def __repr__(self) -> str:
        percent = f"{100 * self.level:g}%"
        lines = [
            f"OrdinalPool: k = {self.k}, method {self.method}, link {self.link}, test {self.test}",
            f"  tau2 {self.tau2:.4f}   LR of tau2 = 0: {self.q_lr:.4f}, p = {self.q_lr_p:.4g}",
            f"  estimate {self.estimate:.4f}   se {self.se:.4f}   p {self.p:.4g}",
            f"  {percent} CI {self.ci[0]:.4f} to {self.ci[1]:.4f}",
        ]
        if self.prediction_interval is not None:
            low, high = self.prediction_interval
            lines.append(f"  {percent} prediction interval {low:.4f} to {high:.4f}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def pool_ordinal(
    treated_counts: Sequence[ArrayLike],
    control_counts: Sequence[ArrayLike],
    link: Link = "logit",
    method: Literal["ML", "EE"] = "ML",
    random_on: RandomOn = "half",
    test: Literal["z", "t"] = "z",
    level: float = 0.95,
    nodes: int = NODES,
) -> OrdinalPool:
    """Pool ordinal studies in one stage: own thresholds each, a normal random effect.

    Parameters
    ----------
    treated_counts, control_counts : sequence of array_like
        For each study the people in each category, from the lowest to the highest. Studies may
        have scales of different length.
    link : {"logit", "probit"}
        Proportional odds, or ordered probit.
    method : {"ML", "EE"}
        Random effects by maximum likelihood, or one effect for all (tau = 0).
    random_on : {"half", "share", "treated"}
        How the random effect is shared between the arms; see ``RandomOn``.
    test : {"z", "t"}
        Normal intervals, or t with k - 1 degrees of freedom.
    level : float
        Coverage of every interval.
    nodes : int
        Nodes of the quadrature in each study.

    Returns
    -------
    OrdinalPool

    Raises
    ------
    ValueError
        If an argument is not as described, or no study holds information.

    Examples
    --------
    >>> pool_ordinal(
    ...     [[5, 9, 20, 15, 31], [9, 11, 18, 15, 22]], [[3, 8, 12, 17, 39], [1, 13, 13, 17, 33]]
    ... )
    OrdinalPool: k = 2, method ML, link logit, test z
      tau2 0.0000   LR of tau2 = 0: 0.0000, p = 1
      estimate -0.5502   se 0.2075   p 0.008013
      95% CI -0.9570 to -0.1435
      95% prediction interval -0.9570 to -0.1435
      note: two studies: tau2 is hardly known
    """
    check_link(link)
    check_level(level)
    if method not in {"ML", "EE"}:
        raise ValueError(f"method is {method!r}; expected one of ML, EE")
    if test not in {"z", "t"}:
        raise ValueError(f"test is {test!r}; expected one of z, t")
    if random_on not in {"half", "share", "treated"}:
        raise ValueError(f"random_on is {random_on!r}; expected one of half, share, treated")
    if nodes < 1:
        raise ValueError(f"nodes is {nodes}; expected 1 or more")
    tables, included, left_out, signs = _tables(treated_counts, control_counts)
    random = method == "ML" and len(tables) > 1
    shared: dict[str, Any] = {
        "k": len(tables),
        "method": method,
        "link": link,
        "random_on": random_on,
        "test": test if len(tables) > 1 else "z",
        "level": level,
        "nodes": nodes,
        "included": included,
        "left_out": left_out,
    }
    if all(signs) and len(set(signs)) == 1:
        return _endless(signs[0], shared)
    model = Model(tuple(tables), _centres(tables, random_on), link, nodes)
    return _result(fit(model, _highest(tables, link), random=random), random, shared)


def _centres(tables: list[FloatArray], random_on: RandomOn) -> tuple[float, ...]:
    """Each study's c."""
    if random_on == "share":
        return tuple(float(counts[1].sum() / counts.sum()) for counts in tables)
    return (0.5 if random_on == "half" else 0.0,) * len(tables)


def _tables(
    treated_counts: Sequence[ArrayLike], control_counts: Sequence[ArrayLike]
) -> tuple[list[FloatArray], tuple[int, ...], tuple[LeftOut, ...], list[float]]:
    """Tables without empty categories, their places, and where each one's estimate runs to."""
    tables, included, left_out, signs = [], [], [], []
    for i, (treated, control) in enumerate(_pairs(treated_counts, control_counts)):
        people = treated + control
        counts = np.array([control[people > 0], treated[people > 0]])
        infinite, note = _separation(counts)
        if math.isnan(infinite):
            left_out.append(LeftOut(i, note))
            continue
        tables.append(counts)
        included.append(i)
        signs.append(infinite)
    if not tables:
        raise ValueError("no study holds information: in each, everybody stands in one category")
    return tables, tuple(included), tuple(left_out), signs


def _highest(tables: list[FloatArray], link: Link) -> float:
    """Return a tau beyond which the likelihood is not followed.

    By the argument for one normal estimate per study tau does not exceed their range; studies
    without a finite estimate have none, so some of the latent scale is added.
    """
    estimate = common_odds_ratio if link == "logit" else common_probit_shift
    fits = [estimate(counts[1], counts[0]) for counts in tables]
    shifts = [one.log_or if isinstance(one, CommonOddsRatio) else one.shift for one in fits]
    finite = [shift for shift in shifts if math.isfinite(shift)]
    room = 1.0 if len(finite) == len(shifts) else 5.0
    return room + (max(finite) - min(finite) if finite else 0.0)


def _endless(sign: float, shared: dict[str, Any]) -> OrdinalPool:
    """Every study's estimate runs to the same infinity, and so does the mean."""
    return OrdinalPool(
        estimate=sign,
        se=math.inf,
        ci=(-math.inf, math.inf),
        p=math.nan,
        tau2=math.nan,
        prediction_interval=None,
        q_lr=math.nan,
        q_lr_p=math.nan,
        log_likelihood=math.nan,
        converged=False,
        iterations=0,
        boundary=False,
        multimodal=False,
        notes=("the arms lie apart in the same direction in every study: no finite estimate",),
        effects=frozen(np.empty(0)),
        effects_se=frozen(np.empty(0)),
        thresholds=(),
        **shared,
    )


def _result(found: Fit[Profile], random: bool, shared: dict[str, Any]) -> OrdinalPool:  # noqa: FBT001 - private
    best = found.best
    boundary = random and best.tau == 0.0
    information = best.information if random and not boundary else best.information[:1, :1]
    se = math.sqrt(float(np.linalg.inv(information)[0, 0]))
    tail = 0.5 + 0.5 * shared["level"]
    df = shared["k"] - 1
    normal = shared["test"] == "z"
    quantile = float(special.ndtri(tail) if normal else special.stdtrit(df, tail))
    ratio = -abs(best.mu) / se
    q_lr = max(0.0, 2.0 * (best.value - found.common.value))
    wide = quantile * math.hypot(se, best.tau)
    return OrdinalPool(
        estimate=best.mu,
        se=se,
        ci=(best.mu - quantile * se, best.mu + quantile * se),
        p=2.0 * float(special.ndtr(ratio) if normal else special.stdtr(df, ratio)),
        tau2=best.tau**2 if random or shared["method"] == "EE" else math.nan,
        prediction_interval=(best.mu - wide, best.mu + wide) if random else None,
        q_lr=q_lr if random else math.nan,
        q_lr_p=(0.5 * float(special.chdtrc(1, q_lr)) if q_lr else 1.0) if random else math.nan,
        log_likelihood=best.value,
        converged=found.converged,
        iterations=found.iterations,
        boundary=boundary,
        multimodal=found.multimodal,
        notes=_notes(found, random, shared["k"]),
        effects=frozen(best.means),
        effects_se=frozen(best.sds),
        thresholds=tuple(frozen(theta) for theta in best.thetas),
        **shared,
    )


def _notes(found: Fit[Profile], random: bool, k: int) -> tuple[str, ...]:  # noqa: FBT001 - private
    notes = []
    if found.multimodal:
        notes.append("the likelihood of tau has several maxima; the highest was taken")
    if found.at_edge:
        notes.append("the likelihood still rises at the largest tau tried: tau has no estimate")
    if k == 1:
        notes.append("one study: its own estimate; tau2 cannot be estimated")
    if k == 2 and random:
        notes.append("two studies: tau2 is hardly known")
    return tuple(notes)
