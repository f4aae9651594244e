"""Filters of a page: what an address may ask for, as selects, and how a wrong one is told.

A filter that nobody knows, or a value that does not exist, is refused in words and never ignored:
an address that is cited has to mean what it says.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

__all__ = ["Filter", "Option", "WrongFilterError", "chosen_of", "query_of"]

LONGEST = 100
"""Letters of a free text."""
FEW = 24


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter with its word; `group` gathers several under a heading."""

    value: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: its name in the address, its label, its options.

    Parameters
    ----------
    options
        What may be chosen; empty for a free text.
    anything
        The word for no choice; empty where something is always chosen (the first option).
    """

    name: str
    label: str
    options: tuple[Option, ...] = ()
    anything: str = ""

    @property
    def first(self) -> str:
        """What counts when the address does not say."""
        return "" if self.anything or not self.options else self.options[0].value

    @property
    def grouped(self) -> list[tuple[str, list[Option]]]:
        """The options under their headings, in order."""
        found: dict[str, list[Option]] = {}
        for option in self.options:
            found.setdefault(option.group, []).append(option)
        return list(found.items())

    def label_of(self, value: str) -> str:
        """Give the word of a value; a free text is its own."""
        return next((one.label for one in self.options if one.value == value), value)


class WrongFilterError(Exception):
    """An address that asks for what is not there; its key and filling say what, in any language."""

    def __init__(self, key: str, **filling: str) -> None:
        super().__init__(key)
        self.key, self.filling = key, filling


def chosen_of(given: QueryParams, filters: Sequence[Filter]) -> dict[str, str]:
    """Read what an address asks for: a value for every filter, empty for any.

    Raises
    ------
    WrongFilterError
        A filter or a value does not exist, or a filter is given twice.
    """
    known = {one.name: one for one in filters}
    for name in given:
        if name not in known:
            raise WrongFilterError("wrong.name", name=name[:LONGEST], known=", ".join(known))
        if len(given.getlist(name)) > 1:
            raise WrongFilterError("wrong.twice", name=name)
    return {name: _value(one, given.get(name, "")) for name, one in known.items()}


def _value(one: Filter, written: str) -> str:
    value = written.strip()
    if not value:
        return one.first
    if not one.options:
        if len(value) > LONGEST:
            raise WrongFilterError("wrong.long", name=one.name)
        return value
    values = [option.value for option in one.options]
    if value not in values:
        shown = values
        if len(values) > FEW:
            shown = difflib.get_close_matches(value[:LONGEST], values, 8, 0.0)
        raise WrongFilterError(
            "wrong.value", value=value[:LONGEST], name=one.name, known=", ".join(shown)
        )
    return value


def query_of(chosen: Mapping[str, str], filters: Sequence[Filter] = ()) -> str:
    """Write choices as they stand in an address, without those that say nothing.

    Examples
    --------
    >>> query_of({"stage": "acute", "cells": ""})
    '?stage=acute'
    """
    first = {one.name: one.first for one in filters}
    said = {name: value for name, value in chosen.items() if value and value != first.get(name)}
    return f"?{urlencode(said)}" if said else ""
