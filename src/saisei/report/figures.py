"""Pictures with their words: title, description for who cannot see, legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from saisei.decision.views import CurvePoint, FindingView, FutureView, GainRow, People, WithView
from saisei.report.page import Page
from saisei.report.pictures import (
    Spread,
    course_picture,
    forest_picture,
    gains_picture,
    people_icon,
    people_picture,
    swatch,
)
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.forest import interval_words
from saisei.report.pictures.gains import gain_label, gain_words, group_word
from saisei.report.pictures.swatches import Sample
from saisei.vocabulary import days_per_month

__all__ = ["Figures", "LegendLine"]


@dataclass(frozen=True, slots=True)
class LegendLine:
    """One line under a picture: a small sample and its words."""

    sample: Markup
    words: str


class Figures:
    """The pictures of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def people(self, future: FutureView, with_: WithView | None = None) -> Markup:
        """Draw the hundred people of a future, without or with a therapy."""
        people = with_.people if with_ else future.people
        if people is None:
            return Markup("")
        title = (
            self.page.say(
                "people.title_with", therapy=self.page.therapy(with_.therapy), title=future.title
            )
            if with_
            else self.page.say("people.title_without", title=future.title)
        )
        told = dict(zip(("better", "same", "worse"), self._fates(people, with_), strict=True))
        description = self.page.say("people.desc", **told)
        return people_picture(self.page.picture_name(), people, title, description, _spread(with_))

    def points(self, value: float) -> str:
        """Write a number of points."""
        return show_number(value)

    def people_legend(self, people: People, with_: WithView | None = None) -> list[LegendLine]:
        """Give the counts in words beside their icons."""
        better, same, worse = self._fates(people, with_)
        lines = [
            LegendLine(people_icon("better"), better),
            LegendLine(people_icon("same"), same),
            LegendLine(people_icon("worse"), worse),
        ]
        return [*lines, self._sample("open", "people.open")] if with_ else lines

    def _fates(self, people: People, with_: WithView | None) -> tuple[str, str, str]:
        say, step = self.page.say, show_number(people.step)
        better = say("people.better", count=people.better, step=step)
        worse = say("people.worse", count=people.worse, step=step)
        if with_ is not None:
            between = (with_.better_low, with_.better_high), (with_.worse_low, with_.worse_high)
            words = [say("people.between", low=low, high=high) for low, high in between]
            better, worse = f"{better} {words[0]}", f"{worse} {words[1]}"
        return better, say("people.same", count=people.same), worse

    def _sample(self, sample: Sample, key: str) -> LegendLine:
        return LegendLine(swatch(f"{self.page.picture_name()}-w", sample), self.page.say(key))

    def course(self, future: FutureView, with_: WithView | None = None) -> Markup:
        """Draw the course of a score."""
        points = with_.points if with_ else future.points
        therapy = self.page.therapy(with_.therapy) if with_ else ""
        key = "course.title_with" if with_ else "course.title"
        title = self.page.say(key, title=future.title, therapy=therapy)
        return course_picture(
            self.page.picture_name(),
            future,
            points,
            self.page.say,
            title,
            self._course_words(future, points, with_),
            future.points if with_ else (),
        )

    def _course_words(
        self, future: FutureView, points: Sequence[CurvePoint], with_: WithView | None
    ) -> str:
        first, last = points[0], points[-1]
        return self.page.say(
            "course.desc_with" if with_ else "course.desc",
            start=round(first.day / days_per_month()),
            first=show_number(round(first.q50)),
            months=round(last.day / days_per_month()),
            middle=show_number(round(last.q50)),
            low=show_number(round(last.q05)),
            high=show_number(round(last.q95)),
            quarter=show_number(round(last.q25)),
            three_quarters=show_number(round(last.q75)),
            scale_low=show_number(future.score_low),
            scale_high=show_number(future.score_high),
        )

    def course_legend(self, future: FutureView, with_: WithView | None = None) -> list[LegendLine]:
        """Give the lines and bands of a course in words."""
        points = with_.points if with_ else future.points
        wanted: list[Sample] = ["middle_with" if with_ else "middle", "half", "ninety"]
        wanted += ["measured"] if future.measured else []
        wanted += ["without"] if with_ else []
        wanted += ["far"] if any(point.extrapolated for point in points) else []
        return [self._sample(sample, f"course.{sample}") for sample in wanted]

    def forest(self, finding: FindingView) -> Markup:
        """Draw what each trial of a finding found."""
        say = self.page.say
        told = [
            say(
                "forest.desc_row",
                label=row.label,
                treated=row.treated,
                control=row.control,
                interval=interval_words(finding, row, say),
            )
            for row in finding.rows
        ]
        if finding.pooled is not None:
            interval = interval_words(finding, finding.pooled, say)
            told.append(say("forest.desc_pooled", label=finding.pooled.label, interval=interval))
        null = show_number(finding.null)
        return _forest(
            self.page.picture_name(),
            finding,
            say,
            say("forest.title", title=finding.title),
            say("forest.desc", rows=" ".join(told), null=null),
        )

    def forest_legend(self, finding: FindingView) -> list[LegendLine]:
        """Give the marks of a forest plot in words."""
        wanted: list[Sample] = ["square"]
        wanted += ["diamond"] if finding.pooled else []
        predicted = finding.pooled is not None and finding.pooled.predicted_low is not None
        wanted += ["predicted"] if predicted else []
        wanted += ["small"] if finding.worthwhile else []
        return [self._sample(sample, f"forest.{sample}") for sample in wanted]

    def gains(self, rows: Sequence[GainRow]) -> Markup:
        """Draw gains of one measure side by side."""
        say = self.page.say
        told = [
            say(
                "gains.desc_row",
                group=group_word(row.group, say),
                label=gain_label(row, say),
                gain=gain_words(row, say),
            )
            for row in rows
        ]
        return _gains(
            self.page.picture_name(),
            tuple(rows),
            say,
            say("gains.title", what=rows[0].what),
            say("gains.desc", rows=" ".join(told)),
        )


# Pictures of the evidence are the same for everybody; those of a person are never kept.
_forest = lru_cache(maxsize=1024)(forest_picture)
_gains = lru_cache(maxsize=1024)(gains_picture)


def _spread(with_: WithView | None) -> Spread | None:
    if with_ is None:
        return None
    return Spread(with_.better_low, with_.better_high, with_.worse_low, with_.worse_high)
