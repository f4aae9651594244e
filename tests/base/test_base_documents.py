"""Documents: what is read, what is refused, and where things stand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.base.documents import parse_document, read_document
from saisei.base.errors import DocumentError


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty", None),
        (b"# only a comment\n", "empty", None),
        (b"a: 1\nb: [1, 2", "syntax", 3),
        (b"a: &x 1\nb: *x", "alias", 2),
        (b"a: !!python/object:os.system x", "tag", 1),
        (b"a: 1\nb: 2\na: 3", "repeated", 3),
        (b"a: 1\nb: \xff", "encoding", 2),
        (b"? [a, b]\n: 1", "key", 1),
        (b"a: 1\n---\nb: 2", "several", 2),
        (b"[" * 5_000 + b"]" * 5_000, "too-deep", 1),
        (b"- " * 5_000, "too-deep", 1),
    ],
)
def test_what_is_refused_is_told_with_its_line(content: bytes, code: str, line: int | None) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(content, "case.yaml")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.place is not None
    assert problem.place.file == "case.yaml"
    if line is not None:
        assert problem.place.line in (line, line - 1)


def test_nested_aliases_are_refused_before_they_grow() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join(['*' + before] * 10)}]")
    with pytest.raises(DocumentError, match="alias"):
        parse_document("\n".join(lines).encode(), "case.yaml")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("1.2e9", 1.2e9),
        ("1.2e+9", 1.2e9),
        ("007", 7),
        ("2024-09-18", "2024-09-18"),
        ("2024", 2024),
        ('"2024"', "2024"),
        ("~", None),
        ("true", True),
        ("-.inf", -math.inf),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
    ],
)
def test_scalars_follow_yaml_1_2(written: str, value: object) -> None:
    found = parse_document(f"a: {written}".encode(), "x.yaml").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_nan_is_read_as_nan() -> None:
    assert math.isnan(parse_document(b"a: .nan", "x.yaml").data["a"])


def test_places_lead_to_the_key_and_fall_back_to_the_parent() -> None:
    document = parse_document(b"a:\n  - x: 1\n  - y: 2\n", "x.yaml")
    assert document.place("a", 1, "y").line == 3
    assert document.place("a", 1, "nowhere").line == 3
    assert document.place("a", 1, "y").path == "a.1.y"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc_", min_size=1, max_size=6), json_values, min_size=1))
def test_json_reads_as_json(value: dict[str, object]) -> None:
    import json  # noqa: PLC0415 - the oracle of this test alone

    text = json.dumps(value, ensure_ascii=True)
    assert parse_document(text.encode(), "x.json").data == json.loads(text)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_document_or_one_clear_refusal(content: bytes) -> None:
    try:
        parse_document(content, "x.yaml")
    except DocumentError as error:
        assert str(error).startswith("x.yaml")  # noqa: PT017 - both ends are allowed


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is a folder"):
        read_document(tmp_path)
    with pytest.raises(DocumentError, match="no such file"):
        read_document(tmp_path / "none.yaml")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"a" * 2_000_001)
    with pytest.raises(DocumentError, match="at most 2,000,000 bytes"):
        read_document(path)
