"""Reading a picture file back: its elements, its words, and what its axis says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

__all__ = ["Drawing", "read_svg"]

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Drawing:
    """The elements of a file in their order."""

    root: ET.Element

    @property
    def size(self) -> tuple[float, float]:
        return float(self.root.attrib["width"]), float(self.root.attrib["height"])

    def all(self, name: str, **wanted: str) -> list[dict[str, str]]:
        """Give the attributes of all elements of a name that have these values."""
        return [
            one.attrib
            for one in self.root.iter(SVG + name)
            if all(one.attrib.get(key.replace("_", "-")) == value for key, value in wanted.items())
        ]

    @property
    def texts(self) -> list[tuple[float, float, str]]:
        return [
            (float(one.attrib["x"]), float(one.attrib["y"]), one.text or "")
            for one in self.root.iter(f"{SVG}text")
        ]

    @property
    def words(self) -> list[str]:
        return [words for _, _, words in self.texts]

    @property
    def description(self) -> str:
        return self.root.findtext(f"{SVG}desc") or ""

    @property
    def title(self) -> str:
        return self.root.findtext(f"{SVG}title") or ""

    def polygons(self) -> list[list[tuple[float, float]]]:
        """Give the corners of each closed shape."""
        return [
            [(float(x), float(y)) for x, y in (p.split(",") for p in one["points"].split())]
            for one in self.all("polygon")
        ]

    def ticks(self, down: float = 18.0) -> list[tuple[float, str]]:
        """Give the words under the axis with their places, by the marks that they stand below."""
        marks = {
            (round(float(m[1]), 2), round(float(m[2]) + down, 2))
            for one in self.all("path")
            if (m := re.fullmatch(r"M([\d.-]+) ([\d.-]+)(?:v5|L\1 [\d.-]+)", one["d"]))
        }
        return [(x, words) for x, y, words in self.texts if (round(x, 2), round(y, 2)) in marks]


def read_svg(drawn: str) -> Drawing:
    """Read a file as strictly as XML asks."""
    return Drawing(ET.fromstring(drawn))  # noqa: S314 - what we drew ourselves
