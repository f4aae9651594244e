"""A specification curve: one question's effect under every choice, and which choices made it.

Above, each analysis stands as a mark with its interval, by rising estimate; below, a tick in the
row of each option says which it took. What an interval says is told by the shape of its mark, the
analysis by rule by a line through the whole picture, so that nothing hangs on a tone. Drawn for a
phone; it grows with its frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from saisei.report.pictures.axis import Axis
from saisei.report.pictures.effects import EffectWords, effect_axis
from saisei.report.pictures.svg import (
    CELLS,
    FAINT,
    INK,
    MUTED,
    PALE,
    WIDTH,
    number,
    polygon,
    svg_file,
    tag,
    text,
    wrap,
)

__all__ = ["SpecificationPlot", "SpecificationPoint", "specification_file"]

EDGE, LABELS = 8.0, 122.0
"""Left edge, and where the labels of options end."""
TOP, TALL = 40.0, 170.0
"""Where the upper part begins, and how high it is."""
SIZE, STEP, HEAD = 11.5, 14.0, 20.0
WIDEST_STEP = 26.0
LARGEST_MARK = 4.5


@dataclass(frozen=True, slots=True)
class SpecificationPoint:
    """One analysis: its effect (a ratio as its logarithm), and which option of each choice."""

    estimate: float
    low: float
    high: float
    options: tuple[int, ...]
    side: Literal["good", "none", "bad"]
    """Whether the interval lies on the good side, holds no difference, or lies on the bad side."""


@dataclass(frozen=True, slots=True)
class SpecificationPlot:
    """All that the picture shows, in words and numbers.

    Parameters
    ----------
    points
        By rising estimate.
    choices
        Each choice with its options, in the order of a point's `options`.
    planned
        Which point is the analysis by rule, if one is; `planned_word` stands at its line.
    sides
        What lies below and above no difference.
    """

    title: str
    description: str
    axis_title: str
    points: Sequence[SpecificationPoint]
    choices: Sequence[tuple[str, Sequence[str]]]
    caption: Sequence[str]
    ratio: bool
    planned: int | None = None
    planned_word: str = ""
    sides: tuple[str, str] | None = None


def specification_file(name: str, plot: SpecificationPlot) -> str:
    """Draw a specification curve as an SVG file.

    Raises
    ------
    ValueError
        If there is no point, or a point has not one option of each choice.
    """
    _fits(plot)
    axis = _axis(plot)
    rows, bottom = _rows(plot)
    caption = [line for told in plot.caption for line in wrap(told, WIDTH - 2 * EDGE, SIZE)]
    foot = bottom + 18.0
    return svg_file(
        name,
        WIDTH,
        foot + STEP * len(caption) + 2,
        plot.title,
        plot.description,
        text(EDGE, 16.0, plot.axis_title, font_size=SIZE, fill=MUTED),
        _planned(plot, bottom),
        _frame(plot, axis),
        *(_mark(plot, at, axis) for at in range(len(plot.points))),
        rows,
        _ticks(plot),
        _lines(EDGE, foot, caption),
    )


def _fits(plot: SpecificationPlot) -> None:
    if not plot.points:
        raise ValueError("points is empty; expected one analysis at least")
    sizes = [len(options) for _, options in plot.choices]
    for at, point in enumerate(plot.points):
        if len(point.options) != len(sizes) or any(
            not 0 <= option < size for option, size in zip(point.options, sizes, strict=True)
        ):
            raise ValueError(f"points[{at}].options is {point.options}; expected one a choice")


def _axis(plot: SpecificationPlot) -> Axis:
    """Give the axis of effects: a picture's y runs downwards, so its low end stands below."""
    held = [0.0, *(point.estimate for point in plot.points)]
    intervals = [(point.low, point.high) for point in plot.points]
    halves = [0.5 * (high - low) for low, high in intervals]
    return effect_axis(held, intervals, halves, TOP + TALL, TOP, ratio=plot.ratio)


def _x(plot: SpecificationPlot, at: int) -> float:
    """Where an analysis stands; few of them stand near each other, on the left."""
    room = WIDTH - EDGE - LABELS - 10.0
    step = min(room / len(plot.points), WIDEST_STEP)
    return LABELS + 10.0 + step * (at + 0.5)


def _frame(plot: SpecificationPlot, axis: Axis) -> Markup:
    words = EffectWords((0.5 * (p.high - p.low) for p in plot.points), ratio=plot.ratio)
    zero, right = axis.at(0.0), WIDTH - EDGE
    parts = [tag("path", d=f"M{LABELS} {number(zero)}H{number(right)}", stroke=INK)]
    for tick in axis.ticks:
        y = axis.at(tick)
        parts.append(tag("path", d=f"M{number(LABELS - 4)} {number(y)}H{LABELS}", stroke=INK))
        shown = words.tick(tick)
        parts.append(text(LABELS - 7, y + 4, shown, font_size=SIZE, text_anchor="end"))
    parts.append(tag("path", d=f"M{LABELS} {TOP}V{TOP + TALL}", stroke=INK))
    if plot.sides is not None:
        below, above = (wrap(side, LABELS - EDGE - 34, SIZE) for side in plot.sides)
        parts.append(_lines(EDGE, TOP + 10, above, fill=MUTED))
        parts.append(_lines(EDGE, TOP + TALL - STEP * (len(below) - 1), below, fill=MUTED))
    return Markup("").join(parts)


def _lines(x: float, y: float, lines: Sequence[str], *, fill: str = MUTED) -> Markup:
    return Markup("").join(
        text(x, y + STEP * at, line, font_size=SIZE, fill=fill) for at, line in enumerate(lines)
    )


def _planned(plot: SpecificationPlot, bottom: float) -> Markup:
    """Draw a band through the whole picture where the analysis by rule stands."""
    if plot.planned is None:
        return Markup("")
    x = _x(plot, plot.planned)
    half = max(2.0, 0.5 * min((WIDTH - EDGE - LABELS - 10) / len(plot.points), WIDEST_STEP))
    band = tag(
        "rect", x=x - half, y=TOP - 6, width=2 * half, height=bottom - TOP + 8, fill=PALE,
        stroke=FAINT,
    )  # fmt: skip
    end = x > 0.5 * (LABELS + WIDTH)
    anchor = "end" if end else "start"
    word = text(x + (half if end else -half), TOP - 10, plot.planned_word, font_size=SIZE,
                text_anchor=anchor)  # fmt: skip
    return band + word


def _mark(plot: SpecificationPlot, at: int, axis: Axis) -> Markup:
    point, x = plot.points[at], _x(plot, at)
    top, bottom = axis.at(point.high), axis.at(point.low)
    bar = tag("path", d=f"M{number(x)} {number(bottom)}V{number(top)}", stroke=MUTED)
    for value in (point.low, point.high):
        if not axis.holds(value):
            bar += _end(x, axis.at(value), up=value > axis.high)
    radius = min(LARGEST_MARK, 0.42 * (_x(plot, 1) - _x(plot, 0)))
    return bar + _shape(point.side, x, axis.at(point.estimate), max(radius, 1.4))


def _end(x: float, y: float, *, up: bool) -> Markup:
    back = 4.0 if up else -4.0
    return polygon([(x, y), (x - 2.5, y + back), (x + 2.5, y + back)], fill=MUTED)


def _shape(side: str, x: float, y: float, radius: float) -> Markup:
    """Full disc: on the good side; ring: holds none; full square on its point: on the bad side."""
    if side == "bad":
        far = 1.35 * radius
        corners = [(x, y - far), (x + far, y), (x, y + far), (x - far, y)]
        return polygon(corners, fill=INK, stroke=INK)
    fill = CELLS if side == "good" else "#fff"
    return tag("circle", cx=x, cy=y, r=radius, fill=fill, stroke=INK, stroke_width=1.2)


def _rows(plot: SpecificationPlot) -> tuple[Markup, float]:
    """Write choices and options, and give where the last of them ends."""
    parts = []
    for head, options, tops in _places(plot):
        parts.append(text(EDGE, tops[0] - STEP - 2, head, font_size=SIZE, font_weight=600))
        for option, top in zip(options, tops, strict=True):
            parts.append(_lines(EDGE, top, _label(option), fill=INK))
    last = _places(plot)[-1]
    return Markup("").join(parts), last[2][-1] + STEP * (len(_label(last[1][-1])) - 1) + 6


def _label(option: str) -> list[str]:
    return wrap(option, LABELS - EDGE, SIZE) or [""]


def _places(plot: SpecificationPlot) -> list[tuple[str, Sequence[str], list[float]]]:
    """Give for every choice the base lines of its options."""
    found, y = [], TOP + TALL + HEAD
    for head, options in plot.choices:
        y += STEP + 8
        tops = []
        for option in options:
            tops.append(y)
            y += STEP * len(_label(option)) + 2
        found.append((head, options, tops))
    return found


def _ticks(plot: SpecificationPlot) -> Markup:
    parts = []
    width = max(1.2, min(6.0, 0.6 * (_x(plot, 1) - _x(plot, 0))))
    for choice, (_, _, tops) in enumerate(_places(plot)):
        for top in tops:
            way = f"M{LABELS} {number(top - 4)}H{number(WIDTH - EDGE)}"
            parts.append(tag("path", d=way, stroke=FAINT, stroke_width=0.5))
        for at, point in enumerate(plot.points):
            y = tops[point.options[choice]] - 4
            parts.append(
                tag("rect", x=_x(plot, at) - width / 2, y=y - 4.5, width=width, height=9, fill=INK)
            )
    return Markup("").join(parts)
