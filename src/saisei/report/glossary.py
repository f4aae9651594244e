"""The hard words of a page: each that it uses is explained once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from saisei.base.store import load_data
from saisei.base.texts import Language, in_language

__all__ = ["HardWord", "hard_words"]

KEYS = ("term", "means", "find")
TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class HardWord:
    """A word and what it means."""

    term: str
    means: str
    on_paper: bool
    """Whether a print on paper uses it."""


def hard_words(screen: str, paper: str, language: Language) -> tuple[HardWord, ...]:
    """Give the hard words of a page, in the order of the list.

    Parameters
    ----------
    screen
        What the page holds.
    paper
        What of it stands on a print.
    language
        The language of the page.
    """
    on_screen, on_paper = (TAGS.sub(" ", text).lower() for text in (screen, paper))
    found = []
    for entry in load_data("report/glossary.yaml"):
        term, means, find = (in_language(entry[name], language) for name in KEYS)
        pattern = _pattern(find)
        printed = pattern.search(on_paper) is not None
        if printed or pattern.search(on_screen):
            found.append(HardWord(term, means, printed))
    return tuple(found)


@cache
def _pattern(find: str) -> re.Pattern[str]:
    """Search in small letters: many times faster than searching whatever the case."""
    return re.compile(find.lower())
