"""What a server refuses, in our words: its own may hold a user's name or a value of a row."""

from __future__ import annotations

import psycopg
from psycopg import errors

__all__ = ["trouble"]

Told = tuple[str, str, str, str]
"""A short name, what was found, what was expected, and what to do."""

REACHED = (
    ("password authentication failed", "the server refused the user or the password"),
    ("no password supplied", "the server wants a password"),
    ("no pg_hba.conf entry", "the server lets this user in from nowhere near here"),
    ('role "', "the server does not know the user"),
    ('database "', "there is no such database"),
    ("Connection refused", "nothing answers there"),
    ("timeout", "nothing answers in time"),
    ("resolve", "there is no such host"),
    ("translate host name", "there is no such host"),
    ("service", "there is no such service"),
    ("SSL", "the server and this side do not agree about encryption"),
    ("No such file", "no server runs here"),
)
"""Parts of what libpq says when it cannot connect, and what that means; the first that fits."""


def trouble(error: psycopg.Error, table: str = "") -> Told:
    """Say in our words what happened."""
    where = f"`{table}`" if table else "the tables"
    if isinstance(error, errors.InsufficientPrivilege):
        step = f"Ask for the right to read it: GRANT SELECT ON {table or 'the tables'} TO the user"
        return "no-permission", f"there is no permission to read {where}", "one to read it", step
    if isinstance(error, psycopg.DataError):
        found = f"a value in {where} cannot be read as the date or the number that it should be"
        step = "Mend the column, or show a view with a proper date in its place"
        return "wrong-value", found, "the types of the OMOP model", step
    if isinstance(error, errors.QueryCanceled):
        step = "Give the user more time: ALTER ROLE … SET statement_timeout"
        return "cancelled", f"the server stopped reading {where}", "time enough", step
    if isinstance(error, psycopg.OperationalError):
        return _unreachable(error)
    code = error.sqlstate or "no code"
    found = f"the server refuses to read {where} (code {code})"
    return "refused", found, "tables of the OMOP Common Data Model 5.4", ""


def _unreachable(error: psycopg.Error) -> Told:
    said = str(error)
    reason = next((words for part, words in REACHED if part in said), "the connection broke off")
    expected = "a PostgreSQL server that answers"
    step = "Check the address; a password may stand in PGPASSWORD or ~/.pgpass"
    return "no-connection", f"cannot read from the database: {reason}", expected, step
