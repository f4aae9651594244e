"""One entry rule of a protocol, and its verdict for one person.

An exclusion says what excludes; its verdict is the opposite. What a trial's team decides (consent,
willingness, a clinician's judgement) is kept apart: it is neither met nor a reason against, and no
answer of the case turns it into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args

from saisei.base.errors import CriterionError, Place, Problem
from saisei.base.texts import Language, spoken
from saisei.cases import Answer, Case, fields
from saisei.eligibility.catalogue import words_in
from saisei.eligibility.evaluate import TURNED, Evaluation, Lookup, Reading, evaluate, lookup_of
from saisei.eligibility.parse import parse
from saisei.eligibility.tree import Expression, Source, field_of, fields_of
from saisei.eligibility.words import reading_words, sentence
from saisei.vocabulary import Truth

__all__ = ["Criterion", "Judged", "Kind", "Verdict", "judge", "read_criterion", "rules_note"]

Kind = Literal["inclusion", "exclusion"]
Verdict = Literal["met", "not met", "unknown", "trial team"]

_NEEDED = {"id", "kind", "text", "when", "source"}
_ALLOWED = _NEEDED | {"judgement", "unit", "note"}
_VERDICTS: dict[Truth, Verdict] = {
    Truth.TRUE: "met",
    Truth.FALSE: "not met",
    Truth.UNKNOWN: "unknown",
}
_VERDICT_KEYS: dict[Verdict, str] = {
    "met": "met",
    "not met": "not_met",
    "unknown": "unknown",
    "trial team": "team",
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """An entry rule.

    Parameters
    ----------
    id
        Unique in its protocol.
    kind
        An inclusion has to hold; an exclusion's `when` says what excludes.
    text
        As the protocol says it, in our words.
    when
        The expression.
    source
        The global key of the place where the rule was read.
    judgement
        Whether only a clinician can say: the rule is decided by the trial team.
    note
        What a reader must know of the rule (an implausible unit in the record).
    """

    id: str
    kind: Kind
    text: str
    when: Expression
    source: str = ""
    judgement: bool = False
    note: str = ""
    team_fields: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "team_fields", fields_of(self.when) & _team_fields())

    @property
    def requirement(self) -> str:
        """What has to be so, in the protocol's words: an exclusion's text after a *not*."""
        return spoken(self.required(), self.required)

    def required(self, language: Language = "en") -> str:
        """Say what has to be so: as the protocol does in English, else from the expression.

        A protocol's own text exists in English only. What it says beyond the expression is not in
        the words of another language; `rules_note` says so.
        """
        text = self.text if language == "en" else sentence(self.when, language)
        if self.kind == "inclusion":
            return text
        return _say(language, "exclusion_text", text=text)

    def sentence(self, language: Language = "en") -> str:
        """Put the rule into words, from its expression: ``not if there has been a seizure``."""
        rule = sentence(self.when, language)
        return rule if self.kind == "inclusion" else _say(language, "exclusion", rule=rule)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule's verdict for one person.

    `truth` is of the rule being satisfied (an exclusion is already turned about); `team` says that
    the trial team decides it, and then `truth` is unknown and `missing` empty.
    """

    criterion: Criterion
    truth: Truth
    team: bool
    missing: frozenset[str]
    because: tuple[Reading, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict in a word."""
        return "trial team" if self.team else _VERDICTS[self.truth]

    @property
    def detail(self) -> str:
        """What was read of the person: ``mRS now is 3``."""
        return spoken(self.explain(), self.explain)

    @property
    def sentence(self) -> str:
        """The rule, its verdict and what it rests on, in one line."""
        return self.said()

    def said(self, language: Language = "en") -> str:
        """Say the rule, its verdict and what it rests on, in one line."""
        rule, verdict = self.criterion.required(language), self.verdict_words(language)
        detail = self.explain(language)
        if not detail:
            return _say(language, "alone", rule=rule, verdict=verdict)
        return _say(language, "sentence", rule=rule, verdict=verdict, detail=detail)

    def verdict_words(self, language: Language = "en") -> str:
        """Give the verdict as a reader sees it: ``undecided``, ``不明``."""
        return _say(language, _VERDICT_KEYS[self.verdict])

    def explain(self, language: Language = "en") -> str:
        """Say what was read of the person, in a language."""
        between = words_in(language)["joining.semicolon"]
        if not self.team:
            said = (reading_words(reading, language) for reading in self.because)
            return between.join(dict.fromkeys(said))
        given = [reading for reading in self.because if reading.answer.state == "known"]
        if not given:
            return ""
        readings = between.join(reading_words(reading, language) for reading in given)
        return _say(language, "team_detail", readings=readings)


def rules_note(language: Language = "en") -> str:
    """Say where the words of rules come from: it belongs beside them where they are not English."""
    return _say(language, "rules_note")


def judge(criterion: Criterion, person: Case | Lookup) -> Judged:
    """Judge one rule for one person.

    Examples
    --------
    >>> from saisei.cases import case_from_data
    >>> from saisei.eligibility import Criterion, parse
    >>> rule = Criterion("e1", "exclusion", "any seizure", parse("seizure_history"))
    >>> judge(rule, case_from_data({"as_of": "2026-11-20", "seizure_history": "never"})).verdict
    'met'
    """
    lookup = lookup_of(person)
    if criterion.judgement or criterion.team_fields:
        return _judge_with_team(criterion, lookup)
    return _judged(criterion, evaluate(criterion.when, lookup))


def _judged(criterion: Criterion, found: Evaluation) -> Judged:
    truth = found.truth if criterion.kind == "inclusion" else TURNED[found.truth]
    return Judged(criterion, truth, team=False, missing=found.missing, because=found.because)


def _judge_with_team(criterion: Criterion, lookup: Lookup) -> Judged:
    """Judge with the team's fields held open; what only they could settle is the team's."""

    def masked(source: Source) -> Answer:
        name = field_of(source)
        return Answer(name, "missing") if name in criterion.team_fields else lookup(source)

    found = evaluate(criterion.when, masked)
    missing = found.missing - criterion.team_fields
    if not criterion.judgement and (found.truth.known or missing):
        judged = _judged(criterion, found)
        return Judged(criterion, judged.truth, team=False, missing=missing, because=found.because)
    because = evaluate(criterion.when, lookup).because
    return Judged(criterion, Truth.UNKNOWN, team=True, missing=frozenset(), because=because)


def read_criterion(entry: Mapping[str, Any], place: Place, sources: str) -> Criterion:
    """Read a rule from a data file.

    Parameters
    ----------
    entry
        ``id``, ``kind``, ``text``, ``when``, ``source``, and perhaps ``judgement: true``,
        ``unit`` (that of the field, checked) and ``note``.
    place
        Where it stands.
    sources
        The prefix of its source's key.

    Raises
    ------
    CriterionError
        A part is missing, unknown or of the wrong kind, or the expression is not one.
    """
    for key in sorted(_NEEDED - set(entry)):
        raise _broken("missing-part", f"`{key}` is missing", place)
    for key in sorted(set(entry) - _ALLOWED):
        raise _broken("unknown-part", f"`{key}` is no part of a criterion", place)
    texts = [entry[key] for key in sorted(_NEEDED)] + [entry.get("note", "")]
    if not all(isinstance(text, str) for text in texts) or entry["kind"] not in get_args(Kind):
        raise _broken("wrong-part", "a part of the criterion has the wrong kind of value", place)
    when = parse(entry["when"], place)
    units = {fields()[name].unit for name in fields_of(when)}
    if "unit" in entry and units != {entry["unit"]}:
        expected = " or ".join(sorted(unit or "none" for unit in units))
        raise _broken("unit", f"the unit {entry['unit']} is not that of the field", place, expected)
    return Criterion(
        entry["id"],
        entry["kind"],
        entry["text"],
        when,
        f"{sources}/{entry['source']}",
        entry.get("judgement") is True,
        entry.get("note", ""),
    )


def _broken(code: str, found: str, place: Place, expected: str = "") -> CriterionError:
    expected = expected or f"{', '.join(sorted(_NEEDED))}; perhaps judgement, unit, note"
    return CriterionError(Problem(code, found, expected, "", place))


@cache
def _team_fields() -> frozenset[str]:
    return frozenset(f.id for f in fields().values() if f.judgement or f.willingness)


def _say(language: Language, key: str, **filling: object) -> str:
    return words_in(language).say(f"judged.{key}", **filling)
