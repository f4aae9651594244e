"""Which sources a Decision cites, found by walking it, and where each was read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from saisei.appraisal import appraisal_sources
from saisei.base.errors import DataError
from saisei.base.sources import Source
from saisei.decision.model import Decision
from saisei.decision.parts import parts_of
from saisei.evidence import study_sources
from saisei.forecast import forecast_sources, group_sources
from saisei.scales import scale_sources
from saisei.therapies import therapy_sources

__all__ = ["all_sources", "cited"]


@cache
def all_sources() -> Mapping[str, Source]:
    """Give every source of every room by its global key.

    Raises
    ------
    DataError
        Two rooms use one key for different things.
    """
    found: dict[str, Source] = {}
    for table in (
        study_sources(), therapy_sources(), appraisal_sources(), forecast_sources(),
        group_sources(), scale_sources(),
    ):  # fmt: skip
        for key, source in table.items():
            if found.setdefault(key, source) != source:
                raise DataError(f"two sources are called {key}")
    return found


def cited(decision: Decision) -> tuple[Source, ...]:
    """Give the sources that a Decision cites, in the order in which they first come.

    Raises
    ------
    DataError
        A sentence names a source that no room knows.
    """
    known = all_sources()
    parts = parts_of(decision)[1:]
    keys = tuple(dict.fromkeys(key for part in parts for key in getattr(part, "sources", ())))
    if missing := [key for key in keys if key not in known]:
        raise DataError(f"sources that no room knows: {', '.join(missing)}")
    return tuple(known[key] for key in keys)
