"""How a population narrows: rule by rule, and in one bar of three parts.

Three looks, which stay apart in grey and on paper: full where the rules read are known to be met,
hatched where nobody has ruled it out but something is unknown, an empty frame where a rule is not
met. So ignorance never looks like a yes or a no. What is drawn are the counts as they are shown, so
that no length tells a count that is held back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.svg import (
    CELLS,
    INK,
    MUTED,
    WIDTH,
    hatch,
    number,
    picture,
    tag,
)

__all__ = ["OPEN", "Step", "bar_picture", "narrowing_picture", "open_pattern"]

OPEN = "open-people"
"""The id of the hatching; the page holds it once, for all its pictures."""
BAR_LEFT, BAR_RIGHT = 74.0, WIDTH - 72.0
ROW, BAR = 23.0, 15.0
LEAST = 1.6
"""However few people there are, their part can be seen."""
STRIP = 12.0
"""Height of the bar of three parts."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the picture: the people whom no rule so far has ruled out.

    Parameters
    ----------
    label
        The rule.
    left
        How many are left, as it is drawn; `words` is how it is written.
    sure
        How many of them are known to meet every rule so far, as it is drawn.
    before
        How many were left before this rule, as it is drawn.
    """

    label: str
    left: float
    sure: float
    before: float
    words: str


def open_pattern() -> Markup:
    """Give the hatching that the pictures of a page share, in a drawing that takes no room."""
    return tag(
        "svg",
        tag("defs", hatch(OPEN, "#b5861a", gap=5.0, back="#fbf1d3")),
        class_="unseen",
        aria_hidden="true",
        viewBox="0 0 1 1",
    )


def narrowing_picture(
    name: str, total: float, steps: Sequence[Step], title: str, description: str
) -> Markup:
    """Draw one bar a rule, each as long as the people who are left."""
    scale = (BAR_RIGHT - BAR_LEFT) / total if total else 0.0
    tops = [4.0 + ROW * place for place in range(len(steps))]
    rows = list(zip(tops, steps, strict=True))

    def boxes(of: Callable[[Step], tuple[float, float]]) -> str:
        return "".join(_box(BAR_LEFT, top, scale, *of(step), height=BAR) for top, step in rows)

    return picture(
        name,
        ROW * len(steps) + 6,
        title,
        description,
        _path(boxes(lambda step: (step.left, step.before)), "#fff", MUTED),
        _path(boxes(lambda step: (step.sure, step.left)), f"url(#{OPEN})", "#8a6410"),
        _path(boxes(lambda step: (0.0, step.sure)), CELLS, INK),
        _words(BAR_LEFT - 6, INK, [(top, step.label) for top, step in rows]),
        _words(WIDTH - 2, MUTED, [(top, step.words) for top, step in rows]),
    )


def _words(x: float, tone: str, rows: Iterable[tuple[float, str]]) -> Markup:
    """Write a column of words that end at the same place."""
    lines = (tag("text", words, x=x, y=top + 12.0) for top, words in rows)
    return tag("g", *lines, text_anchor="end", font_size=12.5, fill=tone)


def bar_picture(counts: Iterable[float]) -> Markup:
    """Draw one bar of those who match, those who are undecided and those who do not match.

    It has no words: the counts stand beside it.
    """
    matches, undecided, rest = counts
    total = matches + undecided + rest
    scale = (WIDTH - 2) / total if total else 0.0
    parts = [
        _path(_box(1.0, 1.0, scale, matches + undecided, total, height=STRIP), "#fff", MUTED),
        _path(
            _box(1.0, 1.0, scale, matches, matches + undecided, height=STRIP),
            f"url(#{OPEN})",
            "#8a6410",
        ),
        _path(_box(1.0, 1.0, scale, 0.0, matches, height=STRIP), CELLS, INK),
    ]
    box = f"0 0 {number(WIDTH)} {number(STRIP + 2)}"
    return tag("svg", *parts, class_="strip", viewBox=box, aria_hidden="true")


def _box(left: float, top: float, scale: float, low: float, high: float, *, height: float) -> str:
    """Give the way around people from `low` to `high`; nobody has no box."""
    if high <= low:
        return ""
    start, width = left + low * scale, max((high - low) * scale, LEAST)
    return f"M{number(start)} {number(top)}h{number(width)}v{number(height)}h-{number(width)}z"


def _path(way: str, fill: str, stroke: str) -> Markup:
    if not way:
        return Markup("")
    return tag("path", d=way, fill=fill, stroke=stroke, stroke_width=0.8)
