"""From the rows of one study to its contrast for a question.

Rows are tried in a fixed order: those that may stand in a pool before those that may only stand
beside it; the time nearest to the one asked for; counts, events, means, printed effect; the
analysis nearest to everyone randomised; prespecified before the rest; the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from saisei.base.store import load_data
from saisei.evidence.bias import overall_bias
from saisei.evidence.estimates import Estimate, NoEventsError, estimate, printed_estimate
from saisei.evidence.model import Arm, Row, Study
from saisei.evidence.outcomes import limit_is_good, outcome_facts
from saisei.evidence.question import Contrast, Question
from saisei.evidence.summaries import UnusableError
from saisei.vocabulary import Design

__all__ = ["Answer", "answer", "why_beside"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a study gives: contrasts (several only where arms are kept), or the reasons why none."""

    contrasts: tuple[Contrast, ...] = ()
    reasons: tuple[tuple[str, dict[str, object]], ...] = ()
    """Keys under ``rows`` of the catalogue, with what fills their gaps."""
    no_events: tuple[str, str] | None = None
    """How the two arms are printed where nobody had the event."""


def answer(study: Study, question: Question, arms: tuple[Arm, ...]) -> Answer:
    """Give the contrast of `arms` against the study's controls that answers a question best."""
    reasons: dict[str, dict[str, object]] = {}
    usable: list[Row] = []
    for row in study.outcomes:
        if row.outcome is question.outcome:
            if (reason := _mismatch(row, question)) is None:
                usable.append(row)
            else:
                reasons.setdefault(*reason)
    no_events: tuple[str, str] | None = None
    for row in sorted(usable, key=lambda row: _rank(study, row, question)):
        try:
            return Answer(tuple(_contrasts(study, row, question, arms)))
        except UnusableError as reason:
            reasons.setdefault(str(reason), {"kind": row.kind})
        except NoEventsError as empty:
            no_events = no_events or (str(empty.args[0]), str(empty.args[1]))
    return Answer((), tuple(reasons.items()), no_events)


def why_beside(study: Study, row: Row) -> str:
    """Name why a row may not stand in a pool; empty when it may."""
    if row.analysis == "per-protocol":
        return "per-protocol"
    if row.prespecified is False:
        return "post-hoc"
    return "press-release" if study.sources[row.source].kind == "press-release" else ""


def _mismatch(row: Row, question: Question) -> tuple[str, dict[str, object]] | None:
    """Say why a row of the right outcome does not answer; None when it may."""
    if row.time_days is None:
        return "no-time", {}
    if row.time_days == 0 and outcome_facts(row.outcome).kind == "scale":
        return "baseline", {}
    if row.analysis == "per-protocol":  # shown beside any pool of its outcome, whatever its time
        return _wrong_form(row, question)
    if row.time_exact == question.longest:
        return ("exact" if row.time_exact else "inexact"), {}
    if question.days and not question.days[0] <= row.time_days <= question.days[1]:
        return "other-time", {"days": f"{row.time_days:g}"}
    return _wrong_form(row, question)


def _wrong_form(row: Row, question: Question) -> tuple[str, dict[str, object]] | None:
    if row.kind == "effect":
        return _wrong_effect(row, question)
    kinds = {
        "ordinal": ("counts",),
        "events": ("counts", "events"),
        "mean": ("mean", "change", "median", "individual"),
    }[question.kind]
    if row.kind not in kinds:
        return "other-kind", {"kind": row.kind, "outcome": outcome_facts(row.outcome).title}
    if row.kind == "events" and row.event != question.wanted_event:
        return ("other-event", {"event": row.event}) if row.event else ("no-limit", {})
    if row.kind == "change" and question.wanted_measure == "SMD":
        return "changes", {}
    return None


def _wrong_effect(row: Row, question: Question) -> tuple[str, dict[str, object]] | None:
    measure = row.data["contrast"].measure if "contrast" in row.data else None
    wanted = "OR" if question.kind == "ordinal" else question.wanted_measure
    if measure == "SMD" and wanted != "SMD":
        return "standardised", {}
    if measure != wanted:
        return "other-measure", {"measure": measure}
    if question.kind == "mean":
        return None
    facts = outcome_facts(row.outcome)
    if facts.kind == "scale":
        if row.event != question.event:
            return ("other-event", {"event": row.event}) if row.event else ("no-limit", {})
        return ("no-direction", {}) if row.good is None else None
    return None


def _rank(study: Study, row: Row, question: Question) -> tuple[bool, float, int, int, int]:
    reading = load_data("evidence/reading.yaml")
    day = row.time_days or 0.0
    distance = -day if question.near is None else abs(day - question.near)
    prespecified = (True, "unclear", False).index(row.prespecified)
    return (
        bool(why_beside(study, row)),
        distance,
        reading["order_of_kind"].index(row.kind),
        reading["order_of_analysis"].index(row.analysis or ""),
        prespecified,
    )


def _contrasts(
    study: Study, row: Row, question: Question, arms: tuple[Arm, ...]
) -> Iterator[Contrast]:
    """Make the contrast of a row; one for each arm with cells where arms are kept."""
    if row.kind == "effect":
        yield _build(study, row, question, printed_estimate(study, row, question, arms))
        return
    treated = tuple(arm for arm in arms if arm.id in row.data)
    controls = tuple(arm for arm in study.control_arms if arm.id in row.data)
    if not treated or not controls:
        raise UnusableError("one-arm")
    groups = [(arm,) for arm in treated] if question.arms == "kept" else [treated]
    for group in groups:
        found = estimate(row, question, group, controls)
        extra = ("shared-control",) if len(groups) > 1 else ()
        yield _build(study, row, question, replace(found, flags=(*found.flags, *extra)))


def _build(study: Study, row: Row, question: Question, found: Estimate) -> Contrast:
    source = study.sources[row.source]
    return Contrast(
        study_id=study.id,
        title=study.title,
        year=study.year,
        measure=question.wanted_measure,
        y=found.y,
        v=found.v,
        benefit=_benefit(row, question),
        treated=found.treated,
        control=found.control,
        days=row.time_days or 0.0,
        time_exact=row.time_exact,
        prespecified=row.prespecified,
        analysis=row.analysis,
        bias=overall_bias(study),
        source_keys=(f"{study.id}/{row.source}",),
        second_hand=source.kind == "secondary",
        press_release=source.kind == "press-release",
        design=study.design or Design.SINGLE_ARM,
        blinding=study.blinding,
        flags=tuple(dict.fromkeys((*found.flags, *((row.analysis,) if row.analysis else ())))),
        overlaps=study.overlaps,
        why_beside=why_beside(study, row),
    )


def _benefit(row: Row, question: Question) -> Literal[1, -1]:
    """Say whether a larger estimate is better for the person."""
    facts = outcome_facts(row.outcome)
    if question.kind != "events":
        return 1 if facts.better == "higher" else -1
    good = row.good if row.good is not None else facts.good
    if good is None and question.event is not None:
        good = limit_is_good(row.outcome, question.event)
    return 1 if good else -1
