"""Report: a decision as a page that a family reads on a phone, and as JSON; a pool as pictures.

A page is drawn from a `Decision` and from nothing else. Its own words are data
(`report/texts.yaml`); its templates and its style lie in `report/templates`. The pictures of a pool
or of a network are SVG files that stand alone, drawn from results of `saisei.synthesis`
(`report/pools.yaml`). A screened population is a page of its own, made from its counts
(`report/screenings.yaml`).
"""

from saisei.report.check import check_decision
from saisei.report.first_days import first_days_calibration, first_days_files, used_words
from saisei.report.forecast_pages import forecast_files
from saisei.report.forecast_values import forecast_plain
from saisei.report.forecasts import forecast_text
from saisei.report.html import Around, style_hash, to_html
from saisei.report.json_form import decision_schema, to_json
from saisei.report.networks import network_forest, network_picture, ranks_picture
from saisei.report.null_trials import null_trial_files, null_trial_text
from saisei.report.person_screenings import (
    PersonScreening,
    person_screening,
    screening_schema,
    screening_to_json,
)
from saisei.report.pools import EffectScale, pool_forest, pool_funnel
from saisei.report.screenings import Screened, screening_page
from saisei.report.trial_powers import power_files, power_picture, power_text
from saisei.report.validation_text import validation_text
from saisei.report.validations import validation_files

__all__ = [
    "Around",
    "EffectScale",
    "PersonScreening",
    "Screened",
    "check_decision",
    "decision_schema",
    "first_days_calibration",
    "first_days_files",
    "forecast_files",
    "forecast_plain",
    "forecast_text",
    "network_forest",
    "network_picture",
    "null_trial_files",
    "null_trial_text",
    "person_screening",
    "pool_forest",
    "pool_funnel",
    "power_files",
    "power_picture",
    "power_text",
    "ranks_picture",
    "screening_page",
    "screening_schema",
    "screening_to_json",
    "style_hash",
    "to_html",
    "to_json",
    "used_words",
    "validation_files",
    "validation_text",
]
