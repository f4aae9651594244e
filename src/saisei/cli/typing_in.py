"""What may be typed as the answer to a question, and how it is read as a value of a case file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from saisei.cli.said import texts, typed

if TYPE_CHECKING:
    from saisei.base.texts import Language
    from saisei.cases import Field

__all__ = ["allowed", "read_answer"]

APART = re.compile(r" *[,、，] *")
QUOTES = "「」"


def allowed(wanted: Field, language: Language = "en") -> str:
    """Say what the answer to a question can be."""
    say = texts(language).say
    if wanted.type == "boolean":
        said = say("allowed.boolean")
    else:
        said = _columns(wanted, language) if wanted.entries else _plain(wanted, language)
    if wanted.never and wanted.type != "list":
        said = say("allowed.or_never", allowed=said)
    return say("allowed.or_none", allowed=said) if wanted.type == "list" else said


def _plain(wanted: Field, language: Language) -> str:
    say = texts(language).say
    match wanted.type:
        case "number":
            return _number(wanted, language)
        case "date" | "datetime":
            return say("allowed.date_ahead" if wanted.future else "allowed.date")
        case "enum" | "list":
            return say(f"allowed.{wanted.type}", values=_values(wanted, language))
        case _:
            return say(f"allowed.{wanted.type}", values=_joined(_parts_of(wanted), language))


def _number(wanted: Field, language: Language) -> str:
    say, filling = texts(language).say, {"within": "", "unit": ""}
    if wanted.range is not None:
        low, high = f"{wanted.range.low:g}", f"{wanted.range.high:g}"
        filling["within"] = say("allowed.within", low=low, high=high)
        if wanted.unit not in (None, "{score}"):
            filling["unit"] = say("allowed.unit", unit=wanted.unit)
    if wanted.step is None or wanted.range is None:
        return say("allowed.number", **filling)
    if wanted.step == 1:
        return say("allowed.whole", **filling)
    return say("allowed.steps", step=f"{wanted.step:g}", **filling)


def _parts_of(wanted: Field) -> Iterable[str]:
    from saisei.cases import item_points

    return item_points(wanted) if wanted.type == "items" else wanted.keys


def _columns(wanted: Field, language: Language) -> str:
    say, columns = texts(language).say, wanted.entries or {}
    values = _values(wanted, language)
    listed = say("allowed.listed", values=values) if values else ""
    also = _joined(columns["also"], language)
    return say("allowed.columns", name=columns["name"], listed=listed, also=also)


def _values(wanted: Field, language: Language) -> str:
    """Name the values: the id that a case file holds, and its word where that is another."""
    from saisei.eligibility import value_word

    say, shown = texts(language).say, list[str]()
    for value in wanted.values:
        word = value_word(value, language).strip(QUOTES)
        shown.append(value if word == value else say("allowed.value", id=value, word=word))
    return _joined(shown, language)


def _joined(parts: Iterable[str], language: Language) -> str:
    return texts(language).say("allowed.comma").join(parts)


def read_answer(wanted: Field, said: str) -> Any:
    """Read an answer as the value of a case file.

    Brackets may be left out, a unit may follow, and a value may be named by its word.
    """
    plain = said.casefold()
    if wanted.type == "boolean":
        for meaning, value in (("yes", True), ("no", False)):
            if plain in typed(meaning):
                return value
    if wanted.never and plain in typed("never"):
        return _value("never")
    if wanted.type == "list":
        return _value(_listed(wanted, said))
    number = re.fullmatch(r"([-+]?[0-9.]+)\s*([^\s0-9.].*)", said)
    if wanted.type == "number" and number:
        return {"value": _value(number[1]), "unit": number[2]}
    if wanted.type == "enum":
        return _value(_id_of(wanted, said))
    if wanted.type in ("map", "items") and said[0] != "{":
        said = f"{{{said}}}"
    return _value(said)


def _listed(wanted: Field, said: str) -> str:
    if said.casefold() in typed("none"):
        return "none"
    if said[0] in "[{" or said.casefold() == "never":
        return said
    return f"[{', '.join(_id_of(wanted, one) for one in APART.split(said))}]"


def _id_of(wanted: Field, said: str) -> str:
    """Give the id of a value that was named by its word, whole or without what is in brackets."""
    from saisei.base.texts import LANGUAGES
    from saisei.eligibility import value_word

    for value in wanted.values:
        for language in LANGUAGES:
            word = value_word(value, language).strip(QUOTES)
            if said.casefold() in (word.casefold(), word.split("（")[0].casefold()):
                return value
    return said


def _value(said: str) -> Any:
    from saisei.base.documents import parse_document

    content: Mapping[str, Any] = parse_document(f"answer: {said}".encode(), "answer").data
    return content["answer"]
