"""What was compared with a reference file, how far apart it was, and what was not compared.

A reference is a tree of dictionaries and lists; its leaves are numbers, nulls and words. Each
number has to be claimed once: as input, as compared under the name of a quantity, or as left out
with a reason. ``Ledger.unclaimed`` names those that were forgotten.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Path = tuple[str | int, ...]
Unit = Literal["relative", "absolute", "standard errors", "posterior SDs", "of the largest"]
ROUNDING = 1e-12
"""Numbers below this are nothing: it is the last digit of a reference's 1."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Numbers that are compared in one unit, to one tolerance, for one reason.

    ``relative`` is to the reference's number; ``of the largest`` to the largest number of the
    same matrix or list, since that is what its cancellations leave; the others say what they are.
    """

    name: str
    tolerance: float
    unit: Unit
    why: str


@dataclass(slots=True)
class Tally:
    """How many numbers of a quantity were compared, and how far apart the furthest was."""

    quantity: Quantity
    numbers: int = 0
    nulls: int = 0
    largest: float = 0.0
    place: str = ""


@dataclass(slots=True)
class Ledger:
    """The account of one reference file."""

    file: str
    document: Any
    quantities: Mapping[str, Quantity]
    tallies: dict[str, Tally] = field(default_factory=dict)
    given: int = 0
    left: dict[str, int] = field(default_factory=dict)
    claimed: set[Path] = field(default_factory=set)

    def at(self, *path: str | int) -> Any:
        """Return what stands at a place."""
        found = self.document
        for step in path:
            found = found[step]
        return found

    def compare(self, name: str, path: Path, ours: Any, scale: Any = None) -> None:
        """Set our numbers against those at a place.

        Parameters
        ----------
        name : str
            The quantity, by the key it has in ``quantities``.
        path : tuple
            Where the reference's number, list or matrix stands.
        ours : array_like
            The same shape; NaN where the reference has null.
        scale : array_like, optional
            The size of one unit, where that is not to be read off the reference's own numbers.
        """
        quantity = self.quantities[name]
        tally = self.tallies.setdefault(name, Tally(quantity))
        theirs = self._claim(path)
        expected = np.asarray(theirs, dtype=np.float64)
        found = np.asarray(ours, dtype=np.float64)
        where = f"{self.file}: {'/'.join(map(str, path))}"
        if expected.shape != found.shape:
            raise AssertionError(f"{where}: {found.shape} against {expected.shape}")
        there = ~np.isnan(expected)
        if (there == np.isnan(found)).any():
            raise AssertionError(f"{where}: a number on one side only")
        tally.numbers += int(there.sum())
        tally.nulls += int((~there).sum())
        apart = np.abs(found - expected)[there]
        if not apart.size:
            return
        unit = self._unit(quantity.unit, expected[there], scale, there)
        deviation = np.where(apart <= ROUNDING * np.minimum(unit, 1.0), 0.0, apart / unit)
        self._note(tally, float(deviation.max()), where)

    def measured(self, name: str, path: Path, deviation: float) -> None:
        """Claim one number that tells something else, which was found to be so far from ours."""
        tally = self.tallies.setdefault(name, Tally(self.quantities[name]))
        self._claim(path)
        tally.numbers += 1
        self._note(tally, abs(deviation), f"{self.file}: {'/'.join(map(str, path))}")

    def take(self, path: Path) -> Any:
        """Claim input and return it."""
        found = self._claim(path)
        self.given += sum(1 for _ in numbers_of(found))
        return found

    def leave(self, path: Path, reason: str) -> None:
        """Claim numbers that are not compared, and say why."""
        self.left[reason] = self.left.get(reason, 0) + sum(1 for _ in numbers_of(self._claim(path)))

    def unclaimed(self) -> list[str]:
        """Name the numbers that nobody claimed."""
        return [
            "/".join(map(str, path))
            for path, _ in numbers_of(self.document)
            if not any(path[:end] in self.claimed for end in range(1, len(path) + 1))
        ]

    @property
    def numbers(self) -> int:
        """How many numbers the file has."""
        return sum(1 for _ in numbers_of(self.document))

    @property
    def compared(self) -> int:
        """How many were compared."""
        return sum(tally.numbers for tally in self.tallies.values())

    def _claim(self, path: Path) -> Any:
        if any(path[:end] in self.claimed for end in range(1, len(path) + 1)):
            raise AssertionError(f"{self.file}: {path} claimed twice")
        self.claimed.add(path)
        return self.at(*path)

    @staticmethod
    def _note(tally: Tally, deviation: float, where: str) -> None:
        if not deviation <= tally.largest:
            tally.largest, tally.place = deviation, where

    @staticmethod
    def _unit(unit: Unit, expected: Any, scale: Any, there: Any) -> Any:
        if scale is not None:
            return np.broadcast_to(np.asarray(scale, dtype=np.float64), there.shape)[there]
        if unit == "absolute":
            return np.ones_like(expected)
        if unit == "of the largest":
            return np.full_like(expected, max(float(np.abs(expected).max()), ROUNDING))
        return np.maximum(np.abs(expected), ROUNDING)


def numbers_of(document: Any, path: Path = ()) -> Iterator[tuple[Path, float]]:
    """Every number of a tree with its place; words, nulls and truth values are none."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from numbers_of(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from numbers_of(value, (*path, index))
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield path, document


def nan_for_none(value: float | None) -> float:
    """NaN where there is no number."""
    return math.nan if value is None else value
