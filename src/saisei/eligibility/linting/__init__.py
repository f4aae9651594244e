"""A linter for protocols: what is wrong, doubtful or worth knowing, before anybody is judged.

docs/checking-protocols.md says what each finding means.
"""

from __future__ import annotations

from collections.abc import Sequence

from saisei.eligibility.criterion import Criterion
from saisei.eligibility.linting.fillers import unfilled_fields, unused_code_sets
from saisei.eligibility.linting.findings import Finding, Severity, sorted_findings
from saisei.eligibility.linting.rules import constant_truth, lint_rule
from saisei.eligibility.linting.texts import limits_not_in_text
from saisei.eligibility.linting.together import contradictions, duplicates, repeated_ids
from saisei.eligibility.population.protocols import decided_by_team

__all__ = [
    "Finding",
    "Severity",
    "constant_truth",
    "lint_protocol",
    "sorted_findings",
    "unused_code_sets",
]


def lint_protocol(
    protocol: str, rules: Sequence[Criterion], before: Sequence[Criterion] = ()
) -> tuple[Finding, ...]:
    """Find what is wrong with the rules of one protocol, the gravest first.

    Parameters
    ----------
    protocol
        Its id, for the findings.
    rules
        Its own rules, in order.
    before
        Rules that are tested first, whether its list prints them or not (condition, phase, adult
        age): they count in contradictions, and are not said to repeat its own.

    Examples
    --------
    >>> from saisei.eligibility import Criterion, parse
    >>> young = Criterion("i1", "inclusion", "under 40", parse("age_years < 40"))
    >>> old = Criterion("e1", "exclusion", "under 50", parse("age_years < 50"))
    >>> [(found.code, found.criteria) for found in lint_protocol("made-up", [young, old])]
    [('contradiction', ('i1', 'e1'))]
    """
    counted = [rule for rule in rules if not decided_by_team(rule)]
    found = [
        *repeated_ids(protocol, rules),
        *(finding for rule in rules for finding in lint_rule(protocol, rule)),
        *contradictions(protocol, [*before, *counted]),
        *duplicates(protocol, rules),
        *(finding for rule in rules for finding in limits_not_in_text(protocol, rule)),
        *unfilled_fields(protocol, rules),
    ]
    return sorted_findings(found)
