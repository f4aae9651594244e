"""The room's catalogue of sentences."""

from __future__ import annotations

from functools import cache

from saisei.base.store import load_data
from saisei.base.texts import Catalogue

__all__ = ["say"]

FILE = "appraisal/texts.yaml"


@cache
def _catalogue() -> Catalogue:
    return Catalogue(FILE, load_data(FILE))


def say(key: str, /, **filling: object) -> str:
    """Give the sentence under a key, filled in."""
    return _catalogue().say(key, **filling)
