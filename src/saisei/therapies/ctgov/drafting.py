"""An item with what was read of it: whole, partly, or not at all.

A draft never says more than the item: where words were left over it is *partly* read, and where
one of them could turn the rule about (*unless*, *not*, *only*) no expression is offered at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from saisei.base.errors import CriterionError
from saisei.eligibility import fields_of, parse, sentence
from saisei.therapies.ctgov.part import Part
from saisei.therapies.ctgov.reading import read_parts
from saisei.therapies.ctgov.splitting import Piece, split_criteria
from saisei.therapies.ctgov.words import any_of, compiled, fold, has, table

__all__ = ["Draft", "Extent", "draft_criteria", "draft_item"]

Extent = Literal["whole", "partly", "unread"]

_LONGEST = 2_500
"""An item of more characters is a whole section; clear rules read single sentences."""
_NUMBER = re.compile(r"[<>]|in \{\d").search
_FOREIGN = 0.2
"""From this share of letters outside of the Latin alphabet on, a text is not taken as English."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One item of a record's criteria, read as far as clear rules go.

    Parameters
    ----------
    piece
        The item, with its place.
    extent
        How much of it was read.
    when
        The expression; None where nothing was read, or where the parts cannot be put together
        without judging (a reader then does so from `parts`).
    parts
        The phrases that were read, each with its place in the item's text and its expression.
    unread
        The words that were not read.
    notes
        What whoever reviews it must know.
    team
        Only the trial's team can say (consent, a clinician's judgement).
    """

    piece: Piece
    extent: Extent
    when: str | None = None
    parts: tuple[Part, ...] = ()
    unread: str = ""
    notes: tuple[str, ...] = ()
    team: bool = False

    @property
    def says(self) -> str:
        """The expression in words."""
        return sentence(parse(self.when)) if self.when else ""


def draft_criteria(text: str) -> tuple[Draft, ...]:
    r"""Split a record's criteria text and read each of its items.

    Examples
    --------
    >>> drafts = draft_criteria("Exclusion Criteria:\n\n* INR > 1.4\n* fear of needles")
    >>> [(draft.extent, draft.when) for draft in drafts]
    [('whole', 'inr > 1.4'), ('unread', None)]
    """
    return tuple(draft_item(piece) for piece in split_criteria(text) if piece.role == "item")


def draft_item(piece: Piece) -> Draft:
    """Read one item."""
    reason = _not_read(piece)
    if reason:
        return Draft(piece, "unread", unread=piece.text, notes=(reason,))
    parts = read_parts(piece.text, piece.side)
    if not parts:
        return Draft(piece, "unread", unread=piece.text)
    unread = _unread(piece.text, parts)
    notes = [*dict.fromkeys(part.note for part in parts if part.note), *_limits(piece)]
    when, why = _together(piece, parts, unread)
    whole = not unread and when and not _limits(piece) and not any(p.narrow for p in parts)
    return Draft(
        piece,
        "whole" if whole else "partly",
        when,
        parts,
        unread,
        tuple(filter(None, (*notes, why))),
        any(part.team for part in parts),
    )


def _not_read(piece: Piece) -> str:
    """Say why nothing of an item is read; empty where it is."""
    letters = [sign for sign in piece.text if sign.isalpha()]
    foreign = sum(ord(sign) > 0x24F and not 0x370 <= ord(sign) < 0x400 for sign in letters)
    if letters and foreign / len(letters) > _FOREIGN:
        return "not in English"
    if len(piece.text) > _LONGEST:
        return f"longer than {_LONGEST:,} characters: split it by hand"
    if piece.side == "unclear":
        return "no heading says whether this includes or excludes"
    if has(table()["headings"]["others"], fold(piece.under)) and not piece.nested:
        return "stands under a heading about other people"
    return ""


def _limits(piece: Piece) -> list[str]:
    """Say what of an item's place keeps its draft from being the whole rule."""
    found = []
    if piece.leads:
        found.append("further items stand below this one")
    if piece.nested:
        found.append(f"stands below: {piece.under}")
    elif has(table()["headings"]["limiting"], fold(piece.under)):
        found.append(f"holds for some of the people only: {piece.under}")
    return found


def _unread(text: str, parts: Iterable[Part]) -> str:
    """Give the words that no part read and that carry weight, in order."""
    folded, words = fold(text), table()
    left = list(folded)
    for start, end in (span for part in parts for span in ((part.start, part.end), *part.also)):
        left[start:end] = "|" * (end - start)
    rest = compiled(words["examples"]).sub(lambda m: " " * len(m.group()), "".join(left))
    rest = compiled(any_of(_light())).sub(lambda m: " " * len(m.group()), rest)
    kept = [
        text[m.start() : m.end()].strip(".,;:()[]{}'\"*- ")
        for m in compiled(r"[^\s|]+").finditer(rest)
    ]
    return " ".join(word for word in kept if any(sign.isalnum() for sign in word))


def _light() -> list[str]:
    words = table()
    return [*words["filler"], *words["joins"]["and"], *words["joins"]["or"]]


def _together(piece: Piece, parts: tuple[Part, ...], unread: str) -> tuple[str | None, str]:
    """Join the parts to one expression, or say why that needs a reader."""
    why = _obstacle(piece, parts, unread)
    join = None if why else _join(piece, _between(piece.text, parts))
    if join is None:
        return None, why or "how the parts belong together needs a reader"
    said = tuple(dict.fromkeys(part.when for part in parts))
    when = _under_one_no(parts, join) or f" {join} ".join(_bracketed(w, len(said)) for w in said)
    try:
        parse(when)
    except CriterionError:
        return None, "the parts contradict each other when put together"
    return when, ""


def _obstacle(piece: Piece, parts: tuple[Part, ...], unread: str) -> str:
    """Say what keeps an expression from being offered; empty where nothing does."""
    words = table()
    team = all(part.team for part in parts)
    included = bool(unread) and piece.side == "inclusion" and not team
    excluded = bool(unread) and piece.side == "exclusion"
    checks = (
        (
            piece.nested and has(words["alternatives"], fold(piece.under)),
            "what stands above it limits it: put them together by hand",
        ),
        (
            has(words["turning"], fold(unread)),
            "a word that may turn or limit the rule was not read",
        ),
        (included and _says_or(piece.text, parts), "an alternative was not read"),
        (excluded and _narrowed(piece.text, parts), "a word beside the phrase may narrow it"),
        (_no_of_unclear_reach(piece, parts), "how far the *no* reaches needs a reader"),
        (_two_limits(parts), "two limits for one field: which of them holds?"),
    )
    return next((why for holds, why in checks if holds), "")


def _under_one_no(parts: tuple[Part, ...], join: str) -> str:
    """Put *no A or B* together: neither of them. Empty where no such negation stands."""
    first, *others = parts
    if not first.negated or not others or join != "or":
        return ""
    inner = first.when.removeprefix("not ")
    inner = inner[1:-1] if inner.startswith("(") else inner
    return f"not ({' or '.join(_bracketed(w, 2) for w in (inner, *(p.when for p in others)))})"


def _no_of_unclear_reach(piece: Piece, parts: tuple[Part, ...]) -> bool:
    """Tell whether it is open how far a *no* reaches; *no A or B* and *no A, no B* are clear."""
    negated = [part.negated for part in parts]
    if len(parts) < 2 or not any(negated):
        return False
    joins = {gap.strip(" ,") for gap in _between(piece.text, parts)}
    if negated == [True] + [False] * (len(parts) - 1):
        return not joins <= {"or", "nor", "", "any", "or any"} or "or" not in " ".join(joins)
    return not all(negated) or "or" in joins


def _between(text: str, parts: tuple[Part, ...]) -> list[str]:
    folded = fold(text)
    return [folded[a.end : b.start] for a, b in pairwise(parts)]


def _narrowed(text: str, parts: tuple[Part, ...]) -> bool:
    """Tell whether an unread word or bracket touches a phrase that is no number.

    *Uncontrolled* epilepsy excludes fewer people than epilepsy; an expression for the latter
    would exclude too many.
    """
    folded = fold(text)
    for start, end in (span for part in parts for span in ((part.start, part.end), *part.also)):
        folded = folded[:start] + "|" * (end - start) + folded[end:]
    light = compiled(rf"(?<=\s){any_of(table()['filler'])}(?=\s)")
    for part in parts:
        # `anticoagulants with INR > 1.7`: neither alone excludes
        both = compiled(r"(.*)(?<!\w)(?:with|and)\s*$").match(folded[: part.start])
        if both and compiled(r"\w\s*$").search(light.sub("", f" {both.group(1)} ")):
            return True
        if part.team or _NUMBER(part.when):
            continue
        before = light.sub("", f" {folded[: part.start]} ")
        after = light.sub("", f" {folded[part.end :]} ")
        joins = any_of(table()["joins"]["or"])
        if compiled(r"[\w)(]\s*$").search(compiled(rf"{joins}\s*$").sub(";", before)):
            return True
        if compiled(r"\s*\w").match(compiled(rf"^\s*{joins}").sub(";", after)):
            return True
    return False


def _two_limits(parts: tuple[Part, ...]) -> bool:
    """Tell whether one field has two different limits in one item."""
    named = {(fields_of(parse(part.when)), part.when) for part in parts if _NUMBER(part.when)}
    return len({names for names, _ in named}) < len(named)


def _says_or(text: str, parts: tuple[Part, ...]) -> bool:
    """Tell whether an *or* stands outside of what was read."""
    folded = list(fold(text))
    for part in parts:
        folded[part.start : part.end] = "|" * (part.end - part.start)
    rest = compiled(any_of(table()["filler"])).sub(" ", "".join(folded))
    return compiled(r"(?<!\w)or(?!\w)").search(rest) is not None


def _join(piece: Piece, between: list[str]) -> str | None:
    """Tell whether the parts hold together (`and`) or one is enough (`or`); None: not clear."""
    words = table()
    usual = "and" if piece.side == "inclusion" else "or"
    found = set()
    for gap in between:
        if "(" in gap or ". " in gap or has(words["defining"], gap):
            return None
        joins = {name for name, terms in words["joins"].items() if has(terms, gap)}
        # nothing between them: the one describes the other
        found |= joins or ({","} if compiled(r"[,;.|]").search(gap) else {"and"})
    if found <= {","}:
        return usual
    found.discard(",")
    if found == {"or"}:
        return "or"
    return "and" if found == {"and"} and piece.side == "inclusion" else None


def _bracketed(when: str, count: int) -> str:
    several = " or " in when or " and " in when
    return f"({when})" if count > 1 and several else when
