"""A reviewer's own table: what is read, under which names, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from saisei.base.errors import DocumentError, OptionError
from saisei.evidence import measures, read_table


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trials.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "heading",
    ["study,events1,n1,events2,n2", "slab,ai,n1i,ci,n2i", "studlab,event.e,n.e,event.c,n.c",
     "Study ID,Experimental Events,Experimental Total,Control Events,Control Total"],
)  # fmt: skip
def test_columns_are_known_by_the_names_of_other_packages(tmp_path: Path, heading: str) -> None:
    found = read_table(table(tmp_path, f"{heading}\nA,4,123,11,139\n"), "OR")
    assert found.labels == ("A",)
    assert found.columns == {"events1": (4.0,), "n1": (123.0,), "events2": (11.0,), "n2": (139.0,)}


def test_the_rest_of_an_arm_gives_its_size(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "ai;bi;ci;di\n4;119;11;128\n"), "RR")
    assert found.columns["n1"] == (123.0,)
    assert found.columns["n2"] == (139.0,)
    assert found.labels == ("study 1",)


def test_a_standard_error_gives_the_variance_and_an_empty_cell_is_missing(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "TE\tseTE\n0.5\t0.2\n\t0.1\nNA\t0.3\n"), "GEN")
    assert found.columns["v"][0] == pytest.approx(0.04)
    assert math.isnan(found.columns["y"][1])
    assert math.isnan(found.columns["y"][2])


@pytest.mark.parametrize(
    ("text", "measure", "told"),
    [
        ("", "OR", "empty"),
        ("study,ai,n1i\nA,1,2\n", "OR", "events2"),
        ("ai,n1i,ci,n2i\n", "OR", "no study"),
        ("ai,n1i,ci,n2i\n1,2,3\n", "OR", ":2"),
        ("ai,n1i,ci,n2i\n1,2,3,four\n", "OR", "n2"),
        ("ai,events1,n1i,ci,n2i\n1,1,2,3,4\n", "OR", "both give events1"),
        ("yi,vi\ninf,1\n", "GEN", "finite"),
        ('yi,vi\n"0.1,1\n', "GEN", "not well formed"),
    ],
)
def test_what_is_refused_is_told_with_its_place(
    tmp_path: Path, text: str, measure: str, told: str
) -> None:
    with pytest.raises(DocumentError, match=told) as caught:
        read_table(table(tmp_path, text), measure)
    assert "trials.csv" in str(caught.value)


def test_an_unknown_measure_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="SMD"):
        read_table(table(tmp_path, "a\n1\n"), "XYZ")
    assert "GEN" in measures()
