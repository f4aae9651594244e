"""The form and the report in a browser: a walk of pages that keeps nothing on the server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, Response

from saisei.base.documents import Document, parse_document
from saisei.base.errors import CaseError, DocumentError
from saisei.base.json_text import parse_json
from saisei.base.texts import LANGUAGES, Language, day_in_words, in_language, translated
from saisei.cases import case_from_data, fields, table
from saisei.decision import Kind, Options, decide, emergency_words, pass_gates
from saisei.report import Around, style_hash, to_html
from saisei.web.flow import last_step, next_fields, other_questions, show
from saisei.web.form import Asked
from saisei.web.form_words import asking_words
from saisei.web.guard import policy_of
from saisei.web.kept import AS_OF, case_file, said_in
from saisei.web.pages import page, printed, static_path
from saisei.web.told import tell
from saisei.web.turn import Mistake, Posted, Turn, judged, read_posted, take
from saisei.web.words import COOKIE, language_of, words

__all__ = ["asking"]

asking = APIRouter(include_in_schema=False)

YEAR = 365 * 24 * 3600
FHIR = b'"resourceType"'
LED_TO_EMERGENCY = ("warning_signs", "onset_datetime", "in_hospital", "date_brain_injury")
"""The questions whose answers lead to the emergency page."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of the form: who asks in which language, when, and what was sent."""

    request: Request
    language: Language
    moment: datetime
    posted: Posted


@asking.get("/ask")
async def first_page(request: Request) -> Response:
    """Show the first questions."""
    sent = Sent(request, language_of(request), _now(request), Posted())
    return await run_in_threadpool(_page, sent, take(sent.posted, sent.moment))


@asking.post("/ask")
async def next_page(request: Request) -> Response:
    """Take answers, and ask what is still open."""
    return await run_in_threadpool(_answered, await _sent(request))


@asking.post("/ask/file")
async def load(request: Request) -> Response:
    """Go on with the answers of a file; it is read and not kept."""
    async with request.form(max_files=1, max_fields=10) as form:  # closed: it never gets to a disk
        file = form.get("file")
        content = await file.read() if isinstance(file, UploadFile) else b""
    sent = Sent(request, language_of(request), _now(request), Posted())
    return await run_in_threadpool(_loaded, sent, content)


@asking.post("/case.yaml")
async def save(request: Request) -> Response:
    """Give the answers as a case file."""
    sent = await _sent(request)
    turn = take(sent.posted, sent.moment)
    say = asking_words(sent.language).say
    day = translated(day_in_words(sent.moment.date()), sent.language)
    head = (str(emergency_words(sent.language).text), say("saved.head", day=day))
    text = case_file(turn.said, sent.moment, *head, say("saved.whoever"))
    return Response(text, media_type="application/yaml", headers=_attached("case.yaml"))


@asking.post("/report")
async def report(request: Request) -> Response:
    """Make the report of the answers; what needs a second look comes first."""
    return await run_in_threadpool(_report, await _sent(request))


def _now(request: Request) -> datetime:
    moment: datetime = request.app.state.clock()
    return moment


async def _sent(request: Request) -> Sent:
    async with request.form(max_files=0, max_fields=5000) as form:
        pairs = form.multi_items()
    posted = read_posted((name, text) for name, text in pairs if isinstance(text, str))
    return Sent(request, posted.language or language_of(request), _now(request), posted)


def _answered(sent: Sent) -> Response:
    turn, posted = take(sent.posted, sent.moment), sent.posted
    on = "continue" in posted.actions and not turn.problems
    sent = replace(sent, posted=replace(posted, step=posted.step + 1)) if on else sent
    looking_again = posted.opened and not posted.typed
    return _page(sent, turn) if looking_again else _page_or_emergency(sent, turn)


def _page_or_emergency(sent: Sent, turn: Turn, notice: str = "") -> Response:
    """Let an emergency come before all else, also before mistakes in other answers."""
    if pass_gates(turn.case).kind is Kind.EMERGENCY:
        return _shown(sent, turn)
    return _page(sent, turn, notice=notice)


def _loaded(sent: Sent, content: bytes) -> Response:
    words = asking_words(sent.language)
    sent = replace(sent, posted=Posted(step=last_step()))
    if not content:
        return _page(replace(sent, posted=Posted()), judged({}, sent.moment), "no-file")
    try:
        document = _document(content)
        turn, notice = _read(document, sent.moment, sent.language)
    except (CaseError, DocumentError):
        return _page(replace(sent, posted=Posted()), judged({}, sent.moment), "unreadable")
    return _page_or_emergency(sent, turn, notice or words.say("page.loaded"))


def _document(content: bytes) -> Document:
    plain = content.removeprefix(b"\xef\xbb\xbf")
    is_fhir = plain.lstrip().startswith(b"{") and FHIR in plain
    return (parse_json if is_fhir else parse_document)(plain, "case")


def _read(document: Document, moment: datetime, language: Language) -> tuple[Turn, str]:
    """Read a file: a record as a whole, a case answer by answer."""
    content = document.data
    if not isinstance(content, dict) or "resourceType" in content:
        case = case_from_data(document, otherwise=moment)
        said, record = said_in(case), case.record
        if record is None:
            return judged(said, moment), ""
        told = {"read": record.read, "total": record.total}
        return judged(said, moment), asking_words(language).say("page.record", **told)
    said = {str(name): raw for name, raw in content.items() if raw is not None}
    return judged(said, moment), ""


def _report(sent: Sent) -> Response:
    turn = take(sent.posted, sent.moment)
    return _page_or_emergency(sent, turn) if turn.problems else _shown(sent, turn)


def _shown(sent: Sent, turn: Turn) -> Response:
    """Print the report with its bar; as a file to keep it is the page of ``saisei report``."""
    decision = decide(turn.case, turn.case.as_of, Options(language=sent.language))
    if "keep" in sent.posted.actions:
        return HTMLResponse(to_html(decision), headers=_attached("report.html"))
    around = _around(sent, turn, emergency=decision.kind is Kind.EMERGENCY)
    policy = {"content-security-policy": policy_of([style_hash(around)])}
    return _chosen(sent, HTMLResponse(to_html(decision, around), headers=policy))


def _around(sent: Sent, turn: Turn, *, emergency: bool) -> Around:
    known = _frame(sent) | _hidden(sent, turn)
    led = [name for name in LED_TO_EMERGENCY if name in turn.said]
    known |= {"emergency_page": emergency, "led": led}
    bar = Markup(printed("report-bar", known))  # noqa: S704 - a template with autoescape printed it
    nothing = Markup("")
    above, below = (nothing, bar) if emergency else (bar, nothing)
    return Around(above, below, _bar_style(), static_path("saisei.js"))


@cache
def _bar_style() -> str:
    folder = resources.files("saisei.web") / "templates"
    return folder.joinpath("report-bar.css").read_text(encoding="utf-8")


def _page(sent: Sent, turn: Turn, problem: str = "", *, notice: str = "") -> Response:
    """Print the page of the form."""
    language, say = sent.language, asking_words(sent.language).say
    gate, posted = pass_gates(turn.case), sent.posted
    wanted = next_fields(turn.case, turn.said, gate, posted.step, language)
    questions = show(turn, wanted, posted.opened, language)
    mistakes = turn.mistakes(language)
    if problem:
        mistakes = (Mistake("", say(f"mistake.{problem}")), *mistakes)
    known = _frame(sent) | _hidden(sent, turn)
    known |= {
        "questions": questions,
        "shown": [name for one in questions for name in _names(one)],
        "mistakes": mistakes,
        "label": lambda name: fields()[name].asked(language),
        "answers": tell(turn.case, turn.said, language),
        "as_of": turn.said.get(AS_OF, ""),
        "others": other_questions(turn.said, language),
        "group": lambda name: in_language(table("groups")[name], language),
        "kind": str(gate.kind),
        "may_be_first_week": gate.may_be_first_week,
        "again": bool(turn.typed or posted.opened),
        "is_first": posted.step == 0 and not turn.said,
        "notice": notice,
    }
    status = 422 if mistakes else 200
    return _chosen(sent, page(sent.request, "ask", status=status, **known))


def _names(one: Asked) -> tuple[str, ...]:
    return (one.id, one.sheet.id) if one.sheet else (one.id,)


def _frame(sent: Sent) -> dict[str, object]:
    """Give what a page needs in the language that was chosen with the form."""
    return {
        "language": sent.language,
        "say": words(sent.language).say,
        "ask": asking_words(sent.language).say,
        "emergency": emergency_words(sent.language),
        "languages": [(code, words(code).say("frame.own_name")) for code in LANGUAGES],
    }


def _hidden(sent: Sent, turn: Turn) -> dict[str, object]:
    """Give what travels in the form: nothing of it stays here."""
    case = json.dumps(turn.said, ensure_ascii=False, separators=(",", ":"))
    moment = sent.moment.isoformat(timespec="minutes")
    return {"case": case if turn.said else "", "moment": moment, "step": sent.posted.step}


def _chosen(sent: Sent, response: HTMLResponse) -> Response:
    """Keep a language that was chosen on the way."""
    if sent.posted.language is not None:
        chosen = sent.posted.language
        response.set_cookie(COOKIE, chosen, max_age=YEAR, httponly=True, samesite="strict")
    return response


def _attached(name: str) -> Mapping[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}
