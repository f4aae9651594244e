"""The catalogue of the web pages' own words, and the language that a request asks for."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request

from saisei.base.store import load_data
from saisei.base.texts import LANGUAGES, Catalogue, Language

__all__ = ["COOKIE", "language_of", "words"]

FILE = "web/texts.yaml"
COOKIE = "language"
"""The only cookie: which language was chosen."""


@cache
def words(language: Language) -> Catalogue:
    """Give the catalogue in a language."""
    return Catalogue(FILE, load_data(FILE), language)


def language_of(request: Request) -> Language:
    """Give the language of a request: chosen before, else wished by the browser, else English."""
    chosen = request.cookies.get(COOKIE)
    for language in LANGUAGES:
        if chosen == language:
            return language
    return _wished(request.headers.get("accept-language", ""))


def _wished(header: str) -> Language:
    """Read ``Accept-Language``: the first of ours by weight, English where none is.

    Examples
    --------
    >>> _wished("fr, ja;q=0.8, en;q=0.5"), _wished("de"), _wished("en;q=0, ja;q=x")
    ('ja', 'en', 'en')
    """
    weighed = sorted(map(_weighed, header.split(",")), key=lambda pair: -pair[0])
    for weight, name in weighed:
        for language in LANGUAGES:
            if weight > 0 and name == language:
                return language
    return "en"


def _weighed(part: str) -> tuple[float, str]:
    name, _, weight = part.strip().partition(";q=")
    try:
        return (float(weight) if weight else 1.0), name.split("-")[0].lower()
    except ValueError:
        return 0.0, name
