"""Frames through the Arrow interface: whoever made them, the same numbers are read."""

from __future__ import annotations

import math
import sys
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from arro3.core import Array, ChunkedArray, DataType, Table

from saisei.base.errors import DocumentError, OptionError
from saisei.evidence import read_table
from saisei.evidence.networks import read_network


class Frame:
    """A frame of another library: it can do nothing but hand over its stream."""

    def __init__(self, chunks: int = 1, **columns: tuple[list[Any], DataType]) -> None:
        arrays: dict[str, Any] = {
            name: ChunkedArray([Array(values, kind) for _ in range(chunks)])
            for name, (values, kind) in columns.items()
        }
        self.table = Table.from_pydict(arrays)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


TEXT = [DataType.string(), DataType.large_string(), DataType.string_view()]
"""As pyarrow, pandas and polars hand over text."""
NUMBERS = [DataType.int64(), DataType.int32(), DataType.uint8(), DataType.float32()]


@pytest.mark.parametrize("kind", TEXT, ids=str)
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_numbers_and_text_of_every_width_are_read(kind: Any, number: Any) -> None:
    frame = Frame(
        slab=(["脳卒中 2020", None], kind),
        ai=([4, 6], number),
        n1i=([123, 200], number),
        ci=([11, None], number),
        n2i=([139, 203], number),
    )
    found = read_table(frame, "OR")
    assert found.labels == ("脳卒中 2020", "study 2")
    assert found.columns["n1"] == (123.0, 200.0)
    assert found.columns["events2"][0] == 11.0
    assert math.isnan(found.columns["events2"][1])


VACCINE: dict[str, list[Any]] = {
    "author": ["Aronson 1948", "Ferguson & Simes 1949"],
    "ai": [4, 6],
    "n1i": [123, 306],
    "ci": [11, 29],
    "n2i": [139, 303],
}


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(VACCINE), pa.table(VACCINE)], ids=["pandas", "arrow"]
)
def test_frames_of_others_give_what_their_columns_give(frame: Any) -> None:
    found, plain = read_table(frame, "RR"), read_table(VACCINE, "RR")
    assert found.labels == ("Aronson 1948", "Ferguson & Simes 1949")
    assert (found.labels, found.columns) == (plain.labels, plain.columns)


def test_a_frame_may_come_in_pieces() -> None:
    frame = Frame(chunks=3, yi=([0.1, 0.2], DataType.float64()), vi=([1, None], DataType.int16()))
    found = read_table(frame, "GEN")
    assert found.columns["y"] == (0.1, 0.2) * 3
    assert [math.isnan(v) for v in found.columns["v"]] == [False, True] * 3
    assert found.lines == (1, 2, 3, 4, 5, 6)


def test_a_mapping_of_columns_needs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arro3.core", None)
    found = read_table({"yi": [0.1, "0.2"], "sei": [1, 0.5], "study": ["A", 1974.0]}, "GEN")
    assert found.columns == {"y": (0.1, 0.2), "v": (1.0, 0.25)}
    assert found.labels == ("A", "1974")


def test_what_is_missing_is_said_when_nothing_reads_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "arro3.core", None)
    with pytest.raises(OptionError, match=r"saisei\[frames\]"):
        read_table(Frame(yi=([0.1], DataType.float64())), "GEN")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"yi": [0.1, "x"], "vi": [1, 1]}, "table:2: y: 'x'"),
        ({"yi": [0.1, True], "vi": [1, 1]}, "table:2: y: True"),
        ({"yi": [0.1, math.inf], "vi": [1, 1]}, "finite"),
        ({"yi": [0.1], "vi": [1, 1]}, "same length"),
        ({"yi": [], "vi": []}, "without a row"),
        ({}, "without a row"),
        ({"yi": [0.1]}, "v"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_row(columns: dict[str, list[Any]], told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        read_table(columns, "GEN")


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(OptionError, match="Arrow"):
        read_table(7, "GEN")  # type: ignore[arg-type]


class Broken:
    """A frame whose stream is none."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return Array([1.0, 2.0], DataType.float64()).__arrow_c_array__()


def test_a_stream_without_columns_is_refused() -> None:
    with pytest.raises(DocumentError, match="frame that cannot be read"):
        read_table(Broken(), "GEN")


def test_a_network_may_come_as_a_frame() -> None:
    word = DataType.string_view()
    frame = Frame(
        studlab=(["S1", "S2"], word),
        treat1=(["A", "B"], word),
        treat2=(["B", "C"], word),
        TE=([0.1, 0.2], DataType.float64()),
        seTE=([0.1, 0.1], DataType.float64()),
    )
    assert read_network(frame).te == (0.1, 0.2)
