"""When a future with a therapy may be drawn, and the words for why not."""

from __future__ import annotations

from saisei.appraisal import Finding, drives, weight_at_risk
from saisei.base.sources import Statement
from saisei.evidence import Limit
from saisei.forecast.parameters import block
from saisei.forecast.texts import say
from saisei.scales import scale_of_outcome
from saisei.vocabulary import Condition, Outcome, Stage

__all__ = ["counted_gain", "refusal_words", "why_not_drawn"]


def why_not_drawn(
    finding: Finding, scale_id: str, condition: Condition | None, stage: Stage | None
) -> tuple[str, ...]:
    """Name every condition that forbids a forecast from a finding; empty when it may be drawn.

    Parameters
    ----------
    finding
        What controlled trials found.
    scale_id
        The scale that would be forecast.
    condition, stage
        The person's.
    """
    if not finding.used or finding.certainty is None:
        return ("no-data",)
    rules, question = block("forecast_rules"), finding.selection.question
    low, high = rules["with_window_days"]
    measured = scale_of_outcome(Outcome(finding.asked.outcome))
    few = (
        len(finding.used) < rules["with_min_comparisons"]
        and finding.people < rules["with_min_people"]
    )
    at_risk = weight_at_risk(finding.weights, [one.bias for one in finding.used])
    checks = {
        "tier": finding.tier not in ("A", "B"),
        "scale": measured is None or measured.id != scale_id,
        "event": not _can_be_put_on_a_course(finding),
        "condition": condition is None or question.condition != condition,
        "stage": stage is None or question.stage != stage,
        "time": not all(one.time_exact and low <= one.days <= high for one in finding.used),
        "studies": few,
        "certainty": finding.certainty.level == "very-low",
        "bias": at_risk > rules["with_max_weight_at_risk"],
        "driving": any(drives(one) for one in finding.used),
    }
    return tuple(code for code, forbids in checks.items() if forbids)


def refusal_words(code: str) -> Statement:
    """Say in words why nothing is drawn."""
    rules = block("forecast_rules")
    low, high = rules["with_window_days"]
    return Statement(say(f"refused.{code}", low=low, high=high, people=rules["with_min_people"]))


def _can_be_put_on_a_course(finding: Finding) -> bool:
    if finding.asked.measure == "MD":
        return True
    return finding.asked.measure == "OR" and counted_gain(finding) is not None


def counted_gain(finding: Finding) -> float | None:
    """Give the gain whose reaching the trials counted; other events are not put on a course."""
    event: Limit | None = finding.selection.question.event
    if event is None or event.part is not None or event.composite is not None:
        return None
    return event.gain_at_least
