"""What each trial found, as a forest plot that is read from top to bottom on a phone.

Under each trial's name and counts stands its own line: the square at the estimate (its area is the
weight), the bar for the 95 % interval. The diamond is what they give together.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from markupsafe import Markup

from saisei.decision.views import FindingView, ForestRow, PooledRow
from saisei.report.pictures.axis import Axis, linear_axis, log_axis, show_number
from saisei.report.pictures.marks import diamond, interval_bar, square
from saisei.report.pictures.svg import (
    INK,
    MUTED,
    WIDTH,
    hatch,
    number,
    picture,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = ["Say", "forest_picture", "interval_words"]

Say = Callable[..., str]
START, END = 10.0, WIDTH - 10.0
BOLD = 16.5
"""Size at which bold names are measured: they run wider than plain ones of 15."""
LINE = 17.0


def interval_words(finding: FindingView, row: ForestRow | PooledRow, say: Say) -> str:
    """Write an estimate with its interval: ``1.20 (0.51 to 2.85)``."""
    ratio = finding.log_axis
    return say(
        "pictures.interval",
        estimate=show_number(row.estimate, ratio=ratio),
        low=show_number(row.low, ratio=ratio),
        high=show_number(row.high, ratio=ratio),
    )


def forest_picture(
    name: str, finding: FindingView, say: Say, title: str, description: str
) -> Markup:
    """Draw the rows of a finding and what they give together."""
    axis = _axis(finding)
    y = 40.0
    parts: list[Markup] = []
    for row in finding.rows:
        lines, height = _row(row, finding, axis, y, say)
        parts.append(lines)
        y += height
    if finding.pooled is not None:
        lines, height = _pooled(finding.pooled, finding, axis, y, say)
        parts.append(lines)
        y += height
    return picture(
        name,
        y + 62,
        title,
        description,
        tag("defs", hatch(f"{name}-small", "#cfd8e0", gap=7.0, back="#f4f6f8")),
        _background(name, finding, axis, y),
        _sides(finding, say),
        *parts,
        _ticks(finding, axis, y),
    )


def _axis(finding: FindingView) -> Axis:
    rows: list[ForestRow | PooledRow] = list(finding.rows)
    pooled = finding.pooled
    ends = [finding.null, *(finding.worthwhile or ())]
    if pooled is not None:
        rows.append(pooled)
        ends += [end for end in (pooled.predicted_low, pooled.predicted_high) if end is not None]
    values = ends + [value for row in rows for value in (row.low, row.estimate, row.high)]
    return (log_axis if finding.log_axis else linear_axis)(values, START, END)


def _background(name: str, finding: FindingView, axis: Axis, bottom: float) -> Markup:
    null = axis.at(finding.null)
    line = f"M{number(null)} 24V{number(bottom + 6)}"
    parts = [tag("path", d=line, stroke=INK, stroke_width=1.5)]
    if finding.worthwhile is not None:
        left, right = (axis.at(value) for value in finding.worthwhile)
        band = tag(
            "rect",
            x=left,
            y=24.0,
            width=right - left,
            height=bottom - 18,
            fill=f"url(#{name}-small)",
            stroke="#b4c0ca",
            stroke_dasharray="2 3",
        )
        parts.insert(0, band)
    return Markup("").join(parts)


def _sides(finding: FindingView, say: Say) -> Markup:
    cells, control = say("pictures.better_cells"), say("pictures.better_control")
    left, right = (control, cells) if finding.better == "right" else (cells, control)
    bold: dict[str, str | float | None] = {"font_weight": "bold", "font_size": 12.0}
    return text(0.0, 14.0, f"← {left}", **bold) + text(
        WIDTH, 14.0, f"{right} →", text_anchor="end", **bold
    )


def _row(
    row: ForestRow, finding: FindingView, axis: Axis, y: float, say: Say
) -> tuple[Markup, float]:
    names = wrap(row.label, WIDTH - 12, BOLD)
    counts = say("pictures.against", treated=row.treated, control=row.control)
    lines = wrap(counts, WIDTH - 8) + wrap(_row_numbers(row, finding, say), WIDTH - 8)
    below = y + LINE * len(names)
    bar = below + LINE * len(lines) + 2
    drawn = (
        _paper(y + 1, LINE * (len(names) + len(lines)))
        + text_lines(2.0, y, names, font_weight="bold", font_size=15.0)
        + text_lines(2.0, below, lines)
        + interval_bar(axis, row.low, row.high, bar, INK)
        + square(axis, row.estimate, bar, _side(row.weight), full=row.weight > 0)
    )
    return drawn, bar + 38 - y


def _row_numbers(row: ForestRow, finding: FindingView, say: Say) -> str:
    words = interval_words(finding, row, say)
    if row.weight > 0:
        return f"{words} · {say('pictures.weight', share=round(100 * row.weight))}"
    return f"{words} · {say('pictures.beside')}"


def _paper(y: float, height: float) -> Markup:
    """Lay white under words, so that lines behind do not cross them."""
    return tag("rect", x=0.0, y=y - 13, width=WIDTH, height=height, fill="#fff", fill_opacity=0.86)


def _side(weight: float) -> float:
    return 5.0 + 11.0 * math.sqrt(min(max(weight, 0.0), 1.0))


def _pooled(
    pooled: PooledRow, finding: FindingView, axis: Axis, y: float, say: Say
) -> tuple[Markup, float]:
    names = wrap(pooled.label, WIDTH - 12, BOLD)
    lines = wrap(interval_words(finding, pooled, say), WIDTH - 8)
    predicted = _predicted_words(pooled, finding, say)
    lines += wrap(predicted, WIDTH - 8) if predicted else []
    below = y + LINE * len(names)
    middle = below + LINE * len(lines) + 4
    rule = tag("path", d=f"M0 {number(y - 20)}H{number(WIDTH)}", stroke=MUTED)
    drawn = (
        rule
        + _paper(y + 1, LINE * (len(names) + len(lines)))
        + text_lines(2.0, y, names, font_weight="bold", font_size=15.0)
        + text_lines(2.0, below, lines)
        + _predicted(pooled, axis, middle)
        + diamond(axis, pooled.low, pooled.estimate, pooled.high, middle)
    )
    return drawn, middle + 14 - y


def _predicted_words(pooled: PooledRow, finding: FindingView, say: Say) -> str:
    if pooled.predicted_low is None or pooled.predicted_high is None:
        return ""
    low, high = (
        show_number(value, ratio=finding.log_axis)
        for value in (pooled.predicted_low, pooled.predicted_high)
    )
    return say("pictures.predicted", low=low, high=high)


def _predicted(pooled: PooledRow, axis: Axis, y: float) -> Markup:
    if pooled.predicted_low is None or pooled.predicted_high is None:
        return Markup("")
    left, right = axis.at(pooled.predicted_low), axis.at(pooled.predicted_high)
    way = f"M{number(left)} {number(y)}H{number(right)}"
    return tag("path", d=way, stroke=MUTED, stroke_width=2.0, stroke_dasharray="3 3")


def _ticks(finding: FindingView, axis: Axis, bottom: float) -> Markup:
    base = bottom + 6
    parts = [tag("path", d=f"M{number(START)} {number(base)}H{number(END)}", stroke=MUTED)]
    for tick in axis.ticks:
        x = axis.at(tick)
        parts.append(tag("path", d=f"M{number(x)} {number(base)}v5", stroke=MUTED))
        words = f"{tick:g}".replace("-", "−")
        parts.append(text(x, base + 19, words, text_anchor="middle", font_size=12.0, fill=MUTED))
    scale = wrap(finding.scale, WIDTH - 8, 12.0)[:1]
    parts.append(
        text(WIDTH / 2, base + 38, "".join(scale), text_anchor="middle", font_size=12.0, fill=MUTED)
    )
    return Markup("").join(parts)
