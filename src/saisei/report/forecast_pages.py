"""The page of a forecast by itself, and its pictures as files that stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from markupsafe import Markup

from saisei.decision.cited import all_sources
from saisei.decision.model import Kind
from saisei.decision.outlook import Outlook
from saisei.decision.views import FutureView
from saisei.forecast.assessment import Assessment
from saisei.forecast.narrowing import NextScore
from saisei.forecast.updating import Band, Change
from saisei.report.figures import Figures, LegendLine
from saisei.report.forecasts import language_of, measured, moment, shown, what_was_tested, words
from saisei.report.glossary import HardWord, hard_words
from saisei.report.html import print_page, to_html
from saisei.report.outline import outline
from saisei.report.page import Page
from saisei.report.pictures.intervals import Interval, IntervalGroup, intervals_picture
from saisei.report.pictures.svg import MUTED, WIDTH, svg_file, text_lines, wrap
from saisei.report.tables import Table, Tables
from saisei.scales import scale

__all__ = ["forecast_files"]

SCHEMA = "saisei-forecast/1"
BOX = re.compile(r'viewBox="0 0 [0-9.]+ ([0-9.]+)"')
SMALL = 12.0


def forecast_files(outlook: Outlook) -> dict[str, str]:
    """Draw a forecast: a page, and each of its pictures as an SVG file."""
    return {"page.html": _page(outlook), **dict(_pictures(outlook))}


def _page(outlook: Outlook) -> str:
    if outlook.decision.kind is Kind.EMERGENCY:
        return to_html(outlook.decision)
    first = _printed(outlook, ())
    return _printed(outlook, hard_words(first, first, language_of(outlook)))


def _printed(outlook: Outlook, glossary: Sequence[HardWord]) -> str:
    say = words(language_of(outlook)).say
    title = say("title_none" if outlook.why_none else "title")
    decision = replace(
        outlook.decision, schema=SCHEMA, title=title, sources=tuple(all_sources().values())
    )
    page = Page(decision)
    drawing = _Drawing(page, outlook)
    return print_page(
        "forecast",
        {
            "page": page,
            "decision": decision,
            "outlook": outlook,
            "say": say,
            "plan": outline(decision, page.say),
            "figures": Figures(page),
            "tables": Tables(page, decision),
            "drawing": drawing,
            "tested": what_was_tested(outlook),
            "glossary": glossary,
        },
        "forecast.css",
    )


class _Drawing:
    """The pictures and tables of a forecast by itself; those of the report come from `Figures`."""

    def __init__(self, page: Page, outlook: Outlook) -> None:
        self.page = page
        self.say = words(language_of(outlook)).say
        self.outlook = outlook

    def name(self, scale_id: str) -> str:
        """Name a scale in plain words."""
        return self.page.word("scale", scale_id)

    def measured(self, future: FutureView) -> str:
        """Say which scores a forecast starts from."""
        return measured(future, self.say)

    def change(self, change: Change) -> Markup:
        """Draw a forecast before and with the new scores, moment by moment."""
        pairs = list(zip(shown(change.before), shown(change.after), strict=True))
        groups = [
            IntervalGroup(moment(new.day, self.say), (_interval(old), _interval(new, new=True)))
            for old, new in pairs
        ]
        return intervals_picture(
            self.page.picture_name(),
            groups,
            ends_of(change.scale_id),
            self.say("pictures.change_title", title=self.name(change.scale_id)),
            " ".join(self._told(old, new) for old, new in pairs),
            self.say("pictures.points"),
        )

    def _told(self, old: Band, new: Band) -> str:
        (low_before, high_before), (low, high) = old.ends, new.ends
        return self.say(
            "pictures.change_row",
            when=moment(new.day, self.say),
            middle_before=round(old.middle),
            low_before=low_before,
            high_before=high_before,
            middle=round(new.middle),
            low=low,
            high=high,
        )

    def change_table(self, change: Change) -> Table:
        """Give the same in numbers."""
        say = self.say
        before, after = say("before"), say("after")
        rows = [
            (
                moment(new.day, say),
                str(round(old.middle)),
                say("range", low=old.ends[0], high=old.ends[1]),
                str(round(new.middle)),
                say("range", low=new.ends[0], high=new.ends[1]),
            )
            for old, new in zip(shown(change.before), shown(change.after), strict=True)
        ]
        heads = [say("head.when")]
        for when in (before, after):
            heads += [f"{say(f'head.{key}')}, {when}" for key in ("middle", "ninety")]
        return Table(self.name(change.scale_id), tuple(heads), tuple(rows))

    def another(self, found: Assessment) -> Markup:
        """Draw the forecast of now, and after a low, a middle and a high next score."""
        (future,) = [one for one in self.outlook.drawn if one.scale == "fma_ue"]
        last = future.points[-1]
        now = Interval(last.q05, last.q50, last.q95)
        groups = [IntervalGroup(self.say("pictures.another_now"), (now,))]
        told = [self.say("pictures.another_desc_now", low=round(last.q05), high=round(last.q95))]
        for then in _next_scores(found):
            label = self.say("pictures.another_then", score=f"{then.score:g}")
            groups.append(IntervalGroup(label, (_then(then),)))
            ends = {"low": round(then.low), "high": round(then.high)}
            told.append(self.say("pictures.another_desc", label=label, **ends))
        return intervals_picture(
            self.page.picture_name(),
            groups,
            (future.score_low, future.score_high),
            self.say("pictures.another_title", days=found.in_days, horizon=future.horizon),
            " ".join(told),
            self.say("pictures.points"),
        )


def _next_scores(found: Assessment) -> list[NextScore]:
    if found.low is None or found.usual is None or found.high is None:
        return []
    return [found.low.then, found.usual, found.high.then]


def _interval(band: Band, *, new: bool = False) -> Interval:
    return Interval(band.low, band.middle, band.high, (band.quarter, band.three_quarters), new)


def _then(then: NextScore) -> Interval:
    return Interval(then.low, then.median, then.high, new=True)


def ends_of(scale_id: str) -> tuple[float, float]:
    """Give the lowest and the highest score of a scale."""
    of = scale(scale_id).range
    return (of.low, of.high) if of is not None else (0.0, 100.0)


def _pictures(outlook: Outlook) -> Iterator[tuple[str, str]]:
    """Draw every picture of the page as a file; its words stand in it."""
    decision = replace(outlook.decision, sources=())
    page = Page(decision)
    figures, drawing, say = Figures(page), _Drawing(page, outlook), words(language_of(outlook)).say
    for future in outlook.drawn:
        title, scale_id = drawing.name(future.scale), future.scale
        bare = f"{title}, {say('without')}"
        legend = say("files.legend")
        yield _file(f"course-{scale_id}", figures.course(future), bare, legend)
        if future.people is not None:
            caption = _lines(figures.people_legend(future.people))
            yield _file(
                f"people-{scale_id}", figures.people(future), f"{bare}, {future.horizon}", caption
            )
        for place, with_ in enumerate(future.with_therapy, 1):
            told = f"{title}, {say('with', therapy=page.therapy(with_.therapy))}"
            course = figures.course(future, with_) if with_.points else ""
            if course:
                yield _file(f"course-{scale_id}-with-{place}", course, told, legend)
            caption = _lines(figures.people_legend(with_.people, with_))
            yield _file(
                f"people-{scale_id}-with-{place}", figures.people(future, with_), told, caption
            )
    for change in outlook.changes:
        if change.comparable:
            title = say("pictures.change_title", title=drawing.name(change.scale_id))
            legend = say("pictures.change_legend")
            yield _file(f"change-{change.scale_id}", drawing.change(change), title, legend)
    found = outlook.another
    if found is not None and found.narrowing is not None:
        (arm,) = [one for one in outlook.drawn if one.scale == "fma_ue"]
        title = say("pictures.another_title", days=found.in_days, horizon=arm.horizon)
        legend = say("pictures.another_legend")
        yield _file("another", drawing.another(found), title, legend)


def _lines(legend: Sequence[LegendLine]) -> str:
    return ". ".join(line.words for line in legend) + "."


def _file(name: str, drawn: str, title: str, caption: str) -> tuple[str, str]:
    """Set a picture between its title and its words, as a file of its own."""
    found = BOX.search(drawn)
    height = float(found[1]) if found else WIDTH
    head, foot = wrap(title, WIDTH - 20), wrap(caption, WIDTH - 20, SMALL)
    top = 14.0 + 17.0 * len(head)
    placed = str(drawn).replace(
        "<svg ", f'<svg x="8" y="{top:g}" width="{WIDTH:g}" height="{height:g}" ', 1
    )
    whole = svg_file(
        f"{name}-file",
        WIDTH + 16,
        top + height + 20 + 17.0 * len(foot),
        title,
        caption,
        text_lines(8.0, 20.0, head, font_weight="bold"),
        Markup(placed),  # noqa: S704 - our own picture, escaped where it was drawn
        text_lines(8.0, top + height + 18, foot, font_size=SMALL, fill=MUTED),
    )
    return f"{name}.svg", whole
