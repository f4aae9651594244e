"""The sentences of this room, from its catalogue."""

from __future__ import annotations

from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language

__all__ = ["flag_text", "say"]


def say(key: str, /, **filling: object) -> str:
    """Give a sentence of ``evidence/texts.yaml`` in English, its gaps filled."""
    return _catalogue("en").say(key, **filling)


def _catalogue(language: Language) -> Catalogue:
    return Catalogue("evidence/texts.yaml", load_data("evidence/texts.yaml"), language)


def flag_text(flag: str, language: Language = "en") -> str:
    """Say what a flag of a contrast means.

    Examples
    --------
    >>> flag_text("percent")
    'counts worked out from printed percentages'
    """
    return _catalogue(language).say(f"flags.{flag}")
