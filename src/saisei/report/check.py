"""Holding a decision against itself before it is drawn: sources, references, numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from saisei.base.errors import DataError
from saisei.base.texts import LANGUAGES
from saisei.decision.model import Decision
from saisei.decision.parts import names_of, parts_of
from saisei.decision.views import FindingView, People

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
    parts = parts_of(decision)
    faults = [
        *_form(decision),
        *_sources(decision, parts),
        *_references(decision),
        *(fault for part in parts for fault in _own(part)),
    ]
    if faults:
        raise DataError("the decision does not hold together: " + "; ".join(faults))


def _form(decision: Decision) -> Iterator[str]:
    if decision.audience not in AUDIENCES:
        yield f"nobody is called {decision.audience!r}; a page is for {', '.join(AUDIENCES)}"
    if decision.language not in LANGUAGES:
        yield f"no report can be written in the language {decision.language!r}"


def _sources(decision: Decision, parts: list[Any]) -> Iterator[str]:
    keys = [source.key for source in decision.sources]
    known = set(keys)
    if len(known) != len(keys):
        yield f"a source key stands twice: {min(k for k in keys if keys.count(k) > 1)}"
    cited = {key for part in parts[1:] for key in getattr(part, "sources", ())}
    for key in sorted(cited - known):
        yield f"no source under the key {key}"


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


def _own(part: Any) -> Iterator[str]:
    kind = type(part).__name__
    if not all(map(math.isfinite, _numbers(part))):
        yield f"a number of a {kind} is not a finite number"
    if isinstance(part, People):
        counts = (part.better, part.same, part.worse)
        if sum(counts) != 100 or min(counts) < 0:
            yield f"a {kind} is not 100 people"
    if isinstance(part, FindingView) and part.log_axis and _lowest(part) <= 0:
        yield f"the finding {part.id} has a ratio that is not above zero"


def _numbers(part: Any) -> Iterator[float]:
    waiting = [getattr(part, name) for name in names_of(part)]
    while waiting:
        value = waiting.pop()
        if type(value) is float:
            yield value
        elif type(value) is tuple:
            waiting.extend(value)


def _lowest(finding: FindingView) -> float:
    ends: list[float] = [finding.null, *(finding.worthwhile or ())]
    ends += [row.low for row in finding.rows]
    if finding.pooled is not None:
        ends.append(finding.pooled.low)
        ends += [] if finding.pooled.predicted_low is None else [finding.pooled.predicted_low]
    return min(ends)
