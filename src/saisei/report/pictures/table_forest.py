"""A forest plot as journals print it: a line per study, its numbers in columns beside the axis.

The square stands at a study's estimate and its area is the weight; the bar is the interval, an
arrow where it goes on beyond the axis. The diamond is the pool, and the expected range of a new
setting has a line of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.axis import Axis
from saisei.report.pictures.effects import EffectWords, effect_axis
from saisei.report.pictures.marks import diamond, interval_bar, square
from saisei.report.pictures.svg import (
    INK,
    MUTED,
    arrow,
    number,
    svg_file,
    tag,
    text,
    text_lines,
    text_width,
    wrap,
)

__all__ = ["ForestLine", "ForestSummary", "ForestTable", "forest_table"]

SIZE = 12.5
LINE = 16.0
ROW = 22.0
GAP = 18.0
"""Between columns."""
EDGE = 14.0
WIDEST_LABEL, WIDEST_HEAD, PLOT, WIDTH = 230.0, 110.0, 300.0, 760.0
LARGEST, SMALLEST = 15.0, 3.5
"""Sides of the squares."""


@dataclass(frozen=True, slots=True)
class ForestLine:
    """One study, or one comparison: effects as logarithms where they are ratios."""

    label: str
    estimate: float
    low: float
    high: float
    weight: float | None = None
    cells: tuple[str, ...] = ()
    predicted: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ForestSummary:
    """What the lines give together, or where a new setting is expected (no estimate)."""

    label: str
    low: float
    high: float
    estimate: float | None = None


@dataclass(frozen=True, slots=True)
class ForestTable:
    """All that a forest plot shows, in words and numbers.

    Parameters
    ----------
    heads
        Of the labels, of each further column, of the estimates, and of the weights.
    sides
        What lies left and right of no difference; empty where nobody said what is good.
    """

    title: str
    description: str
    heads: tuple[str, ...]
    lines: Sequence[ForestLine]
    summaries: Sequence[ForestSummary]
    axis_title: str
    caption: Sequence[str]
    ratio: bool
    sides: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns stand: right ends of the cells, the plot, right ends of the numbers."""

    width: float
    label: float
    cells: tuple[float, ...]
    axis: Axis
    estimate: float
    weight: float


def forest_table(name: str, plot: ForestTable) -> str:
    """Draw a forest plot as an SVG file."""
    words = EffectWords(map(_half, plot.lines), ratio=plot.ratio)
    layout = _layout(plot, words)
    y, parts = _heads(plot, layout)
    top = y - 4
    for row in plot.lines:
        drawn, y = _line(row, plot, layout, words, y)
        parts.append(drawn)
    rule = tag("path", d=f"M{number(EDGE)} {number(y)}H{number(layout.width - EDGE)}", stroke=MUTED)
    parts += [rule] if plot.summaries else []
    y += 4 if plot.summaries else 0
    for summary in plot.summaries:
        drawn, y = _summary(summary, layout, words, y)
        parts.append(drawn)
    axis, below = _ticks(plot, layout, words, y + 4)
    lines = [
        line for told in plot.caption for line in wrap(told, layout.width - 2 * EDGE - 8, SIZE)
    ]
    caption = text_lines(EDGE, below + 14, lines, font_size=SIZE, fill=MUTED)
    height = below + 14 + 17.0 * len(lines)
    return svg_file(
        name,
        layout.width,
        height,
        plot.title,
        plot.description,
        _stripes(plot, layout, top),
        _guides(plot, layout, top, y + 4),
        *parts,
        axis,
        caption,
    )


def _height(row: ForestLine, layout: _Layout) -> float:
    return ROW + LINE * (len(_names(row.label, layout.label)) - 1)


def _names(label: str, width: float) -> list[str]:
    return wrap(label, width, SIZE) or [""]


def _layout(plot: ForestTable, words: EffectWords) -> _Layout:
    """Give the columns the room that their words need; the axis gets the rest."""
    rows: list[ForestLine | ForestSummary] = [*plot.lines, *plot.summaries]
    written = [_estimate(row, words) for row in rows]
    estimate = _widest([plot.heads[-2], *written])
    weight = _widest([plot.heads[-1]]) if plot.heads[-1] else 0.0
    own = list(zip(*(row.cells for row in plot.lines), strict=True))
    columns = [
        max(_widest(cells), _widest(_head(head)) * 1.06)
        for head, cells in zip(plot.heads[1:-2], own, strict=True)
    ]
    labels = max(_widest([row.label for row in plot.lines]), 1.1 * _widest([plot.heads[0]]))
    # names of summaries may run under the further columns, which are empty there
    sums = max((_widest([row.label]) * 1.1 for row in plot.summaries), default=0.0)
    labels = max(labels, sums - sum(columns) - GAP * len(columns))
    label = max(min(labels, WIDEST_LABEL), 60.0)
    left = EDGE + label
    cells = []
    for column in columns:
        left += GAP + column
        cells.append(left)
    numbers = GAP + estimate + (GAP + weight if weight else 0.0) + EDGE
    start = left + GAP
    width = max(WIDTH, start + PLOT + numbers)
    end = width - numbers
    spans = [(row.low, row.high) for row in rows]
    spans += [row.predicted for row in plot.lines if row.predicted is not None]
    sure = [row.estimate for row in rows if row.estimate is not None]
    halves = list(map(_half, plot.lines))
    axis = effect_axis([*sure, 0.0], spans, halves, start, end, ratio=plot.ratio)
    return _Layout(width, label, tuple(cells), axis, end + GAP + estimate, width - EDGE)


def _half(row: ForestLine) -> float:
    return 0.5 * (row.high - row.low)


def _head(head: str) -> list[str]:
    return wrap(head, WIDEST_HEAD, SIZE) or [""]


def _widest(written: Sequence[str]) -> float:
    return max(text_width(one, SIZE) for one in written)


def _estimate(row: ForestLine | ForestSummary, words: EffectWords) -> str:
    interval = words.interval(row.low, row.high)
    return interval if row.estimate is None else f"{words.show(row.estimate)} ({interval})"


def _heads(plot: ForestTable, layout: _Layout) -> tuple[float, list[Markup]]:
    names = wrap(plot.heads[0], layout.label / 1.06, SIZE) or [""]
    heads = [*map(_head, plot.heads[1:-2]), *([head] for head in plot.heads[-2:])]
    y = EDGE + SIZE + LINE * (max(map(len, [names, *heads])) - 1)
    parts = [_lines(EDGE, y - LINE * (len(names) - 1), names, font_weight="bold")]
    ends = [*layout.cells, layout.estimate, layout.weight]
    parts += [
        _right(end, y - LINE * (len(lines) - 1 - index), line, bold=True)
        for end, lines in zip(ends, heads, strict=True)
        for index, line in enumerate(lines)
        if line
    ]
    line = f"M{number(EDGE)} {number(y + 8)}H{number(layout.width - EDGE)}"
    parts.append(tag("path", d=line, stroke=INK, stroke_width=1.5))
    return y + 12, parts


def _stripes(plot: ForestTable, layout: _Layout, top: float) -> Markup:
    """Shade every second line, so that the eye keeps to it from end to end."""
    y, drawn = top + 4, Markup("")
    for index, row in enumerate(plot.lines):
        height = _height(row, layout)
        if index % 2:
            width = layout.width - 2 * EDGE
            drawn += tag("rect", x=EDGE, y=y, width=width, height=height, fill="#f3f5f7")
        y += height
    return drawn


def _line(
    row: ForestLine, plot: ForestTable, layout: _Layout, words: EffectWords, y: float
) -> tuple[Markup, float]:
    names = _names(row.label, layout.label)
    height = _height(row, layout)
    base = y + 15.0
    middle = y + height / 2
    numbers = middle + 4.5
    axis = layout.axis
    parts = [_lines(EDGE, base, names)]
    parts += [_right(end, numbers, cell) for end, cell in zip(layout.cells, row.cells, strict=True)]
    parts.append(_right(layout.estimate, numbers, _estimate(row, words)))
    if row.predicted is not None:
        parts.append(_predicted(axis, row.predicted, middle))
    parts.append(interval_bar(axis, row.low, row.high, middle, INK))
    parts.append(square(axis, row.estimate, middle, _side(row, plot), full=row.weight != 0.0))
    if row.weight is not None:
        parts.append(_right(layout.weight, numbers, f"{100 * row.weight:.1f}%"))
    return tag("g", *parts), y + height


def _lines(x: float, y: float, lines: Sequence[str], **attributes: str | float | None) -> Markup:
    return Markup("").join(
        text(x, y + LINE * index, line, font_size=SIZE, **attributes)
        for index, line in enumerate(lines)
    )


def _right(x: float, y: float, content: str, *, bold: bool = False) -> Markup:
    weight = "bold" if bold else None
    return text(x, y, content, text_anchor="end", font_size=SIZE, font_weight=weight)


def _side(row: ForestLine, plot: ForestTable) -> float:
    """Side of a square whose area is the weight, as far as it can still be seen."""
    if row.weight is None:
        return 7.0
    most = max(line.weight or 0.0 for line in plot.lines) or 1.0
    return max(SMALLEST, LARGEST * math.sqrt(row.weight / most))


def _predicted(axis: Axis, predicted: tuple[float, float], y: float) -> Markup:
    return interval_bar(axis, *predicted, y, MUTED, dash="3 3")


def _summary(
    row: ForestSummary, layout: _Layout, words: EffectWords, y: float
) -> tuple[Markup, float]:
    room = (layout.cells[-1] if layout.cells else EDGE + layout.label) - EDGE
    names = wrap(row.label, room / 1.06, SIZE) or [""]
    height = ROW + 2 + LINE * (len(names) - 1)
    middle = y + height / 2
    known = row.estimate is not None
    parts = [
        _lines(EDGE, y + 16.0, names, font_weight="bold" if known else None),
        _right(layout.estimate, middle + 4.5, _estimate(row, words), bold=known),
    ]
    if row.estimate is None:
        parts.append(_predicted(layout.axis, (row.low, row.high), middle))
    else:
        parts.append(_diamond(layout.axis, row.low, row.estimate, row.high, middle))
    return tag("g", *parts), y + height


def _diamond(axis: Axis, low: float, estimate: float, high: float, y: float) -> Markup:
    """Draw a diamond; where its interval leaves the axis, an arrow says so."""
    drawn = diamond(axis, low, estimate, high, y, half=7.0)
    for end in (low, high):
        if not axis.holds(end):
            drawn += arrow(axis.at(end), y, right=end > axis.high)
    return drawn


def _guides(plot: ForestTable, layout: _Layout, top: float, bottom: float) -> Markup:
    """Draw the line of no difference, and a dotted one down from the pool."""
    null = number(layout.axis.at(0.0))
    drawn = tag("path", d=f"M{null} {number(top)}V{number(bottom)}", stroke=INK)
    for row in plot.summaries:
        if row.estimate is not None:
            x = number(layout.axis.at(row.estimate))
            way = f"M{x} {number(top)}V{number(bottom)}"
            drawn += tag("path", d=way, stroke=MUTED, stroke_dasharray="2 3")
    return drawn


def _ticks(
    plot: ForestTable, layout: _Layout, words: EffectWords, base: float
) -> tuple[Markup, float]:
    axis = layout.axis
    parts = [tag("path", d=f"M{number(axis.start)} {number(base)}H{number(axis.end)}", stroke=INK)]
    for tick in axis.ticks:
        x = axis.at(tick)
        parts.append(tag("path", d=f"M{number(x)} {number(base)}v5", stroke=INK))
        parts.append(text(x, base + 18, words.tick(tick), text_anchor="middle", font_size=12.0))
    below = base + 34
    middle = (axis.start + axis.end) / 2
    for line in wrap(plot.axis_title, layout.width - axis.start, 12.0):
        parts.append(text(middle, below, line, text_anchor="middle", font_size=12.0, fill=MUTED))
        below += 16
    if plot.sides is not None:
        drawn, below = _sides(plot.sides, axis.at(0.0), layout.width, below)
        parts.append(drawn)
    return Markup("").join(parts), below - 8


def _sides(sides: tuple[str, str], null: float, width: float, y: float) -> tuple[Markup, float]:
    """Write on which side of no difference what lies, in as many lines as the room asks for."""
    bold: dict[str, str | float | None] = {"font_weight": "bold", "font_size": 12.0}
    left = wrap(f"← {sides[0]}", max(null - 10 - EDGE, 40.0) / 1.1, 12.0)
    right = wrap(f"{sides[1]} →", max(width - EDGE - null - 10, 40.0) / 1.1, 12.0)
    drawn = text_lines(null - 10, y, left, text_anchor="end", **bold)
    drawn += text_lines(null + 10, y, right, **bold)
    return drawn, y + 17.0 * max(len(left), len(right))
