"""The commands ``null-trial`` and ``trial-power`` from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from report.svg_reading import read_svg
from saisei.base.errors import OptionError
from saisei.cli import main
from saisei.cli.null_trial import score_range

NULL = ["null-trial", "--people", "18", "--months-since-stroke", "24", "--months", "12",
        "--context", "intensive", "--trials", "500"]  # fmt: skip
POWER = ["trial-power", "--people", "120", "--trials", "200"]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["saisei", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> dict[str, Any]:
    assert run(monkeypatch, *words, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_json_has_the_keys_that_were_promised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = as_json(monkeypatch, capsys, *NULL, "--select", "fma_ue<50")
    assert found["schema"] == "saisei-null-trial/1"
    assert found["select"] == [0, 49]
    assert found["mean"] == pytest.approx(4.05, abs=0.1)
    assert found["sd"] == pytest.approx(5.4, abs=0.2)
    assert found["share_gain_6"] == pytest.approx(0.35, abs=0.02)
    assert 0 < found["reach"]["nr1_arm_gain"] < 0.2
    assert {"sb623_motor_gain", "nr1_motor_responders"} < set(found["reach"])
    assert found["later_trial"]["primary_endpoint_met"] is False
    assert found["later_trial"]["sham"] == {"events": 7, "people": 52}
    assert set(found["p_values"]) == {"paired_t", "wilcoxon"}


def test_the_same_seed_gives_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        assert run(monkeypatch, *NULL, "--out", str(tmp_path / name)) == 0
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["mean-gain.svg", "p-values.svg", "page.html", "responders.svg", "result.json"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    printed = capsys.readouterr().out
    assert "rare here is not evidence of an effect" in printed
    assert "7 of 52" in printed


def test_pictures_say_what_they_show(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, *NULL, "--out", str(tmp_path)) == 0
    mean = read_svg((tmp_path / "mean-gain.svg").read_text(encoding="utf-8"))
    assert any("NR1" in words and "7.4" in words for words in mean.words)
    assert any("SB623" in words and "7.5*" in words for words in mean.words)
    assert "18 people" in mean.title
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert "Do not use this page to decide" in page
    assert "not evidence of an effect" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("fma_ue<50", (0, 49)),
        ("fma_ue <= 50", (0, 50)),
        ("fma_ue > 9.5", (10, 66)),
        ("10 < fma_ue <= 45", (11, 45)),
        ("fma_ue >= 10 and fma_ue < 46", (10, 45)),
        ("fma_ue == 12", (12, 12)),
    ],
)
def test_ranges_of_first_scores(written: str, expected: tuple[float, float]) -> None:
    assert score_range(written) == expected


@pytest.mark.parametrize(
    "written",
    ["nihss_total < 5", "fma_ue < 50 or fma_ue > 60", "not fma_ue < 5", "fma_ue <", "epilepsy",
     "fma_ue < 10 and fma_ue > 20", "fma_ue < 50 and age > 3", "fma_ue > 70", ""],
)  # fmt: skip
def test_what_is_no_range_of_the_arm_score_is_refused(written: str) -> None:
    with pytest.raises(OptionError) as caught:
        score_range(written)
    assert [one.field for one in caught.value.problems] == ["--select"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([*NULL, "--select", "age < 4"], "--select"),
        ([*NULL, "--context", "sham"], "--context"),
        ([*NULL, "--people", "0"], "--people"),
        (["trial-power", "--effect", "3"], "--people"),
        ([*POWER, "--power", "0.8", "--effect", "3"], "--people"),
        ([*POWER], "--effect"),
        ([*POWER, "--outcome", "barthel", "--effect", "3"], "--outcome"),
        ([*POWER, "--outcome", "responders", "--effect", "0.2"], "--control-share"),
        ([*POWER, "--outcome", "mrs", "--effect", "-1"], "--effect"),
        ([*POWER, "--outcome", "mrs", "--effect", "1.4", "--control-shares", "1,2"],
         "--control-shares"),
        ([*POWER, "--outcome", "mrs", "--effect", "1.4", "--control-shares", "none"],
         "--control-shares"),
        ([*POWER, "--outcome", "mrs", "--effect", "1.4", "--from-study", "steinberg-2025-nr1"],
         "--from-study"),
        ([*POWER, "--effect", "3", "--share", "0:0.5"], "--share"),
        ([*POWER, "--from-study", "steinberg-2025-nr1", "--share", "half"], "--share"),
        ([*POWER, "--from-study", "steinberg-2016-sb623"], "--from-study"),
        ([*POWER, "--effect", "3", "--trials", "-1"], "--trials"),
        ([*POWER, "--effect", "3", "--people", "0"], "--people: 0 cannot be"),
        ([*POWER, "--effect", "1000"], "--effect: 1000 cannot be"),
        ([*POWER, "--effect", "3", "--control-share", "0.3"], "--control-share"),
        ([*POWER, "--effect", "3", "--control-shares", "other"], "--control-shares"),
        ([*POWER, "--outcome", "mrs", "--effect", "2", "--months", "3"], "--months"),
        ([*POWER, "--outcome", "mrs", "--effect", "1e9"], "--effect"),
        ([*POWER, "--outcome", "mrs", "--effect", "2", "--control-shares", "0,0,0,0,0,0,9"],
         "at least two grades"),
    ],
)  # fmt: skip
def test_one_message_and_exit_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    named: str,
) -> None:
    assert run(monkeypatch, *words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert named in said.err


def test_a_mistake_leaves_no_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for words in ([*NULL, "--people", "0"], [*POWER, "--effect", "nan"]):
        assert run(monkeypatch, *words, "--out", str(tmp_path / "out")) == 2
        assert not (tmp_path / "out").exists()
    for words in ([*NULL], [*POWER, "--effect", "3"]):
        assert run(monkeypatch, *words, "--out", str(tmp_path / "no" / "folder")) == 2
        assert not (tmp_path / "no").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_power_of_all_outcomes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arm = as_json(monkeypatch, capsys, *POWER, "--effect", "3", "--dropout", "0.1",
                  "--from-study", "steinberg-2025-nr1")  # fmt: skip
    assert (arm["treated"], arm["control"]) == (54, 54)
    assert 0.78 < arm["power"] < 0.86
    assert 0.5 < arm["assurance"] < arm["power"]
    assert arm["prior"]["from_uncontrolled_gain"]
    assert arm["prior"]["sources"] == ["steinberg-2025-nr1/isc2025"]
    mrs = as_json(monkeypatch, capsys, "trial-power", "--outcome", "mrs", "--effect", "1.4",
                  "--power", "0.8", "--control-shares", "other", "--trials", "0",
                  "--effect-sd", "0.2")  # fmt: skip
    assert 860 < mrs["people"] < 875
    assert mrs["power"] >= 0.8
    assert mrs["simulated"] is None
    assert 0.5 < mrs["assurance"] < 0.8
    share = as_json(monkeypatch, capsys, *POWER, "--outcome", "responders", "--effect", "0.25",
                    "--control-share", "0.135", "--one-sided", "--ratio", "2")  # fmt: skip
    assert (share["treated"], share["control"], share["sides"]) == (80, 40, 1)


def test_power_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = [*POWER, "--from-study", "steinberg-2025-nr1", "--out", str(tmp_path / "new")]
    assert run(monkeypatch, *words) == 0
    printed = capsys.readouterr().out
    assert "no forecast uses it" in printed
    picture = read_svg((tmp_path / "new" / "power.svg").read_text(encoding="utf-8"))
    assert any(words.startswith("120: ") for words in picture.words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--effect", "3", "--effect-sd", "1.5"], "normal, 3 points (standard deviation 1.5)"),
        (["--from-study", "steinberg-2025-nr1"], "How much of such a gain remained"),
        (["--outcome", "responders", "--control-share", "0.135", "--effect", "0.2",
          "--effect-sd", "0.1"], "20 more responders of 100 (standard deviation 10)"),
        (["--outcome", "mrs", "--effect", "1.4", "--effect-sd", "0.2"],
         "common odds ratio 1.40 (95 % of the prior from 0.95 to 2.07)"),
        (["--outcome", "mrs", "--effect", "1.4"], "0 to 6, of 100: 5, 8, 14, 16, 25, 14, 19"),
        (["--effect", "3"], "after therapy has ended, first score 24 months after the stroke"),
    ],
)  # fmt: skip
def test_every_outcome_has_its_words_and_a_page(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: list[str],
    told: str,
) -> None:
    assert run(monkeypatch, *POWER, *words, "--out", str(tmp_path / "out")) == 0
    printed = capsys.readouterr().out
    assert told in printed
    assert "Not in these numbers" in printed
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "page.html", "power.svg", "result.json",
    }  # fmt: skip
    page = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "Do not use this page to decide" in page
    assert told in page


def test_null_trial_says_whose_and_how_far(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *NULL) == 0
    printed = capsys.readouterr().out
    for told in ("measured for 6 months. Later is extrapolation", "EVEREST", "of 1,000",
                 "with half and with twice that spread", "did not reach its main aim"):  # fmt: skip
        assert told in printed
    found = as_json(monkeypatch, capsys, *NULL)
    assert "Later is extrapolation" in found["extrapolated"]
    assert [one["spread"] for one in found["figures"][0]["reach_by_spread"]] == [0.82, 3.28]
    assert any("rare here is not evidence" in one for one in found["reading"])


@pytest.mark.parametrize("months", [3, 12])
def test_the_trial_that_followed_is_said_whatever_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], months: int
) -> None:
    for since, context in ((1, "none"), (9, "first-year-therapy"), (60, "usual-care")):
        words = ["null-trial", "--people", "5", "--months-since-stroke", str(since), "--months",
                 str(months), "--context", context, "--trials", "100"]  # fmt: skip
        assert run(monkeypatch, *words) == 0
        printed = capsys.readouterr().out
        assert "7 of 52 with sham" in printed
        assert "It did not reach its main aim" in printed
