"""One question of the table as its page shows it: the pool, its comparisons, who is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from saisei import synthesis as syn
from saisei.appraisal import (
    ESTIMATORS,
    Asked,
    Estimator,
    Finding,
    Narrowed,
    NarrowedPool,
    asked_questions,
    finding_of,
    gains_of,
    pool_of,
)
from saisei.base.texts import Language
from saisei.evidence import Contrast, Unreported, beside_text, is_ratio, studies
from saisei.evidence.question import MEASURES, fitting_kind
from saisei.report.pictures.effects import EffectWords, show_short
from saisei.vocabulary import CellType, Condition, Donor, Outcome, Route, RouteKind, Stage
from saisei.web.evidence_views import route_options
from saisei.web.evidence_words import Speech, speech
from saisei.web.filters import Filter, Option
from saisei.web.study_views import GainLine, contrast_notes, effect_words, gain_line

__all__ = [
    "ContrastLine",
    "QuestionLine",
    "QuestionView",
    "asked_of",
    "narrowed_of",
    "question_filters",
    "question_lines",
    "question_view",
    "whom_filters",
]


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A question in the list, with its answer by rule."""

    asked: Asked
    finding: Finding


@dataclass(frozen=True, slots=True)
class ContrastLine:
    """One comparison in words; `why` says why it is not in the pool."""

    contrast: Contrast
    effect: str
    weight: str
    notes: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """All that the page of a question shows, its pictures apart."""

    narrowed: Narrowed
    pooled: NarrowedPool
    finding: Finding
    sentences: tuple[str, ...]
    held: tuple[ContrastLine, ...]
    beside: tuple[ContrastLine, ...]
    unreported: tuple[tuple[str, tuple[Unreported, ...]], ...]
    left_out: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    gains: tuple[GainLine, ...]

    @property
    def left_out_count(self) -> int:
        """How many studies are left out."""
        return sum(len(names) for _, names in self.left_out)


@cache
def whom_filters(language: Language) -> tuple[Filter, ...]:
    """Give the filters that say in whom and with what; a condition is always named."""
    words, anything = speech(language), speech(language).tell("filter.any")
    present = {study.condition for study in studies()}
    conditions = [condition for condition in Condition if condition in present]

    def several(name: str, members: list[Any]) -> tuple[Option, ...]:
        return tuple(Option(m.value, words.term(name, m)) for m in members)

    def label(name: str) -> str:
        return words.tell(f"filter.{name}")

    given = {arm.cell_type for study in studies() for arm in study.treatment_arms}
    cells = [cell for cell in CellType if cell in given]
    return (
        Filter("condition", label("condition"), several("condition", conditions)),
        Filter("stage", label("stage"), several("stage", list(Stage)), anything),
        Filter("route", label("route"), route_options(words), anything),
        Filter("cells", label("cells"), several("cells", cells), anything),
        Filter("donor", label("donor"), several("donor", list(Donor)), anything),
    )


@cache
def question_filters(asked: Asked, language: Language) -> tuple[Filter, ...]:
    """Give every filter of a question: in whom, and how it is put together."""
    words = speech(language)
    kind = fitting_kind(Outcome(asked.outcome), asked.measure)
    others = [name for name in MEASURES[kind] if name != asked.measure]
    measures = tuple(Option(m, words.term("measure", m)) for m in (asked.measure, *others))
    return (
        *whom_filters(language),
        Filter(
            "design",
            words.tell("filter.design"),
            tuple(Option(name, words.term("designs", name)) for name in ("rct", "controlled")),
        ),
        Filter("measure", words.tell("filter.measure"), measures),
        Filter(
            "method",
            words.tell("filter.method"),
            tuple(Option(name, words.term("method", name)) for name in ESTIMATORS),
        ),
    )


def asked_of(name: str) -> Asked | None:
    """Give the question of this id."""
    return next((asked for asked in asked_questions() if asked.id == name), None)


def narrowed_of(asked: Asked, chosen: Mapping[str, str]) -> Narrowed:
    """Put a question as the filters say."""
    route, kinds = chosen.get("route", ""), {kind.value for kind in RouteKind}
    measure = chosen.get("measure") or asked.measure
    return Narrowed(
        asked,
        Condition(chosen["condition"]),
        Stage(chosen["stage"]) if chosen.get("stage") else None,
        CellType(chosen["cells"]) if chosen.get("cells") else None,
        Route(route) if route and route not in kinds else None,
        RouteKind(route) if route in kinds else None,
        Donor(chosen["donor"]) if chosen.get("donor") else None,
        controlled=chosen.get("design") == "controlled",
        measure=None if measure == asked.measure else cast("Any", measure),
    )


def question_lines(chosen: Mapping[str, str]) -> list[QuestionLine]:
    """Answer every question of the table by rule."""
    return [
        QuestionLine(asked, finding_of(narrowed_of(asked, chosen))) for asked in asked_questions()
    ]


def question_view(narrowed: Narrowed, method: Estimator, words: Speech) -> QuestionView:
    """Gather what the page of a question shows."""
    pooled = pool_of(narrowed, method)
    return QuestionView(
        narrowed,
        pooled,
        finding_of(narrowed),
        tuple(_sentences(pooled, words)),
        _held(pooled, words),
        tuple(_line(c, "", words, _why(why, words)) for c, why in pooled.beside),
        _unreported(pooled),
        _left_out(pooled),
        tuple(gain_line(gain, words) for gain in gains_of(narrowed)),
    )


def _why(why: str, words: Speech) -> str:
    if words.catalogue.has(f"terms.drives.{why}"):
        return words.term("drives", why)
    return beside_text(why, words.language)


def _held(pooled: NarrowedPool, words: Speech) -> tuple[ContrastLine, ...]:
    if pooled.pool is None:
        return ()
    total = float(pooled.pool.weights.sum())
    weights = [f"{100 * float(weight) / total:.0f} %" for weight in pooled.pool.weights]
    return tuple(_line(c, w, words) for c, w in zip(pooled.held, weights, strict=True))


def _line(contrast: Contrast, weight: str, words: Speech, why: str = "") -> ContrastLine:
    return ContrastLine(
        contrast, effect_words(contrast, words), weight, contrast_notes(contrast, words), why
    )


def _unreported(pooled: NarrowedPool) -> tuple[tuple[str, tuple[Unreported, ...]], ...]:
    found: dict[str, list[Unreported]] = {}
    for trial in pooled.selection.unreported:
        found.setdefault(trial.state.value, []).append(trial)
    return tuple((state, tuple(trials)) for state, trials in found.items())


def _left_out(pooled: NarrowedPool) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Gather the studies that are left out by their reason, the commonest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for study in pooled.selection.left_out:
        found.setdefault(study.reason, []).append((study.study_id, study.title))
    ordered = sorted(found.items(), key=lambda entry: -len(entry[1]))
    return tuple((reason, tuple(names)) for reason, names in ordered)


def _sentences(pooled: NarrowedPool, words: Speech) -> list[str]:
    """Say what the comparisons give together."""
    pool = pooled.pool
    if pool is None:
        return [words.tell("question.pool_empty")]
    measure = pooled.narrowed.question.wanted_measure
    ratio = is_ratio(measure)
    show = EffectWords([0.5 * (pool.ci[1] - pool.ci[0])], ratio=ratio)
    said = [_pooled_words(pooled, pool, show, words)]
    if pool.prediction_interval is not None and pool.k > 1:
        low, high = map(show.show, pool.prediction_interval)
        said.append(words.tell("question.predicted", low=low, high=high))
    if pool.k > 1 and pooled.estimator != "EE":
        tau2 = show_short(pool.tau2)
        said.append(words.tell("question.spread", tau2=tau2, i2=f"{pool.i2:.0f}"))
    if pooled.bayes is not None:
        low, high = map(show.show, pooled.bayes.mu.interval(pool.level))
        middle = show.show(pooled.bayes.mu.median)
        said.append(
            words.tell("question.bayes", estimate=middle, low=low, high=high, prior=pooled.prior)
        )
    good = "higher" if pooled.held[0].benefit > 0 else "lower"
    said.append(words.tell(f"question.good_{good}", none="1" if ratio else "0"))
    if any(contrast.design != "rct" for contrast in pooled.held):
        said.append(words.tell("question.uncontrolled_pool"))
    return said


def _pooled_words(
    pooled: NarrowedPool, pool: syn.PoolResult, show: EffectWords, words: Speech
) -> str:
    key = "question.pooled_one" if pool.k == 1 else "question.pooled"
    measure = words.term("measure", pooled.narrowed.question.wanted_measure)
    return words.tell(
        key,
        measure=measure[:1].upper() + measure[1:],
        estimate=show.show(pool.estimate),
        low=show.show(pool.ci[0]),
        high=show.show(pool.ci[1]),
        k=pool.k,
        people=sum(contrast.people or 0 for contrast in pooled.held),
        method=words.term("method", pooled.estimator),
    )


CONTRAST_HEADS = (
    "study", "title", "year", "in_pool", "why_not", "measure", "logarithm", "y", "se", "good",
    "treated", "control", "n_treated", "n_control", "days", "time_exact", "design", "blinding",
    "risk_of_bias", "prespecified", "analysis", "flags", "sources",
)  # fmt: skip


def contrast_rows(pooled: NarrowedPool) -> list[tuple[object, ...]]:
    """Give the comparisons as rows of data, those beside the pool too."""
    return [
        *(_row(contrast, "") for contrast in pooled.held),
        *(_row(contrast, why) for contrast, why in pooled.beside),
    ]


def _row(c: Contrast, why: str) -> tuple[object, ...]:
    return (
        c.study_id, c.label, c.year, not why, why, c.measure, is_ratio(c.measure), c.y, c.se,
        "higher" if c.benefit > 0 else "lower", str(c.treated), str(c.control), c.n_treated,
        c.n_control, c.days, c.time_exact, c.design.value, c.blinding and c.blinding.value, c.bias,
        c.prespecified, c.analysis, "; ".join(c.flags), "; ".join(c.source_keys),
    )  # fmt: skip


def pool_data(view: QuestionView) -> dict[str, Any]:
    """Give the answer to a question as plain values; ratios are logarithms."""
    pooled, finding, asked = view.pooled, view.finding, view.narrowed.asked
    question = view.narrowed.question
    exact = pooled.bayes
    return {
        "question": asked.id,
        "title": str(asked.title),
        "outcome": asked.outcome,
        "condition": view.narrowed.condition.value,
        "stage": view.narrowed.stage and view.narrowed.stage.value,
        "cells": view.narrowed.cells and view.narrowed.cells.value,
        "donor": view.narrowed.donor and view.narrowed.donor.value,
        "route": view.narrowed.route and view.narrowed.route.value,
        "route_kind": view.narrowed.kind and view.narrowed.kind.value,
        "designs": [design.value for design in question.designs],
        "measure": question.wanted_measure,
        "logarithm": is_ratio(question.wanted_measure),
        "estimator": pooled.estimator,
        "pool": None if pooled.pool is None else pooled.pool.to_dict(),
        "bayes": None
        if exact is None
        else {
            "median": exact.mu.median,
            "interval_95": list(exact.mu.interval(0.95)),
            "prior": pooled.prior,
        },
        "by_rule": _by_rule(finding),
        "comparisons": [
            dict(zip(CONTRAST_HEADS, row, strict=True)) for row in contrast_rows(pooled)
        ],
        "unreported": [
            {"study": one.study_id, "state": one.state.value, "people": one.people,
             "direction": one.direction}
            for one in pooled.selection.unreported
        ],
        "left_out": [
            {"study": one.study_id, "code": one.code, "reason": str(one.reason)}
            for one in pooled.selection.left_out
        ],
    }  # fmt: skip


def _by_rule(finding: Finding) -> dict[str, Any]:
    verdict, certainty = finding.verdict, finding.certainty
    return {
        "verdict": verdict.word,
        "scale": verdict.scale,
        "estimate": verdict.estimate,
        "interval_95": [verdict.low, verdict.high],
        "at_half_the_threshold": verdict.at_half,
        "at_double_the_threshold": verdict.at_double,
        "certainty": certainty and certainty.level,
        "certainty_label": certainty and str(certainty.label),
        "steps": []
        if certainty is None
        else [
            {"domain": step.domain, "change": step.change, "reason": step.reason.text}
            for step in certainty.steps
        ],
    }


def method_of(chosen: Mapping[str, str]) -> Estimator:
    """Give the estimator that was chosen."""
    return cast("Estimator", chosen["method"])
