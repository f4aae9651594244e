"""Our own names inside FHIR: how an entry without a code of a terminology is written and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from saisei.base.dates import PartialDate
from saisei.cases.codes import of_codes
from saisei.cases.entries import Entry
from saisei.cases.fhir.bundle import Resource
from saisei.cases.fhir.elements import (
    LostError,
    codings,
    date_of,
    interval,
    mapping,
    mappings,
    moment_of,
    text,
)
from saisei.cases.fhir.facts import Fact, Reading, value_of
from saisei.cases.fields import Field, fields
from saisei.cases.mistakes import Moment
from saisei.cases.values import Listed, Never

__all__ = ["UCUM", "dated", "effective", "is_own", "own_observation", "quantity", "read_own"]

UCUM = "http://unitsofmeasure.org"

Element = Mapping[str, Any]


def own(name: str, code: str) -> dict[str, Any]:
    """Give a concept of our own."""
    return {"coding": [{"system": of_codes("own")[name], "code": code}]}


def is_own(body: Element) -> bool:
    """Whether an observation carries the name of a field and no code of a terminology."""
    return _named(body, "field") is not None


def own_observation(wanted: Field, entry: Entry) -> dict[str, Any]:
    """Write an entry as an observation under the name of its field."""
    body: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": own("field", wanted.id) | {"text": wanted.question["en"]},
        **effective(entry),
        **_written(wanted, entry),
    }
    if entry.source is not None:
        body["note"] = [{"text": entry.source}]
    return body


def effective(entry: Entry) -> dict[str, Any]:
    """Write when an entry was so; nothing for one without a date."""
    return _choice("effective", entry.date) if entry.dated else {}


def _choice(name: str, date: PartialDate) -> dict[str, Any]:
    if "/" not in date.text:
        return {f"{name}DateTime": dated(date)}
    start, end = date.text.split("/")
    return {f"{name}Period": {"start": start, "end": end}}


def dated(date: PartialDate) -> str:
    """Write a date to the precision that it has."""
    if date.precision != "minute":
        return date.text
    offset = date.first.utcoffset()
    whole = offset is not None and offset.total_seconds() % 60 == 0
    return (date.first if whole else date.first.astimezone(UTC)).isoformat()


def quantity(value: float, unit: str | None) -> dict[str, Any]:
    """Write a number with its unit."""
    number = int(value) if float(value).is_integer() and abs(value) < 2**53 else value
    return {"value": number} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})


def _written(wanted: Field, entry: Entry) -> dict[str, Any]:
    value = entry.value
    if isinstance(value, Never) or value == ():
        return {"valueCodeableConcept": own("answer", "none" if value == () else "never")}
    if isinstance(value, PartialDate):
        return _choice("value", value)
    if isinstance(value, Mapping):
        return {"component": [_component(key, one) for key, one in value.items()]}
    if isinstance(value, tuple):
        return {"component": [_member(one) for one in value]}
    return _simple(value, wanted.unit)


def _simple(value: float | str, unit: str | None) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, float):
        return {"valueQuantity": quantity(value, unit)}
    return {"valueString": value}


def _component(key: str, value: float | str) -> dict[str, Any]:
    holds = {"valueString": value} if isinstance(value, str) else {}
    return {"code": own("item", key), **(holds or {"valueQuantity": quantity(float(value), None)})}


def _member(one: str | Listed) -> dict[str, Any]:
    name = one.name if isinstance(one, Listed) else one
    found: dict[str, Any] = {"code": own("item", "member"), "valueString": name}
    if isinstance(one, Listed) and one.details:
        found["extension"] = [_detail(key, held) for key, held in one.details.items()]
    return found


def _detail(key: str, held: str | PartialDate) -> dict[str, Any]:
    url = f"{of_codes('own')['detail']}:{key}"
    if isinstance(held, PartialDate):
        return {"url": url, "valueDateTime": dated(held)}
    return {"url": url, "valueString": held}


def read_own(one: Resource, reading: Reading) -> Iterator[Fact]:
    """Read an observation that was written under the name of a field.

    Raises
    ------
    LostError
        There is no such field, or it holds what the field cannot.
    """
    wanted = fields().get(_named(one.body, "field") or "")
    if wanted is None or wanted.derived:
        raise LostError("code")
    if text(one.body, "status") not in of_codes("counts")["Observation"]:
        raise LostError("status")
    date = moment_of(one.body, "effective", reading.moment)
    notes = mappings(one.body, "note")
    source = text(notes[0], "text") if notes else None
    value = _read(one.body, wanted, reading.moment)
    yield Fact(one.at, wanted.id, "value", value, date, ("Observation", ""), source=source)


def _named(body: Element, name: str) -> str | None:
    system = of_codes("own")[name]
    return next((code for found, code in codings(mapping(body, "code")) if found == system), None)


def _read(body: Element, wanted: Field, moment: Moment) -> Any:
    if wanted.type in ("date", "datetime") and "valueCodeableConcept" not in body:
        return _read_date(body, wanted, moment)
    unit = mapping(body, "valueQuantity").get("code")
    return value_of(wanted, _raw(body, wanted), unit, moment)


def _read_date(body: Element, wanted: Field, moment: Moment) -> PartialDate:
    if "valuePeriod" not in body:
        return date_of(body.get("valueDateTime"), moment, future=wanted.future)
    period = mapping(body, "valuePeriod")
    return interval(date_of(period.get("start"), moment), date_of(period.get("end"), moment))


def _raw(body: Element, wanted: Field) -> Any:
    if "valueCodeableConcept" in body:
        said = [code for _, code in codings(mapping(body, "valueCodeableConcept"))]
        return [] if said == ["none"] else "never"
    if "component" in body:
        parts = mappings(body, "component")
        return _members(parts, wanted) if wanted.type == "list" else _items(parts)
    for name in ("valueBoolean", "valueString"):
        if name in body:
            return body[name]
    return mapping(body, "valueQuantity").get("value")


def _items(parts: Sequence[Element]) -> dict[str, Any]:
    return {_named(part, "item") or "": _raw_part(part) for part in parts}


def _raw_part(part: Element) -> Any:
    return part.get("valueString", mapping(part, "valueQuantity").get("value"))


def _members(parts: Sequence[Element], wanted: Field) -> list[Any]:
    if wanted.entries is None:
        return [part.get("valueString") for part in parts]
    return [_listed(part, wanted.entries["name"]) for part in parts]


def _listed(part: Element, name: str) -> dict[str, Any]:
    start = f"{of_codes('own')['detail']}:"
    found = {name: part.get("valueString")}
    for extension in mappings(part, "extension"):
        url = text(extension, "url") or ""
        found[url.removeprefix(start)] = extension.get(
            "valueDateTime", extension.get("valueString")
        )
    return found
