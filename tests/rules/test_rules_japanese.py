"""Japanese: every text says what its English says, with the same gaps and the same stars."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

import pytest

from saisei.base.store import load_data

# Words that speak to the person: Japanese mostly leaves them out, and every text can be given them.
SPEAKING = {"you", "You", "your", "Your", "like_you", "be"}
# Texts that are filled in otherwise in Japanese, each held by a test of its own room.
OTHERWISE = {
    "cli/texts.yaml": {".screen.verdict", ".asking.refused", ".allowed.value"},
    "report/forecasts.yaml": {".as_of", ".pictures.another_title"},
}
OWN_TESTS = "eligibility/words.yaml"  # its patterns are grammar; see tests/eligibility
SELLS = (
    "有望",
    "効く",
    "効きます",
    "成功率",
    "画期的",
    "安全",
    "推奨",
    "お勧め",
    "おすすめ",
    "適格",
)
ALLOWED = (
    "再生医療等の安全性の確保等に関する法律",
    "再生医療等安全性確保法",
    "安全性",  # what was looked at in a trial
    "受診をお勧めする",  # a visit to a doctor, no therapy
)
NAMES = (
    "Action Research Arm Test",
    "International Stroke Trial",
    "NIH Stroke Scale",
    "Sandercock et al",
    "Stroke Impact Scale",
)
ENGLISH = re.compile(r"[A-Za-z][a-z]+(?: [A-Za-z]?[a-z]+){2,}")
GAP = re.compile(r"{(\w+)[^{}]*}")
# Not to be read out: patterns that find a word.
UNSAID = {"find"}


def _catalogues() -> list[str]:
    root = files("saisei")
    rooms = (room for room in root.iterdir() if room.is_dir())
    found = (f"{room.name}/{file.name}" for room in rooms for file in room.iterdir())
    return sorted(name for name in found if PurePosixPath(name).suffix == ".yaml")


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("en"), str) and isinstance(value.get("ja"), str):
            yield place, value["en"], value["ja"]
            return
        for key, one in value.items():
            if key not in UNSAID:
                yield from _texts(one, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            yield from _texts(one, f"{place}[{at}]")


CATALOGUES = [name for name in _catalogues() if any(_texts(load_data(name)))]


def test_the_report_has_its_words_in_japanese() -> None:
    assert {"decision/texts.yaml", "report/texts.yaml", "report/glossary.yaml"} <= set(CATALOGUES)


@pytest.mark.parametrize("name", [name for name in CATALOGUES if name != OWN_TESTS])
def test_the_gaps_are_those_of_the_english(name: str) -> None:
    """A gap that only the Japanese has could not be filled; one that it lacks loses a fact."""
    wrong = [
        (place, odd)
        for place, english, japanese in _texts(load_data(name))
        if (odd := _odd_gaps(english, japanese)) and place not in OTHERWISE.get(name, ())
    ]
    assert wrong == []


def _odd_gaps(english: str, japanese: str) -> set[str]:
    wanted, given = set(GAP.findall(english)), set(GAP.findall(japanese))
    return (given - wanted - SPEAKING) | (wanted - given - SPEAKING)


@pytest.mark.parametrize("name", CATALOGUES)
def test_the_stars_are_as_many_as_in_the_english(name: str) -> None:
    wrong = [
        place
        for place, english, japanese in _texts(load_data(name))
        if Counter(english)["*"] != Counter(japanese)["*"]
    ]
    assert wrong == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_no_japanese_sentence_sells(name: str) -> None:
    wrong = [
        (place, word)
        for place, _, japanese in _texts(load_data(name))
        for word in SELLS
        if word in _without(japanese, ALLOWED)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_no_english_is_left_in_a_japanese_sentence(name: str) -> None:
    wrong = [
        (place, found[0])
        for place, _, japanese in _texts(load_data(name))
        if (found := ENGLISH.search(_without(GAP.sub("", japanese), NAMES)))
    ]
    assert wrong == []


def _without(text: str, allowed: tuple[str, ...]) -> str:
    for one in allowed:
        text = text.replace(one, "")
    return text


def test_the_checks_see_what_they_look_for() -> None:
    """Each of them finds a text that breaks its rule."""
    assert _odd_gaps("{n} of {m} for {you}", "{m}人") == {"n"}
    assert _odd_gaps("{n}", "{n}、{x}") == {"x"}
    assert ENGLISH.search("これは left in English です")
    assert not ENGLISH.search("NIHSSとmRS")
    assert "安全" not in _without("再生医療等の安全性の確保等に関する法律", ALLOWED)


def test_every_hard_word_is_found_by_its_own_term_in_japanese() -> None:
    """Patterns of the glossary find the word that they explain, in small letters."""
    for entry in load_data("report/glossary.yaml"):
        term = entry["term"]["ja"]
        assert re.search(entry["find"]["ja"].lower(), term.lower()), term
        assert entry["means"]["ja"].endswith("。")
