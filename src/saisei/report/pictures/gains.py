"""Gains over time side by side: with cells and no comparison, under sham, with therapy alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from markupsafe import Markup

from saisei.decision.views import GainRow
from saisei.report.pictures.axis import Axis, linear_axis, show_number
from saisei.report.pictures.svg import (
    CELLS,
    FAINT,
    INK,
    MUTED,
    WIDTH,
    number,
    picture,
    polygon,
    tag,
    text,
    text_lines,
    wrap,
)

__all__ = [
    "GROUPS",
    "Say",
    "gain_label",
    "gain_mark",
    "gain_words",
    "gains_picture",
    "group_word",
    "people_words",
]

Say = Callable[..., str]
GROUPS = ("cells, no control", "cells, with control", "sham", "therapy only", "control")
"""Order of the groups in the picture; any other comes after them."""
START, END = 10.0, WIDTH - 10.0
BOLD = 16.5
"""Size at which bold names are measured: they run wider than plain ones of 15."""


def gain_words(row: GainRow, say: Say) -> str:
    """Write a gain, with its interval where one is known."""
    if row.low is None or row.high is None:
        return show_number(row.value)
    return say(
        "pictures.interval",
        estimate=show_number(row.value),
        low=show_number(row.low),
        high=show_number(row.high),
    )


def people_words(row: GainRow, say: Say) -> str:
    """Write how many people stand behind a gain: ``15 people``, ``7 of 52 people``."""
    bare = re.fullmatch(r"\d+( of \d+)?", row.people)
    return say("pictures.people", count=row.people) if bare else row.people


def gain_label(row: GainRow, say: Say) -> str:
    """Write where a gain was seen, and in how many people where that is known."""
    return " · ".join(filter(None, (row.label, people_words(row, say))))


def group_word(group: str, say: Say) -> str:
    """Give the name of a group for a reader."""
    key = group.replace(", ", "_").replace(" ", "_")
    return say(f"pictures.groups.{key}") if group in GROUPS else group


def gains_picture(
    name: str, rows: Sequence[GainRow], say: Say, title: str, description: str
) -> Markup:
    """Draw rows of one measure on one axis, grouped, each group with its own mark."""
    values = [0.0] + [v for row in rows for v in (row.low, row.value, row.high) if v is not None]
    axis = linear_axis(values, START, END)
    parts: list[Markup] = []
    y = 16.0
    for group in (*GROUPS, *sorted({row.group for row in rows} - set(GROUPS))):
        of_group = [row for row in rows if row.group == group]
        if of_group:
            drawn, y = _group(group, of_group, axis, y, say)
            parts.append(drawn)
    zero = number(axis.at(0.0))
    line = tag("path", d=f"M{zero} 2V{number(y - 8)}", stroke=INK, stroke_dasharray="4 3")
    return picture(name, y + 28, title, description, line, *parts, _ticks(axis, y - 8))


def _group(
    group: str, rows: Sequence[GainRow], axis: Axis, y: float, say: Say
) -> tuple[Markup, float]:
    names = wrap(group_word(group, say), WIDTH - 30, BOLD)
    parts = [
        _paper(y, 17.0 * len(names)),
        gain_mark(group, 10.0, y - 5),
        text_lines(24.0, y, names, font_weight="bold", font_size=15.0),
    ]
    y += 17.0 * len(names)
    for row in rows:
        lines = wrap(gain_label(row, say), WIDTH - 8)
        lines += [gain_words(row, say)]
        parts += [_paper(y, 17.0 * len(lines)), text_lines(2.0, y, lines)]
        y += 17.0 * len(lines)
        parts.append(_bar(group, row, axis, y - 2))
        y += 28.0
    return Markup("").join(parts), y + 6


def _paper(y: float, height: float) -> Markup:
    return tag("rect", x=0.0, y=y - 13, width=WIDTH, height=height, fill="#fff", fill_opacity=0.86)


def _bar(group: str, row: GainRow, axis: Axis, y: float) -> Markup:
    mark = gain_mark(group, axis.at(row.value), y)
    if row.low is None or row.high is None:
        return mark
    left, right = number(axis.at(row.low)), number(axis.at(row.high))
    way = f"M{left} {number(y)}H{right}M{left} {number(y - 4)}v8M{right} {number(y - 4)}v8"
    return tag("path", d=way, stroke=INK, stroke_width=2.0, fill="none") + mark


def gain_mark(group: str, x: float, y: float) -> Markup:
    """Hollow diamond: cells alone; full: cells in a trial; square: sham; disc: therapy only.

    A ring is any other group.
    """
    corners = [(x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)]
    if group == "cells, no control":
        return polygon(corners, fill="#fff", stroke=CELLS, stroke_width=2.5)
    if group == "cells, with control":
        return polygon(corners, fill=CELLS, stroke=INK)
    if group == "sham":
        return tag("rect", x=x - 6, y=y - 6, width=12.0, height=12.0, fill=FAINT, stroke=INK)
    fill = INK if group == "therapy only" else "#fff"
    return tag("circle", cx=x, cy=y, r=5.5, fill=fill, stroke=INK, stroke_width=2.0)


def _ticks(axis: Axis, base: float) -> Markup:
    parts = [tag("path", d=f"M{number(START)} {number(base)}H{number(END)}", stroke=MUTED)]
    for tick in axis.ticks:
        x = axis.at(tick)
        words = f"{tick:g}".replace("-", "−")
        parts.append(tag("path", d=f"M{number(x)} {number(base)}v5", stroke=MUTED))
        parts.append(text(x, base + 20, words, text_anchor="middle", font_size=12.0, fill=MUTED))
    return Markup("").join(parts)
