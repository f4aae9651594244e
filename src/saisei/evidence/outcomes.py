"""What is known of each outcome: its name, which end is good, its range.

The table is data; what the room `scales` knows of a scale is taken from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from saisei.base.dates import Span
from saisei.base.store import load_data
from saisei.evidence.model import Limit, LimitPart
from saisei.scales import composites, scale_of_outcome
from saisei.vocabulary import Outcome

__all__ = ["OutcomeFacts", "limit_is_good", "outcome_facts"]


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """One line of ``evidence/outcomes.yaml``."""

    outcome: Outcome
    title: str
    kind: Literal["scale", "event", "composite"]
    clinical: bool
    better: Literal["lower", "higher"] | None = None
    """Which end of a scale is good; None of an event."""
    good: bool | None = None
    """Whether an event is good; None of a scale."""
    range: Span | None = None
    event: Limit | None = None
    """What a composite counts unless a question says otherwise."""

    @property
    def categories(self) -> int | None:
        """How many whole scores the range holds; None where no range is known."""
        return None if self.range is None else int(self.range.high - self.range.low) + 1


def outcome_facts(outcome: Outcome) -> OutcomeFacts:
    """Give what is known of an outcome.

    Examples
    --------
    >>> outcome_facts(Outcome.MRS).better
    'lower'
    """
    return _table()[outcome]


def limit_is_good(outcome: Outcome, limit: Limit) -> bool | None:
    """Whether being within a limit is good for the person; None of a composite.

    ``at_most`` and a fall are good where low is good; ``at_least`` and a gain where high is.
    """
    better = outcome_facts(outcome).better
    if better is None or limit.composite is not None or not limit.given:
        return None
    downwards = limit.given[0] in ("at_most", "fall_at_least", "fall_percent_at_least")
    return downwards == (better == "lower")


@cache
def _table() -> Mapping[Outcome, OutcomeFacts]:
    written: dict[str, dict[str, Any]] = load_data("evidence/outcomes.yaml")
    return MappingProxyType(
        {Outcome(name): _facts(Outcome(name), line) for name, line in written.items()}
    )


def _facts(outcome: Outcome, line: dict[str, Any]) -> OutcomeFacts:
    scale = scale_of_outcome(outcome)
    return OutcomeFacts(
        outcome,
        line["title"],
        line["kind"],
        line["clinical"],
        better=scale.direction if scale else line.get("better"),
        good=line.get("good"),
        range=scale.range if scale else None,
        event=_composite(line["event_of"]) if "event_of" in line else None,
    )


def _composite(name: str) -> Limit:
    parts = next(found.all_of for found in composites() if found.id == name)
    return Limit(
        composite=tuple(
            LimitPart(scale=_scale_outcome(scale), **{_SIGNS[sign]: value})
            for scale, sign, value in parts
        )
    )


_SIGNS = {"lte": "at_most", "gte": "at_least"}


def _scale_outcome(scale_id: str) -> Outcome:
    return next(
        outcome
        for outcome in Outcome
        if (found := scale_of_outcome(outcome)) is not None and found.id == scale_id
    )
