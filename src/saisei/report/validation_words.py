"""The words of a validation: its catalogue, and how numbers and strata are written."""

from __future__ import annotations

from functools import cache

from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.forecast.validation import Stratum
from saisei.forecast.validation_clusters import Estimate

__all__ = [
    "percent",
    "ranged",
    "ranged_share",
    "stratum_words",
    "validation_words",
]

CATALOGUE = "report/validations.yaml"


@cache
def validation_words() -> Catalogue:
    """Give the catalogue of a validation."""
    return Catalogue(CATALOGUE, load_data(CATALOGUE))


def ranged(one: Estimate, *, digits: int = 1, signed: bool = False) -> str:
    """Write a value with its interval.

    Examples
    --------
    >>> ranged(Estimate(0.914, 0.85, 0.98), digits=2)
    '0.91 (0.85 to 0.98)'
    """
    sign = "+" if signed else ""

    def shown(value: float) -> str:
        short = f"{round(value, digits) + 0.0:{sign}.{digits}f}"
        return short.replace("-", "−")

    if one.low is None or one.high is None:
        return shown(one.value)
    return f"{shown(one.value)} ({shown(one.low)} to {shown(one.high)})"


def ranged_share(one: Estimate) -> str:
    """Write a share of 100 with its interval."""
    if one.low is None or one.high is None:
        return percent(one.value)
    return f"{percent(one.value)} ({percent(one.low)} to {percent(one.high)})"


def percent(share: float) -> str:
    """Write a share as whole people of 100."""
    return f"{100 * share:.0f}"


def stratum_words(one: Stratum) -> str:
    """Name a stratum."""
    say = validation_words().say
    if one.kind == "model":
        return say(f"names.{one.name}")
    if one.low is None:
        return say(f"names.{one.kind}", name=one.name)
    key = "day-last" if one.high is None else one.kind
    high = "" if one.high is None else f"{one.high:g}"
    return say(f"names.{key}", low=f"{one.low:g}", high=high)
