"""Adding up a score from its items, levels, sections or parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from saisei.base.errors import Problem
from saisei.scales.table import Item, Scale, scale, scales

__all__ = ["UNTESTABLE", "Score", "score_items"]

UNTESTABLE = "UN"
"""What stands for an item that could not be examined (NIHSS); it adds nothing to the total."""


@dataclass(frozen=True, slots=True)
class Score:
    """What items add up to.

    `total` is None while an item is missing or impossible: a part of a scale is no score.
    """

    scale_id: str
    total: float | None
    missing: tuple[str, ...] = ()
    untestable: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every item is there and possible."""
        return self.total is not None


def score_items(scale_id: str, values: Mapping[str, float | str | None]) -> Score:
    """Add up a scale.

    Parameters
    ----------
    scale_id
        ``nihss`` (15 items), ``barthel`` (10 items), ``mrs`` (one item, ``level``), ``fma_ue``
        and ``fma_le`` (sections A-D, E-F), ``fma_motor`` (its two parts), ``arat`` (sections).
    values
        Points by item; None or no entry is missing, ``UN`` is untestable where the scale knows
        it.

    Returns
    -------
    Score
        With every item that is missing, and one problem for each that is unknown or impossible.

    Raises
    ------
    KeyError
        There is no such scale.

    Examples
    --------
    >>> score_items("fma_motor", {"fma_ue": 28, "fma_le": 22}).total
    50.0
    >>> score_items("fma_motor", {"fma_ue": 28}).missing
    ('fma_le',)
    """
    found = scale(scale_id)
    items = {item.id: item for item in scoring_items(found)}
    problems = [_unknown(found, key, items) for key in values if key not in items]
    missing: list[str] = []
    untestable: list[str] = []
    total = 0.0
    for item in items.values():
        value = values.get(item.id)
        if value is None:
            missing.append(item.id)
        elif value == UNTESTABLE and item.untestable:
            untestable.append(item.id)
        elif isinstance(value, str | bool) or value not in item.points:
            problems.append(_impossible(found, item))
        else:
            total += value
    ready = bool(items) and not missing and not problems
    return Score(
        scale_id, total if ready else None, tuple(missing), tuple(untestable), tuple(problems)
    )


def scoring_items(found: Scale) -> tuple[Item, ...]:
    """Give what a scale is added up from: its items, else its sections, else its parts."""
    if found.items:
        return found.items
    if found.sections:
        return tuple(
            Item(section.id, section.name, _whole(section.maximum)) for section in found.sections
        )
    parts = (scales()[part] for part in found.parts)
    return tuple(Item(p.id, p.name, _whole(p.range.high if p.range else 0)) for p in parts)


def _whole(maximum: float) -> tuple[float, ...]:
    return tuple(map(float, range(math.floor(maximum) + 1)))


def _unknown(found: Scale, key: str, items: Mapping[str, Item]) -> Problem:
    return Problem(
        "unknown-item",
        f"the {found.name} has no item `{str(key)[:40]}`",
        f"one of {', '.join(items)}",
        field=found.id,
    )


def _impossible(found: Scale, item: Item) -> Problem:
    return Problem(
        "impossible-item",
        f"item {item.id} ({item.name}) cannot have this value",
        allowed_points(item),
        field=found.id,
    )


def allowed_points(item: Item) -> str:
    """Say which points an item can have.

    Examples
    --------
    >>> allowed_points(Item("3", "visual fields", (0.0, 1.0, 2.0, 3.0)))
    'a whole number from 0 to 3'
    """
    low, high = int(item.points[0]), int(item.points[-1])
    whole = len(item.points) == high - low + 1 and len(item.points) > 3
    listed = f"a whole number from {low} to {high}" if whole else _listed(item.points)
    return f"{listed}, or {UNTESTABLE} (untestable)" if item.untestable else listed


def _listed(points: tuple[float, ...]) -> str:
    words = [f"{point:g}" for point in points]
    return f"{', '.join(words[:-1])} or {words[-1]}"
