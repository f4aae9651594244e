"""Every source of the room by its global key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from saisei.base.sources import Source, read_sources
from saisei.base.store import load_data
from saisei.therapies.loading import programmes, trials
from saisei.therapies.rules import OWN_RULES

__all__ = ["therapy_sources"]

_FILES = {
    "cautions": "Saisei, cautions",
    "harms": "Saisei, published harms",
    "journey": "Saisei, journey",
    "law": "Saisei, law",
}


@cache
def therapy_sources() -> Mapping[str, Source]:
    """Give every source of programmes, trials, cautions, harms, journey and law.

    Examples
    --------
    >>> therapy_sources()["programmes/NCT04631406/s1"].kind
    'registry-copy'
    """
    pages = load_data("therapies/programmes.yaml")["pages"]
    found = read_sources("programmes", pages, "A page written for patients")
    for programme in programmes():
        table = {key: entry.model_dump() for key, entry in programme.sources.items()}
        found |= read_sources(f"programmes/{programme.id}", table, programme.name)
    for trial in trials():
        table = {key: entry.model_dump() for key, entry in trial.sources.items()}
        numbered = {key: {**entry, "registry": trial.id} for key, entry in table.items()}
        found |= read_sources(f"programmes/{trial.id}", numbered, f"{trial.id}: {trial.title}")
    for name, title in _FILES.items():
        found |= read_sources(name, load_data(f"therapies/{name}.yaml")["sources"], title)
    own = Source(OWN_RULES, "Saisei's own rule: adults only", kind="own-file")
    return MappingProxyType({**found, OWN_RULES: own})
