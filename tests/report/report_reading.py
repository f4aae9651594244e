"""Reading a page back as a browser would: tags, ids, links, headings, pictures, visible text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

from saisei.base.sources import Source, Statement
from saisei.decision.model import Decision

__all__ = ["PAYLOAD", "Reading", "hostile", "read_page", "statements"]

VOID = {"meta", "br", "path", "circle", "rect", "polygon", "use", "link", "img", "input"}
PAYLOAD = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&{{7*7}}</title>" + "W" * 300
KEPT = {"schema", "language", "audience", "shown", "as_of"}
"""Fields that steer the page and hold no words of others."""


@dataclass
class Picture:
    """One drawing that speaks for itself: its labels and what they lead to."""

    labels: list[str]
    texts: dict[str, str] = field(default_factory=dict)


class Reading(HTMLParser):
    """What stands in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.pictures: list[Picture] = []
        self.text = ""
        self._within: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert len(found) == len(attrs), f"an attribute stands twice in {tag}"
        self.tags.append((tag, found))
        if tag not in VOID:
            self.stack.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag == "svg" and found.get("role") == "img":
            self.pictures.append(Picture((found["aria-labelledby"] or "").split()))
        self._within = found.get("id") if tag in {"title", "desc"} else self._within

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag, f"</{tag}> closes another element"
        self._within = None if tag in {"title", "desc"} else self._within

    def handle_data(self, data: str) -> None:
        if "style" in self.stack:
            return
        if self._within and self.pictures:
            texts = self.pictures[-1].texts
            texts[self._within] = texts.get(self._within, "") + data
        if self.stack and re.fullmatch("h[1-6]", self.stack[-1]):
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)
        self.text += data

    @property
    def ids(self) -> list[str]:
        """Every id, in order."""
        return [found["id"] or "" for _, found in self.tags if "id" in found]

    @property
    def links(self) -> list[str]:
        """Every address that something of the page names."""
        return [str(found[k]) for _, found in self.tags for k in ("href", "src") if k in found]

    @property
    def words(self) -> str:
        """The text with each stretch of white space as one space."""
        return " ".join(self.text.split())


def read_page(page: str) -> Reading:
    """Read a page to its end."""
    reading = Reading()
    reading.feed(page)
    reading.close()
    assert reading.stack == [], "elements are left open"
    return reading


def statements(value: Any) -> Iterator[Statement]:
    """Give every sentence of a decision."""
    if isinstance(value, Statement):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from statements(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from statements(getattr(value, part.name))


def hostile(decision: Decision) -> Decision:
    """Put a text that wants to break out behind every text, and a script behind every address."""
    spoiled = _spoil(decision, lambda text: text + PAYLOAD)
    assert isinstance(spoiled, Decision)
    evil = tuple(_evil(source, n) for n, source in enumerate(spoiled.sources))
    return replace(spoiled, sources=evil)


def _evil(source: Source, number: int) -> Source:
    bad = (
        "javascript:alert(1)",
        "data:text/html,<b>",
        "//x.example/a",
        " https://a.b\n",
        "ftp://x/y",
    )
    return replace(source, url=bad[number % len(bad)])


def _spoil(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, tuple):
        return tuple(_spoil(item, change) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            part.name: _spoil(getattr(value, part.name), change)
            for part in fields(value)
            if part.name not in KEPT
        }
        return replace(value, **changed)
    return change(value) if type(value) is str and value else value
