"""The smallest worthwhile differences and the other limits of the rules, read from data."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from saisei.appraisal.model import Asked, VerdictScale, Worthwhile
from saisei.appraisal.texts import say
from saisei.base.store import load_data
from saisei.vocabulary import RouteKind

__all__ = ["limits", "worthwhile_for"]

FILE = "appraisal/thresholds.yaml"

SCALES: dict[str, VerdictScale] = {
    "per-100": "per-100",
    "points": "points",
    "smd": "smd",
    "common-odds-ratio": "log-odds-ratio",
}


@cache
def limits() -> dict[str, Any]:
    """Give the whole table of limits."""
    found: dict[str, Any] = load_data(FILE)
    return found


def worthwhile_for(asked: Asked, route_kind: RouteKind | None) -> Worthwhile:
    """Give the smallest worthwhile difference of a question, doubled for benefit from surgery.

    Examples
    --------
    >>> asked = Asked("x", "x", "fma-ue", "MD", "fma-ue")
    >>> both = worthwhile_for(asked, RouteKind.BRAIN)
    >>> both.benefit, both.harm
    (6.0, 3.0)
    """
    entry = limits()["worthwhile"][asked.threshold]
    scale = SCALES[entry["unit"]]
    size = math.log(entry["value"]) if scale == "log-odds-ratio" else float(entry["value"])
    surgery = route_kind is RouteKind.BRAIN
    factor = float(limits()["brain_surgery_factor"]) if surgery else 1.0
    return Worthwhile(size * factor, size, scale, _words(scale, size, factor), surgery)


def _words(scale: VerdictScale, size: float, factor: float) -> str:
    convention = {"convention": say_convention(), "date": limits()["convention"]["date"]}
    if factor == 1.0:
        return say("threshold.plain", value=_value(scale, size), **convention)
    both = {"benefit": _value(scale, size * factor), "harm": _value(scale, size)}
    return say("threshold.surgery", **both, **convention)


def say_convention() -> str:
    """Give the words for whose limit it is."""
    return str(limits()["convention"]["words"]["en"])


def _value(scale: VerdictScale, size: float) -> str:
    shown = math.exp(size) if scale == "log-odds-ratio" else size
    return say(f"threshold.value.{scale}", value=f"{shown:.3g}")
