"""The command ``validate`` from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from report.svg_reading import read_svg
from saisei.cli import main
from saisei.forecast import simulate_people

SIMULATED = ["validate", "--simulated", "60", "--seed", "2"]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["saisei", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give arm scores of forty people at baseline, 3 weeks, 12 weeks and half a year."""
    path = tmp_path_factory.mktemp("data") / "scores.csv"
    days = (10, 31, 94, 180)
    lines = ["person,day,scale,value,site"]
    for who, row in enumerate(simulate_people(40, days, seed=3).scores):
        lines += [f"p{who},{d},fma_ue,{v:g},x" for d, v in zip(days, row, strict=True)]
        lines.append(f"p{who},10,barthel,{5 * (10 + who % 6)},x")
        lines.append(f"p{who},180,barthel,{5 * (17 + who % 4)},x")
    lines.append("p1,10,nihss,6,x")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_lines_end_in_the_tables_of_coverage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scores: Path
) -> None:
    assert run(monkeypatch, "validate", str(scores)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Forecasts held against later scores: scores.csv"
    assert lines[1].strip() == "Rows read: 241; people: 40."
    assert any("Columns that were not read: site." in line for line in lines)
    assert any("not forecast: 1 (" in line for line in lines)
    last = [at for at, line in enumerate(lines) if "coverage. How many" in line]
    assert len(last) == 2
    assert all(line.startswith("  ") for line in lines[last[1] + 1 :])
    assert "table of changes" in lines[-1]


def test_json_has_coverage_by_level_overall_and_by_stratum(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scores: Path
) -> None:
    assert run(monkeypatch, "validate", str(scores), "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["schema"] == "saisei-validation/1"
    assert found["forecasts"]["from"] == "first"
    assert found["read"]["not_forecast"] == {"nihss": 1}
    arm = found["coverage"]["fma_ue"]
    assert list(arm["overall"]) == ["50", "80", "90"]
    ninety = arm["overall"]["90"]
    assert ninety["held"] == round(ninety["share"]["value"] * ninety["forecasts"])
    assert ninety["share"]["low"] <= ninety["share"]["value"] <= ninety["share"]["high"]
    assert {one["by"] for one in arm["strata"]} == {"known", "first-score", "day", "model"}
    for one in arm["strata"]:
        assert list(one["levels"]) == ["50", "80", "90"]
    overall = found["scales"]["fma_ue"]["overall"]
    for key in ("bias", "slope", "intercept", "curve", "pit", "steady", "group", "gains"):
        assert overall[key] is not None
    assert len(overall["pit"]) == 10
    assert np.mean(overall["pit"]) == pytest.approx(1)
    assert overall["gains"]["decision"][0].keys() == {"threshold", "forecast", "everybody"}


def test_no_person_is_in_the_output(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scores: Path,
    tmp_path: Path,
) -> None:
    assert run(monkeypatch, "validate", str(scores), "--json", "--out", str(tmp_path / "v")) == 0
    told = capsys.readouterr().out
    told += (tmp_path / "v" / "page.html").read_text(encoding="utf-8")
    assert not any(f"p{who}," in told or f">p{who}<" in told for who in range(40))


def test_out_writes_a_page_its_pictures_and_the_result(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scores: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "v"
    assert run(monkeypatch, "validate", str(scores), "--out", str(folder)) == 0
    assert f"written to {folder}" in capsys.readouterr().out
    kinds = ("calibration", "coverage", "decision", "pit")
    pictures = [f"{scale}-{kind}.svg" for scale in ("barthel", "fma_ue") for kind in kinds]
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted([*pictures, "page.html", "result.json"])
    assert run(monkeypatch, "validate", str(scores), "--json") == 0
    assert (folder / "result.json").read_text(encoding="utf-8") == capsys.readouterr().out
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 8
    assert "<script" not in page
    assert "Do not use this page to decide" in page
    for name in pictures:
        assert read_svg((folder / name).read_text(encoding="utf-8")).title


def test_the_same_call_gives_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        assert run(monkeypatch, *SIMULATED, "--out", str(tmp_path / name)) == 0
    assert "60 simulated people" in capsys.readouterr().out
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_simulated_people_are_judged_by_what_is_known_beforehand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *SIMULATED, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["simulated"] == {"people": 60, "seed": 2}
    judged = {one["by"]: one["known_beforehand"] for one in found["coverage"]["fma_ue"]["strata"]}
    assert judged == {
        "known": True,
        "first-score": True,
        "day": True,
        "model": True,
        "true-group": False,
    }
    assert run(monkeypatch, *SIMULATED) == 0
    assert "not judged" in capsys.readouterr().out


def test_from_and_horizon_change_what_is_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scores: Path
) -> None:
    counts = []
    for words in ((), ("--from", "every"), ("--horizon", "84")):
        assert run(monkeypatch, "validate", str(scores), *words, "--json") == 0
        found = json.loads(capsys.readouterr().out)
        counts.append(found["coverage"]["fma_ue"]["overall"]["90"]["forecasts"])
    assert counts[0] < counts[1]
    assert found["forecasts"]["window_days"] == [28, 168]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "neither is given"),
        (("none.csv",), "cannot be read"),
        (("--simulated", "5"), "--simulated: 5 people"),
        (("--simulated", "50", "--horizon", "90"), "--horizon: this means nothing"),
        (("--simulated", "50", "--from", "every"), "--from: this means nothing"),
    ],
)
def test_mistakes_end_with_one_message_and_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    told: str,
) -> None:
    assert run(monkeypatch, "validate", *words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--simulated", "50"), "both are given"),
        (("--seed", "1"), "--seed"),
        (("--context", "walks"), "--context"),
        (("--horizon", "0"), "--horizon"),
        (("--from", "last"), "--from"),
        (("--horizon", "2000"), "later score 666 to 4000 days afterwards"),
    ],
)
def test_mistaken_options_beside_a_file(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scores: Path,
    words: tuple[str, ...],
    told: str,
) -> None:
    assert run(monkeypatch, "validate", str(scores), *words) == 2
    assert told in capsys.readouterr().err


def test_a_mistake_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("person,day,scale,value\nann,7,fma_ue,99\nann,x,fma_ue,9\n", encoding="utf-8")
    assert run(monkeypatch, "validate", str(path), "--out", str(tmp_path / "v")) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "bad.csv:2:14: value: it lies beyond the scale fma_ue" in first
    assert "bad.csv:3:5: day: this is no number" in second
    assert "ann" not in first + second
    assert not (tmp_path / "v").exists()
