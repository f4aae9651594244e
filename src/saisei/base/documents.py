"""YAML and JSON documents that remember where each value stands.

YAML is read by its 1.2 core rules: ``NO`` is a text (Norway), not false; ``1.2e9`` without a sign
is a text in YAML 1.1 and a number here; a date stays a text. Aliases, tags and repeated keys are
refused: no file of ours needs them, and nested aliases are how a small file becomes a large one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from saisei.base.errors import DocumentError, Place, Problem

__all__ = ["Document", "parse_document", "read_document"]

MAX_BYTES = 2_000_000
"""A case is a few kilobytes and the largest data file 140; beyond this it is the wrong file."""
MAX_DEPTH = 40
"""Our deepest format nests eight levels."""
MAX_DIGITS = 18
"""A longer run of digits is no whole number that any field could hold."""

Steps = tuple[Hashable, ...]

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z")
_NAN = re.compile(r"\.(nan|NaN|NAN)\Z")
_ESCAPE = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds, and where each part of it stands."""

    name: str
    data: Any
    places: Mapping[Steps, tuple[int, int]]

    def place(self, *steps: Hashable) -> Place:
        r"""Give the place of a value, or of its nearest known parent.

        Examples
        --------
        >>> parse_document(b"a:\n  b: 1\n", "x.yaml").place("a", "b").line
        2
        """
        path = ".".join(str(step) for step in steps)
        for end in range(len(steps), -1, -1):
            if steps[:end] in self.places:
                line, column = self.places[steps[:end]]
                return Place(self.name, line, column, path)
        return Place(self.name, path=path)


def read_document(path: Path | str) -> Document:
    """Read a YAML or JSON file.

    Parameters
    ----------
    path
        The file. At most 2 MB, UTF-8.

    Returns
    -------
    Document
        Values are what JSON knows; a date stays the text that was written.

    Raises
    ------
    DocumentError
        The file is missing, empty, too large, not UTF-8, not well formed, or uses aliases,
        tags or repeated keys.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        reason = "is a folder" if path.is_dir() else (error.strerror or "cannot be read").lower()
        raise _refuse("unreadable", path, f"the file cannot be read ({reason})", "a file") from None
    if size > MAX_BYTES:
        raise _refuse(
            "too-large", path, f"the file has {size:,} bytes", f"at most {MAX_BYTES:,} bytes"
        )
    return parse_document(content, str(path))


def parse_document(content: bytes, name: str) -> Document:
    """Parse the bytes of a YAML or JSON document (JSON is read as the YAML it is).

    Raises
    ------
    DocumentError
        As `read_document`.

    Examples
    --------
    >>> parse_document(b"countries: [NO]", "x.yaml").data
    {'countries': ['NO']}
    """
    text = _decode(content, name)
    try:
        reader = _Reader(name, yaml.parse(_with_wide_escapes(text), Loader=yaml.CSafeLoader))
        return Document(name, reader.document(), reader.places)
    except yaml.YAMLError as error:
        raise _syntax(error, name) from None


def _decode(content: bytes, name: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DocumentError(
            Problem(
                "encoding",
                "a byte that is not UTF-8",
                "text in UTF-8",
                "Save the file again as UTF-8",
                Place(name, line),
            )
        ) from None
    if not text.strip():
        raise _empty(name)
    return text


def _with_wide_escapes(text: str) -> str:
    r"""Write JSON's pairs of escapes (``\ud840\udc00``) as the one escape that YAML knows."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    return _ESCAPE.sub(_widen, text)


def _widen(matched: re.Match[str]) -> str:
    high, low = matched.group(1), matched.group(2)
    if high is None:
        return matched.group()  # a backslash that is itself escaped
    point = 0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)
    return f"\\U{point:08X}"


def _empty(name: str) -> DocumentError:
    return _refuse("empty", name, "the file is empty", "at least one field")


def _refuse(
    code: str, name: Path | str, found: str, expected: str, next_step: str = ""
) -> DocumentError:
    return DocumentError(Problem(code, found, expected, next_step, Place(str(name))))


def _syntax(error: yaml.YAMLError, name: str) -> DocumentError:
    mark = getattr(error, "problem_mark", None)
    place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
    what = getattr(error, "problem", None) or "the text is not well formed"
    return DocumentError(
        Problem(
            "syntax",
            f"the file breaks off or is not well formed ({what})",
            "YAML or JSON",
            "Look at this line and the one above it",
            place,
        )
    )


class _Reader:
    """Turns parser events into plain values and notes their places.

    Events, not composed nodes: the depth is checked before anything is built on the stack.
    """

    def __init__(self, name: str, events: Iterator[yaml.Event]) -> None:
        self.name = name
        self.events = events
        self.places: dict[Steps, tuple[int, int]] = {}

    def document(self) -> Any:
        """Read the one document of the stream."""
        next(self.events)  # stream start
        started = next(self.events)
        if not isinstance(started, yaml.DocumentStartEvent):
            raise _empty(self.name)
        data = self._value(next(self.events), ())
        next(self.events)  # document end
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise self._stop("several", after, "a second document (`---`)", "one document a file")
        return data

    def _value(self, event: yaml.Event, steps: Steps) -> Any:
        self.places[steps] = _position(event)
        if isinstance(event, yaml.AliasEvent):
            raise self._stop(
                "alias",
                event,
                "a YAML alias (`*name`)",
                "values written out",
                "Write the value here",
            )
        if getattr(event, "tag", None) is not None:
            raise self._stop("tag", event, "a YAML tag (`!…`)", "plain values", "Remove the tag")
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style else _plain(event.value)
        if len(steps) >= MAX_DEPTH:
            raise self._stop("too-deep", event, "the file nests too deeply", f"{MAX_DEPTH} levels")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(steps)
        return self._sequence(steps)

    def _sequence(self, steps: Steps) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*steps, len(items))))
        return items

    def _mapping(self, steps: Steps) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._stop("key", event, "a key that is not a single word", "a name")
            key = self._value(event, (*steps, event.value))
            if key in found:
                raise self._stop("repeated", event, f"`{key}` stands here twice", "it once")
            found[key] = self._value(next(self.events), (*steps, key))
            self.places[(*steps, key)] = _position(event)
        return found

    def _stop(
        self, code: str, event: yaml.Event, found: str, expected: str, next_step: str = ""
    ) -> DocumentError:
        place = Place(self.name, *_position(event))
        return DocumentError(Problem(code, found, expected, next_step, place))


def _position(event: Any) -> tuple[int, int]:
    """Give line and column from 1 (the parser counts from 0)."""
    return event.start_mark.line + 1, event.start_mark.column + 1


def _plain(text: str) -> Any:
    """Give a plain scalar its value by the YAML 1.2 core rules; a date stays a text."""
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.match(text) and len(text) <= MAX_DIGITS:
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if _INFINITE.match(text):
        return -math.inf if text.startswith("-") else math.inf
    return math.nan if _NAN.match(text) else text
