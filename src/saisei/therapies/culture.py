"""How long fat-derived cells are grown: what pages say, and what published growth implies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Phrase, together
from saisei.therapies.models import Programme

__all__ = ["DAYS_A_WEEK", "CultureCheck", "check_culture", "culture_words", "durations_by_source"]

FILE = "therapies/journey.yaml"
DAYS_A_WEEK = 7
MILLION = 1e6


@dataclass(frozen=True, slots=True)
class CultureCheck:
    """What the published growth of fat-derived cells implies for a number of cells.

    ``doublings = log2(target / start)``, ``days = doublings x doubling time``; `needed` gives, for
    each source's number of days, the doubling time that it would take.
    """

    start: float
    target: float
    doublings: float
    days: float
    needed: Mapping[str, float]


def check_culture(programme: Programme) -> tuple[CultureCheck, ...]:
    """Work out how long growing each dose of a programme would take, from published growth."""
    culture = _culture()
    start = float(culture["start_cells"]["value"])
    levels = programme.dose.levels if programme.dose else ()
    return tuple(_check(start, target, culture["doubling_time_days"]["mean"]) for target in levels)


def _check(start: float, target: float, doubling_time: float) -> CultureCheck:
    doublings = math.log2(target / start)
    printed = _printed()
    needed = {
        source: span["weeks"][1] * DAYS_A_WEEK / doublings for source, span in printed.items()
    }
    return CultureCheck(start, target, doublings, doublings * doubling_time, needed)


def culture_words(checks: Iterable[CultureCheck]) -> tuple[Statement, ...]:
    """Show how long each source says the cells grow, and what published growth implies."""
    said: list[Statement] = []
    for check in checks:
        said += [_arithmetic(check), *(_against(check, source) for source in check.needed)]
        said += [_limit(check)] if _near_limit(check) else []
    return (_pages(), *said) if said else ()


def _pages() -> Statement:
    pages = _printed()
    return Statement(_say("pages", durations=durations_by_source(pages)), _keys(pages))


def _against(check: CultureCheck, source: str) -> Statement:
    """Say whether a source's weeks fit published growth, to a tenth of the doubling time."""
    mean = float(_culture()["doubling_time_days"]["mean"])
    text = _say(
        "fits" if check.needed[source] >= 0.9 * mean else "too_short",
        target=_cells(check.target),
        weeks=_printed()[source]["weeks"][1],
        title=_title(source),
        needed=f"{check.needed[source]:.1f}",
    )
    return Statement(text, _keys([source]))


def _near_limit(check: CultureCheck) -> bool:
    limit: float = _culture()["growth_limit_doublings"]["value"]
    return round(check.doublings) >= math.floor(limit)


def _limit(check: CultureCheck) -> Statement:
    limit = _culture()["growth_limit_doublings"]
    text = _say("limit", target=_cells(check.target), limit=f"{limit['value']:g}")
    return Statement(text, _keys([_culture()["doubling_time_days"]["source"]]))


def _arithmetic(check: CultureCheck) -> Statement:
    growth, start = _culture()["doubling_time_days"], _culture()["start_cells"]
    text = _say(
        "arithmetic",
        start=_cells(check.start),
        target=_cells(check.target),
        doublings=f"{check.doublings:.1f}",
        doubling_time=f"{growth['mean']:g}",
        days=f"{check.days:.0f}",
        weeks=f"{check.days / DAYS_A_WEEK:.1f}",
    )
    return Statement(text, _keys([growth["source"], start["source"]]))


def durations_by_source(spans: Mapping[str, Any]) -> str:
    """List durations in weeks, each with the source that prints it."""
    said = (_weeks(span["weeks"], _title(key)) for key, span in spans.items())
    return together(*said, between="; ")


def _title(source: str) -> str:
    """Name a source inside a sentence."""
    entry = load_data(FILE)["sources"][source]
    return Phrase({"en": entry["title"], "ja": entry.get("title_ja", entry["title"])})


def _weeks(weeks: list[int], title: str) -> str:
    key = "page_exact" if weeks[0] == weeks[1] else "page"
    return _say(key, low=weeks[0], high=weeks[1], title=title)


def _cells(count: float) -> str:
    if count < MILLION:
        return f"{count:,.0f}"
    many = f"{count / 1e8:g}億" if count >= 1e8 else f"{count / 1e4:,.0f}万"
    return Phrase({"en": f"{count / MILLION:g} million", "ja": many})


def _culture() -> Any:
    return load_data(FILE)["culture"]


def _printed() -> Mapping[str, Any]:
    """Give the durations of the culture step, by source."""
    steps = load_data(FILE)["steps"]
    found: Mapping[str, Any] = next(s for s in steps if s["id"] == "culture-fat")["by_source"]
    return found


def _say(key: str, **filling: object) -> str:
    return Catalogue(FILE, load_data(FILE)["culture_words"]).say(key, **filling)


def _keys(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"journey/{key}" for key in keys)
