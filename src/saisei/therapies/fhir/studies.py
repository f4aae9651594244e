"""A registered trial as a ResearchStudy."""

from __future__ import annotations

from collections.abc import Mapping

from saisei.therapies.fhir.names import Body, coded, concept, extension, of_standard, own, say
from saisei.therapies.fhir.traits import stroke_code
from saisei.therapies.matching import matching_table
from saisei.therapies.models import SourceEntry, Trial

__all__ = ["citations", "number_of", "study"]


def study(trial: Trial, rules: str, people: str | None = None) -> Body:
    """Write a trial as a study.

    Parameters
    ----------
    trial
        The trial.
    rules
        The canonical address of the EvidenceVariable with its rules.
    people
        The address of the Group of its people, where that is in the same bundle.
    """
    found: Body = {
        "resourceType": "ResearchStudy",
        "id": trial.id,
        "identifier": [number_of(trial.id)],
        "title": trial.title,
        **_status(trial.status),
    }
    if trial.phase:
        found["phase"] = _phase(trial.phase)
    found["condition"] = [_condition(str(condition)) for condition in trial.condition]
    found["relatedArtifact"] = [
        {"type": "composed-of", "resource": rules}, *citations(trial.sources)
    ]  # fmt: skip
    if trial.country:
        found["location"] = [_country(country) for country in trial.country]
    if trial.design:
        found["description"] = trial.design
    if people is not None:
        found["enrollment"] = [{"reference": people}]
    if trial.start:
        found["period"] = {"start": trial.start}
    if trial.sponsor:
        found["sponsor"] = {"display": trial.sponsor}
    return found | {"note": [{"text": note} for note in _notes(trial)]}


def number_of(trial_id: str) -> Body:
    """Give a trial its number in a registry, or our own name where it has none."""
    registries: Mapping[str, str] = of_standard("registries")
    for start, system in registries.items():
        if trial_id.startswith(start):
            return {"system": system, "value": trial_id}
    return {"system": of_standard("systems")["trial"], "value": trial_id}


def _status(state: str) -> Body:
    """Write the state of a registry; one that nobody knows has no code, which is said."""
    code = of_standard("statuses")[state]
    if code is not None:
        return {"status": code}
    return {"_status": {"extension": [extension("absent", "Code", "unknown")]}}


def _phase(phase: str) -> Body:
    code = of_standard("phases").get(phase)
    system = of_standard("phase_system")
    return concept(phase, *([{"system": system, "code": code}] if code else []))


def _condition(condition: str) -> Body:
    code = stroke_code(condition)
    words = matching_table()["conditions"][condition]
    text = words["en"] if isinstance(words, Mapping) else words
    ours = own("condition", condition)
    return concept(text, ours, *([coded(code)] if code else []))


def _country(country: str) -> Body:
    if country in of_standard("no_country"):
        return concept(country)
    return concept(country, {"system": of_standard("countries"), "code": country})


def citations(sources: Mapping[str, SourceEntry]) -> list[Body]:
    """Say where something was read."""
    return [
        {"type": "citation", "label": key, "display": source.kind, "url": source.url}
        for key, source in sources.items()
    ]


def _notes(trial: Trial) -> list[str]:
    state = say("status", status=trial.status, read=trial.status_read)
    others = (trial.status_note, trial.sponsor_note, trial.programme_note, trial.id_note)
    return [state, *(note for note in others if note)]
