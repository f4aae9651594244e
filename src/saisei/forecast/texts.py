"""The room's catalogue of sentences."""

from __future__ import annotations

from functools import cache

from saisei.base.store import load_data
from saisei.base.texts import Catalogue

__all__ = ["say", "spoken"]

FILE = "forecast/texts.yaml"


@cache
def _catalogue() -> Catalogue:
    return Catalogue(FILE, load_data(FILE))


def say(key: str, /, **filling: object) -> str:
    """Give the sentence under a key, filled in."""
    return _catalogue().say(key, **filling)


def spoken(count: int) -> str:
    """Say how many of 100 people, without claiming that none or all of them ever would.

    Examples
    --------
    >>> spoken(12), spoken(0), spoken(100)
    ('about 12', 'fewer than 1', 'more than 99')
    """
    key = {0: "none", 100: "all"}.get(count, "some")
    return say(f"count.{key}", n=count)
