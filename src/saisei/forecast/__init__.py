"""Forecast: what happens without a new treatment, and, where trials allow it, with one."""

from saisei.forecast.adding import AddedScore, add_scores
from saisei.forecast.arm import arm_course, forecast_arm
from saisei.forecast.assessment import Assessment, Unusual, next_assessment
from saisei.forecast.barthel import barthel_course, forecast_barthel
from saisei.forecast.between import Bounds, bounds_between
from saisei.forecast.course import Counts, Course, NoForecast, Scored, count_people
from saisei.forecast.design_priors import (
    DesignPrior,
    normal_prior,
    share_prior,
    study_prior,
)
from saisei.forecast.first_days import (
    Chance,
    CountryCheck,
    FirstDays,
    first_days,
    first_days_sources,
)
from saisei.forecast.first_days_checks import CutCheck, PlaceCheck, Tenth, first_days_checks
from saisei.forecast.first_days_person import Used
from saisei.forecast.futures import Future, WhyNoWith, futures
from saisei.forecast.groups import (
    GroupShift,
    Reached,
    group_shift,
    group_sources,
    group_statements,
)
from saisei.forecast.many import Many, forecast_many, predict_arm
from saisei.forecast.mixture import MixtureFit, fit_mixture
from saisei.forecast.narrowing import Narrowing, NextScore, another_assessment
from saisei.forecast.null_contexts import NullContext, null_contexts
from saisei.forecast.null_trial import NullTrial, null_trial
from saisei.forecast.parameters import (
    Context,
    MixtureParameters,
    context,
    contexts,
    forecast_sources,
    mixture_parameters,
    windows,
)
from saisei.forecast.power_outcomes import (
    ArmMeans,
    ArmResponders,
    RankinShift,
    whitehead_people,
)
from saisei.forecast.published import null_trial_sources, published_figures
from saisei.forecast.scores import ScoreSpread, largest_remainder, shift_log_odds, shift_points
from saisei.forecast.simulated import Simulated, simulate_people
from saisei.forecast.trial_power import (
    Design,
    TrialPower,
    people_needed,
    power_curve,
    rankin_without,
    trial_power,
)
from saisei.forecast.updating import Band, Change, changes
from saisei.forecast.validation import (
    ScaleValidation,
    Stratum,
    Validation,
    validate,
    validate_simulated,
    validation_sources,
)
from saisei.forecast.with_cells import WithFuture, draw_with
from saisei.forecast.with_effect import Drawn, HowFar, Moved, draw_with_effect
from saisei.forecast.with_rules import refusal_words, why_not_drawn

__all__ = [
    "AddedScore",
    "ArmMeans",
    "ArmResponders",
    "Assessment",
    "Band",
    "Bounds",
    "Chance",
    "Change",
    "Context",
    "CountryCheck",
    "Counts",
    "Course",
    "CutCheck",
    "Design",
    "DesignPrior",
    "Drawn",
    "FirstDays",
    "Future",
    "GroupShift",
    "HowFar",
    "Many",
    "MixtureFit",
    "MixtureParameters",
    "Moved",
    "Narrowing",
    "NextScore",
    "NoForecast",
    "NullContext",
    "NullTrial",
    "PlaceCheck",
    "RankinShift",
    "Reached",
    "ScaleValidation",
    "ScoreSpread",
    "Scored",
    "Simulated",
    "Stratum",
    "Tenth",
    "TrialPower",
    "Unusual",
    "Used",
    "Validation",
    "WhyNoWith",
    "WithFuture",
    "add_scores",
    "another_assessment",
    "arm_course",
    "barthel_course",
    "bounds_between",
    "changes",
    "context",
    "contexts",
    "count_people",
    "draw_with",
    "draw_with_effect",
    "first_days",
    "first_days_checks",
    "first_days_sources",
    "fit_mixture",
    "forecast_arm",
    "forecast_barthel",
    "forecast_many",
    "forecast_sources",
    "futures",
    "group_shift",
    "group_sources",
    "group_statements",
    "largest_remainder",
    "mixture_parameters",
    "next_assessment",
    "normal_prior",
    "null_contexts",
    "null_trial",
    "null_trial_sources",
    "people_needed",
    "power_curve",
    "predict_arm",
    "published_figures",
    "rankin_without",
    "refusal_words",
    "share_prior",
    "shift_log_odds",
    "shift_points",
    "simulate_people",
    "study_prior",
    "trial_power",
    "validate",
    "validate_simulated",
    "validation_sources",
    "whitehead_people",
    "why_not_drawn",
    "windows",
]
