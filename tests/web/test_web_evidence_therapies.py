"""The pages of therapies and trials: deaths first, what is not known, rules in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from saisei.base.store import load_data
from saisei.therapies import (
    Programme,
    Trial,
    deaths_sentence,
    harms_of,
    programme,
    programmes,
    trial,
    trials,
)
from saisei.web import create_app
from web.web_evidence_reading import ask

FORBIDDEN = load_data("web/evidence.yaml"), load_data("web/therapies.yaml")
NOT_SAID = {
    "en": ("candidate", "recommended", "promising", "success rate", "breakthrough"),
    "ja": ("推奨", "有望", "成功率", "画期的", "安全な"),
}


def texts(entry: object, language: str) -> list[str]:
    if not isinstance(entry, dict):
        return []
    if set(entry) == {"en", "ja"}:
        return [str(entry[language])]
    return [text for one in entry.values() for text in texts(one, language)]


def test_every_text_stands_in_both_languages() -> None:
    def walk(entry: object, path: str) -> list[str]:
        if not isinstance(entry, dict):
            return [path]
        if set(entry) == {"en", "ja"}:
            return [] if all(isinstance(t, str) and t for t in entry.values()) else [path]
        return [bad for name, one in entry.items() for bad in walk(one, f"{path}.{name}")]

    assert [bad for catalogue in FORBIDDEN for bad in walk(catalogue, "")] == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_words_that_are_not_used_are_not_used(language: str) -> None:
    said = [text.lower() for catalogue in FORBIDDEN for text in texts(catalogue, language)]
    assert len(said) > 300
    assert [text for text in said for word in NOT_SAID[language] if word in text] == []


@pytest.mark.parametrize("one", programmes(), ids=lambda one: one.id)
def test_a_therapy_says_what_is_not_known_and_its_harms(one: Programme) -> None:
    text = ask(f"/therapies/{one.id}").text
    assert "What is not known" in text
    harms = harms_of(one)
    for harm in harms:
        if harm.group != "death":
            assert f'[<a href="/sources?q=harms%2F{harm.words.sources[0].split("/")[1]}' in text
    deadly = any(harm.group == "death" for harm in harms)
    sentence = deaths_sentence().text
    assert (sentence in text) == deadly
    if deadly:
        head = text.index("Published harms")
        assert text.index(sentence) - head < 200  # before every other harm


def test_a_therapy_that_is_sold_shows_claims_prices_and_law() -> None:
    text = ask("/therapies/ad-msc-intravenous-asrm").text
    for part in (
        "Nobody has published who must not be given it.",
        "15,000 to 45,000 USD",
        "Quality of the source",
        "What pages for patients say",
        "contradicted",
        "Legal route",
        "No controlled trial of these cells, given this way, gives a usable number.",
    ):
        assert part in text


def test_a_tested_therapy_leads_to_its_questions_and_studies() -> None:
    page = ask("/therapies/multistem-intravenous")
    assert "/evidence/studies/houkin-2024-treasure" in page.links
    assert any(
        link.startswith("/evidence/questions/excellent?") and "cells=MAPC" in link
        for link in page.links
    )
    assert "No controlled trial of these cells" not in page.text


@pytest.mark.parametrize("one", trials(), ids=lambda one: one.id)
def test_a_trial_shows_every_rule_in_both_languages(one: Trial) -> None:
    english, japanese = ask(f"/trials/{one.id}").text, ask(f"/trials/{one.id}", "ja").text
    for rule in one.criteria:
        assert str(escape(rule.text)) in english
        assert str(escape(rule.sentence("en"))) in english
        assert str(escape(rule.sentence("ja"))) in japanese
    partial = "This list is only a part of its rules." in english
    assert partial == (not one.criteria_complete)


def test_the_standing_follows_the_clock() -> None:
    late = datetime(2027, 11, 20, tzinfo=UTC)
    open_one = next(one for one in trials() if one.status == "recruiting")
    text = TestClient(create_app(lambda: late)).get(f"/trials/{open_one.id}").text
    assert "too long ago to rely on" in text


def test_names_stand_in_the_language_of_the_page() -> None:
    one = programme("multistem-intravenous")
    assert one.name_ja in ask(f"/therapies/{one.id}", "ja").text
    assert f'<span lang="en">{trial("NCT02448641").title}' in ask("/trials/NCT02448641", "ja").text


def test_own_cells_and_donated_ones_are_not_the_same() -> None:
    own = ask("/therapies/ad-msc-intravenous-asrm").text
    donated = "/evidence/studies/de-celis-ruiz-2022-amascis"
    assert donated not in own
    assert donated in ask("/therapies/ad-msc-allogeneic-iv").links
