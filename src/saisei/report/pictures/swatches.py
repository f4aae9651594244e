"""Small samples of lines and fillings for the words under a picture."""

from __future__ import annotations

from typing import Literal

from markupsafe import Markup

from saisei.report.pictures.svg import BAND, CELLS, FAINT, INK, MUTED, PALE, hatch, polygon, tag

__all__ = ["Sample", "swatch"]

Sample = Literal[
    "middle", "half", "ninety", "far", "measured", "without", "open", "small", "square", "diamond",
    "predicted", "middle_with",
]  # fmt: skip


def swatch(name: str, sample: Sample) -> Markup:
    """Give one sample, hidden from a screen reader; the words beside it tell the same."""
    return tag(
        "svg", *_drawn(name, sample), class_="swatch", viewBox="0 0 30 18", aria_hidden="true"
    )


def _drawn(name: str, sample: Sample) -> tuple[Markup, ...]:
    if sample in {"half", "ninety"}:
        fill = BAND if sample == "half" else PALE
        return (_box(fill),)
    if sample in _HATCHES:
        tone, back = _HATCHES[sample]
        return tag("defs", hatch(name, tone, gap=7.0, back=back)), _box(f"url(#{name})")
    return (_MARKS[sample],)


def _box(fill: str) -> Markup:
    return tag("rect", x=1.0, y=2.0, width=28.0, height=14.0, fill=fill, stroke=FAINT)


def _line(tone: str, dash: str | None) -> Markup:
    return tag("path", d="M1 9H29", stroke=tone, stroke_width=2.5, stroke_dasharray=dash)


_HATCHES: dict[Sample, tuple[str, str]] = {
    "far": ("#fff", BAND),
    "open": ("#c79a2b", "#fbf1d3"),
    "small": ("#cfd8e0", "#f4f6f8"),
}
_MARKS: dict[Sample, Markup] = {
    "middle": _line(INK, None),
    "middle_with": _line(CELLS, None),
    "without": _line(INK, "2 3"),
    "predicted": _line(MUTED, "3 3"),
    "measured": tag("circle", cx=15.0, cy=9.0, r=5.0, fill="#fff", stroke=INK, stroke_width=2.5),
    "square": _line(INK, None)
    + tag("rect", x=10.0, y=4.0, width=10.0, height=10.0, fill=CELLS, stroke=INK),
    "diamond": polygon(
        [(2.0, 9.0), (15.0, 2.0), (28.0, 9.0), (15.0, 16.0)],
        fill=PALE,
        stroke=INK,
        stroke_width=2.0,
    ),
}
