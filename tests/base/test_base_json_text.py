"""JSON by its own rules: what is JSON is read as the standard library reads it, nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.base.documents import MAX_DEPTH
from saisei.base.errors import DocumentError
from saisei.base.json_text import parse_json

REFUSED = {
    "empty": b"",
    "blank": b" \n",
    "truncated": b'{"a": [1, 2',
    "latin-1": b'{"a": "m\xe4le"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "utf-8 with a mark": b"\xef\xbb\xbf{}",
    "yaml": b"a: 1",
    "two values": b"{} {}",
    "comment": b"{} // no",
    "single quotes": b"{'a': 1}",
    "trailing comma": b"[1,]",
    "NaN": b"[NaN]",
    "infinite": b"[-Infinity]",
    "too large": b"[1e999]",
    "too long": b"[" + b"9" * 400 + b"]",
    "leading zero": b"[01]",
    "hexadecimal": b"[0x1f]",
    "repeated": b'{"a": 1, "a": 2}',
    "repeated by escape": b'{"a": 1, "\\u0061": 2}',
    "half a pair": b'["\\ud83d"]',
    "half a pair as a name": b'{"\\udc00": 1}',
    "control letter": b'["\x01"]',
    "deep lists": b"[" * 100_000,
    "deep lists, closed": b"[" * 5_000 + b"]" * 5_000,
    "deep objects": b'{"a":' * 60 + b"1" + b"}" * 60,
    "one level too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "long and not a number": b"-" * 100_000,
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_json_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(DocumentError) as told:
        parse_json(content, "body")
    assert len(told.value.problems) == 1
    assert told.value.problems[0].found
    assert len(str(told.value)) < 300


def test_the_deepest_is_read() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "body").data


def test_a_long_number_is_what_a_float_holds_of_it() -> None:
    assert parse_json(b"[12345678901234567890]", "body").data == [1.2345678901234567e19]
    assert parse_json(b"[123456789012345678]", "body").data == [123456789012345678]


def test_a_place_is_the_path() -> None:
    assert parse_json(b'{"a": [{"b": 1}]}', "body").place("a", 0, "b").path == "a.0.b"


PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("aé💡 "), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(PLAIN, st.booleans())
def test_what_is_written_as_json_is_read_the_same(value: Any, ascii_only: bool) -> None:  # noqa: FBT001  # drawn
    written = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert parse_json(written, "body").data == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        found = parse_json(content, "body").data
    except DocumentError:
        return
    assert found == json.loads(content)
