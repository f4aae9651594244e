"""The answer in a few sentences: what fits, what was found, what happens without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from saisei.base.sources import Statement
from saisei.base.texts import together
from saisei.decision.considered import Considered, plain_name
from saisei.decision.found import found_words
from saisei.decision.model import QuestionView
from saisei.decision.person import Situation
from saisei.decision.views import FutureView
from saisei.decision.voice import Voice, bracketed, named_field
from saisei.therapies import TrialMatch, deaths_sentence

__all__ = ["answer"]

MOST_GAINS = 2
MOST_QUESTIONS = 3
MOST_MISSING = 3


def answer(
    considered: Sequence[Considered],
    futures: Sequence[FutureView],
    situation: Situation,
    questions: Sequence[QuestionView],
    voice: Voice,
) -> tuple[Statement, ...]:
    """Say in a few sentences what the report says at length."""
    if not situation.known:
        return _open(situation, questions, voice)
    fitting = [one for one in considered if one.fits]
    return (
        *_tested(fitting, situation, voice),
        *(_paid(one, voice) for one in fitting if one.paid),
        *_without(futures),
        _with(futures, voice),
        _trials(fitting, voice),
        *_uncontrolled(fitting, voice),
    )


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
        first = together(*(question.text for question in questions[:MOST_QUESTIONS]))
        said.append(voice.statement("answer.condition_unknown", questions=first))
    return (*said, voice.statement("answer.no_forecast"))


def _tested(fitting: Sequence[Considered], situation: Situation, voice: Voice) -> list[Statement]:
    """Say what trials of these very cells found: counts first, the uncertain ones in one breath."""
    if situation.condition and not any(one.tier in ("A", "B") for one in fitting):
        name = voice.say(f"condition.{situation.condition.value}")
        return [voice.statement("answer.no_condition_data", condition=name)]
    tested = [one for one in fitting if one.tier == "A" and one.main]
    told = [(one, found_words(one, voice)) for one in tested]
    unclear = [one for one, said in told if said is None]
    said = [words for _, words in told if words is not None]
    approved = [said for one in fitting for said in _approved(one, situation, voice)]
    return [*said, *_unclear(unclear, voice, alone=not said), *approved]


def _approved(one: Considered, situation: Situation, voice: Voice) -> list[Statement]:
    """Say where a therapy is approved for this condition, and what that does not mean."""
    entry = voice.table("approved").get(one.programme.id)
    if entry is None or entry["condition"] != situation.condition:
        return []
    return [voice.statement(f"approved.{one.programme.id}.words")]


def _unclear(found: Sequence[Considered], voice: Voice, *, alone: bool) -> list[Statement]:
    if not found:
        return []
    names = dict.fromkeys(plain_name(one.programme, voice) for one in found)
    keys = dict.fromkeys(key for one in found if one.main for key in one.main[0].source_keys)
    key = "answer.tested_only" if alone else "answer.tested"
    return [voice.statement(key, *keys, therapies=together(*names, between="; "))]


def _paid(one: Considered, voice: Voice) -> Statement:
    keys = (*one.match.sentences[0].sources[:1], *deaths_sentence().sources)
    return voice.statement("answer.paid", *keys, therapy=plain_name(one.programme, voice))


def _uncontrolled(fitting: Iterable[Considered], voice: Voice) -> list[Statement]:
    """Name what programmes that patients' pages name gained in their own trials, as just that."""
    own = [
        row
        for one in fitting
        if one.programme.pages
        for row in one.own_gains
        if row.unit == "points" and row.low is not None
    ]
    most = {row.sources[0].split("/")[0]: row for row in sorted(own, key=lambda row: row.value)}
    shown = sorted(most.values(), key=lambda row: -row.value)[:MOST_GAINS]
    if not shown:
        return []
    said = [
        voice.say("answer.gain", value=f"{row.value:g}", what=row.what, label=row.label)
        for row in shown
    ]
    keys = dict.fromkeys(key for row in shown for key in row.sources)
    return [voice.statement("answer.uncontrolled", *keys, gains=together(*said, between="; "))]


def _without(futures: Iterable[FutureView]) -> list[Statement]:
    drawn = [future.people for future in futures if future.people]
    if not drawn:
        return []
    gain, loss = drawn[0].sentences[:2]
    return [Statement(together(gain.text, loss.text), gain.sources)]


def _with(futures: Iterable[FutureView], voice: Voice) -> Statement:
    therapies = {one.therapy for future in futures for one in future.with_therapy}
    if therapies:
        return voice.statement("answer.with", therapy=together(*sorted(therapies), between="; "))
    return voice.statement("answer.no_forecast")


def _trials(fitting: Iterable[Considered], voice: Voice) -> Statement:
    options = [trial for one in fitting for trial in one.options]
    if not options:
        return voice.statement("answer.trials_none")
    named = together(
        *(bracketed(match.trial.title, match.trial.id) for match in options), between="; "
    )
    keys = [key for match in options for key in match.trial.source_keys]
    open_ = together(*dict.fromkeys(_still_open(match, voice) for match in options))
    return voice.statement("answer.trials_option", *keys, trials=named, open=open_)


def _still_open(match: TrialMatch, voice: Voice) -> str:
    if match.word == "matches":
        return voice.say("answer.trials_matches")
    missing = sorted(named_field(field) for field in match.missing)
    named, more = together(*missing[:MOST_MISSING], between="; "), len(missing) - MOST_MISSING
    key = "answer.trials_undecided_more" if more > 0 else "answer.trials_undecided"
    return voice.say(key, missing=named, more=more)
