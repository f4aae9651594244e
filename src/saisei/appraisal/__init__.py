"""Appraisal: how sure the evidence is, by rule, and what may be said of it."""

from saisei.appraisal.answers import answered, finding_at, findings_for, sensitivity_of
from saisei.appraisal.axis import Axis, AxisRow, axis_of
from saisei.appraisal.background import (
    Comparator,
    OtherTreatment,
    appraisal_sources,
    comparator_notes,
    comparators,
    other_treatments,
)
from saisei.appraisal.certainty import Body, rate_certainty, weight_at_risk
from saisei.appraisal.claims import Claim, claims, pages
from saisei.appraisal.finding import appraise, drives
from saisei.appraisal.model import (
    Asked,
    Certainty,
    Effect,
    Finding,
    Level,
    Step,
    Tier,
    Verdict,
    Word,
    Worthwhile,
)
from saisei.appraisal.narrowed import (
    ESTIMATORS,
    Estimator,
    Narrowed,
    NarrowedPool,
    finding_of,
    gains_of,
    pool_of,
)
from saisei.appraisal.priors import Prior, PriorChoice, other_priors, tau_prior
from saisei.appraisal.questions import asked_questions, question_at
from saisei.appraisal.sensitivity import (
    OtherChoice,
    moving_words,
    other_words,
    sensitivity,
)
from saisei.appraisal.specifications import Choice, Specification, Specifications, specify
from saisei.appraisal.thresholds import limits, worthwhile_for
from saisei.appraisal.verdict import Reading, read_interval

__all__ = [
    "ESTIMATORS",
    "Asked",
    "Axis",
    "AxisRow",
    "Body",
    "Certainty",
    "Choice",
    "Claim",
    "Comparator",
    "Effect",
    "Estimator",
    "Finding",
    "Level",
    "Narrowed",
    "NarrowedPool",
    "OtherChoice",
    "OtherTreatment",
    "Prior",
    "PriorChoice",
    "Reading",
    "Specification",
    "Specifications",
    "Step",
    "Tier",
    "Verdict",
    "Word",
    "Worthwhile",
    "answered",
    "appraisal_sources",
    "appraise",
    "asked_questions",
    "axis_of",
    "claims",
    "comparator_notes",
    "comparators",
    "drives",
    "finding_at",
    "finding_of",
    "findings_for",
    "gains_of",
    "limits",
    "moving_words",
    "other_priors",
    "other_treatments",
    "other_words",
    "pages",
    "pool_of",
    "question_at",
    "rate_certainty",
    "read_interval",
    "sensitivity",
    "sensitivity_of",
    "specify",
    "tau_prior",
    "weight_at_risk",
    "worthwhile_for",
]
