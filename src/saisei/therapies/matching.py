"""One person and the trials: matches the entry rules read, does not match, or undecided.

Condition, phase of the stroke and an adult age are tested first, whether a trial's list prints them
or not. What the trial team decides blocks nothing. Whether a trial still takes anybody is a second
question, answered from a dated reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, reduce
from typing import Any, Literal

from saisei.base.dates import PartialDate
from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language, spoken
from saisei.cases import Case
from saisei.eligibility import (
    Criterion,
    Judged,
    Lookup,
    field_name,
    judge,
    lookup_of,
    sentence,
)
from saisei.therapies.loading import trials
from saisei.therapies.models import Programme, Trial
from saisei.therapies.rules import programme_rules, trial_rules
from saisei.vocabulary import Truth, all_true

__all__ = [
    "ProgrammeMatch",
    "Standing",
    "TrialMatch",
    "Word",
    "match_programme",
    "match_trial",
    "matching_table",
    "programme_notes",
    "standing_of",
    "trials_of",
]

Word = Literal["matches", "does-not-match", "undecided"]
Standing = Literal["option", "was-recruiting", "not-yet", "closed", "unknown"]

_WORDS: dict[Truth, Word] = {
    Truth.TRUE: "matches",
    Truth.FALSE: "does-not-match",
    Truth.UNKNOWN: "undecided",
}


def matching_table() -> Any:
    """Give the values and texts of matching.yaml."""
    return load_data("therapies/matching.yaml")


@cache
def _texts(language: Language) -> Catalogue:
    return Catalogue("therapies/matching.yaml", matching_table(), language)


def _spoken(english: Statement, say: Callable[[Language], str]) -> Statement:
    return Statement(spoken(english.text, say), english.sources)


@dataclass(frozen=True, slots=True)
class TrialMatch:
    """One trial's verdict for one person, rule by rule, and whether the trial is open."""

    trial: Trial
    word: Word
    judged: tuple[Judged, ...]
    """Every rule; condition, phase and adult age first."""
    standing: Standing
    as_of: datetime

    @property
    def failing(self) -> tuple[Judged, ...]:
        """The rules that are not met."""
        return tuple(j for j in self.judged if not j.team and j.truth is Truth.FALSE)

    @property
    def undecided(self) -> tuple[Judged, ...]:
        """The rules that nothing decides yet, the trial team's apart."""
        return tuple(j for j in self.judged if not j.team and j.truth is Truth.UNKNOWN)

    @property
    def team(self) -> tuple[Judged, ...]:
        """The rules that the trial team decides."""
        return tuple(j for j in self.judged if j.team)

    @property
    def missing(self) -> frozenset[str]:
        """The fields that could still change an undecided verdict."""
        if self.word != "undecided":
            return frozenset()
        return frozenset[str]().union(*(j.missing for j in self.undecided))

    @property
    def partial(self) -> str:
        """What of its entry rules was not read; empty when all was."""
        return spoken(self.partial_said(), self.partial_said)

    def partial_said(self, language: Language = "en") -> str:
        """Say what of its entry rules was not read; nothing when all was."""
        if self.trial.criteria_complete:
            return ""
        missing = self.trial.criteria_missing
        key = "partial" if missing else "partial_plain"
        return _say(f"verdicts.{key}", language, missing=missing)

    def word_said(self, language: Language = "en") -> str:
        """Give the verdict in a word or two, as a reader sees it."""
        return _say(f"words.{self.word}", language)

    @property
    def sentence(self) -> Statement:
        """The verdict in words, with the reason, and what a match does not mean."""
        return _spoken(self.said(), lambda language: self.said(language).text)

    def said(self, language: Language = "en") -> Statement:
        """Say the verdict in words, with the reason, and what a match does not mean."""
        parts = [self._verdict(language)]
        if self.team and self.word != "does-not-match":
            rules = (_rule(judged.criterion, language) for judged in self.team)
            parts.append(_say("verdicts.team", language, rules=_listed(rules, "rules", language)))
        if partial := self.partial_said(language):
            parts.append(partial)
        if self.word == "matches":
            parts.append(_say("verdicts.no_promise", language))
        keys = dict.fromkeys(j.criterion.source for j in self.failing or self.judged)
        return Statement(_behind(parts, language), tuple(keys))

    def _verdict(self, language: Language) -> str:
        match self.word:
            case "matches":
                return _say("verdicts.matches", language)
            case "does-not-match":
                reasons = _reasons(self.failing, language)
                return _say("verdicts.does-not-match", language, reasons=reasons)
            case "undecided":
                missing = _named(self.missing, language)
                return _say("verdicts.undecided", language, missing=missing)

    @property
    def standing_sentence(self) -> Statement:
        """Whether the trial takes anybody, as far as was read, and when that was."""
        return _spoken(self.standing_said(), lambda language: self.standing_said(language).text)

    def standing_said(self, language: Language = "en") -> Statement:
        """Say whether the trial takes anybody, as far as was read, and when that was."""
        trial = self.trial
        key: str = self.standing
        if key == "closed" and self.word == "matches":
            key = "closed_match"
        dated = "copy_dated" if trial.status_as_of else "copy_undated"
        said = _say(
            f"standing_words.{key}",
            language,
            status=_say(f"statuses.{trial.status}", language),
            read=trial.status_read,
            copy=_say(f"standing_words.{dated}", language, as_of=trial.status_as_of or ""),
        )
        if note := _as_sentence(trial.status_note):
            said = _say("standing_words.noted", language, said=said, note=note)
        return Statement(said, trial.source_keys)


@dataclass(frozen=True, slots=True)
class ProgrammeMatch:
    """A programme's own few rules for one person, beside the verdicts of its trials."""

    programme: Programme
    truth: Truth
    """Of condition, stage and window together."""
    judged: tuple[Judged, ...]
    trials: tuple[TrialMatch, ...]

    @property
    def missing(self) -> frozenset[str]:
        """The fields that could still change an undecided result."""
        return (
            frozenset[str]().union(*(j.missing for j in self.judged)) if self._open else frozenset()
        )

    @property
    def _open(self) -> bool:
        return self.truth is Truth.UNKNOWN

    @property
    def sentences(self) -> tuple[Statement, ...]:
        """What the programme's own rules say; of a paid therapy, that nobody can match it."""
        first, *notes = self.said()
        return (_spoken(first, lambda language: self.said(language)[0].text), *notes)

    def said(self, language: Language = "en") -> tuple[Statement, ...]:
        """Say what the programme's own rules say; of a paid therapy, that nobody can match it."""
        failing = tuple(j for j in self.judged if j.truth is Truth.FALSE)
        match self.truth:
            case Truth.TRUE:
                first = _say("programmes.fits", language)
            case Truth.FALSE:
                reasons = _reasons(failing, language)
                first = _say("programmes.does_not_fit", language, reasons=reasons)
            case Truth.UNKNOWN:
                missing = _named(self.missing, language)
                first = _say("programmes.undecided", language, missing=missing)
        notes = programme_notes(self.programme, language)
        return (Statement(first, self.programme.source_keys), *notes)


def match_trial(trial: Trial, person: Case, lookup: Lookup | None = None) -> TrialMatch:
    """Judge every rule of a trial for one person.

    Parameters
    ----------
    trial, person
        The trial and the case.
    lookup
        The answers of the case, already fetched for other trials; the case's own when left out.
    """
    answers = lookup or lookup_of(person)
    judged = tuple(judge(rule, answers) for rule in (*trial_rules(trial), *trial.criteria))
    found = {j.truth for j in judged if not j.team}
    truth = next((t for t in (Truth.FALSE, Truth.UNKNOWN) if t in found), Truth.TRUE)
    return TrialMatch(trial, _WORDS[truth], judged, standing_of(trial, person.as_of), person.as_of)


def match_programme(
    programme: Programme,
    person: Case,
    lookup: Lookup | None = None,
    matched: Iterable[TrialMatch] | None = None,
) -> ProgrammeMatch:
    """Judge a programme's condition, stage and window, beside the verdicts of its trials.

    Parameters
    ----------
    programme, person, lookup
        As for `match_trial`.
    matched
        Trials of this person that were judged already; the programme's own are taken from them.
    """
    answers = lookup or lookup_of(person)
    judged = tuple(judge(rule, answers) for rule in programme_rules(programme))
    if matched is None:
        matched = (match_trial(trial, person, answers) for trial in trials_of(programme))
    own = tuple(match for match in matched if match.trial.programme == programme.id)
    return ProgrammeMatch(programme, all_true(j.truth for j in judged), judged, own)


def programme_notes(programme: Programme, language: Language = "en") -> tuple[Statement, ...]:
    """Say of a therapy what keeps anybody from matching it: no published rules, no coded trial."""
    said = [] if trials_of(programme) else ["no_trials"]
    if not programme.criteria_published:
        said = ["not_published", "sold"]
    keys = programme.source_keys
    return tuple(Statement(_say(f"programmes.{key}", language), keys) for key in said)


def trials_of(programme: Programme) -> tuple[Trial, ...]:
    """Give the coded trials of a programme."""
    return tuple(trial for trial in trials() if trial.programme == programme.id)


def standing_of(trial: Trial, as_of: datetime) -> Standing:
    """Say whether a trial takes anybody, from the state read and how long ago that state was true.

    The state's own date counts where it is known (a year or a month by its last day), else the day
    on which the copy was read.
    """
    standing: Standing = matching_table()["standings"][trial.status]
    if standing != "option":
        return standing
    stated = PartialDate.parse(trial.status_as_of or trial.status_read, as_of.tzinfo)
    old = (as_of.date() - stated.last.date()).days > matching_table()["values"]["reading_days"]
    return "was-recruiting" if old else "option"


def _as_sentence(note: str) -> str:
    """Give a note of the data as a sentence, without the labels of its sources."""
    plain = re.sub(r" \(s\d+\)", "", note)
    return f"{plain[0].upper()}{plain[1:]}." if plain else ""


def _reasons(failing: tuple[Judged, ...], language: Language) -> str:
    return _listed((_reason(judged, language) for judged in failing), "rules", language)


def _reason(judged: Judged, language: Language) -> str:
    criterion = judged.criterion
    return _say(
        f"verdicts.reason_{criterion.kind}",
        language,
        rule=_rule(criterion, language),
        detail=judged.explain(language),
    )


def _rule(criterion: Criterion, language: Language) -> str:
    """Give a rule in the protocol's words, which exist in English, else from its expression."""
    return criterion.text if language == "en" else sentence(criterion.when, language)


def _named(fields: frozenset[str], language: Language) -> str:
    return _listed(sorted({field_name(field, language) for field in fields}), "names", language)


def _listed(parts: Iterable[str], what: str, language: Language) -> str:
    return _say(f"joining.{what}", language).join(dict.fromkeys(parts))


def _behind(sentences: Iterable[str], language: Language) -> str:
    """Put sentences behind each other, with a space between them or without."""
    return reduce(
        lambda one, next_: _say("joining.behind", language, one=one, next=next_), sentences
    )


def _say(key: str, language: Language, /, **filling: object) -> str:
    return _texts(language).say(key, **filling)
