"""The linter for protocols: contradictions by construction are found, satisfiable rules never."""

from __future__ import annotations

import math
import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.drawn import (
    FLAGS,
    KNOWABLE,
    LISTS,
    NUMBERS,
    SOURCES,
    WORDS,
    Person,
    draw_answer,
    draw_rule,
)
from saisei.base.dates import Span
from saisei.cases import Answer, OpenList, case_from_data
from saisei.eligibility import (
    Counted,
    Criterion,
    Expression,
    Kind,
    ListTest,
    Measured,
    Not,
    Resolved,
    Source,
    evaluate,
    field_of,
    judge,
    leaves_of,
    parse,
)
from saisei.eligibility.linting import (
    Finding,
    constant_truth,
    lint_protocol,
    unused_code_sets,
)
from saisei.eligibility.linting.goals import Wanted
from saisei.eligibility.linting.masks import FALSE, TRUE, UNKNOWN, mask_of
from saisei.eligibility.linting.places import place_of
from saisei.eligibility.linting.solver import find_person
from saisei.vocabulary import Truth


def rules(*texts: str) -> list[Criterion]:
    """Make rules of texts; one that begins with ``not if:`` is an exclusion."""
    found = []
    for number, text in enumerate(texts, start=1):
        kind, _, when = text.rpartition("not if: ")
        found.append(
            Criterion(f"e{number}", "exclusion", text, parse(when))
            if "not if: " in text
            else Criterion(f"i{number}", "inclusion", text, parse(kind + when))
        )
    return found


def told(*texts: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Lint some rules; what only says that no code fills a field is left out."""
    found = lint_protocol("made-up", rules(*texts))
    return [
        (one.severity, one.code, one.criteria)
        for one in found
        if one.code not in ("no-source", "not-from-tables")
    ]


CONTRADICTIONS = [
    (("age_years >= 60", "age_years < 50"), ("i1", "i2")),
    (("age_years >= 60", "not if: age_years > 50", "coma"), ("i1", "e2")),
    (("seizure_history", "mrs_current in {3}", "not if: seizure_history or coma"), ("i1", "e3")),
    # the same time in two units
    (("days_since_stroke <= 7", "months_since_stroke >= 6"), ("i1", "i2")),
    (("days_since_stroke <= 182.625", "months_since_stroke > 6"), ("i1", "i2")),
    (("hours_since_stroke < 48", "days_since(onset_datetime) > 2"), ("i1", "i2")),
    (("serum_creatinine_mg_dl < 1", "serum_creatinine_umol_l > 90"), ("i1", "i2")),
    (("thrombolysis_given", "not if: thrombolysis_done"), ("i1", "e2")),
    # a number and what it is computed from
    (("fma_motor_total < 20", "fma_ue > 30"), ("i1", "i2")),
    (
        ("mean_arterial_pressure_mmhg > 120", "systolic_bp_mmhg < 130", "diastolic_bp_mmhg < 90"),
        ("i1", "i2", "i3"),
    ),
    (("months_since_head_trauma < 1", "days_since_brain_haemorrhage_or_trauma > 60"), ("i1", "i2")),
    # an earlier stroke lies before this one
    (("days_since_previous_stroke < 10", "days_since_stroke > 30"), ("i1", "i2")),
    # with a brain injury no stroke is given
    (("condition == 'tbi'", "months_since_stroke >= 6"), ("i1", "i2")),
    # a smaller territory is its larger one
    (("any_of(infarct_territory, {'MCA'})", "none_of(infarct_territory, {'ICA'})"), ("i1", "i2")),
    (
        ("within(lesion_depth, {'cortical'})", "any_of(lesion_depth, {'subcortical'})"),
        ("i1", "i2"),
    ),
    (("at_least(2, coma, epilepsy, diabetes)", "not coma", "not epilepsy"), ("i1", "i2", "i3")),
    # steps of a score
    (("mrs_current > 2", "mrs_current < 4", "not if: mrs_current == 3"), ("i1", "i2", "e3")),
    # computed numbers
    (("highest(nihss_total, days=7) - nihss_total >= 40", "nihss_total > 3"), ("i1", "i2")),
    # a settled unknown counts like an answer
    (("if_unknown(coma, True)", "not if: if_unknown(coma, False) or not coma"), ()),
    (("if_unknown(coma, False)", "not if: coma or epilepsy"), ("i1", "e2")),
]


@pytest.mark.parametrize(("texts", "smallest"), CONTRADICTIONS)
def test_the_smallest_contradiction_is_named(
    texts: tuple[str, ...], smallest: tuple[str, ...]
) -> None:
    found = [one for one in lint_protocol("made-up", rules(*texts)) if one.code == "contradiction"]
    assert [one.criteria for one in found] == ([smallest] if smallest else [])
    assert all(one.severity == "error" and one.proved for one in found)


@pytest.mark.parametrize(
    "texts",
    [
        ("age_years >= 50", "age_years <= 50"),
        ("days_since_stroke <= 183", "months_since_stroke > 6"),
        ("nihss_total >= 20", "lowest(nihss_total, days=7) <= 3"),
        ("any_of(infarct_territory, {'ICA'})", "none_of(infarct_territory, {'MCA'})"),
        ("months_since_last_seizure > 2000",),
        ("days_since_previous_stroke < 31", "days_since_stroke > 30"),
        ("condition == 'tbi'", "months_since_tbi > 3"),
        ("fma_motor_total < 40", "fma_ue > 30"),
    ],
)
def test_rules_that_somebody_can_meet_are_left_alone(texts: tuple[str, ...]) -> None:
    assert not [code for _, code, _ in told(*texts) if "contradiction" in code]


def test_two_contradictions_are_told_apart() -> None:
    found = told("age_years > 60", "coma", "age_years < 50", "not if: coma")
    assert sorted(found) == [
        ("error", "contradiction", ("i1", "i3")),
        ("error", "contradiction", ("i2", "e4")),
    ]


def test_answers_of_one_moment_contradict_with_a_warning() -> None:
    found = told("not if: seizure_history", "months_since_last_seizure < 3")
    assert found == [("warning", "contradiction-of-one-moment", ("e1", "i2"))]
    found = told("not malignancy_history",
                 "any_of(malignancies, {'blood'})")  # fmt: skip
    assert found == [("warning", "contradiction-of-one-moment", ("i1", "i2"))]


@pytest.mark.parametrize(
    ("texts", "finding"),
    [
        (("mrs_current > 3 and mrs_current < 4",), ("error", "never-true", ("i1",))),
        (("not if: epilepsy or not epilepsy",), ("error", "never-false", ("e1",))),
        (("mrs_current >= 0",), ("warning", "never-false", ("i1",))),
        (("not if: nihss_total > 4 and nihss_total < 4",), ("warning", "never-true", ("e1",))),
        (("days_since(onset_datetime) < 0",), ("error", "window-impossible", ("i1",))),
        (
            ("days_between(onset_datetime, datetime_thrombolysis_end) < -3 or coma",),
            ("warning", "window-impossible", ("i1",)),
        ),
        (("if_unknown(coma, False)",), ("warning", "never-unknown", ("i1",))),
        (
            ("if_unknown(coma and mrs_current > 3, True) or if_unknown(epilepsy, False)",),
            ("warning", "never-unknown", ("i1",)),
        ),
        (("coma or 3 < mrs_current < 4",), ("warning", "impossible-range", ("i1",))),
        (("coma and (epilepsy or not epilepsy)",), ("warning", "idle-part", ("i1",))),
        (
            ("highest(nihss_total, days=400) > 3",),
            ("warning", "window-beyond-validity", ("i1",)),
        ),
        (("coma", "epilepsy", "not not coma"), ("warning", "duplicate", ("i1", "i3"))),
        (("mrs_current >= 3", "not if: mrs_current < 3"), ("info", "duplicate", ("i1", "e2"))),
        (("mrs_current >= 3", "mrs_current >= 2"), ("info", "redundant", ("i2", "i1"))),
        (
            ("age_years > 40", "epilepsy", "age_years > 30 or not coma"),
            ("info", "redundant", ("i3", "i1")),
        ),
        (
            ("mrs_current in {3, 4} or coma", "not if: coma", "mrs_current > 2"),
            ("info", "redundant", ("i3", "i1", "e2")),
        ),
    ],
)
def test_what_the_linter_tells(
    texts: tuple[str, ...], finding: tuple[str, str, tuple[str, ...]]
) -> None:
    assert told(*texts) == [finding]


def test_a_repeated_id_is_an_error() -> None:
    one, other = rules("coma", "epilepsy")
    twice = [one, Criterion("i1", other.kind, other.text, other.when)]
    assert ("repeated-id", ("i1",)) in [(f.code, f.criteria) for f in lint_protocol("p", twice)]


def test_what_a_team_decides_contradicts_nothing() -> None:
    team = rules("consent_given", "not if: consent_given")
    judged = Criterion("e9", "exclusion", "unfit", parse("age_years > 0"), judgement=True)
    found = lint_protocol("p", [*team, *rules("age_years > 50"), judged])
    assert not [one for one in found if "contradiction" in one.code]


def test_rules_tested_first_contradict_but_are_not_repeated() -> None:
    before = [Criterion("adult", "inclusion", "adult", parse("age_years >= 18"))]
    (child,) = rules("age_years < 12")
    (found,) = [f for f in lint_protocol("p", [child], before) if f.severity == "error"]
    assert found.criteria == ("adult", "i1")
    assert not [f for f in lint_protocol("p", rules("age_years >= 18"), before) if f.criteria]


def test_fields_that_no_record_answers() -> None:
    found = lint_protocol("p", rules("lesion_max_diameter_cm > 2", "years_since_malignancy < 5"))
    assert [(one.code, one.severity, one.criteria) for one in found] == [
        ("no-source", "info", ("i1",)),
        ("not-from-tables", "info", ("i2",)),
    ]


@pytest.mark.parametrize(
    ("text", "when", "named"),
    [
        ("18 to 75 years old", "18 <= age_years <= 75", True),
        ("18 to 75 years old", "18 <= age_years <= 57", False),
        ("two weeks to six months after the stroke", "14 <= days_since_stroke <= 183", True),
        ("within 6 months", "months_since_stroke <= 9", False),
        ("platelets under 100,000/mm3", "platelet_count_10e9_l < 100", True),
        ("platelets under 100,000/mm3", "platelet_count_10e9_l < 150", False),
        ("NIHSS above 10 and up to 35", "11 <= nihss_total <= 35", True),
        ("NIHSS 10 to 35", "11 <= nihss_total <= 35", False),
        ("Brunnstrom stage III or IV", "3 <= brunnstrom_stage <= 4", True),
        ("outside the range", "age_years > 80", True),
    ],
)
def test_limits_that_the_text_does_not_name(text: str, when: str, *, named: bool) -> None:
    rule = Criterion("i1", "inclusion", text, parse(when))
    found = [one for one in lint_protocol("p", [rule]) if one.code == "limit-not-in-text"]
    assert bool(found) is not named
    assert all(one.severity == "info" for one in found)


def test_codes_that_no_protocol_needs() -> None:
    named = " ".join(one.found for one in unused_code_sets(rules("fma_motor_total > 3")))
    assert "`nihss_total`" in named
    assert "`onset_datetime`" in named
    named = " ".join(one.found for one in unused_code_sets(rules("days_since_stroke > 3")))
    assert "`onset_datetime`" not in named


def test_a_finding_reads_as_one_line() -> None:
    finding = Finding("code", "error", "p", ("i1", "e2"), "found", "expected", "Do this")
    assert str(finding) == "error code i1, e2: found; expected expected. Do this"
    assert finding.as_data()["criteria"] == ("i1", "e2")


PAGE = Path(__file__).parents[2] / "docs" / "checking-protocols.md"


def examples_of_the_page() -> list[tuple[str, str, list[str]]]:
    """Give the rows of the table that have an example: code, severity, rules."""
    found, code, grave = [], "", ""
    for line in PAGE.read_text(encoding="utf-8").split("## What is found")[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 4:
            continue
        code, grave = (cells[0].strip("`"), cells[1]) if cells[0] else (code, grave)
        parts = re.findall(r"(not if )?`([^`]+)`", cells[3])
        if parts:
            texts = [f"{'not if: ' if refused else ''}{when}" for refused, when in parts]
            found.append((code, grave, texts))
    return found


@pytest.mark.parametrize(("code", "grave", "texts"), examples_of_the_page())
def test_the_examples_of_the_page_are_found(code: str, grave: str, texts: list[str]) -> None:
    found = {one.code: one.severity for one in lint_protocol("page", rules(*texts))}
    assert code in found
    assert found[code] in grave


def test_the_page_has_an_example_of_most_kinds() -> None:
    assert len({code for code, _, _ in examples_of_the_page()}) >= 13


# ---------------------------------------------------------------- random trees and random people


def possible(source: Source, answer: Answer) -> bool:
    """Whether a drawn answer is one that a case could give: within its range, on its steps."""
    place, value = place_of(source, exact=True), answer.value
    if not answer.known or not isinstance(value, float | Span):
        return True
    ends = (value.low, value.high) if isinstance(value, Span) else (value, value)
    return all(
        place.never
        if math.isinf(end)
        else place.low <= end * place.factor <= place.high
        and (not place.step or (end / place.step).is_integer())
        for end in ends
    )


def drawn_person(random: Random) -> Person:
    drawn = {source: draw_answer(random, source) for source in SOURCES}
    return {
        source: answer if possible(source, answer) else Answer(field_of(source), "missing")
        for source, answer in drawn.items()
    }


def exact_person(random: Random) -> Person:
    """Draw a person of whom everything is known exactly."""
    person = drawn_person(random)
    for source in SOURCES:
        while not person[source].known or isinstance(person[source].value, Span | OpenList):
            answer = draw_answer(random, source)
            if possible(source, answer):
                person[source] = answer
    return person


@given(st.integers(0, 10**9))
@settings(max_examples=120)
def test_what_holds_of_a_person_is_never_called_impossible(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - which example, not a secret
    person = drawn_person(random)
    drawn = [draw_rule(random, 2) for _ in range(random.randint(1, 4))]
    goals = [Wanted(one, mask_of(evaluate(one, person.__getitem__).truth)) for one in drawn]
    assert find_person(goals, exact=False).who != "nobody"


@given(st.integers(0, 10**9))
@settings(max_examples=12)
def test_a_protocol_with_a_witness_is_never_contradictory(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - which example, not a secret
    person = exact_person(random)
    protocol: list[Criterion] = []
    while len(protocol) < 4:
        rule = draw_rule(random, 2)
        truth = evaluate(rule, person.__getitem__).truth
        if truth.known:
            kind: Kind = "inclusion" if truth is Truth.TRUE else "exclusion"
            protocol.append(Criterion(f"r{len(protocol)}", kind, "drawn", rule))
    codes = {one.code for one in lint_protocol("drawn", protocol) if one.severity == "error"}
    assert codes == set()


@given(st.integers(0, 10**9))
@settings(max_examples=150)
def test_without_computed_numbers_the_search_always_ends_in_a_proof(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - which example, not a secret
    drawn = [draw_rule(random, 2) for _ in range(3)]
    goals = [Wanted(one, random.choice([TRUE, FALSE, UNKNOWN])) for one in drawn]
    leaves = [leaf for one in drawn for leaf in leaves_of(one)]
    words = {v for leaf in leaves if isinstance(leaf, ListTest | Counted) for v in leaf.values}
    if any(isinstance(leaf, Measured) for leaf in leaves) or len(words) > 5:  # nothing is claimed
        return
    found = find_person(goals, exact=False)
    assert found.who in ("nobody", "somebody")
    if found.who == "somebody":
        for goal in goals:
            truth = evaluate(goal.expression, lambda s: found.person.get(s) or missing(s)).truth
            assert mask_of(truth) & goal.mask


def missing(source: Source) -> Answer:
    return Answer(field_of(source), "missing")


@given(st.integers(0, 10**9))
@settings(max_examples=25)
def test_a_contradiction_by_construction_is_found(seed: int) -> None:
    """Some rules of a person, and one that says the opposite of them together."""
    random = Random(seed)  # noqa: S311 - which example, not a secret
    chosen: list[Expression] = []
    while len(chosen) < 2:
        rule = draw_rule(random, 2)
        varies = constant_truth(rule) is None and not isinstance(rule, Resolved)
        if varies and not any(isinstance(leaf, Measured) for leaf in leaves_of(rule)):
            chosen.append(rule)
    protocol = [Criterion(f"i{n}", "inclusion", "drawn", rule) for n, rule in enumerate(chosen)]
    protocol.append(Criterion("e", "exclusion", "drawn", chosen[random.randrange(2)]))
    protocol.append(Criterion("x", "inclusion", "drawn", Not(Not(chosen[0]))))
    found = [one for one in lint_protocol("drawn", protocol) if one.code == "contradiction"]
    assert found
    for one in found:
        named = [rule for rule in protocol if rule.id in one.criteria]
        for left_out in named if len(named) > 1 else []:
            rest = [rule for rule in named if rule is not left_out]
            assert not [f for f in lint_protocol("d", rest) if f.code == "contradiction"]


@given(st.integers(0, 10**9))
@settings(max_examples=25)
def test_what_is_said_of_rules_holds_of_drawn_people(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - which example, not a secret
    drawn = [draw_rule(random, 1) for _ in range(4)]
    protocol = [
        Criterion(f"r{n}", random.choice(["inclusion", "exclusion"]), "drawn", rule)
        for n, rule in enumerate(drawn)
    ]
    people = [drawn_person(random) for _ in range(40)]
    for finding in lint_protocol("drawn", protocol):
        first, *others = (protocol[int(name.removeprefix("r"))] for name in finding.criteria)
        for person in people:
            truth = evaluate(first.when, person.__getitem__).truth
            met = [judge(rule, person.__getitem__).truth is Truth.TRUE for rule in others]
            match finding.code:
                case "never-true" | "window-impossible":
                    assert truth is not Truth.TRUE or not finding.found.startswith("`")
                case "never-false":
                    assert truth is not Truth.FALSE
                case "never-unknown":
                    assert truth.known
                case "redundant" | "duplicate" if all(met):
                    assert judge(first, person.__getitem__).truth is Truth.TRUE
                case "contradiction":
                    assert not all(met) or judge(first, person.__getitem__).truth is not Truth.TRUE


def test_days_and_hours_of_a_day_are_two_things_where_something_may_be_open() -> None:
    """On a day known without its hour the days are a number, and the hours a stretch."""
    case = case_from_data({"as_of": "2026-11-20T12:00+00:00", "onset_datetime": "2026-11-19"})
    texts = ("days_since_stroke == 1", "if_unknown(hours_since_stroke < 24, True)",
             "if_unknown(hours_since_stroke > 24, True)")  # fmt: skip
    protocol = rules(*texts)
    assert all(evaluate(rule.when, case).truth is Truth.TRUE for rule in protocol)
    assert not [one for one in lint_protocol("p", protocol) if one.code == "contradiction"]


def test_the_drawn_rules_cover_the_kinds_of_fields() -> None:
    assert {*FLAGS, *NUMBERS, *WORDS, *LISTS} <= set(SOURCES)
    assert all(KNOWABLE.values())
