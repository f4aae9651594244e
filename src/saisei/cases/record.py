"""What became of the resources of a real record when a case was read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from saisei.base.texts import Language, in_language
from saisei.cases.codes import of_codes

__all__ = ["RecordRead", "Unmapped"]


@dataclass(frozen=True, slots=True, order=True)
class Unmapped:
    """Something of a record that has no place in the case, and how often.

    Parameters
    ----------
    resource
        The kind of resource.
    reason
        Why, as a short stable name (`RecordRead.said` says it in words).
    code
        The terminology and the code, where it belongs to a public one; else empty, since a local
        code or a text may say something about the person.
    count
        How often.
    """

    resource: str
    reason: str
    code: str
    count: int

    def said(self, language: Language = "en") -> str:
        """Say it in one line."""
        code = f" {self.code}" if self.code else ""
        reason = in_language(of_codes("reasons")[self.reason], language)
        return f"{self.count} {self.resource}{code}: {reason}"


@dataclass(frozen=True, slots=True)
class RecordRead:
    """How much of a record was read into a case.

    Parameters
    ----------
    total, read
        The resources of the record, and those that gave the case something.
    unread
        The others, by kind of resource.
    unmapped
        Everything that was left out, parts of resources included. No personal value.
    incomplete
        Whether the file says that it is one page of several.
    """

    total: int
    read: int
    unread: tuple[tuple[str, int], ...]
    unmapped: tuple[Unmapped, ...]
    incomplete: bool = False

    @property
    def sentence(self) -> str:
        """Say in one sentence what was read and what was not."""
        were = "resource was" if self.read == 1 else "resources were"
        text = f"{self.read} {were} read"
        left = self.total - self.read
        if left:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self.unread)
            text += f", {left} {'has' if left == 1 else 'have'} no place in the case: {kinds}"
        if self.incomplete:
            text += "; the file is one page of several, the others were not read"
        return text


def unmapped(lost: Iterable[tuple[str, str, str]]) -> tuple[Unmapped, ...]:
    """Count what was left out, the most frequent first."""
    counted = [Unmapped(*key, count) for key, count in Counter(lost).items()]
    return tuple(sorted(counted, key=lambda one: (-one.count, one.resource, one.reason, one.code)))
