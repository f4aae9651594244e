"""One hundred people on one grid of ten by ten, in order: better, the same, worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from saisei.decision.views import People
from saisei.report.pictures.svg import CELLS, INK, MUTED, PALE, WIDTH, hatch, picture, tag

__all__ = ["Fate", "Spread", "people_icon", "people_picture"]

Fate = Literal["better", "same", "worse"]
CELL = 32.0
EDGE = (WIDTH - 10 * CELL) / 2


@dataclass(frozen=True, slots=True)
class Spread:
    """Between how many people the numbers better and worse may lie."""

    better_low: int
    better_high: int
    worse_low: int
    worse_high: int

    def holds(self, place: int) -> bool:
        """Whether the person at this place of the grid (0 to 99) may fall on either side."""
        from_end = 99 - place
        return (
            self.better_low <= place < self.better_high
            or self.worse_low <= from_end < self.worse_high
        )


def people_picture(
    name: str, people: People, title: str, description: str, spread: Spread | None = None
) -> Markup:
    """Draw the grid; the places that the interval leaves open are hatched behind."""
    counts: dict[Fate, int] = {"better": people.better, "same": people.same, "worse": people.worse}
    fates = [fate for fate, count in counts.items() for _ in range(count)]
    behind = [
        tag("rect", x=x, y=y, width=CELL, height=CELL, fill=f"url(#{name}-open)")
        for place, (x, y) in enumerate(map(_corner, range(100)))
        if spread is not None and spread.holds(place)
    ]
    drawings = [tag("g", _icon(fate, CELL / 2, CELL / 2), id=f"{name}-{fate}") for fate in counts]
    drawings += [open_filling(f"{name}-open")] if behind else []
    icons = [
        tag("use", href=f"#{name}-{fate}", x=x, y=y)
        for fate, (x, y) in zip(fates, map(_corner, range(100)), strict=True)
    ]
    return picture(name, WIDTH, title, description, tag("defs", *drawings), *behind, *icons)


def open_filling(name: str) -> Markup:
    """Give the hatching behind people whom the interval leaves open."""
    return hatch(name, "#c79a2b", gap=7.0, back="#fbf1d3")


def people_icon(fate: Fate) -> Markup:
    """Give one icon for the words beside the grid; it is hidden from a screen reader."""
    inside = _icon(fate, 13.0, 13.0)
    return tag("svg", inside, class_="icon", viewBox="0 0 26 26", aria_hidden="true")


def _corner(place: int) -> tuple[float, float]:
    row, column = divmod(place, 10)
    return EDGE + CELL * column, EDGE + CELL * row


def _icon(fate: Fate, x: float, y: float) -> Markup:
    """Better: a full disc with an arrow up; same: a pale ring; worse: a square with a cross."""
    if fate == "better":
        up = f"M{x:g} {y - 6:g}l5 6h-3v6h-4v-6h-3z"
        return tag("circle", cx=x, cy=y, r=11.5, fill=CELLS) + tag("path", d=up, fill="#fff")
    if fate == "same":
        return tag("circle", cx=x, cy=y, r=10.5, fill=PALE, stroke=MUTED)
    cross = f"M{x - 5:g} {y - 5:g}l10 10m0-10l-10 10"
    box = tag(
        "rect",
        x=x - 10.5,
        y=y - 10.5,
        width=21.0,
        height=21.0,
        fill="#fff",
        stroke=INK,
        stroke_width=2.0,
    )
    return box + tag("path", d=cross, stroke=INK, stroke_width=2.5, fill="none")
