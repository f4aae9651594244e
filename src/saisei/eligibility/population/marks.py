"""The marks of many people, by arrays: what `marks_query` otherwise says in SQL.

A mark is a bit (see `protocols`). Three arrays of ones and noughts stand for each rule: it holds,
it does not, nobody can tell. The marks of a protocol are those arrays laid side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saisei.eligibility.population.protocols import Protocol, mark_columns, marked_rules
from saisei.eligibility.tree import Expression
from saisei.vocabulary import Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bits = NDArray[np.uint8]

__all__ = ["marks_table"]

WHOLE = 8
"""Bytes of a whole number that holds the marks of a protocol."""


def marks_table(
    protocols: Iterable[Protocol],
    rules: Mapping[str, Expression],
    judged: pa.Table,
    settled: Mapping[str, Truth] = MappingProxyType({}),
) -> pa.Table:
    """Give the marks: a row a person, two columns a protocol.

    Parameters
    ----------
    protocols
        Whose rules.
    rules
        The distinct expressions, by the name of their column (`distinct_rules`).
    judged
        ``person`` and a column of truth values, null for unknown, for each of `rules`.
    settled
        Rules that have no such column, because they come to the same for everybody.
    """
    columns = {expression: name for name, expression in rules.items()}
    judged = judged.combine_chunks()
    people = judged.num_rows

    @cache
    def states(column: str) -> dict[bool | None, Bits]:
        if column in settled:
            return _everybody(settled[column], people)
        return _states(judged[column], people)

    made: dict[str, object] = {"person_id": judged["person"]}
    for protocol in protocols:
        marked = marked_rules(protocol, columns)
        failing = [states(column)[fails_when] for column, fails_when in marked]
        unknown = [states(column)[None] for column, _ in marked]
        for name, bits in zip(mark_columns(protocol), (failing, unknown), strict=True):
            made[name] = _packed(bits, people)
    return pa.table(made)


def _states(column: pa.ChunkedArray, people: int) -> dict[bool | None, Bits]:
    """Give, for each of the three truth values, a one for whom it is."""
    if not people:
        return dict.fromkeys((True, False, None), np.zeros(0, np.uint8))
    (chunk,) = column.chunks
    validity, values = chunk.buffers()
    value = _unpacked(values, chunk)
    known = np.ones(people, np.uint8) if validity is None else _unpacked(validity, chunk)
    return {True: known & value, False: known & ~value, None: known ^ np.uint8(1)}


def _everybody(truth: Truth, people: int) -> dict[bool | None, Bits]:
    """Give the same truth value of everybody."""
    said = truth is Truth.TRUE if truth.known else None
    return {one: np.full(people, one is said, np.uint8) for one in (True, False, None)}


def _unpacked(buffer: pa.Buffer, chunk: pa.Array) -> Bits:
    """Give the bits of an array of truth values as ones and noughts."""
    end = chunk.offset + len(chunk)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")
    return bits[chunk.offset :]


def _packed(bits: Sequence[Bits], people: int) -> NDArray[np.int64]:
    """Lay arrays of ones and noughts side by side as bits of whole numbers, the first lowest."""
    planes = np.zeros((people, WHOLE), np.uint8)
    for plane in range(-(-len(bits) // WHOLE)):
        eight = np.zeros(people, np.uint8)
        for bit, one in enumerate(bits[plane * WHOLE : (plane + 1) * WHOLE]):
            eight |= one << bit
        planes[:, plane] = eight
    return planes.view("<i8")[:, 0]
