"""Drafts of trial files are never screened: what a draft is, and the loader's refusal."""

from __future__ import annotations

from collections.abc import Mapping

from saisei.base.documents import Document
from saisei.base.errors import DataError

__all__ = ["is_draft", "refuse_draft"]


def is_draft(document: Document) -> bool:
    """Tell whether a trial file is a draft, or holds a criterion that nobody has decided on."""
    data = document.data if isinstance(document.data, Mapping) else {}
    definition = data.get("definition")
    status = definition.get("status") if isinstance(definition, Mapping) else definition
    rules = data.get("criteria")
    listed = rules if isinstance(rules, list) else []
    undecided = any("review" in rule for rule in listed if isinstance(rule, Mapping))
    return status == "draft" or undecided


def refuse_draft(document: Document) -> None:
    """Keep a draft away from screening.

    Raises
    ------
    DataError
        The file is a draft.
    """
    if is_draft(document):
        raise DataError(
            f"{document.name}: this is a draft, which is never screened; review its criteria and "
            "turn it into a trial file with `saisei therapies accept-import`"
        )
