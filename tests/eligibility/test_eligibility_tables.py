"""The tables of docs/criteria.md, run: what a clinician can read there is what the engine does."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from saisei.base.dates import Span
from saisei.cases import Answer, Case, Known, OpenList, case_from_data, fields
from saisei.eligibility import by_field, evaluate, parse, reading_words, sentence
from saisei.eligibility.catalogue import words_in

PAGE = Path(__file__).parents[2] / "docs" / "criteria.md"
RESULTS = {"yes": "TRUE", "no": "FALSE", "unknown": "UNKNOWN"}


def tables() -> Iterator[list[list[str]]]:
    """Give every table of the page as rows of cells."""
    for block in PAGE.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        if lines:
            yield [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def rows_of_people() -> Iterator[tuple[dict[str, str], str, str]]:
    for header, _, *rows in tables():
        if header[0] not in fields():
            continue
        for row in rows:
            said = dict(zip(header, row, strict=True))
            person = {name: cell for name, cell in said.items() if name in fields()}
            for name, cell in said.items():
                if name not in fields():
                    yield person, name.strip("`"), cell


def meant(field: str, cell: str) -> Answer:
    """Turn a cell of a table into the answer that a case would give."""
    if cell == "unknown":
        return Answer(field, "missing")
    kind = fields()[field].type
    value: Known
    if kind == "boolean":
        value = cell == "yes"
    elif kind == "list" and cell.endswith("others unknown"):
        parts = re.split(", *", cell)[:-1]
        lacks = frozenset(one.removeprefix("not ") for one in parts if one.startswith("not "))
        value = OpenList(frozenset(one for one in parts if not one.startswith("not ")), lacks)
    elif kind == "list":
        value = frozenset() if cell == "none" else frozenset(re.split(", *", cell))
    elif kind == "enum":
        value = cell
    elif " to " in cell:
        low, high = cell.split(" to ")
        value = Span(float(low), float(high))
    else:
        value = math.inf if cell == "never" else float(cell)
    return Answer(field, "known", value)


def rows_of_cases() -> Iterator[tuple[str, str, str, str]]:
    """Give the rows whose first column is a date, or the records of a number."""
    for header, _, *rows in tables():
        field = header[0].removeprefix("records of ")
        recorded = field != header[0]
        if field in fields() and (recorded or fields()[field].type in ("date", "datetime")):
            for cell, *expected in rows:
                for expression, result in zip(header[1:], expected, strict=True):
                    yield field, cell, expression.strip("`"), result


def case_with(field: str, cell: str) -> Case:
    """Make a case of a date, or of records such as ``2026-11-14: 8; 2026-11-19: 4``."""
    moment = {"as_of": "2026-11-20"}
    if cell == "unknown":
        return case_from_data(moment)
    if ": " not in cell:
        return case_from_data({**moment, field: cell})
    records = [one.split(": ") for one in cell.split("; ")]
    return case_from_data(
        {**moment, field: [{"value": float(value), "date": date} for date, value in records]}
    )


PEOPLE = [row for row in rows_of_people() if "since(" not in row[1]]
CASES = list(rows_of_cases())


def test_the_page_holds_tables_of_every_kind() -> None:
    assert len(PEOPLE) > 120
    assert {fields()[name].type for person, _, _ in PEOPLE for name in person} == {
        "boolean",
        "number",
        "list",
        "enum",
    }


@pytest.mark.parametrize(("person", "expression", "expected"), PEOPLE)
def test_row(person: dict[str, str], expression: str, expected: str) -> None:
    found = evaluate(parse(expression), by_field(lambda field: meant(field, person[field])))
    assert found.truth.name == RESULTS[expected]
    if expected != "unknown":
        assert found.missing == frozenset()
    else:
        assert found.missing <= set(person)
        assert found.missing


@pytest.mark.parametrize(("field", "cell", "expression", "expected"), CASES)
def test_row_of_records(field: str, cell: str, expression: str, expected: str) -> None:
    assert evaluate(parse(expression), case_with(field, cell)).truth.name == RESULTS[expected]


SENTENCES = [
    (rule.strip("`"), said)
    for header, _, *rows in tables()
    if header == ["rule", "sentence"]
    for rule, said in rows
]


@pytest.mark.parametrize(("rule", "said"), SENTENCES)
def test_sentence(rule: str, said: str) -> None:
    assert sentence(parse(rule)) == said


JAPANESE = [
    (rule.strip("`"), said)
    for header, _, *rows in tables()
    if header == ["rule", "文"]
    for rule, said in rows
]


@pytest.mark.parametrize(("rule", "said"), JAPANESE)
def test_japanese_sentence(rule: str, said: str) -> None:
    assert sentence(parse(rule), "ja") == said


def test_the_verdicts_on_the_page_are_the_words_of_the_catalogue() -> None:
    rows = next(rows for header, _, *rows in tables() if header[0] == "verdict")
    keys = {row[0]: key for row in rows for key in VERDICTS if words_in("en")[key] == row[0]}
    assert set(keys.values()) == set(VERDICTS)
    assert [row[1] for row in rows] == [words_in("ja")[keys[row[0]]] for row in rows]


VERDICTS = ("judged.met", "judged.not_met", "judged.unknown", "judged.team")


READ: list[tuple[str, Answer]] = [
    ("mrs_current == 3", Answer("mrs_current", "known", 3.0)),
    ("seizure_history", Answer("seizure_history", "known", value=True)),
    ("seizure_history", Answer("seizure_history", "missing")),
]


def test_the_readings_on_the_page_are_what_is_said_of_a_person() -> None:
    rows = next(rows for header, _, *rows in tables() if header[0] == "verdict")
    for (rule, answer), (_, _, english, japanese) in zip(READ, rows, strict=False):
        (reading,) = evaluate(parse(rule), by_field({answer.field: answer}.__getitem__)).because
        assert (reading_words(reading), reading_words(reading, "ja")) == (english, japanese)


def test_the_page_lists_the_forms_that_parse() -> None:
    forms = next(rows for header, _, *rows in tables() if header == ["form", "example"])
    examples = [code for _, cell in forms for code in re.findall("`([^`]*)`", cell)]
    parsed = [parse(code) for code in examples if any(field in code for field in fields())]
    assert len(parsed) >= 13
