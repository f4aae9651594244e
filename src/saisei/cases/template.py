"""The empty case: every field with its question, what it can hold, and how long it counts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language, in_language
from saisei.cases.fields import Field, fields, table
from saisei.cases.mistakes import expected_of
from saisei.scales import scale
from saisei.scales.scoring import allowed_points, scoring_items

__all__ = ["case_template"]

WIDTH = 100


def case_template(language: Language = "en") -> str:
    """Give an empty case as commented YAML, the fields that decide most first.

    It reads as a case in which nothing is known; filled in, it is a case file.
    """
    say = Catalogue("cases/texts.yaml", load_data("cases/texts.yaml"), language)
    first = [fields()[name] for name in table("essentials")]
    lines = [*_comment(say.say("template.emergency")), "#", *_comment(say.say("template.head")), ""]
    lines += [*_comment(say.say("template.as_of")), "as_of:", ""]
    lines += _part(say.say("template.essentials"), first, say)
    for group, title in table("groups").items():
        rest = [f for f in fields().values() if f.group == group and f not in first]
        lines += _part(in_language(title, language), [f for f in rest if not f.derived], say)
    return "\n".join(lines).rstrip() + "\n"


def _part(title: str, members: list[Field], say: Catalogue) -> Iterator[str]:
    if not members:
        return
    yield f"# ---- {title} ----"
    yield ""
    for wanted in members:
        yield from _field(wanted, say)
        yield ""


def _field(wanted: Field, say: Catalogue) -> Iterator[str]:
    yield from _comment(in_language(wanted.question, say.language))
    facts = [expected_of(wanted), *_how_long(wanted, say)]
    if wanted.judgement:
        facts.append(say.say("template.by_team"))
    if wanted.note and wanted.step:
        facts.append(wanted.note)
    yield from _comment("; ".join(facts), "#   ")
    yield f"{wanted.id}:"
    if wanted.type == "items":
        yield "  value:"
        for item in scoring_items(scale(wanted.scale or "")):
            yield f"    {item.id + ':':12} # {item.name}: {allowed_points(item)}"
        yield "  date:"


def _how_long(wanted: Field, say: Catalogue) -> Iterator[str]:
    how_long: Any = wanted.valid_for
    if isinstance(how_long, int | float):
        key = "template.counts_for_a_day" if how_long == 1 else "template.counts_for"
        yield say.say(key, days=f"{how_long:g}")
    elif isinstance(how_long, Mapping):
        yield _by_answer(how_long, say)


def _by_answer(how_long: Mapping[str, float | None], say: Catalogue) -> str:
    if "chronic" in how_long:
        return say.say(
            "template.counts_by_phase",
            early=how_long["acute_subacute"],
            late=how_long["chronic"],
            border=table("meta")["acute_subacute_to_day"],
        )
    days = next(value for value in how_long.values() if value is not None)
    expires = "any_expires" if None not in how_long.values() else "no_expires"
    return say.say(f"template.{expires}", days=f"{days:g}")


def _comment(text: str, lead: str = "# ") -> Iterator[str]:
    for paragraph in text.split("\n"):
        if len(lead) + len(paragraph) <= WIDTH:
            yield (lead + paragraph).rstrip()
        else:
            indented = textwrap.wrap(paragraph, WIDTH, initial_indent=lead, subsequent_indent=lead)
            yield from indented
