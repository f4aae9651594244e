"""Every question of the table, answered for one therapy and one kind of person."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from saisei import synthesis as syn
from saisei.appraisal.finding import appraise, drives
from saisei.appraisal.model import Asked, Finding, Tier, Worthwhile
from saisei.appraisal.questions import asked_questions, question_at
from saisei.appraisal.sensitivity import OtherChoice, sensitivity
from saisei.appraisal.texts import say
from saisei.appraisal.thresholds import worthwhile_for
from saisei.base.sources import Statement
from saisei.evidence import Contrast, Question, Selection, Target, select, study

__all__ = ["answered", "finding_at", "findings_for", "sensitivity_of"]

TIERS: tuple[Tier, ...] = ("A", "B", "C")


@cache
def findings_for(target: Target) -> tuple[Finding, ...]:
    """Answer every question of the table for a therapy, at the nearest tier with a comparison.

    Parameters
    ----------
    target
        The cells, the route, the person's condition and stage.

    Returns
    -------
    tuple of Finding
        One for each question, in the order of the table. Where no tier has a comparison, the
        finding is *no data*, with what was looked through at the widest tier.
    """
    return tuple(_nearest(asked, target) for asked in asked_questions())


def finding_at(asked: Asked, target: Target, tier: Tier) -> Finding:
    """Answer one question at one tier, whatever stands there."""
    return _appraised(
        asked, question_at(asked, target, tier), tier, worthwhile_for(asked, target.route_kind)
    )


def sensitivity_of(finding: Finding, target: Target) -> tuple[OtherChoice, ...]:
    """Appraise a finding about a therapy again under other reasonable choices; see `sensitivity`.

    Nothing is said of tier C, which drives no forecast. Computed once for each question and tier:
    therapies that share a finding share this too.
    """
    if finding.effect is None or finding.worthwhile is None or finding.tier not in ("A", "B"):
        return ()
    tiers: tuple[Tier, ...] = ("A", "B")
    questions = tuple((tier, question_at(finding.asked, target, tier)) for tier in tiers)
    asked_at = questions[tiers.index(finding.tier) :]
    if finding is not finding_at(finding.asked, target, finding.tier):
        return sensitivity(finding)  # not the packaged answer: nothing wider is known of it
    return _varied(finding.asked, asked_at, finding.worthwhile)


@cache
def _varied(
    asked: Asked, questions: tuple[tuple[Tier, Question], ...], worthwhile: Worthwhile
) -> tuple[OtherChoice, ...]:
    """Vary the finding at the first of the tiers; the second, if any, is the wider one."""
    findings = [_appraised(asked, question, tier, worthwhile) for tier, question in questions]
    return sensitivity(findings[0], *findings[1:])


@cache
def _appraised(asked: Asked, question: Question, tier: Tier, worthwhile: Worthwhile) -> Finding:
    """Appraise one question; at tier C many therapies share it."""
    return answered(asked, question, tier, worthwhile)


def answered(asked: Asked, question: Question, tier: Tier, worthwhile: Worthwhile) -> Finding:
    """Look a question up and appraise what is found; nothing is kept for the next time.

    Parameters
    ----------
    asked, question
        The question of the table, and how it is put.
    tier
        How much of the therapy and the person the question holds the same.
    worthwhile
        The smallest difference worth having.
    """
    selection = select(question)
    return appraise(
        selection,
        tier,
        asked=asked,
        worthwhile=worthwhile,
        counts=_counts(selection, asked),
        empty=_empty(selection),
    )


def _nearest(asked: Asked, target: Target) -> Finding:
    for tier in TIERS:
        finding = finding_at(asked, target, tier)
        if finding.tier is not None:
            break
    return finding


def _counts(selection: Selection, asked: Asked) -> tuple[Statement, ...]:
    """Say the trials' own counts, each dose by itself, and whether each met its main goal."""
    driving = dict.fromkeys(c.study_id for c in selection.contrasts if not drives(c))
    counted: list[Contrast] = []
    if selection.question.kind == "events":
        each = select(replace(selection.question, arms="kept")).contrasts
        counted = [c for c in each if c.study_id in driving and c.treated.events is not None]
    together = [c for c in selection.contrasts if c.study_id in driving]
    return (
        *(said for c in together for said in _of_a_hundred(c, asked)),
        *map(_count, counted),
        *(said for one in driving for said in _endpoint(one)),
    )


def _of_a_hundred(contrast: Contrast, asked: Asked) -> tuple[Statement, ...]:
    """Say a trial's own shares out of 100 people, those with the event and those without."""
    sides = [(arm.events or 0, arm.n or 0) for arm in (contrast.control, contrast.treated)]
    if drives(contrast) or not all(0 < events < n for events, n in sides):
        return ()  # of nobody and of everybody, the counts say what they leave open
    control, treated = (round(100 * events / n) for events, n in sides)
    words = say(
        "counts.hundred",
        study=contrast.title,
        people=asked.people,
        control_arm=contrast.control.label,
        control=control,
        control_not=100 - control,
        treated=treated,
        treated_not=100 - treated,
    )
    return (Statement(words, contrast.source_keys),)


def _share(events: int | None, n: int | None) -> str:
    """Say a count out of 100; of none, what that leaves open (two-sided 95 %)."""
    if not events or not n:
        upper = syn.binomial_interval(0, n or 1).upper
        return say("counts.share-none", upper=math.ceil(100 * upper))
    return say("counts.share", share=round(100 * events / n))


def _count(contrast: Contrast) -> Statement:
    words = say(
        "counts.events",
        study=contrast.title,
        treated=contrast.treated.events,
        treated_share=_share(contrast.treated.events, contrast.treated.n),
        control_share=_share(contrast.control.events, contrast.control.n),
        n_treated=contrast.treated.n,
        arm=contrast.treated.label,
        control=contrast.control.events,
        n_control=contrast.control.n,
        control_arm=contrast.control.label,
    )
    return Statement(words, contrast.source_keys)


def _endpoint(study_id: str) -> tuple[Statement, ...]:
    """Say whether a trial met its own main endpoint, where that is known."""
    found = study(study_id)
    if found.primary_endpoint.met is None:
        return ()
    key = "met" if found.primary_endpoint.met else "missed"
    words = say(f"counts.{key}", study=found.title, endpoint=found.primary_endpoint.text)
    return (Statement(words, (f"{found.id}/{next(iter(found.sources))}",)),)


def _empty(selection: Selection) -> tuple[Contrast, ...]:
    """Find the comparisons in which nobody had the event; they have a difference but no ratio."""
    silent = {study.study_id for study in selection.left_out if study.code == "no-events"}
    if not silent:
        return ()
    found = select(replace(selection.question, measure="RD"))
    return tuple(c for c in found.contrasts if c.study_id in silent and c.treated.events == 0)
