"""Turning one value as it was written into what it means for its field."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from saisei.base.dates import PartialDate
from saisei.base.units import convert, units_for
from saisei.cases.fields import Field, fields, table
from saisei.cases.mistakes import (
    MistakeError,
    Moment,
    columns_of,
    expected_of,
    is_number,
    kind_of,
)
from saisei.cases.values import NEVER, EntryValue, Listed
from saisei.scales import scale
from saisei.scales.scoring import UNTESTABLE, allowed_points, scoring_items

__all__ = ["read_value"]


def read_value(wanted: Field, raw: Any, unit: Any, moment: Moment) -> EntryValue:
    """Turn what was written for a field into its value, in the unit of the field.

    Raises
    ------
    MistakeError
        It cannot be a value of the field.
    """
    if unit is not None and wanted.type != "number":
        raise MistakeError("unit", "a unit where none is possible", "no unit")
    if isinstance(raw, str) and raw.strip().casefold() == "never" and "never" not in wanted.values:
        if not wanted.never:
            raise MistakeError("never", "`never` is no answer here", expected_of(wanted))
        return () if wanted.type == "list" else NEVER
    if wanted.type == "number":
        return _number(wanted, raw, unit)
    if wanted.type in _READERS:
        return _READERS[wanted.type](wanted, raw)
    return (_list if wanted.type == "list" else _date)(wanted, raw, moment)


def _number(wanted: Field, raw: Any, unit: Any) -> float:
    value = _finite(raw, wanted)
    value = _converted(wanted, value, unit)
    if wanted.range and not wanted.range.low <= value <= wanted.range.high:
        raise MistakeError(
            "out-of-range",
            "the number is outside of what is possible",
            expected_of(wanted),
            "Check the number and its unit",
        )
    if wanted.step and abs(value / wanted.step - round(value / wanted.step)) > 1e-9:
        raise MistakeError(
            "step", "the score has no such value", expected_of(wanted), wanted.note or ""
        )
    return value


def _finite(raw: Any, wanted: Field | None = None) -> float:
    expected = expected_of(wanted) if wanted else "a number"
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        hint = "Write it without quotes" if isinstance(raw, str) and is_number(raw) else ""
        raise MistakeError("wrong-type", f"{kind_of(raw)} instead of a number", expected, hint)
    if isinstance(raw, int) and raw.bit_length() > 64:
        raise MistakeError("not-finite", "the number is too large", expected)
    if not math.isfinite(raw):
        raise MistakeError("not-finite", "this is not a number, or an infinite one", expected)
    return float(raw)


def _converted(wanted: Field, value: float, unit: Any) -> float:
    if unit is None:
        return value
    kept = wanted.unit or ""
    given = table("spellings").get(unit, unit) if isinstance(unit, str) else ""
    if not kept:
        raise MistakeError("unit", "a unit where none is possible", "no unit")
    try:
        return convert(value, given, kept, wanted.id)
    except ValueError:
        allowed = ", ".join(units_for(kept, wanted.id))
        raise MistakeError("unit", "a unit that does not convert", f"one of {allowed}") from None


def _boolean(wanted: Field, raw: Any) -> bool:
    words = {"yes": True, "no": False}
    if isinstance(raw, str) and raw.strip().casefold() in words:
        return words[raw.strip().casefold()]
    if not isinstance(raw, bool):
        raise MistakeError(
            "wrong-type", f"{kind_of(raw)} instead of true or false", expected_of(wanted)
        )
    return raw


def _enum(wanted: Field, raw: Any) -> str:
    return _word(raw, wanted.values, wanted)


def _word(raw: Any, allowed: Iterable[str], wanted: Field) -> str:
    """Find the allowed word that was meant; capitals and `_` for `-` do not matter."""
    known = {_plain(word): word for word in allowed}
    if not isinstance(raw, str):
        raise MistakeError("wrong-type", f"{kind_of(raw)} instead of a word", expected_of(wanted))
    if _plain(raw) not in known:
        near = difflib.get_close_matches(_plain(raw), known, 1)
        hint = f"Did you mean `{known[near[0]]}`?" if near else ""
        raise MistakeError(
            "not-in-list", "a word that is not in the list", expected_of(wanted), hint
        )
    return known[_plain(raw)]


def _plain(word: str) -> str:
    return word.strip().casefold().replace("_", "-").replace(" ", "-")


def _list(wanted: Field, raw: Any, moment: Moment) -> tuple[str, ...] | tuple[Listed, ...]:
    if isinstance(raw, str) and _plain(raw) == "none" and "none" not in wanted.values:
        return ()
    items = raw if isinstance(raw, list | tuple) else [raw]
    if wanted.entries is not None:
        return tuple(_at(i, _listed, wanted, item, moment) for i, item in enumerate(items))
    words = [_at(i, _word, item, wanted.values, wanted) for i, item in enumerate(items)]
    return tuple(dict.fromkeys(words))


def _listed(wanted: Field, raw: Any, moment: Moment) -> Listed:
    """Read one entry of a list whose entries have columns; a bare word is its name."""
    columns: Mapping[str, Any] = wanted.entries or {}
    name, also = columns["name"], columns["also"]
    given = raw if isinstance(raw, Mapping) else {name: raw}
    for key in given:
        if key != name and key not in also:
            raise MistakeError("unknown-column", "a name that is unknown here", columns_of(wanted))
    if given.get(name) is None:
        raise MistakeError("incomplete", f"an entry without `{name}`", columns_of(wanted))
    details = {
        key: _at(key, _detail, given[key], also[key], moment)
        for key in also
        if given.get(key) is not None
    }
    return Listed(_name(wanted, given[name]), MappingProxyType(details))


def _name(wanted: Field, raw: Any) -> str:
    if wanted.values:
        return _word(raw, wanted.values, wanted)
    if not isinstance(raw, str) or not raw.strip():
        raise MistakeError("wrong-type", f"{kind_of(raw)} instead of a name", columns_of(wanted))
    return raw.strip().casefold()


def _detail(raw: Any, kind: Literal["text", "date"], moment: Moment) -> str | PartialDate:
    if kind == "date":
        return moment.read(raw)
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise MistakeError("wrong-type", f"{kind_of(raw)} instead of a text", "a text")
    return str(raw)


def _date(wanted: Field, raw: Any, moment: Moment) -> PartialDate:
    return moment.read(raw, future=wanted.future)


def _map(wanted: Field, raw: Any) -> Mapping[str, float | str]:
    if not isinstance(raw, Mapping):
        raise MistakeError(
            "wrong-type", f"{kind_of(raw)} instead of named numbers", expected_of(wanted)
        )
    unknown = [key for key in raw if key not in wanted.keys]
    if unknown:
        raise MistakeError("unknown-column", "a name that is unknown here", expected_of(wanted))
    return MappingProxyType(
        {k: _at(k, _limit, fields()[k], v) for k, v in raw.items() if v is not None}
    )


def _limit(belongs_to: Field, raw: Any) -> float:
    wrapped = raw if isinstance(raw, Mapping) else {"value": raw}
    value = _number(belongs_to, wrapped.get("value"), wrapped.get("unit"))
    if value <= 0:
        raise MistakeError(
            "out-of-range", "the number is outside of what is possible", "more than 0"
        )
    return value


def _items(wanted: Field, raw: Any) -> Mapping[str, float | str]:
    """Read the items of a scale; one that is null or not there is missing."""
    found = scale(wanted.scale or "")
    known = {item.id: item for item in scoring_items(found)}
    if not isinstance(raw, Mapping):
        raise MistakeError("wrong-type", f"{kind_of(raw)} instead of items", expected_of(wanted))
    values: dict[str, float | str] = {}
    for written, value in raw.items():
        key = str(written)
        if key not in known:
            raise MistakeError(
                "unknown-item", f"the {found.name} has no such item", f"one of {', '.join(known)}"
            )
        if value is None:
            continue
        item = known[key]
        if value == UNTESTABLE and item.untestable:
            values[key] = UNTESTABLE
        elif isinstance(value, bool | str) or value not in item.points:
            mistake = MistakeError(
                "impossible-item", f"item {key} cannot have this value", allowed_points(item)
            )
            mistake.steps = (written,)
            raise mistake
        else:
            values[key] = float(value)
    return MappingProxyType(values)


_READERS: dict[str, Callable[[Field, Any], EntryValue]] = {
    "boolean": _boolean,
    "enum": _enum,
    "map": _map,
    "items": _items,
}


def _at(step: Any, read: Callable[..., Any], *arguments: Any) -> Any:
    """Read a part of a value; a mistake in it remembers where the part stands."""
    try:
        return read(*arguments)
    except MistakeError as mistake:
        mistake.steps = (step, *mistake.steps)
        raise
