"""The linter over all our protocols, and over a protocol file of one's own.

A file of one's own holds what a trial's file holds: ``id`` and ``criteria``, and perhaps
``condition`` and ``phase_of_stroke`` (then the rules on them, and adult age, are tested with its
own) and ``definition`` (status and versions, as in definitions.yaml). All its mistakes are told
together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from saisei.base.documents import Document, read_document
from saisei.base.errors import CriterionError, DocumentError, Place, Problem
from saisei.eligibility.criterion import Criterion, read_criterion
from saisei.eligibility.definitions import check_definition, definition_hash, read_definition
from saisei.eligibility.linting import Finding, lint_protocol, sorted_findings, unused_code_sets
from saisei.therapies.ctgov.review import is_draft
from saisei.therapies.definitions import check_definitions
from saisei.therapies.loading import programmes, trials
from saisei.therapies.rules import programme_rules, rules_before, trial_rules
from saisei.vocabulary import Condition, Stage

__all__ = ["CheckedFile", "check_protocol_file", "check_protocols"]

Term = TypeVar("Term", Condition, Stage)

_OF_A_RULE = frozenset({"id", "kind", "text", "when", "source", "judgement", "unit", "note"})


def check_protocols() -> tuple[Finding, ...]:
    """Lint every trial and programme, the tables that they share, and their definitions.

    Examples
    --------
    >>> [str(finding) for finding in check_protocols() if finding.severity == "error"]
    []
    """
    found: list[Finding] = []
    for trial in trials():
        found += lint_protocol(trial.id, trial.criteria, trial_rules(trial))
    for programme in programmes():
        found += map(_of_table, lint_protocol(programme.id, programme_rules(programme)))
    of_trials = [rule for trial in trials() for rule in (*trial_rules(trial), *trial.criteria)]
    of_programmes = [rule for one in programmes() for rule in programme_rules(one)]
    found += unused_code_sets([*of_trials, *of_programmes])
    return sorted_findings([*found, *check_definitions()])


def _of_table(finding: Finding) -> Finding:
    """Soften what is found of a programme: its rules are made from a table, not written."""
    return finding if finding.severity == "error" else replace(finding, severity="info")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What was found in a protocol file of one's own.

    `sha256` is the hash of its rules as they stand, those on condition, phase and age among them;
    empty where one of them could not be read.
    """

    id: str
    rules: int
    sha256: str
    findings: tuple[Finding, ...]


def check_protocol_file(path: Path | str) -> CheckedFile:
    """Lint a protocol file.

    Raises
    ------
    DocumentError
        The file cannot be read, or holds no criteria.
    """
    reading = _Reading(read_document(path))
    rules = reading.rules()
    before = reading.before()
    lint = [reading.placed(one) for one in lint_protocol(reading.protocol, rules, before)]
    digest = "" if reading.broken else definition_hash([*before, *rules])
    if digest:
        reading.definition([*before, *rules])
    findings = sorted_findings([*reading.findings, *lint])
    return CheckedFile(reading.protocol, len(rules), digest, findings)


class _Reading:
    """One file, read as far as it can be; what cannot is told."""

    def __init__(self, document: Document) -> None:
        self.document = document
        data = document.data if isinstance(document.data, Mapping) else {}
        entries = data.get("criteria")
        if not isinstance(entries, list) or not entries:
            step = "Write `criteria:` and under it one line a rule; see docs/criteria.md"
            expected = "a protocol with criteria"
            raise DocumentError(
                Problem("no-criteria", "no criteria stand here", expected, step, document.place())
            )
        self.data: Mapping[str, Any] = data
        self.entries: list[Any] = entries
        self.draft = is_draft(document)
        self.findings: list[Finding] = []
        self.places: dict[str, Place] = {}
        self.broken = False
        name = data.get("id")
        self.protocol = name if isinstance(name, str) and name else Path(document.name).stem

    def tell(self, problem: Problem, rules: tuple[str, ...] = ()) -> None:
        """Note a mistake for which a rule, or the file, cannot be read."""
        self.broken = True
        found = f"`{problem.field}`: {problem.found}" if problem.field else problem.found
        self.findings.append(
            Finding(
                problem.code, "error", self.protocol, rules, found, problem.expected,
                problem.next_step, place=problem.place,
            )
        )  # fmt: skip

    def rules(self) -> list[Criterion]:
        """Read every rule that can be read."""
        return [rule for at, one in enumerate(self.entries) if (rule := self.rule(at, one))]

    def rule(self, at: int, entry: Any) -> Criterion | None:
        place = self.document.place("criteria", at)
        if not isinstance(entry, Mapping):
            self.tell(Problem("wrong-part", "no rule", "a mapping with id, kind, …", "", place))
            return None
        name = entry.get("id")
        told = (name,) if isinstance(name, str) else ()
        if self.draft and (not entry.get("when") or entry.get("review") == "left-out"):
            self.findings.append(_not_read(self.protocol, told, place))
            return None
        given = {k: v for k, v in entry.items() if not self.draft or k in _OF_A_RULE}
        try:
            rule = read_criterion({"source": "own", **given}, place, self.protocol)
        except CriterionError as error:
            for problem in error.problems:
                self.tell(problem, told)
            return None
        self.places.setdefault(rule.id, place)
        return rule

    def before(self) -> tuple[Criterion, ...]:
        """Give the rules on condition, phase and age, where the file names a condition."""
        conditions = self.terms("condition", Condition)
        stages = self.terms("phase_of_stroke", Stage)
        return rules_before(conditions, stages, f"{self.protocol}/own") if conditions else ()

    def terms(self, key: str, kind: type[Term]) -> tuple[Term, ...]:
        given = self.data.get(key) or []
        words = given if isinstance(given, list) else [given]
        known = {str(term): term for term in kind}
        for word in (word for word in words if word not in known):
            place, expected = self.document.place(key), f"one of {', '.join(known)}"
            self.tell(Problem("unknown-value", f"{word!r}", expected, "", place, key))
        return tuple(known[word] for word in words if word in known)

    def definition(self, rules: Sequence[Criterion]) -> None:
        """Hold the rules against the definition in the file."""
        if "definition" not in self.data:
            return
        place, definition = (
            self.document.place("definition"),
            read_definition(self.data["definition"]),
        )
        if definition is None:
            expected = "status (draft, review, published, withdrawn) and versions from 1 on"
            step = "See docs/checking-protocols.md"
            problem = Problem("definition-form", "another form", expected, step, place)
            self.tell(problem)
            return
        found = check_definition(self.protocol, definition, rules)
        self.findings += (replace(one, place=place) for one in found)

    def placed(self, finding: Finding) -> Finding:
        """Say where the first of a finding's rules stands."""
        places = [self.places[name] for name in finding.criteria if name in self.places]
        return replace(finding, place=places[0]) if places else finding


def _not_read(protocol: str, rules: tuple[str, ...], place: Place) -> Finding:
    found = "this item of a draft has no expression, or was left out"
    step = "Write its `when` on review, or leave it out with a reason"
    return Finding("not-read", "info", protocol, rules, found, "", step, place=place)
