"""What the API takes as a body: JSON by its own rules, with the names that an address knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from saisei.base.documents import Document
from saisei.base.errors import InputError, OptionError, Place, Problem
from saisei.base.json_text import parse_json
from saisei.base.texts import LANGUAGES, Language

__all__ = ["Body", "Sent", "moved"]

NAME = "body"
PLAIN = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}


async def _sent(request: Request) -> bytes:
    """Take the bytes of a body that says it is JSON."""
    kind, _, options = request.headers.get("content-type", "").partition(";")
    charset = options.lower().replace(" ", "").replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise HTTPException(415)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HTTPException(415)
    return await request.body()


Sent = Annotated[bytes, Depends(_sent)]


@dataclass(frozen=True, slots=True)
class Body:
    """An object that was sent.

    Parameters
    ----------
    given
        What it holds, by name.
    """

    given: Mapping[str, Any]

    @classmethod
    def read(cls, sent: bytes, known: Sequence[str]) -> Body:
        """Read a body, and refuse names that the address does not know.

        Raises
        ------
        DocumentError
            It is no JSON.
        OptionError
            It is no object, or holds an unknown name.
        """
        data = parse_json(sent, NAME).data
        if not isinstance(data, dict):
            expected = f"an object with {', '.join(known)}"
            raise OptionError(Problem("wrong-type", "the body is no object", expected))
        unknown = [name for name in data if name not in known]
        if unknown:
            expected = f"one of {', '.join(known)}"
            raise OptionError(
                Problem("unknown-name", "there is no such name here", expected, field=name[:60])
                for name in unknown
            )
        return cls(data)

    def text(self, name: str, otherwise: str | None = None) -> str | None:
        """Give a text; null is as if it were not there."""
        found = self.given.get(name)
        return otherwise if found is None else str(self._of(name, found, str))

    def number(self, name: str, otherwise: float) -> float:
        """Give a number."""
        found = self.given.get(name)
        if found is None:
            return otherwise
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise _wrong(name, "a number")
        return float(found)

    def object(self, name: str) -> Mapping[str, Any]:
        """Give an object that has to be there."""
        found: Mapping[str, Any] = self._of(name, self._there(name), dict)
        return found

    def several(self, name: str, most: int) -> Sequence[Any]:
        """Give a list that has to be there and may not be longer than so much."""
        found: list[Any] = self._of(name, self._there(name), list)
        if not 1 <= len(found) <= most:
            told, expected = f"a list of {len(found):,}", f"1 to {most:,} entries"
            raise OptionError(Problem("length", told, expected, field=name, place=_at(name)))
        return found

    def language(self) -> Language:
        """Give the language that was asked for, English where none was."""
        asked = self.text("language", "en")
        for language in LANGUAGES:
            if asked == language:
                return language
        raise _wrong("language", f"one of {', '.join(LANGUAGES)}", "no such language")

    def document(self, name: str) -> Document:
        """Give an object as a document, so that mistakes in it are told by their path."""
        return Document(name, self.object(name), {})

    def _there(self, name: str) -> Any:
        if self.given.get(name) is None:
            raise OptionError(Problem("missing", "this is missing", f"`{name}`", field=name))
        return self.given[name]

    @staticmethod
    def _of(name: str, found: Any, kind: type[Any]) -> Any:
        if not isinstance(found, kind):
            raise _wrong(name, PLAIN[kind])
        return found


def _at(path: str) -> Place:
    return Place(NAME, path=path)


def _wrong(name: str, expected: str, found: str = "something else stands here") -> OptionError:
    return OptionError(Problem("wrong-type", found, expected, field=name, place=_at(name)))


def moved(error: InputError, under: str) -> tuple[Problem, ...]:
    """Tell mistakes of a part by their paths in the whole body."""
    return tuple(_moved(problem, under) for problem in error.problems)


def _moved(problem: Problem, under: str) -> Problem:
    path = problem.place.path if problem.place else ""
    return Problem(
        problem.code,
        problem.found,
        problem.expected,
        problem.next_step,
        _at(f"{under}.{path}" if path else under),
        problem.field,
        problem.severity,
    )
