"""The form and the report in a real browser: with and without JavaScript, by keyboard, on a phone.

Pictures of the pages land in ``.screens``, for people to look at.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright

from saisei.base.documents import read_document
from saisei.cases import case_from_data, fields, read_case
from saisei.decision import Decision, decide
from saisei.web import create_app
from saisei.web.answers import strings_of
from saisei.web.form import whole_of
from web.web_form_reading import MANY, NOW

CHROMIUM = Path("/usr/bin/chromium")
SCREENS = Path(__file__).parent / ".screens"
ARM = Path(__file__).parents[2] / "examples" / "01-chronic-arm.yaml"
PHONE, DESK = 390, 1280

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")


@dataclass
class Visit:
    """A page in the browser, the address of the application, and what the browser complained of."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.home + path)

    @property
    def case(self) -> dict[str, Any]:
        """The answers that travel in the form."""
        written = self.page.locator("#ask input[name=case]").input_value()
        found: dict[str, Any] = json.loads(written) if written else {}
        return found

    def press(self, words: str) -> None:
        self.page.locator(".go").get_by_role("button", name=words, exact=True).click()

    def picture(self, name: str, *, whole: bool = True) -> None:
        SCREENS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png", full_page=whole)


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    """Serve the application on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(lambda: NOW, MANY), log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield chromium
    chromium.close()


@contextmanager
def visiting(
    browser: Browser, home: str, *, locale: str = "en-GB", width: int = DESK, scripts: bool = True
) -> Iterator[Visit]:
    context = browser.new_context(
        locale=locale, viewport={"width": width, "height": 900}, java_script_enabled=scripts
    )
    visit = Visit(context.new_page(), home)
    visit.page.set_default_timeout(8000)
    visit.page.on("console", lambda said: visit.complaints.append(said.text))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    yield visit
    context.close()
    assert [one for one in visit.complaints if "Refused" in one or "Error" in one] == []


def questions(page: Page) -> list[str]:
    inputs = page.locator("#ask input[name=shown]").all()
    return [one.get_attribute("value") or "" for one in inputs]


def unknown_of(question: Locator) -> Locator:
    return question.locator("input[value=unknown]").first


def all_unknown(visit: Visit) -> None:
    for name in questions(visit.page):
        if whole_of(name) == name:
            unknown_of(visit.page.locator(f"#q-{name}")).check()


def wide_as(page: Page) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found


def sorted_person(decision: Decision) -> Decision:
    """Put the facts into one order: they stand in the order in which they were answered."""
    return replace(decision, person=tuple(sorted(decision.person, key=lambda fact: fact.field)))


@pytest.mark.parametrize(
    ("locale", "width", "scripts"),
    [
        ("en-GB", DESK, True),
        ("ja-JP", PHONE, True),
        ("en-GB", PHONE, False),
        ("ja-JP", DESK, False),
    ],
)
def test_from_an_empty_form_to_a_report_with_only_i_do_not_know(
    browser: Browser, home: str, *, locale: str, width: int, scripts: bool
) -> None:
    report = {"en-GB": "Make the report", "ja-JP": "報告書を作成する"}[locale]
    on = {"en-GB": "Continue", "ja-JP": "次へ"}[locale]
    with visiting(browser, home, locale=locale, width=width, scripts=scripts) as visit:
        name = f"{locale[:2]}-{width}-{'js' if scripts else 'plain'}"
        visit.go("/")
        visit.page.locator("main a.button").click()
        visit.picture(f"ask-1-{name}")
        seen: set[str] = set()
        for number in (2, 3):
            before = questions(visit.page)
            assert not seen & set(before)
            seen |= set(before)
            all_unknown(visit)
            visit.press(on)
            expect(visit.page.locator(f"#q-{before[0]}")).to_have_count(0)
            assert wide_as(visit.page) == width
            visit.picture(f"ask-{number}-{name}")
        all_unknown(visit)
        assert set(visit.case.values()) == {"unknown"}
        visit.press(report)
        expect(visit.page.locator("form.bar")).to_be_visible()
        expect(visit.page.locator("h1")).to_be_visible()
        assert visit.page.locator("html").get_attribute("lang") == locale[:2]
        assert wide_as(visit.page) == width
        visit.picture(f"report-{name}", whole=False)


def open_question(visit: Visit, name: str) -> None:
    """Open a question from the list of all others, as somebody does who knows more."""
    page = visit.page
    if page.locator(f"#q-{name}").count():
        return
    button = page.locator(f"button[name=open][value={name}]")
    page.locator("details.others > summary").click()
    page.locator("details.others details").filter(has=button).locator("summary").click()
    button.click()
    expect(page.locator(f"#q-{name}")).to_be_visible()


def answer(visit: Visit, name: str, raw: Any) -> None:
    """Fill in one question with the value of a case file."""
    wanted, page = fields()[name], visit.page
    for part, texts in strings_of(wanted, raw).items():
        control = page.locator(f'#asking [name="{name}.{part}"]:not([type=hidden])')
        for text in texts:
            _fill(control, text)


def _fill(control: Locator, text: str) -> None:
    if not control.count():
        return  # a source: a form has no control for it
    kind = control.first.get_attribute("type") or control.first.evaluate("one => one.tagName")
    if kind in ("radio", "checkbox"):
        control.and_(control.page.locator(f'[value="{text}"]')).check()
        return
    for fold in control.locator("xpath=ancestor::details[not(@open)]").all():
        fold.locator("> summary").click()
    if kind == "SELECT":
        control.select_option(text)
    else:
        control.fill(text)


def test_an_example_typed_by_hand_gives_the_decision_of_the_command(
    browser: Browser, home: str
) -> None:
    said: dict[str, Any] = read_document(ARM).data
    with visiting(browser, home) as visit:
        visit.go("/ask")
        for name in ("respondent", "onset_datetime"):
            answer(visit, name, said[name])
        visit.press("Continue")
        expect(visit.page.locator("#q-birth_date")).to_be_visible()
        for name in ("birth_date", "sex", "stroke_type"):
            answer(visit, name, said[name])
        visit.press("Continue")
        expect(visit.page.locator("#q-birth_date")).to_have_count(0)
        for name, raw in said.items():
            if name not in visit.case:
                open_question(visit, whole_of(name))
                answer(visit, name, raw)
                visit.press("Continue")
                expect(visit.page.locator("#ask input[name=case]")).to_have_value(
                    re.compile(f'"{name}"')
                )
        typed = visit.case
        assert set(typed) == set(said)
        visit.picture("example-1")
        visit.press("Make the report")
        expect(visit.page.locator("form.bar")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Print")).to_be_visible()
    decision = decide(case_from_data(typed, otherwise=NOW), NOW)
    assert sorted_person(decision) == sorted_person(decide(read_case(ARM, as_of=NOW), NOW))


def test_the_next_question_is_asked_without_leaving_the_page(browser: Browser, home: str) -> None:
    with visiting(browser, home) as visit:
        visit.go("/ask")
        visit.page.evaluate("window.stayed = true")
        answer(visit, "respondent", "family")
        visit.press("Continue")
        expect(visit.page.locator("#q-sex")).to_be_visible()
        assert visit.page.evaluate("window.stayed") is True
        expect(visit.page.locator("#open-h")).to_be_focused()
        visit.page.get_by_role("button", name="Change Who is answering").click()
        expect(visit.page.locator("#q-respondent input[value=family]")).to_be_checked()


def test_sheets_add_up_as_one_goes(browser: Browser, home: str) -> None:
    with visiting(browser, home) as visit:
        visit.go("/ask")
        open_question(visit, "fma_ue")
        answer(visit, "fma_ue_sections", {"A": 20, "B": 4, "C": 6})
        said = visit.page.locator("#q-fma_ue [data-sum-said]")
        expect(said).to_have_text("30 so far, 1 still empty")
        answer(visit, "fma_ue_sections", {"D": 2})
        expect(said).to_have_text("Total: 32")
        visit.picture("sheet")


def test_a_mistake_takes_the_focus_and_its_link_leads_to_the_question(
    browser: Browser, home: str
) -> None:
    with visiting(browser, home) as visit:
        visit.go("/ask")
        visit.page.locator('[name="onset_datetime.0.y"]').fill("2044")
        visit.press("Continue")
        expect(visit.page.locator(".mistakes")).to_be_focused()
        visit.picture("mistake")
        visit.page.locator(".mistakes a").click()
        expect(visit.page.locator("#q-onset_datetime")).to_be_focused()
        expect(visit.page.locator('[name="onset_datetime.0.y"]')).to_have_value("2044")


def test_by_keyboard_only(browser: Browser, home: str) -> None:
    with visiting(browser, home) as visit:
        visit.go("/ask")
        keys = visit.page.keyboard
        keys.press("Tab")
        expect(visit.page.locator("a.skip")).to_be_focused()
        _tab_to(visit, '[name="respondent.0.value"][value=self]')
        keys.press("Space")
        keys.press("ArrowDown")
        expect(visit.page.locator("#q-respondent input[value=family]")).to_be_checked()
        _tab_to(visit, '[name="warning_signs.0.value"][value=none]')
        keys.press("Space")
        _tab_to(visit, '[name="onset_datetime.0.y"]')
        keys.type("2024")
        keys.press("Enter")
        expect(visit.page.locator("#q-sex")).to_be_visible()
        assert visit.case["onset_datetime"] == "2024"
        _tab_to(visit, ".go [formaction='/report']")
        keys.press("Enter")
        expect(visit.page.locator("form.bar")).to_be_visible()


def _tab_to(visit: Visit, selector: str) -> None:
    wanted = visit.page.locator(selector)
    for _ in range(60):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        visit.page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not lead to {selector}")


def test_an_emergency_is_shown_at_once(browser: Browser, home: str) -> None:
    with visiting(browser, home, width=PHONE) as visit:
        visit.go("/ask")
        visit.page.locator('[name="warning_signs.0.value"][value=fever]').check()
        visit.press("Continue")
        expect(visit.page.locator("h1")).to_have_text("Call the emergency number now")
        assert visit.page.locator("#ask").count() == 0
        visit.picture("emergency")
        visit.page.get_by_role("button", name="Correct an answer").click()
        expect(visit.page.locator('[value="fever"]')).to_be_checked()


def test_a_draft_stays_in_the_browser_as_long_as_one_wants(browser: Browser, home: str) -> None:
    with visiting(browser, home) as visit:
        page, kept = visit.page, "localStorage.getItem('saisei.draft')"
        visit.go("/ask")
        answer(visit, "respondent", "family")
        visit.press("Continue")
        expect(page.locator("#q-sex")).to_be_visible()
        assert '"respondent":"family"' in json.loads(page.evaluate(kept))["case"]
        visit.go("/ask")
        page.get_by_role("button", name="Go on with the draft").click()
        expect(page.locator(".said dd").first).to_have_text("A family member")
        page.get_by_label("Keep a draft").uncheck()
        assert page.evaluate(kept) is None
        answer(visit, "sex", "female")
        visit.press("Continue")
        expect(page.locator(".said dt")).to_have_count(2)
        assert page.evaluate(kept) is None
        visit.go("/ask")
        expect(page.locator("[data-draft-found]")).to_be_hidden()
        expect(page.get_by_label("Keep a draft")).not_to_be_checked()
        page.get_by_label("Keep a draft").check()
        answer(visit, "respondent", "self")
        visit.press("Continue")
        expect(page.locator("#q-sex")).to_be_visible()
        page.get_by_role("button", name="Delete the draft").click()
        assert page.evaluate(kept) is None


def test_a_file_is_saved_and_loaded_again(browser: Browser, home: str, tmp_path: Path) -> None:
    with visiting(browser, home) as visit:
        page = visit.page
        visit.go("/ask")
        page.locator("details.load > summary").click()
        page.locator("#file").set_input_files(ARM)
        page.get_by_role("button", name="Load").click()
        expect(page.locator(".said dt").first).to_be_visible()
        before = visit.case
        with page.expect_download() as download:
            page.get_by_role("button", name="Save the answers as a file").click()
        saved = tmp_path / "case.yaml"
        download.value.save_as(saved)
        visit.go("/ask")
        page.locator("details.load > summary").click()
        page.locator("#file").set_input_files(saved)
        page.get_by_role("button", name="Load").click()
        expect(page.locator(".said dt").first).to_be_visible()
        assert set(visit.case) == set(before)


def test_the_language_changes_without_losing_answers(browser: Browser, home: str) -> None:
    with visiting(browser, home, width=PHONE) as visit:
        visit.go("/ask")
        answer(visit, "respondent", "family")
        visit.page.get_by_role("button", name="日本語").click()
        expect(visit.page.locator("html")).to_have_attribute("lang", "ja")
        assert visit.case == {"respondent": "family"}
        visit.press("報告書を作成する")
        expect(visit.page.locator("form.bar")).to_be_visible()
        visit.page.get_by_role("button", name="回答に戻る").click()
        expect(visit.page.locator("html")).to_have_attribute("lang", "ja")
        assert visit.case == {"respondent": "family"}
