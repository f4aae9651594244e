"""How sure the evidence is, by rule: every step down with its reason, never a step up.

Computed from numbers and labels alone; the limits stand in ``thresholds.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from saisei.appraisal.model import LEVELS, Certainty, Step, Tier, Worthwhile
from saisei.appraisal.texts import say
from saisei.appraisal.thresholds import limits
from saisei.base.sources import Statement
from saisei.base.texts import together

__all__ = ["Body", "rate_certainty"]

Interval = tuple[float, float]

NAMED = 5
"""Up to so many trials are named in a reason; more are counted."""


@dataclass(frozen=True, slots=True)
class Body:
    """What the rules need to know of the randomised comparisons of one question.

    Intervals are on the verdict's scale, turned so that above 0 is better for the person.

    Parameters
    ----------
    interval
        95 % interval of the mean effect.
    prediction
        95 % interval of the effect in a new setting; None where none can be computed.
    weights, bias
        Each comparison's share of the pool, and its risk of bias.
    events
        People with the event, both groups together; None for means and whole scales.
    unreported, second_hand
        Names of trials whose results are missing, and of those read second hand.
    """

    tier: Tier
    interval: Interval
    prediction: Interval | None
    weights: Sequence[float]
    bias: Sequence[str]
    people: int
    events: int | None = None
    unreported: tuple[str, ...] = ()
    second_hand: tuple[str, ...] = ()


def rate_certainty(body: Body, worthwhile: Worthwhile) -> Certainty:
    """Start high and go down by the rules; never up, and not below very low.

    Examples
    --------
    >>> body = Body("A", (4.0, 9.0), None, [1.0], ["low"], people=500)
    >>> rate_certainty(body, Worthwhile(3, 3, "points", "")).level
    'high'
    """
    steps = (
        _bias(body),
        _inconsistency(body, worthwhile),
        Step("indirectness", -"ABC".index(body.tier), _why(f"indirectness.{body.tier}")),
        _imprecision(body, worthwhile),
        _missing(body),
        *_second_hand(body),
    )
    down = -sum(step.change for step in steps)
    return Certainty(LEVELS[min(down, len(LEVELS) - 1)], steps, say("label"))


def weight_at_risk(weights: Sequence[float], bias: Sequence[str]) -> float:
    """Give the share of the weight that is at high or unjudged risk of bias."""
    risky = sum(w for w, b in zip(weights, bias, strict=True) if b in ("high", "unjudged"))
    return risky / sum(weights)


def _bias(body: Body) -> Step:
    share = weight_at_risk(body.weights, body.bias)
    borders = limits()["certainty"]["weight_at_risk"]
    if share >= borders["two_steps"] - 1e-9:
        return Step("risk of bias", -2, _why("bias.all"))
    if share > borders["one_step"]:
        return Step("risk of bias", -1, _why("bias.half", share=round(100 * share)))
    return Step("risk of bias", 0, _why("bias.none"))


def _inconsistency(body: Body, worthwhile: Worthwhile) -> Step:
    if len(body.weights) == 1:
        return Step("inconsistency", 0, _why("inconsistency.one"))
    if body.prediction is None:
        return Step("inconsistency", 0, _why("inconsistency.unknown"))
    if _reaches_both(body.prediction, worthwhile):
        return Step("inconsistency", -1, _why("inconsistency.wide"))
    return Step("inconsistency", 0, _why("inconsistency.none"))


def _imprecision(body: Body, worthwhile: Worthwhile) -> Step:
    width, reasons = _width(body.interval, worthwhile)
    borders = limits()["certainty"]
    few = 0
    if body.events is None and body.people < borders["people_for_means"]:
        filling = {"people": body.people, "limit": borders["people_for_means"]}
        few, reasons = -1, [*reasons, say("certainty.imprecision.none-few-people", **filling)]
    elif body.events is not None and body.events < borders["events_for_shares"]:
        filling = {"events": body.events, "limit": borders["events_for_shares"]}
        few, reasons = -1, [*reasons, say("certainty.imprecision.none-few-events", **filling)]
    words = together(*reasons) if reasons else say("certainty.imprecision.none")
    return Step("imprecision", width + few, Statement(words))


def _width(interval: Interval, worthwhile: Worthwhile) -> tuple[int, list[str]]:
    low, high = interval
    if _reaches_both(interval, worthwhile):
        return -2, [say("certainty.imprecision.both")]
    holds_none = low <= 0 <= high
    if holds_none and (high >= worthwhile.benefit or low <= -worthwhile.harm):
        return -1, [say("certainty.imprecision.one")]
    return 0, []


def _reaches_both(interval: Interval, worthwhile: Worthwhile) -> bool:
    return interval[0] <= -worthwhile.harm and interval[1] >= worthwhile.benefit


def _missing(body: Body) -> Step:
    if not body.unreported:
        return Step("missing results", 0, _why("missing.none"))
    named = ", ".join(body.unreported)
    few = len(body.unreported) <= NAMED
    key = "some" if few else "many"
    why = _why(f"missing.{key}", trials=named, count=len(body.unreported))
    return Step("missing results", -1, why)


def _second_hand(body: Body) -> tuple[Step, ...]:
    if not body.second_hand:
        return ()
    trials = ", ".join(body.second_hand)
    return (Step("second-hand source", -1, _why("second-hand.some", trials=trials)),)


def _why(key: str, **filling: object) -> Statement:
    return Statement(say(f"certainty.{key}", **filling))
