"""Checks of rows: sources, times, events, and which arms and entries a kind may hold."""

from __future__ import annotations

from collections.abc import Hashable

from saisei.evidence.checks.draft import Draft
from saisei.evidence.checks.numbers import check_entries
from saisei.evidence.model import Limit, Row
from saisei.evidence.outcomes import limit_is_good, outcome_facts
from saisei.evidence.words import listed, nearest
from saisei.vocabulary import Outcome

__all__ = ["check_rows"]

Steps = tuple[Hashable, ...]


def check_rows(draft: Draft) -> None:
    """Check each sound row, and that none stands there twice."""
    seen: dict[tuple[object, ...], int] = {}
    for index, row in draft.rows.items():
        steps: Steps = ("outcomes", index)
        _source(draft, steps, row)
        _time(draft, steps, row)
        _event(draft, steps, row)
        _good(draft, steps, row)
        _arms(draft, steps, row)
        check_entries(draft, steps, row)
        _repeated(draft, index, row, seen)


def _source(draft: Draft, steps: Steps, row: Row) -> None:
    known = draft.source_kinds
    if row.source not in known:
        found = f"no source is named `{row.source}`"
        hint = nearest(row.source, known)
        draft.add("unknown-source", (*steps, "source"), found, listed(known), hint)


def _time(draft: Draft, steps: Steps, row: Row) -> None:
    """Check the time, and what may be prespecified."""
    if row.time_days is None:
        found = "no time: the row enters no pool"
        draft.warn("time-missing", (*steps, "time_days"), found, "days after treatment")
    baseline = row.time_days == 0 and outcome_facts(row.outcome).kind == "scale"
    if (baseline or not row.time_exact) and row.prespecified != "unclear":
        what = "a baseline" if baseline else "a row at longest follow-up"
        draft.add(
            "prespecified", (*steps, "prespecified"), f"{what} as {row.prespecified}", "unclear"
        )


def _event(draft: Draft, steps: Steps, row: Row) -> None:
    """Hold `event` to where it belongs."""
    facts = outcome_facts(row.outcome)
    place = (*steps, "event")
    if row.kind != "events":
        if row.has_event and row.kind != "effect":
            draft.add("event-misplaced", place, f"`event` on a row of {row.kind}", "none")
    elif facts.kind == "event":
        if row.has_event:
            draft.add("event-misplaced", place, f"`event` on {facts.title}", "none")
    elif not row.has_event:
        found = f"an events row of the {facts.title} without `event`"
        draft.add("event-missing", place, found, "who was counted, or null with a note")
    elif row.event is None and not row.note:
        draft.add("note-missing", place, "`event: null` without a note", "why there is no limit")
    if row.event is not None:
        _limit(draft, place, row.outcome, row.event)


def _limit(draft: Draft, place: Steps, outcome: Outcome, limit: Limit) -> None:
    if limit.composite is not None:
        for index, part in enumerate(limit.composite):
            if (part.at_most is None) == (part.at_least is None):
                draft.add("limit", (*place, "composite", index), "not one limit", "one of two")
            else:
                _within(
                    draft, (*place, "composite", index), part.scale, part.at_most, part.at_least
                )
        if limit.given or outcome_facts(outcome).kind != "composite":
            draft.add(
                "limit", place, f"a composite on {outcome.value}", "one limit of its own scale"
            )
    elif len(limit.given) != 1:
        draft.add("limit", place, f"{len(limit.given)} limits", "exactly one")
    else:
        _within(draft, place, outcome, limit.at_most, limit.at_least)


def _within(draft: Draft, place: Steps, outcome: Outcome, *values: float | None) -> None:
    reach = outcome_facts(outcome).range
    for value in values:
        if value is not None and reach is not None and not reach.low <= value <= reach.high:
            expected = f"{reach.low:g} to {reach.high:g}"
            draft.add("out-of-range", place, f"a limit of {value:g} on {outcome.value}", expected)


def _good(draft: Draft, steps: Steps, row: Row) -> None:
    """Hold `good` to the outcome, and to the direction of its scale."""
    place = (*steps, "good")
    if row.kind not in ("events", "effect"):
        if row.good is not None:
            draft.add("good-misplaced", place, f"`good` on a row of {row.kind}", "none")
        return
    if row.good is None:
        if row.kind == "events":
            draft.add("good-missing", place, "an events row without `good`", "true or false")
        return
    right = outcome_facts(row.outcome).good
    if right is None and row.event is not None:
        right = limit_is_good(row.outcome, row.event)
    if right is not None and right != row.good:
        found = f"`good: {str(row.good).lower()}` of {row.outcome.value}"
        draft.add("direction", place, found, f"good: {str(right).lower()}")


def _arms(draft: Draft, steps: Steps, row: Row) -> None:
    """Check that each entry names an arm of the study (of an effect: both its arms)."""
    known = draft.arm_names
    if row.kind == "effect":
        for name in sorted(set(row.data) - {"contrast"}):
            draft.add(
                "effect-entry", (*steps, "data", name), f"`{name}` in an effect", "`contrast`"
            )
        return
    for name in row.data:
        if name not in known:
            found, hint = f"unknown arm `{name}`", nearest(name, known)
            draft.add("unknown-arm", (*steps, "data", name), found, listed(known), hint)


def _repeated(draft: Draft, index: int, row: Row, seen: dict[tuple[object, ...], int]) -> None:
    for arm in row.data:
        key = (row.outcome, row.time_days, row.time_exact, row.kind, row.event, row.analysis, arm)
        first = seen.setdefault(key, index)
        if first != index:
            line = draft.document.place("outcomes", first).line
            found = f"the same outcome, time, kind and arm as the row at line {line}"
            draft.add("repeated-row", ("outcomes", index), found, "one of them")
            return
