"""The smallest sets of missing facts that would decide a protocol for one person.

A protocol is met when every rule is, and not met as soon as one is not. Of a set of facts is said

*could end it*
    There are answers to them with which some rule is not met, whatever else is unknown. Possible,
    not certain.
*could match*
    There are answers to them, all true together, with which every rule is met. Possible, not
    certain; without all the facts of such a set nobody can match.
*surely decides*
    Whatever the exact answers to them are, a rule is not met or all are. Certain. An exact answer
    leaves no test of its field unknown, as a date that is known only to the year may.

What is still unknown stays unknown in these (Kleene): a set counts by what the engine would say, so
a set that decides still decides when more is asked. Rules that share no fact are looked at by
themselves, and their sets are put together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from saisei.eligibility.covering import EXACT_SET, smallest
from saisei.eligibility.facts import Facts, Given
from saisei.eligibility.filling import clashing_fields
from saisei.eligibility.parts import Part
from saisei.vocabulary import Truth

__all__ = ["Deciding", "FactSet", "could_end_with", "deciding_sets"]

MOST_TOGETHER = 3
"""Of facts that could end a protocol only together, groups up to this size are looked for."""

FEW = 3
"""Of answers that leave a rule open in the same way, so many are tried with others."""


@dataclass(frozen=True, slots=True)
class FactSet:
    """A set of facts, and how sure it is that there is no cheaper one.

    Parameters
    ----------
    facts
        In the order of their names.
    effort
        The sum of their efforts.
    bound
        The effort is at most so many times the least; 1 where it is the least, infinite where the
        search was given up.
    sampled
        Whether only a sample of some fact's answers was tried.
    answers
        Answers, as in a case file, with which it would be so; empty where it is so with any.
    """

    facts: tuple[str, ...]
    effort: float
    bound: float = 1.0
    sampled: bool = False
    answers: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def exact(self) -> bool:
        """Whether it was shown that no set is cheaper."""
        return self.bound == 1.0 and not self.sampled


@dataclass(frozen=True, slots=True)
class Deciding:
    """The smallest sets that would decide one protocol; None where no set was found.

    No set was found where none exists, or where the search was given up (`complete` is False).
    """

    could_end: FactSet | None
    could_match: FactSet | None
    surely: FactSet | None
    complete: bool = True


def deciding_sets(
    facts: Facts,
    rules: Sequence[int],
    effort: Mapping[str, float],
    *,
    exact_up_to: int = EXACT_SET,
) -> Deciding:
    """Find the smallest sets of facts that would decide a protocol.

    Parameters
    ----------
    facts
        What may be asked of the person.
    rules
        The numbers of the protocol's rules, those that are met already left out or not.
    effort
        How hard each fact is to get, above 0.
    exact_up_to
        Of more facts than this in rules that hang together, the choice is greedy.
    """
    search = _Search(facts, effort, exact_up_to)
    parts = [search.part(group) for group in _groups(facts, rules)]
    sets = (search.could_end(rules), search.could_match(rules), search.surely(parts))
    if not any(search.given_up):
        return Deciding(*sets)
    end, match, sure = (one and replace(one, bound=math.inf) for one in sets)
    return Deciding(end, match, sure, complete=False)


def _groups(facts: Facts, rules: Iterable[int], *, clashing: bool = False) -> list[list[int]]:
    """Put rules that share a fact together, those without any into groups of their own.

    With `clashing`, also rules with facts whose values can contradict each other.
    """
    groups: list[tuple[frozenset[str], list[int]]] = []
    for rule in rules:
        touching = facts.of_rule[rule]
        if clashing:
            beside = touching.union(*map(clashing_fields, touching))
            touching = beside & facts.possible.keys()
        near = [group for group in groups if group[0] & touching]
        groups = [group for group in groups if not group[0] & touching]
        joined = sorted([rule, *(one for _, several in near for one in several)])
        groups.append((touching.union(*(of for of, _ in near)), joined))
    return [several for _, several in groups]


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for the smallest sets."""

    facts: Facts
    effort: Mapping[str, float]
    exact_up_to: int
    given_up: list[bool] = field(default_factory=list)

    def part(self, rules: Sequence[int]) -> Part:
        names = frozenset[str]().union(*(self.facts.of_rule[rule] for rule in rules))
        return Part(self.facts, rules, tuple(sorted(names)))

    def could_end(self, rules: Sequence[int]) -> FactSet | None:
        """Break one rule, the easiest."""
        parts = [self.part([rule]) for rule in rules]
        return _cheapest(self._set(part, part.can_end, part.ending) for part in parts)

    def could_match(self, rules: Sequence[int]) -> FactSet | None:
        """Match every part; where the answers cannot all be true, look at more parts as one."""
        together = None
        for groups in (
            _groups(self.facts, rules),
            _groups(self.facts, rules, clashing=True),
            [list(rules)],
        ):
            parts = map(self.part, groups)
            together = _together([self._set(p, p.can_match, p.matching) for p in parts])
            if together is None or self.facts.suppose(together.answers) is not None:
                break
        return together

    def surely(self, parts: Sequence[Part]) -> FactSet | None:
        """Decide every part, or one of them in a way that surely ends the protocol."""
        each = [self._set(part, part.decides) for part in parts]
        ends = (self._set(part, part.ends) for part in parts)
        return _cheapest([_together(each), *ends])

    def _set(
        self,
        part: Part,
        enough: Callable[[frozenset[str]], bool],
        shown: Callable[[frozenset[str]], Given | None] = lambda _: (),
    ) -> FactSet | None:
        """Find the cheapest set that is enough, with answers that show it."""
        part.steps, part.given_up = 0, False
        cover = smallest(part.names, self.effort, enough, exact_up_to=self.exact_up_to)
        self.given_up.append(part.given_up)
        if cover is None:
            return None
        possible = self.facts.possible
        return FactSet(
            tuple(sorted(cover.chosen)),
            cover.weight,
            cover.bound,
            any(possible[name].sampled for name in part.names),
            {name: possible[name].answers[index] for name, index in shown(cover.chosen) or ()},
        )


def _together(parts: Sequence[FactSet | None]) -> FactSet | None:
    """Put the sets of parts without a common fact together; None where one has no set."""
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    return FactSet(
        tuple(sorted(name for part in found for name in part.facts)),
        math.fsum(part.effort for part in found),
        max((part.bound for part in found), default=1.0),
        any(part.sampled for part in found),
        {name: raw for part in found for name, raw in part.answers.items()},
    )


def _cheapest(found: Iterable[FactSet | None]) -> FactSet | None:
    """Give the cheapest; it is proved the cheapest where all were."""
    sets = [one for one in found if one is not None]
    if not sets:
        return None
    best = min(sets, key=lambda one: (one.effort, len(one.facts), one.facts))
    bound, sampled = max(one.bound for one in sets), any(one.sampled for one in sets)
    return replace(best, bound=bound, sampled=sampled)


def could_end_with(facts: Facts, rule: int) -> dict[str, int]:
    """Give the facts whose answers could break a rule, and how many have to be known for that.

    Where it takes more than `MOST_TOGETHER` the count is that of all facts of the rule. It is a
    quick look: of answers that alone leave the rule open, only a few are tried together.
    """
    direct = sorted(facts.direct[rule])
    part = Part(facts, [rule], tuple(direct), few=FEW)
    found = {name: 1 for name in sorted(facts.of_rule[rule]) if _ends_alone(facts, rule, name)}
    enough = [frozenset({name}) for name in found]
    for size in range(2, min(MOST_TOGETHER, len(direct)) + 1):
        for chosen in map(frozenset, combinations(direct, size)):
            if not any(one <= chosen for one in enough) and part.can_end(chosen):
                enough.append(chosen)
                found = dict.fromkeys(chosen, size) | found
    if not found and len(direct) > MOST_TOGETHER and part.can_end(frozenset(direct)):
        found = dict.fromkeys(direct, len(direct))
    return found


def _ends_alone(facts: Facts, rule: int, name: str) -> bool:
    """Whether one answer to one fact breaks a rule."""
    answers = range(len(facts.possible[name].answers))
    return any(facts.truth(rule, ((name, index),)) is Truth.FALSE for index in answers)
