"""What the tests of the evidence pages share: a client, and a page taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser

from starlette.testclient import TestClient

from saisei.web import Limits, create_app

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
VOID = {"meta", "link", "input", "img", "br", "hr", "rect", "circle", "path", "polygon"}


@cache
def browser() -> TestClient:
    """Give a client of the application, under no limit of rate."""
    limits = Limits(burst=10**7, per_minute=10**7)
    return TestClient(create_app(lambda: NOW, limits), raise_server_exceptions=False)


@dataclass
class Page(HTMLParser):
    """A page: its headings, links, ids, controls, labels, tables and pictures."""

    status: int
    text: str
    language: str = ""
    headings: list[int] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)
    tables: int = 0
    captions: int = 0
    pictures: list[str | None] = field(default_factory=list)
    described: int = 0
    inline: list[str] = field(default_factory=list)
    _select: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag is."""
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag[0] == "h" and tag[1:].isdigit():
            self.headings.append(int(tag[1:]))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag in {"select", "input"} and given.get("type") != "hidden":
            self.controls.append(given.get("id") or "")
        if tag == "label":
            self.labels.append(given.get("for") or "")
        self._note(tag, given)

    def _note(self, tag: str, given: dict[str, str | None]) -> None:
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag == "svg":
            self.pictures.append(given.get("role"))
        self.described += tag == "desc"
        if "style" in given or tag == "style" or any(name.startswith("on") for name in given):
            self.inline.append(tag)
        if tag == "select":
            self._select = given.get("name") or ""
        if tag == "option" and "selected" in given:
            self.chosen[self._select] = given.get("value") or ""


def ask(address: str, language: str = "en") -> Page:
    """Fetch a page."""
    answer = browser().get(address, headers={"accept-language": language})
    return Page(answer.status_code, answer.text)
