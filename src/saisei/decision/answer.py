"""The answer in a few sentences: what fits, what was found, what happens without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from saisei.appraisal import Finding
from saisei.base.sources import Statement
from saisei.decision.model import FutureView, GainRow, QuestionView
from saisei.decision.person import Situation
from saisei.decision.therapies import Considered
from saisei.decision.voice import Voice
from saisei.evidence import study

__all__ = ["answer"]

MOST_FINDINGS = 3
"""More would not be read; the rest stands with the therapies."""


def answer(
    considered: Sequence[Considered],
    futures: Sequence[FutureView],
    situation: Situation,
    questions: Sequence[QuestionView],
    voice: Voice,
) -> tuple[Statement, ...]:
    """Say in a few sentences what the report says at length."""
    if situation.condition is None or situation.stage is None:
        return _open(situation, questions, voice)
    fitting = [one for one in considered if one.fits]
    tested = [one for one in fitting if one.tier == "A" and one.main]
    said = [_found(one, voice) for one in tested[:MOST_FINDINGS]]
    if not any(one.tier in ("A", "B") for one in fitting):
        name = voice.say(f"condition.{situation.condition.value}")
        said.insert(0, voice.statement("answer.no_condition_data", condition=name))
    said += [_paid(one, voice) for one in fitting if one.paid]
    said += _uncontrolled(fitting, voice)
    said += _with_and_without(futures, voice)
    said.append(_trials(fitting, voice))
    return tuple(said)


def _open(
    situation: Situation, questions: Sequence[QuestionView], voice: Voice
) -> tuple[Statement, ...]:
    """Say what has to be known first, and ask it."""
    said = []
    if situation.condition is None:
        said.append(voice.statement("answer.kind_unknown"))
    if situation.stage is None:
        said.append(voice.statement("answer.stage_open"))
    if questions:
        first = " ".join(question.text for question in questions[:3])
        said.append(voice.statement("answer.condition_unknown", questions=first))
    said.append(voice.statement("answer.no_forecast"))
    return tuple(said)


def _found(one: Considered, voice: Voice) -> Statement:
    """Say what the trials of these very cells counted, and the verdict."""
    if one.main is None:
        raise ValueError("only a therapy with a main finding has something found")
    finding, _ = one.main
    verdict = finding.verdict.sentences[0].text
    if len({contrast.study_id for contrast in finding.used}) != 1 or not finding.counts:
        words = voice.say("answer.finding", therapy=one.programme.name, sentence=verdict)
        return Statement(f"{finding.asked.title}. {words}", finding.source_keys)
    trial = study(finding.used[0].study_id)
    missed = trial.primary_endpoint.met is False
    words = voice.say(
        "answer.counts_missed" if missed else "answer.counts",
        therapy=one.programme.name,
        title=trial.title,
        outcome=finding.asked.title,
        counts=" ".join(_short(finding)),
    )
    return Statement(f"{words} {verdict}", finding.source_keys)


def _short(finding: Finding) -> Iterable[str]:
    """Give the trial's own counts without its name."""
    for counted in finding.counts:
        yield counted.text.split(": ", 1)[-1]


def _paid(one: Considered, voice: Voice) -> Statement:
    line = voice.say("answer.nothing_controlled", therapy=one.programme.name)
    return voice.statement(
        "answer.paid", *one.programme.source_keys, therapy=one.programme.name, bottom_line=line
    )


def _uncontrolled(fitting: Iterable[Considered], voice: Voice) -> list[Statement]:
    """Name the largest gain without a control, as just that."""
    rows = [row for one in fitting for row in one.gains if row.people.isdigit() or not row.people]
    points = [row for row in rows if row.low is not None]
    if not points:
        return []
    most: GainRow = max(points, key=lambda row: row.value)
    words = {"value": f"{most.value:g}", "label": most.label, "what": most.what}
    return [voice.statement("answer.uncontrolled", *most.sources, **words)]


def _with_and_without(futures: Iterable[FutureView], voice: Voice) -> list[Statement]:
    drawn = [future for future in futures if future.people]
    said = []
    for future in drawn[:1]:
        if future.people:
            first = future.people.sentences[0]
            said.append(voice.statement("answer.without", *first.sources, sentence=first.text))
    withs = {one.therapy for future in futures for one in future.with_therapy}
    if withs:
        said.append(voice.statement("answer.with", therapy=", ".join(sorted(withs))))
    else:
        said.append(voice.statement("answer.no_forecast"))
    return said


def _trials(fitting: Iterable[Considered], voice: Voice) -> Statement:
    options = [trial for one in fitting for trial in one.options]
    if not options:
        return voice.statement("answer.trials_none")
    named = "; ".join(f"{match.trial.title} ({match.trial.id})" for match in options)
    keys = [key for match in options for key in match.trial.source_keys]
    return voice.statement("answer.trials_option", *keys, trials=named)
