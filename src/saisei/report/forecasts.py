"""A forecast by itself as lines; `forecast_pages` draws it, `forecast_values` gives its values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, TypeVar

from saisei.base.sources import Source, Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language
from saisei.decision.cited import all_sources
from saisei.decision.model import Kind
from saisei.decision.outlook import Outlook
from saisei.decision.views import CurvePoint, FutureView, WithView
from saisei.forecast.updating import Band, Change
from saisei.report.outline import outline
from saisei.report.page import Page
from saisei.report.pictures.axis import show_number
from saisei.vocabulary import days_per_month

__all__ = [
    "forecast_text",
    "language_of",
    "moment",
    "reasons_without",
    "shown",
    "what_was_tested",
    "words",
]

CATALOGUE = "report/forecasts.yaml"
Point = TypeVar("Point", CurvePoint, Band)
LED = re.compile(r" \(see \*[^*]+\*\)")
"""Words that lead to a part of the page, which lines have not."""
MONTHS = (0, 3, 6, 12)
"""The moments that are printed; all of them stand in the JSON and in the page's table."""


@cache
def words(language: Language = "en") -> Catalogue:
    """Give the catalogue of the forecast by itself."""
    return Catalogue(CATALOGUE, load_data(CATALOGUE), language)


def forecast_text(outlook: Outlook) -> str:
    """Write a forecast as lines, the emergency words first."""
    return "\n".join(_Lines(outlook).all()) + "\n"


class _Lines:
    """The lines of one forecast: it numbers the sources as they come."""

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.decision = outlook.decision
        self.say = words(language_of(outlook)).say
        self.page = Page(replace(self.decision, sources=()))
        self.numbers: dict[Source, int] = {}

    def all(self) -> Iterator[str]:
        words = self.decision.emergency
        yield words.text
        yield " · ".join(f"{place} {number}" for place, number in words.numbers)
        if self.decision.kind is Kind.EMERGENCY:
            yield from words.reasons
            return
        if self.decision.kind is not Kind.FULL:
            yield from ("", self.say("title_none"), self._as_of())
            yield from self._block("why_none", self.outlook.why_none)
            yield from self._sources()
            return
        yield from self._whole()

    def _whole(self) -> Iterator[str]:
        yield from ("", self.say("title"), self._as_of())
        if self.say("english_only"):
            yield self.say("english_only")
        yield from self._indented(self.outlook.notes)
        for change in self.outlook.changes:
            yield from self._change(change)
        yield from self._indented(self.outlook.beside)
        if not self.outlook.drawn:
            yield self.say("none_drawn")
        for future in self.outlook.drawn:
            yield from self._course(future)
        yield from self._block("no_course", self._reasons())
        for future in self.outlook.undrawn:
            if future.sentences:
                name = self._name(future.scale, future.title)
                yield from ("", self.say("groups", scale=name))
                yield from self._indented(future.sentences)
        yield from self._another()
        yield from self._with()
        yield from self._sources()
        yield from ("", self.say("about"), self.say("report"))

    def _as_of(self) -> str:
        day = date.fromisoformat(self.decision.as_of[:10])
        parts = {"year": day.year, "month": day.month, "day": day.day}
        return self.say("as_of", date=self.page.day(self.decision.as_of), **parts)

    def _block(self, key: str, said: Iterable[Statement]) -> Iterator[str]:
        told = tuple(said)
        if told:
            yield from ("", self.say(key))
            yield from self._indented(told)

    def _indented(self, said: Iterable[Statement]) -> Iterator[str]:
        for one in said:
            yield f"  {self._cited(one)}"

    def _cited(self, said: Statement) -> str:
        """Give a sentence with the numbers of its sources, without the stars of emphasis."""
        sources = [replace(all_sources()[key], key="") for key in said.sources]
        found = sorted({self.numbers.setdefault(s, len(self.numbers) + 1) for s in sources})
        text = LED.sub("", said.text).replace("*", "")
        return f"{text} [{', '.join(map(str, found))}]" if found else text

    def _course(self, future: FutureView) -> Iterator[str]:
        say = self.say
        yield ""
        yield self._heading(future)
        yield f"  {say('measured')}: {measured(future, say)}"
        yield from self._bands(say("without"), future.points)
        people = future.people.sentences if future.people else ()
        yield from self._indented(people)
        yield from self._indented(self._why_so_many(future))
        for with_ in future.with_therapy:
            yield from self._therapy(with_)
        yield f"  {say('rests')}"
        for one in future.sentences:
            yield f"    {self._cited(one)}"

    def _why_so_many(self, future: FutureView) -> Iterator[Statement]:
        """Say why a change of so many points counts."""
        if future.people is not None and future.people.step_note.text:
            note = future.people.step_note
            why = self.page.say("people.step", step=show_number(future.people.step))
            yield Statement(f"{why} {note.text}", note.sources)

    def _name(self, scale: str, title: str) -> str:
        """Name a scale in plain words, with its own name behind."""
        plain = self.page.word("scale", scale)
        return title if plain == scale else self.say("plain", plain=plain, title=title)

    def _heading(self, future: FutureView) -> str:
        return self.say(
            "scale",
            title=self._name(future.scale, future.title),
            low=show_number(future.score_low),
            high=show_number(future.score_high),
            better=self.say(f"better_{future.better}"),
        )

    def _bands(self, title: str, points: Sequence[CurvePoint]) -> Iterator[str]:
        say = self.say
        rows = [[title, *(say(f"head.{key}") for key in ("middle", "half", "ninety"))]]
        for point in shown(points):
            when = moment(point.day, say) + ("*" if point.extrapolated else "")
            half = self._range(point.q25, point.q75)
            rows.append([when, str(round(point.q50)), half, self._range(point.q05, point.q95)])
        yield from _table(rows)
        if any(point.extrapolated for point in shown(points)):
            yield f"  {say('far')}"

    def _range(self, low: float, high: float) -> str:
        return self.say("range", low=round(low), high=round(high))

    def _therapy(self, with_: WithView) -> Iterator[str]:
        yield from self._bands(self.say("with", therapy=with_.therapy), with_.points)
        yield from self._indented(with_.people.sentences)
        yield from self._indented(
            one for one in with_.sentences if one not in with_.people.sentences
        )

    def _with(self) -> Iterator[str]:
        yield from self._block("no_with", reasons_without(self.outlook, self.page))
        yield from self._block("tested", what_was_tested(self.outlook))
        if self.outlook.counted:
            yield from ("", self.say("counts"))
        for finding, counts in self.outlook.counted:
            yield f"  {finding.title}"
            for one in counts:
                yield f"    {self._cited(one)}"

    def _reasons(self) -> Iterator[Statement]:
        """Give for each reason the scales that it keeps from a forecast."""
        found: dict[Statement, list[FutureView]] = {}
        for one in self.outlook.undrawn:
            if one.why_not is not None:
                found.setdefault(one.why_not, []).append(one)
        for why, futures in found.items():
            names = [self.page.word("scale", one.scale) for one in futures]
            if len(futures) == 1:
                names = [self._name(futures[0].scale, futures[0].title)]
            yield Statement(f"{self.say('comma').join(names)}: {why.text}", why.sources)

    def _change(self, change: Change) -> Iterator[str]:
        name = self.page.word("scale", change.scale_id)
        yield from ("", f"{self.say('changed')}: {name}")
        if change.comparable:
            yield from self._compared(change)
        yield from self._indented(change.sentences)

    def _compared(self, change: Change) -> Iterator[str]:
        """Set both forecasts side by side under their names."""
        say = self.say
        rows = [[say("head.when"), *(say(f"head.{key}") for key in ("middle", "ninety") * 2)]]
        for old, new in zip(shown(change.before), shown(change.after), strict=True):
            rows.append(
                [moment(new.day, say), *self._middle_and_ends(old), *self._middle_and_ends(new)]
            )
        first, *pair = (max(_columns(row[at]) for row in rows) for at in range(3))
        before = say("before")
        gap = " " * (sum(pair) + 2 * len(pair) - _columns(before))
        yield f"  {' ' * first}  {before}{gap}{say('after')}"
        yield from _table(rows)

    def _middle_and_ends(self, band: Band) -> tuple[str, str]:
        low, high = band.ends
        return str(round(band.middle)), self.say("range", low=low, high=high)

    def _another(self) -> Iterator[str]:
        found = self.outlook.another
        if found is not None:
            yield from ("", self.say("another", days=found.in_days))
            yield from self._indented(found.sentences)

    def _sources(self) -> Iterator[str]:
        if self.numbers:
            yield from ("", self.say("sources"))
        for source, number in self.numbers.items():
            where = source.identifier or source.url
            told = f"{source.title}. {where}" if where else source.title
            yield f"  [{number}] {told}"


def reasons_without(outlook: Outlook, page: Page) -> Iterator[Statement]:
    """Give why no future with cells is drawn, with the scales where it is not for all of them."""
    plan = outline(outlook.decision, page.say)
    comma = words(language_of(outlook)).say("comma")
    for_all = [one for one in plan.undrawn if len(one.futures) == len(plan.futures)]
    for one in sorted(plan.undrawn, key=for_all.__contains__):
        names = comma.join(page.word("scale", future.scale) for future in one.futures)
        said = one.why.text if one in for_all else f"{names}: {one.why.text}"
        yield Statement(said, one.why.sources)


def what_was_tested(outlook: Outlook) -> tuple[Statement, ...]:
    """Give what was found of each therapy that is about the person, under its name."""
    found = []
    for therapy, told in outlook.tested:
        words = " ".join(one.text for one in told)
        named = therapy.name.lower() in words.lower()
        keys = tuple(dict.fromkeys(key for one in told for key in one.sources))
        found.append(Statement(words if named else f"{therapy.name}: {words}", keys))
    return tuple(found)


def measured(future: FutureView, say: Any) -> str:
    """Say which scores the forecast starts from, and how long ago each was taken."""
    told = []
    for day, score in future.measured:
        ago = round(-day)
        when = say({0: "today", 1: "yesterday"}.get(ago, "days_ago"), days=ago)
        told.append(say("measured_one", score=show_number(score), when=when))
    return str(say("comma").join(told))


def shown(points: Sequence[Point]) -> list[Point]:
    """Give the moments that are printed; all where there are few.

    Examples
    --------
    >>> [round(one.day) for one in shown([Band(30.44 * m, *[0] * 5, False) for m in range(13)])]
    [0, 91, 183, 365]
    """
    if len(points) <= len(MONTHS):
        return list(points)
    return [one for one in points if round(one.day / days_per_month()) in MONTHS]


def moment(day: float, say: Any) -> str:
    """Say a day from now as *now* or in months."""
    months = round(day / days_per_month(), 1)
    if months == 0:
        return str(say("now"))
    key = "month" if months == 1 else "months"
    return str(say(key, months=show_number(months)))


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Set rows in columns, wide letters counted as two."""
    cells = [list(row) for row in rows]
    columns = range(len(cells[0]))
    widths = [max(_columns(row[at]) for row in cells) for at in columns]
    for row in cells:
        padded = (
            cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)
        )
        yield f"  {'  '.join(padded)}".rstrip()


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def language_of(outlook: Outlook) -> Language:
    """Give the language that a forecast is written in."""
    return "ja" if outlook.decision.language == "ja" else "en"
