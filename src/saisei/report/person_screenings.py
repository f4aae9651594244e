"""One person against every therapy and trial, as plain frozen values and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from saisei import __version__
from saisei.base.sources import Source, Statement
from saisei.base.store import data_digest
from saisei.base.texts import Language
from saisei.cases import Case
from saisei.decision import Decision, Kind, Options, decide, pass_gates, screen_behind_gates
from saisei.decision.cited import all_sources
from saisei.decision.model import Emergency
from saisei.eligibility import FactSet, Judged
from saisei.report.json_form import plain_json, schema_of
from saisei.therapies import (
    CautionFound,
    ProgrammeMatch,
    Screening,
    TrialMatch,
    cautions_rule,
)

__all__ = ["PersonScreening", "person_screening", "screening_schema", "screening_to_json"]

SCHEMA = "saisei-screening/1"
Standing = Literal["option", "was-recruiting", "not-yet", "closed", "unknown"]


@dataclass(frozen=True, slots=True)
class RuleView:
    """One entry rule and what it comes to for this person."""

    id: str
    kind: Literal["inclusion", "exclusion"]
    verdict: Literal["met", "not met", "unknown", "trial team"]
    sentence: str
    missing: tuple[str, ...]
    """Fields that could still change the verdict."""
    source: str


@dataclass(frozen=True, slots=True)
class FactSetView:
    """A set of facts that would decide a trial."""

    fields: tuple[str, ...]
    bound: float | None
    """The effort is at most so many times the least; null where the search was given up."""
    sampled: bool


@dataclass(frozen=True, slots=True)
class WouldDecide:
    """The smallest sets that would decide an undecided trial; null where none was found."""

    could_end: FactSetView | None
    could_match: FactSetView | None
    surely: FactSetView | None


@dataclass(frozen=True, slots=True)
class TrialScreened:
    """One trial: its verdict, whether it takes anybody, and each rule."""

    id: str
    title: str
    programme: str | None
    word: Literal["matches", "does-not-match", "undecided"]
    said: Statement
    standing: Standing
    standing_said: Statement
    rules: tuple[RuleView, ...]
    would_decide: WouldDecide | None


@dataclass(frozen=True, slots=True)
class ProgrammeScreened:
    """One therapy: its own few rules, and its trials by their ids."""

    id: str
    name: str
    fits: Literal["yes", "no", "unknown"]
    said: tuple[Statement, ...]
    trials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CautionScreened:
    """A caution that applies, or that hangs on a question."""

    id: str
    title: str
    state: Literal["applies", "ask"]
    said: Statement


@dataclass(frozen=True, slots=True)
class QuestionScreened:
    """A question that would settle most."""

    field: str
    text: str
    effort: Literal["ask", "chart", "exam", "scan", "lab"]
    settles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonScreening:
    """What every therapy and trial comes to for one person."""

    schema: str
    version: str
    data_digest: str
    as_of: str
    language: str
    kind: Kind
    emergency: Emergency
    about: tuple[Statement, ...]
    """What comes before any therapy: why this page holds nothing else, or what is still open."""
    programmes: tuple[ProgrammeScreened, ...] = ()
    trials: tuple[TrialScreened, ...] = ()
    cautions_rule: Statement | None = None
    cautions: tuple[CautionScreened, ...] = ()
    questions: tuple[QuestionScreened, ...] = ()
    sources: tuple[Source, ...] = ()


def person_screening(case: Case, language: Language = "en") -> PersonScreening:
    """Hold a case against every therapy and trial, the gates before all.

    Examples
    --------
    >>> from saisei.cases import case_from_data
    >>> case = case_from_data({"as_of": "2026-11-20", "condition": "none"})
    >>> {trial.word for trial in person_screening(case).trials}
    {'does-not-match'}
    """
    decision = decide(case, case.as_of, Options(language=language))
    found = screen_behind_gates(case, decision, language)
    bare = _bare(decision, case, found)
    if found is None:
        return bare
    whole = replace(
        bare,
        programmes=tuple(_programme(one, language) for one in found.programmes),
        trials=tuple(_trial(one, found) for one in found.trials),
        cautions_rule=cautions_rule(language) if found.cautions else None,
        cautions=tuple(_caution(one, language) for one in found.cautions),
        questions=tuple(
            QuestionScreened(one.field, one.text, one.effort, one.settles)
            for one in found.questions
        ),
    )
    return replace(whole, sources=_sources(whole))


def screening_to_json(screened: PersonScreening) -> str:
    """Write a screening as JSON: every field in the order of the model, finite numbers only."""
    return plain_json(screened)


@cache
def screening_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of `screening_to_json`. Do not change what is given."""
    return schema_of(PersonScreening, SCHEMA)


def _bare(decision: Decision, case: Case, found: Screening | None) -> PersonScreening:
    """Begin with what comes first: the emergency words, and the answer of a gate."""
    reasons = tuple(Statement(reason) for reason in decision.emergency.reasons)
    said = decision.about[:1] if pass_gates(case).may_be_first_week else ()
    if found is None:
        said = (*reasons, *decision.answer)
    elif decision.kind is Kind.ACUTE_IN_HOSPITAL:
        said = (*said, *decision.answer)
    return PersonScreening(
        schema=SCHEMA,
        version=__version__,
        data_digest=data_digest(),
        as_of=decision.as_of,
        language=decision.language,
        kind=decision.kind,
        emergency=decision.emergency,
        about=said,
    )


FITS: dict[str, Literal["yes", "no", "unknown"]] = {
    "TRUE": "yes",
    "FALSE": "no",
    "UNKNOWN": "unknown",
}


def _programme(match: ProgrammeMatch, language: Language) -> ProgrammeScreened:
    return ProgrammeScreened(
        match.programme.id,
        match.programme.name_in(language),
        FITS[match.truth.name],
        match.said(language),
        tuple(trial.trial.id for trial in match.trials),
    )


def _trial(match: TrialMatch, found: Screening) -> TrialScreened:
    language = found.language
    return TrialScreened(
        match.trial.id,
        match.trial.title,
        match.trial.programme,
        match.word,
        match.said(language),
        match.standing,
        match.standing_said(language),
        tuple(_rule(judged, language) for judged in match.judged),
        _would_decide(match, found) if match.word == "undecided" else None,
    )


def _rule(judged: Judged, language: Language) -> RuleView:
    rule = judged.criterion
    missing = tuple(sorted(judged.missing))
    return RuleView(rule.id, rule.kind, judged.verdict, judged.said(language), missing, rule.source)


def _would_decide(match: TrialMatch, found: Screening) -> WouldDecide:
    sets = found.open.deciding(match)
    return WouldDecide(*map(_facts, (sets.could_end, sets.could_match, sets.surely)))


def _facts(found: FactSet | None) -> FactSetView | None:
    if found is None:
        return None
    bound = None if found.bound == float("inf") else found.bound
    return FactSetView(found.facts, bound, found.sampled)


def _caution(found: CautionFound, language: Language) -> CautionScreened:
    caution = found.caution
    return CautionScreened(
        caution.id, caution.title_in(language), found.state, caution.said(language)
    )


def _sources(whole: PersonScreening) -> tuple[Source, ...]:
    """Give where all of it was read, in the order in which it first comes."""
    known = all_sources()
    return tuple(known[key] for key in dict.fromkeys(_keys(whole)))


def _keys(whole: PersonScreening) -> Iterator[str]:
    said: Iterable[Statement] = whole.about
    yield from (key for one in said for key in one.sources)
    yield from (key for one in whole.programmes for text in one.said for key in text.sources)
    for trial in whole.trials:
        yield from (*trial.said.sources, *trial.standing_said.sources)
        yield from (rule.source for rule in trial.rules if rule.source)
    yield from (key for one in whole.cautions for key in one.said.sources)
