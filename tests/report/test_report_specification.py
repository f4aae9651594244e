"""The picture of a specification curve: everything drawn once, told by shape, within a phone."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.report.pictures.specification import (
    SpecificationPlot,
    SpecificationPoint,
    specification_file,
)
from saisei.report.pictures.svg import WIDTH

SVG = "{http://www.w3.org/2000/svg}"


def read(drawn: str) -> ET.Element:
    return ET.fromstring(drawn)  # noqa: S314 - our own picture


def plot(*points: SpecificationPoint, planned: int | None = None) -> SpecificationPlot:
    return SpecificationPlot(
        title="Every choice",
        description="Told in words.",
        axis_title="Odds ratio",
        points=points,
        choices=(
            ("Risk of bias", ("all", "low or some")),
            ("オッズ比の推定法", ("REML", "厳密ベイズ")),
        ),
        caption=("What the marks mean.",),
        ratio=True,
        planned=planned,
        planned_word="by rule",
        sides=("favours control", "favours cells"),
    )


GOOD = SpecificationPoint(0.8, 0.2, 1.4, (0, 0), "good")
NONE = SpecificationPoint(0.1, -0.5, 0.7, (1, 0), "none")
BAD = SpecificationPoint(-0.9, -1.5, -0.2, (1, 1), "bad")


def test_every_analysis_has_one_mark_and_one_tick_a_choice() -> None:
    drawn = read(specification_file("s", plot(BAD, NONE, GOOD)))
    discs = drawn.findall(f"{SVG}circle")
    assert [disc.get("fill") for disc in discs] == ["#fff", "#1d5a8c"]
    assert len(drawn.findall(f"{SVG}polygon")) == 1  # the bad side has another shape
    ticks = [r for r in drawn.findall(f"{SVG}rect") if r.get("height") == "9"]
    assert len(ticks) == 3 * 2


def test_larger_effects_stand_higher() -> None:
    drawn = read(specification_file("s", plot(NONE, GOOD)))
    low, high = (float(disc.get("cy", "nan")) for disc in drawn.findall(f"{SVG}circle"))
    assert high < low


def test_the_rule_has_a_band_and_its_word() -> None:
    with_rule = specification_file("s", plot(BAD, NONE, GOOD, planned=1))
    without = specification_file("s", plot(BAD, NONE, GOOD))
    assert "by rule" in with_rule
    assert "by rule" not in without


def test_words_of_the_caller_stand_in_it() -> None:
    drawn = specification_file("s", plot(NONE))
    root = read(drawn)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title") is not None
    for words in ("Every choice", "Told in words.", "厳密ベイズ", "What the marks mean."):
        assert words in drawn


@pytest.mark.parametrize("options", [(0,), (0, 2), (-1, 0), (0, 0, 0)])
def test_a_point_without_an_option_a_choice_is_refused(options: tuple[int, ...]) -> None:
    wrong = SpecificationPoint(0.1, 0.0, 0.2, options, "none")
    with pytest.raises(ValueError, match=r"points\[0\]"):
        specification_file("s", plot(wrong))


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="points is empty"):
        specification_file("s", plot())


numbers = st.floats(-6, 6).map(lambda x: round(x, 4))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(numbers, st.floats(0.001, 40)), min_size=1, max_size=120))
def test_nothing_lies_outside_the_picture(pairs: list[tuple[float, float]]) -> None:
    points = [
        SpecificationPoint(y, y - half, y + half, (at % 2, 0), "none")
        for at, (y, half) in enumerate(sorted(pairs))
    ]
    drawn = specification_file("s", plot(*points, planned=len(points) // 2))
    root = read(drawn)
    height = float(root.get("height", "0"))
    for disc in root.findall(f"{SVG}circle"):
        assert 0 < float(disc.get("cx", "-1")) < WIDTH
        assert 0 < float(disc.get("cy", "-1")) < height
    numbers_drawn = [float(n) for n in re.findall(r'(?:x|y|cx|cy)="(-?[\d.]+)"', drawn)]
    assert all(math.isfinite(n) and -1 <= n <= max(WIDTH, height) for n in numbers_drawn)
