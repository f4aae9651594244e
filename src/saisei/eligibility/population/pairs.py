"""Fields whose computation begins beside the records: parts of one entry, changes of a score.

A table of records holds two numbers a record. That is enough for what is computed from such an
entry: its records stand under the computed field, each a pair of what the computation needs of it:

    score_change        the change, twice, at the moment of the later score
    item_sum            the sum, twice
    affected_side       the item of the left, and of the right
    times_upper_limit   the limit of the first test, and of the second (or of the only one, twice)

What the entry does not hold is minus infinity as the first of a pair, and infinity as the second.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from saisei.cases import Field, fields

__all__ = ["ABSENT", "PAIRED", "entry_field", "paired_fields", "parts_of"]

PAIRED = frozenset({"times_upper_limit", "item_sum", "affected_side", "score_change"})
"""Ways of computing a field that begin beside the records."""
LIMITS = "uln"
ABSENT = (-math.inf, math.inf)


def entry_field(field: Field) -> str | None:
    """Name the field whose entries a field is computed from; None for one that is not so."""
    how: Mapping[str, Any] = field.compute or {}
    if how.get("kind") not in PAIRED:
        return None
    return LIMITS if how["kind"] == "times_upper_limit" else str(how["of"])


def paired_fields(name: str) -> Iterator[Field]:
    """Give the fields that are computed from the entries of a field."""
    return (one for one in fields().values() if entry_field(one) == name)


def parts_of(field: Field, held: Mapping[str, Any]) -> tuple[float, float]:
    """Give the pair that an entry leaves for a field.

    Examples
    --------
    >>> parts_of(fields()["nihss_motor_arm"], {"5a": 2.0, "5b": 0.0})
    (2.0, 0.0)
    """
    how: Mapping[str, Any] = field.compute or {}
    match how["kind"]:
        case "item_sum":
            found = [held.get(name) for name in how["items"]]
            if None in found:
                return ABSENT
            total = math.fsum(points for points in found if isinstance(points, float))
            return total, total
        case "affected_side":
            match held.get(how["left"]), held.get(how["right"]):
                case float(left), float(right):
                    return left, right
            return ABSENT
        case _:
            return _limits(how["of"], held)


def _limits(names: Sequence[str], held: Mapping[str, Any]) -> tuple[float, float]:
    first, second = held.get(names[0]), held.get(names[-1])
    return (
        first if isinstance(first, float) else ABSENT[0],
        second if isinstance(second, float) else ABSENT[1],
    )
