"""Rules for plain words: yes or no, and some of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from saisei.therapies.ctgov.part import Part, wanted
from saisei.therapies.ctgov.splitting import Side
from saisei.therapies.ctgov.words import any_of, compiled, has, table

__all__ = ["read_concepts", "read_lists"]

_JOINT = (
    r"\s?(?:,|/|;|&|\+|\s?and/or\s|\s?and\s|\s?or\s)+\s?"
    r"(?:(?:or|and|the|to|for|known|positive)\s)*"
)
"""What may stand between two values of a run."""


def read_lists(text: str, side: Side) -> Iterator[Part]:
    """Read runs of values of a list: ``HIV, hepatitis B or C``."""
    for row in table()["lists"]:
        if has(row.get("not_with", ()), text):
            continue
        values = {value: any_of(terms) for value, terms in row["values"].items()}
        one = "(?:" + "|".join(values.values()) + ")"
        joint = _JOINT
        for match in compiled(rf"{one}(?:{joint}{one})*").finditer(text):
            named = [
                value for value, terms in values.items() if compiled(terms).search(match.group())
            ]
            part = _list_part(text, side, row, match.span(), named)
            if part is not None:
                yield part


def _list_part(
    text: str, side: Side, row: Mapping[str, Any], span: tuple[int, int], named: list[str]
) -> Part | None:
    members = ", ".join(f"'{name}'" for name in dict.fromkeys("+".join(named).split("+")))
    when = f"{row['operator']}({row['field']}, {{{members}}})"
    lead = _before(text, span[0], row.get("lead", ()))
    only = _before(text, span[0], row.get("whole_lead", ()))
    if only is not None:
        lead, when = only, f"within({row['field']}, {{{members}}})"
    tail = _behind(text, span[1], [*row.get("tail", ()), *row.get("after", ())])
    opposite = _before(text, span[0], row.get("opposite", ()))
    if row.get("inclusion_needs_opposite") and (side == "inclusion") != (opposite is not None):
        return None
    if row.get("needs_lead") and lead is None and not (row.get("after") and tail is not None):
        return None
    if row.get("needs_tail") and lead is None and tail is None:
        return None
    if opposite is not None:
        return Part(opposite, tail or span[1], f"not {when}")
    return Part(span[0] if lead is None else lead, tail or span[1], when)


def _before(text: str, at: int, terms: Iterable[str]) -> int | None:
    terms = tuple(terms)
    if not terms:
        return None
    match = compiled(rf"{any_of(terms)}[\s:(]*(?:the\s)?$").search(text[:at])
    return match.start() if match else None


def _behind(text: str, at: int, terms: Iterable[str]) -> int | None:
    terms = tuple(terms)
    if not terms:
        return None
    match = compiled(rf"[\s-]*{any_of(terms)}").match(text, at)
    return match.end() if match else None


def read_concepts(text: str, side: Side) -> Iterator[Part]:
    """Read what is so or not, by the rows of `concepts`."""
    for row in table()["concepts"]:
        if side not in row.get("kinds", (side,)) or has(row.get("not_with", ()), text):
            continue
        for match in wanted(row["terms"]).finditer(text):
            yield Part(
                match.start(), match.end(), row["when"], row.get("note", ""),
                narrow=row.get("wider", False), team=row.get("team", False),
            )  # fmt: skip
