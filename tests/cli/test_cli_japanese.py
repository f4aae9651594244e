"""``saisei screen --language ja``: what is printed, what may be typed, and what stays as it was."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from saisei.base.dates import parse_as_of
from saisei.base.store import load_data
from saisei.cases import Case, expected_of, fields, read_case
from saisei.cli import main
from saisei.cli.asking import Asked, ask_all
from saisei.cli.typing_in import allowed, read_answer

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
WRITTEN = "2026-11-20T09:00+09:00"


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


class Command:
    """The command within this process, which is faster than one of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *words: object, said: str = "") -> Done:
        argv = ["saisei", "screen", *map(str, words), "--as-of", WRITTEN]
        if words[:2] == ("case", "template"):
            argv = ["saisei", *map(str, words)]
        self.monkeypatch.setattr(sys, "argv", argv)
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(said))
        with pytest.raises(SystemExit) as ended:
            main()
        told = self.capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, told.out, told.err)


@pytest.fixture
def saisei(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def example(number: str) -> Case:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    return read_case(path, as_of=parse_as_of(WRITTEN))


def dialogue(monkeypatch: pytest.MonkeyPatch, case: Case, said: str) -> tuple[str, Asked]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    printed = io.StringIO()
    asked = ask_all(Console(file=printed, width=400, soft_wrap=True), case, "ja")
    return printed.getvalue(), asked


# ---------------------------------------------------------------- the words

GAPS = re.compile(r"\{(\w+)\}")


def _texts(entry: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if not isinstance(entry, Mapping) or "en" in entry:
        yield ".".join(path), entry
        return
    for name, part in entry.items():
        yield from _texts(part, (*path, name))


def test_every_text_is_in_both_languages() -> None:
    found = dict(_texts({k: v for k, v in load_data("cli/texts.yaml").items() if k != "typed"}))
    assert len(found) > 60
    may_add = {"asking.refused": {"allowed"}, "allowed.value": {"word"}}
    for key, text in found.items():
        assert set(text) == {"en", "ja"}, key
        more = set(GAPS.findall(text["ja"])) - set(GAPS.findall(text["en"]))
        if key != "screen.verdict":
            assert more == may_add.get(key, set()), key


def test_what_may_be_typed_is_told_in_english_as_mistakes_tell_it() -> None:
    for field in fields().values():
        if field.type == "boolean":
            assert allowed(field) == "yes or no" + (", or never" if field.never else "")
        else:
            more = ", or none" if field.type == "list" else ""
            assert allowed(field) == expected_of(field) + more


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nihss_total", "0から42までの整数"),
        ("hemoglobin_g_dl", "2から25までの数値（単位：g/dL）"),
        ("stroke_hemisphere", "次のいずれか：left＝左、right＝右、both＝両側、none＝なし"),
        ("in_hospital", "「はい」または「いいえ」"),
        ("seizure_history", "「はい」または「いいえ」、または「never」（一度もない）"),
        ("has_brain_imaging", "次のうち当てはまるもの：CT、MRI、または「なし」"),
    ],
)
def test_what_may_be_typed_is_told_in_japanese(name: str, said: str) -> None:
    assert allowed(fields()[name], "ja") == said


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("diabetes", "はい", True),
        ("diabetes", "いいえ", False),
        ("seizure_history", "一度もない", "never"),
        ("date_last_seizure", "一度もない", "never"),
        ("stroke_type", "脳梗塞", "ischemic"),
        ("stroke_type", "一過性脳虚血発作", "tia"),
        ("stroke_type", "ischemic", "ischemic"),
        ("stroke_hemisphere", "なし", "none"),
        ("infarct_territory", "中大脳動脈、レンズ核線条体動脈", ["MCA", "lenticulostriate"]),
        ("infarct_territory", "中大脳動脈（MCA）, PCA", ["MCA", "PCA"]),
        ("infection_serology_positive", "B型肝炎", ["HBV"]),
        ("contraindicated_imaging", "なし", "none"),
        ("contraindicated_imaging", "[MRI, CT]", ["MRI", "CT"]),
        ("hemoglobin_g_dl", "135 g/L", {"value": 135, "unit": "g/L"}),
    ],
)
def test_an_answer_may_be_given_by_its_word(name: str, said: str, value: object) -> None:
    assert read_answer(fields()[name], said) == value


# ---------------------------------------------------------------- asking


def test_questions_are_asked_in_japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), "1930-01-01\n\n脳梗塞\nq\n")
    assert "1. 生年月日はいつですか。" in printed
    assert "件の治験を確定できる可能性があります" in printed
    assert re.search(r"\d+件の治験が確定しました：\d+件は合致しない。未確定：\d+件", printed)
    assert "終了しました。" in printed
    assert asked.answers["birth_date"] == "1930-01-01"
    assert [type(one) for one in asked.answers.values()] == [str] * len(asked.answers)


@pytest.mark.parametrize("said", ["不明", "わからない", "", "？"])
def test_not_known_is_not_an_answer(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), f"{said}\n{said}\nq\n")
    assert printed.count("生年月日はいつですか。") == 1
    assert asked.answers == {}


def test_none_is_no_answer_to_a_question_of_yes_or_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """なし is a value of a list; where it is none it is refused and asked again."""
    printed, asked = dialogue(monkeypatch, example("05"), "なし\nq\n")
    assert "受け付けられません：この値は使えません" in printed
    assert asked.answers == {}


def test_a_bad_answer_is_refused_in_japanese_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed, asked = dialogue(monkeypatch, example("07"), "1964-02-30\n[x\nq\n")
    assert printed.count("受け付けられません：") == 2
    assert "読み取れません。入力できるもの：日付（例：" in printed
    assert "1964-02-30" not in printed
    assert asked.answers == {}


# ---------------------------------------------------------------- the command


def test_a_case_is_screened_in_japanese(saisei: Command) -> None:
    done = saisei(EXAMPLES / "01-chronic-arm.yaml", "--language", "ja")
    assert done.returncode == 0, done.stderr
    assert "すぐに救急に電話してください（日本では119番）" in done.stdout
    assert "日本 119" in done.stdout
    assert "式から作成したものである" in done.stdout
    for part in ("未確定（", "合致しない：", "満たす（現在のmRS：3）", "最も多くを確定できる質問",
                 "次の1つの回答だけで合致しなくなりうる："):  # fmt: skip
        assert part in done.stdout, part
    for part in ("Undecided", "does not match", "undecided", "decided by", "Questions that"):
        assert part not in done.stdout, part


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("12", "警告症状が示されています"),
        ("10", "Saiseiは、18歳未満の人については、治療も費用も予測も示しません。"),
        ("09", "妊娠中や授乳中にこれらの細胞を投与したとき"),
        ("02", "急性期の治療は、脳卒中の診療チームが決めます。"),
    ],
)
def test_the_pages_that_come_first_are_in_japanese(saisei: Command, number: str, said: str) -> None:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    done = saisei(path, "--language", "ja", "--no-rules")
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert "119" in done.stdout


def test_english_is_what_is_said_when_nothing_is_chosen(saisei: Command) -> None:
    path = EXAMPLES / "05-brain-injury.yaml"
    plain, chosen = saisei(path), saisei(path, "--language", "en")
    assert plain.stdout == chosen.stdout
    assert "call the emergency number now" in plain.stdout
    assert not re.search(r"[぀-ヿ一-鿿]", plain.stdout)


def test_a_language_that_is_not_there_is_refused(saisei: Command) -> None:
    done = saisei(EXAMPLES / "05-brain-injury.yaml", "--language", "de")
    assert done.returncode == 2
    assert "--language" in done.stderr
    assert "en, ja" in done.stderr
    assert done.stdout == ""


def test_answers_given_in_japanese_are_kept_as_a_case_file(saisei: Command, tmp_path: Path) -> None:
    kept = tmp_path / "kept.yaml"
    path = EXAMPLES / "05-brain-injury.yaml"
    done = saisei(path, "--ask", "--language", "ja", "--no-rules", "--save", kept,
                  said="いいえ\nCT、MRI\nq\n")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "回答を2件加えた症例：" in done.stdout
    before = read_case(path, as_of=parse_as_of(WRITTEN))
    assert len(read_case(kept, as_of=parse_as_of(WRITTEN)).entries) == len(before.entries) + 2


def test_an_empty_case_can_be_had_in_japanese(saisei: Command) -> None:
    done = saisei("case", "template", "--language", "ja")
    assert done.returncode == 0
    assert "# 生年月日はいつですか。\n" in done.stdout
    assert "日本119" in done.stdout.replace("\n# ", "")
    assert saisei("case", "template", "--language", "fr").returncode == 2
