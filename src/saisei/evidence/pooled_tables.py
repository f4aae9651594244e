"""A reviewer's own table, pooled: effects, what gave none and why, and the pool."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from saisei import synthesis as syn
from saisei.base.errors import DocumentError, OptionError, Place, Problem
from saisei.evidence.tables import StudyTable, is_ratio
from saisei.synthesis.pairwise.heterogeneity import METHODS
from saisei.synthesis.pairwise.pooling import TESTS

__all__ = ["PooledTable", "pool_methods", "pool_table", "pool_tests"]


@dataclass(frozen=True, slots=True)
class PooledTable:
    """The pool of a table, and what went into it.

    Parameters
    ----------
    measure, effects
        What was pooled; ratios are logarithms.
    labels
        The studies that gave an effect, in the order of the effects.
    left_out
        The studies that gave none, with the reason.
    pool
        The pool.
    """

    measure: str
    effects: syn.Effect
    labels: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    pool: syn.PoolResult

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain values; ratios are logarithms."""
        effects = self.effects
        rows = zip(self.labels, effects.y, effects.se, self.pool.weights, strict=True)
        return {
            "measure": self.measure,
            "formula": effects.formula,
            "logarithm": is_ratio(self.measure),
            "studies": [
                {"study": label, "y": float(y), "se": float(se), "weight": float(weight)}
                for label, y, se, weight in rows
            ],
            "left_out": [{"study": label, "reason": reason} for label, reason in self.left_out],
            "pool": self.pool.to_dict(),
        }


def pool_methods() -> tuple[str, ...]:
    """List the estimators of tau2."""
    return tuple(METHODS)


def pool_tests() -> tuple[str, ...]:
    """List the ways to test a pool and to find its interval."""
    return tuple(TESTS)


def pool_table(
    table: StudyTable,
    measure: str,
    method: str = "REML",
    test: str = "knha",
    *,
    level: float = 0.95,
    name: str = "table",
) -> PooledTable:
    """Pool a table that was read for a measure.

    Parameters
    ----------
    table, measure
        The table, read by `read_table` for this measure.
    method, test, level
        As for `saisei.synthesis.pool`.
    name
        What the table is called in a message.

    Raises
    ------
    DocumentError
        A number is impossible, or no study gives an effect.
    OptionError
        There is no such method or test, or the level is no share.

    Examples
    --------
    >>> from saisei.evidence import read_table
    >>> table = read_table({"yi": [0.1, 0.3], "vi": [0.02, 0.02]}, "GEN")
    >>> round(pool_table(table, "GEN").pool.estimate, 3)
    0.2
    """
    _must_be_one_of(method, pool_methods(), "method")
    _must_be_one_of(test, pool_tests(), "test")
    if not 0 < level < 1:
        expected = "a share between 0 and 1, such as 0.95"
        raise OptionError(Problem("level", f"{level:g}", expected, field="level"))
    effects = _effects(table, measure, name)
    try:
        pooled = syn.pool(effects.y, effects.v, cast("Any", method), cast("Any", test), level)
    except ValueError as error:
        raise DocumentError(_mistake(str(error), table, effects, name)) from None
    labels = tuple(table.labels[index] for index in effects.index)
    left_out = tuple((table.labels[one.index], one.reason) for one in effects.left_out)
    return PooledTable(measure, effects, labels, left_out, pooled)


def _must_be_one_of(word: str, known: Sequence[str], field: str) -> None:
    if word not in known:
        expected = f"one of {', '.join(known)}"
        raise OptionError(Problem("unknown", f"there is no such {field}", expected, field=field))


def _effects(table: StudyTable, measure: str, name: str) -> syn.Effect:
    """Make effects of a table; what cannot give one is left out with the reason."""
    raw: dict[str, Any] = {ours: np.array(cells) for ours, cells in table.columns.items()}
    try:
        found = (
            _as_they_are(raw["y"], raw["v"], measure)
            if table.given
            else syn.effect(cast("Any", measure), **raw)
        )
    except ValueError as error:
        raise DocumentError(_mistake(str(error), table, None, name)) from None
    if not found.y.size:
        problem = Problem("table", "no study gives an effect", "one at least", place=Place(name))
        raise DocumentError(problem)
    return found


def _as_they_are(y: Any, v: Any, measure: str) -> syn.Effect:
    """Take effects and variances as the table gives them, without those that are missing."""
    given = np.isfinite(y) & np.isfinite(v)
    left_out = tuple(syn.LeftOut(int(at), "a number is missing") for at in np.flatnonzero(~given))
    formula = "logarithms as given" if is_ratio(measure) else "as given"
    return syn.Effect(y[given], v[given], np.flatnonzero(given), measure, formula, left_out)


def _mistake(told: str, table: StudyTable, effects: syn.Effect | None, name: str) -> Problem:
    """Tell of a number that cannot be, by its place in the table."""
    entry = re.fullmatch(r"(\w+)\[(\d+)\] is (.+?); expected (.+)", told)
    if entry is None:
        return Problem("table", told, "numbers of studies", place=Place(name))
    ours, index, value, expected = entry.groups()
    row = int(index) if effects is None else int(effects.index[int(index)])
    places = table.places.get(ours)
    at = Place(name, table.lines[row]) if places is None else places[row]
    return Problem("table", f"{ours} is {value}", expected, place=replace(at, path=ours))
