"""What became of the rows of a source."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Read"]


@dataclass(slots=True)
class Read:
    """What became of the rows of a source, by table."""

    people: int = 0
    dead: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
