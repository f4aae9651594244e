"""The rules that are tested first, written in the same language as a trial's own.

A trial's condition, phase and adult age; a programme's condition, stage and window. They are built
from the data once and judged like any other rule. For a brain injury the time counts from the
injury.
"""

from __future__ import annotations

from functools import cache

from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.eligibility import Criterion, parse
from saisei.therapies.models import Programme, Trial
from saisei.vocabulary import Condition, Stage, adult_age, days_per_month

__all__ = ["OWN_RULES", "programme_rules", "rules_before", "trial_rules"]

OWN_RULES = "therapies/rules"
"""Key of the source of a rule that is ours, not a protocol's."""


def trial_rules(trial: Trial) -> tuple[Criterion, ...]:
    """Give the rules on condition, phase and adult age of a trial."""
    return rules_before(trial.condition, trial.phase_of_stroke, trial.source_keys[0])


def rules_before(
    conditions: tuple[Condition, ...], stages: tuple[Stage, ...], source: str
) -> tuple[Criterion, ...]:
    """Give the rules on condition, phase and adult age that are tested before a list's own."""
    rules = (_condition_rule(conditions, source), _stage_rule(conditions, stages, source))
    return tuple(rule for rule in (*rules, _adult_rule()) if rule is not None)


def programme_rules(programme: Programme) -> tuple[Criterion, ...]:
    """Give the rules on condition, stage and window of a programme."""
    source = programme.source_keys[0] if programme.sources else OWN_RULES
    rules: list[Criterion | None] = [
        _condition_rule(programme.condition, source),
        _stage_rule(programme.condition, programme.stage, source),
    ]
    if (window := programme.window) is not None:
        rules.append(
            _window_rule(programme.condition, window.unit, window.low, window.high, source)
        )
    return tuple(rule for rule in rules if rule is not None)


@cache
def _condition_rule(conditions: tuple[Condition, ...], source: str) -> Criterion:
    named = ", ".join(f"'{condition}'" for condition in conditions)
    said = _say("or").join(_texts().say(f"conditions.{condition}") for condition in conditions)
    when = parse(f"condition in {{{named}}}")
    return Criterion("condition", "inclusion", _say("condition", conditions=said), when, source)


@cache
def _stage_rule(
    conditions: tuple[Condition, ...], stages: tuple[Stage, ...], source: str
) -> Criterion | None:
    if not stages:
        return None
    when = parse(_by_condition(conditions, stages))
    return Criterion(
        "stage", "inclusion", _say("stage", stages=_say("or").join(stages)), when, source
    )


def _by_condition(conditions: tuple[Condition, ...], stages: tuple[Stage, ...]) -> str:
    """Let the time count from the injury where the condition is a brain injury."""
    of_stroke = _within(stages, 1.0, "days_since_stroke")
    if Condition.TBI not in conditions:
        return of_stroke
    of_injury = _within(stages, days_per_month(), "months_since_tbi")
    return f"condition == 'tbi' and ({of_injury}) or condition != 'tbi' and ({of_stroke})"


def _within(stages: tuple[Stage, ...], unit_days: float, field: str) -> str:
    """Write the stretches of time that stages cover, those that touch joined into one."""
    borders = load_data("vocabulary/time.yaml")["stages"]
    stretches: list[list[float | None]] = []
    for stage in (stage for stage in Stage if stage in stages):
        low, high = borders[stage.value]["from_day"], borders[stage.value]["to_day"]
        if stretches and stretches[-1][1] == low:
            stretches[-1][1] = high
        else:
            stretches.append([low, high])
    return " or ".join(_stretch(low, high, unit_days, field) for low, high in stretches)


def _stretch(low: float | None, high: float | None, unit_days: float, field: str) -> str:
    from_low = f"{field} >= {(low or 0) / unit_days!r}"
    if high is None:
        return from_low
    return f"{(low or 0) / unit_days!r} <= {field} <= {high / unit_days!r}"


@cache
def _window_rule(
    conditions: tuple[Condition, ...], unit: str, low: float, high: float, source: str
) -> Criterion:
    window = f"{low!r} <= {unit}_since_stroke <= {high!r}"
    if Condition.TBI in conditions:
        window = f"condition == 'tbi' or {window}"
    text = _say("window", low=f"{low:g}", high=f"{high:g}", unit=unit)
    return Criterion("window", "inclusion", text, parse(window), source)


@cache
def _adult_rule() -> Criterion:
    age = f"{adult_age():g}"
    when = parse(f"age_years >= {age}")
    return Criterion("adult", "inclusion", _say("adult", age=age), when, OWN_RULES)


@cache
def _texts() -> Catalogue:
    return Catalogue("therapies/matching.yaml", load_data("therapies/matching.yaml"))


def _say(key: str, **filling: object) -> str:
    return _texts().say(f"rules.{key}", **filling)
