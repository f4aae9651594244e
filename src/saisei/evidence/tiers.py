"""How near a study's arm is to a therapy for one kind of person.

========  ============================================================================
tier      what is the same
========  ============================================================================
A         cells and route, condition and stage
B         condition and stage, and the kind of delivery: into the vessel or the spinal
          fluid, or into the brain
C         the condition, and nothing else that is asked
========  ============================================================================

A study of infarcts and haemorrhages together is never the same as one of them, and has no tier: it
is listed with the pool as left out. A stage matches where the treatment days overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from saisei.evidence.model import Arm, Study
from saisei.evidence.question import Question
from saisei.evidence.stages import stages_treated
from saisei.vocabulary import ROUTE_KINDS, CellType, Condition, Donor, Role, Route, RouteKind, Stage

__all__ = ["TIERS", "Target", "Tier", "at_tier", "tier"]

Tier = Literal["A", "B", "C"]
TIERS: tuple[Tier, ...] = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class Target:
    """A therapy for one kind of person: what evidence is wanted about.

    `donor` is asked for only where it is given: a person's own fat-derived cells and a stranger's
    are then not the same cells.
    """

    cells: CellType
    route: Route
    condition: Condition
    stage: Stage
    donor: Donor | None = None

    @property
    def route_kind(self) -> RouteKind:
        """The kind of delivery."""
        return ROUTE_KINDS[self.route]


def tier(study: Study, arm: Arm, target: Target) -> Tier | None:
    """Give the tier of an arm with cells for a target; None when it has none.

    Examples
    --------
    >>> from saisei.evidence import study
    >>> wanted = Target(CellType.NSC, Route.INTRACEREBRAL, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)
    >>> found = study("sanbio-2020-actissima")
    >>> tier(found, found.arm("sb623-5m"), wanted)
    'B'
    """
    if arm.role is not Role.TREATMENT or study.condition is not target.condition:
        return None
    if target.stage not in stages_treated(study):
        return "C"
    if _same_cells(arm, target) and arm.route is target.route:
        return "A"
    same_kind = arm.route is not None and ROUTE_KINDS[arm.route] is target.route_kind
    return "B" if same_kind else "C"


def _same_cells(arm: Arm, target: Target) -> bool:
    """Whether the cells are the same; "other" cells are not the same as "other" cells."""
    if arm.cell_type is not target.cells or arm.cell_type is CellType.OTHER:
        return False
    return target.donor is None or arm.donor in (None, target.donor)


def at_tier(question: Question, target: Target, wanted: Tier) -> Question:
    """Narrow a question to a target's condition and to what a tier holds the same.

    Tier B and C include what is nearer: at tier C every study of the condition answers.
    """
    anyone = replace(
        question,
        condition=target.condition,
        stage=None if wanted == "C" else target.stage,
        cells=None,
        donors=None,
        routes=None,
        route_kind=target.route_kind if wanted == "B" else None,
    )
    if wanted != "A":
        return anyone
    return replace(
        anyone,
        cells=frozenset({target.cells}),
        routes=frozenset({target.route}),
        donors=None if target.donor is None else frozenset({target.donor}),
    )
