"""The answers so far: which can be true together, and how they are kept as a file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from saisei.base.errors import CaseError, Problem
from saisei.cases import Case, Field, case_from_data, fields
from saisei.web.answers import NEVER, UNKNOWN, stated_rows

__all__ = ["AS_OF", "Accepted", "accept", "case_file", "said_in", "stamped"]

AS_OF = "as_of"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answers that can be true together, and what is wrong with the others."""

    case: Case
    said: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def accept(said: Mapping[str, Any], moment: datetime) -> Accepted:
    """Keep the answers that can be true; each of the others has a problem of its own.

    Parameters
    ----------
    said
        Answers by field, written as in a case file.
    moment
        What they are judged at, unless they say so themselves (``as_of``).
    """
    kept, problems = dict(said), list[Problem]()
    while True:
        try:
            return Accepted(case_from_data(kept, otherwise=moment), kept, tuple(problems))
        except CaseError as error:
            problems += error.problems
            bad = [key for key in kept if _names(error.problems, key)]
            if not bad:
                raise
            for key in bad:
                del kept[key]


def _names(problems: Iterable[Problem], key: Any) -> bool:
    return any(problem.field in (key, str(key)[:60]) for problem in problems)


def stamped(said: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    """Give every answer that can grow old, and has no date, the moment at which it was given."""
    return {name: _dated(name, raw, moment) for name, raw in said.items()}


def _dated(name: str, raw: Any, moment: datetime) -> Any:
    wanted = fields().get(name)
    if wanted is None or wanted.valid_for is None or raw == UNKNOWN:
        return raw
    rows = stated_rows(wanted, raw)
    now = moment.isoformat(timespec="minutes")
    dated = [row if row.get("date") is not None else {**row, "date": now} for row in rows]
    if dated == rows:
        return raw
    return dated[0] if len(dated) == 1 else dated


def case_file(said: Mapping[str, Any], moment: datetime, *comments: str) -> str:
    """Write answers as a case file; those that can grow old carry the moment of saving.

    Parameters
    ----------
    said
        Answers that were accepted.
    moment
        When they are saved.
    comments
        Lines for its head.
    """
    lines = [f"# {line}" for line in comments]
    content = dict(said) if AS_OF in said else stamped(said, moment)
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000_000)
    return "\n".join([*lines, body if content else ""])


def said_in(case: Case) -> dict[str, Any]:
    """Write what a case holds as the lines of a case file: for a case that came from a record."""
    return {name: _entries(case, name) for name in case.entries}


def _entries(case: Case, name: str) -> Any:
    rows = []
    for entry in case.entries[name]:
        row: dict[str, Any] = {"value": _raw(fields()[name], entry.value)}
        row |= {"date": entry.date.text} if entry.dated else {}
        row |= {"source": entry.source} if entry.source else {}
        row |= {"open": True} if entry.is_open else {}
        row |= {"without": list(entry.without)} if entry.without else {}
        rows.append(row)
    return rows[0] if len(rows) == 1 else rows


def _raw(wanted: Field, value: Any) -> Any:
    if isinstance(value, tuple):
        return [_raw(wanted, one) for one in value]
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "details") and wanted.entries:
        details = {name: getattr(one, "text", one) for name, one in value.details.items()}
        return {wanted.entries["name"]: value.name, **details}
    if hasattr(value, "precision"):
        return value.text
    return NEVER if getattr(value, "name", None) == "NEVER" else value
