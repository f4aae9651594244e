"""A registry's criteria text, split into headings and items, each with its place in the text.

The text is markdown of a kind: bullets and numbers, nested by indentation, or bare lines, under
headings such as *Key Inclusion Criteria*. Every character that is no blank stays in some piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from saisei.therapies.ctgov.words import any_of, clean, compiled, fold, has, table

__all__ = ["Piece", "Side", "split_criteria"]

Side = Literal["inclusion", "exclusion", "unclear"]

_MARK = re.compile(
    r"\s*(?:[*•·◦▪●○■□➢✓o–—−-](?=\s)|[•·◦▪●○■□➢✓](?=\S)"
    r"|\d{1,2}\\?\.(?=\d{1,3}\s?(?:[-–~]|to)\s?\d{1,3}\s?y)"
    r"|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})\\?[.)）、](?=\s|$)|\(?\d{1,2}\\?[.)）、](?=[^\d\s.]))"
)
_NUMBER = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,2})\\?[.)]\s+(?=\S)")
_LONG = 60
"""A line at least so long that ends without a stop may go on in the next one."""
_SHORT_HEADING = 110


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading or an item of the text.

    Parameters
    ----------
    role
        ``heading`` or ``item``.
    text
        The words without the mark before them, and without markdown's escapes.
    start, end
        Where it stands in the registry's text, its mark included.
    side
        Which list it belongs to; ``unclear`` where no heading says so.
    depth
        0 for an item of the list itself, 1 for one below another item.
    under
        Of a nested item, the words of the item above it; else the last heading that is no
        *Inclusion* or *Exclusion*.
    nested, leads
        Whether it stands below an item, and whether items stand below it.
    """

    role: Literal["heading", "item"]
    text: str
    start: int
    end: int
    side: Side
    depth: int = 0
    under: str = ""
    nested: bool = False
    leads: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    indent: int
    marked: bool
    body: str
    gap: bool


def split_criteria(text: str) -> tuple[Piece, ...]:
    r"""Split the criteria text of a record.

    Parameters
    ----------
    text
        As the registry holds it.

    Returns
    -------
    tuple[Piece, ...]
        Headings and items, in order. Their places do not overlap, and together they hold every
        character that is no blank.

    Examples
    --------
    >>> [p.text for p in split_criteria("Inclusion Criteria:\n\n* Age \\>= 18\n* First stroke")]
    ['Inclusion Criteria:', 'Age >= 18', 'First stroke']
    """
    splitter = _Splitter()
    for line in _joined(_lines(text)):
        for part in _apart(line, text):
            splitter.take(part)
    return tuple(splitter.pieces)


def _lines(text: str) -> Iterator[_Line]:
    gap = True
    for match in re.finditer(r"[^\r\n]+", text):
        raw = match.group()
        if not raw.strip():
            gap = True
            continue
        # an empty line between two others shows as more than one line end
        gap = gap or text[: match.start()].rstrip(" \t").endswith(("\n\n", "\r\n\r\n"))
        lead = len(raw) - len(raw.lstrip())
        mark = _MARK.match(raw)
        end = match.start() + len(raw.rstrip())
        body = raw[mark.end() :] if mark else raw
        if mark and (second := re.match(r"\s*\(?\d{1,2}\\?[.)）、](?=\s)", body)):
            body = body[second.end() :]
        yield _Line(match.start() + lead, end, lead, mark is not None, clean(body), gap)
        gap = False


def _joined(lines: Iterator[_Line]) -> Iterator[_Line]:
    """Join a line that goes on in the next one."""
    held: _Line | None = None
    for line in lines:
        if held is None:
            held = line
        elif _goes_on(held, line):
            held = replace(held, end=line.end, body=f"{held.body} {line.body}".strip())
        else:
            yield held
            held = line
    if held is not None:
        yield held


def _goes_on(held: _Line, line: _Line) -> bool:
    if line.marked or line.gap or _heading_side(line.body) or held.body.endswith(":"):
        return False
    if _heading_side(held.body):
        return False
    if held.marked and line.indent > held.indent:
        return True
    unfinished = held.body[-1:] not in set(".;:!?") and len(held.body) >= _LONG
    return line.body[:1].islower() and (unfinished or held.marked)


def _apart(line: _Line, text: str) -> Iterator[_Line]:
    """Cut a line at a heading inside it, and a run of numbered items written as one line."""
    for part in _cut(line, text, _headings_inside):
        for piece in _cut(part, text, _after_opening):
            yield from _cut(piece, text, _numbered)


def _cut(line: _Line, text: str, places: Callable[[str], list[int]]) -> Iterator[_Line]:
    cuts = sorted({0, *places(text[line.start : line.end])})
    if len(cuts) == 1:
        yield line
        return
    for start, end in zip(cuts, [*cuts[1:], line.end - line.start], strict=True):
        part = text[line.start + start : line.start + end].rstrip()
        mark = _MARK.match(part)
        marked = mark is not None or (line.marked and start == 0)
        yield replace(
            line, start=line.start + start, end=line.start + start + len(part), marked=marked,
            body=clean(part[mark.end() :] if mark else part),
        )  # fmt: skip


def _headings_inside(raw: str) -> list[int]:
    mark = _MARK.match(raw)
    if _heading_side(clean(raw[mark.end() :] if mark else raw)):
        return []
    words = table()["headings"]
    named = (
        rf"(?:{any_of([*words['exclusion'], *words['inclusion']])})(?: {any_of(words['criteria'])})"
    )
    pattern = rf"(?<=\s)(?:(?:key|main|major) )?(?:{named}\s?:|(?<=[.;)\]]\s)(?:in|ex)clusion\s?:)"
    return [match.start() for match in compiled(pattern).finditer(fold(raw))]


def _after_opening(raw: str) -> list[int]:
    words, folded = table()["headings"], fold(raw)
    opening = compiled(rf"{_opening()}\s?:\s*(?=\S)").match(folded)
    if opening is None:
        opening = compiled(rf"{_opening()}\s+(?=1[.)]\s)").match(folded)
    if opening is None or compiled(any_of(words["tail"])).match(folded, opening.end()):
        return []
    return [opening.end()]


def _numbered(raw: str) -> list[int]:
    """Find the run ``1. … 2. … 3. …`` (at least three) inside one line."""
    places: list[int] = []
    for match in _NUMBER.finditer(raw):
        if int(match.group(1)) == len(places) + 1:
            places.append(match.start())
        elif match.group(1) == "1" and len(places) >= 3:
            break
    return places if len(places) >= 3 else []


def _opening() -> str:
    words = table()["headings"]
    sides = any_of([*words["exclusion"], *words["inclusion"]])
    return rf"\W*(?:[\w/&]+[\s-]){{0,5}}?{sides}(?:\s{any_of(words['criteria'])})?(?:\s?\([^)]*\))?"


def _heading_side(body: str) -> Side | None:
    """Tell which list a line opens; None when it is no such heading."""
    words = table()["headings"]
    folded = fold(body)
    match = compiled(_opening()).match(folded)
    if match is None:
        return None
    rest = folded[match.end() :].strip()
    named = has(words["criteria"], match.group())
    plain = not rest.strip(":.* ") or compiled(rf":?\s*{any_of(words['tail'])}").match(rest)
    scoped = named and rest.endswith(":") and len(folded) < _SHORT_HEADING
    scoped = scoped or (named and len(folded) < _LONG and rest.startswith(("for ", "- ", "(")))
    ends = folded.rstrip("* ").endswith(":")
    if not ((plain and (named or ends or len(folded.split()) == 1)) or scoped):
        return None
    return "exclusion" if has(words["exclusion"], match.group()) else "inclusion"


def _asked_side(body: str) -> Side | None:
    """Tell the side of a line such as *Patients will be excluded if:*."""
    words, folded = table()["headings"], fold(body)
    if not folded.endswith(":") or len(folded) > _SHORT_HEADING:
        return None
    if has(words["exclusion"], folded):
        return "exclusion"
    return "inclusion" if has(words["inclusion"], folded) else None


class _Splitter:
    """Keeps the list, the heading and the items that the next line stands under."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.side: Side = "unclear"
        self.heading = ""
        self.above: list[tuple[int, int]] = []  # indents of open items, and their indices

    def take(self, line: _Line) -> None:
        """Add a line as a heading or an item."""
        side = _heading_side(line.body) or (None if line.marked else _asked_side(line.body))
        if side is not None:
            self._open(side, line)
        elif self._is_subheading(line):
            self.heading = line.body.rstrip(": ")
            self.above = []
            self.pieces.append(Piece("heading", line.body, line.start, line.end, self.side))
        else:
            self._item(line)

    def _open(self, side: Side, line: _Line) -> None:
        self.side = side
        words = table()["headings"]
        folded = fold(line.body)
        about = has([*words["limiting"], *words["others"]], folded)
        self.heading = line.body.rstrip(": ") if about else ""
        self.above = []
        self.pieces.append(Piece("heading", line.body, line.start, line.end, side))

    def _is_subheading(self, line: _Line) -> bool:
        if line.marked or len(line.body) > _SHORT_HEADING:
            return False
        shouted = line.body.isupper() and len(line.body.split()) <= 6 and line.gap
        return line.body.endswith(":") or shouted

    def _item(self, line: _Line) -> None:
        # what is indented deeper than an open item belongs to it, with a mark or without
        while self.above and self.above[-1][0] >= line.indent:
            self.above.pop()
        parent = self.above[-1][1] if self.above else None
        under = self.heading
        if parent is not None:
            self.pieces[parent] = replace(self.pieces[parent], leads=True)
            under = self.pieces[parent].text
        depth, nested = len(self.above), parent is not None
        if line.marked:
            self.above.append((line.indent, len(self.pieces)))
        place = (line.start, line.end, self.side, depth, under)
        self.pieces.append(Piece("item", line.body, *place, nested=nested))
