"""The tables of a page: the numbers behind the pictures, and everything that is a list of rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from saisei.decision.model import Decision
from saisei.decision.views import (
    ChoiceRow,
    CurvePoint,
    FindingView,
    ForestRow,
    FutureView,
    GainRow,
    GroupView,
    JourneyView,
    PooledRow,
    TherapyView,
    WithView,
)
from saisei.report.page import Page
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.forest import interval_words
from saisei.report.pictures.gains import gain_words, group_word, people_words
from saisei.vocabulary import days_per_month

__all__ = ["Table", "Tables"]

Cell = str | Markup
COURSE_ROWS = 7
REGISTERED = re.compile(r"(NCT|jRCT)\w+$")


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of each row is its heading. A column that is empty is left out."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    compact: bool = False
    """Whether its columns are so short that they stay side by side on a phone."""

    def filled(self) -> Table:
        """Give the table without columns that hold nothing."""
        kept = [i for i in range(len(self.headers)) if i == 0 or any(row[i] for row in self.rows)]
        return Table(
            self.caption,
            tuple(self.headers[i] for i in kept),
            tuple(tuple(row[i] for i in kept) for row in self.rows),
            self.compact,
        )


class Tables:
    """The tables of one page."""

    def __init__(self, page: Page, decision: Decision) -> None:
        self.page = page
        self.decision = decision

    def _table(self, caption: str, keys: Iterable[str], rows: Iterable[tuple[Cell, ...]]) -> Table:
        headers = tuple(self.page.say(key) for key in keys)
        return Table(caption, headers, tuple(rows)).filled()

    def course(self, future: FutureView, with_: WithView | None = None) -> Table:
        """Give a course as points by month."""
        keys = ("course.month", "course.middle_short", "course.half_short", "course.ninety_short")
        points = _spaced(with_.points if with_ else future.points)
        caption = self.page.say("course.table", title=future.title)
        rows = (self._course_row(point) for point in points)
        return replace(self._table(caption, keys, rows), compact=True)

    def _course_row(self, point: CurvePoint) -> tuple[Cell, ...]:
        say = self.page.say
        month = show_number(point.day / days_per_month())
        shown = f"{month} {say('course.beyond')}" if point.extrapolated else month
        low, quarter, middle, three, high = (
            show_number(round(value))
            for value in (point.q05, point.q25, point.q50, point.q75, point.q95)
        )
        half = say("course.range", low=quarter, high=three)
        return shown, middle, half, say("course.range", low=low, high=high)

    def forest(self, finding: FindingView) -> Table:
        """Give a forest plot in numbers."""
        say = self.page.say
        headers = (
            say("forest.study"),
            say("forest.cells"),
            say("forest.control"),
            say("forest.estimate", scale=finding.scale),
            say("forest.weight"),
            say("forest.bias"),
            say("facts.note"),
        )
        rows = [self._forest_row(finding, row) for row in finding.rows]
        if finding.pooled is not None:
            rows.append(self._pooled_row(finding, finding.pooled))
        caption = say("forest.table", title=finding.title)
        return Table(caption, headers, tuple(rows)).filled()

    def _forest_row(self, finding: FindingView, row: ForestRow) -> tuple[Cell, ...]:
        say = self.page.say
        weight = (
            say("forest.share", share=round(100 * row.weight))
            if row.weight > 0
            else say("forest.not_counted")
        )
        return (
            escape(row.label) + self.page.cite(row.sources),
            row.treated,
            row.control,
            interval_words(finding, row, say),
            weight,
            self.page.word("bias", row.bias),
            row.note,
        )

    def _pooled_row(self, finding: FindingView, pooled: PooledRow) -> tuple[Cell, ...]:
        say = self.page.say
        note = say("forest.method", method=pooled.method)
        if pooled.predicted_low is not None and pooled.predicted_high is not None:
            ends = [
                show_number(value, ratio=finding.log_axis)
                for value in (pooled.predicted_low, pooled.predicted_high)
            ]
            note = f"{say('forest.prediction', low=ends[0], high=ends[1])}. {note}"
        return (pooled.label, "", "", interval_words(finding, pooled, say), "", "", note)

    def group(self, finding: FindingView, group: GroupView) -> Table:
        """Give the control groups' grades, and the same moved by the common odds ratio."""
        say = self.page.say
        rows = [
            (
                say("group.at_most", grade=row.at_most),
                str(round(row.control)),
                self._of_100(round(row.treated), math.floor(row.low), math.ceil(row.high)),
            )
            for row in group.rows
        ]
        rows.append((say("group.died"), str(round(group.died)), say("group.left")))
        keys = ("group.grade", "group.control", "group.treated")
        return self._table(say("group.table", title=finding.title), keys, rows)

    def choices(self, finding: FindingView) -> Table:
        """Give what other reasonable choices would make of a finding."""
        say, word = self.page.say, self.page.word
        headers = (
            say("choices.choice"), say("forest.estimate", scale=finding.scale),
            say("choices.word"), say("choices.sure"),
        )  # fmt: skip
        rows = tuple(
            (
                row.label,
                self._effect(finding, row),
                word("verdict", row.verdict),
                word("certainty", row.certainty) if row.certainty else "",
            )
            for row in finding.choices
        )
        return Table(say("choices.table", title=finding.title), headers, rows)

    def _effect(self, finding: FindingView, row: ChoiceRow) -> str:
        if row.estimate is None or row.low is None or row.high is None:
            return self.page.say("choices.nothing")
        ends = (show_number(at, ratio=finding.log_axis) for at in (row.estimate, row.low, row.high))
        return self.page.say("choices.range", middle=next(ends), low=next(ends), high=next(ends))

    def choices_with(self, future: FutureView, with_: WithView) -> Table:
        """Give how many of 100 people other reasonable choices would draw."""
        say, word, step = self.page.say, self.page.word, show_number(with_.people.step)
        found = self.decision.findings
        headers = (
            say("choices.choice"), say("choices.better", step=step),
            say("choices.worse", step=step), say("choices.word"),
        )  # fmt: skip
        printed = (
            say("choices.own"),
            self._of_100(with_.people.better, with_.better_low, with_.better_high),
            self._of_100(with_.people.worse, with_.worse_low, with_.worse_high),
            next((word("verdict", f.verdict) for f in found if f.id == with_.finding), ""),
        )
        rows = (
            (
                row.label,
                self._of_100(row.better, row.better_low, row.better_high),
                self._of_100(row.worse, row.worse_low, row.worse_high),
                word("verdict", row.verdict),
            )
            for row in with_.choices
        )
        return Table(say("choices.table", title=future.title), headers, (printed, *rows))

    def _of_100(self, middle: int | None, low: int | None, high: int | None) -> str:
        if middle is None:
            return self.page.say("choices.undrawn")
        return self.page.say("choices.range", middle=middle, low=low, high=high)

    def gains(self, rows: Sequence[GainRow]) -> Table:
        """Give gains over time in numbers."""
        say = self.page.say
        keys = ("gains.label", "gains.group", "gains.gain", "gains.people", "facts.note")
        shown = (
            (
                escape(row.label) + self.page.cite(row.sources),
                group_word(row.group, say),
                gain_words(row, say),
                people_words(row, say),
                row.note,
            )
            for row in rows
        )
        return self._table(say("gains.table", what=rows[0].what), keys, shown)

    def claims(self, therapy: TherapyView) -> Table:
        """Give what pages tell patients beside what was found."""
        keys = ("therapy.claim", "therapy.claim_verdict", "therapy.claim_finding")
        rows = (
            (row.claim, self.page.word("claim", row.verdict), self.page.st(row.finding))
            for row in therapy.claims
        )
        return self._table(self.page.say("therapy.claims"), keys, rows)

    def steps(self, journey: JourneyView) -> Table:
        """Give the steps of a journey."""
        keys = ("practical.step", "practical.duration", "practical.dates", "practical.notes")
        rows = (
            (
                step.title,
                escape(step.duration) + self.page.cite(step.sources),
                step.dates,
                self.page.several(step.notes),
            )
            for step in journey.steps
        )
        return self._table(self.page.say("practical.steps"), keys, rows)

    def costs(self, journey: JourneyView) -> Table:
        """Give the printed prices."""
        keys = ("practical.what", "practical.amount", "practical.quality", "practical.notes")
        rows = (
            (row.what, row.amount, row.quality, escape(row.note) + self.page.cite(row.sources))
            for row in journey.costs
        )
        return self._table(self.page.say("practical.costs"), keys, rows)

    def settle(self) -> Table:
        """Give the questions that would settle the most."""
        keys = ("questions.question", "questions.effort", "questions.settles")
        asked = self.decision.questions
        rows = (
            (row.text, self.page.word("effort", row.effort), self._settles(row.settles))
            for row in (asked.settle if asked else ())
        )
        return self._table(self.page.say("questions.settle"), keys, rows)

    def _settles(self, settles: str) -> str:
        """Say what an answer settles; only a clinician is given the numbers of the trials."""
        trials = settles.split(", ")
        clinician = self.decision.audience == "clinician"
        if clinician or not all(REGISTERED.match(trial) for trial in trials):
            return settles
        if len(trials) == 1:
            return self.page.say("questions.one_trial")
        return self.page.say("questions.trials", count=len(trials))

    def facts(self) -> Table:
        """Give what was read about the person."""
        keys = ("facts.fact", "facts.value", "facts.date", "facts.note")
        rows = ((fact.label, fact.value, fact.date, fact.note) for fact in self.decision.person)
        return self._table(self.page.say("facts.table"), keys, rows)

    def audit(self) -> Table:
        """Give the audit of the page by the list for decision aids."""
        keys = ("policy.item", "policy.number", "policy.result", "policy.where")
        rows = (
            (f"{item.item} ({item.group})", str(item.number), item.result, item.where)
            for item in self.decision.audit
        )
        return self._table(self.page.say("policy.audit"), keys, rows)


def _spaced(points: Sequence[CurvePoint]) -> tuple[CurvePoint, ...]:
    """Give at most `COURSE_ROWS` points, spread evenly, with the first and the last."""
    last = len(points) - 1
    if last < COURSE_ROWS:
        return tuple(points)
    places = {round(last * index / (COURSE_ROWS - 1)) for index in range(COURSE_ROWS)}
    return tuple(points[place] for place in sorted(places))
