"""Effects on an axis and in words; a ratio stands as its logarithm and is written as it is.

Positions are always computed from the logarithm, so that a ratio that no number can hold (an
interval from two studies easily goes there) is still drawn and written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

from saisei.report.pictures.axis import Axis, linear_ticks

__all__ = ["EffectWords", "effect_axis", "show_p", "show_short"]

MINUS = "−"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PLAIN_RATIO = (1e-4, 1e6)
"""Between these a ratio is written out, beyond them as a power of ten."""
FINE_STEPS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
MOST_TICKS = 8
MOST_DECIMALS = 6
NARROWEST = 2e-5
"""A stretch of logarithms narrower than this has ticks that look all the same: one is enough."""
REACH = 1.5
"""How far beyond the estimates an axis follows long intervals, in spreads of the estimates."""


class EffectWords:
    """How the effects of one picture are written: all with the same number of decimals.

    Parameters
    ----------
    halves
        Half widths of the intervals shown; their middle one gets two digits that count.
    ratio
        Whether the effects are logarithms of ratios.
    """

    def __init__(self, halves: Iterable[float], *, ratio: bool) -> None:
        known = [half for half in halves if 0.0 < half < math.inf]
        middle = median(known) if known else 1.0
        self.ratio = ratio
        self.digits = max(0, 1 - math.floor(math.log10(middle)))

    def show(self, effect: float) -> str:
        """Write one effect.

        Examples
        --------
        >>> EffectWords([0.3], ratio=True).show(-0.7), EffectWords([0.3], ratio=False).show(-0.7)
        ('0.50', '−0.70')
        """
        if math.isnan(effect):
            return "–"
        if self.ratio:
            return _show_ratio(effect)
        if math.isinf(effect):
            return "∞" if effect > 0 else f"{MINUS}∞"
        if abs(effect) >= 1e7 or (effect and self.digits > MOST_DECIMALS):
            return _show_power(effect)
        short = f"{effect:.{min(self.digits, MOST_DECIMALS)}f}"
        zero = not short.strip("-0.")
        return (short.removeprefix("-") if zero else short).replace("-", MINUS)

    def interval(self, low: float, high: float) -> str:
        """Write an interval: ``0.41 to 0.72``."""
        return f"{self.show(low)} to {self.show(high)}"

    def tick(self, effect: float) -> str:
        """Write a value under the axis, without decimals that say nothing."""
        if self.ratio:
            low, high = (math.log(end) for end in PLAIN_RATIO)
            plain = low - 0.01 < effect < high - 0.01
            return f"{math.exp(effect):.6g}" if plain else _show_ratio(effect)
        short = f"{effect:g}"
        return _show_power(effect) if "e" in short else short.replace("-", MINUS)


def _show_ratio(logarithm: float) -> str:
    if math.isinf(logarithm):
        return "∞" if logarithm > 0 else "0"
    low, high = PLAIN_RATIO
    if not math.log(low) <= logarithm < math.log(high):
        return _show_power_of_ten(logarithm / math.log(10.0))
    ratio = math.exp(logarithm)
    if ratio >= 100:
        return f"{ratio:.0f}"
    if ratio >= 10:
        return f"{ratio:.1f}"
    return f"{ratio:.2f}" if ratio >= 0.095 else f"{ratio:.2g}"


def _show_power(value: float) -> str:
    sign = MINUS if value < 0 else ""
    return sign + _show_power_of_ten(math.log10(abs(value)))


def _show_power_of_ten(exponent: float) -> str:
    """Write 10 to the exponent with one decimal: ``3.4×10⁻⁷``, ``10¹²``."""
    whole = math.floor(exponent + 1e-9)
    first = f"{10.0 ** (exponent - whole):.1f}"
    if first == "10.0":
        first, whole = "1.0", whole + 1
    power = f"10{str(whole).translate(RAISED)}"
    return power if first == "1.0" else f"{first}×{power}"


def effect_axis(
    held: Sequence[float],
    intervals: Iterable[tuple[float, float]],
    halves: Iterable[float],
    start: float,
    end: float,
    *,
    ratio: bool,
) -> Axis:
    """Give an axis that holds what must be held, and intervals as far as is sensible.

    Parameters
    ----------
    held
        The estimates, and the value of no difference.
    intervals
        Followed no further than `REACH` spreads beyond what is held, so that one study without
        information, or a pool of two, does not squeeze all others into a line.
    halves
        Half widths of the studies' intervals: a spread is twice their middle one at least.
    """
    ends = list(intervals)
    known = [half for half in halves if half < math.inf] or [1.0]
    room = max(max(held) - min(held), 2.0 * median(known), 1e-9)
    low = max(min(held) - REACH * room, min([*held, *(low for low, _ in ends)]))
    high = min(max(held) + REACH * room, max([*held, *(high for _, high in ends)]))
    margin = 0.03 * (high - low) or 1.0
    low, high = low - margin, high + margin
    ticks = _ratio_ticks(low, high) if ratio else linear_ticks(low, high)
    return Axis(low, high, start, end, ticks)


def _ratio_ticks(low: float, high: float) -> tuple[float, ...]:
    """Ticks at round ratios, given and returned as logarithms."""
    ten = math.log(10.0)
    first, last = math.floor(low / ten), math.ceil(high / ten)
    for steps in FINE_STEPS:
        if last - first > 40:
            break
        ticks = [power * ten + math.log(step) for power in range(first, last + 1) for step in steps]
        held = tuple(tick for tick in ticks if low <= tick <= high)
        if len(held) <= MOST_TICKS:
            return held if len(held) > 1 else _narrow_ratio_ticks(low, high)
    step = math.ceil((last - first) / (MOST_TICKS - 1))
    powers = range(step * math.ceil(first / step), last + 1, step)
    return tuple(power * ten for power in powers if low <= power * ten <= high)


def _narrow_ratio_ticks(low: float, high: float) -> tuple[float, ...]:
    """Ticks of a narrow stretch, where ratios are nearly evenly spaced."""
    if high - low < NARROWEST:
        return (min(max(0.0, low), high),)
    return tuple(math.log(tick) for tick in linear_ticks(math.exp(low), math.exp(high), 5) if tick)


def show_short(value: float) -> str:
    """Write a number with three digits that count.

    Examples
    --------
    >>> show_short(0.0766), show_short(1623.0), show_short(-0.5), show_short(3e9)
    ('0.0766', '1623', '−0.5', '3.0×10⁹')
    """
    if value and math.isfinite(value) and not 1e-4 <= abs(value) < PLAIN_RATIO[1]:
        return _show_power(value)
    short = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return short.replace("-", MINUS).replace("inf", "∞")


def show_p(p: float) -> str:
    """Write a p value: ``p = 0.018``, ``p < 0.001``.

    Examples
    --------
    >>> show_p(0.0184), show_p(1e-9), show_p(0.25)
    ('p = 0.018', 'p < 0.001', 'p = 0.25')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
