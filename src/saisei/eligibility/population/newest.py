"""The newest record of each field of each person, by arrays: what `wide` otherwise says in SQL.

A table of people needs, for each field, the records of the latest moment, and the stretch that they
leave. In arrays this is one pass a field over numbers that fit the cache; a database groups and
turns the same rows in six times the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saisei.eligibility.population.events import code_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KEY_STEP", "newest_records"]

KEY_STEP = 2_147_483_648
"""Larger than the seconds that any date leaves open, so that the later end decides first."""
NOTHING = np.iinfo(np.int64).min
ENDS = ("low", "high", "first", "last")


def newest_records(
    people: NDArray[np.int64],
    records: Mapping[str, NDArray[Any]],
    columns: Mapping[str, tuple[str, ...]],
) -> pa.Table:
    """Give one row a person: of each field the stretch that its newest records leave.

    Parameters
    ----------
    people
        The numbers of the people, ascending.
    records
        The columns of the records that count (see `events`), in any order.
    columns
        For each field, which ends are wanted, of ``low``, ``high``, ``first`` and ``last``.

    Returns
    -------
    pyarrow.Table
        ``person`` and, for each field and end, ``FIELD__END``; null where there is no record.
    """
    place = np.searchsorted(people, records["person"])
    by_field = np.argsort(records["field"], kind="stable")
    fields = records["field"][by_field]
    made: dict[str, Any] = {"person": people}
    for name, wanted in columns.items():
        start, end = np.searchsorted(fields, [code_of(name), code_of(name) + 1])
        mine = by_field[start:end]
        ends = {end: records[end][mine] for end in ENDS}
        for end, values in _newest(len(people), place[mine], ends, wanted):
            made[f"{name}__{end}"] = values
    return pa.table(made)


def _newest(
    people: int, place: NDArray[np.intp], ends: dict[str, NDArray[Any]], wanted: tuple[str, ...]
) -> Iterator[tuple[str, pa.Array]]:
    """Give the ends of one field: of equal moments, the lowest low and the highest high."""
    moment = ends["last"] * KEY_STEP - (ends["last"] - ends["first"])
    top = np.full(people, NOTHING)
    np.maximum.at(top, place, moment)
    newest = moment == top[place]
    place = place[newest]
    nobody = top == NOTHING
    for end in wanted:
        values = ends[end][newest]
        found = np.zeros(people, values.dtype)
        found[place] = values
        if end in ("low", "high"):
            (np.minimum if end == "low" else np.maximum).at(found, place, values)
        yield end, pa.array(found, mask=nobody)
