"""Plots of lines and points over two axes of numbers, drawn for the width of a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.axis import Axis, linear_ticks
from saisei.report.pictures.svg import (
    BAND,
    CELLS,
    INK,
    MUTED,
    PALE,
    number,
    polygon,
    svg_file,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = ["Curve", "Plot", "calibration_file", "decision_file"]

WIDTH, LEFT, RIGHT, EDGE, SMALL, LINE = 400.0, 44.0, 12.0, 10.0, 12.5, 17.0
BOLD = 15.5
"""Size at which bold words of 14 are measured: they run wider than plain ones."""
RUG, TALL = 26.0, 190.0
"""Height of the bars under a calibration plot, and of a plot of lines."""

Curve = Sequence[tuple[float, float, float, float]]
"""Points of a line: where, how high, and the ends of its interval."""


@dataclass(frozen=True, slots=True)
class Plot:
    """The words around a plot; `ticks` are percentages where `percent`."""

    name: str
    title: str
    description: str
    across: str
    up: str
    caption: str


def calibration_file(
    plot: Plot,
    ends: tuple[float, float],
    points: Sequence[tuple[float, float, int]],
    curve: Curve,
    counts: Sequence[int],
) -> str:
    """Draw what came over what was expected, as an SVG file.

    Parameters
    ----------
    ends
        Of both axes.
    points
        Expected, observed, and of how many forecasts.
    curve
        The smoothed line and its band; may be empty.
    counts
        How many forecasts lie in each of equal parts of the axis: bars under the plot.
    """
    side, top = WIDTH - LEFT - RIGHT, _top(plot)
    across = Axis(*ends, LEFT, LEFT + side, linear_ticks(*ends, 5))
    up = Axis(*ends, top + side, top, linear_ticks(*ends, 5))
    drawn = [
        _band(curve, across, up),
        _points(points, across, up),
        _path([(ends[0], ends[0]), (ends[1], ends[1])], across, up, INK, 1.2, "5 3"),
        _path([point[:2] for point in curve], across, up, CELLS, 2.6),
        _bars(counts, across, up.start + 52),
    ]
    return _whole(plot, across, up, drawn, up.start + 52 + RUG)


def decision_file(plot: Plot, lines: Sequence[tuple[float, float, float]], low: float) -> str:
    """Draw net benefit over the threshold: by forecast, for everybody, and for nobody (none).

    Parameters
    ----------
    lines
        Threshold, net benefit by forecast, and for everybody; each of 100.
    low
        What lies below it is not drawn.
    """
    top = _top(plot)
    most = max(0.01, *(value for line in lines for value in line[1:]))
    across = Axis(0.0, 100.0, LEFT, WIDTH - RIGHT, linear_ticks(0, 100, 5))
    up = Axis(low, most * 1.06, top + TALL, top, linear_ticks(low, most * 1.06, 5))
    everybody = [(at, value) for at, _, value in lines if value >= low]
    forecast = [(at, value) for at, value, _ in lines if value >= low]
    drawn = [
        _path([(0.0, 0.0), (100.0, 0.0)], across, up, MUTED, 1.2),
        _path(everybody, across, up, INK, 1.6, "5 3"),
        _path(forecast, across, up, CELLS, 2.6),
    ]
    return _whole(plot, across, up, drawn, up.start + 38)


def _title(plot: Plot) -> list[str]:
    return wrap(plot.title, WIDTH - 2 * EDGE, BOLD)


def _top(plot: Plot) -> float:
    """Give the place where a plot begins, under its title and the words of its upright axis."""
    return 22.0 + LINE * (len(_title(plot)) + 1) + 6


def _whole(plot: Plot, across: Axis, up: Axis, drawn: Sequence[Markup], bottom: float) -> str:
    lines = wrap(plot.caption, WIDTH - 2 * EDGE, SMALL)
    caption = text_lines(EDGE, bottom + 24, lines, font_size=SMALL, fill=MUTED)
    title = text_lines(EDGE, 22.0, _title(plot), font_size=14.0, font_weight="bold")
    height = bottom + 24 + LINE * len(lines)
    parts = [title, *drawn, _frame(across, up, plot), caption]
    return svg_file(plot.name, WIDTH, height, plot.title, plot.description, *parts)


def _band(curve: Curve, across: Axis, up: Axis) -> Markup:
    if not curve:
        return Markup("")
    top = [(across.at(x), up.at(high)) for x, _, _, high in curve]
    under = [(across.at(x), up.at(low)) for x, _, low, _ in reversed(curve)]
    return polygon([*top, *under], fill=PALE, stroke=BAND, stroke_width=0.8)


def _points(points: Sequence[tuple[float, float, int]], across: Axis, up: Axis) -> Markup:
    most = max((count for *_, count in points), default=1)
    return Markup("").join(
        tag(
            "circle",
            cx=across.at(x),
            cy=up.at(y),
            r=1.6 if most == 1 else 1.2 + 3.2 * (count / most) ** 0.5,
            fill="none",
            stroke=MUTED,
            stroke_width=0.9,
        )
        for x, y, count in points
    )


def _path(
    points: Sequence[tuple[float, float]],
    across: Axis,
    up: Axis,
    tone: str,
    width: float,
    dash: str | None = None,
) -> Markup:
    if len(points) < 2:
        return Markup("")
    way = "L".join(f"{number(across.at(x))} {number(up.at(y))}" for x, y in points)
    return tag(
        "path", d=f"M{way}", fill="none", stroke=tone, stroke_width=width, stroke_dasharray=dash
    )


def _bars(counts: Sequence[int], across: Axis, y: float) -> Markup:
    """Draw how the predictions are spread, under the plot."""
    wide = (across.end - across.start) / len(counts)
    most = max(1, *counts)
    return Markup("").join(
        tag(
            "rect",
            x=across.start + wide * at + 0.5,
            y=y + RUG * (1 - count / most),
            width=wide - 1,
            height=RUG * count / most,
            fill=BAND,
            stroke=MUTED,
            stroke_width=0.5,
        )
        for at, count in enumerate(counts)
        if count
    )


def _frame(across: Axis, up: Axis, plot: Plot) -> Markup:
    left, bottom = across.start, up.start
    line = f"M{number(left)} {number(up.end)}V{number(bottom)}H{number(across.end)}"
    parts = [
        tag("path", d=line, fill="none", stroke=INK),
        text(EDGE, up.end - 10, plot.up, font_size=SMALL, fill=MUTED),
        text(
            (left + across.end) / 2, bottom + 36, plot.across,
            text_anchor="middle", font_size=SMALL, fill=MUTED,
        ),
    ]  # fmt: skip
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(tag("path", d=f"M{number(left)} {number(y)}h-4", stroke=INK))
        words = f"{tick:g}".replace("-", "−")
        parts.append(text(left - 7, y + 4, words, text_anchor="end", font_size=SMALL))
    for tick in across.ticks:
        x = across.at(tick)
        parts.append(tag("path", d=f"M{number(x)} {number(bottom)}v4", stroke=INK))
        parts.append(text(x, bottom + 18, f"{tick:g}", text_anchor="middle", font_size=SMALL))
    return Markup("").join(parts)
