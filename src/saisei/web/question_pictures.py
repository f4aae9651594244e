"""The pictures of a question: drawn once for what is asked, and kept by just that."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Literal, get_args

from markupsafe import Markup

from saisei import synthesis as syn
from saisei.appraisal import (
    Estimator,
    Narrowed,
    NarrowedPool,
    Specification,
    Specifications,
    pool_of,
    specify,
)
from saisei.base.texts import Language
from saisei.decision.views import FindingView, ForestRow, PooledRow
from saisei.evidence import Contrast, is_ratio, study
from saisei.report import (
    EffectScale,
    network_forest,
    network_picture,
    pool_forest,
    pool_funnel,
)
from saisei.report.pictures.effects import EffectWords
from saisei.report.pictures.forest import forest_picture, interval_words
from saisei.report.pictures.specification import (
    SpecificationPlot,
    SpecificationPoint,
    specification_file,
)
from saisei.web.evidence_words import Speech, speech

__all__ = ["PICTURES", "Picture", "picture_of", "slim_forest", "specification_rows"]

Picture = Literal["forest", "funnel", "network", "network-forest", "specifications"]
PICTURES: tuple[Picture, ...] = get_args(Picture)
FEWEST_FOR_FUNNEL = 3
KEPT = 1024
FAR = 700.0
"""A logarithm beyond this has no ratio that a number can hold."""


@lru_cache(maxsize=KEPT)
def picture_of(
    picture: Picture, narrowed: Narrowed, method: Estimator, language: Language
) -> str | None:
    """Draw one picture of a question as an SVG file; None where there is nothing to draw."""
    pooled, words = pool_of(narrowed, method), speech(language)
    match picture:
        case "specifications":
            return _specifications(narrowed, words)
        case "network" | "network-forest":
            return _network(picture, pooled, words)
        case _:
            return _pool(picture, pooled, words)


def _scale(pooled: NarrowedPool, words: Speech) -> EffectScale:
    measure = pooled.narrowed.question.wanted_measure
    return EffectScale(
        measure,
        is_ratio(measure),
        "higher" if pooled.held[0].benefit > 0 else "lower",
        words.tell("question.scale_cells"),
        words.tell("question.scale_control"),
    )


def _pool(picture: Picture, pooled: NarrowedPool, words: Speech) -> str | None:
    if pooled.pool is None:
        return None
    labels, scale = [c.label for c in pooled.held], _scale(pooled, words)
    if picture == "funnel":
        if len(labels) < FEWEST_FOR_FUNNEL:
            return None
        return pool_funnel(pooled.pool, labels, scale, words.language)
    columns = [
        (words.tell("question.cells"), [str(c.treated) for c in pooled.held]),
        (words.tell("question.control"), [str(c.control) for c in pooled.held]),
    ]
    missing = [c.label for c, _ in pooled.beside]
    missing += [trial.title for trial in pooled.selection.unreported]
    return pool_forest(pooled.pool, labels, scale, columns, missing, words.language)


@lru_cache(maxsize=KEPT)
def slim_forest(narrowed: Narrowed, method: Estimator, language: Language) -> Markup | None:
    """Draw the forest for a narrow screen, to stand inside a page; None where nothing is held."""
    pooled, words = pool_of(narrowed, method), speech(language)
    if pooled.pool is None:
        return None
    view = _finding_view(pooled, pooled.pool, words)
    said = [(row.label, interval_words(view, row, words.tell)) for row in view.rows]
    rows = [words.tell("pictures.row", label=label, interval=words_) for label, words_ in said]
    whole = interval_words(view, view.pooled, words.tell) if view.pooled else ""
    return forest_picture(
        "slim",
        view,
        words.tell,
        words.tell("pictures.title", title=view.title),
        words.tell(
            "pictures.desc",
            rows=" ".join(rows),
            pooled=words.tell("pictures.together", interval=whole),
        ),
    )


def _finding_view(pooled: NarrowedPool, pool: syn.PoolResult, words: Speech) -> FindingView:
    """Lay a pool out as the pictures of a report take it."""
    measure = pooled.narrowed.question.wanted_measure
    ratio = is_ratio(measure)
    total, reach = float(pool.weights.sum()), NormalDist().inv_cdf(0.5 + 0.5 * pool.level)

    def shown(value: float) -> float:
        return math.exp(min(max(value, -FAR), FAR)) if ratio else value

    rows = tuple(
        ForestRow(
            c.study_id, c.label, str(c.treated), str(c.control), shown(c.y),
            shown(c.y - reach * c.se), shown(c.y + reach * c.se), float(weight) / total, c.bias,
        )
        for c, weight in zip(pooled.held, pool.weights, strict=True)
    )  # fmt: skip
    new = pool.prediction_interval if pool.k > 1 else None
    low, high = (None, None) if new is None else map(shown, new)
    whole = PooledRow(
        words.tell("pictures.pool"), shown(pool.estimate), shown(pool.ci[0]), shown(pool.ci[1]),
        low, high, pooled.estimator,
    )  # fmt: skip
    return FindingView(
        id=pooled.narrowed.asked.id, outcome=pooled.narrowed.asked.outcome,
        title=words.term("measure", measure), tier="", tier_note="",
        scale=words.term("measure", measure), log_axis=ratio,
        better="right" if pooled.held[0].benefit > 0 else "left", null=1.0 if ratio else 0.0,
        worthwhile=None, rows=rows, pooled=whole, verdict="", sentences=(), certainty="",
        reasons=(), counts=(), left_out=(), unread=(),
    )  # fmt: skip


def _network(picture: Picture, pooled: NarrowedPool, words: Speech) -> str | None:
    """Draw kinds of cells against control, where there are several of them."""
    control = words.tell("question.scale_control")
    given = [_cells(c) for c in pooled.held]
    if len(set(given)) < 2:
        return None
    try:
        net = syn.network(
            [c.study_id for c in pooled.held],
            given,
            [control] * len(given),
            [c.y for c in pooled.held],
            [c.se for c in pooled.held],
        )
    except ValueError:  # the comparisons cannot belong to one network
        return None
    if picture == "network-forest":
        return network_forest(net, control, _scale(pooled, words), words.language)
    return network_picture(net, _people(pooled, given, control), words.language)


def _cells(contrast: Contrast) -> str:
    """Name the cells of a comparison."""
    found = study(contrast.study_id)
    kinds = [found.arm(arm).cell_type for arm in contrast.treated.arms]
    return " + ".join(dict.fromkeys("?" if kind is None else kind.value for kind in kinds)) or "?"


def _people(pooled: NarrowedPool, given: list[str], control: str) -> dict[str, float] | None:
    people: dict[str, float] = {}
    for contrast, cells in zip(pooled.held, given, strict=True):
        if contrast.n_treated is None or contrast.n_control is None:
            return None
        people[cells] = people.get(cells, 0.0) + contrast.n_treated
        people[control] = people.get(control, 0.0) + contrast.n_control
    return people


def _specifications(narrowed: Narrowed, words: Speech) -> str | None:
    found = specify(narrowed)
    if found is None:
        return None
    measure = narrowed.question.wanted_measure
    ratio = is_ratio(measure)
    show = EffectWords((0.5 * (row.high - row.low) for row in found.rows), ratio=ratio)
    sides = found.sides()
    return specification_file(
        "specifications",
        SpecificationPlot(
            title=words.tell("curve.title", question=str(narrowed.asked.title)),
            description=words.tell(
                "curve.desc", count=len(found.rows), low=show.show(found.rows[0].estimate),
                high=show.show(found.rows[-1].estimate), good=sides[0], none=sides[1], bad=sides[2],
            ),
            axis_title=words.term("measure", measure),
            points=[_point(row, found) for row in found.rows],
            choices=_choices(found, words),
            caption=[words.tell("curve.caption")],
            ratio=ratio,
            planned=found.planned,
            planned_word=words.tell("curve.planned"),
            sides=_sides(found, words),
        ),
    )  # fmt: skip


def _sides(found: Specifications, words: Speech) -> tuple[str, str]:
    """Say which side is good: low values first."""
    cells, control = words.tell("curve.favours_cells"), words.tell("curve.favours_control")
    return (control, cells) if found.benefit > 0 else (cells, control)


def _choices(found: Specifications, words: Speech) -> list[tuple[str, list[str]]]:
    return [
        (
            words.tell(f"curve.{choice}"),
            [words.tell(f"curve.options.{choice}.{option}") for option in options],
        )
        for choice, options in found.options
    ]


def _point(row: Specification, found: Specifications) -> SpecificationPoint:
    taken = tuple(
        options.index(option)
        for option, (_, options) in zip(row.options, found.options, strict=True)
    )
    side = {1: "good", 0: "none", -1: "bad"}[found.benefit * row.side]
    return SpecificationPoint(row.estimate, row.low, row.high, taken, side)  # type: ignore[arg-type]  # one of its three words


SPECIFICATION_HEADS = (
    "held_the_same", "risk_of_bias", "design", "estimator", "interval_or_prior", "estimate",
    "low", "high", "studies", "by_rule",
)  # fmt: skip


def specification_rows(narrowed: Narrowed) -> list[tuple[object, ...]]:
    """Give every analysis of the curve as rows of data; ratios are logarithms."""
    found = specify(narrowed)
    if found is None:
        return []
    return [
        (*row.options, row.estimate, row.low, row.high, row.studies, at == found.planned)
        for at, row in enumerate(found.rows)
    ]
