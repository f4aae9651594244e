"""Intervals of a score under each other: before and after, or after this score and that one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.axis import Axis, linear_ticks, show_number
from saisei.report.pictures.svg import (
    BAND,
    CELLS,
    FAINT,
    INK,
    MUTED,
    PALE,
    WIDTH,
    number,
    picture,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = ["Interval", "IntervalGroup", "intervals_picture"]

LEFT, RIGHT = 104.0, WIDTH - 14.0
TOP, ROW, BAR = 8.0, 20.0, 13.0
LINE, GAP = 17.0, 12.0


@dataclass(frozen=True, slots=True)
class Interval:
    """Nine of ten people, the middle, and where it is known the half in between.

    `new`: drawn in the strong tone.
    """

    low: float
    middle: float
    high: float
    half: tuple[float, float] | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class IntervalGroup:
    """Intervals that belong together, under one label."""

    label: str
    rows: tuple[Interval, ...]


def intervals_picture(
    name: str,
    groups: Sequence[IntervalGroup],
    ends: tuple[float, float],
    title: str,
    description: str,
    across: str,
) -> Markup:
    """Draw the groups over one axis, which is the whole scale.

    Parameters
    ----------
    ends
        The lowest and the highest score of the scale.
    across
        What the axis shows.
    """
    ticks = tuple(dict.fromkeys((*linear_ticks(*ends), ends[1])))
    axis = Axis(*ends, LEFT, RIGHT, ticks)
    drawn: list[Markup] = []
    y = TOP
    for group in groups:
        lines = wrap(group.label, LEFT - 8)
        height = max(ROW * len(group.rows), LINE * len(lines))
        drawn.append(text_lines(0.0, y + 13.0, lines))
        drawn += [_bar(axis, row, y + ROW * place) for place, row in enumerate(group.rows)]
        y += height + GAP
    frame = _frame(axis, y, across)
    return picture(name, y + 44.0, title, description, frame, *drawn)


def _bar(axis: Axis, row: Interval, y: float) -> Markup:
    outer, inner, tone = ("#9dbbd6", CELLS, INK) if row.new else (PALE, BAND, MUTED)
    parts = [_box(axis, row.low, row.high, y + 1.5, BAR, outer)]
    if row.half is not None:
        parts.append(_box(axis, *row.half, y + 1.5, BAR, inner))
    x = axis.at(row.middle)
    parts.append(tag("path", d=f"M{number(x)} {number(y - 1)}v18", stroke="#fff", stroke_width=5.0))
    parts.append(tag("path", d=f"M{number(x)} {number(y - 1)}v18", stroke=tone, stroke_width=3.0))
    return Markup("").join(parts)


def _box(axis: Axis, low: float, high: float, y: float, height: float, fill: str) -> Markup:
    x = axis.at(low)
    return tag(
        "rect", x=x, y=y, width=max(axis.at(high) - x, 1.0), height=height, fill=fill, stroke=FAINT
    )


def _frame(axis: Axis, y: float, across: str) -> Markup:
    parts = [tag("path", d=f"M{number(LEFT)} {number(y)}H{number(RIGHT)}", stroke=MUTED)]
    for tick in axis.ticks:
        x = axis.at(tick)
        crowded = tick != axis.high and axis.at(axis.high) - x < 22
        parts.append(tag("path", d=f"M{number(x)} {number(TOP)}V{number(y + 5)}", stroke=PALE))
        if not crowded:
            words = show_number(tick)
            parts.append(
                text(x, y + 19, words, text_anchor="middle", font_size=12.0, fill=MUTED)
            )  # fmt: skip
    middle = (LEFT + RIGHT) / 2
    parts.append(text(middle, y + 38, across, text_anchor="middle", font_size=12.0, fill=MUTED))
    return Markup("").join(parts)
