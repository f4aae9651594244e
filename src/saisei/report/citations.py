"""The numbers behind the sentences: sources numbered in the order in which they are first cited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from saisei.base.errors import DataError
from saisei.base.sources import Source

__all__ = ["Citations", "host_of", "identifier_link", "web_address"]

SHORTENED = 3
"""From how many neighbours on only the first and the last number are printed."""


class Citations:
    """Numbers for sources; the same document under two keys is one number.

    Parameters
    ----------
    sources
        Every source that may be cited.
    spoken
        How a number is spoken, with ``{number}``: ``source {number}``.
    """

    def __init__(self, sources: Iterable[Source], spoken: str) -> None:
        self._sources = {source.key: source for source in sources}
        self._numbers: dict[Source, int] = {}
        self._by_key: dict[str, int] = {}
        self._spoken = spoken

    def cite(self, keys: Iterable[str]) -> Markup:
        """Give the small numbers that lead to the sources.

        Raises
        ------
        DataError
            No source under a key.
        """
        before = len(self._numbers)
        numbers = sorted({self._number(key) for key in keys})
        if not numbers:
            return Markup("")
        links = ", ".join(self._run(run, before) for run in _runs(numbers))
        return Markup(f'<sup class="cite">{links}</sup>')  # noqa: S704 - numbers, and words escaped

    def cited(self) -> tuple[tuple[int, Source], ...]:
        """Every source cited so far with its number, in order."""
        return tuple((number, source) for source, number in self._numbers.items())

    def _number(self, key: str) -> int:
        if key not in self._by_key:
            if key not in self._sources:
                raise DataError(f"no source under the key {key}")
            document = replace(self._sources[key], key="")
            self._by_key[key] = self._numbers.setdefault(document, len(self._numbers) + 1)
        return self._by_key[key]

    def _run(self, run: Sequence[int], before: int) -> str:
        """Print neighbours as numbers, three and more as `4–9`; each can be led back to."""
        if len(run) < SHORTENED:
            return ", ".join(self._link(number, new=number > before) for number in run)
        first = self._link(run[0], new=run[0] > before, to=run[-1])
        last = self._link(run[-1], new=run[-1] > before)
        hidden = (f'<span id="c{number}"></span>' for number in run[1:-1] if number > before)
        return f"{first}{''.join(hidden)}–{last}"

    def _link(self, number: int, *, new: bool, to: int | None = None) -> str:
        place = f' id="c{number}"' if new else ""
        spoken = escape(self._spoken.format(number=number))
        run = f' data-to="{to}"' if to is not None else ""
        return f'<a href="#s{number}"{run}{place} aria-label="{spoken}">{number}</a>'


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Put neighbours together.

    Examples
    --------
    >>> _runs([1, 4, 5, 6])
    [[1], [4, 5, 6]]
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def web_address(address: str | None) -> str | None:
    """Give the address if it is a plain one of the web, else None: nothing else becomes a link.

    Examples
    --------
    >>> web_address("https://doi.org/10.1/x"), web_address("javascript:alert(1)")
    ('https://doi.org/10.1/x', None)
    """
    if not address or any(letter.isspace() or ord(letter) < 32 for letter in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.netloc else None


def host_of(address: str) -> str:
    """Give the name of the host of a web address, for a reader.

    Examples
    --------
    >>> host_of("https://www.pmc.org/a/b?c")
    'pmc.org'
    """
    return (urlsplit(address).hostname or address).removeprefix("www.")


def identifier_link(source: Source) -> tuple[str, str | None] | None:
    """Give the lasting identifier of a source and the address that it leads to, if any.

    Examples
    --------
    >>> identifier_link(Source("a/b", "T", pmid="123"))
    ('PubMed 123', 'https://pubmed.ncbi.nlm.nih.gov/123/')
    """
    shown = source.identifier
    if shown is None:
        return None
    if source.doi:
        return shown, "https://doi.org/" + quote(source.doi, safe="/():;._-")
    if source.pmid:
        known = source.pmid.isdigit()
        return shown, f"https://pubmed.ncbi.nlm.nih.gov/{source.pmid}/" if known else None
    return shown, _registry(shown)


def _registry(number: str) -> str | None:
    if number.startswith("NCT") and number[3:].isdigit():
        return f"https://clinicaltrials.gov/study/{number}"
    if number.startswith("jRCT") and number[4:].isalnum():
        return f"https://jrct.mhlw.go.jp/en-latest-detail/{number}"
    return None
