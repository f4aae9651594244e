"""Cautions: a word before a step of a cell therapy, whatever a trial's own list prints.

A caution never decides anything. Where its fields are unknown the question is asked and the
sentence is not printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from saisei.base.errors import CriterionError, DataError
from saisei.base.sources import Statement
from saisei.base.store import load_document
from saisei.base.texts import Language, in_language
from saisei.cases import Case
from saisei.eligibility import Expression, Lookup, Reading, evaluate, lookup_of, parse
from saisei.therapies.models import Programme
from saisei.therapies.steps import known_steps, steps_of
from saisei.vocabulary import Truth

__all__ = ["Caution", "CautionFound", "cautions", "cautions_rule", "find_cautions"]

FILE = "therapies/cautions.yaml"


@dataclass(frozen=True, slots=True)
class Caution:
    """A fact about a person that calls for a word before a step."""

    id: str
    titles: Mapping[str, str]
    """What it is about, by language."""
    when: Expression
    fields: tuple[str, ...]
    steps: tuple[str, ...]
    texts: Mapping[str, str]
    """What is said, by language; may be printed as it stands."""
    sources: tuple[str, ...]
    why: str
    status: Literal["source", "partly", "own-reasoning"]
    excluded_by: tuple[str, ...]
    excluded_note: str = ""

    @property
    def title(self) -> str:
        """What it is about, in English."""
        return self.title_in()

    def title_in(self, language: Language = "en") -> str:
        """Say what it is about."""
        return in_language(self.titles, language)

    @property
    def words(self) -> Statement:
        """What is said, in English."""
        return self.said()

    def said(self, language: Language = "en") -> Statement:
        """Give what is said, with its sources."""
        return Statement(in_language(self.texts, language), self.sources)


@dataclass(frozen=True, slots=True)
class CautionFound:
    """A caution that applies to a person, or that hangs on a question."""

    caution: Caution
    state: Literal["applies", "ask"]
    missing: frozenset[str]
    because: tuple[Reading, ...]


@cache
def cautions() -> tuple[Caution, ...]:
    """Give every caution, in the order of the file.

    Raises
    ------
    DataError
        The file is broken.
    """
    document = load_document(FILE)
    try:
        return tuple(_caution(entry) for entry in document.data["cautions"])
    except (KeyError, CriterionError) as error:
        raise DataError(f"{FILE}: {error}") from error


def _caution(entry: dict[str, Any]) -> Caution:
    if unknown := set(entry["steps"]) - known_steps():
        raise DataError(f"{FILE}: {entry['id']}: unknown steps {sorted(unknown)}")
    return Caution(
        entry["id"],
        entry["title"],
        parse(entry["when"]),
        tuple(entry["fields"]),
        tuple(entry["steps"]),
        entry["in_plain_words"],
        tuple(f"cautions/{key}" for key in entry["sources"]),
        entry["why"],
        entry["status"],
        tuple(entry["excluded_by"]),
        entry.get("excluded_note", ""),
    )


def cautions_rule(language: Language = "en") -> Statement:
    """Give the sentence that stands beside every caution."""
    return Statement(in_language(load_document(FILE).data["meta"]["always"], language))


def find_cautions(
    person: Case, programme: Programme | None = None, lookup: Lookup | None = None
) -> tuple[CautionFound, ...]:
    """Find the cautions for a person, for the steps of one programme or for any.

    Those that apply come first, then those whose question is still open.
    """
    answers = lookup or lookup_of(person)
    steps = steps_of(programme) if programme else known_steps()
    found = [_look(caution, answers) for caution in cautions() if steps & set(caution.steps)]
    return tuple(sorted((c for c in found if c), key=lambda c: c.state != "applies"))


def _look(caution: Caution, answers: Lookup) -> CautionFound | None:
    result = evaluate(caution.when, answers)
    if result.truth is Truth.FALSE:
        return None
    state: Literal["applies", "ask"] = "applies" if result.truth is Truth.TRUE else "ask"
    return CautionFound(caution, state, result.missing, result.because)
