"""The form as functions: strings to a case and back, questions in words, what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from saisei.base.documents import parse_document, read_document
from saisei.base.store import load_data
from saisei.base.texts import LANGUAGES, Language
from saisei.cases import Case, Field, case_from_data, fields, item_points
from saisei.decision import pass_gates
from saisei.therapies import OpenTrials, screen
from saisei.web.answers import given, strings_of
from saisei.web.flow import last_step, next_fields, other_questions, show
from saisei.web.form import asked, sheet_of, whole_of
from saisei.web.form_words import allowed, asking_table, asking_words, word_of
from saisei.web.kept import accept, case_file, said_in, stamped
from saisei.web.told import tell
from saisei.web.turn import Posted, judged, take
from web.web_form_reading import NOW

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
TYPED = [wanted for wanted in fields().values() if not wanted.derived]
IDS = [wanted.id for wanted in TYPED]


def said_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_document(path).data
    return {name: raw for name, raw in content.items() if name != "as_of"}


def through_strings(said: Mapping[str, Any]) -> dict[str, Any]:
    """Send answers through the strings of a form."""
    return {
        name: given(fields()[name], strings_of(fields()[name], raw)).raw
        for name, raw in said.items()
    }


def same_answers(one: Case, other: Case) -> bool:
    return all(
        (one.answer(name).state, one.answer(name).value)
        == (other.answer(name).state, other.answer(name).value)
        for name in fields()
    )


# ---- references ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed", "raw"),
    [
        ("sex", {"0.value": ["female"]}, "female"),
        ("diabetes", {"0.value": ["never"]}, "never"),
        ("diabetes", {"0.value": ["true"], "0.date": ["2026-10"]},
         {"value": True, "date": "2026-10"}),
        ("diabetes", {"0.value": ["unknown"], "0.date": ["2026-10"]}, "unknown"),
        ("birth_date", {"0.y": ["1964"], "0.m": ["5"], "0.d": ["4"]}, "1964-05-04"),
        ("birth_date", {"0.y": ["1964"], "0.m": [""], "0.d": [""]}, "1964"),
        ("birth_date", {"0.y": ["１９６４"], "0.m": ["５"]}, "1964-05"),
        ("birth_date", {"0.y": ["昭和39"], "0.m": ["5"], "0.d": ["14"]}, "1964-05-14"),
        ("birth_date", {"0.y": ["Ｈ元"]}, "1989"),
        ("birth_date", {"0.y": ["X3"]}, "X3"),
        ("birth_date", {"state": ["unknown"]}, "unknown"),
        ("onset_datetime",
         {"0.y": ["2026"], "0.m": ["11"], "0.d": ["19"], "0.t": ["9:30"]},
         "2026-11-19T09:30"),
        ("date_last_seizure", {"state": ["never"]}, "never"),
        ("fma_ue", {"0.value": ["28"], "0.unit": ["{score}"]}, 28),
        ("fma_ue", {"0.value": ["28"], "1.value": ["30"], "1.date": ["2026-11-19"]},
         [{"value": 28}, {"value": 30, "date": "2026-11-19"}]),
        ("body_weight_kg", {"0.value": ["141"], "0.unit": ["[lb_av]"]},
         {"value": 141, "unit": "[lb_av]"}),
        ("warning_signs", {"0.value": ["none"]}, []),
        ("warning_signs", {"0.value": ["fever", "seizure"]}, ["fever", "seizure"]),
        ("warning_signs", {"0.value": ["unknown"]}, "unknown"),
        ("antithrombotics", {"state": ["none"], "0.date": ["2026"]}, {"value": [], "date": "2026"}),
        ("antithrombotics",
         {"0.0.drug": ["apixaban"], "0.0.since": ["2025/3"], "0.1.drug": [""]},
         [{"drug": "apixaban", "since": "2025-03"}]),
        ("uln", {"0.key.ast_u_l": ["40"], "0.key.alt_u_l": [""]}, {"ast_u_l": 40}),
        ("nihss_items", {"0.item.1a": ["0"], "0.item.5a": ["UN"], "0.item.2": [""]},
         {"1a": 0, "5a": "UN"}),
        ("mrs_current", {"0.value": ["3"], "0.date": ["2026年11月5日"]},
         {"value": 3, "date": "2026-11-05"}),
        ("mrs_current", {"0.value": [""], "0.date": ["2026-11-05"]}, None),
        ("mrs_current", {}, None),
        ("inr", {"0.value": ["two"]}, "two"),
    ],
)  # fmt: skip
def test_what_is_typed_is_written_as_in_a_case_file(
    field: str, typed: dict[str, list[str]], raw: object
) -> None:
    assert given(fields()[field], typed).raw == raw


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("fma_ue", {"0.value": ["28"], "state": ["unknown"]}),
        ("date_last_seizure", {"state": ["unknown", "never"]}),
        ("warning_signs", {"0.value": ["none", "fever"]}),
        ("warning_signs", {"0.value": ["unknown", "none"]}),
        ("antithrombotics", {"0.0.drug": ["aspirin"], "state": ["none"]}),
    ],
)
def test_a_value_and_unknown_at_once_is_a_mistake(field: str, typed: dict[str, list[str]]) -> None:
    assert given(fields()[field], typed).mistake == "either"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_go_through_the_strings_of_the_form_unchanged(path: Path) -> None:
    said = said_of(path)
    back = through_strings(said)
    before = case_from_data(said, otherwise=NOW)
    assert case_from_data(back, otherwise=NOW).entries == before.entries
    assert list(back) == list(said)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_saved_and_loaded_again_gives_the_same_answers(path: Path) -> None:
    said = said_of(path) | {"inr": "unknown"}
    text = case_file(said, NOW, "a comment")
    loaded = parse_document(text.encode(), "case").data
    assert loaded["inr"] == "unknown"
    before = case_from_data(said, otherwise=NOW)
    assert same_answers(case_from_data(loaded, otherwise=NOW), before)
    later = case_from_data(loaded, otherwise=NOW + timedelta(days=2000))
    assert later.answer("mrs_current").state != "known" or "mrs_current" not in said


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_case_is_written_out_as_it_was_read(path: Path) -> None:
    case = case_from_data(said_of(path), otherwise=NOW)
    assert case_from_data(said_in(case), otherwise=NOW).entries == case.entries


def test_an_open_list_of_a_record_is_written_out_whole() -> None:
    said = {"has_brain_imaging": {"value": ["CT"], "open": True, "without": ["MRI"]}}
    case = case_from_data(said, otherwise=NOW)
    assert said_in(case) == said


# ---- properties ------------------------------------------------------------------------------


def _days() -> st.SearchStrategy[str]:
    day = st.dates(NOW.date() - timedelta(days=9000), NOW.date()).map(str)
    return st.one_of(day, day.map(lambda text: text[:7]), day.map(lambda text: text[:4]))


def _number(wanted: Field) -> st.SearchStrategy[Any]:
    low, high = (wanted.range.low, wanted.range.high) if wanted.range else (0.0, 1000.0)
    step = wanted.step or 0.5
    counts = st.integers(0, int((high - low) / step))
    return counts.map(lambda count: low + count * step)


def _value(wanted: Field) -> st.SearchStrategy[Any]:
    simple: Mapping[str, st.SearchStrategy[Any]] = {
        "boolean": st.booleans(), "date": _days(), "datetime": _days(),
    }  # fmt: skip
    if wanted.type in simple:
        return simple[wanted.type]
    if wanted.type == "number":
        return _number(wanted)
    if wanted.type == "list":
        return _list(wanted)
    if wanted.type == "enum":
        return st.sampled_from(wanted.values)
    points = (
        item_points(wanted) if wanted.type == "items" else dict.fromkeys(wanted.keys, (1.0, 40.5))
    )
    parts = {name: st.sampled_from(list(several)) for name, several in points.items()}
    return st.fixed_dictionaries({}, optional=parts)


def _list(wanted: Field) -> st.SearchStrategy[Any]:
    names = st.sampled_from(wanted.values or ("a", "b c"))
    if wanted.entries is None:
        return st.lists(names, unique=True)
    columns = wanted.entries
    kinds = {"date": _days(), "text": st.just("x y")}
    also = {name: kinds[kind] for name, kind in columns["also"].items()}
    line = st.fixed_dictionaries({columns["name"]: names}, optional=also)
    return st.lists(line, max_size=3)


@st.composite
def _answers(draw: st.DrawFn) -> dict[str, Any]:
    said = {}
    for name in draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=5, unique=True)):
        wanted = fields()[name]
        options = [_value(wanted), st.just("unknown")]
        options += [st.just("never")] if wanted.never and "never" not in wanted.values else []
        raw = draw(st.one_of(options))
        if raw != "unknown" and wanted.valid_for is not None and draw(st.booleans()):
            raw = {"value": raw, "date": draw(_days()), "source": "chart"}
        said[wanted.id] = raw
    return said


@settings(max_examples=80)
@drawn(_answers())
def test_any_answer_goes_through_the_form_unchanged(said: dict[str, Any]) -> None:
    before = accept(said, NOW)
    after = accept(through_strings(before.said), NOW)
    assert after.problems == ()
    assert after.case.entries == before.case.entries


@settings(max_examples=60)
@drawn(_answers())
def test_any_answer_survives_its_file(said: dict[str, Any]) -> None:
    before = accept(said, NOW)
    loaded = parse_document(case_file(before.said, NOW).encode(), "case").data or {}
    assert same_answers(case_from_data(loaded, otherwise=NOW), before.case)
    assert {n for n, raw in loaded.items() if raw == "unknown"} == {
        n for n, raw in before.said.items() if raw == "unknown"
    }


PARTS = st.sampled_from(
    ["0.value", "1.value", "0.date", "state", "0.y", "0.m", "0.d", "0.t", "0.unit", "0.0.drug",
     "0.1.kind", "0.0.last_active", "0.item.1a", "0.item.zz", "0.key.ast_u_l", "x", "99.value",
     "9999999.value", "0.99999999.drug", ".", "²0.value"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["unknown", "never", "none", "3", "1e999", "-1", "2024", "13", "true", "MRI"]),
)


@settings(max_examples=100)
@drawn(
    st.sampled_from(IDS).map(fields().__getitem__),
    st.dictionaries(PARTS, st.lists(TEXTS, max_size=3), max_size=5),
    st.sampled_from(LANGUAGES),
)
def test_whatever_is_typed_is_taken_or_told_and_never_lost(
    wanted: Field, typed: dict[str, list[str]], language: Language
) -> None:
    turn = take(Posted(typed={wanted.id: typed}), NOW)
    told = turn.mistakes(language)
    if wanted.id not in turn.said and given(wanted, typed).raw is not None:
        assert told
    if told:
        assert turn.strings(wanted.id) == typed
    show(turn, (), [wanted.id], language)
    tell(turn.case, turn.said, language)


JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=100)
@drawn(
    st.dictionaries(
        st.one_of(st.sampled_from([f.id for f in TYPED]), st.text(max_size=9)), JSONS, max_size=4
    )
)
def test_whatever_a_file_holds_is_shown_and_never_breaks_the_page(said: dict[str, Any]) -> None:
    turn = judged(said, NOW)
    turn.mistakes("ja")
    show(turn, (), (), "en")
    tell(turn.case, turn.said, "ja")
    stamped(turn.said, NOW)


# ---- the questions in words ------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wanted", TYPED, ids=lambda wanted: wanted.id)
def test_every_field_can_be_asked(wanted: Field, language: Language) -> None:
    one = asked(wanted, {}, language)
    assert one.text
    assert one.who
    assert allowed(wanted, language)
    offered = {choice.value for choice in (*one.choices, *one.states)}
    assert "unknown" in offered
    if wanted.never and wanted.type != "list":
        assert "never" in offered
    if wanted.type == "list":
        assert "none" in offered
    if wanted.type == "enum":
        assert set(wanted.values) <= offered
    assert all(choice.word for choice in (*one.choices, *one.states))
    sheet = sheet_of(wanted)
    assert sheet is None or whole_of(sheet.id) == wanted.id


def _texts(entry: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(entry, Mapping):
        if set(entry) & set(LANGUAGES):
            yield path, entry
        else:
            for name, inner in entry.items():
                yield from _texts(inner, f"{path}.{name}")


def test_every_text_of_the_form_stands_in_both_languages() -> None:
    texts = dict(_texts(load_data("web/asking.yaml")))
    assert len(texts) > 200
    for path, text in texts.items():
        assert set(text) == set(LANGUAGES), path
        gaps = [
            sorted(part.split("}")[0] for part in said.split("{")[1:]) for said in text.values()
        ]
        assert gaps[0] == gaps[1], path


def test_no_english_word_is_left_in_a_japanese_choice() -> None:
    """Names of scans, arteries and viruses stay as they are; words do not."""
    plain = {
        value
        for wanted in TYPED
        for value in wanted.values
        if word_of(value, "ja").isascii() and word_of(value, "ja").islower()
    }
    assert plain <= {"unknown"}


def test_every_help_and_word_belongs_to_a_field_or_value() -> None:
    values = {value for wanted in TYPED for value in wanted.values}
    assert set(load_data("web/asking.yaml")["help"]) <= set(fields())
    assert set(asking_table("word")) <= values
    for page in asking_table("first"):
        assert {row["ask"] if isinstance(row, dict) else row for row in page} <= set(fields())
    efforts = {wanted.effort for wanted in TYPED}
    assert set(asking_table("who")) == efforts
    assert set(get_args(Language)) == {"en", "ja"}


@pytest.mark.parametrize(
    ("field", "raw", "words"),
    [
        ("fma_ue", 67, "a whole number from 0 to 66"),
        ("fma_ue", 3.5, "a whole number from 0 to 66"),
        ("inr", "two", "cannot be read"),
        ("birth_date", "2030", "future"),
        ("birth_date", "1964-13", "no such date"),
        ("barthel_total", 52, "steps of 5"),
        ("nihss_items", {"1a": 9}, "points that it cannot have"),
        ("body_weight_kg", {"value": 1, "unit": "h"}, "unit"),
        ("sex", "x", "not one of the answers"),
    ],
)
def test_a_mistake_is_told_in_words_and_without_the_value(
    field: str, raw: object, words: str
) -> None:
    (mistake,) = judged({field: raw}, NOW).mistakes("en")
    assert mistake.field == field
    assert words in mistake.text
    (other,) = judged({field: raw}, NOW).mistakes("ja")
    assert not other.text.isascii()
    assert "67" not in mistake.text
    assert "2030" not in mistake.text


def test_two_answers_that_cannot_both_be_true_name_each_other() -> None:
    said = {"condition": "tbi", "onset_datetime": "2024-09"}
    turn = judged(said, NOW)
    (mistake,) = turn.mistakes("en")
    assert mistake.field == "condition"
    assert "The time of the stroke" in mistake.text
    assert turn.strings("condition") == {"0.value": ["tbi"]}
    assert dict(turn.said) == {"onset_datetime": "2024-09"}


# ---- what comes next -------------------------------------------------------------------------


def _next(said: Mapping[str, Any], step: int) -> list[str]:
    case = case_from_data(said, otherwise=NOW)
    found = next_fields(case, said, pass_gates(case), step, "en")
    assert all(one.why for one in found)
    return [one.field for one in found]


STROKE = {
    "respondent": "family", "birth_date": "1960", "sex": "female", "condition": "ischemic-stroke",
    "onset_datetime": "2024-09", "warning_signs": [], "in_hospital": False,
}  # fmt: skip


def test_the_first_questions_come_in_the_order_of_the_data() -> None:
    first = [row for row in asking_table("first")[0] if isinstance(row, str)]
    assert _next({}, 0) == first
    assert _next({"respondent": "self"}, 0) == first[1:]
    assert "date_brain_injury" in _next({"condition": "tbi"}, 1)
    assert "stroke_type" not in _next({"condition": "tbi"}, 1)
    assert "stroke_type" not in _next({"condition": "ischemic-stroke"}, 1)
    assert "stroke_type" in _next({}, 1)


def test_then_the_questions_are_those_of_the_trials_and_of_the_forecast() -> None:
    case = case_from_data(STROKE, otherwise=NOW)
    order = OpenTrials(case, screen(case).trials, frozenset(STROKE)).order(asking_table("at_once"))
    forecast = asking_table("forecast")["fields"]
    assert _next(STROKE, last_step()) == [*map(whole_of, order.asked), *forecast]
    assert "fma_ue" not in _next({**STROKE, "fma_ue": 28}, last_step())
    assert "fma_ue" not in _next({**STROKE, "fma_ue": "unknown"}, last_step())
    assert "fma_ue" not in _next(
        {**STROKE, "fma_ue_sections": {"A": 9, "B": 1, "C": 2, "D": 0}}, last_step()
    )
    assert "fma_ue" in _next({**STROKE, "fma_ue": {"value": 28, "date": "2025"}}, last_step())


@pytest.mark.parametrize(
    "extra",
    [{"birth_date": "2015"}, {"pregnant_or_breastfeeding": True}, {"warning_signs": ["fever"]}],
)
def test_behind_a_gate_nothing_more_is_asked(extra: Mapping[str, Any]) -> None:
    assert _next({**STROKE, **extra}, last_step()) == []


def test_what_is_not_known_is_asked_once_only_and_the_questions_end() -> None:
    said: dict[str, Any] = {**STROKE, "nihss_total": "unknown"}
    asked_before: list[str] = []
    for step in range(60):
        names = _next(said, step)
        if not names and step > last_step():
            break
        asked_before += names
        said |= dict.fromkeys(names, "unknown")
    else:
        pytest.fail("the questions do not end")
    assert len(asked_before) == len(set(asked_before))
    assert not {"nihss_total", *STROKE} & set(asked_before)
    assert len(asked_before) > 20


def test_an_answer_of_an_earlier_day_carries_that_day() -> None:
    before = NOW - timedelta(days=3)
    turn = take(Posted({"in_hospital": False, "sex": "male"}, before), NOW)
    assert turn.said["in_hospital"]["date"].startswith("2026-11-17")
    assert turn.said["sex"] == "male"
    assert turn.case.answer("in_hospital").state == "stale"
    fresh = take(Posted({"in_hospital": False}, NOW), NOW)
    assert fresh.case.answer("in_hospital").known


def test_every_other_question_can_be_chosen() -> None:
    listed = {name for _, names in other_questions({"sex": "male"}, "en") for name, _ in names}
    assert listed == {f.id for f in TYPED if whole_of(f.id) == f.id} - {"sex"}


def test_answers_are_told_in_words() -> None:
    said = {
        "sex": "female", "mrs_current": {"value": 3, "date": "2026-11"}, "warning_signs": [],
        "seizure_history": "never", "inr": "unknown",
        "hemoglobin_g_dl": {"value": 130, "unit": "g/L"}, "barthel_items": {"feeding": 5},
        "fma_le_sections": {"E": 20, "F": 4},
        "antithrombotics": [{"drug": "apixaban", "since": "2025"}],
        "in_hospital": {"value": True, "date": "2025"},
    }  # fmt: skip
    told = {one.opens: one for one in tell(case_from_data(said, otherwise=NOW), said, "en")}
    assert (
        told["mrs_current"].value
        == "3: moderate: needs some help, but walks without another person (as of 2026-11)"
    )
    assert told["seizure_history"].value == "never"
    assert told["inr"].value == "not known"
    assert told["hemoglobin_g_dl"].value == "13 g/dL"
    assert told["fma_le"].value == "total 24"
    assert told["antithrombotics"].value == "apixaban (2025)"
    assert told["barthel_total"].notes == ("9 items are empty, so there is no total yet",)
    assert told["in_hospital"].notes == (asking_words("en").say("answer.too_old"),)
    assert told["warning_signs"].value == "None"
