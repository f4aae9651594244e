"""The questions that the evidence is asked about every therapy."""

from __future__ import annotations

from functools import cache
from typing import Any

from saisei.appraisal.model import Asked, Tier
from saisei.base.store import load_data
from saisei.evidence import Limit, Question, Target, at_tier
from saisei.vocabulary import Outcome

__all__ = ["asked_questions", "question_at"]

FILE = "appraisal/questions.yaml"


@cache
def asked_questions() -> tuple[Asked, ...]:
    """Give every question of the table, in the order of the report."""
    return tuple(_asked(entry) for entry in load_data(FILE)["questions"])


def question_at(asked: Asked, target: Target, tier: Tier) -> Question:
    """Put a question about a therapy at a tier."""
    entry = _entries()[asked.id]
    question = Question(
        outcome=Outcome(entry["outcome"]),
        kind=entry["kind"],
        event=_limit(entry.get("event")),
        measure=entry["measure"],
        days=(float(entry["days"][0]), float(entry["days"][1])) if "days" in entry else None,
        near=entry.get("near"),
        longest=bool(entry.get("longest", False)),
    )
    return at_tier(question, target, tier)


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in load_data(FILE)["questions"]}


def _asked(entry: dict[str, Any]) -> Asked:
    return Asked(
        entry["id"],
        entry["title"]["en"],
        entry["outcome"],
        entry["measure"],
        entry["worthwhile"],
        entry.get("people", {"en": ""})["en"],
        bool(entry.get("longest", False)),
    )


def _limit(written: dict[str, float] | None) -> Limit | None:
    if written is None:
        return None
    return Limit.model_validate({key: float(value) for key, value in written.items()})
