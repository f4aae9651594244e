"""Whom the report speaks to, and the catalogue of its own sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Phrase, in_language, spoken
from saisei.cases import Case
from saisei.eligibility import field_name

__all__ = ["Audience", "Voice", "audience_of", "bracketed", "named_field", "of_people"]

Audience = Literal["self", "family", "clinician"]
FILE = "decision/texts.yaml"


def audience_of(case: Case) -> Audience:
    """Say who is answering; a person for themselves where it is not stated."""
    stated = case.answer("respondent").value
    if stated == "family":
        return "family"
    return "clinician" if stated == "clinician" else "self"


def named_field(field: str) -> Phrase:
    """Name a field as a reader knows it."""
    return spoken(field_name(field), lambda language: field_name(field, language))


def of_people(events: object, people: object) -> Phrase:
    """Say a count: ``16 of 111``."""
    return Phrase(OF, {"events": events, "people": people})


def bracketed(text: str, more: str) -> Phrase:
    """Put one text behind another, in brackets."""
    return Phrase(BRACKETED, {"text": text, "more": more})


@cache
def _pronouns(audience: Audience) -> Mapping[str, str]:
    """Give *you* or *the person*, in each form that a sentence needs."""
    table = load_data(FILE)["audience"][audience]
    return {name: in_language(text, "en") for name, text in table.items()}


OF = {"en": "{events} of {people}", "ja": "{people}人中{events}人"}
BRACKETED = {"en": "{text} ({more})", "ja": "{text}（{more}）"}


@dataclass(frozen=True, slots=True)
class Voice:
    """The sentences of the report, to the person or of the person.

    They are said in English, as phrases: `decide` puts the whole into the reader's language.
    """

    audience: Audience

    def say(self, key: str, /, **filling: object) -> str:
        """Give one sentence with *you* or *the person* filled in."""
        return self._catalogue().say(key, **_pronouns(self.audience), **filling)

    def statement(self, key: str, /, *sources: str, **filling: object) -> Statement:
        """Give one sentence with its sources: those of the text and those given."""
        entry = self._entry(key)
        own = tuple(entry.get("sources", ())) if isinstance(entry, dict) else ()
        return Statement(self.say(key, **filling), (*own, *sources))

    def statements(self, key: str, /, **filling: object) -> tuple[Statement, ...]:
        """Give a list of sentences."""
        return tuple(
            Statement(
                Phrase(entry, {**_pronouns(self.audience), **filling}),
                tuple(entry.get("sources", ())),
            )
            for entry in self._entry(key)
        )

    def table(self, key: str) -> Any:
        """Give a part of the catalogue as it stands."""
        return self._entry(key)

    def word(self, group: str, word: str) -> str:
        """Give the reader's word for a word of the data; one without a text stands as it is."""
        table = self._entry(group)
        return in_language(table[word], "en") if word in table else word

    def has(self, key: str) -> bool:
        """Whether the catalogue has a text under a key."""
        return self._catalogue().has(key)

    def _catalogue(self) -> Catalogue:
        return Catalogue(FILE, load_data(FILE))

    def _entry(self, key: str) -> Any:
        entry = load_data(FILE)
        for step in key.split("."):
            entry = entry[step]
        return entry
