"""Rules that hang together, and what some facts are enough for: every answer is tried.

With rules that only become clearer the more is known, a part of the answers can be enough to see
where they lead; with others, all have to be given first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from saisei.eligibility.facts import Facts, Given
from saisei.vocabulary import Truth

__all__ = ["Part"]

MAX_STEPS = 5_000
"""So many combinations of answers are looked at for one set; beyond, nothing more is claimed."""

_FALSE, _UNKNOWN, _TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE


class _TooManyError(Exception):
    """More combinations than are looked at."""


@dataclass(slots=True)
class Part:
    """Rules that hang together, and what is enough for them."""

    facts: Facts
    rules: Sequence[int]
    names: tuple[str, ...]
    few: int | None = None
    steps: int = 0
    given_up: bool = False
    _found: dict[tuple[str, frozenset[str]], Given | None] = field(default_factory=dict)
    _alone: list[Part] = field(default_factory=list)
    _kinds: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def ending(self, asked: frozenset[str]) -> Given | None:
        """Give answers that break a rule."""
        return self._first("end", asked, _one_broken, None)

    def matching(self, asked: frozenset[str]) -> Given | None:
        """Give answers that make every rule met."""
        return self._first("match", asked, _all_met, _FALSE)

    def can_match(self, asked: frozenset[str]) -> bool:
        """Whether some answers make every rule met; each alone first, which takes less looking."""
        if not self._alone and len(self.rules) > 1:
            of_rule = self.facts.of_rule
            self._alone = [Part(self.facts, [n], tuple(sorted(of_rule[n]))) for n in self.rules]
        each = all(one.can_match(asked.intersection(one.names)) for one in self._alone)
        self.given_up |= any(one.given_up for one in self._alone)
        return each and self.matching(asked) is not None

    def can_end(self, asked: frozenset[str]) -> bool:
        """Whether some answers break a rule."""
        return self.ending(asked) is not None

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
