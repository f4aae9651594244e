"""The Decision: everything that a report says about one person, as plain frozen values.

A report in any form is drawn from it and nothing else. Every sentence is a `Statement` that
carries the keys of its sources; every key stands in `Decision.sources`. Numbers that a picture
needs stand beside the sentences. The JSON form carries `schema`, which changes when a field
changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from saisei.base.sources import Source, Statement
from saisei.decision.views import (
    CautionView,
    FindingView,
    FutureView,
    GainRow,
    HarmView,
    TherapyView,
)

__all__ = [
    "SCHEMA",
    "AuditItem",
    "Decision",
    "Emergency",
    "Fact",
    "Kind",
    "Option",
    "OtherTreatment",
    "QuestionView",
    "Questions",
]

SCHEMA = "saisei-decision/1"


class Kind(StrEnum):
    """Which page this is. The gates are tried in this order; see RULES: emergencies, for whom."""

    EMERGENCY = "emergency"
    CHILD = "child"
    ACUTE_IN_HOSPITAL = "acute-in-hospital"
    PREGNANCY = "pregnancy"
    NO_CONDITION = "no-condition"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Emergency:
    """The words that open every page, and why this page is nothing else."""

    text: str
    numbers: tuple[tuple[str, str], ...]
    """Place and number: (Japan, 119)."""
    reasons: tuple[str, ...] = ()
    """Why the page is the emergency page; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that the case states or that was computed from it."""

    field: str
    label: str
    value: str
    date: str = ""
    note: str = ""
    """``no date given; taken as of …``, ``too old to count``, ``computed``."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to go, with both sides."""

    id: str
    title: str
    summary: tuple[Statement, ...]
    positives: tuple[Statement, ...] = ()
    negatives: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherTreatment:
    """What else has controlled evidence for this problem, the neutral ones with it."""

    title: str
    words: Statement
    direction: str
    """better than control, no difference shown or mixed."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question that would settle something."""

    field: str
    text: str
    effort: str
    settles: str


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask, and of whom."""

    settle: tuple[QuestionView, ...]
    clinic: tuple[Statement, ...]
    own_doctor: tuple[Statement, ...]
    warning_signs: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class AuditItem:
    """One item of the quality list for decision aids, audited by ourselves."""

    number: int
    group: str
    item: str
    result: str
    """pass, fail, not applicable or needs people."""
    where: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's decision report, whole."""

    schema: str
    version: str
    data_digest: str
    as_of: str
    language: str
    kind: Kind
    audience: str
    title: str
    emergency: Emergency
    about: tuple[Statement, ...]
    """For whom this page is, and what it is not."""
    answer: tuple[Statement, ...]
    person: tuple[Fact, ...] = ()
    options: tuple[Option, ...] = ()
    futures: tuple[FutureView, ...] = ()
    findings: tuple[FindingView, ...] = ()
    therapies: tuple[TherapyView, ...] = ()
    gains: tuple[GainRow, ...] = ()
    gain_notes: tuple[Statement, ...] = ()
    other_treatments: tuple[OtherTreatment, ...] = ()
    harms: tuple[HarmView, ...] = ()
    harm_notes: tuple[Statement, ...] = ()
    cautions: tuple[CautionView, ...] = ()
    had_cells: tuple[Statement, ...] = ()
    deciding_for_another: tuple[Statement, ...] = ()
    practical: tuple[Statement, ...] = ()
    not_known: tuple[Statement, ...] = ()
    values: tuple[Statement, ...] = ()
    """Questions about what matters to the person."""
    questions: Questions | None = None
    notes: tuple[Statement, ...] = ()
    policy: tuple[Statement, ...] = ()
    """Funding, updates, what this is not."""
    audit: tuple[AuditItem, ...] = ()
    sources: tuple[Source, ...] = ()
