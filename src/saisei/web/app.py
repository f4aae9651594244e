"""The application: routes put together, refusals in words, the guard before all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from saisei import __version__
from saisei.base.errors import CaseError, DocumentError, InputError, Problem
from saisei.web.api import api
from saisei.web.asking import asking
from saisei.web.evidence import evidence
from saisei.web.guard import Guard, Limits
from saisei.web.pages import page, pages
from saisei.web.problems import problem_response
from saisei.web.therapies import therapies
from saisei.web.words import language_of

__all__ = ["create_app"]

CODES = {
    404: "not-found",
    405: "not-allowed",
    408: "too-slow",
    413: "too-large",
    415: "not-json",
    429: "too-many",
}
WORKERS = 4
"""Requests that are worked on at once; more would only slow each other down. Others wait."""
API = "/api/"


def create_app(clock: Callable[[], datetime], limits: Limits | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    clock
        Gives the moment of a request, with its zone: what a report is for unless it says so itself.
    limits
        How much one client may ask for, and under which names the application answers.
    """
    app = FastAPI(
        title="Saisei",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # it stands among the addresses of the API, with its own schemas
        lifespan=_lifespan,
    )
    app.state.clock = clock
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_read)
    app.add_exception_handler(InputError, _mistaken)
    app.include_router(api)
    app.include_router(asking)
    app.include_router(evidence)
    app.include_router(therapies)
    app.include_router(pages)
    app.add_middleware(Guard, refuse=_told, limits=limits or Limits())
    return app


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = WORKERS
    yield


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = _told(request, status, CODES.get(status, "bad-body"))
    allowed = dict(getattr(error, "headers", None) or {})
    if "Allow" in allowed:
        response.headers["allow"] = allowed["Allow"]
    return response


async def _not_read(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    return _told(request, 422, "bad-request", [_problem(one["loc"], one["msg"]) for one in found])


def _problem(loc: Sequence[str | int], message: str) -> Problem:
    """Tell a mistake in the address or in a form; the framework's words hold no value."""
    return Problem("request", "this cannot be read", message, field=str(loc[-1]) if loc else "")


async def _mistaken(request: Request, error: Exception) -> Response:
    problems = error.problems if isinstance(error, InputError) else ()
    if isinstance(error, DocumentError):
        return _told(request, 400, "bad-body", problems)
    code = "bad-case" if isinstance(error, CaseError) else "bad-request"
    return _told(request, 422, code, problems)


def _told(request: Request, status: int, code: str, problems: Sequence[Problem] = ()) -> Response:
    """Refuse in the form of the address: problem details for programs, a page for people."""
    if request.url.path.startswith(API):
        return problem_response(status, code, problems, language=language_of(request))
    return page(request, "refused", status=status, code=code, problems=problems)
