"""The two futures of one person: what may be forecast on which scale, without and with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from saisei.appraisal import Finding, OtherChoice, sensitivity
from saisei.base.sources import Statement
from saisei.cases import Case
from saisei.forecast.arm import arm_course
from saisei.forecast.barthel import barthel_course
from saisei.forecast.course import Counts, Course, NoForecast
from saisei.forecast.groups import group_statements
from saisei.forecast.person import Person, Refusal, none, read_person, stage_at
from saisei.forecast.texts import say, spoken
from saisei.forecast.with_cells import WithFuture, draw_with
from saisei.forecast.with_rules import refusal_words, why_not_drawn
from saisei.scales import important_change, scale, scale_of_outcome
from saisei.vocabulary import Condition, Outcome, Stage

__all__ = ["Future", "WhyNoWith", "futures"]

Varied = Callable[[Finding], tuple[OtherChoice, ...]]

ALL = 99
"""Of 100: as good as all."""

WITHOUT_A_MODEL = ("mrs", "nihss", "fma_le", "fma_motor")


@dataclass(frozen=True, slots=True)
class WhyNoWith:
    """A finding that draws no future, and every condition that forbids it."""

    finding: Finding
    codes: tuple[str, ...]
    reasons: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """One scale: its course, or the reason why there is none.

    Parameters
    ----------
    step
        The change that counts for one person, in points; None where none is known.
    counts
        100 people without treatment, by that change.
    sentences
        Both framings in words; without a course, what is published of groups, where anything is.
    with_
        The futures with a therapy that may be drawn.
    why_no_with
        For each other finding on this scale, why none is.
    """

    scale_id: str
    title: str
    course: Course | None
    none: NoForecast | None
    step: float | None
    step_note: Statement | None
    counts: Counts | None
    sentences: tuple[Statement, ...]
    with_: tuple[WithFuture, ...] = ()
    why_no_with: tuple[WhyNoWith, ...] = ()


def futures(
    case: Case,
    findings: Iterable[Finding] = (),
    *,
    context: str | None = None,
    varied: Varied = sensitivity,
) -> tuple[Future, ...]:
    """Forecast every scale of a person that has a model, and say why the others have none.

    Parameters
    ----------
    case
        The person.
    findings
        What controlled trials found, about any number of therapies.
    context
        What goes on meanwhile; see `arm_course`.
    varied
        Gives a finding's other reasonable choices; asked only of findings that draw a future.
    """
    given = tuple(findings)
    person = read_person(case)
    found: dict[str, Course | NoForecast] = {
        "fma_ue": arm_course(case, context),
        "barthel": barthel_course(case),
    }
    if isinstance(person, Refusal):
        found |= {name: none(name, person.code) for name in WITHOUT_A_MODEL}
    else:
        found |= {name: none(name, name) for name in WITHOUT_A_MODEL}
    return tuple(_future(name, course, person, given, varied) for name, course in found.items())


def _future(
    scale_id: str,
    course: Course | NoForecast,
    person: Person | Refusal,
    findings: tuple[Finding, ...],
    varied: Varied,
) -> Future:
    title = scale(scale_id).name
    if isinstance(course, NoForecast) or isinstance(person, Refusal):
        nothing = course if isinstance(course, NoForecast) else None
        known = () if isinstance(person, Refusal) else group_statements(scale_id, person.days)
        return Future(scale_id, title, None, nothing, None, None, None, known)
    stage = stage_at(person)
    change = important_change(scale_id, stage)
    if change is None:
        return Future(scale_id, title, course, None, None, None, None, ())
    counts = _countable(course, change.value)
    drawn, refused = _with(course, change.value, person, stage, findings, varied)
    note = Statement(change.published, change.sources)
    sentences = _sentences(course, counts)
    return Future(
        scale_id, title, course, None, change.value, note, counts, sentences, drawn, refused
    )


def _with(
    course: Course,
    step: float,
    person: Person,
    stage: Stage | None,
    findings: tuple[Finding, ...],
    varied: Varied,
) -> tuple[tuple[WithFuture, ...], tuple[WhyNoWith, ...]]:
    drawn: list[WithFuture] = []
    refused: list[WhyNoWith] = []
    for finding in findings:
        measured = scale_of_outcome(Outcome(finding.asked.outcome))
        if measured is None or measured.id != course.scale_id:
            continue
        codes = why_not_drawn(finding, course.scale_id, _condition(person), stage)
        if codes:
            reasons = tuple(refusal_words(code) for code in codes)
            refused.append(WhyNoWith(finding, codes, reasons))
        else:
            drawn.append(draw_with(course, finding, step, varied(finding)))
    return tuple(drawn), tuple(refused)


def _condition(person: Person) -> Condition:
    kinds = {
        "ischemic": Condition.ISCHEMIC_STROKE,
        "intracerebral-haemorrhage": Condition.INTRACEREBRAL_HAEMORRHAGE,
    }
    return kinds.get(person.kind, Condition.STROKE)


def _countable(course: Course, step: float) -> Counts | None:
    """Count 100 people; None where a table of few people would put nearly all on one side."""
    counts = course.counts(step)
    if course.model == "table of changes" and max(counts.better, counts.same, counts.worse) >= ALL:
        return None
    return counts


def _sentences(course: Course, counts: Counts | None) -> tuple[Statement, ...]:
    if counts is None:
        return (Statement(say("without.too-few"), course.source_keys),)
    step, horizon = f"{counts.step:g}", course.horizon_words
    key = "without.better-barthel" if course.model == "table of changes" else "without.better"
    better, not_better = spoken(counts.better), spoken(100 - counts.better)
    worse, not_worse = spoken(counts.worse), spoken(100 - counts.worse)
    said = [
        say(key, better=better, not_better=not_better, step=step, horizon=horizon,
            scale=say(f"scale.{course.scale_id}")),
        say("without.worse", worse=worse, not_worse=not_worse, step=step),
    ]  # fmt: skip
    if course.start + counts.step > course.values[-1]:
        said.append(say("notes.ceiling", step=step))
    said.append(say("notes.living"))
    return tuple(Statement(words, course.source_keys) for words in said)
