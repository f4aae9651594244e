"""How the pages of the evidence speak: their catalogue, words for terms, texts that come from data.

A text of the data that exists in English only stays English and says so to a screen reader
(``lang="en"``), whatever the language of the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache

from markupsafe import Markup, escape

from saisei.base.dates import PartialDate
from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language, Phrase, day_in_words, untranslated

__all__ = ["Speech", "data_text", "speech"]

FILES = ("web/evidence.yaml", "web/therapies.yaml")
MINUS = "−"


@dataclass(frozen=True, slots=True)
class Speech:
    """The words of these pages in one language."""

    language: Language
    catalogue: Catalogue

    def tell(self, key: str, /, **filling: object) -> str:
        """Give one text with its gaps filled."""
        return str(self.catalogue.say(key, **filling))

    def term(self, group: str, value: str | Enum | None) -> str:
        """Give the reader's word for a term of the data; *not stated* for none.

        Examples
        --------
        >>> speech("en").term("design", "rct"), speech("ja").term("stage", None)
        ('randomised', '記載なし')
        """
        if value is None:
            return self.tell("lists.unknown")
        name = str(value.value) if isinstance(value, Enum) else value
        return self.named(f"terms.{group}", name)

    def named(self, group: str, name: str) -> str:
        """Give the word of a small list of the catalogue; a name that is not in it stands."""
        key = f"{group}.{name}"
        return self.tell(key) if self.catalogue.has(key) else name

    def terms(self, group: str, values: Iterable[str | Enum | None]) -> str:
        """Give several words in a row, each once."""
        return self.joined(dict.fromkeys(self.term(group, value) for value in values))

    def joined(self, words: Iterable[str]) -> str:
        """Put words in a row; empty ones are left out."""
        return self.tell("lists.and").join(word for word in words if word)

    def data(self, text: str | None) -> Markup:
        """Give a text of the data, marked where it is not in the page's language."""
        return data_text(text, self.language)

    def day(self, written: str) -> str:
        """Write a date of the data as a reader does; a part of one stands as it is."""
        day = PartialDate.parse(written)
        if len(written) < len("2026-11-20"):
            return written
        return str(day_in_words(day.first.date()).in_language(self.language))


@cache
def speech(language: Language) -> Speech:
    """Give the words of these pages in a language."""
    texts: dict[str, object] = {}
    for file in FILES:
        texts |= load_data(file)
    return Speech(language, Catalogue(FILES[0], texts, language))


def data_text(text: str | None, language: Language) -> Markup:
    """Give a text of the data for a page in some language.

    Examples
    --------
    >>> str(data_text("a < b", "en")), str(data_text("arm", "ja"))
    ('a &lt; b', '<span lang="en">arm</span>')
    """
    if not text:
        return Markup("")
    if language == "en" or not any(letter.isalpha() for letter in text):
        return escape(str(text))
    if isinstance(text, Phrase) and not any(untranslated(text, language)):
        return escape(text.in_language(language))
    if any("\u3040" <= letter <= "\u9fff" for letter in text):
        return escape(str(text))
    return Markup('<span lang="en">{}</span>').format(str(text))
