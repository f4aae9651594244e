"""Selecting: which studies a question is about, what each gives, and why the others give nothing.

A study of the question never vanishes: it stands in the pool, beside it, among the trials whose
numbers nobody could read, or among those left out, each with its reason. It stands in one list
only, save that a trial whose report could not be read is listed as such also when another number
of it is shown beside the pool: what the question asks for is still missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from saisei.base.store import load_data
from saisei.evidence.contrasts import Answer, answer
from saisei.evidence.loading import studies as packaged
from saisei.evidence.model import Arm, Study
from saisei.evidence.outcomes import outcome_facts
from saisei.evidence.phrases import say
from saisei.evidence.question import Contrast, LeftOut, Question, Selection, Unreported, Why
from saisei.evidence.stages import stages_treated
from saisei.vocabulary import ROUTE_KINDS, Condition, Publication

__all__ = ["concerns", "is_mixed", "matching_arms", "select"]

STROKES = frozenset(
    {
        Condition.ISCHEMIC_STROKE,
        Condition.INTRACEREBRAL_HAEMORRHAGE,
        Condition.SUBARACHNOID_HAEMORRHAGE,
    }
)
UNREAD = (Publication.PUBLISHED_UNREAD, Publication.FINISHED_UNPUBLISHED)

_T = TypeVar("_T")


@dataclass(slots=True)
class _Lists:
    pool: list[Contrast] = field(default_factory=list)
    beside: list[Contrast] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    unreported: list[Unreported] = field(default_factory=list)


def select(question: Question, studies: Iterable[Study] | None = None) -> Selection:
    """Answer a question from the study files.

    Parameters
    ----------
    question
        What is asked.
    studies
        The studies to look in; the packaged ones when left out.

    Returns
    -------
    Selection
        Each study that the question concerns (`concerns`) stands in one of the lists.

    Examples
    --------
    >>> from saisei.evidence import Limit
    >>> from saisei.vocabulary import Condition, Outcome, Stage
    >>> found = select(Question(outcome=Outcome.FMA_MOTOR, kind="events",
    ...     event=Limit(gain_at_least=10), condition=Condition.ISCHEMIC_STROKE,
    ...     stage=Stage.CHRONIC))
    >>> [(str(c.treated), str(c.control)) for c in found.contrasts]
    [('16/111', '7/52')]
    """
    by_id = {study.id: study for study in (packaged() if studies is None else studies)}
    lists = _Lists()
    for study in by_id.values():
        if concerns(question, study):
            _file(question, study, lists)
    kept = _without_overlaps(lists, by_id)
    return Selection(
        question, kept, tuple(lists.beside), tuple(lists.left_out), tuple(lists.unreported)
    )


def concerns(question: Question, study: Study) -> bool:
    """Whether a study is of the question's condition, stage, cells and route, or may be.

    What a file does not state may be, and is then listed as left out for that reason. A study of
    infarcts and haemorrhages together concerns a question about one of them, and is left out.
    """
    wanted = question.condition
    if wanted not in (None, study.condition) and not is_mixed(study, wanted):
        return False
    if question.stage is not None:
        stages = stages_treated(study)
        if stages and question.stage not in stages:
            return False
    return any(_arm_may_match(question, arm) for arm in study.treatment_arms)


def is_mixed(study: Study, condition: Condition | None) -> bool:
    """Whether a study mixes kinds of stroke, of which `condition` is one."""
    return study.condition is Condition.STROKE and condition in STROKES


def matching_arms(question: Question, study: Study) -> tuple[Arm, ...]:
    """Give the arms with the cells and the route asked for."""
    return tuple(
        arm
        for arm in study.treatment_arms
        if all(known and fits for known, fits in _arm_checks(question, arm))
    )


def _arm_may_match(question: Question, arm: Arm) -> bool:
    return all(fits or not known for known, fits in _arm_checks(question, arm))


def _arm_checks(question: Question, arm: Arm) -> Iterable[tuple[bool, bool]]:
    """Say of each property asked for whether it is stated, and whether it fits."""
    kind = None if arm.route is None else ROUTE_KINDS[arm.route]
    kinds = None if question.route_kind is None else frozenset({question.route_kind})
    yield _asked(question.cells, arm.cell_type)
    yield _asked(question.donors, arm.donor)
    yield _asked(question.routes, arm.route)
    yield _asked(kinds, kind)


def _asked(wanted: frozenset[_T] | None, found: _T | None) -> tuple[bool, bool]:
    if wanted is None:
        return True, True
    return found is not None, found in wanted


def _file(question: Question, study: Study, lists: _Lists) -> None:
    """Put one study into its list."""
    if code := _barred(question, study):
        reason = say(f"left_out.{code}", design=study.design and study.design.value)
        lists.left_out.append(LeftOut(study.id, study.label, reason, code))
        return
    found = answer(study, question, matching_arms(question, study))
    if found.contrasts:
        _place(study, found.contrasts, lists)
    elif found.no_events is not None:
        treated, control = found.no_events
        reason = say("left_out.no-events", treated=treated, control=control)
        lists.left_out.append(LeftOut(study.id, study.label, reason, "no-events"))
    elif study.publication in UNREAD:
        lists.unreported.append(_unreported(study, _reasons(question, found)))
    else:
        lists.left_out.append(_nothing(question, study, found))


def _place(study: Study, contrasts: tuple[Contrast, ...], lists: _Lists) -> None:
    """Put contrasts into the pool or beside it; a row beside leaves an unread trial unread."""
    why = contrasts[0].why_beside
    (lists.beside if why else lists.pool).extend(contrasts)
    if why and study.publication in UNREAD:
        lists.unreported.append(_unreported(study, say(f"beside.{why}")))


def _barred(question: Question, study: Study) -> Why | None:
    """Name what keeps a study out whatever it reports; the first reason that holds."""
    bars: tuple[tuple[Why, Callable[[], bool]], ...] = (
        ("placeholder", lambda: study.placeholder),
        ("mixed-condition", lambda: is_mixed(study, question.condition)),
        ("design", lambda: study.design not in question.designs),
        ("stage-unknown", lambda: question.stage is not None and not stages_treated(study)),
        ("arm-unknown", lambda: not matching_arms(question, study)),
    )
    return next((code for code, holds in bars if holds()), None)


def _unreported(study: Study, reason: str) -> Unreported:
    direction = study.reported_direction or "unclear"
    return Unreported(study.id, study.label, study.publication, study.enrolled, direction, reason)


def _nothing(question: Question, study: Study, found: Answer) -> LeftOut:
    states: dict[Publication, Why] = {
        Publication.RUNNING: "running",
        Publication.UNKNOWN: "unknown-state",
    }
    if code := states.get(study.publication):
        return LeftOut(study.id, study.label, say(f"left_out.{code}"), code)
    reason = _reasons(question, found) or say(
        "left_out.nothing", outcome=outcome_facts(question.outcome).title
    )
    return LeftOut(study.id, study.label, reason, "no-row")


def _reasons(question: Question, found: Answer) -> str:
    title = outcome_facts(question.outcome).title
    said = [say(f"rows.{key}", **{"outcome": title, **gaps}) for key, gaps in found.reasons]
    return "; ".join(said)


def _without_overlaps(lists: _Lists, by_id: dict[str, Study]) -> tuple[Contrast, ...]:
    """Keep, of studies that may report the same people, the one with more people."""
    kept: dict[str, Contrast] = {}
    for contrast in sorted(lists.pool, key=lambda each: _preference(each, by_id)):
        study = by_id[contrast.study_id]
        others = [other for other in kept if other in study.overlaps]
        others += [other for other in kept if study.id in by_id[other].overlaps]
        if not others:
            kept[study.id] = contrast
            continue
        reason = say("left_out.overlap", other=by_id[others[0]].label)
        lists.left_out.append(LeftOut(study.id, study.label, reason, "overlap"))
    return tuple(contrast for contrast in lists.pool if contrast.study_id in kept)


def _preference(contrast: Contrast, by_id: dict[str, Study]) -> tuple[int, int, int, str]:
    study = by_id[contrast.study_id]
    order = load_data("evidence/reading.yaml")["order_of_source"]
    key = contrast.source_keys[0].split("/", 1)[1]
    source = order.index(study.sources[key].kind)
    return (-(contrast.people or 0), source, -(study.year or 0), study.id)
