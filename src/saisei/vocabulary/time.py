"""Time: months, adulthood, and the three stages after the stroke. The borders are data."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from saisei.base.dates import Span
from saisei.base.store import load_data
from saisei.vocabulary.terms import Stage

__all__ = ["adult_age", "days_per_month", "stage_of", "stages_overlapping"]


@cache
def days_per_month() -> float:
    """Give the length of a month in days, by our convention."""
    return float(load_data("vocabulary/time.yaml")["days_per_month"]["value"])


@cache
def adult_age() -> float:
    """Give the age in years from which somebody is an adult, by our convention."""
    return float(load_data("vocabulary/time.yaml")["adult_from_years"]["value"])


def stages_overlapping(days: Span) -> frozenset[Stage]:
    """Give every stage that a stretch of days since the stroke reaches.

    Examples
    --------
    >>> sorted(stages_overlapping(Span(3, 30)))
    [<Stage.ACUTE: 'acute'>, <Stage.SUBACUTE: 'subacute'>]
    """
    return frozenset(
        stage for stage, first, last in _borders() if first <= days.high and days.low <= last
    )


@cache
def _borders() -> tuple[tuple[Stage, float, float], ...]:
    """Give the first and the last day of each stage."""
    table: dict[str, Any] = load_data("vocabulary/time.yaml")["stages"]
    return tuple(
        (Stage(name), float(window["from_day"]), float(window["to_day"] or math.inf))
        for name, window in table.items()
    )


def stage_of(days: Span) -> Stage | None:
    """Give the one stage that a stretch of days lies in, or None when it straddles a border.

    A single day on a border belongs to the later stage.

    Examples
    --------
    >>> stage_of(Span(183, 183)).value
    'chronic'
    """
    order = list(Stage)
    reached = sorted(stages_overlapping(days), key=order.index)
    if days.exact and reached:
        return reached[-1]
    return reached[0] if len(reached) == 1 else None
