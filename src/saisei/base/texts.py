"""Texts that a person reads: data in English and, where translated, Japanese.

A text is a mapping ``{en: …, ja: …}``, or a plain string, which is English. A catalogue is a data
file of such texts by key, with ``{name}`` for what is filled in.

Rooms say their sentences once, in English, as a `Phrase`: a string that knows how it was made and
can be said in another language. What a person reads is put into their language as a whole, at the
end (`translated`), so that what was worked out and kept for one reader serves every other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

from saisei.base.errors import DataError

__all__ = [
    "LANGUAGES",
    "Catalogue",
    "Language",
    "Phrase",
    "day_in_words",
    "in_language",
    "respelled",
    "spoken",
    "together",
    "translated",
    "untranslated",
]

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NOTHING: Mapping[str, object] = MappingProxyType({})
T = TypeVar("T")


class Phrase(str):
    """A text in English that can be said in other languages: to Python a string like any other.

    Parameters
    ----------
    texts
        The text by language, with ``{name}`` for what is filled in; English always.
    filling
        What is filled in; phrases among it are said in the same language.

    Examples
    --------
    >>> arm = Phrase({"en": "arm", "ja": "腕"})
    >>> said = Phrase({"en": "the {part}: {n} points", "ja": "{part}:{n}点"}, {"part": arm, "n": 6})
    >>> str(said), said.in_language("ja")
    ('the arm: 6 points', '腕:6点')
    """

    __slots__ = ("_filling", "_texts")
    _texts: Mapping[str, str]
    _filling: Mapping[str, object]

    def __new__(
        cls, texts: Mapping[str, str], filling: Mapping[str, object] | None = None
    ) -> Phrase:
        """Say the text in English."""
        english = texts["en"] if filling is None else texts["en"].format(**filling)
        self = super().__new__(cls, english)
        self._texts, self._filling = texts, NOTHING if filling is None else filling
        return self

    def __reduce__(self) -> tuple[type[Phrase], tuple[Any, ...]]:
        """Copy it with all that it knows."""
        return Phrase, (dict(self._texts), dict(self._filling) or None)

    def in_language(self, language: Language) -> str:
        """Say it in a language; in English where no translation exists."""
        text = self._texts.get(language)
        if language == "en" or text is None:
            return str.__str__(self)
        if self._filling is NOTHING:
            return text
        return text.format(
            **{name: translated(one, language) for name, one in self._filling.items()}
        )

    def missing(self, language: Language) -> Iterator[str]:
        """Give the texts in it that have no translation."""
        if language not in self._texts:
            yield self._texts["en"]
        for one in self._filling.values():
            yield from untranslated(one, language)

    def fill(self, **filling: object) -> Phrase:
        """Fill its gaps."""
        return Phrase(self._texts, {**self._filling, **filling})


class _Asked(Mapping[str, str]):
    """A text by language, of which all but the English is worked out when somebody asks."""

    __slots__ = ("_english", "_say")

    def __init__(self, english: str, say: Callable[[Language], str]) -> None:
        self._english, self._say = english, say

    def __getitem__(self, language: str) -> str:
        if language == "en":
            return self._english
        if language == "ja":
            return self._say("ja")
        raise KeyError(language)

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)

    def __contains__(self, language: object) -> bool:
        return language in LANGUAGES


def spoken(english: str, say: Callable[[Language], str]) -> Phrase:
    """Give an English text that a function can say in other languages, when somebody asks.

    Examples
    --------
    >>> spoken("the arm", lambda language: "腕").in_language("ja")
    '腕'
    """
    return Phrase(_Asked(english, say))


def together(*texts: str, between: str = " ") -> Phrase:
    """Put texts one after the other; Japanese sentences stand without a space.

    Examples
    --------
    >>> together("One.", "Two.")
    'One. Two.'
    """
    names = [f"t{at}" for at in range(len(texts))]
    gaps = [f"{{{name}}}" for name in names]
    own = {"en": between.join(gaps), "ja": _between_in_japanese(between).join(gaps)}
    return Phrase(own, dict(zip(names, texts, strict=True)))


def _between_in_japanese(between: str) -> str:
    if isinstance(between, Phrase):
        return between.in_language("ja")
    return {", ": "、", "; ": "；", ": ": "："}.get(between, between.strip(" "))


def respelled(text: str, english: str) -> Phrase:
    """Write a text otherwise in English alone: with a capital, or with a small letter.

    Examples
    --------
    >>> arm = respelled(Phrase({"en": "arm", "ja": "腕"}), "Arm")
    >>> str(arm), arm.in_language("ja")
    ('Arm', '腕')
    """
    return spoken(english, lambda language: translated(text, language))


def day_in_words(day: date) -> Phrase:
    """Write a day as a reader of each language does.

    Examples
    --------
    >>> day_in_words(date(2026, 11, 20)), day_in_words(date(2026, 11, 20)).in_language("ja")
    ('20 November 2026', '2026年11月20日')
    """
    english = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return Phrase({"en": english, "ja": f"{day.year}年{day.month}月{day.day}日"})


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def translated(value: T, language: Language) -> T:
    """Put every phrase in a value into a language: in data classes, tuples, lists and mappings.

    A plain string has nothing to translate: names, titles of sources, addresses. What holds no
    phrase is given back as it is.
    """
    if language == "en":
        return value
    found: Any = _translated(value, language)
    return found  # type: ignore[no-any-return]  # a value of the same kind


def _translated(value: Any, language: Language) -> Any:
    match value:
        case Phrase():
            return value.in_language(language)
        case tuple():
            parts = tuple(_translated(one, language) for one in value)
            same = all(one is other for one, other in zip(parts, value, strict=True))
            return value if same else parts
        case list():
            return [_translated(one, language) for one in value]
        case Mapping():
            return {name: _translated(one, language) for name, one in value.items()}
    plain = isinstance(value, type | Enum) or not is_dataclass(value)
    return value if plain else _of_class(value, language)


def _of_class(value: Any, language: Language) -> Any:
    changed = {}
    for one in fields(value):
        before = getattr(value, one.name)
        after = _translated(before, language)
        if after is not before:
            changed[one.name] = after
    return replace(value, **changed) if changed else value


def untranslated(value: object, language: Language) -> Iterator[str]:
    """Give the texts in a value that have no translation, as they stand in the data."""
    if isinstance(value, Phrase):
        yield from value.missing(language)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from untranslated(one, language)
    elif isinstance(value, Mapping):
        yield from untranslated(list(value.values()), language)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from untranslated([getattr(value, one.name) for one in fields(value)], language)


def in_language(text: str | Mapping[str, str], language: Language) -> str:
    """Give a text in a language, in English where no translation exists yet.

    The English one is a `Phrase`, which can still be said in the others.

    Examples
    --------
    >>> in_language({"en": "arm", "ja": "腕"}, "ja")
    '腕'
    """
    if isinstance(text, str):
        return text
    if language == "en":
        return Phrase(text)
    return text.get(language) or text["en"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Texts by key, from one data file."""

    name: str
    texts: Mapping[str, Any]
    language: Language = "en"

    def say(self, key: str, /, **filling: object) -> str:
        """Give the text under a dotted key with its gaps filled.

        In English it is a `Phrase`.

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
            if self.language == "en" and isinstance(entry, Mapping):
                return Phrase(entry, filling)
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
