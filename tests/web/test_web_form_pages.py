"""The form as pages: a walk without JavaScript, mistakes, gates, files, and the report."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cases.fhir_bundles import bundle, concept, condition
from saisei.base.documents import parse_document, read_document
from saisei.base.texts import LANGUAGES
from saisei.cases import case_from_data, fields
from saisei.cli import app as commands
from saisei.decision import decide
from saisei.report import to_html, to_json
from saisei.web.answers import strings_of
from saisei.web.form import whole_of
from web.web_form_reading import NOW, FormRead, asking, emptied, read_form, typed_pairs

EXAMPLES = Path(__file__).parents[2] / "examples"
ARM = EXAMPLES / "01-chronic-arm.yaml"
ASK = asking()
Pairs = list[tuple[str, str]]


def said_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_document(path).data
    return content


def sent(pairs: Pairs, path: str = "/ask", client: TestClient = ASK) -> Any:
    """Send a form as a browser does."""
    fields_of: dict[str, list[str]] = {}
    for name, value in pairs:
        fields_of.setdefault(name, []).append(value)
    return client.post(path, data=fields_of)


def page_of(response: Any) -> FormRead:
    assert response.headers["content-type"].startswith("text/html")
    return read_form(response.text)


def with_case(said: dict[str, Any], *more: tuple[str, str]) -> Pairs:
    return [("case", json.dumps(said)), ("step", "2"), *more]


# ---- a walk ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_form_leads_to_a_report_with_nothing_but_unknown(language: str) -> None:
    client = asking()
    client.headers["accept-language"] = language
    form = page_of(client.get("/ask"))
    seen: list[str] = []
    for _ in range(4):
        answers = emptied(form)
        assert {name.split(".")[0] for name in answers} == set(map(whole_of, form.shown))
        form = page_of(sent(form.typed(answers), client=client))
        assert not set(seen) & set(form.shown)
        seen = [*seen, *form.shown]
    assert set(form.case.values()) == {"unknown"}
    report = sent(form.typed({}), "/report", client)
    assert report.status_code == 200
    assert f'<html lang="{language}">' in report.text
    nothing = decide(case_from_data({}, otherwise=NOW), NOW)
    unknown = decide(case_from_data(form.case, otherwise=NOW), NOW)
    assert {fact.value for fact in unknown.person} == {"unknown"}
    assert replace(unknown, person=()) == nothing


def test_the_decision_of_an_example_typed_by_hand_is_that_of_the_command() -> None:
    said = said_of(ARM)
    pairs = typed_pairs({name: strings_of(fields()[name], raw) for name, raw in said.items()})
    typed = page_of(sent([*pairs, ("do", "continue")])).case
    case = case_from_data(typed, otherwise=NOW)
    printed = CliRunner().invoke(commands, ["report", str(ARM), "--as-of", "2026-11-20", "--json"])
    assert printed.exit_code == 0
    assert to_json(decide(case, NOW)) == printed.stdout


def test_the_report_to_keep_is_that_of_the_command_to_the_byte() -> None:
    said = said_of(ARM)
    pairs = typed_pairs({name: strings_of(fields()[name], raw) for name, raw in said.items()})
    kept = sent([*pairs, ("do", "keep")], "/report")
    assert kept.text == sent(with_case(said, ("do", "keep")), "/report").text
    printed = CliRunner().invoke(commands, ["report", str(ARM), "--as-of", "2026-11-20"])
    assert kept.text == printed.stdout
    assert kept.headers["content-disposition"] == 'attachment; filename="report.html"'
    assert kept.headers["cache-control"] == "no-store"


def test_questions_left_open_stay_on_the_page_beside_the_next() -> None:
    form = page_of(ASK.get("/ask"))
    after = page_of(sent(form.typed({"respondent.0.value": "self"})))
    assert after.case == {"respondent": "self"}
    assert "respondent" not in after.shown
    assert set(form.shown) - {"respondent"} <= set(after.shown)
    assert "birth_date" in after.shown


def test_an_answer_can_be_looked_at_again_changed_and_taken_back() -> None:
    said = {"fma_ue": {"value": 28, "date": "2026-11-05"}, "sex": "male"}
    form = page_of(sent(with_case(said, ("open", "fma_ue"))))
    assert form.shown == ["fma_ue", "fma_ue_sections"]
    assert ("fma_ue.0.value", "28") in form.pairs
    more = {"fma_ue.1.value": "30", "fma_ue.1.date": "2026-11-19"}
    two = page_of(sent(form.typed(more, do="done")))
    assert [row["value"] for row in two.case["fma_ue"]] == [28, 30]
    assert list(two.case) == ["fma_ue", "sex"]
    none = page_of(sent(form.typed({"fma_ue.0.value": "", "fma_ue.0.date": ""}, do="done")))
    assert none.case == {"sex": "male"}


def test_a_source_that_a_file_gave_stays_with_its_value() -> None:
    said = {"mrs_current": {"value": 3, "date": "2026-11-05", "source": "clinic"}}
    form = page_of(sent(with_case(said, ("open", "mrs_current"))))
    after = page_of(sent(form.typed({"mrs_current.0.value": "2"}, do="done")))
    assert after.case["mrs_current"] == {"value": 2, "date": "2026-11-05", "source": "clinic"}


def test_items_of_a_sheet_add_up_after_sending() -> None:
    form = page_of(sent(with_case({}, ("open", "barthel_total"))))
    items = [name for name in form.controls if ".item." in name]
    assert len(items) == 10
    after = page_of(sent(form.typed(dict.fromkeys(items, "5"), do="done")))
    assert "total 50" in after.text
    partly = page_of(sent(form.typed({items[0]: "5"}, do="done")))
    assert "9 items are empty" in partly.text


def test_the_nihss_knows_what_could_not_be_examined() -> None:
    form = page_of(sent(with_case({}, ("open", "nihss_items"))))
    items = {name: "0" for name in form.controls if ".item." in name}
    assert len(items) == 15
    after = page_of(sent(form.typed(items | {"nihss_items.0.item.5a": "UN"}, do="done")))
    assert after.case["nihss_items"]["5a"] == "UN"
    assert "total 0" in after.text


# ---- every page ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_control_has_a_label_and_headings_are_in_order(language: str) -> None:
    client = asking()
    client.headers["accept-language"] = language
    every = [("open", name) for name, wanted in fields().items() if not wanted.derived]
    form = page_of(sent(with_case({}, *every), client=client))
    assert len(form.shown) > 200
    assert form.unlabelled == []
    html = sent(with_case({}, *every), client=client).text
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    labelled = set(re.findall(r' for="([^"]+)"', html))
    assert labelled <= set(ids)
    described = set(" ".join(re.findall(r'aria-describedby="([^"]+)"', html)).split())
    assert described <= set(ids)
    assert form.headings[0] == "h1"
    assert form.headings.count("h1") == 1
    assert not re.search(r"\sstyle=|<script(?! src)|\son\w+=", html)


def test_no_english_sentence_is_left_on_the_japanese_page() -> None:
    client = asking()
    client.headers["accept-language"] = "ja"
    every = [("open", name) for name, wanted in fields().items() if not wanted.derived]
    for pairs in (with_case({}, *every), with_case(said_of(ARM)), [("step", "0")]):
        text = page_of(sent(pairs, client=client)).text
        typed = {"atrial fibrillation"}
        assert set(re.findall(r"[a-z]+(?: [a-z]+)+", text)) <= typed


def test_the_enter_key_goes_on_and_does_not_change_the_language() -> None:
    html = ASK.get("/ask").text
    buttons = re.findall(r"<button([^>]*)>", html)
    of_form = [one for one in buttons if 'form="ask"' in one or "formaction" in one]
    assert 'value="continue"' in of_form[0]


def test_the_language_can_change_without_losing_what_was_typed() -> None:
    client = asking()
    form = page_of(client.get("/ask"))
    typed = form.typed({"respondent.0.value": "family", "onset_datetime.0.y": "2024"}, do="")
    turned = sent([*typed, ("language", "ja")], client=client)
    assert '<html lang="ja">' in turned.text
    assert page_of(turned).case == {"respondent": "family", "onset_datetime": "2024"}
    assert client.cookies["language"] == "ja"
    assert '<html lang="ja">' in client.get("/ask").text


# ---- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mistake_stands_beside_its_field_and_at_the_top_and_nothing_is_lost(
    language: str,
) -> None:
    client = asking()
    client.headers["accept-language"] = language
    pairs: Pairs = with_case({"sex": "male"})
    pairs += typed_pairs({"fma_ue": {"0.value": ["4711"], "0.date": ["soon"]}})
    pairs += typed_pairs({"birth_date": {"0.y": ["1964"]}})
    response = sent([*pairs, ("do", "continue")], client=client)
    assert response.status_code == 422
    form = page_of(response)
    assert ("fma_ue.0.value", "4711") in form.pairs
    assert ("fma_ue.0.date", "soon") in form.pairs
    assert form.case == {"sex": "male", "birth_date": "1964"}
    assert len(form.mistakes) == 1
    assert 'href="#q-fma_ue"' in response.text
    assert 'id="q-fma_ue"' in response.text
    assert "4711" not in form.text
    assert "soon" not in form.text


def test_a_mistake_comes_before_the_report() -> None:
    pairs = with_case({}) + typed_pairs({"inr": {"0.value": ["two"]}})
    response = sent(pairs, "/report")
    assert response.status_code == 422
    assert ("inr.0.value", "two") in page_of(response).pairs


@pytest.mark.parametrize("body", ["[]", "{", '{"a": NaN}', "3", '{"sex": "male", "sex": "x"}'])
def test_a_form_that_was_tampered_with_is_refused_without_repeating_it(body: str) -> None:
    response = sent([("case", body)])
    assert response.status_code in (400, 422)
    assert '"sex"' not in response.text


def test_hostile_answers_are_shown_as_text_only() -> None:
    script = "<script>alert(1)</script>"
    pairs = typed_pairs({"inr": {"0.value": [script]}, "antithrombotics": {"0.0.drug": [script]}})
    html = sent([*pairs, ("step", "9e9"), ("moment", script)]).text
    assert script not in html
    assert "&lt;script&gt;" in html


# ---- gates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"warning_signs": ["fever"]},
        {"onset_datetime": "2026-11-19T13:00", "in_hospital": False},
        {"onset_datetime": "2026-11-19T13:00"},
        {"condition": "tbi", "date_brain_injury": "2026-11-18"},
    ],
)
def test_an_emergency_is_that_page_and_nothing_else(said: dict[str, Any]) -> None:
    response = sent(with_case(said, ("do", "continue")))
    assert "Call the emergency number now" in response.text
    assert "119" in response.text
    assert 'id="ask"' not in response.text
    assert "<fieldset" not in response.text
    assert response.text.index("loud") < response.text.index('class="bar"')
    bar = re.findall(r'name="open" value="(\w+)"', response.text)
    again = page_of(sent(with_case(said, *(("open", name) for name in bar))))
    assert set(again.shown) == set(bar)
    assert set(bar) == set(said) - {"condition"}


@pytest.mark.parametrize("path", ["/ask", "/report"])
@pytest.mark.parametrize("more", [("do", "continue"), ("open", "sex"), ("language", "ja")])
def test_an_emergency_comes_before_mistakes_and_other_questions(
    path: str, more: tuple[str, str]
) -> None:
    typed = {"warning_signs": {"0.value": ["fever"]}, "inr": {"0.value": ["two"]}}
    response = sent([*typed_pairs(typed), more], path, asking())
    assert response.status_code == 200
    assert 'class="loud"' in response.text
    assert 'id="ask"' not in response.text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"birth_date": "2015"}, "Under 18"),
        ({"pregnant_or_breastfeeding": True}, "pregnancy"),
        ({"onset_datetime": "2026-11-18", "in_hospital": True}, "first 7 days"),
        ({"condition": "none"}, "No stroke"),
    ],
)
def test_other_gates_are_said_at_once(said: dict[str, Any], words: str) -> None:
    response = sent(with_case(said, ("do", "continue")))
    assert words in response.text
    closed = bool({"birth_date", "pregnant_or_breastfeeding"} & set(said))
    assert (page_of(response).shown == []) is closed


def test_a_date_that_may_be_this_week_says_so() -> None:
    assert "may have been in the last 7 days" in sent(with_case({"onset_datetime": "2026-11"})).text


# ---- files -----------------------------------------------------------------------------------


def loaded(content: bytes, client: TestClient = ASK) -> Any:
    return client.post("/ask/file", files={"file": ("secret-name.yaml", content)})


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_can_be_loaded_and_saved(path: Path) -> None:
    response = loaded(path.read_bytes())
    assert response.status_code == 200
    case = case_from_data(said_of(path), otherwise=NOW)
    if "Call the emergency number" in response.text:
        assert path.stem in ("02b-first-day-hospital-not-stated", "12-already-treated")
        return
    form = page_of(response)
    assert case_from_data(form.case, otherwise=NOW).entries == case.entries
    saved = sent(form.typed({}), "/case.yaml")
    assert saved.headers["content-disposition"] == 'attachment; filename="case.yaml"'
    again = case_from_data(parse_document(saved.content, "case"), otherwise=NOW)
    for name in fields():
        assert again.answer(name).value == case.answer(name).value, name
        assert again.answer(name).state == case.answer(name).state, name
    assert loaded(saved.content).status_code == 200
    assert "secret-name" not in response.text


def test_a_record_of_a_hospital_can_be_loaded() -> None:
    record = bundle(condition("I63.9", "2024-09-18"))
    response = loaded(b"\xef\xbb\xbf" + json.dumps(record).encode())
    assert response.status_code == 200
    said = page_of(response).case
    read = case_from_data(record, otherwise=NOW)
    assert case_from_data(said, otherwise=NOW).entries == read.entries
    assert "entries of the record were read" in response.text
    assert "Yamada" not in response.text
    assert concept("", "")["text"] == "Yamada Taro"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"- a\n- b",
        b"a: [",
        b"{",
        b"a: &x 1\nb: *x",
        b'{"resourceType": "Patient"}',
        b"[" * 99,
    ],
)
def test_a_file_that_is_no_case_is_told_in_words(content: bytes) -> None:
    response = loaded(content)
    assert response.status_code == 422
    assert "Something needs a second look" in response.text
    assert page_of(response).case == {}


def test_mistakes_of_a_file_stand_beside_their_fields() -> None:
    response = loaded(b"sex: male\nfma_ue: 99\nfavourite_colour: blue\nas_of: tomorrow\n")
    assert response.status_code == 422
    form = page_of(response)
    assert form.case == {"sex": "male"}
    assert ("fma_ue.0.value", "99") in form.pairs
    assert form.shown == ["fma_ue", "fma_ue_sections"]
    assert "which no case has" in form.text
    assert "favourite_colour" in form.text
    assert "blue" not in form.text
    assert "tomorrow" not in form.text


def test_the_moment_of_a_file_stays_until_it_is_taken_out() -> None:
    form = page_of(loaded(b"as_of: 2026-01-05\nsex: male\nin_hospital: false\n"))
    assert form.case["as_of"] == "2026-01-05"
    saved = sent(form.typed({}), "/case.yaml").text
    assert "as_of: '2026-01-05'" in saved or "as_of: 2026-01-05" in saved
    report = sent(form.typed({}), "/report").text
    assert "5 January 2026" in report
    assert "as_of" not in page_of(sent(form.typed({}, do="today"))).case


# ---- the report ------------------------------------------------------------------------------


def test_the_report_lets_in_its_own_style_and_nothing_else() -> None:
    response = sent(with_case({"sex": "male"}), "/report")
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = response.headers["content-security-policy"]
    assert f"'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "http-equiv" not in response.text
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers


def test_the_page_of_the_command_has_no_bar_and_keeps_its_own_rules() -> None:
    decision = decide(case_from_data({"sex": "male"}, otherwise=NOW), NOW)
    plain = to_html(decision)
    assert "default-src 'none'" in plain
    assert "<script" not in plain
    assert "bar" not in re.findall(r'class="(\w+)"', plain)
    assert 'content="no-referrer"' in plain
    around = sent(with_case({"sex": "male"}), "/report").text
    body = slice(plain.index("<main>"), plain.index("</main>"))
    assert plain[body] in around


def test_the_bar_leads_back_to_the_answers() -> None:
    html = sent(with_case({"sex": "male"}), "/report").text
    bar = html[html.index('<form class="bar"') : html.index("</form>")]
    assert 'formaction="/ask"' in bar
    hidden = dict(re.findall(r'name="(case|step)" value="([^"]*)"', bar))
    assert hidden["step"] == "2"
    assert json.loads(hidden["case"].replace("&#34;", '"')) == {"sex": "male"}
    assert page_of(sent(with_case({"sex": "male"}))).case == {"sex": "male"}
    japanese = sent(with_case({"sex": "male"}, ("language", "ja")), "/report")
    assert '<html lang="ja">' in japanese.text
    assert "回答に戻る" in japanese.text
