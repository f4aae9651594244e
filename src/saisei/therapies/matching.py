"""One person and the trials: matches the entry rules read, does not match, or undecided.

Condition, phase of the stroke and an adult age are tested first, whether a trial's list prints them
or not. What the trial team decides blocks nothing. Whether a trial still takes anybody is a second
question, answered from a dated reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from saisei.base.dates import PartialDate
from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.cases import Case
from saisei.eligibility import Criterion, Judged, Lookup, field_name, judge, lookup_of
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
def _texts() -> Catalogue:
    return Catalogue("therapies/matching.yaml", matching_table())


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
        if self.trial.criteria_complete:
            return ""
        missing = self.trial.criteria_missing
        return (
            _say("verdicts.partial", missing=missing) if missing else _say("verdicts.partial_plain")
        )

    @property
    def sentence(self) -> Statement:
        """The verdict in words, with the reason, and what a match does not mean."""
        parts = [_verdict_words(self.word, self.failing, self.undecided)]
        if self.team and self.word != "does-not-match":
            parts.append(_say("verdicts.team", rules=_listed(j.criterion.text for j in self.team)))
        parts += [self.partial] if self.partial else []
        if self.word == "matches":
            parts.append(_say("verdicts.no_promise"))
        keys = dict.fromkeys(j.criterion.source for j in self.failing or self.judged)
        return Statement(" ".join(parts), tuple(keys))

    @property
    def standing_sentence(self) -> Statement:
        """Whether the trial takes anybody, as far as was read, and when that was."""
        trial = self.trial
        key: str = self.standing
        if key == "closed" and self.word == "matches":
            key = "closed_match"
        dated = "copy_dated" if trial.status_as_of else "copy_undated"
        text = _say(
            f"standing_words.{key}",
            status=_say(f"statuses.{trial.status}"),
            read=trial.status_read,
            copy=_say(f"standing_words.{dated}", as_of=trial.status_as_of or ""),
        )
        note = _as_sentence(trial.status_note)
        return Statement(f"{text} {note}".rstrip(), trial.source_keys)


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
        keys = self.programme.source_keys
        failing = [j for j in self.judged if j.truth is Truth.FALSE]
        match self.truth:
            case Truth.TRUE:
                first = _say("programmes.fits")
            case Truth.FALSE:
                first = _say("programmes.does_not_fit", reasons=_reasons(failing))
            case Truth.UNKNOWN:
                first = _say("programmes.undecided", missing=_named(self.missing))
        said = [Statement(first, keys)]
        if not self.programme.criteria_published:
            said += [
                Statement(_say(f"programmes.{key}"), keys) for key in ("not_published", "sold")
            ]
        elif not self.trials:
            said.append(Statement(_say("programmes.no_trials"), keys))
        return tuple(said)


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


def _verdict_words(word: Word, failing: tuple[Judged, ...], undecided: tuple[Judged, ...]) -> str:
    match word:
        case "matches":
            return _say("verdicts.matches")
        case "does-not-match":
            return _say("verdicts.does-not-match", reasons=_reasons(failing))
        case "undecided":
            missing = frozenset[str]().union(*(j.missing for j in undecided))
            return _say("verdicts.undecided", missing=_named(missing))


def _reasons(failing: tuple[Judged, ...] | list[Judged]) -> str:
    return _listed(_reason(j.criterion, j) for j in failing)


def _reason(criterion: Criterion, judged: Judged) -> str:
    return _say(f"verdicts.reason_{criterion.kind}", rule=criterion.text, detail=judged.detail)


def _named(fields: frozenset[str]) -> str:
    return _listed(sorted({field_name(field) for field in fields}))


def _listed(parts: Any) -> str:
    return "; ".join(dict.fromkeys(parts))


def _say(key: str, **filling: object) -> str:
    return _texts().say(key, **filling)
