"""What the rules' own tests share: every sentence of a Decision, and a person to change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from saisei.base.dates import parse_as_of
from saisei.base.sources import Statement
from saisei.cases import Case, case_from_data
from saisei.decision import Decision

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
CHRONIC = {
    "birth_date": "1964-05-14",
    "sex": "female",
    "onset_datetime": "2024-09-18",
    "stroke_type": "ischemic",
}


def person(**values: object) -> Case:
    """Give a person in the chronic phase, with some values changed or (None) taken out."""
    given = {name: value for name, value in (CHRONIC | values).items() if value is not None}
    return case_from_data(given, as_of=AS_OF)


def sentences(decision: Decision, *, without: tuple[str, ...] = ()) -> Iterator[str]:
    """Give every sentence of a Decision, those of some parts left out."""
    yield from _said(decision, without)


def _said(value: Any, without: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, Statement):
        yield value.text
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.name not in without:
                yield from _said(getattr(value, field.name), without)
    elif isinstance(value, tuple):
        for item in value:
            yield from _said(item, without)
