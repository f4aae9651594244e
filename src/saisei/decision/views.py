"""What a report shows of one therapy: its evidence, its trials, the journey, cautions, two futures.

The parts that `model.Decision` is put together from. Every sentence is a `Statement` that carries
the keys of its sources; numbers that a picture needs stand beside the sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

from saisei.base.sources import Statement
from saisei.decision.future_views import (
    BetweenView,
    ChoiceRow,
    CurvePoint,
    FutureView,
    People,
    WithView,
)

__all__ = [
    "BetweenView",
    "CautionView",
    "ChoiceRow",
    "ClaimView",
    "CostView",
    "CriterionView",
    "CurvePoint",
    "FindingView",
    "ForestRow",
    "FutureView",
    "GainRow",
    "GroupRow",
    "GroupView",
    "HarmView",
    "JourneyView",
    "LeftOutRow",
    "People",
    "PooledRow",
    "StepView",
    "TherapyView",
    "TrialView",
    "UnreadRow",
    "WithView",
]


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One study's comparison."""

    study: str
    label: str
    treated: str
    control: str
    estimate: float
    low: float
    high: float
    weight: float
    """Share of the pool, 0 to 1; 0 when the row is shown beside the pool."""
    bias: str
    """low, some, high or unjudged."""
    note: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PooledRow:
    """What the rows give together."""

    label: str
    estimate: float
    low: float
    high: float
    predicted_low: float | None
    predicted_high: float | None
    method: str


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A selected study that gave no row, and why."""

    study: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A trial of this question whose numbers nobody could read, or that was never published."""

    study: str
    label: str
    state: str
    people: int | None
    direction: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """People of 100 in a group who stand at a grade or better, without and with cells."""

    at_most: int
    control: float
    treated: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupView:
    """A control group's grades, moved by a common odds ratio: of groups, for a clinician."""

    rows: tuple[GroupRow, ...]
    died: float
    """People of 100 in the control groups who died; kept apart and not moved."""
    people: int
    sentences: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """What controlled trials found for one question, and how sure that is."""

    id: str
    outcome: str
    title: str
    tier: str
    tier_note: str
    scale: str
    """What the axis shows: ``odds ratio``, ``difference in points`` …"""
    log_axis: bool
    better: str
    """``right`` or ``left``: on which side of the axis cells look better."""
    null: float
    worthwhile: tuple[float, float] | None
    """The smallest worthwhile harm and benefit on the axis, from left to right."""
    rows: tuple[ForestRow, ...]
    pooled: PooledRow | None
    verdict: str
    sentences: tuple[Statement, ...]
    """The verdict in words, and what moves it."""
    certainty: str
    reasons: tuple[Statement, ...]
    counts: tuple[Statement, ...]
    """The trials' own counts: ``7 of 55``."""
    left_out: tuple[LeftOutRow, ...]
    unread: tuple[UnreadRow, ...]
    method: tuple[Statement, ...] = ()
    """How it was pooled, for a clinician: the prior, and what does not exist after few trials."""
    choices: tuple[ChoiceRow, ...] = ()
    """Other reasonable choices; on a clinician's page, and of a finding that draws a future."""
    choices_words: tuple[Statement, ...] = ()
    group: GroupView | None = None
    """For a whole scale, on a clinician's page: the control groups moved by the odds ratio."""


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One entry rule as a sentence, with its verdict for this person."""

    id: str
    text: str
    verdict: str
    """met, not met, unknown or trial team."""
    detail: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialView:
    """One registered trial."""

    id: str
    title: str
    verdict: str
    """matches, does not match or undecided."""
    sentence: Statement
    standing: str
    """option, was-recruiting, not-yet, closed or unknown."""
    standing_sentence: Statement
    partial_list: str
    """What of its entry rules was not read; empty when all was."""
    criteria: tuple[CriterionView, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a journey."""

    title: str
    duration: str
    dates: str
    notes: tuple[Statement, ...]
    sources: tuple[str, ...] = ()
    """Of the duration."""


@dataclass(frozen=True, slots=True)
class CostView:
    """One printed price."""

    what: str
    amount: str
    quality: str
    note: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JourneyView:
    """What it would take."""

    steps: tuple[StepView, ...]
    visits: tuple[Statement, ...]
    costs: tuple[CostView, ...]
    cost_notes: tuple[Statement, ...]
    culture: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What pages tell patients of this therapy, and what was found."""

    claim: str
    verdict: str
    finding: Statement


@dataclass(frozen=True, slots=True)
class GainRow:
    """A gain over time in one group of people, whatever they were given."""

    group: str
    """``cells, no control``, ``sham``, ``therapy only``, ``cells, with control``."""
    label: str
    what: str
    """The measure: ``Fugl-Meyer motor, points`` or ``gained 10 points or more``."""
    value: float
    low: float | None
    high: float | None
    people: str
    sources: tuple[str, ...]
    note: str = ""
    unit: str = "points"
    """points or per-100."""


@dataclass(frozen=True, slots=True)
class HarmView:
    """One published harm."""

    id: str
    title: str
    words: Statement
    events: int | None
    people: int | None
    setting: str


@dataclass(frozen=True, slots=True)
class CautionView:
    """A word of caution for this person and a step, or the question it hangs on."""

    id: str
    title: str
    words: Statement
    steps: tuple[str, ...]
    state: str
    """applies or ask."""


@dataclass(frozen=True, slots=True)
class TherapyView:
    """One programme: may I, what was found, what would it take."""

    id: str
    name: str
    what: str
    shown: str
    """full (fits this person's condition and stage) or brief."""
    bottom_line: Statement
    entry: tuple[Statement, ...]
    trials: tuple[TrialView, ...]
    findings: tuple[str, ...]
    forecast: Statement
    gains: tuple[GainRow, ...]
    harms: tuple[str, ...]
    cautions: tuple[str, ...]
    legal: tuple[Statement, ...]
    journey: JourneyView | None
    claims: tuple[ClaimView, ...]
