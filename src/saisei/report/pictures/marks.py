"""The marks of a forest plot: the bar of an interval, the square of a study, the diamond."""

from __future__ import annotations

from markupsafe import Markup

from saisei.report.pictures.axis import Axis
from saisei.report.pictures.svg import CELLS, INK, PALE, arrow, number, polygon, tag

__all__ = ["diamond", "interval_bar", "square"]


def interval_bar(
    axis: Axis, low: float, high: float, y: float, tone: str, *, dash: str | None = None
) -> Markup:
    """Give the bar of an interval; an end beyond the axis is an arrow."""
    left, right = axis.at(low), axis.at(high)
    way = f"M{number(left)} {number(y)}H{number(right)}"
    parts = [tag("path", d=way, stroke=tone, stroke_width=2.0, stroke_dasharray=dash)]
    parts += [
        arrow(x, y, right=value > axis.low, tone=tone)
        if not axis.holds(value)
        else tag("path", d=f"M{number(x)} {number(y - 4)}v8", stroke=tone, stroke_width=2.0)
        for value, x in ((low, left), (high, right))
    ]
    return Markup("").join(parts)


def square(axis: Axis, estimate: float, y: float, side: float, *, full: bool) -> Markup:
    """Give the square of a study: full in the pool, hollow beside it; nothing beyond the axis."""
    if not axis.holds(estimate):
        return Markup("")
    return tag(
        "rect",
        x=axis.at(estimate) - side / 2,
        y=y - side / 2,
        width=side,
        height=side,
        fill=CELLS if full else "#fff",
        stroke=INK,
        stroke_width=1.5,
    )


def diamond(
    axis: Axis, low: float, estimate: float, high: float, y: float, half: float = 9.0
) -> Markup:
    """Give the diamond of a pool; it is cut where the axis ends."""
    left, middle, right = (axis.at(value) for value in (low, estimate, high))
    corners = [(left, y), (middle, y - half), (right, y), (middle, y + half)]
    return polygon(corners, fill=PALE, stroke=INK, stroke_width=2.0)
