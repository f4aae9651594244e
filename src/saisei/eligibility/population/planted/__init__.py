"""People of whom it was decided beforehand what is so, and what can be known of it.

The rows of the tables are made to fit; what is then true, false or unknown is written down, and
never judged. So any system that screens these tables can be scored, three values and all.
"""

from saisei.eligibility.population.planted.gold import Gold
from saisei.eligibility.population.planted.labelling import label_planted
from saisei.eligibility.population.planted.reading import (
    Label,
    PlantedCriterion,
    Row,
    Situation,
    planted_criteria,
    reasons,
    situations,
)
from saisei.eligibility.population.planted.scoring import Score, Tally, score_guess

__all__ = [
    "Gold",
    "Label",
    "PlantedCriterion",
    "Row",
    "Score",
    "Situation",
    "Tally",
    "label_planted",
    "planted_criteria",
    "reasons",
    "score_guess",
    "situations",
]
