"""From a selection of comparisons to a finding: effect, certainty, verdict, all in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from saisei import synthesis as syn
from saisei.appraisal.certainty import Body, rate_certainty
from saisei.appraisal.effects import (
    Pooled,
    control_share,
    pool_contrasts,
    risk_difference,
    to_verdict_scale,
)
from saisei.appraisal.model import Asked, Effect, Finding, Tier, Verdict, Word, Worthwhile
from saisei.appraisal.priors import PriorChoice
from saisei.appraisal.texts import say
from saisei.appraisal.thresholds import limits
from saisei.appraisal.verdict import Reading, judge
from saisei.base.sources import Statement
from saisei.base.texts import together
from saisei.evidence import Contrast, Selection
from saisei.vocabulary import Design

__all__ = ["appraise", "drives"]

LEVEL = 0.05
"""A difference that is printed as 0.0 favours neither side."""


def drives(contrast: Contrast) -> str:
    """Name why a comparison may not drive a verdict or a forecast; empty when it may.

    Only randomised comparisons drive; never an outcome chosen afterwards, never a press release.
    """
    if contrast.design is not Design.RCT:
        return "not-randomised"
    if contrast.prespecified is False:
        return "post-hoc"
    return "press-release" if contrast.press_release else ""


def appraise(
    selection: Selection,
    tier: Tier,
    *,
    asked: Asked,
    worthwhile: Worthwhile,
    counts: tuple[Statement, ...] = (),
    empty: Sequence[Contrast] = (),
    prior: PriorChoice | None = None,
) -> Finding:
    """Appraise the comparisons of one question.

    Parameters
    ----------
    selection
        The answer of the evidence, at a tier.
    asked, worthwhile
        The question, and the smallest difference worth having.
    counts
        The trials' own counts, in words.
    empty
        Comparisons in which nobody had the event: they give no ratio, but are told.
    prior
        Another prior than the main one, for a sensitivity analysis.
    """
    used = tuple(contrast for contrast in selection.contrasts if not drives(contrast))
    shown = _shown(selection)
    if not used:
        reached = tier if empty else None
        return Finding(asked, selection, reached, (), shown, _nothing(empty), counts=counts)
    pooled = pool_contrasts(used, asked.measure, asked.outcome, prior=prior)
    benefit = used[0].benefit
    share = control_share(used) if worthwhile.scale == "per-100" else None
    bare = Finding(
        asked, selection, tier, used, shown, Verdict("uncertain", ()),
        effect=pooled.effect, pool=pooled.pool, bayes=pooled.bayes, worthwhile=worthwhile,
        control_risk=share[0] if share else None, control_counts=share[1] if share else None,
        benefit=benefit, counts=counts,
    )  # fmt: skip
    if worthwhile.scale == "per-100" and share is None:
        return replace(bare, verdict=_without_risk())
    body = _body(bare, pooled)
    certainty = rate_certainty(body, worthwhile)
    return replace(bare, certainty=certainty, verdict=_verdict(bare, pooled, body))


def _shown(selection: Selection) -> tuple[tuple[Contrast, str], ...]:
    barred = [(c, say(f"shown.{drives(c)}")) for c in selection.contrasts if drives(c)]
    beside = [(c, say(f"shown.{c.why_beside}")) for c in selection.beside]
    return (*barred, *beside)


def _on_scale(finding: Finding, effect: float) -> float:
    if finding.worthwhile is None:
        raise ValueError("a finding without a threshold has no verdict scale")
    scale = finding.worthwhile.scale
    return to_verdict_scale(
        effect, scale=scale, benefit=finding.benefit, control=finding.control_risk
    )


def _turned(finding: Finding, low: float, high: float) -> tuple[float, float]:
    ends = sorted((_on_scale(finding, low), _on_scale(finding, high)))
    return ends[0], ends[1]


def _body(finding: Finding, pooled: Pooled) -> Body:
    effect, tier = pooled.effect, finding.tier
    if tier is None:
        raise ValueError("a finding without a tier has no certainty")
    new = (effect.new_low, effect.new_high)
    known = new[0] is not None and new[1] is not None and len(finding.used) > 1
    return Body(
        tier=tier,
        interval=_turned(finding, effect.low, effect.high),
        prediction=_turned(finding, new[0] or 0.0, new[1] or 0.0) if known else None,
        weights=finding.weights,
        bias=[contrast.bias for contrast in finding.used],
        people=finding.people,
        events=_events(finding.used) if finding.asked.measure == "OR" else None,
        unreported=tuple(trial.title for trial in finding.selection.unreported),
        second_hand=tuple(c.title for c in finding.used if c.second_hand),
    )


def _events(contrasts: Sequence[Contrast]) -> int:
    return sum((c.treated.events or 0) + (c.control.events or 0) for c in contrasts)


def _verdict(finding: Finding, pooled: Pooled, body: Body) -> Verdict:
    if finding.worthwhile is None:
        raise ValueError("a finding without a threshold has no verdict")
    estimate = _on_scale(finding, pooled.effect.median)
    outcome, limit = finding.asked.outcome, finding.worthwhile
    reading, level = judge(estimate, body, limit, outcome=outcome)
    half, double = (
        judge(estimate, body, limit.times(by), outcome=outcome)[0].word for by in (0.5, 2.0)
    )
    sentences = [
        Statement(_word_sentence(reading, level)),
        *_numbers(finding, pooled.effect, estimate, body.interval),
        Statement(limit.words, ("thresholds/own",)),
        Statement(_moving(reading.word, half, double)),
    ]
    if pooled.effect.mostly_assumption:
        studies = say("one-study" if pooled.effect.studies == 1 else "two-studies")
        sentences.append(Statement(say("mostly-assumption", studies=studies)))
    if _bounds_nothing(finding, pooled.effect):
        sentences.append(Statement(say("new-setting-open"), ("thresholds/own",)))
    if pooled.effect.studies == 1:
        sentences.append(_alone(finding, estimate))
    low, high = body.interval
    return Verdict(reading.word, tuple(sentences), estimate, low, high, limit.scale, half, double)


def _bounds_nothing(finding: Finding, effect: Effect) -> bool:
    """Whether a new setting's interval is unbounded in practice: large harm to large benefit."""
    if effect.new_low is None or effect.new_high is None or finding.worthwhile is None:
        return False
    low, high = _turned(finding, effect.new_low, effect.new_high)
    far = float(limits()["bounds_nothing_from"]) * finding.worthwhile.harm
    down, up = far, far
    if finding.control_risk is not None:
        nearly = float(limits()["bounds_nothing_share"])
        room = _turned(finding, -math.inf, math.inf)  # a share ends at none and at all
        down, up = min(far, -nearly * room[0]), min(far, nearly * room[1])
    return low <= -down and high >= up


def _word_sentence(reading: Reading, level: str) -> str:
    if reading.word != "uncertain":
        return say(f"verdict.{reading.word}.{level}")
    words = [say("verdict.uncertain.any")]
    if reading.why:
        people = limits()["never_no_difference_below"]["people"]
        words.append(say(f"verdict.uncertain.{reading.why}", people=people))
    return together(*words)


def _moving(word: Word, half: Word, double: Word) -> str:
    if half == word == double:
        return say("threshold.stays")
    return say("threshold.moves", half=half, double=double)


def _numbers(
    finding: Finding, effect: Effect, estimate: float, interval: tuple[float, float]
) -> list[Statement]:
    keys = finding.source_keys
    if finding.worthwhile is None or finding.worthwhile.scale != "per-100":
        return [Statement(_size(finding, estimate, interval), keys)]
    control = finding.control_risk or 0.0
    shares = [
        f"{100 * control + risk_difference(at, control):.0f}"
        for at in (effect.median, effect.low, effect.high)
    ]
    low, high = sorted(shares[1:], key=float)
    words = say(
        "numbers.per-100", control=f"{100 * control:.0f}", people=finding.asked.people,
        treated=shares[0], low=low, high=high,
    )  # fmt: skip
    events, n = finding.control_counts or (0, 0)
    key = "control-risk" if events else "control-risk-none"
    return [Statement(together(words, say(f"numbers.{key}", events=events, n=n)), keys)]


def _one(number: float) -> str:
    """Give a number with one decimal and a real minus, without a negative zero."""
    return f"{round(number, 1) + 0.0:.1f}".replace("-", "−")


def _size(finding: Finding, estimate: float, interval: tuple[float, float]) -> str:
    """Say a difference in points or standard deviations, or an odds ratio."""
    scale = finding.worthwhile.scale if finding.worthwhile else "points"
    low, high = interval
    if scale == "log-odds-ratio":
        shown = [f"{math.exp(number):.2f}" for number in (estimate, low, high)]
        return say(f"numbers.{scale}", estimate=shown[0], low=shown[1], high=shown[2])
    if abs(estimate) < LEVEL:
        return say(f"numbers.level.{scale}", low=_one(low), high=_one(high))
    sign = 1.0 if estimate >= 0 else -1.0
    ends = sorted((sign * low, sign * high))
    side = say(f"numbers.side.{'cells' if estimate >= 0 else 'control'}")
    shown = [_one(number) for number in (sign * estimate, *ends)]
    return say(f"numbers.{scale}", estimate=shown[0], low=shown[1], high=shown[2], side=side)


def _alone(finding: Finding, estimate: float) -> Statement:
    """Say what the one trial fits by itself, in the terms of the sentence on the numbers."""
    one, scale = finding.used[0], finding.worthwhile.scale if finding.worthwhile else "points"
    reach = one.se / syn.se_from_ci(-1.0, 1.0, float(limits()["level"]))
    ends = _turned(finding, one.y - reach, one.y + reach)
    if scale == "per-100":
        control = 100 * (finding.control_risk or 0.0)
        shown = [f"{end:.0f}" for end in sorted(control + finding.benefit * end for end in ends)]
    elif scale == "log-odds-ratio":
        shown = [f"{math.exp(end):.2f}" for end in sorted(ends)]
    else:
        sign = -1.0 if estimate <= -LEVEL else 1.0
        shown = [_one(end) for end in sorted(sign * end for end in ends)]
    low, high = shown
    return Statement(say("alone", low=low, high=high), finding.source_keys)


def _nothing(empty: Sequence[Contrast]) -> Verdict:
    """Give *no data*; where it happened to nobody, say what that cannot exclude."""
    if not empty:
        return Verdict("no data", (Statement(say("verdict.no data.any")),))
    keys = tuple(dict.fromkeys(key for c in empty for key in c.source_keys))
    return Verdict("uncertain", (Statement(_zero_words(empty), keys),))


def _zero_words(empty: Sequence[Contrast]) -> str:
    """Say what no event in either arm leaves open."""
    counts = "; ".join(f"{c.title}: {c.treated} with cells, {c.control} without" for c in empty)
    n = sum(c.n_treated or 0 for c in empty)
    upper = round(100 * syn.binomial_interval(0, n).upper)
    limits = say("numbers.zero-limit", n=n, upper=upper)
    return say("numbers.none-known", counts=counts, limits=limits)


def _without_risk() -> Verdict:
    words = together(say("verdict.uncertain.any"), say("verdict.uncertain.no-risk"))
    return Verdict("uncertain", (Statement(words),))
