"""Pictures of a pool: what is drawn stands where the numbers say, and the words agree with it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import saisei.report
from report.report_reading import PAYLOAD
from report.svg_reading import Drawing, read_svg
from report.test_report_texts import FORBIDDEN, texts
from saisei import synthesis as syn
from saisei.base.store import load_data
from saisei.evidence import measures
from saisei.report.pictures.effects import EffectWords, effect_axis, show_p, show_short
from saisei.report.pools import EffectScale, pool_forest, pool_funnel

EFFECTS = syn.effect(
    "RR",
    events1=[4, 6, 3, 62, 33], n1=[123, 306, 231, 13598, 5069],
    events2=[11, 29, 11, 248, 47], n2=[139, 303, 220, 12867, 5808],
)  # fmt: skip
LABELS = ["Aronson", "Ferguson", "Rosenthal", "Hart", "Frimodt"]
POOL = syn.pool(EFFECTS.y, EFFECTS.v)
RATIO, PLAIN = EffectScale("RR", ratio=True), EffectScale("MD", ratio=False)


def forest(pooled: syn.PoolResult = POOL, scale: EffectScale = RATIO, **more: object) -> Drawing:
    labels = LABELS if pooled.k == len(LABELS) else [f"S{at}" for at in range(pooled.k)]
    return read_svg(pool_forest(pooled, labels, scale, **more))  # type: ignore[arg-type]


def ruler(drawing: Drawing, *, ratio: bool, down: float = 18.0) -> Callable[[float], float]:
    """Read the axis as a reader does: from the two outer ticks and the words under them."""
    ticks = drawing.ticks(down)
    (left, low), (right, high) = min(ticks), max(ticks)
    first, last = (float(words.replace("−", "-")) for words in (low, high))
    if ratio:
        first, last = math.log(first), math.log(last)
    return lambda x: first + (x - left) / (right - left) * (last - first)


def squares(drawing: Drawing) -> list[tuple[float, float]]:
    """Give the middle and the side of each study's square."""
    return [
        (float(one["x"]) + float(one["width"]) / 2, float(one["width"]))
        for one in drawing.all("rect", stroke_width="1.5")
    ]


@pytest.mark.parametrize("ratio", [True, False])
def test_squares_and_the_diamond_stand_at_their_numbers(ratio: object) -> None:
    drawing = forest(scale=RATIO if ratio else PLAIN)
    read = ruler(drawing, ratio=bool(ratio))
    step = abs(read(1.0) - read(0.0))
    assert [read(x) for x, _ in squares(drawing)] == pytest.approx(POOL.y, abs=0.02 * step)
    (corners,) = [shape for shape in drawing.polygons() if len(shape) == 4]
    found = [read(x) for x, _ in corners]
    low, high = POOL.ci
    expected = [low, POOL.estimate, high, POOL.estimate]
    assert found == pytest.approx(expected, abs=0.02 * step)


def test_the_area_of_a_square_is_the_weight() -> None:
    sides = np.array([side for _, side in squares(forest())])
    assert sides**2 / max(sides) ** 2 == pytest.approx(POOL.weights / max(POOL.weights), abs=2e-3)


def test_bars_end_at_the_intervals_and_the_prediction_has_its_own_line() -> None:
    drawing = forest()
    read = ruler(drawing, ratio=True)
    ends = [one["d"] for one in drawing.all("path", stroke_width="2") if "H" in one["d"]]
    found = [tuple(read(float(x.split()[0])) for x in d[1:].split("H")) for d in ends]
    half = 1.959964 * np.sqrt(EFFECTS.v)
    assert POOL.prediction_interval is not None
    expected = [*zip(EFFECTS.y - half, EFFECTS.y + half, strict=True), POOL.prediction_interval]
    for own, (low, high) in zip(found, expected, strict=True):
        assert own == pytest.approx((low, high), abs=0.01)
    assert len(drawing.all("path", stroke_dasharray="3 3")) == 1


def test_every_number_is_there_as_text() -> None:
    drawing = forest(columns=[("Treated", ["4/123", "6/306", "3/231", "62/13598", "33/5069"])])
    for y, v, weight in zip(POOL.y, POOL.v, POOL.weights, strict=True):
        low, high = y - 1.959964 * v**0.5, y + 1.959964 * v**0.5
        words = [f"{math.exp(x):.2f}" for x in (y, low, high)]
        assert any(all(word[:4] in shown for word in words[:1]) for shown in drawing.words)
        assert f"{100 * weight:.1f}%" in drawing.words
        assert f"({words[1]} to {words[2]})" in drawing.description or float(words[1]) < 0.095
    caption = " ".join(drawing.words)
    assert f"I² = {POOL.i2:.1f}%" in caption
    assert f"Q(4) = {POOL.q:.2f}" in caption
    assert f"t(4) = {POOL.estimate / POOL.se:.2f}".replace("-", "−") in caption
    assert "62/13598" in drawing.words
    assert "RR (95% CI)" in drawing.words


def test_no_side_is_named_unless_somebody_said_what_is_good() -> None:
    assert "favours" not in " ".join(forest().words)


@pytest.mark.parametrize(
    ("good", "left", "right"),
    [
        ("lower", "← favours cells", "favours sham →"),
        ("higher", "← favours sham", "favours cells →"),
    ],
)
def test_the_sides_follow_what_is_good(good: object, left: str, right: str) -> None:
    drawing = forest(scale=EffectScale("RR", True, good, "cells", "sham"))  # type: ignore[arg-type]  # noqa: FBT003 - a field
    places = {words: x for x, _, words in drawing.texts}
    null = next(x for x, words in drawing.ticks() if words == "1")
    assert places[left] < null < places[right]


def test_two_studies_do_not_stretch_the_axis_to_their_interval() -> None:
    drawing = forest(syn.pool([0.1, 0.9], [0.04, 0.09]), PLAIN)
    arrows = [shape for shape in drawing.polygons() if len(shape) == 3]
    assert len(arrows) == 4, "both ends of the diamond and of the prediction interval go on"
    read = ruler(drawing, ratio=False)
    assert [read(x) for x, _ in squares(drawing)] == pytest.approx([0.1, 0.9], abs=0.01)
    assert any("(−4.60 to 5.54)" in words for words in drawing.words)


def test_ratios_beyond_all_numbers_are_drawn_and_written() -> None:
    drawing = forest(syn.pool([-800.0, 2.0, 900.0], [1.0, 0.3, 400.0]))
    shown = " ".join(drawing.words)
    assert "10⁻³⁴⁸" in shown
    assert "10³⁹⁰" in shown
    assert "inf" not in shown
    assert "nan" not in shown.lower()
    assert len(squares(drawing)) == 3


def test_one_study_has_no_heterogeneity() -> None:
    drawing = forest(syn.pool([0.4], [0.1]), PLAIN)
    assert "One study" in drawing.words
    assert not any("τ²" in words or "nan" in words for words in drawing.words)


def test_a_common_effect_has_no_prediction_interval() -> None:
    drawing = forest(syn.pool(EFFECTS.y, EFFECTS.v, method="EE", test="z"))
    assert "Common effect (normal interval)" in drawing.words
    assert drawing.all("path", stroke_dasharray="3 3") == []


def test_hostile_names_stay_names() -> None:
    labels = [
        PAYLOAD,
        "脳卒中後の幹細胞治療に関する無作為化比較試験" * 3,
        "\x00\x0b\ud800",
        "",
        " ",
    ]
    drawing = read_svg(pool_forest(POOL, labels, EffectScale(PAYLOAD, True, "lower", PAYLOAD)))  # noqa: FBT003 - a field
    assert "script" not in {one.tag for one in drawing.root.iter()}
    width, height = drawing.size
    assert all(0 <= x <= width and 0 <= y <= height for x, y, _ in drawing.texts)


@settings(max_examples=40)
@given(
    some.lists(some.tuples(some.floats(-50, 50), some.floats(1e-6, 1e4)), min_size=1, max_size=9),
    some.booleans(),
    some.sampled_from([1.0, 1e-20, 1e-6, 1e6, 1e20]),
)
def test_whatever_the_numbers_everything_lies_in_the_frame(
    studies: list[tuple[float, float]], ratio: object, scale_of_all: float
) -> None:
    y, v = (np.array(column) for column in zip(*studies, strict=True))
    y, v = y * scale_of_all, v * scale_of_all**2
    scale = EffectScale("OR", bool(ratio), "higher")
    pooled = syn.pool(y, v)
    for drawn in (
        pool_forest(pooled, [str(at) for at in range(len(y))], scale),
        pool_funnel(pooled, [str(at) for at in range(len(y))], scale),
    ):
        drawing = read_svg(drawn)
        width, height = drawing.size
        assert "nan" not in drawn
        assert all(0 <= x <= width and 0 <= y <= height for x, y, _ in drawing.texts)
        for one in (*drawing.all("rect"), *drawing.all("circle")):
            assert -1 <= float(one.get("x", one.get("cx", "0"))) <= width
            assert -1 <= float(one.get("y", one.get("cy", "0"))) <= height


def test_what_does_not_fit_the_pool_is_refused() -> None:
    with pytest.raises(ValueError, match="labels has 1 entries; expected 5"):
        pool_forest(POOL, ["one"], RATIO)
    with pytest.raises(ValueError, match="labels has 2 entries; expected 5"):
        pool_funnel(POOL, ["one", "two"], RATIO)
    with pytest.raises(ValueError, match="Treated has 2 entries; expected 5"):
        pool_forest(POOL, LABELS, RATIO, [("Treated", ["1", "2"])])


def test_long_heads_of_columns_are_broken_and_do_not_widen_the_picture() -> None:
    cells = ["1/2"] * 5
    short = forest(columns=[("A", cells), ("B", cells)])
    head = "an infusion of mesenchymal cells of the bone marrow with physiotherapy"
    long = forest(columns=[(head, cells), ("脳卒中後の通常のリハビリテーション治療群", cells)])
    assert long.size[0] < short.size[0] + 250
    assert "physiotherapy" in long.words
    top = [y for _, y, words in long.texts if words in ("Study", "Weight", "physiotherapy")]
    assert len(set(top)) == 1, "heads stand on the line under them"


def test_left_out_studies_stand_in_the_caption() -> None:
    assert any("Empty (no event" in words for words in forest(left_out=["Empty (no event)"]).words)


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert pool_forest(POOL, LABELS, RATIO) == pool_forest(POOL, LABELS, RATIO)


def test_the_funnel_has_its_studies_where_they_are() -> None:
    drawing = read_svg(pool_funnel(POOL, LABELS, RATIO))
    read = ruler(drawing, ratio=True, down=19.0)
    discs = drawing.all("circle")
    assert [read(float(one["cx"])) for one in discs] == pytest.approx(POOL.y, abs=0.01)
    depths = {float(words): y - 4 for x, y, words in drawing.texts if x < 60 and words[:1] == "0"}
    (top, low), (bottom, high) = ((depths[edge], edge) for edge in (min(depths), max(depths)))
    found = [low + (float(one["cy"]) - top) / (bottom - top) * (high - low) for one in discs]
    assert found == pytest.approx(np.sqrt(POOL.v), abs=0.01)


def test_the_contours_of_the_funnel_are_those_of_its_p_values() -> None:
    drawing = read_svg(pool_funnel(POOL, LABELS, RATIO))
    read = ruler(drawing, ratio=True, down=19.0)
    deep = 1.06 * float(np.sqrt(POOL.v).max())
    zones = [shape for shape in drawing.polygons() if len(shape) == 3]
    assert len(zones) == 3
    for quantile, shape in zip((2.575829, 1.959964, 1.644854), zones, strict=True):
        assert read(shape[2][0]) == pytest.approx(quantile * deep, abs=0.02)
        assert read(shape[0][0]) == pytest.approx(0.0, abs=0.01)
    data = syn.funnel(POOL.y, POOL.v)
    assert f"{int((data.zone == 3).sum())} with p below 0.01" in drawing.description


def test_a_test_of_asymmetry_needs_ten_studies() -> None:
    few = read_svg(pool_funnel(POOL, LABELS, RATIO))
    assert any("fewer than 10" in words for words in few.words)
    random = np.random.default_rng(3)
    v = random.uniform(0.02, 0.5, 12)
    y = random.normal(0.2, np.sqrt(v))
    names = [str(at) for at in range(12)]
    many = " ".join(read_svg(pool_funnel(syn.pool(y, v), names, PLAIN)).words)
    assert f"t(10) = {show_short(syn.egger(y, v).statistic)}" in many
    same = pool_funnel(syn.pool(y, np.full(12, 0.3)), names, PLAIN)
    assert any("same standard error" in words for words in read_svg(same).words)


@pytest.mark.parametrize(
    ("logarithm", "written"),
    [(0.0, "1.00"), (math.log(0.00123), "0.0012"), (math.log(123.4), "123"), (math.inf, "∞"),
     (-math.inf, "0"), (math.log(4.2e-7), "4.2×10⁻⁷"), (-1000.0, "5.1×10⁻⁴³⁵"), (math.nan, "–"),
     (math.log(1e6), "10⁶"), (math.log(0.0999), "0.10")],
)  # fmt: skip
def test_ratios_are_written_for_a_reader(logarithm: float, written: str) -> None:
    assert EffectWords([0.1], ratio=True).show(logarithm) == written


@pytest.mark.parametrize(
    ("half", "effect", "written"),
    [(0.3, -0.004, "0.00"), (0.3, -1.234, "−1.23"), (40.0, 123.4, "123"),
     (0.002, 0.01234, "0.0123"),
     (1.0, -math.inf, "−∞"), (1.0, 2.5e9, "2.5×10⁹"), (1e-9, -3.14e-9, "−3.1×10⁻⁹"),
     (1e-9, 0.0, "0.000000")],
)  # fmt: skip
def test_differences_have_as_many_decimals_as_their_intervals_bear(
    half: float, effect: float, written: str
) -> None:
    assert EffectWords([half], ratio=False).show(effect) == written


def test_p_values_are_not_written_as_nought() -> None:
    assert [show_p(p) for p in (0.0, 0.0009, 0.001, 0.0499, 0.5)] == [
        "p < 0.001", "p < 0.001", "p = 0.001", "p = 0.050", "p = 0.50"]  # fmt: skip


@given(
    some.lists(some.floats(-700, 700), min_size=1, max_size=5),
    some.floats(1e-4, 50),
    some.booleans(),
)
def test_an_axis_holds_the_estimates_and_has_ticks(
    held: list[float], half: float, ratio: object
) -> None:
    spans = [(one - half, one + half) for one in held]
    axis = effect_axis([*held, 0.0], spans, [half] * len(held), 10, 310, ratio=bool(ratio))
    assert all(axis.holds(one) for one in (*held, 0.0))
    assert 1 <= len(axis.ticks) <= 9
    assert all(axis.low - 1e-9 <= tick <= axis.high + 1e-9 for tick in axis.ticks)
    words = [EffectWords([half], ratio=bool(ratio)).tick(tick) for tick in axis.ticks]
    assert len(set(words)) == len(words)


def test_every_word_of_the_pictures_is_asked_for_and_praises_nothing() -> None:
    folder = Path(saisei.report.__file__).parent
    code = "".join((folder / name).read_text("utf-8") for name in ("pools.py", "networks.py"))
    catalogue = dict(texts(load_data("report/pools.yaml")))
    assert set(catalogue) > {"study", "forest.row", "measures.COR"}
    for key, words in catalogue.items():
        group, _, last = key.rpartition(".")
        asked = f'"{key}"' in code or f'"{group}.{{' in code or f'else "{last}"' in code
        assert asked or f'"{last}" if' in code, key
        assert not [word for word in FORBIDDEN if re.search(rf"\b{word}\b", words.lower())], key


def test_every_measure_of_a_table_has_a_name() -> None:
    named = load_data("report/pools.yaml")["measures"]
    assert set(measures()) | {"COR"} == set(named)
