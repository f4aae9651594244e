"""Pages of the application: one frame, one catalogue, one way to print."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from fastapi import APIRouter, Form, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from saisei.base.errors import OptionError, Problem
from saisei.base.texts import LANGUAGES
from saisei.decision import emergency_words
from saisei.web.words import COOKIE, language_of, words

__all__ = ["page", "pages", "printed", "static_path"]

pages = APIRouter(include_in_schema=False)

PARTS = (
    ("/", "frame.home"),
    ("/ask", "frame.ask"),
    ("/evidence", "frame.evidence"),
    ("/therapies", "frame.therapies"),
)
"""Where the head of each page leads."""
YEAR = 365 * 24 * 3600


def page(request: Request, template: str, *, status: int = 200, **known: object) -> HTMLResponse:
    """Print a page in the language of the request.

    Parameters
    ----------
    request
        What was asked.
    template
        The template's name without its ending; it extends ``frame.html.j2``.
    status
        The HTTP status.
    known
        What the template can ask beside the frame's own things.
    """
    language = language_of(request)
    shown = {
        "language": language,
        "languages": [(code, words(code).say("frame.own_name")) for code in LANGUAGES],
        "say": words(language).say,
        "emergency": emergency_words(language),
        "parts": PARTS,
        "here": request.url.path,
        "back": request.url.path if request.method == "GET" else "/",
        "static": static_path,
        **known,
    }
    return HTMLResponse(printed(template, shown), status)


def printed(template: str, known: Mapping[str, object]) -> str:
    """Print a template, whole page or part of one."""
    return _environment().get_template(f"{template}.html.j2").render(known)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("saisei.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _file(name: str) -> bytes:
    return (resources.files("saisei.web") / "static" / name).read_bytes()


@cache
def static_path(name: str) -> str:
    """Give the address of one of our files; another content has another address."""
    return f"/static/{hashlib.sha256(_file(name)).hexdigest()[:16]}/{name}"


TYPES = {"saisei.css": "text/css", "saisei.js": "text/javascript"}
"""Our own files, all of them."""


@pages.get("/static/{digest}/{name}")
async def static(digest: str, name: str) -> Response:
    """Give one of our own files; it may be kept for ever, since its address holds its hash."""
    if name not in TYPES or f"/static/{digest}/{name}" != static_path(name):
        return Response(status_code=404)
    kept = {"cache-control": f"public, max-age={YEAR}, immutable"}
    return Response(_file(name), media_type=f"{TYPES[name]}; charset=utf-8", headers=kept)


@pages.get("/")
async def home(request: Request) -> Response:
    """Say what this is, and where to begin."""
    return page(request, "home")


@pages.get("/privacy")
async def privacy(request: Request) -> Response:
    """Say what is kept and what is not."""
    return page(request, "privacy")


@pages.post("/language")
async def choose_language(language: str = Form(""), back: str = Form("/")) -> Response:
    """Keep the language that was chosen, and go back."""
    if language not in LANGUAGES:
        expected = f"one of {', '.join(LANGUAGES)}"
        raise OptionError(Problem("language", "no such language", expected, field="language"))
    within = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    answer = RedirectResponse(within, 303)
    answer.set_cookie(COOKIE, language, max_age=YEAR, httponly=True, samesite="strict")
    return answer
