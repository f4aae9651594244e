"""Of each therapy: whether a future with it is drawn, and else why not."""

from __future__ import annotations

from collections.abc import Iterable

from saisei.appraisal import Finding
from saisei.base.sources import Statement
from saisei.base.texts import together
from saisei.decision.considered import Considered
from saisei.decision.findings import finding_id
from saisei.decision.views import FutureView
from saisei.decision.voice import Voice
from saisei.evidence import Target
from saisei.forecast import refusal_words, why_not_drawn
from saisei.scales import scale_of_outcome
from saisei.vocabulary import Outcome

__all__ = ["forecast_words"]


def forecast_words(one: Considered, futures: Iterable[FutureView], voice: Voice) -> Statement:
    """Say whether a future with a therapy is drawn; if not, why not of its main finding.

    Parameters
    ----------
    one
        The therapy with everything that was looked up about it.
    futures
        What was forecast, scale by scale.
    """
    seen = tuple(futures)
    near = one.findings("A", "B")
    own = {finding_id(finding, target) for finding, target in near}
    if own & {with_.finding for future in seen for with_ in future.with_therapy}:
        return voice.statement("futures.drawn")
    reasons = _reasons(one.main, seen) if near else (voice.statement("futures.no_near"),)
    if not reasons:
        return voice.statement("futures.trial_counts_instead")
    counted = any(finding.counts for finding, _ in near)
    key = "futures.undrawn_counts" if counted else "futures.undrawn"
    cited = tuple(dict.fromkeys(source for why in reasons for source in why.sources))
    return voice.statement(key, *cited, why=together(*(why.text for why in reasons)))


def _reasons(
    main: tuple[Finding, Target] | None, futures: Iterable[FutureView]
) -> tuple[Statement, ...]:
    """Give why the nearest finding on how a person lives or moves moves no forecast."""
    if main is None:
        return ()
    finding, target = main
    measured = scale_of_outcome(Outcome(finding.asked.outcome))
    if measured is None:
        return ()
    without = [one.why_not for one in futures if one.scale == measured.id and one.why_not]
    codes = why_not_drawn(finding, measured.id, target.condition, target.stage)
    return (*without, *(refusal_words(code) for code in codes if code != "event"))
