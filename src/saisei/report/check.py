"""Holding a decision against itself before it is drawn: sources, references, numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from saisei.base.errors import DataError
from saisei.base.texts import LANGUAGES
from saisei.decision.model import Decision, FindingView, People

__all__ = ["check_decision"]

AUDIENCES = ("self", "family", "clinician")


def check_decision(decision: Decision) -> None:
    """Refuse a decision that does not hold together.

    Raises
    ------
    DataError
        An audience or a language that no page can be written for, a source key without its source,
        a key or an id that stands twice, a therapy that names a finding, a harm or a caution which
        is not there, 100 people who are not 100, a number that is not finite, or a ratio at or
        below zero on an axis of ratios.
    """
    faults = [
        *_form(decision),
        *_sources(decision),
        *_references(decision),
        *_values(decision, "decision"),
    ]
    if faults:
        raise DataError("the decision does not hold together: " + "; ".join(faults))


def _form(decision: Decision) -> Iterator[str]:
    if decision.audience not in AUDIENCES:
        yield f"nobody is called {decision.audience!r}; a page is for {', '.join(AUDIENCES)}"
    if decision.language not in LANGUAGES:
        yield f"no report can be written in the language {decision.language!r}"


def _sources(decision: Decision) -> Iterator[str]:
    keys = [source.key for source in decision.sources]
    known = set(keys)
    if len(known) != len(keys):
        yield f"a source key stands twice: {min(k for k in keys if keys.count(k) > 1)}"
    for key in sorted(set(_cited(decision)) - known):
        yield f"no source under the key {key}"


def _cited(value: Any) -> Iterator[str]:
    """Give every source key that a value or anything inside it carries."""
    if isinstance(value, tuple):
        for item in value:
            yield from _cited(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            inside = getattr(value, field.name)
            if field.name == "sources" and not isinstance(value, Decision):
                yield from inside
            else:
                yield from _cited(inside)


def _references(decision: Decision) -> Iterator[str]:
    for name in ("therapies", "findings", "harms", "cautions", "options"):
        ids = [part.id for part in getattr(decision, name)]
        for twice in sorted({id for id in ids if ids.count(id) > 1}):
            yield f"{twice} stands twice among the {name}"
    for therapy in decision.therapies:
        for name in ("findings", "harms", "cautions"):
            known = {part.id for part in getattr(decision, name)}
            for missing in sorted(set(getattr(therapy, name)) - known):
                yield f"therapy {therapy.id} names {missing}, which is not among the {name}"


def _values(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{path} is not a finite number"
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _values(item, f"{path}[{index}]")
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _own(value, path)
        for field in fields(value):
            yield from _values(getattr(value, field.name), f"{path}.{field.name}")


def _own(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, People):
        counts = (value.better, value.same, value.worse)
        if sum(counts) != 100 or min(counts) < 0:
            yield f"{path} is not 100 people"
    if isinstance(value, FindingView) and value.log_axis and _lowest(value) <= 0:
        yield f"{path} has a ratio that is not above zero"


def _lowest(finding: FindingView) -> float:
    ends: list[float] = [finding.null, *(finding.worthwhile or ())]
    ends += [row.low for row in finding.rows]
    if finding.pooled is not None:
        ends.append(finding.pooled.low)
        ends += [] if finding.pooled.predicted_low is None else [finding.pooled.predicted_low]
    return min(ends)
