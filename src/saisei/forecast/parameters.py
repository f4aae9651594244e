"""The forecast's parameters, read from ``recovery.yaml``. No medical number stands in the code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from saisei.base.sources import Source, read_sources
from saisei.base.store import load_data
from saisei.forecast.scores import Floats

__all__ = [
    "Context",
    "MixtureParameters",
    "NoiseParameters",
    "Windows",
    "block",
    "context",
    "contexts",
    "forecast_sources",
    "keys_of",
    "mixture_parameters",
    "noise_parameters",
    "windows",
]

FILE = "forecast/recovery.yaml"
PREFIX = "recovery"


@dataclass(frozen=True, slots=True, eq=False)
class MixtureParameters:
    """Five recovery groups of the arm (van der Vliet 2020), each array of shape (5,).

    Parameters
    ----------
    weight, r, tau_weeks, start_mean, start_sd
        Share, recovered part of what was lost, time constant, and the logit of the start's share
        of the scale: mean and standard deviation.
    residual_sd
        Scatter of a score around the course, in points.
    logit_r_sd, log_tau_sd
        How far r and tau of one person may lie from the group's.
    """

    weight: Floats
    r: Floats
    tau_weeks: Floats
    start_mean: Floats
    start_sd: Floats
    residual_sd: float
    logit_r_sd: float
    log_tau_sd: float
    top: float
    followed_days: float
    cluster: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoiseParameters:
    """One person's change between two scores in the chronic phase: Student's t."""

    df: float
    scale: float


@dataclass(frozen=True, slots=True)
class Context:
    """What goes on meanwhile, and the mean change that it brings.

    Parameters
    ----------
    points
        Days since the last score, and the mean change until then.
    spread
        How uncertain the mean is (SD).
    people
        How many people are behind it.
    days
        Days since the stroke of the scores for which it holds.
    instead_of
        The context whose place it takes on those days, where both are parts of a third.
    parts
        Contexts in equal shares, where it is not known which of them it is.
    """

    id: str
    title: str
    points: tuple[tuple[float, float], ...] = ()
    spread: float = 0.0
    people: int = 0
    days: tuple[float, float] = (0.0, math.inf)
    instead_of: str = ""
    parts: tuple[Context, ...] = ()

    def holds(self, day: float) -> bool:
        """Say whether it holds for a score of this day since the stroke."""
        return self.days[0] <= day < self.days[1] + 1

    def at(self, day: float) -> tuple[Context, ...]:
        """Give what it may be for a score of this day since the stroke: itself, or its parts."""
        if not self.parts:
            return (self,)
        holding = [part for part in self.parts if part.holds(day)]
        replaced = {part.instead_of for part in holding}
        return tuple(part for part in holding if part.id not in replaced)

    def followed(self, day: float) -> float:
        """Give for how many days after a score of this day the people behind it were followed."""
        measured = min(part.points[-1][0] for part in self.at(day))
        return min(measured, windows().followed_days)

    def mean_change(self, days: float) -> float:
        """Give the mean change so many days after the last score."""
        at, change = zip(*self.points, strict=True)
        return float(np.interp(max(days, 0.0), at, change))


@dataclass(frozen=True, slots=True)
class Windows:
    """Which model is used, by the day of the last score."""

    mixture_until: float
    chronic_from: float
    followed_days: float

    def mixture_weight(self, day: float) -> float:
        """Give the mixture's share of the forecast.

        Examples
        --------
        >>> Windows(90, 180, 183).mixture_weight(135)
        0.5
        """
        width = self.chronic_from - self.mixture_until
        return min(max((self.chronic_from - day) / width, 0.0), 1.0)


def block(name: str) -> dict[str, Any]:
    """Give one block of the parameter file."""
    found: dict[str, Any] = load_data(FILE)[name]
    return found


@cache
def mixture_parameters(*, widened: bool = True) -> MixtureParameters:
    """Give the mixture's parameters: as used (widened), or as they were published."""
    given, wide = block("arm_mixture"), block("arm_widening")
    weight = np.array(given["weight"])
    return MixtureParameters(
        weight=weight / weight.sum(),
        r=np.array(given["r"]),
        tau_weeks=np.array(given["tau_weeks"]),
        start_mean=np.array(given["logit_start_mean"]),
        start_sd=1.0 / np.sqrt(np.array(given["logit_start_precision"])),
        residual_sd=wide["residual_sd"] if widened else given["residual_precision"] ** -0.5,
        logit_r_sd=wide["logit_r_sd"] if widened else 0.0,
        log_tau_sd=wide["log_tau_sd"] if widened else 0.0,
        top=float(given["scale_top"]),
        followed_days=7.0 * given["followed_weeks"],
        cluster=tuple(given["cluster"]),
    )


@cache
def noise_parameters() -> NoiseParameters:
    """Give the chronic phase's noise."""
    given = block("arm_chronic_noise")
    return NoiseParameters(float(given["df"]), float(given["scale"]))


@cache
def contexts() -> dict[str, Context]:
    """Give every context by its name."""
    given = block("arm_contexts")
    measured = {name: _context(name, one) for name, one in given.items() if "parts" not in one}
    pooled = {
        name: Context(
            name, one["title"]["en"], parts=tuple(measured[part] for part in one["parts"])
        )
        for name, one in given.items()
        if "parts" in one
    }
    return measured | pooled


def _context(name: str, given: dict[str, Any]) -> Context:
    return Context(
        name,
        given["title"]["en"],
        tuple((float(day), float(change)) for day, change in given["points"]),
        float(given["spread"]),
        given["people"],
        (float(given.get("from_day", 0.0)), float(given.get("to_day", math.inf))),
        given.get("instead_of", ""),
    )


def context(name: str | None) -> Context:
    """Give a context by its name; the usual one for None.

    Raises
    ------
    KeyError
        There is no such context.
    """
    return contexts()[name or str(load_data(FILE)["arm_default_context"])]


@cache
def windows() -> Windows:
    """Give the borders between the models."""
    given = block("arm_windows")
    return Windows(
        float(given["mixture_until_day"]),
        float(given["chronic_from_day"]),
        float(given["followed_days"]),
    )


@cache
def forecast_sources() -> dict[str, Source]:
    """Give every source of the room by its global key."""
    return read_sources(PREFIX, load_data(FILE)["sources"], "How people recover after a stroke")


def keys_of(*names: str) -> tuple[str, ...]:
    """Give the global keys of the sources of some blocks, each once, in order."""
    keys = [f"{PREFIX}/{key}" for name in names for key in block(name)["source"]]
    return tuple(dict.fromkeys(keys))
