"""Every part of a Decision, whatever it is made of: for what looks through all of it."""

from __future__ import annotations

from functools import cache
from typing import Any

from saisei.decision.model import Decision

__all__ = ["names_of", "parts_of"]


def parts_of(decision: Decision) -> list[Any]:
    """Give the Decision and every dataclass in it, each before its own parts, in reading order."""
    found: list[Any] = []
    waiting: list[Any] = [decision]
    while waiting:
        value = waiting.pop()
        kind: Any = type(value)
        if kind is tuple:
            waiting.extend(value[::-1])
        elif names := _names(kind):
            found.append(value)
            waiting.extend([getattr(value, name) for name in names[::-1]])
    return found


def names_of(part: Any) -> tuple[str, ...]:
    """Give the names of a dataclass's fields; `dataclasses.fields` is slower, and this is hot."""
    kind: Any = type(part)
    return _names(kind)


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Give the names of a class's fields; of what is no dataclass there are none."""
    return tuple(getattr(kind, "__dataclass_fields__", ()))
