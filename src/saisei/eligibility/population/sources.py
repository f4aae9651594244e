"""Where the records of a population come from: which reader a path or an address wants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from typing import Protocol as Interface

from saisei.base.errors import OptionError, Place, Problem
from saisei.eligibility.population.flat import FlatTable
from saisei.eligibility.population.omop import OmopFolder, OmopServer
from saisei.eligibility.population.omop.address import SCHEMES

if TYPE_CHECKING:
    from saisei.eligibility.population.read import Read
    from saisei.eligibility.population.screen import People

    class Source(People, Interface):
        """A source, and what became of its rows once it was read."""

        read: Read


__all__ = ["open_source"]


def open_source(where: str) -> Source:
    """Choose the reader of a source.

    Parameters
    ----------
    where
        A folder of OMOP tables as Parquet, a DuckDB file with them, the address of a PostgreSQL
        database (``postgresql://user@host:port/database?schema=cdm``), or the mapping of a flat
        table (a YAML file, which names the table beside it).

    Raises
    ------
    OptionError
        There is no such source.
    CaseError
        The database cannot be reached, or does not have the tables.
    """
    if where.startswith(SCHEMES):
        return OmopServer(where)
    path = Path(where)
    if not where or not path.exists():
        expected = (
            "a folder of Parquet files, a DuckDB file, postgresql://host/database or a mapping"
        )
        raise OptionError(Problem("missing", "there is no such file", expected, "", Place(where)))
    if path.suffix in (".yaml", ".yml"):
        return FlatTable(path)
    if not path.is_dir() and not _is_database(path):
        found, step = "this is no DuckDB file", "A CSV or Parquet file needs a mapping: give that"
        expected = "a folder of Parquet files, a DuckDB file or a mapping (.yaml)"
        raise OptionError(Problem("source", found, expected, step, Place(where)))
    return OmopFolder(path)


def _is_database(path: Path) -> bool:
    """Look for the four letters that every DuckDB file has after its checksum."""
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == b"DUCK"
    except OSError:
        return False
