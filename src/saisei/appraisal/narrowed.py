"""A question of the table, put about whom and what a reader names, whoever is asking.

Nothing personal comes out of it: a pool, a finding by rule, and, apart, the gains of single arms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from saisei import synthesis as syn
from saisei.appraisal.answers import answered
from saisei.appraisal.finding import drives
from saisei.appraisal.model import Asked, Finding, Tier
from saisei.appraisal.priors import tau_prior
from saisei.appraisal.questions import question_at
from saisei.appraisal.thresholds import limits, worthwhile_for
from saisei.evidence import Contrast, Gain, Measure, Question, Selection, Target, select
from saisei.evidence import within_arm_gains as arm_gains
from saisei.vocabulary import (
    ROUTE_KINDS,
    CellType,
    Condition,
    Design,
    Donor,
    Outcome,
    Route,
    RouteKind,
    Stage,
)

__all__ = [
    "ESTIMATORS",
    "Estimator",
    "Narrowed",
    "NarrowedPool",
    "finding_of",
    "gains_of",
    "pool_of",
]

Estimator = Literal["REML", "PM", "DL", "EE"]
ESTIMATORS: tuple[Estimator, ...] = ("REML", "PM", "DL", "EE")
"""Estimators of the spread between studies; EE supposes that there is none."""

BAYESIAN = ("OR", "COR", "SMD", "MD")
"""Measures for which a published prior exists."""
KEPT = 512


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A question of the table with what a reader names; None asks for any.

    Parameters
    ----------
    asked
        The question.
    condition
        Always named: results of different conditions are never put together.
    route, route_kind
        At most one of the two: a route by itself, or every route of a kind.
    donor
        Whose cells: a person's own and a stranger's are not the same.
    controlled
        Whether comparisons without randomisation may enter the pool too. They never enter a
        verdict.
    measure
        Another measure of the same kind than the question's own.
    """

    asked: Asked
    condition: Condition = Condition.ISCHEMIC_STROKE
    stage: Stage | None = None
    cells: CellType | None = None
    route: Route | None = None
    route_kind: RouteKind | None = None
    donor: Donor | None = None
    controlled: bool = False
    measure: Measure | None = None

    @property
    def kind(self) -> RouteKind | None:
        """The kind of delivery, named or that of the route."""
        return self.route_kind if self.route is None else ROUTE_KINDS[self.route]

    @property
    def tier(self) -> Tier:
        """How much is held the same: what a person of this condition would get from it.

        Examples
        --------
        >>> from saisei.appraisal import asked_questions
        >>> Narrowed(asked_questions()[0]).tier
        'C'
        """
        if self.stage is None or self.kind is None:
            return "C"
        return "A" if self.cells is not None and self.route is not None else "B"

    @property
    def by_rule(self) -> Narrowed:
        """The same as the rules put it: randomised comparisons, by the question's own measure."""
        return replace(self, controlled=False, measure=None)

    @property
    def question(self) -> Question:
        """The question as the evidence takes it."""
        somebody = Target(CellType.OTHER, Route.INTRAVENOUS, self.condition, Stage.CHRONIC)
        return replace(
            question_at(self.asked, somebody, "C"),
            stage=self.stage,
            cells=None if self.cells is None else frozenset({self.cells}),
            donors=None if self.donor is None else frozenset({self.donor}),
            routes=None if self.route is None else frozenset({self.route}),
            route_kind=self.route_kind if self.route is None else None,
            designs=(Design.RCT, Design.CONTROLLED) if self.controlled else (Design.RCT,),
            measure=self.measure or self.asked.measure,
        )


@dataclass(frozen=True, slots=True)
class NarrowedPool:
    """What the comparisons of a narrowed question give together, for description.

    `beside` are comparisons that may not enter: chosen afterwards, or from a press release. `pool`
    is None where nothing is held; `bayes` is there for few comparisons, where a prior is published.
    """

    narrowed: Narrowed
    estimator: Estimator
    selection: Selection
    held: tuple[Contrast, ...]
    beside: tuple[tuple[Contrast, str], ...]
    pool: syn.PoolResult | None
    bayes: syn.BayesResult | None
    prior: str


def finding_of(narrowed: Narrowed) -> Finding:
    """Answer by rule: randomised comparisons, the question's own measure, certainty and verdict.

    Indirectness is counted for what `Narrowed.tier` says is held the same. No other choice of the
    reader's changes it.
    """
    return _finding(narrowed.by_rule)


@lru_cache(maxsize=KEPT)
def _finding(narrowed: Narrowed) -> Finding:
    worthwhile = worthwhile_for(narrowed.asked, narrowed.kind)
    return answered(narrowed.asked, narrowed.question, narrowed.tier, worthwhile)


@lru_cache(maxsize=KEPT)
def pool_of(narrowed: Narrowed, estimator: Estimator = "REML") -> NarrowedPool:
    """Pool the comparisons of a narrowed question.

    Parameters
    ----------
    narrowed
        The question.
    estimator
        Of the spread between studies; intervals are by Knapp-Hartung, of EE by the normal.
    """
    selection = select(narrowed.question)
    held = tuple(c for c in selection.contrasts if may_enter(c))
    barred = [(c, drives(c)) for c in selection.contrasts if not may_enter(c)]
    beside = (*barred, *((c, c.why_beside) for c in selection.beside))
    bare = NarrowedPool(narrowed, estimator, selection, held, beside, None, None, "")
    if not held:
        return bare
    level = float(limits()["level"])
    y, v = arrays(held)
    pool = syn.pool(y, v, estimator, "z" if estimator == "EE" else "knha", level)
    measure = narrowed.question.wanted_measure
    if len(held) > limits()["exact_bayes_up_to"] or measure not in BAYESIAN:
        return replace(bare, pool=pool)
    prior = tau_prior(measure, narrowed.asked.outcome, held)
    exact = syn.bayes_pool(y, np.sqrt(v), tau_prior=prior.tau)
    return replace(bare, pool=pool, bayes=exact, prior=prior.words)


def may_enter(contrast: Contrast) -> bool:
    """Whether a comparison may enter a pool that only describes."""
    return drives(contrast) in ("", "not-randomised")


def arrays(contrasts: tuple[Contrast, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Give the effects and their variances."""
    return np.array([c.y for c in contrasts]), np.array([c.v for c in contrasts])


@lru_cache(maxsize=KEPT)
def gains_of(narrowed: Narrowed) -> tuple[Gain, ...]:
    """Give what single arms gained on the question's outcome. None of it is an effect of cells."""
    routes = None
    if narrowed.kind is not None:
        named = narrowed.route
        routes = frozenset(
            route
            for route, kind in ROUTE_KINDS.items()
            if route is named or (named is None and kind is narrowed.route_kind)
        )
    return arm_gains(
        narrowed.condition,
        narrowed.stage,
        outcomes=frozenset({Outcome(narrowed.asked.outcome)}),
        cells=None if narrowed.cells is None else frozenset({narrowed.cells}),
        routes=routes,
    )
