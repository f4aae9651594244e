"""Our names inside FHIR, from `standard.yaml`, and the few forms that every resource shares."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language
from saisei.cases.codes import Code, of_codes
from saisei.eligibility import Criterion
from saisei.eligibility.population.protocols import decided_by_team

__all__ = [
    "Body",
    "address",
    "bundle",
    "coded",
    "concept",
    "decided_by",
    "extension",
    "marks",
    "of_standard",
    "own",
    "rule_code",
    "say",
]

FILE = "therapies/fhir/standard.yaml"

Body = dict[str, Any]


def of_standard(name: str) -> Any:
    """Give one of the tables of the file."""
    return load_data(FILE)[name]


@cache
def _texts(language: Language) -> Catalogue:
    return Catalogue(FILE, load_data(FILE), language)


def say(key: str, language: Language = "en", **filling: object) -> str:
    """Give a text of the file."""
    return _texts(language).say(f"texts.{key}", **filling)


def own(system: str, code: str) -> Body:
    """Give a coding in a system of our own."""
    return {"system": of_standard("systems")[system], "code": code}


def coded(code: Code) -> Body:
    """Give the coding of a code of a terminology."""
    return {"system": code.url, "code": code.code}


def concept(text: str, *codings: Body) -> Body:
    """Give a CodeableConcept: codings that say the same, and words."""
    return {"coding": list(codings), "text": text} if codings else {"text": text}


def rule_code(protocol: str, rule: Criterion) -> Body:
    """Name a rule of a protocol."""
    return own("criterion", f"{protocol}/{rule.id}")


def extension(name: str, kind: str, value: str) -> Body:
    """Write an extension of ours."""
    return {"url": of_standard("extensions")[name], f"value{kind}": value}


def marks(rule: Criterion) -> Body:
    """Mark a rule that the trial team decides, wherever it is written; nothing for others."""
    how = decided_by(rule)
    return {"extension": [extension("team", "Code", how)]} if how else {}


def decided_by(rule: Criterion) -> str:
    """Say why the trial team decides a rule; empty where records can."""
    if rule.judgement:
        return "judgement"
    return "field" if decided_by_team(rule) else ""


def address(name: str) -> str:
    """Give what belongs to a protocol an address, the same in every bundle."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:saisei:{name}')}"


def bundle(tags: Iterable[str], entries: Iterable[tuple[str, Body]], **more: str) -> Body:
    """Put resources with their addresses into a bundle."""
    system = of_codes("own")["bundle"]
    return {
        "resourceType": "Bundle",
        "meta": {"tag": [{"system": system, "code": tag} for tag in tags]},
        "type": "collection",
        **more,
        "entry": [{"fullUrl": url, "resource": body} for url, body in entries],
    }
