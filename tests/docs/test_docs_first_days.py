"""The page of the first days: its pictures are the program's, all items of TRIPOD+AI stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from saisei.base.store import load_data
from saisei.report import first_days_calibration

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods-first-days.md"
TEXT = PAGE.read_text(encoding="utf-8")
DATA = load_data("forecast/first_days.yaml")


@pytest.mark.parametrize("kind", ["places", "tenths"])
def test_the_pictures_are_those_that_the_program_draws(kind: str) -> None:
    shown = PAGE.parent / "images" / f"first-days-{kind}.svg"
    drawn = first_days_calibration()[f"{kind}-dead-or-dependent.svg"]
    assert shown.read_text(encoding="utf-8") == drawn
    assert f'src="images/{shown.name}"' in TEXT


def test_all_27_items_of_tripod_ai_are_answered() -> None:
    table = TEXT.split("## TRIPOD+AI, item by item")[1]
    items = re.findall(r"^\| (\d+) [\w ]+ \| (.+) \|$", table, flags=re.MULTILINE)
    assert [int(number) for number, _ in items] == list(range(1, 28))
    for _, answer in items:
        assert len(answer) >= 4
        for place in re.findall(r"\(#([\w-]+)\)", answer):
            headings = re.findall(r"^## (.+)$", TEXT, flags=re.MULTILINE)
            assert place in {one.lower().replace(" ", "-") for one in headings}


def test_the_summary_and_the_events_for_each_slope_are_of_the_file() -> None:
    people, model = DATA["people"], DATA["validation"]["model"]
    dead, dependent, third, recovered = people["states"]
    for number in (people["used"], dead, dependent, third, recovered):
        assert f"{number:,}" in TEXT
    assert f"AUC {model['auc']:.3f}, Brier {model['brier']:.3f}" in TEXT
    assert f"rank probability score {model['rank_score']:.3f}" in TEXT
    slopes = len(DATA["coefficients"]) - 1
    aged = sum(name.startswith("age_years") for name in DATA["coefficients"])
    told = (round(dead / slopes), round((third + recovered) / slopes),
            round(recovered / (slopes - aged)))  # fmt: skip
    assert f"events for each of the {slopes} slopes: {told[0]} in the first step" in TEXT
    assert f"{told[1]} in the second" in TEXT
    assert f"for the {slopes - aged} of the third {told[2]} " in TEXT


def test_the_widest_tenth_of_the_summary() -> None:
    row = DATA["tenths"]["dead_or_dependent"][2]
    expected, low, high = (round(100 * row[name]) for name in ("expected", "lowest", "highest"))
    assert f"with {expected} of 100 expected dead or dependent, {low} to {high} of 100" in TEXT
