"""What the comparisons of one question give together, and how that reads on the verdict's scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saisei import synthesis as syn
from saisei.appraisal.model import Effect, VerdictScale
from saisei.appraisal.priors import Prior, PriorChoice, tau_prior
from saisei.appraisal.thresholds import limits
from saisei.evidence import Contrast, Measure

__all__ = ["Pooled", "control_share", "pool_contrasts", "risk_difference", "to_verdict_scale"]


@dataclass(frozen=True, slots=True)
class Pooled:
    """The effect, with the results of the numeric library that it was taken from."""

    effect: Effect
    pool: syn.PoolResult
    bayes: syn.BayesResult | None


def pool_contrasts(
    contrasts: Sequence[Contrast],
    measure: Measure,
    outcome: str,
    *,
    prior: PriorChoice | None = None,
) -> Pooled:
    """Pool comparisons: exactly by Bayes up to four studies, by REML and Knapp-Hartung above.

    Weights always come from the random-effects pool. A prior that is named is used for any number
    of studies; nobody names one but a sensitivity analysis.
    """
    y = np.array([contrast.y for contrast in contrasts])
    v = np.array([contrast.v for contrast in contrasts])
    level = float(limits()["level"])
    pool = syn.pool(y, v, method="REML", test="knha", level=level)
    if prior is None and len(contrasts) > limits()["exact_bayes_up_to"]:
        return Pooled(_of_pool(pool, measure), pool, None)
    chosen = tau_prior(measure, outcome, contrasts, choice=prior or "main")
    bayes = syn.bayes_pool(y, np.sqrt(v), tau_prior=chosen.tau)
    return Pooled(_of_bayes(bayes, measure, chosen, level), pool, bayes)


def _of_bayes(bayes: syn.BayesResult, measure: Measure, prior: Prior, level: float) -> Effect:
    """Take quantiles only: with few studies a mean and a standard deviation may not exist."""
    low, high = bayes.mu.interval(level)
    new_low, new_high = bayes.predictive.interval(level)
    return Effect(
        measure, bayes.mu.median, low, high, new_low, new_high, bayes.k,
        "exact Bayesian random effects", prior.words, (prior.source_key,),
        moments=math.isfinite(bayes.mu.sd) and math.isfinite(bayes.predictive.sd),
    )  # fmt: skip


def _of_pool(pool: syn.PoolResult, measure: Measure) -> Effect:
    low, high = pool.ci
    new_low, new_high = pool.prediction_interval or (None, None)
    method = "random effects (REML, Knapp-Hartung)"
    return Effect(measure, pool.estimate, low, high, new_low, new_high, pool.k, method)


def control_share(contrasts: Sequence[Contrast]) -> tuple[float, tuple[int, int]] | None:
    """Give the control arms' pooled share with the event, and its counts.

    With no event at all, half a person is added on either side; None where no arm prints counts.

    Examples
    --------
    >>> control_share([]) is None
    True
    """
    arms = [c.control for c in contrasts if c.control.events is not None and c.control.n]
    events, n = sum(arm.events or 0 for arm in arms), sum(arm.n or 0 for arm in arms)
    if not n:
        return None
    share = events / n if 0 < events < n else (events + 0.5) / (n + 1)
    return share, (events, n)


def risk_difference(log_odds_ratio: float, control: float) -> float:
    """Turn an odds ratio into a difference, in people of 100, at a control group's share.

    Examples
    --------
    >>> round(risk_difference(math.log(2), 0.5), 2)
    16.67
    """
    # the logistic function, in a form that does not overflow
    logit = math.log(control / (1 - control)) + log_odds_ratio
    share = 0.5 * (1 + math.tanh(logit / 2))
    return 100 * (share - control)


def to_verdict_scale(
    effect: float, *, scale: VerdictScale, benefit: int, control: float | None
) -> float:
    """Put an effect on the verdict's scale, above 0 being better for the person."""
    if scale != "per-100":
        return benefit * effect
    if control is None:
        raise ValueError("a difference in people of 100 needs the control groups' share")
    return benefit * risk_difference(effect, control)
