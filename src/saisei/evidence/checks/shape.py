"""What the models refuse, told with file, line, the words known and the nearest of them."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

from pydantic import BaseModel, ValidationError

from saisei.base.documents import Document
from saisei.base.errors import Problem
from saisei.evidence.model import (
    Age,
    Arm,
    Delay,
    Entry,
    Extraction,
    Judgement,
    Limit,
    LimitPart,
    PrimaryEndpoint,
    Row,
    SecondReader,
    Study,
    StudySource,
)
from saisei.evidence.words import listed, nearest

__all__ = ["shape_problems"]

Steps = tuple[Hashable, ...]

_MODELS: tuple[tuple[str, type[BaseModel]], ...] = (
    (r"", Study),
    (r"sources/[^/]+", StudySource),
    (r"arms/\d+", Arm),
    (r"arms/\d+/age", Age),
    (r"outcomes/\d+", Row),
    (r"outcomes/\d+/event", Limit),
    (r"outcomes/\d+/event/composite/\d+", LimitPart),
    (r"outcomes/\d+/data/[^/]+", Entry),
    (r"onset_to_treatment", Delay),
    (r"primary_endpoint", PrimaryEndpoint),
    (r"risk_of_bias/[^/]+", Judgement),
    (r"extraction", Extraction),
    (r"extraction/second", SecondReader),
)
_NUMBER = re.compile(r"\s*[-+]?[\d.,]+\s*([eE][-+]?\d+)?\s*%?\s*\Z")
_NUMERIC = ("float_type", "int_type", "float_parsing", "int_parsing", "int_from_float")


def shape_problems(document: Document, error: ValidationError) -> list[Problem]:
    """Turn what the models refuse into problems with places, one for each place."""
    told: dict[Steps, Problem] = {}
    for mistake in _without_unions(error):
        steps = _known(document, mistake["loc"], missing=mistake["type"] == "missing")
        told.setdefault(steps, _problem(document, steps, mistake))
    return list(told.values())


def _without_unions(error: ValidationError) -> list[Any]:
    """Drop, of a value that may be true, false or a word, what the branches say one by one."""
    found: list[Any] = list(error.errors())
    words = [mistake for mistake in found if mistake["type"] == "literal_error"]
    either = {mistake["loc"][:-1]: mistake for mistake in words}
    for mistake in [mistake for mistake in found if mistake["loc"][-1:] == ("bool",)]:
        if (other := either.get(mistake["loc"][:-1])) is not None:
            other["ctx"] = {"expected": "'true', 'false', " + str(other["ctx"]["expected"])}
            found.remove(mistake)
    return found


def _known(document: Document, loc: Steps, *, missing: bool) -> Steps:
    """Cut what the models add to a path (`[key]`, the branch of a union)."""
    steps = tuple(step for step in loc if step != "[key]")
    for end in range(len(steps), 0, -1):
        if steps[:end] in document.places:
            return steps[: end + 1] if missing else steps[:end]
    return steps[:1]


def _problem(document: Document, steps: Steps, mistake: Any) -> Problem:
    code, found, expected, hint = _words(steps, mistake)
    name = str(steps[-1]) if steps else ""
    return Problem(code, found, expected, hint, document.place(*steps), name)


def _words(steps: Steps, mistake: Any) -> tuple[str, str, str, str]:
    """Give code, what was found, what was expected, and the next step."""
    kind, given = mistake["type"], mistake.get("input")
    name = str(steps[-1]) if steps else "the file"
    if kind == "missing":
        return "missing-field", f"`{name}` is missing", "it, or null where that is allowed", ""
    if kind == "extra_forbidden":
        known = _fields(steps[:-1])
        return "unknown-field", f"unknown field `{name}`", listed(known), nearest(name, known)
    if kind in ("enum", "literal_error"):
        words = re.findall(r"'([^']+)'", str(mistake["ctx"]["expected"]))
        return "unknown-word", f"unknown word `{given}`", listed(words), nearest(given, words)
    if kind in _NUMERIC:
        return _not_a_number(given, kind)
    if kind == "model_type":
        return "not-a-table", _kind(given), "fields with values, `name: value`", ""
    return "wrong-value", _lower(str(mistake["msg"])), "", ""


def _not_a_number(given: object, kind: str) -> tuple[str, str, str, str]:
    expected = "a whole number" if kind.startswith("int") else "a number"
    if isinstance(given, str) and _NUMBER.match(given):
        hint = "Write it without quotes"
        return "number-as-text", f"the number {given} is written as text", expected, hint
    return "not-a-number", f"{_kind(given)}", expected, ""


def _kind(given: object) -> str:
    if given is None:
        return "nothing (null)"
    if isinstance(given, list | dict):
        return "a list" if isinstance(given, list) else "a table"
    return f"`{given}`"


def _fields(steps: Steps) -> list[str]:
    path = "/".join(str(step) for step in steps)
    found = [model for pattern, model in _MODELS if re.fullmatch(pattern, path)]
    return [name for model in found for name in model.model_fields]


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
