"""The application: routes put together, refusals in words, the guard before all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from saisei import __version__
from saisei.base.errors import InputError, Problem
from saisei.web.guard import Guard, Limits
from saisei.web.pages import page, pages
from saisei.web.problems import problem_response
from saisei.web.words import language_of

__all__ = ["create_app"]

CODES = {404: "not-found", 405: "not-allowed", 413: "too-large", 429: "too-many"}


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
        openapi_url="/api/v1/openapi.json",
    )
    app.state.clock = clock
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_read)
    app.add_exception_handler(InputError, _mistaken)
    app.add_exception_handler(Exception, _broken)
    app.include_router(pages)
    app.add_middleware(Guard, limits=limits or Limits())
    return app


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _told(request, status, CODES.get(status, "bad-body"))


async def _not_read(request: Request, _: Exception) -> Response:
    return _told(request, 422, "bad-body")


async def _mistaken(request: Request, error: Exception) -> Response:
    problems = error.problems if isinstance(error, InputError) else ()
    return _told(request, 422, "bad-case", problems)


async def _broken(request: Request, _: Exception) -> Response:
    return _told(request, 500, "broken")


def _told(request: Request, status: int, code: str, problems: Sequence[Problem] = ()) -> Response:
    """Refuse in the form of the address: problem details for programs, a page for people."""
    if request.url.path.startswith("/api/"):
        return problem_response(status, code, problems, language=language_of(request))
    return page(request, "refused", status=status, code=code, problems=problems)
