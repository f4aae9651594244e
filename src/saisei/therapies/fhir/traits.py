"""A protocol as a Group: each rule a trait that the people have, or have not.

A rule that compares one field becomes a coded trait: the field under our own name, beside a code of
a terminology where one says the same, and a value. The limits of a Range count in; a limit that
does not is a Quantity with its comparator. Every other rule is a trait of its own, *this rule
holds*, so that no rule is missing; what it says stands in the EvidenceVariable.
"""

from __future__ import annotations

from collections.abc import Iterator

from saisei.cases import fields
from saisei.cases.codes import Code, code_to_write, codes, of_codes
from saisei.cases.fhir.own import quantity
from saisei.eligibility import (
    Between,
    Compare,
    Criterion,
    Flag,
    Not,
    OneOf,
    Operator,
    field_name,
)
from saisei.eligibility.population.protocols import Protocol
from saisei.therapies.fhir.names import Body, coded, concept, marks, of_standard, own, rule_code

__all__ = ["stroke_code", "traits"]


def traits(protocol: Protocol) -> list[Body]:
    """Write the rules of a protocol as characteristics of a Group."""
    return [
        {"id": rule.id, **marks(rule), **(_trait(rule) or _holds(protocol, rule))}
        for rule in protocol.criteria
    ]


def _holds(protocol: Protocol, rule: Criterion) -> Body:
    code = concept(rule.text, rule_code(protocol.id, rule))
    return {"code": code, "valueBoolean": True, "exclude": rule.kind == "exclusion"}


def _trait(rule: Criterion) -> Body | None:
    """Write what one field has to be; None where that is more than one value or one range.

    An inclusion of what is not so is an exclusion of what is so, and the other way about.
    """
    when, exclude = rule.when, rule.kind == "exclusion"
    if isinstance(when, Not):
        when, exclude = when.part, not exclude
    match when:
        case Flag(name):
            value: Body | None = {"valueBoolean": True}
        case Compare(name) | Between(name) | OneOf(name):
            value = _value(when, fields()[name].unit)
        case _:
            return None
    return None if value is None else _named(name) | value | {"exclude": exclude}


def _value(leaf: Compare | Between | OneOf, unit: str | None) -> Body | None:
    match leaf:
        case Compare(_, Operator.GE, limit):
            return {"valueRange": {"low": quantity(limit, unit)}}
        case Compare(_, Operator.LE, limit):
            return {"valueRange": {"high": quantity(limit, unit)}}
        case Compare(_, operator, limit):
            return {"valueQuantity": quantity(limit, unit) | {"comparator": operator.value}}
        case Between(_, low, high, True, True):
            return {"valueRange": {"low": quantity(low, unit), "high": quantity(high, unit)}}
        case OneOf(name, values) if len(values) == 1:
            return _single(name, values[0], unit)
        case _:
            return None


def _single(name: str, value: str | float, unit: str | None) -> Body:
    if isinstance(value, str):
        return {"valueCodeableConcept": _word(name, value)}
    return {"valueQuantity": quantity(value, unit)}


def _named(name: str) -> Body:
    """Name a field, with the code of a terminology that says the same."""
    code = None if name in of_standard("code_needs_time") else code_to_write(name)
    ours = {"system": of_codes("own")["field"], "code": name}
    return {"code": concept(field_name(name), ours, *([coded(code)] if code else []))}


def _word(name: str, word: str) -> Body:
    ours = own("value", f"{name}/{word}")
    return concept(word, ours, *_public(name, word))


def _public(name: str, word: str) -> Iterator[Body]:
    code = stroke_code(word) if name in ("stroke_type", "condition") else None
    if code is not None:
        yield coded(code)


def stroke_code(word: str) -> Code | None:
    """Give the code of a kind of stroke, or of the condition that it is."""
    conditions = of_codes("strokes")
    return next(
        (
            code
            for code in codes()
            if code.event is not None
            and code.write
            and word in (code.event, conditions.get(code.event))
        ),
        None,
    )
