"""The words that open every page, whatever it is about."""

from __future__ import annotations

from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language, in_language
from saisei.decision.model import Emergency

__all__ = ["emergency_words"]

FILE = "decision/texts.yaml"


def emergency_words(language: Language = "en") -> Emergency:
    """Give the emergency words and the numbers to call.

    Examples
    --------
    >>> emergency_words().numbers[0]
    ('Japan', '119')
    """
    texts = load_data(FILE)
    numbers = tuple(
        (in_language(entry["place"], language), str(entry["number"]))
        for entry in texts["emergency"]["numbers"]
    )
    return Emergency(Catalogue(FILE, texts, language).say("emergency.text"), numbers)
