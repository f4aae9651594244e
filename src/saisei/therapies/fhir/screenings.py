"""What a screening found, as FHIR: for each trial a ResearchSubject, a verdict, and each rule.

The verdict in our words is an Observation. The ResearchSubject's own status never carries it: the
standard's words for it say what only a trial's team can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from saisei.base.texts import Language
from saisei.cases import Case, Entry
from saisei.cases.fhir.writing import Written, case_resources
from saisei.eligibility import Judged, judge, leaves_of, rules_note, sources_of
from saisei.therapies.fhir.names import Body, bundle, concept, of_standard, own, rule_code, say
from saisei.therapies.fhir.protocols import rules_of, version_of
from saisei.therapies.fhir.studies import number_of
from saisei.therapies.matching import TrialMatch
from saisei.vocabulary import Truth

__all__ = ["screening_to_fhir"]


def screening_to_fhir(case: Case, matches: Iterable[TrialMatch], language: Language = "en") -> Body:
    """Write what trials came to for one person as a FHIR R4 bundle of type collection.

    Parameters
    ----------
    case
        The person. Only what the rules read is written of the case. Its moment becomes the
        bundle's time stamp.
    matches
        The trials, held against this person.
    language
        Of the words.

    Returns
    -------
    dict
        What the JSON file holds; the same case and trials give the same.

    Examples
    --------
    >>> from saisei.cases import case_from_data
    >>> from saisei.therapies import screen
    >>> case = case_from_data({"as_of": "2026-11-20", "condition": "none"})
    >>> found = screening_to_fhir(case, screen(case).trials)
    >>> [entry["resource"]["resourceType"] for entry in found["entry"]][:3]
    ['Patient', 'Observation', 'ResearchSubject']
    """
    found = tuple(matches)
    person = _Person(case, case_resources(case), language)
    trials = [entry for match in found for entry in _trial(person, match)]
    kept = [(one.address, one.body) for one in person.kept()]
    moment = case.as_of.isoformat()
    tags = ("case", "screening")
    return bundle(tags, [*kept, *trials], timestamp=moment, language=language)


class _Watched(Mapping[str, tuple[Entry, ...]]):
    """The entries of a case, and which of them somebody looked at."""

    def __init__(self, entries: Mapping[str, tuple[Entry, ...]]) -> None:
        self.entries = entries
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> tuple[Entry, ...]:
        self.seen.add(name)
        return self.entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class _Person:
    """A case, the resources that it is written as, and which of its fields rules have read."""

    case: Case
    written: tuple[Written, ...]
    language: Language
    read: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        """The address of the Patient, from which those of the results are made."""
        return self.written[0].address

    def kept(self) -> Iterator[Written]:
        """Give the Patient and what a rule has read."""
        for at, one in enumerate(self.written):
            if at == 0 or one.fields & self.read:
                yield one

    def read_by(self, judged: Judged) -> list[str]:
        """Give the addresses of the Observations that a rule has read.

        Of a field that the rule names it is the value that counts; of what a value is computed
        from, every one.
        """
        watched = _Watched(self.case.entries)
        judge(judged.criterion, Case(self.case.name, self.case.as_of, watched))
        self.read.update(watched.seen)
        leaves = leaves_of(judged.criterion.when)
        named = {source for leaf in leaves for source in sources_of(leaf)}
        return [
            one.address
            for one in self.written
            if one.fields & watched.seen
            and one.body["resourceType"] == "Observation"
            and (one.fields.isdisjoint(named) or self._counts(one))
        ]

    def _counts(self, one: Written) -> bool:
        return any(self.case.answer(name).entry == one.entry for name in one.fields)


def _trial(person: _Person, match: TrialMatch) -> Iterator[tuple[str, Body]]:
    """Write the subject, the rules and the verdict of one trial."""
    subject = _address(person, match, "subject")
    yield subject, _subject(person, match)
    version = version_of(rules_of(match.trial).protocol)
    about = {
        "status": "final",
        "subject": {"reference": person.address},
        "focus": [{"reference": subject}],
        "effectiveDateTime": person.case.as_of.isoformat(),
    }
    for judged in match.judged:
        found = _rule(match.trial.id, version, judged, person.language)
        if read := person.read_by(judged):
            found["derivedFrom"] = [{"reference": one} for one in read]
        yield _address(person, match, judged.criterion.id), found | about
    members = [_address(person, match, judged.criterion.id) for judged in match.judged]
    yield _address(person, match, "verdict"), _verdict(person, match, members) | about


def _address(person: _Person, match: TrialMatch, name: str) -> str:
    """Give a result an address that no other person's has."""
    space = uuid5(NAMESPACE_URL, person.address)
    return f"urn:uuid:{uuid5(space, f'{match.trial.id}/{name}')}"


def _subject(person: _Person, match: TrialMatch) -> Body:
    trial = match.trial
    study = {"type": "ResearchStudy", "identifier": number_of(trial.id), "display": trial.title}
    return {
        "resourceType": "ResearchSubject",
        "id": f"{trial.id}-subject",
        "status": of_standard("subject_status"),
        "study": study,
        "individual": {"reference": person.address},
    }


def _rule(trial_id: str, version: str, judged: Judged, language: Language) -> Body:
    rule = judged.criterion
    code = rule_code(trial_id, rule) | {"version": version}
    return {
        "resourceType": "Observation",
        "id": f"{trial_id}-{rule.id}",
        "code": concept(rule.required(language), code),
        **_truth(judged, language),
        "note": [{"text": judged.said(language)}],
    }


def _truth(judged: Judged, language: Language) -> Body:
    """Write whether a rule is met; why it is absent where nobody can tell."""
    if judged.truth is not Truth.UNKNOWN:
        return {"valueBoolean": judged.truth is Truth.TRUE}
    why = "team" if judged.team else "unknown"
    code = {"system": of_standard("absent_system"), "code": of_standard("absent")[why]}
    return {"dataAbsentReason": concept(say(why, language), code)}


def _verdict(person: _Person, match: TrialMatch, members: list[str]) -> Body:
    trial, language = match.trial, person.language
    version = version_of(rules_of(trial).protocol)
    code = own("protocol", trial.id) | {"version": version}
    said = [match.said(language).text, match.standing_said(language).text]
    if language != "en":
        said.append(rules_note(language))
    verdict = concept(match.word_said(language), own("verdict", match.word))
    return {
        "resourceType": "Observation",
        "id": f"{trial.id}-verdict",
        "code": concept(say("entry_rules", language, title=trial.title), code),
        "valueCodeableConcept": verdict,
        "note": [{"text": one} for one in said],
        "hasMember": [{"reference": one} for one in members],
    }
