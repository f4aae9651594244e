"""What a reader needs first, hard words, and what a print on paper leaves to the screen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from report.report_builders import emergency_decision, full_decision, short_decision
from report.report_reading import read_page
from saisei.base.sources import Source, Statement
from saisei.base.store import load_data
from saisei.decision.model import Decision, Kind, QuestionView
from saisei.report import to_html
from saisei.report.citations import Citations
from saisei.report.glossary import hard_words
from saisei.report.paper import cited, on_paper

GLOSSARY = load_data("report/glossary.yaml")
FORBIDDEN = ("candidate", "recommended", "promising", "safe", "works", "success rate", "proof")


def judged(verdict: str, tier: str = "A") -> Decision:
    """Give a full decision all of whose findings have one verdict."""
    full = full_decision()
    findings = tuple(replace(one, verdict=verdict, tier=tier) for one in full.findings)
    return replace(full, findings=findings)


@pytest.mark.parametrize("verdict", ["uncertain", "no data"])
def test_an_open_verdict_is_the_first_thing_said(verdict: str) -> None:
    words = read_page(to_html(judged(verdict))).words
    assert words.index("Nothing is proven") < words.index("No cell therapy has been shown")


@pytest.mark.parametrize(
    "verdict", ["benefit", "small benefit", "harm", "no worthwhile difference"]
)
def test_a_verdict_that_says_something_is_not_called_open(verdict: str) -> None:
    assert "Nothing is proven" not in to_html(judged(verdict))
    assert "Nothing is proven" in to_html(judged(verdict, tier="C"))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FULL])
def test_other_pages_say_nothing_of_proof(kind: Kind) -> None:
    assert "Nothing is proven" not in to_html(replace(judged("uncertain"), kind=kind))


def test_nothing_is_called_open_while_the_condition_is_not_known() -> None:
    brief = tuple(replace(one, shown="brief") for one in full_decision().therapies)
    assert "Nothing is proven" not in to_html(replace(judged("uncertain"), therapies=brief))


def test_the_top_leads_to_what_a_reader_needs() -> None:
    page = to_html(full_decision())
    top = page.split('<nav class="next"')[1].split("</nav>")[0]
    assert re.findall('href="#([a-z]+)"', top) == [
        "options", "others", "harms", "practical", "questions",
    ]  # fmt: skip


def test_short_pages_are_not_burdened() -> None:
    for decision in (short_decision(), emergency_decision()):
        page = to_html(decision)
        assert "How to use this page" not in page
        assert 'class="next"' not in page


def test_a_hard_word_is_explained_where_it_is_used_and_only_there() -> None:
    used = replace(short_decision(), answer=(Statement("The odds were even after a sham."),))
    terms = re.findall("<dt>(.*?)</dt>", to_html(used))
    assert terms == ["Sham", "Odds ratio"]
    assert "<dl" not in to_html(replace(short_decision(), answer=(Statement("Rest."),)))


def test_every_entry_of_the_glossary_finds_its_own_term() -> None:
    for entry in GLOSSARY:
        told = f"{entry['term']['en']} {entry['find']['en']}"
        plain = (
            re.sub(r"\\b|\[.*?\]|[()?|]|\\d", " ", told) + " odds tier A: NCT1 phase 1 How sure:"
        )
        assert hard_words(plain, "", "en"), entry
        assert not entry["means"]["en"].count("{")
        assert entry["means"]["en"].endswith(".")


@pytest.mark.parametrize("word", FORBIDDEN)
def test_no_explanation_praises(word: str) -> None:
    assert not [e for e in GLOSSARY if re.search(rf"\b{word}\b", e["means"]["en"], re.IGNORECASE)]


def test_a_word_of_the_screen_alone_is_not_explained_on_paper() -> None:
    found = hard_words("<p>odds</p> sham", "sham", "en")
    assert [(word.term, word.on_paper) for word in found] == [("Sham", True), ("Odds ratio", False)]


def test_paper_leaves_out_folds_for_the_screen_and_what_lies_in_them() -> None:
    page = (
        'a<details class="named screen" id="x"><summary>b</summary><details>c</details></details>'
        '<details class="on-screen">d</details><details>e</details>f'
    )
    assert re.sub("<.*?>", "", on_paper(page)) == "adef"


def test_sources_of_the_paper_are_those_that_it_cites() -> None:
    page = to_html(full_decision())
    body, listed = page.split('<ol class="sources">')
    items = re.findall(r'<li( class="screen")? id="s(\d+)"', listed)
    shown = {int(number) for hidden, number in items if not hidden}
    assert shown == cited(on_paper(body)) & {int(number) for _, number in items}
    assert shown


@given(some.sets(some.integers(0, 30), min_size=1))
def test_every_number_cited_can_be_led_to_and_back(wanted: set[int]) -> None:
    sources = [Source(str(number), f"T{number}") for number in range(31)]
    citations = Citations(sources, "source {number}")
    citations.cite([str(number) for number in range(0, 31, 2)])
    told = citations.cite([str(number) for number in sorted(wanted)])
    by_title = {source.title: number for number, source in citations.cited()}
    numbers = {by_title[f"T{number}"] for number in wanted}
    assert cited(told) == numbers
    new = {number for number in numbers if number > 16}
    assert {int(number) for number in re.findall(r'id="c(\d+)"', told)} == new


def test_neighbours_among_sources_are_shortened() -> None:
    sources = [Source(str(number), f"T{number}") for number in range(4)]
    told = str(Citations(sources, "source {number}").cite(["0", "1", "2", "3"]))
    assert re.sub("<.*?>", "", told) == "1–4"


@pytest.mark.parametrize(
    ("audience", "settles", "shown"),
    [
        ("self", "NCT00000001", "the entry rules of one trial"),
        ("family", "NCT00000001, jRCT0000001", "the entry rules of 2 trials"),
        ("clinician", "NCT00000001, jRCT0000001", "NCT00000001, jRCT0000001"),
        ("self", "which kind it was", "which kind it was"),
    ],
)
def test_only_a_clinician_is_given_trial_numbers(audience: str, settles: str, shown: str) -> None:
    full = full_decision()
    assert full.questions is not None
    row = QuestionView("x", "Which side?", "chart", settles)
    asked = replace(full.questions, settle=(row,))
    words = read_page(to_html(replace(full, questions=asked, audience=audience))).words
    assert shown in words.split("Which side?")[1][:120]


def test_the_heading_of_the_next_year_says_what_can_be_drawn() -> None:
    full = full_decision()
    without = tuple(replace(one, with_therapy=()) for one in full.futures)
    none = tuple(
        replace(one, people=None, points=(), why_not=Statement("No model."), with_therapy=())
        for one in full.futures
    )
    headings = [
        next(words for _, words in read_page(to_html(page)).headings if "next year" in words)
        for page in (full, replace(full, futures=without), replace(full, futures=none))
    ]
    assert headings == [
        "The next year without cells, and with them",
        "The next year without cells",
        "The next year: no forecast is possible",
    ]


def test_one_reason_against_a_forecast_is_said_once() -> None:
    full = full_decision()
    reason = Statement("The models are of people after a stroke.")
    none = tuple(
        replace(one, people=None, points=(), why_not=reason, with_therapy=(), why_no_with=(),
                sentences=())
        for one in full.futures
    )  # fmt: skip
    assert read_page(to_html(replace(full, futures=none))).words.count(reason.text) == 1


def test_the_name_of_a_part_leads_to_it_where_it_is_there() -> None:
    told = (Statement("See *Harms* and *Therapies*, *not this*."),)
    page = to_html(replace(full_decision(), answer=told))
    assert '<em><a href="#harms">Harms</a></em> and <em><a href="#therapies">' in page
    assert "<em>not this</em>" in page
    assert '<em><a href="#' not in to_html(replace(short_decision(), answer=told))
