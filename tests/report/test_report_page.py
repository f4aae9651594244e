"""The page: nothing escapes, nothing loads, nothing vanishes, and it can be walked by ear."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from report.report_builders import emergency_decision, full_decision, short_decision
from report.report_reading import PAYLOAD, Reading, hostile, read_page, statements
from saisei.base.errors import DataError
from saisei.base.sources import Source, Statement
from saisei.decision.model import Decision, Kind
from saisei.decision.views import LeftOutRow
from saisei.report import to_html

DECISIONS = {
    "full": full_decision(),
    "hostile": hostile(full_decision()),
    "child": short_decision(),
    "pregnant": short_decision(Kind.PREGNANCY),
    "emergency": emergency_decision(),
    "hostile emergency": hostile(emergency_decision()),
}
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "a", "aside", "p", "strong", "main"),
    *(
        "header",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "nav",
        "details",
        "summary",
        "ol",
        "ul",
    ),
    *("li", "dl", "dt", "dd", "div", "span", "sup", "article", "figure", "figcaption", "table"),
    *(
        "caption",
        "em",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "svg",
        "desc",
        "defs",
        "g",
        "path",
    ),
    *("circle", "rect", "polygon", "text", "pattern", "use"),
}


@pytest.fixture(params=DECISIONS, name="reading")
def _reading(request: pytest.FixtureRequest) -> Reading:
    return read_page(to_html(DECISIONS[request.param]))


def test_nothing_runs_and_nothing_loads(reading: Reading) -> None:
    assert {tag for tag, _ in reading.tags} <= ELEMENTS
    for tag, found in reading.tags:
        assert not [name for name in found if name.startswith("on")], tag
        assert not {"style", "src", "srcset", "action", "xlink:href"} & set(found), tag
    for address in reading.links:
        assert re.match(r"#\S+$|https?://|tel:\d+$", address), address


def test_ids_are_unique_and_links_inside_lead_somewhere(reading: Reading) -> None:
    assert len(set(reading.ids)) == len(reading.ids)
    inside = {address[1:] for address in reading.links if address.startswith("#")}
    assert inside <= set(reading.ids)
    for _, found in reading.tags:
        assert set((found.get("aria-labelledby") or "").split()) <= set(reading.ids)
        for value in found.values():
            assert set(re.findall(r"url\(#([^)]*)\)", value or "")) <= set(reading.ids)


def test_headings_skip_no_level(reading: Reading) -> None:
    levels = [level for level, _ in reading.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(words.strip() for _, words in reading.headings)


def test_the_page_speaks_its_language_and_fits_a_phone(reading: Reading) -> None:
    tags = dict(reading.tags)
    assert tags["html"]["lang"] == "en"
    assert any(found.get("name") == "viewport" for _, found in reading.tags)


@pytest.mark.parametrize("name", DECISIONS)
def test_the_rule_on_loading_lets_in_the_own_style_and_nothing_else(name: str) -> None:
    page = to_html(DECISIONS[name])
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rule = next(
        found["content"] or ""
        for _, found in read_page(page).tags
        if found.get("http-equiv") == "Content-Security-Policy"
    )
    assert rule.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "@import" not in style
    assert "url(" not in style


@pytest.mark.parametrize("name", ["full", "hostile"])
def test_every_sentence_stands_on_the_page(name: str) -> None:
    words = read_page(to_html(DECISIONS[name])).words
    missing = [s.text for s in statements(DECISIONS[name]) if " ".join(s.text.split()) not in words]
    assert missing == []


def test_hostile_words_are_read_as_words() -> None:
    page = to_html(hostile(full_decision()))
    assert "<script" not in page
    assert "<img" not in page
    assert PAYLOAD in read_page(page).text
    assert not re.search(r'href="(?!#|https?://|tel:\d+")', page)


def test_stars_set_words_apart_and_nothing_else() -> None:
    told = "See *Harms*; 2 * 3 * 4; **x**; a*b*c; *<b>*; * y *"
    page = to_html(replace(short_decision(), answer=(Statement(told),)))
    assert re.findall("<em>(.*?)</em>", page) == ["Harms", "&lt;b&gt;"]
    assert "See Harms; 2 * 3 * 4; **x**; a*b*c; <b>; * y *" in read_page(page).words


@settings(max_examples=15, deadline=None)
@given(some.text(min_size=1).filter(lambda text: not set("\0*") & set(text) and text.strip()))
def test_any_text_comes_back_as_it_went_in(text: str) -> None:
    decision = replace(short_decision(), answer=(Statement(text),))
    assert " ".join(text.split()) in read_page(to_html(decision)).words


def test_every_picture_has_its_words(reading: Reading) -> None:
    for picture in reading.pictures:
        assert len(picture.labels) == 2
        assert all(len(picture.texts[label]) > 10 for label in picture.labels)
    drawn = [found for tag, found in reading.tags if tag == "svg"]
    silent = [found for found in drawn if found.get("aria-hidden") == "true"]
    assert len(drawn) == len(silent) + len(reading.pictures)


def test_every_picture_stands_beside_a_legend_or_a_table() -> None:
    page = to_html(full_decision())
    reading = read_page(page)
    assert len(reading.pictures) == 10
    for figure in page.split("<figure>")[1:]:
        after = figure.split("<figure>")[0]
        assert 'class="legend"' in after or "<table" in after


def test_the_emergency_opens_every_page(reading: Reading) -> None:
    told = reading.words.index("call the emergency number now. Do not use this page")
    assert told < 600 + 2 * len(PAYLOAD)
    for number in ("Japan", "119", "112", "911", "999"):
        assert 0 < reading.words.index(number, told) - told < 300 + 9 * len(PAYLOAD)


def test_the_emergency_page_is_nothing_else() -> None:
    reading = read_page(to_html(emergency_decision()))
    assert [words for _, words in reading.headings] == [
        "Call the emergency number now",
        "Why you see only this page",
    ]
    assert reading.links == ["tel:119", "tel:112", "tel:911", "tel:999"]
    assert reading.pictures == []
    for number in ("119", "112", "911", "999"):
        assert reading.words.count(number) == 1
    assert "swollen leg after an infusion" in reading.words
    assert "price" not in reading.words.lower()


def test_a_full_decision_of_the_emergency_kind_is_still_only_the_emergency_page() -> None:
    page = to_html(replace(full_decision(), kind=Kind.EMERGENCY))
    assert "SB623" not in page
    assert "Your options" not in page


def test_parts_come_in_the_order_of_a_decision_aid() -> None:
    found = re.findall(r'<section[^>]* id="([a-z]+)"', to_html(full_decision()))
    first = ["answer", "options", "others", "without", "harms", "cautions", "practical"]
    then = ["unknown", "deciding", "values", "questions", "therapies", "facts", "rules"]
    assert found == [*first, *then, "policy", "sources"]


def test_a_part_without_content_is_not_printed() -> None:
    found = re.findall(r'<section[^>]* id="([a-z]+)"', to_html(short_decision()))
    assert found == ["answer", "policy"]
    assert "<nav" not in to_html(short_decision())


def test_headings_speak_to_who_reads() -> None:
    words = {
        audience: read_page(to_html(replace(full_decision(), audience=audience))).words
        for audience in ("self", "family", "clinician")
    }
    assert "What matters to you" in words["self"]
    assert "What matters to the person" in words["family"]
    assert "Cautions for this person" in words["clinician"]


def test_sources_are_numbered_as_first_cited_and_told_apart() -> None:
    page = to_html(full_decision())
    listed = page.split('<ol class="sources">')[1].split("</ol>")[0].split("<li ")[1:]
    assert [item.split('value="')[1].split('"')[0] for item in listed] == list("12345")
    second_hand = next(item for item in listed if "ACTIsSIMA" in item)
    assert "second hand" in second_hand
    assert "https://clinicaltrials.gov/study/NCT02448641" in second_hand
    doi = next(item for item in listed if "TREASURE" in item)
    assert doi.index("https://doi.org/10.1001/jamaneurol.2023.5200") < doi.index("read at")
    first = re.search(r'<sup class="cite"><a href="#s(\d+)" id="c(\d+)"', page)
    assert first is not None
    assert first.groups() == ("1", "1")


def test_one_document_under_two_keys_is_one_number() -> None:
    twin = Source("z/doi", "TREASURE, Table 2", None, "article", doi="10.1001/x")
    decision = replace(
        short_decision(),
        answer=(Statement("One.", ("z/doi",)), Statement("Two.", ("y/doi", "z/doi"))),
        sources=(twin, replace(twin, key="y/doi")),
    )
    assert to_html(decision).count('href="#s1"') == 2


def test_uncontrolled_gains_never_stand_alone() -> None:
    page = to_html(full_decision())
    own = page.split("therapy-sb623")[1].split("therapy-ad-msc")[0]
    assert "NR1, 12 months" in own
    assert "STEMTRA, sham surgery" in own
    assert "Arm training, 6 weeks · 73 people" in own


def test_a_measure_with_nothing_to_compare_is_folded_away_and_says_so() -> None:
    row = replace(full_decision().gains[0], what="Barthel, points")
    page = to_html(replace(full_decision(), gains=(row,), therapies=(), findings=()))
    folded = page.split("Measures with nothing to compare (1)")[1]
    assert folded.index("nothing can be read from it") < folded.index("NR1, 12 months")
    assert "Measures with nothing" not in to_html(full_decision())


def test_the_nearest_evidence_comes_first_and_silence_last() -> None:
    full = full_decision()
    turned = replace(full.therapies[0], findings=("death", "nihss", "sb623-fma"))
    page = to_html(replace(full, therapies=(turned, full.therapies[1])))
    places = [page.index(f'id="finding-{name}"') for name in ("sb623-fma", "nihss", "death")]
    assert places == sorted(places)
    assert page.index("Questions without an answer: 1") < places[2]


def test_studies_left_out_stand_by_reason() -> None:
    full = full_decision()
    rows = tuple(LeftOutRow(n, f"Study {n}", "no control" if n < "c" else "late") for n in "abc")
    finding = replace(full.findings[0], left_out=rows)
    page = to_html(replace(full, findings=(finding, *full.findings[1:])))
    assert "<li><strong>no control:</strong> Study a; Study b</li>" in page
    assert "Studies left out, and why (3)" in page


def test_a_finding_of_two_therapies_is_drawn_once() -> None:
    page = to_html(full_decision())
    assert page.count("Signs of stroke (NIHSS) at one year: what each trial found") == 1
    assert "The picture and the reasons stand under SB623 cells into the brain." in page


def test_the_same_decision_gives_the_same_bytes() -> None:
    assert to_html(full_decision()) == to_html(full_decision())


def test_the_bytes_do_not_hang_on_the_order_of_hashes() -> None:
    program = (
        "import hashlib, sys; from report.report_builders import full_decision;"
        "from saisei.report import to_html, to_json; d = full_decision();"
        "print(hashlib.sha256((to_html(d) + to_json(d)).encode()).hexdigest())"
    )
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root / "src"), str(root / "tests")])
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def _broken() -> dict[str, Decision]:
    full = full_decision()
    arm, *others = full.futures
    assert arm.people is not None
    uneven = replace(arm, people=replace(arm.people, same=0))
    ratio, *rest = full.findings
    therapy, brief = full.therapies
    nan = replace(arm.points[0], q50=float("nan"))
    return {
        "no source under the key gone": replace(full, answer=(Statement("x", ("gone",)),)),
        "a source key stands twice: a/doi": replace(full, sources=full.sources * 2),
        "names gone, which": replace(full, therapies=(replace(therapy, findings=("gone",)),)),
        "ad-msc stands twice": replace(full, therapies=(therapy, brief, brief)),
        "is not 100 people": replace(full, futures=(uneven, *others)),
        "is not a finite number": replace(full, futures=(replace(arm, points=(nan,)), *others)),
        "ratio that is not above zero": replace(full, findings=(replace(ratio, null=0.0), *rest)),
        "nobody is called 'cat'": replace(full, audience="cat"),
        "in the language 'xx'": replace(full, language="xx"),
    }


@pytest.mark.parametrize("fault", _broken())
def test_a_decision_that_does_not_hold_together_is_refused(fault: str) -> None:
    with pytest.raises(DataError, match=re.escape(fault)):
        to_html(_broken()[fault])


def test_tones_stand_out_from_paper() -> None:
    style = to_html(short_decision()).split("<style>")[1].split("</style>")[0]
    tones = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", style))
    for name in ("ink", "muted", "blue", "warn"):
        for paper in ("#ffffff", "#fdf3f1", "#fdf6da"):
            assert _contrast(tones[name], paper) >= 4.5, (name, paper)


def _contrast(one: str, other: str) -> float:
    """Give the contrast of two tones (WCAG 2.2, relative luminance)."""
    low, high = sorted(_luminance(tone) for tone in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(tone: str) -> float:
    parts = [int(tone[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
