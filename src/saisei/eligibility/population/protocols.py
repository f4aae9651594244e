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

__all__ = ["MOST_RULES", "Protocol", "distinct_rules", "marks_query"]

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
    """

    id: str
    criteria: tuple[Criterion, ...]

    def __post_init__(self) -> None:
        if len(self.counted) > MOST_RULES:
            raise DataError(f"{self.id} has {len(self.counted)} rules; {MOST_RULES} can be marked")
        for rule in self.counted:
            if rule.team_fields:
                raise DataError(f"{self.id}/{rule.id} mixes what a team decides with what it reads")

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


def marks_query(protocols: Iterable[Protocol], rules: Mapping[str, Expression], table: str) -> str:
    """Write the query that gives the marks: a row a person, two columns a protocol."""
    columns = {expression: name for name, expression in rules.items()}
    marks: list[str] = []
    for place, protocol in enumerate(protocols):
        failing, unknown = [], []
        for bit, rule in enumerate(protocol.counted):
            turned = isinstance(rule.when, Not) is not (rule.kind == "exclusion")
            column = columns[_bare(rule.when)]
            failing.append(
                f"CASE WHEN {'' if turned else 'NOT '}{column} THEN {1 << bit} ELSE 0 END"
            )
            unknown.append(f"CASE WHEN {column} IS NULL THEN {1 << bit} ELSE 0 END")
        marks.append(f"{' + '.join(failing) or '0'} AS failing_{place}")
        marks.append(f"{' + '.join(unknown) or '0'} AS unknown_{place}")
    return f"SELECT person, {', '.join(marks)} FROM {table}"
