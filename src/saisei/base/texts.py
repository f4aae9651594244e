"""Texts that a person reads: data in English and, where translated, Japanese.

A text is a mapping ``{en: …, ja: …}``, or a plain string, which is English. A catalogue is a data
file of such texts by key, with ``{name}`` for what is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from saisei.base.errors import DataError

__all__ = ["LANGUAGES", "Catalogue", "Language", "in_language"]

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def in_language(text: str | Mapping[str, str], language: Language) -> str:
    """Give a text in a language, in English where no translation exists yet.

    Examples
    --------
    >>> in_language({"en": "arm", "ja": "腕"}, "ja")
    '腕'
    """
    if isinstance(text, str):
        return text
    return text.get(language) or text["en"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Texts by key, from one data file."""

    name: str
    texts: Mapping[str, Any]
    language: Language = "en"

    def say(self, key: str, /, **filling: object) -> str:
        """Give the text under a dotted key with its gaps filled.

        Raises
        ------
        DataError
            There is no such key, or a gap has nothing to fill it.
        """
        entry: Any = self.texts
        for step in key.split("."):
            if not isinstance(entry, Mapping) or step not in entry:
                raise DataError(f"{self.name} has no text `{key}`")
            entry = entry[step]
        try:
            return in_language(entry, self.language).format(**filling)
        except (KeyError, IndexError) as error:
            raise DataError(f"{self.name}: the text `{key}` lacks {error}") from error

    def has(self, key: str) -> bool:
        """Whether a dotted key leads to a text."""
        entry: Any = self.texts
        for step in key.split("."):
            if not isinstance(entry, Mapping) or step not in entry:
                return False
            entry = entry[step]
        return True
