"""What a form sends, as the lines of a case file, and back: pure, strings in and raw values out.

A field's strings are named by row and part: ``0.value``, ``0.date``, ``1.value``; ``state`` is for
answers that are no value: unknown, never, none. What is not possible is not judged here: a text
that is no number stays a text, and the reader of cases says what is wrong with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saisei.cases import Field, fields
from saisei.web.form_words import asking_table

__all__ = [
    "NEVER",
    "NONE",
    "UNKNOWN",
    "Given",
    "Strings",
    "given",
    "stated_rows",
    "strings_of",
]

Strings = Mapping[str, Sequence[str]]
"""What was typed for one field, by row and part."""

UNKNOWN, NEVER, NONE = "unknown", "never", "none"
WRAPPER = ("value", "unit", "date", "source", "open", "without")
"""What may stand around a value in a case file."""
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)\Z")
ERA = re.compile(r"([^\d\s]{1,2}?)\s*(元|\d{1,2})\s*年?\Z")
DAY = re.compile(
    r"(\d{4})(?:[-/.年]\s*(\d{1,2}))?(?:[-/.月]\s*(\d{1,2}))?[年月日]?\Z",
)


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed for one field: a raw value as in a case file, nothing, or a contradiction."""

    raw: Any = None
    mistake: str = ""

    @property
    def nothing(self) -> bool:
        """Whether the question was left open."""
        return self.raw is None and not self.mistake


def given(wanted: Field, typed: Strings) -> Given:
    """Read what was typed for a field.

    Examples
    --------
    >>> given(fields()["fma_ue"], {"0.value": ["２８"], "0.date": ["2026/11/5"]}).raw
    {'value': 28, 'date': '2026-11-05'}
    >>> given(fields()["fma_ue"], {"0.value": [""], "state": ["unknown"]}).raw
    'unknown'
    """
    states = {one for one in typed.get("state", ()) if one}
    rows = []
    for number in _rows(typed):
        value = _value(wanted, typed, number)
        if value is _EXCLUDING:
            return Given(mistake="either")
        if value is not None:
            rows.append(_around(value, wanted, typed, number))
    if states and (rows or len(states) > 1):
        return Given(mistake="either")
    if states:
        return Given(_stated(states.pop(), wanted, typed))
    if not rows:
        return Given()
    return Given(rows[0] if len(rows) == 1 else [_wrapped(row) for row in rows])


_EXCLUDING = object()


def _stated(state: str, wanted: Field, typed: Strings) -> Any:
    if state == UNKNOWN:
        return UNKNOWN
    value: Any = [] if state == NONE else NEVER
    return _around(value, wanted, typed, 0)


def _rows(typed: Strings) -> list[int]:
    found = {name.split(".")[0] for name in typed}
    return sorted(int(one) for one in found if one.isascii() and one.isdigit() and len(one) < 3)


def _around(value: Any, wanted: Field, typed: Strings, number: int) -> Any:
    """Put date, unit and source around a value where they were given."""
    beside = {
        "unit": _one(typed, number, "unit"),
        "date": _day(_one(typed, number, "date")),
        "source": _one(typed, number, "source"),
    }
    if wanted.type != "number" or beside["unit"] == wanted.unit:
        beside["unit"] = ""
    stated = {name: text for name, text in beside.items() if text}
    return {"value": value, **stated} if stated and value != UNKNOWN else value


def _wrapped(row: Any) -> Any:
    return row if _is_wrapped(row) else {"value": row}


def _one(typed: Strings, number: int, part: str) -> str:
    texts = typed.get(f"{number}.{part}", ())
    return unicodedata.normalize("NFKC", texts[0]).strip() if texts else ""


def _value(wanted: Field, typed: Strings, number: int) -> Any:
    """Give the value of a row, None where nothing was typed."""
    if wanted.type == "list":
        if wanted.entries is None:
            return _ticked(typed.get(f"{number}.value", ()))
        return list(_listed(wanted, typed, number)) or None
    if wanted.type in ("date", "datetime"):
        return _date(*(_one(typed, number, part) for part in "ymdt"))
    if wanted.type in ("map", "items"):
        found = (_limits if wanted.type == "map" else _items)(wanted, typed, number)
        return dict(found) or None
    text = _one(typed, number, "value")
    if wanted.type == "number":
        return _number(text)
    words = {"true": True, "false": False} if wanted.type == "boolean" else {}
    return words.get(text, text or None)


def _number(text: str) -> Any:
    if not text or not NUMBER.match(text):
        return text or None
    number = float(text)
    whole = number.is_integer() and len(text) < 16
    return int(number) if whole else number


def _ticked(values: Sequence[str]) -> Any:
    ticked = [one for one in values if one]
    alone = {NONE: [], UNKNOWN: UNKNOWN}
    if len(ticked) > 1 and any(one in alone for one in ticked):
        return _EXCLUDING
    if len(ticked) == 1 and ticked[0] in alone:
        return alone[ticked[0]]
    return ticked or None


def _listed(wanted: Field, typed: Strings, number: int) -> Iterator[Mapping[str, str]]:
    """Read the lines of a list whose entries have columns."""
    columns: Mapping[str, Any] = wanted.entries or {}
    for line in range(100):
        texts = {name: _one(typed, number, f"{line}.{name}") for name in _columns(columns)}
        if f"{number}.{line}.{columns['name']}" not in typed:
            return
        dates = {name for name, kind in columns["also"].items() if kind == "date"}
        told = {name: _day(text) if name in dates else text for name, text in texts.items() if text}
        if told:
            yield told


def _columns(columns: Mapping[str, Any]) -> tuple[str, ...]:
    return (columns["name"], *columns["also"])


def _date(year: str, month: str, day: str, time: str) -> str | None:
    """Put a date together; parts that do not fit are left for the reader of cases to refuse."""
    parts = [_year(year)]
    for part, after in ((month, day), (day, time)):
        if part or after:
            parts.append(part.zfill(2) if part else "")
    text = "-".join(parts)
    return (f"{text}T{time.zfill(5)}" if time else text) or None


def _year(text: str) -> str:
    """Write a year of a Japanese era as a year of the calendar.

    Examples
    --------
    >>> _year("昭和39年"), _year("r6"), _year("令和元年"), _year("1964")
    ('1964', '2024', '2019', '1964')
    """
    found = ERA.match(text)
    first = asking_table("eras").get(found[1].upper()) if found else None
    if found is None or first is None:
        return text.removesuffix("年")
    return str(first + (1 if found[2] == "元" else int(found[2])))


def _day(text: str) -> str:
    """Write a day as a case file does; what is no day stands as it is.

    Examples
    --------
    >>> _day("2026年11月5日"), _day("2026/11"), _day("2026"), _day("soon")
    ('2026-11-05', '2026-11', '2026', 'soon')
    """
    found = DAY.match(text)
    return "-".join(part.zfill(2) for part in found.groups() if part) if found else text


def _limits(wanted: Field, typed: Strings, number: int) -> Iterator[tuple[str, Any]]:
    for key in wanted.keys:
        value = _number(_one(typed, number, f"key.{key}"))
        if value is not None:
            unit = _one(typed, number, f"unit.{key}")
            own = fields()[key].unit
            yield key, {"value": value, "unit": unit} if unit and unit != own else value


def _items(_: Field, typed: Strings, number: int) -> Iterator[tuple[str, Any]]:
    before = f"{number}.item."
    for name in typed:
        if name.startswith(before):
            value = _number(_one(typed, number, name.removeprefix(f"{number}.")))
            if value is not None:
                yield name.removeprefix(before), value


def strings_of(wanted: Field, raw: Any) -> dict[str, list[str]]:
    """Give the strings that a form would send for a value of a case file: `given` undone.

    Examples
    --------
    >>> strings_of(fields()["onset_datetime"], "2024-09")
    {'0.y': ['2024'], '0.m': ['09'], '0.d': [''], '0.t': ['']}
    """
    strings: dict[str, list[str]] = {}
    for number, row in enumerate(stated_rows(wanted, raw)):
        value = row.get("value")
        if value is None:
            continue
        for part in ("unit", "date", "source"):
            if row.get(part) is not None:
                strings[f"{number}.{part}"] = [_text(row[part])]
        strings |= _value_strings(wanted, value, number)
    return strings


def stated_rows(wanted: Field, raw: Any) -> list[Mapping[str, Any]]:
    """Give the values that stand under a field, each with what stands around it."""
    several = isinstance(raw, list | tuple) and bool(raw)
    several = several and (wanted.type != "list" or all(_is_wrapped(one) for one in raw))
    rows = list(raw) if several else [raw]
    return [row if _is_wrapped(row) else {"value": row} for row in rows]


def _is_wrapped(raw: Any) -> bool:
    return isinstance(raw, Mapping) and bool(raw) and ("value" in raw or set(raw) <= set(WRAPPER))


def _value_strings(wanted: Field, value: Any, number: int) -> dict[str, list[str]]:
    chosen = wanted.type in ("boolean", "enum") or (wanted.type == "list" and not wanted.entries)
    state = value.strip().casefold() if isinstance(value, str) else value
    if value == [] and wanted.type == "list":
        state = NONE
    if chosen:
        ticked = value if isinstance(value, list | tuple) and value else [state]
        if wanted.type == "enum":
            ticked = [value]
        return {f"{number}.value": [_text(one) for one in ticked]}
    if state in (UNKNOWN, NEVER, NONE):
        return {"state": [state]}
    return {f"{number}.{name}": [text] for name, text in _parts(wanted, value)}


def _parts(wanted: Field, value: Any) -> Iterator[tuple[str, str]]:
    match wanted.type:
        case "date" | "datetime":
            day, _, time = _text(value).replace(" ", "T").partition("T")
            pieces = [*day.split("-", 2), "", ""]
            yield from zip("ymdt", [*pieces[:3], time], strict=True)
        case "items" if isinstance(value, Mapping):
            yield from ((f"item.{item}", _text(points)) for item, points in value.items())
        case "map" if isinstance(value, Mapping):
            yield from _limit_parts(value)
        case "list":
            yield from _listed_parts(wanted, value)
        case _:
            yield "value", _text(value)


def _limit_parts(value: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for key, limit in value.items():
        told = limit if isinstance(limit, Mapping) else {"value": limit}
        yield f"key.{key}", _text(told.get("value"))
        if told.get("unit") is not None:
            yield f"unit.{key}", _text(told["unit"])


def _listed_parts(wanted: Field, value: Any) -> Iterator[tuple[str, str]]:
    columns: Mapping[str, Any] = wanted.entries or {}
    for line, one in enumerate(value if isinstance(value, list | tuple) else [value]):
        told = one if isinstance(one, Mapping) else {columns["name"]: one}
        yield from ((f"{line}.{name}", _text(told.get(name))) for name in _columns(columns))


def _text(value: Any) -> str:
    """Write a single value as a person would; what is none is left empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else ""
