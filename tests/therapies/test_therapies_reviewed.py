"""Entry rules and example verdicts against tables that a physician wrote from the words alone."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from saisei.base.dates import parse_as_of
from saisei.base.documents import read_document
from saisei.cases import Answer, Known, case_from_data, fields, read_case
from saisei.eligibility import Criterion, Judged, by_field, fields_of, judge, lookup_of
from saisei.therapies import (
    Screening,
    match_programme,
    programme,
    programmes,
    screen,
    trial,
    trials,
)
from saisei.therapies.rules import trial_rules
from saisei.vocabulary import Truth

HERE = Path(__file__).parent / "reference"
EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = parse_as_of("2026-11-20T09:00+09:00")
RULES: dict[str, Any] = read_document(HERE / "reviewed-rules.yaml").data
PEOPLE: dict[str, Any] = read_document(HERE / "reviewed-examples.yaml").data
TRUTHS = {"passes": Truth.TRUE, "fails": Truth.FALSE, "open": Truth.UNKNOWN}
REVIEWED = [(name, rule) for name, rules in RULES["rules"].items() for rule in rules]
SEEN = [(number, name) for number, found in PEOPLE["trials"].items() for name in found]


@cache
def rules_of(name: str) -> dict[str, Criterion]:
    found = trial(name)
    return {rule.id: rule for rule in (*trial_rules(found), *found.criteria)}


def known(field: str, value: Any) -> Known:
    """Give a value of the tables as an answer; one that the field never takes is a slip there."""
    if value == "never":
        return math.inf
    if isinstance(value, list):
        assert set(value) <= set(fields()[field].values), (field, value)
        return frozenset(value)
    if isinstance(value, str):
        assert value in fields()[field].values, (field, value)
        return value
    return value if isinstance(value, bool) else float(value)


def judged(rule: Criterion, person: dict[str, Any]) -> Judged:
    answers = {field: known(field, value) for field, value in person.items()}

    def lookup(field: str) -> Answer:
        given = field in answers
        return Answer(field, "known", answers[field]) if given else Answer(field, "missing")

    return judge(rule, by_field(lookup))


def persons(entry: dict[str, Any], verdict: str) -> list[dict[str, Any]]:
    found: list[Any] = entry.get(verdict, [])
    return [{entry["of"]: one} for one in found] if "of" in entry else found


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(("name", "rule"), REVIEWED)
def test_a_rule_says_what_its_text_says(name: str, rule: str) -> None:
    entry = RULES["rules"][name][rule]
    found = rules_of(name)[rule]
    assert (found.kind, found.text) == (entry["kind"], entry["text"])
    for verdict, truth in TRUTHS.items():
        for person in persons(entry, verdict):
            assert judged(found, person).truth is truth, (found.text, person, verdict)


@pytest.mark.parametrize(("name", "rule"), REVIEWED)
def test_a_reviewed_rule_has_persons_on_its_edges(name: str, rule: str) -> None:
    entry = RULES["rules"][name][rule]
    partly = {(one["trial"], one["rule"]) for one in RULES["partly"]}
    shown = [verdict for verdict in ("passes", "fails") if persons(entry, verdict)]
    assert shown == ["passes", "fails"] or (name, rule) in partly
    assert set(entry) <= {"kind", "text", "of", *TRUTHS}


def test_the_review_covers_every_trial_and_the_rules_on_age() -> None:
    assert len(REVIEWED) >= 300
    assert {name for name, _ in REVIEWED} == {found.id for found in trials()}
    ages = {
        (found.id, rule.id)
        for found in trials()
        for rule in found.criteria
        if "age_years" in fields_of(rule.when)
    }
    assert ages <= set(REVIEWED)


@pytest.mark.parametrize("found", trials(), ids=lambda found: found.id)
def test_of_nobody_a_rule_is_known(found: Any) -> None:
    """No rule is met, or broken, by somebody of whom nothing is known."""
    for rule in rules_of(found.id).values():
        assert judged(rule, {}).truth is Truth.UNKNOWN, rule.id


@pytest.mark.parametrize(
    "entry", RULES["dated"], ids=lambda entry: f"{entry['trial']}-{entry['rule']}-{entry['why']}"
)
def test_a_rule_holds_at_the_edges_of_dates(entry: dict[str, Any]) -> None:
    case = case_from_data(entry["person"], as_of=AS_OF)
    found = judge(rules_of(entry["trial"])[entry["rule"]], lookup_of(case))
    assert found.truth is TRUTHS[entry["verdict"]], found.sentence


def test_what_an_expression_leaves_out_is_named_once_and_exists() -> None:
    named = [(one["trial"], one["rule"]) for one in RULES["partly"]]
    assert [twice for twice, times in Counter(named).items() if times > 1] == []
    for name, rule in named:
        assert rule in rules_of(name)
    assert {one["errs"] for one in RULES["partly"]} == {"wide", "narrow", "settled"}


# ---------------------------------------------------------------- programmes


def test_programmes_have_the_conditions_stages_and_windows_that_were_read() -> None:
    assert {found.id for found in programmes()} == set(RULES["programmes"])
    for found in programmes():
        entry = RULES["programmes"][found.id]
        window = found.window and [found.window.low, found.window.high, found.window.unit]
        assert list(found.condition) == entry["condition"], found.id
        assert list(found.stage) == entry["stage"], found.id
        assert window == entry["window"], found.id


@pytest.mark.parametrize(
    "entry", RULES["programme_persons"], ids=lambda entry: f"{entry['programme']}-{entry['why']}"
)
def test_a_programme_fits_to_the_day(entry: dict[str, Any]) -> None:
    case = case_from_data(entry["person"], as_of=AS_OF)
    assert match_programme(programme(entry["programme"]), case).truth is TRUTHS[entry["fits"]]


# ---------------------------------------------------------------- the example people


@cache
def screened(number: str) -> Screening:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    return screen(read_case(path, as_of=AS_OF))


@pytest.mark.parametrize(("number", "name"), SEEN)
def test_an_example_person_meets_what_a_reader_says(number: str, name: str) -> None:
    (match,) = [match for match in screened(number).trials if match.trial.id == name]
    entry = PEOPLE["trials"][number][name]
    verdicts = {Truth.TRUE: entry["met"], Truth.FALSE: entry["not_met"]}
    for truth, expected in verdicts.items():
        found = {one.criterion.id for one in match.judged if one.truth is truth}
        assert found == set(expected), truth
    left = [one for one in match.judged if one.truth is Truth.UNKNOWN and not one.team]
    word = "does-not-match" if entry["not_met"] else "undecided" if left else "matches"
    assert match.word == word


def test_all_trials_are_reviewed_for_each_example() -> None:
    every = {found.id for found in trials()}
    assert {number: set(found) for number, found in PEOPLE["trials"].items()} == dict.fromkeys(
        ("01", "03", "04", "05", "06", "07", "08", "11"), every
    )


@pytest.mark.parametrize(
    "entry", PEOPLE["implied"], ids=lambda one: f"{one['example']}-{one['trial']}-{one['rule']}"
)
def test_what_only_a_reader_infers_stays_open(entry: dict[str, Any]) -> None:
    """Once the program infers one of them, it has to be what the reader says; then it moves up."""
    (match,) = [
        match for match in screened(entry["example"]).trials if match.trial.id == entry["trial"]
    ]
    (found,) = [one for one in match.judged if one.criterion.id == entry["rule"]]
    assert found.truth is Truth.UNKNOWN
    assert found.missing


@pytest.mark.parametrize("number", PEOPLE["programmes"])
def test_an_example_person_fits_the_programmes_that_a_reader_names(number: str) -> None:
    found = screened(number).programmes
    assert {one.programme.id for one in found if one.truth is Truth.TRUE} == set(
        PEOPLE["programmes"][number]
    )
    assert all(one.truth is not Truth.UNKNOWN for one in found)
