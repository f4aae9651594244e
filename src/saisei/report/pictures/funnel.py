"""A funnel plot with its contours: each study's effect against its standard error.

The contours (Peters and others 2008) say by grey, and in words on the picture, where a study would
lie whose p value is above 0.1, down to 0.05, down to 0.01, or below. Small studies stand below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from saisei.report.pictures.axis import Axis, linear_ticks
from saisei.report.pictures.effects import EffectWords, effect_axis
from saisei.report.pictures.svg import (
    INK,
    MUTED,
    number,
    polygon,
    svg_file,
    tag,
    text,
    text_lines,
    text_width,
    wrap,
)

if TYPE_CHECKING:
    from saisei.synthesis import FunnelData

__all__ = ["FunnelWords", "funnel_file"]

WIDTH, TOP, BOTTOM, LEFT, RIGHT = 680.0, 44.0, 400.0, 66.0, 20.0
SHADES = ("#ffffff", "#aeb9c3", "#cfd7de", "#eceff2")
"""From p above the first level outwards; neighbours stay apart in print."""
DISC = 4.5
SMALL = 12.0


@dataclass(frozen=True, slots=True)
class FunnelWords:
    """What a funnel plot says: title, description, labels of zones, axis titles, caption."""

    title: str
    description: str
    zones: tuple[str, ...]
    across: str
    up: str
    caption: Sequence[str]


def funnel_file(
    name: str, data: FunnelData, labels: Sequence[str], words: FunnelWords, *, ratio: bool
) -> str:
    """Draw a funnel plot as an SVG file."""
    up, across = _axes(data, ratio=ratio)
    shown = EffectWords(data.se, ratio=ratio)
    lines = [line for told in words.caption for line in wrap(told, WIDTH - 28, SMALL)]
    keys, below = _keys(words.zones, BOTTOM + 62)
    frame = tag(
        "clipPath",
        tag("rect", x=LEFT, y=TOP, width=across.end - LEFT, height=BOTTOM - TOP),
        id=f"{name}-frame",
    )
    drawn = [
        tag("defs", frame),
        tag(
            "g",
            _contours(data, across, up),
            _limits(data, across, up),
            clip_path=f"url(#{name}-frame)",
        ),
        _frame(across, up, shown, words),
        _studies(data, labels, across, up),
        keys,
        text_lines(14.0, below + 8, lines, font_size=SMALL, fill=MUTED),
    ]
    height = below + 8 + 17.0 * len(lines)
    return svg_file(name, WIDTH, height, words.title, words.description, *drawn)


def _axes(data: FunnelData, *, ratio: bool) -> tuple[Axis, Axis]:
    largest = float(data.se.max())
    deep = 1.06 * largest
    up = Axis(0.0, deep, TOP, BOTTOM, linear_ticks(0.0, deep, 5))
    held = [*data.y.tolist(), data.centre, data.null]
    about = [
        (float(data.centre_low[-1]), float(data.centre_high[-1])),
        (float(data.low[-1, -1]), float(data.high[-1, -1])),
    ]
    across = effect_axis(held, about, [2.0 * largest], LEFT, WIDTH - RIGHT, ratio=ratio)
    return up, across


def _at(across: Axis, effect: float) -> float:
    """Where an effect stands, also beyond the frame: what is too far is cut off there."""
    share = (effect - across.low) / (across.high - across.low)
    return across.start + share * (across.end - across.start)


def _contours(data: FunnelData, across: Axis, up: Axis) -> Markup:
    """Lay the zones over each other, the widest below; they are triangles from the null."""
    deep = up.high / float(data.se.max())
    peak = (_at(across, data.null), TOP)
    drawn = tag(
        "rect",
        x=LEFT,
        y=TOP,
        width=across.end - LEFT,
        height=BOTTOM - TOP,
        fill=SHADES[len(data.levels)],
    )
    for zone in range(len(data.levels) - 1, -1, -1):
        ends = (float(data.low[zone, -1]), float(data.high[zone, -1]))
        low, high = (data.null + (end - data.null) * deep for end in ends)
        corners = [peak, (_at(across, low), BOTTOM), (_at(across, high), BOTTOM)]
        drawn += polygon(corners, fill=SHADES[zone], stroke=MUTED, stroke_width=0.6)
    return drawn


def _limits(data: FunnelData, across: Axis, up: Axis) -> Markup:
    """Draw no difference, the pool, and the limits about it."""
    deep = up.high / float(data.se.max())
    null, centre = number(_at(across, data.null)), number(_at(across, data.centre))
    drawn = tag("path", d=f"M{null} {number(TOP)}V{number(BOTTOM)}", stroke=INK)
    way = f"M{centre} {number(TOP)}V{number(BOTTOM)}"
    for end in (float(data.centre_low[-1]), float(data.centre_high[-1])):
        x = _at(across, data.centre + (end - data.centre) * deep)
        way += f"M{centre} {number(TOP)}L{number(x)} {number(BOTTOM)}"
    return drawn + tag("path", d=way, stroke=INK, stroke_dasharray="6 4", fill="none")


def _frame(across: Axis, up: Axis, shown: EffectWords, words: FunnelWords) -> Markup:
    parts = [
        tag(
            "rect",
            x=LEFT,
            y=TOP,
            width=across.end - LEFT,
            height=BOTTOM - TOP,
            fill="none",
            stroke=INK,
        ),
        text(14.0, 26.0, words.up, font_size=SMALL, fill=MUTED),
    ]
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(_line(LEFT - 5, y, LEFT, y))
        parts.append(text(LEFT - 9, y + 4, f"{tick:g}", text_anchor="end", font_size=SMALL))
    for tick in across.ticks:
        x = across.at(tick)
        parts.append(_line(x, BOTTOM, x, BOTTOM + 5))
        middle: dict[str, str | float | None] = {"text_anchor": "middle", "font_size": SMALL}
        parts.append(text(x, BOTTOM + 19, shown.tick(tick), **middle))
    centre = (LEFT + across.end) / 2
    parts.append(
        text(centre, BOTTOM + 38, words.across, text_anchor="middle", font_size=SMALL, fill=MUTED)
    )
    return Markup("").join(parts)


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return tag("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", stroke=INK)


def _studies(data: FunnelData, labels: Sequence[str], across: Axis, up: Axis) -> Markup:
    """Draw each study; its name shows when a pointer rests on it."""
    place: Callable[[float], float] = across.at
    return Markup("").join(
        tag(
            "circle",
            tag("title", label),
            cx=place(float(y)),
            cy=up.at(float(se)),
            r=DISC,
            fill=INK,
            fill_opacity=0.75,
            stroke="#fff",
        )
        for y, se, label in zip(data.y, data.se, labels, strict=True)
    )


def _keys(zones: Sequence[str], y: float) -> tuple[Markup, float]:
    """Give a sample of each zone with its words, in a row."""
    x, drawn = LEFT, Markup("")
    for zone, shade in zip(zones, SHADES, strict=False):
        drawn += tag(
            "rect", x=x, y=y - 11, width=20.0, height=13.0, fill=shade, stroke=MUTED
        ) + text(x + 26, y, zone, font_size=SMALL)
        x += 26 + text_width(zone, SMALL) + 18
    return drawn, y + 14
