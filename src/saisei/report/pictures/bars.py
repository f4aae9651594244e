"""Bars over an axis of numbers, with marked values: how a figure is spread over studies.

Drawn for a phone's width: a page lets it grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.axis import Axis, linear_ticks, show_number
from saisei.report.pictures.svg import (
    BAND,
    CELLS,
    INK,
    MUTED,
    number,
    svg_file,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = ["BarPicture", "Mark", "bars_file"]

WIDTH, LEFT, RIGHT, EDGE = 400.0, 44.0, 12.0, 10.0
TALL, ROW, SMALL = 190.0, 17.0, 12.5
BOLD = 15.5
"""Size at which bold words of 14 are measured: they run wider than plain ones."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A value that is marked by a line, and its words."""

    value: float
    words: str


@dataclass(frozen=True, slots=True)
class BarPicture:
    """What bars show: each from one value to another, and how high.

    `width` is that of the picture; `level` is a height that is marked by a broken line.
    """

    title: str
    description: str
    bars: Sequence[tuple[float, float, float]]
    marks: Sequence[Mark]
    across: str
    up: str
    caption: str
    width: float = WIDTH
    level: float | None = None


def bars_file(name: str, picture: BarPicture) -> str:
    """Draw bars as an SVG file."""
    values = [*(end for bar in picture.bars for end in bar[:2]), *(m.value for m in picture.marks)]
    low, high = min(values), max(values)
    end, most = picture.width - RIGHT, max(4, int(picture.width / 50))
    across = Axis(low, high, LEFT, end, linear_ticks(low, high, most))
    title = wrap(picture.title, picture.width - 2 * EDGE, BOLD)
    head = 22.0 + ROW * len(title) + 8
    start = head + ROW * (1 + len(picture.marks)) + 6
    top = max(1e-9, *(bar[2] for bar in picture.bars)) * 1.05
    up = Axis(0.0, top, start + TALL, start, linear_ticks(0.0, top, 5))
    lines = wrap(picture.caption, picture.width - 2 * EDGE, SMALL)
    drawn = [
        text_lines(EDGE, 22.0, title, font_size=14.0, font_weight="bold"),
        _bars(picture.bars, across, up),
        _level(picture.level, across, up),
        _marks(picture.marks, across, up, head + ROW),
        _frame(across, up, picture, head),
        text_lines(EDGE, up.start + 62, lines, font_size=SMALL, fill=MUTED),
    ]
    height = up.start + 62 + ROW * len(lines)
    return svg_file(name, picture.width, height, picture.title, picture.description, *drawn)


def _bars(bars: Sequence[tuple[float, float, float]], across: Axis, up: Axis) -> Markup:
    drawn = Markup("")
    for low, high, tall in bars:
        x, end, y = across.at(low), across.at(high), up.at(tall)
        drawn += tag(
            "rect", x=x + 0.5, y=y, width=max(end - x - 1.0, 0.5), height=up.start - y,
            fill=BAND, stroke=MUTED, stroke_width=0.5,
        )  # fmt: skip
    return drawn


def _marks(marks: Sequence[Mark], across: Axis, up: Axis, first: float) -> Markup:
    """Draw a line at each marked value, its words above, on the side with more room.

    The order of the rows keeps words from crossing other lines.
    """
    middle = (LEFT + across.end) / 2
    left = [one for one in marks if across.at(one.value) > middle]
    right = [one for one in marks if across.at(one.value) <= middle]
    rows = sorted(left, key=lambda one: -one.value) + sorted(right, key=lambda one: one.value)
    drawn = Markup("")
    for index, mark in enumerate(rows):
        x, y = across.at(mark.value), first + ROW * index
        anchor, at = ("end", x - 6) if mark in left else ("start", x + 6)
        way = f"M{number(x)} {number(y - 8)}V{number(up.start)}"
        drawn += tag("path", d=way, stroke=CELLS, stroke_width=1.6)
        drawn += text(at, y, mark.words, text_anchor=anchor, font_size=SMALL)
    return drawn


def _level(height: float | None, across: Axis, up: Axis) -> Markup:
    if height is None:
        return Markup("")
    way = f"M{number(across.start)} {number(up.at(height))}H{number(across.end)}"
    return tag("path", d=way, stroke=INK, stroke_width=1.6, stroke_dasharray="5 3")


def _frame(across: Axis, up: Axis, picture: BarPicture, head: float) -> Markup:
    bottom = up.start
    parts = [text(EDGE, head, picture.up, font_size=SMALL, fill=MUTED)]
    parts.append(_line(LEFT, bottom, across.end, bottom))
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(_line(LEFT - 5, y, LEFT, y))
        parts.append(text(LEFT - 9, y + 4, f"{tick:g}", text_anchor="end", font_size=SMALL))
    for tick in across.ticks:
        x = across.at(tick)
        parts.append(_line(x, bottom, x, bottom + 5))
        words = show_number(tick, ratio=across.high <= 1)
        parts.append(text(x, bottom + 19, words, text_anchor="middle", font_size=SMALL))
    centre = (LEFT + across.end) / 2
    parts.append(
        text(
            centre,
            bottom + 38,
            picture.across,
            text_anchor="middle",
            font_size=SMALL,
            fill=MUTED,
        )
    )
    return Markup("").join(parts)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return tag("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", stroke=INK)
