"""A reviewer's own table: what is read, under which names, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from saisei.base.errors import DocumentError, OptionError, Problem
from saisei.base.store import load_data
from saisei.evidence import is_ratio, measures, read_table

REVMAN_5 = (
    "Comparison Number,Outcome Number,Subgroup Number,Name,Data Type,Statistical Method,"
    "Effect Measure,Analysis Model,Events 1,Mean 1,SD 1,Total 1,Events 2,Mean 2,SD 2,Total 2,"
    "Effect Estimate,SE,CI Start,CI End,Weight,Year of study\n"
    "1,0,0,Examples from Fleiss (1993),,,,,,,,,,,,,,,,,,\n"
    "1,1,0,Aspirin for death,DIC,MH,OR,Fixed,2128,,,14186,2286,,,13817,0.897,,0.841,0.957,100,\n"
    "1,1,0,MRC-1,,,,,49,0,0,615,67,0,0,624,0.71971415,0.19721981,0.489,1.059,3.18,1974\n"
    "1,1,0,CDP,,,,,44,0,0,758,64,0,0,771,0.6807598,0.20289717,0.457,1.013,3.10,1976\n"
    "1,2,0,Mental health,CON,IV,MD,Fixed,0,,,106,0,,,126,-0.709,,-1.258,-0.160,100,\n"
    "1,2,0,Davis,,,,,0,5,4.7,13,0,6.5,3.8,13,-1.5,1.67630546,-4.79,1.79,2.79,1973\n"
)
"""As Review Manager 5 exports it: headings and totals stand among the studies. The counts are those
of Fleiss 1993, in the shape of the export that R's meta carries (extdata/Fleiss93_CR.csv)."""


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "trials.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    "heading",
    ["study,events1,n1,events2,n2", "slab,ai,n1i,ci,n2i", "studlab,event.e,n.e,event.c,n.c",
     "Study ID,Experimental Events,Experimental Total,Control Events,Control Total",
     "Name,Events 1,Total 1,Events 2,Total 2",
     "Study,Experimental cases,Experimental N,Control cases,Control N",
     "Study,Experimental.cases,Experimental.N,Control.cases,Control.N"],
)  # fmt: skip
def test_columns_are_known_by_the_names_of_other_packages(tmp_path: Path, heading: str) -> None:
    found = read_table(table(tmp_path, f"{heading}\nA,4,123,11,139\n"), "OR")
    assert found.labels == ("A",)
    assert found.columns == {"events1": (4.0,), "n1": (123.0,), "events2": (11.0,), "n2": (139.0,)}


@pytest.mark.parametrize(
    "heading",
    ["m1i,sd1i,n1i,m2i,sd2i,n2i", "mean.e,sd.e,n.e,mean.c,sd.c,n.c",
     "Mean 1,SD 1,Total 1,Mean 2,SD 2,Total 2",
     "Experimental mean,Experimental SD,Experimental N,Control mean,Control SD,Control N"],
)  # fmt: skip
def test_means_are_known_by_their_names_too(tmp_path: Path, heading: str) -> None:
    found = read_table(table(tmp_path, f"{heading}\n1,2,3,4,5,6\n"), "SMD")
    assert list(found.columns.values()) == [(1.0,), (2.0,), (3.0,), (4.0,), (5.0,), (6.0,)]


def test_no_name_means_two_things() -> None:
    names = load_data("evidence/columns.yaml")["columns"]
    plain = ["".join(filter(str.isalnum, one.lower())) for own in names.values() for one in own]
    assert len(plain) == len(set(plain))
    for ours, own in names.items():
        assert (
            ours in ("total_mark", "total_q", "o_e", "comparison", "outcome", "label")
            or own[0] == ours
        )


def test_the_columns_of_the_bcg_data_of_metafor_are_read(tmp_path: Path) -> None:
    text = "trial,author,year,tpos,tneg,cpos,cneg,ablat\n1,Aronson,1948,4,119,11,128,44\n"
    found = read_table(table(tmp_path, text), "RR")
    assert found.labels == ("Aronson 1948",)
    assert found.columns["n1"] == (123.0,)


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


def test_effects_may_stand_for_raw_numbers_and_raw_numbers_are_preferred(tmp_path: Path) -> None:
    alone = read_table(table(tmp_path, "yi,vi\n-0.9,0.3\n"), "OR")
    assert alone.given
    assert set(alone.columns) == {"y", "v"}
    both = read_table(table(tmp_path, "ai,n1i,ci,n2i,yi,vi\n4,123,11,139,-0.9,0.3\n"), "OR")
    assert not both.given


def test_an_export_of_revman_5_gives_one_analysis_without_its_totals(tmp_path: Path) -> None:
    path = table(tmp_path, REVMAN_5, "utf-8-sig")
    with pytest.raises(DocumentError, match=r"2 analyses in one table: 1\.1, 1\.2"):
        read_table(path, "OR")
    found = read_table(path, "OR", "1.1")
    assert found.labels == ("MRC-1 1974", "CDP 1976")
    assert found.columns["events1"] == (49.0, 44.0)
    assert found.lines == (4, 5)
    assert read_table(path, "MD", "1.2").columns["sd1"] == (4.7,)
    with pytest.raises(OptionError, match=r"there is no analysis '2\.1'"):
        read_table(path, "OR", "2.1")


def test_the_total_of_a_subgroup_is_no_study(tmp_path: Path) -> None:
    text = (
        "Comparison Number,Outcome Number,Subgroup Number,Name,Events 1,Total 1,Events 2,"
        "Total 2,Q\n"
        "1,1,1,Early,93,1373,131,1395,0.04\n1,1,1,MRC-1,49,615,67,624,\n1,1,1,CDP,44,758,64,771,\n"
    )
    assert read_table(table(tmp_path, text), "OR").labels == ("MRC-1", "CDP")


def test_the_effect_of_revman_5_is_never_taken_for_a_logarithm(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="y"):
        read_table(table(tmp_path, "Name,Effect Estimate,SE\nA,0.72,0.197\n"), "HR")


def test_the_variance_of_o_minus_e_is_not_that_of_an_effect(tmp_path: Path) -> None:
    text = "Study,GIV Mean,GIV SE,O-E,Variance\nA,-0.3,0.1,-7.2,24\n"
    assert read_table(table(tmp_path, text), "HR").columns["v"] == pytest.approx((0.01,))


def test_a_table_without_analyses_has_none_to_choose(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="Comparison Number"):
        read_table(table(tmp_path, "yi,vi\n1,1\n"), "GEN", "1.1")


@pytest.mark.parametrize(
    "text",
    ["yi;vi\n0,5;1,25\n-,5;2\n", "yi\tvi\n0,5\t1,25\n-,5\t2\n", "sep=;\nyi;vi\n0,5;1,25\n-,5;2\n",
     'yi,vi\n"0,5","1,25"\n"-,5",2\n', "\n\nyi;vi\n\n0,5;1,25\n;;;\n-,5;2\n\n",
     "yi;vi;;\n0,5;1,25;;\n−,5;2;;\n", "yi;vi\r\n0.5;1.25\r\n-.5;2\r\n",
     "yi;vi\r0.5;1.25\r-.5;2\r"],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_decimal_commas_and_marks_at_the_start_are_read(
    tmp_path: Path, text: str, encoding: str
) -> None:
    found = read_table(table(tmp_path, text, encoding), "GEN")
    assert found.columns == {"y": (0.5, -0.5), "v": (1.25, 2.0)}


@pytest.mark.parametrize(
    ("text", "measure", "told"),
    [
        ("", "OR", "empty"),
        ("study,ai,n1i\nA,1,2\n", "OR", "events2"),
        ("ai,n1i,ci,n2i\n", "OR", "no study"),
        ("ai,n1i,ci,n2i\n1,2,3\n", "OR", ":2"),
        ("ai,n1i,ci,n2i\n1,2,3,four\n", "OR", r":2:7: n2: 'four' \(n2i\); expected a number"),
        ("ai,events1,n1i,ci,n2i\n1,1,2,3,4\n", "OR", ":1: .*both give events1"),
        ("yi,vi\ninf,1\n", "GEN", ":2:1: .*finite"),
        ('yi,vi\n"0.1,1\n', "GEN", ":2: .*not well formed"),
        ("yi;vi\n0,5;1\n0.5;1\n", "GEN", ":2:1: .*'0.5' in line 3; expected one sign"),
        ("yi;vi\n1,234;1\n", "GEN", ":2:1: .*thousands or a decimal"),
        ("yi,vi\n1_0,1\n", "GEN", ":2:1: .*expected a number"),
        ("yi,vi\n１２,1\n", "GEN", ":2:1: .*expected a number"),
        ("yi,sei\n0.1,-0.2\n", "GEN", r":2:5: se is -0\.2; expected a number above 0"),
        ("study,yi,vi\n\n\"a, b\",x,1\n", "GEN", ":3:8: .*'x'"),
        ("yi,vi\n0.1\0,1\n", "GEN", "zero byte"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_with_its_place(
    tmp_path: Path, text: str, measure: str, told: str
) -> None:
    with pytest.raises(DocumentError, match=told) as caught:
        read_table(table(tmp_path, text), measure)
    assert "trials.csv" in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_file_in_another_encoding_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    path.write_bytes("study,yi,vi\nMüller,1,1\n".encode("cp1252"))
    with pytest.raises(DocumentError, match=r"trials\.csv:2: a byte that is not UTF-8.*CSV UTF-8"):
        read_table(path, "GEN")
    path.write_bytes(b"PK\x03\x04\x00\x00")
    with pytest.raises(DocumentError, match="CSV"):
        read_table(path, "GEN")
    with pytest.raises(DocumentError, match="is a folder"):
        read_table(tmp_path, "GEN")


def test_a_number_that_nobody_needs_may_be_anything(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "yi,vi,n1i\n0.1,1,about 20\n"), "GEN")
    assert found.columns["y"] == (0.1,)


def test_an_unknown_measure_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="SMD"):
        read_table(table(tmp_path, "a\n1\n"), "XYZ")
    assert "GEN" in measures()
    assert is_ratio("HR")
    assert not is_ratio("GEN")


@given(
    some.lists(some.tuples(some.floats(-1e6, 1e6), some.floats(1e-6, 1e6)), min_size=1, max_size=5),
    some.sampled_from([",", ";", "\t"]),
)
def test_what_was_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]], separator: str
) -> None:
    lines = [separator.join(("yi", "vi")), *(separator.join(map(repr, row)) for row in rows)]
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read_table(path, "GEN")
    assert list(zip(found.columns["y"], found.columns["v"], strict=True)) == rows


@given(some.binary(max_size=400))
def test_no_bytes_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    _only_told_mistakes(tmp_path_factory, content)


@given(some.text(alphabet='yivse,;\t\n\r"0123456789.-eE+ \ufeff', max_size=120))
def test_no_table_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    _only_told_mistakes(tmp_path_factory, f"yi,vi\n{text}".encode())
    _only_told_mistakes(tmp_path_factory, f"yi;sei\n1;1\n{text}".encode("utf-16"))


def _only_told_mistakes(factory: pytest.TempPathFactory, content: bytes) -> None:
    """Read a file: numbers come out, or one message; nothing else."""
    path = factory.getbasetemp() / "fuzzed.csv"
    path.write_bytes(content)
    told: tuple[Problem, ...] = ()
    try:
        found = read_table(path, "GEN")
    except DocumentError as error:
        told = error.problems
    if told:
        assert [problem.place.file for problem in told if problem.place] == [str(path)]
        return
    assert len(found.columns["y"]) == len(found.lines) == len(found.places["v"]) > 0
    assert not any(map(math.isinf, (*found.columns["y"], *found.columns["v"])))
