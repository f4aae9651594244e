"""What every template can ask of the page: words, sentences with their sources, names, dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Protocol

from markupsafe import Markup, escape

from saisei.base.errors import DataError
from saisei.base.sources import Source, Statement
from saisei.base.store import load_data
from saisei.base.texts import LANGUAGES, Catalogue, Language
from saisei.decision.views import TherapyView
from saisei.report.citations import Citations

__all__ = ["Page", "Spoken", "emphasised"]

STARS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])", re.ASCII)


class Spoken(Protocol):
    """What a page speaks of: a decision, or something else with a language and sources."""

    @property
    def language(self) -> str:
        """The language of the page."""

    @property
    def audience(self) -> str:
        """For whom it is written."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source that may be cited."""

    @property
    def therapies(self) -> tuple[TherapyView, ...]:
        """The therapies that have names of their own."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Gives the page's texts in a language, in the form for who reads it."""

    language: Language
    audience: str

    def __call__(self, key: str, /, **filling: object) -> str:
        """Give a text."""
        return _catalogue(self.language).say(self._key(key), **filling)

    def _key(self, key: str) -> str:
        own = f"{key}.{self.audience}"
        return own if _has(self.language, own) else key


@cache
def _catalogue(language: Language) -> Catalogue:
    return Catalogue("report/texts.yaml", load_data("report/texts.yaml"), language)


@cache
def _has(language: Language, key: str) -> bool:
    return _catalogue(language).has(key)


class Page:
    """One page in the making: it counts the sources and the pictures as they are printed."""

    def __init__(self, decision: Spoken) -> None:
        if decision.language not in LANGUAGES:
            raise DataError(f"no report can be written in the language {decision.language}")
        language: Language = decision.language
        self.decision = decision
        self.catalogue = _catalogue(language)
        self.say = Speaker(language, decision.audience)
        spoken = self.catalogue.say("page.source", number="{number}")
        self.citations = Citations(decision.sources, spoken)
        self._anchors: dict[tuple[str, str], str] = {}
        self._pictures = 0
        self.leads: dict[str, str] = {}
        """Words that, set apart in a sentence, lead to a part of the page: *Harms*."""

    def word(self, group: str, value: str) -> str:
        """Give the reader's word for a word of the decision; an unknown one stands as it is."""
        key = f"words.{group}.{slug(value).replace('-', '_')}"
        return self.catalogue.say(key) if self.catalogue.has(key) else value

    def words(self, group: str, values: Iterable[str]) -> str:
        """Give the reader's words for several words of the decision."""
        return ", ".join(self.word(group, value) for value in values)

    def cite(self, keys: Iterable[str]) -> Markup:
        """Give the small numbers of sources."""
        return self.citations.cite(keys)

    def st(self, statement: Statement) -> Markup:
        """Give a sentence with the small numbers of its sources."""
        return self._led(emphasised(statement.text)) + self.cite(statement.sources)

    def _led(self, shown: Markup) -> Markup:
        """Let the names of parts lead to them."""
        if "<em>" not in shown:
            return shown
        for words, part in self.leads.items():
            link = Markup('<em><a href="#{}">{}</a></em>').format(part, words)
            shown = shown.replace(Markup("<em>{}</em>").format(words), link)
        return shown

    def several(self, statements: Iterable[Statement]) -> Markup:
        """Give sentences one after the other."""
        return Markup(" ").join(self.st(statement) for statement in statements)

    def anchor(self, kind: str, name: str) -> str:
        """Give an id of the page for a thing; the same thing has the same id."""
        if (kind, name) not in self._anchors:
            wanted = f"{kind}-{slug(name)}"
            taken = set(self._anchors.values())
            others = (f"{wanted}-{count}" for count in range(2, len(taken) + 3))
            free = next(form for form in (wanted, *others) if form not in taken)
            self._anchors[kind, name] = free
        return self._anchors[kind, name]

    def therapy(self, name: str) -> str:
        """Give the name of a therapy by its id; what is no id is a name already."""
        names = {therapy.id: therapy.name for therapy in self.decision.therapies}
        return names.get(name, name)

    def picture_name(self) -> str:
        """Give an id for the next picture."""
        self._pictures += 1
        return f"p{self._pictures}"

    def day(self, written: str) -> str:
        """Write the day of a date-time in words; what is no date stands as it is."""
        try:
            day = date.fromisoformat(written[:10])
        except ValueError:
            return written
        month = self.say(f"date.months.m{day.month}")
        return self.say("date.form", day=day.day, month=month, year=day.year)


def emphasised(words: str) -> Markup:
    """Escape a text and set what stands between two stars apart: ``see *Harms*``.

    Examples
    --------
    >>> str(emphasised("see *Harms*, 2 * 3 < 7"))
    'see <em>Harms</em>, 2 * 3 &lt; 7'
    """
    shown = STARS.sub(r"<em>\1</em>", str(escape(words)))
    return Markup(shown)  # noqa: S704 - escaped before, and nothing was added but <em>


def slug(name: str) -> str:
    """Reduce a name to letters, digits and hyphens.

    Examples
    --------
    >>> slug("cells, no control")
    'cells-no-control'
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "x"
