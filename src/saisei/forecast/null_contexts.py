"""The situations of a null trial: the forecast's, and further rows of the table of changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from saisei.base.errors import OptionError, Problem
from saisei.base.store import load_data
from saisei.forecast.parameters import Context, block, context, contexts, windows
from saisei.forecast.published import FILE
from saisei.vocabulary import days_per_month

__all__ = ["NullContext", "null_context", "null_contexts"]


FIRST_YEAR = ("intensive-arm-therapy", "first-year-therapy")
"""The same therapy, measured more than a year after the stroke and within the first."""
THERAPY_ARMS = "therapy-arms"
"""Therapy in other trials, measured to follow-up."""


@dataclass(frozen=True, slots=True)
class NullContext:
    """What goes on between the two scores of a study.

    Parameters
    ----------
    spread_between
        How far the true mean gains of such studies differ (SD).
    months
        First and last month after the stroke for which it holds; None: no end.
    source_keys
        Where the mean change comes from.
    """

    context: Context
    spread_between: float
    months: tuple[float, float | None]
    source_keys: tuple[str, ...]

    @property
    def id(self) -> str:
        """The name."""
        return self.context.id


@cache
def null_contexts() -> dict[str, NullContext]:
    """Give every context by its name."""
    found = {name: _of_forecast(one) for name, one in contexts().items() if not one.parts}
    return found | {name: _further(name, e) for name, e in _data()["further_contexts"].items()}


def _data() -> dict[str, Any]:
    found: dict[str, Any] = load_data(FILE)
    return found


def _of_forecast(one: Context) -> NullContext:
    between = max(one.spread, float(_data()["between_trials"].get(one.id, 0.0)))
    keys = tuple(f"recovery/{key}" for key in block("arm_contexts")[one.id]["source"])
    first, last = one.days
    until = None if math.isinf(last) else months_of(last)
    return NullContext(one, between, (months_of(first), until), keys)


def _further(name: str, given: dict[str, Any]) -> NullContext:
    points = tuple((float(day), float(change)) for day, change in given["points"])
    spread = float(given["spread"])
    one = Context(name, given["title"]["en"], points, spread, given["people"])
    keys = tuple(f"null-trial/{key}" for key in given["source"])
    return NullContext(one, spread, (given["from_month"], given["to_month"]), keys)


def null_context(name: str | None, months_since_stroke: float) -> NullContext:
    """Give a context by its name or short name, for people so long after the stroke.

    Raises
    ------
    OptionError
        There is none, or it does not hold at that time.
    """
    short = _data()["short_names"]
    known = null_contexts()
    wanted = context(None).id if name is None else str(short.get(name, name))
    if wanted not in known:
        expected = f"one of {', '.join([*short, *known])}"
        raise OptionError(Problem("unknown", f"there is no {name!r}", expected, field="--context"))
    found = known[wanted]
    first, last = found.months
    if not first <= months_since_stroke <= (last or float("inf")):
        when = f"{first:g} months or more" if last is None else f"{first:g} to {last:g} months"
        told = f"{wanted!r} was measured {when} after the stroke"
        expected = "a context that fits --months-since-stroke"
        raise OptionError(Problem("context", told, expected, field="--context"))
    return found


def followed_days(one: NullContext) -> float:
    """Give how long after the first score the people behind a context were followed."""
    return max(one.context.points[-1][0], 0.0) or windows().followed_days


def months_of(days: float) -> int:
    """Give days as whole months."""
    return round(days / days_per_month())
