"""The linter's links between fields hold of every case: dates of any precision, sums, units."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.base.dates import Span
from saisei.base.errors import CaseError, CriterionError
from saisei.cases import Case, case_from_data
from saisei.eligibility import (
    Expression,
    Resolved,
    evaluate,
    leaves_of,
    lookup_of,
    parse,
    sources_of,
)
from saisei.eligibility.linting.goals import Wanted
from saisei.eligibility.linting.links import sure_links, things_read
from saisei.eligibility.linting.masks import UNKNOWN, mask_of
from saisei.eligibility.linting.solver import find_person

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
DATES = (
    "onset_datetime", "date_previous_stroke", "date_last_head_trauma",
    "date_last_brain_haemorrhage", "datetime_thrombolysis_end",
)  # fmt: skip
SCORES = {
    "fma_ue": (0, 66), "fma_le": (0, 34), "systolic_bp_mmhg": (90, 200),
    "diastolic_bp_mmhg": (50, 110), "serum_creatinine_mg_dl": (1, 4),
}  # fmt: skip
NUMBERS = (
    "days_since_stroke", "hours_since_stroke", "months_since_stroke", "days_since_previous_stroke",
    "months_since_previous_stroke", "months_since_head_trauma", "hours_since_thrombolysis",
    "days_since_brain_haemorrhage_or_trauma", "hours_since_stroke_at_infusion",
    "days_since_stroke_at_infusion", "fma_ue", "fma_le", "fma_motor_total", "systolic_bp_mmhg",
    "mean_arterial_pressure_mmhg", "serum_creatinine_mg_dl", "serum_creatinine_umol_l",
    "days_since(onset_datetime)", "hours_since(onset_datetime)",
    "months_since(date_last_brain_haemorrhage)",
    "days_between(onset_datetime, datetime_thrombolysis_end)",
    "hours_between(onset_datetime, planned_treatment_datetime)",
    "days_between(date_previous_stroke, onset_datetime)",
)  # fmt: skip


def draw_date(random: Random, earliest: float) -> str:
    """Draw a date before the moment, known to the year, the month, the day or the minute."""
    days = random.choice([3.0, 40.0, 900.0]) * random.random()
    moment = AS_OF - timedelta(days=min(days, earliest))
    day = moment.date().isoformat()
    return random.choice([day[:4], day[:7], day, day, moment.isoformat(timespec="minutes")])


def draw_case(random: Random) -> Case | None:
    """Draw a case; None where its dates cannot all be true."""
    data: dict[str, Any] = {"as_of": AS_OF.isoformat()}
    data |= {name: draw_date(random, 900.0) for name in DATES if random.random() < 0.6}
    if random.random() < 0.5:
        planned = AS_OF + timedelta(days=random.uniform(-10, 30))
        data["planned_treatment_datetime"] = planned.isoformat(timespec="minutes")
    data |= {
        name: random.randint(*limits) for name, limits in SCORES.items() if random.random() < 0.8
    }
    if random.random() < 0.3:
        data["condition"] = random.choice(["tbi", "ischemic-stroke", "none"])
    try:
        return case_from_data(data)
    except CaseError:
        return None


def draw_rule(random: Random, case: Case) -> Expression:
    """Draw a rule whose limit lies at, or near, what the case says."""
    while True:
        if random.random() < 0.15:
            return parse("condition == 'tbi'")
        name = random.choice(NUMBERS)
        (source,) = sources_of(next(leaves_of(parse(f"{name} >= 0"))))
        value = lookup_of(case)(source).value
        if isinstance(value, Span):
            value = value.low if random.random() < 0.5 else value.high
        if not isinstance(value, float) or not math.isfinite(value):
            value = random.uniform(0, 50)
        limit = value + random.choice([0.0, 0.0, 1.0, -1.0, 0.25, 30.0])
        try:
            rule = parse(f"{name} {random.choice(['<', '<=', '>', '>='])} {limit!r}")
        except CriterionError:  # a range that nobody can be in
            continue
        return Resolved(rule, random.random() < 0.5) if random.random() < 0.2 else rule


@given(st.integers(0, 10**9))
@settings(max_examples=250)
def test_what_a_case_says_is_never_called_impossible(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - which case, not a secret
    case = draw_case(random)
    if case is None:
        return
    rules = [draw_rule(random, case) for _ in range(random.randint(2, 7))]
    goals = [Wanted(rule, mask_of(evaluate(rule, case).truth)) for rule in rules]
    assert find_person([*goals, *sure_links(things_read(rules))], exact=False).who != "nobody"
    known = [g for g in goals if g.mask != UNKNOWN and not isinstance(g.expression, Resolved)]
    read = things_read(goal.expression for goal in known)
    assert find_person([*known, *sure_links(read)], exact=True).who != "nobody"
