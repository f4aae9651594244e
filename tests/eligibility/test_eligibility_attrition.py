"""What rules cost and which missing items decide: patterns against people, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from saisei.cases import Case, case_from_data, fields
from saisei.eligibility import Criterion, Kind, judge, parse
from saisei.eligibility.population.attrition import Attrition, tally
from saisei.eligibility.population.deciding_items import (
    MissingItem,
    items_of,
    learned_with,
    needs_several_records,
)
from saisei.eligibility.population.protocols import Protocol
from saisei.eligibility.population.small_counts import SmallCounts
from saisei.vocabulary import Truth


def rule(number: int, when: str, kind: Kind = "inclusion") -> Criterion:
    return Criterion(f"r{number}", kind, f"rule {number}", parse(when))


RULES = (
    rule(0, "mrs_current <= 3"),
    rule(1, "seizure_history", "exclusion"),
    rule(2, "mrs_current >= 1 or seizure_history"),
    rule(3, "fma_motor_total > 20"),
    rule(4, "fma_ue > 5"),
    rule(5, "highest(nihss_total, days=7) <= 20"),
)
PROTOCOL = Protocol("made-up", RULES)
ITEMS = [
    {"mrs_current"},
    {"seizure_history"},
    {"mrs_current", "seizure_history"},
    {"fma_ue", "fma_le"},
    {"fma_ue"},
    {"nihss_total"},
]


@dataclass(frozen=True)
class Person:
    """The verdicts of one person, rule by rule."""

    marks: tuple[Truth, ...]

    def open(self) -> list[int]:
        return [place for place, mark in enumerate(self.marks) if mark is Truth.UNKNOWN]

    def failed(self, upto: int | None = None) -> bool:
        return Truth.FALSE in self.marks[:upto]

    @property
    def undecided(self) -> bool:
        return not self.failed() and bool(self.open())

    def decided_by(self, learned: set[str]) -> bool:
        """Whether every open rule reads only what was learned; one answer is no series."""
        return all(ITEMS[place] <= learned and place != 5 for place in self.open())


people = some.lists(
    some.tuples(*[some.sampled_from(Truth)] * len(RULES)).map(Person), min_size=1, max_size=60
)


def counted(crowd: list[Person]) -> Attrition:
    patterns: dict[tuple[int, int], int] = {}
    for one in crowd:
        failing = sum(1 << n for n, mark in enumerate(one.marks) if mark is Truth.FALSE)
        unknown = sum(1 << n for n in one.open())
        patterns[failing, unknown] = patterns.get((failing, unknown), 0) + 1
    marks = np.array(list(patterns), np.int64).T
    return tally(PROTOCOL, marks[0], marks[1], np.array(list(patterns.values()), np.int64))


def test_the_items_of_the_rules() -> None:
    assert [items_of(one) for one in RULES] == ITEMS
    assert [needs_several_records(one) for one in RULES] == [False] * 5 + [True]
    assert needs_several_records(rule(9, "nihss_worsening_24h >= 4"))


@given(people)
def test_rules_are_counted_as_person_by_person(crowd: list[Person]) -> None:
    found = counted(crowd)
    assert found.undecided == sum(one.undecided for one in crowd)
    assert found.does_not_match == sum(one.failed() for one in crowd)
    assert found.matches + found.undecided + found.does_not_match == len(crowd)
    for place, one in enumerate(found.rules):
        marks = [person.marks[place] for person in crowd]
        assert one.rule == RULES[place].id
        assert (one.met, one.not_met) == (marks.count(Truth.TRUE), marks.count(Truth.FALSE))
        assert one.unknown == marks.count(Truth.UNKNOWN)
        others = [(p, [*p.marks[:place], *p.marks[place + 1 :]]) for p in crowd]
        failed_alone = [set(o) <= {Truth.TRUE} for p, o in others if p.marks[place] is Truth.FALSE]
        unknown_alone = [set(o) <= {Truth.TRUE} for p, o in others if p.open() == [place]]
        assert one.only_unknown == sum(unknown_alone)
        assert sum(failed_alone) <= one.only_failed <= one.not_met
        assert one.left == sum(not person.failed(place + 1) for person in crowd)
        known = [set(person.marks[: place + 1]) == {Truth.TRUE} for person in crowd]
        assert one.met_so_far == sum(known)
    assert found.rules[-1].left == found.matches + found.undecided
    assert found.rules[-1].met_so_far == found.matches


@given(people)
def test_items_are_counted_as_person_by_person(crowd: list[Person]) -> None:
    found = counted(crowd).missing
    undecided = [one for one in crowd if one.undecided]
    open_items = {name for one in undecided for place in one.open() for name in ITEMS[place]}
    assert {one.item for one in found} == open_items
    learned: set[str] = set()
    for one in found:
        learned.add(one.item)
        assert one.alone == sum(person.decided_by({one.item}) for person in undecided)
        assert one.together == sum(person.decided_by(learned) for person in undecided)
        assert one.waiting == sum(
            any(one.item in ITEMS[place] for place in person.open()) for person in undecided
        )
        assert one.alone <= min(one.waiting, one.together)
    ranked = [(-one.alone, -one.waiting, one.item not in ASKED, one.item) for one in found]
    assert ranked == sorted(ranked)


ASKED = {"mrs_current", "seizure_history"}
"""Items that somebody can be asked; the others need an examination."""
ANSWERS: dict[str, list[bool] | list[int]] = {
    "mrs_current": [0, 2, 5],
    "seizure_history": [True, False],
    "fma_ue": [0, 40],
    "fma_le": [0, 30],
}


def person_of(known: Mapping[str, object]) -> Case:
    return case_from_data({"as_of": "2026-11-20", **known})


@given(some.fixed_dictionaries({}, optional={k: some.sampled_from(v) for k, v in ANSWERS.items()}))
def test_who_is_counted_as_decided_is_decided_by_any_answer(known: dict[str, bool | int]) -> None:
    """The count is a promise: whatever the answer, a case that has it is decided."""
    rules = RULES[:5]
    marks = tuple(judge(one, person_of(known)).truth for one in rules)
    person = Person((*marks, Truth.TRUE))
    for item in counted([person]).missing:
        if item.alone:
            for answer in ANSWERS[item.item]:
                later = {judge(one, person_of({**known, item.item: answer})).truth for one in rules}
                assert later == {Truth.TRUE} or Truth.FALSE in later


EVERY_ANSWER: dict[tuple[str, str], list[object]] = {
    ("stroke_type == 'ischemic'", "condition"): [
        value for value in fields()["condition"].values if value != "unknown"
    ],
    ("impaired_consciousness", "conscious_level"): [*fields()["conscious_level"].values],
    ("seizure_history", "date_last_seizure"): ["2020-01-01", "never"],
    ("childbearing_potential_not_excluded", "childbearing_potential"): [True, False],
}


@pytest.mark.parametrize(("when", "item"), EVERY_ANSWER)
def test_what_follows_is_learned_with_its_item(when: str, item: str) -> None:
    """A rule on what follows from an item is known with every answer to the item alone."""
    asked = rule(0, when)
    assert items_of(asked) <= learned_with(item)
    for answer in EVERY_ANSWER[when, item]:
        found = judge(asked, person_of({item: answer}))
        assert found.truth is not Truth.UNKNOWN, answer


def test_an_answer_that_leaves_something_open_teaches_nothing_else() -> None:
    """A stroke's type may be *none*, which is no condition; a seizure may have been at any time."""
    assert "condition" not in learned_with("stroke_type")
    assert "date_last_seizure" not in learned_with("seizure_history")
    assert "coma" not in learned_with("conscious_level")
    assert learned_with("nihss_items") >= {"nihss_total", "nihss_1a"}
    open_ = rule(0, "condition == 'ischemic-stroke'")
    found = judge(open_, person_of({"stroke_type": "none"}))
    assert found.truth is Truth.UNKNOWN


def test_an_item_counts_for_what_follows_from_it() -> None:
    two = Protocol("two", (rule(0, "condition == 'heart'"), rule(1, "stroke_type == 'none'")))
    marks = np.array([1, 2, 3], np.int64)
    found = tally(two, np.zeros(3, np.int64), marks, np.array([5, 7, 11], np.int64))
    assert found.missing == (
        MissingItem("condition", alone=23, waiting=23, together=23),
        MissingItem("stroke_type", alone=7, waiting=18, together=23),
    )


@pytest.mark.parametrize("least", [0, 1])
def test_without_a_least_count_every_count_is_exact(least: int) -> None:
    small = SmallCounts(least)
    assert [small.shown(count) for count in range(9)] == list(range(9))
    assert small.words(1234567) == "1,234,567"
    assert small.drawn(3) == 3.0


@given(some.integers(2, 30), some.integers(0, 10**6), some.data())
def test_no_subtraction_finds_a_small_count(least: int, rest: int, data: some.DataObject) -> None:
    """Whatever the whole and the other part show, every small count could have been taken away."""
    small = SmallCounts(least)
    hidden = data.draw(some.integers(1, least - 1))
    assert (small.shown(hidden), small.words(hidden)) == (None, f"<{least}")
    whole, part = small.shown(rest + hidden), small.shown(rest)
    near = range(max(0, rest - 2 * least), rest + 2 * least)
    others = [n for n in near if small.shown(n) == part]
    possible = {h for h in range(1, least) for n in others if small.shown(n + h) == whole}
    assert possible >= set(range(1, least - 1 if whole is None and part is None else least))


@given(some.integers(2, 30), some.integers(0, 10**6))
def test_a_count_that_is_shown_is_rounded_down(least: int, count: int) -> None:
    small = SmallCounts(least)
    shown = small.shown(count)
    assert (shown is None) is (0 < count < least)
    assert small.drawn(count) == (least / 2 if shown is None else shown)
    if shown is not None:
        assert shown % least == 0
        assert 0 <= count - shown < least
