"""SVG in small pieces: elements with everything escaped, text that is broken into lines, tones.

The pictures are drawn by hand and not by a plotting library: the letters stay text in the font of
the page, a picture is drawn for 340 px (a phone) and grows with the page, it takes well under a
millisecond, and the same numbers give the same bytes on every machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup, escape

__all__ = [
    "BAND",
    "CELLS",
    "FAINT",
    "INK",
    "MUTED",
    "PALE",
    "WIDTH",
    "arrow",
    "hatch",
    "number",
    "picture",
    "polygon",
    "svg_file",
    "tag",
    "text",
    "text_lines",
    "text_width",
    "wrap",
]

WIDTH = 340.0
"""Width of every picture in its own units, near that of a phone's column in pixels."""

FONTS = "'Noto Sans', 'Helvetica Neue', Arial, 'Noto Sans JP', 'Hiragino Sans', Meiryo, sans-serif"
"""Of a file that stands alone; a picture inside a page takes the page's."""

UNFIT = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Characters that XML does not allow."""

INK = "#16212b"
MUTED = "#4a5763"
FAINT = "#98a3ad"
PALE = "#e3e8ec"
BAND = "#c4cfd9"
CELLS = "#1d5a8c"
"""Tones that stay apart in grey; nothing is told by tone alone."""


def number(value: float) -> str:
    """Give a coordinate with at most two decimals and no useless ones.

    Examples
    --------
    >>> number(3.0), number(-0.001), number(2.345)
    ('3', '0', '2.35')
    """
    short = f"{value + 1e-9:.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def tag(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Give one element; `_` in an attribute's name is written `-`, None leaves it out.

    Examples
    --------
    >>> str(tag("g", "a<b", stroke_width=2, class_="x"))
    '<g stroke-width="2" class="x">a&lt;b</g>'
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(str(escape(child)) for child in children)
    whole = f"<{name}{shown}>{inside}</{name}>" if inside else f"<{name}{shown}/>"
    return Markup(whole)  # noqa: S704 - every value and child was escaped above


def _value(value: str | float) -> str:
    return str(escape(value)) if isinstance(value, str) else number(value)


def picture(name: str, height: float, title: str, description: str, *children: str) -> Markup:
    """Give a whole picture with its text alternative.

    Parameters
    ----------
    name
        An id that no other picture of the page has; every id inside begins with it.
    """
    return tag(
        "svg",
        tag("title", title, id=f"{name}-t"),
        tag("desc", description, id=f"{name}-d"),
        *children,
        class_="picture",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        viewBox=f"0 0 {number(WIDTH)} {number(height)}",
    )


def svg_file(
    name: str, width: float, height: float, title: str, description: str, *children: str
) -> str:
    """Give a picture as a file of its own: white paper, fonts by name, nothing loaded.

    Parameters
    ----------
    name
        Every id inside begins with it.
    width, height
        In pixels; the picture grows and shrinks with its frame.
    """
    drawn = tag(
        "svg",
        tag("title", title, id=f"{name}-t"),
        tag("desc", description, id=f"{name}-d"),
        tag("rect", width=width, height=height, fill="#fff"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        font_family=FONTS,
    )
    return UNFIT.sub("\ufffd", str(drawn)) + "\n"


def text(x: float, y: float, content: str, /, **attributes: str | float | None) -> Markup:
    """Give one line of text: size 13, ink, from the left, unless told otherwise."""
    chosen: dict[str, str | float | None] = {"font_size": 13.5, "fill": INK}
    return tag("text", escape(content), x=x, y=y, **(chosen | attributes))


def text_lines(
    x: float, y: float, lines: Iterable[str], /, **attributes: str | float | None
) -> Markup:
    """Give lines of text under each other, 17 apart, the first on the base line `y`."""
    return Markup("").join(
        text(x, y + 17.0 * index, line, **attributes) for index, line in enumerate(lines)
    )


def text_width(content: str, size: float = 13.5) -> float:
    """Estimate how wide a text is, rather too wide than too narrow."""
    return size * sum(_letter_width(letter) for letter in content)


@lru_cache(maxsize=4096)
def _letter_width(letter: str) -> float:
    if letter in "ijltfrI.,;:'|!() ":
        return 0.38
    if letter in "mwMW@%—…" or unicodedata.east_asian_width(letter) in "WF":
        return 1.02
    return 0.74 if letter.isupper() else 0.62


def wrap(content: str, width: float, size: float = 13.5) -> list[str]:
    """Break a text into lines no wider than `width`; a word that is too long is cut.

    Examples
    --------
    >>> wrap("one two three", 70)
    ['one two', 'three']
    """
    lines: list[str] = []
    line = ""
    for word in content.split():
        for piece in _pieces(word, width, size):
            longer = f"{line} {piece}" if line else piece
            if line and text_width(longer, size) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
    return [*lines, line] if line else lines


def _pieces(word: str, width: float, size: float) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def polygon(points: Iterable[tuple[float, float]], /, **attributes: str | float | None) -> Markup:
    """Give a closed shape through points."""
    shape = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return tag("polygon", points=shape, **attributes)


def hatch(name: str, tone: str, *, gap: float = 6.0, back: str = "none") -> Markup:
    """Give slanting lines as a filling, to be used as ``fill="url(#name)"``."""
    return tag(
        "pattern",
        tag("rect", width=gap, height=gap, fill=back),
        tag("path", d=f"M0 0V{number(gap)}", stroke=tone, stroke_width=2.0),
        id=name,
        patternUnits="userSpaceOnUse",
        width=gap,
        height=gap,
        patternTransform="rotate(45)",
    )


def arrow(x: float, y: float, *, right: bool, tone: str = INK) -> Markup:
    """Give the head of an arrow: a line goes on beyond the picture."""
    back = -7.0 if right else 7.0
    return polygon([(x, y), (x + back, y - 4.5), (x + back, y + 4.5)], fill=tone)
