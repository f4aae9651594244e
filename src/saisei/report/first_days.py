"""The first days as pictures and as a page, for a clinician only.

No report draws from this: a family's never shows any of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

from markupsafe import Markup

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.forecast import FirstDays, first_days_sources
from saisei.forecast.first_days_checks import CutCheck, Line, Tenth, first_days_checks
from saisei.forecast.first_days_person import Used
from saisei.report.html import print_page
from saisei.report.page import Page
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.calibrations import (
    ChanceRow,
    Heading,
    PlaceRow,
    Ranged,
    Share,
    chances_file,
    places_file,
    tenths_file,
)
from saisei.report.standalone import Head

__all__ = ["first_days_calibration", "first_days_files", "used_words"]

CATALOGUE = "report/first_days.yaml"
TEXTS = "forecast/first_days_texts.yaml"
MODEL = "forecast/first_days.yaml"


@cache
def _words() -> Catalogue:
    return Catalogue(CATALOGUE, load_data(CATALOGUE))


@cache
def _texts() -> Catalogue:
    return Catalogue(TEXTS, load_data(TEXTS))


def _era() -> dict[str, int]:
    model = load_data(MODEL)
    return {"first": model["entered_from"], "last": model["entered_until"]}


def used_words(one: Used) -> str:
    """Say one input, its value, and how it was come by."""
    name = _texts().say(f"input.{one.field}")
    return _texts().say(f"how.{one.how}", field=name, value=_value(one))


def _value(one: Used) -> str:
    if one.field == "atrial_fibrillation":
        return _texts().say(f"value.{'present' if one.value else 'absent'}")
    if one.field == "imaging" and one.value is not None:
        return _texts().say(f"value.{one.value}")
    return f"{one.value:g}" if isinstance(one.value, float) else str(one.value)


def first_days_files(found: FirstDays, as_of: str = "") -> dict[str, str]:
    """Draw the first days: the person's chances, the model's calibration, and a page of both."""
    pictures = {"chances.svg": _chances(found), **first_days_calibration()}
    return {**pictures, "page.html": _page(found, list(pictures.values()), as_of)}


def first_days_calibration() -> dict[str, str]:
    """Draw how the model fared in countries left out: by tenth and by place, at every cut."""
    drawn = {}
    for check in first_days_checks():
        name = check.id.replace("_", "-")
        drawn[f"tenths-{name}.svg"] = _tenths(check, f"tenths-{name}")
        drawn[f"places-{name}.svg"] = _places(check, f"places-{name}")
    return drawn


def _cut(name: str) -> str:
    words = _texts().say(f"cut.{name}")
    return words[0].upper() + words[1:]


def _chances(found: FirstDays) -> str:
    say, state = _words().say, _texts().say
    shares = [
        Share(count, state(f"state.{one.id}"))
        for one, count in zip(found.states, found.people, strict=True)
    ]
    rows = [_chance_row(found, at) for at in range(len(found.cuts))]
    heading = Heading(
        say("pictures.chances_title", **_era()),
        say(
            "pictures.chances_desc",
            parts=", ".join(f"{one.people} {one.words}" for one in shares),
            rows="; ".join(f"{r.words}: {r.forecast_words}; {r.observed_words}" for r in rows),
        ),
        say("pictures.chances_caption", **_era()),
    )
    return chances_file("chances", heading, shares, rows)


def _chance_row(found: FirstDays, at: int) -> ChanceRow:
    say, one, tenth = _words().say, found.cuts[at], found.alike[at]
    far = one.elsewhere or (one.low, one.high)
    model = Ranged(100 * one.value, 100 * one.low, 100 * one.high, (100 * far[0], 100 * far[1]))
    told = say(
        "forecast",
        value=round(100 * one.value),
        low=math.floor(100 * one.low),
        high=math.ceil(100 * one.high),
        far_low=math.floor(100 * far[0]),
        far_high=math.ceil(100 * far[1]),
    )
    seen = say(
        "observed",
        value=round(100 * tenth.observed),
        low=round(100 * tenth.lowest),
        high=round(100 * tenth.highest),
    )
    return ChanceRow(_cut(one.id), model, told, _seen(tenth), seen)


def _seen(tenth: Tenth) -> Ranged:
    wide = (100 * tenth.lowest, 100 * tenth.highest)
    return Ranged(100 * tenth.observed, 100 * tenth.low, 100 * tenth.high, wide)


def _tenths(check: CutCheck, name: str) -> str:
    say = _words().say
    pairs = [
        say("pictures.pair", expected=round(100 * one.expected), observed=round(100 * one.observed))
        for one in check.tenths
    ]
    people = f"{sum(one.people for one in check.tenths):,}"
    heading = Heading(
        say("pictures.tenths_title", what=_cut(check.id)),
        say("pictures.tenths_desc", people=people, rows="; ".join(pairs)),
        say("pictures.tenths_caption"),
    )
    rows = [(100 * one.expected, _seen(one)) for one in check.tenths]
    return tenths_file(
        name, heading, rows, (say("pictures.tenths_across"), say("pictures.tenths_up"))
    )


def _places(check: CutCheck, name: str) -> str:
    say = _words().say
    ordered = sorted(check.places, key=lambda one: (one.name == "rest", -one.intercept.value))
    rows = [
        PlaceRow(say(f"places.{one.name}"), one.people, _ranged(one.intercept), _ranged(one.slope))
        for one in ordered
    ]
    told = [
        say(
            "pictures.place",
            name=row.words,
            left=show_number(row.left.value, ratio=True),
            right=show_number(row.right.value, ratio=True),
        )
        for row in rows
    ]
    heading = Heading(
        say("pictures.places_title", what=_cut(check.id)),
        say("pictures.places_desc", rows="; ".join(told)),
        say("pictures.places_caption"),
    )
    heads = say("pictures.places_left"), say("pictures.places_right")
    return places_file(name, heading, rows, heads, (0.0, 1.0))


def _ranged(line: Line) -> Ranged:
    return Ranged(line.value, line.low, line.high)


def _page(found: FirstDays, pictures: Iterable[str], as_of: str) -> str:
    say = _words().say
    title = say("title", **_era())
    sources = tuple(first_days_sources()[key] for key in found.source_keys)
    head = Head(title, "saisei-first-days/1", sources, as_of=as_of)
    own, *checks = (Markup(one) for one in pictures)  # noqa: S704 - our own pictures, escaped
    return print_page(
        "first-days",
        {
            "page": Page(head),
            "decision": head,
            "say": say,
            "found": found,
            "used": [Statement(used_words(one)) for one in found.used],
            "alike": _texts().say("alike_heading"),
            "own": own,
            "checks": checks,
        },
        "null-trial.css",
    )
