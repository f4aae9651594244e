"""The gates: which page a person gets, before anything else is looked at.

They are tried in the order of `Kind`: an emergency comes before everything, also for a child.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from saisei.base.dates import Span
from saisei.cases import Case
from saisei.decision.model import Kind
from saisei.vocabulary import Condition, Truth, adult_age, days_per_month

__all__ = ["Gate", "Reason", "named_signs", "pass_gates", "within_first_week"]

FIRST_WEEK_DAYS = 7


class Reason(StrEnum):
    """Why a page is the emergency page."""

    WARNING_SIGN = "warning-sign"
    FIRST_WEEK = "first-week"


@dataclass(frozen=True, slots=True)
class Gate:
    """The page, why, and whether the stroke may have been in the last seven days."""

    kind: Kind
    reasons: tuple[Reason, ...] = ()
    may_be_first_week: bool = False


def pass_gates(case: Case) -> Gate:
    """Find the page that a case leads to.

    Unknown never opens the emergency page by itself: the box that opens every page covers it, and
    `Gate.may_be_first_week` makes the full report say so first.
    """
    week = within_first_week(case)
    in_hospital = case.answer("in_hospital").value is True
    reasons = []
    if named_signs(case):
        reasons.append(Reason.WARNING_SIGN)
    if week is Truth.TRUE and not in_hospital:
        reasons.append(Reason.FIRST_WEEK)
    if reasons:
        return Gate(Kind.EMERGENCY, tuple(reasons))
    return Gate(_calm_kind(case, week), may_be_first_week=week is Truth.UNKNOWN)


def named_signs(case: Case) -> tuple[str, ...]:
    """Give the warning signs named last, unless that was more than a week ago.

    An answer to this question holds for a day. A sign named some days ago, and not taken back
    since, is not known to be over: it leads to the emergency page all the same.
    """
    entry = case.answer("warning_signs").entry
    if entry is None or not isinstance(entry.value, tuple):
        return ()
    recent = entry.date.days_before(case.as_of).low <= FIRST_WEEK_DAYS
    return tuple(str(sign) for sign in entry.value) if recent else ()


def _calm_kind(case: Case, week: Truth) -> Kind:
    if _may_be_child(case):
        return Kind.CHILD
    if case.answer("pregnant_or_breastfeeding").value is True:
        return Kind.PREGNANCY
    if week is Truth.TRUE:
        return Kind.ACUTE_IN_HOSPITAL
    if case.answer("condition").value == Condition.NONE:
        return Kind.NO_CONDITION
    return Kind.FULL


def within_first_week(case: Case) -> Truth:
    """Whether the stroke or injury was in the last seven days; unknown where a date leaves it open.

    No date at all is *not within*: a person without a date is asked for it, not sent away.
    """
    stroke = _first_week(_span(case.answer("days_since_stroke").value))
    injury = _span(case.answer("months_since_tbi").value)
    return stroke | _first_week(injury and injury.scaled(days_per_month()))


def _first_week(days: Span | None) -> Truth:
    if days is None or days.low > FIRST_WEEK_DAYS:
        return Truth.FALSE
    return Truth.TRUE if days.high <= FIRST_WEEK_DAYS else Truth.UNKNOWN


def _may_be_child(case: Case) -> bool:
    age = _span(case.answer("age_years").value)
    return age is not None and age.low < adult_age()


def _span(value: object) -> Span | None:
    if isinstance(value, Span):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Span(value, value)
