"""Observations: numbers with units, items of scales, results of tests, and our own names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from saisei.base.dates import PartialDate
from saisei.cases.codes import Code, Fill, of_codes
from saisei.cases.fhir.bundle import Resource
from saisei.cases.fhir.elements import (
    LostError,
    codings,
    date_of,
    mapping,
    mappings,
    moment_of,
    text,
    ucum,
)
from saisei.cases.fhir.facts import Fact, Reading, find_code, told_of, value_of
from saisei.cases.fields import Field, fields
from saisei.scales import scale
from saisei.scales.scoring import UNTESTABLE

__all__ = ["observed"]

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
LIMITS = "uln"
UNITLESS = (None, "{score}", "{INR}")

Element = Mapping[str, Any]


def observed(one: Resource, reading: Reading) -> Iterator[Fact]:
    """Read an Observation and its components.

    Raises
    ------
    LostError
        It does not count, or has no date.
    """
    if text(one.body, "status") not in of_codes("counts")["Observation"]:
        raise LostError("status")
    parts = [one.body, *mappings(one.body, "component")]
    found = [find_code(mapping(part, "code"), "Observation") for part in parts]
    if not any(found):
        raise LostError("code")
    date = _date(one.body, reading)
    issued = _issued(one.body)
    for part, code in zip(parts, found, strict=True):
        told = told_of(one, mapping(part, "code"))
        if code is not None and not (part is one.body and any(found[1:]) and not _valued(part)):
            yield from reading.keep(told, _part(one.at, part, code, date, issued, told, reading))
        elif part is not one.body:
            reading.tell(told, "code")


def _date(body: Element, reading: Reading) -> PartialDate:
    found = moment_of(body, "effective", reading.moment)
    if found is None and body.get("issued") is not None:
        found = date_of(body["issued"], reading.moment)
    if found is None:
        raise LostError("date")
    return found


def _issued(body: Element) -> datetime | None:
    written = body.get("issued")
    try:
        found = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo else None


def _part(
    at: int,
    part: Element,
    code: Code,
    date: PartialDate,
    issued: datetime | None,
    told: tuple[str, str],
    reading: Reading,
) -> Iterator[Fact]:
    for fill in code.fills:
        value = _value(part, fill, code, reading)
        if value is not None:
            yield Fact(at, fill.field, fill.way, value, date, told, issued=issued)
        limit = _limit(part, fields()[fill.field], reading)
        if limit is not None:
            yield Fact(at, LIMITS, "item", (fill.field, limit), date, told)


def _limit(part: Element, wanted: Field, reading: Reading) -> Any:
    """Give the upper end of the one range of reference that the laboratory prints."""
    ranges = mappings(part, "referenceRange")
    if wanted.id not in fields()[LIMITS].keys or len(ranges) != 1:
        return None
    high = mapping(ranges[0], "high")
    try:
        unit = ucum(high) or ucum(mapping(part, "valueQuantity"))
        found = value_of(wanted, _finite(high.get("value")), unit or None, reading.moment)
    except LostError:
        return None
    return found if unit and isinstance(found, float) and found > 0 else None


def _value(part: Element, fill: Fill, code: Code, reading: Reading) -> Any:
    """Give the value of a part in the form that its fill wants."""
    wanted = fields()[fill.field]
    if fill.way == "item":
        return fill.value, _item(part, fill, code)
    if fill.way == "member":
        return fill.value, _result(part) == "positive"
    if fill.way == "result":
        return fill.value.get(_result(part))
    raw, unit = _number(part)
    if (unit == "") is not (wanted.unit in UNITLESS):
        raise LostError("unit")
    return value_of(wanted, raw, unit or None, reading.moment)


def _item(part: Element, fill: Fill, code: Code) -> float | str:
    item = scale(fields()[fill.field].scale or "").item(fill.value)
    answered = _answer(part, code)
    said = part.get("valueString") if answered is None else answered
    if said == UNTESTABLE and item is not None and item.untestable:
        return UNTESTABLE
    raw, unit = _number(part) if not isinstance(answered, int) else (answered, "")
    if unit:
        raise LostError("unit")
    if item is None or raw not in item.points:
        raise LostError("range")
    return float(raw)


def _answer(part: Element, code: Code) -> int | str | None:
    """Give the points of an answer of LOINC's list, None where it is none of them."""
    points: Mapping[str, int | str] = of_codes("answers").get(code.code, {})
    loinc: list[str] = of_codes("systems")["LOINC"]
    for system, answer in codings(mapping(part, "valueCodeableConcept")):
        if system in loinc and answer in points:
            return points[answer]
    return None


def _valued(part: Element) -> bool:
    return any(name.startswith("value") for name in part)


def _number(part: Element) -> tuple[float, str]:
    """Give the number of a part and its unit, which is empty where it has none."""
    if part.get("valueInteger") is not None:
        return _finite(part["valueInteger"]), ""
    if "valueCodeableConcept" in part:
        return _ordinal(mapping(part, "valueCodeableConcept")), ""
    quantity = mapping(part, "valueQuantity")
    if quantity.get("comparator") is not None:
        raise LostError("bound")
    return _finite(quantity.get("value")), ucum(quantity)


def _finite(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise LostError("no-value")
    if isinstance(raw, int) and raw.bit_length() > 64:
        raise LostError("range")
    if not math.isfinite(raw):
        raise LostError("no-value")
    return raw


def _ordinal(concept: Element) -> float:
    """Give the points that an answer is worth, where its coding says so."""
    for coding in mappings(concept, "coding"):
        for extension in mappings(coding, "extension"):
            if extension.get("url") == ORDINAL:
                return _finite(extension.get("valueDecimal"))
    raise LostError("no-value")


def _result(part: Element) -> str:
    """Give whether a test is positive or negative."""
    found = _coded(part) or _worded(part)
    if found is None and isinstance(part.get("valueBoolean"), bool):
        found = "positive" if part["valueBoolean"] else "negative"
    if found is None:
        raise LostError("no-value")
    return found


def _coded(part: Element) -> str | None:
    said: Mapping[str, list[str]] = of_codes("results")
    addresses: Mapping[str, list[str]] = of_codes("systems")
    for system, code in codings(mapping(part, "valueCodeableConcept")):
        for result, named in said.items():
            if any(code == one.split()[1] and system in addresses[one.split()[0]] for one in named):
                return result
    return None


def _worded(part: Element) -> str | None:
    words = {(text(part, "valueString") or "").strip().casefold()}
    for concept in mappings(part, "interpretation"):
        words |= {code for system, code in codings(concept) if system == _interpretation()}
    said: Mapping[str, list[str]] = of_codes("result_words")
    found = {result for result, known in said.items() if words & set(known)}
    return found.pop() if len(found) == 1 else None


def _interpretation() -> str:
    return str(of_codes("interpretation"))
