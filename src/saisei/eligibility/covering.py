"""Two problems behind the fewest questions, without any person in them.

`smallest` finds the cheapest set that is enough, where adding to a set that is enough leaves it
enough. Such a set has to meet the complement of each set that is not enough (an obstacle), so the
cheapest one is a minimum hitting set of the obstacles; these are found as they are needed. Up to
`EXACT_SET` items it is found by branch and bound. Beyond, the greedy choice is taken, which costs
at most H(d) times the least, d being how many obstacles one item meets at most; H(d) is not more
than ln d + 1 (V. Chvátal, A greedy heuristic for the set-covering problem, Math. Oper. Res. 1979).

`soonest` orders questions so that what they settle is settled soonest. Up to `EXACT_ORDER` of them
by dynamic programming over subsets; beyond, greedily by gain for effort, which costs at most 4
times the least (U. Feige, L. Lovász, P. Tetali, Approximating min sum set cover, Algorithmica 2004;
for chances and efforts M. Streeter, D. Golovin, An online algorithm for maximizing submodular
functions, NIPS 2008).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["EXACT_ORDER", "EXACT_SET", "Cover", "Order", "open_weight", "smallest", "soonest"]

EXACT_SET = 14
"""Of so many items the cheapest set is found by branch and bound."""
EXACT_ORDER = 10
"""So many questions are put into the best order of all."""
GREEDY_ORDER_BOUND = 4.0

Items = frozenset[str]


@dataclass(frozen=True, slots=True)
class Cover:
    """A set that is enough; its weight is at most `bound` times the least (1: it is the least)."""

    chosen: Items
    weight: float
    bound: float


@dataclass(frozen=True, slots=True)
class Order:
    """An order of asking; its cost is at most `bound` times the least (1: it is the least)."""

    asked: tuple[str, ...]
    cost: float
    bound: float


def smallest(
    items: Iterable[str],
    weight: Mapping[str, float],
    enough: Callable[[Items], bool],
    *,
    exact_up_to: int = EXACT_SET,
) -> Cover | None:
    """Find the set of least weight that is enough; None where not even all items are.

    Parameters
    ----------
    items
        What can be chosen.
    weight
        Above 0 for every item.
    enough
        Whether a set is; a set that holds one that is enough has to be enough.
    exact_up_to
        Of more items than this the choice is greedy.

    Examples
    --------
    >>> cover = smallest("abc", {"a": 1, "b": 1, "c": 3}, lambda s: "c" in s or {"a", "b"} <= s)
    >>> sorted(cover.chosen), cover.weight, cover.bound
    (['a', 'b'], 2.0, 1.0)
    """
    whole = frozenset(items)
    if not enough(whole):
        return None
    dearest_first = sorted(whole, key=lambda item: (-weight[item], item))
    exact = len(whole) <= exact_up_to
    obstacles: list[Items] = []
    while True:
        chosen = _hit_exactly(obstacles, weight) if exact else _hit_greedily(obstacles, weight)
        if enough(chosen):
            return Cover(chosen, _sum(chosen, weight), 1.0 if exact else _harmonic(obstacles))
        obstacle = whole - _grown(chosen, dearest_first, enough)
        if not obstacle:  # what was enough is so no longer: the search was given up
            return None
        obstacles.append(obstacle)


def _grown(chosen: Items, items: Sequence[str], enough: Callable[[Items], bool]) -> Items:
    """Add what can be added without being enough."""
    for item in items:
        if item not in chosen and not enough(chosen | {item}):
            chosen |= {item}
    return chosen


def _hit_exactly(obstacles: Sequence[Items], weight: Mapping[str, float]) -> Items:
    """Find the cheapest set that meets every obstacle; of equals the smaller, then by name."""
    best = _hit_greedily(obstacles, weight)
    best_key = _key(best, weight)

    def branch(chosen: Items, refused: Items, left: list[Items]) -> None:
        nonlocal best, best_key
        if not left:
            if (key := _key(chosen, weight)) < best_key:
                best, best_key = chosen, key
            return
        if _sum(chosen, weight) + _at_least(left, refused, weight) > best_key[0] + 1e-9:
            return
        pivot = min(left, key=lambda obstacle: (len(obstacle - refused), sorted(obstacle)))
        for item in sorted(pivot - refused, key=lambda one: (weight[one], one)):
            branch(chosen | {item}, refused, [one for one in left if item not in one])
            refused |= {item}

    branch(frozenset(), frozenset(), list(obstacles))
    return best


def _at_least(obstacles: Iterable[Items], refused: Items, weight: Mapping[str, float]) -> float:
    """Give what obstacles without a common item cost at the least."""
    seen: Items = frozenset()
    total = 0.0
    for obstacle in sorted((one - refused for one in obstacles), key=len):
        if not obstacle & seen:
            total += min((weight[item] for item in obstacle), default=math.inf)
            seen |= obstacle
    return total


def _hit_greedily(obstacles: Sequence[Items], weight: Mapping[str, float]) -> Items:
    chosen: Items = frozenset()
    left = list(obstacles)
    while left:
        met = {item: sum(item in one for one in left) for one in left for item in one}
        best = min(met, key=lambda item: (-met[item] / weight[item], item))
        chosen |= {best}
        left = [one for one in left if best not in one]
    return chosen


def _harmonic(obstacles: Sequence[Items]) -> float:
    items = frozenset[str]().union(*obstacles)
    most = max((sum(item in one for one in obstacles) for item in items), default=1)
    return math.fsum(1 / n for n in range(1, most + 1))


def _sum(chosen: Items, weight: Mapping[str, float]) -> float:
    return math.fsum(weight[item] for item in sorted(chosen))


def _key(chosen: Items, weight: Mapping[str, float]) -> tuple[float, int, list[str]]:
    return _sum(chosen, weight), len(chosen), sorted(chosen)


Chances = Mapping[str, Mapping[str, float]]
"""Of each thing to settle, the chance that a question settles it."""


def open_weight(asked: Iterable[str], chances: Chances, weight: Mapping[str, float]) -> float:
    """Give the weight of what is expected to be open still once some questions were asked."""
    done = tuple(asked)
    return math.fsum(
        weight[target] * math.prod(1 - of.get(question, 0.0) for question in done)
        for target, of in chances.items()
    )


def soonest(
    effort: Mapping[str, float],
    chances: Chances,
    weight: Mapping[str, float],
    *,
    at_most: int | None = None,
    exact_up_to: int = EXACT_ORDER,
) -> Order:
    """Order questions so that what they settle is settled with the least effort before it.

    Each thing to settle counts with its weight for as long as it is open; the cost of an order is
    that weight summed over the effort: ``sum(effort[q_i] * open_weight(q_1 … q_(i-1)))``.

    Parameters
    ----------
    effort
        Of each question, above 0.
    chances
        Of each thing to settle, the chance that a question settles it (0 to 1); of a question that
        is not to be ordered it is ignored.
    weight
        Of each thing to settle.
    at_most
        Give only so many questions, the first ones.

    Examples
    --------
    >>> chances = {"x": {"a": 1.0}, "y": {"a": 1.0, "b": 1.0}, "z": {"b": 1.0}}
    >>> soonest({"a": 1, "b": 3}, chances, dict.fromkeys(chances, 1)).asked
    ('a', 'b')
    """
    names = sorted(effort)
    exact = len(names) <= exact_up_to
    if exact:
        asked = _by_subsets(names, effort, chances, weight)[:at_most]
    else:
        asked = _by_gain(names, effort, chances, weight, at_most or len(names))
    cost = math.fsum(
        effort[name] * open_weight(asked[:i], chances, weight) for i, name in enumerate(asked)
    )
    return Order(tuple(asked), cost, 1.0 if exact else GREEDY_ORDER_BOUND)


def _by_gain(
    names: Sequence[str],
    effort: Mapping[str, float],
    chances: Chances,
    weight: Mapping[str, float],
    at_most: int,
) -> list[str]:
    of = {
        name: [(target, found[name]) for target, found in chances.items() if name in found]
        for name in names
    }
    left, open_, asked = dict(weight), list(names), list[str]()
    while open_ and len(asked) < at_most:
        gain = {n: math.fsum(left[t] * chance for t, chance in of[n]) / effort[n] for n in open_}
        best = min(open_, key=lambda name: (-gain[name], name))
        asked.append(best)
        open_.remove(best)
        for target, chance in of[best]:
            left[target] *= 1 - chance
    return asked


def _by_subsets(
    names: Sequence[str],
    effort: Mapping[str, float],
    chances: Chances,
    weight: Mapping[str, float],
) -> list[str]:
    """Find the best order of all: the least cost from each set of asked questions on."""
    count = len(names)
    still = _open_by_subset(names, chances, weight)
    least = [0.0] * (1 << count)
    then = [0] * (1 << count)
    for asked in range((1 << count) - 2, -1, -1):
        options = (
            (effort[names[i]] * still[asked] + least[asked | 1 << i], i)
            for i in range(count)
            if not asked >> i & 1
        )
        least[asked], then[asked] = min(options)
    order, asked = list[str](), 0
    while len(order) < count:
        order.append(names[then[asked]])
        asked |= 1 << then[asked]
    return order


def _open_by_subset(
    names: Sequence[str], chances: Chances, weight: Mapping[str, float]
) -> list[float]:
    """Give `open_weight` of every set of questions, a set being the bits of its number."""
    total = [0.0] * (1 << len(names))
    for target, of in chances.items():
        parts = [weight[target]]
        for name in names:
            stays = 1 - of.get(name, 0.0)
            parts += [part * stays for part in parts]
        total = [one + part for one, part in zip(total, parts, strict=True)]
    return total
