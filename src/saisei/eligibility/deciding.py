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
from dataclasses import dataclass, field
from itertools import combinations

from saisei.eligibility.covering import EXACT_SET, Cover, smallest
from saisei.eligibility.facts import Facts, Given
from saisei.vocabulary import Truth

__all__ = ["Deciding", "FactSet", "could_end_with", "deciding_sets"]

MAX_STEPS = 5_000
"""So many combinations of answers are looked at for one set; beyond, nothing more is claimed."""
MOST_TOGETHER = 3
"""Of facts that could end a protocol only together, groups up to this size are looked for."""

FEW = 3
"""Of answers that leave a rule open in the same way, so many are tried with others."""

_FALSE, _UNKNOWN, _TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE


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
    """

    facts: tuple[str, ...]
    effort: float
    bound: float = 1.0
    sampled: bool = False

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
    sets = (search.could_end(rules), search.could_match(parts), search.surely(parts))
    return Deciding(*sets, complete=not any(search.given_up))


def _groups(facts: Facts, rules: Iterable[int]) -> list[list[int]]:
    """Put rules that share a fact together, those without any into groups of their own."""
    groups: list[tuple[frozenset[str], list[int]]] = []
    for rule in rules:
        touching = facts.of_rule[rule]
        near = [group for group in groups if group[0] & touching]
        groups = [group for group in groups if not group[0] & touching]
        joined = sorted([rule, *(one for _, several in near for one in several)])
        groups.append((touching.union(*(of for of, _ in near)), joined))
    return [several for _, several in groups]


class _TooManyError(Exception):
    """More combinations than are looked at."""


@dataclass(slots=True)
class _Part:
    """Rules that hang together, and what is enough for them."""

    facts: Facts
    rules: Sequence[int]
    names: tuple[str, ...]
    few: int | None = None
    steps: int = 0
    given_up: bool = False
    _found: dict[tuple[str, frozenset[str]], Given | None] = field(default_factory=dict)
    _alone: list[_Part] = field(default_factory=list)
    _kinds: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def matching(self, asked: frozenset[str]) -> Given | None:
        """Give answers that make every rule met."""
        return self._first("match", asked, _all_met, _FALSE)

    def can_match(self, asked: frozenset[str]) -> bool:
        """Whether some answers make every rule met; each alone first, which takes less looking."""
        if not self._alone and len(self.rules) > 1:
            of_rule = self.facts.of_rule
            self._alone = [_Part(self.facts, [n], tuple(sorted(of_rule[n]))) for n in self.rules]
        each = all(one.can_match(asked.intersection(one.names)) for one in self._alone)
        self.given_up |= any(one.given_up for one in self._alone)
        return each and self.matching(asked) is not None

    def can_end(self, asked: frozenset[str]) -> bool:
        """Whether some answers break a rule."""
        return self._first("end", asked, _one_broken, None) is not None

    def decides(self, asked: frozenset[str]) -> bool:
        """Whether no answers leave every rule unbroken and one unknown."""
        return self._none("open", asked, _still_open)

    def ends(self, asked: frozenset[str]) -> bool:
        """Whether no answers leave every rule unbroken."""
        return self._none("pass", asked, _none_broken)

    def _none(self, kind: str, asked: frozenset[str], wanted: _Test) -> bool:
        """Whether no answers do; where that is too much to look at, it is not said.

        Answers that cannot all be true say nothing, so some must be.
        """
        found = self._first(kind, asked, wanted, _FALSE)
        if found is not None or self.given_up:
            return False
        return self._first("any", asked, lambda _: True, None) is not None

    def _first(
        self, kind: str, asked: frozenset[str], wanted: _Test, stop: Truth | None
    ) -> Given | None:
        if (kind, asked) not in self._found:
            steady = kind != "any" and self.facts.turning.isdisjoint(self.rules)
            try:
                found = self._try(self._in_order(asked), (), wanted, stop, steady=steady)
            except _TooManyError:
                self.given_up = True
                return None
            self._found[kind, asked] = found
        return self._found[kind, asked]

    def _answers(self, name: str) -> tuple[int, ...]:
        if name not in self._kinds:
            self._kinds[name] = self.facts.kinds(name, self.rules, few=self.few)
        return self._kinds[name]

    def _in_order(self, asked: frozenset[str]) -> tuple[str, ...]:
        """Put the facts with the fewest answers first."""
        return tuple(sorted(asked, key=lambda name: (len(self.facts.possible[name].answers), name)))

    def _try(
        self,
        left: tuple[str, ...],
        given: Given,
        wanted: _Test,
        stop: Truth | None,
        *,
        steady: bool,
    ) -> Given | None:
        """Try the answers of the facts one after the other.

        With steady rules what is known stays, so that a part of the answers can be enough.
        """
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooManyError
        if steady or not left:
            truths = [self.facts.truth(rule, given) for rule in self.rules]
            if stop is not None and stop in truths:
                return None
            if (stop is None or not left) and wanted(truths):
                return given
        if not left:
            return None
        name, rest = left[0], left[1:]
        for index in self._answers(name):
            further = tuple(sorted((*given, (name, index))))
            if not self.facts.can_be(further):
                continue
            found = self._try(rest, further, wanted, stop, steady=steady)
            if found is not None:
                return found
        return None


_Test = Callable[[Sequence[Truth]], bool]


def _all_met(truths: Sequence[Truth]) -> bool:
    return all(truth is _TRUE for truth in truths)


def _one_broken(truths: Sequence[Truth]) -> bool:
    return _FALSE in truths


def _none_broken(truths: Sequence[Truth]) -> bool:
    return _FALSE not in truths


def _still_open(truths: Sequence[Truth]) -> bool:
    return _UNKNOWN in truths


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for the smallest sets."""

    facts: Facts
    effort: Mapping[str, float]
    exact_up_to: int
    given_up: list[bool] = field(default_factory=list)

    def part(self, rules: Sequence[int]) -> _Part:
        names = frozenset[str]().union(*(self.facts.of_rule[rule] for rule in rules))
        return _Part(self.facts, rules, tuple(sorted(names)))

    def could_end(self, rules: Sequence[int]) -> FactSet | None:
        found = (self._set(part, part.can_end) for part in map(self.part, ([r] for r in rules)))
        return _cheapest(found)

    def could_match(self, parts: Sequence[_Part]) -> FactSet | None:
        """Match every part; where the answers cannot all be true, look at all parts as one."""
        found = [self._set(part, part.can_match) for part in parts]
        together = _together(found)
        if together is None or len(parts) == 1:
            return together
        chosen = frozenset(together.facts)
        answers = [part.matching(chosen.intersection(part.names)) for part in parts]
        given = tuple(sorted(one for several in answers for one in several or ()))
        if self.facts.can_be(given):
            return together
        whole = self.part(sorted(rule for part in parts for rule in part.rules))
        return self._set(whole, whole.can_match)

    def surely(self, parts: Sequence[_Part]) -> FactSet | None:
        """Decide every part, or one of them in a way that surely ends the protocol."""
        each = [self._set(part, part.decides) for part in parts]
        ends = (self._set(part, part.ends) for part in parts)
        return _cheapest([_together(each), *ends])

    def _set(self, part: _Part, enough: Callable[[frozenset[str]], bool]) -> FactSet | None:
        part.steps, part.given_up = 0, False
        cover = smallest(part.names, self.effort, enough, exact_up_to=self.exact_up_to)
        self.given_up.append(part.given_up)
        if cover is None:
            return None
        return self._as_set(cover, part)

    def _as_set(self, cover: Cover, part: _Part) -> FactSet:
        sampled = any(self.facts.possible[name].sampled for name in part.names)
        bound = math.inf if part.given_up else cover.bound
        return FactSet(tuple(sorted(cover.chosen)), cover.weight, bound, sampled)


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
    )


def _cheapest(found: Iterable[FactSet | None]) -> FactSet | None:
    """Give the cheapest; it is proved the cheapest where all were."""
    sets = [one for one in found if one is not None]
    if not sets:
        return None
    best = min(sets, key=lambda one: (one.effort, len(one.facts), one.facts))
    bound = max(one.bound for one in sets)
    return FactSet(best.facts, best.effort, bound, any(one.sampled for one in sets))


def could_end_with(facts: Facts, rule: int) -> dict[str, int]:
    """Give the facts whose answers could break a rule, and how many have to be known for that.

    Where it takes more than `MOST_TOGETHER` the count is that of all facts of the rule. It is a
    quick look: of answers that alone leave the rule open, only a few are tried together.
    """
    direct = sorted(facts.direct[rule])
    part = _Part(facts, [rule], tuple(direct), few=FEW)
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
    return any(facts.truth(rule, ((name, index),)) is _FALSE for index in answers)
