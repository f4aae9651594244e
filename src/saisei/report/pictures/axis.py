"""Axes: where a value stands on a line, and which values are written under it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Axis", "linear_axis", "linear_ticks", "log_axis", "show_number"]

LOG_TICKS = (1.0, 2.0, 5.0)
WIDEST_RATIO = 64.0
"""A ratio's axis ends here on both sides; an interval that goes on ends in an arrow."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A line from `start` to `end` (in the picture) that carries the values `low` to `high`."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    log: bool = False

    def at(self, value: float) -> float:
        """Where a value stands; a value outside stands at the nearer end."""
        kept = min(max(value, self.low), self.high)
        share = (self._on(kept) - self._on(self.low)) / (self._on(self.high) - self._on(self.low))
        return self.start + share * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high

    def _on(self, value: float) -> float:
        return math.log(value) if self.log else value


def linear_ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round values from `low` to `high`, at most `most` + 1 of them.

    Examples
    --------
    >>> linear_ticks(0, 66)
    (0.0, 20.0, 40.0, 60.0)
    """
    step = _round_step((high - low) / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(10, 2 - math.floor(math.log10(step)))
    return tuple(round(index * step, digits) for index in range(first, last + 1))


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(
        power * times for times in (1.0, 2.0, 5.0, 10.0) if power * times >= step * (1 - 1e-9)
    )


def linear_axis(values: Iterable[float], start: float, end: float) -> Axis:
    """Give an axis that holds all values, with a margin and round ends."""
    known = tuple(values)
    low, high = min(known), max(known)
    far_apart = high - low > 1e-6 * max(1.0, abs(low), abs(high))
    room = (high - low) * 0.04 if far_apart else 1.0
    ticks = linear_ticks(low - room, high + room)
    return Axis(low - room, high + room, start, end, ticks)


def log_axis(values: Iterable[float], start: float, end: float) -> Axis:
    """Give an axis of ratios that holds all values, as far as 1/64 to 64."""
    known = tuple(min(max(value, 1 / WIDEST_RATIO), WIDEST_RATIO) for value in values)
    low, high = min(known) / 1.12, max(known) * 1.12
    if high / low < 4.0:
        middle = math.sqrt(low * high)
        low, high = middle / 2.0, middle * 2.0
    ticks = [
        first * 10.0**power
        for power in range(-3, 4)
        for first in LOG_TICKS
        if low <= first * 10.0**power <= high
    ]
    fewer = [tick for tick in ticks if len(ticks) <= 7 or math.log10(tick).is_integer()]
    return Axis(low, high, start, end, tuple(round(tick, 6) for tick in fewer), log=True)


def show_number(value: float, *, ratio: bool = False) -> str:
    """Write a number for a reader: ratios to two decimals, others to one, a true minus sign.

    Examples
    --------
    >>> show_number(-2.04), show_number(0.346, ratio=True), show_number(12.0)
    ('−2', '0.35', '12')
    """
    digits = 2 if ratio and abs(value) < 10 else 1
    short = f"{value:.{digits}f}"
    if not (ratio and abs(value) < 10):
        short = short.removesuffix(".0")
    return "0" if short in {"-0", "-0.0"} else short.replace("-", "−")
