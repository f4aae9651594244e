"""The address of a PostgreSQL database, and what of it may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from saisei.base.errors import OptionError, Problem

__all__ = ["SCHEMES", "Address"]

SCHEMES = ("postgresql://", "postgres://")
SECONDS = "10"
"""How long a connection may take, unless the address says otherwise."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is.

    Parameters
    ----------
    words
        What libpq connects with; may hold a password, and is never shown.
    schema
        The schema of the tables; None for the first one on the search path.
    shown
        The host and the database.
    """

    words: str = field(repr=False)
    schema: str | None
    shown: str

    @classmethod
    def parse(cls, address: str) -> Address:
        """Take an address apart.

        Raises
        ------
        OptionError
            It is no address of PostgreSQL.

        Examples
        --------
        >>> found = Address.parse("postgresql://anna:secret@db.example:5433/omop?schema=cdm")
        >>> found.schema, found.shown
        ('cdm', 'db.example/omop')
        """
        try:
            where, _, query = address.partition("?")
            asked = parse_qsl(query, keep_blank_values=True)
            kept = urlencode([one for one in asked if one[0] != "schema"], quote_via=quote)
            plain = f"{where}?{kept}" if kept else where
            known = conninfo_to_dict(plain)
        except (ValueError, psycopg.ProgrammingError):
            found, expected = "this is no address of a database", "postgresql://host/database"
            step = "Such as postgresql://user@host:5432/database?schema=cdm"
            raise OptionError(Problem("address", found, expected, step, field="source")) from None
        schema = dict(asked).get("schema") or None
        words = make_conninfo(plain, **_kept(known))
        return cls(words, schema, _shown(known))


def _kept(known: dict[str, str | int | None]) -> dict[str, str]:
    given = {"application_name": "saisei", "connect_timeout": SECONDS}
    return {name: value for name, value in given.items() if name not in known}


def _shown(known: dict[str, str | int | None]) -> str:
    host = known.get("host") or known.get("hostaddr")
    service = known.get("service")
    if not host and service:
        return f"service {service}"
    database = known.get("dbname")
    return f"{host or 'the local server'}/{database or ''}".rstrip("/")
