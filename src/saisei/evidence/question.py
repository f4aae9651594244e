"""What may be asked of the evidence, and what an answer is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from saisei.base.errors import OptionError, Problem
from saisei.evidence.model import Analysis, Limit, with_year
from saisei.evidence.outcomes import outcome_facts
from saisei.vocabulary import (
    Blinding,
    CellType,
    Condition,
    Design,
    Donor,
    Outcome,
    Publication,
    Route,
    RouteKind,
    Stage,
)

__all__ = [
    "ArmSummary",
    "Bias",
    "Contrast",
    "LeftOut",
    "Measure",
    "Question",
    "QuestionKind",
    "Selection",
    "Unreported",
    "Why",
    "fitting_kind",
]

QuestionKind = Literal["ordinal", "events", "mean"]
Measure = Literal["COR", "OR", "RR", "RD", "MD", "SMD"]
Bias = Literal["low", "some", "high", "unjudged"]
Why = Literal[
    "design",
    "mixed-condition",
    "stage-unknown",
    "arm-unknown",
    "placeholder",
    "running",
    "unknown-state",
    "no-row",
    "no-events",
    "overlap",
]
"""Why a study is left out. ``design``: not of the designs asked for; ``no-row``: its file holds
nothing that answers the question; ``no-events``: nobody had the event, so no ratio can be made."""

MEASURES: dict[QuestionKind, tuple[Measure, ...]] = {
    "ordinal": ("COR",),
    "events": ("OR", "RR", "RD"),
    "mean": ("MD", "SMD"),
}
"""The measures of each kind of question; the first is meant when none is named."""

FEW_GRADES = 10
"""Scales with no more grades are reported grade by grade; a convention of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which comparison is asked for, in whom, and when.

    Parameters
    ----------
    outcome
        What was measured or counted.
    kind
        ``ordinal`` (the whole scale, by a common odds ratio), ``events`` or ``mean``.
    event
        With `events` of a scale: who is counted. A composite has its own when left out.
    measure
        COR; OR, RR or RD; MD or SMD. The first of its kind when left out.
    condition, stage, cells, donors, routes, route_kind
        Whom, and with what; None asks for any.
    days, near
        The window of days after treatment, and the day in it that is wanted. Without `near`, the
        latest exact time.
    designs
        Designs that may enter the pool; others are listed as left out.
    longest
        Ask for the rows at "longest follow-up" (`time_exact: false`) and for nothing else.
    arms
        ``combined``: several doses against one control make one contrast; ``kept``: each its own,
        not independent of one another.

    Raises
    ------
    OptionError
        Parts that make no sense together.
    """

    outcome: Outcome
    kind: QuestionKind
    event: Limit | None = None
    measure: Measure | None = None
    condition: Condition | None = None
    stage: Stage | None = None
    days: tuple[float, float] | None = None
    near: float | None = None
    cells: frozenset[CellType] | None = None
    donors: frozenset[Donor] | None = None
    routes: frozenset[Route] | None = None
    route_kind: RouteKind | None = None
    designs: tuple[Design, ...] = (Design.RCT,)
    longest: bool = False
    arms: Literal["combined", "kept"] = "combined"

    def __post_init__(self) -> None:
        facts = outcome_facts(self.outcome)
        if self.measure is not None and self.measure not in MEASURES[self.kind]:
            raise _nonsense("measure", f"{self.measure} of {self.kind}", str(MEASURES[self.kind]))
        if facts.kind != "scale" and self.kind != "events":
            raise _nonsense("kind", f"`{self.kind}` of {facts.title}", "events")
        if facts.kind == "scale" and (self.kind == "events") != (self.event is not None):
            expected = "who is counted, such as at most 2" if self.kind == "events" else "no limit"
            raise _nonsense("event", f"`{self.kind}` of {facts.title}", expected)
        if facts.kind == "event" and self.event is not None:
            raise _nonsense("event", f"a limit on {facts.title}", "none")
        if self.kind == "ordinal" and facts.categories is None:
            raise _nonsense("kind", f"the categories of {facts.title} are not known", "mean")

    @property
    def wanted_event(self) -> Limit | None:
        """The limit asked for; of a composite, its own unless another is given."""
        return self.event or outcome_facts(self.outcome).event

    @property
    def wanted_measure(self) -> Measure:
        """The measure asked for, or the first of its kind."""
        return self.measure or MEASURES[self.kind][0]


def fitting_kind(
    outcome: Outcome, measure: str | None = None, event: Limit | None = None
) -> QuestionKind:
    """Give the kind of question that an outcome allows, where nobody named one.

    Events where somebody is counted; of a scale of few grades (`FEW_GRADES`) its whole
    distribution, of any other its mean. A measure decides where it belongs to one kind.

    Examples
    --------
    >>> fitting_kind(Outcome.MRS), fitting_kind(Outcome.DEATH), fitting_kind(Outcome.FMA_MOTOR)
    ('ordinal', 'events', 'mean')
    """
    facts = outcome_facts(outcome)
    if event is not None or facts.kind != "scale":
        return "events"
    named = [kind for kind, measures in MEASURES.items() if measure in measures]
    if named:
        return named[0]
    return "ordinal" if (facts.categories or math.inf) <= FEW_GRADES else "mean"


def _nonsense(name: str, found: str, expected: str) -> OptionError:
    return OptionError(Problem("question", found, expected, field=name))


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """One side of a comparison: one arm, or several combined."""

    label: str
    arms: tuple[str, ...]
    n: int | None
    events: int | None = None
    mean: float | None = None
    sd: float | None = None
    counts: tuple[int, ...] | None = None

    def __str__(self) -> str:
        """Give the numbers as a forest plot prints them: ``7/55`` or ``12.1 (1.8), 18``."""
        if self.events is not None:
            return f"{self.events}/{self.n}"
        if self.mean is not None and self.sd is not None:
            return f"{self.mean:g} ({self.sd:.3g}), {self.n}"
        return "" if self.n is None else f"{self.n} people"


@dataclass(frozen=True, slots=True)
class Contrast:
    """Cells against control in one study, on one outcome at one time.

    `y` is treatment minus control, on the log scale for ratios; `benefit` is +1 when a larger `y`
    is better for the person and -1 when it is worse. A COR above 1 means *higher on the scale*.
    """

    study_id: str
    title: str
    year: int | None
    measure: Measure
    y: float
    v: float
    benefit: Literal[1, -1]
    treated: ArmSummary
    control: ArmSummary
    days: float
    time_exact: bool
    prespecified: bool | Literal["unclear"]
    analysis: Analysis | None
    bias: Bias
    source_keys: tuple[str, ...]
    second_hand: bool
    press_release: bool
    design: Design
    blinding: Blinding | None
    flags: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    why_beside: str = ""
    """Why it is shown beside the pool; empty for one that is in the pool."""

    @property
    def label(self) -> str:
        """Short name with the year, for a forest plot: ``TREASURE 2024``."""
        return with_year(self.title, self.year)

    @property
    def se(self) -> float:
        """The standard error of `y`."""
        return float(self.v**0.5)

    @property
    def n_treated(self) -> int | None:
        """People with cells; None where the source does not print them."""
        return self.treated.n

    @property
    def n_control(self) -> int | None:
        """People without; None where the source does not print them."""
        return self.control.n

    @property
    def people(self) -> int | None:
        """Both arms together."""
        if self.treated.n is None or self.control.n is None:
            return None
        return self.treated.n + self.control.n


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study of the question that gave no row, and why."""

    study_id: str
    title: str
    reason: str
    code: Why


@dataclass(frozen=True, slots=True)
class Unreported:
    """A trial of the question whose numbers could not be read or were never published."""

    study_id: str
    title: str
    state: Publication
    people: int | None
    direction: str
    reason: str = ""
    """What its file does hold, where that is not enough."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer. Every study of the question stands in one of the four lists.

    `contrasts`, `left_out` and `unreported` share no study; one in `beside` may stand in
    `unreported` too, when its report could not be read.
    """

    question: Question
    contrasts: tuple[Contrast, ...]
    beside: tuple[Contrast, ...]
    left_out: tuple[LeftOut, ...]
    unreported: tuple[Unreported, ...]

    @property
    def people(self) -> int:
        """People in the pool, as far as their number is known."""
        return sum(contrast.people or 0 for contrast in self.contrasts)
