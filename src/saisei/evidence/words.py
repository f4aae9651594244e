"""Nearest words, for messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["listed", "nearest"]


def nearest(word: object, known: Iterable[str]) -> str:
    """Say which known word was perhaps meant; empty when none is close."""
    found = get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f"Did you mean `{found[0]}`?" if found else ""


def listed(words: Iterable[object], most: int = 30) -> str:
    """List words for a message, cut after `most`.

    Examples
    --------
    >>> listed(["a", "b"])
    'a, b'
    """
    said = [str(word) for word in words]
    return ", ".join(said[:most]) + (" …" if len(said) > most else "")
