"""Where a number was read, and sentences that carry their sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Source", "Statement", "read_sources"]


@dataclass(frozen=True, slots=True)
class Source:
    """A place where something was read.

    Parameters
    ----------
    key
        Unique in all of Saisei: ``<file or study>/<key in that file>``.
    title
        What it is, for a reader ("TREASURE, Table 2").
    url
        The address at which it was read, or None for a document without one.
    kind
        article, abstract, registry, press-release, review, secondary, own-file, …
    doi, pmid, registry
        Lasting identifiers, where the file knows one.
    note
        What a reader must know about the source.
    """

    key: str
    title: str
    url: str | None = None
    kind: str = "unknown"
    doi: str | None = None
    pmid: str | None = None
    registry: str | None = None
    note: str | None = None

    @property
    def identifier(self) -> str | None:
        """The lasting identifier to show first: doi, then PubMed, then registry number.

        Examples
        --------
        >>> Source("a/b", "T", doi="10.1/x").identifier
        'doi:10.1/x'
        """
        if self.doi:
            return f"doi:{self.doi}"
        if self.pmid:
            return f"PubMed {self.pmid}"
        return self.registry

    @property
    def second_hand(self) -> bool:
        """Whether this is somebody else's reading of a document that was not opened itself."""
        return self.kind == "secondary"


@dataclass(frozen=True, slots=True)
class Statement:
    """One or more sentences, ready to print, with the keys of the sources of what they say."""

    text: str
    sources: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """Give the text alone."""
        return self.text


def read_sources(prefix: str, table: Mapping[str, Any], title: str) -> dict[str, Source]:
    """Read the `sources:` table of a data file into `Source` objects by their full key.

    Parameters
    ----------
    prefix
        The file's or study's id; keys become ``prefix/key``.
    table
        The table: each entry is an address or a mapping with ``url``, ``kind`` and so on.
    title
        What to call the file's sources when an entry has no title of its own.
    """
    return {
        f"{prefix}/{key}": _source(f"{prefix}/{key}", entry, title) for key, entry in table.items()
    }


def _source(key: str, entry: Any, title: str) -> Source:
    if not isinstance(entry, Mapping):
        return Source(key, title, url=str(entry))
    given = {name: entry.get(name) for name in ("url", "doi", "pmid", "registry", "note")}
    return Source(
        key,
        str(entry.get("title", title)),
        kind=str(entry.get("kind", "unknown")),
        **{name: None if value is None else str(value) for name, value in given.items()},
    )
