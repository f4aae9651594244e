"""The legal route of a programme and what it does not mean; what to ask a clinic; after cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Language, in_language
from saisei.therapies.models import Programme

__all__ = [
    "after_cells",
    "insurance",
    "law_elsewhere",
    "legal_route",
    "questions_for_clinic",
    "warning_signs_of_a_clinic",
]

FILE = "therapies/law.yaml"


def legal_route(programme: Programme, language: Language = "en") -> tuple[Statement, ...]:
    """Say by which legal route a programme is given, and what that does not mean.

    Examples
    --------
    >>> from saisei.therapies import programme
    >>> legal_route(programme("nr1-intracerebral"))[0].text
    'It exists only in trials; a lawful trial does not sell treatment.'
    """
    wanted = _names(programme)
    rows = load_data(FILE)["statements"]
    said = (_statement(row, language) for row in rows if wanted & set(row["for"]))
    return tuple(s if s.sources else Statement(s.text, programme.source_keys) for s in said)


def _names(programme: Programme) -> set[str]:
    names = {programme.id}
    if programme.asrm_class:
        names |= {f"class-{programme.asrm_class}", "japan"}
    elif programme.available_outside_trial is False:
        names.add("trial-only")
    elif programme.available_outside_trial is None:
        names.add("elsewhere")
    return names


def law_elsewhere(language: Language = "en") -> tuple[Statement, ...]:
    """Say what the law of the United States and of the European Union allows."""
    return _statements("general", language)


def questions_for_clinic(language: Language = "en") -> tuple[Statement, ...]:
    """Give the questions to put to a clinic, mostly those of the stem-cell society."""
    return _statements("questions_for_clinic", language)


def warning_signs_of_a_clinic(language: Language = "en") -> tuple[Statement, ...]:
    """Give what should make somebody wary of an offer."""
    return _statements("warning_signs", language)


def after_cells(language: Language = "en") -> tuple[Statement, ...]:
    """Say what to ask for and to watch for once cells were given."""
    return _statements("after_cells", language)


def insurance(language: Language = "en") -> tuple[Statement, ...]:
    """Say what insurance pays, as far as anything was found."""
    return _statements("insurance", language)


def _statements(part: str, language: Language) -> tuple[Statement, ...]:
    return tuple(_statement(row, language) for row in load_data(FILE)[part])


def _statement(row: Mapping[str, Any], language: Language) -> Statement:
    keys = tuple(key if "/" in key else f"law/{key}" for key in row["sources"])
    return Statement(in_language(row["text"], language), keys)
