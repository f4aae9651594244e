"""The forecast by itself: its page, its pictures, its words, and that they agree with the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from report.report_reading import read_page
from report.svg_reading import read_svg
from report.test_report_page import ELEMENTS
from report.test_report_texts import FORBIDDEN, texts
from saisei.base.dates import parse_as_of
from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.cases import read_case
from saisei.decision import Options
from saisei.decision.outlook import Outlook, look_ahead
from saisei.decision.views import FutureView, People, WithView
from saisei.forecast.updating import Band
from saisei.report.forecast_pages import forecast_files
from saisei.report.forecast_values import forecast_plain
from saisei.report.forecasts import forecast_text, moment, shown, words
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.intervals import Interval, IntervalGroup, intervals_picture
from saisei.report.pictures.svg import text_width
from saisei.vocabulary import days_per_month

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOW = parse_as_of("2026-11-20T09:00+09:00")
LATER = parse_as_of("2026-12-11T09:00+09:00")


def ahead(name: str, *, later: bool = False, language: Any = "en", **more: Any) -> Outlook:
    (path,) = EXAMPLES.glob(f"{name}-*.yaml")
    as_of = LATER if later else NOW
    return look_ahead(read_case(path, as_of=as_of), as_of, Options(language), **more)


def three_weeks() -> Outlook:
    return ahead("03", later=True, add=["fma_ue=38@2026-12-11"], another=21)


def with_cells() -> Outlook:
    """Give a forecast with a therapy beside it, as trials might allow one day."""
    found = ahead("01")
    arm = found.decision.futures[0]
    assert arm.people is not None
    said = (Statement("With cells, of the same 100 people about 20 gain 6 points or more."),)
    people = People(20, 70, 10, 6.0, arm.people.step_note, said)
    later = tuple(replace(p, q50=p.q50 + 2, q95=p.q95 + 2) for p in arm.points if p.day > 100)
    drawn = WithView("nr1-intracerebral", "x", people, 11, 31, 5, 15, later, said)
    futures = (replace(arm, with_therapy=(drawn,), why_no_with=()), *found.decision.futures[1:])
    return replace(found, decision=replace(found.decision, futures=futures))


PAGES: dict[str, Callable[[], Outlook]] = {
    "late": lambda: ahead("01", another=21),
    "early": three_weeks,
    "bleeding": lambda: ahead("04", another=60),
    "injury": lambda: ahead("05", another=21),
    "nearly empty": lambda: ahead("07"),
    "pregnant": lambda: ahead("09"),
    "first day": lambda: ahead("02"),
    "emergency": lambda: ahead("12"),
    "with cells": with_cells,
    "japanese": lambda: ahead("01", language="ja", another=21),
}


@pytest.fixture(scope="module", params=PAGES, name="made")
def _made(request: pytest.FixtureRequest) -> tuple[Outlook, str]:
    found = PAGES[request.param]()
    return found, forecast_files(found)["page.html"]


def test_nothing_runs_and_nothing_loads(made: tuple[Outlook, str]) -> None:
    reading = read_page(made[1])
    assert {tag for tag, _ in reading.tags} <= ELEMENTS
    for tag, found in reading.tags:
        assert not [name for name in found if name.startswith("on")], tag
        assert not {"style", "src", "srcset", "action", "xlink:href"} & set(found), tag
    for address in reading.links:
        assert re.match(r"#\S+$|https?://|tel:\d+$", address), address
    assert len(set(reading.ids)) == len(reading.ids)
    assert {link[1:] for link in reading.links if link.startswith("#")} <= set(reading.ids)
    levels = [level for level, _ in reading.headings]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_emergency_words_come_first(made: tuple[Outlook, str]) -> None:
    body = made[1].split("<body>")[1]
    said = made[0].decision.emergency.text
    assert said in unescape(re.sub(r"<[^>]*>", "", body))
    first = re.search(r"<p[^>]*>(.*?)</p>", body, re.DOTALL)
    assert first is not None
    assert said[:20] in first[1]
    assert forecast_text(made[0]).startswith(said)


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


def told(value: Any) -> Iterator[str]:
    """Give every number of the JSON in the forms in which a page may print it."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from told(one)
    elif isinstance(value, str):
        yield from numbers(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        forms = (value, round(value), value / days_per_month(), round(100 * value))
        yield from (show_number(abs(one)) for one in forms)


def visible(page: str) -> str:
    """Give what the page says of the person: not its axes, folds' counts, sources, hard words."""
    body = page.split("<body>")[1]
    for gone in (
        r'<section id="sources".*?</section>',
        r"<sup.*?</sup>",
        r'<dl class="glossary">.*?</dl>',
        r"<summary>.*?</summary>",
        r"<text.*?</text>",
    ):
        body = re.sub(gone, " ", body, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", body))


def test_every_number_of_the_page_stands_in_the_json(made: tuple[Outlook, str]) -> None:
    known = set(told(json.loads(json.dumps(forecast_plain(made[0])))))
    known |= {"100", "10"}  # of 100 people, nine of ten
    assert numbers(visible(made[1])) - known == set()


def test_every_number_of_the_lines_stands_in_the_json(made: tuple[Outlook, str]) -> None:
    plain = re.sub(r" \[\d+(, \d+)*\]", "", forecast_text(made[0]))
    plain = re.sub(r"^  \[\d+\] ", "", plain, flags=re.MULTILINE)
    known = set(told(json.loads(json.dumps(forecast_plain(made[0]))))) | {"100", "10", "1"}
    assert numbers(plain) - known == set()


def test_every_sentence_of_the_page_stands_in_the_lines() -> None:
    for found in (ahead("01", another=21), three_weeks()):
        lines = forecast_text(found)
        for future in found.drawn:
            people = future.people.sentences if future.people else ()
            for one in (*future.sentences, *people):
                assert one.text.replace("*", "") in lines
        for said in (change.sentences for change in found.changes):
            assert all(one.text in lines for one in said)


def test_each_sentence_leads_to_its_source() -> None:
    text = forecast_text(ahead("01"))
    listed = dict(re.findall(r"^  \[(\d+)\] (.*)$", text, re.MULTILINE))
    cited = {n for group in re.findall(r" \[(\d+(?:, \d+)*)\]$", text, re.MULTILINE)
             for n in group.split(", ")}  # fmt: skip
    assert cited == set(listed)
    assert "Ballester 2019" in listed["1"]


def test_what_is_carried_on_is_marked() -> None:
    text = forecast_text(ahead("01"))
    (row,) = [line for line in text.splitlines() if line.startswith("  12 months")][:1]
    assert "*" in row
    assert "carried on" in text
    course = forecast_files(ahead("01"))["course-fma_ue.svg"]
    assert 'stroke-dasharray="7 4"' in course
    assert "-far" in course


def test_a_course_with_cells_is_drawn_beside() -> None:
    found = with_cells()
    files = forecast_files(found)
    assert {"course-fma_ue-with-1.svg", "people-fma_ue-with-1.svg"} <= set(files)
    assert "about 20 gain 6 points" in files["page.html"]
    assert "about 20 gain 6 points" in forecast_text(found)
    assert "(between 11 and 31 of 100)" in files["people-fma_ue-with-1.svg"]


@pytest.mark.parametrize("name", ["early", "with cells", "japanese"])
def test_words_stay_inside_each_picture_file(name: str) -> None:
    for file, drawn in forecast_files(PAGES[name]()).items():
        if not file.endswith(".svg"):
            continue
        picture = read_svg(drawn)
        wide, high = picture.size
        assert wide <= 360
        ids = [one.attrib["id"] for one in picture.root.iter() if "id" in one.attrib]
        assert len(set(ids)) == len(ids), file
        for one in picture.root.iter("{http://www.w3.org/2000/svg}text"):
            size = float(one.attrib.get("font-size", "13.5"))
            if one.attrib.get("text-anchor", "start") == "start":
                end = float(one.attrib["x"]) + 0.86 * text_width(one.text or "", size)
                assert end <= wide, (file, one.text)
            assert 0 <= float(one.attrib["y"]) <= high


def test_the_picture_of_a_change_has_both_bars_in_place() -> None:
    rows = (Interval(10, 20, 30, (15, 25)), Interval(12, 22, 28, (18, 24), new=True))
    drawn = read_svg(
        str(intervals_picture("p", [IntervalGroup("now", rows)], (0, 66), "T", "D", "points"))
        .replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="340" height="90" ', 1)
    )  # fmt: skip
    boxes = [(float(one["x"]), float(one["width"])) for one in drawn.all("rect")]
    scale = (326 - 104) / 66
    wanted = [(10, 30), (15, 25), (12, 28), (18, 24)]
    for (x, width), (low, high) in zip(boxes, wanted, strict=True):
        assert x == pytest.approx(104 + low * scale, abs=0.02)
        assert width == pytest.approx((high - low) * scale, abs=0.02)
    assert drawn.words == ["0", "20", "40", "66", "points", "now"]


def test_moments_that_are_printed() -> None:
    bands = [Band(30.44 * month, 0, 0, 0, 0, 0, extrapolated=False) for month in range(13)]
    say = words().say
    assert [moment(one.day, say) for one in shown(bands)] == [
        "now", "3 months", "6 months", "12 months",
    ]  # fmt: skip
    assert [moment(one.day, say) for one in shown(bands[1:3])] == ["1 month", "2 months"]
    assert moment(70, say) == "2.3 months"


CATALOGUES = ("report/forecasts.yaml", "forecast/updating.yaml")


@pytest.mark.parametrize("file", CATALOGUES)
def test_no_word_that_praises_a_therapy(file: str) -> None:
    for key, text in texts(load_data(file)):
        for word in FORBIDDEN:
            assert not re.search(rf"\b{word}\b", text, re.IGNORECASE), key


def test_every_heading_exists_in_japanese() -> None:
    def lacking(entry: Any, path: str) -> Iterator[str]:
        if "en" not in entry:
            for key, inside in entry.items():
                yield from lacking(inside, f"{path}.{key}")
        elif not entry.get("ja") or set(re.findall(r"{(\w+)}", entry["en"])) - set(
            re.findall(r"{(\w+)}", entry["ja"])
        ) - {"date", "horizon"}:
            yield path

    assert list(lacking(load_data("report/forecasts.yaml"), "")) == []


def test_every_text_is_asked_for_somewhere() -> None:
    folder = Path(words.__wrapped__.__code__.co_filename).parents[1]
    asked = "".join(
        (folder / path).read_text("utf-8")
        for path in (
            "report/forecasts.py", "report/forecast_pages.py", "report/templates/forecast.html.j2",
            "forecast/updating.py", "forecast/assessment.py",
        )
    )  # fmt: skip
    built = re.compile(r"^(head|changed|another)\.|better_|another_")
    for file in CATALOGUES:
        for key, _ in texts(load_data(file)):
            assert built.search(key) or key in asked or f'"{key.split(".")[-1]}"' in asked, key


def test_a_future_without_a_course_has_no_picture() -> None:
    found = ahead("05", another=21)
    assert set(forecast_files(found)) == {"page.html"}
    assert isinstance(found.undrawn[0], FutureView)
    assert "cannot be said" in forecast_text(found)
