"""Bars over an axis of numbers, with marked values: how a figure is spread over studies."""

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

WIDTH, TOP, BOTTOM, LEFT, RIGHT = 680.0, 44.0, 300.0, 66.0, 20.0
SMALL = 12.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A value that is marked by a line, and its words."""

    value: float
    words: str


@dataclass(frozen=True, slots=True)
class BarPicture:
    """What bars show: each from one value to another, and how high."""

    title: str
    description: str
    bars: Sequence[tuple[float, float, float]]
    marks: Sequence[Mark]
    across: str
    up: str
    caption: str


def bars_file(name: str, picture: BarPicture) -> str:
    """Draw bars as an SVG file."""
    values = [*(end for bar in picture.bars for end in bar[:2]), *(m.value for m in picture.marks)]
    low, high = min(values), max(values)
    across = Axis(low, high, LEFT, WIDTH - RIGHT, linear_ticks(low, high, 10))
    top = max(1e-9, *(bar[2] for bar in picture.bars)) * 1.05
    head = TOP + 17.0 * len(picture.marks)
    up = Axis(0.0, top, BOTTOM, head, linear_ticks(0.0, top, 5))
    lines = wrap(picture.caption, WIDTH - 28, SMALL)
    drawn = [
        _bars(picture.bars, across, up),
        _marks(picture.marks, across),
        _frame(across, up, picture),
        text_lines(14.0, BOTTOM + 66, lines, font_size=SMALL, fill=MUTED),
    ]
    height = BOTTOM + 66 + 17.0 * len(lines)
    return svg_file(name, WIDTH, height, picture.title, picture.description, *drawn)


def _bars(bars: Sequence[tuple[float, float, float]], across: Axis, up: Axis) -> Markup:
    drawn = Markup("")
    for low, high, tall in bars:
        x, end, y = across.at(low), across.at(high), up.at(tall)
        drawn += tag(
            "rect", x=x + 0.5, y=y, width=max(end - x - 1.0, 0.5), height=BOTTOM - y,
            fill=BAND, stroke=MUTED, stroke_width=0.5,
        )  # fmt: skip
    return drawn


def _marks(marks: Sequence[Mark], across: Axis) -> Markup:
    """Draw a line at each marked value, its words above, on the side with more room.

    The order of the rows keeps words from crossing other lines.
    """
    middle = (LEFT + across.end) / 2
    left = [one for one in marks if across.at(one.value) > middle]
    right = [one for one in marks if across.at(one.value) <= middle]
    rows = sorted(left, key=lambda one: -one.value) + sorted(right, key=lambda one: one.value)
    drawn = Markup("")
    for index, mark in enumerate(rows):
        x, y = across.at(mark.value), TOP + 17.0 * index
        anchor, at = ("end", x - 6) if mark in left else ("start", x + 6)
        way = f"M{number(x)} {number(y - 8)}V{number(BOTTOM)}"
        drawn += tag("path", d=way, stroke=CELLS, stroke_width=1.6)
        drawn += text(at, y, mark.words, text_anchor=anchor, font_size=SMALL)
    return drawn


def _frame(across: Axis, up: Axis, picture: BarPicture) -> Markup:
    parts = [text(14.0, 22.0, picture.up, font_size=SMALL, fill=MUTED)]
    parts.append(_line(LEFT, BOTTOM, across.end, BOTTOM))
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(_line(LEFT - 5, y, LEFT, y))
        parts.append(text(LEFT - 9, y + 4, f"{tick:g}", text_anchor="end", font_size=SMALL))
    for tick in across.ticks:
        x = across.at(tick)
        parts.append(_line(x, BOTTOM, x, BOTTOM + 5))
        words = show_number(tick, ratio=across.high <= 1)
        parts.append(text(x, BOTTOM + 19, words, text_anchor="middle", font_size=SMALL))
    centre = (LEFT + across.end) / 2
    parts.append(
        text(
            centre,
            BOTTOM + 38,
            picture.across,
            text_anchor="middle",
            font_size=SMALL,
            fill=MUTED,
        )
    )
    return Markup("").join(parts)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return tag("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", stroke=INK)
