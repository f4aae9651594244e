"""Calendar arithmetic in whole numbers, for columns of a query and for plain numbers alike.

Days are counted from 1 January 1970 on the local clock. The two conversions are those of
proleptic Gregorian day counts over eras of 400 years (Richards 2013, Explanatory Supplement to the
Astronomical Almanac, 15.11.3); they use only whole-number arithmetic, which every engine does
alike. 29 February of a year that has none comes out as 1 March.
"""

from __future__ import annotations

from typing import Any

__all__ = ["DAY", "civil_of_day", "day_of_civil", "day_of_second"]

DAY = 86_400
"""Seconds."""
ERA = 146_097
"""Days in 400 years."""
TO_MARCH_0 = 719_468
"""Days from 1 March of the year 0 to 1970."""

Whole = Any
"""A whole number, or a column of them."""


def day_of_second(second: Whole) -> Whole:
    """Give the day in which a second lies, also before 1970."""
    return (second + TO_MARCH_0 * DAY) // DAY - TO_MARCH_0


def day_of_civil(year: Whole, month: Whole, day: Whole) -> Whole:
    """Give the day of a date.

    Examples
    --------
    >>> day_of_civil(1970, 1, 2), day_of_civil(2023, 2, 29) == day_of_civil(2023, 3, 1)
    (1, True)
    """
    shifted = (month + 9) % 12
    years = year - (14 - month) // 12  # years begin in March
    era = years // 400
    of_era = years - era * 400
    of_year = (153 * shifted + 2) // 5 + day - 1
    return era * ERA + of_era * 365 + of_era // 4 - of_era // 100 + of_year - TO_MARCH_0


def civil_of_day(day: Whole) -> tuple[Whole, Whole, Whole]:
    """Give year, month and day of the month.

    Examples
    --------
    >>> civil_of_day(-1)
    (1969, 12, 31)
    """
    shifted = day + TO_MARCH_0
    era = shifted // ERA
    of_era = shifted - era * ERA
    years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    march = (5 * of_year + 2) // 153
    day_of_month = of_year - (153 * march + 2) // 5 + 1
    month = (march + 2) % 12 + 1
    return years + era * 400 + (14 - month) // 12, month, day_of_month
