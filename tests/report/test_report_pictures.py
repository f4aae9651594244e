"""The pictures: where things stand, what is drawn, and nothing outside the frame."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from report.report_builders import full_decision
from report.report_reading import PAYLOAD, read_page
from saisei.decision.views import FindingView
from saisei.report.figures import Figures
from saisei.report.page import Page
from saisei.report.pictures import Spread, people_picture
from saisei.report.pictures.axis import linear_axis, linear_ticks, log_axis, show_number
from saisei.report.pictures.svg import WIDTH, number, tag, text_width, wrap

finite = some.floats(-1e4, 1e4)
ratios = some.floats(1e-3, 1e3)


@pytest.fixture(name="figures")
def _figures() -> Figures:
    return Figures(Page(full_decision()))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 66, (0, 20, 40, 60)),
        (0, 6, (0, 1, 2, 3, 4, 5, 6)),
        (-2.2, 1.6, (-2, -1, 0, 1)),
        (0, 100, (0, 20, 40, 60, 80, 100)),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: tuple[float, ...]) -> None:
    assert linear_ticks(low, high) == ticks


@given(some.lists(finite, min_size=1, max_size=6))
def test_a_straight_axis_holds_its_values_in_order(values: list[float]) -> None:
    axis = linear_axis(values, 10, 330)
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(10 <= place <= 330 for place in places)
    assert all(axis.holds(value) for value in values)
    assert all(axis.low - 1e-6 <= tick <= axis.high + 1e-6 for tick in axis.ticks)
    assert 2 <= len(axis.ticks) <= 8


@given(some.lists(ratios, min_size=1, max_size=6))
def test_an_axis_of_ratios_holds_them_in_order_as_far_as_it_goes(values: list[float]) -> None:
    axis = log_axis(values, 10, 330)
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(10 <= place <= 330 for place in places)
    assert all(axis.holds(value) for value in values if 1 / 64 <= value <= 64)
    assert 1 <= len(axis.ticks) <= 8


def test_halving_and_doubling_are_as_far_from_one() -> None:
    axis = log_axis([0.25, 4.0], 0, 100)
    assert axis.at(2) - axis.at(1) == pytest.approx(axis.at(1) - axis.at(0.5))


@given(some.text(max_size=200), some.floats(30, 300))
def test_broken_lines_lose_no_letter_and_are_not_too_wide(words: str, width: float) -> None:
    lines = wrap(words, width)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(text_width(line) <= width or len(line) == 1 for line in lines)


@given(some.floats(-1e9, 1e9))
def test_coordinates_are_plain_numbers(value: float) -> None:
    assert re.fullmatch(r"-?\d+(\.\d{1,2})?", number(value))
    assert float(number(value)) == pytest.approx(value, abs=0.0051)


@pytest.mark.parametrize(
    ("value", "ratio", "words"),
    [(1.0, True, "1.00"), (0.304, True, "0.30"), (211.4, True, "211.4"), (-0.04, False, "0"),
     (-2.0, False, "−2"), (7.25, False, "7.2"), (12.0, True, "12")],
)  # fmt: skip
def test_numbers_are_written_for_a_reader(value: float, ratio: object, words: str) -> None:
    assert show_number(value, ratio=bool(ratio)) == words


def test_a_tag_escapes_everything() -> None:
    drawn = str(tag("text", PAYLOAD, fill=PAYLOAD))
    assert read_page(drawn).tags == [("text", {"fill": PAYLOAD})]


def test_the_grid_counts_a_hundred_in_order(figures: Figures) -> None:
    future = full_decision().futures[0]
    drawn = str(figures.people(future))
    fates = re.findall(r'href="#p1-(\w+)"', drawn)
    assert fates == ["better"] * 10 + ["same"] * 81 + ["worse"] * 9
    corners = re.findall(r'<use href="#p1-\w+" x="([\d.]+)" y="([\d.]+)"', drawn)
    assert len(set(corners)) == 100
    assert "10 of 100 better by 6 points or more" in drawn
    assert "url(" not in drawn


def test_the_grid_hatches_whom_the_interval_leaves_open(figures: Figures) -> None:
    future = full_decision().futures[0]
    drawn = str(figures.people(future, future.with_therapy[0]))
    assert drawn.count('fill="url(#p1-open)"') == (31 - 6) + (13 - 4)
    assert "(between 6 and 31 of 100)" in drawn


@given(some.data())
def test_a_spread_opens_as_many_places_as_it_is_wide(data: some.DataObject) -> None:
    ends = some.lists(some.integers(0, 100), min_size=2, max_size=2).map(sorted)
    better, worse = data.draw(ends), data.draw(ends)
    spread = Spread(better[0], better[1], worse[0], worse[1])
    expected = {*range(*better), *(99 - place for place in range(*worse))}
    assert {place for place in range(100) if spread.holds(place)} == expected


def test_a_grid_needs_no_spread() -> None:
    people = full_decision().futures[0].people
    assert people is not None
    alone = replace(people, better=0, same=100, worse=0)
    assert str(people_picture("x", alone, "T", "D")).count("#x-same") == 100


def test_the_course_marks_measured_points_and_the_part_beyond_the_data(figures: Figures) -> None:
    future = full_decision().futures[0]
    drawn = str(figures.course(future))
    assert drawn.count("<circle") == len(future.measured)
    assert drawn.count('stroke-dasharray="7 4"') == 1
    assert 'fill="url(#p1-far)"' in drawn
    near = replace(future, points=tuple(replace(p, extrapolated=False) for p in future.points))
    plain = str(figures.course(near))
    assert "7 4" not in plain
    assert "-far)" not in plain


def test_the_course_says_which_end_is_good(figures: Figures) -> None:
    arm, help_, _ = full_decision().futures
    assert "higher is better ↑" in figures.course(arm)
    assert "lower is better ↓" in figures.course(help_)


def _square_places(drawn: str) -> list[float]:
    found = re.findall(
        r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]*stroke-width="1.5"', drawn
    )
    return [float(x) + float(width) / 2 for x, width in found]


def test_squares_stand_in_the_order_of_their_estimates(figures: Figures) -> None:
    finding = full_decision().findings[0]
    places = _square_places(str(figures.forest(finding)))
    estimates = [row.estimate for row in finding.rows]
    assert sorted(places) == [places[i] for i in sorted(range(3), key=estimates.__getitem__)]


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow(figures: Figures) -> None:
    finding = full_decision().findings[0]
    tame = replace(finding, rows=(finding.rows[0],), pooled=None)
    wild = replace(finding, rows=(replace(finding.rows[0], high=900.0),), pooled=None)
    assert str(figures.forest(wild)).count("<polygon") == 1
    assert "<polygon" not in figures.forest(tame)


@pytest.mark.parametrize(
    ("better", "left", "right"),
    [
        ("right", "← better with control", "better with cells →"),
        ("left", "← better with cells", "better with control →"),
    ],
)
def test_the_sides_of_a_forest_plot_are_named(
    figures: Figures, better: str, left: str, right: str
) -> None:
    drawn = str(figures.forest(replace(full_decision().findings[0], better=better)))
    assert drawn.index(left) < drawn.index(right)


def test_a_forest_plot_says_all_its_numbers_in_words(figures: Figures) -> None:
    finding: FindingView = full_decision().findings[0]
    words = read_page(str(figures.forest(finding))).pictures[0].texts["p1-d"]
    assert (
        "ACTIsSIMA 2020, 2.5 million cells: cells 7 of 55, control 7 of 52, 0.94 (0.30 to 2.89)"
        in words
    )
    assert "Together (2 trials): 1.50 (0.50 to 4.60)" in words


@pytest.mark.parametrize("picture", ["people", "course", "forest", "gains"])
def test_nothing_is_drawn_outside_the_frame(figures: Figures, picture: str) -> None:
    full = full_decision()
    arm = full.futures[0]
    drawn = {
        "people": lambda: figures.people(arm, arm.with_therapy[0]),
        "course": lambda: figures.course(arm, arm.with_therapy[0]),
        "forest": lambda: figures.forest(full.findings[0]),
        "gains": lambda: figures.gains(
            [row for row in full.gains if row.what == full.gains[0].what]
        ),
    }[picture]()
    tags = read_page(str(drawn)).tags
    height = float((tags[0][1]["viewbox"] or "").split()[3])
    for name, found in tags:
        if name in {"text", "circle", "rect", "use"} and "x" in found:
            assert 0 <= float(found["x"] or "") <= WIDTH
            assert 0 <= float(found["y"] or "") <= height
    for name, words in re.findall(
        r'<text x="([\d.]+)"[^>]*font-size="\d[^>]*>([^<]*)<', str(drawn)
    ):
        assert words
        assert float(name) <= WIDTH
