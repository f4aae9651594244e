"""Lists whose entries stand in rows of their own: medicines in use, infections found.

A row says that one entry belongs to the list, or, as a negative test, that it does not; none says
that it was the last. So such a list stays open, until every entry that it can have is settled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from saisei.cases import fields
from saisei.eligibility.columns import EVERY_BIT
from saisei.eligibility.population.events import code_of
from saisei.eligibility.population.needed import rules_of
from saisei.eligibility.population.omop.mapping import LONG, day_of_moment
from saisei.eligibility.population.omop.reading import at, day_sql
from saisei.eligibility.population.omop.tables import write_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["add_members"]


def add_members(
    connection: DuckDBPyConnection, names: Collection[str], tables: Collection[str], moment: int
) -> None:
    """Add to the events one list a person and field, of what the rows say of its entries.

    Parameters
    ----------
    connection
        Where the tables are; the rows of tests stand in ``coded``.
    names
        The fields.
    tables
        The tables that there are.
    moment
        In seconds, on the local clock.
    """
    lists = [name for name in names if fields()[name].type == "list"]
    _write_rules(connection, lists, moment)
    told = " UNION ALL ".join(_told(tables, moment))
    connection.execute(
        f"INSERT INTO events WITH told AS ({told}), settled AS ("
        "SELECT told.person, r.field, r.entries, told.bit, BOOL_OR(told.held) AS held FROM told "
        "JOIN list_rules r ON r.field = told.field "
        "WHERE told.day >= CASE WHEN told.held THEN r.since_held ELSE r.since_lacked END "
        "GROUP BY ALL), masks AS (SELECT person, field, entries, COUNT(*) AS entries_settled, "
        "COALESCE(BIT_OR(bit) FILTER (WHERE held), 0) AS held, "
        "COALESCE(BIT_OR(bit) FILTER (WHERE NOT held), 0) AS lacked FROM settled GROUP BY ALL) "
        f"SELECT person, field, {at(moment)}, held::DOUBLE AS low, "
        f"CASE WHEN entries = entries_settled THEN held ELSE {EVERY_BIT} - lacked END::DOUBLE "
        "AS high FROM masks"
    )


def _write_rules(connection: DuckDBPyConnection, names: Collection[str], moment: int) -> None:
    """Write since which day an entry counts that was found, and one that was not."""
    today = day_of_moment(moment)
    rows = [
        [
            code_of(name),
            len(fields()[name].values),
            today - timedelta(days=int(min(rule.present, LONG))),
            today - timedelta(days=int(min(rule.absent, LONG))),
        ]
        for name, rule in zip(names, rules_of(names), strict=True)
    ]
    columns = {"field": "SMALLINT", "entries": "BIGINT", "since_held": "DATE"}
    write_rows(connection, "list_rules", columns | {"since_lacked": "DATE"}, rows)


def _told(tables: Collection[str], moment: int) -> Iterator[str]:
    today, bit = day_sql(moment), "CAST(c.value AS BIGINT) AS bit"
    join = "JOIN concepts c ON c.way = 'member' AND c.concept = t.concept"
    alive = "JOIN people ON people.person = t.person"
    yield (
        f"SELECT people.person, c.field, {bit}, TRUE AS held, t.day "
        f"FROM omop.condition_occurrence t {join} {alive} WHERE t.day <= {today}"
    )
    if "drug_exposure" in tables:
        yield (
            f"SELECT people.person, c.field, {bit}, TRUE, {today} FROM omop.drug_exposure t "
            f"{join} {alive} WHERE t.day <= {today} AND t.ended >= {today}"
        )
    yield (
        f"SELECT t.person, c.field, {bit}, a.says = 1, t.day FROM coded t {join} "
        "JOIN answers a ON a.concept = t.answer AND a.question = '' "
        f"WHERE t.day <= {today}"
    )
