"""How often intervals held, by stratum: three shares with their intervals in each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.axis import Axis
from saisei.report.pictures.svg import (
    CELLS,
    FAINT,
    INK,
    MUTED,
    number,
    polygon,
    svg_file,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = ["CoveragePicture", "CoverageRow", "coverage_file"]

WIDTH, LEFT, RIGHT, EDGE, SMALL, LINE = 400.0, 136.0, 16.0, 10.0, 12.5, 17.0
BOLD = 15.5
"""Size at which bold words of 14 are measured: they run wider than plain ones."""
GAP, HEAD = 10.0, 25.0
"""Between the levels of a row, and above the name of a kind of stratum."""


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """A stratum: its name, and for each level the share, its interval and what was promised.

    A row without shares is the heading of those that follow.
    """

    words: str
    shares: Sequence[tuple[float, float, float, float]] = ()


@dataclass(frozen=True, slots=True)
class CoveragePicture:
    """Rows of strata; `levels` in percent, which are drawn as upright lines."""

    name: str
    title: str
    description: str
    levels: Sequence[float]
    rows: Sequence[CoverageRow]
    across: str
    caption: str


def coverage_file(picture: CoveragePicture) -> str:
    """Draw the coverage by stratum as an SVG file."""
    axis = Axis(0.0, 100.0, LEFT, WIDTH - RIGHT, (0.0, 20.0, 40.0, 60.0, 80.0, 100.0))
    tall = GAP * len(picture.levels) + 6
    title = wrap(picture.title, WIDTH - 2 * EDGE, BOLD)
    top = 22.0 + LINE * len(title) + 30
    drawn, y = [], top
    for row in picture.rows:
        if row.shares:
            drawn.append(_row(row, axis, y))
            y += tall
        else:
            y += HEAD
            drawn.append(text(EDGE, y - 8, row.words, font_size=SMALL, fill=MUTED))
    lines = wrap(picture.caption, WIDTH - 2 * EDGE, SMALL)
    parts = [
        text_lines(EDGE, 22.0, title, font_size=14.0, font_weight="bold"),
        _levels(picture.levels, axis, top, y),
        *drawn,
        _axis(axis, y, picture.across),
        text_lines(EDGE, y + 62, lines, font_size=SMALL, fill=MUTED),
    ]
    height = y + 62 + LINE * len(lines)
    return svg_file(picture.name, WIDTH, height, picture.title, picture.description, *parts)


def _row(row: CoverageRow, axis: Axis, y: float) -> Markup:
    middle = y + GAP * (len(row.shares) - 1) / 2
    parts = [_label(row.words, middle + 4)]
    for at, (share, low, high, promised) in enumerate(row.shares):
        line = y + GAP * at
        left, right = axis.at(low), axis.at(high)
        way = f"M{number(left)} {number(line)}H{number(right)}"
        parts.append(tag("path", d=way, stroke=INK, stroke_width=1.4))
        tick = f"M{number(axis.at(promised))} {number(line - 4.5)}v9"
        parts.append(tag("path", d=tick, stroke=MUTED, stroke_width=1.4))
        parts.append(_MARKS[at % len(_MARKS)](axis.at(share), line))
    return Markup("").join(parts)


def _label(words: str, y: float) -> Markup:
    """Give the name of a row, in one line or two."""
    lines = wrap(words, LEFT - 16, SMALL)[:2]
    first = y - 6.5 * (len(lines) - 1)
    return Markup("").join(
        text(EDGE, first + 13.0 * at, line, font_size=SMALL) for at, line in enumerate(lines)
    )


def _levels(levels: Sequence[float], axis: Axis, top: float, bottom: float) -> Markup:
    parts = []
    for level in levels:
        x = axis.at(level)
        way = f"M{number(x)} {number(top - 12)}V{number(bottom)}"
        parts.append(tag("path", d=way, stroke=FAINT, stroke_dasharray="3 3"))
        parts.append(text(x, top - 16, f"{level:g}", text_anchor="middle", font_size=SMALL))
    return Markup("").join(parts)


def _axis(axis: Axis, y: float, words: str) -> Markup:
    way = f"M{number(axis.start)} {number(y)}H{number(axis.end)}"
    parts = [tag("path", d=way, stroke=INK)]
    for tick in axis.ticks:
        x = axis.at(tick)
        parts.append(tag("path", d=f"M{number(x)} {number(y)}v4", stroke=INK))
        parts.append(text(x, y + 18, f"{tick:g}", text_anchor="middle", font_size=SMALL))
    middle = (axis.start + axis.end) / 2
    parts.append(text(middle, y + 37, words, text_anchor="middle", font_size=SMALL, fill=MUTED))
    return Markup("").join(parts)


def _square(x: float, y: float) -> Markup:
    return tag("rect", x=x - 3.2, y=y - 3.2, width=6.4, height=6.4, fill="#fff", stroke=INK)


def _diamond(x: float, y: float) -> Markup:
    corners = [(x - 4.4, y), (x, y - 4.4), (x + 4.4, y), (x, y + 4.4)]
    return polygon(corners, fill="#fff", stroke=INK)


def _dot(x: float, y: float) -> Markup:
    return tag("circle", cx=x, cy=y, r=3.8, fill=CELLS, stroke=INK)


_MARKS: tuple[Callable[[float, float], Markup], ...] = (_square, _diamond, _dot)
