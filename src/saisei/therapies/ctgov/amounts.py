"""Numbers with their limits: ``7-20``, ``at least 6 months and no more than 60``, ``3 or 4``.

Texts are folded ones (`saisei.therapies.ctgov.words`). Nothing is guessed: a form that is not one
of those below is not an amount.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from saisei.therapies.ctgov.words import any_of, bounded, compiled, table

__all__ = ["Amount", "amount_at", "bare_at", "number_text", "numbers_in"]

Sign = Literal["ge", "gt", "le", "lt"]

_DIGITS = r"\d{1,3}(?:[ ,]\d{3})+(?![\d.])|\d+(?:\.\d+)?"
_POWER = r"\s?(?:x|×|\*|·)\s?10\s?(?:\^\s?(\d{1,2})|([⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(3|9|12)(?=\s?/))"
_JOIN = re.compile(r"\s?(?:-|~|to|through|until|up to|and up to)\s?")
_AND = re.compile(r"\s?[,;(]?\s?(?:and|but|&|,)?\s?")
_OR = re.compile(r"\s?(?:,\s?(?:or\s)?|or\s|/|and/or\s)\s?")
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_UP: tuple[Sign, Sign] = ("ge", "gt")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with a limit, or two: `low` and `high` are as printed, in `unit` (its name)."""

    start: int
    end: int
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    values: tuple[float, ...] = ()
    unit: str = ""
    low_unit: str = ""


def number_text(value: float) -> str:
    """Write a number as short as it is exact.

    Examples
    --------
    >>> number_text(100000.0), number_text(1.5)
    ('100000', '1.5')
    """
    return str(int(value)) if value == int(value) else repr(value)


def numbers_in(text: str) -> tuple[float, ...]:
    """Give every number of a folded text, words for numbers too."""
    found: list[float] = []
    at = 0
    while at < len(text):
        read = _number(text, at)
        if read is None:
            at += 1
            continue
        found.append(read[0])
        at = read[1]
    return tuple(found)


@cache
def _number_pattern() -> re.Pattern[str]:
    words = "|".join(sorted(table()["number_words"], key=len, reverse=True))
    return re.compile(rf"(?<![\w.])(?:({_DIGITS})(?:{_POWER})?|(?:{words})(?!\w))")


def _number(text: str, at: int) -> tuple[float, int] | None:
    match = _number_pattern().match(text, at)
    if match is None:
        return None
    if match.group(1) is None:
        return float(table()["number_words"][match.group()]), match.end()
    value = float(match.group(1).replace(",", "").replace(" ", ""))
    power = match.group(2) or (match.group(3) or "").translate(_SUPERSCRIPT) or match.group(4)
    return (round(value * 10 ** int(power), 6) if power else value), match.end()


@cache
def _signs(side: str) -> tuple[tuple[Sign, re.Pattern[str]], ...]:
    data = table()["comparisons"][side]
    # longest words first over all signs: `no more than` is not `more than`
    pairs = sorted(((t, sign) for sign in data for t in data[sign]), key=lambda p: -len(p[0]))
    return tuple((sign, re.compile(r"\s?" + bounded(term) + r"\s?")) for term, sign in pairs)


def _sign(text: str, at: int, side: str) -> tuple[Sign, int] | None:
    for sign, pattern in _signs(side):
        if match := pattern.match(text, at):
            return sign, match.end()
    return None


@dataclass(frozen=True, slots=True)
class _Measure:
    """One number, its unit, and what stands after it (`or more`)."""

    value: float
    unit: str
    after: Sign | None
    end: int


def _measure(text: str, at: int, units: tuple[tuple[str, str], ...]) -> _Measure | None:
    read = _number(text, at)
    if read is None:
        return None
    value, end = read
    unit = ""
    for name, pattern in units:
        if match := compiled(rf"\s?-?\s?(?:{pattern})").match(text, end):
            unit, end = name, match.end()
            break
    # `180/100` and `21/30` are no limits of their own; `20mg` has a unit that is not asked for
    if (not unit and text[end : end + 1].isalpha()) or re.match(r"\s?/\s?\d", text[end:]):
        return None
    if match := compiled(rf"\s?{any_of(table()['points'])}").match(text, end):
        end = match.end()
    after = _sign(text, end, "after")
    return _Measure(value, unit, after[0] if after else None, after[1] if after else end)


def bare_at(text: str, at: int, units: tuple[tuple[str, str], ...]) -> Amount | None:
    """Read a number with its unit as an upper limit, for what stands behind *within*."""
    read = _measure(text, at, units)
    if read is None or not read.unit:
        return None
    return Amount(at, read.end, high=read.value, unit=read.unit)


def amount_at(text: str, at: int, units: tuple[tuple[str, str], ...] = ()) -> Amount | None:
    """Read the amount that begins at a place.

    Parameters
    ----------
    text, at
        A folded text and the place.
    units
        Names of units with their patterns; the first that fits is taken.

    Returns
    -------
    Amount | None
        None where no amount begins there, or one without a limit (a bare number is none).

    Examples
    --------
    >>> found = amount_at("at least 6 and less than 60", 0)
    >>> found and (found.low, found.low_open, found.high, found.high_open)
    (6.0, False, 60.0, True)
    """
    sign = _sign(text, at, "before")
    first = _measure(text, sign[1] if sign else at, units)
    if first is None:
        return None
    between = re.search(r"between\s$", text[:at]) is not None
    low = sign[0] if sign else None
    found = (
        _span(text, at, low, first, units, between=between)
        or _pair(text, at, low, first, units)
        or _some(text, at, low, first)
        or _one(at, low, first)
    )
    return found and _with_inclusive(text, found)


def _span(
    text: str,
    at: int,
    sign: Sign | None,
    first: _Measure,
    units: tuple[tuple[str, str], ...],
    *,
    between: bool,
) -> Amount | None:
    """Read ``7 to 20``, ``between 7 and 20``, ``>10-35``."""
    join = re.compile(r"\s?(?:and|-|to)\s?") if between else _JOIN
    match = join.match(text, first.end)
    if match is None or first.after or sign in {"le", "lt"}:
        return None
    second_sign = _sign(text, match.end(), "before")
    second = _measure(text, second_sign[1] if second_sign else match.end(), units)
    if second is None or second.after or (second_sign and second_sign[0] in _UP):
        return None
    high_open = bool(second_sign and second_sign[0] == "lt")
    return _both(at, second.end, (first, sign == "gt"), (second, high_open))


def _pair(
    text: str, at: int, sign: Sign | None, first: _Measure, units: tuple[tuple[str, str], ...]
) -> Amount | None:
    """Read two limits that face each other: ``≥5 and ≤22``."""
    sign = sign or first.after
    match = _AND.match(text, first.end)
    if sign is None or match is None:
        return None
    second_sign = _sign(text, match.end(), "before")
    second = _measure(text, second_sign[1] if second_sign else match.end(), units)
    other = (second_sign[0] if second_sign else None) or (second.after if second else None)
    if second is None or other is None or (sign in _UP) == (other in _UP):
        return None
    if sign in _UP:
        return _both(at, second.end, (first, sign == "gt"), (second, other == "lt"))
    return _both(at, second.end, (second, other == "gt"), (first, sign == "lt"))


def _both(
    at: int, end: int, low: tuple[_Measure, bool], high: tuple[_Measure, bool]
) -> Amount | None:
    """Put two limits together; in one unit the lower one has to be lower."""
    (first, low_open), (second, high_open) = low, high
    unit = second.unit or first.unit
    low_unit = first.unit or unit
    if low_unit == unit and second.value <= first.value:
        return None
    return Amount(
        at, end, first.value, second.value, low_open, high_open, unit=unit, low_unit=low_unit
    )


def _some(text: str, at: int, sign: Sign | None, first: _Measure) -> Amount | None:
    """Read neighbouring whole numbers: ``0 or 1``, ``0, 1 or 2``."""
    values, end = [first.value], first.end
    while match := _OR.match(text, end):
        following = _measure(text, match.end(), ())
        if following is None or following.after or following.value != values[-1] + 1:
            break
        values.append(following.value)
        end = following.end
    if sign or first.after or first.unit or len(values) < 2:
        return None
    return Amount(at, end, values=tuple(values))


def _one(at: int, sign: Sign | None, first: _Measure) -> Amount | None:
    sign = sign or first.after
    if sign is None:
        return None
    if sign in _UP:
        return Amount(
            at,
            first.end,
            low=first.value,
            low_open=sign == "gt",
            unit=first.unit,
            low_unit=first.unit,
        )
    return Amount(at, first.end, high=first.value, high_open=sign == "lt", unit=first.unit)


def _with_inclusive(text: str, found: Amount) -> Amount:
    """Take in a following ``(inclusive)``: it belongs to what was read."""
    match = compiled(rf"[\s,]*{any_of(table()['inclusive'])}").match(text, found.end)
    return found if match is None else replace(found, end=match.end())
