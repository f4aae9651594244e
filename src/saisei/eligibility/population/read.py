"""What became of the rows of a source."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

__all__ = ["Read", "Unmapped"]


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A concept that fills no field, and how many rows carry it; no word of whose rows."""

    table: str
    concept: int
    name: str
    rows: int


@dataclass(slots=True)
class Read:
    """What became of the rows of a source, by table.

    `left_out` counts the rows that carry a code in use and yet were not read, by table and reason
    (the reasons are those of `codes.yaml`); `unmapped` the rows whose concept fills no field, and
    `most_unmapped` names the concepts that the most of these rows carry.
    """

    people: int = 0
    dead: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    left_out: dict[tuple[str, str], int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)
    most_unmapped: tuple[Unmapped, ...] = ()
    title: str = ""
    """What the source calls itself, where it does."""

    def to_json(self) -> str:
        """Write it down, for a run that goes on later."""
        left_out = [[*key, rows] for key, rows in self.left_out.items()]
        return json.dumps(asdict(self) | {"left_out": left_out})

    @classmethod
    def from_json(cls, text: str) -> Read:
        """Read what `to_json` wrote.

        Examples
        --------
        >>> was = Read(people=3, left_out={("measurement", "unit"): 2})
        >>> Read.from_json(was.to_json()) == was
        True
        """
        told = json.loads(text)
        told["left_out"] = {(table, reason): rows for table, reason, rows in told["left_out"]}
        told["most_unmapped"] = tuple(Unmapped(**one) for one in told["most_unmapped"])
        return cls(**told)
