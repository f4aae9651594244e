"""Pictures, lines and page of a validation."""

from __future__ import annotations

import re

import pytest

from report.svg_reading import Drawing, read_svg
from saisei.forecast import Validation, validate_simulated
from saisei.forecast.validation_clusters import Estimate
from saisei.report import validation_files, validation_text
from saisei.report.pictures.coverages import CoveragePicture, CoverageRow, coverage_file
from saisei.report.pictures.plots import Plot, calibration_file, decision_file
from saisei.report.validation_tables import Table, coverage_table, drawn_table
from saisei.report.validation_words import ranged, ranged_share

PLOT = Plot("x", "Title & words", "What <it> shows", "across", "up", "A caption. " * 12)


@pytest.fixture(scope="module")
def found() -> Validation:
    return validate_simulated(120, 1)


@pytest.fixture(scope="module")
def files(found: Validation) -> dict[str, str]:
    return validation_files(found)


def drawings(files: dict[str, str]) -> dict[str, Drawing]:
    return {name: read_svg(text) for name, text in files.items() if name.endswith(".svg")}


def test_each_picture_has_a_title_a_description_and_fits_a_phone(files: dict[str, str]) -> None:
    shown = drawings(files)
    assert len(shown) == 4
    for drawing in shown.values():
        assert drawing.title
        assert len(drawing.description) > 40
        wide, tall = drawing.size
        assert wide == 400
        for x, y, words in drawing.texts:
            assert 0 <= x <= wide, words
            assert 0 < y <= tall, words


def test_every_mark_lies_inside_its_picture(files: dict[str, str]) -> None:
    for drawing in drawings(files).values():
        wide, tall = drawing.size
        for circle in drawing.all("circle"):
            assert 0 <= float(circle["cx"]) <= wide
            assert 0 <= float(circle["cy"]) <= tall
        for corners in drawing.polygons():
            assert all(0 <= x <= wide and 0 <= y <= tall for x, y in corners)


def test_the_coverage_picture_stands_where_its_numbers_are() -> None:
    shares = [(50.0, 40.0, 60.0, 55.0), (80.0, 70.0, 90.0, 82.0), (90.0, 80.0, 100.0, 92.0)]
    rows = [CoverageRow("all", shares), CoverageRow("By day"), CoverageRow("day 1", shares)]
    picture = CoveragePicture("c", "Title", "Words", (50, 80, 90), rows, "of 100", "Caption")
    drawing = read_svg(coverage_file(picture))
    places = {words: x for x, _, words in drawing.texts}
    dots = drawing.all("circle")
    assert len(dots) == 2
    zero, hundred = places["0"], places["100"]
    expected = zero + 0.9 * (hundred - zero)
    assert [float(dot["cx"]) for dot in dots] == pytest.approx([expected] * 2, abs=0.02)
    bars = [re.match(r"M([\d.]+) [\d.]+H([\d.]+)$", one["d"]) for one in drawing.all("path")]
    ends = [(float(one[1]), float(one[2])) for one in bars if one]
    at = [zero + share / 100 * (hundred - zero) for share in (40, 60)]
    assert any(found == pytest.approx(at, abs=0.02) for found in ends)


def test_the_calibration_picture_puts_points_and_line_on_its_axes() -> None:
    points, curve = (
        [(33.0, 33.0, 1), (0.0, 66.0, 4)],
        [(0.0, 0.0, 0.0, 5.0), (66.0, 66.0, 60.0, 66.0)],
    )
    drawing = read_svg(calibration_file(PLOT, (0, 66), points, curve, [1, 0, 3]))
    middle, corner = ((float(one["cx"]), float(one["cy"])) for one in drawing.all("circle"))
    (left, bottom), (right, top) = line_ends(drawing)
    assert middle == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=0.02)
    assert corner == pytest.approx((left, top), abs=0.02)
    radii = [float(one["r"]) for one in drawing.all("circle")]
    assert radii[1] > radii[0]
    assert "Title & words" in " ".join(drawing.words)


def line_ends(drawing: Drawing) -> list[tuple[float, float]]:
    """Give the ends of the broken line, which runs from corner to corner."""
    (line,) = [one["d"] for one in drawing.all("path") if "stroke-dasharray" in one]
    pairs = [pair.split() for pair in line[1:].split("L")]
    return [(float(x), float(y)) for x, y in pairs]


def test_pictures_without_a_smoothed_line_are_drawn_too() -> None:
    drawing = read_svg(calibration_file(PLOT, (0, 66), [(3.0, 4.0, 1)], [], [1]))
    assert not drawing.polygons()
    assert len(drawing.all("circle")) == 1


def test_the_decision_picture_leaves_out_what_lies_below() -> None:
    lines = [(10.0, 30.0, 30.0), (50.0, 10.0, -20.0), (90.0, 0.0, -300.0)]
    drawing = read_svg(decision_file(PLOT, lines, -5.0))
    ways = [one["d"] for one in drawing.all("path", stroke_width="2.6")]
    assert len(ways) == 1
    assert ways[0].count("L") == 2
    assert not [one for one in drawing.all("path") if "stroke-dasharray" in one]


def test_the_page_holds_all_pictures_and_tables_and_loads_nothing(
    found: Validation, files: dict[str, str]
) -> None:
    page = files["page.html"]
    assert page.count("<figure>") == 4
    assert page.count("<table") == 3
    assert "http-equiv" in page or "<meta" in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="http[^"]*\.(js|css|png)"', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    first = coverage_table(found.of("fma_ue")).rows[0]
    assert all(cell in page for cell in first)


def test_lines_and_page_say_the_same_numbers(found: Validation, files: dict[str, str]) -> None:
    of = found.of("fma_ue").overall
    assert of is not None
    ninety = of.coverage[2]
    shown = f"{ranged_share(ninety.share)}; {100 * ninety.promised:.0f}"
    assert shown in validation_text(found)
    assert shown in files["page.html"]


def test_shares_off_what_was_promised_are_counted(found: Validation) -> None:
    of = found.of("fma_ue")
    judged = [one.figures for one in of.strata if one.kind != "true-group"]
    assert of.overall is not None
    shares = [share for part in (of.overall, *judged) for share in part.coverage]
    off = sum(
        not (share.share.low or 0) <= share.promised <= (share.share.high or 1) for share in shares
    )
    line = f"Of {len(shares)} shares of strata known beforehand, {off} lie off"
    assert line in validation_text(found)
    named = sum(
        not (share.share.low or 0) <= share.level <= (share.share.high or 1) for share in shares
    )
    assert named != off  # or the test could not tell the promise from the name


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (Estimate(1.25, -0.5, 3.0), "1.2 (−0.5 to 3.0)"),
        (Estimate(-0.01), "0.0"),
    ],
)
def test_a_value_is_written_with_its_interval(one: Estimate, expected: str) -> None:
    assert ranged(one) == expected


def test_columns_of_a_table_stand_under_each_other() -> None:
    table = Table("Caption", ("name", "n"), (("all", "1,000"), ("Heading",), ("a long name", "7")))
    lines = drawn_table(table)
    assert lines[0] == "Caption"
    assert lines[3] == "  Heading"
    assert len({len(line) for line in (lines[1], lines[2], lines[4])}) == 1
