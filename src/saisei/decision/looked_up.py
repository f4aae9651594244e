"""What was looked up for one person, as views: every finding once, and the futures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from saisei.appraisal import Finding, OtherChoice, sensitivity_of
from saisei.cases import Case
from saisei.decision.considered import Considered, plain_name
from saisei.decision.findings import finding_id, silent_view
from saisei.decision.findings import view as finding_view
from saisei.decision.futures import view as future_view
from saisei.decision.views import FindingView, FutureView
from saisei.decision.voice import Voice
from saisei.forecast import futures

__all__ = ["drawn_from", "shown_findings", "shown_futures"]


def drawn_from(seen: Iterable[FutureView]) -> frozenset[str]:
    """Name the findings from which a future with cells is drawn."""
    return frozenset(one.finding for future in seen for one in future.with_therapy)


def shown_findings(
    considered: Iterable[Considered], voice: Voice, drawn: frozenset[str] = frozenset()
) -> tuple[FindingView, ...]:
    """Give every finding once: the nearest tiers by therapy, then the nearest ever tested.

    The last are the same for every therapy but for the threshold, which brain surgery raises: the
    plain threshold is shown.
    """
    near = [pair for one in considered for pair in one.findings("A", "B")]
    far = [pair for one in considered for pair in one.findings("C")]
    far.sort(key=lambda pair: bool(pair[0].worthwhile and pair[0].worthwhile.doubled))
    asked = {finding.asked.id: (finding, target) for finding, target in reversed(far)}
    order = {finding.asked.id: None for finding, _ in far}
    shown = [*near, *(asked[name] for name in order)]
    found = {finding_id(finding, target): (finding, target) for finding, target in shown}
    views = [
        finding_view(finding, target, voice, varied=True if name in drawn else None)
        for name, (finding, target) in found.items()
    ]
    silent = [
        finding for one in considered for answers in one.answers for finding in answers.silent
    ]
    answered_somewhere = {finding.asked.id for finding, _ in shown}
    unanswered = [finding for finding in silent if finding.asked.id not in answered_somewhere]
    return (*views, *([silent_view(unanswered, voice)] if unanswered else []))


def shown_futures(
    case: Case, considered: Sequence[Considered], voice: Voice, context: str | None
) -> tuple[FutureView, ...]:
    """Forecast every scale without a therapy, and with one where that may be drawn."""
    names = {
        id(finding): (
            finding,
            plain_name(one.programme, voice),
            finding_id(finding, answers.target),
            answers.target,
        )
        for one in considered
        for answers in one.answers
        for finding in answers.findings
    }

    def named(finding: Finding) -> tuple[str, str]:
        _, therapy, shown_as, _ = names[id(finding)]
        return therapy, shown_as

    def varied(finding: Finding) -> tuple[OtherChoice, ...]:
        return sensitivity_of(finding, names[id(finding)][3])

    found = [finding for finding, *_ in names.values()]
    drawn = futures(case, found, context=context, varied=varied)
    return tuple(future_view(future, voice, named) for future in drawn)
