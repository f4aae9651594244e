"""A phrase of an item and the expression it was read as; and what every rule needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from saisei.therapies.ctgov.words import any_of, compiled, table, unit_pattern

__all__ = ["Part", "Units", "time_units", "units", "wanted"]

Units = tuple[tuple[str, str], ...]
"""Names of units, each with the pattern of its spellings."""


@dataclass(frozen=True, slots=True)
class Part:
    """A phrase of an item, and the expression that it was read as.

    `narrow` tells that the expression and the phrase do not say quite the same (`note` says why):
    an item with such a part is never read whole. `negated`: a *no* before it was read with it.
    `also` are further places that were read for it.
    """

    start: int
    end: int
    when: str
    note: str = ""
    narrow: bool = False
    team: bool = False
    negated: bool = False
    also: tuple[tuple[int, int], ...] = ()


def wanted(terms: Iterable[str]) -> re.Pattern[str]:
    """Compile several terms to one pattern."""
    return compiled(any_of(terms))


def units(names: Iterable[str]) -> Units:
    """Give units by name, with their spellings."""
    spelled = {**table()["units"], **table()["time_units"]}
    return tuple((name, unit_pattern(spelled[name])) for name in names)


@cache
def time_units() -> Units:
    """Give the units of time."""
    return units(table()["time_units"])
