"""How treatments may rank: one small picture each, bars of the ranks and the line of their sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.axis import Axis
from saisei.report.pictures.svg import (
    BAND,
    CELLS,
    INK,
    MUTED,
    PALE,
    number,
    svg_file,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = ["RankPanel", "RankPicture", "rank_picture"]

ACROSS = 4
"""Panels in a row, at most."""
PANEL, GAP, EDGE = 178.0, 22.0, 14.0
HIGH = 108.0
LEFT = 30.0
NARROWEST = 520.0
SMALL = 12.0
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class RankPanel:
    """One treatment: its name, its scores in words, and the probability of each rank."""

    name: str
    scores: str
    chances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RankPicture:
    """All that the picture shows; the panels stand in the order in which they are read."""

    title: str
    description: str
    panels: Sequence[RankPanel]
    across: str
    up: str
    caption: Sequence[str]


def rank_picture(name: str, shown: RankPicture) -> str:
    """Draw the ranks of treatments as an SVG file."""
    columns = min(ACROSS, len(shown.panels))
    width = max(NARROWEST, 2 * EDGE + columns * PANEL + (columns - 1) * GAP)
    heads = [wrap(panel.name, PANEL, 13.5) or [""] for panel in shown.panels]
    parts, y = [], EDGE
    for first in range(0, len(shown.panels), columns):
        rows = range(first, min(first + columns, len(shown.panels)))
        head = 17.0 * max(len(heads[index]) for index in rows) + 28
        for index in rows:
            x = EDGE + (index - first) * (PANEL + GAP)
            parts.append(_panel(shown, shown.panels[index], heads[index], (x, y), head))
        y += head + HIGH + 52
    lines = [line for told in shown.caption for line in wrap(told, width - 2 * EDGE, SMALL)]
    return svg_file(
        name,
        width,
        y + 17.0 * len(lines) + 4,
        shown.title,
        shown.description,
        *parts,
        text_lines(EDGE, y + 10, lines, font_size=SMALL, fill=MUTED),
    )


def _panel(
    shown: RankPicture,
    panel: RankPanel,
    names: Sequence[str],
    corner: tuple[float, float],
    head: float,
) -> Markup:
    x, y = corner
    n = len(panel.chances)
    top = y + head
    up = Axis(0.0, 1.0, top + HIGH, top, (0.0, 0.5, 1.0))
    across = Axis(0.5, n + 0.5, x + LEFT, x + PANEL, _ranks(n))
    return tag(
        "g",
        text_lines(x, y + 13, names, font_weight="bold", font_size=13.5),
        text(x, y + 13 + 17.0 * len(names), panel.scores, font_size=SMALL, fill=MUTED),
        _frame(shown, across, up),
        _bars(panel, across, up),
        _sum(panel, across, up),
    )


def _ranks(n: int) -> tuple[float, ...]:
    step = -(-n // MOST_TICKS)
    return tuple(float(rank) for rank in range(1, n + 1, step))


def _frame(shown: RankPicture, across: Axis, up: Axis) -> Markup:
    parts = []
    for tick in up.ticks:
        y = up.at(tick)
        way = f"M{number(across.start)} {number(y)}H{number(across.end)}"
        parts.append(tag("path", d=way, stroke=PALE if tick else INK))
        words = f"{100 * tick:g}"
        parts.append(text(across.start - 5, y + 4, words, text_anchor="end", font_size=11.0))
    for tick in across.ticks:
        x = across.at(tick)
        parts.append(text(x, up.start + 15, f"{tick:g}", text_anchor="middle", font_size=11.0))
    middle = (across.start + across.end) / 2
    said = f"{shown.across} · {shown.up}"
    parts.append(
        text(middle, up.start + 31, said, text_anchor="middle", font_size=11.0, fill=MUTED)
    )
    return Markup("").join(parts)


def _bars(panel: RankPanel, across: Axis, up: Axis) -> Markup:
    wide = 0.72 * (across.end - across.start) / len(panel.chances)
    return Markup("").join(
        tag(
            "rect",
            x=across.at(rank) - wide / 2,
            y=up.at(chance),
            width=wide,
            height=up.start - up.at(chance),
            fill=BAND,
            stroke=MUTED,
            stroke_width=0.8,
        )
        for rank, chance in enumerate(panel.chances, 1)
    )


def _sum(panel: RankPanel, across: Axis, up: Axis) -> Markup:
    """Draw the line of the probability of a rank or a better one."""
    spots, so_far = [], 0.0
    for rank, chance in enumerate(panel.chances, 1):
        so_far += chance
        spots.append((across.at(rank), up.at(min(so_far, 1.0))))
    way = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in spots)
    dots = [tag("circle", cx=x, cy=y, r=2.2, fill=CELLS) for x, y in spots]
    return tag("path", d=way, fill="none", stroke=CELLS, stroke_width=2.0) + Markup("").join(dots)
