"""Programmes and registered trials: what is offered or tested, read from the data files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import ValidationError

from saisei.base.documents import Document
from saisei.base.errors import CriterionError, DataError, OptionError, Problem
from saisei.base.store import load_document, load_folder
from saisei.eligibility import Criterion, read_criterion
from saisei.therapies.drafts import refuse_draft
from saisei.therapies.models import Programme, Trial

__all__ = ["not_found", "programme", "programmes", "trial", "trials"]

Found = TypeVar("Found")


@cache
def programmes() -> tuple[Programme, ...]:
    """Give every programme, in the order of the file.

    Raises
    ------
    DataError
        The file is broken.
    """
    document = load_document("therapies/programmes.yaml")
    return tuple(_programme(document, at) for at in range(len(document.data["programmes"])))


def _programme(document: Document, at: int) -> Programme:
    try:
        return Programme.model_validate(document.data["programmes"][at])
    except ValidationError as error:
        raise DataError(f"{document.place('programmes', at)}: {error}") from error


@cache
def trials() -> tuple[Trial, ...]:
    """Give every registered trial whose entry rules were coded, in order of their ids.

    Raises
    ------
    DataError
        A file is broken, a rule is no expression, or a source is not listed.
    """
    return tuple(_trial(document) for document in load_folder("therapies/trials").values())


def _trial(document: Document) -> Trial:
    refuse_draft(document)
    data = dict(document.data)
    try:
        rules = [_rule(document, at, entry) for at, entry in enumerate(data["criteria"])]
        return Trial.model_validate({**data, "criteria": tuple(rules)})
    except (ValidationError, CriterionError, KeyError) as error:
        raise DataError(f"{document.name}: {error}") from error


def _rule(document: Document, at: int, entry: Mapping[str, Any]) -> Criterion:
    if entry.get("source") not in document.data["sources"]:
        raise DataError(f"{document.place('criteria', at)}: the source is not listed")
    return read_criterion(
        entry, document.place("criteria", at), f"programmes/{document.data['id']}"
    )


def programme(programme_id: str) -> Programme:
    """Give one programme.

    Raises
    ------
    OptionError
        There is none of this name.
    """
    return _one("programme", programme_id, {p.id: p for p in programmes()})


def trial(trial_id: str) -> Trial:
    """Give one trial.

    Raises
    ------
    OptionError
        None of this number is coded.
    """
    return _one("trial", trial_id, {t.id: t for t in trials()})


def _one(what: str, wanted: str, table: Mapping[str, Found]) -> Found:
    if wanted not in table:
        expected = f"one of {', '.join(table)}"
        raise OptionError(Problem(f"unknown-{what}", f"no {what} `{wanted}`", expected))
    return table[wanted]


def not_found() -> Mapping[str, str]:
    """Give the trials that were looked for and could not be coded, with the reason."""
    entries = load_document("therapies/programmes.yaml").data["not_found"]
    return {entry["id"]: entry["note"] for entry in entries}
