"""What is said of a trial or a therapy by itself, whoever is held against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from saisei.base.sources import Statement
from saisei.base.texts import Language
from saisei.therapies.loading import programmes, trials
from saisei.therapies.matching import Standing, TrialMatch, programme_notes, standing_of
from saisei.therapies.models import Programme, Trial

__all__ = ["Described", "describe"]


@dataclass(frozen=True, slots=True)
class Described:
    """A trial or a therapy in words.

    `kind` is *other* for a protocol that is neither; of it nothing more is known than its id.
    """

    id: str
    title: str
    kind: Literal["trial", "programme", "other"]
    standing: Standing | None = None
    """Of a trial: whether it takes anybody, as far as was read."""
    statements: tuple[Statement, ...] = ()
    """Its standing, and what of its rules was not read or not published."""


def describe(name: str, as_of: datetime, language: Language = "en") -> Described:
    """Describe the trial or the therapy of this id.

    Examples
    --------
    >>> from datetime import UTC
    >>> describe("NCT00875654", datetime(2026, 11, 20, tzinfo=UTC)).standing
    'closed'
    """
    for trial in trials():
        if trial.id == name:
            return _trial(trial, as_of, language)
    for programme in programmes():
        if programme.id == name:
            return _programme(programme, language)
    return Described(name, name, "other")


def _trial(trial: Trial, as_of: datetime, language: Language) -> Described:
    standing = standing_of(trial, as_of)
    nobody = TrialMatch(trial, "undecided", (), standing, as_of)
    said = [nobody.standing_said(language)]
    if partial := nobody.partial_said(language):
        said.append(Statement(partial, trial.source_keys))
    return Described(trial.id, trial.title, "trial", standing, tuple(said))


def _programme(programme: Programme, language: Language) -> Described:
    return Described(
        programme.id, programme.name, "programme", statements=programme_notes(programme, language)
    )
