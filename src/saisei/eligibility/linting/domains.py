"""The kinds of answers that some rules can tell apart, one thing of a person at a time.

Between the limits of the rules all numbers are alike, so one of each stretch stands for all. A kind
is a bit of a whole number, and a set of kinds a whole number; what a leaf comes to with each kind
is what the reference engine says of an answer of that kind, so a set is filtered by one `&`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations, pairwise

from saisei.base.dates import Span
from saisei.cases import Answer, Field, Known, OpenList, fields
from saisei.eligibility.asked import limits_of
from saisei.eligibility.evaluate import NESTED, evaluate, meets
from saisei.eligibility.linting.masks import FALSE, TRUE, UNKNOWN
from saisei.eligibility.linting.places import Place, place_of
from saisei.eligibility.parse import NEVER_KNOWN
from saisei.eligibility.tree import (
    Amount,
    Between,
    Compare,
    Counted,
    Leaf,
    ListTest,
    Measured,
    OneField,
    OneOf,
    Quantity,
    sources_of,
)
from saisei.vocabulary import Truth

__all__ = [
    "Domain",
    "Kind",
    "Thing",
    "domain_of",
    "kinds_with",
    "plain",
    "things_of",
    "truths_of",
]

MOST_WORDS = 11
"""Of so many words of a list every combination is a kind of answer; with more, no claim is made."""
MOST_WORDS_IN_PART = 6
"""The same, where a list need not be known whole."""
MOST_STEPS = 130
"""A score with no more values than this has a kind for each, where it is computed with exactly."""
NEAR = 1e-9
"""Limits that differ by less, relatively, are the same in another unit."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of answers: one of them, and, for numbers, the stretch in which all of them lie.

    `value` is None where nothing is known. `alike` says that the value is the only one.
    """

    value: Known | None
    hull: Span | None = None
    alike: bool = True


@dataclass(frozen=True, slots=True)
class Domain:
    """Every kind of answer that one thing of a person can have."""

    place: Place
    kinds: tuple[Kind, ...]
    limits: tuple[float, ...] = ()
    truths: dict[OneField, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def whole(self) -> int:
        """All kinds, as bits."""
        return (1 << len(self.kinds)) - 1

    def allowed(self, leaf: OneField, factor: float) -> tuple[int, int, int]:
        """Give the kinds with which a leaf is false, unknown, true."""
        own = self._own(leaf, factor)
        if own not in self.truths:
            found = [0, 0, 0]
            for bit, kind in enumerate(self.kinds):
                found[_truth(own, kind)] |= 1 << bit
            self.truths[own] = (found[0], found[1], found[2])
        return self.truths[own]

    def _own(self, leaf: OneField, factor: float) -> OneField:
        """Write a leaf in the unit of the thing."""
        match leaf:
            case Compare(_, _, limit):
                return replace(leaf, limit=self._near(limit * factor))
            case Between():
                low, high = self._near(leaf.low * factor), self._near(leaf.high * factor)
                return replace(leaf, low=low, high=high)
            case OneOf(_, values) if isinstance(values[0], float):
                return replace(leaf, values=tuple(self._near(float(v) * factor) for v in values))
        return leaf

    def _near(self, limit: float) -> float:
        return next((one for one in self.limits if _same(one, limit)), limit)


def _truth(leaf: OneField, kind: Kind) -> int:
    if kind.value is None:
        return 1
    answer = Answer(leaf.field, "known", kind.value)
    return evaluate(leaf, lambda _: answer).truth.value


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=NEAR, abs_tol=NEAR)


def plain(leaf: Leaf) -> OneField | None:
    """Give a leaf that reads one source; a source compared with a number is a `Compare`."""
    match leaf:
        case Measured(Quantity(source), operator, Amount(limit)):
            return Compare(_name(source), operator, limit)
        case Measured(Amount(limit), operator, Quantity(source)):
            return Compare(_name(source), operator.turned, limit)
        case Measured():
            return None
    return leaf


def _name(source: object) -> str:
    return source if isinstance(source, str) else "number"


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of a person with every leaf that reads it alone, and whether others do."""

    place: Place
    leaves: tuple[tuple[OneField, float], ...]
    computed: bool


def things_of(leaves: Iterable[Leaf], *, exact: bool) -> dict[str, Thing]:
    """Sort leaves by the things that they read."""
    found: dict[str, Thing] = {}
    for leaf in dict.fromkeys(leaves):
        alone = plain(leaf)
        for source in sources_of(leaf):
            place = place_of(source, exact=exact)
            thing = found.get(place.name, Thing(place, (), computed=False))
            thing = replace(thing, place=thing.place.widened(place))
            if alone is None:
                thing = replace(thing, computed=True)
            else:
                thing = replace(thing, leaves=(*thing.leaves, (alone, place.factor)))
            found[place.name] = thing
    return found


@lru_cache(maxsize=4096)
def domain_of(thing: Thing, *, exact: bool) -> Domain | None:
    """Give the kinds of answers of a thing; None where they are too many to be told apart.

    Where answers need not be exact, a number may also lie anywhere in a stretch.
    """
    wanted, place = fields()[thing.place.field], thing.place
    nothing = Kind(None)
    match wanted.type:
        case "boolean":
            return Domain(place, (*map(Kind, (True, False)), nothing))
        case "enum":
            words = (value for value in wanted.values if value not in NEVER_KNOWN)
            return Domain(place, (*map(Kind, words), nothing))
        case "list":
            lists = _lists(wanted, [leaf for leaf, _ in thing.leaves], exact=exact)
            return None if lists is None else Domain(place, (*lists, nothing))
    limits = _limits(thing)
    regions = _regions(thing, limits, by_step=exact and thing.computed)
    ends = [] if exact else [_joined(one, other) for one, other in combinations(regions, 2)]
    return Domain(place, (*regions, *ends, nothing), tuple(limits))


def _lists(wanted: Field, leaves: Sequence[OneField], *, exact: bool) -> tuple[Kind, ...] | None:
    """Give every list that some rules can tell apart; with gaps also those known only in part."""
    named = {v for leaf in leaves if isinstance(leaf, ListTest | Counted) for v in leaf.values}
    alike = _alike(wanted, sorted(named))
    if len(alike) > (MOST_WORDS if exact else MOST_WORDS_IN_PART):
        return None
    pool = list(alike)
    whole = [Kind(chosen) for chosen in _subsets(pool)]
    parts = [
        Kind(OpenList(holds, frozenset(word for one in lacks for word in alike[one])))
        for holds in ([] if exact else _subsets(pool))
        for lacks in _subsets([one for one in pool if one not in holds])
    ]
    return (*whole, *parts)


def _alike(wanted: Field, named: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give one word of each kind that some named words tell apart, with all of that kind."""
    if wanted.id in NESTED:
        kinds: dict[tuple[Truth, ...], list[str]] = {}
        for word in wanted.values:
            kinds.setdefault(tuple(meets(wanted.id, word, n) for n in named), []).append(word)
        return {words[0]: tuple(words) for words in kinds.values()}
    others = tuple(value for value in wanted.values if value not in named)
    others = others or (() if wanted.values else ("other",))
    return {word: (word,) for word in named} | ({others[0]: others} if others else {})


def _subsets(words: Sequence[str]) -> Iterator[frozenset[str]]:
    for size in range(len(words) + 1):
        yield from map(frozenset, combinations(words, size))


def _limits(thing: Thing) -> list[float]:
    """Give every number at which a leaf may change, in the unit of the thing, nearly equal once."""
    place = thing.place
    every = sorted(limit * factor for leaf, factor in thing.leaves for limit in limits_of([leaf]))
    ends = [end for end in (place.low, place.high) if math.isfinite(end)]
    found: list[float] = list(dict.fromkeys(ends))
    for limit in every:
        if not any(_same(limit, one) for one in found):
            found.append(limit)
    return sorted(found)


def _regions(thing: Thing, limits: Sequence[float], *, by_step: bool) -> list[Kind]:
    """Cut the numbers that a thing can have at the limits: each limit, and what lies between."""
    place = thing.place
    inside = [limit for limit in limits if place.low <= limit <= place.high]
    steps = _steps(place) if by_step else None
    if steps is not None:
        kinds = [_point(number) for number in steps]
    else:
        kinds = [_point(limit) for limit in inside if _on_step(limit, place.step)]
        kinds += [gap for low, high in _gaps(place, inside) if (gap := _gap(low, high, place.step))]
    kinds.sort(key=lambda kind: kind.hull.low + kind.hull.high if kind.hull else 0.0)
    return [*kinds, *([Kind(math.inf, Span(math.inf, math.inf))] if place.never else [])]


def _steps(place: Place) -> list[float] | None:
    """Give every value of a short scale."""
    if not place.step or not math.isfinite(place.high - place.low):
        return None
    count = round((place.high - place.low) / place.step)
    return [place.low + i * place.step for i in range(count + 1)] if count < MOST_STEPS else None


def _gaps(place: Place, inside: Sequence[float]) -> Iterator[tuple[float, float]]:
    if not inside:
        yield (place.low, place.high)
        return
    if place.low < inside[0]:
        yield (place.low, inside[0])
    yield from pairwise(inside)
    if inside[-1] < place.high:
        yield (inside[-1], place.high)


def _gap(low: float, high: float, step: float | None) -> Kind | None:
    """Give what lies between two numbers; None where no step does."""
    if step:
        first = math.floor(low / step + NEAR) * step + step
        last = math.ceil(high / step - NEAR) * step - step
        if first > last:
            return None
        return Kind(first, Span(first, last), alike=first == last)
    if not math.isfinite(low) or not math.isfinite(high):
        middle = low + 1.0 if math.isfinite(low) else high - 1.0
        middle = middle if math.isfinite(middle) else 0.0
    else:
        middle = low + (high - low) / 2
    return Kind(middle, Span(low, high), alike=False)


def _on_step(number: float, step: float | None) -> bool:
    return not step or abs(number / step - round(number / step)) < NEAR


def _point(number: float) -> Kind:
    return Kind(number, Span(number, number))


def _joined(low: Kind, high: Kind) -> Kind:
    """Give the kind of a number that lies somewhere from one kind to another."""
    first, last = low.value, high.value
    if not isinstance(first, float) or not isinstance(last, float) or not low.hull or not high.hull:
        return Kind(None)
    hull = Span(low.hull.low, high.hull.high)
    return Kind(Span(first, last), hull, alike=low.alike and high.alike)


def truths_of(domain: Domain, leaf: OneField, factor: float, kinds: int) -> int:
    """Give what a leaf may come to with some kinds of answers."""
    false, unknown, true = domain.allowed(leaf, factor)
    return (
        (FALSE if kinds & false else 0)
        | (UNKNOWN if kinds & unknown else 0)
        | (TRUE if kinds & true else 0)
    )


def kinds_with(domain: Domain, leaf: OneField, factor: float, mask: int) -> int:
    """Give the kinds of answers with which a leaf comes to one of some truth values."""
    every = domain.allowed(leaf, factor)
    return sum(
        kinds for kinds, bit in zip(every, (FALSE, UNKNOWN, TRUE), strict=True) if mask & bit
    )
