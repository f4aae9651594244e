"""The words of the form: its catalogue, and the names of fields, values, units and choices."""

from __future__ import annotations

from functools import cache
from typing import Any

from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language
from saisei.cases import Field
from saisei.eligibility import field_name, value_word

__all__ = ["allowed", "asking_table", "asking_words", "label_of", "unit_word", "word_of"]

FILE = "web/asking.yaml"
QUOTES = "「」"


@cache
def asking_words(language: Language) -> Catalogue:
    """Give the catalogue of the form in a language."""
    return Catalogue(FILE, load_data(FILE), language)


def asking_table(name: str) -> Any:
    """Give one of the small tables of the form (`first`, `forecast`, …)."""
    return load_data(FILE)[name]


def label_of(name: str, language: Language) -> str:
    """Give a short name of a field, for lists of answers."""
    label = field_name(name, language)
    return label[:1].upper() + label[1:] if not label[1:2].isupper() else label


def word_of(value: str, language: Language) -> str:
    """Give the word of a value without quotation marks."""
    words = asking_words(language)
    if words.has(f"word.{value}"):
        return words.say(f"word.{value}")
    return value_word(value, language).strip(QUOTES)


def unit_word(unit: str, language: Language) -> str:
    """Write a unit for people."""
    table = load_data(FILE)["unit"]
    return str(table[unit][language]) if unit in table else unit


def allowed(wanted: Field, language: Language) -> str:
    """Say what the answer can be."""
    say = asking_words(language).say
    if wanted.type == "number":
        return _number(wanted, language)
    if wanted.type in ("date", "datetime", "items", "map"):
        return say(f"allowed.{wanted.type.removesuffix('time')}")
    if wanted.type == "list":
        return say("allowed.listed" if wanted.entries else "allowed.choices")
    return say("allowed.choice")


def _number(wanted: Field, language: Language) -> str:
    say = asking_words(language).say
    if wanted.range is None:
        return say("allowed.number")
    filling = {"low": f"{wanted.range.low:g}", "high": f"{wanted.range.high:g}"}
    if wanted.step == 1:
        return say("allowed.whole", **filling)
    if wanted.step:
        return say("allowed.steps", step=f"{wanted.step:g}", **filling)
    return say("allowed.between", **filling)
