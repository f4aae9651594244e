"""Forecast: what happens without a new treatment, and, where trials allow it, with one."""

from saisei.forecast.arm import arm_course, forecast_arm
from saisei.forecast.barthel import barthel_course, forecast_barthel
from saisei.forecast.course import Counts, Course, NoForecast, Scored, count_people
from saisei.forecast.futures import Future, WhyNoWith, futures
from saisei.forecast.mixture import MixtureFit, fit_mixture
from saisei.forecast.parameters import (
    Context,
    MixtureParameters,
    context,
    contexts,
    forecast_sources,
    mixture_parameters,
    windows,
)
from saisei.forecast.scores import ScoreSpread, largest_remainder, shift_log_odds, shift_points
from saisei.forecast.with_cells import (
    Drawn,
    WithFuture,
    draw_with,
    draw_with_effect,
    why_not_drawn,
)

__all__ = [
    "Context",
    "Counts",
    "Course",
    "Drawn",
    "Future",
    "MixtureFit",
    "MixtureParameters",
    "NoForecast",
    "ScoreSpread",
    "Scored",
    "WhyNoWith",
    "WithFuture",
    "arm_course",
    "barthel_course",
    "context",
    "contexts",
    "count_people",
    "draw_with",
    "draw_with_effect",
    "fit_mixture",
    "forecast_arm",
    "forecast_barthel",
    "forecast_sources",
    "futures",
    "largest_remainder",
    "mixture_parameters",
    "shift_log_odds",
    "shift_points",
    "why_not_drawn",
    "windows",
]
