"""Sets of truth values, as bits: what a rule may still come to."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from saisei.vocabulary import Truth

__all__ = ["ANY", "FALSE", "TRUE", "UNKNOWN", "at_least", "conjunction", "disjunction", "mask_of",
           "resolved_from", "resolved_to", "turned"]  # fmt: skip

FALSE, UNKNOWN, TRUE = 1, 2, 4
ANY = FALSE | UNKNOWN | TRUE
_BITS = (FALSE, UNKNOWN, TRUE)

Mask = int


def mask_of(truth: Truth) -> Mask:
    """Give the set with one truth value."""
    return 1 << truth.value


def turned(mask: Mask) -> Mask:
    """Exchange true and false."""
    return (mask & UNKNOWN) | (TRUE if mask & FALSE else 0) | (FALSE if mask & TRUE else 0)


def resolved_from(mask: Mask, *, otherwise: bool) -> Mask:
    """Give what a part may come to so that it, with unknown settled, comes to one of some."""
    settled = TRUE if otherwise else FALSE
    return (mask & (TRUE | FALSE)) | (UNKNOWN if mask & settled else 0)


def resolved_to(mask: Mask, *, otherwise: bool) -> Mask:
    """Give what a part comes to once unknown is settled."""
    settled = TRUE if otherwise else FALSE
    return (mask & (TRUE | FALSE)) | (settled if mask & UNKNOWN else 0)


def _joined(one: Mask, other: Mask, *, least: bool) -> Mask:
    pairs = product((b for b in _BITS if one & b), (b for b in _BITS if other & b))
    found = 0
    for pair in pairs:
        found |= min(pair) if least else max(pair)
    return found


_AND = [[_joined(one, other, least=True) for other in range(8)] for one in range(8)]
_OR = [[_joined(one, other, least=False) for other in range(8)] for one in range(8)]


def conjunction(masks: Iterable[Mask]) -> Mask:
    """Give what a conjunction may come to, its parts being free of each other.

    Examples
    --------
    >>> conjunction([TRUE, TRUE | UNKNOWN]) == TRUE | UNKNOWN
    True
    """
    found = TRUE
    for mask in masks:
        found = _AND[found][mask]
    return found


def disjunction(masks: Iterable[Mask]) -> Mask:
    """Give what a disjunction may come to, its parts being free of each other."""
    found = FALSE
    for mask in masks:
        found = _OR[found][mask]
    return found


def at_least(wanted: int, masks: Iterable[Mask]) -> Mask:
    """Give what *at least so many* may come to, its parts being free of each other."""
    counts = {(0, 0)}
    for mask in masks:
        steps = [(mask & TRUE, 1, 0), (mask & UNKNOWN, 0, 1), (mask & FALSE, 0, 0)]
        counts = {(t + a, u + b) for t, u in counts for there, a, b in steps if there}
    found = 0
    for sure, open_ in counts:
        if sure >= wanted:
            found |= TRUE
        else:
            found |= FALSE if sure + open_ < wanted else UNKNOWN
    return found
