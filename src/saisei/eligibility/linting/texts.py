"""Numbers of a rule that its own text does not hold: the slip of a digit, a limit of another rule.

The text is the protocol's, in English words. A limit is found in it as it stands, in another unit
of time or a power of ten, or next to it on a scale that has steps (*above 10* is 11 and more). A
limit that is not found is no mistake by itself: *outside the age range* names none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from saisei.cases import fields
from saisei.eligibility.asked import limits_of
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.linting.findings import Finding
from saisei.eligibility.tree import Leaf, field_of, leaves_of, sources_of
from saisei.vocabulary import days_per_month

__all__ = ["limits_not_in_text"]

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_WORDS = {
    "no": 0, "zero": 0, "a": 1, "an": 1, "any": 1, "single": 1, "one": 1, "two": 2, "three": 3,
    "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "half": 0.5, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "day": 1,
    "week": 1, "month": 1, "year": 1,
}  # fmt: skip
_BESIDE = re.compile(
    r"above|below|over|under|more|less|fewer|least|most|greater|smaller", re.IGNORECASE
)
"""Words with which a whole number may stand one beside the limit: *above 10* is 11 and more."""
_OF_TIME = frozenset({"h", "d", "wk", "mo"})
_WHOLE = frozenset({"{score}", "a", ""})
"""Units in which a text and a rule both count: points, years of age."""
_CLOSE = 0.006
"""Two months are 61 days, or 60.9: such a difference is no other number."""


def limits_not_in_text(protocol: str, rule: Criterion) -> Iterator[Finding]:
    """Find the limits of a rule that its text does not name in any unit."""
    text = f"{rule.text} {rule.note}"
    said = set(_numbers(text))
    missing = [
        limit
        for leaf in leaves_of(rule.when)
        for limit in limits_of([leaf])
        if not any(_same(abs(limit), number, leaf, text) for number in said)
    ]
    if missing and said:
        named = ", ".join(f"{limit:g}" for limit in dict.fromkeys(missing))
        yield Finding(
            "limit-not-in-text", "info", protocol, (rule.id,),
            f"{named} is not in the text: {rule.text!r}", "the numbers of the text",
            "Compare the two; a note of the rule may say where the number comes from",
        )  # fmt: skip


def _numbers(text: str) -> Iterator[float]:
    for number in _NUMBER.findall(text):
        yield float(number.replace(",", ""))
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in _WORDS:
            yield float(_WORDS[word])


def _same(limit: float, number: float, leaf: Leaf, text: str) -> bool:
    """Whether a number of the text is the limit, beside it on a scale, or in another unit."""
    known = [fields()[field_of(source)] for source in sources_of(leaf)]
    steps = [field.step for field in known if field.step] if _BESIDE.search(text) else []
    if limit == number or any(abs(limit - number) == step for step in steps):
        return True
    units = {field.unit or "" for field in known}
    return any(math.isclose(limit, number * one, rel_tol=_CLOSE) for one in _factors(units))


def _factors(units: set[str]) -> set[float]:
    """Give how many of a field's units one of the text may be."""
    if units <= _WHOLE:
        return {1.0}
    if not units <= _OF_TIME:
        return {10.0**power for power in range(-6, 7)}
    lengths = (1 / 24, 1.0, 7.0, days_per_month(), 365.2425)
    return {one / other for one in lengths for other in lengths}
