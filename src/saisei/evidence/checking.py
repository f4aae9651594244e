"""Checking study files."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from saisei.base.documents import Document
from saisei.base.errors import Problem
from saisei.evidence.model import Study

__all__ = ["FOLDER", "check_document", "check_studies"]

FOLDER = "evidence/studies"


def check_document(document: Document) -> tuple[Problem, ...]:
    """Check one document."""
    try:
        Study.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        return tuple(
            Problem("shape", str(e["msg"]), place=document.place(*e["loc"])) for e in error.errors()
        )
    return ()


def check_studies(path: Path | None = None) -> tuple[Problem, ...]:
    """Check."""
    return () if path is None else ()
