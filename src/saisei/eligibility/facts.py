"""What may be asked of one person, and the person as they would be with some of it answered.

A *fact* is a field that somebody can fill in. A computed field is asked for by what it is computed
from. A field that follows from the answer of another one can be had by either, and an answer counts
for all that follows from it. Fields that the trial team decides are never facts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from saisei.base.errors import CaseError
from saisei.cases import Answer, Case, Known, fields
from saisei.eligibility.asked import names_of, tests_by_field
from saisei.eligibility.criterion import Criterion, Judged, judge
from saisei.eligibility.evaluate import Lookup, by_field, evaluate, lookup_of
from saisei.eligibility.filling import (
    clashing_fields,
    count_open,
    filled_by,
    is_coarse,
    missing_of,
    reaching_fields,
    read_through,
    resolved_parts,
    team_fields,
    timed_fields,
    touching_fields,
)
from saisei.eligibility.possible import Possible, possible_answers
from saisei.eligibility.tree import (
    Source,
    fields_of,
    leaves_of,
    sources_of,
)
from saisei.vocabulary import Truth

__all__ = ["Facts", "Given", "facts_of", "facts_of_fields"]

Given = tuple[tuple[str, int], ...]
"""Facts, by name, and which of their answers was given."""

SEVERAL = 2
"""A field that no rule asks for is offered where so many open fields could follow from it."""

Suppose = Callable[[Mapping[str, Any]], Lookup | None]
"""Gives what is known with some facts answered; None where the answers cannot all be true."""


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """What may be asked of one person about some rules.

    Parameters
    ----------
    rules
        The rules, those that say the same once; `number` finds one.
    of_rule
        The facts that could change what each rule comes to.
    direct
        Those of them that the rule asks for itself; the others are what these may follow from.
    possible
        Of each fact, the answers that are tried.
    suppose
        Gives what is known with some facts answered.
    linked
        The facts whose answers reach further than their own field, or could contradict others.
    turning
        The numbers of the rules that another answer may turn about although they are known.
    """

    rules: tuple[Criterion, ...]
    of_rule: tuple[frozenset[str], ...]
    direct: tuple[frozenset[str], ...]
    possible: Mapping[str, Possible]
    suppose: Suppose
    linked: frozenset[str] = frozenset()
    turning: frozenset[int] = frozenset()
    supposed: dict[Given, Lookup | None] = field(default_factory=dict)
    truths: dict[tuple[int, Given], Truth] = field(default_factory=dict)
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)

    def number(self, rule: Criterion) -> int:
        """Give the number of a rule.

        Raises
        ------
        KeyError
            It is not among the rules.
        """
        if not self.numbers:
            self.numbers.update({_key(one): n for n, one in enumerate(self.rules)})
        return self.numbers[_key(rule)]

    def can_be(self, given: Given) -> bool:
        """Whether some answers can all be true of the person."""
        return self._lookup(tuple(one for one in given if one[0] in self.linked)) is not None

    def truth(self, rule: int, given: Given) -> Truth:
        """Judge a rule, by its number, with some facts answered (in the order of their names)."""
        touching = self.of_rule[rule]
        restricted = tuple(one for one in given if one[0] in touching)
        found = self.truths.get((rule, restricted))
        if found is None:
            lookup = self._lookup(restricted)
            found = Truth.UNKNOWN if lookup is None else judge(self.rules[rule], lookup).truth
            self.truths[rule, restricted] = found
        return found

    def kinds(self, name: str, rules: Sequence[int], *, few: int | None = None) -> tuple[int, ...]:
        """Give, by number, answers to a fact that some rules can tell apart.

        Two answers are alike where every test of the rules comes to the same with either, and
        nothing else can tell which it is. With `few`, of answers that leave a test unknown only so
        many of each kind are given.
        """
        every = (leaf for rule in rules for leaf in leaves_of(self.rules[rule].when))
        leaves = [leaf for leaf in dict.fromkeys(every) if name in touching_fields(leaf)]
        beside = frozenset[str]().union(*(self.of_rule[rule] for rule in rules))
        seen: Counter[object] = Counter()
        kept = []
        for index, answer in enumerate(self.possible[name].answers):
            lookup = self._lookup(((name, index),))
            if lookup is None:
                continue
            truths = tuple(evaluate(leaf, lookup).truth for leaf in leaves)
            kind = (truths, answer in (False, "never", []))
            seen[kind] += 1
            if seen[kind] <= self._limit(name, truths, beside, few):
                kept.append(index)
        return tuple(kept)

    def _limit(
        self, name: str, truths: Sequence[Truth], beside: frozenset[str], few: int | None
    ) -> float:
        """Say how many answers of a kind are worth trying."""
        if few is not None:
            return few
        open_ = Truth.UNKNOWN in truths and len(beside) > 1
        return math.inf if open_ or clashing_fields(name) & beside else 1

    def _lookup(self, given: Given) -> Lookup | None:
        if given not in self.supposed:
            answers = {name: self.possible[name].answers[index] for name, index in given}
            self.supposed[given] = self.suppose(answers)
        return self.supposed[given]


def facts_of_fields(lookup: Callable[[str], Answer], rules: Sequence[Criterion]) -> Facts:
    """Give the facts of a person of whom only plain fields are known: each missing one is a fact.

    Nothing is computed and nothing follows; `facts_of` does both for a case. Dates are not asked.
    """
    plain = by_field(lookup)
    judged = _distinct(judge(rule, plain) for rule in rules)
    missing = tuple(missing_of(one, plain) - team_fields() - timed_fields() for one in judged)
    tests = tests_by_field(leaf for one in judged for leaf in leaves_of(one.criterion.when))
    names = frozenset[str]().union(*missing)
    possible = {name: possible_answers(name, tests, plain, NO_DATE) for name in sorted(names)}

    def suppose(given: Mapping[str, Any]) -> Lookup:
        return _laid_over(plain, given)

    kept = tuple(one.criterion for one in judged)
    turning = frozenset(n for n, rule in enumerate(kept) if any(resolved_parts(rule)))
    return Facts(kept, missing, missing, possible, suppose, turning=turning)


NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment where no date is asked."""


def facts_of(case: Case, judged: Iterable[Judged], never: frozenset[str] = frozenset()) -> Facts:
    """Give the facts that could change what some rules come to for one person.

    Parameters
    ----------
    case
        The person.
    judged
        The rules that are at stake, with their verdicts.
    never
        Fields that are not to be asked, besides those of the trial team.
    """
    return _Finder(case, _distinct(judged), never).facts()


def _key(rule: Criterion) -> tuple[object, ...]:
    """Tell rules apart: equal texts were parsed into one tree."""
    return rule.kind, id(rule.when), rule.judgement


def _distinct(judged: Iterable[Judged]) -> list[Judged]:
    return list({_key(one.criterion): one for one in judged}.values())


class _Finder:
    """Finds the facts of one case."""

    def __init__(self, case: Case, judged: Sequence[Judged], never: frozenset[str]) -> None:
        self.case = case
        self.known = lookup_of(case)
        self.judged = judged
        self.rules = tuple(one.criterion for one in judged)
        self.never = never | team_fields()
        leaves = [leaf for rule in self.rules for leaf in leaves_of(rule.when)]
        self.tests = tests_by_field(leaves)
        sources = {source for leaf in leaves for source in sources_of(leaf)}
        timed = {name for one in sources if not isinstance(one, str) for name in names_of(one)}
        self.linked = reaching_fields() | timed
        self.supposed: dict[Given, Lookup | None] = {}

    def facts(self) -> Facts:
        direct = [self._direct(missing_of(one, self.known)) for one in self.judged]
        wanted = frozenset[str]().union(*direct)
        reaching = Counter(name for one in wanted for name in self._followed([one]))
        offered = wanted | {name for name, count in reaching.items() if count >= SEVERAL}
        filled = [found | (self._followed(found) & offered) for found in direct]
        asked = frozenset[str]().union(*filled)
        filled = [found | (self._items(found) & asked) for found in filled]
        possible = {name: self._possible(name) for name in sorted(asked)}
        possible = {name: self._with_totals(name, possible) for name in possible}
        kept = frozenset(name for name in asked if possible[name].answers)
        again = {n for n in kept if self.known(n).known and not is_coarse(n, self.known)}
        again |= {n for n in kept if fields()[n].type == "items"}
        anew = [self._again(rule, again) for rule in self.rules]
        turning = (n for n, rule in enumerate(self.rules) if anew[n] or any(resolved_parts(rule)))
        return Facts(
            self.rules,
            tuple((one | other) & kept for one, other in zip(filled, anew, strict=True)),
            tuple(found & kept for found in direct),
            {name: possible[name] for name in sorted(kept)},
            self._suppose,
            kept & self.linked,
            frozenset(turning),
            self.supposed,
        )

    def _direct(self, missing: Iterable[str]) -> frozenset[str]:
        """Name what is to be filled in for some fields."""
        found = (name for one in missing for name in filled_by(fields()[one], self.known))
        return frozenset(found) - self.never

    def _followed(self, direct: Iterable[str]) -> frozenset[str]:
        """Name the open fields that some open fields may follow from."""
        found: set[str] = set()
        for wanted in (fields()[name] for name in direct if not self.known(name).known):
            found |= {rule["from"] for rule in wanted.follows}
            found |= {"sex"} if wanted.if_male is not None else set()
        return frozenset(name for name in found if not self.known(name).known) - self.never

    @staticmethod
    def _items(direct: Iterable[str]) -> frozenset[str]:
        """Name the items that some fields can be computed from instead."""
        found = (fields()[name].also_from for name in direct)
        return frozenset(how["of"] for how in found if how is not None)

    def _again(self, rule: Criterion, again: Iterable[str]) -> frozenset[str]:
        """Name the facts whose answer could change a rule that is known: newer ones than it read.

        A new answer to the items of a score also gives a new total.
        """
        read = {n for one in fields_of(rule.when) for n in (one, *fields()[one].inputs)}
        read |= {how["of"] for how in (fields()[one].also_from for one in read) if how}
        return frozenset(name for name in again if name in read)

    def _possible(self, name: str) -> Possible:
        """Give the answers of a fact that can be true, and are as exact as the rules ask for."""
        found = possible_answers(name, self.tests, self.known, self.case.as_of)
        if name not in self.linked:
            return self._told_apart(name, found)
        supposed = [(answer, self._suppose({name: answer})) for answer in found.answers]
        true = [(answer, lookup) for answer, lookup in supposed if lookup is not None]
        if fields()[name].type not in ("boolean", "number", "enum"):
            tests = [leaf for one in read_through(name) for leaf in self.tests.get(one, ())]
            open_ = [count_open(tests, lookup) for _, lookup in true]
            least = min(open_, default=0)
            true = [one for one, count in zip(true, open_, strict=True) if count == least]
        for index, (_, lookup) in enumerate(true):
            self.supposed[((name, index),)] = lookup
        return Possible(tuple(answer for answer, _ in true), found.sampled)

    def _told_apart(self, name: str, found: Possible) -> Possible:
        """Keep one of several answers that every test of the field takes alike."""
        kinds: dict[tuple[Truth, ...], Any] = {}
        for answer in found.answers:
            lookup = self._suppose({name: answer})
            if lookup is None:
                return found
            truths = tuple(evaluate(leaf, lookup).truth for leaf in self.tests.get(name, ()))
            if Truth.UNKNOWN in truths:
                return found
            kinds.setdefault(truths, answer)
        return Possible(tuple(kinds.values()), found.sampled)

    def _with_totals(self, name: str, possible: Mapping[str, Possible]) -> Possible:
        """Add the totals that the answers about the items of a score come to."""
        found, how = possible[name], fields()[name].also_from
        if how is None or how["of"] not in possible:
            return found
        items = [self._suppose({how["of"]: answer}) for answer in possible[how["of"]].answers]
        totals = [lookup(name).value for lookup in items if lookup is not None]
        further = dict.fromkeys(one for one in totals if isinstance(one, float))
        return Possible(tuple(dict.fromkeys([*found.answers, *further])), sampled=True)

    def _suppose(self, given: Mapping[str, Any]) -> Lookup | None:
        reaching = {name: raw for name, raw in given.items() if name in self.linked}
        plain = {name: raw for name, raw in given.items() if name not in self.linked}
        if not reaching:
            return _laid_over(self.known, plain)
        try:
            base = lookup_of(self.case.answered(**reaching))
        except CaseError:
            return None
        return _laid_over(base, plain)


def _laid_over(base: Lookup, given: Mapping[str, Any]) -> Lookup:
    """Give a lookup that knows some plain fields more."""
    if not given:
        return base
    laid: Mapping[Source, Answer] = {name: _answer(name, raw) for name, raw in given.items()}

    def lookup(source: Source) -> Answer:
        found = laid.get(source)
        return base(source) if found is None else found

    return lookup


def _answer(name: str, raw: Any) -> Answer:
    value: Known = frozenset(raw) if isinstance(raw, list) else raw
    if raw == "never":
        value = float("inf") if fields()[name].type == "number" else False
    return Answer(name, "known", value)
