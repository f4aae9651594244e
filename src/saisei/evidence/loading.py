"""Reading study files: the packaged ones, and any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from saisei.base.documents import Document, read_document
from saisei.base.errors import DataError, OptionError, Problem, StudyError
from saisei.base.sources import Source
from saisei.base.store import load_folder
from saisei.evidence.checking import FOLDER, check_document
from saisei.evidence.model import Study, StudySource
from saisei.evidence.words import nearest

__all__ = ["load_study", "studies", "study", "study_sources"]

OWN_REPORT = ("main", "abstract", "article", "pubmed", "medline", "table", "results")
"""How the keys of sources begin that are the study's own report, and so carry its doi."""


def load_study(path: Path | str) -> Study:
    """Read one study file.

    Raises
    ------
    DocumentError
        The file cannot be read as YAML.
    StudyError
        It breaks the study format. Carries every problem found; warnings are not raised.
    """
    document = read_document(path)
    errors = [p for p in check_document(document) if p.severity == "error"]
    if errors:
        raise StudyError(errors)
    return Study.model_validate_json(json.dumps(document.data))


@cache
def studies() -> tuple[Study, ...]:
    """Give every packaged study, in the order of their ids.

    The files are held to the format by the package's own tests; here only their shape is read.

    Raises
    ------
    DataError
        A packaged file is broken: our defect.
    """
    return tuple(_packaged(document) for document in load_folder(FOLDER).values())


def _packaged(document: Document) -> Study:
    try:
        return Study.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        raise DataError(f"{document.name}: {error}") from error


@cache
def _by_id() -> Mapping[str, Study]:
    return MappingProxyType({each.id: each for each in studies()})


def study(study_id: str) -> Study:
    """Give one packaged study.

    Raises
    ------
    OptionError
        There is none of this id; the message names the nearest.
    """
    if study_id in _by_id():
        return _by_id()[study_id]
    hint = nearest(study_id, _by_id())
    raise OptionError(
        Problem("unknown-study", f"there is no study `{study_id}`", "the id of a study", hint)
    )


@cache
def study_sources() -> Mapping[str, Source]:
    """Give every source of every packaged study by its global key, ``<study id>/<key>``."""
    return MappingProxyType(
        {
            source.key: source
            for each in studies()
            for source in (_source(each, key, found) for key, found in each.sources.items())
        }
    )


def _source(of: Study, key: str, found: StudySource) -> Source:
    own = found.kind in ("article", "abstract") and key.startswith(OWN_REPORT)
    return Source(
        f"{of.id}/{key}",
        f"{of.label} — {key}",
        url=found.url,
        kind=found.kind,
        doi=found.doi or (of.doi if own and not found.pmid else None),
        pmid=found.pmid or (of.pmid if own and not found.doi else None),
        registry=of.registry[0] if of.registry and found.kind == "registry" else None,
        note=found.note,
    )
