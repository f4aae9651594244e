"""The words of the screening command in a language, and the option that chooses it."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import typer

from saisei.base.store import load_data
from saisei.base.texts import LANGUAGES, Catalogue, Language
from saisei.cli.output import must_be_known

__all__ = ["language_option", "read_language", "texts", "typed"]

FILE = "cli/texts.yaml"


def language_option() -> Any:
    """Give the option ``--language``."""
    known = ", ".join(LANGUAGES)
    return typer.Option("--language", help=f"The language of what is said: {known}.")


def read_language(written: str) -> Language:
    """Read ``--language``.

    Raises
    ------
    OptionError
        It is none that we have.
    """
    must_be_known(written, LANGUAGES, "--language")
    return cast(Language, written)


@cache
def texts(language: Language) -> Catalogue:
    """Give the command's own words."""
    return Catalogue(FILE, load_data(FILE), language)


def typed(meaning: str) -> tuple[str, ...]:
    """Give the words that are understood as an answer: ``yes``, ``no``, ``unknown``, …."""
    return tuple(load_data(FILE)["typed"][meaning])
