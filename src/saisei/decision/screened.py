"""What of a screening may be shown to a person: the gates come before every therapy and trial."""

from __future__ import annotations

from dataclasses import replace

from saisei.base.texts import Language
from saisei.cases import Case
from saisei.decision.model import Decision, Kind
from saisei.therapies import Screening, screen

__all__ = ["COMES_FIRST", "screen_behind_gates"]

COMES_FIRST = frozenset({Kind.EMERGENCY, Kind.CHILD, Kind.PREGNANCY})
"""Pages on which no therapy and no trial is held against the person."""


def screen_behind_gates(
    case: Case, decision: Decision, language: Language = "en"
) -> Screening | None:
    """Hold a case against every therapy and trial, as far as the gates let through.

    Parameters
    ----------
    case
        The person.
    decision
        Of the same case: its kind says what comes first.
    language
        Of the questions.

    Returns
    -------
    Screening | None
        None where something else comes first. In the first week in hospital only what is about
        that week, and no cautions.
    """
    if decision.kind in COMES_FIRST:
        return None
    found = screen(case, language)
    if decision.kind is not Kind.ACUTE_IN_HOSPITAL:
        return found
    shown = {therapy.id for therapy in decision.therapies}
    kept = tuple(match for match in found.programmes if match.programme.id in shown)
    trials = tuple(trial for match in kept for trial in match.trials)
    return replace(found, programmes=kept, trials=trials, cautions=())
