"""Published harms: what happened, to whom, after which cells, out of how many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from saisei.base.errors import DataError
from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import in_language
from saisei.therapies.models import Programme

__all__ = ["Harm", "deaths_sentence", "harms", "harms_note", "harms_of"]

FILE = "therapies/harms.yaml"


@dataclass(frozen=True, slots=True)
class Harm:
    """A published harm.

    `events` of `people` treated in the same source; `people` None means that nobody knows how many
    were treated, so that no rate may be given and the harm stays out of any picture of 100 people.
    `numbers` and `control` keep the printed numbers whole (a per cent, a count of doctors).
    """

    id: str
    group: str
    title: str
    words: Statement
    """May be printed as it stands."""
    events: int | None
    people: int | None
    no_rate_because: str
    setting: str
    condition: str
    route: tuple[str, ...]
    relation: str
    detail: str
    when: str
    place: str
    study: str
    applies_to: tuple[str, ...]
    second_hand: bool
    cells: Any = None
    numbers: Any = None
    control: Any = None


@cache
def harms() -> tuple[Harm, ...]:
    """Give every published harm that was read; what could not be verified is left out.

    Raises
    ------
    DataError
        The file is broken.
    """
    return tuple(h for entry in load_data(FILE)["harms"] if (h := read_harm(entry)) is not None)


def read_harm(entry: dict[str, Any]) -> Harm | None:
    """Read one entry; None where it is marked unverified."""
    try:
        return _harm(entry) if entry["status"] != "unverified" else None
    except KeyError as error:
        raise DataError(f"{FILE}: {entry.get('id')}: {error} is missing") from error


def _harm(entry: dict[str, Any]) -> Harm:
    numbers = entry["numbers"] or {}
    route = entry["route"] or ()
    return Harm(
        entry["id"],
        entry["group"],
        entry["what"],
        _words(entry),
        numbers.get("events"),
        numbers.get("n"),
        entry.get("n_reason", ""),
        entry["setting"],
        entry["condition"] or "",
        (route,) if isinstance(route, str) else tuple(route),
        entry["relation"],
        entry.get("detail", ""),
        entry.get("date") or entry.get("published") or "",
        entry.get("place", ""),
        entry.get("study", ""),
        tuple(entry["applies_to"]),
        entry["status"] == "second-hand",
        entry["cells"],
        entry["numbers"],
        entry.get("control"),
    )


def _words(entry: dict[str, Any]) -> Statement:
    words = in_language(entry["in_plain_words"], "en")
    return Statement(words, tuple(f"harms/{key}" for key in entry["sources"]))


def harms_of(programme: Programme) -> tuple[Harm, ...]:
    """Give the harms that a programme should show: the same cells, or the same route."""
    return tuple(harm for harm in harms() if programme.id in harm.applies_to)


def deaths_sentence() -> Statement:
    """Give the one sentence about the two deaths, with its sources; it is printed as it stands."""
    deaths = [harm for harm in harms() if harm.group == "death"]
    keys = dict.fromkeys(key for harm in deaths for key in harm.words.sources)
    return Statement(_meta("deaths_sentence"), tuple(keys))


def harms_note() -> Statement:
    """Say what the list of harms is not."""
    return Statement(_meta("not_complete"))


def _meta(name: str) -> str:
    return in_language(load_data(FILE)["meta"][name], "en")
