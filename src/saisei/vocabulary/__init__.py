"""The words that every room shares: what a therapy, a study and a person are described with."""

from saisei.vocabulary.terms import (
    ROUTE_KINDS,
    Blinding,
    CellType,
    Condition,
    Control,
    Design,
    Donor,
    Outcome,
    Publication,
    Role,
    Route,
    RouteKind,
    Stage,
    StrokeType,
)
from saisei.vocabulary.territories import Territory, ancestors, territory_within
from saisei.vocabulary.time import adult_age, days_per_month, stage_of, stages_overlapping
from saisei.vocabulary.truth import Truth, all_true, any_true

__all__ = [
    "ROUTE_KINDS",
    "Blinding",
    "CellType",
    "Condition",
    "Control",
    "Design",
    "Donor",
    "Outcome",
    "Publication",
    "Role",
    "Route",
    "RouteKind",
    "Stage",
    "StrokeType",
    "Territory",
    "Truth",
    "adult_age",
    "all_true",
    "ancestors",
    "any_true",
    "days_per_month",
    "stage_of",
    "stages_overlapping",
    "territory_within",
]
