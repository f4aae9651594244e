"""The clinician's page of the first days: what it says before any number, and its pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from report.svg_reading import read_svg
from saisei.base.dates import parse_as_of
from saisei.base.store import load_data
from saisei.cases import read_case
from saisei.forecast import FirstDays, first_days, first_days_checks
from saisei.forecast.first_days_checks import people_like
from saisei.report import first_days_calibration, first_days_files, used_words

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "examples" / "clinician" / "first-day-untreated.yaml"
DATA = load_data("forecast/first_days.yaml")
CUTS = ("dead", "dead_or_dependent", "not_recovered_or_worse")


@pytest.fixture(scope="module")
def found() -> FirstDays:
    read = read_case(CASE, as_of=parse_as_of("2026-11-20T09:00+09:00"))
    result = first_days(read)
    assert isinstance(result, FirstDays)
    return result


@pytest.fixture(scope="module")
def files(found: FirstDays) -> dict[str, str]:
    return first_days_files(found, "2026-11-20")


def test_a_page_and_seven_pictures(files: dict[str, str]) -> None:
    names = {f"{kind}-{cut.replace('_', '-')}.svg" for kind in ("tenths", "places") for cut in CUTS}
    assert set(files) == names | {"chances.svg", "page.html"}
    page = files["page.html"]
    assert page.count("<svg") == 7
    assert "<script" not in page
    assert "http-equiv" in page


def test_the_page_says_first_for_whom_and_of_when_it_is(files: dict[str, str]) -> None:
    words = re.sub(r"<[^>]+>", " ", files["page.html"].split("<body>")[1])
    order = [words.index(one) for one in (
        "Do not use this page to decide", "from 1991 to 1996, without thrombolysis",
        "For the clinician only", "Of 100 such people in that trial 24", "Dead: 20 to 28 of 100",
        "from 55 to 88", "ODC Attribution License",
    )]  # fmt: skip
    assert order == sorted(order)


def test_the_bar_holds_100_people_and_every_chance_with_both_ranges(
    found: FirstDays, files: dict[str, str]
) -> None:
    drawn = read_svg(files["chances.svg"])
    told = " ".join(drawn.words)
    for count, state in zip(found.people, ("dead", "dependent", "not recovered", "recovered"),
                            strict=True):  # fmt: skip
        assert f"{count}" in drawn.words
        assert state in told
        assert f"{count} " in drawn.description
    assert "1991 to 1996" in drawn.title
    assert "this model: 74 (95 % interval 69 to 78; elsewhere 40 to 93)" in drawn.description
    assert "75 observed, 55 to 88 between places" in drawn.description


@pytest.mark.parametrize("cut", CUTS)
def test_pictures_of_the_calibration_show_the_numbers_of_the_file(cut: str) -> None:
    files, name = first_days_calibration(), cut.replace("_", "-")
    tenths = read_svg(files[f"tenths-{name}.svg"])
    pairs = [
        f"{round(100 * row['expected'])} and {round(100 * row['observed'])}"
        for row in DATA["tenths"][cut]
    ]
    assert "; ".join(pairs) in tenths.description
    assert files[f"tenths-{name}.svg"].count("<circle") == 10
    places = read_svg(files[f"places-{name}.svg"])
    assert {"United Kingdom", "Sweden", "all others"} <= set(places.words)
    sweden = DATA["countries"]["SWED"][cut]
    level = f"{sweden['intercept']:.2f}".replace("-", "−")
    assert f"Sweden {level} and {sweden['slope']:.2f}" in places.description


def test_every_input_has_a_name_and_a_value(found: FirstDays) -> None:
    told = [used_words(one) for one in found.used]
    assert len(told) == len(DATA["coding"]) == 16
    for line in ("Age, years: 71", "Sex: female", "Atrial fibrillation: yes", "Scan: infarct seen",
                 "Deficit of the arm or hand: present", "Hours since onset: 20"):  # fmt: skip
        assert line in told


def test_every_place_of_the_file_has_a_name() -> None:
    assert set(DATA["countries"]) == set(load_data("report/first_days.yaml")["places"])


def test_intervals_of_a_place_are_two_standard_errors_wide() -> None:
    check = next(one for one in first_days_checks() if one.id == "dead")
    uk, row = next(one for one in check.places if one.name == "UK"), DATA["countries"]["UK"]["dead"]
    assert uk.slope.high - uk.slope.low == pytest.approx(2 * 1.959964 * row["slope_se"])
    assert uk.intercept.value == row["intercept"]


@pytest.mark.parametrize("cut", CUTS)
def test_people_with_such_a_chance_are_those_of_its_tenth(cut: str) -> None:
    rows = DATA["tenths"][cut]
    assert people_like(cut, 0.0).observed == rows[0]["observed"]
    assert people_like(cut, rows[3]["to"]).observed == rows[3]["observed"]
    assert people_like(cut, rows[3]["to"] + 1e-6).observed == rows[4]["observed"]
    assert people_like(cut, 1.0).observed == rows[-1]["observed"]
    for tenth in next(one.tenths for one in first_days_checks() if one.id == cut):
        assert tenth.low < tenth.observed < tenth.high
