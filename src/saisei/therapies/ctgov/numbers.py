"""Rules for numbers with a limit: scores, laboratory values, pressures, and age."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from saisei.therapies.ctgov.amounts import Amount, amount_at
from saisei.therapies.ctgov.limits import limit
from saisei.therapies.ctgov.part import Part, Units, units, wanted
from saisei.therapies.ctgov.splitting import Side
from saisei.therapies.ctgov.words import any_of, compiled, has, table, unit_pattern

__all__ = ["read_ages", "read_blood_pressure", "read_quantities"]

_NEAR = 45
"""A number is looked for so many characters before its scale (*a score of 6 on the NIHSS*)."""


def read_quantities(text: str) -> Iterator[Part]:
    """Read scores and laboratory values with their limits, by the rows of `quantities`."""
    for row in table()["quantities"]:
        other = has(row.get("not_with", ()), text)
        if other and "in_spite" not in row:
            continue
        names = [*row["terms"], *(_moments(row, "earlier") if "before" in row else ())]
        for term in wanted(row["terms"]).finditer(text):
            known = units(row.get("units", ()))
            amounts = _following(text, term.end(), known, names)
            if not amounts and not known and not other:
                amounts = _preceding(text, term.start())
            if other and (len(amounts) != 1 or None in (amounts[0].low, amounts[0].high)):
                continue
            start, amounts = _lower_before(text, term.start(), amounts, known)
            if amounts:
                yield from _quantity(text, row, (start, term.end()), amounts)


def _following(text: str, at: int, units: Units, terms: Iterable[str] = ()) -> tuple[Amount, ...]:
    """Read the amount behind a term, past *score*, *of*, a repeated name; and one behind *or*."""
    link = compiled(rf"[\s:,(=)\[\]]*(?:{any_of([*table()['links'], *terms])})?")
    for _ in range(8):
        start = len(text) - len(text[at:].lstrip(" :,(=)[]"))
        for begin in (at, start):
            if found := amount_at(text, begin, units):
                return (found, *_opposite(text, found, units))
        match = link.match(text, at)
        if match is None or match.end() == at:
            return ()
        at = match.end()
    return ()


def _lower_before(
    text: str, at: int, amounts: tuple[Amount, ...], known: Units
) -> tuple[int, tuple[Amount, ...]]:
    """Take in the lower end that stands before a name: ``18 ≤ age ≤ 75``."""
    spelled = "|".join(pattern for _, pattern in known) or "(?!)"
    number = rf"(?<![\w.])(\d+(?:\.\d+)?)\s?(?:{spelled})?\s?(≤|<=|<|≦)\s?$"
    match = compiled(number).search(text[:at])
    if match is None or len(amounts) != 1 or amounts[0].low is not None or amounts[0].values:
        return at, amounts
    low = float(match.group(1))
    if amounts[0].high is None or low >= amounts[0].high:
        return at, amounts
    unit = amounts[0].unit
    whole = replace(amounts[0], low=low, low_open=match.group(2) == "<", low_unit=unit)
    return match.start(), (whole,)


def _opposite(text: str, found: Amount, units: Units) -> tuple[Amount, ...]:
    """Read ``or > 20`` behind ``< 3``: outside of a range. *And* between them can mean no other."""
    match = re.compile(r"\s?,?\s?(?:or|and)\s").match(text, found.end)
    other = amount_at(text, match.end(), units) if match else None
    if other is None:
        return ()
    lows = [a.low for a in (found, other) if a.low is not None and a.high is None]
    highs = [a.high for a in (found, other) if a.high is not None and a.low is None]
    # two limits that leave nobody out are a slip of the record
    return (other,) if len(lows) == len(highs) == 1 and highs[0] < lows[0] else ()


def _preceding(text: str, at: int) -> tuple[Amount, ...]:
    """Read the amount before a scale: ``a score of 6 or more on the NIHSS``."""
    joined = compiled(
        r"\s*(?:points?\s)?(?:on|in|by)\s(?:the\s|an?\s)?"
        r"(?:[a-z]+ (?:portion|part|section) of the )?"
    )
    for start in range(max(0, at - _NEAR), at):
        if start and text[start - 1].isalnum() and text[start].isalnum():
            continue
        found = amount_at(text, start)
        if found and joined.fullmatch(text, found.end, at):
            return (found,)
    return ()


def _quantity(
    text: str, row: Mapping[str, Any], term: tuple[int, int], amounts: tuple[Amount, ...]
) -> Iterator[Part]:
    field, note, narrow = row["field"], row.get("note", ""), False
    if has(row.get("not_with", ()), text):
        note, narrow = row["in_spite"], True
    also: tuple[tuple[int, int], ...] = ()
    if "one_of_several" in row:
        narrow = compiled(row["one_of_several"]).search(text[slice(*term)]) is None
        note = note if narrow else ""
    if "before" in row:
        field, note, also = _moment(text, row, term)
        narrow = bool(note)
    if row.get("units"):
        amounts, assumed = _with_units(row, amounts)
        note, narrow = " ".join(filter(None, (note, assumed))), narrow or bool(assumed)
    written = [limit(field, amount) for amount in amounts]
    if not written or not all(written):
        return
    when = " or ".join(filter(None, written))
    start = min(term[0], amounts[0].start)
    end = _past_gloss(text, max(term[1], *(amount.end for amount in amounts)))
    yield Part(start, end, when, note, narrow, also=also)


def _moment(
    text: str, row: Mapping[str, Any], term: tuple[int, int]
) -> tuple[str, str, tuple[tuple[int, int], ...]]:
    """Tell which moment a score is of (before the stroke, or now), and where that is said."""
    places = {
        name: tuple(match.span() for match in wanted(_moments(row, name)).finditer(text))
        for name in ("earlier", "now")
    }
    if places["earlier"] and places["now"]:
        clause = _clause(text, term)
        places = {
            name: tuple(p for p in found if clause[0] <= p[0] < clause[1])
            for name, found in places.items()
        }
    for name in ("earlier", "now"):
        if places[name]:
            return row["fields"][name], "", places[name]
    return row["fields"]["unclear"], row["unclear_note"], ()


def _moments(row: Mapping[str, Any], name: str) -> list[str]:
    tail = any_of(row["moment_tail"])
    return [f"{words}( {tail})?" for words in row["before"][name]]


def _clause(text: str, term: tuple[int, int]) -> tuple[int, int]:
    """Give the part of a sentence, between commas and *and*, that a term stands in."""
    ends = [m.span() for m in re.finditer(r"[,;]|(?<!\w)(?:and|but|with)(?!\w)", text)]
    start = max((end for _, end in ends if end <= term[0]), default=0)
    return start, min((begin for begin, _ in ends if begin >= term[1]), default=len(text))


def _with_units(
    row: Mapping[str, Any], amounts: tuple[Amount, ...]
) -> tuple[tuple[Amount, ...], str]:
    """Give amounts with their units; one without takes that of its neighbour, or a stated one."""
    shared = next((amount.unit for amount in amounts if amount.unit), "")
    assumed = ""
    if not shared:
        least = min(n for amount in amounts for n in (amount.low, amount.high) if n is not None)
        if row.get("bare"):
            shared = row["units"][0]
        elif "bare_from" in row and least >= row["bare_from"]:
            shared, assumed = row["bare_unit"], f"no unit is printed; read as {row['bare_unit']}"
        else:
            return (), ""
    return tuple(
        replace(a, unit=a.unit or shared, low_unit=a.low_unit or shared) for a in amounts
    ), assumed


def _past_gloss(text: str, at: int) -> int:
    """Go past the same limit in another unit, in brackets: ``(2.7 mmol/L)``."""
    gloss = compiled(
        r"\s?\(\s?[<>≤≥=]*\s?\d+(?:\.\d+)?\s?(?:mmol|mg|g|[uµμ]mol|ml)\s?/\s?[a-z]+\s?\)"
    )
    match = gloss.match(text, at)
    return match.end() if match else at


def read_blood_pressure(text: str, side: Side) -> Iterator[Part]:
    """Read ``blood pressure > 185/110 mmHg``."""
    row = table()["blood_pressure"]
    value = compiled(
        r"[\s:(of]*(>=|<=|≥|≤|>|<|greater than|above|over|more than|less than|below|under)\s?"
        r"(\d{2,3})\s?/\s?(\d{2,3})\s?(?:mm ?(?:of )?hg)?"
    )
    signs = {">": ">", "<": "<", "≥": ">=", ">=": ">=", "≤": "<=", "<=": "<="}
    signs |= dict.fromkeys(("greater than", "above", "over", "more than"), ">")
    signs |= dict.fromkeys(("less than", "below", "under"), "<")
    for term in wanted(row["terms"]).finditer(text):
        if match := value.match(text, term.end()):
            sign = signs[match.group(1)]
            join = "or" if side == "exclusion" else "and"
            when = (
                f"{row['systolic']} {sign} {match.group(2)} {join} "
                f"{row['diastolic']} {sign} {match.group(3)}"
            )
            note = f"the two pressures are joined by *{join}*"
            yield Part(term.start(), match.end(), when, note, narrow=True)


def read_ages(text: str) -> Iterator[Part]:
    """Read limits of age."""
    row = table()["age"]
    if has(row["not_with"], text):
        return
    old = (("a", unit_pattern(row["old"])),)
    for term in wanted(row["terms"]).finditer(text):
        start, amounts = _lower_before(text, term.start(), _following(text, term.end(), old), old)
        if amounts:
            yield from _age(row["field"], start, max(a.end for a in amounts), amounts)
    for match in re.finditer(r"(?<![\w.])(?=[\d≥>=<≤a-z])", text):
        found = amount_at(text, match.start(), old)
        if found and _is_age(text, found, row):
            amounts = (found, *_opposite(text, found, old))
            yield from _age(row["field"], found.start, max(a.end for a in amounts), amounts)


def _age(field: str, start: int, end: int, amounts: tuple[Amount, ...]) -> Iterator[Part]:
    written = [limit(field, replace(amount, unit="", low_unit="")) for amount in amounts]
    if all(written):
        yield Part(start, end, " or ".join(filter(None, written)))


def _is_age(text: str, found: Amount, row: Mapping[str, Any]) -> bool:
    """Tell whether years are an age: *old* behind them, or nobody but people beside them."""
    tail = text[found.start : found.end + 12]
    if re.search(
        r"years? of age|years?[- ]old|yrs? (of age|old)|y/?o\b"
        r"|(years?|yrs?) (and|or) (older|younger|above|over)",
        tail,
    ):
        return True
    if found.unit != "a" and not re.search(r"\d (and|or) (older|younger)$", text[: found.end]):
        return False
    beside = wanted([*row["people"], *table()["filler"]])
    return not re.search(r"\w", beside.sub(" ", text[: found.start] + " " + text[found.end :]))
