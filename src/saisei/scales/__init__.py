"""Scales: the scores a person after stroke is measured with, and which change in them matters."""

from saisei.scales.change import ImportantChange, important_change
from saisei.scales.scoring import Score, score_items
from saisei.scales.table import (
    Change,
    Composite,
    Convention,
    Item,
    Level,
    Scale,
    Section,
    Weights,
    composites,
    scale,
    scale_of_outcome,
    scale_sources,
    scales,
)

__all__ = [
    "Change",
    "Composite",
    "Convention",
    "ImportantChange",
    "Item",
    "Level",
    "Scale",
    "Score",
    "Section",
    "Weights",
    "composites",
    "important_change",
    "scale",
    "scale_of_outcome",
    "scale_sources",
    "scales",
    "score_items",
]
