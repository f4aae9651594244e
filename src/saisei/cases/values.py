"""What an entry of a case can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from saisei.base.dates import PartialDate

__all__ = ["NEVER", "EntryValue", "Listed", "Never", "OpenList"]


class Never(Enum):
    """The answer *never*: it has not happened at all. It is an answer, not unknown."""

    NEVER = "never"


NEVER: Final = Never.NEVER


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list that says more than a name: a drug with its dose, a cancer."""

    name: str
    details: Mapping[str, str | PartialDate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenList:
    """What is known of a list that nobody knows whole.

    Parameters
    ----------
    holds
        What surely belongs to it.
    lacks
        What surely does not. Anything else may.
    """

    holds: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()


EntryValue = (
    float
    | bool
    | str
    | Never
    | PartialDate
    | tuple[str, ...]
    | tuple[Listed, ...]
    | Mapping[str, float | str]
)
"""What an entry can hold; a list is a tuple, the items of a scale a mapping."""
