"""The words of the page itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

import saisei.report
from saisei.base.store import load_data
from saisei.report.citations import web_address
from saisei.report.outline import PARTS

FORBIDDEN = (
    "candidate", "recommended", "promising", "safe", "works", "success rate", "breakthrough",
    "eligible", "1 in",
)  # fmt: skip


def texts(entry: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give every text of the catalogue with its key."""
    if isinstance(entry, dict) and "en" not in entry:
        for key, inside in entry.items():
            yield from texts(inside, f"{path}.{key}".strip("."))
    else:
        yield path, entry["en"] if isinstance(entry, dict) else entry


CATALOGUE = dict(texts(load_data("report/texts.yaml")))


@pytest.mark.parametrize("word", FORBIDDEN)
def test_no_word_that_praises_a_therapy(word: str) -> None:
    assert [t for t in CATALOGUE.values() if re.search(rf"\b{word}\b", t, re.IGNORECASE)] == []


def test_texts_are_plain() -> None:
    for key, text in CATALOGUE.items():
        assert text == text.strip(), key
        assert not re.search(r"[<>]|\n", text), key


def test_every_part_has_a_heading_and_a_template() -> None:
    folder = Path(saisei.report.__file__).parent / "templates"
    for name, _ in PARTS:
        assert any(key.startswith(f"sections.{name}") for key in CATALOGUE)
        assert (folder / f"part-{name}.html.j2").is_file()


def test_every_text_is_asked_for_somewhere() -> None:
    folder = Path(saisei.report.__file__).parent
    asked = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".py", ".j2"}
    )
    built = re.compile(
        r"^(words\.|sections\.|leads\.|audiences\.|date\.months|pictures\.(groups|better_))"
    )
    unused = [
        key
        for key in CATALOGUE
        if not built.match(key)
        and re.sub(r"\.(self|family|clinician)$", "", key) not in asked
        and not re.search(rf"['\"]{re.escape(key.split('.')[-1])}['\"]", asked)
    ]
    assert unused == []


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "//host/x", "https://", "x.yaml",
     "https://a b", "https://a\n", "ftp://a/b", "http://[", "", None],
)  # fmt: skip
def test_only_plain_web_addresses_become_links(address: str | None) -> None:
    assert web_address(address) is None


@given(some.text())
def test_what_becomes_a_link_begins_as_one(address: str) -> None:
    assert (web_address(address) or "https://").lower().startswith(("http://", "https://"))
