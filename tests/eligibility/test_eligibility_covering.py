"""Cheapest sets and the soonest order against trying everything, and the bounds beyond."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, combinations, permutations
from random import Random

import pytest

from saisei.eligibility.covering import open_weight, smallest, soonest

EFFORTS = (1.0, 1.5, 2.0, 3.0)
Family = Callable[[frozenset[str]], bool]


def subsets(names: str) -> Iterator[frozenset[str]]:
    every = chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
    return map(frozenset, every)


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - which problems are tried, not a secret


def drawn_family(random: Random, names: str) -> tuple[Family, Mapping[str, float]]:
    """Draw a few sets of which one has to be held whole, and what each item costs."""
    sizes = [random.randint(1, 4) for _ in range(random.randint(1, 6))]
    wanted = [frozenset(random.sample(names, size)) for size in sizes]
    weight = {name: random.choice(EFFORTS) for name in names}
    return lambda chosen: any(one <= chosen for one in wanted), weight


@pytest.mark.parametrize("seed", range(60))
def test_the_smallest_set_is_the_smallest_of_all(seed: int) -> None:
    names = "abcdefg"
    enough, weight = drawn_family(seeded(seed), names)
    found = smallest(names, weight, enough)
    assert found is not None
    assert enough(found.chosen)
    least = min(sum(weight[n] for n in s) for s in subsets(names) if enough(s))
    assert found.weight == pytest.approx(least)
    assert found.bound == 1.0


@pytest.mark.parametrize("seed", range(60))
def test_the_greedy_set_keeps_its_bound(seed: int) -> None:
    names = "abcdefg"
    random = seeded(seed)
    weight = {name: random.choice(EFFORTS) for name in names}
    to_hit = [frozenset(random.sample(names, random.randint(1, 3))) for _ in range(7)]

    def enough(chosen: frozenset[str]) -> bool:
        return all(one & chosen for one in to_hit)

    exact, greedy = smallest(names, weight, enough), smallest(names, weight, enough, exact_up_to=0)
    assert exact is not None
    assert greedy is not None
    assert enough(greedy.chosen)
    assert exact.weight <= greedy.weight + 1e-9 <= greedy.bound * exact.weight + 2e-9
    assert 1 <= greedy.bound <= math.log(len(to_hit)) + 1


def test_nothing_is_enough_where_all_is_not() -> None:
    assert smallest("ab", {"a": 1, "b": 1}, lambda _: False) is None


def test_no_item_is_taken_where_none_is_needed() -> None:
    found = smallest("ab", {"a": 1, "b": 1}, lambda _: True)
    assert found is not None
    assert found.chosen == frozenset()


def test_the_greedy_choice_can_be_dearer() -> None:
    """Three pairs in a ring of four: the textbook case in which the first choice misleads."""
    to_hit = [{"a", "x"}, {"a", "y"}, {"b", "x"}, {"b", "z"}, {"x", "c"}]
    weight = dict(a=1.0, b=1.0, c=1.0, x=2.1, y=5.0, z=5.0)  # noqa: C408 - reads as a table
    hit_all = [frozenset(one) for one in to_hit]
    exact = smallest(weight, weight, lambda chosen: all(one & chosen for one in hit_all))
    assert exact is not None
    assert sorted(exact.chosen) == ["a", "b", "c"]


# ---------------------------------------------------------------- the order


def drawn_questions(
    random: Random, names: str, chance: tuple[float, ...]
) -> tuple[dict[str, float], dict[str, dict[str, float]], dict[str, float]]:
    effort = {name: random.choice(EFFORTS) for name in names}
    trials = [f"t{i}" for i in range(random.randint(1, 7))]
    chances = {
        trial: {n: random.choice(chance) for n in random.sample(names, random.randint(1, 4))}
        for trial in trials
    }
    return effort, chances, {trial: float(random.randint(1, 4)) for trial in trials}


def cost_of(
    order: tuple[str, ...],
    effort: Mapping[str, float],
    chances: Mapping[str, Mapping[str, float]],
    weight: Mapping[str, float],
) -> float:
    """Add up how long each trial is open, from the definition."""
    return sum(
        effort[name] * open_weight(order[:i], chances, weight) for i, name in enumerate(order)
    )


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("chance", [(1.0,), (0.5,), (1.0, 0.5, 0.25)])
def test_the_order_is_the_best_of_all(seed: int, chance: tuple[float, ...]) -> None:
    drawn = drawn_questions(seeded(seed), "abcdef", chance)
    found = soonest(*drawn)
    least = min(cost_of(order, *drawn) for order in permutations("abcdef"))
    assert sorted(found.asked) == list("abcdef")
    assert found.cost == pytest.approx(least)
    assert found.bound == 1.0


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("chance", [(1.0,), (1.0, 0.5, 0.25)])
def test_the_greedy_order_keeps_its_bound(seed: int, chance: tuple[float, ...]) -> None:
    drawn = drawn_questions(seeded(seed), "abcdefgh", chance)
    exact, greedy = soonest(*drawn), soonest(*drawn, exact_up_to=0)
    assert greedy.bound == 4.0
    assert exact.cost <= greedy.cost + 1e-9 <= greedy.bound * exact.cost + 2e-9


def test_open_weight_halves_with_each_question_that_may_settle() -> None:
    chances = {"x": {"a": 0.5, "b": 0.5}, "y": {"b": 1.0}}
    weight = {"x": 4.0, "y": 1.0}
    assert [open_weight(s, chances, weight) for s in ("", "a", "b", "ab")] == [5, 3, 2, 1]


def test_first_few_of_the_best_order() -> None:
    drawn = drawn_questions(seeded(1), "abcdef", (0.5,))
    assert soonest(*drawn, at_most=2).asked == soonest(*drawn).asked[:2]
