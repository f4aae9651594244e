"""Therapies: programmes and registered trials as data, matching, cautions, harms, journey, law."""

from saisei.therapies.cautions import (
    Caution,
    CautionFound,
    cautions,
    cautions_rule,
    find_cautions,
)
from saisei.therapies.culture import CultureCheck, check_culture
from saisei.therapies.described import Described, describe
from saisei.therapies.harms import Harm, deaths_sentence, harms, harms_note, harms_of
from saisei.therapies.ics import journey_calendar
from saisei.therapies.journey import Cost, Journey, Step, plan_journey
from saisei.therapies.law import (
    after_cells,
    insurance,
    law_elsewhere,
    legal_route,
    questions_for_clinic,
    warning_signs_of_a_clinic,
)
from saisei.therapies.loading import (
    not_found,
    programme,
    programmes,
    trial,
    trials,
)
from saisei.therapies.matching import (
    ProgrammeMatch,
    Standing,
    TrialMatch,
    Word,
    match_programme,
    match_trial,
    trials_of,
)
from saisei.therapies.models import Programme, Trial
from saisei.therapies.questions import OpenTrials, Question, questions_that_settle
from saisei.therapies.screening import Screening, screen
from saisei.therapies.sources import therapy_sources
from saisei.therapies.steps import steps_of

__all__ = [
    "Caution",
    "CautionFound",
    "Cost",
    "CultureCheck",
    "Described",
    "Harm",
    "Journey",
    "OpenTrials",
    "Programme",
    "ProgrammeMatch",
    "Question",
    "Screening",
    "Standing",
    "Step",
    "Trial",
    "TrialMatch",
    "Word",
    "after_cells",
    "cautions",
    "cautions_rule",
    "check_culture",
    "deaths_sentence",
    "describe",
    "find_cautions",
    "harms",
    "harms_note",
    "harms_of",
    "insurance",
    "journey_calendar",
    "law_elsewhere",
    "legal_route",
    "match_programme",
    "match_trial",
    "not_found",
    "plan_journey",
    "programme",
    "programmes",
    "questions_for_clinic",
    "questions_that_settle",
    "screen",
    "steps_of",
    "therapy_sources",
    "trial",
    "trials",
    "trials_of",
    "warning_signs_of_a_clinic",
]
