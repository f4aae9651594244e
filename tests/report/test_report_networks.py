"""Pictures of a network: discs, lines, ranks and the comparisons against one treatment."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from report.svg_reading import Drawing, read_svg
from report.test_report_pools import ruler, squares
from saisei import synthesis as syn
from saisei.report.networks import network_forest, network_picture, ranks_picture
from saisei.report.pictures.network_graph import _length, round_order
from saisei.report.pools import EffectScale

NET = syn.network(
    study=["S1", "S2", "S3", "S4", "S4", "S4", "S5"],
    treat1=["cells", "cells", "drug", "cells", "cells", "drug", "sham"],
    treat2=["usual", "usual", "usual", "drug", "usual", "usual", "usual"],
    te=[-0.5, -0.3, -0.2, -0.2, -0.5, -0.3, 0.1],
    se=[0.2, 0.25, 0.3, 0.3, 0.3, 0.3, 0.2],
)
STUDIES = {"cells": 3, "drug": 2, "sham": 1, "usual": 5}


def radii(drawing: Drawing) -> list[float]:
    return [float(one["r"]) for one in drawing.all("circle")]


def test_the_area_of_a_disc_is_the_number_of_studies_or_people() -> None:
    found = radii(read_svg(network_picture(NET)))
    sizes = list(STUDIES.values())
    assert found == pytest.approx([24 * math.sqrt(size / 5) for size in sizes], abs=0.01)
    people = {"cells": 400.0, "drug": 100.0, "sham": 200.0, "usual": 50.0}
    drawing = read_svg(network_picture(NET, people))
    assert radii(drawing) == pytest.approx([24, 12, 24 / 2**0.5, 24 / 8**0.5], abs=0.01)
    assert "400 people" in drawing.words


def test_lines_join_what_was_compared_and_say_how_often() -> None:
    drawing = read_svg(network_picture(NET))
    spots = [(float(one["cx"]), float(one["cy"])) for one in drawing.all("circle")]
    names = dict(zip(spots, NET.treatments, strict=True))
    found = {}
    for one in drawing.all("path", stroke="#4a5763"):
        ends = re.fullmatch(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", one["d"])
        assert ends
        x1, y1, x2, y2 = map(float, ends.groups())
        found[names[x1, y1], names[x2, y2]] = float(one["stroke-width"])
    counts = {
        ("cells", "usual"): 3,
        ("cells", "drug"): 1,
        ("drug", "usual"): 2,
        ("sham", "usual"): 1,
    }
    assert found == pytest.approx({pair: max(1.5, 12 * k / 5) for pair, k in counts.items()})
    assert sorted(words for words in drawing.words if words.isdigit()) == ["1", "1", "2", "3"]
    assert "cells with usual: studies 3." in drawing.description


def test_studies_with_several_arms_are_noted_and_hatched() -> None:
    drawing = read_svg(network_picture(NET))
    assert "S4 (cells, drug, usual)" in " ".join(drawing.words)
    assert [len(shape) for shape in drawing.polygons()] == [3]
    plain = syn.network([1, 2], ["A", "B"], ["B", "C"], [0.1, 0.2], [0.1, 0.1])
    assert "No study has more than two arms." in read_svg(network_picture(plain)).words


def test_names_lie_inside_the_frame_however_long() -> None:
    names = ["a very long name of a treatment " * 4, "幹細胞（骨髄由来間葉系）静脈内投与" * 3, "C"]
    net = syn.network([1, 2], names[:2], names[1:], [0.1, 0.2], [0.1, 0.1])
    drawing = read_svg(network_picture(net))
    width, height = drawing.size
    for x, y, words in drawing.texts:
        assert 0 <= x <= width, words
        assert 10 <= y <= height, words


@given(some.sets(some.tuples(some.integers(0, 8), some.integers(0, 8)), min_size=1, max_size=15))
def test_a_better_order_keeps_all_and_is_not_longer(pairs: set[tuple[int, int]]) -> None:
    edges = {(str(a), str(b)): 1 for a, b in pairs if a != b}
    names = [str(at) for at in range(9)]
    order = round_order(names, edges)
    assert sorted(order) == names
    assert _length(order, edges) <= _length(names, edges) + 1e-9


def test_a_network_too_large_to_order_stays_as_it_is() -> None:
    names = [f"T{at}" for at in range(60)]
    assert round_order(names, {("T0", "T30"): 1}) == names


@pytest.mark.parametrize(("good", "first"), [("lower", "cells"), ("higher", "sham")])
def test_the_comparisons_with_one_treatment_are_those_of_the_network(good: str, first: str) -> None:
    scale = EffectScale("OR", True, good)  # type: ignore[arg-type]  # noqa: FBT003 - a field
    drawing = read_svg(network_forest(NET, "usual", scale))
    names = [words for words in drawing.words if words in NET.treatments]
    assert names[0] == first
    read = ruler(drawing, ratio=True)
    at = NET.index("usual")
    expected = [NET.random.te[NET.index(name), at] for name in names]
    assert [read(x) for x, _ in squares(drawing)] == pytest.approx(expected, abs=0.01)
    direct = {"cells": "3", "drug": "2", "sham": "1"}
    counts = [words for words in drawing.words if words in {"1", "2", "3"}]
    assert counts[:3] == [direct[name] for name in names]
    assert len(drawing.all("path", stroke_dasharray="3 3")) == 3


def test_an_unknown_reference_is_named() -> None:
    with pytest.raises(ValueError, match="there is no treatment 'placebo'"):
        network_forest(NET, "placebo", EffectScale("OR", True))  # noqa: FBT003 - a field


def test_a_network_without_a_degree_of_freedom_says_so() -> None:
    net = syn.network([1], ["A"], ["B"], [0.1], [0.1])
    drawing = read_svg(network_forest(net, "B", EffectScale("MD", False)))  # noqa: FBT003 - a field
    assert any("no degree of freedom" in words for words in drawing.words)
    assert drawing.all("path", stroke_dasharray="3 3") == []


def test_bars_of_the_ranks_are_their_probabilities_and_the_best_comes_first() -> None:
    ranking = syn.network_ranking(NET)
    drawing = read_svg(ranks_picture(ranking))
    names = [words for words in drawing.words if words in NET.treatments]
    order = (-ranking.p_scores).argsort()
    assert names == [NET.treatments[at] for at in order]
    heights = [float(one["height"]) for one in drawing.all("rect", stroke_width="0.8")]
    expected = [108 * chance for at in order for chance in ranking.rankogram[at]]
    assert heights == pytest.approx(expected, abs=0.011)
    assert f"P-score {ranking.p_scores[order[0]]:.2f} · SUCRA" in " ".join(drawing.words)
    assert any("lower values are better" in words for words in drawing.words)


def test_the_line_over_the_bars_rises_to_certainty() -> None:
    drawing = read_svg(ranks_picture(syn.network_ranking(NET, "undesirable")))
    lines = [one["d"] for one in drawing.all("path", stroke_width="2")]
    assert len(lines) == 4
    for line in lines:
        heights = [float(spot.split()[1]) for spot in line[1:].split("L")]
        assert heights == sorted(heights, reverse=True)
    tops = {line.split("L")[-1].split()[1] for line in lines}
    hundred = {f"{y - 4:g}" for _, y, words in drawing.texts if words == "100"}
    assert tops == hundred
    assert any("higher values are better" in words for words in drawing.words)
