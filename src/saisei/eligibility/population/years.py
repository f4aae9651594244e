"""Years since a date, counted from anniversary to anniversary, as steps of a query.

The calendar is whole-number arithmetic (see `calendar`), written for columns. Every step is a
column that the next one uses, because each uses the one before more than once.
"""

from __future__ import annotations

from collections.abc import Iterator

from saisei.eligibility.population.calendar import (
    ERA,
    TO_MARCH_0,
    civil_of_day,
    day_of_second,
)
from saisei.eligibility.population.spans import NEVER, day_of, when

__all__ = ["year_steps"]


def year_steps(name: str, moment: int) -> Iterator[dict[str, str]]:
    """Give the columns to add, step by step, for one end of a date.

    Parameters
    ----------
    name
        A column of seconds. ``{name}__years`` and, completed, ``{name}__age`` are made of it.
    moment
        The moment from which the years are counted back.
    """
    today = day_of_second(moment)
    now = civil_of_day(today)
    day, era, years, of_year, month, date, age, last, following = (
        f"{name}__{step}"
        for step in ["day", "era", "year", "of_year", "month", "date", "age", "last", "following"]
    )
    yield {day: f"{day_of(when(f'{name} > {NEVER}', name))} + {TO_MARCH_0}"}
    yield {era: f"{day} % {ERA}"}
    yield {years: f"({era} - {era} // 1460 + {era} // 36524 - {era} // 146096) // 365"}
    yield {of_year: f"{era} - (365 * {years} + {years} // 4 - {years} // 100)"}
    yield {month: f"(5 * {of_year} + 2) // 153"}
    yield {
        date: f"{of_year} - (153 * {month} + 2) // 5 + 1",
        f"{month}__civil": f"({month} + 2) % 12 + 1",
        f"{years}__civil": f"{years} + {day} // {ERA} * 400 + ({month} + 2) // 12",
    }
    later = f"({month}__civil, {date}) > ({now[1]}, {now[2]})"
    yield {age: f"{now[0]} - {years}__civil - {when(later, '1', '0')}"}
    anniversary = f"{years}__civil + {age}"
    yield {
        last: _day(anniversary, f"{month}__civil", date),
        following: _day(f"{anniversary} + 1", f"{month}__civil", date),
    }
    part = f"CAST({today} - {last} AS DOUBLE) / CAST({following} - {last} AS DOUBLE)"
    yield {f"{name}__years": f"CAST({age} AS DOUBLE) + {part}"}


def _day(year: str, month: str, day: str) -> str:
    """Write `day_of_civil` for columns."""
    years = f"({year} - (14 - {month}) // 12)"
    of_era = f"({years} - {years} // 400 * 400)"
    of_year = f"((153 * (({month} + 9) % 12) + 2) // 5 + {day} - 1)"
    return (
        f"{years} // 400 * {ERA} + {of_era} * 365 + {of_era} // 4 - {of_era} // 100"
        f" + {of_year} - {TO_MARCH_0}"
    )
