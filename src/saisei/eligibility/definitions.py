"""Definitions that do not change in place: a protocol's status, its versions and their hashes.

The hash is of what judges people: each rule's id, kind, text, expression and whether a clinician
decides it, in the order of the protocol. It does not depend on how the file is laid out, on the
order of keys, or on spaces and quotation marks in an expression. What a rule's fields mean is not
in it: their ranges, and how long a value holds, stand in cases/fields.yaml.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from saisei.base.errors import OptionError, Problem
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.linting.findings import Finding
from saisei.eligibility.linting.rules import shown

__all__ = [
    "Definition",
    "Status",
    "Version",
    "check_definition",
    "definition_hash",
    "published",
    "read_definition",
]

Status = Literal["draft", "review", "published", "withdrawn"]
FORM = 1
"""Raised when the form changes that is hashed: every hash changes then."""


def definition_hash(rules: Sequence[Criterion]) -> str:
    """Give the SHA-256 of the canonical form of some rules, as 64 hex digits.

    Examples
    --------
    >>> from saisei.eligibility import Criterion, parse
    >>> one = Criterion("i1", "inclusion", "adult", parse("age_years>=18"))
    >>> same = Criterion("i1", "inclusion", "adult", parse("18 <= age_years"))
    >>> definition_hash([one]) == definition_hash([same])
    True
    """
    form = {"form": FORM, "rules": [_canonical(rule) for rule in rules]}
    text = json.dumps(form, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(rule: Criterion) -> dict[str, Any]:
    return {
        "id": rule.id, "kind": rule.kind, "text": " ".join(rule.text.split()),
        "when": shown(rule.when), "judgement": rule.judgement,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was published, on which day, and the hash of its rules."""

    number: int
    date: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Definition:
    """The state of a protocol's definition, and every version that was ever published.

    Parameters
    ----------
    status
        ``draft`` (nobody is judged by it), ``review``, ``published`` or ``withdrawn``.
    versions
        Oldest first, numbered from 1.
    """

    status: Status
    versions: tuple[Version, ...] = ()

    @property
    def latest(self) -> Version | None:
        """The version that stands."""
        return self.versions[-1] if self.versions else None

    @property
    def label(self) -> str:
        """The status, the version and the beginning of its hash: ``published v1 3fa9c0d1``."""
        latest = self.latest
        return f"{self.status} v{latest.number} {latest.sha256[:8]}" if latest else self.status

    def as_data(self) -> dict[str, Any]:
        """Give it as `read_definition` reads it."""
        return {
            "status": self.status,
            "versions": [
                {"version": v.number, "date": v.date, "sha256": v.sha256} for v in self.versions
            ],
        }


def read_definition(given: Any) -> Definition | None:
    """Read a definition from a data file; None where it has another form.

    Examples
    --------
    >>> read_definition({"status": "draft"}).label
    'draft'
    >>> read_definition({"status": "final"}) is None
    True
    """
    if not isinstance(given, Mapping) or given.get("status") not in get_args(Status):
        return None
    rows = given.get("versions", [])
    if not isinstance(rows, list) or set(given) - {"status", "versions"}:
        return None
    versions = [_version(row) for row in rows]
    if None in versions or [v.number for v in versions if v] != list(range(1, len(rows) + 1)):
        return None
    return Definition(given["status"], tuple(v for v in versions if v))


def _version(row: Any) -> Version | None:
    match row:
        case {"version": int() as number, "date": str() as day, "sha256": str() as sha256}:
            digits = len(sha256) == 64 and not set(sha256) - set("0123456789abcdef")
            return Version(number, day, sha256) if digits and _is_day(day) else None
    return None


def _is_day(day: str) -> bool:
    try:
        return date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False


def check_definition(
    protocol: str, definition: Definition, rules: Sequence[Criterion]
) -> Iterator[Finding]:
    """Find what is wrong between a definition and the rules that stand now."""
    latest, now = definition.latest, definition_hash(rules)
    if definition.status in ("published", "withdrawn"):
        if latest is None:
            yield Finding(
                "definition-form", "error", protocol, (),
                f"it is {definition.status} and has no version", "a version with its hash",
                "Publish it",
            )  # fmt: skip
        elif latest.sha256 != now:
            yield _changed(protocol, definition, latest, now)
    else:
        yield Finding(
            f"definition-{definition.status}", "info", protocol, (),
            f"its definition is in state {definition.status}", "", _NEXT[definition.status],
        )  # fmt: skip


_NEXT = {
    "draft": "Nobody is judged by it before a person has reviewed it",
    "review": "Publish it once it was reviewed",
}


def _changed(protocol: str, definition: Definition, latest: Version, now: str) -> Finding:
    older = next((v for v in definition.versions if v.sha256 == now), None)
    found = f"its rules are not those published as version {latest.number}"
    if older is not None:
        found += f"; they are those of version {older.number}"
    return Finding(
        "definition-changed", "error", protocol, (), f"{found} (sha256 now {now[:8]})",
        f"sha256 {latest.sha256[:8]}",
        f"Put the rules back, or publish version {len(definition.versions) + 1}",
    )  # fmt: skip


def published(definition: Definition | None, sha256: str, day: date) -> Definition:
    """Give a definition with one more version; no version that was published is altered.

    Parameters
    ----------
    definition
        The definition as it stands; None for a first version.
    sha256
        `definition_hash` of the rules.
    day
        The day of publication.

    Raises
    ------
    OptionError
        The rules are already published, the definition was withdrawn, or the day lies before that
        of the version before.
    """
    before = definition.versions if definition else ()
    if definition is not None and definition.status == "withdrawn":
        raise _refused("it was withdrawn", "a definition that stands", "Give it a new id")
    same = next((v for v in before if v.sha256 == sha256), None)
    if same is not None:
        found = f"these rules are published as version {same.number} already"
        raise _refused(found, "rules that differ from every version", "Nothing is to be done")
    if before and day.isoformat() < before[-1].date:
        raise _refused(
            f"{day} lies before version {before[-1].number} of {before[-1].date}", "a later day", ""
        )
    version = Version(len(before) + 1, day.isoformat(), sha256)
    return Definition("published", (*before, version))


def _refused(found: str, expected: str, next_step: str) -> OptionError:
    return OptionError(Problem("not-published", found, expected, next_step))
