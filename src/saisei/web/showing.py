"""How the pages of the evidence are printed, and how a wrong address is answered in words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Coroutine, Iterable
from functools import cache
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from saisei import __version__
from saisei.base.store import data_digest, load_data
from saisei.evidence import studies
from saisei.web.evidence_words import speech
from saisei.web.filters import LONGEST, WrongFilterError
from saisei.web.pages import page
from saisei.web.words import language_of

__all__ = ["Missing", "ToldRoute", "evidence_read", "nearest", "shown", "source_address"]

What = Literal["study", "question", "programme", "trial", "picture", "file"]


class Missing(Exception):  # noqa: N818 - it is an answer (404), not an error of ours
    """Nothing has the name that an address asks for.

    Parameters
    ----------
    what
        What was asked for.
    name
        Its name in the address.
    near
        Addresses and titles of what is near to it.
    home
        Where all of them are listed.
    known
        What is known of the name all the same.
    """

    def __init__(
        self,
        what: What,
        name: str,
        near: Iterable[tuple[str, str]] = (),
        *,
        home: str,
        known: str = "",
    ) -> None:
        super().__init__(what)
        self.what, self.name = what, name[:LONGEST]
        self.near, self.home, self.known = tuple(near), home, known


def nearest(name: str, known: Iterable[tuple[str, str]], most: int = 4) -> list[tuple[str, str]]:
    """Find the ids nearest to a name, by id or by a part of the title.

    Parameters
    ----------
    known
        Ids with their titles.
    """
    titles = dict(known)
    wanted = name[:LONGEST].casefold()
    by_id = {one.casefold(): one for one in titles}
    close = [by_id[one] for one in difflib.get_close_matches(wanted, by_id, most, 0.5)]
    inside = [one for one, title in titles.items() if wanted and wanted in title.casefold()]
    inside += [one for one in titles if len(wanted) > 2 and wanted in one.casefold()]
    return [(one, titles[one]) for one in list(dict.fromkeys([*close, *inside]))[:most]]


class ToldRoute(APIRoute):
    """A route whose wrong addresses are answered with a page: what is wrong, and what there is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except Missing as missing:
                return shown(request, "missing", status=404, missing=missing)
            except WrongFilterError as wrong:
                return shown(request, "wrong", status=422, wrong=wrong)

        return told


def source_address(key: str) -> str:
    """Give the address at which a source stands: on its study's page, or in the list of all."""
    home, _, own = key.partition("/")
    if home in _study_ids():
        return f"/evidence/studies/{home}#source-{own}"
    return f"/sources?{urlencode({'q': key})}"


@cache
def _study_ids() -> frozenset[str]:
    return frozenset(one.id for one in studies())


def evidence_read() -> str:
    """Give the day up to which the evidence was read, as the data say it."""
    return str(load_data("decision/reading.yaml")["evidence_read"])


def shown(request: Request, template: str, *, status: int = 200, **known: object) -> Response:
    """Print a page with the words of the evidence; a change of language keeps the filters."""
    words = speech(language_of(request))
    query = f"?{request.url.query}" if request.url.query and status == 200 else ""
    return page(
        request,
        template,
        status=status,
        tell=words.tell,
        term=words.term,
        terms=words.terms,
        joined=words.joined,
        data=words.data,
        day=words.day,
        source_address=source_address,
        country=lambda code: words.named("therapy.countries", code),
        quality=lambda word: words.named("therapy.qualities", word),
        read_on=evidence_read(),
        version=__version__,
        digest=data_digest(),
        back=request.url.path + query if status == 200 else "/evidence",
        **known,
    )
