"""Which sources a Decision cites, found by walking it, and where each was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from saisei.appraisal import appraisal_sources
from saisei.base.errors import DataError
from saisei.base.sources import Source
from saisei.decision.model import Decision
from saisei.evidence import study_sources
from saisei.forecast import forecast_sources
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
        scale_sources(),
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
    keys = tuple(dict.fromkeys(_keys(decision)))
    if missing := [key for key in keys if key not in known]:
        raise DataError(f"sources that no room knows: {', '.join(missing)}")
    return tuple(known[key] for key in keys)


def _keys(value: Any) -> Iterator[str]:
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            part = getattr(value, field.name)
            if field.name == "sources" and not isinstance(value, Decision):
                yield from part
            elif field.name != "sources":
                yield from _keys(part)
    elif isinstance(value, tuple):
        for item in value:
            yield from _keys(item)
