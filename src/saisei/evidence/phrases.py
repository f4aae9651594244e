"""The sentences of this room, from its catalogue."""

from __future__ import annotations

from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language

__all__ = ["beside_text", "flag_text", "say"]


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


def beside_text(why: str, language: Language = "en") -> str:
    """Say why a contrast stands beside the pool (its `why_beside`).

    Examples
    --------
    >>> beside_text("post-hoc")
    'chosen after the results were known'
    """
    return _catalogue(language).say(f"beside.{why}")
