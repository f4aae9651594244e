"""Reads the form of a page as a browser without JavaScript does, and fills it in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

from saisei.base.dates import parse_as_of
from saisei.web import Limits, create_app

__all__ = ["MANY", "NOW", "FormRead", "asking", "emptied", "read_form", "typed_pairs"]

NOW = parse_as_of("2026-11-20")
MANY = Limits(burst=100_000, per_minute=6_000_000)
"""So much that no test is turned away for asking often."""
Pairs = list[tuple[str, str]]


def asking() -> TestClient:
    """Give a client whose clock stands still."""
    return TestClient(create_app(lambda: NOW, MANY), base_url="http://localhost")


@dataclass
class FormRead(HTMLParser):
    """The form `ask` of a page: its controls as they stand, its legends, the texts of mistakes."""

    pairs: Pairs = field(default_factory=list)
    legends: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    controls: set[str] = field(default_factory=set)
    unlabelled: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    text: str = ""
    _into: str = ""
    _select: str = ""
    _in_form: bool = False
    _in_label: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        has = dict(attrs)
        if tag == "form":
            self._in_form = given.get("id") == "ask"
        if tag == "label":
            self._in_label = True
            self.labels.add(given.get("for", ""))
        if tag == "legend":
            self._into = "legend"
            self.legends.append("")
        if given.get("class") == "mistake":
            self._into = "mistake"
            self.mistakes.append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if self._in_form and tag in ("input", "select", "textarea"):
            self._control(tag, given, has)
        if tag == "option" and self._select and "selected" in has:
            self.pairs.append((self._select, given.get("value", "")))

    def _control(self, tag: str, given: dict[str, str], has: Mapping[str, object]) -> None:
        kind, name = given.get("type", "text"), given.get("name", "")
        if tag == "select":
            self._select = name
        elif kind not in ("checkbox", "radio") or "checked" in has:
            self.pairs.append((name, given.get("value", "on")))
        if kind != "hidden":
            self.controls.add(name)
            if not (self._in_label or "aria-label" in has or given.get("id")):
                self.unlabelled.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        if tag == "select":
            self._select = ""
        if tag == "label":
            self._in_label = False
        if tag in ("legend", "p"):
            self._into = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._into == "legend":
            self.legends[-1] += data
        if self._into == "mistake":
            self.mistakes[-1] += data

    @property
    def case(self) -> dict[str, Any]:
        """The answers that travel in the form."""
        written = dict(self.pairs)["case"]
        found: dict[str, Any] = json.loads(written) if written else {}
        return found

    @property
    def shown(self) -> list[str]:
        """The questions on the page."""
        return [value for name, value in self.pairs if name == "shown"]

    def typed(self, answers: Mapping[str, str | list[str]], *, do: str = "continue") -> Pairs:
        """Give what is sent when some controls are filled in and a button is pressed."""
        kept = [(name, value) for name, value in self.pairs if name not in answers]
        return [*kept, *_flat(answers), ("do", do)]


def _flat(answers: Mapping[str, str | list[str]]) -> Pairs:
    several = {n: [v] if isinstance(v, str) else v for n, v in answers.items()}
    return [(name, value) for name, values in several.items() for value in values]


def read_form(html: str) -> FormRead:
    """Read the form of a page."""
    found = FormRead()
    found.feed(html)
    return found


def emptied(form: FormRead) -> dict[str, str]:
    """Answer *I don't know* to every question of a page."""
    answers = {}
    for name in form.controls:
        of, _, part = name.partition(".")
        if part == "state" or (part == "0.value" and f"{of}.state" not in form.controls):
            answers[name] = "unknown"
    return answers


def typed_pairs(typed: Mapping[str, Mapping[str, Iterable[str]]]) -> Pairs:
    """Give what is sent for strings by field and part."""
    shown = [("shown", name) for name in typed]
    parts = [(f"{n}.{p}", v) for n, of in typed.items() for p, vs in of.items() for v in vs]
    return [*shown, *parts]
