"""A score over the coming months: the middle course, the bands around it, what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from markupsafe import Markup

from saisei.decision.views import CurvePoint, FutureView
from saisei.report.pictures.axis import Axis, linear_ticks, show_number
from saisei.report.pictures.svg import (
    BAND,
    CELLS,
    FAINT,
    INK,
    MUTED,
    PALE,
    hatch,
    number,
    picture,
    polygon,
    tag,
    text,
)
from saisei.vocabulary import days_per_month

__all__ = ["Say", "course_picture"]

Say = Callable[..., str]
HEIGHT = 262.0
TOP, BOTTOM, LEFT, RIGHT = 26.0, 216.0, 34.0, 306.0
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


def course_picture(
    name: str,
    future: FutureView,
    points: Sequence[CurvePoint],
    say: Say,
    title: str,
    description: str,
    beside: Sequence[CurvePoint] = (),
) -> Markup:
    """Draw one course; `beside` is the middle course without therapy, to compare with."""
    across = _months(future, points)
    points = _with_width(points)
    up = Axis(future.score_low, future.score_high, BOTTOM, TOP, ())
    tone = CELLS if beside else INK
    return picture(
        name,
        HEIGHT,
        title,
        description,
        tag("defs", hatch(f"{name}-far", "#fff", gap=8.0)),
        _frame(across, up, future, say),
        _bands(name, points, across, up),
        _middle(points, across, up, tone=tone),
        _beside(beside, across, up),
        _measured(future, across, up),
        _last(points, across, up, tone),
    )


def _with_width(points: Sequence[CurvePoint]) -> Sequence[CurvePoint]:
    """Give a single point, measured at the very end, enough width to be seen."""
    if len(points) != 1:
        return points
    return replace(points[0], day=points[0].day - days_per_month() / 2), points[0]


def _months(future: FutureView, points: Sequence[CurvePoint]) -> Axis:
    month = days_per_month()
    first = min([0.0, *(day for day, _ in future.measured)]) / month
    last = max([1.0, *(point.day / month for point in points)])
    step = next((s for s in MONTH_STEPS if (last - first) / s <= 7), MONTH_STEPS[-1])
    ticks = tuple(
        float(tick)
        for tick in range(-step * int(-first / step), int(last + 0.05) + 1, step)
        if first - 1e-6 <= tick
    )
    return Axis(first, last, LEFT + 4, RIGHT, ticks)


def _frame(across: Axis, up: Axis, future: FutureView, say: Say) -> Markup:
    parts: list[Markup] = []
    for tick in dict.fromkeys((*linear_ticks(up.low, up.high), up.high)):
        y = up.at(tick)
        crowded = tick != up.high and up.at(tick) - up.at(up.high) < 14
        parts.append(_line(LEFT, y, RIGHT, y, PALE))
        if not crowded:
            parts.append(_small(LEFT - 5, y + 4, show_number(tick), "end"))
    for tick in across.ticks:
        x = across.at(tick)
        words = say("pictures.now") if tick == 0 else show_number(tick)
        parts += [_line(x, BOTTOM, x, BOTTOM + 5, MUTED), _small(x, BOTTOM + 19, words, "middle")]
    if across.low < 0:
        parts.append(_line(across.at(0), TOP, across.at(0), BOTTOM, FAINT))
    good = say(f"pictures.better_{'up' if future.better == 'higher' else 'down'}")
    parts.append(_line(LEFT, BOTTOM, RIGHT, BOTTOM, MUTED))
    parts.append(text(0.0, 13.0, f"{say('pictures.points')}, {good}", fill=MUTED, font_size=12.0))
    parts.append(_small((LEFT + RIGHT) / 2, BOTTOM + 38, say("pictures.months"), "middle"))
    return Markup("").join(parts)


def _small(x: float, y: float, content: str, anchor: str) -> Markup:
    return text(x, y, content, text_anchor=anchor, font_size=12.0, fill=MUTED)


def _line(x1: float, y1: float, x2: float, y2: float, tone: str) -> Markup:
    return tag("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", stroke=tone)


def _bands(name: str, points: Sequence[CurvePoint], across: Axis, up: Axis) -> Markup:
    outer = _outline([(p.day, p.q05, p.q95) for p in points], across, up)
    inner = _outline([(p.day, p.q25, p.q75) for p in points], across, up)
    far = [p for before, p in pairwise(points) if p.extrapolated or before.extrapolated]
    start = [p for p, after in pairwise(points) if after.extrapolated and not p.extrapolated]
    beyond = _outline([(p.day, p.q05, p.q95) for p in [*start, *far]], across, up)
    parts = [polygon(outer, fill=PALE, stroke=FAINT), polygon(inner, fill=BAND, stroke=FAINT)]
    if beyond:
        parts.append(polygon(beyond, fill=f"url(#{name}-far)"))
    return Markup("").join(parts)


def _outline(
    rows: Sequence[tuple[float, float, float]], across: Axis, up: Axis
) -> list[tuple[float, float]]:
    month = days_per_month()
    below = [(across.at(day / month), up.at(low)) for day, low, _ in rows]
    above = [(across.at(day / month), up.at(high)) for day, _, high in rows]
    return below + above[::-1]


def _middle(points: Sequence[CurvePoint], across: Axis, up: Axis, *, tone: str) -> Markup:
    month = days_per_month()
    spots = [(across.at(p.day / month), up.at(p.q50)) for p in points]
    known = [spot for spot, p in zip(spots, points, strict=True) if not p.extrapolated]
    far = [
        spot
        for index, spot in enumerate(spots)
        if points[index].extrapolated or (points[index + 1 :] and points[index + 1].extrapolated)
    ]
    return _path(known, tone, 2.5, None) + _path(far, tone, 2.5, "7 4")


def _beside(points: Sequence[CurvePoint], across: Axis, up: Axis) -> Markup:
    month = days_per_month()
    spots = [(across.at(p.day / month), up.at(p.q50)) for p in points]
    return _path(spots, INK, 2.0, "2 3")


def _path(
    spots: Sequence[tuple[float, float]], tone: str, width: float, dash: str | None
) -> Markup:
    if len(spots) < 2:
        return Markup("")
    way = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in spots)
    return tag("path", d=way, fill="none", stroke=tone, stroke_width=width, stroke_dasharray=dash)


def _measured(future: FutureView, across: Axis, up: Axis) -> Markup:
    month = days_per_month()
    return Markup("").join(
        tag(
            "circle",
            cx=across.at(day / month),
            cy=up.at(score),
            r=5.0,
            fill="#fff",
            stroke=INK,
            stroke_width=2.5,
        )
        for day, score in future.measured
    )


def _last(points: Sequence[CurvePoint], across: Axis, up: Axis, tone: str) -> Markup:
    if not points:
        return Markup("")
    end = points[-1]
    x = across.at(end.day / days_per_month())
    spots = {round(value): up.at(value) + 4 for value in (end.q05, end.q95)}
    middle = up.at(end.q50) + 4
    words = [
        text(x + 5, y, show_number(float(value)), font_size=12.0, fill=MUTED)
        for value, y in spots.items()
        if abs(y - middle) > 13
    ]
    words.append(text(x + 5, middle, str(round(end.q50)), font_weight="bold", fill=tone))
    return Markup("").join(words)
