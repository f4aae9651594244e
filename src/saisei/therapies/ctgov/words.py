"""The words of criteria: `phrases.yaml` as compiled patterns, and text made ready for them."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from saisei.base.store import load_data

__all__ = ["any_of", "bounded", "clean", "compiled", "fold", "has", "table", "unit_pattern"]

FILE = "therapies/ctgov/phrases.yaml"

_DASHES = "‐‑‒–—―−﹣－"
_QUOTES = "‘’“”´`"
_KEPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def table() -> dict[str, Any]:
    """Give the words as they stand in the data file."""
    data: dict[str, Any] = load_data(FILE)
    return data


def clean(text: str) -> str:
    r"""Take the marks of markdown and of HTML out of a line, and its runs of blanks.

    Examples
    --------
    >>> clean("Age \\>= 18  years &amp; older")
    'Age >= 18 years & older'
    """
    return " ".join(html.unescape(_ESCAPED.sub(r"\1", text)).replace("**", "").split())


def fold(text: str) -> str:
    """Make a text plain for the patterns, character for character: places stay what they are.

    Examples
    --------
    >>> fold("NIHSS：7–20")
    'nihss:7-20'
    """
    return "".join(map(_plain, text))


@cache
def _plain(sign: str) -> str:
    if sign in _KEPT:
        return sign
    if sign in _DASHES:
        return "-"
    if sign in _QUOTES:
        return "'"
    plain = unicodedata.normalize("NFKC", sign).lower()
    return plain if len(plain) == 1 else sign


def bounded(term: str) -> str:
    """Close a term in by the ends of words, where it begins or ends with one."""
    before = r"(?<!\w)" if re.match(r"\w|\((?!\?)|\\[dw]", term) else ""
    after = r"(?!\w)" if re.search(r"[\w)?*+]$", term) else ""
    return f"{before}(?:{term}){after}"


def any_of(terms: Iterable[str]) -> str:
    """Make one pattern of several terms, the longer ones first."""
    return _joined(tuple(terms))


@cache
def _joined(terms: tuple[str, ...]) -> str:
    return "(?:" + "|".join(bounded(term) for term in sorted(terms, key=len, reverse=True)) + ")"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern once."""
    return re.compile(pattern)


def unit_pattern(terms: Iterable[str]) -> str:
    """Make one pattern of the spellings of a unit: it may follow its number without a blank."""
    return "(?:" + "|".join(sorted(terms, key=len, reverse=True)) + r")(?![a-z0-9])"


def has(terms: Iterable[str], text: str) -> bool:
    """Tell whether one of the terms stands in a folded text."""
    terms = tuple(terms)
    return bool(terms) and compiled(any_of(terms)).search(text) is not None
