"""``saisei forecast`` from outside: whom it answers, what it says, what it refuses."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from report.svg_reading import read_svg
from saisei.base.dates import parse_as_of
from saisei.cases import read_case
from saisei.cli import main
from saisei.decision import decide

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
AS_OF = "2026-11-20T09:00+09:00"
LATER = "2026-12-11T09:00+09:00"
ALL = sorted(EXAMPLES.glob("*.yaml"))


class Run:
    """The command within this process, with what it printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *words: object, as_of: str = AS_OF) -> tuple[int, str, str]:
        argv = ["saisei", "forecast", *map(str, words), "--as-of", as_of]
        self.monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            main()
        told = self.capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    def json(self, *words: object, as_of: str = AS_OF) -> dict[str, Any]:
        code, out, err = self(*words, "--json", as_of=as_of)
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


def example(name: str) -> Path:
    (path,) = EXAMPLES.glob(f"{name}-*.yaml")
    return path


def test_there_are_thirteen_examples() -> None:
    assert len(ALL) == 13


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_each_example_ends_as_its_gate_demands(path: Path, run: Run) -> None:
    case = read_case(path, as_of=parse_as_of(AS_OF))
    decision = decide(case, case.as_of)
    code, out, err = run(path)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == decision.emergency.text
    assert "Japan 119" in lines[1]
    found = run.json(path)
    assert found["schema"] == "saisei-forecast/1"
    assert found["kind"] == decision.kind
    if decision.kind == "emergency":
        assert lines[2:] == list(decision.emergency.reasons)
    elif decision.kind != "full":
        assert "No forecast is made" in out
        assert [one["text"] for one in found["why_none"]]
        assert all(one["text"].replace("*", "") in out for one in found["why_none"])
    if decision.kind != "full":
        assert found["scales"] == found["therapies"] == found["counts"] == []
        assert found["possible"] is False
        assert "of 100" not in out
        return
    assert [one["scale"] for one in found["scales"]] == [one.scale for one in decision.futures]
    for scale, future in zip(found["scales"], decision.futures, strict=True):
        assert [p["q50"] for p in scale["points"]] == pytest.approx([p.q50 for p in future.points])
        assert (scale["why_not"] or {}).get("text") == (
            future.why_not.text if future.why_not else None
        )
        if future.why_not:
            assert future.why_not.text in out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("02", "No personal figure of death or disability"),
        ("06", "nothing to forecast"),
        ("09", "forecasts nothing"),
        ("10", "forecast for anyone under 18"),
        ("05", "Nobody has published a comparable course of the arm after a brain injury"),
        ("07", "A dated Fugl-Meyer arm score is needed"),
        ("11", "full score"),
    ],
)
def test_no_forecast_comes_with_its_reason(name: str, told: str, run: Run) -> None:
    _, out, _ = run(example(name))
    assert told in out
    assert "nine of ten" not in out
    assert run.json(example(name))["possible"] is False


@pytest.mark.parametrize("name", ["02b", "12"])
def test_an_emergency_is_told_whatever_the_options_say(name: str, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, _ = run(
        example(name), "--context", "yoga", "--add", "x", "--another", "0", "--out", out
    )
    assert code == 0
    assert "call the emergency number now" in said
    assert sorted(path.name for path in out.iterdir()) == ["page.html", "result.json"]
    assert "forecast" not in (out / "page.html").read_text("utf-8").split("<body>")[1]


def test_the_first_example_reads_as_it_should(run: Run) -> None:
    _, out, _ = run(example("01"), "--another", "21")
    for told in (
        "Movement of the arm: Fugl-Meyer, upper extremity motor (0 to 66 points, higher is better)",
        "Measured: 28 (15 days ago)",
        "about 12 gain 6 points or more",
        "about 10 lose 6 points or more",
        "* carried on: nobody behind the numbers was followed so far.",
        "hardly narrow the forecast",
        "No forecast is possible. In its place stand the trials' own counts.",
        "7 of 55 with cells",
        "7 of 52 in the control group (sham surgery)",
        "No controlled trial has tested your own fat-derived cells by vein",
        "only shares of groups are published",
    ):
        assert told in out, told
    assert "*No forecast" not in out
    assert "Hard words" not in out
    times = [line.split("  ")[1] for line in out.splitlines() if line.startswith("  12 months")]
    assert times == ["12 months*"]


def test_an_added_score_stands_beside_the_forecast_before(run: Run) -> None:
    add = ("--add", "fma_ue=38@2026-12-11")
    _, out, _ = run(example("03"), *add, as_of=LATER)
    assert "before                      with new scores" in out
    found = run.json(example("03"), *add, as_of=LATER)
    (change,) = found["changes"]
    assert change["reach"]["score"] == 40
    assert found["added"] == [
        {"field": "fma_ue", "value": 38, "date": "2026-12-11", "known": False}
    ]
    before = run.json(example("03"), as_of=LATER)
    assert change["before"][-1]["middle"] == before["scales"][0]["points"][-1]["q50"]
    assert change["after"][-1]["middle"] == found["scales"][0]["points"][-1]["q50"]


def test_a_score_added_is_the_same_as_one_in_the_file(run: Run, tmp_path: Path) -> None:
    text = example("03").read_text("utf-8")
    line = "  - {value: 30, date: 2026-11-19}\n"
    written = tmp_path / "case.yaml"
    written.write_text(text.replace(line, "  - {value: 38, date: 2026-12-11}\n" + line, 1), "utf-8")
    one = run.json(written, as_of=LATER)
    other = run.json(example("03"), "--add", "fma_ue=38@2026-12-11", as_of=LATER)
    for key in ("scales", "therapies", "counts", "kind", "as_of"):
        assert one[key] == other[key]


def test_several_scores_in_any_order(run: Run) -> None:
    adds = ["fma_ue=38@2026-12-11", "fma_ue=33@2026-12-01", "mrs_current=3@2026-12-11"]
    one = run.json(example("03"), *(w for a in adds for w in ("--add", a)), as_of=LATER)
    other = run.json(example("03"), *(w for a in adds[::-1] for w in ("--add", a)), as_of=LATER)
    assert one["scales"] == other["scales"]
    assert [len(one["scales"][0]["measured"]), len(one["added"])] == [4, 3]
    assert "mrs_current changes no forecast" in one["beside"][0]["text"]


def test_another_score_is_narrowing_early_and_said_in_numbers(run: Run) -> None:
    found = run.json(example("03"), "--another", "21")["another"]
    narrowing = found["narrowing"]
    assert found["in_days"] == narrowing["in_days"] == 21
    assert narrowing["width_low"] < narrowing["width_expected"] < narrowing["width_high"]
    assert narrowing["width_expected"] < narrowing["width_now"]
    assert found["low"]["then"]["score"] < found["usual"]["score"] < found["high"]["then"]["score"]
    late = run.json(example("01"), "--another", "21")["another"]["narrowing"]
    assert late["width_expected"] == pytest.approx(late["width_now"], rel=0.1)
    assert run.json(example("05"), "--another", "21")["another"]["narrowing"] is None


def test_the_folder_holds_a_page_its_pictures_and_the_json(run: Run, tmp_path: Path) -> None:
    words = (example("03"), "--add", "fma_ue=38@2026-12-11", "--another", "21")
    for name in ("one", "two"):
        code, _, err = run(*words, "--out", tmp_path / name, as_of=LATER)
        assert code == 0, err
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == [
        "another.svg", "change-fma_ue.svg", "course-barthel.svg", "course-fma_ue.svg", "page.html",
        "people-fma_ue.svg", "result.json",
    ]  # fmt: skip
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    for name in names:
        if name.endswith(".svg"):
            assert read_svg((tmp_path / "one" / name).read_text("utf-8")).title
    assert json.loads((tmp_path / "one" / "result.json").read_text("utf-8")) == run.json(
        *words, as_of=LATER
    )


def test_a_folder_that_cannot_be_is_refused_and_nothing_is_written(
    run: Run, tmp_path: Path
) -> None:
    there = tmp_path / "file"
    there.write_text("x", "utf-8")
    code, out, err = run(example("01"), "--out", there)
    assert (code, out) == (2, "")
    assert "--out" in err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "malformed": (("--add", "fma_ue 38"), "FIELD=SCORE@DATE"),
    "beyond the scale": (("--add", "fma_ue=67@2026-11-19"), "0 to 66"),
    "after now": (("--add", "fma_ue=38@2026-12-11"), "--as-of"),
    "before the stroke": (("--add", "fma_ue=38@2020-12-11"), "before the stroke"),
    "another value that day": (("--add", "fma_ue=29@2026-11-05"), "same day"),
    "items say otherwise": (("--add", "barthel_total=70@2026-11-05"), "barthel_items"),
    "context": (("--context", "yoga"), "--context"),
    "another now": (("--another", "0"), "1 to 364"),
    "another in the past": (("--another", "-21"), "1 to 364"),
    "another after the forecast": (("--another", "4000"), "1 to 364"),
    "another not a number": (("--another", "soon"), "--another"),
    "language": (("--language", "tlh"), "--language"),
}


@pytest.mark.parametrize(("words", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_option_ends_with_code_2_and_clear_words(
    words: tuple[str, ...], told: str, run: Run, tmp_path: Path
) -> None:
    code, out, err = run(example("01"), *words, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_context_moves_a_late_forecast_and_is_named(run: Run) -> None:
    plain = run.json(example("01"))
    found = run.json(example("01"), "--context", "intensive")
    assert found["context"] == "intensive-arm-therapy"
    assert found["scales"][0]["points"][6]["q50"] > plain["scales"][0]["points"][6]["q50"] + 2
    early = run.json(example("03"), "--context", "intensive")
    assert "changes nothing here" in early["notes"][0]["text"]
    wrong = run.json(example("01"), "--context", "first-year-therapy")
    assert wrong["scales"][0]["points"] == []
    assert "Choose another" in wrong["scales"][0]["why_not"]["text"]


def test_a_date_that_leaves_the_first_week_open_is_said_first(run: Run, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text("onset_datetime: 2026-11\nstroke_type: ischemic\n", "utf-8")
    _, out, _ = run(case)
    lines = [line for line in out.splitlines() if line]
    assert "7 days" in lines[4] or "week" in lines[4]


def test_japanese_headings_keep_the_numbers(run: Run) -> None:
    _, plain, _ = run(example("01"))
    _, said, _ = run(example("01"), "--language", "ja")
    assert "119番" in said.splitlines()[0]
    assert "2026年11月20日現在" in said
    assert "予測の文章の一部は、まだ英語です。" in said
    for number in ("25〜31", "20〜37"):
        assert number in said
        assert number.replace("〜", " to ") in plain


def test_on_a_terminal_lines_are_broken_and_headings_stand_out(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plain, _ = run(example("01"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    _, said, _ = run(example("01"))
    bare = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert max(len(line) for line in bare.splitlines() if "http" not in line) <= 60
    assert " ".join(bare.split()) == " ".join(plain.split())
    assert "\x1b[1mThe next year" in said
