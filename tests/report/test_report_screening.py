"""The page of a screened population: its numbers, its pictures, and what it must not tell."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import saisei.report
from eligibility.test_eligibility_population import CASES, Cases
from eligibility.test_eligibility_wide import AS_OF
from report.report_reading import PAYLOAD, read_page
from report.test_report_page import ELEMENTS
from report.test_report_texts import FORBIDDEN, texts
from saisei.base.store import load_data
from saisei.cases import fields
from saisei.decision import emergency_words
from saisei.eligibility import Criterion, parse
from saisei.eligibility.population.attrition import COUNTS, ITEM_COUNTS, RuleCount, tally
from saisei.eligibility.population.deciding_items import MissingItem
from saisei.eligibility.population.protocols import Protocol
from saisei.eligibility.population.read import Read
from saisei.eligibility.population.screen import PopulationResult, screen_population
from saisei.eligibility.population.small_counts import SmallCounts
from saisei.report import Screened, screening_page
from saisei.report.pictures.narrowing import Step, bar_picture, narrowing_picture
from saisei.therapies.protocols import population_protocols

MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)
READ = Read(
    people=30,
    dead=7,
    rows={"person": 37, "measurement": 400},
    used={"measurement": 120},
    left_out={("measurement", "range"): 12},
    unmapped={"measurement": 90},
)
RULES = (
    Criterion("i1", "inclusion", "help needed 1 to 3", parse("1 <= mrs_current <= 3")),
    Criterion("e1", "exclusion", "any seizure", parse("seizure_history")),
    Criterion("e2", "exclusion", "a cancer", parse("malignancy_history"), "somewhere/p. 3"),
    Criterion("j1", "inclusion", "will come back", parse("age_years > 1"), judgement=True),
)
OWN = Protocol("own", RULES)
CLOSED = Protocol("NCT00875654", RULES)
PARTIAL = Protocol("NCT07197606", RULES[:1])
SOLD = Protocol("ad-msc-intravenous-asrm", RULES[:1])
FAILING = np.array([0, 0, 0, 1, 2, 3, 4, 0], np.int64)
UNKNOWN = np.array([0, 2, 6, 2, 0, 0, 1, 1], np.int64)
PEOPLE = np.array([4, 10, 3, 5, 2, 1, 4, 8], np.int64)


def made(*protocols: Protocol, least: int = 0) -> Screened:
    bits = [(1 << len(one.counted)) - 1 for one in protocols]
    found = tuple(
        tally(one, FAILING & mask, UNKNOWN & mask & ~FAILING, PEOPLE)
        for one, mask in zip(protocols, bits, strict=True)
    )
    result = PopulationResult(int(PEOPLE.sum()), MOMENT, found, 1.0)
    return Screened(result, protocols, "hospital", READ, SmallCounts(least))


def cells(row: str) -> list[str]:
    return [unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", row)]


def part(page: str, protocol: str) -> str:
    """Give what the page says of one protocol."""
    found = page.split('<details class="protocol">')[1:]
    anchor = f'id="p-{protocol.lower()}"'
    return next(one for one in found if anchor in one).split("</details>")[0]


def rules_shown(shown: str) -> dict[str, list[str]]:
    found = re.findall(r'colspan="7"><code>(.*?)</code>.*?</tr>\n<tr>(.*?)</tr>', shown)
    return {rule: cells(row) for rule, row in found}


def items_shown(shown: str) -> dict[str, list[str]]:
    found = re.findall(r" · (\w+)</span></th>(.*?)</tr>", shown)
    return {item: cells(row) for item, row in found}


def in_words(count: int | None, least: int) -> str:
    return f"<{least}" if count is None else f"{count:,}"


@pytest.mark.parametrize("least", [0, 4])
def test_every_number_is_that_of_the_files(tmp_path: Path, least: int) -> None:
    """The files are what the page is held against: rules, missing facts, and who matches."""
    protocols, small = population_protocols()[33:42], SmallCounts(least)
    result = screen_population(Cases(CASES[:30]), protocols, AS_OF, tmp_path, small=small)
    page = screening_page(Screened(result, protocols, "h", READ, small))
    rules = pq.read_table(tmp_path / "criteria.parquet").to_pylist()
    items = pq.read_table(tmp_path / "missing.parquet").to_pylist()
    for one in result.protocols:
        shown = part(page, one.protocol)
        assert rules_shown(shown) == {
            row["criterion"]: [in_words(row[name], least) for name in COUNTS.values()]
            for row in rules
            if row["protocol"] == one.protocol
        }
        assert items_shown(shown) == {
            row["item"]: [in_words(row[name], least) for name in ITEM_COUNTS.values()]
            for row in items
            if row["protocol"] == one.protocol
        }
        (listed,) = re.findall(rf'<tr role="row">[^\n]*#p-{one.protocol.lower()}"[^\n]*', page)
        counts = (one.matches, one.undecided, one.does_not_match)
        assert cells(listed) == [small.words(count) for count in counts]
    verdicts = pq.read_table(tmp_path / "verdicts.parquet").to_pandas()
    assert sum(one.undecided for one in result.protocols) == sum(verdicts.verdict == "undecided")


def test_a_small_page_worked_out_by_hand() -> None:
    shown = part(screening_page(made(OWN)), "own")
    assert rules_shown(shown) == {
        "i1": ["19", "6", "12", "5", "8", "31", "19"],
        "e1": ["16", "3", "18", "2", "10", "29", "4"],
        "e2": ["30", "4", "3", "4", "0", "25", "4"],
    }
    assert items_shown(shown) == {
        "seizure_history": ["10", "13", "10"],
        "mrs_current": ["8", "8", "18"],
        "malignancy_history": ["0", "3", "21"],
    }
    assert "4 match the rules read · 21 undecided" in shown
    assert f"<code>e1</code> {RULES[1].requirement}" in shown
    assert "somewhere/p. 3" in shown
    assert "(1):</strong> will come back." in shown
    assert fields()["seizure_history"].question["en"] in unescape(shown)


def test_nothing_loads_runs_or_leads_astray() -> None:
    reading = read_page(screening_page(made(OWN, CLOSED, SOLD)))
    assert {tag for tag, _ in reading.tags} <= ELEMENTS | {"code"}
    for tag, found in reading.tags:
        assert not [name for name in found if name.startswith("on") or name == "style"], tag
    assert len(set(reading.ids)) == len(reading.ids)
    for link in reading.links:
        assert re.match(r"#|tel:\d+$|https?://", link), link
        assert not link.startswith("#") or link[1:] in reading.ids, link
    outside = [found for tag, found in reading.tags if str(found.get("href")).startswith("http")]
    assert {found["rel"] for found in outside} == {"noopener noreferrer"}
    for _, found in reading.tags:
        for name in (found.get("aria-labelledby") or "").split():
            assert name in reading.ids
    assert "@import" not in load_style()
    assert "url(" not in load_style()


def load_style() -> str:
    folder = Path(saisei.report.__file__).parent / "templates"
    return (folder / "screening.css").read_text("utf-8")


def test_headings_make_a_tree_and_every_picture_has_words() -> None:
    reading = read_page(screening_page(made(OWN, CLOSED, SOLD)))
    levels = [level for level, _ in reading.headings]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(reading.pictures) == 3
    assert all(all(one.texts[name] for name in one.labels) for one in reading.pictures)


def test_words_of_others_cannot_break_out() -> None:
    rule = Criterion(f"r{PAYLOAD}", "inclusion", PAYLOAD, RULES[0].when, PAYLOAD, note=PAYLOAD)
    team = replace(rule, id="team", judgement=True)
    screened = made(Protocol(f"p{PAYLOAD}", (rule, team)))
    read = replace(READ, rows={PAYLOAD: 3})
    page = screening_page(replace(screened, source=PAYLOAD, read=read))
    reading = read_page(page)
    assert {tag for tag, _ in reading.tags} <= ELEMENTS | {"code"}
    assert reading.text.count("<script>alert(1)</script>") >= 7


def test_the_rules_on_words_are_kept() -> None:
    page = screening_page(made(OWN, CLOSED, PARTIAL, SOLD))
    words = read_page(page).words
    assert words.index(emergency_words().text) < words.index(
        "Whom of 37 people", words.index("Skip to")
    )
    for number in ("119", "112", "911", "999"):
        assert f"tel:{number}" in page
    assert "Meeting entry rules does not mean that it would help." in words
    own = words.split("Protocol by protocol")[1]
    assert own.count("Meeting entry rules does not mean that it would help.") == 1
    closed = part(page, CLOSED.id)
    assert "4 would have matched; closed" in closed
    assert "Closed (completed when read on" in closed
    assert "Only a part of its entry rules could be read" in part(page, PARTIAL.id)
    sold = part(page, SOLD.id)
    assert "Nobody has published who must not be given it." in sold
    assert "condition and time fit" in sold
    assert "match the rules read" not in sold


def test_the_head_says_what_was_read() -> None:
    words = read_page(screening_page(made(OWN))).words
    assert "People of hospital, as of 20 November 2026, 12:00 UTC" in words
    assert "37 people were held against the rules; 7 more had died." in words
    assert f"Saisei {saisei.__version__}, data " in words
    assert "measurement400120" in words
    assert "measurement: 12 rows left out: " in words
    assert "measurement: 90 rows with a concept that fills no field" in words


def test_those_with_the_most_people_in_come_first() -> None:
    none = Protocol("nobody", (RULES[0],))
    screened = made(none, OWN)
    everybody_out = replace(screened.result.protocols[0], matches=0, undecided=0, does_not_match=37)
    result = replace(screened.result, protocols=(everybody_out, screened.result.protocols[1]))
    page = screening_page(replace(screened, result=result))
    assert page.index('href="#p-own"') < page.index('href="#p-nobody"')
    assert page.index('id="p-own"') < page.index('id="p-nobody"')


def test_the_same_counts_give_the_same_bytes() -> None:
    screened = made(OWN, CLOSED)
    slower = replace(screened.result, seconds=99.0)
    assert screening_page(screened) == screening_page(replace(screened, result=slower))


@settings(max_examples=40)
@given(some.integers(2, 9), some.data())
def test_counts_that_look_alike_give_the_same_page(least: int, data: some.DataObject) -> None:
    """Neither a word nor the length of a bar tells two counts apart that are shown alike."""
    small = SmallCounts(least)

    def alike(count: int) -> int:
        near = [n for n in range(count + least) if small.shown(n) == small.shown(count)]
        return data.draw(some.sampled_from(near))

    screened = made(OWN, least=least)
    (one,) = screened.result.protocols
    other = replace(
        one,
        matches=alike(one.matches),
        undecided=alike(one.undecided),
        does_not_match=alike(one.does_not_match),
        rules=tuple(
            RuleCount(rule.rule, **{name: alike(getattr(rule, name)) for name in COUNTS})
            for rule in one.rules
        ),
        missing=tuple(
            MissingItem(item.item, **{name: alike(getattr(item, name)) for name in ITEM_COUNTS})
            for item in one.missing
        ),
    )
    changed = replace(screened.result, people=alike(screened.result.people), protocols=(other,))
    rows = {name: alike(count) for name, count in READ.rows.items()}
    used = {name: alike(count) for name, count in READ.used.items()}
    left = {name: alike(count) for name, count in READ.left_out.items()}
    other_concepts = {name: alike(count) for name, count in READ.unmapped.items()}
    read = Read(37, alike(READ.dead), rows, used, left, other_concepts)
    assert screening_page(screened) == screening_page(replace(screened, result=changed, read=read))


def boxes(drawn: str) -> list[list[float]]:
    """Give the widths of the boxes of each look, in the order in which they are drawn."""
    ways = re.findall(r'<path d="([^"]*)"', re.sub(r"<pattern.*?</pattern>", "", drawn))
    return [[float(width) for width in re.findall(r"h(\d[\d.]*)v", way)] for way in ways]


def test_the_picture_narrows_as_the_counts_do() -> None:
    steps = [
        Step("all", 100, 100, 100, "100"),
        Step("i1", 80, 30, 100, "80"),
        Step("i2", 80, 10, 80, "80"),
        Step("i3", 20, 0, 80, "20"),
    ]
    ruled_out, open_, sure = boxes(narrowing_picture("p", 100, steps, "t", "d"))
    unit = sure[0] / 100
    assert sure == pytest.approx([100 * unit, 30 * unit, 10 * unit], abs=0.01)
    assert open_ == pytest.approx([50 * unit, 70 * unit, 20 * unit], abs=0.01)
    assert ruled_out == pytest.approx([20 * unit, 60 * unit], abs=0.01)


def test_very_few_people_can_be_seen() -> None:
    ruled_out, open_, sure = boxes(bar_picture((1, 2, 10**6)))
    assert min(*ruled_out, *open_, *sure) >= 1.5
    assert bar_picture((0, 0, 0)).count("<path") == 0
    assert narrowing_picture("p", 0, [], "t", "d").count("<path") == 0


def test_no_protocol_and_no_rule() -> None:
    empty = Protocol("empty", ())
    page = screening_page(made(empty))
    assert "It has no rule that records can decide." in read_page(page).words
    nobody = Screened(PopulationResult(0, MOMENT, (), 0.0), (), "h")
    assert "Nobody was held against anything." in read_page(screening_page(nobody)).words


def test_every_word_is_asked_for_and_praises_nothing() -> None:
    folder = Path(saisei.report.__file__).parent
    names = ("screenings.py", "templates/screening.html.j2")
    code = "".join((folder / name).read_text("utf-8") for name in names)
    catalogue = dict(texts(load_data("report/screenings.yaml")))
    built = ("overview.", "words.", "each.", "legend.", "rules.", "missing.", "about.", "read.")
    for key, words in catalogue.items():
        last = key.rpartition(".")[2]
        asked = re.search(rf"""['"]{re.escape(key)}['"]""", code)
        assert asked or (key.startswith(built) and re.search(rf"""['"]{last}['"]""", code)), key
        assert not [word for word in FORBIDDEN if re.search(rf"\b{word}\b", words.lower())], key
