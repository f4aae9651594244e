"""The page: one HTML file with everything inside, that loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from saisei.decision.model import Decision, Kind
from saisei.decision.views import FutureView, GainRow, LeftOutRow, UnreadRow
from saisei.report.check import check_decision
from saisei.report.citations import host_of, identifier_link, web_address
from saisei.report.figures import Figures
from saisei.report.glossary import hard_words
from saisei.report.outline import COMPARED, NEXT, Outline, outline
from saisei.report.page import Page, emphasised
from saisei.report.paper import cited, on_paper
from saisei.report.tables import Tables

__all__ = ["Around", "print_page", "style_hash", "to_html"]

LED = ("harms", "therapies")
"""Parts to which their name in a sentence leads."""

SHEET = "page.css"
"""The look of every page."""

Part = tuple[str, str, Markup]
"""A printed part: its id, its heading, its body."""


@dataclass(frozen=True, slots=True)
class Around:
    """What an application puts around the page; the page is then its own, no file of somebody's.

    Parameters
    ----------
    above, below
        What stands after the words on emergencies, and at the end.
    style
        The look of these.
    script
        The address of the application's script.
    """

    above: Markup
    below: Markup
    style: str
    script: str


def to_html(decision: Decision, around: Around | None = None) -> str:
    """Write a decision as one HTML page. The same decision gives the same bytes.

    Parameters
    ----------
    decision
        What the page says.
    around
        What an application puts around it. It then sends the rules on loading itself, which let in
        the style by its `style_hash`.

    Raises
    ------
    DataError
        The decision does not hold together; see `saisei.report.check.check_decision`.
    """
    check_decision(decision)
    page = Page(decision)
    plan = outline(decision, page.say)
    page.leads = {
        page.say(f"leads.{part}"): part
        for part in LED
        if any(section.id == part for section in plan.sections)
    }
    known: dict[str, object] = {
        "page": page,
        "decision": decision,
        "plan": plan,
        "figures": Figures(page),
        "tables": Tables(page, decision),
        "next_parts": NEXT,
    }
    if around is not None:
        known["around"] = around
    name = "emergency" if decision.kind is Kind.EMERGENCY else "page"
    if name == "page":
        opening = _part("opening", known)
        parts = _parts(plan, opening, known)
        whole = _joined(opening, parts)
        words = hard_words(whole, on_paper(whole), page.catalogue.language)
        known |= {"opening": opening, "parts": parts, "glossary": words}
    return print_page(name, known)


def print_page(name: str, known: Mapping[str, object], *more_style: str) -> str:
    """Print a whole page from a template that extends `frame.html.j2`.

    Parameters
    ----------
    name
        The template.
    known
        What it can ask: `page` and `decision` for the frame, and whatever it needs beside.
    more_style
        Style sheets of the templates' folder that come after that of every page.
    """
    style = "".join(_style(sheet) for sheet in (SHEET, *more_style))
    around = known.get("around")
    style += around.style if isinstance(around, Around) else ""
    shown = {"style": Markup(style), "style_hash": _digest(style)}  # noqa: S704 - our own sheets
    return _environment().get_template(f"{name}.html.j2").render({**known, **shown}) + "\n"


def style_hash(around: Around) -> str:
    """Give the hash of the style of a page with something around it."""
    return _digest(_style(SHEET) + around.style)


def _joined(opening: str, parts: Iterable[Part]) -> str:
    return "".join((opening, *(body for _, _, body in parts)))


def _parts(plan: Outline, opening: Markup, known: dict[str, object]) -> list[Part]:
    """Print the parts in order; sources are last, when all numbers have been given."""
    parts: list[Part] = []
    for section in plan.sections:
        if section.id == "sources":
            known["on_paper"] = cited(on_paper(_joined(opening, parts)))
        parts.append((section.id, section.title, _part(f"part-{section.id}", known)))
    return parts


def _part(name: str, known: dict[str, object]) -> Markup:
    printed = _environment().get_template(f"{name}.html.j2").render(known)
    return Markup(printed)  # noqa: S704 - a template with autoescape printed it


def _style(sheet: str) -> str:
    folder = resources.files("saisei.report") / "templates"
    return folder.joinpath(sheet).read_text(encoding="utf-8")


def _digest(style: str) -> str:
    """Give the hash by which the page's own rule on loading lets its style in."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("saisei.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "by_measure": _by_measure,
        "by_reason": _by_reason,
        "by_state": _by_state,
        "unread_row": _unread_row,
        "emphasised": emphasised,
        "first_upper": _first_upper,
        "measure_name": _measure_name,
    }
    environment.globals |= {
        "web_address": web_address,
        "host_of": host_of,
        "identifier_link": identifier_link,
    }
    return environment


class Measures(NamedTuple):
    """Gains by measure: those with a group without cells, and those with nothing beside them."""

    beside: list[list[GainRow]]
    alone: list[list[GainRow]]


def _by_measure(rows: tuple[GainRow, ...]) -> Measures:
    """Put gains of the same measure together, in the order in which measures first come."""
    groups: dict[str, list[GainRow]] = {}
    for row in rows:
        groups.setdefault(row.what, []).append(row)
    beside = [g for g in groups.values() if any(row.group in COMPARED for row in g)]
    return Measures(beside, [g for g in groups.values() if g not in beside])


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _measure_name(future: FutureView, page: Page) -> str:
    """Name a measure in plain words where the page has them."""
    plain = page.word("scale", future.scale)
    return future.title if plain == future.scale else plain


def _by_reason(rows: tuple[LeftOutRow, ...]) -> list[tuple[str, list[str]]]:
    """Put studies that were left out for the same reason together, the commonest reason first."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        reasons.setdefault(row.reason, []).append(row.label)
    return sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))


def _by_state(rows: tuple[UnreadRow, ...]) -> list[tuple[str, list[UnreadRow]]]:
    """Put trials that could not be read together by how far they came."""
    states: dict[str, list[UnreadRow]] = {}
    for row in rows:
        states.setdefault(row.state, []).append(row)
    return list(states.items())


def _unread_row(row: UnreadRow, page: Page) -> str:
    people = "" if row.people is None else page.say("pictures.people", count=row.people)
    said = page.say("finding.said", direction=row.direction) if row.direction else ""
    about = ", ".join(filter(None, (people, said)))
    return page.say("finding.unread_row", label=row.label, about=about) if about else row.label
