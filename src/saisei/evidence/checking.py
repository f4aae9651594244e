"""Checking study files: every problem of every file, each with its file and line.

A broken file never stops the check: what can be read of it is checked, and the other files are.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from saisei.base.documents import Document, parse_document, read_document
from saisei.base.errors import DocumentError, Problem
from saisei.evidence.checks.arms import check_arms
from saisei.evidence.checks.draft import Draft, read_draft
from saisei.evidence.checks.head import check_head
from saisei.evidence.checks.rows import check_rows
from saisei.evidence.words import nearest

__all__ = ["FOLDER", "check_document", "check_studies"]

FOLDER = "evidence/studies"


def check_studies(path: Path | str | None = None) -> tuple[Problem, ...]:
    """Check a study file, every study file of a folder, or the packaged ones.

    Parameters
    ----------
    path
        A file or a folder; the packaged studies when left out.

    Returns
    -------
    tuple of Problem
        Errors and warnings in the order of files and lines; empty when all is well. Whether
        overlaps are mutual is checked among the files of a folder.
    """
    problems: list[Problem] = []
    drafts: list[Draft] = []
    for document in _documents(path):
        if isinstance(document, Problem):
            problems.append(document)
        else:
            drafts.append(_checked(document))
            problems += drafts[-1].problems
    if path is None or Path(path).is_dir():
        problems += _overlaps(drafts)
    return tuple(sorted(problems, key=_order))


def check_document(document: Document) -> tuple[Problem, ...]:
    """Check one document that was read already; other files are not looked at."""
    return tuple(sorted(_checked(document).problems, key=_order))


def _checked(document: Document) -> Draft:
    draft = read_draft(document)
    check_head(draft)
    check_arms(draft)
    check_rows(draft)
    return draft


def _documents(path: Path | str | None) -> Iterator[Document | Problem]:
    """Read each file, or say why it cannot be read."""
    for file in _files(path):
        try:
            yield _read(file)
        except DocumentError as error:
            yield from error.problems


def _files(path: Path | str | None) -> list[Path | Traversable]:
    if path is None:
        folder = resources.files("saisei").joinpath(FOLDER)
        found = [file for file in folder.iterdir() if file.name.endswith(".yaml")]
        return sorted(found, key=lambda file: file.name)
    if Path(path).is_dir():
        return [file for file in sorted(Path(path).iterdir()) if file.suffix in (".yaml", ".yml")]
    return [Path(path)]


def _read(file: Path | Traversable) -> Document:
    if isinstance(file, Path):
        return read_document(file)
    return parse_document(file.read_bytes(), f"{FOLDER}/{file.name}")


def _overlaps(drafts: list[Draft]) -> list[Problem]:
    """Check that overlaps name studies of the folder, and that each names the other."""
    named = {draft.stem: _named(draft) for draft in drafts}
    problems: list[Problem] = []
    for draft in drafts:
        for index, other in enumerate(_named(draft)):
            place = draft.document.place("overlaps", index)
            if other not in named:
                found, hint = f"there is no study `{other}`", nearest(other, named)
                problems.append(Problem("unknown-study", found, "an id", hint, place, "overlaps"))
            elif draft.stem not in named[other]:
                found = f"`{other}` does not name `{draft.stem}` in return"
                step = f"Add it to the overlaps of {other}"
                problems.append(
                    Problem(
                        "overlap-one-way", found, "each names the other", step, place, "overlaps"
                    )
                )
    return problems


def _named(draft: Draft) -> list[str]:
    overlaps = draft.header.get("overlaps")
    return [str(other) for other in overlaps] if isinstance(overlaps, list) else []


def _order(problem: Problem) -> tuple[str, int, int, str]:
    place = problem.place
    if place is None:
        return ("", 0, 0, problem.code)
    return (place.file, place.line or 0, place.column or 0, problem.code)
