"""A trial or a programme as FHIR: its study, its people as a Group, and every rule as written.

The EvidenceVariable holds each rule whole: its words, and its expression in the language of
criteria, which is what is read back. The expression stands in an extension and not in an
Expression: the published JSON schema of R4 lets that have the standard's three languages only,
although the definition of the type allows any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from saisei.eligibility import Criterion, sentence, unparse
from saisei.eligibility.definitions import Version, definition_hash
from saisei.eligibility.population.protocols import Protocol
from saisei.therapies.definitions import definition_of
from saisei.therapies.fhir.names import (
    Body,
    address,
    bundle,
    concept,
    decided_by,
    extension,
    of_standard,
    rule_code,
    say,
)
from saisei.therapies.fhir.studies import citations, study
from saisei.therapies.fhir.traits import traits
from saisei.therapies.models import Programme, SourceEntry, Trial
from saisei.therapies.rules import programme_rules, trial_rules

__all__ = ["Rules", "protocol_to_fhir", "rules_of", "rules_to_fhir", "version_of"]


@dataclass(frozen=True, slots=True)
class Rules:
    """A protocol with what is said of it.

    Parameters
    ----------
    protocol
        Its id and its rules.
    title
        What it is called.
    description
        How much of its rules this is.
    notes, sources
        What a reader must know, and where the rules were read.
    """

    protocol: Protocol
    title: str
    description: str = ""
    notes: tuple[str, ...] = ()
    sources: Mapping[str, SourceEntry] = field(default_factory=dict)


def protocol_to_fhir(about: Trial | Programme) -> Body:
    """Write a trial or a programme as a FHIR R4 bundle of type collection.

    Returns
    -------
    dict
        What the JSON file holds; the same data give the same. Of a trial a ResearchStudy, a Group
        and an EvidenceVariable; of a programme, which is no study, the last two.

    Examples
    --------
    >>> from saisei.therapies import trial
    >>> found = protocol_to_fhir(trial("NCT04631406"))
    >>> [entry["resource"]["resourceType"] for entry in found["entry"]]
    ['ResearchStudy', 'Group', 'EvidenceVariable']
    """
    rules = rules_of(about)
    entries = rules_to_fhir(rules)
    if isinstance(about, Trial):
        group, _ = entries[0]
        canonical = f"{_url(rules)}|{version_of(rules.protocol)}"
        entries.insert(0, (address(f"study:{about.id}"), study(about, canonical, group)))
    return bundle(["protocol"], entries)


def rules_of(about: Trial | Programme) -> Rules:
    """Give the rules of a trial or a programme, those that come first before the others."""
    if isinstance(about, Programme):
        said = say("programme")
        protocol = Protocol(about.id, programme_rules(about), therapy=True)
        return Rules(protocol, about.name, said, sources=about.sources)
    key = "partial" if about.criteria_missing else "partial_plain"
    key = "complete" if about.criteria_complete else key
    notes = (say("first"), about.criteria_note, about.phase_note)
    return Rules(
        Protocol(about.id, (*trial_rules(about), *about.criteria)),
        about.title,
        say(key, missing=about.criteria_missing),
        tuple(note for note in notes if note),
        about.sources,
    )


def rules_to_fhir(rules: Rules) -> list[tuple[str, Body]]:
    """Write rules as a Group and an EvidenceVariable, each with its address."""
    name = rules.protocol.id
    return [
        (address(f"group:{name}"), _group(rules)),
        (address(f"rules:{name}"), _variable(rules)),
    ]


def version_of(protocol: Protocol) -> str:
    """Give the version of a protocol: the number published, and the digest of its rules.

    Rules that are not those of a published version have the number 0.

    Examples
    --------
    >>> from saisei.therapies import trial
    >>> version_of(rules_of(trial("NCT04631406")).protocol)[:2]
    '1.'
    """
    version = _published(protocol)
    return f"{version.number if version else 0}.{definition_hash(protocol.criteria)}"


def _published(protocol: Protocol) -> Version | None:
    """Give the latest published version, where the rules are still the same."""
    definition = definition_of(protocol.id)
    latest = definition.latest if definition else None
    same = latest is not None and latest.sha256 == definition_hash(protocol.criteria)
    return latest if same else None


def _state(protocol: Protocol) -> Body:
    """Write whether the rules are published, and since when these are."""
    version, definition = _published(protocol), definition_of(protocol.id)
    if version is None or definition is None:
        return {"status": of_standard("definitions")["draft"]}
    return {"status": of_standard("definitions")[definition.status], "date": version.date}


def _url(rules: Rules) -> str:
    return f"{of_standard('systems')['protocol']}:{rules.protocol.id}"


def _identifier(rules: Rules) -> list[Body]:
    return [{"system": of_standard("systems")["protocol"], "value": rules.protocol.id}]


def _group(rules: Rules) -> Body:
    name = rules.protocol.id
    return {
        "resourceType": "Group",
        "id": f"{name}-people",
        "identifier": _identifier(rules),
        "type": "person",
        "actual": False,
        "name": say("people_of", id=name),
        "characteristic": traits(rules.protocol),
    }


def _variable(rules: Rules) -> Body:
    name = rules.protocol.id
    found: Body = {
        "resourceType": "EvidenceVariable",
        "id": f"{name}-rules",
        "url": _url(rules),
        "identifier": _identifier(rules),
        "version": version_of(rules.protocol),
        "name": "EntryRules_" + re.sub(r"\W", "_", name, flags=re.ASCII),
        "title": say("rules_of", title=rules.title),
        **_state(rules.protocol),
    }
    if rules.description:
        found["description"] = rules.description
    if rules.notes:
        found["note"] = [{"text": note} for note in rules.notes]
    found["copyright"] = of_standard("rights")
    if rules.sources:
        found["relatedArtifact"] = citations(rules.sources)
    found["type"] = "dichotomous"
    rows = [_characteristic(rules.protocol, rule) for rule in rules.protocol.criteria]
    return found | {"characteristic": rows}


def _characteristic(protocol: Protocol, rule: Criterion) -> Body:
    given = {
        "when": ("String", unparse(rule.when)),
        "source": ("String", rule.source),
        "note": ("String", rule.note),
        "team": ("Code", decided_by(rule)),
    }
    return {
        "id": rule.id,
        "extension": [extension(name, *held) for name, held in given.items() if held[1]],
        "description": rule.text,
        "definitionCodeableConcept": concept(sentence(rule.when), rule_code(protocol.id, rule)),
        "exclude": rule.kind == "exclusion",
    }
