"""What the linter tells: one finding, with its code, how grave it is, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from saisei.base.errors import Place

__all__ = ["Finding", "Severity", "sorted_findings"]

Severity = Literal["error", "warning", "info"]
_GRAVITY: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, doubtful or worth knowing about a protocol.

    Parameters
    ----------
    code
        Stable short name of the kind of finding (``contradiction``); docs/checking-protocols.md
        says what each means.
    severity
        An error makes the protocol unfit for use, a warning is probably a slip, an info is no
        mistake by itself.
    protocol
        The id; empty where it is about the tables that all protocols share.
    criteria
        The ids of the rules, in the order of the protocol.
    found, expected, next_step
        What stands there, what would be right, and what to do about it.
    proved
        Whether it was shown for every answer that a person may have.
    place
        Where it stands, for a file of one's own.
    """

    code: str
    severity: Severity
    protocol: str
    criteria: tuple[str, ...]
    found: str
    expected: str = ""
    next_step: str = ""
    proved: bool = True
    place: Place | None = None

    def __str__(self) -> str:
        """Render as one line: where, code, rules, found, expected, next step."""
        where = f"{self.place}: " if self.place else ""
        rules = f" {', '.join(self.criteria)}" if self.criteria else ""
        text = f"{where}{self.severity} {self.code}{rules}: {self.found}"
        text += f"; expected {self.expected}" if self.expected else ""
        return f"{text}. {self.next_step}" if self.next_step else text

    def as_data(self) -> dict[str, Any]:
        """Give it as JSON can hold it."""
        return asdict(self) | {"place": str(self.place) if self.place else None}


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put the gravest first, otherwise as they were found."""
    return tuple(sorted(findings, key=lambda one: _GRAVITY[one.severity]))
