"""Checking a case file: what is impossible in it, and what will not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from saisei.base.documents import Document
from saisei.base.errors import InputError, Problem
from saisei.cases.answers import allowed_days
from saisei.cases.case import Case
from saisei.cases.fields import Field, fields
from saisei.cases.reading import case_from_data, open_case
from saisei.scales import score_items

__all__ = ["check_case"]


def check_case(
    path: Path | str, *, as_of: datetime | None = None, otherwise: datetime | None = None
) -> tuple[Problem, ...]:
    """Tell everything that is wrong with a case file (errors), or that will not count (warnings).

    Parameters
    ----------
    path
        The case file.
    as_of, otherwise
        As `saisei.cases.read_case`.

    Returns
    -------
    tuple of Problem
        Empty when nothing is to be said. Nothing is raised for what the file says.
    """
    try:
        document = open_case(path)
        case = case_from_data(document, as_of=as_of, otherwise=otherwise)
    except InputError as error:
        return error.problems
    warnings = [problem for name in case.entries for problem in _warnings(case, name, document)]
    return tuple(warnings) if case.entries else (_nothing(document),)


def _warnings(case: Case, name: str, document: Document) -> Iterator[Problem]:
    wanted, latest = fields()[name], case.entries[name][-1]
    if not latest.dated and allowed_days(wanted, latest, case) is not None:
        yield _warning(
            "undated",
            "this has no date and is taken to be so on the day of the report",
            "a date, since the answer can change",
            wanted,
            document,
        )
    if case.answer(name).state == "stale":
        yield _warning(
            "stale",
            "this is too old to count on the day of the report and is treated as unknown",
            "a newer value",
            wanted,
            document,
        )
    if wanted.type == "items" and isinstance(latest.value, Mapping):
        score = score_items(wanted.scale or "", latest.value)
        if score.missing:
            yield _warning(
                "incomplete-items",
                f"items {', '.join(score.missing)} are missing, so there is no total",
                "every item",
                wanted,
                document,
            )


def _warning(code: str, found: str, expected: str, wanted: Field, document: Document) -> Problem:
    return Problem(
        code, found, expected, "", document.place(wanted.id), wanted.id, severity="warning"
    )


def _nothing(document: Document) -> Problem:
    return Problem(
        "no-values",
        "no field has a value",
        "at least when the stroke was",
        place=document.place(),
        severity="warning",
    )
