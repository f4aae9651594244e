"""``saisei pool``, ``saisei network`` and ``saisei evidence pool`` with what they write."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from report.svg_reading import read_svg
from saisei import synthesis as syn
from saisei.cli import main
from saisei.evidence import measures, read_network

BCG = "author,year,ai,n1i,ci,n2i\nAronson,1948,4,123,11,139\nFerguson,1949,6,306,29,303\n"
ROSENTHAL = "Rosenthal,1960,3,231,11,220\n"
SMOKING = Path(__file__).parents[1] / "evidence" / "reference" / "smoking.tsv"


@dataclass(frozen=True)
class Done:
    """What a command printed, and how it ended."""

    code: object
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: starting one for each test would take minutes."""

    def run(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["saisei", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Done(ended.value.code, printed.out, printed.err)

    return run


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "in" / "trials.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pool_is_written_as_pictures_and_json(tmp_path: Path, run: Run) -> None:
    path = table(tmp_path, BCG + ROSENTHAL + "Empty,2001,0,20,0,20\n")
    out = tmp_path / "figures"
    done = run("pool", path, "--measure", "RR", "--good", "lower", "--treatment", "BCG",
               "--control", "no vaccine", "--out", out)  # fmt: skip
    assert done.code == 0, done.err
    assert sorted(file.name for file in out.iterdir()) == [
        "forest.svg",
        "funnel.svg",
        "result.json",
    ]
    assert "written to" in done.out
    drawing = read_svg((out / "forest.svg").read_text("utf-8"))
    for words in (
        "Aronson 1948",
        "4/123",
        "29/303",
        "← favours BCG",
        "favours no vaccine →",
        "BCG",
    ):
        assert words in drawing.words
    assert any("Empty 2001 (no event in either arm)" in words for words in drawing.words)
    said = json.loads((out / "result.json").read_text("utf-8"))
    raw = syn.effect(
        "RR", events1=[4, 6, 3], n1=[123, 306, 231], events2=[11, 29, 11], n2=[139, 303, 220]
    )
    assert said["pool"]["estimate"] == syn.pool(raw.y, raw.v).estimate
    assert said["logarithm"] is True
    assert said["schema"] == "saisei-pool/1"
    assert said["left_out"] == [{"study": "Empty 2001", "reason": "no event in either arm"}]
    assert len(read_svg((out / "funnel.svg").read_text("utf-8")).all("circle")) == 3
    assert stat.S_IMODE((out / "forest.svg").stat().st_mode) == 0o644


def test_writing_twice_gives_the_same_bytes_and_keeps_other_files(tmp_path: Path, run: Run) -> None:
    path, out = table(tmp_path, BCG), tmp_path / "figures"
    words = ("pool", path, "--measure", "OR", "--out", out)
    assert run(*words).code == 0
    first = {file.name: file.read_bytes() for file in out.iterdir()}
    (out / "mine.txt").write_text("keep me")
    assert run(*words).code == 0
    assert {file.name: file.read_bytes() for file in out.iterdir()} == {
        **first, "mine.txt": b"keep me"}  # fmt: skip
    assert sorted(file.name for file in tmp_path.iterdir()) == ["figures", "in"]


def test_the_folder_one_is_in_may_be_written_to(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path, BCG)
    monkeypatch.chdir(path.parent)
    assert run("pool", "trials.csv", "--measure", "OR", "--out", ".").code == 0
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "forest.svg", "funnel.svg", "result.json", "trials.csv"]  # fmt: skip


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file cannot be written: the first one does not stay either."""
    path, written = table(tmp_path, BCG), Path.write_text

    def full(self: Path, *words: Any, **more: Any) -> int:
        if self.name == "funnel.svg":
            raise OSError(28, "No space left on device")
        return written(self, *words, **more)

    monkeypatch.setattr(Path, "write_text", full)
    for out in (tmp_path / "new", tmp_path / "in"):
        done = run("pool", path, "--measure", "OR", "--out", out)
        assert done.code == 2
        assert "no space left on device" in done.err
    assert [file.name for file in tmp_path.iterdir()] == ["in"]
    assert [file.name for file in path.parent.iterdir()] == ["trials.csv"]


def test_means_stand_beside_the_plot_as_means(tmp_path: Path, run: Run) -> None:
    text = "study;m1i;sd1i;n1i;m2i;sd2i;n2i\nA;-1,5;2,5;20;0,5;3;22\nB;1;2;30;2;2;31\n"
    out = tmp_path / "figures"
    assert run("pool", table(tmp_path, text), "--measure", "SMD", "--out", out).code == 0
    words = read_svg((out / "forest.svg").read_text("utf-8")).words
    assert "−1.5 (2.5), 20" in words
    assert "Standardised mean difference" in words


def test_logarithms_of_hazard_ratios_are_drawn_as_ratios(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "figures"
    done = run("pool", table(tmp_path, "slab,yi,sei\nA,-0.7,0.2\nB,-0.1,0.3\n"),
               "--measure", "HR", "--out", out)  # fmt: skip
    assert done.code == 0, done.err
    assert "HR 0.6" in done.out
    words = " ".join(read_svg((out / "forest.svg").read_text("utf-8")).words)
    assert "Hazard ratio (logarithmic axis)" in words
    assert "0.50 (0.34 to 0.73)" in words


COUNTS, MEANS = "ai,n1i,ci,n2i\n4,123,11,139\n0,306,29,303\n", "m1i,sd1i,n1i,m2i,sd2i,n2i\n"
RAW = {
    **dict.fromkeys(("OR", "RR", "RD", "PETO", "AS"), COUNTS),
    **dict.fromkeys(("MD", "SMD", "SMDH", "ROM", "CVR"), MEANS + "5,2,20,4,2.5,22\n6,3,9,7,2,8\n"),
    **dict.fromkeys(("IRR", "IRD"), "ai,t1i,ci,t2i\n4,123.5,11,139\n2,306,29,303\n"),
    **dict.fromkeys(("GEN", "HR", "RATIO"), "yi,sei\n0.1,0.2\n0.3,0.4\n"),
}


@pytest.mark.parametrize("measure", measures())
def test_every_measure_is_pooled_and_drawn(tmp_path: Path, run: Run, measure: str) -> None:
    out = tmp_path / "figures"
    done = run("pool", table(tmp_path, RAW[measure]), "--measure", measure, "--out", out)
    assert done.code == 0, done.err
    said = json.loads((out / "result.json").read_text("utf-8"))
    assert said["pool"]["k"] == 2
    words = read_svg((out / "forest.svg").read_text("utf-8")).words
    assert f"{measure} (95% CI)" in words
    assert any("(logarithmic axis)" in one for one in words) is said["logarithm"]
    assert said["logarithm"] == (f"  {measure} " in done.out)


BAD = {
    "empty": ("", "trials.csv: the file is empty"),
    "no-column": ("study,ai\nA,1\n", "trials.csv:1: columns study, ai; expected for OR also"),
    "no-number": (
        BCG + "X,1,two,3,4,5\n",
        "trials.csv:4:5: events1: 'two' (ai); expected a number",
    ),
    "impossible": (BCG + "X,1,9,3,4,5\n", "trials.csv:4:5: events1 is 9; expected no more than n1"),
    "short-line": (BCG + "X,1,2\n", "trials.csv:4: 3 cells; expected 6, as in the heading line"),
    "both-signs": (
        "author;ai;n1i;ci;n2i\nA;1,5;9;2;9\nB;2.5;9;2;9\n",
        "trials.csv:2:3: events1: '1,5' (ai), and '2.5' in line 3; expected one sign for decimals",
    ),
    "no-effect": ("ai,n1i,ci,n2i\n0,9,0,9\n", "trials.csv: no study gives an effect"),
}


@pytest.mark.parametrize(("text", "told"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("there", [True, False])
def test_a_bad_table_gets_one_message_and_nothing_is_written(
    tmp_path: Path, run: Run, text: str, told: str, there: object
) -> None:
    path, out = table(tmp_path, text), tmp_path / "figures"
    if there:
        out.mkdir()
    done = run("pool", path, "--measure", "OR", "--out", out)
    assert done.code == 2
    assert told in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert done.out == ""
    assert sorted(file.name for file in tmp_path.iterdir()) == (
        ["figures", "in"] if there else ["in"]
    )
    assert not there or not list(out.iterdir())


@pytest.mark.parametrize("place", ["file", "inside", "nowhere"])
def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_left(
    tmp_path: Path, run: Run, place: str
) -> None:
    path = table(tmp_path, BCG)
    out = {"file": path, "inside": path / "figures", "nowhere": tmp_path / "no" / "where"}[place]
    done = run("pool", path, "--measure", "OR", "--out", out)
    assert done.code == 2
    assert "the folder cannot be written" in done.err
    assert "--out" in done.err
    assert [file.name for file in tmp_path.iterdir()] == ["in"]
    assert [file.name for file in (tmp_path / "in").iterdir()] == ["trials.csv"]


def test_a_folder_of_a_files_name_stops_all_of_them(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "figures"
    (out / "funnel.svg").mkdir(parents=True)
    done = run("pool", table(tmp_path, BCG), "--measure", "OR", "--out", out)
    assert done.code == 2
    assert "a folder of that name is there" in done.err
    assert [file.name for file in out.iterdir()] == ["funnel.svg"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--good", "small"), "one of lower, higher"),
        (("--analysis", "1.1"), "Comparison Number"),
        (("--measure", "XX"), "--measure"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, run: Run, words: tuple[str, ...], told: str
) -> None:
    done = run("pool", table(tmp_path, BCG), "--measure", "OR", *words, "--out", tmp_path / "x")
    assert done.code == 2
    assert told in done.err
    assert not (tmp_path / "x").exists()


def test_a_network_is_printed_and_written(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "figures"
    done = run("network", SMOKING, "--measure", "OR", "--good", "higher", "--reference", "1",
               "--out", out)  # fmt: skip
    assert done.code == 0, done.err
    found = read_network(SMOKING, "OR")
    net = syn.network(found.studies, found.treat1, found.treat2, found.te, found.se)
    apart = syn.network_inconsistency(net)
    assert "24 studies, 4 treatments, 28 contrasts" in done.out
    assert f"tau2 {net.tau2:.4f}" in done.out
    for test in (apart.total, apart.within, apart.between):
        assert f"{test.q:9.4f}  df {test.df}" in done.out
    scores = net.p_scores("undesirable")
    printed = [line.split() for line in done.out.splitlines()]
    for name, score in scores.items():
        assert [name, f"{score:.4f}"] in printed
    assert sorted(file.name for file in out.iterdir()) == [
        "forest.svg", "network.svg", "ranks.svg", "result.json"]  # fmt: skip
    said: dict[str, Any] = json.loads((out / "result.json").read_text("utf-8"))
    assert said["network"]["p_scores"] == scores
    assert said["network"]["tau2"] == net.tau2
    assert said["people"]["1"] == sum(found_n for found_n in _sizes("1"))
    assert len(said["contrasts"]) == 28
    assert said["schema"] == "saisei-network/1"
    drawing = read_svg((out / "network.svg").read_text("utf-8"))
    assert len(drawing.all("circle")) == 4
    assert "← favours 1" in read_svg((out / "forest.svg").read_text("utf-8")).words
    panels = read_svg((out / "ranks.svg").read_text("utf-8"))
    assert any("higher values are better" in words for words in panels.words)


def _sizes(treatment: str) -> list[int]:
    rows = [line.split("\t") for line in SMOKING.read_text("utf-8").splitlines()[1:]]
    return [int(row[2 * at + 1]) for row in rows for at in range(3) if row[6 + at] == treatment]


def test_the_league_shows_ratios_and_the_direct_evidence_above(tmp_path: Path, run: Run) -> None:
    text = "studlab;treat1;treat2;TE;seTE\nS;A;B;-0,5;0,2\nT;B;脳;0,3;0,3\n"
    done = run("network", table(tmp_path, text), "--measure", "OR")
    assert done.code == 0, done.err
    assert "lower values are taken as better; say --good higher" in done.out
    league = done.out.split("League")[1]
    assert "0.61 (0.41 to 0.90)" in league  # A against B, direct: above the diagonal
    assert "1.65 (1.11 to 2.44)" in league  # B against A, of the network: below
    assert " . " in league  # A against the third: nobody compared them
    assert json.loads(run("network", table(tmp_path, text), "--json").out)["formula"] == "as given"


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("studlab,treat1,treat2,TE,seTE\nS,A,B,1,1\nT,C,D,1,1\n", (), "2 parts"),
        ("studlab,treat1,treat2,TE,seTE\nS,A,B,1,0\n", (), ":2:9: se is 0"),
        ("studlab,treat1,treat2,TE,seTE\nS,A,B,1,1\n", ("--reference", "X"), "one of A, B"),
        ("studlab,treat1,treat2,TE,seTE\nS,A,B,1,1\n", ("--method", "PM"), "--method"),
        ("studlab,treat1,treat2,TE,seTE\nS,A,B,1,1\nS,A,B,1,1\n", (), "more than once"),
        ("studlab,treat1,treat2,TE,seTE\nS,A,A,1,1\n", (), "compares A with itself"),
        ("study,treat,events,n\nS,A,1,9\nS,B,2,9\n", (), "--measure OR"),
        ("", (), "empty"),
    ],
)
def test_a_network_that_cannot_be_is_refused(
    tmp_path: Path, run: Run, text: str, words: tuple[str, ...], told: str
) -> None:
    out = tmp_path / "figures"
    done = run("network", table(tmp_path, text), *words, "--out", out)
    assert done.code == 2, done.out
    assert told in done.err
    assert "trials.csv" in done.err or "--" in done.err
    assert not out.exists()


def test_a_question_to_the_study_files_is_drawn(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "figures"
    done = run("evidence", "pool", "--outcome", "mrs", "--event", "at_most:2", "--stage", "acute",
               "--out", out)  # fmt: skip
    assert done.code == 0, done.err
    said = json.loads((out / "result.json").read_text("utf-8"))
    drawing = read_svg((out / "forest.svg").read_text("utf-8"))
    for study in said["studies"]:
        assert study["treated"] in drawing.words
        assert study["sources"]
    assert said["good"] == "higher"
    assert "favours cells →" in drawing.words
    assert said["pool"]["k"] == len(said["studies"])
    assert said["unreported"]


def test_a_question_without_an_answer_draws_nothing(tmp_path: Path, run: Run) -> None:
    out = tmp_path / "figures"
    done = run("evidence", "pool", "--outcome", "barthel", "--kind", "mean", "--cells", "NSC",
               "--out", out)  # fmt: skip
    assert done.code == 2
    assert "nothing to draw" in done.err
    assert not out.exists()
