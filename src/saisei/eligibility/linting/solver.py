"""Whether anybody can be as some rules want: exact, as far as each rule reads one thing by itself.

The rules are a tree of goals, each an expression and the truth values that it may come to. A goal
on a leaf takes kinds of answers away from the one thing that the leaf reads; a goal on a branch is
split into goals on its parts, and where there is a choice each alternative is tried (Davis, Putnam,
Logemann, Loveland). Before that, what the parts may still come to is counted through the tree, and
what cannot come to what is wanted is given up at once.

A leaf that computes with several numbers is judged with the stretches in which they lie. It takes
away only what is impossible with every number of them. So *nobody* is always proved; *somebody* is
proved when the reference engine agrees on the person found; anything else is *open*.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from saisei.base.dates import Span
from saisei.cases import Answer
from saisei.eligibility.evaluate import evaluate
from saisei.eligibility.linting.domains import (
    Domain,
    Kind,
    domain_of,
    kinds_with,
    plain,
    things_of,
    truths_of,
)
from saisei.eligibility.linting.goals import Choice, Goal, Wanted, leaves_wanted, ways_to
from saisei.eligibility.linting.masks import (
    ANY,
    UNKNOWN,
    at_least,
    conjunction,
    disjunction,
    mask_of,
    resolved_to,
    turned,
)
from saisei.eligibility.linting.places import place_of
from saisei.eligibility.quantities import compared, measured
from saisei.eligibility.tree import (
    And,
    AtLeast,
    Expression,
    Leaf,
    Measured,
    Not,
    Or,
    Resolved,
    Source,
    field_of,
    sources_of,
)

__all__ = ["MOST_STEPS", "Found", "find_person"]

MOST_STEPS = 500
"""After so many choices the search is given up, and nothing is claimed."""
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Found:
    """Whether anybody can be so, and, where it was found out, such a person."""

    who: Literal["nobody", "somebody", "open"]
    person: Mapping[Source, Answer] = field(default_factory=dict)


def find_person(goals: Sequence[Goal], *, exact: bool) -> Found:
    """Look for a person with whom every goal is reached.

    Parameters
    ----------
    goals
        What is wanted.
    exact
        Whether it is enough to look at people of whom everything is known exactly. It is, for rules
        that are wanted to be true or false and settle no unknown: what is true of a person of whom
        little is known is true whatever the rest is.
    """
    found = _find(goals, exact=exact)
    if found.who == "open" and not exact:  # a person of whom all is known exactly is one, too
        known = _find(goals, exact=True)
        return known if known.who == "somebody" else found
    return found


def _find(goals: Sequence[Goal], *, exact: bool) -> Found:
    search = _Search(goals, exact=exact)
    state = search.look(dict(search.start), list(goals))
    if state is None:
        return Found("open" if search.given_up else "nobody")
    person = search.person(state)
    sure = all(_reached(goal, person) for goal in goals)
    return Found("somebody" if sure else "open", person)


def _reached(goal: Goal, person: Mapping[Source, Answer]) -> bool:
    if isinstance(goal, Choice):
        return any(all(_reached(one, person) for one in way) for way in goal.ways)

    def lookup(source: Source) -> Answer:
        return person.get(source) or Answer(field_of(source), "missing")

    return bool(mask_of(evaluate(goal.expression, lookup).truth) & goal.mask)


State = dict[str, int]
"""Of each thing of a person, the kinds of answers that are left."""


@dataclass(frozen=True, slots=True)
class _Lies:
    """Where a number lies, whether it may be missing, and whether it is this one number."""

    hull: Span | None
    missing: bool
    alike: bool


class _Search:
    """Looks for a person, step by step."""

    def __init__(self, goals: Sequence[Goal], *, exact: bool) -> None:
        self.exact = exact
        self.steps = 0
        self.given_up = False
        leaves = [leaf for goal in goals for leaf in leaves_wanted(goal)]
        things = things_of(leaves, exact=exact)
        found = {name: domain_of(thing, exact=exact) for name, thing in things.items()}
        self.domains: dict[str, Domain] = {n: one for n, one in found.items() if one is not None}
        self.start: State = {name: domain.whole for name, domain in self.domains.items()}
        self.cuts: dict[tuple[object, ...], State] = {}
        self.hulls: dict[tuple[str, int, float], _Lies] = {}
        self.reads: dict[Measured, list[tuple[Source, str, float]]] = {}
        self.sources = dict.fromkeys(source for leaf in leaves for source in sources_of(leaf))

    def look(self, state: State, goals: Sequence[Goal]) -> State | None:
        """Reach every goal, or say that it cannot be."""
        self.steps += 1
        self.given_up |= self.steps > MOST_STEPS
        open_ = None if self.given_up else self.settled(state, goals)
        if not open_:
            return None if open_ is None else state
        choices = [goal for goal in open_ if isinstance(goal, Choice)]
        if not choices:
            return self.split(state, open_)
        first = min(choices, key=lambda choice: len(choice.ways))
        rest = [goal for goal in open_ if goal is not first]
        tried = (self.look(dict(state), [*rest, *way]) for way in first.ways)
        return next((found for found in tried if found is not None), None)

    def settled(self, state: State, goals: Sequence[Goal]) -> list[Goal] | None:
        """Do all that has no alternative; give what is open, None where a goal is out of reach."""
        while True:
            before, stack, open_ = dict(state), list(goals), list[Goal]()
            while stack:
                goal = stack.pop()
                can, surely = self.status(goal, state)
                if not can:
                    return None
                if not surely and not self.step(goal, state, stack, open_):
                    return None
            if state == before:
                return open_
            goals = open_

    def step(self, goal: Goal, state: State, stack: list[Goal], open_: list[Goal]) -> bool:
        """Take one goal further; False where it is out of reach."""
        if isinstance(goal, Wanted) and _as_leaf(goal.expression) is not None:
            return self.narrow(goal, state, open_)
        ways = goal.ways if isinstance(goal, Choice) else ways_to(goal.expression, goal.mask)
        left = tuple(way for way in ways if all(self.status(one, state)[0] for one in way))
        if len(left) == 1:
            stack += left[0]
        elif left:
            open_.append(Choice(left))
        return bool(left)

    def status(self, goal: Goal, state: State) -> tuple[bool, bool]:
        """Say whether a goal can still be reached, and whether it is whatever else is chosen."""
        if isinstance(goal, Wanted):
            may = self.may_be(goal.expression, state)
            return bool(may & goal.mask), not may & ~goal.mask
        ways = [[self.status(one, state) for one in way] for way in goal.ways]
        can = any(all(can for can, _ in way) for way in ways)
        return can, any(all(surely for _, surely in way) for way in ways)

    # ------------------------------------------------------------ what an expression may come to

    def may_be(self, expression: Expression, state: State) -> int:
        """Give the truth values that an expression may still come to, or a few more."""
        match expression:
            case Not(part):
                return turned(self.may_be(part, state))
            case And(parts):
                return conjunction(self.may_be(part, state) for part in parts)
            case Or(parts):
                return disjunction(self.may_be(part, state) for part in parts)
            case AtLeast(count, parts):
                return at_least(count, [self.may_be(part, state) for part in parts])
            case Resolved(part, otherwise):
                return resolved_to(self.may_be(part, state), otherwise=otherwise)
        return self.leaf_may_be(expression, state)

    def leaf_may_be(self, leaf: Leaf, state: State) -> int:
        alone = plain(leaf)
        if alone is None:
            return self.computed(leaf, state) if isinstance(leaf, Measured) else ANY
        place = place_of(sources_of(leaf)[0], exact=self.exact)
        domain = self.domains.get(place.name)
        return truths_of(domain, alone, place.factor, state[place.name]) if domain else ANY

    def computed(self, leaf: Measured, state: State) -> int:
        """Give what a comparison of computed numbers may come to, from where they lie."""
        if leaf not in self.reads:
            places = ((s, place_of(s, exact=self.exact)) for s in sources_of(leaf))
            self.reads[leaf] = [(source, one.name, one.factor) for source, one in places]
        lies = {s: self.lies(name, state[name], factor) for s, name, factor in self.reads[leaf]}
        hulls = {source: one.hull for source, one in lies.items()}
        left, right = measured(leaf.left, hulls.get), measured(leaf.right, hulls.get)
        found = mask_of(compared(left, leaf.operator, right))
        if all(one.alike for one in lies.values()):
            return found
        missing = any(one.missing for one in lies.values())
        return ANY if found == UNKNOWN else found | (UNKNOWN if missing else 0)

    def lies(self, name: str, bits: int, factor: float) -> _Lies:
        """Say where a number lies with some kinds of answers, in the unit of its source."""
        found = self.hulls.get((name, bits, factor))
        if found is None:
            kinds = self.kinds(name, bits)
            known = [kind.hull for kind in kinds if kind.value is not None and kind.hull]
            alike = len(kinds) == 1 and kinds[0].alike and factor == 1.0
            found = _Lies(_hull(known, factor), len(known) < len(kinds), alike)
            self.hulls[name, bits, factor] = found
        return found

    def kinds(self, name: str, bits: int) -> list[Kind]:
        return [kind for i, kind in enumerate(self.domains[name].kinds) if bits >> i & 1]

    # ------------------------------------------------------------ what is taken away

    def narrow(self, goal: Wanted, state: State, open_: list[Goal]) -> bool:
        """Take away what a leaf does not allow; False where nothing is left."""
        leaf = _as_leaf(goal.expression)
        alone = plain(leaf) if leaf is not None else None
        if leaf is None or alone is None:
            open_.append(goal)
            return isinstance(leaf, Measured) and self.cut(leaf, goal.mask, state)
        place = place_of(sources_of(leaf)[0], exact=self.exact)
        domain = self.domains.get(place.name)
        if domain is not None:
            state[place.name] &= kinds_with(domain, alone, place.factor, goal.mask)
            return state[place.name] > 0
        return True

    def cut(self, leaf: Measured, mask: int, state: State) -> bool:
        """Take away the kinds of each number with which no others come to what is wanted."""
        names = list(dict.fromkeys(place_of(s, exact=self.exact).name for s in sources_of(leaf)))
        key = (leaf, mask, *(state[name] for name in names))
        if key not in self.cuts:
            left = {name: state[name] for name in names}
            for name in names:
                for bit in _bits(left[name]):
                    if not self.computed(leaf, {**left, name: bit}) & mask:
                        left[name] &= ~bit
            self.cuts[key] = left
        state.update(self.cuts[key])
        return all(self.cuts[key].values())

    def split(self, state: State, goals: Sequence[Goal]) -> State | None:
        """Try the kinds of one number, half of them at a time; give up none that may be."""
        names = {
            place_of(source, exact=self.exact).name
            for goal in goals
            for leaf in leaves_wanted(goal)
            for source in sources_of(leaf)
        }
        several = sorted(name for name in names if state[name].bit_count() > 1)
        if not several:
            return state
        name = min(several, key=lambda one: state[one].bit_count())
        bits = list(_bits(state[name]))
        half = sum(bits[: len(bits) // 2])
        tried = (self.look({**state, name: k}, goals) for k in (half, state[name] & ~half))
        return next((found for found in tried if found is not None), None)

    def person(self, state: State) -> dict[Source, Answer]:
        """Give one person of those that are left: of each thing an answer of one kind."""
        found: dict[Source, Answer] = {}
        for source in self.sources:
            place = place_of(source, exact=self.exact)
            if place.name in self.domains:
                kinds = self.kinds(place.name, state[place.name])
                kind = next((one for one in kinds if not one.alike), kinds[0])
                found[source] = _answer(field_of(source), kind, place.factor)
        return found


def _answer(name: str, kind: Kind, factor: float) -> Answer:
    value = kind.value
    if value is None:
        return Answer(name, "missing")
    if isinstance(value, Span):
        value = Span(value.low / factor, value.high / factor)
    elif isinstance(value, float) and factor != 1.0:
        value /= factor
    return Answer(name, "known", value)


def _hull(hulls: Sequence[Span], factor: float) -> Span | None:
    """Give the stretch in which all of some lie, in the unit of the source, a little too long."""
    if not hulls:
        return None
    low, high = min(one.low for one in hulls) / factor, max(one.high for one in hulls) / factor
    slack = 0.0 if factor == 1.0 else NEAR
    return Span(low - slack * abs(low) if math.isfinite(low) else low,
                high + slack * abs(high) if math.isfinite(high) else high)  # fmt: skip


def _bits(kinds: int) -> Iterator[int]:
    while kinds:
        yield kinds & -kinds
        kinds &= kinds - 1


def _as_leaf(expression: Expression) -> Leaf | None:
    match expression:
        case Not() | And() | Or() | AtLeast() | Resolved():
            return None
    return expression
