"""A registered trial as its page shows it: its standing, and every entry rule in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saisei.base.sources import Source, Statement
from saisei.base.texts import Language
from saisei.eligibility import Criterion
from saisei.evidence import Study, studies
from saisei.therapies import Programme, Trial, describe, programmes, therapy_sources
from saisei.therapies.rules import trial_rules

__all__ = ["RuleLine", "TrialPage", "trial_data", "trial_page"]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One entry rule: as printed, and as it is tested."""

    id: str
    text: str
    sentence: str
    team: bool
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class TrialPage:
    """All that the page of a trial shows."""

    trial: Trial
    standing: tuple[Statement, ...]
    first: tuple[RuleLine, ...]
    inclusion: tuple[RuleLine, ...]
    exclusion: tuple[RuleLine, ...]
    programme: Programme | None
    studies: tuple[Study, ...]
    sources: tuple[Source, ...]


def trial_page(trial: Trial, as_of: datetime, language: Language) -> TrialPage:
    """Gather what the page of a trial shows."""
    rules = [(rule.kind, _rule(rule, language)) for rule in trial.criteria]
    return TrialPage(
        trial,
        describe(trial.id, as_of, language).statements,
        tuple(_rule(rule, language) for rule in trial_rules(trial)),
        tuple(line for kind, line in rules if kind == "inclusion"),
        tuple(line for kind, line in rules if kind == "exclusion"),
        next((one for one in programmes() if one.id == trial.programme), None),
        tuple(study for study in studies() if trial.id in study.registry),
        tuple(therapy_sources()[key] for key in trial.source_keys),
    )


def _rule(rule: Criterion, language: Language) -> RuleLine:
    team = bool(rule.judgement or rule.team_fields)
    return RuleLine(rule.id, rule.text, rule.sentence(language), team, rule.source, rule.note)


def trial_data(page: TrialPage) -> dict[str, Any]:
    """Give a trial as plain values."""
    told = page.trial.model_dump(mode="json", exclude={"criteria"})
    rules = [
        {
            "id": rule.id, "kind": rule.kind, "text": rule.text, "sentence": rule.sentence(),
            "source": rule.source, "judgement": rule.judgement, "note": rule.note,
        }
        for rule in page.trial.criteria
    ]  # fmt: skip
    return {**told, "criteria": rules, "standing": [said.text for said in page.standing]}
