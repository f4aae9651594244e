"""How forecasts of a chance fared: one person's beside people like them, by tenth, by place.

Drawn for a phone's width: a page lets them grow. All numbers are of 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.axis import Axis, linear_axis
from saisei.report.pictures.svg import (
    BAND,
    CELLS,
    FAINT,
    INK,
    MUTED,
    PALE,
    hatch,
    number,
    polygon,
    svg_file,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = [
    "ChanceRow",
    "Heading",
    "PlaceRow",
    "Ranged",
    "Share",
    "chances_file",
    "places_file",
    "tenths_file",
]

WIDTH, EDGE, SMALL, LINE = 400.0, 10.0, 12.5, 17.0
BOLD = 15.5
"""Size at which bold words of 14 are measured: they run wider than plain ones."""
INSIDE = WIDTH - 2 * EDGE


@dataclass(frozen=True, slots=True)
class Heading:
    """The words of a picture."""

    title: str
    description: str
    caption: str


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the same 100 people, and its words."""

    people: int
    words: str


@dataclass(frozen=True, slots=True)
class Ranged:
    """A value, a range around it and, perhaps, a wider one."""

    value: float
    low: float
    high: float
    wide: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ChanceRow:
    """A chance: as forecast, and as observed in people with such a chance."""

    words: str
    forecast: Ranged
    forecast_words: str
    observed: Ranged
    observed_words: str


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """How a model fared in one place: two numbers, and how many people there were."""

    words: str
    people: int
    left: Ranged
    right: Ranged


def chances_file(
    name: str, heading: Heading, shares: Sequence[Share], rows: Sequence[ChanceRow]
) -> str:
    """Draw the same 100 people as one bar, and under it each chance beside what was observed."""
    top, head = _title(heading)
    bar, y = _parts(name, shares, top)
    axis = Axis(0.0, 100.0, EDGE + 4, WIDTH - EDGE - 14, (0.0, 20.0, 40.0, 60.0, 80.0, 100.0))
    drawn = [head, tag("defs", *_fillings(name)), bar]
    y += 14.0
    for row in rows:
        part, y = _chance_row(row, axis, y)
        drawn.append(part)
    drawn.append(_scale(axis, y - 6, ""))
    return _finished(name, heading, drawn, y + 38)


def tenths_file(
    name: str, heading: Heading, rows: Sequence[tuple[float, Ranged]], axes: tuple[str, str]
) -> str:
    """Draw what was observed over what was expected, with how far places lie apart.

    Parameters
    ----------
    rows
        What was expected, and what was observed with its interval and the range over places.
    axes
        The words of the axis across and of the axis up.
    """
    top, head = _title(heading)
    left, side = 42.0, WIDTH - 42.0 - 24.0
    top += 24.0
    ticks = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
    across = Axis(0.0, 100.0, left, left + side, ticks)
    up = Axis(0.0, 100.0, top + side, top, ticks)
    drawn = [head, text(EDGE, top - 10, axes[1], font_size=SMALL, fill=MUTED)]
    drawn += [_diagonal(across, up), *(_tenth(at, seen, across, up) for at, seen in rows)]
    drawn += [_upright(up, left), _scale(across, top + side, axes[0])]
    return _finished(name, heading, drawn, top + side + 60)


def places_file(
    name: str,
    heading: Heading,
    rows: Sequence[PlaceRow],
    heads: tuple[str, str],
    at: tuple[float, float],
) -> str:
    """Draw two numbers for each place, each with its interval, beside its name.

    Parameters
    ----------
    heads
        What the two numbers are.
    at
        Where both would stand if the model were right.
    """
    top, head = _title(heading)
    top += 20.0
    bottom = top + LINE * len(rows) + 4
    starts = ((112.0, 258.0), (274.0, WIDTH - EDGE))
    drawn = [head]
    for side, ((start, end), words, right) in enumerate(zip(starts, heads, at, strict=True)):
        seen = [(row.left, row.right)[side] for row in rows]
        axis = linear_axis([right, *(v for one in seen for v in (one.low, one.high))], start, end)
        x = number(axis.at(right))
        drawn.append(text(start, top - 8, words, font_size=SMALL, fill=MUTED))
        drawn.append(tag("path", d=f"M{x} {number(top)}V{number(bottom)}", stroke=FAINT))
        most = max(row.people for row in rows)
        for index, (row, one) in enumerate(zip(rows, seen, strict=True)):
            drawn.append(_place(one, row.people / most, axis, top + 12 + LINE * index))
        drawn.append(_scale(axis, bottom, ""))
    for index, row in enumerate(rows):
        drawn.append(text(EDGE, top + 16 + LINE * index, row.words, font_size=SMALL))
    return _finished(name, heading, drawn, bottom + 44)


def _title(heading: Heading) -> tuple[float, Markup]:
    lines = wrap(heading.title, INSIDE, BOLD)
    drawn = text_lines(EDGE, 22.0, lines, font_size=14.0, font_weight="bold")
    return 22.0 + LINE * len(lines), drawn


def _finished(name: str, heading: Heading, drawn: Sequence[Markup], y: float) -> str:
    lines = wrap(heading.caption, INSIDE, SMALL)
    caption = text_lines(EDGE, y, lines, font_size=SMALL, fill=MUTED)
    height = y + LINE * len(lines)
    title, told = heading.title, heading.description
    return svg_file(name, WIDTH, height, title, told, *drawn, caption)


def _fillings(name: str) -> list[Markup]:
    return [hatch(f"{name}-slant", INK, gap=5.0, back="#fff"),
            hatch(f"{name}-thin", FAINT, gap=8.0, back="#fff")]  # fmt: skip


def _parts(name: str, shares: Sequence[Share], top: float) -> tuple[Markup, float]:
    """Draw the bar of 100 people and its legend; the parts differ by pattern, not only by tone."""
    fills = (INK, f"url(#{name}-slant)", f"url(#{name}-thin)", PALE)
    x, tall, drawn = EDGE, 34.0, Markup("")
    for share, fill in zip(shares, fills, strict=True):
        wide = INSIDE * share.people / 100
        drawn += tag("rect", x=x, y=top, width=wide, height=tall, fill=fill, stroke=INK)
        x += wide
    y = top + tall + 20
    for share, fill in zip(shares, fills, strict=True):
        drawn += tag("rect", x=EDGE, y=y - 11, width=16.0, height=12.0, fill=fill, stroke=INK)
        drawn += text(EDGE + 52, y, f"{share.people}", text_anchor="end", font_weight="bold")
        drawn += text(EDGE + 62, y, share.words)
        y += LINE + 3
    return drawn, y


def _chance_row(row: ChanceRow, axis: Axis, y: float) -> tuple[Markup, float]:
    drawn = text(EDGE, y, row.words, font_size=14.0, font_weight="bold")
    for words, one, form in (
        (row.forecast_words, row.forecast, _square),
        (row.observed_words, row.observed, _diamond),
    ):
        lines = wrap(words, INSIDE, SMALL)
        drawn += text_lines(EDGE, y + LINE, lines, font_size=SMALL)
        y += LINE * len(lines) + 12
        drawn += _ranges(one, axis, y) + form(axis.at(one.value), y)
        y += 8
    return drawn, y + 22


def _ranges(one: Ranged, axis: Axis, y: float) -> Markup:
    drawn = Markup("")
    if one.wide is not None:
        drawn += _level(axis.at(one.wide[0]), axis.at(one.wide[1]), y, BAND, 7.0)
    return drawn + _level(axis.at(one.low), axis.at(one.high), y, INK, 2.0)


def _level(start: float, end: float, y: float, tone: str, wide: float) -> Markup:
    way = f"M{number(start)} {number(y)}H{number(end)}"
    return tag("path", d=way, stroke=tone, stroke_width=wide)


def _tenth(expected: float, seen: Ranged, across: Axis, up: Axis) -> Markup:
    x, drawn = across.at(expected), Markup("")
    ranges = ((seen.wide, BAND, 7.0), ((seen.low, seen.high), INK, 2.0))
    for ends, tone, wide in ranges:
        if ends is not None:
            way = f"M{number(x)} {number(up.at(ends[0]))}V{number(up.at(ends[1]))}"
            drawn += tag("path", d=way, stroke=tone, stroke_width=wide)
    return drawn + tag("circle", cx=x, cy=up.at(seen.value), r=4.0, fill=CELLS, stroke="#fff")


def _place(one: Ranged, share: float, axis: Axis, y: float) -> Markup:
    side = 4.0 + 7.0 * float(share) ** 0.5
    x = axis.at(one.value) - side / 2
    return _level(axis.at(one.low), axis.at(one.high), y, INK, 1.4) + tag(
        "rect", x=x, y=y - side / 2, width=side, height=side, fill=CELLS
    )


def _diagonal(across: Axis, up: Axis) -> Markup:
    ends = [f"{number(across.at(v))} {number(up.at(v))}" for v in (0.0, 100.0)]
    return tag("path", d=f"M{ends[0]}L{ends[1]}", stroke=MUTED, stroke_dasharray="5 3")


def _upright(up: Axis, x: float) -> Markup:
    parts = [tag("path", d=f"M{number(x)} {number(up.end)}V{number(up.start)}", stroke=INK)]
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(tag("path", d=f"M{number(x)} {number(y)}h-4", stroke=INK))
        parts.append(text(x - 7, y + 4, f"{tick:g}", text_anchor="end", font_size=SMALL))
    return Markup("").join(parts)


def _scale(axis: Axis, y: float, words: str) -> Markup:
    parts = [tag("path", d=f"M{number(axis.start)} {number(y)}H{number(axis.end)}", stroke=INK)]
    for tick in axis.ticks:
        x, told = axis.at(tick), f"{tick:g}".replace("-", "−")
        parts.append(tag("path", d=f"M{number(x)} {number(y)}v4", stroke=INK))
        parts.append(text(x, y + 18, told, text_anchor="middle", font_size=SMALL))
    if words:
        middle = (axis.start + axis.end) / 2
        parts.append(text(middle, y + 36, words, text_anchor="middle", font_size=SMALL, fill=MUTED))
    return Markup("").join(parts)


def _square(x: float, y: float) -> Markup:
    return tag("rect", x=x - 5, y=y - 5, width=10.0, height=10.0, fill=CELLS, stroke="#fff")


def _diamond(x: float, y: float) -> Markup:
    return polygon([(x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6)], fill="#fff", stroke=INK)
