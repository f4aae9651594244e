"""A protocol's rules for a whole population: which are counted, and what a person's marks mean.

The verdict on one rule for one person is a mark: met, not met or unknown. The marks of a protocol
stand in two whole numbers, bit i for rule i: the rules not met, and the rules that nobody can tell.
What the trial team decides is not counted (see `judge`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from saisei.base.errors import DataError
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.tree import Expression, Not, fields_of

__all__ = [
    "MOST_RULES",
    "Protocol",
    "distinct_rules",
    "mark_columns",
    "marked_rules",
    "marks_query",
]

MOST_RULES = 62
"""As many bits as a whole number has beside its sign."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The rules of one trial or programme that a table of people can be held against.

    Parameters
    ----------
    id
        Its name in the results.
    criteria
        Its rules, in the order of the protocol.
    therapy
        Whether it is a therapy on offer, of which only condition, stage and window are known:
        nobody *matches* it.
    """

    id: str
    criteria: tuple[Criterion, ...]
    therapy: bool = False

    def __post_init__(self) -> None:
        if len(self.counted) > MOST_RULES:
            raise DataError(f"{self.id} has {len(self.counted)} rules; {MOST_RULES} can be marked")
        for rule in self.counted:
            if rule.team_fields:
                raise DataError(f"{self.id}/{rule.id} mixes what a team decides with what it reads")

    @property
    def words(self) -> tuple[str, str, str]:
        """The verdict on whom no rule rules out, on whom nobody can tell, and on all others."""
        if self.therapy:
            return "fits", "undecided", "does-not-fit"
        return "matches", "undecided", "does-not-match"

    @property
    def counted(self) -> tuple[Criterion, ...]:
        """The rules that records can decide."""
        return tuple(rule for rule in self.criteria if not decided_by_team(rule))


def decided_by_team(rule: Criterion) -> bool:
    """Whether the trial team decides a rule: a judgement, or on consent and willingness alone."""
    return rule.judgement or (bool(rule.team_fields) and fields_of(rule.when) <= rule.team_fields)


def distinct_rules(protocols: Iterable[Protocol]) -> dict[str, Expression]:
    """Give every expression that the protocols' rules have, once, by the name of its column."""
    found = dict.fromkeys(_bare(rule.when) for one in protocols for rule in one.counted)
    return {f"rule_{place}": expression for place, expression in enumerate(found)}


def _bare(expression: Expression) -> Expression:
    """Take a leading *not* away: a rule and its opposite are one column."""
    return expression.part if isinstance(expression, Not) else expression


def marked_rules(protocol: Protocol, columns: Mapping[Expression, str]) -> list[tuple[str, bool]]:
    """Give, for each rule of a protocol, its column and the truth value with which it fails."""
    return [
        (columns[_bare(rule.when)], isinstance(rule.when, Not) is not (rule.kind == "exclusion"))
        for rule in protocol.counted
    ]


def mark_columns(protocol: Protocol) -> tuple[str, str]:
    """Name the columns of the rules failed and of those that nobody can tell."""
    return f"{protocol.id} failing", f"{protocol.id} unknown"


def marks_query(protocols: Iterable[Protocol], rules: Mapping[str, Expression], table: str) -> str:
    """Write the query that gives the marks: a row a person, two columns a protocol."""
    columns = {expression: name for name, expression in rules.items()}
    marks: list[str] = []
    for protocol in protocols:
        failing, unknown = [], []
        for bit, (column, fails_when) in enumerate(marked_rules(protocol, columns)):
            fails = column if fails_when else f"NOT {column}"
            failing.append(f"CASE WHEN {fails} THEN {1 << bit} ELSE 0 END")
            unknown.append(f"CASE WHEN {column} IS NULL THEN {1 << bit} ELSE 0 END")
        for name, bits in zip(mark_columns(protocol), (failing, unknown), strict=True):
            marks.append(f'CAST({" + ".join(bits) or "0"} AS BIGINT) AS "{name}"')
    return f"SELECT person AS person_id, {', '.join(marks)} FROM {table}"
