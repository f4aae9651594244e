"""The empty case in Japanese: the same fields, and it reads as the same case."""

from __future__ import annotations

import re
from pathlib import Path

from saisei.base.store import load_data
from saisei.cases import case_template, fields, read_case

AS_OF = "2026-11-20T09:00+09:00"


def test_every_text_of_the_template_is_in_both_languages() -> None:
    for key, text in load_data("cases/texts.yaml")["template"].items():
        assert set(text) == {"en", "ja"}, key
        gaps = [sorted(re.findall(r"\{\w+\}", text[language])) for language in ("en", "ja")]
        assert gaps[0] == gaps[1], key


def test_the_template_asks_for_the_same_fields_and_reads_as_nothing_known(tmp_path: Path) -> None:
    written = case_template("ja")
    plain = [line for line in case_template().splitlines() if line and not line.startswith("#")]
    asked = [line for line in written.splitlines() if line and not line.startswith("#")]
    assert [line.split("#")[0] for line in asked] == [line.split("#")[0] for line in plain]
    for field in fields().values():
        assert field.derived or field.asked("ja") in written.replace("\n# ", "")
    path = tmp_path / "case.yaml"
    path.write_text(written.replace("as_of:\n", f"as_of: {AS_OF}\n"), encoding="utf-8")
    assert read_case(path).entries == {}


def test_empty_means_unknown_and_the_emergency_comes_first() -> None:
    written = case_template("ja")
    assert "日本119" in written[:600].replace("\n# ", "")
    assert "空欄は「不明」を意味し" in written.replace("\n# ", "")
