"""Verdicts of trials and therapies in Japanese: the same words of every case, and never softer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from saisei.base.dates import parse_as_of
from saisei.cases import Case, case_from_data, read_case
from saisei.therapies import (
    Screening,
    TrialMatch,
    cautions,
    cautions_rule,
    match_trial,
    programmes,
    screen,
    trial,
)
from saisei.therapies.matching import matching_table

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF: datetime = parse_as_of("2026-11-20T09:00+09:00")
IN_BOTH = ("statuses", "words", "verdicts", "standing_words", "programmes", "joining")
GAPS = re.compile(r"\{(\w+)\}")


def example(number: str) -> Screening:
    (path,) = EXAMPLES.glob(f"{number}-*.yaml")
    return screen(read_case(path, as_of=AS_OF))


def everyone() -> Iterator[TrialMatch]:
    for number in ("01", "04", "05", "07", "09"):
        yield from example(number).trials


def case(**values: Any) -> Case:
    return case_from_data({"as_of": "2026-11-20", **values})


@pytest.mark.parametrize("part", IN_BOTH)
def test_every_text_of_a_verdict_is_in_both_languages(part: str) -> None:
    texts: Mapping[str, Any] = matching_table()[part]
    for key, text in texts.items():
        assert set(text) == {"en", "ja"}, key
        assert set(GAPS.findall(text["en"])) == set(GAPS.findall(text["ja"])), key


def test_the_three_words() -> None:
    said = {match.word: match.word_said("ja") for match in everyone()}
    assert said["does-not-match"] == "合致しない"
    assert said["undecided"] == "未確定"
    assert matching_table()["words"]["matches"]["ja"] == "読み取った参加基準に合致"


def test_a_trial_that_does_not_match_says_which_rule_and_which_value() -> None:
    match = match_trial(trial("NCT02416492"), case(condition="ischemic-stroke"))
    assert match.said("ja").text.startswith(
        "合致しない：参加の条件「対象疾患が外傷性脳損傷である」を満たさない（対象疾患：脳梗塞）。"
    )


def test_an_exclusion_is_told_as_one() -> None:
    match = match_trial(trial("NCT04631406"), case(seizure_history=True))
    assert (
        "除外の条件「けいれん発作の既往がある」に該当する（けいれん発作の既往がある）"
        in match.said("ja").text
    )


def test_what_is_missing_is_named_and_called_unknown() -> None:
    for match in everyone():
        said = match.said("ja").text
        if match.word == "undecided":
            assert said.startswith("未確定（")
            assert "が不明）。" in said
        assert ("治験チームが判断する項目：" in said) is bool(
            match.team and match.word != "does-not-match"
        )


def test_a_partial_list_says_so_every_time_and_a_match_promises_nothing() -> None:
    for match in everyone():
        said = match.said("ja").text
        assert ("参加基準は一部しか読み取れていない" in said) is not match.trial.criteria_complete
        promised = "参加基準に合致することは、効果があることを意味しない。" in said
        assert promised is (match.word == "matches")


def test_the_sources_are_those_of_the_english_sentence() -> None:
    for match in everyone():
        assert match.said("ja").sources == match.sentence.sources
        assert match.standing_said("ja").sources == match.standing_sentence.sources


STANDINGS = {
    "option": "では募集中であった。最新の登録情報で確認が必要である。",
    "was-recruiting": "では募集中であったが、情報が古く頼ることはできない。",
    "not-yet": "では募集を開始していなかった。",
    "unknown": "では募集の状況を確かめられなかった。",
    "closed": "募集していない（",
}


def test_whether_a_trial_takes_anybody_carries_the_day_of_the_reading() -> None:
    for match in everyone():
        said = match.standing_said("ja").text
        assert STANDINGS[match.standing] in said
        assert match.trial.status_read in said
        assert (match.trial.status_as_of or "日付が不明の写し") in said


def test_a_therapy_that_is_sold_can_be_matched_by_nobody() -> None:
    (sold,) = (m for m in example("01").programmes if m.programme.id == "ad-msc-intravenous-asrm")
    said = [sentence.text for sentence in sold.said("ja")]
    assert said[1] == "どのような人に投与してはならないかは、公表されていない。"
    assert "誰についても合致するとは言えない" in said[2]
    assert [s.sources for s in sold.said("ja")] == [s.sources for s in sold.sentences]


def test_no_english_is_left_but_what_the_data_say_in_english() -> None:
    """Ids, scales, names of drugs and the registry's own notes stay; our sentences do not."""
    ours = re.compile(r"\b(the|is|are|not|of|when|read|rules|missing|undecided|matches)\b")
    for match in everyone():
        notes = re.compile(r"（(英語の注記|読み取れなかった部分、英語の記載のまま)：.*?）(?=。|$)")
        for said in (match.said("ja").text, match.standing_said("ja").text):
            assert not ours.search(notes.sub("", said)), said


@pytest.mark.parametrize("word", ["有望", "推奨", "安全", "成功率", "画期的", "効きます"])
def test_no_word_of_praise(word: str) -> None:
    for match in everyone():
        assert word not in match.said("ja").text + match.standing_said("ja").text


def test_every_caution_and_every_name_of_a_therapy_is_in_both_languages() -> None:
    kanji = re.compile(r"[ぁ-ヿ一-鿿]")
    for caution in cautions():
        assert set(caution.titles) == set(caution.texts) == {"en", "ja"}, caution.id
        assert kanji.search(caution.title_in("ja")), caution.id
        assert kanji.search(caution.said("ja").text), caution.id
        assert caution.said("ja").sources == caution.words.sources
    assert "処方した医師に相談せずに" in cautions_rule("ja").text
    for programme in programmes():
        assert kanji.search(programme.name_in("ja")), programme.id
        assert programme.name_in() == programme.name


def test_a_medicine_is_never_to_be_stopped_without_the_one_who_prescribed_it() -> None:
    """Stopping a blood thinner can itself cause a stroke: no language may leave that out."""
    thinners = [caution for caution in cautions() if caution.id.startswith("blood-thinner")]
    assert len(thinners) == 3
    for caution in thinners:
        assert "処方した医師" in caution.said("ja").text
        assert "脳卒中の原因になることがあります" in caution.said("ja").text
