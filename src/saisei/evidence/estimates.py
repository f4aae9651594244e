"""The estimate of one row: cells minus control, with its variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from saisei import synthesis as syn
from saisei.evidence.model import Arm, Entry, Row, Study
from saisei.evidence.outcomes import outcome_facts
from saisei.evidence.question import ArmSummary, Question
from saisei.evidence.summaries import (
    Given,
    Side,
    UnusableError,
    by_counts,
    by_dichotomy,
    by_events,
    by_means,
)

__all__ = ["Estimate", "NoEventsError", "estimate", "printed_estimate"]

RATIOS = ("OR", "RR", "HR")
Z95 = 1.959963984540054


class NoEventsError(Exception):
    """Nobody, or everybody, had the event in both arms; holds how the two arms are printed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its two sides and the flags of how it came about."""

    y: float
    v: float
    treated: ArmSummary
    control: ArmSummary
    flags: tuple[str, ...]


def estimate(
    row: Row, question: Question, treated: tuple[Arm, ...], controls: tuple[Arm, ...]
) -> Estimate:
    """Compare the arms that a row reports.

    Raises
    ------
    UnusableError
        A number is missing.
    NoEventsError
        A ratio is asked for, and nobody (or everybody) had the event.
    """
    one, two = _side(row, question, treated), _side(row, question, controls)
    flags = [*one.flags, *two.flags]
    flags += ["arms-combined"] if len(treated) > 1 else []
    flags += ["controls-combined"] if len(controls) > 1 else []
    if question.kind == "mean":
        flags.append("change" if row.kind == "change" else "score")
    try:
        y, v, more = _compare(question, one.summary, two.summary)
    except ValueError:
        raise UnusableError("unreadable") from None
    if not (math.isfinite(y) and math.isfinite(v) and v > 0):
        raise UnusableError("unreadable")
    return Estimate(y, v, one.summary, two.summary, tuple(dict.fromkeys((*flags, *more))))


def _side(row: Row, question: Question, arms: tuple[Arm, ...]) -> Side:
    given: Given = [(arm, row.data[arm.id]) for arm in arms]
    if question.kind == "mean":
        return by_means(given)
    if question.kind == "ordinal":
        return by_counts(given)
    if row.kind == "counts" and question.event is not None:
        return by_dichotomy(given, row.outcome, question.event)
    return by_events(given)


def _compare(
    question: Question, one: ArmSummary, two: ArmSummary
) -> tuple[float, float, tuple[str, ...]]:
    measure = question.wanted_measure
    if measure == "COR":
        common = syn.common_odds_ratio(one.counts or (), two.counts or ())
        return common.log_or, common.se**2, ()
    found = syn.effect(measure, **_raw(question, one, "1"), **_raw(question, two, "2"))
    if found.left_out:
        raise NoEventsError(str(one), str(two))
    return float(found.y[0]), float(found.v[0]), ("zero-cell",) if found.adjusted else ()


def _raw(question: Question, side: ArmSummary, place: str) -> dict[str, Any]:
    names = ("mean", "sd", "n") if question.kind == "mean" else ("events", "n")
    return {f"{name}{place}": float(getattr(side, name)) for name in names}


def printed_estimate(study: Study, row: Row, question: Question, arms: tuple[Arm, ...]) -> Estimate:
    """Read an effect as printed: its estimate, and its variance from the interval or the SE."""
    entry = row.data["contrast"]
    treated = [arm for arm in arms if arm.id == entry.of]
    control = [arm for arm in study.control_arms if arm.id == entry.versus]
    if not treated or not control:
        raise UnusableError("one-arm")
    y, se, flags = _printed(entry)
    if question.kind == "ordinal" and row.good == (outcome_facts(row.outcome).better == "lower"):
        y = -y  # the printed odds are of a better outcome; ours are of a higher score
    flags += ["adjusted"] if entry.adjusted else []
    flags += ["one-of-several"] if len(study.treatment_arms) > 1 else []
    return Estimate(y, se**2, _people(treated[0]), _people(control[0]), tuple(flags))


def _printed(entry: Entry) -> tuple[float, float, list[str]]:
    if entry.estimate is None or entry.measure is None:
        raise UnusableError("unreadable")
    ratio = entry.measure in RATIOS
    value, low, high = entry.estimate, *(entry.ci95 or (math.nan, math.nan))
    if ratio and not (value > 0 and (entry.ci95 is None or low > 0)):
        raise UnusableError("unreadable")
    flags, unit = ["printed"], 1.0
    if entry.measure == "RD" and any(abs(number) > 1 for number in (value, *(entry.ci95 or ()))):
        flags, unit = [*flags, "percentage-points"], 100.0
    if ratio:
        value, low, high = math.log(value), *(math.log(end) for end in (low, high))
    se = entry.se if entry.se is not None else (high - low) / (2 * Z95)
    if not se > 0:
        raise UnusableError("no-spread")
    return value / unit, se / unit, flags


def _people(arm: Arm) -> ArmSummary:
    return ArmSummary(arm.label, (arm.id,), arm.people)
