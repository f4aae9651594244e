"""Findings as the report shows them: one forest plot's worth of numbers each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from saisei.appraisal import (
    Axis,
    AxisRow,
    Finding,
    Step,
    axis_of,
    findings_for,
    sensitivity_of,
)
from saisei.base.sources import Statement
from saisei.base.texts import together
from saisei.decision.choices import choice_rows, choice_words, group_view, method_words
from saisei.decision.views import FindingView, ForestRow, LeftOutRow, PooledRow, UnreadRow
from saisei.decision.voice import Voice, of_people
from saisei.evidence import ArmSummary, Contrast, Target, Unreported, flag_text
from saisei.vocabulary import ROUTE_KINDS, days_per_month

__all__ = ["Answered", "answered", "finding_id", "silent_view", "view"]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the evidence answers about one therapy for one kind of person."""

    target: Target
    findings: tuple[Finding, ...]

    def at(self, *tiers: str) -> tuple[Finding, ...]:
        """Give the findings of some tiers that say anything."""
        return tuple(finding for finding in self.findings if finding.tier in tiers)

    @property
    def silent(self) -> tuple[Finding, ...]:
        """Questions that nothing controlled answers at any tier."""
        return tuple(finding for finding in self.findings if finding.tier is None)


def answered(target: Target) -> Answered:
    """Ask the evidence everything about a therapy."""
    return Answered(target, findings_for(target))


def finding_id(finding: Finding, target: Target) -> str:
    """Name a finding so that two therapies that share it name the same one."""
    kind = ROUTE_KINDS[target.route].value
    whose = f"{target.donor.value}-" if target.donor else ""
    same = f"{whose}{target.cells.value}-{target.route.value}"
    near = {"A": same, "B": kind}.get(finding.tier or "")
    surgery = "-surgery" if finding.worthwhile and finding.worthwhile.doubled else ""
    return f"{finding.asked.id}.{finding.tier}.{near or 'any'}{surgery}".lower().replace("/", "-")


def view(
    finding: Finding, target: Target, voice: Voice, *, varied: bool | None = None
) -> FindingView:
    """Turn a finding into what a page draws.

    Other reasonable choices are looked up where `varied` says so; if None, on a clinician's page.
    """
    axis = axis_of(finding)
    clinician = voice.audience == "clinician"
    tried = sensitivity_of(finding, target) if (clinician if varied is None else varied) else ()
    certainty = finding.certainty
    return FindingView(
        id=finding_id(finding, target),
        outcome=finding.asked.outcome,
        title=finding.asked.title,
        tier=finding.tier or "",
        tier_note=voice.say(f"tier.{finding.tier}") if finding.tier else "",
        scale=axis.scale if axis else "",
        log_axis=bool(axis and axis.log),
        better=axis.better if axis else "right",
        null=axis.null if axis else 0.0,
        worthwhile=_band(axis),
        rows=_rows(axis, finding.selection.question.near, voice) if axis else (),
        pooled=_pooled(finding, axis, voice) if axis else None,
        verdict=finding.verdict.word,
        sentences=finding.verdict.sentences,
        certainty=certainty.level if certainty else "",
        reasons=tuple(_reasons(certainty.steps, certainty.label, voice)) if certainty else (),
        counts=finding.counts,
        left_out=tuple(
            LeftOutRow(study.study_id, study.title, study.reason)
            for study in finding.selection.left_out
        ),
        unread=tuple(_unread(trial) for trial in finding.selection.unreported),
        method=method_words(finding, voice) if clinician or tried else (),
        choices=choice_rows(tried),
        choices_words=choice_words(finding, tried),
        group=group_view(finding) if clinician else None,
    )


def silent_view(findings: Sequence[Finding], voice: Voice) -> FindingView:
    """Say which questions nothing controlled answers, and list every study that was looked at."""
    titles = dict.fromkeys(finding.asked.title for finding in findings)
    left = {study.study_id: study for one in findings for study in one.selection.left_out}
    unread = {trial.study_id: trial for one in findings for trial in one.selection.unreported}
    return FindingView(
        id="no-data",
        outcome="",
        title=voice.say("silent.title"),
        tier="",
        tier_note="",
        scale="",
        log_axis=False,
        better="right",
        null=0.0,
        worthwhile=None,
        rows=(),
        pooled=None,
        verdict="no data",
        sentences=(
            voice.statement("silent.words", titles=together(*titles, between="; ")),
            *dict.fromkeys(
                _told(one.asked.title, *r, voice) for one in findings for r in one.shown
            ),
        ),
        certainty="",
        reasons=(),
        counts=(),
        left_out=tuple(
            LeftOutRow(study.study_id, study.title, study.reason) for study in left.values()
        ),
        unread=tuple(_unread(trial) for trial in unread.values()),
    )


def _told(title: str, contrast: Contrast, why: str, voice: Voice) -> Statement:
    """Say a result that is told but never drives a verdict."""
    return voice.statement(
        "silent.told",
        *contrast.source_keys,
        title=title,
        study=_label(contrast),
        treated=_side(contrast.treated),
        control=_side(contrast.control),
        why=why,
    )


def _band(axis: Axis | None) -> tuple[float, float] | None:
    if axis is None:
        return None
    left, right = axis.worthwhile
    if left is None or right is None:
        return None
    return left, right


def _rows(axis: Axis, near: float | None, voice: Voice) -> tuple[ForestRow, ...]:
    return tuple(
        ForestRow(
            row.contrast.study_id,
            _label(row.contrast),
            _side(row.contrast.treated),
            _side(row.contrast.control),
            row.estimate,
            row.low,
            row.high,
            row.weight,
            row.contrast.bias,
            _all_notes(row, near, voice),
            row.contrast.source_keys,
        )
        for row in axis.rows
        if all(map(math.isfinite, (row.estimate, row.low, row.high)))
    )


def _all_notes(row: AxisRow, near: float | None, voice: Voice) -> str:
    notes = tuple(_notes(row, near, voice))
    return together(*notes, between="; ") if notes else ""


def _notes(row: AxisRow, near: float | None, voice: Voice) -> Iterable[str]:
    """Say how a row came about, and its time where that is not the time asked for."""
    flags = (flag_text(flag) for flag in row.contrast.flags)
    said = [*filter(None, (row.note, *flags))]
    days = row.contrast.days
    if row.contrast.time_exact and near is not None and abs(days - near) > days_per_month():
        said.append(voice.say("row.after", months=f"{days / days_per_month():.0f}"))
    return dict.fromkeys(said)


def _side(arm: ArmSummary) -> str:
    """Say an arm's numbers: ``16 of 111``, or mean, SD and people."""
    return str(arm) if arm.events is None else of_people(arm.events, arm.n)


def _label(contrast: Contrast) -> str:
    year = str(contrast.year or "")
    return contrast.title if not year or year in contrast.title else f"{contrast.title} {year}"


def _pooled(finding: Finding, axis: Axis, voice: Voice) -> PooledRow | None:
    effect = finding.effect
    if axis.pooled is None or effect is None:
        return None
    middle, low, high = axis.pooled
    key = "pooled.one" if effect.studies == 1 else "pooled.several"
    new_low, new_high = axis.predicted or (None, None)
    return PooledRow(
        voice.say(key, n=effect.studies), middle, low, high, new_low, new_high, effect.method
    )


def _reasons(steps: Iterable[Step], label: str, voice: Voice) -> Iterable[Statement]:
    for step in steps:
        said = voice.say(
            "domain.step" if step.change else "domain.none",
            plain=voice.say(f"domain.{step.domain}"),
            term=step.domain,
            change=f"{step.change:+d}".replace("-", "−"),
            reason=step.reason.text,
        )
        yield Statement(said, step.reason.sources)
    yield Statement(label)


def _unread(trial: Unreported) -> UnreadRow:
    return UnreadRow(trial.study_id, trial.title, trial.state.value, trial.people, trial.direction)
