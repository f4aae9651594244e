"""JSON by its own rules, for what comes over a wire: nothing is guessed and nothing is forgiven.

`parse_document` reads what people write by hand, JSON among it, and remembers lines. A program that
sends JSON is told what is not JSON: NaN, a repeated name, half a pair of surrogates, a byte order
mark. A place is the path to the value.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from saisei.base.documents import MAX_DEPTH, MAX_DIGITS, Document
from saisei.base.errors import DocumentError, Place, Problem

__all__ = ["parse_json"]

SHOWN = 60
"""Letters of a name that are said again."""


def parse_json(content: bytes, name: str) -> Document:
    """Parse the bytes of a JSON document by RFC 8259.

    Parameters
    ----------
    content
        The bytes, UTF-8.
    name
        What the document is called in a `Place`.

    Raises
    ------
    DocumentError
        Not UTF-8, a byte order mark, empty, not well formed, a name that stands twice in one
        object, a number that JSON does not have or that is beyond what a float holds, half a pair
        of surrogates, or deeper than any format of ours.

    Examples
    --------
    >>> parse_json(b'{"mrs_current": 3}', "body").data
    {'mrs_current': 3}
    """
    text = _decoded(content, name)
    try:
        data = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        place = Place(name, error.lineno, error.colno)
        told = "the text breaks off or is not well formed"
        raise DocumentError(Problem("syntax", told, "JSON", "", place)) from None
    except RecursionError:
        raise _too_deep(name) from None
    _look_through(data, name)
    return Document(name, data, {})


def _decoded(content: bytes, name: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        told = "a byte that is not UTF-8"
        raise DocumentError(Problem("encoding", told, "JSON in UTF-8", "", Place(name))) from None
    if text.startswith("\ufeff"):
        told = "a byte order mark at the beginning"
        raise DocumentError(Problem("encoding", told, "JSON in UTF-8 without it", "", Place(name)))
    if not text.strip():
        raise DocumentError(Problem("empty", "nothing was sent", "JSON", "", Place(name)))
    return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            shown = key[:SHOWN].encode(errors="replace").decode()
            raise DocumentError(
                Problem("repeated", "a name stands twice in one object", "it once", field=shown)
            )
        found[key] = value
    return found


def _no_constant(_: str) -> NoReturn:
    expected = "a number as JSON writes it, or null"
    raise DocumentError(Problem("number", "NaN or an infinite number", expected))


def _finite(written: str) -> float:
    value = float(written)
    if math.isinf(value):
        told = "a number that is too large"
        raise DocumentError(Problem("number", told, "a number within the range of a float"))
    return value


def _integer(written: str) -> int | float:
    return int(written) if len(written) <= MAX_DIGITS else _finite(written)


def _look_through(data: Any, name: str) -> None:
    """Refuse what is nested too deeply, and texts that cannot be written again."""
    open_values: list[tuple[Any, int]] = [(data, 0)]
    while open_values:
        value, depth = open_values.pop()
        if isinstance(value, str):
            _must_be_text(value, name)
        if not isinstance(value, dict | list):
            continue
        if depth >= MAX_DEPTH:
            raise _too_deep(name)
        if isinstance(value, dict):
            open_values += ((key, depth + 1) for key in value)
        inside = value.values() if isinstance(value, dict) else value
        open_values += ((one, depth + 1) for one in inside)


def _must_be_text(value: str, name: str) -> None:
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        told = "half a pair of surrogates in a text"
        raise DocumentError(Problem("encoding", told, "whole letters", "", Place(name))) from None


def _too_deep(name: str) -> DocumentError:
    told = "the text nests too deeply"
    return DocumentError(Problem("too-deep", told, f"{MAX_DEPTH} levels", "", Place(name)))
