"""A field that may be asked for, with the tests of the rules that read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from saisei.cases import Field, OpenList, fields
from saisei.eligibility.evaluate import Lookup
from saisei.eligibility.tree import (
    Amount,
    Arithmetic,
    Between,
    Compare,
    Elapsed,
    Leaf,
    Measured,
    OneOf,
    Source,
    Term,
    field_of,
    sources_of,
)

__all__ = [
    "Asked",
    "Tests",
    "asked_of",
    "completed",
    "limits_of",
    "names_of",
    "tests_by_field",
]

Tests = Mapping[str, tuple[Leaf, ...]]
"""Tests of rules by the fields that they read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A field, the tests that read it, and those that read what is computed from it."""

    field: Field
    own: tuple[Leaf, ...]
    through: tuple[tuple[Field, tuple[Leaf, ...]], ...]
    lookup: Lookup
    as_of: datetime

    @property
    def tests(self) -> tuple[Leaf, ...]:
        """All of them."""
        return (*self.own, *(leaf for _, leaves in self.through for leaf in leaves))


def asked_of(name: str, tests: Tests, lookup: Lookup, as_of: datetime) -> Asked:
    """Give a field with its tests."""
    through = tuple((d, tests[d.id]) for d in _computed_from(name) if d.id in tests)
    return Asked(fields()[name], tests.get(name, ()), through, lookup, as_of)


@cache
def _computed_from(name: str) -> tuple[Field, ...]:
    return tuple(one for one in fields().values() if one.derived and name in one.inputs)


def completed(answers: Iterable[Any], field: Field, known: OpenList) -> Iterator[Any]:
    """Give the whole lists that may turn out to be what is known in part.

    Examples
    --------
    >>> known = OpenList(frozenset({"CT"}), frozenset({"PET"}))
    >>> list(completed([[], ["CT"], ["PET"], ["MRI"]], fields()["can_undergo_imaging"], known))
    [['CT'], ['CT', 'MRI']]
    """
    column = field.entries["name"] if field.entries else None
    told: set[str] = set()
    for answer in answers:
        names = {one if column is None else one[column] for one in answer}
        missing = sorted(known.holds - names)
        whole = [*(one if column is None else {column: one} for one in missing), *answer]
        if not names & known.lacks and repr(whole) not in told:
            told.add(repr(whole))
            yield whole


def tests_by_field(leaves: Iterable[Leaf]) -> Tests:
    """Sort the tests of some rules by the fields that they read, each once."""
    found: dict[str, list[Leaf]] = {}
    for leaf in dict.fromkeys(leaves):
        for name in {name for source in sources_of(leaf) for name in names_of(source)}:
            found.setdefault(name, []).append(leaf)
    return {name: tuple(several) for name, several in found.items()}


def names_of(source: Source) -> tuple[str, ...]:
    """Name the fields that a source reads: both ends of a time between two dates."""
    if isinstance(source, Elapsed) and source.end:
        return source.start, source.end
    return (field_of(source),)


def limits_of(leaves: Iterable[Leaf]) -> Iterator[float]:
    """Give the numbers that some tests compare with."""
    for leaf in leaves:
        match leaf:
            case Compare(_, _, limit):
                yield limit
            case Between():
                yield from (leaf.low, leaf.high)
            case OneOf(_, values):
                yield from (value for value in values if not isinstance(value, str))
            case Measured(left, _, right):
                yield from (*_amounts(left), *_amounts(right))


def _amounts(term: Term) -> Iterator[float]:
    match term:
        case Amount(value):
            yield value
        case Arithmetic(_, left, right):
            yield from (*_amounts(left), *_amounts(right))
