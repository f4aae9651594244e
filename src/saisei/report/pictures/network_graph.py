"""A network of treatments: discs that studies join by lines.

A disc's area is how many people (or studies) had a treatment, a line's width how many studies
compare two; that number stands on the line. Designs of studies with several arms are hatched. The
order round the circle is the one in which the lines are short, so that few of them cross.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from saisei.report.pictures.svg import (
    CELLS,
    FAINT,
    INK,
    MUTED,
    hatch,
    number,
    polygon,
    svg_file,
    tag,
    text,
    text_lines,
    text_width,
    wrap,
)

__all__ = ["NetworkGraph", "network_graph", "round_order"]

SIZE, SMALL = 13.0, 12.0
EDGE = 14.0
LABEL = 170.0
LARGEST, SMALLEST = 24.0, 6.0
WIDEST_LINE, THINNEST_LINE = 12.0, 1.5
PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73)
"""Shares of a line at which its number may stand; the first that is free is taken."""
MOST_ORDERED = 40
"""Treatments up to which a better order is looked for."""

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class NetworkGraph:
    """All that the picture shows.

    Parameters
    ----------
    nodes
        Treatments with their size, in any unit; the second word under the name may be empty.
    edges
        Number of studies by pair of treatments.
    designs
        Sets of three treatments or more that some study compares.
    """

    title: str
    description: str
    nodes: Mapping[str, float]
    notes: Mapping[str, str]
    edges: Mapping[tuple[str, str], int]
    designs: Sequence[tuple[str, ...]]
    caption: Sequence[str]


def network_graph(name: str, graph: NetworkGraph) -> str:
    """Draw a network as an SVG file."""
    order = round_order(list(graph.nodes), graph.edges)
    radius = max(110.0, 18.0 * len(order))
    wide = max(_widest(graph), 60.0)
    most = max(len(_words(each)) + (each in graph.notes) for each in order)
    centre = (EDGE + wide + LARGEST + radius + 8, EDGE + 16.0 * (most + 1) + LARGEST + radius)
    spots = _circle(order, centre, radius)
    width, bottom = 2 * centre[0], 2 * centre[1]
    lines = [line for told in graph.caption for line in wrap(told, width - 2 * EDGE, SMALL)]
    filling = hatch(f"{name}-arms", FAINT, gap=7.0)
    return svg_file(
        name,
        width,
        bottom + 17.0 * len(lines) + 8,
        graph.title,
        graph.description,
        tag("defs", filling),
        *_designs(name, graph, spots, order),
        *_edges(graph, spots),
        *_nodes(graph, spots, centre),
        text_lines(EDGE, bottom + 8, lines, font_size=SMALL, fill=MUTED),
    )


def round_order(names: Sequence[str], edges: Mapping[tuple[str, str], int]) -> list[str]:
    """Order treatments round a circle so that the lines between them are short.

    Two change places as long as that shortens the lines; the same network has the same order.
    """
    order = list(names)
    if len(order) > MOST_ORDERED:
        return order
    best = _length(order, edges)
    better = True
    while better:
        better = False
        for one in range(len(order)):
            for two in range(one):
                order[one], order[two] = order[two], order[one]
                found = _length(order, edges)
                if found < best - 1e-9:
                    best, better = found, True
                else:
                    order[one], order[two] = order[two], order[one]
    return order


def _length(order: Sequence[str], edges: Mapping[tuple[str, str], int]) -> float:
    place = {name: index for index, name in enumerate(order)}
    return sum(math.sin(math.pi * abs(place[a] - place[b]) / len(order)) for a, b in edges)


def _widest(graph: NetworkGraph) -> float:
    written = [line for name in graph.nodes for line in [*_words(name), graph.notes.get(name, "")]]
    return max(text_width(line, SIZE) for line in written)


def _words(name: str) -> list[str]:
    return wrap(name, LABEL, SIZE) or [""]


def _circle(order: Sequence[str], centre: Spot, radius: float) -> dict[str, Spot]:
    turn = 2 * math.pi / len(order)
    return {
        name: (
            centre[0] + radius * math.sin(turn * index),
            centre[1] - radius * math.cos(turn * index),
        )
        for index, name in enumerate(order)
    }


def _designs(
    name: str, graph: NetworkGraph, spots: Mapping[str, Spot], order: Sequence[str]
) -> list[Markup]:
    return [
        polygon(
            [spots[arm] for arm in sorted(design, key=order.index)],
            fill=f"url(#{name}-arms)",
            fill_opacity=0.55,
            stroke=MUTED,
            stroke_dasharray="4 3",
        )
        for design in graph.designs
    ]


def _edges(graph: NetworkGraph, spots: Mapping[str, Spot]) -> list[Markup]:
    """Draw the lines, then their numbers over all of them."""
    most = max(graph.edges.values())
    discs = [(spot, _radius(graph, name) + 9) for name, spot in spots.items()]
    lines: list[Markup] = []
    taken: list[tuple[Spot, float]] = []
    numbers = Markup("")
    for (one, two), count in graph.edges.items():
        (x1, y1), (x2, y2) = spots[one], spots[two]
        way = f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"
        lines.append(tag("path", d=way, stroke=MUTED, stroke_width=_line_width(count, most)))
        places = [(x1 + at * (x2 - x1), y1 + at * (y2 - y1)) for at in PLACES]
        free = (p for p in places if all(math.dist(p, o) > room for o, room in [*discs, *taken]))
        spot = next(free, places[0])
        taken.append((spot, 19.0))
        numbers += _count(spot, count)
    return [*lines, numbers]


def _line_width(count: int, most: int) -> float:
    return max(THINNEST_LINE, WIDEST_LINE * count / max(most, 5))


def _count(spot: Spot, count: int) -> Markup:
    x, y = spot
    wide = 8.0 + 7.0 * len(str(count))
    paper = tag("rect", x=x - wide / 2, y=y - 8, width=wide, height=16.0, rx=8.0, fill="#fff")
    return paper + text(x, y + 4.3, str(count), text_anchor="middle", font_size=SMALL)


def _nodes(graph: NetworkGraph, spots: Mapping[str, Spot], centre: Spot) -> list[Markup]:
    drawn = []
    for name in graph.nodes:
        x, y = spots[name]
        radius = _radius(graph, name)
        drawn.append(
            tag("circle", cx=x, cy=y, r=radius, fill=CELLS, stroke="#fff", stroke_width=2.0)
            + _label(name, graph.notes.get(name, ""), (x, y), centre, radius)
        )
    return drawn


def _radius(graph: NetworkGraph, name: str) -> float:
    most = max(graph.nodes.values()) or 1.0
    return max(SMALLEST, LARGEST * math.sqrt(graph.nodes[name] / most))


def _label(name: str, note: str, spot: Spot, centre: Spot, radius: float) -> Markup:
    """Write a name outside the circle, away from its centre."""
    out = math.dist(spot, centre) or 1.0
    right, down = (spot[0] - centre[0]) / out, (spot[1] - centre[1]) / out
    x = spot[0] + right * (radius + 7)
    anchor = "middle" if abs(right) < 0.2 else "start" if right > 0 else "end"
    lines = [*_words(name), *([note] if note else [])]
    high = 16.0 * len(lines)
    middle = spot[1] + down * (radius + 7)
    first = middle + 11 + (0.5 * down - 0.5) * high
    return Markup("").join(
        text(
            x,
            first + 16.0 * index,
            line,
            text_anchor=anchor,
            font_size=SMALL if note and index == len(lines) - 1 else SIZE,
            font_weight=None if note and index == len(lines) - 1 else "bold",
            fill=INK,
        )
        for index, line in enumerate(lines)
    )
