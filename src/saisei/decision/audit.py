"""The self-audit: the quality list for decision aids held against one Decision, item by item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saisei.base.store import load_data
from saisei.base.texts import Language, in_language
from saisei.decision.model import AuditItem, Decision

__all__ = ["audit"]


def audit(decision: Decision, language: Language = "en") -> tuple[AuditItem, ...]:
    """Hold every item of the list against a Decision.

    An item is *pass* or *fail* by a look at the Decision itself, *not applicable* or *needs people*
    by the list. A failed item is printed as failed.
    """
    table = load_data("decision/audit.yaml")
    return tuple(_item(entry, decision, language) for entry in table["items"])


def _item(entry: dict[str, Any], decision: Decision, language: Language) -> AuditItem:
    if "needs" in entry:
        result, where = "needs people", in_language(entry["needs"], language)
    elif "absent" in entry:
        result, where = "not applicable", in_language(entry["absent"], language)
    else:
        result = "pass" if CHECKS[entry["check"]](decision) else "fail"
        where = in_language(entry["where"], language)
    return AuditItem(
        entry["number"], entry["group"], in_language(entry["item"], language), result, where
    )


def _cites_sources(decision: Decision) -> bool:
    listed = {source.key for source in decision.sources}
    cited = {key for finding in decision.findings for row in finding.rows for key in row.sources}
    cited |= {key for statement in decision.answer for key in statement.sources}
    return bool(cited) and cited <= listed


def _equal_detail(decision: Decision) -> bool:
    """Every option says as much for as against, give or take one sentence."""
    return bool(decision.options) and all(
        abs(len(option.positives) - len(option.negatives)) <= 1 for option in decision.options
    )


def _tells_uncertainty(decision: Decision) -> bool:
    pooled = [finding.pooled for finding in decision.findings if finding.pooled]
    people = [future.people for future in decision.futures if future.people]
    return (
        bool(decision.findings)
        and all(row.low < row.high for row in pooled)
        and all(one.sentences for one in people)
    )


CHECKS: dict[str, Callable[[Decision], bool]] = {
    "has_about": lambda d: bool(d.about),
    "has_options": lambda d: len(d.options) >= 2,
    "options_positive": lambda d: bool(d.options) and all(o.positives for o in d.options),
    "options_negative": lambda d: bool(d.options) and all(o.negatives for o in d.options),
    "equal_detail": _equal_detail,
    "cites_sources": _cites_sources,
    "has_date": lambda d: bool(d.as_of),
    "has_policy": lambda d: len(d.policy) >= 2,
    "tells_uncertainty": _tells_uncertainty,
    "has_future": lambda d: any(f.points or f.why_not for f in d.futures),
    "has_people": lambda d: any(f.people for f in d.futures),
    "same_grid": lambda d: any(
        f.people and f.people.better + f.people.same + f.people.worse == 100 for f in d.futures
    ),
    "has_counts": lambda d: any(f.counts for f in d.findings),
    "says_reading_level": lambda d: any("Flesch-Kincaid" in s.text for s in d.policy),
    "asks_values": lambda d: bool(d.values),
    "has_questions": lambda d: bool(d.questions and d.questions.clinic and d.questions.own_doctor),
    "lists_left_out": lambda d: any(f.rows and (f.left_out or f.unread) for f in d.findings),
    "tells_certainty": lambda d: (
        bool(d.findings) and all(f.certainty and f.reasons for f in d.findings if f.rows)
    ),
}
"""What each `check` of the list looks at."""
