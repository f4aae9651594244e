"""Clear rules that read one item of a criteria text: each says which phrase it read.

What a rule finds is a `Part`: a phrase, its place in the item, and the expression that it means.
Whatever is not certain (a unit that is missing, a word that makes it another thing) is left unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from saisei.base.errors import CriterionError
from saisei.eligibility import parse
from saisei.therapies.ctgov.numbers import read_ages, read_blood_pressure, read_quantities
from saisei.therapies.ctgov.part import Part
from saisei.therapies.ctgov.splitting import Side
from saisei.therapies.ctgov.terms import read_concepts, read_lists
from saisei.therapies.ctgov.times import read_events, read_windows
from saisei.therapies.ctgov.words import any_of, compiled, fold, table

__all__ = ["read_parts"]


def read_parts(text: str, side: Side) -> tuple[Part, ...]:
    """Read an item.

    Parameters
    ----------
    text
        The item's words (`Piece.text`).
    side
        ``inclusion`` or ``exclusion``; of an ``unclear`` item nothing is read.

    Returns
    -------
    tuple[Part, ...]
        In order of their places, which do not overlap.

    Examples
    --------
    >>> [part.when for part in read_parts("NIHSS score of 7-20 inclusive", "inclusion")]
    ['7 <= nihss_total <= 20']
    """
    if side == "unclear":
        return ()
    folded = fold(text)
    examples = [m.span() for m in compiled(table()["examples"]).finditer(folded)]
    found = [part for part in _all(folded, side) if _understood(part.when)]
    alone = all(part.team for part in found)
    found = [part for part in found if alone or not part.team]
    # what stands as an example in brackets is no rule of its own
    found = [p for p in found if not any(a < p.start < b for a, b in examples)]
    chosen: list[Part] = []
    for part in sorted(found, key=lambda p: (p.start - p.end, p.start)):
        if all(part.end <= other.start or other.end <= part.start for other in chosen):
            chosen.append(part)
    return tuple(sorted(chosen, key=lambda part: part.start))


def _all(text: str, side: Side) -> Iterator[Part]:
    yield from read_ages(text)
    yield from read_quantities(text)
    yield from read_blood_pressure(text, side)
    yield from read_windows(text, side)
    yield from (_negated(text, part) for part in read_events(text, side))
    yield from (_negated(text, part) for part in read_lists(text, side))
    yield from (_negated(text, part) for part in read_concepts(text, side))


def _understood(when: str) -> bool:
    try:
        parse(when)
    except CriterionError:
        return False
    return True


def _negated(text: str, part: Part) -> Part:
    """Turn a part that a *no* stands before."""
    words = table()
    fillers = any_of(words["negation_fillers"])
    before = compiled(rf"{any_of(words['negations'])}[\s-]?(?:{fillers}\s)*$")
    match = before.search(text[: part.start])
    if match is None:
        return part
    inner = part.when
    bare = inner.removeprefix("not ") if inner.startswith("not ") else f"not ({inner})"
    if re.fullmatch(r"\w+", inner):
        bare = f"not {inner}"
    return replace(part, start=match.start(), when=bare, negated=True)
