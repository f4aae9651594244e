"""Lists of which only some entries are known: what may be said of them, and what not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Any

import pytest

from saisei.base.errors import CaseError
from saisei.cases import (
    Answer,
    Case,
    OpenList,
    case_from_data,
    case_to_fhir,
    fields,
)
from saisei.eligibility import Criterion, by_field, evaluate, judge, parse, reading_words
from saisei.eligibility.evaluate import NESTED
from saisei.eligibility.facts import facts_of
from saisei.eligibility.tree import Counted, Empty, Expression, ListTest, Test
from saisei.vocabulary import Truth

MOMENT = {"as_of": "2026-11-20"}


def judged(leaf: Expression, value: OpenList | frozenset[str]) -> Truth:
    (name,) = {leaf.field} if isinstance(leaf, ListTest | Counted | Empty) else {""}
    return evaluate(leaf, by_field(lambda _: Answer(name, "known", value))).truth


def wholes(name: str, known: OpenList) -> Iterator[frozenset[str]]:
    """Give every list that may turn out to be the one."""
    others = sorted(set(fields()[name].values) - known.holds - known.lacks)
    extra = [] if name in NESTED else ["something-else"]
    pool = [*others, *extra][:9]
    for size in range(len(pool) + 1):
        for more in combinations(pool, size):
            yield known.holds | set(more)


def draw_leaf(random: Random, name: str) -> ListTest | Counted | Empty:
    values = tuple(random.sample(fields()[name].values, random.randint(1, 3)))
    leaves: list[ListTest | Counted | Empty] = [
        ListTest(name, random.choice(list(Test)), values),
        Counted(name, random.randint(1, len(values)), values),
        Empty(name),
    ]
    return random.choice(leaves)


def draw_known(random: Random, name: str) -> OpenList:
    values = random.sample(fields()[name].values, 4)
    held = random.randint(0, 2)
    lacked = random.randint(0, 4 - held)
    return OpenList(frozenset(values[:held]), frozenset(values[held : held + lacked]))


@pytest.mark.parametrize("name", ["infection_serology_positive", "can_undergo_imaging"])
def test_a_test_is_known_just_when_all_possible_lists_agree(name: str) -> None:
    random = Random(5)  # noqa: S311 - what is tried, not a secret
    seen = set()
    for _ in range(400):
        leaf, known = draw_leaf(random, name), draw_known(random, name)
        found = {judged(leaf, whole) for whole in wholes(name, known)}
        expected = found.pop() if len(found) == 1 else Truth.UNKNOWN
        assert judged(leaf, known) is expected, (leaf, known)
        seen.add(expected)
    assert seen == set(Truth)


def test_what_is_known_of_nested_places_holds_whatever_else_is_there() -> None:
    random = Random(6)  # noqa: S311 - what is tried, not a secret
    seen = set()
    for _ in range(150):
        leaf, known = (
            draw_leaf(random, "infarct_territory"),
            draw_known(random, "infarct_territory"),
        )
        truth = judged(leaf, known)
        seen.add(truth)
        if truth.known:
            assert {judged(leaf, whole) for whole in wholes("infarct_territory", known)} == {truth}
    assert seen == set(Truth)


def case_of(**said: Any) -> Case:
    return case_from_data({**MOMENT, **said})


def test_a_case_may_know_a_list_in_part() -> None:
    case = case_of(infection_serology_positive={"value": ["HIV"], "open": True, "without": ["HBV"]})
    known = case.answer("infection_serology_positive").value
    assert known == OpenList(frozenset({"HIV"}), frozenset({"HBV"}))
    rule = parse("any_of(infection_serology_positive, {'HIV'})")
    assert evaluate(rule, case).truth is Truth.TRUE
    rule = parse("any_of(infection_serology_positive, {'HCV'})")
    assert evaluate(rule, case).truth is Truth.UNKNOWN
    assert evaluate(rule, case).missing == {"infection_serology_positive"}


def test_a_list_that_is_not_open_is_whole() -> None:
    case = case_of(infection_serology_positive={"value": ["HIV"], "open": False})
    assert case.answer("infection_serology_positive").value == frozenset({"HIV"})


@pytest.mark.parametrize(
    ("field", "said", "reason"),
    [
        ("mrs_current", {"value": 3, "open": True}, "this cannot be open"),
        ("allergy", {"value": ["dmso"], "open": "yes"}, "this cannot be open"),
        ("allergy", {"value": ["dmso"], "without": ["penicillin"]}, "this says nothing"),
        ("allergy", {"value": ["dmso"], "open": True, "without": ["dmso"]}, "is said to hold"),
        ("allergy", {"value": ["dmso"], "open": True, "without": ["cats"]}, "not in the list"),
        ("malignancies", {"value": [], "open": True, "without": ["other"]}, "this says nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(field: str, said: dict[str, Any], reason: str) -> None:
    with pytest.raises(CaseError, match=reason):
        case_of(**{field: said})


def test_what_follows_from_a_list_needs_to_be_sure() -> None:
    nothing = case_of(malignancies={"value": [], "open": True})
    assert not nothing.answer("malignancy_history").known
    some = case_of(malignancies={"value": ["other"], "open": True})
    assert some.answer("malignancy_history").value is True
    none = case_of(malignancies=[])
    assert none.answer("malignancy_history").value is False


def test_an_open_list_contradicts_only_what_it_says() -> None:
    open_one = {"value": [], "open": True}
    for history in (True, False):
        case = case_of(malignancies=open_one, malignancy_history=history)
        assert case.answer("malignancy_history").value is history
    with pytest.raises(CaseError):
        case_of(malignancies={"value": ["other"], "open": True}, malignancy_history=False)


def test_an_open_list_is_not_written_as_a_whole_one() -> None:
    case = case_of(sex="male", allergy={"value": ["dmso"], "open": True})
    again = case_from_data({**MOMENT, "sex": "male"})
    assert case_to_fhir(case) == case_to_fhir(again)


def test_a_reading_says_that_others_are_not_known() -> None:
    case = case_of(infection_serology_positive={"value": ["HIV"], "open": True, "without": ["HBV"]})
    (held,) = evaluate(parse("any_of(infection_serology_positive, {'HIV'})"), case).because
    (open_,) = evaluate(parse("any_of(infection_serology_positive, {'HCV'})"), case).because
    said = "HIV, not hepatitis B, others not known"
    assert reading_words(held).endswith(f": {said}")
    assert f"({said})" in reading_words(open_)
    assert "その他は不明" in reading_words(open_, "ja")


def test_a_list_known_in_part_is_asked_for_and_the_answer_settles_it() -> None:
    known = {"value": ["syphilis"], "open": True, "without": ["HBV"]}
    case = case_of(infection_serology_positive=known)
    when = parse("none_of(infection_serology_positive, {'HIV', 'HBV'})")
    rule = Criterion("e1", "inclusion", "no HIV", when, "made up")
    judged_rule = judge(rule, case)
    assert judged_rule.truth is Truth.UNKNOWN
    found = facts_of(case, [judged_rule])
    assert found.of_rule == (frozenset({"infection_serology_positive"}),)
    answers = found.possible["infection_serology_positive"].answers
    assert sorted(map(sorted, answers)) == [["HIV", "syphilis"], ["syphilis"]]
    settled = {
        judge(rule, case.answered(infection_serology_positive=answer)).truth for answer in answers
    }
    assert settled == {Truth.TRUE, Truth.FALSE}
