"""Which change in a score counts as one that matters to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from saisei.base.store import load_data
from saisei.scales.table import FILE
from saisei.vocabulary import Stage

__all__ = ["ImportantChange", "important_change"]


@dataclass(frozen=True, slots=True)
class ImportantChange:
    """The change that counts, on the scale's own range, and what was published about it."""

    scale_id: str
    value: float
    kind: Literal["published", "convention"]
    published: str
    sources: tuple[str, ...]


def important_change(scale_id: str, stage: Stage | None) -> ImportantChange | None:
    """Give the change in a score that counts as one that matters to a person at that stage.

    None where no such change is known (the NIHSS, or the leg before the chronic stage), and where
    it differs by stage and the stage is not known.

    Examples
    --------
    >>> important_change("fma_ue", Stage.CHRONIC).value
    6.0
    >>> important_change("nihss", Stage.CHRONIC) is None
    True
    """
    rows = load_data(FILE)["important_change"].get(scale_id, [])
    wanted = {stage.value} if stage else {known.value for known in Stage}
    for row in rows:
        if wanted <= set(row["stages"]):
            sources = tuple(f"scales/{key}" for key in row["sources"])
            return ImportantChange(
                scale_id, float(row["value"]), row["kind"], row["published"], sources
            )
    return None
