"""Reading dated scores: what is taken, what is counted, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.base.errors import DocumentError
from saisei.forecast.validation_rows import Reading, ScoreTable, read_scores

HEAD = "person,day,scale,value\n"


def read(tmp_path: Path, text: str) -> ScoreTable:
    path = tmp_path / "scores.csv"
    path.write_bytes(text.encode())
    return read_scores(path)


def test_scores_are_read_oldest_first(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}a,90,fma_ue,40\na,7,fma_ue,12\nb,7.5,barthel,55\n")
    assert found.readings == {
        "fma_ue": {"a": (Reading(7, 12), Reading(90, 40))},
        "barthel": {"b": (Reading(7.5, 55),)},
    }
    assert (found.rows, found.people) == (3, 2)


def test_order_case_separators_and_line_ends_do_not_matter(tmp_path: Path) -> None:
    text = "Value;Person;site;Day;SCALE\r40;a;x;90;FMA-UE\r12;a;x;7;fma_ue\r"
    found = read(tmp_path, text)
    assert found.readings == {"fma_ue": {"a": (Reading(7, 12), Reading(90, 40))}}
    assert found.ignored == ("site",)


def test_what_is_not_used_is_counted(tmp_path: Path) -> None:
    rows = ["a,7,fma_ue,12", "a,7,fma_ue,12", "a,30,fma_ue,NA", "a,30,nihss,5", "a,40,barthel,"]
    found = read(tmp_path, HEAD + "\n".join(rows))
    assert (found.missing, found.repeated, found.not_forecast) == (2, 1, {"nihss": 1})


def test_scores_between_steps_go_to_the_nearest_and_are_counted(tmp_path: Path) -> None:
    rows = ["a,7,fma_ue,12.5", "a,8,fma_ue,12.4", "a,7,barthel,52", "a,8,barthel,52.5"]
    found = read(tmp_path, HEAD + "\n".join(rows))
    values = {scale: [one.value for one in of["a"]] for scale, of in found.readings.items()}
    assert values == {"fma_ue": [13, 12], "barthel": [50, 55]}
    assert found.between == {"fma_ue": 2, "barthel": 2}


def test_a_row_may_name_its_context(tmp_path: Path) -> None:
    text = "person,day,scale,value,context\na,7,fma_ue,12,trial-control\na,9,fma_ue,12,\n"
    found = read(tmp_path, text)
    assert [one.context for one in found.readings["fma_ue"]["a"]] == ["trial-control", ""]


def test_a_mapping_of_columns_is_a_table_too() -> None:
    columns = {"person": [1, 1], "day": [7, 30.5], "scale": ["fma_ue"] * 2, "value": [3, 4.0]}
    assert read_scores(columns).readings["fma_ue"] == {"1": (Reading(7, 3), Reading(30.5, 4))}


@pytest.mark.parametrize(
    ("row", "field", "line", "column", "found"),
    [
        ("a,x,fma_ue,12", "day", 3, 3, "this is no number"),
        ("a,,fma_ue,12", "day", 3, 3, "there is nothing"),
        ("a,-1,fma_ue,12", "day", 3, 3, "it lies before the stroke"),
        ("a,99999,fma_ue,12", "day", 3, 3, "nobody lives so long"),
        ("a,inf,fma_ue,12", "day", 3, 3, "this is no number"),
        ("a,1_0,fma_ue,12", "day", 3, 3, "this is no number"),
        ("a,9,fma_ue,twelve", "value", 3, 12, "this is no number"),
        ("a,9,fma_ue,67", "value", 3, 12, "it lies beyond the scale fma_ue"),
        ("a,9,fma_ue,-1", "value", 3, 12, "it lies beyond the scale fma_ue"),
        ("a,9,barthel,101", "value", 3, 13, "it lies beyond the scale barthel"),
        ("a,9,nihss,43", "value", 3, 11, "it lies beyond the scale nihss"),
        ("a,9,fugl,12", "scale", 3, 5, "this is no scale that is known"),
        ("a,7,fma_ue,13", "value", 3, 12, "the same person has another one on the same day"),
        (",9,fma_ue,12", "person", 3, 1, "there is nothing"),
    ],
)
def test_mistakes_name_line_column_and_field_but_no_value(
    tmp_path: Path, row: str, field: str, line: int, column: int, found: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, f"{HEAD}a,7,fma_ue,12\n{row}\n")
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (line, column)
    assert problem.found == found
    assert problem.expected
    secret = row.split(",")[3 if field == "value" else 1 if field == "day" else 2]
    if field in {"value", "day", "scale"} and secret:
        message = str(problem).replace(str(problem.place), "").replace(problem.expected, "")
        assert secret not in message.replace("fma_ue", "").split()


def test_an_unknown_context_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"scores.csv:2:14: context: .*trial-control"):
        read(tmp_path, "person,day,scale,value,context\na,7,fma_ue,1,walks\n")


def test_two_contexts_of_one_score_are_refused(tmp_path: Path) -> None:
    rows = "a,7,fma_ue,1,trial-control\na,7,fma_ue,1,not-known\n"
    with pytest.raises(DocumentError, match=r"scores.csv:3:14: context: the same person"):
        read(tmp_path, f"person,day,scale,value,context\n{rows}")


def test_all_mistakes_are_told_at_once_and_many_are_counted(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, HEAD + "a,7,fma_ue,99\n" * 50)
    assert len(caught.value.problems) == 21
    assert "30 more" in str(caught.value.problems[-1])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (HEAD, "no score"),
        ("person,day,scale\na,7,fma_ue\n", "value: there is no such column"),
        ("person,days,scale,value\na,7,fma_ue,1\n", "'days'"),
        ("person,day,day,scale,value\na,7,7,fma_ue,1\n", "day: the column stands there twice"),
        (f"{HEAD}a,7,fma_ue\n", "3 cells"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read(tmp_path, text)


def test_another_encoding_and_no_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(f"{HEAD}Jos\xe9,7,fma_ue,12\n".encode("latin-1"))
    with pytest.raises(DocumentError, match=r"scores.csv:2: .*UTF-8"):
        read_scores(path)
    with pytest.raises(DocumentError, match="cannot be read"):
        read_scores(tmp_path / "none.csv")
    with pytest.raises(DocumentError, match="folder"):
        read_scores(tmp_path)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    with path.open("wb") as file:
        file.truncate(30_000_000)
    with pytest.raises(DocumentError, match="larger than"):
        read_scores(path)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "ü"]), st.integers(0, 400), st.integers(0, 66)),
        min_size=1,
        max_size=30,
        unique_by=lambda row: row[:2],
    )
)
def test_whatever_is_written_is_read_back(rows: list[tuple[str, int, int]]) -> None:
    columns = {
        "person": [row[0] for row in rows],
        "day": [str(row[1]) for row in rows],
        "scale": ["fma_ue"] * len(rows),
        "value": [str(row[2]) for row in rows],
    }
    found = read_scores(columns).readings["fma_ue"]
    back = {(who, one.day, one.value) for who, ones in found.items() for one in ones}
    assert back == set(rows)
    assert all(list(ones) == sorted(ones, key=lambda one: one.day) for ones in found.values())
