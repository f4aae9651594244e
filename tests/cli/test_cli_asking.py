"""``saisei screen --ask``: the dialogue as somebody at a terminal, or a pipe, meets it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from saisei.base.dates import parse_as_of
from saisei.cases import Case, fields, read_case
from saisei.cli.asking import Asked, ask_all
from saisei.therapies import OpenTrials, screen

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
WRITTEN = "2026-11-20T09:00+09:00"
AS_OF = parse_as_of(WRITTEN)


def saisei(*words: object, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, with what is typed into it."""
    command = [sys.executable, "-m", "saisei", *map(str, words), "--as-of", WRITTEN]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=False, input=said
    )


def example(number: str) -> Case:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    return read_case(path, as_of=AS_OF)


def dialogue(monkeypatch: pytest.MonkeyPatch, case: Case, said: str) -> tuple[str, Asked]:
    """Type something into the questions of a case; give what was printed, and the answers."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    printed = io.StringIO()
    asked = ask_all(Console(file=printed, width=200, soft_wrap=True), case)
    return printed.getvalue(), asked


def small_case(tmp_path: Path) -> Path:
    """Write a case for which one trial is open (a brain injury)."""
    path = tmp_path / "me.yaml"
    source = (EXAMPLES / "05-brain-injury.yaml").read_text(encoding="utf-8")
    path.write_text(source, encoding="utf-8")
    return path


# ---------------------------------------------------------------- asking


def test_the_first_question_is_the_one_that_settles_most(monkeypatch: pytest.MonkeyPatch) -> None:
    case = example("07")
    printed, asked = dialogue(monkeypatch, case, "q\n")
    first = screen(case).questions[0]
    assert f"1. {first.text}" in printed
    assert "could settle 13 trials" in printed
    assert "a date such as 2024" in printed
    assert "Stopped." in printed
    assert asked.answers == {}
    assert asked.case is case


def test_an_answer_says_what_it_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    case = example("07")
    printed, asked = dialogue(monkeypatch, case, "1930-01-01\nq\n")
    words = [match.word for match in screen(asked.case).trials]
    left = words.count("undecided")
    assert left < 13
    assert (
        f"settles {13 - left} trials: {13 - left} no longer fit; {left} still undecided" in printed
    )


def test_a_bad_answer_gets_one_message_and_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), "1964-02-30\n[x\n1964-05-14\nq\n")
    assert printed.count("1. What is the date of birth?") == 1
    told = [line for line in printed.splitlines() if "Not taken" in line]
    assert len(told) == 2
    assert "not a date, or an impossible one" in told[0]
    assert "cannot be read" in told[1]
    assert "1964-02-30" not in printed
    assert asked.answers == {"birth_date": "1964-05-14"}


@pytest.mark.parametrize("skip", ["", "unknown", "?", " "])
def test_what_is_not_known_is_not_asked_again(monkeypatch: pytest.MonkeyPatch, skip: str) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), f"{skip}\n{skip}\nq\n")
    assert printed.count("What is the date of birth?") == 1
    assert "3. " in printed
    assert asked.answers == {}


def test_the_end_of_a_pipe_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), "")
    assert printed.rstrip().endswith("Stopped.")
    assert asked.answers == {}


def test_answers_that_contradict_the_case_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), "1964-05-14\ntbi\nq\n")
    assert "Not taken: this does not agree with onset_datetime" in printed
    assert "condition" not in asked.answers


def test_asking_goes_on_until_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one open trial is decided by answers that fit, one after the other."""
    case = example("05")
    trials = screen(case).open
    printed, asked = dialogue(monkeypatch, case, "\n" * 60)
    assert "Nothing is left that a question could settle." in printed
    assert asked.answers == {}
    asked_for = [name for name in trials.facts.possible if _text(name) in printed]
    assert len(asked_for) >= len(trials.order().asked)


def _text(name: str) -> str:
    return fields()[name].question["en"]


def test_answers_that_rule_a_trial_out_end_the_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    printed, asked = dialogue(monkeypatch, example("05"), "yes\nq\n")
    assert "settles 1 trial: 1 no longer fits; 0 still undecided" in printed
    assert "Nothing is left" in printed
    assert len(asked.answers) == 1


def test_an_answer_that_leads_to_another_page_ends_the_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), "2015-01-01\n")
    assert "2." not in printed
    assert asked.answers == {"birth_date": "2015-01-01"}


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("hemoglobin_g_dl", "13.5", 13.5),
        ("hemoglobin_g_dl", "135 g/L", 13.5),
        ("contraindicated_imaging", "MRI, CT", frozenset({"MRI", "CT"})),
        ("contraindicated_imaging", "[]", frozenset()),
        ("contraindicated_imaging", "none", frozenset()),
        ("motor_deficit", "Y", True),
        ("motor_deficit", "false", False),
        ("lesion_depth", "subcortical", frozenset({"subcortical"})),
        ("date_other_trial_end", "never", None),
    ],
)
def test_answers_may_be_written_as_one_speaks(
    monkeypatch: pytest.MonkeyPatch, name: str, said: str, value: object
) -> None:
    case = example("01")
    trials = screen(case).open
    others = frozenset(trials.facts.possible) - {name}
    monkeypatch.setattr(
        "saisei.cli.asking._open",
        lambda case, skipped: OpenTrials(case, screen(case).trials, skipped | others),
    )
    _, asked = dialogue(monkeypatch, case, f"{said}\n")
    assert asked.case.answer(name).known
    assert value is None or asked.case.answer(name).value == value


# ---------------------------------------------------------------- the command


def test_the_command_asks_then_screens_and_saves(tmp_path: Path) -> None:
    case, kept = small_case(tmp_path), tmp_path / "answered.yaml"
    done = saisei("screen", case, "--ask", "--no-rules", "--save", kept, said="no\nCT, MRI\nq\n")
    assert done.returncode == 0, done.stderr
    assert "call the emergency number now" in done.stdout.split("Questions, the one")[0]
    assert "NCT02416492" in done.stdout
    assert "2 more answers" in done.stdout
    assert kept.read_text(encoding="utf-8").startswith(case.read_text(encoding="utf-8"))
    before, after = read_case(case, as_of=AS_OF), read_case(kept, as_of=AS_OF)
    assert len(after.entries) == len(before.entries) + 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answered.yaml", "me.yaml"]


def test_a_saved_case_screens_as_it_did_when_it_was_answered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "answered.yaml"
    said = "no\n" * 12
    done = saisei("screen", EXAMPLES / "05-brain-injury.yaml", "--ask", "--save", kept, said=said)
    assert done.returncode == 0, done.stderr
    _, asked = dialogue(monkeypatch, example("05"), said)
    again = read_case(kept, as_of=AS_OF)
    assert [m.word for m in screen(again).trials] == [m.word for m in screen(asked.case).trials]


def test_nothing_is_overwritten_and_nothing_asked_for_nothing(tmp_path: Path) -> None:
    case, kept = small_case(tmp_path), tmp_path / "kept.yaml"
    kept.write_text("mine\n", encoding="utf-8")
    done = saisei("screen", case, "--ask", "--save", kept, said="no\n")
    assert done.returncode == 2
    assert "Nothing is overwritten" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    assert kept.read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--save", "x.yaml"), "--ask"),
        (("--ask", "--save", "/nowhere/at/all.yaml"), "written"),
    ],
)
def test_a_file_that_cannot_be_written_is_told(options: tuple[str, ...], told: str) -> None:
    case = EXAMPLES / "05-brain-injury.yaml"
    done = saisei("screen", case, *options, said="no\nq\n")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (ROOT / "x.yaml").exists()


def test_answers_are_not_written_into_a_record(tmp_path: Path) -> None:
    bundle, kept = tmp_path / "bundle.json", tmp_path / "kept.yaml"
    patient = '{"resource": {"resourceType": "Patient", "id": "p", "gender": "female"}}'
    text = f'{{"resourceType": "Bundle", "type": "collection", "entry": [{patient}]}}'
    bundle.write_text(text, encoding="utf-8")
    done = saisei("screen", bundle, "--ask", "--save", kept, said="no\n")
    assert done.returncode == 2
    assert "answers cannot be written into a record" in done.stderr
    assert not kept.exists()


def test_without_an_answer_nothing_is_written(tmp_path: Path) -> None:
    kept = tmp_path / "kept.yaml"
    done = saisei("screen", EXAMPLES / "05-brain-injury.yaml", "--ask", "--save", kept)
    assert done.returncode == 0
    assert "nothing was written" in done.stdout
    assert not kept.exists()


def test_nothing_is_asked_in_an_emergency() -> None:
    done = saisei("screen", EXAMPLES / "12-already-treated.yaml", "--ask", said="yes\n")
    assert done.returncode == 0
    assert "Questions" not in done.stdout


def test_screen_says_what_would_decide_each_open_trial() -> None:
    done = saisei("screen", EXAMPLES / "01-chronic-arm.yaml")
    for part in ("One answer could rule it out: ", "The easiest answers with which it could match",
                 "The same decide it whatever they are."):  # fmt: skip
        assert part in done.stdout, part
