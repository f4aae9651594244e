"""The texts of words.yaml in one language: sentences with gaps, and how their parts are joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from saisei.base.errors import DataError
from saisei.base.store import load_data
from saisei.base.texts import Language, in_language

__all__ = ["Words", "words_in"]

FILE = "eligibility/words.yaml"
ENDINGS = "endings"
Endings = Mapping[str, Mapping[str, str]]


class Words(dict[str, str]):
    """The texts by dotted key, for the fastest way to say them."""

    def __init__(self, texts: Iterator[tuple[str, str]], endings: Endings) -> None:
        super().__init__(texts)
        self._endings = endings

    def say(self, key: str, /, **filling: object) -> str:
        """Give a text with its gaps filled."""
        if key not in self:
            raise DataError(f"{FILE} has no text `{key}`")
        return self[key].format(**filling) if filling else self[key]

    def joined(self, parts: Sequence[str], kind: str) -> str:
        """Join sentences by *and* (``all``) or *or* (``any``)."""
        if len(parts) == 1:
            return parts[0]
        first = [self._linked(part, kind) for part in parts[:-1]]
        return self.say(f"joining.{kind}", first=self["joining.comma"].join(first), last=parts[-1])

    def listed(self, parts: Sequence[str], last: str) -> str:
        """List words, the last one after ``and_last`` or ``or_last``."""
        if len(parts) == 1:
            return parts[0]
        return self["joining.comma"].join(parts[:-1]) + self[f"joining.{last}"] + parts[-1]

    def with_unit(self, shown: str, unit: str | None, field: str = "") -> str:
        """Put a unit to a number: that of the field where it has its own, after it or around it."""
        said = self.get(f"fields.{field}.unit")
        if said is None:
            said = self.get(f"units.{unit}", unit or "")
        return said.format(number=shown) if "{number}" in said else f"{shown} {said}".rstrip()

    def _linked(self, part: str, kind: str) -> str:
        """Let a sentence end as it does before the next one; the longest ending counts."""
        endings = self._endings.get(kind, {})
        found = max((one for one in endings if part.endswith(one)), key=len, default=None)
        return part if found is None else part[: len(part) - len(found)] + endings[found]


@cache
def words_in(language: Language) -> Words:
    """Give the texts in a language, in English where one is not translated."""
    table = dict(load_data(FILE))
    endings = table.pop(ENDINGS)
    return Words(_flat(table, "", language), endings.get(language, {}))


def _flat(table: Mapping[str, Any], prefix: str, language: Language) -> Iterator[tuple[str, str]]:
    for name, entry in table.items():
        if isinstance(entry, str) or "en" in entry:
            yield f"{prefix}{name}", in_language(entry, language)
        else:
            yield from _flat(entry, f"{prefix}{name}.", language)
