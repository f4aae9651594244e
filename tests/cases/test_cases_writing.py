"""A case file with further answers: it reads back as what was answered, and loses nothing."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from saisei.base.dates import parse_as_of
from saisei.base.documents import parse_document
from saisei.base.errors import CaseError
from saisei.cases import Case, case_from_data, case_template, extended_case, fields

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
HAND = """\
# A synthetic case.
respondent: family   # his daughter
onset_datetime: 2024
mrs_current: {value: 4, date: 2026-01-10}

# History
stroke_type: unknown
antithrombotics:
  - {drug: aspirin}
  # no others
# The end
"""


def read(text: str) -> Case:
    return case_from_data(parse_document(text.encode(), "case.yaml"), as_of=AS_OF)


def extended(text: str, answers: dict[str, Any]) -> str:
    return extended_case(text, read(text), answers)


def test_what_stood_in_the_file_stays_with_its_comments() -> None:
    text = extended(HAND, {"sex": "female", "diabetes": True, "stroke_type": "ischemic"})
    for line in HAND.splitlines():
        assert line in text.splitlines() or line == "stroke_type: unknown"
    assert "stroke_type: ischemic" in text.splitlines()
    assert text.splitlines()[-3].startswith("# Answered at 2026-11-20T09:00+09:00")


def test_a_dated_value_stays_beside_its_newer_one() -> None:
    case = read(extended(HAND, {"mrs_current": 3}))
    assert [entry.value for entry in case.entries["mrs_current"]] == [4.0, 3.0]
    assert case.answer("mrs_current").value == 3.0


def test_an_answer_takes_the_place_of_one_without_a_date() -> None:
    text = extended(HAND, {"onset_datetime": "2024-09-18", "antithrombotics": ["apixaban"]})
    case = read(text)
    assert len(case.entries["onset_datetime"]) == 1
    assert case.answer("antithrombotics").value == frozenset({"apixaban"})
    assert "aspirin" not in text
    assert "# The end" in text


def test_the_empty_case_takes_answers_in_the_place_of_their_questions() -> None:
    text = extended(case_template(), {"mrs_current": 2, "sex": "male", "warning_signs": []})
    case = read(text)
    assert set(case.entries) == {"mrs_current", "sex", "warning_signs"}
    assert "# Answered at" not in text
    assert text.count("#") == case_template().count("#")


def test_items_of_the_empty_case_are_replaced_whole() -> None:
    items = {"feeding": 5, "bathing": 0}
    assert read(extended(case_template(), {"barthel_items": items})).entries["barthel_items"]


def test_a_json_case_stays_json() -> None:
    text = extended('{"sex": "male", "birth_date": "1956-02-01"}', {"diabetes": False})
    said = json.loads(text)
    assert said["sex"] == "male"
    assert said["diabetes"] == {"value": False, "date": "2026-11-20T09:00+09:00"}


@pytest.mark.parametrize(
    "text",
    [
        "{respondent: self,\n sex: male}\n",
        '"sex": male\n',
        "sex: male\nmrs_current:\n- {value: 4, date: 2026-01-10}\n- {value: 3, date: 2026-02-10}\n",
    ],
)
def test_other_ways_to_write_a_case_are_kept_in_meaning(text: str) -> None:
    before = read(text)
    case = read(extended(text, {"mrs_current": 1, "sex": "female"}))
    assert case.answer("sex").value == "female"
    assert case.answer("mrs_current").value == 1.0
    earlier = before.entries.get("mrs_current", ())
    assert case.entries["mrs_current"][:-1] == earlier


@pytest.mark.parametrize("seed", range(25))
def test_answers_read_back_as_they_were_given(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - which answers are tried, not a secret
    answers: dict[str, Any] = {}
    kept = read(HAND)
    for wanted in random.sample(list(fields().values()), 40):
        raw = drawn(random, wanted.type, wanted.values, wanted.range)
        try:
            kept = kept.answered(**{wanted.id: raw})
        except CaseError:
            continue
        answers[wanted.id] = raw
    again = read(extended(HAND, answers))
    for name in fields():
        one, other = kept.answer(name), again.answer(name)
        assert (one.state, one.value) == (other.state, other.value), name


def drawn(random: Random, kind: str, values: tuple[str, ...], span: Any) -> Any:
    match kind:
        case "boolean":
            return random.choice([True, False, "never"])
        case "number":
            return float(random.randint(int(span.low), int(span.high))) if span else 1.0
        case "enum":
            return random.choice(values)
        case "list":
            return random.sample(values, min(2, len(values)))
        case _:
            return random.choice(["2025-03-01", "2024", "never"])
