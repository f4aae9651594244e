"""The JSON Schema of a case, from the table of fields.

It describes how a case is best written. What may also be read (`yes` for true, capitals, other
spellings of a unit) is not in it; what cannot be true together is not either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from saisei.base.units import units_for
from saisei.cases.fields import Field, fields
from saisei.scales import scale
from saisei.scales.scoring import UNTESTABLE, scoring_items
from saisei.scales.table import Item

__all__ = ["case_schema"]

DATE = r"^\d{4}(-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$"
Schema = dict[str, Any]


@cache
def case_schema() -> Schema:
    """Give the JSON Schema (draft 2020-12) of a case. Do not change what is given.

    Examples
    --------
    >>> case_schema()["properties"]["sex"]["anyOf"][0]
    {'enum': ['female', 'male', 'other', 'unknown']}
    """
    stated = [one for one in fields().values() if not one.derived]
    shapes = {_shape(one): _dated(one) for one in stated}
    return {
        "type": "object",
        "properties": {"as_of": _date(), **{one.id: _field(one) for one in stated}},
        "additionalProperties": False,
        "$defs": shapes,
    }


def _field(wanted: Field) -> Schema:
    """Describe what may stand under a field: a value, one with its date, or several of these."""
    dated = {"$ref": f"#/$defs/{_shape(wanted)}"}
    forms = [*_plain(wanted), dated, {"type": "array", "items": dated, "minItems": 1}]
    return {"title": str(wanted.asked()), "anyOf": [*forms, {"type": "null"}]}


def _shape(wanted: Field) -> str:
    """Name the form of a value with its date; fields without words of their own share one."""
    if wanted.type not in {"boolean", "date", "datetime"}:
        return f"{wanted.id}_dated"
    return f"{wanted.type}_or_never_dated" if wanted.never else f"{wanted.type}_dated"


def _dated(wanted: Field) -> Schema:
    beside: Schema = {"date": {"anyOf": [_date(), {"type": "null"}]}, "source": _text()}
    if wanted.type == "list":
        beside |= {"open": {"type": "boolean"}, "without": {"type": "array"}}
    forms = _plain(wanted)
    if wanted.type == "number" and wanted.unit:
        beside["unit"] = {"enum": [*units_for(wanted.unit, wanted.id)]}
        forms = [{"type": "number"}, *forms[1:]]  # the range is that of the field's own unit
    return {
        "type": "object",
        "properties": {"value": {"anyOf": [*forms, {"type": "null"}]}, **beside},
        "required": ["value"],
        "additionalProperties": False,
    }


def _plain(wanted: Field) -> list[Schema]:
    """Describe the values of a field, and the words that may stand in their place."""
    said = ["unknown"] if "unknown" not in wanted.values else []
    if wanted.never and "never" not in wanted.values:
        said.append("never")
    if wanted.type == "list" and "none" not in wanted.values:
        said.append("none")
    return [_value(wanted), {"enum": said}] if said else [_value(wanted)]


def _value(wanted: Field) -> Schema:
    return _VALUES[wanted.type](wanted)


def _map(wanted: Field) -> Schema:
    keys = {key: {"type": "number", "exclusiveMinimum": 0} for key in wanted.keys}
    return {"type": "object", "properties": keys, "additionalProperties": False}


def _number(wanted: Field) -> Schema:
    found: Schema = {"type": "integer" if wanted.step == 1 else "number"}
    if wanted.range is not None:
        found |= {"minimum": wanted.range.low, "maximum": wanted.range.high}
    return found


def _listed(wanted: Field) -> Schema:
    """Describe an entry of a list: a word, or for some lists a word with more about it."""
    word: Schema = {"enum": list(wanted.values)} if wanted.values else _text()
    if wanted.entries is None:
        return word
    also: Mapping[str, str] = wanted.entries["also"]
    columns = {name: _date() if kind == "date" else _text() for name, kind in also.items()}
    name = wanted.entries["name"]
    row = {
        "type": "object",
        "properties": {name: word, **columns},
        "required": [name],
        "additionalProperties": False,
    }
    return {"anyOf": [word, row]}


def _items(wanted: Field) -> Schema:
    items = scoring_items(scale(wanted.scale or ""))
    points = {item.id: {"enum": _points(item)} for item in items}
    return {"type": "object", "properties": points, "additionalProperties": False}


def _points(item: Item) -> list[float | str | None]:
    numbers = [_whole(float(point)) for point in sorted(item.points)]
    return [*numbers, *([UNTESTABLE] if item.untestable else []), None]


def _whole(number: float) -> float:
    return int(number) if number == int(number) else number


def _text() -> Schema:
    return {"type": "string"}


def _date() -> Schema:
    """Describe a date; a year may be a number."""
    return {"type": ["string", "integer"], "pattern": DATE, "minimum": 1800, "maximum": 2200}


_VALUES: dict[str, Callable[[Field], Schema]] = {
    "boolean": lambda _: {"type": "boolean"},
    "number": _number,
    "enum": lambda wanted: {"enum": list(wanted.values)},
    "list": lambda wanted: {"type": "array", "items": _listed(wanted)},
    "date": lambda _: _date(),
    "datetime": lambda _: _date(),
    "map": _map,
    "items": _items,
}
