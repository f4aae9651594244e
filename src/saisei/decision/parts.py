"""Every part of a Decision, whatever it is made of: for what looks through all of it."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

from saisei.decision.model import Decision

__all__ = ["names_of", "parts_of"]


def parts_of(decision: Decision) -> list[Any]:
    """Give the Decision and every dataclass in it, each before its own parts, in reading order."""
    found: list[Any] = []
    waiting: list[Any] = [decision]
    while waiting:
        value = waiting.pop()
        if type(value) is tuple:
            waiting.extend(reversed(value))
        elif type(value) is not str and is_dataclass(value):
            found.append(value)
            waiting.extend(getattr(value, name) for name in reversed(names_of(value)))
    return found


def names_of(part: Any) -> tuple[str, ...]:
    """Give the names of a dataclass's fields; `dataclasses.fields` is slower, and this is hot."""
    return tuple(part.__dataclass_fields__)
