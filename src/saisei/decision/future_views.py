"""What a report shows of the two futures: curves, 100 people, bounds, other choices."""

from __future__ import annotations

from dataclasses import dataclass

from saisei.base.sources import Statement

__all__ = ["BetweenView", "ChoiceRow", "CurvePoint", "FutureView", "People", "WithView"]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The spread of a score at one moment: quantiles 5, 25, 50, 75 and 95 %."""

    day: float
    """Days after `as_of`."""
    q05: float
    q25: float
    q50: float
    q75: float
    q95: float
    extrapolated: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """The same 100 people, by what happens to them; adds up to 100."""

    better: int
    same: int
    worse: int
    step: float
    """The change that counts, in points."""
    step_note: Statement
    sentences: tuple[Statement, ...]
    """Both framings, in words."""


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One other reasonable choice (prior, tier, studies left out), and what it would give.

    `estimate`, `low` and `high` are on the axis of the finding, None where nothing remains. The
    counts are of 100 people, for a future that is drawn; None where none would be drawn.
    """

    label: str
    prior: str
    left_out: tuple[str, ...]
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    certainty: str
    better: int | None = None
    better_low: int | None = None
    better_high: int | None = None
    worse: int | None = None
    worse_low: int | None = None
    worse_high: int | None = None


@dataclass(frozen=True, slots=True)
class BetweenView:
    """How many of 100 would stand better or worse with than without: what the futures allow.

    `better_alike` and `worse_alike` hold if the therapy moves everybody alike, an assumption.
    """

    step: float
    better_low: int
    better_high: int
    better_alike: int
    same_low: int
    same_high: int
    worse_low: int
    worse_high: int
    worse_alike: int


@dataclass(frozen=True, slots=True)
class WithView:
    """The future with a therapy: values at the median effect, with their interval over effects."""

    therapy: str
    finding: str
    people: People
    better_low: int
    better_high: int
    worse_low: int
    worse_high: int
    points: tuple[CurvePoint, ...]
    sentences: tuple[Statement, ...]
    better_new: tuple[int, int] | None = None
    """In a new setting; None where it cannot be given."""
    worse_new: tuple[int, int] | None = None
    between: BetweenView | None = None
    choices: tuple[ChoiceRow, ...] = ()
    choices_words: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class FutureView:
    """One scale's course, or the reason why there is none."""

    scale: str
    title: str
    score_low: float
    score_high: float
    better: str
    """``higher`` or ``lower``: which end is good."""
    measured: tuple[tuple[float, float], ...] = ()
    """What was measured: days after `as_of` (negative) and score."""
    points: tuple[CurvePoint, ...] = ()
    horizon: str = ""
    people: People | None = None
    with_therapy: tuple[WithView, ...] = ()
    sentences: tuple[Statement, ...] = ()
    why_not: Statement | None = None
    """Why nothing is forecast for this scale."""
    why_no_with: tuple[Statement, ...] = ()
