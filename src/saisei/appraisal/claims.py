"""What pages for patients say, and what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import in_language

__all__ = ["Claim", "claims", "pages"]

FILE = "appraisal/claims.yaml"


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, in our words, and what was found when it was looked up."""

    id: str
    pages: tuple[str, ...]
    about: tuple[str, ...]
    """The programmes that it is about; empty when it is about cells at large."""
    topic: str
    claim: str
    verdict: Literal["supported", "contradicted", "missing-context", "no-evidence"]
    finding: Statement


def claims(page_ids: Iterable[str] | None = None) -> tuple[Claim, ...]:
    """Give the claims of some pages, or of all, in the order of the file."""
    if page_ids is None:
        return _claims()
    wanted = frozenset(page_ids)
    return tuple(claim for claim in _claims() if wanted & set(claim.pages))


@cache
def pages() -> dict[str, str]:
    """Give the publisher of each page by its id."""
    table: dict[str, dict[str, str]] = load_data(FILE)["meta"]["pages"]
    return {page: entry["publisher"] for page, entry in table.items()}


@cache
def _claims() -> tuple[Claim, ...]:
    return tuple(map(_claim, load_data(FILE)["claims"]))


def _claim(row: dict[str, Any]) -> Claim:
    page, keys = row["page"], tuple(f"claims/{key}" for key in row["sources"])
    return Claim(
        row["id"],
        (page,) if isinstance(page, str) else tuple(page),
        tuple(row.get("about", ())),
        row["topic"],
        in_language(row["claim"], "en"),
        row["verdict"],
        Statement(in_language(row["finding"], "en"), keys),
    )
