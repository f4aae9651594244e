"""Rules for times: since the stroke began, and since something happened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from saisei.therapies.ctgov.amounts import Amount, amount_at, bare_at
from saisei.therapies.ctgov.limits import limit
from saisei.therapies.ctgov.part import Part, time_units, wanted
from saisei.therapies.ctgov.splitting import Side
from saisei.therapies.ctgov.words import any_of, compiled, has, table

__all__ = ["read_events", "read_windows"]


def read_windows(text: str, side: Side) -> Iterator[Part]:
    """Read the time since the stroke began."""
    row = table()["windows"]
    if has(row["not_with"], text):
        return
    for onset in wanted(row["onset"]).finditer(text):
        said = onset.group()
        bare = "onset" not in said and said.endswith(("stroke", "infarction"))
        for found in _times_near(text, onset.span(), row, bare=bare and side == "exclusion"):
            written = limit(row["fields"], found)
            if written:
                start, end = min(onset.start(), found.start), max(onset.end(), found.end)
                note = row["treatment_note"] if has(row["treatment"], text) else ""
                when = _of_kind(onset.group(), written)
                yield Part(start, end, when, note, narrow=bool(note))


def _of_kind(onset: str, written: str) -> str:
    """Add the kind of stroke that the words for its beginning name."""
    if re.search(r"isch|infarct", onset):
        return f"stroke_type == 'ischemic' and {written}"
    if re.search(r"h(a?)emorrhagic", onset):
        return f"stroke_type == 'intracerebral-haemorrhage' and {written}"
    return written


def _times_near(
    text: str, onset: tuple[int, int], row: Mapping[str, Any], *, bare: bool
) -> Iterator[Amount]:
    """Give amounts of time that belong to the stroke's beginning, before or behind it."""
    joined = compiled(rf"[\s-]*(?:{any_of(row['joined'])}[\s-]*)?(?:the\s)?")
    must = compiled(rf"[\s-]*{any_of(row['joined'])}[\s-]*(?:the\s)?")
    for start in range(max(0, onset[0] - 70), onset[0]):
        if start and text[start - 1].isalnum():
            continue
        found = _time_at(text, start)
        if found and (must if found.low is not None or bare else joined).fullmatch(
            text, found.end, onset[0]
        ):
            yield found
            break
    gap = compiled(rf"[\s,:()]*(?:{any_of(table()['window_gaps'])}[\s,:()]*)*")
    match = gap.match(text, onset[1])
    if bare or match is None:
        return
    for at in range(onset[1], match.end() + 1):
        if (found := _time_at(text, at)) and not text[at - 1].isalnum():
            ago = compiled(rf"\s?{any_of(row['ago'])}").match(text, found.end)
            yield replace(found, end=ago.end() if ago else found.end)
            break


def _time_at(text: str, at: int) -> Amount | None:
    """Read a time with a limit, or one behind *within*."""
    within = wanted(table()["within"]).match(text, at)
    if within is None:
        found = amount_at(text, at, time_units())
        return found if found and found.unit else None
    start = within.end() + (1 if text[within.end() : within.end() + 1] == " " else 0)
    found = amount_at(text, start, time_units()) or bare_at(text, start, time_units())
    return replace(found, start=at) if found and found.unit else None


def read_events(text: str, side: Side) -> Iterator[Part]:
    """Read what happened within a time: ``head trauma or stroke in the last 3 months``."""
    found: list[tuple[int, int, Mapping[str, Any]]] = []
    for row in table()["events"]:
        terms = [*row["terms"], *(row.get("also_in_exclusion", ()) if side == "exclusion" else ())]
        found += [(*term.span(), row) for term in wanted(terms).finditer(text)]
    for start, end, row in found:
        amount = _time_of_event(text, end)
        if amount is None:
            continue
        run = [(start, row)]
        for _ in range(3):
            run += _joined_event(text, run[-1][0], found)
        written = [limit(one["fields"], amount) for _, one in run]
        if all(written):
            note = _event_note(text[run[-1][0] : end]) or _which_stroke(text, end, run)
            when = " or ".join(dict.fromkeys(written))
            yield Part(run[-1][0], amount.end, when, note, narrow=bool(note))


def _which_stroke(text: str, end: int, run: list[tuple[int, Mapping[str, Any]]]) -> str:
    """Say so where nothing tells whether the stroke meant is the index stroke or one before it."""
    before = text[:end] + (" history" if text.startswith(" history", end) else "")
    row = next((row for _, row in run if "bare_note" in row), None)
    return "" if row is None or has(row["earlier"], before) else str(row["bare_note"])


def _event_note(said: str) -> str:
    """Say what of an event's words its field does not hold."""
    words = table()["event_words"]
    if has(words["kinds"], said):
        return str(words["kind_note"])
    return str(words["degree_note"]) if has(words["degrees"], said) else ""


def _joined_event(
    text: str, at: int, found: list[tuple[int, int, Mapping[str, Any]]]
) -> list[tuple[int, Mapping[str, Any]]]:
    """Give the event that an *or* joins to the one that begins at a place."""
    ends = re.compile(r"\s?(?:,|,? or|/)\s(?:any\s|a\s)?")
    before = [(start, row) for start, end, row in found if ends.fullmatch(text, end, at)]
    return before[:1]


def _time_of_event(text: str, at: int) -> Amount | None:
    words = table()["event_words"]
    tail = compiled(rf"\s?\(?{any_of(words['tail'])}")
    lead = compiled(
        rf"(?:\s{any_of(words['history'])})?[\s,(]*(?:{any_of(words['within'])}\s)?(?:{any_of(words['past'])}\s)?"
    ).match(text, at)
    led = lead is not None and re.search(r"within|in|during|over|last|past|prior", lead.group())
    start = lead.end() if lead else at
    found = amount_at(text, start, time_units()) or (
        bare_at(text, start, time_units()) if led else None
    )
    if found is None or not found.unit:
        return None
    if compiled(rf"\s?{any_of(words['not_tail'])}").match(text, found.end):
        return None
    match = tail.match(text, found.end)
    if not led and match is None:
        return None
    return replace(found, end=match.end() if match else found.end)
