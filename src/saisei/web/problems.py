"""Refusals: problem details (RFC 9457) for programs, in words that a person can read too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from saisei.base.errors import Problem
from saisei.base.texts import Language
from saisei.web.words import words

__all__ = ["MOST", "PROBLEM_JSON", "problem_response"]

PROBLEM_JSON = "application/problem+json"
MOST = 100
"""So many mistakes are listed; whoever has more begins anew."""


def problem_response(
    status: int,
    code: str,
    problems: Iterable[Problem] = (),
    *,
    language: Language = "en",
) -> Response:
    """Answer with a refusal.

    Parameters
    ----------
    status
        The HTTP status.
    code
        Short name of what went wrong; the texts of ``refused`` in the catalogue.
    problems
        The mistakes of the input, each told whole. None of them holds a personal value.
    language
        Of the words.
    """
    say = words(language).say
    told: dict[str, Any] = {
        "type": f"urn:saisei:problem:{code}",
        "title": say(f"refused.{code}.title"),
        "status": status,
        "detail": say(f"refused.{code}.detail"),
    }
    listed = [_told(problem) for problem in problems]
    if listed:
        told["problems"] = listed[:MOST]
    if len(listed) > MOST:
        told["problems_left_out"] = len(listed) - MOST
    body = json.dumps(told, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return Response(body, status, media_type=PROBLEM_JSON, headers={"content-language": language})


def _told(problem: Problem) -> dict[str, str | int]:
    place = problem.place
    given: dict[str, str | int | None] = {
        "code": problem.code,
        "field": problem.field,
        "found": problem.found,
        "expected": problem.expected,
        "next_step": problem.next_step,
        "path": place.path if place else "",
        "line": place.line if place else None,
        "column": place.column if place else None,
    }
    return {name: one for name, one in given.items() if one}
