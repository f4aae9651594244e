"""A protocol out of FHIR: the rules of an EvidenceVariable that was written by us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saisei.base.errors import CriterionError, Place, Problem
from saisei.cases.fhir.elements import LostError, mapping, mappings, text
from saisei.eligibility import Criterion, parse
from saisei.eligibility.population.protocols import Protocol
from saisei.therapies.fhir.names import of_standard

__all__ = ["protocol_from_fhir"]

Element = Mapping[str, Any]


def protocol_from_fhir(bundle: Element, name: str = "bundle") -> Protocol:
    """Read the rules of a protocol from a bundle: the same rules as were written.

    Parameters
    ----------
    bundle
        What the JSON file holds.
    name
        What the bundle is called in a message.

    Raises
    ------
    CriterionError
        There is not one EvidenceVariable, or a rule of it is not in our language of criteria.

    Examples
    --------
    >>> from saisei.therapies import trial
    >>> from saisei.therapies.fhir import protocol_to_fhir
    >>> written = protocol_to_fhir(trial("NCT04631406"))
    >>> protocol_from_fhir(written).criteria[-1].when == trial("NCT04631406").criteria[-1].when
    True
    """
    place = Place(name)
    try:
        variable = _variable(bundle, place)
        therapy = not _resources(bundle, "ResearchStudy")
        return Protocol(_id(variable, place), _rules(variable, name), therapy)
    except LostError:
        raise _refuse("form", "an element has another form than R4 gives it", place) from None


def _variable(bundle: Element, place: Place) -> Element:
    found = _resources(bundle, "EvidenceVariable")
    if len(found) != 1:
        raise _refuse("no-rules", f"{len(found)} EvidenceVariables", place, "one")
    return found[0]


def _resources(bundle: Element, kind: str) -> list[Element]:
    return [
        resource
        for entry in mappings(bundle, "entry")
        if (resource := mapping(entry, "resource")).get("resourceType") == kind
    ]


def _id(variable: Element, place: Place) -> str:
    system = of_standard("systems")["protocol"]
    for one in mappings(variable, "identifier"):
        if text(one, "system") == system and (value := text(one, "value")):
            return value
    raise _refuse("no-id", "the EvidenceVariable is not ours", place, f"an identifier of {system}")


def _rules(variable: Element, name: str) -> tuple[Criterion, ...]:
    found = mappings(variable, "characteristic")
    return tuple(
        _rule(one, Place(name, path=f"EvidenceVariable.characteristic[{at}]"))
        for at, one in enumerate(found)
    )


def _rule(one: Element, place: Place) -> Criterion:
    told = {text(held, "url"): held for held in mappings(one, "extension")}
    names = of_standard("extensions")
    when = text(told.get(names["when"], {}), "valueString")
    if when is None:
        expected = f"an extension {names['when']} with the rule in the language of criteria"
        raise _refuse("no-expression", "a rule without its expression", place, expected)
    return Criterion(
        text(one, "id") or "",
        "exclusion" if one.get("exclude") is True else "inclusion",
        text(one, "description") or "",
        parse(when, place),
        text(told.get(names["source"], {}), "valueString") or "",
        text(told.get(names["team"], {}), "valueCode") == "judgement",
        text(told.get(names["note"], {}), "valueString") or "",
    )


def _refuse(code: str, found: str, place: Place, expected: str = "") -> CriterionError:
    next_step = "Write it with `saisei therapies to-fhir`"
    return CriterionError(Problem(code, found, expected, next_step, place))
