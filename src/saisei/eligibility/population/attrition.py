"""What each rule of a protocol costs: counts over the patterns of marks, not over the people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from saisei.eligibility.population.deciding_items import MissingItem, Whole, missing_items
from saisei.eligibility.population.protocols import Protocol
from saisei.eligibility.population.small_counts import SmallCounts

__all__ = ["COUNTS", "ITEM_COUNTS", "Attrition", "RuleCount", "count_rows", "item_rows", "tally"]


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule comes to over all people, and how many failed only this one."""

    rule: str
    met: int
    not_met: int
    unknown: int
    only_failed: int
    only_unknown: int
    left: int
    """How many nobody has ruled out once this rule and all before it were applied."""
    met_so_far: int = 0
    """How many of those are known to meet this rule and all before it."""


@dataclass(frozen=True, slots=True)
class Attrition:
    """One protocol over all people."""

    protocol: str
    matches: int
    undecided: int
    does_not_match: int
    rules: tuple[RuleCount, ...]
    missing: tuple[MissingItem, ...] = ()
    """Which missing items could decide the undecided, the one that decides most first."""


def tally(protocol: Protocol, failing: Whole, unknown: Whole, people: Whole) -> Attrition:
    """Count one protocol.

    Parameters
    ----------
    protocol
        Its counted rule i has bit i in the patterns.
    failing, unknown, people
        The patterns of marks, one an entry, and how many people share each.
    """
    fails, waits = failing != 0, unknown != 0
    rules = (
        _rule_count(rule.id, bit, failing, unknown, people)
        for bit, rule in enumerate(protocol.counted)
    )
    return Attrition(
        protocol.id,
        matches=_sum(people, ~fails & ~waits),
        undecided=_sum(people, ~fails & waits),
        does_not_match=_sum(people, fails),
        rules=tuple(rules),
        missing=missing_items(protocol.counted, failing, unknown, people),
    )


def _rule_count(rule: str, bit: int, failing: Whole, unknown: Whole, people: Whole) -> RuleCount:
    one, so_far = 1 << bit, (1 << (bit + 1)) - 1
    not_met, open_ = failing & one != 0, unknown & one != 0
    left = failing & so_far == 0
    return RuleCount(
        rule,
        met=_sum(people, ~not_met & ~open_),
        not_met=_sum(people, not_met),
        unknown=_sum(people, ~not_met & open_),
        only_failed=_sum(people, failing == one),
        only_unknown=_sum(people, (failing == 0) & (unknown == one)),
        left=_sum(people, left),
        met_so_far=_sum(people, left & (unknown & so_far == 0)),
    )


def _sum(people: Whole, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    return int(people[chosen].sum())


COUNTS: Mapping[str, str] = {
    "met": "true",
    "not_met": "false",
    "unknown": "unknown",
    "only_failed": "only_failed",
    "only_unknown": "only_unknown",
    "left": "left",
    "met_so_far": "met_so_far",
}
"""The counts of a rule, and what they are called in the file."""
ITEM_COUNTS: Mapping[str, str] = {"alone": "people", "waiting": "waiting", "together": "together"}
"""The counts of an item, and what they are called in the file."""

Row = list[str | int | None]


def count_rows(found: Iterable[Attrition], small: SmallCounts) -> list[Row]:
    """Give the rows of the file of rules: the protocol, the rule and its counts."""
    return [
        [one.protocol, rule.rule, *(small.shown(getattr(rule, name)) for name in COUNTS)]
        for one in found
        for rule in one.rules
    ]


def item_rows(found: Iterable[Attrition], small: SmallCounts) -> list[Row]:
    """Give the rows of the file of missing items: the protocol, the item and its counts."""
    return [
        [one.protocol, item.item, *(small.shown(getattr(item, name)) for name in ITEM_COUNTS)]
        for one in found
        for item in one.missing
    ]
